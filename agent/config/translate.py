"""The nation's file in the words of the core."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import get_args

from agent.config.nation import MaintenanceWindow, Nation, Office, WeekDay
from agent.core.digest import Closure, DigestPlan
from agent.core.lost_exchange import MOST_ALERTERS
from agent.core.maintenance import Mode, Span, Weekly, Window
from agent.core.model import Branch, Position, Routes, Service, Severity
from agent.core.reminding import Escalation, Reminders
from agent.core.tuning import Tuning

_MINUTE_S = 60.0


def branches(nation: Nation) -> tuple[Branch, ...]:
    """The roster, in its order."""
    return tuple(
        Branch(
            id=office.id,
            name=office.name,
            province=office.province,
            island=office.island,
            zone=office.zone,
            carrier=office.carrier,
            egress=office.egress,
            weight=office.weight,
            hub=office.hub,
            position=_position(office),
        )
        for office in nation.roster
    )


def _position(office: Office) -> Position | None:
    """Half of a position is none."""
    if office.lat is None or office.lon is None:
        return None
    return Position(latitude_degrees=office.lat, longitude_degrees=office.lon)


def alerters(nation: Nation, roster: Sequence[Branch]) -> tuple[str, ...]:
    """The hubs that tell when the exchange is lost, of a roster that may be a part of the whole."""
    hubs = [branch.id for branch in roster if branch.hub]
    named = [each for each in nation.alerters if each in hubs]
    return tuple(named or hubs[:MOST_ALERTERS])


def services(nation: Nation) -> tuple[Service, ...]:
    """What is watched, with its graph, in its order."""
    return tuple(
        Service(
            id=service.id,
            name_id=service.name.id,
            name_en=service.name.en,
            needs=service.needs,
            sign_in=service.sign_in,
        )
        for service in nation.services
    )


def tuning(nation: Nation) -> Tuning:
    """The detector's numbers, overridden where the nation says so."""
    return nation.tuning.whole


def routes(nation: Nation) -> Routes:
    """Which Slack channel hears of what."""
    slack = nation.slack
    return Routes(
        main=slack.main,
        slow=slack.slow,
        regional=slack.regional,
        fallback=slack.fallback,
        mention=slack.mention,
        by_service=dict(slack.by_service),
        digest=slack.digest.channel if slack.digest else None,
    )


def reminders(nation: Nation) -> Reminders:
    """How patiently people are reminded of what nobody looks after."""
    settings = nation.slack.reminders
    return Reminders(
        after_s=settings.after_minutes * _MINUTE_S,
        every_s=settings.every_minutes * _MINUTE_S,
        most=settings.most,
        least=Severity(settings.least),
    )


def escalation(nation: Nation) -> Escalation:
    """Who is called as well when those on call do not answer."""
    slack = nation.slack
    return Escalation(
        mention=slack.escalation,
        by_severity={Severity(each): whom for each, whom in slack.escalation_by_severity.items()},
        by_service=dict(slack.escalation_by_service),
        at=slack.reminders.escalate_at,
    )


def digest(nation: Nation) -> DigestPlan:
    """When and where the daily digest is told, and which silences it is to expect."""
    closures = tuple(
        Closure(
            first=date.fromisoformat(each.first),
            last=date.fromisoformat(each.last),
            offices=frozenset(each.offices),
        )
        for each in nation.closed
    )
    settings = nation.slack.digest
    if settings is None:
        return DigestPlan(closures=closures)
    hour, minute = map(int, settings.at.split(":"))
    return DigestPlan(
        channel=settings.channel,
        hour=hour,
        minute=minute,
        zone=settings.zone,
        quiet_days=settings.quiet_days,
        closures=closures,
    )


def windows(nation: Nation, roles: Mapping[str, Collection[str]]) -> tuple[Window, ...]:
    """The windows of planned work; ``roles``: target role -> the services that are asked of it.

    One of a target that no journey asks is left out: there is nothing that it could mean.
    """
    named = {each.id: each.services or _asked_of(each, roles) for each in nation.maintenance}
    return tuple(
        _window(each, services)
        for each in nation.maintenance
        if (services := named[each.id]) or each.target is None
    )


def _asked_of(window: MaintenanceWindow, roles: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    return tuple(sorted(roles.get(window.target or "", ())))


def _window(each: MaintenanceWindow, services: tuple[str, ...]) -> Window:
    window = Window(
        id=each.id,
        services=services,
        where=each.where,
        mode=Mode(each.mode),
        reason=each.reason or "",
    )
    if each.at is None:
        from_s, until_s = each.span_s()
        return replace(window, span=Span(from_s=from_s, until_s=until_s))
    hour, minute = map(int, each.at.split(":"))
    weekly = Weekly(
        days=tuple(sorted(get_args(WeekDay).index(day) for day in each.days)),
        minute=60 * hour + minute,
        lasts_s=60.0 * (each.minutes or 0.0),
        zone=each.zone,
    )
    return replace(window, weekly=weekly)
