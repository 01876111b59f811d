"""The centre refuses every sign-in, and no office hammers it: the nation is told all the same."""

from __future__ import annotations

import pytest

from agent.core import lockout
from agent.simulation import memory_world
from tests.support.whole_fleet import Played, broken, play

OFFICES = (
    "banda-aceh", "bandung", "manado", "medan", "semarang", "palu", "padang", "surabaya",
)  # fmt: skip
REFUSED_S = 300.0
PAUSE_S = 600.0
"""An hour takes long to play."""


@pytest.fixture(scope="module")
def refused() -> Played:
    """Accounts that could be locked: these credentials have ids."""
    ids = {
        role: {**keys, "credential_id": f"{role}-1"}
        for role, keys in memory_world.CREDENTIALS.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory_world, "CREDENTIALS", ids)
        patch.setattr(lockout, "PAUSE_S", PAUSE_S)
        return play(
            broken("simkim.login", 0, REFUSED_S, fault="kind: auth_fail")
            + broken("cetak", PAUSE_S, PAUSE_S + 1, fault="kind: latency, ms: 0"),
            offices=OFFICES,
            seconds=PAUSE_S + 250.0,
        )


def test_it_is_told_though_every_office_stops_after_three_attempts(refused: Played):
    """They keep half a minute apart: at once, all would be over within the detector's guard."""
    incident = refused.incident("simkim.login")
    assert (incident["scope"], incident["offices_failing"]) == ("national", len(OFFICES))
    assert incident["opened_after_s"] < 70.0


def test_it_is_over_for_people_once_attempts_are_accepted_again(refused: Played):
    incident = refused.incident("simkim.login")
    assert PAUSE_S < incident["resolved_after_s"] < PAUSE_S + 150.0
    assert incident["root_messages"] == 1
