"""The real receivers under leaders that die, receivers that fail and an exchange that is gone.

In virtual time, each on a connection that goes nowhere and fails by seed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest

from agent.adapters.alertmanager_receiver import AlertmanagerReceiver
from agent.adapters.deadman_receiver import DeadmanReceiver
from agent.adapters.receiver_connection import Destination
from agent.adapters.webhook_receiver import WebhookReceiver
from agent.core.wording import Wording
from agent.ports import Effect, Receiver
from tests.support.country import MAIN, Country
from tests.support.scripted_connection import SECRET, ScriptedConnection
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

FAILOVER_S = 17.0
SERVICES = ("x", "y", "z")


@pytest.fixture
async def country():
    country = Country(SERVICES)
    yield country
    await country.close()


class Beside:
    """The servers of all three receivers, which every hub speaks to."""

    def __init__(self, country: Country) -> None:
        begun_s = country.clock.now_s()
        self.alertmanager = ScriptedConnection(country.clock, begun_s)
        self.webhook = ScriptedConnection(country.clock, begun_s)
        self.switch = ScriptedConnection(country.clock, begun_s)
        self._country = country
        country.receivers = self._make

    def _make(self, hub: str) -> list[Receiver]:
        def destination(name: str) -> Destination:
            return Destination(
                name=name,
                url=lambda: "http://127.0.0.1:9",
                secret=lambda: SECRET,
                wording=Wording(),
                clock=self._country.clock,
                meters=self._country.hubs[hub].meters,
            )

        return [
            AlertmanagerReceiver(destination("alertmanager"), self.alertmanager),
            WebhookReceiver(destination("webhook"), self.webhook),
            DeadmanReceiver(destination("deadman"), self.switch),
        ]

    def hooked(self) -> list[str]:
        return [each.document["id"] for each in self.webhook.sent]

    def last_alerts(self) -> dict[str, Any]:
        """By service, as Alertmanager was last told of each."""
        told = (alert for each in self.alertmanager.sent for alert in each.document)
        return {alert["labels"]["service"]: alert for alert in told}


@pytest.mark.parametrize("seed", range(6))
async def test_whoever_dies_every_message_arrives_and_every_end_is_told(
    country: Country, seed: int
):
    chance = Random(seed)
    beside = Beside(country)
    await country.open()
    for turn, name in enumerate(["medan", "sorong", "jember", "ende"]):
        hub = await country.hub(name)
        await asyncio.sleep(FAILOVER_S)
        country.broken = set(chance.sample(SERVICES, chance.randint(1, 3))) if turn < 3 else set()
        beside.webhook.effect = chance.choice([None, Effect.UNKNOWN, Effect.NOT_SENT])
        beside.alertmanager.effect = chance.choice([None, Effect.UNKNOWN])
        await asyncio.sleep(chance.uniform(20, 100))
        beside.webhook.effect = beside.alertmanager.effect = None
        await asyncio.sleep(chance.uniform(0, 5))
        if turn < 3:
            await hub.die()
    await asyncio.sleep(240)
    incidents = country.incidents().values()
    assert incidents, f"seed {seed} broke nothing"
    arrived = Counter(beside.hooked())
    for incident in incidents:
        for message in incident.messages:
            assert arrived[f"{incident.id}/{message.sequence}"] >= 1, f"seed {seed}"
        assert incident.handed[0].sequence == max(m.sequence for m in incident.messages)
    twice = sum(count - 1 for count in arrived.values())
    assert twice <= 3, f"seed {seed}: more came again than deaths and the second before them allow"
    alerts = beside.last_alerts()
    assert all(alert["annotations"]["phase"] == "closed" for alert in alerts.values())
    assert len(country.workspace.roots(MAIN)) >= 1


async def test_what_was_acknowledged_and_marked_never_comes_again(country: Country):
    beside = Beside(country)
    await country.open()
    for name in ("medan", "sorong", "jember"):
        country.broken = {"x"}
        hub = await country.hub(name)
        await asyncio.sleep(FAILOVER_S + 40)
        await hub.die()
    assert beside.hooked()
    assert len(set(beside.hooked())) == len(beside.hooked())


async def test_the_switch_hears_of_us_while_somebody_leads_and_sees(country: Country):
    beside = Beside(country)
    await country.open()
    first = await country.hub("medan")
    await country.hub("sorong")
    await asyncio.sleep(125)
    assert len(beside.switch.sent) == 2 + 1
    await first.die()
    await asyncio.sleep(120)
    after = beside.switch.sent[3:]
    assert 2 <= len(after) <= 3, "the next leader goes on, and only it"
    for hub in country.hubs.values():
        hub.exchange.blind = True
    for line in tuple(country.store._status_lines):
        line.stale("the engine is gone")
    await asyncio.sleep(30)
    quiet = len(beside.switch.sent)
    await asyncio.sleep(300)
    assert len(beside.switch.sent) == quiet, "a leader that sees nothing is as good as none"
