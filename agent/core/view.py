"""What one office can say of itself and of the nation at one moment, as a value.

Pages and the API render this and know nothing else. The rule of the house lives here: what has not
been heard is not known. A bulletin that is missing or old makes every national word unknown, and a
result that is old makes the office's own word unknown; neither is ever read as normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agent.core.blame import Blame
from agent.core.maintenance_calendar import places_of
from agent.core.model import (
    Branch,
    Bulletin,
    IncidentSummary,
    Outcome,
    PlannedNotice,
    ServiceState,
    Sight,
)

BULLETIN_FRESH_S = 30.0
"""A leader speaks every 10 s; after three times that, nobody knows how the nation stands."""


class ExchangeState(StrEnum):
    """How this office takes part in the nation."""

    JOINED = "joined"
    DEGRADED = "degraded"
    """Some of it works: the exchange answers late or not for everything."""
    STANDALONE = "standalone"
    """The office is on its own, and says nothing of the nation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """One service as this office last saw it. Times are wall time, seconds since 1970."""

    service: str
    outcome: Outcome | None = None
    """None: not probed yet."""
    at_s: float | None = None
    """When the last result began."""
    since_s: float | None = None
    """Since when it has been good, or has not."""
    in_a_row: int = 1
    """Results alike, good or not good, up to the last."""
    reason: str = ""
    """Why it is broken, for the operations page only; it may quote the probe."""
    blocked_by: str | None = None
    took_s: float | None = None
    """How long the step of the last result took."""
    usual_s: float | None = None
    """How long it usually takes here in this hour of the week, if that is known."""
    blame: Blame | None = None
    """Where the fault of the last result most likely lies; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeView:
    """Everything that pages may show."""

    branch: Branch
    now_s: float
    """Wall time, seconds since 1970."""
    version: str
    sight: Sight
    doubt: str | None = None
    """Why the agent doubts itself: then it is not the line that keeps the office from seeing."""
    services: tuple[ServiceView, ...] = ()
    """In the order of the chain, all that are configured."""
    exchange: ExchangeState = ExchangeState.STANDALONE
    bulletin: Bulletin | None = None
    bulletin_age_s: float | None = None
    leads: bool = False
    stale_after_s: float = 300.0
    """An own result older than this says nothing any more."""
    runbook_url: str | None = None
    grafana_url: str | None = None

    @property
    def nation(self) -> Bulletin | None:
        """The bulletin, if it is fresh enough to be believed."""
        if self.bulletin is None or self.bulletin_age_s is None:
            return None
        return self.bulletin if self.bulletin_age_s <= BULLETIN_FRESH_S else None

    @property
    def nation_known(self) -> bool:
        """Whether anything may be said of the nation: heard lately, and enough offices report."""
        return self.nation is not None and not self.nation.blind

    @property
    def incidents(self) -> tuple[IncidentSummary, ...]:
        """Open incidents; none are known without a fresh bulletin."""
        return self.nation.incidents if self.nation is not None else ()

    def national_state(self, service: str) -> ServiceState:
        """The nation's word on a service, which is ``UNKNOWN`` unless it was heard lately."""
        if self.nation is None:
            return ServiceState.UNKNOWN
        state = self.nation.services.get(service, ServiceState.UNKNOWN)
        if self.nation.blind and state is ServiceState.NORMAL:
            return ServiceState.UNKNOWN
        return state

    def national_drifted(self, service: str) -> bool:
        """Whether the nation's trouble with it is a changed contract, as heard lately."""
        return self.nation is not None and service in self.nation.drifted

    def planned(self, service: str) -> PlannedNotice | None:
        """Planned work on a service in the nation or here, as heard lately: what ends last."""
        notices = self.nation.planned if self.nation is not None else ()
        found = (n for n in notices if n.means(service, places_of(self.branch)))
        return max(found, key=lambda notice: notice.until_s, default=None)

    def is_fresh(self, service: ServiceView) -> bool:
        """Whether this office's last result still says something: it can see, and lately did."""
        if service.at_s is None or not self.sight.sees:
            return False
        return self.now_s - service.at_s <= self.stale_after_s

    def own_outcome(self, service: ServiceView) -> Outcome:
        """This office's word on a service; ``VOID`` when it has none to say."""
        return service.outcome or Outcome.VOID if self.is_fresh(service) else Outcome.VOID
