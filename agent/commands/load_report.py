"""What a configuration means in numbers: load on the centre, cost of the line, who is heard.

Plain values only; how they are shown is the command's business.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.config import translate
from agent.config.branch_checks import load_on, requests_of
from agent.config.loading import Configuration
from agent.core import groups
from agent.core.coverage import Coverage, coverage
from agent.core.schedule import period_s

APPLICATIONS_PER_S = 0.7
"""Passport applications a second in the whole country, in service hours: an estimate from totals
in the press (20,000 a working day)."""

# What a fresh connection with TLS, and one request over it, cost on the wire in both directions.
# Assumptions on the generous side, for an office with a rationed line; measure your own centre.
_CONNECTION_KB = 7.0
_REQUEST_KB = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyLoad:
    """One journey, for the whole nation but for ``period_s``, which is one office's."""

    name: str
    period_s: float
    quiet_runs_per_s: float
    most_runs_per_s: float
    requests_per_run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLoad:
    """One target: requests a second from the whole nation."""

    role: str
    quiet_requests_per_s: float
    most_requests_per_s: float
    ceiling_requests_per_s: float

    @property
    def quiet_per_application(self) -> float:
        """Requests of ours for every real application."""
        return self.quiet_requests_per_s / APPLICATIONS_PER_S

    @property
    def most_per_application(self) -> float:
        """The same at the very most."""
        return self.most_requests_per_s / APPLICATIONS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """Everything that ``pantau validate`` tells of a good configuration."""

    branch: str
    hub: bool
    tells_slack: bool
    receivers: tuple[str, ...]
    """Who else is told, each with what may be shown of its address."""
    nation: str
    offices: int
    provinces: int
    hubs: int
    journeys: tuple[JourneyLoad, ...]
    targets: tuple[TargetLoad, ...]
    unwatched: tuple[str, ...]
    """Services that no journey exercises."""
    coverage: Coverage
    probes_mb_per_hour: float
    """What this office's own probes cost on its line in quiet times, roughly."""


def report(configuration: Configuration) -> LoadReport:
    """Work out all numbers."""
    nation, branch = configuration.nation, configuration.branch
    tuning = translate.tuning(nation)
    grouped = groups.of(translate.branches(nation))
    journeys_here = [
        configuration.journeys.by_name[budget.name].within(branch.sandboxes, branch.consents)
        for budget in nation.journeys
    ]
    watched = {step.service for each in journeys_here if each for step in each.steps}
    journeys = tuple(_journey(configuration, index) for index in range(len(nation.journeys)))
    return LoadReport(
        branch=branch.branch,
        hub=any(office.hub for office in nation.roster if office.id == branch.branch),
        tells_slack=branch.slack is not None,
        receivers=tuple(f"{each.label} ({each.kind}) at {each.host}" for each in branch.receivers),
        nation=configuration.nation_hash,
        offices=len(nation.roster),
        provinces=grouped.provinces,
        hubs=sum(office.hub for office in nation.roster),
        journeys=journeys,
        targets=tuple(_target(configuration, role) for role in nation.targets),
        unwatched=tuple(each.id for each in nation.services if each.id not in watched),
        coverage=coverage(grouped, tuning, tuning.fail),
        probes_mb_per_hour=sum(_mb_per_hour(configuration, each) for each in journeys),
    )


def _journey(configuration: Configuration, index: int) -> JourneyLoad:
    budget = configuration.nation.journeys[index]
    offices = len(configuration.nation.roster)
    period = period_s(offices, budget.base_runs_per_s)
    return JourneyLoad(
        name=budget.name,
        period_s=period,
        quiet_runs_per_s=offices / period,
        most_runs_per_s=budget.ceiling_runs_per_s,
        requests_per_run=sum(requests_of(configuration.journeys.steps[budget.name]).values()),
    )


def _target(configuration: Configuration, role: str) -> TargetLoad:
    quiet, most = load_on(role, configuration.nation, configuration.journeys.steps)
    return TargetLoad(
        role=role,
        quiet_requests_per_s=quiet,
        most_requests_per_s=most,
        ceiling_requests_per_s=configuration.nation.targets[role].ceiling_requests_per_s,
    )


def _mb_per_hour(configuration: Configuration, journey: JourneyLoad) -> float:
    connections = len(requests_of(configuration.journeys.steps[journey.name]))
    run_kb = connections * _CONNECTION_KB + journey.requests_per_run * _REQUEST_KB
    return 3600 / journey.period_s * run_kb / 1000
