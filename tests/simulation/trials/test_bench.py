"""The benchmark's own parts: what its tables and its picture say, without playing anything."""

from __future__ import annotations

import io
import json
from math import inf

from rich.console import Console

from agent.simulation.trials import contest, peers, picture, tables
from agent.simulation.trials.bench import Results
from agent.simulation.trials.case import Row, Trial

NAMES = (contest.OURS, *peers.PEERS, contest.ORACLE)
CELLS = {
    "f=1, p1=1": [Trial(measures={n: 20.0 + at for at, n in enumerate(NAMES)})] * 3,
    "f=0.1, p1=1": [Trial(measures=dict.fromkeys(NAMES, inf) | {contest.OURS: 60.0})] * 3,
}
NUISANCE = [Trial(measures=dict.fromkeys(peers.PEERS, 2.0))] * 2
REGIONS = [Trial(measures=dict.fromkeys(NAMES[:-1], 0.0))] * 4
STANDINGS = contest.standings(CELLS, REGIONS, NUISANCE, years=2.0, ours_false=0)
ROW = Row(
    case="an outage",
    measured="20 s / 25 s",
    limit="p95 25 s",
    holds=True,
    numbers={"p95_s": 25.0, "worst_s": inf},
    notes=("seed 1: a blip",),
)
BROKEN = Row(case="another", measured="40 s", limit="p95 25 s", holds=False, numbers={})


def test_everybody_stands_in_the_contest_once_ours_first_and_the_oracle_last():
    assert [each.name for each in STANDINGS] == list(NAMES)
    ours, oracle = STANDINGS[0], STANDINGS[-1]
    assert (ours.false, ours.called_national, ours.p95_s["f=0.1, p1=1"]) == (0, 0.0, 60.0)
    assert (oracle.false, oracle.called_national) == (None, None)
    assert STANDINGS[1].false == 4
    assert STANDINGS[1].missed == {"f=1, p1=1": 0.0, "f=0.1, p1=1": 1.0}


def test_one_broken_promise_breaks_them_all():
    assert Results(rows=[ROW], standings=[]).hold
    assert not Results(rows=[ROW, BROKEN], standings=[]).hold


def test_the_tables_say_what_holds_what_never_came_and_why():
    screen = io.StringIO()
    tables.show(Results(rows=[ROW, BROKEN], standings=STANDINGS), Console(file=screen, width=300))
    said = screen.getvalue()
    for part in ("holds", "BROKEN", "seed 1: a blip", "never", "2.00 (0.54 to 5.12)"):
        assert part in said, part


def test_as_json_nothing_is_infinite():
    told = json.loads(json.dumps(tables.as_json(Results(rows=[ROW], standings=STANDINGS))))
    assert told["holds"] is True
    assert told["cases"][0]["numbers"] == {"p95_s": 25.0, "worst_s": None}
    assert told["contest"][1]["p95_s"]["f=0.1, p1=1"] is None


def test_the_picture_has_a_dot_for_everybody_but_the_oracle_in_each_panel():
    drawn = picture.draw(STANDINGS, tuple(CELLS))
    assert drawn.count("<circle") == 2 * (len(NAMES) - 1)
    assert drawn.count(">oracle<") == 2
