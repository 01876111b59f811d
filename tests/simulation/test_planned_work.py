"""Planned work on a central service: played by a fleet of every province, to its end and beyond."""

from __future__ import annotations

import pytest

from agent.adapters.nation_page import nation_page
from agent.config import translate
from agent.config.loading import load_nation
from agent.core.maintenance import Mode, Span, Window
from agent.simulation.fleet import Fleet
from agent.simulation.play_settings import NATION_FILE
from tests.support.whole_fleet import START_S, Played, broken, play

BILLING = "simponi.billing"
ENDS_S = 240.0
OFFICES = list({b.province: b.id for b in translate.branches(load_nation(NATION_FILE))}.values())
"""One of every province."""
LOOKED_S = 150.0


class Visitor:
    """Reads the national page of every office once, in the middle of the planned work."""

    def __init__(self) -> None:
        self.pages: list[str] = []

    def look(self, offset_s: float, fleet: Fleet) -> None:
        if offset_s >= LOOKED_S and not self.pages:
            self.pages = [nation_page(agent.view()) for agent in fleet.agents.values()]


def planned(mode: Mode, *, until_s: float, seconds: float) -> tuple[Played, Visitor]:
    """Billing is broken from 30 s until ``until_s``; work on it is planned until ``ENDS_S``."""
    window = Window(
        id="night",
        services=(BILLING,),
        mode=mode,
        span=Span(from_s=START_S - 600, until_s=START_S + ENDS_S),
    )
    visitor = Visitor()
    played = play(
        broken(BILLING, 30, until_s),
        offices=OFFICES,
        seconds=seconds,
        windows=[window],
        on_look=visitor.look,
    )
    return played, visitor


@pytest.fixture(scope="module")
def outlasting() -> tuple[Played, Visitor]:
    return planned(Mode.MUTE, until_s=480, seconds=700)


def test_a_national_outage_inside_its_window_is_shown_as_planned_and_not_told(
    outlasting: tuple[Played, Visitor],
):
    played, visitor = outlasting
    assert all("Pemeliharaan terjadwal sampai" in page for page in visitor.pages)
    assert all("Tidak ada gangguan nasional" in page for page in visitor.pages)
    assert len(visitor.pages) == len(OFFICES)
    assert min(said.at_s for said in played.posted(roots=True)) > ENDS_S - 15


def test_an_outage_that_outlasts_its_window_is_told_in_one_message_that_says_so(
    outlasting: tuple[Played, Visitor],
):
    played, _ = outlasting
    (said,) = played.posted(roots=True)
    assert ENDS_S - 15 < said.at_s < ENDS_S + 30
    assert "pemeliharaan melewati jadwal" in said.message.text
    (root,) = played.roots()
    assert "KEMBALI NORMAL" in root.text


def test_an_outage_that_ends_inside_its_window_is_never_told():
    played, _ = planned(Mode.MUTE, until_s=120, seconds=500)
    assert played.posted(roots=True) == []


def test_what_nobody_probes_is_seen_soon_after_its_window_and_blinds_nobody():
    played, visitor = planned(Mode.SKIP, until_s=480, seconds=600)
    assert all("Pemeliharaan terjadwal sampai" in page for page in visitor.pages)
    (said,) = played.posted(roots=True)
    assert ENDS_S < said.at_s < ENDS_S + 120
    assert "pemeliharaan melewati jadwal" in said.message.text
