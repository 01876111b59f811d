"""A web server on loopback that keeps what it is sent, and answers as a test wants it to."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class HttpSink:
    """What came, and how it is answered; ``url`` is its address."""

    def __init__(self) -> None:
        self.came: list[Came] = []
        """Every request, also those that are then answered badly."""
        self.answer: Answer = status(200)
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.came.append(
            Came(
                method=request.method,
                path=request.path_qs,
                headers=dict(request.headers),
                body=await request.read(),
            )
        )
        return await self.answer(request)


@contextlib.asynccontextmanager
async def http_sink(tls: ssl.SSLContext | None = None) -> AsyncIterator[HttpSink]:
    """Listen until the block ends."""
    sink = HttpSink()
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", sink.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        sink.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        yield sink
    finally:
        await runner.cleanup()


def status(code: int, **headers: str) -> Answer:
    """Answer with a status and headers, ``Retry_After`` for ``Retry-After``."""

    async def answer(request: web.Request) -> web.StreamResponse:
        del request
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, headers=said)

    return answer


async def reset(request: web.Request) -> web.StreamResponse:
    """Hang up without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    del request
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def drip(request: web.Request) -> web.StreamResponse:
    """An answer without end."""
    response = web.StreamResponse(status=200)
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65_536)
