"""What every agent is told of the nation: one word per service, bounded lists."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from agent.core import bulletin as bulletins
from agent.core import codec, incident_life
from agent.core.bulletin import compose
from agent.core.incident import BLINDNESS, Incident
from agent.core.maintenance import MOST_PLACES, MOST_SERVICES
from agent.core.model import (
    NATION,
    Alarm,
    AlarmPhase,
    Assessment,
    Attendance,
    Bulletin,
    Channel,
    Evidence,
    Grounds,
    Names,
    PlannedNotice,
    Scope,
    ServiceState,
    Severity,
    Situation,
)
from agent.core.nation import Outlook
from agent.core.order import MAX_AUTHOR, Order, OrderKind
from agent.core.shared_controls import MOST_CONTROLS

NATIONAL, REGIONAL = Scope
DECLARED, RECOVERING, CLOSED = AlarmPhase
S = ServiceState


def alarm(scope: Scope, phase: AlarmPhase) -> Alarm:
    return Alarm(
        service="x",
        channel=Channel.FAIL,
        scope=scope,
        group=NATION if scope is NATIONAL else "island:papua",
        phase=phase,
        since_s=0.0,
        declared_s=20.0,
    )


def incident(
    root: str, *, scope: Scope = NATIONAL, affected: tuple[str, ...] = (), opened_s: float = 20.0
) -> Incident:
    situation = Situation(
        scope=scope,
        group=NATION if scope is NATIONAL else "island:papua",
        root=root,
        severity=Severity.PARTIAL,
        phase=DECLARED,
        channels=(Channel.FAIL,),
        since_s=1.234,
        declared_s=20.0,
        affected=affected,
        evidence=Evidence(failing=("a", "b"), reporting=3),
    )
    return incident_life.begin(situation, channel="c", term=1, now_s=opened_s)


def told(
    assessment: Assessment, *standing: Incident, attendance: Attendance | None = None
) -> Bulletin:
    outlook = Outlook(
        at_s=30.04,
        assessments={assessment.service: assessment},
        attendance=attendance or Attendance(roster=3, reporting=("a", "b", "c")),
    )
    return compose(outlook, standing, term=7, leader="a", nation="r1:0")


QUIET = Assessment(service="x", reporting=3)
SUSPECTED = replace(QUIET, suspected=True)


def found(*alarms: Alarm) -> Assessment:
    return replace(QUIET, alarms=alarms)


@pytest.mark.parametrize(
    ("assessment", "standing", "state", "why"),
    [
        (QUIET, (), S.NORMAL, "nothing is said of it"),
        (replace(QUIET, reporting=0), (), S.UNKNOWN, "nobody has a fresh result"),
        (SUSPECTED, (), S.SUSPECTED, "suspected"),
        (found(alarm(REGIONAL, DECLARED)), (), S.REGIONAL, "a region's"),
        (found(alarm(REGIONAL, RECOVERING)), (), S.REGIONAL, "until it is over"),
        (found(alarm(REGIONAL, CLOSED)), (), S.NORMAL, "and no longer"),
        (found(alarm(NATIONAL, DECLARED)), (), S.NATIONAL, "the nation's"),
        (found(alarm(NATIONAL, RECOVERING)), (), S.RECOVERING, "recovering"),
        (
            found(alarm(NATIONAL, RECOVERING), alarm(NATIONAL, DECLARED)),
            (),
            S.NATIONAL,
            "of two channels the worse speaks",
        ),
        (QUIET, (incident("y", affected=("x",)),), S.AFFECTED, "behind a national incident"),
        (
            QUIET,
            (incident("y", scope=REGIONAL, affected=("x",)),),
            S.NORMAL,
            "behind a regional one it works elsewhere",
        ),
        (
            found(alarm(NATIONAL, DECLARED)),
            (incident("y", affected=("x",)),),
            S.NATIONAL,
            "its own trouble speaks before another's",
        ),
    ],
)
def test_the_word_for_a_service(assessment, standing, state, why):
    assert told(assessment, *standing).services == {"x": state}, why


DRIFT = Evidence(failing=("a", "b"), reporting=3, code="contract", code_share=1.0, drift=2)

FAILURE = replace(DRIFT, code="http_503", drift=0)


@pytest.mark.parametrize(
    ("alarms", "drifted", "why"),
    [
        ([(NATIONAL, DECLARED, DRIFT)], ("x",), "its contract changed"),
        ([(NATIONAL, DECLARED, FAILURE)], (), "it fails"),
        ([(NATIONAL, DECLARED, replace(DRIFT, code_share=0.5))], (), "half is not most"),
        ([(NATIONAL, CLOSED, DRIFT)], (), "and no longer"),
        (
            [(REGIONAL, DECLARED, DRIFT), (NATIONAL, DECLARED, FAILURE)],
            (),
            "the nation's trouble speaks before a region's",
        ),
        ([(NATIONAL, RECOVERING, DRIFT)], (), "what recovers is recovering"),
    ],
)
def test_a_changed_contract_is_told_beside_the_state(alarms, drifted, why):
    standing = [replace(alarm(scope, phase), evidence=of) for scope, phase, of in alarms]
    assert told(found(*standing)).drifted == drifted, why


def test_while_nobody_fails_for_a_moment_the_incident_knows_that_its_contract_changed():
    well = found(replace(alarm(NATIONAL, DECLARED), evidence=Evidence(reporting=3)))
    changed = replace(incident("x"), evidence=DRIFT)
    assert told(well, changed).drifted == ("x",)
    assert told(well, incident("x"), replace(changed, root="y")).drifted == ()


def test_an_agent_of_an_earlier_version_reads_the_state_of_a_changed_contract():
    """It refuses words that it does not know, and passes over fields that it does not know."""
    bulletin = told(found(replace(alarm(NATIONAL, DECLARED), evidence=DRIFT)), incident("x"))
    written = codec.parse(codec.to_bytes(bulletin))
    assert written["services"] == {"x": "national"}
    assert written["drifted"] == ["x"]
    del written["drifted"]
    read = codec.from_bytes(Bulletin, json.dumps(written).encode())
    assert read == replace(bulletin, drifted=())


def test_a_blind_leader_says_that_it_does_not_know():
    bulletin = told(QUIET, attendance=Attendance(roster=9, reporting=("a",)))
    assert (bulletin.blind, bulletin.services["x"]) == (True, S.UNKNOWN)


def test_a_blindness_on_record_is_a_word_of_its_own_and_no_incident():
    nobody = Attendance(roster=9, reporting=("a",))
    bulletin = told(QUIET, incident(BLINDNESS, affected=("x",)), incident("y"), attendance=nobody)
    assert bulletin.blind
    assert [each.root for each in bulletin.incidents] == ["y"]
    assert bulletin.services["x"] is S.UNKNOWN


def test_lists_are_bounded_and_say_how_many():
    silent = tuple(f"office-{n:03d}" for n in range(145))
    bulletin = told(QUIET, attendance=Attendance(roster=145, silent=silent))
    assert bulletin.silent == Names(count=145, first=silent[: bulletins.NAMES_SHOWN])


def test_of_many_incidents_the_nations_come_first_then_the_oldest():
    standing = [
        incident("r", scope=REGIONAL, opened_s=1.0),
        *(incident(f"n{n:02d}", opened_s=50.0 - n) for n in range(14)),
    ]
    shown = told(QUIET, *standing).incidents
    assert [each.root for each in shown] == [f"n{n:02d}" for n in range(13, 1, -1)]


def test_an_incident_is_told_in_numbers_that_fit():
    (only,) = told(QUIET, incident("y")).incidents
    assert (only.failing, only.reporting, only.since_s, only.phase) == (2, 3, 1.2, "open")


def test_an_incident_brings_the_smallest_chance_of_coincidence_of_its_life():
    kept = incident("y")
    kept = replace(kept, evidence=replace(kept.evidence, coincidence=1e-5))
    assert told(QUIET, kept).incidents[0].coincidence == 1e-5


GROUNDS = Grounds(
    channel=Channel.FAIL,
    since_s=1_561_425_005.1,
    score=13.7,
    threshold=4.06,
    fresh=1.6,
    fresh_needed=2.44,
    coincidence=0.0004,
)


def test_grounds_are_told_of_the_services_that_have_some_and_cost_little():
    assert told(QUIET).grounds == {}
    bulletin = told(replace(SUSPECTED, grounds=GROUNDS))
    assert bulletin.grounds == {"x": GROUNDS}
    cost = len(codec.to_bytes(bulletin)) - len(codec.to_bytes(told(SUSPECTED)))
    assert cost <= 160, "bytes of a record that travels over every line"
    assert codec.from_bytes(Bulletin, codec.to_bytes(bulletin)) == bulletin


def test_of_many_grounds_the_oldest_are_told():
    assessments = {
        name: replace(QUIET, service=name, grounds=replace(GROUNDS, since_s=100.0 - n))
        for n, name in enumerate(f"s{n:02d}" for n in range(40))
    }
    outlook = Outlook(at_s=0.0, assessments=assessments, attendance=Attendance(roster=3))
    shown = compose(outlook, (), term=1, leader="a", nation="r1:0").grounds
    assert list(shown) == [f"s{n:02d}" for n in range(39, 27, -1)]


def test_the_fullest_bulletin_is_small_enough_for_every_line():
    standing = [
        incident(f"{n:02d}" + "x" * 60, affected=tuple("y" * 60 + str(i) for i in range(19)))
        for n in range(40)
    ]
    names = tuple(f"{n:03d}" + "x" * 60 for n in range(145))
    attendance = Attendance(roster=145, silent=names, abstaining=names, mismatched=names)
    value = codec.to_bytes(told(QUIET, *standing, attendance=attendance))
    assert len(value) <= codec.MAX_BYTES
    assert codec.from_bytes(Bulletin, value).at_s == 30.0


def crowded(services: int, letters: int) -> Bulletin:
    """As much as configuration can bring about, with names of so many letters."""
    names = [f"{n:03d}" + "x" * (letters - 3) for n in range(145)]
    standing = [incident(name, affected=tuple(names[:services])) for name in names[:services]]
    everyone = tuple(names)
    attendance = Attendance(
        roster=145, silent=everyone, abstaining=everyone, mismatched=everyone, maintenance=everyone
    )
    bulletin = told(QUIET, *standing, attendance=attendance)
    return replace(
        bulletin,
        services=dict.fromkeys(names[:services], S.RECOVERING),
        grounds=dict.fromkeys(names[: bulletins.GROUNDS_SHOWN], GROUNDS),
    )


@pytest.mark.parametrize(
    ("services", "letters", "names", "affected", "shown", "grounds", "why"),
    [
        (20, 10, 20, 20, 12, 12, "what fits is left as it is"),
        (20, 40, 5, 20, 12, 3, "the names of offices go first, and most grounds"),
        (20, 64, 5, 3, 12, 3, "then what else is affected"),
        (60, 100, 0, 0, 6, 0, "then the lesser incidents"),
        (100, 128, 0, 0, 1, 0, "the services stay, and the worst incident"),
    ],
)
def test_what_does_not_fit_is_left_out_from_the_least_important_on(
    services, letters, names, affected, shown, grounds, why
):
    full = crowded(services, letters)
    fits = bulletins.fitted(full, 16_384)
    assert len(codec.to_bytes(fits)) <= 16_384, why
    assert (len(fits.silent.first), len(fits.grounds)) == (names, grounds), why
    assert {len(each.affected) for each in fits.incidents} == {affected}, why
    assert fits.incidents == tuple(
        replace(each, affected=each.affected[:affected]) for each in full.incidents[:shown]
    ), why
    assert (fits.services, fits.silent.count) == (full.services, 145), why


def notices(count: int, letters: int) -> tuple[PlannedNotice, ...]:
    """Planned work as large as it may be, with names of so many letters."""
    names = tuple(f"{n:03d}" + "x" * (letters - 3) for n in range(MOST_SERVICES))
    places = names[:MOST_PLACES]
    return tuple(
        PlannedNotice(id=f"w{n}", until_s=1e9, services=names, where=places, skip=True)
        for n in range(count)
    )


def test_of_much_planned_work_what_ends_first_is_told():
    planned = notices(40, 12)
    attendance = Attendance(roster=3, reporting=("a", "b", "c"))
    seen = Outlook(at_s=30.0, assessments={"x": QUIET}, attendance=attendance)
    told_of = compose(seen, (), planned, term=7, leader="a", nation="r1:0")
    assert told_of.planned == planned[: bulletins.PLANNED_SHOWN]
    assert bulletins.fitted(told_of, 16_384).planned == told_of.planned


@pytest.mark.parametrize(("services", "letters"), [(20, 40), (60, 100), (100, 128)])
def test_planned_work_never_keeps_a_bulletin_from_fitting(services: int, letters: int):
    full = replace(crowded(services, letters), planned=notices(bulletins.PLANNED_SHOWN, letters))
    fits = bulletins.fitted(full, 16_384)
    assert len(codec.to_bytes(fits)) <= 16_384
    assert fits.planned == full.planned[: len(fits.planned)]


def test_a_nation_whose_every_contract_changed_fits():
    full = crowded(100, 128)
    fits = bulletins.fitted(replace(full, drifted=tuple(full.services)), 16_384)
    assert len(codec.to_bytes(fits)) <= 16_384
    assert fits.drifted == tuple(full.services)[:1]


def test_the_controls_that_count_no_more_stay_whatever_else_goes():
    controls = tuple(f"dns a{n:02d}" + "x" * 60 for n in range(MOST_CONTROLS))
    fits = bulletins.fitted(replace(crowded(100, 128), controls_ignored=controls), 16_384)
    assert len(codec.to_bytes(fits)) <= 16_384
    assert fits.controls_ignored == controls


def test_controls_that_are_broken_are_told_and_otherwise_not_a_byte_of_them():
    assert b"controls" not in codec.to_bytes(told(QUIET))
    outlook = Outlook(
        at_s=0.0,
        assessments={},
        attendance=Attendance(roster=3),
        controls_ignored=("dns 9.9.9.9:53",),
    )
    bulletin = compose(outlook, (), term=1, leader="a", nation="r1:0")
    assert bulletin.controls_ignored == ("dns 9.9.9.9:53",)


def test_who_looks_after_an_incident_is_told_in_few_characters():
    order = Order(
        incident="x@1", kind=OrderKind.ACK, author="bud\u202ei " * 999, reason="-", at_s=0.0
    )
    decided = replace(incident("x"), orders=(order,))
    (shown,) = told(QUIET, decided).incidents
    assert shown.acknowledged_by is not None
    assert shown.acknowledged_by.startswith("budi budi")
    assert len(shown.acknowledged_by) == MAX_AUTHOR
