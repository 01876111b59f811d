"""One run of a journey: facts, deadlines and bugs. In virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

import pytest

from agent.core.model import FailureKind, Run, Trigger
from agent.pipeline.running import CLOSE_TIMEOUT_S, ORDER_TIMEOUT_S, run_journey
from agent.probe import (
    Applicant,
    Failure,
    Journey,
    Reply,
    Request,
    RequestFailed,
    RequestRefused,
    step,
)
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

APPLICANT = Applicant(
    nik="4901000101900000",
    name="SINTETIS PROBE",
    passport="SYN000001",
    email="probe@example.invalid",
    billing_code="0" * 15,
)
SECRET = "canary-9f3c"


class FakeSession:
    """Answers every request after a while, and counts how often it was closed."""

    def __init__(self, answer_s: float = 0.2, close_s: float = 0.0) -> None:
        self.answer_s = answer_s
        self.close_s = close_s
        self.closed = 0
        self.close_raises = False
        self.given_up = False

    async def send(self, request: Request) -> Reply:
        await asyncio.sleep(self.answer_s)
        if request.path == "/refused":
            raise RequestFailed(Failure(kind=FailureKind.REFUSED, detail="refused"))
        return Reply(status=int(request.path[1:]), body=b'{"a": 1}')

    async def close(self) -> None:
        try:
            await asyncio.sleep(self.close_s)
        except asyncio.CancelledError:
            self.given_up = True
            raise
        self.closed += 1
        if self.close_raises:
            raise RuntimeError(SECRET)


def journey_of(*behaviours: Callable[[Journey], Awaitable[None]]) -> type[Journey]:
    """A journey whose steps, called one, two, three, behave as given."""

    def as_step(name: str, behaviour: Callable[[Journey], Awaitable[None]]) -> object:
        async def method(self: Journey) -> None:
            await behaviour(self)

        return step(name, service=f"service.{name}", role="r", slow_after_s=1.5)(method)

    names = ("one", "two", "three")
    members = {name: as_step(name, each) for name, each in zip(names, behaviours, strict=False)}
    return type("Made", (Journey,), {"name": "made", **members})


def asks(path: str) -> Callable[[Journey], Awaitable[None]]:
    async def behaviour(journey: Journey) -> None:
        (await journey.get(path)).json()

    return behaviour


def waits(seconds: float) -> Callable[[Journey], Awaitable[None]]:
    async def behaviour(_journey: Journey) -> None:
        await asyncio.sleep(seconds)

    return behaviour


def raises(error: BaseException) -> Callable[[Journey], Awaitable[None]]:
    async def behaviour(_journey: Journey) -> None:
        raise error

    return behaviour


async def drips(_journey: Journey) -> None:
    async def body() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.4)
            yield b"."

    async for _ in body():
        pass


async def recurses(journey: Journey) -> None:
    await recurses(journey)


async def swallows_its_cancellation(_journey: Journey) -> None:
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        await asyncio.sleep(1)


async def breaks_when_its_time_is_up(_journey: Journey) -> None:
    try:
        await asyncio.sleep(3600)
    finally:
        raise RequestFailed(Failure(kind=FailureKind.RESET, detail="reset"))


async def run(
    *behaviours: Callable[[Journey], Awaitable[None]],
    session: FakeSession | None = None,
    trigger: Trigger = Trigger.PLAN,
) -> Run:
    return await run_journey(
        journey_of(*behaviours),
        session=session or FakeSession(),
        applicant=APPLICANT,
        credentials={"r": {"password": SECRET}},
        now_s=asyncio.get_running_loop().time,
        trigger=trigger,
    )


def detail(run: Run) -> str:
    failure = run.executed[-1].failure
    assert failure is not None
    return failure.detail


def kinds(run: Run) -> list[str | None]:
    return [facts.failure.code if facts.failure else None for facts in run.executed]


async def test_a_good_run_tells_every_step_in_order_with_its_time():
    session = FakeSession()
    told = await run(asks("/200"), asks("/201"), session=session)
    assert [facts.step for facts in told.executed] == ["one", "two"]
    assert [facts.status for facts in told.executed] == [200, 201]
    assert [facts.duration_s for facts in told.executed] == pytest.approx([0.2, 0.2])
    assert told.executed[1].started_s == pytest.approx(0.2)
    assert told.executed[1].slow_after_s == 1.5
    assert told.duration_s == pytest.approx(0.4)
    assert session.closed == 1


@pytest.mark.parametrize(
    ("path", "code"), [("/503", "http_503"), ("/401", "auth"), ("/refused", "refused")]
)
async def test_the_first_broken_step_ends_the_run_and_the_others_are_only_declared(
    path: str, code: str
):
    told = await run(asks("/200"), asks(path), asks("/200"))
    assert kinds(told) == [None, code]
    assert [each.id for each in told.declared] == ["one", "two", "three"]


@pytest.mark.parametrize(
    "behaviour", [drips, waits(3600), swallows_its_cancellation, breaks_when_its_time_is_up]
)
async def test_a_step_that_never_ends_is_a_timeout_of_the_centre(
    behaviour: Callable[[Journey], Awaitable[None]],
):
    told = await run(behaviour, asks("/200"))
    assert kinds(told) == ["timeout"]
    assert detail(told) == "no answer within 10 s"
    assert 10 <= told.duration_s <= 11


async def test_the_whole_run_has_a_deadline_of_its_own():
    told = await run(waits(9.5), waits(9.5), waits(9.5))
    assert kinds(told) == [None, None, "timeout"]
    assert told.duration_s == pytest.approx(25)
    assert detail(told) == "no answer within 6 s"


@pytest.mark.parametrize(
    "error",
    [
        KeyError(SECRET),
        TimeoutError(SECRET),
        SystemExit(SECRET),
        asyncio.CancelledError(SECRET),
        ExceptionGroup(SECRET, [ValueError(SECRET)]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_the_probe_raises_is_its_own_bug_and_its_words_stay_unsaid(
    error: BaseException,
):
    told = await run(raises(error), asks("/200"))
    assert kinds(told) == ["bug"]
    assert SECRET not in repr(told)
    assert detail(told).startswith(f"{type(error).__name__} in the probe")


async def test_a_bug_names_its_place_in_the_probe():
    told = await run(raises(KeyError("x")))
    assert ", behaviour line " in detail(told)


async def test_the_place_of_a_bug_is_the_author_s_line_and_not_that_of_what_it_called():
    async def reads_no_json(_journey: Journey) -> None:
        json.loads("{")

    assert ", reads_no_json line " in detail(await run(reads_no_json))


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit("x")])
async def test_a_bug_is_that_of_its_step(error: BaseException):
    told = await run(asks("/200"), raises(error), asks("/200"))
    assert [facts.step for facts in told.executed] == ["one", "two"]
    assert kinds(told) == [None, "bug"]


async def test_a_run_says_what_called_for_it():
    assert (await run(asks("/200"))).trigger is Trigger.PLAN
    assert (await run(asks("/200"), trigger=Trigger.FOCUS)).trigger is Trigger.FOCUS


async def test_the_facts_say_since_when_a_step_had_which_credentials_and_hold_none():
    async def signs_in(journey: Journey) -> None:
        journey.credentials("r")

    told = await run(asks("/200"), signs_in, asks("/401"))
    assert [facts.credentials for facts in told.executed] == [(), ("r",), ("r",)]
    assert SECRET not in repr(told)


async def test_credentials_of_a_target_that_no_step_names_are_not_to_be_had():
    async def signs_in_elsewhere(journey: Journey) -> None:
        journey.credentials("elsewhere")

    told = await run(signs_in_elsewhere)
    assert kinds(told) == ["bug"]
    assert detail(told).startswith("LookupError in the probe, signs_in_elsewhere line ")


async def test_endless_recursion_is_a_bug():
    assert kinds(await run(recurses)) == ["bug"]


@pytest.mark.parametrize("error", [KeyError(SECRET), SystemExit(SECRET)])
async def test_a_journey_that_cannot_even_be_made_is_a_bug_of_its_first_step(error: BaseException):
    class Unmade(Journey):
        name = "unmade"

        def __init__(self, **_: object) -> None:
            raise error

        @step("one", service="a", role="r", slow_after_s=1.5)
        async def one(self) -> None: ...

    session = FakeSession()
    told = await run_journey(
        Unmade,
        session=session,
        applicant=APPLICANT,
        credentials={},
        now_s=asyncio.get_running_loop().time,
    )
    assert kinds(told) == ["bug"]
    assert (told.executed[0].step, told.executed[0].slow_after_s) == ("one", 1.5)
    assert SECRET not in repr(told)
    assert session.closed == 1


async def test_being_cancelled_passes_through_and_still_closes_the_session():
    session = FakeSession(close_s=1)
    running = asyncio.create_task(run(waits(5), session=session))
    await asyncio.sleep(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert session.closed == 1


async def test_a_session_that_does_not_close_holds_a_run_up_only_so_long():
    session = FakeSession(close_s=3600)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    assert kinds(await run(asks("/200"), session=session)) == [None]
    assert loop.time() - began_s == pytest.approx(0.2 + 2.0)
    await asyncio.sleep(0)
    assert session.given_up


async def test_being_cancelled_while_the_session_closes_lets_it_close():
    session = FakeSession(close_s=1)
    running = asyncio.create_task(run(asks("/200"), session=session))
    await asyncio.sleep(0.5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.sleep(1)
    assert session.closed == 1


async def test_a_session_that_closes_badly_costs_no_facts():
    session = FakeSession()
    session.close_raises = True
    assert kinds(await run(asks("/200"), session=session)) == [None]


# --- putting things in order


class Upload(Journey):
    """Writes, reads back, and takes away what it wrote."""

    name = "upload"

    number: str | None = None
    taken_away: ClassVar[list[str]] = []

    @step("write", service="s.write", role="r", sandbox_only=True)
    async def write(self) -> None:
        self.number = "1"

    @step("read", service="s.write", role="r", sandbox_only=True)
    async def read(self) -> None:
        await self.get(self.applicant.passport)

    @step("take away", service="s.write", role="r", sandbox_only=True, always=True)
    async def take_away(self) -> None:
        if self.number is not None:
            await self.get("/200")
            self.taken_away.append(self.number)

    @step("look", service="s.look", role="r")
    async def look(self) -> None:
        await self.get("/200")


async def upload(path: str = "/200", answer_s: float = 0.2) -> Run:
    """A run whose reading back asks for ``path``."""
    Upload.taken_away.clear()
    return await run_journey(
        Upload,
        session=FakeSession(answer_s=answer_s),
        applicant=replace(APPLICANT, passport=path),
        credentials={},
        now_s=asyncio.get_running_loop().time,
    )


async def test_what_was_written_is_taken_away_though_the_run_broke_and_the_cause_stays_the_cause():
    done = await upload("/refused")
    assert Upload.taken_away == ["1"]
    assert [facts.step for facts in done.executed] == ["write", "read", "take away"]
    assert kinds(done) == [None, "refused", None]


async def test_what_was_written_is_taken_away_though_the_run_was_cut_off():
    task = asyncio.create_task(upload())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert Upload.taken_away == ["1"]


async def test_putting_in_order_holds_up_the_end_only_so_long():
    task = asyncio.create_task(upload(answer_s=60.0))
    await asyncio.sleep(0.1)
    task.cancel()
    cut_s = asyncio.get_running_loop().time()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.get_running_loop().time() - cut_s <= ORDER_TIMEOUT_S + CLOSE_TIMEOUT_S
    assert Upload.taken_away == []


async def test_putting_in_order_has_time_of_its_own_when_the_run_has_none_left():
    Upload.taken_away.clear()
    await run_journey(
        Upload,
        session=FakeSession(answer_s=1.0),
        applicant=replace(APPLICANT, passport="/200"),
        credentials={},
        now_s=asyncio.get_running_loop().time,
        run_timeout_s=0.5,
    )
    assert Upload.taken_away == ["1"]


async def test_a_rail_that_holds_a_request_says_why():
    done = await run(raises(RequestRefused("not sent: the body holds a name")))
    assert "not sent: the body holds a name, behaviour line" in detail(done)
