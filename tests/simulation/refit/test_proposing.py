"""The short search: the soonest thresholds that keep to the goal, in the years it may take."""

from __future__ import annotations

from collections.abc import Callable

from agent.core.model import Channel
from agent.core.tuning import Tuning
from agent.simulation.refit import proposing
from agent.simulation.refit.expecting import Expected, Stage
from agent.simulation.refit.proposing import Proposal
from agent.simulation.refit.thresholds import Thresholds
from agent.simulation.trials.world import setting
from tests.support.foretold import Foretold, thresholds

STAGE = Stage(setting=setting("145"), channel=Channel.FAIL)


def propose(
    false_per_year: Callable[[Thresholds], float], goal: float = 0.1
) -> tuple[Proposal, Foretold]:
    players = Foretold(false_per_year)
    return proposing.propose(players, STAGE, Tuning(), years=5.0, goal=goal), players


def test_where_nothing_is_ever_false_the_soonest_are_proposed():
    proposal, players = propose(lambda _: 0.0)
    assert proposal.proposed is not None
    assert proposal.keeps
    assert proposal.tried == 1
    found = thresholds(proposal.proposed.tuning)
    assert found.a1 + found.guard_s == min(e.a1 + e.guard_s for e in players.played)
    assert found.a1 < thresholds(Tuning()).a1


def test_what_is_sooner_and_often_false_is_passed_over():
    proposal, _ = propose(lambda each: 0.0 if each.guard_s > 12.0 else 2.0)
    assert not proposal.keeps
    assert proposal.proposed is not None
    assert thresholds(proposal.proposed.tuning).guard_s == 18.0


def test_good_thresholds_are_not_replaced_by_slower_ones():
    present = thresholds(Tuning())
    proposal, _ = propose(lambda each: 0.0 if present.no_stricter_than(each) else 2.0)
    assert proposal.keeps
    assert proposal.proposed is None
    assert proposal.ended


def test_what_must_fail_too_is_not_played():
    _, players = propose(lambda _: 2.0)
    failed = players.played[:1]
    for each in players.played[1:]:
        assert not any(each.no_stricter_than(other) for other in failed)
        failed.append(each)


def test_the_search_ends_with_its_years():
    def false(each: Thresholds) -> float:
        return 0.4 if each.guard_s < 18.0 else 0.2

    players = Foretold(false, gives_up=False)
    proposal = proposing.propose(players, STAGE, Tuning(), years=5.0, goal=0.1)
    assert proposal.proposed is None
    assert not proposal.ended
    assert proposal.tried == 3


def test_how_much_is_played_at_most_is_known_beforehand():
    points = len(proposing.grid(STAGE, Tuning()))
    assert proposing.most_plays(STAGE, Tuning(), 5.0) == (points + 1) * 120 + 50 + 150


def test_years_without_any_that_show_a_goal():
    assert proposing.years_needed(0.1) == 37
    assert Expected(false=0, years=37.0).per_year.high <= 0.1
    assert Expected(false=0, years=36.0).per_year.high > 0.1
