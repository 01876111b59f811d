"""Three or more independent troubles at once are one message, not many.

A trouble about to be told waits a few seconds while so many other services are under suspicion that
a storm may be coming; once three stand, the first carries the message and covers the others. What
is national is never told inside a region's message, which fewer people read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.core.incident import Incident, Phase, record_name
from agent.core.model import Scope, Situation

STORM = 3
GATHER_S = 10.0
WINDOW_S = 300.0
"""Incidents that opened longer ago than this are not "at once" any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A situation to be told now; ``storm`` names the incident whose message tells it."""

    situation: Situation
    storm: str | None = None


def openings(
    new: Sequence[Situation],
    standing: Iterable[Incident],
    suspected: Iterable[str],
    now_s: float,
) -> list[Opening]:
    """Which of the new situations open now, and under which message.

    ``suspected``: services under suspicion that belong to none of these troubles.
    """
    recent = sorted(
        (i for i in standing if i.phase is Phase.OPEN and now_s - i.opened_s <= WINDOW_S),
        key=lambda incident: (incident.opened_s, incident.name),
    )
    if len(recent) + len(new) < STORM:
        may_gather = len(recent) + len(new) + len(set(suspected)) >= STORM
        return [
            Opening(situation=each)
            for each in new
            if not may_gather or now_s - each.declared_s >= GATHER_S
        ]
    # A storm that stands goes on telling; else the oldest trouble begins one.
    tellers = sorted((i for i in recent if i.storm is None), key=lambda i: not i.members)
    speakers = [(i.scope, i.name) for i in tellers]
    opened: list[Opening] = []
    for each in sorted(new, key=lambda situation: situation.scope is not Scope.NATIONAL):
        storm = next(
            (name for scope, name in speakers if scope in (each.scope, Scope.NATIONAL)), None
        )
        if storm is None:
            speakers.append((each.scope, record_name(each.scope, each.group, each.root)))
        opened.append(Opening(situation=each, storm=storm))
    return opened
