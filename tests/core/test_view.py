"""What has not been heard lately is not known, and never read as normal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core.model import Branch, Bulletin, Outcome, ServiceState, Sight
from agent.core.view import OfficeView, ServiceView

HEARD = Bulletin(
    term=1, leader="semarang", nation="r1:a", at_s=0.0, services={"cetak": ServiceState.NORMAL}
)
SEEN = ServiceView(service="cetak", outcome=Outcome.FAIL, at_s=990.0)
VIEW = OfficeView(
    branch=Branch(id="jember", name="Jember", province="p", island="i", zone="Asia/Jakarta"),
    now_s=1000.0,
    version="0.1.0",
    sight=Sight(),
    services=(SEEN,),
    bulletin=HEARD,
    bulletin_age_s=30.0,
)


def test_a_bulletin_is_believed_for_thirty_seconds():
    assert VIEW.national_state("cetak") is ServiceState.NORMAL
    old = replace(VIEW, bulletin_age_s=30.1)
    assert old.national_state("cetak") is ServiceState.UNKNOWN
    assert not old.nation_known
    assert old.incidents == ()


@pytest.mark.parametrize("age_s", [None, 31.0])
def test_without_a_fresh_bulletin_nothing_national_is_known(age_s: float | None):
    assert not replace(VIEW, bulletin_age_s=age_s).nation_known


def test_a_service_that_the_leader_does_not_name_is_unknown():
    assert VIEW.national_state("serah") is ServiceState.UNKNOWN


def test_a_blind_leader_says_of_no_service_that_it_is_normal():
    blind = replace(VIEW, bulletin=replace(HEARD, blind=True))
    assert not blind.nation_known
    assert blind.national_state("cetak") is ServiceState.UNKNOWN


def test_an_own_result_speaks_while_it_is_fresh_and_the_office_sees():
    assert VIEW.own_outcome(SEEN) is Outcome.FAIL
    assert VIEW.own_outcome(replace(SEEN, at_s=699.0)) is Outcome.VOID
    assert VIEW.own_outcome(ServiceView(service="cetak")) is Outcome.VOID
    assert replace(VIEW, sight=Sight(sees=False)).own_outcome(SEEN) is Outcome.VOID
