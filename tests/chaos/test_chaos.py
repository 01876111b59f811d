from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos import verdict
from tests.chaos.sight import Sight
from tests.chaos.trial import QUICK, QUICK_QUIET_S, Outcome, play

HELD = Outcome(
    fault="x",
    seed=1,
    told=True,
    duplicated=False,
    longest_duplicate_s=9.0,
    told_after_healing_s=59.0,
    failover_s=19.0,
    reached={"state": 1},
)


@pytest.mark.anyio
@pytest.mark.real("nats-server", "slack-emulator")
@pytest.mark.timeout(150)
async def test_an_outage_is_told_once_though_slack_resets_after_it_accepted():
    (row,) = verdict.rows([await play(QUICK, 1, quiet_s=QUICK_QUIET_S)])

    assert row.broken == []


def test_what_keeps_all_bounds_is_not_broken():
    assert _broken(HELD) == []


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (replace(HELD, told=False), "1 lost"),
        (replace(HELD, duplicated=True), "1 duplicated at the end"),
        (replace(HELD, longest_duplicate_s=10.1), "a duplicate stood 10.1 s"),
        (replace(HELD, told_after_healing_s=61.0), "told 61 s after healing"),
        (replace(HELD, failover_s=20.5), "failover took 20.5 s"),
        (replace(HELD, unreached="nobody led"), "it never came about"),
        (replace(HELD, reached={}), "it never came about"),
    ],
)
def test_each_bound_can_break(outcome: Outcome, words: str):
    assert _broken(outcome) == [words]


def test_a_duplicate_counts_from_when_slack_answers():
    sight = Sight(answering_since_s=None)
    sight.see(2, 100.0)
    sight.see(2, 130.0)
    assert sight.longest_duplicate_s == 0.0

    sight.answering_since_s = 140.0
    sight.see(2, 144.0)
    sight.see(1, 145.0)

    assert sight.longest_duplicate_s == 4.0
    assert sight.told_s == 100.0


def _broken(outcome: Outcome) -> list[str]:
    (row,) = verdict.rows([outcome])
    return row.broken
