"""A province fails, and in the middle the nation does: it takes over, and leaves again."""

from __future__ import annotations

import pytest

from tests.support.whole_fleet import Played, Said, broken, play

BILLING = "simponi.billing"
PROVINCE = "provinces:[DKI Jakarta]"
"""Six offices."""


@pytest.fixture(scope="module")
def both() -> Played:
    """The province fails all along, and the whole nation for a while in the middle."""
    story = broken(BILLING, 10, 600, PROVINCE) + broken(BILLING, 150, 240)
    return play(story, seconds=410)


def test_the_region_is_told_first_and_the_nation_takes_it_over(both: Played):
    regional, national = both.incidents
    assert (regional["scope"], regional["group"]) == ("regional", "province:dki-jakarta")
    assert (national["scope"], national["root_service"]) == ("national", BILLING)
    assert regional["opened_after_s"] < 150 < national["opened_after_s"] < 150 + 30
    assert national["offices_failing"] >= 130
    (taken_over,) = absorbed(both)
    assert 0 <= taken_over.at_s - national["opened_after_s"] < 10


def test_each_has_one_root_message_in_its_own_channel(both: Played):
    (region,) = both.roots("pantau-wilayah")
    (nation,) = both.roots("pantau-nasional")
    assert region.text.startswith("[LATIHAN] [WILAYAH DKI Jakarta]")
    assert "[NASIONAL][KEMBALI NORMAL]" in nation.text
    assert both.report["slack"]["root_messages"] == 2


def test_what_the_nation_took_over_is_never_called_normal_in_the_region(both: Played):
    (taken_over,) = absorbed(both)
    told = [s for s in both.said if s.message.channel == "pantau-wilayah"]
    assert not any("kembali normal" in said.message.text.lower() for said in told)
    edited = next(s for s in told if s.is_root and s.at_s > taken_over.at_s - 5)
    assert "[WILAYAH DKI Jakarta][MENJADI NASIONAL]" in edited.message.text


def test_when_the_nation_is_well_again_the_region_that_is_not_says_so(both: Played):
    regional, national = both.incidents
    assert 240 + 60 < national["resolved_after_s"] < 240 + 160
    assert regional["resolved_after_s"] is None
    (region,) = both.roots("pantau-wilayah")
    assert "terganggu lagi, 6/6 kantor" in both.thread(region)[-1]
    assert "6/6 kantor gagal" in region.text


def absorbed(played: Played) -> list[Said]:
    """The replies that say that a region is now part of the nation."""
    found = played.posted(roots=False)
    return [said for said in found if "kini bagian dari gangguan nasional" in said.message.text]


def test_a_region_is_told_as_one_group_and_not_as_its_island_too():
    played = play(broken(BILLING, 10, 100, "provinces:[Bali]"), seconds=100)
    assert [each["group"] for each in played.incidents] == ["province:bali"]
