from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.footprint import measuring
from tests.footprint.fleet import fleet
from tests.footprint.measuring import MEBIBYTE, Scrape
from tests.support.watched_slack import roots, until

OFFICES = 12


@pytest.mark.anyio
@pytest.mark.real("nats-server", "slack-emulator")
@pytest.mark.timeout(120)
async def test_offices_that_only_speak_are_heard_and_their_outage_is_told(tmp_path: Path):
    async with fleet(tmp_path, OFFICES) as nation:
        office, leader = nation.agents.values()
        await until("all are heard", lambda: _all_heard(leader.metrics), 30)
        (first, *_, last) = await measuring.watch(office, seconds=0.2, every_s=0.1)

        assert first.at_s < last.at_s
        assert office.memory_mib() <= office.peak_memory_mib()
        assert first.memory_bytes / MEBIBYTE == pytest.approx(office.memory_mib(), rel=0.2)

        nation.break_centre()
        await until("Slack has heard", lambda: roots(nation.slack), 60)


async def _all_heard(metrics: Callable[[], Awaitable[str]]) -> bool:
    return f'pantau_branches{{attendance="reporting"}} {OFFICES}.0' in await metrics()


def test_a_footprint_is_what_its_scrapes_come_to():
    scrapes = [
        _scrape(0.0, mebibytes=80, cpu_s=5.0, size_bytes=1024, took_s=0.3),
        _scrape(10.0, mebibytes=90, cpu_s=5.5, size_bytes=2048, took_s=0.1),
        _scrape(40.0, mebibytes=85, cpu_s=6.0, size_bytes=2048, took_s=0.2),
    ]

    found = measuring.footprint("an office", "all is well", scrapes, 95.0)

    assert (found.begin_mib, found.end_mib, found.peak_mib) == (80.0, 85.0, 95.0)
    assert found.cores == pytest.approx(0.025)
    assert found.busiest_cores == pytest.approx(0.05)
    assert (found.scrape_kib, found.slowest_scrape_s) == (2.0, 0.3)


def test_memory_and_cpu_time_are_read_among_all_else():
    text = (
        "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.\n"
        "process_cpu_seconds_total 1.5\n"
        'pantau_runs_total{journey="a b"} 3.0\n'
        "process_resident_memory_bytes 8.4e+07\n"
    )

    found = measuring.read(text, at_s=1.0, took_s=0.01)

    assert (found.cpu_s, found.memory_bytes, found.size_bytes) == (1.5, 8.4e7, len(text))


def _scrape(at_s: float, *, mebibytes: int, cpu_s: float, size_bytes: int, took_s: float) -> Scrape:
    return Scrape(
        at_s=at_s,
        memory_bytes=float(mebibytes * MEBIBYTE),
        cpu_s=cpu_s,
        size_bytes=size_bytes,
        took_s=took_s,
    )
