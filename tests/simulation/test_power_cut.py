"""An office loses its power: its agent is gone at once, without a last word."""

from __future__ import annotations

from agent.simulation.fleet import Fleet
from agent.simulation.memory_world import MemoryWorld
from tests.support.whole_fleet import broken, play

OFFICES = ("sambas", "bandung", "manado", "medan")


def test_a_power_cut_says_no_goodbye_and_what_was_said_stands():
    told: dict[float, int] = {}

    def look(offset_s: float, fleet: Fleet) -> None:
        assert isinstance(fleet.world, MemoryWorld)
        told[offset_s] = fleet.world.store.status["sambas"].revision

    play(broken("simkim.login", 20, 90, ["sambas"], where="agent"), offices=OFFICES,
         seconds=100, on_look=look)  # fmt: skip
    last_word = told[max(at_s for at_s in told if at_s < 20)]
    assert {revision for at_s, revision in told.items() if 20 < at_s < 90} == {last_word}
    assert told[max(told)] > last_word, "the agent that starts when the power is back speaks"
