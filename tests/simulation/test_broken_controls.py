"""What all offices use as controls dies, or some offices' line does: told apart by the whole fleet.

In virtual time, with the real agents. The outage is that of the identity check, S05, at offset 0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.core.hearing import LAPSES_S
from agent.pipeline.probing import CONTROL_INTERVAL_S
from agent.simulation.fleet import Fleet
from agent.simulation.line import NETWORKS, RESOLVER
from agent.simulation.memory_world import MemoryWorld
from agent.simulation.play_settings import PlaySettings, prepare
from agent.simulation.simulate import simulate

EVERYTHING = (RESOLVER, *NETWORKS)
BRANCHES = 60
CUT = """
id: cut
phases:
- {at: 60s, until: 240s, where: line, service: all, scope: "share:0.1", kind: timeout}
"""


@dataclass
class Played:
    """What a play came to, and what could be seen on the way; times are offsets, seconds."""

    report: dict[str, Any] = field(default_factory=dict)
    blind: dict[float, set[str]] = field(default_factory=dict)
    """Who could not see."""
    ignored: dict[float, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """Office -> the controls that it did not count."""

    def blind_after(self, offset_s: float) -> set[str]:
        return {
            office for at_s, offices in self.blind.items() if at_s >= offset_s for office in offices
        }

    def ignored_at_last(self) -> set[tuple[str, ...]]:
        return set(self.ignored[max(self.ignored)].values())


def played(
    dead: Callable[[float], Collection[str]],
    *,
    scenario: str = "S05",
    file: Path | None = None,
    seconds: float = 90.0,
) -> Played:
    """``dead``: the shared controls that answer nobody, by offset."""
    seen = Played()

    def look(offset_s: float, fleet: Fleet) -> None:
        assert isinstance(fleet.world, MemoryWorld)
        fleet.world.dead_controls.clear()
        fleet.world.dead_controls.update(dead(offset_s))
        sights = {branch: agent.office.sight for branch, agent in fleet.agents.items()}
        seen.blind[offset_s] = {branch for branch, sight in sights.items() if not sight.sees}
        seen.ignored[offset_s] = {branch: sight.ignored for branch, sight in sights.items()}

    settings = PlaySettings(
        scenario=scenario, scenarios_file=file, branches=BRANCHES, seconds=seconds
    )
    seen.report = simulate(prepare(settings), 7, look).report
    return seen


def cut(folder: Path) -> Path:
    file = folder / "cut.yaml"
    file.write_text(CUT)
    return file


def test_one_shared_control_dies_as_an_outage_begins_and_it_is_national_and_nobody_abstains():
    seen = played(lambda _: [RESOLVER])
    (incident,) = seen.report["incidents"]
    assert (incident["scope"], incident["root_service"]) == ("national", "dukcapil.nik")
    assert incident["opened_after_s"] <= 25.0
    assert incident["offices_failing"] == BRANCHES
    assert seen.report["abstained"] == []
    assert seen.ignored_at_last() == {(RESOLVER,)}


def test_all_of_them_die_as_an_outage_begins_and_it_is_national_though_nobody_saw_at_first():
    seen = played(lambda _: EVERYTHING)
    (incident,) = seen.report["incidents"]
    assert (incident["scope"], incident["root_service"]) == ("national", "dukcapil.nik")
    assert incident["opened_after_s"] <= 45.0
    assert incident["root_messages"] == 1
    assert seen.report["abstained"] != [], "they did abstain, or this tests nothing"
    assert seen.blind_after(20.0) == set()
    assert seen.ignored_at_last() == {EVERYTHING}


def test_in_quiet_times_offices_tell_of_it_too(tmp_path: Path):
    seen = played(lambda _: [RESOLVER], scenario="cut", file=cut(tmp_path), seconds=55.0)
    assert seen.ignored_at_last() == {(RESOLVER,)}
    assert seen.report["abstained"] == []


def test_they_answer_again_and_count_again():
    seen = played(lambda offset_s: EVERYTHING if offset_s < 30.0 else (), seconds=120.0)
    assert seen.ignored_at_last() == {()}


def test_a_tenth_of_the_offices_cut_off_abstain_and_no_control_is_blamed(tmp_path: Path):
    seen = played(lambda _: (), scenario="cut", file=cut(tmp_path), seconds=200.0)
    assert len(seen.report["abstained"]) == BRANCHES // 10
    assert seen.report["incidents"] == []
    assert {ignored for each in seen.ignored.values() for ignored in each.values()} == {()}


def test_they_abstain_also_while_all_shared_controls_are_dead(tmp_path: Path):
    seen = played(lambda _: EVERYTHING, scenario="cut", file=cut(tmp_path), seconds=230.0)
    assert seen.blind_after(20.0) == seen.blind_after(225.0), "only those whose line is cut"
    assert len(seen.blind_after(225.0)) == BRANCHES // 10
    lapsed_s = 60.0 + LAPSES_S + CONTROL_INTERVAL_S
    assert all(len(b) == BRANCHES // 10 for at_s, b in seen.blind.items() if at_s > lapsed_s + 5.0)
    assert seen.report["incidents"] == []
