"""Six in ten offices lose their line for ten minutes: nothing can be said, and it is told once."""

from __future__ import annotations

from collections.abc import Sequence

from agent.core.incident import BLINDNESS
from agent.simulation.fleet import Fleet
from tests.support.whole_fleet import Played, broken, play

LINE_DOWN_S = 600.0
TWELVE = (
    "banda-aceh", "bandung", "manado", "medan", "semarang", "palu", "padang", "surabaya",
    "denpasar", "makassar", "ambon", "jayapura",
)  # fmt: skip
LOST = TWELVE[4:]
SETTLED_S = 15.0
"""A bulletin reaches everybody, a message its channel, and the last office its exchange."""


class Screens:
    """What the offices' pages said of the nation's being seen."""

    def __init__(self) -> None:
        self.blind_s: list[float] = []
        """When a page of an office that hears the leader said that too few report."""

    def look(self, offset_s: float, fleet: Fleet) -> None:
        views = [agent.view() for agent in fleet.agents.values()]
        heard = [view.nation for view in views if view.nation is not None]
        if heard and all(bulletin.blind for bulletin in heard):
            self.blind_s.append(offset_s)


def cut_off(offices: Sequence[str] | str) -> str:
    return broken("all", 0, LINE_DOWN_S, offices, where="line", fault="kind: timeout, ratio: 1.0")


def check(played: Played, screens: Screens, offices: int) -> None:
    """One message while pages say the same, one end, and no incident of any service."""
    (posted,) = played.posted(roots=True)
    (ended,) = played.posted(roots=False)
    lasted_s = ended.at_s - posted.at_s
    assert "[PANTAU][TIDAK MELIHAT] Hanya " in posted.message.text
    assert f" dari {offices} kantor melapor" in posted.message.text
    assert "dapat dinilai lagi" in ended.message.text
    assert 60.0 < posted.at_s < 60.0 + 60.0 + 60.0 + SETTLED_S, "silent, elected, lasting"
    assert LINE_DOWN_S + 60.0 <= ended.at_s <= LINE_DOWN_S + 60.0 + 2 * SETTLED_S
    assert lasted_s > 400.0
    assert screens.blind_s[-1] <= LINE_DOWN_S + SETTLED_S
    assert any(at_s < posted.at_s for at_s in screens.blind_s), "the page says it first"
    (root,) = played.roots()
    assert "[PANTAU][MELIHAT LAGI]" in root.text
    assert played.incidents == []
    assert played.report["slack"] == {"root_messages": 1, "thread_messages": 1, "digests": 0}
    assert {each.root for each in played.records.values()} == {BLINDNESS}


def test_of_twelve_offices():
    screens = Screens()
    played = play(cut_off(LOST), offices=TWELVE, seconds=900.0, on_look=screens.look)
    check(played, screens, 12)


def test_of_all_offices():
    screens = Screens()
    played = play(cut_off("share:0.6"), seconds=750.0, on_look=screens.look)
    check(played, screens, 145)
