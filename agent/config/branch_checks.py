"""What in branch.yaml must fit nation.yaml and the journeys.

The names are checked on the files as written, so that all mistakes are told at once; the budgets
need both models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent.config.branch import BranchSettings
from agent.config.checking import entries, nearest
from agent.config.mistakes import KeyPath, Mistake
from agent.config.nation import Nation
from agent.config.nation_checks import names
from agent.config.yaml_source import Source
from agent.core.model import StepName

JourneySteps = Mapping[str, Sequence[StepName]]
"""Journey -> its steps, as the journeys declare them."""


def branch_mistakes(branch: Source, nation: Source) -> Iterator[Mistake]:
    """Names of branch.yaml that nation.yaml does not know, and secrets where none may be."""
    roster = names(nation, "roster")
    written = branch.value if isinstance(branch.value, dict) else {}
    name = written.get("branch")
    if isinstance(name, str) and roster and name not in roster:
        yield branch.lines.mistake(
            ("branch",), f'"{name}" is not in the roster; {nearest(name, roster)}'
        )
    hub = {each.get("id"): each.get("hub") is True for _, each in entries(nation.value, "roster")}
    if written.get("slack") is not None and hub.get(name) is False:
        yield branch.lines.mistake(
            ("slack",), f'"{name}" is no hub, and only hubs hold Slack\'s secrets; remove it'
        )
    yield from _misplaced_receivers(branch, is_hub=hub.get(name) is not False)
    yield from _unknown_roles(branch, nation)
    yield from _unknown_services(branch, nation)


def _misplaced_receivers(branch: Source, *, is_hub: bool) -> Iterator[Mistake]:
    """Receivers where nobody leads would never be told; two of one name could not be told apart."""
    found = list(entries(branch.value, "receivers"))
    leads = isinstance(branch.value, dict) and branch.value.get("slack") is not None
    if found and not (is_hub and leads):
        yield branch.lines.mistake(
            ("receivers",), "only a hub that holds Slack's secrets leads and tells; remove them"
        )
    taken: set[object] = set()
    for index, each in found:
        label = each.get("name") or each.get("kind")
        if label in taken:
            yield branch.lines.mistake(
                ("receivers", index), f'two are called "{label}"; give one a `name`'
            )
        if isinstance(label, str):
            taken.add(label)


def _keys(value: object, *path: str) -> tuple[str, ...]:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return tuple(value) if isinstance(value, dict) else ()


def _unknown_roles(branch: Source, nation: Source) -> Iterator[Mistake]:
    known = _keys(nation.value, "targets")
    if not known:
        return
    places: list[tuple[str, ...]] = [("targets",), ("controls", "front")]
    for place in places:
        for role in _keys(branch.value, *place):
            if role not in known:
                yield branch.lines.mistake(
                    (*place, role), f"is no target of the nation's file; {nearest(role, known)}"
                )


def _unknown_services(branch: Source, nation: Source) -> Iterator[Mistake]:
    known = names(nation, "services")
    for role in _keys(branch.value, "targets") if known else ():
        for service in _keys(branch.value, "targets", role, "services"):
            if service not in known:
                yield branch.lines.mistake(
                    ("targets", role, "services", service),
                    f"is no service of the nation's file; {nearest(service, known)}",
                )


def journey_mistakes(
    nation: Nation, branch: BranchSettings, journeys: JourneySteps
) -> Iterator[Mistake]:
    """What the nation's journeys lack: the journey itself, services, targets, budget."""
    for index, budget in enumerate(nation.journeys):
        path: KeyPath = ("journeys", index, "name")
        if budget.name not in journeys:
            yield nation.lines.mistake(
                path, f'"{budget.name}" is in no probe path; {nearest(budget.name, journeys)}'
            )
            continue
        for what in _step_mistakes(nation, journeys[budget.name]):
            yield nation.lines.mistake(path, what)
        for role in sorted({each.role for each in journeys[budget.name] if each.role}):
            if role not in branch.targets:
                yield branch.lines.mistake(
                    ("targets",), f"journey {budget.name} needs the target {role}; add `{role}:`"
                )
    yield from _budget_mistakes(nation, journeys)


def _step_mistakes(nation: Nation, steps: Sequence[StepName]) -> Iterator[str]:
    known = {service.id for service in nation.services}
    for each in steps:
        if each.service not in known:
            yield f'step "{each.id}": no service "{each.service}"; {nearest(each.service, known)}'
        if each.role is not None and each.role not in nation.targets:
            close = nearest(each.role, nation.targets)
            yield f'step "{each.id}": no target "{each.role}"; {close}'


def requests_of(steps: Sequence[StepName]) -> dict[str, int]:
    """Most requests that one run sends to each target role."""
    found: dict[str, int] = {}
    for each in steps:
        if each.role is not None:
            found[each.role] = found.get(each.role, 0) + each.requests
    return found


def _budget_mistakes(nation: Nation, journeys: JourneySteps) -> Iterator[Mistake]:
    for role, target in nation.targets.items():
        quiet = sum(
            requests_of(journeys.get(budget.name, ())).get(role, 0) * budget.base_runs_per_s
            for budget in nation.journeys
        )
        if quiet > target.ceiling_requests_per_s:
            yield nation.lines.mistake(
                ("targets", role, "ceiling_requests_per_s"),
                f"the journeys send {quiet:g} a second even in quiet times; raise this ceiling, "
                "lower a base_runs_per_s, or take steps out",
            )
