"""What an agent says of itself at a scrape, and what many scrapes come to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from agent.clock import BootClock
from tests.support.agent_process import AgentProcess

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """One answer of ``/metrics``."""

    at_s: float
    memory_bytes: float
    cpu_s: float
    """Of the process since its start."""
    size_bytes: int
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """One agent in one phase. A core is a second of CPU time in a second."""

    agent: str
    phase: str
    seconds: float
    begin_mib: float
    end_mib: float
    peak_mib: float
    """The most resident memory since the start of the process, as the kernel has it."""
    cores: float
    busiest_cores: float
    """Between two scrapes."""
    scrape_kib: float
    slowest_scrape_s: float


async def watch(agent: AgentProcess, seconds: float, every_s: float) -> list[Scrape]:
    """Scrape it for so long, at least twice, as a Prometheus does."""
    scrapes = [await _scrape(agent)]
    until_s = scrapes[0].at_s + seconds
    while len(scrapes) < 2 or scrapes[-1].at_s < until_s:
        await asyncio.sleep(every_s)
        scrapes.append(await _scrape(agent))
    return scrapes


async def _scrape(agent: AgentProcess) -> Scrape:
    before_s = BootClock().now_s()
    text = await agent.metrics()
    return read(text, at_s=before_s, took_s=BootClock().now_s() - before_s)


def read(text: str, *, at_s: float, took_s: float) -> Scrape:
    """What stands in an exposition."""
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return Scrape(
        at_s=at_s,
        memory_bytes=float(values["process_resident_memory_bytes"]),
        cpu_s=float(values["process_cpu_seconds_total"]),
        size_bytes=len(text.encode()),
        took_s=took_s,
    )


def footprint(agent: str, phase: str, scrapes: Sequence[Scrape], peak_mib: float) -> Footprint:
    """What the scrapes of one phase come to."""
    first, last = scrapes[0], scrapes[-1]
    seconds = last.at_s - first.at_s
    return Footprint(
        agent=agent,
        phase=phase,
        seconds=seconds,
        begin_mib=first.memory_bytes / MEBIBYTE,
        end_mib=last.memory_bytes / MEBIBYTE,
        peak_mib=peak_mib,
        cores=(last.cpu_s - first.cpu_s) / seconds,
        busiest_cores=max((b.cpu_s - a.cpu_s) / (b.at_s - a.at_s) for a, b in pairwise(scrapes)),
        scrape_kib=max(each.size_bytes for each in scrapes) / 1024,
        slowest_scrape_s=max(each.took_s for each in scrapes),
    )
