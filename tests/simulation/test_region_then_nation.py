"""A province fails, then the nation does, at the same service: the nation takes the region over."""

from __future__ import annotations

import pytest

from agent.core.incident import Change
from tests.support.whole_fleet import Played, broken, play

BILLING = "simponi.billing"
PROVINCE = "provinces:[DKI Jakarta]"
"""Six offices."""


@pytest.fixture(scope="module")
def both() -> Played:
    story = broken(BILLING, 10, 240, PROVINCE) + broken(BILLING, 150, 240)
    return play(story, seconds=460)


def test_the_region_is_told_first_and_is_then_part_of_the_nation(both: Played):
    regional, national = both.incidents
    assert (regional["scope"], regional["group"]) == ("regional", "province:dki-jakarta")
    assert (national["scope"], national["root_service"]) == ("national", BILLING)
    assert regional["opened_after_s"] < 150 < national["opened_after_s"] < 150 + 30
    assert 0 <= regional["resolved_after_s"] - national["opened_after_s"] < 5


def test_each_has_one_root_message_in_its_own_channel(both: Played):
    (region,) = both.roots("pantau-wilayah")
    (nation,) = both.roots("pantau-nasional")
    assert "[WILAYAH DKI Jakarta][MENJADI NASIONAL]" in region.text
    assert "kini bagian dari gangguan nasional" in both.thread(region)[-1]
    assert "[NASIONAL][KEMBALI NORMAL]" in nation.text
    assert both.report["slack"]["root_messages"] == 2


def test_what_the_nation_took_over_is_never_called_normal_in_the_region(both: Played):
    region = next(each for each in both.records.values() if each.scope == "regional")
    assert [m.change for m in region.messages][-1] is Change.ABSORBED
    told = [s.message.text for s in both.said if s.message.channel == "pantau-wilayah"]
    assert not any("normal" in text.lower().split("kontrol normal")[0] for text in told)


def test_the_nations_incident_lasts_until_the_whole_of_it_is_over(both: Played):
    national = both.incidents[-1]
    assert 240 + 60 < national["resolved_after_s"] < 240 + 200
    assert national["offices_failing"] >= 130


@pytest.mark.xfail(
    strict=True,
    reason="the island is judged anew as long as some of the province's failing offices failed "
    "only once, and are therefore no members of the alarm that tells them",
)
def test_a_region_is_told_as_one_group_and_not_as_its_island_too():
    played = play(broken(BILLING, 10, 100, "provinces:[Bali]"), seconds=100)
    assert [each["group"] for each in played.incidents] == ["province:bali"]
