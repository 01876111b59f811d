from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.ports import ConfigurationError
from agent.simulation.scenario import SERVICES, Kind, Reach, Scenario, Scope, Where
from agent.simulation.scenario_file import read_scenarios
from agent.simulation.scenario_values import parse_duration_s, parse_scope
from tests.support.nation import NATION

SHIPPED = Path(__file__).parents[2] / "agent" / "simulation"

Read = Callable[[str], tuple[Scenario, ...]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(text: str) -> tuple[Scenario, ...]:
        file = tmp_path / "s.yaml"
        file.write_text(text)
        return read_scenarios(file, NATION)

    return read_text


def mistakes(read: Read, text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as told:
        read(text)
    return [each.rpartition("/")[2] for each in told.value.mistakes]


def test_the_scenarios_of_the_domain_are_read_whole():
    scenarios = {each.id: each for each in read_scenarios(SHIPPED / "scenarios.yaml", NATION)}
    assert list(scenarios) == ["S01", "S02", "S03", "S05", "S06", "S10", "X01"]
    assert scenarios["S01"].compress == 1440
    assert scenarios["S01"].start == datetime(2019, 6, 16, 15, 0, tzinfo=UTC)
    assert scenarios["S01"].phases[1].scope == Scope(reach=Reach.SHARE, share=0.33)
    assert scenarios["S02"].phases[2].number("lag") == 6 * 3600
    assert scenarios["S02"].phases[1].at_s == 2 * 3600
    assert scenarios["S06"].phases[0].services == SERVICES
    assert scenarios["S06"].named_offices == ("mimika", "merauke", "tual", "sorong")
    assert scenarios["S10"].phases[0].where is Where.AGENT


def test_the_demo_names_twelve_offices_and_cuts_one():
    (demo,) = read_scenarios(SHIPPED / "demo.yaml", NATION)
    first, grown, cut = demo.phases
    assert len(demo.named_offices) == 12
    assert (cut.where, cut.scope.names) == (Where.LINE, ("mimika",))
    assert len(first.scope.names) == 8
    assert not set(cut.scope.names) & {*first.scope.names, *grown.scope.names}
    assert [act.at_s for act in demo.acts] == [0, 10, 80, 120, 160, 195]


def test_a_file_may_be_one_scenario_and_says_only_what_is_not_usual(read: Read):
    (one,) = read("id: solo\nphases:\n- {at: 40s, until: 2m, kind: refuse}\n")
    (phase,) = one.phases
    assert (one.compress, one.name) == (1.0, "solo")
    assert (phase.at_s, phase.until_s, phase.kind) == (40, 120, Kind.REFUSE)
    assert (phase.services, phase.scope, phase.where) == (SERVICES, Scope(), Where.CENTRE)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0+00:00", 0),
        ("8+09:30", 8 * 86400 + 9 * 3600 + 1800),
        ("0+00:01:05", 65),
        ("40s", 40),
        ("6h", 21600),
        ("2d", 172800),
        (15, 15),
        (0.5, 0.5),
    ],
)
def test_durations_are_written_in_several_ways(written: object, seconds: float):
    assert parse_duration_s(written) == seconds


@pytest.mark.parametrize("written", ["soon", "1+2", "-4s", "", True, None, "12:30"])
def test_what_is_no_duration_is_refused(written: object):
    with pytest.raises(ValueError, match="no duration"):
        parse_duration_s(written)


@pytest.mark.parametrize(
    ("written", "scope"),
    [
        ("all", Scope()),
        ("tz:WIT", Scope(reach=Reach.ZONE, names=("WIT",))),
        ("share:0.4", Scope(reach=Reach.SHARE, share=0.4)),
        ("offices:[jember, ambon]", Scope(reach=Reach.OFFICES, names=("jember", "ambon"))),
        ("provinces:[Jawa Timur,Bali]", Scope(reach=Reach.PROVINCES, names=("Jawa Timur", "Bali"))),
        ({"offices": ("jember",)}, Scope(reach=Reach.OFFICES, names=("jember",))),
        ({"tz": "WIB"}, Scope(reach=Reach.ZONE, names=("WIB",))),
    ],
)
def test_every_scope_of_the_contract_is_read(written: object, scope: Scope):
    assert parse_scope(written) == scope


@pytest.mark.parametrize("written", ["some", "tz:GMT", "share:2", "share:x", "offices:[]", None])
def test_what_is_no_scope_is_refused(written: object):
    with pytest.raises(ValueError, match="no scope"):
        parse_scope(written)


def test_all_mistakes_are_told_at_once_with_their_lines(read: Read):
    found = mistakes(
        read,
        """\
scenarios:
- id: A
  start: yesterday
  colour: red
  phases:
  - {at: 0+00:00, until: 0+01:00, kind: flood}
  - {at: 0+00:00, until: 0+01:00, kind: http, scope: "offices:[atlantis]", ratio: 1.5}
  - {at: 0+02:00, until: 0+01:00, kind: refuse, where: moon, service: [simkim.v9]}
  - {at: 0+00:00, until: 0+01:00, kind: latency, drain: 0}
- id: A
  phases: []
""",
    )
    assert [each.split(":")[1] for each in found] == ["3", "4", "6", "7", "7"] + ["8"] * 3 + [
        "9",
        "9",
        "10",
    ]
    told = "\n".join(found)
    for word in (
        "yesterday",
        "colour",
        '`kind` is "flood"; it must be one of latency',
        "atlantis",
        "a share from 0 to 1",
        "centre, line, agent",
        "simkim.v9",
        "ends before it begins",
        "latency needs `factor` or `ms`",
        '"drain" is not known here',
        '"A" is used twice',
    ):
        assert word in told


def test_a_key_written_twice_is_refused(read: Read):
    (told,) = mistakes(read, "id: A\nid: B\nphases: []\n")
    assert told.startswith("s.yaml:2:")


@pytest.mark.parametrize(
    "text", ["", "- a\n", "scenarios: 5\n", "scenarios: [1]\n", "id: [\n", "id: A\n"]
)
def test_what_is_no_file_of_scenarios_is_a_mistake_and_no_crash(read: Read, text: str):
    assert mistakes(read, text)


def test_informative_keys_change_nothing(read: Read):
    plain = "at: 0+00:00, until: 0+01:00, kind: closed, scope: 'tz:WITA'"
    text = "id: A\nexpect: {{x: 1}}\nphases:\n- {{{}}}\n"
    assert read(text.format(plain)) == read(text.format(plain + ", note: Nyepi, basis: real"))


def test_what_was_announced_is_a_part_of_the_story(read: Read):
    phase = "- {at: 0+00:00, until: 0+01:00, kind: closed}"
    (scenario,) = read(f"id: A\nannounced: {{from: 0+00:00, until: 0+06:00}}\nphases:\n{phase}\n")
    assert scenario.announced == (0.0, 6 * 3600.0)


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("{from: 0+02:00, until: 0+01:00}", "it ends before it begins"),
        ("{from: 0+02:00}", "it needs `until`"),
        ("tonight", "write what was announced as"),
        ("{from: 0+00:00, until: 0+01:00, by: x}", "by"),
    ],
)
def test_a_wrong_announcement_is_told_with_its_line(read: Read, written: str, line: str):
    phase = "- {at: 0+00:00, until: 0+01:00, kind: closed}"
    told = mistakes(read, f"id: A\nannounced: {written}\nphases:\n{phase}\n")
    assert any(each.startswith("s.yaml:2:") and line in each for each in told)
