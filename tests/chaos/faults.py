"""What is done: one function a fault. Each returns when it is healed, and since when.

Slack's troubles begin with the outage, and are healed once they have really met a post, a few
seconds later. The others strike at a root message's dangerous moment, which the seed chooses.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from agent.adapters.slack_answers import pause_s
from agent.clock import BootClock
from tests.chaos.fleet import Fleet
from tests.chaos.proxy import POST
from tests.chaos.sight import Sight
from tests.support.agent_process import AgentProcess
from tests.support.fault_proxy import Trouble, seeded

REACHED_WITHIN_S = 180.0
"""While nobody reaches Slack two hubs give the lead up in turn before one stays and decides."""
FAILOVER_DEADLINE_S = 60.0
"""Waited for longer than is allowed, so that a miss has a number."""
PAUSE_BEYOND_S = 3.0
"""How long an old leader stays paused once another leads."""
STRIKES = 3
"""At leaders in one outage; of two kinds, so that each kind comes."""
FROZEN_S = 20.0
DOWN_S = 60.0
ODD_WAITS = ("soon", "-5", "86400")


@dataclass(slots=True)
class Stage:
    """Where a fault acts, and what it writes down."""

    fleet: Fleet
    sight: Sight
    dice: Random
    seed: int
    healed_s: float = 0.0
    failover_s: float | None = None
    reached: dict[str, int] = field(default_factory=dict)


Fault = Callable[[Stage], Awaitable[None]]


async def _slack(stage: Stage, state: str, begin: Callable[[], None]) -> None:
    """Slack in trouble from the outage's begin until ``state`` was reached and a while more."""
    begin()
    stage.sight.answering_since_s = None
    stage.fleet.break_centre()
    await _until_reached(stage, state)
    await asyncio.sleep(stage.dice.uniform(2, 8))
    stage.fleet.proxy.heal()
    stage.healed_s = stage.sight.answering_since_s = BootClock().now_s()
    stage.reached[state] = stage.fleet.proxy.reached[state]


async def _until_reached(stage: Stage, state: str) -> None:
    async with asyncio.timeout(REACHED_WITHIN_S):
        while not stage.fleet.proxy.reached[state]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # The calls of other processes.


async def _troubled(stage: Stage, trouble: Trouble) -> None:
    """Posts and edits meet this trouble; reading works."""
    proxy = stage.fleet.proxy

    def choose(method: str) -> Trouble | None:
        return trouble if method.startswith("chat.") else None

    await _slack(stage, trouble.value, lambda: proxy.trouble(choose))


async def _limited(stage: Stage) -> None:
    """429 with a wait that is no number, negative, or a day; healed when the wait is over."""
    asked = ODD_WAITS[stage.seed % len(ODD_WAITS)]
    stage.fleet.proxy.retry_after = asked
    await _troubled(stage, Trouble.RATE_LIMITED)
    stage.healed_s += pause_s(asked)


async def _anything(stage: Stage) -> None:
    """Half of all calls meet a trouble, the first post surely; until ten seconds after that."""
    proxy = stage.fleet.proxy
    often, surely = seeded(stage.seed, 0.5), seeded(stage.seed, 1.0)

    def choose(method: str) -> Trouble | None:
        met = any(proxy.reached[each.value] for each in Trouble)
        return often(method) if met or method != POST else surely(method)

    proxy.trouble(choose)
    stage.sight.answering_since_s = None
    stage.fleet.break_centre()
    async with asyncio.timeout(REACHED_WITHIN_S):
        while not any(proxy.reached[each.value] for each in Trouble):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await asyncio.sleep(10)
    proxy.heal()
    stage.healed_s = stage.sight.answering_since_s = BootClock().now_s()
    stage.reached["a post in trouble"] = sum(proxy.reached[each.value] for each in Trouble)


async def _down(stage: Stage) -> None:
    await _slack(stage, "down", stage.fleet.proxy.go_down)


async def _revoked(stage: Stage) -> None:
    await _slack(stage, "revoked", stage.fleet.proxy.revoke)


async def _struck(stage: Stage, strike: Callable[[], Awaitable[None]]) -> None:
    """Break the centre, and strike when the first root message is at its moment."""
    moment = stage.dice.choice(("arrives", "accepted"))
    stage.fleet.proxy.at(moment, strike)
    stage.fleet.break_centre()
    await _until_reached(stage, moment)
    stage.reached[f"struck as a post {moment}"] = stage.fleet.proxy.reached[moment]


async def _leader(stage: Stage, number: signal.Signals) -> tuple[AgentProcess, float]:
    """Signal whoever leads while its post is in flight; returns it, and when."""
    struck: list[tuple[AgentProcess, float]] = []
    # Asked beforehand: a leader that waits for Slack is quick to answer, but not under load.
    leader = await stage.fleet.some_leader(FAILOVER_DEADLINE_S)

    async def strike() -> None:
        os.kill(leader.pid, number)
        struck.append((leader, BootClock().now_s()))

    await _struck(stage, strike)
    return struck[0]


async def _leader_killed(stage: Stage) -> None:
    killed, at_s = await _leader(stage, signal.SIGKILL)
    await _followed(stage, killed, at_s)
    await killed.end()
    await killed.start()


async def _leader_paused(stage: Stage) -> None:
    """Until after another leads: then the old one wakes within its call."""
    paused, at_s = await _leader(stage, signal.SIGSTOP)
    try:
        await _followed(stage, paused, at_s)
        await asyncio.sleep(PAUSE_BEYOND_S)
    finally:
        os.kill(paused.pid, signal.SIGCONT)
    stage.reached["paused beyond its lease"] = 1
    stage.healed_s = BootClock().now_s()


async def _leaders_at_random(stage: Stage) -> None:
    """Whoever leads is killed or paused at any moment, again and again, while the outage lasts."""
    stage.fleet.break_centre()
    longest_s = 0.0
    for number in stage.dice.sample((signal.SIGKILL, signal.SIGSTOP) * 2, STRIKES):
        await asyncio.sleep(stage.dice.uniform(1, 12))
        struck = await stage.fleet.some_leader(FAILOVER_DEADLINE_S)
        os.kill(struck.pid, number)
        at_s = BootClock().now_s()
        try:
            await _followed(stage, struck, at_s)
        finally:
            await _raise_again(struck, number)
        longest_s = max(longest_s, stage.failover_s or 0.0)
        state = "killed" if number is signal.SIGKILL else "paused"
        stage.reached[state] = stage.reached.get(state, 0) + 1
    stage.failover_s = longest_s


async def _raise_again(struck: AgentProcess, number: signal.Signals) -> None:
    if number is signal.SIGSTOP:
        os.kill(struck.pid, signal.SIGCONT)
        return
    await struck.end()
    await struck.start()


async def _followed(stage: Stage, old: AgentProcess, at_s: float) -> None:
    await stage.fleet.some_leader(FAILOVER_DEADLINE_S, but=old)
    stage.healed_s = BootClock().now_s()
    stage.failover_s = stage.healed_s - at_s


async def _exchange_killed(stage: Stage) -> None:
    await _struck(stage, stage.fleet.kill_exchange)
    await _served_again(stage)


async def _exchange_frozen(stage: Stage) -> None:
    async def strike() -> None:
        stage.fleet.signal_exchange(signal.SIGSTOP)

    await _struck(stage, strike)
    await asyncio.sleep(FROZEN_S)
    stage.fleet.signal_exchange(signal.SIGCONT)
    stage.healed_s = BootClock().now_s()


async def _exchange_down(stage: Stage) -> None:
    await _struck(stage, stage.fleet.kill_exchange)
    await asyncio.sleep(DOWN_S)
    await _served_again(stage)


async def _exchange_wiped(stage: Stage) -> None:
    await _struck(stage, stage.fleet.wipe_exchange)
    await _served_again(stage)


async def _served_again(stage: Stage) -> None:
    await stage.fleet.server.start()
    stage.healed_s = BootClock().now_s()


FAULTS: dict[str, Fault] = {
    "leader killed": _leader_killed,
    "leader paused": _leader_paused,
    "leaders killed and paused": _leaders_at_random,
    "exchange killed": _exchange_killed,
    "exchange frozen": _exchange_frozen,
    "exchange down 60 s": _exchange_down,
    "exchange wiped": _exchange_wiped,
    "Slack resets before": partial(_troubled, trouble=Trouble.RESET_BEFORE),
    "Slack resets after": partial(_troubled, trouble=Trouble.RESET_AFTER),
    "Slack says 429 oddly": _limited,
    "Slack says 500": partial(_troubled, trouble=Trouble.SERVER_ERROR),
    "Slack hangs": partial(_troubled, trouble=Trouble.HANG),
    "Slack down": _down,
    "Slack revokes": _revoked,
    "Slack does anything": _anything,
}
