"""A proxy that does to Slack's answers what networks and busy services do, on purpose.

It stands between a client and a real server, passes requests on, and breaks those that it is told
to break: by a script, or by a seeded share of all calls. What the server accepted is counted, so
that a test can tell "not posted" from "posted, and nobody heard".
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import aiohttp
from aiohttp import web


class Trouble(StrEnum):
    """What may be done to one call."""

    RESET_BEFORE = "reset before the server saw it"
    RESET_AFTER = "reset after the server accepted it"
    LATE = "answered after the client stopped listening"
    RATE_LIMITED = "429"
    SERVER_ERROR = "500"
    HTML = "200 and a page"
    HANG = "never answered"


@dataclass(slots=True)
class Script:
    """Troubles for the next calls of one method; afterwards none."""

    method: str
    troubles: list[Trouble]

    def __call__(self, method: str) -> Trouble | None:
        return self.troubles.pop(0) if method == self.method and self.troubles else None


def seeded(seed: int, share: float) -> Callable[[str], Trouble | None]:
    """Trouble of a random kind for this share of all calls; the same seed, the same day."""
    dice = random.Random(seed)
    # A hang and a late answer each cost the client its whole timeout: rarer than the others.
    kinds = [*Trouble, *(each for each in Trouble if each not in (Trouble.HANG, Trouble.LATE))]
    return lambda _method: dice.choice(kinds) if dice.random() < share else None


class FaultProxy:
    """Serves ``base_url`` and passes on to ``upstream``; both end in ``/api/``."""

    def __init__(self, upstream: str, *, late_s: float, retry_after: str = "2") -> None:
        self.choose: Callable[[str], Trouble | None] = lambda _method: None
        self.retry_after = retry_after
        self.seen: Counter[str] = Counter()
        """Calls by method."""
        self.accepted: Counter[str] = Counter()
        """Calls that the server answered well, by method."""
        self._upstream = upstream
        self._late_s = late_s
        self._done = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self.base_url = ""

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/api/{method}", self._serve)
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._done.set()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.seen[method] += 1
        trouble = self.choose(method)
        if trouble is Trouble.RESET_BEFORE:
            return self._reset(request)
        if trouble is Trouble.RATE_LIMITED:
            headers = {"Retry-After": self.retry_after}
            body = {"ok": False, "error": "ratelimited"}
            return web.json_response(body, status=429, headers=headers)
        if trouble is Trouble.SERVER_ERROR:
            return web.Response(status=500, text="<h1>500</h1>", content_type="text/html")
        if trouble is Trouble.HANG:
            await self._wait()
            return self._reset(request)
        return await self._pass_on(request, method, trouble)

    async def _pass_on(
        self, request: web.Request, method: str, trouble: Trouble | None
    ) -> web.StreamResponse:
        body, status = await self._ask_upstream(request, method)
        if trouble is Trouble.RESET_AFTER:
            return self._reset(request)
        if trouble is Trouble.HTML:
            return web.Response(text="<h1>Welcome</h1>", content_type="text/html")
        if trouble is Trouble.LATE:
            await self._wait()
        return web.Response(body=body, status=status, content_type="application/json")

    async def _ask_upstream(self, request: web.Request, method: str) -> tuple[bytes, int]:
        assert self._session is not None
        kept = ("Authorization", "Content-Type")
        headers = {name: request.headers[name] for name in kept if name in request.headers}
        async with self._session.request(
            request.method, self._upstream + method, data=await request.read(), headers=headers
        ) as answer:
            body = await answer.read()
        if b'"ok":true' in body[:20]:
            self.accepted[method] += 1
        return body, answer.status

    def _reset(self, request: web.Request) -> web.StreamResponse:
        """Cut the connection without a word."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _wait(self) -> None:
        """As long as a late answer takes, or until the test is over."""
        try:
            async with asyncio.timeout(self._late_s):
                await self._done.wait()
        except TimeoutError:
            return
