"""Reads recordings once, for both: the results, and the national outages that would be told.

What the present configuration tells as national is taken to be real, and is cut out of what is
counted as nuisance: from its first evidence to its closing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agent.adapters.recording_reader import RecordingReader, merged
from agent.app.plan import NationPlan
from agent.core import schedule, wire
from agent.core.codec import WireError
from agent.core.model import Channel, Scope
from agent.pipeline.replaying import Replay, Replayed
from agent.ports import OwnStatus, Recorded, StatusPut
from agent.simulation.quiet_meters import QuietMeters
from agent.simulation.refit.cuts import Cut, cut
from agent.simulation.refit.history import History

LOOK_EVERY = 200
"""Records between two looks at how far we are."""
IDLE_S = 30.0
"""So often the nation is assessed while nothing is suspected and nobody says anything."""
EARLIEST_S = 900.0
"""No first evidence is believed to be older than this at an incident's opening."""
TOLD = "told as national"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How one service is probed by the whole nation, through all journeys that exercise it."""

    period_s: float
    """Seconds between two base results of an office."""
    base_runs_per_s: float
    ceiling_runs_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What was read, however long it is."""

    history: History
    replayed: Replayed

    def bad(self, service: str, channel: Channel) -> int:
        """Bad results of a service outside of what was told as national."""
        results = cut(self.history.services[service].series[channel], self.told(service))
        return sum(len(each.bads) for each in results.values())

    def noisiest(self, channel: Channel) -> str:
        """The service with the most bad results: the others are no worse."""
        return max(sorted(self.history.services), key=lambda name: self.bad(name, channel))

    def told(self, service: str) -> list[Cut]:
        """When a service was part of a national incident."""
        until_s = self.replayed.ended_s or 0.0
        return [
            Cut(
                from_s=max(each.since_s, each.opened_s - EARLIEST_S),
                until_s=until_s if each.closed_s is None else each.closed_s,
                why=f"{TOLD}: {each.root}",
            )
            for each in self.replayed.incidents.values()
            if each.scope is Scope.NATIONAL and service in (each.root, *each.affected)
        ]


async def read(
    plan: NationPlan, readers: Iterable[RecordingReader], on_look: Callable[[], None]
) -> Month:
    """Read everything. Raises OSError."""
    history = History(frozenset(plan.branches), frozenset(plan.services))
    replay = Replay(plan.mandate, QuietMeters(), idle_s=IDLE_S)
    for number, recorded in enumerate(merged(readers)):
        _take(history, recorded)
        await replay.feed(recorded)
        if number % LOOK_EVERY == 0:
            on_look()
    return Month(history=history, replayed=await replay.finish())


def _take(history: History, recorded: Recorded) -> None:
    event = recorded.event
    if not isinstance(event, StatusPut | OwnStatus):
        return
    record = event.record
    try:
        status = wire.decode_status(record.name, record.value)
    except WireError:
        return
    live = isinstance(event, StatusPut) and event.live
    history.hear(record.name, status, record.stored_s, recorded.at_s if live else None)


def budget_of(plan: NationPlan, service: str) -> Budget:
    """How a service is probed: every journey adds its runs."""
    size = len(plan.branches)
    per_office = ceiling = 0.0
    for journey in plan.journeys:
        if any(step.service == service for step in journey.steps):
            base, most = plan.runs_per_s[journey.name]
            per_office += 1.0 / schedule.period_s(size, base)
            ceiling += most
    return Budget(
        period_s=1.0 / per_office,
        base_runs_per_s=size * per_office,
        ceiling_runs_per_s=ceiling,
    )
