"""The chance of coincidence: never below what it bounds, by counting out every case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core import coincidence, groups
from agent.core.coincidence import RAREST, YEAR_S, Chance
from agent.core.tuning import FAIL
from tests.support.verdicts import office, scattered

rates_of_few = st.lists(st.floats(0.001, 0.6), min_size=1, max_size=9)


def exact_tail(rates: Sequence[float], seen: int) -> float:
    """How likely ``seen`` or more are bad, by adding one office after the other."""
    likely = [1.0]
    for rate in rates:
        likely = [
            (likely[n] * (1 - rate) if n < len(likely) else 0.0)
            + (likely[n - 1] * rate if n else 0.0)
            for n in range(len(likely) + 1)
        ]
    return sum(likely[seen:])


@given(rates_of_few, st.integers(0, 9))
def test_the_tail_is_never_below_the_true_one(rates, seen):
    seen = min(seen, len(rates))
    assert coincidence.tail(rates, seen) >= exact_tail(rates, seen) * (1 - 1e-9)


@given(st.floats(0.001, 0.4), st.integers(2, 150), st.data())
def test_nor_in_a_nation(rate, offices, data):
    seen = data.draw(st.integers(0, offices))
    rates = [rate * (1 + n % 3) / 3 for n in range(offices)]
    assert coincidence.tail(rates, seen) >= exact_tail(rates, seen) * (1 - 1e-9)


def test_all_of_some_alike_offices_is_the_product_of_their_rates():
    assert coincidence.tail([0.01] * 10, 10) == pytest.approx(1e-20)


@pytest.mark.parametrize(("seen", "why"), [(0, "nobody"), (1, "as many as chance has anyway")])
def test_what_is_not_more_than_expected_says_nothing(seen, why):
    assert coincidence.tail([0.5, 0.5], seen) == 1.0, why


def test_what_cannot_happen_has_no_chance():
    assert coincidence.tail([0.0, 0.0], 1) == 0.0
    assert coincidence.tail([0.1, 0.1], 3) == 0.0


def outcomes(rates: Mapping[str, float]) -> list[tuple[list[str], float]]:
    """Every set of offices that can be bad at one moment, and how likely it is."""
    found: list[tuple[list[str], float]] = []
    for pattern in product((False, True), repeat=len(rates)):
        likely, bad = 1.0, []
        for (branch, rate), is_bad in zip(rates.items(), pattern, strict=True):
            likely *= rate if is_bad else 1 - rate
            bad += [branch] if is_bad else []
        found.append((bad, likely))
    return found


def assert_never_said_too_often(
    rates: Mapping[str, float], bound_of: Callable[[list[str]], float]
) -> None:
    """What is said to have at most the chance x is seen with at most the chance x."""
    said = [(bound_of(bad), likely) for bad, likely in outcomes(rates)]
    for bound in {bound for bound, _ in said}:
        as_rare = sum(likely for other, likely in said if other <= bound * (1 + 1e-9))
        assert bound >= as_rare * (1 - 1e-8)


FEW_PROVINCES = [office(f"o{n}", f"P{n % 4}", carrier=f"C{n % 3}") for n in range(9)]
MANY_PROVINCES = [office(f"o{n}", f"P{n % 8}", carrier=f"C{n // 4}") for n in range(10)]


@pytest.mark.parametrize("roster", [FEW_PROVINCES, MANY_PROVINCES], ids=["drop one", "drop two"])
@given(st.data())
@settings(max_examples=8)
def test_of_all_that_a_nation_can_look_like_none_is_called_rarer_than_it_is(roster, data):
    nation = groups.of(roster)
    rates = {branch: data.draw(st.floats(0.01, 0.5)) for branch in nation.roster}
    assert_never_said_too_often(
        rates, lambda bad: coincidence.national(bad, rates, nation, looks=1.0).bound
    )


@given(st.lists(st.floats(0.01, 0.5), min_size=9, max_size=9))
@settings(max_examples=20)
def test_nor_any_region_when_every_group_is_looked_at(chances):
    nation = groups.of(FEW_PROVINCES)
    rates = dict(zip(nation.roster, chances, strict=True))
    places = {g: inside for g, inside in nation.members.items() if not g.startswith("island:")}

    def smallest(bad: list[str]) -> float:
        return min(
            coincidence.regional(
                [b for b in bad if b in inside], {b: rates[b] for b in inside}, len(places), 1.0
            ).bound
            for inside in places.values()
        )

    assert_never_said_too_often(rates, smallest)


def test_the_two_worst_groups_are_looked_past():
    nation = groups.of(scattered(12))
    rates = dict.fromkeys(nation.roster, 0.01)
    chance = coincidence.national(nation.roster, rates, nation, looks=1.0)
    assert (chance.seen, chance.of) == (10, 10)
    assert chance.bound == pytest.approx(0.01**10)


def test_an_office_whose_rate_is_not_known_does_not_count():
    nation = groups.of(scattered(12))
    rates = dict.fromkeys(nation.roster[:9], 0.01)
    assert coincidence.national(nation.roster, rates, nation, looks=1.0).seen == 7
    assert coincidence.regional(nation.roster, rates, 1, looks=1.0).seen == 9


@pytest.mark.parametrize(
    ("p0", "rate", "why"),
    [
        (0.0, 2 * FAIL.p0_floor, "nobody is taken to be better than the floor"),
        (0.02, 0.04, "twice what was learned"),
        (FAIL.p0_ceiling, None, "at the ceiling it may be any rate from there on"),
        (0.5, None, "whatever a branch claims"),
    ],
)
def test_how_often_an_office_is_taken_to_be_bad_by_itself(p0, rate, why):
    assert coincidence.rate(p0, FAIL) == rate, why


def test_every_look_and_every_place_makes_it_likelier():
    rates = dict.fromkeys("abcd", 0.01)
    once = coincidence.regional("abcd", rates, 1, looks=1.0).bound
    assert coincidence.regional("abcd", rates, 5, looks=100.0).bound == pytest.approx(500 * once)


def test_a_year_has_as_many_looks_as_results():
    assert coincidence.looks_per_year(145, 72.5, 1.0) == pytest.approx(2 * YEAR_S)
    assert coincidence.looks_per_year(145, 72.5, 8.0) == pytest.approx(8 * YEAR_S)


@pytest.mark.parametrize(
    ("bound", "told"),
    [(1.0, None), (0.97, None), (0.31, 0.4), (4e-4, 4e-4), (4.1e-4, 5e-4), (1e-30, RAREST)],
)
def test_it_is_told_in_one_figure_and_never_smaller_than_it_is(bound, told):
    assert Chance(bound=bound).told == told


@given(st.floats(0.0, 1.0))
def test_whatever_is_told_is_no_smaller_than_the_bound(bound):
    told = Chance(bound=bound).told
    assert told is None or RAREST <= told < 1.0
    assert told is None or told >= bound * (1 - 1e-8)
