from __future__ import annotations

import pytest

from agent.core.election import NOBODY, Elector, Lease, Write

JEMBER = Lease(holder="jember", term=1, boot="j1")
SORONG = Lease(holder="sorong", term=7, boot="s1")


def elector() -> Elector:
    return Elector("jember", "j1")


def leading(now_s: float = 0.0) -> Elector:
    """Took over the absent lease at ``now_s``, as revision 1 and term 1."""
    mine = elector()
    mine.observe(b"", 0, now_s)
    write = mine.intend(now_s)
    assert write is not None
    mine.sending(write)
    mine.written(write, 1, now_s)
    return mine


def test_an_absent_lease_is_taken_at_once():
    mine = elector()
    assert mine.needs_read()
    assert mine.intend(0.0) is None
    mine.observe(b"", 0, 0.0)
    assert mine.intend(0.0) == Write(lease=JEMBER, expect=0)
    assert not mine.may_act(0.0)


def test_a_lease_that_moves_is_left_alone():
    mine = elector()
    for second in range(0, 100, 5):
        mine.observe(SORONG.encode(), second + 1, float(second))
        assert mine.intend(float(second)) is None


def test_a_lease_unmoved_for_its_time_is_taken_over_with_the_next_term():
    mine = elector()
    mine.observe(SORONG.encode(), 40, 100.0)
    mine.observe(SORONG.encode(), 40, 114.9)
    assert mine.intend(114.9) is None
    mine.observe(SORONG.encode(), 40, 115.0)
    assert mine.intend(115.0) == Write(lease=Lease(holder="jember", term=8, boot="j1"), expect=40)


def test_a_resigned_lease_is_taken_at_once():
    mine = elector()
    mine.observe(Lease(holder=NOBODY, term=7, boot="s1").encode(), 41, 0.0)
    assert mine.intend(0.0) == Write(lease=Lease(holder="jember", term=8, boot="j1"), expect=41)


def test_a_lease_lost_with_its_store_is_left_for_its_time():
    mine = elector()
    mine.observe(SORONG.encode(), 40, 0.0)
    mine.observe(b"", 0, 1.0)
    assert mine.intend(1.0) is None
    assert mine.intend(16.0) == Write(lease=JEMBER, expect=0)


@pytest.mark.parametrize(
    "value", [b"", b"{", b"[]", b"null", b'{"holder":1,"term":2,"boot":""}', b"[" * 9_000, b"\xff"]
)
def test_garbage_is_a_lease_that_nobody_renews(value: bytes):
    mine = elector()
    mine.observe(SORONG.encode(), 1, 0.0)
    mine.observe(value, 2, 1.0)
    assert mine.intend(15.9) is None
    assert mine.intend(16.0) == Write(lease=Lease(holder="jember", term=8, boot="j1"), expect=2)


def test_the_holder_acts_in_the_first_part_of_the_lease_and_renews_in_time():
    mine = leading()
    assert mine.term == 1
    assert not mine.needs_read()
    assert mine.intend(4.9) is None
    assert mine.intend(5.0) == Write(lease=JEMBER, expect=1)
    assert mine.remaining_s(5.0) == 7.0
    assert mine.may_act(11.9)
    assert not mine.may_act(12.0)


def test_the_time_to_act_counts_from_before_the_write_was_sent():
    mine = leading()
    write = mine.intend(5.0)
    assert write is not None
    mine.sending(write)
    mine.written(write, 2, 5.0)  # However late the answer came.
    assert mine.may_act(16.9)
    assert not mine.may_act(17.0)


def test_a_renewal_without_an_answer_is_looked_up_and_adopted_for_renewal_only():
    mine = leading()
    write = mine.intend(5.0)
    assert write is not None
    mine.sending(write)
    assert mine.needs_read()
    mine.observe(JEMBER.encode(), 2, 7.0)  # It had been applied.
    assert mine.remaining_s(7.0) == 5.0
    assert mine.intend(7.0) == Write(lease=JEMBER, expect=2)


def test_a_renewal_that_was_not_applied_is_sent_again():
    mine = leading()
    write = mine.intend(5.0)
    assert write is not None
    mine.sending(write)
    mine.observe(JEMBER.encode(), 1, 7.0)
    assert mine.intend(7.0) == write


def test_a_takeover_without_an_answer_gives_no_right_to_act_until_renewed():
    mine = elector()
    mine.observe(b"", 0, 0.0)
    write = mine.intend(0.0)
    assert write is not None
    mine.sending(write)
    mine.observe(JEMBER.encode(), 1, 2.0)
    assert not mine.may_act(2.0)
    renewal = mine.intend(2.0)
    assert renewal == Write(lease=JEMBER, expect=1)
    mine.sending(renewal)
    mine.written(renewal, 2, 2.0)
    assert mine.may_act(2.0)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Lease(holder="sorong", term=2, boot="s1"), id="another branch"),
        pytest.param(Lease(holder="jember", term=1, boot="j0"), id="another process of ours"),
        pytest.param(Lease(holder="jember", term=2, boot="j1"), id="a term we never wrote"),
        pytest.param(Lease(), id="the store lost everything"),
    ],
)
def test_a_lease_that_is_not_ours_any_more_is_lost(other: Lease):
    mine = leading()
    mine.doubt()
    assert mine.needs_read()
    mine.observe(other.encode(), 0 if other == Lease() else 9, 6.0)
    assert (mine.term, mine.may_act(6.0), mine.intend(6.0)) == (0, False, None)


def test_who_resigns_stops_acting_frees_the_lease_and_stands_aside():
    mine = leading()
    write = mine.resign(3.0)
    assert write == Write(lease=Lease(holder=NOBODY, term=1, boot="j1"), expect=1)
    assert not mine.may_act(3.0)
    mine.sending(write)
    mine.written(write, 2, 3.0)
    assert mine.term == 0
    mine.observe(write.lease.encode(), 2, 4.0)
    assert mine.intend(17.9) is None
    assert mine.intend(18.0) == Write(lease=Lease(holder="jember", term=2, boot="j1"), expect=2)


def test_who_leads_nothing_has_nothing_to_resign():
    assert elector().resign(0.0) is None
