"""No monitor locks an account: how often a refused credential is tried."""

from __future__ import annotations

import pytest

from agent.core.lockout import MOST_TOLD, Lockouts, mark_of
from agent.core.model import Failure, FailureKind, Refusals, Run, StepFacts

SIMKIM = mark_of("simkim-1")
OK = None


def facts(
    started_s: float,
    kind: FailureKind | None = None,
    *,
    status: int | None = None,
    credentials: tuple[str, ...] = ("simkim",),
) -> StepFacts:
    return StepFacts(
        step="sign in",
        service="simkim.login",
        started_s=started_s,
        duration_s=0.2,
        slow_after_s=None,
        status=status,
        failure=Failure(kind=kind, detail="") if kind else None,
        credentials=credentials,
    )


def run(*executed: StepFacts) -> Run:
    return Run(
        journey="j",
        started_s=executed[0].started_s,
        duration_s=1.0,
        executed=executed,
        declared=(),
    )


def lockouts(**ids: str) -> Lockouts:
    return Lockouts(ids or {"simkim": "simkim-1"})


def tried(held: Lockouts, *attempts: tuple[float, FailureKind | None]) -> Lockouts:
    """Attempts at their times, whether they are allowed or not."""
    for started_s, kind in attempts:
        held.begin(["simkim"], started_s)
        held.hear(run(facts(started_s, kind)))
    return held


def refused(times: int, *, apart_s: float = 30.0) -> Lockouts:
    return tried(lockouts(), *((n * apart_s, FailureKind.AUTH) for n in range(times)))


@pytest.mark.parametrize(
    ("times", "last_s", "wait_s", "why"),
    [
        (1, 0.0, 30.0, "longer than a run and than the detector's guard"),
        (2, 30.0, 30.0, "the same again"),
        (3, 60.0, 3600.0, "after three in a row once an hour"),
        (4, 90.0, 3600.0, "and no oftener after a fourth"),
    ],
)
def test_how_long_a_refused_credential_is_left_alone(times, last_s, wait_s, why):
    held = refused(times)
    assert not held.allow(["simkim"], last_s + wait_s - 0.1), why
    assert held.allow(["simkim"], last_s + wait_s), why


def test_nothing_holds_a_credential_that_is_accepted():
    held = tried(lockouts(), (0.0, OK), (0.1, OK))
    assert held.allow(["simkim"], 0.2)


def test_an_acceptance_ends_it_and_the_count_begins_anew():
    held = tried(refused(3), (3660.0, OK))
    assert held.allow(["simkim"], 3660.1)
    tried(held, (3700.0, FailureKind.AUTH), (3730.0, FailureKind.AUTH))
    assert held.paused == frozenset()
    assert held.allow(["simkim"], 3760.0)


def test_three_refusals_pause_it_and_tell_whose_it_is():
    assert refused(2).paused == frozenset()
    assert refused(3).paused == {"simkim"}


@pytest.mark.parametrize(
    "kind", [FailureKind.TIMEOUT, FailureKind.HTTP, FailureKind.CONTRACT, FailureKind.BUG]
)
def test_what_is_neither_accepted_nor_refused_leaves_the_count_and_was_an_attempt(kind):
    held = tried(refused(2), (60.0, kind))
    assert held.paused == frozenset()
    assert not held.allow(["simkim"], 89.9)
    tried(held, (90.0, FailureKind.AUTH))
    assert held.paused == {"simkim"}
    tried(held, (3690.0, kind))
    assert not held.allow(["simkim"], 7289.9)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_one_whatever_the_probe_makes_of_it(status):
    held = lockouts()
    held.hear(run(facts(0.0, FailureKind.BUG, status=status)))
    assert not held.allow(["simkim"], 29.9)


def test_a_step_that_wants_to_be_refused_is_no_refusal():
    held = lockouts()
    held.hear(run(facts(0.0, OK, status=401)))
    assert held.allow(["simkim"], 0.1)


def test_a_refusal_behind_an_accepted_sign_in_is_not_the_credential_s():
    """An account that was just let in is in no danger; a token that is refused is an outage."""
    held = lockouts()
    for start_s in (0.0, 30.0, 60.0):
        held.hear(run(facts(start_s, OK), facts(start_s + 0.2, FailureKind.AUTH)))
    assert held.allow(["simkim"], 61.0)


def test_a_refusal_without_a_credential_locks_nothing():
    held = lockouts()
    for start_s in (0.0, 30.0, 60.0):
        held.hear(run(facts(start_s, FailureKind.AUTH, credentials=())))
    assert held.allow(["simkim"], 61.0)


def test_a_run_that_begins_keeps_the_others_from_trying_meanwhile():
    held = refused(3)
    held.begin(["simkim"], 3700.0)
    assert not held.allow(["simkim"], 3729.9)


def test_a_run_that_never_came_to_try_costs_no_hour():
    held = refused(3)
    held.begin(["simkim"], 3700.0)
    held.hear(run(facts(3700.0, FailureKind.TIMEOUT, credentials=())))
    assert held.allow(["simkim"], 3730.0)


def test_other_targets_go_on():
    held = lockouts(simkim="simkim-1", mpaspor="mpaspor-1")
    tried(held, *((n * 30.0, FailureKind.AUTH) for n in range(3)))
    assert held.allow(["mpaspor", "simponi"], 61.0)
    assert not held.allow(["mpaspor", "simkim"], 61.0)


def test_two_targets_with_one_credential_are_one():
    held = lockouts(simkim="office-1", mpaspor="office-1")
    tried(held, *((n * 30.0, FailureKind.AUTH) for n in range(3)))
    assert held.paused == {"simkim", "mpaspor"}
    assert not held.allow(["mpaspor"], 61.0)


# --- over a restart


def test_what_is_well_is_not_spoken_of():
    assert tried(lockouts(), (0.0, OK)).status(5.0) == {}


def test_a_restart_goes_on_where_the_process_before_stopped():
    stored = refused(3).status(1000.0)
    assert stored == {SIMKIM: Refusals(in_a_row=3, age_s=940.0)}
    after = lockouts()
    after.resume(stored, 7.0)
    assert after.paused == {"simkim"}
    assert not after.allow(["simkim"], 7.0 + 3600.0 - 940.0 - 0.1)
    assert after.allow(["simkim"], 7.0 + 3600.0 - 940.0)


def test_after_a_restart_one_attempt_is_made_and_the_count_goes_on():
    after = lockouts()
    after.resume(refused(2).status(100.0), 7.0)
    assert after.allow(["simkim"], 7.0)
    tried(after, (7.0, FailureKind.AUTH))
    assert after.paused == {"simkim"}


def test_a_program_that_crashes_every_minute_tries_no_oftener_than_one_that_does_not():
    stored: dict[str, Refusals] = {}
    attempts = 0
    for _ in range(120):
        held = lockouts()
        held.resume(stored, 0.0)
        for second in range(60):
            if held.allow(["simkim"], float(second)):
                tried(held, (float(second), FailureKind.AUTH))
                attempts += 1
        stored = held.status(60.0)
    assert attempts == 3 + 1


def test_attempts_made_before_the_record_was_read_count_as_well():
    after = tried(lockouts(), (1.0, FailureKind.AUTH))
    after.resume(refused(2).status(100.0), 5.0)
    assert after.paused == {"simkim"}
    assert not after.allow(["simkim"], 3600.9)


def test_an_acceptance_before_the_record_was_read_wins():
    after = tried(lockouts(), (1.0, OK))
    after.resume(refused(3).status(100.0), 5.0)
    assert after.allow(["simkim"], 5.0)


def test_a_new_credential_id_is_not_kept_waiting():
    after = lockouts(simkim="simkim-2")
    after.resume(refused(3).status(100.0), 5.0)
    assert after.allow(["simkim"], 5.0)


def test_a_status_names_the_most_refused_when_they_are_too_many():
    names = [f"role-{n}" for n in range(MOST_TOLD + 4)]
    held = Lockouts({name: name for name in names})
    for n, name in enumerate(names):
        for _ in range(n):
            held.hear(run(facts(0.0, FailureKind.AUTH, credentials=(name,))))
    assert set(held.status(0.0)) == {mark_of(name) for name in names[4:]}


def test_a_mark_is_short_and_does_not_say_the_name():
    assert len(mark_of("kunci-" * 100)) == 16
    assert "simkim" not in mark_of("simkim-1")
