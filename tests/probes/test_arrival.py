"""How a journey looks for what it wrote: seldom, not for ever, and its duration is the age."""

from __future__ import annotations

import asyncio

import pytest

from agent.core.model import Failure, FailureKind, Run, Sight
from agent.core.verdict import judge
from agent.pipeline.running import run_journey
from agent.probe import Journey, Reply, Request, step
from tests.support.centre import APPLICANT
from tests.support.virtual_time import virtual_time

pytestmark = [pytest.mark.anyio, virtual_time]

LOOK_S = 0.1


class Paper(Journey):
    name = "paper"

    @step("arrival", service="dokumen.unggah", role="simkim", slow_after_s=1.5, requests=3)
    async def see_it_arrive(self) -> None:
        await self.expect_arrival(self.it_is_there, "the paper arrives", within_s=4.0)

    async def it_is_there(self) -> bool:
        return (await self.get("/berkas/1")).status == 200


class Shelf:
    """Where a paper can be found from a moment on."""

    def __init__(self, from_s: float) -> None:
        self.asked: list[float] = []
        self._from_s = from_s

    async def send(self, request: Request) -> Reply:
        del request
        now_s = asyncio.get_running_loop().time()
        self.asked.append(round(now_s, 3))
        await asyncio.sleep(LOOK_S)
        return Reply(status=200 if now_s >= self._from_s else 204)

    async def close(self) -> None:
        pass


async def looked(shelf: Shelf) -> Run:
    return await run_journey(
        Paper,
        session=shelf,
        applicant=APPLICANT,
        credentials={},
        now_s=asyncio.get_running_loop().time,
    )


@pytest.mark.parametrize(
    ("from_s", "asked", "outcome", "took_s"),
    [
        (0.0, [0.0], "ok", 0.1),
        (1.0, [0.0, 2.1], "slow", 2.2),
        (3.0, [0.0, 2.1, 4.2], "slow", 4.3),
        (9.0, [0.0, 2.1, 4.2], "fail", 4.3),
    ],
)
async def test_the_later_it_arrives_the_longer_the_step(from_s, asked, outcome, took_s):
    shelf = Shelf(from_s)
    run = await looked(shelf)
    assert shelf.asked == asked
    (verdict,) = judge(run, Sight())
    assert verdict.outcome.value == outcome
    assert verdict.took_s == pytest.approx(took_s)


async def test_what_never_arrives_is_a_fault_of_flow():
    (facts,) = (await looked(Shelf(9.0))).executed
    detail = "expected: the paper arrives within 4 s"
    assert facts.failure == Failure(kind=FailureKind.FLOW, detail=detail)
