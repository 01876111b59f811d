from __future__ import annotations

import asyncio
import time

import pytest

from agent.simulation import virtual_time as vt
from tests.support.virtual_time import virtual_time


@pytest.mark.anyio
@virtual_time
async def test_a_day_passes_at_once():
    clock = vt.VirtualClock(asyncio.get_running_loop(), wall_start_s=1_000.0)
    began_s, really_began_s = clock.now_s(), time.perf_counter()

    await asyncio.sleep(86_400)

    assert clock.now_s() - began_s == pytest.approx(86_400)
    assert clock.wall_s() == pytest.approx(1_000.0 + clock.now_s())
    assert time.perf_counter() - really_began_s < 1.0


@pytest.mark.anyio
@virtual_time
async def test_timers_fire_in_their_order():
    fired: list[str] = []

    async def wait(seconds: float, name: str) -> None:
        await asyncio.sleep(seconds)
        fired.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(wait(3.0, "third"))
        group.create_task(wait(1.0, "first"))
        group.create_task(wait(2.0, "second"))

    assert fired == ["first", "second", "third"]


@pytest.mark.anyio
@virtual_time
async def test_a_timeout_ends_a_wait():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5.0):
            await asyncio.Event().wait()


@pytest.mark.anyio
@virtual_time
async def test_threads_are_refused():
    with pytest.raises(RuntimeError, match="threads"):
        await asyncio.to_thread(time.perf_counter)


def test_it_returns_what_the_coroutine_returns():
    async def an_hour_later() -> float:
        await asyncio.sleep(3_600)
        return asyncio.get_running_loop().time()

    assert vt.run(an_hour_later()) == pytest.approx(3_600)


def test_a_wait_that_can_never_end_is_an_error_and_no_hang():
    with pytest.raises(vt.Deadlock):
        vt.run(asyncio.Event().wait())
