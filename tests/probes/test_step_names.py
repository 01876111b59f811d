"""Where two journeys reach one service, the names of their steps tell them apart."""

from pathlib import Path

from agent.config.journeys import load_journeys

PROBES = Path(__file__).parents[2] / "probes"


def test_no_two_journeys_share_a_step_of_one_service_behind_their_first():
    """What one found stands against another that did not get through, by the name of the step."""
    journeys = load_journeys([PROBES]).by_name.values()
    later = [(step.service, step.id) for each in journeys for step in each.steps[1:]]
    assert sorted(later) == sorted(set(later))
