"""When an office probes, when it does not, and what becomes of it. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from agent.core import schedule
from agent.core.lockout import mark_of
from agent.core.model import (
    Bulletin,
    Channel,
    Focus,
    IncidentSummary,
    Outcome,
    PlannedNotice,
    Refusals,
    Scope,
    ServiceState,
    Severity,
    Sight,
    Status,
    Trigger,
)
from agent.core.schedule import Bucket, Pace, Plan
from agent.pipeline.probes import buckets_of, probe_of
from agent.probe import Journey, step
from tests.support.probed_office import CANNOT_SEE, ProbedOffice
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

PLAN = Plan(period_s=5.0, anchor_s=0.0)
PACE = Pace.within(8.0, 4, 15.0, 8)


class Billing(Journey):
    name = "billing"

    @step("billing", service="simponi.billing", role="simponi", slow_after_s=1.5)
    async def bill(self) -> None:
        (await self.get("/billing")).json()


class Payment(Journey):
    """Two steps at two targets."""

    name = "payment"

    @step("billing", service="simponi.billing", role="simponi", slow_after_s=1.5)
    async def bill(self) -> None:
        (await self.get("/billing")).json()

    @step("confirmation", service="mpn.status", role="mpn", requests=2)
    async def confirm(self) -> None:
        (await self.get("/pembayaran")).json()


class Confirmation(Journey):
    name = "confirmation"

    @step("confirmation", service="mpn.status", role="mpn")
    async def confirm(self) -> None:
        (await self.get("/pembayaran")).json()


class Broken(Journey):
    """A probe with a bug."""

    name = "broken"

    @step("kuota", service="mpaspor.kuota", role="mpaspor")
    async def look(self) -> None:
        await self.get("/kuota")
        raise KeyError("a bug of the author's")


# --- slots


async def test_a_journey_runs_at_the_slots_of_its_plan_whatever_its_runs_take():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    office.centre.says("/billing", 200, after_s=1.3)
    await office.probe_until(1000.0)
    assert office.starts() == [30.0 + 60.0 * n for n in range(17)]
    assert office.skipped() == {}
    assert office.started_by(Trigger.REPROBE) == []


async def test_a_late_loop_makes_a_run_late_and_moves_no_later_slot():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    asyncio.get_running_loop().call_at(80.0, setattr, office.clock, "slept_s", 2.0)
    await office.probe_until(200.0)
    assert office.starts() == [30.0, 92.0, 150.0]
    assert office.skipped() == {}
    assert office.meters.lags == [0.0, 2.0, 0.0]


async def test_offices_take_their_turns_in_the_order_of_their_ranks_evenly_over_the_period():
    names = [f"office-{n}" for n in range(6)]
    ranks = schedule.ranks(names)
    began = {}
    for name in names:
        offset_s = 60.0 * schedule.share(rank=ranks[name], roster_size=6)
        office = ProbedOffice(Billing, period_s=60.0, anchor_s=offset_s, roster_size=6)
        now_s = office.clock.now_s()
        await office.probe_until(now_s + 120.0)
        began[name] = office.starts()[-1] % 60.0
    assert [began[name] for name in sorted(names, key=lambda name: ranks[name])] == [
        0.0,
        10.0,
        20.0,
        30.0,
        40.0,
        50.0,
    ]


async def test_slots_that_pass_while_the_machine_sleeps_are_counted_and_one_run_follows():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    asyncio.get_running_loop().call_at(40.0, setattr, office.clock, "slept_s", 600.0)
    await office.probe_until(300.0)
    # The timer for the slot at 90 does not notice the sleep: the machine's clock shows 690 then.
    assert office.starts() == [30.0, 690.0, 750.0, 810.0, 870.0]
    assert office.skipped() == {"missed": 10}


async def test_slots_that_pass_while_a_run_goes_on_are_counted_and_not_made_up():
    office = ProbedOffice(Billing, period_s=5.0, anchor_s=5.0)
    office.centre.says("/billing", 200, after_s=8.0)
    await office.probe_until(50.0)
    assert office.starts() == [5.0, 15.0, 25.0, 35.0]
    assert office.skipped() == {"still running": 4}


async def test_a_slot_that_comes_at_the_very_end_of_a_run_has_passed():
    office = ProbedOffice(Billing, period_s=5.0, anchor_s=5.0)
    office.centre.says("/billing", 200, after_s=5.0)
    await office.probe_until(29.0)
    assert office.starts() == [5.0, 15.0]
    assert office.skipped() == {"still running": 2}


# --- the budget


async def test_the_first_run_waits_until_its_bucket_has_filled():
    office = ProbedOffice(Billing, period_s=20.0, anchor_s=10.0, runs_per_s=0.25)
    await office.probe_until(100.0)
    assert office.starts() == [50.0, 90.0]
    assert office.skipped() == {"budget": 2}


async def test_a_run_that_one_bucket_cannot_pay_takes_from_no_other():
    # Two requests at mpn take 40 s to be earned; the journey's own bucket fills in 30.
    office = ProbedOffice(
        Payment,
        period_s=31.0,
        anchor_s=31.0,
        runs_per_s=10 / 30.0,
        requests_per_s={"mpn": 0.5},
    )
    await office.probe_until(130.0)
    assert office.starts() == [62.0, 124.0]
    assert office.skipped() == {"budget": 2}


async def test_tokens_of_steps_behind_a_broken_one_are_given_back():
    """Each run may ask mpn once in 40 s; those that never came to ask cost nothing there."""
    office = ProbedOffice(Payment, period_s=40.0, anchor_s=40.0, requests_per_s={"mpn": 0.5})
    office.centre.says("/billing", 503)
    await office.probe_until(48.0)
    assert office.starts() == [40.0]
    await office.probe_until(79.0)
    office.centre.says("/billing", 200)
    await office.probe_until(81.0)
    assert office.starts() == [40.0, 55.0, 70.0, 80.0]
    assert office.skipped() == {}
    assert [path for _, path in office.centre.asked] == [*["/billing"] * 4, "/pembayaran"]


async def test_tokens_that_were_spent_are_not_given_back():
    office = ProbedOffice(Payment, period_s=20.0, anchor_s=40.0, requests_per_s={"mpn": 0.5})
    office.centre.says("/pembayaran", 503)
    await office.probe_until(79.0)
    assert office.starts() == [40.0]
    assert office.skipped()["budget"] >= 1


async def test_a_run_costs_itself_and_all_requests_of_its_steps():
    probe = probe_of(Payment, plan=PLAN, pace=PACE)
    assert probe.cost == {"journey:payment": 1.0, "target:simponi": 1.0, "target:mpn": 2.0}
    assert probe.spent == {
        "billing": ("target:simponi", 1.0),
        "confirmation": ("target:mpn", 2.0),
    }
    assert probe.services == ("simponi.billing", "mpn.status")
    twice = probe_of(Printing, plan=PLAN, pace=PACE)
    assert twice.cost == {"journey:printing": 1.0, "target:simkim": 2.0}
    assert twice.roles == {"simkim"}


async def test_every_bucket_is_an_nth_of_its_ceiling_one_run_deep_and_empty_at_first():
    buckets = buckets_of(
        [probe_of(each, plan=PLAN, pace=PACE) for each in (Billing, Payment, Printing, SignIn)],
        runs_per_s={"billing": 8.0, "payment": 4.0, "printing": 4.0, "sign-in": 4.0},
        requests_per_s={"simponi": 6.0, "mpn": 2.0, "simkim": 4.0, "unused": 1.0},
        roster_size=4,
        now_s=7.0,
    )
    assert buckets == {
        "journey:billing": Bucket(capacity=1.0, refill_per_s=2.0, at_s=7.0),
        "journey:payment": Bucket(capacity=1.0, refill_per_s=1.0, at_s=7.0),
        "journey:printing": Bucket(capacity=1.0, refill_per_s=1.0, at_s=7.0),
        "journey:sign-in": Bucket(capacity=1.0, refill_per_s=1.0, at_s=7.0),
        "target:simkim": Bucket(capacity=2.0, refill_per_s=1.0, at_s=7.0),
        "target:simponi": Bucket(capacity=1.0, refill_per_s=1.5, at_s=7.0),
        "target:mpn": Bucket(capacity=2.0, refill_per_s=0.5, at_s=7.0),
    }


# --- looking again after a bad result


async def test_after_a_bad_result_it_looks_again_every_fifteen_seconds_eight_times_in_a_row():
    office = ProbedOffice(Billing, period_s=200.0, anchor_s=100.0)
    office.centre.says("/billing", 503)
    await office.probe_until(330.0)
    assert office.starts() == [
        100.0,
        *(115.0 + 15.0 * n for n in range(8)),
        300.0,
        315.0,
    ]
    assert office.started_by(Trigger.REPROBE) == [*(115.0 + 15.0 * n for n in range(8)), 315.0]
    assert office.skipped() == {}


async def test_the_national_ceiling_sets_the_distance_of_a_large_roster():
    office = ProbedOffice(
        Billing, period_s=200.0, anchor_s=100.0, roster_size=145, runs_per_s=145 / 18.125
    )
    office.centre.says("/billing", 503)
    await office.probe_until(150.0)
    assert office.starts() == [100.0, 118.125, 136.25]


async def test_the_distance_is_from_the_start_that_was_and_not_from_the_one_that_was_due():
    office = ProbedOffice(Billing, period_s=200.0, anchor_s=100.0)
    office.centre.says("/billing", 503)
    asyncio.get_running_loop().call_at(90.0, setattr, office.clock, "slept_s", 2.0)
    await office.probe_until(120.0)
    assert office.starts() == [102.0, 117.0]


async def test_the_distance_is_from_start_to_start():
    office = ProbedOffice(Billing, period_s=200.0, anchor_s=100.0)
    office.centre.says("/billing", 503, after_s=9.0)
    await office.probe_until(135.0)
    assert office.starts() == [100.0, 115.0]


async def test_a_second_look_that_the_budget_refuses_waits_until_it_allows_one():
    # The journey's own ceiling allows the second look, the target's does not.
    office = ProbedOffice(
        Billing, period_s=100.0, anchor_s=100.0, requests_per_s={"simponi": 10 / 40.0}
    )
    office.centre.says("/billing", 503)
    await office.probe_until(199.0)
    assert office.starts() == [100.0, 140.0, 180.0]
    assert office.skipped() == {"budget": 3}


def national(scope: Scope = Scope.NATIONAL, *, affected: bool = False) -> Bulletin:
    root, behind = ("simponi.billing", ()) if not affected else ("dukcapil.nik", ("mpn.status",))
    return Bulletin(
        term=1,
        leader="medan",
        nation="r1:0",
        at_s=0.0,
        services={"simponi.billing": ServiceState.NATIONAL},
        incidents=(
            IncidentSummary(
                id="i",
                scope=scope,
                group="all",
                root=root,
                severity=Severity.PARTIAL,
                phase="posted",
                since_s=0.0,
                failing=9,
                reporting=10,
                affected=behind,
            ),
        ),
    )


async def hears(office: ProbedOffice, bulletin: Bulletin) -> None:
    """The leader says so, and beats on."""
    office.office.take_bulletin(bulletin, office.clock.now_s(), live=True)
    while True:
        await asyncio.sleep(10.0)
        office.office.hear_leader(bulletin.fence, office.clock.now_s())


@pytest.mark.parametrize("affected", [False, True])
async def test_in_a_national_incident_nothing_is_left_to_find_out(affected):
    office = ProbedOffice(Payment, period_s=200.0, anchor_s=100.0)
    office.centre.says("/billing", 503)
    leading = asyncio.create_task(hears(office, national(affected=affected)))
    await office.probe_until(390.0)
    leading.cancel()
    assert office.starts() == [100.0, 300.0]


async def test_a_regional_incident_stands_nobody_down():
    office = ProbedOffice(Billing, period_s=200.0, anchor_s=100.0)
    office.centre.says("/billing", 503)
    leading = asyncio.create_task(hears(office, national(Scope.REGIONAL)))
    await office.probe_until(120.0)
    leading.cancel()
    assert office.starts() == [100.0, 115.0]


async def test_a_leader_that_is_not_heard_any_more_stands_nobody_down():
    office = ProbedOffice(Billing, period_s=200.0, anchor_s=100.0)
    office.centre.says("/billing", 503)
    office.office.take_bulletin(national(), office.clock.now_s(), live=True)
    await office.probe_until(120.0)
    assert office.starts() == [100.0, 115.0]


# --- the leader's order to look more closely


def order(number: int, service: str = "simponi.billing") -> Focus:
    return Focus(order=number, service=service, kind="detect", rate_per_s=1.0, seconds_left=20.0)


def hear(office: ProbedOffice, focus: Focus | None, term: int = 1) -> None:
    told = Bulletin(term=term, leader="medan", nation="r1:0", at_s=0.0, focus=focus)
    office.office.take_bulletin(told, office.clock.now_s(), live=True)


async def test_an_order_is_followed_from_now_on_at_its_rate_and_for_its_time():
    """At its plan's slots and evenly between them: the nation does not ask all at once."""
    office = ProbedOffice(Billing, period_s=200.0, anchor_s=100.0)
    await office.probe_until(42.0)
    hear(office, order(1))
    await office.probe_until(110.0)
    assert office.started_by(Trigger.FOCUS) == [50.0, 60.0]
    assert office.started_by(Trigger.PLAN) == [100.0]
    assert office.meters.lags == [0.0, 0.0, 0.0]


async def test_an_order_that_is_withdrawn_is_followed_no_more():
    office = ProbedOffice(Billing, period_s=200.0, anchor_s=100.0)
    await office.probe_until(42.0)
    hear(office, order(1))
    await office.probe_until(52.0)
    hear(office, None)
    await office.probe_until(110.0)
    assert office.starts() == [50.0, 100.0]


async def test_an_order_that_is_repeated_changes_nothing():
    office = ProbedOffice(Billing, period_s=200.0, anchor_s=100.0)
    for at_s in (42.0, 43.0, 47.0):
        await office.probe_until(at_s)
        hear(office, order(1))
    await office.probe_until(61.0)
    assert office.starts() == [50.0, 60.0]


async def test_the_first_order_of_a_new_leader_is_a_new_one():
    office = ProbedOffice(Billing, Confirmation, period_s=200.0, anchor_s=100.0)
    await office.probe_until(42.0)
    hear(office, order(1))
    await office.probe_until(44.0)
    hear(office, order(1, "mpn.status"), term=2)
    await office.probe_until(51.0)
    assert [run.journey for run in office.meters.runs] == ["confirmation"]


async def test_an_order_that_wakes_an_office_which_overslept_its_slot_costs_no_run():
    office = ProbedOffice(Billing, period_s=200.0, anchor_s=100.0)
    asyncio.get_running_loop().call_at(90.0, setattr, office.clock, "slept_s", 20.0)
    asyncio.get_running_loop().call_at(92.0, hear, office, order(1))
    await office.probe_until(92.5)
    assert office.starts() == [112.0]


async def test_an_order_costs_the_office_one_journey_the_one_with_the_shortest_way():
    office = ProbedOffice(Payment, Confirmation, Billing, period_s=200.0, anchor_s=100.0)
    await office.probe_until(42.0)
    hear(office, order(1, "mpn.status"))
    await office.probe_until(52.0)
    assert [run.journey for run in office.meters.runs] == ["confirmation"]


# --- what becomes of a run


async def test_a_bug_of_one_probe_is_unknown_and_stops_no_other():
    office = ProbedOffice(Broken, Billing, period_s=60.0, anchor_s=30.0)
    await office.probe_until(200.0)
    assert office.starts(Broken) == office.starts(Billing) == [30.0, 90.0, 150.0]
    status = office.office.status(office.clock.now_s())
    assert status.services["mpaspor.kuota"].counts == (0, 0, 0, 0, 3)
    assert status.services["simponi.billing"].counts == (3, 0, 0, 0, 0)
    assert not office.office.suspicious(["mpaspor.kuota"])


async def test_a_run_that_cannot_even_begin_costs_only_itself():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    office.centre.breaks_on_opening = True
    await office.probe_until(40.0)
    office.centre.breaks_on_opening = False
    await office.probe_until(100.0)
    assert office.starts() == [90.0]


async def test_a_centre_that_never_answers_is_given_up_after_ten_seconds():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    office.centre.says("/billing", 200, after_s=3600.0)
    await office.probe_until(44.0)
    (run,) = office.meters.runs
    assert run.duration_s == pytest.approx(10.0)
    assert office.office.memory("simponi.billing").ring[-1].code == "timeout"


async def test_the_first_round_is_told_when_every_service_has_had_its_turn():
    office = ProbedOffice(Billing, Printing, period_s=60.0, anchor_s=30.0, credentials=SIMKIM)
    await office.probe_until(200.0)
    first_s = {journey: office.starts(journey)[0] for journey in (Billing, Printing)}
    (told_s,) = office.news
    assert told_s == pytest.approx(max(first_s.values()), abs=1.0)


async def test_after_the_first_good_news_is_no_news_and_bad_news_is_told_at_once():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    await office.probe_until(140.0)
    assert office.news == [pytest.approx(30.2)]
    office.centre.says("/billing", 503)
    await office.probe_until(160.0)
    assert office.news[1:] == [pytest.approx(150.3)]
    w, p0 = office.meters.levels[("simponi.billing", Channel.FAIL)]
    assert (w, p0) == (office.office.memory("simponi.billing").fail.w, 0.005)
    assert w > 0


# --- can this office see?


async def test_the_controls_are_tried_every_fifteen_seconds_and_every_two_while_it_cannot_see():
    office = ProbedOffice(Billing, period_s=600.0, anchor_s=600.0)
    await office.probe_until(20.0)
    assert office.controls.looks == pytest.approx([0.0, 15.1])
    office.controls.shown = CANNOT_SEE
    await office.probe_until(35.0)
    assert office.controls.looks[2:] == pytest.approx([30.2, 32.3, 34.4])


async def test_losing_sight_and_finding_it_are_told_once_each():
    office = ProbedOffice(Billing, period_s=600.0, anchor_s=600.0)
    office.controls.shown = CANNOT_SEE
    await office.probe_until(10.0)
    assert len(office.news) == 1
    office.controls.shown = Sight()
    await office.probe_until(20.0)
    assert len(office.news) == 2


async def test_after_a_failure_it_looks_anew_whether_it_can_see_before_it_judges():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    office.centre.says("/billing", 503, after_s=3.0)
    asyncio.get_running_loop().call_at(31.0, setattr, office.controls, "shown", CANNOT_SEE)
    await office.probe_until(34.0)
    assert office.controls.looks[-1] == pytest.approx(33.0)
    (kept,) = office.office.memory("simponi.billing").ring
    assert kept.outcome is Outcome.VOID
    assert not office.office.suspicious(["simponi.billing"])


async def test_a_good_run_needs_no_second_look():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=31.0)
    await office.probe_until(44.0)
    assert office.starts() == [31.0]
    assert office.controls.looks == pytest.approx([0.0, 15.1, 30.2])


async def test_an_office_that_cannot_see_says_nothing_good_either():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    office.controls.shown = CANNOT_SEE
    await office.probe_until(34.0)
    assert office.office.memory("simponi.billing").counts == (0, 0, 0, 0, 1)


# --- credentials that are refused


class SignIn(Journey):
    name = "sign-in"

    @step("sign in", service="simkim.login", role="simkim")
    async def sign_in(self) -> None:
        (await self.post("/sso", json=self.credentials("simkim"))).json()


class ApplicantSignIn(Journey):
    name = "applicant-sign-in"

    @step("sign in", service="mpaspor.login", role="mpaspor")
    async def sign_in(self) -> None:
        (await self.post("/masuk", json=self.credentials("mpaspor"))).json()


class Printing(Journey):
    name = "printing"

    @step("sign in", service="simkim.login", role="simkim")
    async def sign_in(self) -> None:
        (await self.post("/sso", json=self.credentials("simkim"))).json()

    @step("queue", service="cetak", role="simkim")
    async def see_queue(self) -> None:
        (await self.get("/cetak")).json()


SIMKIM = {"simkim": {"credential_id": "simkim-1", "password": "rahasia"}}


def sign_ins(office: ProbedOffice) -> list[float]:
    return [round(at_s, 3) for at_s, path in office.centre.asked if path == "/sso"]


@pytest.mark.parametrize("status", [401, 403])
async def test_after_three_refusals_in_a_row_a_credential_is_tried_once_an_hour(status):
    office = ProbedOffice(SignIn, period_s=60.0, anchor_s=30.0, credentials=SIMKIM)
    office.centre.says("/sso", status)
    await office.probe_until(7400.0)
    assert sign_ins(office) == [30.0, 90.0, 150.0, 3750.0, 7350.0]
    slots, second_looks = 123, 5
    assert office.skipped() == {"credential refused": slots - 5 + second_looks}


async def test_an_accepted_credential_is_used_again_and_both_are_logged_once():
    office = ProbedOffice(SignIn, period_s=60.0, anchor_s=30.0, credentials=SIMKIM)
    office.centre.says("/sso", 401)
    with capture_logs() as logs:
        await office.probe_until(3700.0)
        assert credentials_in(logs) == [("credential_refused", "simkim")]
        office.centre.says("/sso", 200)
        await office.probe_until(3800.0)
    assert sign_ins(office) == [30.0, 90.0, 150.0, 3750.0, 3765.0, 3780.0, 3795.0]
    assert credentials_in(logs)[1:] == [("credential_accepted", "simkim")]
    assert "rahasia" not in str(logs)


def credentials_in(logs: Sequence[Mapping[str, object]]) -> list[tuple[object, object]]:
    told = [log for log in logs if str(log["event"]).startswith("credential")]
    return [(log["event"], log["target"]) for log in told]


async def test_all_journeys_that_sign_in_wait_and_the_others_go_on():
    office = ProbedOffice(
        SignIn, Printing, Billing, period_s=60.0, anchor_s=30.0, credentials=SIMKIM
    )
    office.centre.says("/sso", 401)
    await office.probe_until(3700.0)
    assert len(sign_ins(office)) <= 4  # Two of them began before either had an answer.
    assert sign_ins(office)[-1] <= 150.0
    assert len(office.starts(Billing)) == 62


async def test_a_restart_leaves_a_refused_credential_alone_for_the_rest_of_its_hour():
    office = ProbedOffice(SignIn, Printing, period_s=60.0, anchor_s=30.0, credentials=SIMKIM)
    office.office.resume(refused(office, in_a_row=3, age_s=600.0), 0.0)
    await office.probe_until(2990.0)
    assert sign_ins(office) == []
    assert office.office.memory("simkim.login").ring == ()
    assert office.office.ready
    await office.probe_until(3040.0)
    assert sign_ins(office) == [3030.0]


async def test_targets_with_one_credential_try_it_in_turn():
    shared = {role: {"credential_id": "office-1"} for role in ("simkim", "mpaspor")}
    office = ProbedOffice(SignIn, ApplicantSignIn, period_s=60.0, anchor_s=30.0, credentials=shared)
    office.office.resume(refused(office, in_a_row=3, age_s=600.0, name="office-1"), 0.0)
    office.centre.says("/sso", 401)
    office.centre.says("/masuk", 401)
    await office.probe_until(7000.0)
    assert [round(at_s) for at_s, _ in office.centre.asked] == [3030, 6630]


async def test_a_wait_of_half_a_minute_makes_no_office_ready():
    office = ProbedOffice(SignIn, period_s=60.0, anchor_s=30.0, credentials=SIMKIM)
    office.office.resume(refused(office, in_a_row=1, age_s=0.0), 10.0)
    await office.probe_until(31.0)
    assert office.skipped() == {"credential refused": 1}
    assert not office.office.ready


def refused(office: ProbedOffice, *, in_a_row: int, age_s: float, name: str = "simkim-1") -> Status:
    """What the process before said: that its credential was refused."""
    told = Refusals(in_a_row=in_a_row, age_s=age_s)
    return replace(office.office.status(0.0), refused={mark_of(name): told})


async def test_a_run_that_may_not_sign_in_takes_no_tokens():
    """Requests at simkim are earned in 1000 s: one that a held run took would be missed later."""
    office = ProbedOffice(
        SignIn,
        period_s=60.0,
        anchor_s=30.0,
        credentials=SIMKIM,
        requests_per_s={"simkim": 10 / 1000.0},
    )
    office.centre.says("/sso", 401)
    await office.probe_until(6720.0)
    assert sign_ins(office) == [1050.0, 2070.0, 3090.0, 6690.0]


async def test_credentials_without_an_id_have_no_account_to_lock():
    office = ProbedOffice(
        SignIn, period_s=60.0, anchor_s=30.0, credentials={"simkim": {"password": "rahasia"}}
    )
    office.centre.says("/sso", 401)
    await office.probe_until(200.0)
    assert len(sign_ins(office)) > 3


# --- planned work


def skipping(*services: str, until_s: float = 1e9, where: tuple[str, ...] = ()) -> Bulletin:
    """The leader's word that these are not to be probed."""
    notice = PlannedNotice(id="n", until_s=until_s, services=services, where=where, skip=True)
    return Bulletin(term=1, leader="medan", nation="r1:0", at_s=0.0, planned=(notice,))


async def test_a_journey_that_begins_with_a_spared_service_is_skipped_and_counted():
    office = ProbedOffice(Payment, period_s=60.0, anchor_s=30.0)
    listening = asyncio.create_task(hears(office, skipping("simponi.billing")))
    await office.probe_until(200.0)
    listening.cancel()
    assert office.starts() == []
    assert office.skipped() == {"maintenance": 3}
    assert office.office.ready


async def test_a_journey_goes_no_further_than_to_a_spared_service_and_keeps_its_tokens():
    office = ProbedOffice(Payment, period_s=60.0, anchor_s=30.0)
    office.centre.says("/billing", 200)
    listening = asyncio.create_task(hears(office, skipping("mpn.status")))
    await office.probe_until(200.0)
    listening.cancel()
    assert [[facts.service for facts in run.executed] for run in office.meters.runs] == [
        ["simponi.billing"]
    ] * 3
    newest = office.office.newest("mpn.status")
    assert newest is not None
    assert (newest.outcome, newest.blocked_by) == (Outcome.VOID, None)


async def test_an_office_that_hears_nobody_any_more_probes_again():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    office.centre.says("/billing", 200)
    office.office.take_bulletin(skipping("simponi.billing"), office.clock.now_s(), live=True)
    await office.probe_until(100.0)
    assert office.starts() == [30.0, 90.0]


async def test_planned_work_ends_by_itself_also_while_nobody_says_so():
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    office.centre.says("/billing", 200)
    listening = asyncio.create_task(hears(office, skipping("simponi.billing", until_s=100.0)))
    await office.probe_until(200.0)
    listening.cancel()
    assert office.starts() == [150.0]


@pytest.mark.parametrize(
    ("place", "probed"),
    [("jember", False), ("province:jawa-timur", False), ("Asia/Jakarta", False), ("malang", True)],
)
async def test_only_the_offices_of_a_window_heed_it(place: str, *, probed: bool):
    office = ProbedOffice(Billing, period_s=60.0, anchor_s=30.0)
    office.centre.says("/billing", 200)
    told = skipping("simponi.billing", where=(place,))
    listening = asyncio.create_task(hears(office, told))
    await office.probe_until(100.0)
    listening.cancel()
    assert bool(office.starts()) is probed
