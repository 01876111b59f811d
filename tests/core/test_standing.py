"""What an office may say of a service, and for how long."""

from __future__ import annotations

from math import inf

import pytest

from agent.core import standing
from agent.core.model import Outcome
from agent.core.standing import Standing, State
from agent.core.tuning import Tuning
from tests.support.verdicts import verdict

STARTED_S = 100.0


def by(outcome: Outcome | None, *, sees: bool = True, maintenance: bool = False) -> Standing:
    newest = verdict("x", outcome, STARTED_S) if outcome else None
    return standing.of(newest, sees=sees, maintenance=maintenance, lasts_s=180.0)


@pytest.mark.parametrize(
    ("outcome", "state", "why"),
    [
        (None, State.UNKNOWN, "nothing is known before the first result"),
        (Outcome.OK, State.OK, "it works"),
        (Outcome.SLOW, State.SLOW, "it works slowly"),
        (Outcome.FAIL, State.FAILING, "it does not"),
        (Outcome.DRIFT, State.FAILING, "an officer cannot go on with another contract either"),
        (Outcome.VOID, State.UNKNOWN, "behind a broken step nothing is seen"),
    ],
)
def test_the_newest_result_says_how_a_service_stands(
    outcome: Outcome | None, state: State, why: str
):
    assert by(outcome).state is state, why


@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_an_office_that_cannot_see_knows_nothing(outcome: Outcome | None):
    assert by(outcome, sees=False) == Standing(state=State.UNKNOWN, until_s=inf)


@pytest.mark.parametrize("outcome", [None, *Outcome])
@pytest.mark.parametrize("sees", [True, False])
def test_declared_maintenance_comes_before_all_that_is_seen(outcome: Outcome | None, *, sees: bool):
    assert by(outcome, sees=sees, maintenance=True) == Standing(state=State.MAINTENANCE)


def test_a_result_says_nothing_once_it_is_too_old():
    good = by(Outcome.OK)
    assert [good.at(STARTED_S + age_s) for age_s in (0, 179.9, 180.0, 1e6)] == [
        State.OK,
        State.OK,
        State.UNKNOWN,
        State.UNKNOWN,
    ]


@pytest.mark.parametrize(
    ("period_s", "lasts_s", "why"),
    [
        (72.5, 181.25, "two and a half periods"),
        (5.0, 60.0, "in a pilot of three offices a run may take longer than that"),
    ],
)
def test_how_long_a_result_lasts(period_s: float, lasts_s: float, why: str):
    assert standing.lasts_s(period_s, Tuning()) == lasts_s, why


def test_time_is_cut_where_a_result_grew_too_old():
    standings = {
        "a": Standing(state=State.OK, until_s=20.0),
        "b": Standing(state=State.SLOW, until_s=30.0),
        "c": Standing(state=State.MAINTENANCE),
        "d": Standing(state=State.OK, until_s=5.0),
    }
    rest = {"c": State.MAINTENANCE, "d": State.UNKNOWN}
    assert list(standing.lapses(standings, 10.0, 40.0)) == [
        (10.0, 20.0, {"a": State.OK, "b": State.SLOW} | rest),
        (20.0, 30.0, {"a": State.UNKNOWN, "b": State.SLOW} | rest),
        (30.0, 40.0, {"a": State.UNKNOWN, "b": State.UNKNOWN} | rest),
    ]


def test_time_in_which_nothing_grew_too_old_is_one_stretch():
    standings = {"a": Standing(state=State.OK, until_s=40.0)}
    assert list(standing.lapses(standings, 10.0, 40.0)) == [(10.0, 40.0, {"a": State.OK})]
