"""Which of the shipped journeys touch a live target, and which a sandbox alone."""

from __future__ import annotations

import pytest

from agent.probe import Journey
from agent.simulation.scenario import SERVICES
from probes.watch_list import WatchList
from tests.probes.test_journeys import JOURNEYS, READING, WRITING


@pytest.mark.parametrize("journey", [WatchList, *WRITING])
def test_nothing_of_a_journey_that_writes_or_needs_consent_is_there_by_itself(
    journey: type[Journey],
):
    assert journey.within(sandboxes=[]) is None


def test_every_journey_that_only_asks_is_there_everywhere():
    assert all(journey.within(sandboxes=[]) is journey for journey in READING)


def test_the_watch_list_is_asked_with_a_consent():
    assert WatchList.within(sandboxes=[], consents=["watch-list"]) is WatchList


def test_between_them_the_journeys_reach_every_service():
    assert {each.service for journey in JOURNEYS for each in journey.steps} == set(SERVICES)
