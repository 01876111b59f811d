"""How a target wants every request signed: by a key, by name and password, or by a token.

A token is asked for once and used again until shortly before it ends; one that the target refuses
is let go. When that was an old one, which a restart at the centre may have ended for every office
at once, the run asks for another and tries again; a run asks for one token at most. The token's
endpoint is asked over the session of the run, with the target's trust and deadline; what goes wrong
there breaks the step that needed it.
Secrets are behind callables that read their files again at every use.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from agent.core.model import Failure, FailureKind
from agent.probe import Reply, RequestFailed, StepBroken

_RENEW_SHARE = 0.8
"""Of a token's life after which another is asked for."""
_LIFE_S = 300.0
"""Of a token that does not say."""
_LONGEST_LIFE_S = 86_400.0
_REFUSALS = (400, 401, 403)

Secret = Callable[[], str]
Post = Callable[[str, Mapping[str, str], Mapping[str, str]], Awaitable[Reply]]
"""Sends a form with headers to a URL: ``(url, form, headers)``."""


class Signature(Protocol):
    """Signs the requests to one target."""

    async def headers(self, post: Post) -> Mapping[str, str]:
        """What to add to a request now; raises :class:`RequestFailed` when a token is not had."""
        ...

    def refused(self, headers: Mapping[str, str]) -> None:
        """The target did not take these: use the same token no more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key in a header of its own."""

    header: str
    key: Secret = field(repr=False)

    async def headers(self, post: Post) -> Mapping[str, str]:  # noqa: ARG002 - it needs no token
        """The header."""
        return {self.header: self.key()}

    def refused(self, headers: Mapping[str, str]) -> None:
        """There is no other key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """Name and password (RFC 7617)."""

    username: str
    password: Secret = field(repr=False)

    async def headers(self, post: Post) -> Mapping[str, str]:  # noqa: ARG002 - it needs no token
        """The header."""
        return {"Authorization": _basic(self.username, self.password())}

    def refused(self, headers: Mapping[str, str]) -> None:
        """There is no other password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2:
    """What a token is asked for with (RFC 6749, sections 4.3 and 4.4)."""

    token_url: str
    grant: Literal["client_credentials", "password"]
    client_id: str
    client_secret: Secret | None = field(default=None, repr=False)
    username: str = ""
    password: Secret | None = field(default=None, repr=False)
    scope: str = ""

    def question(self) -> tuple[dict[str, str], dict[str, str]]:
        """The form and the headers of the request for a token."""
        form: dict[str, str] = {"grant_type": self.grant}
        if self.scope:
            form["scope"] = self.scope
        if self.grant == "password" and self.password is not None:
            form |= {"username": self.username, "password": self.password()}
        if self.client_secret is None:
            return form | {"client_id": self.client_id}, {}
        return form, {"Authorization": _basic(self.client_id, self.client_secret())}


class TokenSignature:
    """Keeps one token over many runs."""

    def __init__(self, asked: OAuth2, now_s: Callable[[], float]) -> None:
        self._asked = asked
        self._now_s = now_s
        self._token: str | None = None
        self._renew_s = 0.0
        self._asking = asyncio.Lock()

    @property
    def url(self) -> str:
        """Where tokens are asked for."""
        return self._asked.token_url

    async def headers(self, post: Post) -> Mapping[str, str]:
        """The header, with a token that is good for a while."""
        async with self._asking:  # Two runs at once need one token.
            if self._token is None or self._now_s() >= self._renew_s:
                self._token = None
                form, headers = self._asked.question()
                self._take(await post(self._asked.token_url, form, headers))
            return _bearer(self._token)

    def refused(self, headers: Mapping[str, str]) -> None:
        """Let the token go, unless another run has a newer one by now."""
        if headers == _bearer(self._token):
            self._token = None

    def _take(self, reply: Reply) -> None:
        if reply.status in _REFUSALS:
            raise _failed(FailureKind.AUTH, f"HTTP {reply.status}, no token", reply.status)
        try:
            answer = reply.document()
            token = answer.require("access_token", str)
        except StepBroken as broken:
            failure = broken.failure
            raise _failed(failure.kind, f"no token: {failure.detail}", failure.status) from None
        self._token = token
        self._renew_s = self._now_s() + _RENEW_SHARE * _life_s(answer)


class RunSignature:
    """How one run signs its requests to one target; it asks for one token at most."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self._headers: Mapping[str, str] | None = None
        self._asked = False
        self._failed: RequestFailed | None = None

    async def headers(self, post: Post) -> Mapping[str, str]:
        """The same for the whole run; raises :class:`RequestFailed` when a token is not had."""
        if self._headers is None:
            self._headers = await self._made(post)
        return self._headers

    async def renewed(self, post: Post) -> bool:
        """The target refused them: whether there are others now, with which to ask once more."""
        refused = await self.headers(post)
        self._signature.refused(refused)
        if not self._asked:
            self._headers = await self._made(post)
        return self._headers != refused

    async def _made(self, post: Post) -> Mapping[str, str]:
        async def once(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
            self._asked = True
            return await post(url, form, headers)

        if self._failed is not None:
            raise self._failed
        try:
            return await self._signature.headers(once)
        except RequestFailed as failed:
            self._failed = failed
            raise


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _life_s(answer: Mapping[str, Any]) -> float:
    said = answer.get("expires_in")
    try:
        life_s = float(said) if isinstance(said, int | float | str) else _LIFE_S
    except ValueError:
        return _LIFE_S
    return min(max(0.0, life_s), _LONGEST_LIFE_S) if life_s == life_s else _LIFE_S  # noqa: PLR0124 - not a number


def _failed(kind: FailureKind, detail: str, status: int | None) -> RequestFailed:
    return RequestFailed(Failure(kind=kind, detail=detail, status=status))


def _basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()
