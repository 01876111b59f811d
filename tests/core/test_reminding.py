"""Reminders of what nobody looks after, as transcripts: an hour passes, what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product

import pytest

from agent.core import incident as incidents
from agent.core import incident_circumstances, incident_life
from agent.core.incident import Change, Delivery, Incident, Phase
from agent.core.model import NATION, AlarmPhase, Channel, Evidence, Scope, Severity, Situation
from agent.core.order import Order, OrderKind
from agent.core.reminding import Reminders

OPENED_S = 1_000.0
MINUTE_S = 60.0
GRAVE = Situation(
    scope=Scope.NATIONAL,
    group=NATION,
    root="simkim.login",
    severity=Severity.DEGRADED,
    phase=AlarmPhase.DECLARED,
    channels=(Channel.FAIL,),
    since_s=OPENED_S - 20,
    declared_s=OPENED_S,
    evidence=Evidence(failing=("a", "b", "c"), reporting=12),
)


def told(incident: Incident) -> Incident:
    """As it stands once everything was delivered."""
    for each in incident.messages:
        incident = incidents.with_message(incident, replace(each, delivery=Delivery.POSTED))
    return incident


def opened(situation: Situation = GRAVE) -> Incident:
    return told(incident_life.begin(situation, channel="c", term=1, now_s=OPENED_S))


Happens = Callable[[Incident, float], Incident]


def minutes(
    incident: Incident,
    *,
    until: int,
    plan: Reminders | None = None,
    happens: Mapping[int, Happens] | None = None,
) -> list[int]:
    """The minutes after the opening at which people are reminded; ``happens`` is by minute."""
    return list(_minutes(incident, until, plan or Reminders(), happens or {}))


def _minutes(
    incident: Incident, until: int, plan: Reminders, happens: Mapping[int, Happens]
) -> Iterator[int]:
    for minute in range(until):
        now_s = OPENED_S + minute * MINUTE_S
        if minute in happens:
            incident = told(happens[minute](incident, now_s))
        if plan.due(incident, (), now_s):
            incident = told(incident_circumstances.reminded(incident, now_s))
            yield minute


def an_order(kind: OrderKind, minutes: float = 0.0) -> Happens:
    def give(incident: Incident, now_s: float) -> Incident:
        order = Order(
            incident=incident.id,
            kind=kind,
            author="budi",
            reason="-",
            at_s=now_s,
            until_s=now_s + minutes * MINUTE_S if minutes else None,
        )
        return incident_circumstances.obeyed(incident, order, now_s)

    return give


def looked_at(situation: Situation) -> Happens:
    return lambda incident, now_s: incident_life.advance(incident, situation, term=1, now_s=now_s)


def test_nobody_answers_for_a_day_and_people_are_reminded_four_times():
    assert minutes(opened(), until=1440) == [15, 75, 135, 195]


def test_an_acknowledgement_ends_it():
    assert minutes(opened(), until=600, happens={20: an_order(OrderKind.ACK)}) == [15]
    assert minutes(opened(), until=600, happens={10: an_order(OrderKind.ACK)}) == []


def test_a_mute_ends_it_for_as_long_as_it_lasts():
    muted = an_order(OrderKind.MUTE, minutes=100)
    assert minutes(opened(), until=300, happens={10: muted}) == [110, 170, 230, 290]


def test_what_outlasts_planned_work_called_people_then_and_reminds_them_after_its_own_time():
    def begin(incident: Incident, now_s: float) -> Incident:
        return incident_circumstances.maintained(incident, OPENED_S + 40 * MINUTE_S, now_s)

    happens = {10: begin, 40: incident_circumstances.maintained_no_more}
    assert minutes(opened(), until=120, happens=happens) == [55, 115]


def test_what_recovers_reminds_nobody_and_goes_on_when_it_breaks_again():
    well = replace(GRAVE, phase=AlarmPhase.RECOVERING, ended_s=OPENED_S)
    happens = {10: looked_at(well), 40: looked_at(GRAVE)}
    assert minutes(opened(), until=120, happens=happens) == [40, 100]


def test_a_closed_incident_reminds_nobody_and_one_that_opens_again_after_its_own_time():
    over = replace(GRAVE, phase=AlarmPhase.CLOSED, ended_s=OPENED_S)
    happens = {10: looked_at(over), 12: looked_at(GRAVE)}
    assert minutes(opened(), until=60, happens=happens) == [27]


def test_a_mild_incident_reminds_nobody_until_it_has_been_grave_for_long_enough():
    mild = replace(GRAVE, severity=Severity.PARTIAL)
    assert minutes(opened(mild), until=120) == []
    assert minutes(opened(mild), until=120, happens={30: looked_at(GRAVE)}) == [45, 105]


def test_how_patient_it_is_may_be_set():
    often = Reminders(after_s=300.0, every_s=600.0, most=3)
    assert minutes(opened(), until=120, plan=often) == [5, 15, 25]
    assert minutes(opened(), until=120, plan=Reminders(most=0)) == []
    assert minutes(opened(), until=120, plan=Reminders(least=Severity.DOWN)) == []


def test_before_people_can_see_the_message_nobody_is_reminded():
    waiting = incident_life.begin(GRAVE, channel="c", term=1, now_s=OPENED_S)
    assert not Reminders().due(waiting, (), OPENED_S + 3600)
    covered = incident_life.begin(GRAVE, channel="c", term=1, now_s=OPENED_S, storm="incident.x")
    assert not Reminders().due(told(covered), (), OPENED_S + 3600)


def test_a_reminder_that_could_not_be_told_yet_is_not_followed_by_another():
    untold = incident_circumstances.reminded(opened(), OPENED_S + 900)
    assert not Reminders().due(untold, (), OPENED_S + 90_000)
    assert Reminders().due(told(untold), (), OPENED_S + 90_000)


def test_a_storm_is_as_grave_as_what_it_tells_of_and_is_acknowledged_as_one():
    mild = opened(replace(GRAVE, severity=Severity.PARTIAL))
    grave = told(incident_life.begin(GRAVE, channel="c", term=1, now_s=OPENED_S, storm=mild.name))
    later_s = OPENED_S + 900
    assert not Reminders().due(mild, (), later_s)
    assert Reminders().due(mild, (grave,), later_s)
    seen = an_order(OrderKind.ACK)
    assert not Reminders().due(told(seen(mild, later_s)), (grave,), later_s)
    assert not Reminders().due(mild, (seen(grave, later_s),), later_s)


def test_a_reminder_is_a_reply_that_the_channel_sees_too():
    said = incident_circumstances.reminded(opened(), OPENED_S + 900).messages[-1]
    assert (said.change, said.broadcast, said.delivery) == (
        Change.REMINDED,
        True,
        Delivery.PENDING,
    )


@pytest.mark.parametrize(("scope", "phase", "severity"), [*product(Scope, Phase, Severity)])
def test_only_what_calls_people_reminds_them(scope: Scope, phase: Phase, severity: Severity):
    incident = replace(opened(), scope=scope, phase=phase, severity=severity)
    calls = (
        scope is Scope.NATIONAL
        and phase is Phase.OPEN
        and severity in (Severity.DEGRADED, Severity.DOWN)
    )
    assert Reminders().due(incident, (), OPENED_S + 90_000) == calls


def test_a_record_of_an_earlier_version_counts_from_its_opening():
    before = replace(opened(), severity_s=0.0)
    assert minutes(before, until=60) == [15]
