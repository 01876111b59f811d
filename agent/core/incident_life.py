"""The life of an incident, as one table, whole and alone in this file.

The leader advances an incident from the situation that detector and attribution see.

                 declared       recovering     closed         absorbed
    (none)       open           -              -              -
    open         open           recovering     closed         closed
    recovering   open           recovering     closed         closed
    closed       open *         -              -              -

``*`` within ``REOPEN_S`` of its closing, or while something of it is still untold, the same
incident opens again and says so in its thread; later a new one takes the record's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from agent.core.incident import Change, Delivery, Incident, Message, Phase, record_name
from agent.core.incident_replies import say, say_size
from agent.core.model import AlarmPhase, Evidence, Situation

REOPEN_S = 300.0
"""A service that breaks again this soon after its incident closed continues that incident."""
EDIT_S = 5.0
"""The root message's small numbers are rewritten at most this often."""
REPLY_S = 30.0
"""Growth and shrinking are told at most this often, each time against what was told last."""
KEPT_OFFICES = 300
"""Offices named in a record; of more, the count alone."""


class Stimulus(StrEnum):
    """What a situation says to an incident."""

    DECLARED = "declared"
    RECOVERING = "recovering"
    CLOSED = "closed"
    ABSORBED = "absorbed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One cell of the table: the next phase, and what is said of it."""

    to: Phase | None
    say: Change | None = None


_STAY = Turn(to=None)

TABLE: Mapping[tuple[Phase | None, Stimulus], Turn] = {
    (None, Stimulus.DECLARED): Turn(to=Phase.OPEN, say=Change.OPENED),
    (None, Stimulus.RECOVERING): _STAY,
    (None, Stimulus.CLOSED): _STAY,
    (None, Stimulus.ABSORBED): _STAY,
    (Phase.OPEN, Stimulus.DECLARED): Turn(to=Phase.OPEN),
    (Phase.OPEN, Stimulus.RECOVERING): Turn(to=Phase.RECOVERING, say=Change.RECOVERING),
    (Phase.OPEN, Stimulus.CLOSED): Turn(to=Phase.CLOSED, say=Change.CLOSED),
    (Phase.OPEN, Stimulus.ABSORBED): Turn(to=Phase.CLOSED, say=Change.ABSORBED),
    (Phase.RECOVERING, Stimulus.DECLARED): Turn(to=Phase.OPEN, say=Change.RELAPSED),
    (Phase.RECOVERING, Stimulus.RECOVERING): Turn(to=Phase.RECOVERING),
    (Phase.RECOVERING, Stimulus.CLOSED): Turn(to=Phase.CLOSED, say=Change.CLOSED),
    (Phase.RECOVERING, Stimulus.ABSORBED): Turn(to=Phase.CLOSED, say=Change.ABSORBED),
    (Phase.CLOSED, Stimulus.DECLARED): Turn(to=Phase.OPEN, say=Change.REOPENED),
    (Phase.CLOSED, Stimulus.RECOVERING): _STAY,
    (Phase.CLOSED, Stimulus.CLOSED): _STAY,
    (Phase.CLOSED, Stimulus.ABSORBED): _STAY,
}
"""Every phase against every stimulus; a test says that none is missing."""


def stimulus(situation: Situation) -> Stimulus:
    """What a situation says to its incident."""
    if situation.phase is AlarmPhase.CLOSED:
        return Stimulus.ABSORBED if situation.absorbed_by is not None else Stimulus.CLOSED
    return Stimulus(situation.phase.value)


def opens_anew(before: Incident | None, now_s: float) -> bool:
    """Whether a service declared now begins a new incident rather than continuing ``before``."""
    if before is None:
        return True
    if before.open or before.untold or before.closed_s is None:
        return False
    return now_s - before.closed_s > REOPEN_S


def begin(
    situation: Situation, *, channel: str, term: int, now_s: float, storm: str | None = None
) -> Incident:
    """A new incident with its root message pending; under a ``storm`` it is told in that one's."""
    delivery = Delivery.COVERED if storm else Delivery.PENDING
    root = Message(sequence=0, change=Change.OPENED, at_s=now_s, channel=channel, delivery=delivery)
    failing = situation.evidence.failing_count
    return Incident(
        name=record_name(situation.scope, situation.group, situation.root),
        opening=0,
        term=term,
        scope=situation.scope,
        group=situation.group,
        root=situation.root,
        severity=situation.severity,
        phase=Phase.OPEN,
        channels=situation.channels,
        since_s=situation.since_s,
        opened_s=now_s,
        severity_s=now_s,
        affected=situation.affected,
        working=situation.working,
        evidence=_bounded(situation.evidence),
        spread=situation.spread,
        peak=failing,
        peak_of=situation.evidence.reporting,
        told_failing=failing,
        told_s=now_s,
        edited_s=now_s,
        messages=(root,),
        storm=storm,
    )


def advance(
    incident: Incident, situation: Situation, *, term: int, now_s: float, settle_s: float = REPLY_S
) -> Incident:
    """The incident after one more look at its situation; the very same object if nothing changed.

    ``settle_s`` is how long it takes until every office has been asked again: growth is told
    against what was told last, and not before. New replies are appended with empty words: the
    caller renders them before it writes the record.
    """
    turn = TABLE[incident.phase, stimulus(situation)]
    if turn.to is None:
        return incident
    after = _with_content(incident, situation, turn.to, now_s)
    worse = after.severity.rank > incident.severity.rank
    if worse and turn.say is None:
        after = say(after, Change.WORSE, now_s)
    if turn.say is not None:
        after = say(after, turn.say, now_s)
    elif turn.to is Phase.OPEN and not worse:
        after = say_size(after, incident, now_s, max(REPLY_S, settle_s), healing=situation.healing)
    if after is incident:
        return incident
    return replace(after, term=term)


def _with_content(incident: Incident, situation: Situation, to: Phase, now_s: float) -> Incident:
    """The content of now: severity and affected only ever grow while the incident lasts."""
    affected = incident.affected + tuple(
        service for service in situation.affected if service not in incident.affected
    )
    severity = max(incident.severity, situation.severity, key=lambda each: each.rank)
    reopened = incident.phase is Phase.CLOSED
    closing = to is Phase.CLOSED
    peak, peak_of = max(
        (incident.peak, incident.peak_of),
        (situation.evidence.failing_count, situation.evidence.reporting),
        key=lambda extent: extent[0],
    )
    after = replace(
        incident,
        phase=to,
        severity=severity,
        severity_s=now_s if reopened or severity is not incident.severity else incident.severity_s,
        affected=affected,
        channels=tuple(sorted({*incident.channels, *situation.channels})),
        working=situation.working,
        evidence=incident.evidence if closing else _kept_evidence(incident, situation, to),
        spread=incident.spread if to is not Phase.OPEN else situation.spread,
        peak=peak,
        peak_of=peak_of,
        recovering_s=_recovering_s(incident, to, now_s),
        ended_s=None if to is Phase.OPEN else (situation.ended_s or incident.ended_s),
        closed_s=now_s if closing else (None if reopened else incident.closed_s),
        absorbed_by=situation.absorbed_by if closing else None,
        by_hand=None,
        held=False,
    )
    if after == incident:
        return incident
    at_once = (to, severity, affected) != (incident.phase, incident.severity, incident.affected)
    if not at_once and now_s - incident.edited_s < EDIT_S:
        return incident
    return replace(after, revision=incident.revision + 1, edited_s=now_s)


def _recovering_s(incident: Incident, to: Phase, now_s: float) -> float | None:
    if to is Phase.OPEN:
        return None
    return incident.recovering_s if incident.recovering_s is not None else now_s


def _kept_evidence(incident: Incident, situation: Situation, to: Phase) -> Evidence:
    """Of now; but the step and failure that were seen stay while newer ones are not.

    So does the smallest chance of coincidence: it bounds the whole life of the incident. All
    offices good, and not yet for long enough: the last extent is told until it is a recovery.
    """
    old, evidence = incident.evidence, _bounded(situation.evidence)
    if to is Phase.OPEN and not evidence.failing:
        return old
    known = [c for c in (old.coincidence, evidence.coincidence) if c is not None]
    evidence = replace(evidence, coincidence=min(known, default=None))
    if evidence.code is None and evidence.first_step is None:
        return replace(
            evidence, first_step=old.first_step, code=old.code, code_share=old.code_share
        )
    return evidence


def _bounded(evidence: Evidence) -> Evidence:
    named = evidence.failing[:KEPT_OFFICES]
    return replace(evidence, failing=named, unnamed=evidence.failing_count - len(named))
