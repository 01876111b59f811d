"""One office of ours: real evidence, the plan when it is well, and never too soon after a run."""

from dataclasses import replace
from itertools import pairwise

import pytest

from agent.core.evidence import Learning
from agent.core.model import Trigger
from agent.core.schedule import Due
from agent.core.tuning import Tuning
from agent.simulation.trials.our_office import OurOffice, Word, first_learning, rules_of
from agent.simulation.trials.planted import among
from agent.simulation.trials.traces import Trace
from agent.simulation.trials.world import Setting, World, setting

HOUR_S = 3600.0
SETTING = setting("145")


def sure(chosen: Setting = SETTING) -> Setting:
    """No result is lost, and next to none is bad by itself."""
    world = replace(World(), lost_share=0.0, p0_median=1e-12, p0_least=1e-12)
    return replace(chosen, world=world)


def trace(*, bad_from_s: float = 0.0, bad_until_s: float = 0.0) -> Trace:
    """A trace of which office 3 fails for a while."""
    outage = among([3], p1=1.0, start_s=bad_from_s, end_s=bad_until_s)
    return Trace(sure(), 1, until_s=9 * HOUR_S, planted=outage.episodes, nuisance=False)


def office(of: Trace) -> OurOffice:
    rules = rules_of(of, Tuning())
    return OurOffice(3, rules, first_learning(rules, 3, learned=False), 0.0)


def starts(one: OurOffice, at_s: float, until_s: float) -> list[tuple[float, Trigger]]:
    """Carry out what is due, the plan's run at ``at_s`` if nothing is, as the play does."""
    done = []
    due: Due | None = one.due or Due(at_s=at_s)
    while due is not None and due.at_s < until_s:
        done.append((due.at_s, due.trigger))
        one.run(due.at_s)
        one.plan(due.at_s)
        due = one.due
    return done


def test_good_results_taken_at_once_are_as_those_taken_one_by_one():
    of = trace()
    at_once, one_by_one = office(of), office(of)
    first = of.next_slot(3, 0.0)
    at_once.catch_up(of.start_of(first + 400 * 145))
    for number in range(400):
        one_by_one.run(of.start_of(first + number * 145))
    assert at_once.learning == one_by_one.learning
    assert (
        at_once.runs
        == one_by_one.runs
        == {Trigger.PLAN: 400, Trigger.REPROBE: 0} | {Trigger.FOCUS: 0}
    )


def test_a_failure_is_asked_again_at_the_pace_of_the_ceiling_until_it_is_forgotten():
    of = trace(bad_until_s=72.4)
    one = office(of)
    first_s = of.start_of(of.next_slot(3, 0.0))
    done = starts(one, first_s, HOUR_S)
    assert one.due is None
    assert one.learning.w == 0.0
    gaps_s = [later - earlier for (earlier, _), (later, _) in pairwise(done)]
    assert gaps_s == pytest.approx([18.125] * len(gaps_s))
    assert {trigger for _, trigger in done} == {Trigger.PLAN, Trigger.REPROBE}


def test_stood_down_it_follows_the_plan():
    of = trace(bad_until_s=HOUR_S)
    one = office(of)
    first_s = of.start_of(of.next_slot(3, 0.0))
    one.run(first_s)
    one.hear(Word(watched=True, stood_down=True), first_s + 1.0)
    assert one.due is not None
    assert one.due.trigger is Trigger.PLAN
    assert one.due.at_s == pytest.approx(first_s + 72.5)


def test_an_order_is_followed_at_eight_runs_a_second_of_the_whole_nation():
    of = trace()
    one = office(of)
    one.hear(Word(focus_runs_per_s=8.0), 500.0)
    done = starts(one, 500.0, 700.0)
    assert len(done) == pytest.approx(200.0 / 18.125, abs=1.0)
    gaps_s = [later - earlier for (earlier, _), (later, _) in pairwise(done)]
    assert min(gaps_s) >= 145 / 8.0 - 1e-9
    one.hear(Word(), 700.0)
    assert starts(one, 700.0, 900.0)[0][1] is Trigger.PLAN


def test_while_the_service_is_watched_every_result_is_told_and_nothing_is_learned():
    of = trace()
    one = office(of)
    one.hear(Word(watched=True), 10.0)
    assert one.due is not None
    report = one.run(one.due.at_s)
    assert report is not None
    assert (report.bad, report.level) == (False, 0.0)
    assert one.learning.block == 0


def test_a_good_result_of_a_quiet_time_is_not_told():
    of = trace()
    assert office(of).run(of.start_of(of.next_slot(3, 0.0))) is None


def test_an_office_can_begin_with_what_it_has_learned():
    of = Trace(SETTING, 1, until_s=1.0)
    rules = rules_of(of, Tuning())
    worst = max(range(145), key=lambda place: of.offices[place].p0)
    assert first_learning(rules, worst, learned=True).p0 == of.offices[worst].p0 > 0.005
    assert first_learning(rules, worst, learned=False) == Learning(p0=0.005)
