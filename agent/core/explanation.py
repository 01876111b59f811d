"""Why a service is or is not an incident now, as one office can say it: a value.

The leader accounts for every number; any other office knows its own evidence and what the leader's
bulletin says, and whom to ask for the rest. What has not been heard lately is not known. The words
are made of it in :mod:`agent.core.explanation_text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.core import bulletin as bulletins
from agent.core import evidence
from agent.core.account import ServiceAccount
from agent.core.evidence import Memory
from agent.core.model import (
    Channel,
    Grounds,
    IncidentSummary,
    Outcome,
    PlannedNotice,
    RingEntry,
    Scope,
    ServiceState,
    Sight,
)
from agent.core.tuning import Tuning
from agent.core.view import OfficeView


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChannel:
    """One channel of a service at this very office."""

    channel: Channel
    w: float
    """Evidence, nats."""
    cap: float
    p0: float
    """How often a result is bad in good times, as learned."""
    vote: float
    """Branch equivalents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvidence:
    """What this office itself saw of a service."""

    sight: Sight
    outcome: Outcome
    """This office's word; ``VOID`` when it has none to say."""
    reason: str
    """For the operations page only; it may quote the probe."""
    channels: tuple[OwnChannel, ...]
    results: tuple[RingEntry, ...]
    """The last ones, the newest first; ages in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that one office can say of why a service is or is not an incident now."""

    service: str
    office: str
    at_s: float
    """Wall time, seconds since 1970."""
    state: ServiceState
    own: OwnEvidence
    nation: ServiceAccount | None = None
    """Only where this office leads."""
    incident: IncidentSummary | None = None
    """The open incident that the service belongs to, as its root or as affected."""
    planned: PlannedNotice | None = None
    """Planned work on it, as heard lately."""
    grounds: Grounds | None = None
    """What the bulletin says of a service that is not normal."""
    leader: str | None = None
    term: int | None = None
    bulletin_age_s: float | None = None

    @property
    def known(self) -> bool:
        """Whether anything may be said of the nation."""
        return self.state is not ServiceState.UNKNOWN


def compose(
    view: OfficeView,
    service: str,
    *,
    memory: Memory,
    tuning: Tuning,
    now_s: float,
    account: ServiceAccount | None,
) -> Explanation:
    """The explanation of one service of ``view``; ``now_s`` is the clock of ``memory``.

    ``account`` is the leader's own, None where this office does not lead.
    """
    bulletin = view.bulletin
    return Explanation(
        service=service,
        office=view.branch.id,
        at_s=view.now_s,
        state=_state(view, service, account),
        own=_own(view, service, memory, tuning, now_s),
        nation=account,
        incident=_incident(view.incidents, service),
        planned=view.planned(service),
        grounds=view.nation.grounds.get(service) if view.nation is not None else None,
        leader=view.branch.id if account is not None else (bulletin.leader if bulletin else None),
        term=bulletin.term if bulletin else None,
        bulletin_age_s=view.bulletin_age_s,
    )


def _state(view: OfficeView, service: str, account: ServiceAccount | None) -> ServiceState:
    if account is None:
        return view.national_state(service)
    affected = any(
        service in each.affected for each in view.incidents if each.scope is Scope.NATIONAL
    )
    return bulletins.state_of(account.assessment, affected, blind=account.attendance.blind)


def _incident(incidents: Sequence[IncidentSummary], service: str) -> IncidentSummary | None:
    """Its own before another's, the nation's before a region's."""
    mine = [each for each in incidents if each.root == service or service in each.affected]
    return min(mine, key=lambda e: (e.root != service, e.scope is not Scope.NATIONAL), default=None)


def _own(
    view: OfficeView, service: str, memory: Memory, tuning: Tuning, now_s: float
) -> OwnEvidence:
    shown = next((each for each in view.services if each.service == service), None)
    status = memory.status(now_s)
    return OwnEvidence(
        sight=view.sight,
        outcome=view.own_outcome(shown) if shown is not None else Outcome.VOID,
        reason=shown.reason if shown is not None else "",
        channels=tuple(
            OwnChannel(
                channel=channel,
                w=status.channel(channel).w,
                cap=tuning.channel(channel).cap,
                p0=evidence.bounded_p0(status.channel(channel).p0, tuning.channel(channel)),
                vote=evidence.vote(
                    status.channel(channel).w, tuning.channel(channel), tuning.soft_threshold
                ),
            )
            for channel in Channel
        ),
        results=status.ring[::-1],
    )
