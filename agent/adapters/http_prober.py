"""Sends the probes' requests: fresh connections for every run, closed with it.

Nothing is shared between two runs but the TLS contexts and the resolver. A prober cancels by
nature, a cancelled request can cost a shared pool one of its places for ever, and a fresh
connection measures resolving, connecting and TLS as an officer's workstation meets them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field

import httpx

from agent.adapters import http_failures
from agent.adapters.dns_resolver import LookupFailed, Resolver
from agent.adapters.http_body import MAX_BODY_BYTES, Unreadable, read_body, read_headers
from agent.adapters.http_phases import Closable, Stopwatch
from agent.adapters.target_auth import Post, RunSignature, Signature, TokenSignature
from agent.adapters.tls_contexts import TlsContexts, Trust
from agent.clock import Clock
from agent.core import real_identity
from agent.core.model import Failure, FailureKind
from agent.ports import OpenSession
from agent.probe import Reply, Request, RequestFailed, RequestRefused

REQUEST_TIMEOUT_S = 10.0
"""A request's own limit, whole; the run's deadline is the caller's and may be shorter."""
_ADDRESS_TIMEOUT_S = 3.0
"""How long one address may take to connect while there are others to try."""
_ADDRESSES_TRIED = 3
_KEEPALIVE_S = 2.0
"""Steps follow each other at once; an older connection may be closing on the other side."""
_CLOSE_TIMEOUT_S = 1.0
_OURS = frozenset(["host", "user-agent"])
"""Headers that no probe sets: where a request goes, and who says that it asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A central system as this office reaches it."""

    role: str
    url: str
    services: Mapping[str, str] = field(default_factory=dict)
    """Service -> URL, where it is not that of the role."""
    trust: Trust = field(default_factory=Trust)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request; may hold keys, so they are never shown."""
    sandbox: bool = False
    """Nothing that is written there can count."""
    signature: Signature | None = field(default=None, repr=False, compare=False)
    """Signs every request, where the target wants that."""
    proxy: str | None = None
    """An HTTP proxy on the way there; it then finds the address."""

    def url_of(self, service: str) -> str:
        """Where the requests of a service's steps go."""
        return self.services.get(service, self.url)

    @property
    def needs_tls(self) -> bool:
        """Whether any of its URLs is https, that of its tokens included."""
        urls = [self.url, *self.services.values()]
        if isinstance(self.signature, TokenSignature):
            urls.append(self.signature.url)
        return any(url.startswith("https:") for url in urls)


def user_agent(version: str, contact: str) -> str:
    """How the monitor names itself to the centre."""
    return f"Pantau/{version} (monitoring; contact {contact})"


class HttpProber:
    """Opens the sessions of one agent; implements ``agent.ports.SessionFactory``."""

    def __init__(
        self,
        *,
        targets: Iterable[Target],
        contexts: TlsContexts,
        resolver: Resolver,
        clock: Clock,
        agent_name: str,
        timeout_s: float = REQUEST_TIMEOUT_S,
        body_limit_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self.targets = {target.role: target for target in targets}
        self.contexts = contexts
        self.resolver = resolver
        self.clock = clock
        self.agent_name = agent_name
        self.timeout_s = timeout_s
        self.body_limit_bytes = body_limit_bytes

    async def prepare(self) -> None:
        """Load certificates, once, before the first run. Raises ``ConfigurationError``."""
        await self.contexts.prepare(t.trust for t in self.targets.values() if t.needs_tls)

    def open(self) -> OpenSession:
        """A session with no connection yet."""
        return HttpSession(self)


@dataclass(slots=True)
class _Line:
    """The way to one server within a run."""

    host: str
    port: int
    transport: httpx.AsyncHTTPTransport
    addresses: list[str] = field(default_factory=list)


class HttpSession:
    """The connections of one run."""

    def __init__(self, prober: HttpProber) -> None:
        self._prober = prober
        self._lines: dict[tuple[str, str, int, Trust, str | None], _Line] = {}
        self._streams: list[Closable] = []
        self._signed: dict[str, RunSignature] = {}

    async def send(self, request: Request) -> Reply:
        """Send one request and read its whole answer.

        Raises :class:`RequestFailed` for what the centre or the way to it did, LookupError for a
        role that is not configured and :class:`RequestRefused` for what may not be sent.
        """
        target = self._prober.targets.get(request.role)
        if target is None:
            raise LookupError(f'no target is configured for the role "{request.role}"')
        if request.sandbox_only and not target.sandbox:
            raise RequestRefused(f'"{request.role}" is no sandbox: nothing is written to it')
        _refuse_real_people(request, self._prober.clock.wall_s())
        outgoing = _build(target, request, self._prober.agent_name)
        if target.signature is None:
            return await self._ask(target, outgoing)
        signed = self._signed.setdefault(target.role, RunSignature(target.signature))
        return await self._ask_signed(target, outgoing, signed)

    async def _ask_signed(
        self, target: Target, outgoing: httpx.Request, signed: RunSignature
    ) -> Reply:
        post = self._poster(target)
        outgoing.headers.update(await signed.headers(post))
        reply = await self._ask(target, outgoing)
        if reply.status != httpx.codes.UNAUTHORIZED or not await signed.renewed(post):
            return reply
        outgoing.headers.update(await signed.headers(post))
        reply = await self._ask(target, outgoing)
        if reply.status == httpx.codes.UNAUTHORIZED:
            await signed.renewed(post)
        return reply

    def _poster(self, target: Target) -> Post:
        """Asks for a token, over this session."""

        async def post(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
            whole = {**_headers(self._prober.agent_name), **headers}
            return await self._ask(target, httpx.Request("POST", url, headers=whole, data=form))

        return post

    async def _ask(self, target: Target, outgoing: httpx.Request) -> Reply:
        line = await self._line(outgoing.url, target)
        watch = Stopwatch(self._prober.clock.now_s)
        try:
            async with asyncio.timeout(self._prober.timeout_s):
                return await self._exchange(outgoing, line, watch)
        except (TimeoutError, LookupFailed, Unreadable, httpx.HTTPError) as error:
            failure = _failure(error, watch, self._prober.timeout_s)
            raise RequestFailed(failure, watch.phases()) from None
        finally:
            self._streams += watch.streams

    async def close(self) -> None:
        """Drop the connections; never raises."""
        streams, self._streams = self._streams, []
        lines, self._lines = self._lines, {}
        for closable in [*(line.transport for line in lines.values()), *streams]:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                    await closable.aclose()

    async def _line(self, url: httpx.URL, target: Target) -> _Line:
        port = url.port or (443 if url.scheme == "https" else 80)
        key = (url.scheme, url.host, port, target.trust, target.proxy)
        if key not in self._lines:
            context = await self._context(url, target.trust)
            # Behind a proxy there is no address to try: the name goes there as it is.
            addresses = [url.host] if target.proxy else []
            line = _Line(url.host, port, _transport(context, target.proxy), addresses)
            self._lines.setdefault(key, line)
        return self._lines[key]

    async def _context(self, url: httpx.URL, trust: Trust) -> ssl.SSLContext:
        """Looked for once a run, so that a certificate that was renewed is shown by the next."""
        contexts = self._prober.contexts
        if url.scheme != "https":
            return contexts.trusting_nobody
        return await contexts.renewed(trust)

    async def _exchange(self, outgoing: httpx.Request, line: _Line, watch: Stopwatch) -> Reply:
        if not line.addresses:
            watch.begin("resolve_s")
            found = await self._prober.resolver.addresses(line.host, line.port)
            line.addresses = found[:_ADDRESSES_TRIED]
            watch.end()
        response = await _first_answer(outgoing, line, watch)
        async with _closing(response):
            headers = read_headers(response.headers.raw)
            body = await read_body(response.aiter_raw(), headers, self._prober.body_limit_bytes)
        return Reply(status=response.status_code, headers=headers, body=body, phases=watch.phases())


async def _first_answer(outgoing: httpx.Request, line: _Line, watch: Stopwatch) -> httpx.Response:
    """Try the addresses in turn until one takes the connection; then it is the one."""
    while True:
        address, others = line.addresses[0], line.addresses[1:]
        aimed = httpx.Request(
            outgoing.method,
            outgoing.url.copy_with(host=address),
            headers=outgoing.headers,
            content=outgoing.content,
            extensions={
                "trace": watch.trace,
                "sni_hostname": line.host,
                "timeout": {"connect": _ADDRESS_TIMEOUT_S if others else None},
            },
        )
        try:
            return await line.transport.handle_async_request(aimed)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if watch.connected or not others:
                raise
            line.addresses = others


def _refuse_real_people(request: Request, wall_s: float) -> None:
    """Raise :class:`RequestRefused`, with every reason, when a request may name a real person."""
    sentences = real_identity.findings(
        url=request.path,
        params=request.params,
        headers=request.headers,
        body=[request.json, request.form],
        now_s=wall_s,
    )
    if sentences:
        raise RequestRefused("not sent: " + "; ".join(sentences))


def _build(target: Target, request: Request, agent_name: str) -> httpx.Request:
    """The request with its real host; the path may only be a path below the target's URL."""
    path = request.path
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        raise RequestRefused("a request names a path below its target, never a URL")
    if not _OURS.isdisjoint(name.lower() for name in request.headers):
        raise RequestRefused("a probe sets neither Host nor User-Agent")
    url = httpx.URL(target.url_of(request.service).rstrip("/") + path)
    if request.params:
        url = url.copy_merge_params(request.params)
    return httpx.Request(
        request.method,
        url,
        headers={**_headers(agent_name), **target.headers, **request.headers},
        json=request.json,
        data=request.form,
    )


def _headers(agent_name: str) -> dict[str, str]:
    return {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": agent_name,
    }


def _transport(context: ssl.SSLContext, proxy: str | None) -> httpx.AsyncHTTPTransport:
    """A pool for one server in one run: no environment proxies, no retries, HTTP/1.1."""
    return httpx.AsyncHTTPTransport(
        verify=context,
        proxy=proxy,
        trust_env=False,
        retries=0,
        limits=httpx.Limits(max_keepalive_connections=1, keepalive_expiry=_KEEPALIVE_S),
    )


@contextlib.asynccontextmanager
async def _closing(response: httpx.Response) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await response.aclose()


_Foreign = TimeoutError | LookupFailed | Unreadable | httpx.HTTPError


def _failure(error: _Foreign, watch: Stopwatch, timeout_s: float) -> Failure:
    if isinstance(error, Unreadable):
        return error.failure
    if isinstance(error, LookupFailed):
        return Failure(kind=FailureKind.RESOLVE, detail=str(error))
    if isinstance(error, TimeoutError):
        detail = f"no answer within {timeout_s:g} s, in {watch.where}"
        return Failure(kind=FailureKind.TIMEOUT, detail=detail)
    return http_failures.of(error, during_tls=watch.where == "tls")
