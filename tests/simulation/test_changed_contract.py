"""The centre answers everybody well, in another shape: told like a failure, and never as one."""

from __future__ import annotations

import pytest

from agent.core.model import ServiceState
from agent.simulation.fleet import Fleet
from agent.simulation.workspace import Happening
from tests.support.whole_fleet import Played, broken, play

OFFICES = (
    "banda-aceh", "bandung", "manado", "medan", "semarang", "palu", "padang", "surabaya",
)  # fmt: skip
SERVICE = "dukcapil.nik"
CHANGED_S = 120.0


class Pages:
    """What the offices' pages say of the service, each thing once."""

    def __init__(self) -> None:
        self.said: set[tuple[ServiceState, bool]] = set()

    def look(self, offset_s: float, fleet: Fleet) -> None:
        del offset_s
        for agent in fleet.agents.values():
            view = agent.view()
            self.said.add((view.national_state(SERVICE), view.national_drifted(SERVICE)))


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages()


@pytest.fixture(scope="module")
def changed(pages: Pages) -> Played:
    story = broken(SERVICE, 0, CHANGED_S, fault='kind: schema_drift, change: "other names"')
    return play(story, offices=OFFICES, seconds=400.0, on_look=pages.look)


def test_it_is_told_once_and_over_once(changed: Played):
    incident = changed.incident(SERVICE)
    assert (incident["scope"], incident["root_messages"]) == ("national", 1)
    assert incident["offices_failing"] == len(OFFICES)
    assert incident["resolved_after_s"] is not None


def test_no_message_says_that_anything_failed(changed: Played):
    first = changed.posted(roots=True)[0].message.text
    assert "NIK (Dukcapil): format jawaban berubah (kontrak) di " in first.splitlines()[0]
    told = [each.message.text for each in changed.said if each.happening is not Happening.DELETED]
    assert not [text for text in told if "gagal" in text]
    assert changed.record(SERVICE).evidence.drifted


def test_pages_tell_the_state_and_the_changed_contract_beside_it(changed: Played, pages: Pages):
    assert changed.incidents
    assert (ServiceState.NATIONAL, True) in pages.said
    assert (ServiceState.NATIONAL, False) not in pages.said
    assert (ServiceState.NORMAL, True) not in pages.said
