"""The explanation as JSON: sound, bounded, and with every number behind the sentences."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from agent.adapters.explanation_document import LIST_LIMIT, explanation_document, unknown_service
from agent.core.explanation import Explanation
from agent.core.wording import Wording
from tests.adapters import office_views as offices
from tests.support.worked_outage import BILLING, INCIDENT, OFFICES, Worked


def sound(explained: Explanation | None) -> dict[str, Any]:
    """The document, after a trip through JSON that takes no NaN."""
    assert explained is not None
    document = explanation_document(explained, Wording())
    read: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    return read


def test_the_leader_tells_every_number_of_a_suspicion():
    document = sound(Worked().until(19.5).explanation(19.5))
    assert (document["leads"], document["state"], document["known"]) == (True, "suspected", True)
    fail, slow = document["nation"]["channels"]
    assert (fail["channel"], slow["channel"]) == ("fail", "slow")
    assert (fail["score"], fail["needed"], fail["voting"]) == (10.0, 3.0, 12)
    assert fail["dropped"] == [
        {"group": "province:provinsi-01", "votes": 1.0},
        {"group": "province:provinsi-02", "votes": 1.0},
    ]
    assert fail["votes"][0] == {"branch": "office-01", "vote": 1.0, "failing": True}
    trial = fail["trial"]
    assert (trial["fresh"], trial["fresh_bad"], trial["guard_left_s"]) == (5, 5, 0.0)
    assert (trial["speaks_for"], trial["needed"], trial["cleared_at"]) == (1.5, 2.0, 1.0)
    assert (fail["chance"]["seen"], fail["chance"]["of"]) == (10, 10)
    assert 0 < fail["chance"]["bound"] < 1e-6
    assert fail["spread"]["zones"] == {"WIB": [4, 4], "WITA": [4, 4], "WIT": [4, 4]}
    assert document["nation"]["attendance"]["reporting"] == [each.id for each in OFFICES]


def test_the_leader_tells_every_number_of_an_alarm():
    document = sound(Worked().until(144.5).explanation(144.5, INCIDENT))
    (standing,) = document["nation"]["channels"][0]["standing"]
    assert (standing["alarm"]["phase"], standing["alarm"]["scope"]) == ("recovering", "national")
    assert standing["healing"]["held_s"] == 15.0
    assert document["incident"]["coincidence"] == 1e-6


def test_another_office_tells_its_own_evidence_and_whom_to_ask():
    document = sound(offices.explain(offices.NATIONAL, BILLING))
    assert (document["nation"], document["leader"], document["term"]) == (None, "semarang", 7)
    assert [each["channel"] for each in document["own"]["channels"]] == ["fail", "slow"]
    assert document["own"]["sight"]["sees"] is True


def test_long_lists_are_cut_and_counted():
    explained = Worked().until(20.0).explanation(20.0)
    assert explained.nation is not None
    names = tuple(f"office-{n:04d}" for n in range(1_000))
    attendance = replace(explained.nation.attendance, silent=names)
    crowded = replace(explained, nation=replace(explained.nation, attendance=attendance))
    told = sound(crowded)["nation"]["attendance"]
    assert (len(told["silent"]), told["silent_count"]) == (LIST_LIMIT, 1_000)


@pytest.mark.parametrize("name", offices.ALL)
def test_whatever_an_office_knows_is_sound_json(name: str):
    view = offices.ALL[name]
    for each in view.services:
        assert sound(offices.explain(view, each.service))["service"] == each.service


def test_an_unknown_name_is_cut_and_the_known_ones_are_told():
    answer = unknown_service("x" * 9_999, ("a", "b"))
    assert answer["services"] == ["a", "b"]
    assert len(answer["mistake"]) < 300
