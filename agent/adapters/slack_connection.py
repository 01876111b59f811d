"""One call to Slack's API: one attempt, one deadline, and an error that holds no secret.

The SDK's retries are off: its handler re-sends a post after a reset that came once Slack had
accepted it. Every call has a fresh connection (so that a reset never comes from an idle one that
Slack had closed), no redirect, and an answer of bounded size.

The token is asked for at every call, so that a rotated one needs no restart; it is neither kept nor
logged nor raised. An error of the SDK carries it, and so is never the context of ours.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from agent.adapters import slack_answers
from agent.ports import Effect, NotifyError

MAX_ANSWER_BYTES = 8_000_000
_CONNECT_SHARE = 2 / 3
"""Of the timeout: what has not connected by then was surely not told."""

T = TypeVar("T")


class SlackConnection:
    """Calls methods of the Web API as whoever holds the token. Nothing connects before the first.

    ``timeout_s`` bounds each call as a whole.
    """

    def __init__(
        self,
        *,
        token: Callable[[], str],
        base_url: str,
        timeout_s: float,
        proxy: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._token = token
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._proxy = proxy
        self._tls = tls
        self._client: AsyncWebClient | None = None
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        *,
        json: dict[str, Any] | None = None,
        form: dict[str, Any] | None = None,
    ) -> AsyncSlackResponse:
        """POST one method. Raises :class:`NotifyError`."""
        client = self._connected()
        client.token = _one_line(ask(self._token, "token"))
        try:
            return await client.api_call(method, json=json, data=form)
        except Exception as error:  # noqa: BLE001 - the one edge where Slack's errors are turned
            failed = slack_answers.judge(error)
        finally:
            client.token = None
        raise failed

    async def close(self) -> None:
        """Let go of everything; may be called twice."""
        session, self._session, self._client = self._session, None, None
        if session is not None:
            await session.close()

    def _connected(self) -> AsyncWebClient:
        if self._client is None:
            # One look-up of one host at a time: aiohttp lets concurrent calls share it, so that a
            # hung resolver costs one thread of the pool.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True),
                timeout=aiohttp.ClientTimeout(
                    total=self._timeout_s, connect=self._timeout_s * _CONNECT_SHARE
                ),
                headers={"Accept-Encoding": "identity"},
                response_class=_BoundedResponse,
                middlewares=(_without_redirects,),
            )
            self._client = AsyncWebClient(
                base_url=self._base_url,
                session=self._session,
                ssl=self._tls,
                retry_handlers=[],
                logger=_QUIET,
            )
            self._client.proxy = self._proxy  # and never one from the environment
        return self._client


def ask(secret: Callable[[], T], what: str) -> T:
    """A secret from its file. Raises :class:`NotifyError` without saying what was read."""
    try:
        value = secret()
    except Exception as error:  # noqa: BLE001 - whatever keeps a secret from being read
        failed = NotifyError(
            Effect.CREDENTIAL, f"the {what} cannot be read: {type(error).__name__}"
        )
    else:
        if value:
            return value
        failed = NotifyError(Effect.CREDENTIAL, f"the {what} is empty")
    raise failed


def _one_line(token: str) -> str:
    token = token.strip()
    if not (token.isascii() and token.isprintable()):
        raise NotifyError(Effect.CREDENTIAL, "the token is not one line of plain characters")
    return token


class _BoundedResponse(aiohttp.ClientResponse):
    """An answer of at most ``MAX_ANSWER_BYTES``: the SDK reads whatever comes."""

    async def read(self) -> bytes:
        if self._body is None:
            body = bytearray()
            async for chunk in self.content.iter_chunked(65_536):
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    self.close()
                    raise aiohttp.ClientPayloadError("the answer is too large")
            self._body = bytes(body)
        return self._body


async def _without_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Slack's API never redirects; whoever does is not Slack, and gets nothing a second time."""
    response = await handler(request)
    if response.status in range(300, 400):
        response.close()
        raise aiohttp.ClientError("redirected")
    return response


_QUIET = logging.getLogger("agent.slack_sdk")
"""The SDK's own log would repeat whole messages."""
_QUIET.setLevel(logging.CRITICAL)
