"""Which alarms stand, and which office belongs to which."""

from __future__ import annotations

import pytest

from agent.core import groups
from agent.core.alarms import Alarms
from agent.core.declared import Declared
from agent.core.model import NATION, AlarmPhase, Scope
from agent.core.regional import Region
from agent.core.scale import Scale
from agent.core.tuning import FAIL, Tuning
from tests.support.verdicts import ids, office, province_of, scattered

T = 60.0
PAPUA = [office(f"papua-{n}", f"Papua {n % 2}", island="Papua") for n in range(4)]
ACEH = province_of(5, "Aceh", "Sumatra")
GROUPS = groups.of([*PAPUA, *ACEH, *scattered(20)])


@pytest.fixture
def scale() -> Scale:
    return Scale(FAIL, Tuning(), GROUPS, lambda _: True, quarantine_s=900.0, member_s=360.0)


@pytest.fixture
def alarms() -> Alarms:
    return Alarms(GROUPS, T)


def declare(alarms: Alarms, scale: Scale, group: str, members: list[str]) -> Declared:
    scope = Scope.NATIONAL if group == NATION else Scope.REGIONAL
    return alarms.declare(
        scope=scope, group=group, since_s=0.0, now_s=0.0, members=members, rate=1.0, scale=scale
    )


def region(group: str, failing: list[str]) -> Region:
    return Region(group=group, failing=frozenset(failing), since_s=0.0, score=4.0, threshold=2.5)


def test_a_region_covers_its_own_offices_and_the_nation_all(alarms, scale):
    province = declare(alarms, scale, "province:aceh", ids(ACEH))
    nation = declare(alarms, scale, NATION, ids(ACEH))

    assert alarms.covers(province, ACEH[0].id)
    assert not alarms.covers(province, PAPUA[0].id)
    assert alarms.covers(nation, PAPUA[0].id)


def test_a_region_is_told_when_most_of_its_offices_belong_to_one_that_is(alarms, scale):
    declare(alarms, scale, "province:papua-0", ids(PAPUA)[::2])

    assert alarms.tells_of(region("province:papua-0", ids(PAPUA)[::2]))
    assert not alarms.tells_of(region("island:papua", ids(PAPUA)))
    assert not alarms.tells_of(region("province:aceh", ids(ACEH)))


def test_a_trouble_that_outgrew_its_province_ends_there_and_is_let_go_at_the_next_look(
    alarms, scale
):
    province = declare(alarms, scale, "province:papua-0", ids(PAPUA)[::2])
    alarms.absorb_into(region("island:papua", ids(PAPUA)))

    assert province.phase is AlarmPhase.CLOSED
    assert "province:papua-0" in alarms
    alarms.drop_closed()
    assert "province:papua-0" not in alarms


def test_the_nation_closes_every_region(alarms, scale):
    declare(alarms, scale, "province:aceh", ids(ACEH))
    alarms.close_all()
    assert alarms.open() == []


def test_only_an_office_with_solid_evidence_joins_and_only_where_it_belongs(alarms, scale):
    alarm = declare(alarms, scale, "province:aceh", ids(ACEH)[:2])
    once, often, elsewhere = ACEH[2].id, ACEH[3].id, PAPUA[0].id
    for branch, times in ((once, 1), (often, 2), (elsewhere, 2)):
        for at in range(times):
            scale.take(branch, T * at, bad=True, p0=FAIL.p0_floor)
            alarms.observe(branch, T * at, bad=True, counts=True, on=scale)

    assert alarm.recovery.members == {*ids(ACEH)[:2], often}


def test_the_nation_began_with_the_first_of_those_who_fail_together(alarms, scale):
    declare(alarms, scale, "province:aceh", [ACEH[0].id])
    begun_s = {ACEH[0].id: 10.0, ACEH[1].id: 100.0, ACEH[2].id: 950.0, ACEH[3].id: 1000.0}
    voters = [*begun_s, ACEH[4].id]
    begun_s[ACEH[4].id] = 990.0
    for branch, at_s in begun_s.items():
        scale.take(branch, at_s, bad=True, p0=FAIL.p0_floor)

    assert alarms.beginning(scale, voters, 1005.0) == 950.0, "not the region's, nor one long alone"
    assert alarms.beginning(scale, [ACEH[0].id], 1005.0) == 1005.0
