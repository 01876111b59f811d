"""Whose turn it is to tell that the exchange is lost, and what a message's key says."""

from __future__ import annotations

import pytest

from agent.core import lost_exchange
from agent.core.lost_exchange import Loss

LOSS = Loss(since_s=1_760_000_000, seen_from="jakarta-selatan")


def test_turns_are_half_a_minute_apart_and_begin_after_a_minute():
    assert [lost_exchange.turn_s(rank, 0.0) for rank in range(3)] == [60.0, 90.0, 120.0]


def test_no_jitter_makes_two_turns_meet():
    first_at_the_latest = lost_exchange.turn_s(0, 30.0)
    noticed_s, post_s = 10.0, 3.0
    assert first_at_the_latest + noticed_s + post_s < lost_exchange.turn_s(1, 0.0)


def test_a_key_says_which_loss_is_told():
    assert lost_exchange.loss_of(LOSS.key) == LOSS


@pytest.mark.parametrize(
    "key",
    [
        LOSS.over_key,
        "incident.national.nation.cetak:7/0",
        "lost-exchange",
        "lost-exchange/soon/jember",
        "lost-exchange/-1/jember",
        "",
    ],
)
def test_no_other_key_tells_a_loss(key: str):
    assert lost_exchange.loss_of(key) is None


def test_a_message_that_is_a_day_old_stands_for_nothing():
    assert LOSS.recent(LOSS.since_s + 86_000)
    assert not LOSS.recent(LOSS.since_s + 86_400)
    assert not LOSS.recent(LOSS.since_s - 86_400)
