"""What in nation.yaml must fit together, checked on the file as written.

On the file and not on the model, because a model exists only when nothing else is wrong, and all
mistakes are to be told at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from agent.config.checking import entries, nearest
from agent.config.mistakes import KeyPath, Mistake
from agent.config.yaml_source import Source
from agent.core.groups import group_id
from agent.core.incident import BLINDNESS
from agent.core.tuning import Tuning

EGRESS_SHARE = 0.2
MAX_HUBS = 9


def nation_mistakes(source: Source) -> Iterator[Mistake]:
    """Every mistake of this kind."""
    lists = (("roster", "id"), ("services", "id"), ("journeys", "name"), ("maintenance", "id"))
    for key, name in lists:
        yield from _repeated(source, key, name)
    yield from _reserved(source)
    yield from _unknown_needs(source)
    yield from _cycle(source)
    yield from _unknown_routes(source)
    yield from _unknown_closed(source)
    yield from _unknown_in_maintenance(source)
    yield from _hubs(source)
    yield from _alerters(source)
    yield from _shared_egress(source)


def names(source: Source, key: str, name: str = "id") -> dict[str, int]:
    """What the entries of a list call themselves, with their first positions."""
    found: dict[str, int] = {}
    for index, each in entries(source.value, key):
        if isinstance(each.get(name), str):
            found.setdefault(each[name], index)
    return found


def _repeated(source: Source, key: str, name: str) -> Iterator[Mistake]:
    first = names(source, key, name)
    for index, each in entries(source.value, key):
        named = each.get(name)
        if isinstance(named, str) and first[named] != index:
            line = source.lines.line((key, first[named]))
            yield source.lines.mistake(
                (key, index, name), f'"{named}" is taken in line {line}; rename or remove one'
            )


def _reserved(source: Source) -> Iterator[Mistake]:
    index = names(source, "services").get(BLINDNESS)
    if index is not None:
        yield source.lines.mistake(
            ("services", index, "id"),
            f'"{BLINDNESS}" is the name under which it is told that too few offices report; '
            "rename the service",
        )


def _needs(source: Source) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    for index, each in entries(source.value, "services"):
        listed = each.get("needs")
        needs = listed if isinstance(listed, tuple) else ()
        yield index, str(each.get("id")), tuple(each for each in needs if isinstance(each, str))


def _unknown_needs(source: Source) -> Iterator[Mistake]:
    known = names(source, "services")
    for index, _, needs in _needs(source):
        for position, need in enumerate(needs):
            if need not in known:
                yield source.lines.mistake(
                    ("services", index, "needs", position),
                    f'"{need}" is no service; {nearest(need, known)}',
                )


def _cycle(source: Source) -> Iterator[Mistake]:
    try:
        TopologicalSorter({service: needs for _, service, needs in _needs(source)}).prepare()
    except CycleError as error:
        circle = error.args[1]
        index = names(source, "services").get(circle[0], 0)
        yield source.lines.mistake(
            ("services", index, "needs"),
            f"services need each other in a circle: {' <- '.join(circle)}; take one need out",
        )


def _unknown_routes(source: Source) -> Iterator[Mistake]:
    known = names(source, "services")
    slack = source.value.get("slack") if isinstance(source.value, dict) else None
    for key in ("by_service", "escalation_by_service"):
        routes = slack.get(key) if isinstance(slack, dict) else None
        for service in routes if isinstance(routes, dict) else ():
            if service not in known:
                yield source.lines.mistake(
                    ("slack", key, service), f"is no service; {nearest(service, known)}"
                )


def _unknown_closed(source: Source) -> Iterator[Mistake]:
    known = names(source, "roster")
    for index, each in entries(source.value, "closed"):
        offices = each.get("offices")
        for position, office in enumerate(offices if isinstance(offices, tuple) else ()):
            if isinstance(office, str) and office not in known:
                yield source.lines.mistake(
                    ("closed", index, "offices", position),
                    f'"{office}" is not in the roster; {nearest(office, known)}',
                )


def _unknown_in_maintenance(source: Source) -> Iterator[Mistake]:
    services, places = names(source, "services"), known_places(source)
    targets = source.value.get("targets") if isinstance(source.value, dict) else None
    for index, each in entries(source.value, "maintenance"):
        for key, known in (("services", services), ("where", places)):
            named = each.get(key)
            for position, name in enumerate(named if isinstance(named, tuple) else ()):
                if isinstance(name, str) and name not in known:
                    path: KeyPath = ("maintenance", index, key, position)
                    yield source.lines.mistake(path, f'"{name}" is unknown; {nearest(name, known)}')
        role = each.get("target")
        if isinstance(role, str) and isinstance(targets, dict) and role not in targets:
            path = ("maintenance", index, "target")
            yield source.lines.mistake(path, f'no target "{role}"; {nearest(role, targets)}')


def known_places(source: Source) -> set[str]:
    """Where a window of maintenance may be: offices, their zones and their groups."""
    places: set[str] = set(names(source, "roster"))
    for _, each in entries(source.value, "roster"):
        if isinstance(each.get("zone"), str):
            places.add(each["zone"])
        for kind in ("province", "island", "carrier", "egress"):
            if isinstance(each.get(kind), str):
                places.add(group_id(kind, each[kind]))
    return places


def _hubs(source: Source) -> Iterator[Mistake]:
    hubs = sum(each.get("hub") is True for _, each in entries(source.value, "roster"))
    if not hubs and names(source, "roster"):
        yield source.lines.mistake(
            ("roster",), "no office is a hub, so nobody could lead; add `hub: true` to 5 to 9"
        )
    if hubs > MAX_HUBS:
        yield source.lines.mistake(
            ("roster",), f"{hubs} hubs would hold the Slack secrets; keep at most {MAX_HUBS}"
        )


def _alerters(source: Source) -> Iterator[Mistake]:
    """Without an exchange nobody but a holder of the Slack secrets can tell anything."""
    hub = {each.get("id"): each.get("hub") is True for _, each in entries(source.value, "roster")}
    written = source.value.get("alerters") if isinstance(source.value, dict) else None
    listed = [each for each in written or () if isinstance(each, str)]
    for position, alerter in enumerate(listed):
        said = ""
        if alerter not in hub:
            said = f'"{alerter}" is not in the roster; {nearest(alerter, names(source, "roster"))}'
        elif not hub[alerter]:
            said = f'"{alerter}" is no hub, and only hubs hold Slack\'s secrets; name a hub'
        elif alerter in listed[:position]:
            said = f'"{alerter}" is named twice, and its turn comes once; name another hub'
        if said:
            yield source.lines.mistake(("alerters", position), said)


def _shared_egress(source: Source) -> Iterator[Mistake]:
    roster = [each for _, each in entries(source.value, "roster")]
    if len(roster) < Tuning().small_roster:
        return  # Nothing is called national there.
    counted = Counter(each["egress"] for each in roster if isinstance(each.get("egress"), str))
    for egress, offices in counted.items():
        if offices > EGRESS_SHARE * len(roster):
            yield source.lines.mistake(
                ("roster",),
                f'{offices} of {len(roster)} offices leave through the egress "{egress}": its '
                "fault would look national. At most 20 % may share one: divide it, or watch "
                "nationally without some of them",
            )
