from __future__ import annotations

from agent.core.model import Branch
from agent.simulation.roster import choose
from agent.simulation.scenario import Kind, Phase, Reach, Scenario, Scope
from tests.support.nation import NATION


def ids(branches: list[Branch]) -> list[str]:
    return [branch.id for branch in branches]


def naming(*offices: str) -> Scenario:
    scope = Scope(reach=Reach.OFFICES, names=offices)
    phase = Phase(at_s=0, until_s=1, services=(), scope=scope, kind=Kind.REFUSE)
    return Scenario(id="t", name="t", phases=(phase,))


def test_the_named_offices_come_first_in_the_order_of_mention():
    assert ids(choose(NATION, 2, naming("sambas", "ambon", "jember"))) == ["sambas", "ambon"]


def test_the_others_are_spread_over_provinces_and_zones():
    chosen = choose(NATION, 15)
    assert len({branch.province for branch in chosen}) == 14
    assert [branch.zone.removeprefix("Asia/") for branch in chosen[:3]] == [
        "Jakarta",
        "Makassar",
        "Jayapura",
    ]


def test_a_province_that_is_named_already_waits_for_its_second_turn():
    chosen = choose(NATION, 14, naming("sambas", "tual", "surabaya"))
    assert len({branch.province for branch in chosen}) == 14


def test_the_choice_is_the_same_every_time_and_never_larger_than_the_nation():
    assert choose(NATION, 9) == choose(NATION, 9) == choose(NATION, 99)[:9]
    assert sorted(ids(choose(NATION, 99))) == sorted(ids(list(NATION)))
