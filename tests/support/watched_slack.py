"""What people see in the emulator's channel, for tests that run real agents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.support.slack_emulator import Emulator

ASK_EVERY_S = 0.2


async def roots(slack: Emulator) -> list[dict[str, Any]]:
    """The root messages, newest first."""
    found = await _asked(slack, "conversations.history")
    return [each for each in found if each.get("thread_ts", each["ts"]) == each["ts"]]


async def replies(slack: Emulator, ts: str) -> list[dict[str, Any]]:
    """What is said under a root message."""
    found = await _asked(slack, "conversations.replies", ts=ts)
    return [each for each in found if each["ts"] != ts]


async def says(slack: Emulator, words: str) -> bool:
    """Whether some root message holds these words."""
    return any(words in each["text"] for each in await roots(slack))


async def until(what: str, holds: Callable[[], Awaitable[object]], within_s: float) -> None:
    """Ask until it holds; fails the test with ``what`` when it is not so in time."""
    try:
        async with asyncio.timeout(within_s):
            while not await _answers(holds):  # noqa: ASYNC110 - other processes set no event here
                await asyncio.sleep(ASK_EVERY_S)  # How often to ask, within the deadline above.
    except TimeoutError:
        pytest.fail(f"not within {within_s:g} s: {what}")


async def _answers(holds: Callable[[], Awaitable[object]]) -> bool:
    try:
        return bool(await holds())
    except httpx.TransportError:
        return False  # A door that is being closed or opened.


async def _asked(slack: Emulator, method: str, **more: str) -> list[dict[str, Any]]:
    found = await asyncio.to_thread(slack.call, method, channel=slack.channel, **more)
    messages: list[dict[str, Any]] = found["messages"]
    return messages
