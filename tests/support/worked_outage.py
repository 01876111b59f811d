"""The worked outage, seen through the leader's statuses: twelve offices in twelve provinces.

T = 6 s, so another office probes every half second; billing fails at everyone from 0 to 120 s.
"""

from __future__ import annotations

from agent.core import explanation
from agent.core.explanation import Explanation
from agent.core.model import (
    Branch,
    Bulletin,
    IncidentSummary,
    Outcome,
    Scope,
    Severity,
    Sight,
)
from agent.core.nation import Nation
from agent.core.tuning import Tuning
from agent.core.view import ExchangeState, OfficeView, ServiceView
from tests.support.verdicts import REVISION, Agent

BILLING = "simponi.billing"
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")
OFFICES = tuple(
    Branch(
        id=f"office-{n:02d}",
        name=f"Office {n}",
        province=f"Provinsi {n:02d}",
        island="Pulau",
        zone=ZONES[n % 3],
    )
    for n in range(1, 13)
)
BEGINS_S = 1_561_424_400.0
"""08.00 WIB."""


class Worked:
    """The leader at office 1 while the trace goes on; times are seconds from the first failure."""

    def __init__(self) -> None:
        self.agents = {b.id: Agent(b.id, [BILLING], Tuning()) for b in OFFICES}
        self.nation = Nation(
            branches=OFFICES,
            periods_s={BILLING: 6.0},
            tuning=Tuning(),
            revision=REVISION,
        )
        self._step = 0
        for branch in OFFICES:
            self._tell(branch.id, BEGINS_S - 1.0)

    def _tell(self, branch: str, at_s: float) -> None:
        self.nation.hear(branch, self.agents[branch].status(at_s), at_s, at_s)

    def until(self, end_s: float) -> Worked:
        """Everything up to and including ``end_s``."""
        while (now_s := self._step * 0.5) <= end_s + 1e-9:
            branch = OFFICES[self._step % 12].id
            outcome = Outcome.FAIL if now_s < 120.0 else Outcome.OK
            self.agents[branch].run(BILLING, outcome, BEGINS_S + now_s)
            self._tell(branch, BEGINS_S + now_s)
            self.nation.assess(BEGINS_S + now_s)
            self._step += 1
        return self

    def explanation(self, at_s: float, *incidents: IncidentSummary) -> Explanation:
        """What office 1, which leads, says then, with these incidents open."""
        now_s = BEGINS_S + at_s
        bulletin = Bulletin(
            term=7, leader="office-01", nation=REVISION, at_s=now_s, incidents=incidents
        )
        view = OfficeView(
            branch=OFFICES[0],
            now_s=now_s,
            version="0",
            sight=Sight(),
            services=(ServiceView(service=BILLING),),
            exchange=ExchangeState.JOINED,
            bulletin=bulletin,
            bulletin_age_s=0.0,
            leads=True,
        )
        return explanation.compose(
            view,
            BILLING,
            memory=self.agents["office-01"].memories[BILLING],
            tuning=Tuning(),
            now_s=now_s,
            account=self.nation.account(BILLING, now_s),
        )


INCIDENT = IncidentSummary(
    id="incident.national.all.simponi.billing@3841",
    scope=Scope.NATIONAL,
    group="all",
    root=BILLING,
    severity=Severity.PARTIAL,
    phase="open",
    since_s=BEGINS_S,
    failing=12,
    reporting=12,
    coincidence=1e-6,
)
