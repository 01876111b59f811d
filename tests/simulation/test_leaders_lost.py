"""Hubs that lose their line or their power in the middle of a national outage, by the whole fleet.

A play without the loss comes first: the same offices and seed give the same leader, and the same
moment at which it decides.
"""

from __future__ import annotations

from functools import cache

import pytest

from agent.adapters.lobby_page import lobby_page
from agent.core.incident import Incident
from agent.core.model import ServiceState
from agent.core.notice import Tone, lobby_notice
from agent.core.view import OfficeView
from agent.simulation.fleet import Fleet
from agent.simulation.workspace import Fault
from tests.support.whole_fleet import Played, broken, play

TWELVE = (
    "banda-aceh", "bandung", "manado", "medan", "semarang", "palu",
    "padang", "surabaya", "kendari", "pekanbaru", "yogyakarta", "gorontalo",
)  # fmt: skip
"""Of twelve provinces."""
BILLING = "simponi.billing"
BEGINS_S = 10.0
CUT = "kind: timeout"


@cache
def undisturbed() -> Played:
    """Billing fails at all twelve, and nothing else happens."""
    return play(broken(BILLING, BEGINS_S, 100), offices=TWELVE, seconds=50)


def the_leader() -> str:
    (leader,) = undisturbed().leaders()
    return leader


def the_only_incident(played: Played) -> Incident:
    """National, and told in one root message."""
    (told,) = played.incidents
    assert (told["scope"], told["root_service"]) == ("national", BILLING)
    assert told["root_messages"] == played.report["slack"]["root_messages"] == 1
    assert len(played.posted(roots=True)) == 1
    return played.record(BILLING)


# --- the leader's line


@pytest.fixture(scope="module")
def leader_cut() -> Played:
    """Eight offices fail, the leader not among them; it is cut off, and then four more do."""
    eight = [office for office in TWELVE if office != the_leader()][:8]
    story = (
        broken(BILLING, BEGINS_S, 150, eight)
        + broken(BILLING, 90, 150)
        + broken("all", 60, 200, [the_leader()], where="line", fault=CUT)
    )
    return play(story, offices=TWELVE, seconds=260)


def test_another_hub_takes_over_within_twenty_seconds(leader_cut: Played):
    first, (since_s, nobody), *_ = leader_cut.led
    assert first == (0.0, the_leader())
    assert nobody == ""
    taken_over_s, successor = leader_cut.led[2]
    assert 60 < since_s < taken_over_s < 60 + 20
    assert successor in set(leader_cut.hubs) - {the_leader()}
    assert leader_cut.leaders() == [the_leader(), successor]


def test_the_successor_goes_on_in_the_thread_of_the_only_root_message(leader_cut: Played):
    the_only_incident(leader_cut)
    (root,) = leader_cut.roots()
    grown, *_, recovering, closed = leader_cut.thread(root)
    assert "meluas dari 8 menjadi 11" in grown
    assert "berangsur pulih" in recovering
    assert "kembali normal" in closed
    assert "KEMBALI NORMAL" in root.text


def test_the_hub_that_was_cut_off_abstained_and_was_missed(leader_cut: Played):
    assert leader_cut.report["abstained"] == leader_cut.report["silent"] == [the_leader()]


# --- all hubs' lines

RETURNS_S, ALL_RETURN_S = 240.0, 340.0
"""The last ones late enough that the first one to return has missed them for a minute."""
OUTAGE_S = (60.0, 370.0)
FRESH_UNTIL_S = 12.0 + 12.0 + 30.0
"""The last leader's deadline after the cut at 12 s, and how long a bulletin is believed."""


class Screens:
    """What the offices that are no hubs know and show while nobody leads."""

    def __init__(self) -> None:
        self.nation_known: set[bool] = set()
        self.billing: set[ServiceState] = set()
        """The nation's word on it, as the pages have it."""
        self.lobby: set[Tone] = set()
        """Of screens at counters that had time to see billing fail twice."""
        self.width_unknown: set[bool] = set()
        """These say that it is not known whether the trouble is this office's only."""
        self.looks = 0
        self._next_s = FRESH_UNTIL_S

    def look(self, offset_s: float, fleet: Fleet) -> None:
        if not self._next_s <= offset_s < RETURNS_S:
            return
        self._next_s += 15.0
        for agent in fleet.agents.values():
            if not agent.office.identity.branch.hub:
                self._read(agent.view(), has_failed=offset_s > OUTAGE_S[0] + 15.0)

    def _read(self, view: OfficeView, *, has_failed: bool) -> None:
        self.looks += 1
        self.nation_known.add(view.nation_known)
        self.billing.add(view.national_state(BILLING))
        if has_failed:
            self.lobby.add(lobby_notice(view).tone)
            self.width_unknown.add("Belum dapat dipastikan apakah" in lobby_page(view))


@pytest.fixture(scope="module")
def no_hub() -> tuple[Played, Screens]:
    """All hubs are cut off before the outage begins; one of them comes back in it, later all."""
    hubs = undisturbed().hubs
    screens = Screens()
    story = (
        broken(BILLING, *OUTAGE_S)
        + broken("all", 12, RETURNS_S, hubs[:1], where="line", fault=CUT)
        + broken("all", 12, ALL_RETURN_S, hubs[1:], where="line", fault=CUT)
    )
    return play(story, offices=TWELVE, seconds=470, on_look=screens.look), screens


def test_without_a_hub_nobody_tells_and_the_first_that_returns_tells_once(
    no_hub: tuple[Played, Screens],
):
    played, _ = no_hub
    incident = the_only_incident(played)
    assert RETURNS_S < played.said[0].at_s < RETURNS_S + 45
    assert played.leaders() == [the_leader(), played.hubs[0]]
    assert played.report["abstained"] == sorted(played.hubs)
    assert set(played.report["silent"]) == set(played.hubs[1:])
    assert OUTAGE_S[1] < played.offset_s(incident.ended_s) < OUTAGE_S[1] + 15


def test_what_is_told_late_says_when_it_began(no_hub: tuple[Played, Screens]):
    played, _ = no_hub
    since_s = played.offset_s(the_only_incident(played).since_s)
    assert OUTAGE_S[0] - 1 < since_s < OUTAGE_S[0] + 15


def test_meanwhile_no_page_claims_that_the_nation_is_well(no_hub: tuple[Played, Screens]):
    _, screens = no_hub
    assert screens.looks > 100
    assert screens.nation_known == {False}
    assert screens.billing == {ServiceState.UNKNOWN}
    assert screens.lobby == {Tone.TROUBLE}
    assert screens.width_unknown == {True}


# --- the leader's power, between the decision and its delivery


@pytest.mark.parametrize(
    ("slack", "why"),
    [
        (Fault.LOST_BEFORE, "nothing was ever sent"),
        (Fault.HANG, "claimed, and nothing sent"),
        (Fault.LATE, "sent, and nobody knows"),
    ],
)
def test_a_leader_that_dies_right_after_its_decision_leaves_one_message(slack: Fault, why: str):
    decided_s = undisturbed().offset_s(undisturbed().record(BILLING).opened_s)
    leader = the_leader()
    story = broken(BILLING, BEGINS_S, 100) + broken(
        "all", decided_s + 0.5, 190, [leader], where="agent"
    )

    def weather(method: str, sender: str) -> Fault | None:
        # In quiet times it is heard, or it would have left the lead to another long before.
        return slack if sender == leader and method != "check" else None

    played = play(story, offices=TWELVE, seconds=190, weather=weather)

    incident = the_only_incident(played)
    assert played.offset_s(incident.opened_s) == pytest.approx(decided_s), why
    assert played.led[1][0] < decided_s + 1.5
    assert len(set(played.leaders())) == 2
    assert decided_s <= played.said[0].at_s < decided_s + 25
    assert incident.closed_s is not None
    assert "KEMBALI NORMAL" in played.roots()[0].text
    assert played.report["silent"] == [leader]
