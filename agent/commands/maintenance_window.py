"""The window that somebody asks for on the command line, held against the hub's files."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Collection, Mapping

from agent.app.plan import services_by_role
from agent.config import translate
from agent.config.loading import Configuration, load
from agent.config.nation import Nation, wall_moment_s
from agent.core.maintenance import LONGEST_S, Mode, Span, Window
from agent.core.maintenance_calendar import places_of
from agent.core.order import MAX_AUTHOR, MAX_REASON

_MINUTE_S = 60.0


def read(arguments: argparse.Namespace) -> Window:
    """What was asked for, held against the files. Raises ValueError or ConfigurationError."""
    found = load(arguments.config)
    roles = services_by_role(found.journeys.by_name.values())
    window = window_of(arguments, found.nation, roles, home(found))
    if not window.sound:
        raise ValueError("that is too much for one window: fewer services or places, or a week")
    return window


def home(found: Configuration) -> str:
    """The office's own zone."""
    return next(each.zone for each in found.nation.roster if each.id == found.branch.branch)


def window_of(
    arguments: argparse.Namespace, nation: Nation, roles: Mapping[str, Collection[str]], zone: str
) -> Window:
    """The window, without an id yet. Raises ValueError, saying what is wrong."""
    services = _services(arguments, nation, roles)
    offices = translate.branches(nation)
    places = {place for office in offices for place in places_of(office)}
    for place in arguments.where:
        if place not in places:
            raise ValueError(f"{place!r:.100} is no office, zone or group of nation.yaml")
    reason = arguments.reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise ValueError(f"--reason must have 1 to {MAX_REASON} characters")
    span, for_s = _time(arguments, arguments.zone or zone)
    return Window(
        id="new",
        services=tuple(services),
        where=tuple(arguments.where),
        mode=Mode(arguments.mode),
        span=span,
        for_s=for_s,
        author=author_of(arguments.author),
        reason=reason,
    )


def _services(
    arguments: argparse.Namespace, nation: Nation, roles: Mapping[str, Collection[str]]
) -> Collection[str]:
    if bool(arguments.service) == bool(arguments.target):
        if arguments.where and not arguments.service:
            return ()
        raise ValueError("name services, or a target, or offices whose services are all meant")
    known = {each.id for each in nation.services}
    for service in arguments.service:
        if service not in known:
            raise ValueError(f"{service!r:.100} is no service of nation.yaml")
    if arguments.target and arguments.target not in roles:
        raise ValueError(f"no journey asks a target {arguments.target!r:.100}")
    named: Collection[str] = arguments.service or sorted(roles[arguments.target])
    return named


def _time(arguments: argparse.Namespace, zone: str) -> tuple[Span | None, float | None]:
    moments = (arguments.first, arguments.until)
    if arguments.minutes is not None and moments == (None, None):
        lasts_s = arguments.minutes * _MINUTE_S
        if not 0 < lasts_s <= LONGEST_S:
            raise ValueError("--minutes must be more than 0, and at most seven days")
        return None, float(lasts_s)
    if arguments.minutes is not None or None in moments:
        raise ValueError("give --minutes, or --from and --until")
    span = Span(
        from_s=wall_moment_s(arguments.first, zone), until_s=wall_moment_s(arguments.until, zone)
    )
    if not 0 < span.until_s - span.from_s <= LONGEST_S:
        raise ValueError("--until must be later than --from, by seven days at most")
    return span, None


def author_of(given: str | None) -> str:
    """Who it is: as given, else who is signed in. Raises ValueError."""
    author = (given or getpass.getuser()).strip()
    if not author or len(author) > MAX_AUTHOR:
        raise ValueError(f"--author must have 1 to {MAX_AUTHOR} characters")
    return author
