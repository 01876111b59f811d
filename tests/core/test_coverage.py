"""How many offices must fail before anybody is told, found by search and by trying everything."""

from itertools import combinations

import pytest

from agent.core.coverage import _Rules, coverage
from agent.core.groups import Groups, of
from agent.core.model import Branch
from agent.core.tuning import Tuning

TUNING = Tuning()


def roster(*places: tuple[str, str], carrier: str | None = None) -> Groups:
    """Offices in (province, island)."""
    return of(
        Branch(
            id=f"b{number}",
            name=f"b{number}",
            province=province,
            island=island,
            zone="Asia/Jakarta",
            carrier=carrier if number % 2 else None,
        )
        for number, (province, island) in enumerate(places)
    )


def spread(offices: int, provinces: int, islands: int, carrier: str | None = None) -> Groups:
    return roster(
        *((f"p{n % provinces}", f"i{n % provinces % islands}") for n in range(offices)),
        carrier=carrier,
    )


@pytest.mark.parametrize(
    "groups",
    [
        spread(2, 2, 1),
        spread(3, 3, 3),
        spread(7, 4, 2),
        spread(8, 4, 2),
        spread(10, 10, 3),
        spread(12, 6, 3),
        spread(12, 12, 4, carrier="satu"),
    ],
    ids=lambda groups: f"{len(groups.roster)} in {groups.provinces}",
)
def test_for_small_rosters_the_search_finds_what_trying_every_set_finds(groups: Groups):
    rules = _Rules(groups, TUNING, TUNING.fail)
    every = [
        frozenset(chosen)
        for size in range(len(groups.roster) + 1)
        for chosen in combinations(groups.roster, size)
    ]
    national = [len(each) for each in every if rules.is_national(each)]
    regional = [len(each) for each in every if rules.regions(each)]
    neither = [len(e) for e in every if not rules.is_national(e) and not rules.regions(e)]
    found = coverage(groups, TUNING, TUNING.fail)
    assert (len(found.national) if found.national else None) == min(national, default=None)
    assert (len(found.regional) if found.regional else None) == min(regional, default=None)
    assert len(found.untold) == max(neither)


def test_twelve_offices_in_twelve_provinces_need_five_to_be_national():
    # worked.md: three must remain after the two worst groups are dropped.
    found = coverage(spread(12, 12, 3), TUNING, TUNING.fail)
    assert found.national is not None
    assert len(found.national) == 5


def test_a_pilot_of_three_is_told_when_all_of_it_fails_and_is_never_national():
    found = coverage(spread(3, 3, 3), TUNING, TUNING.fail)
    assert found.national is None
    assert found.group == "roster"
    assert found.regional == ("b0", "b1", "b2")
    assert len(found.untold) == 2


def test_a_whole_nation_is_worked_out_in_no_time_and_its_sets_are_what_they_claim():
    groups = spread(145, 37, 7)
    rules = _Rules(groups, TUNING, TUNING.fail)
    found = coverage(groups, TUNING, TUNING.fail)
    assert found.national is not None
    assert found.regional is not None
    assert len(found.national) == 7
    assert rules.is_national(found.national)
    assert found.group in rules.regions(frozenset(found.regional))
    assert not rules.is_national(found.untold)
    assert not rules.regions(frozenset(found.untold))
