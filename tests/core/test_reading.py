"""What a status adds to the one before it, told from counts and a ring of eight."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import reading
from agent.core.model import RING_SIZE, Outcome, RingEntry, ServiceStatus
from agent.core.tuning import Tuning
from tests.support.verdicts import Agent

outcomes = st.sampled_from(list(Outcome))


@given(before=st.lists(outcomes, max_size=20), since=st.lists(outcomes, max_size=20))
def test_news_are_exactly_the_results_between_two_statuses(before, since):
    agent = Agent("jember", ["x"], Tuning())
    for second, outcome in enumerate(before):
        agent.run("x", outcome, second)
    earlier = agent.status(20.0).services["x"]
    for second, outcome in enumerate(since):
        agent.run("x", outcome, 20.0 + second)
    later = agent.status(50.0).services["x"]
    news = reading.news(earlier, later, 1_000_050.0)
    seen = since[-RING_SIZE:]
    assert [each.outcome for each in news.results] == seen
    first = 1_000_020.0 + len(since) - len(seen)
    assert [each.started_s for each in news.results] == pytest.approx(
        [first + n for n in range(len(seen))]
    )
    unseen = since[: len(since) - len(seen)]
    assert news.unseen_good == sum(outcome is not Outcome.VOID for outcome in unseen)


RING = (RingEntry(age_s=1.0, outcome=Outcome.FAIL, step="s"),)
STATUS = ServiceStatus(counts=(5, 0, 1, 0, 0), ring=RING)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (None, STATUS, "without a status before there is nothing to compare with"),
        (STATUS, STATUS, "the same status again says nothing twice"),
        (replace(STATUS, counts=(9, 0, 9, 0, 0)), STATUS, "counts that went backwards"),
        (replace(STATUS, counts=(0, 0, 2, 0, 0)), STATUS, "one count that went backwards"),
    ],
)
def test_when_nothing_is_new(before, after, why):
    assert reading.news(before, after, 100.0) == reading.NOTHING, why


def test_a_restarted_office_has_a_short_ring_and_the_rest_is_read_as_good():
    news = reading.news(STATUS, replace(STATUS, counts=(8, 0, 2, 0, 0)), 100.0)
    assert (len(news.results), news.unseen_good) == (1, 3)


def test_no_claimed_age_reaches_further_back_than_a_day():
    old = replace(STATUS, counts=(5, 0, 2, 0, 0), ring=(replace(RING[0], age_s=9e11),))
    (result,) = reading.news(STATUS, old, 1_000_000.0).results
    assert result.started_s == 1_000_000.0 - 86_400.0
