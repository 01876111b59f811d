"""Which of the groups in trouble is told. How they come to be is told with the detector."""

from __future__ import annotations

import pytest

from agent.core.regional import smallest_that_tell


@pytest.mark.parametrize(
    ("qualifying", "told", "why"),
    [
        ({"province": "abc", "island": "abc"}, ["province"], "the smaller of two that hold all"),
        ({"province": "abcd", "island": "abcde"}, ["province"], "80 % are enough"),
        ({"province": "abc", "island": "abcde"}, ["island"], "60 % are not"),
        ({"province": "ab", "carrier": "cd"}, ["carrier", "province"], "two that share nothing"),
        ({}, [], "nothing of nothing"),
    ],
)
def test_which_of_overlapping_groups_is_told(qualifying, told, why):
    members = {"province": "abcd", "island": "abcdefgh", "carrier": "cdx"}
    found = smallest_that_tell(
        {group: frozenset(failing) for group, failing in qualifying.items()},
        {group: tuple(inside) for group, inside in members.items()},
    )
    assert sorted(found) == told, why
