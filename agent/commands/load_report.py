"""What a configuration means in numbers: load on the centre, cost of the line, who is heard.

Plain values only; how they are shown is the command's business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.config import translate
from agent.config.branch_checks import requests_of
from agent.config.loading import Configuration
from agent.config.nation import JourneyBudget, Nation
from agent.core import groups
from agent.core.coverage import Coverage, coverage
from agent.core.model import StepName
from agent.core.schedule import period_s
from agent.pipeline.probes import TOKEN_REQUESTS

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
    left_out: tuple[str, ...]
    """Journeys, and steps of them, that are not probed here, each with the reason."""
    coverage: Coverage
    probes_mb_per_hour: float
    """What this office's own probes cost on its line in quiet times, roughly."""


def report(configuration: Configuration) -> LoadReport:
    """Work out all numbers."""
    nation, branch = configuration.nation, configuration.branch
    tuning = translate.tuning(nation)
    grouped = groups.of(translate.branches(nation))
    costs = _costs(configuration)
    watched = {step.service for cost in costs for step in cost.steps}
    journeys = tuple(_journey(cost, len(nation.roster)) for cost in costs)
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
        targets=tuple(_target(nation, role, costs) for role in nation.targets),
        unwatched=tuple(each.id for each in nation.services if each.id not in watched),
        left_out=tuple(_left_out(configuration)),
        coverage=coverage(grouped, tuning, tuning.fail),
        probes_mb_per_hour=sum(_mb_per_hour(*each) for each in zip(costs, journeys, strict=True)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    """What one journey asks of the centre, of what is probed here."""

    budget: JourneyBudget
    steps: tuple[StepName, ...]
    requests: Mapping[str, int]
    """By target role, with what a token costs that may be wanted first."""


def _costs(configuration: Configuration) -> list[_Cost]:
    branch = configuration.branch
    found = []
    for budget in configuration.nation.journeys:
        journey = configuration.journeys.by_name[budget.name]
        part = journey.within(branch.sandboxes, branch.consents)
        if part is None:
            continue
        asked = requests_of(part.steps)
        requests = {
            role: count + TOKEN_REQUESTS * (role in branch.token_roles)
            for role, count in asked.items()
        }
        found.append(_Cost(budget=budget, steps=part.steps, requests=requests))
    return found


def _left_out(configuration: Configuration) -> Iterator[str]:
    """What a person finds in the probe paths, and would look for in vain on the pages."""
    branch, budgets = configuration.branch, {each.name for each in configuration.nation.journeys}
    for name, journey in configuration.journeys.by_name.items():
        if name not in budgets:
            yield f"{name}: no budget in the nation's file"
            continue
        part = journey.within(branch.sandboxes, branch.consents)
        kept = part.steps if part is not None else ()
        gone = [step for step in journey.steps if step not in kept]
        why = dict.fromkeys(_why_not(step, branch.sandboxes, branch.consents) for step in gone)
        reasons = " and ".join(reason for reason in why if reason)
        if part is None:
            yield f"{name}: {reasons}"
        elif gone:
            yield f"{name} without {', '.join(step.id for step in gone)}: {reasons}"


def _why_not(step: StepName, sandboxes: Collection[str], consents: Collection[str]) -> str:
    """Why a step is not taken; nothing, for one that only leads to others or follows them."""
    if step.sandbox_only and step.role not in sandboxes:
        return f"writes, and {step.role} is no sandbox"
    if step.consent is not None and step.consent not in consents:
        return f'needs the consent "{step.consent}"'
    return ""


def _journey(cost: _Cost, offices: int) -> JourneyLoad:
    period = period_s(offices, cost.budget.base_runs_per_s)
    return JourneyLoad(
        name=cost.budget.name,
        period_s=period,
        quiet_runs_per_s=offices / period,
        most_runs_per_s=cost.budget.ceiling_runs_per_s,
        requests_per_run=sum(cost.requests.values()),
    )


def _target(nation: Nation, role: str, costs: Sequence[_Cost]) -> TargetLoad:
    ceiling = nation.targets[role].ceiling_requests_per_s
    asked = [(cost.budget, cost.requests.get(role, 0)) for cost in costs]
    most = sum(requests * budget.ceiling_runs_per_s for budget, requests in asked)
    return TargetLoad(
        role=role,
        quiet_requests_per_s=sum(requests * budget.base_runs_per_s for budget, requests in asked),
        most_requests_per_s=min(most, ceiling),
        ceiling_requests_per_s=ceiling,
    )


def _mb_per_hour(cost: _Cost, journey: JourneyLoad) -> float:
    run_kb = len(cost.requests) * _CONNECTION_KB + journey.requests_per_run * _REQUEST_KB
    return 3600 / journey.period_s * run_kb / 1000
