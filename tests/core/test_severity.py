"""How bad: the table of the decisions, a sentence a row."""

from __future__ import annotations

import pytest

from agent.core import severity
from agent.core.model import Severity

SLOW, PARTIAL, DEGRADED, DOWN = Severity


@pytest.mark.parametrize(
    ("failing", "slow", "affected", "everywhere", "expected", "why"),
    [
        ("", "a", "", "", SLOW, "nothing fails, something is slow"),
        ("", "L M", "a b", "", SLOW, "even if that is the sign-in and all behind it"),
        ("a", "", "", "", PARTIAL, "one service of eight fails"),
        ("a", "b c d e", "", "", PARTIAL, "slow services count for no share"),
        ("a", "", "b c", "", PARTIAL, "three of eight failing or affected"),
        ("a", "", "b c d", "", DEGRADED, "half of them"),
        ("a", "", "a b c", "", PARTIAL, "none is counted twice"),
        ("a L", "", "", "", DEGRADED, "a sign-in fails beside another service"),
        ("a", "L", "", "", DEGRADED, "a sign-in is slow beside a failing service"),
        ("L", "", "", "", DEGRADED, "a sign-in fails alone: no longer partial"),
        ("a", "", "L", "", DEGRADED, "a sign-in is affected"),
        ("L", "", "", "L", DEGRADED, "one of two sign-ins fails everywhere"),
        ("L M", "", "", "L", DEGRADED, "both fail, one of them not everywhere"),
        ("L M", "", "", "L M", DOWN, "every sign-in fails everywhere"),
        ("a b c", "", "d e L", "", DOWN, "three quarters"),
    ],
)
def test_severity(failing, slow, affected, everywhere, expected, why):
    assert (
        severity.of(
            services=8,
            failing=failing.split(),
            slow=slow.split(),
            affected=affected.split(),
            sign_ins=["L", "M"],
            sign_ins_everywhere=everywhere.split(),
        )
        is expected
    ), why


def test_a_nation_without_sign_ins_is_not_down_for_want_of_them():
    found = severity.of(
        services=8, failing=["a"], slow=[], affected=[], sign_ins=[], sign_ins_everywhere=[]
    )
    assert found is PARTIAL


def test_severities_are_ordered_from_mild_to_bad():
    assert [each.rank for each in (SLOW, PARTIAL, DEGRADED, DOWN)] == [0, 1, 2, 3]
