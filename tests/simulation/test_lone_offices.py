"""Offices that are in trouble by themselves, however badly and however long: nothing national."""

from __future__ import annotations

from agent.core.model import ServiceState
from agent.simulation.fleet import Fleet
from tests.support.whole_fleet import broken, play

EIGHT = (
    "banda-aceh", "makassar", "ambon", "bandung", "manado", "semarang", "padang", "surabaya",
)  # fmt: skip
"""Of eight provinces: the fewest for which the worst two are looked past."""
BROKEN, FLAPPING, DOWN = EIGHT[:3]
"""On three islands."""
HOUR_S = 3600


def test_one_that_fails_everything_for_an_hour_and_others_in_their_own_ways_are_not_the_nation():
    """One fails for five minutes only, one flaps: its services every two seconds, then its line."""
    story = broken("all", 10, 10 + HOUR_S, [BROKEN]) + broken("all", 120, 420, [DOWN])
    for begins_s in range(20, 620, 4):
        story += broken("all", begins_s, begins_s + 2, [FLAPPING])
    for begins_s in range(1820, 2120, 4):
        story += broken(
            "all", begins_s, begins_s + 2, [FLAPPING], where="line", fault="kind: timeout"
        )
    wide: set[ServiceState] = set()

    def look(_: float, fleet: Fleet) -> None:
        bulletin = fleet.agents[EIGHT[-1]].office.bulletin
        wide.update(bulletin.services.values() if bulletin else ())

    played = play(story, offices=EIGHT, seconds=HOUR_S + 60, on_look=look)

    assert played.incidents == []
    assert played.report["slack"] == {"root_messages": 0, "thread_messages": 0, "digests": 0}
    assert wide <= {ServiceState.NORMAL, ServiceState.UNKNOWN}
    assert played.report["abstained"] == [FLAPPING]
    assert played.report["silent"] == []
    assert played.leaders() == list(dict.fromkeys(played.leaders()))
