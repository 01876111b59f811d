"""Between the agents and Slack: all troubles of the fault proxy, and the dangerous moments.

A moment is the first root message on its way: before Slack sees it (`arrives`), or when Slack has
accepted it and nobody knows yet (`accepted`). Whatever strikes there ends before the call goes on.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.support.fault_proxy import FaultProxy, Trouble

POST = "chat.postMessage"
ASKED = "auth.test"
"""What a leader asks in quiet times too; telling begins with another call, for the channel's id."""
LATE_S = 4.0
"""Longer than an agent's call may take."""


class ChaosProxy(FaultProxy):
    """The agents' Slack: troubles, a credential that may be revoked, one strike at a moment."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream, late_s=LATE_S)
        self.revoked = False
        self.down = False
        self.reached: Counter[str] = Counter()
        """How often each dangerous state really was, by its name."""
        self._strikes: dict[str, Callable[[], Awaitable[None]]] = {}

    def at(self, moment: str, strike: Callable[[], Awaitable[None]]) -> None:
        """Do this once, at the next root message's moment."""
        self._strikes[moment] = strike

    def trouble(self, choose: Callable[[str], Trouble | None]) -> None:
        """Do to the calls what ``choose`` says, and count what is done to posts."""

        def counted(method: str) -> Trouble | None:
            chosen = choose(method)
            if chosen is not None and method == POST:
                self.reached[chosen.value] += 1
            return chosen

        self.choose = counted

    def go_down(self) -> None:
        self.down = True

    def revoke(self) -> None:
        self.revoked = True

    def heal(self) -> None:
        self.choose = lambda _method: None
        self.revoked = self.down = False

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        root = method == POST and "thread_ts" not in json.loads(await request.read() or b"{}")
        if root:
            await self._strike("arrives")
        if self.down:
            self.reached["down"] += method != ASKED
            return self._reset(request)
        if self.revoked:
            self.reached["revoked"] += method != ASKED
            return web.json_response({"ok": False, "error": "token_revoked"})
        return await super()._serve(request)

    async def _ask_upstream(self, request: web.Request, method: str) -> tuple[bytes, int]:
        answer = await super()._ask_upstream(request, method)
        if method == POST and b'"ok":true' in answer[0][:20]:
            await self._strike("accepted")
        return answer

    async def _strike(self, moment: str) -> None:
        strike = self._strikes.pop(moment, None)
        if strike is not None:
            await asyncio.shield(asyncio.ensure_future(strike()))
            self.reached[moment] += 1
