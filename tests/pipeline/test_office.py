"""What one office knows, and what it takes for worth telling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core.blame import Blame
from agent.core.lockout import mark_of
from agent.core.model import (
    Bulletin,
    Failure,
    FailureKind,
    IncidentSummary,
    Outcome,
    Refusals,
    Run,
    Scope,
    ServiceState,
    Severity,
    Sight,
    Status,
    StepFacts,
    StepName,
    Trigger,
)
from agent.core.tuning import Tuning
from agent.pipeline.office import Identity, Office
from tests.support.probed_office import CANNOT_SEE, JEMBER

BILLING, STATUS = "simponi.billing", "mpn.status"
STEPS = (StepName(id="billing", service=BILLING), StepName(id="confirmation", service=STATUS))
TUNING = Tuning()
FLOOR = TUNING.fail.p0_floor
SOLID = TUNING.fail.cap
OK, SLOW, FAIL = Outcome.OK, Outcome.SLOW, Outcome.FAIL


def office(boot_id: str = "b1", started_s: float = 0.0) -> Office:
    identity = Identity(branch=JEMBER, program="0.1.0", nation="r1:0", boot_id=boot_id)
    ids = {"simkim": "simkim-1"}
    return Office(identity, [BILLING, STATUS], TUNING, started_s, credential_ids=ids)


UNTRIED = office().status(0.0).services[BILLING]


def facts(step: StepName, outcome: Outcome, started_s: float) -> StepFacts:
    failing = Failure(kind=FailureKind.HTTP, detail="HTTP 503", status=503)
    return StepFacts(
        step=step.id,
        service=step.service,
        started_s=started_s,
        duration_s=2.0 if outcome is SLOW else 0.2,
        slow_after_s=1.5,
        failure=failing if outcome is FAIL else None,
    )


def run(
    first: Outcome, started_s: float = 0.0, *, second: Outcome = OK, trigger: Trigger = Trigger.PLAN
) -> Run:
    """A run whose first step is as given; behind a failure there is no second."""
    executed = [facts(STEPS[0], first, started_s)]
    if first is not FAIL:
        executed.append(facts(STEPS[1], second, started_s + 0.2))
    return Run(
        journey="payment",
        started_s=started_s,
        duration_s=1.0,
        executed=tuple(executed),
        declared=STEPS,
        trigger=trigger,
    )


def news(of: Office, *outcomes: Outcome, at_s: float = 0.0) -> list[bool]:
    """Whether the others must hear of each of these results."""
    return [of.take_run(run(each, at_s + n), at_s + n)[1] for n, each in enumerate(outcomes)]


# --- what is worth telling


def test_good_results_are_not_told():
    assert news(office(), OK, OK, OK) == [False, False, False]


@pytest.mark.parametrize("bad", [FAIL, SLOW])
def test_a_bad_result_is_told_and_all_that_follow_while_there_is_evidence(bad):
    assert news(office(), OK, bad, OK, OK) == [False, True, True, True]


def test_the_return_to_no_evidence_is_told_and_then_there_is_silence():
    of = office()
    told = news(of, FAIL, *[OK] * 200)
    quiet_since = told.index(False)
    assert all(told[:quiet_since])
    assert not any(told[quiet_since:])
    assert of.memory(BILLING).fail.w == of.memory(BILLING).slow.w == 0.0


def test_what_says_nothing_is_not_told():
    of = office()
    of.take_sight(CANNOT_SEE)
    assert news(of, OK, FAIL) == [False, False]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (ServiceState.NORMAL, False),
        (ServiceState.UNKNOWN, False),
        (ServiceState.SUSPECTED, True),
        (ServiceState.REGIONAL, True),
        (ServiceState.NATIONAL, True),
        (ServiceState.RECOVERING, True),
        (ServiceState.AFFECTED, True),
    ],
)
def test_every_result_is_told_of_a_service_that_the_nation_watches(state, told):
    of = office()
    of.take_bulletin(bulletin({STATUS: state}), 0.0, live=True)
    assert news(of, OK) == [told]


def test_a_nation_that_fell_silent_watches_nothing():
    of = office()
    of.take_bulletin(bulletin({STATUS: ServiceState.SUSPECTED}), 0.0, live=True)
    assert news(of, OK, at_s=25.0) == [True]
    assert news(of, OK, at_s=25.1) == [False]


def test_a_vote_that_moved_since_it_was_told_is_news():
    of = office()
    of.take_run(run(FAIL), 0.0)
    assert of.memory(BILLING).published_votes == (0.0, 0.0)
    of.told()
    assert of.memory(BILLING).published_votes == of.memory(BILLING).votes(TUNING) != (0.0, 0.0)


# --- what is remembered


def test_a_failure_is_evidence_against_its_service_alone():
    of = office()
    verdicts, _ = of.take_run(run(FAIL, 5.0), 6.0)
    assert [(v.service, v.outcome, v.blocked_by) for v in verdicts] == [
        (BILLING, FAIL, None),
        (STATUS, Outcome.VOID, BILLING),
    ]
    assert of.suspicious([BILLING])
    assert of.suspicious([STATUS, BILLING])
    assert not of.suspicious([STATUS])
    assert of.memory(BILLING).ring[-1].started_s == 5.0


def test_an_office_that_cannot_see_abstains_and_says_why():
    of = office()
    of.take_sight(CANNOT_SEE)
    verdicts, _ = of.take_run(run(FAIL), 0.0)
    assert {v.outcome for v in verdicts} == {Outcome.VOID}
    assert all(str(CANNOT_SEE.why_not) in v.reason for v in verdicts)
    assert not of.suspicious([BILLING, STATUS])
    assert of.status(1.0).sight == CANNOT_SEE


def test_only_a_change_of_sight_is_told():
    of = office()
    seen = [of.take_sight(each) for each in (Sight(), CANNOT_SEE, CANNOT_SEE, Sight())]
    assert seen == [False, True, False, True]
    assert of.abstained


def p0_after_a_bad_one_in_128(of: Office, trigger: Trigger) -> float:
    for n in range(128):
        of.take_run(run(FAIL if n == 64 else OK, float(n), trigger=trigger), float(n))
    return of.memory(BILLING).fail.p0


def test_what_is_normal_is_learned_from_the_plan_s_runs_alone():
    assert p0_after_a_bad_one_in_128(office(), Trigger.PLAN) > FLOOR
    assert p0_after_a_bad_one_in_128(office(), Trigger.REPROBE) == FLOOR
    assert p0_after_a_bad_one_in_128(office(), Trigger.FOCUS) == FLOOR


def test_nothing_is_learned_of_a_service_while_the_nation_suspects_it():
    of = office()
    for n in range(128):
        of.take_bulletin(bulletin({BILLING: ServiceState.SUSPECTED}), float(n), live=True)
        of.take_run(run(FAIL if n == 64 else OK, float(n), second=OK), float(n))
    assert of.memory(BILLING).fail.p0 == FLOOR
    assert (of.memory(BILLING).fail.block, of.memory(STATUS).fail.block) == (0, 127)


def taught(of: Office, *runs: Run) -> list[set[str]]:
    """The services of which each of these runs teaches how long steps usually take."""
    heard: list[set[str]] = []
    of.on_lesson = lambda _run, services: heard.append(set(services))
    for number, each in enumerate(runs):
        of.take_run(each, float(number))
    return heard


@pytest.mark.parametrize(
    ("given", "services", "why"),
    [
        (run(OK), {BILLING, STATUS}, "a good run of the plan teaches"),
        (run(OK, second=SLOW), {BILLING}, "a slow step does not"),
        (run(FAIL), set(), "nor does one that broke, nor what stands behind it"),
        (run(OK, trigger=Trigger.REPROBE), set(), "re-probes oversample bad minutes"),
        (run(OK, trigger=Trigger.FOCUS), set(), "and so do orders"),
    ],
)
def test_what_a_run_teaches_of_the_usual_pace(given: Run, services: set[str], why: str):
    assert taught(office(), given) == [services], why


def test_nothing_teaches_the_usual_pace_while_there_is_evidence_here_or_in_the_nation():
    assert taught(office(), run(FAIL), run(OK), run(OK)) == [set(), {STATUS}, {STATUS}]
    of = office()
    of.take_bulletin(bulletin({STATUS: ServiceState.SUSPECTED}), 0.0, live=True)
    assert taught(of, run(OK)) == [{BILLING}]
    of = office()
    of.take_sight(CANNOT_SEE)
    assert taught(of, run(OK)) == [set()]


def test_it_is_ready_when_every_service_has_had_its_turn():
    of = office()
    ready = [of.ready]
    of.pass_over([BILLING])
    ready.append(of.ready)
    of.pass_over([STATUS])
    ready.append(of.ready)
    assert ready == [False, False, True]
    of = office()
    of.take_run(run(FAIL), 0.0)
    assert of.ready
    assert of.runs == 1


def test_its_levels_are_those_of_every_service_and_channel():
    of = office()
    of.take_run(run(FAIL), 0.0)
    levels = {(service, channel.value): (w, p0) for service, channel, w, p0 in of.levels()}
    assert levels[(BILLING, "fail")] == pytest.approx((SOLID / 2, FLOOR))
    assert levels[(BILLING, "slow")] == pytest.approx((TUNING.slow.cap / 2, 0.01))
    assert levels[(STATUS, "fail")] == (0.0, FLOOR)
    assert len(levels) == 4


# --- where it looks for the fault


def blamed(of: Office, outcome: Outcome) -> list[Blame | None]:
    """What each service of a run is shown to suffer from."""
    judged = run(outcome)
    verdicts, _ = of.take_run(judged, 1.0)
    of.blame(judged, verdicts, 1.0)
    return [each.blame for each in of.view(now_s=1.0, wall_s=1.0, leads=False).services]


def test_a_fault_is_shown_at_every_service_that_it_stops():
    assert blamed(office(), FAIL) == [Blame.CENTRE, Blame.CENTRE]


def test_what_was_well_before_the_fault_is_blamed_on_nothing():
    of = office()
    judged = run(OK, second=SLOW)
    verdicts, _ = of.take_run(judged, 1.0)
    found = of.blame(judged, verdicts, 1.0)
    assert found is not None
    first, second = of.view(now_s=1.0, wall_s=1.0, leads=False).services
    assert (first.blame, second.blame) == (None, found.blame)


def test_when_it_is_well_again_nothing_is_blamed():
    of = office()
    assert blamed(of, FAIL) != [None, None]
    assert blamed(of, OK) == [None, None]


def test_an_agent_that_doubts_itself_abstains_whatever_its_controls_show():
    of = office()
    assert of.take_sight(Sight(), "its event loop woke 2.0 s late")
    assert blamed(of, FAIL) == [Blame.AGENT, Blame.AGENT]
    assert of.memory(BILLING).counts == (0, 0, 0, 0, 1)
    assert not of.status(2.0).sight.sees
    assert of.take_sight(Sight())
    assert of.doubt is None


# --- what its status says, and takes back after a restart


def test_a_status_says_who_speaks_since_when_and_how_it_fares():
    of = office(started_s=100.0)
    of.loop_lag_s = 0.25
    of.take_run(run(OK, 150.0), 151.0)
    status = of.status(160.0)
    assert (status.branch, status.program, status.nation) == ("jember", "0.1.0", "r1:0")
    assert (status.boot_id, status.boot_counter) == ("b1", 1)
    assert (status.uptime_s, status.loop_lag_s, status.exchange) == (60.0, 0.25, "standalone")
    assert status.services[BILLING].counts == (1, 0, 0, 0, 0)
    assert status.services[BILLING].ring[0].age_s == pytest.approx(10.0)


def stored() -> Status:
    """What a process before had told: six good results and two bad ones."""
    of = office("b0")
    news(of, *[OK] * 6, FAIL, FAIL)
    told = of.status(8.0)
    learned = replace(told.services[BILLING].fail, p0=0.02)
    services = {BILLING: replace(told.services[BILLING], fail=learned), "gone": UNTRIED}
    refused = {mark_of("simkim-1"): Refusals(in_a_row=3, age_s=60.0)}
    return replace(told, boot_counter=41, services=services, refused=refused)


def test_a_restart_takes_back_evidence_rates_counts_and_refusals_and_counts_the_boot():
    of = office()
    of.resume(stored(), 100.0)
    memory = of.memory(BILLING)
    assert of.boot_counter == 42
    assert memory.counts == (6, 0, 2, 0, 0)
    assert memory.fail.w == pytest.approx(SOLID)
    assert memory.slow.w == pytest.approx(TUNING.slow.cap)
    assert memory.fail.p0 == 0.02
    assert memory.ring == ()
    assert of.lockouts.paused == {"simkim"}
    assert of.status(100.0).refused == {mark_of("simkim-1"): Refusals(in_a_row=3, age_s=60.0)}
    assert of.services == (BILLING, STATUS)


def test_what_was_seen_before_the_record_could_be_read_is_kept():
    of = office()
    news(of, OK, FAIL, at_s=10.0)
    of.resume(replace(stored(), services={}), 100.0)
    assert of.memory(BILLING).counts == (1, 0, 1, 0, 0)
    of = office()
    news(of, OK, FAIL, at_s=10.0)
    of.resume(stored(), 100.0)
    assert of.memory(BILLING).counts == (7, 0, 3, 0, 0)
    assert of.memory(BILLING).fail.w == pytest.approx(SOLID)
    assert [kept.started_s for kept in of.memory(BILLING).ring] == [10.0, 11.0]


def test_evidence_since_the_start_outlives_a_record_without_any():
    of = office()
    news(of, FAIL)
    of.resume(replace(stored(), services={BILLING: UNTRIED}), 100.0)
    assert of.memory(BILLING).fail.w == pytest.approx(SOLID / 2)
    assert of.memory(BILLING).slow.w == pytest.approx(TUNING.slow.cap / 2)


# --- what the nation says


def bulletin(services: dict[str, ServiceState], *incidents: IncidentSummary) -> Bulletin:
    return Bulletin(
        term=1, leader="medan", nation="r1:0", at_s=0.0, services=services, incidents=incidents
    )


def incident(scope: Scope, root: str, *affected: str) -> IncidentSummary:
    return IncidentSummary(
        id="i",
        scope=scope,
        group="all",
        root=root,
        severity=Severity.PARTIAL,
        phase="posted",
        since_s=0.0,
        failing=9,
        reporting=10,
        affected=affected,
    )


@pytest.mark.parametrize(
    ("standing", "down", "why"),
    [
        (incident(Scope.NATIONAL, BILLING), True, "its root is one of ours"),
        (incident(Scope.NATIONAL, "dukcapil.nik", STATUS), True, "one of ours is affected"),
        (
            incident(Scope.NATIONAL, "dukcapil.nik", "cetak"),
            False,
            "none of ours has to do with it",
        ),
        (incident(Scope.REGIONAL, BILLING), False, "a region's incident may be more"),
    ],
)
def test_who_is_stood_down(standing, down, why):
    of = office()
    of.take_bulletin(bulletin({}, standing), 0.0, live=True)
    assert of.stood_down([BILLING, STATUS], 25.0) is down, why
    assert not of.stood_down([BILLING, STATUS], 25.1), "a leader that is not heard orders nothing"


# --- what its page shows


def test_a_service_that_another_journey_reaches_is_not_shown_behind_a_broken_one():
    of = office()
    direct = replace(STEPS[1], id="public status")
    alone = replace(facts(STEPS[1], OK, 5.0), step=direct.id)
    public = replace(run(OK, 5.0), journey="public", executed=(alone,), declared=(direct,))
    of.take_run(public, 5.0)
    news(of, FAIL, at_s=10.0)
    billing, status = of.view(now_s=20.0, wall_s=1020.0, leads=False).services
    assert (billing.outcome, billing.reason) == (FAIL, "HTTP 503")
    assert (status.outcome, status.blocked_by, status.at_s) == (OK, None, 1005.0)


def test_a_service_that_was_never_probed_shows_nothing():
    shown = office().view(now_s=10.0, wall_s=1000.0, leads=False).services[0]
    assert (shown.service, shown.outcome, shown.at_s) == (BILLING, None, None)


def test_a_page_shows_the_last_result_and_since_when_it_has_been_so():
    of = office()
    news(of, OK, OK, SLOW, FAIL, at_s=10.0)
    view = of.view(now_s=20.0, wall_s=1020.0, leads=True)
    billing, status = view.services
    assert (billing.outcome, billing.in_a_row) == (FAIL, 2)
    assert (billing.since_s, billing.at_s) == (1012.0, 1013.0)
    assert billing.reason == "HTTP 503"
    assert (status.outcome, status.blocked_by) == (Outcome.VOID, BILLING)
    assert view.leads
    assert view.now_s == 1020.0


def test_being_well_again_begins_a_new_run_of_results():
    of = office()
    news(of, FAIL, FAIL, OK, at_s=10.0)
    billing = of.view(now_s=20.0, wall_s=20.0, leads=False).services[0]
    assert (billing.outcome, billing.in_a_row, billing.since_s) == (OK, 1, 12.0)
