"""Runs journeys in a process of its own, so that what one costs can be measured from outside.

As a program it reads the address of a target from each line, runs one journey against it as an
agent would, and answers with one line: the verdicts, the time and by how much the memory grew.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.adapters.dns_resolver import Resolver
from agent.adapters.http_prober import HttpProber, Target
from agent.adapters.target_auth import ApiKey
from agent.adapters.tls_contexts import TlsContexts
from agent.clock import BootClock
from agent.core.model import Sight
from agent.core.synthetic import applicant_for
from agent.core.verdict import judge
from agent.pipeline.running import run_journey
from agent.probe import Journey, step

STEP_TIMEOUT_S = 0.5
API_KEY = "kenari-kunci-di-jalan-3b7d"
"""Signs every request; no other host may ever see it."""


class Counter(Journey):
    """Looks at one answer, and then at another."""

    name = "counter"

    @step("look", service="simkim.login", role="centre")
    async def look(self) -> None:
        reply = await self.get("/sehat")
        self.expect(reply.status == 200, "an answer")
        status = reply.document().require("status", str)
        self.expect(status == "sehat", "the counter is well")

    @step("look again", service="simkim.v2", role="centre")
    async def look_again(self) -> None:
        self.expect((await self.get("/sehat")).status == 200, "an answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one run ended."""

    outcomes: tuple[str, ...]
    """Of both services, in order."""
    code: str | None
    reason: str
    seconds: float
    grew_mib: float
    """By how much the process was larger at its largest than before."""


@dataclass(frozen=True, slots=True)
class ProbingProcess:
    """The process, as the test has it."""

    process: subprocess.Popen[str]

    async def run(self, url: str) -> Ended:
        """One run against ``url``."""
        async with asyncio.timeout(20):
            answer = await asyncio.to_thread(self._ask, url)
        return Ended(**{**answer, "outcomes": tuple(answer["outcomes"])})

    def _ask(self, url: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(url + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def probing_process() -> Iterator[ProbingProcess]:
    """One that is warm, and gone afterwards."""
    line = [sys.executable, "-m", "tests.support.probing_process"]
    with subprocess.Popen(
        line,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield ProbingProcess(process)
        finally:
            process.kill()


async def _run(url: str) -> dict[str, Any]:
    clock = BootClock()
    signature = ApiKey(header="X-API-Key", key=lambda: API_KEY)
    prober = HttpProber(
        targets=[Target(role="centre", url=url, signature=signature)],
        contexts=TlsContexts(),
        resolver=Resolver(),
        clock=clock,
        agent_name="Pantau/9.9",
    )
    await prober.prepare()
    before_mib = _from_here_on_mib()
    ran = await run_journey(
        Counter,
        session=prober.open(),
        applicant=applicant_for("jember"),
        credentials={},
        now_s=clock.now_s,
        step_timeout_s=STEP_TIMEOUT_S,
    )
    verdicts = judge(ran, Sight())
    return {
        "outcomes": [each.outcome.value for each in verdicts],
        "code": verdicts[0].code,
        "reason": verdicts[0].reason,
        "seconds": ran.duration_s,
        "grew_mib": _memory_mib("VmHWM") - before_mib,
    }


def _from_here_on_mib() -> float:
    """The memory that is held now; the largest is counted anew (Linux, proc(5))."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory_mib("VmRSS")


def _memory_mib(which: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(each for each in lines if each.startswith(which)).split()[1]) / 1024


def main() -> None:
    """Answer until there are no more lines."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(asyncio.run(_run(line.strip()))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
