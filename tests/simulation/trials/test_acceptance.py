"""The promises of the detector in small: a few trials each, on fixed seeds, with own bounds.

The whole table, with the rates of years and the rules of others beside it, is a benchmark. Of a few
trials the 95th percentile is the worst one: half of them keep the limit, and all twice of it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core.model import Scope
from agent.simulation.trials import acceptance
from agent.simulation.trials.case import FIRST_SEED, Case, Row
from agent.simulation.trials.ending import Creep, End
from agent.simulation.trials.load import Load
from agent.simulation.trials.soon import Soon
from agent.simulation.trials.untold import Blip, Flap
from agent.simulation.trials.years import Years

SEED = FIRST_SEED - 1000
FEW = 6
CASES = list(acceptance.everything())


def played(case: Case, trials: int) -> Row:
    return case.judge([case.play(SEED + n) for n in range(trials)])


def of(kind: type[Case]) -> pytest.MarkDecorator:
    """The cases of a kind, each a test of its own."""
    here = [each for each in CASES if isinstance(each, kind) and not _elsewhere(each)]
    return pytest.mark.parametrize("case", here, ids=[each.name for each in here])


def _elsewhere(case: Case) -> bool:
    """Other rosters and budgets, which are slow to play and mostly only reported."""
    return case.name.startswith(("N=", "R="))


@of(Soon)
def test_an_outage_is_declared_soon(case: Soon):
    regional = case.scope is Scope.REGIONAL
    row = played(replace(case, horizon_s=600.0) if regional else case, FEW)
    limit_s = case.limit_s or 900.0
    assert row.numbers["median_s"] <= limit_s, row.measured
    assert row.numbers["p95_s"] <= 2 * limit_s, row.measured
    assert not regional or "0 national" in row.measured


@of(Blip)
def test_a_blip_is_not_told_and_half_a_minute_is(case: Blip):
    row = played(case, FEW)
    assert row.holds, row.measured


@of(Flap)
def test_what_comes_and_goes_is_one_incident(case: Flap):
    row = played(case, 2)
    assert row.holds, row.measured


@of(End)
def test_an_end_is_seen_told_and_written(case: End):
    row = played(case, 2)
    assert row.holds, row.measured


@of(Creep)
def test_an_outage_that_creeps_is_told_in_time(case: Creep):
    row = played(case, 1)
    assert row.holds, row.measured


@of(Load)
def test_the_centre_is_never_asked_too_much(case: Load):
    row = played(case, 2)
    assert row.holds, row.measured


def test_some_quiet_days_see_no_false_national_and_little_load():
    row = played(replace(acceptance.QUIET_YEARS, trials=1, years=0.01), 1)
    assert row.numbers["false"] == 0
    assert row.holds, row.measured


def test_every_case_is_named_once_and_of_a_kind_that_is_tested_here():
    names = [each.name for each in CASES]
    assert len(names) == len(set(names))
    assert {type(each) for each in CASES} == {Soon, Blip, Flap, End, Creep, Load, Years}
