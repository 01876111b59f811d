"""`pantau check` as a process, at an office whose targets a test chooses and whose line carries."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.simulation.line import OfficeLine
from tests.support.nation import NATION
from tests.support.office_files import write_branch, write_nation

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 30.0
OFFICE = NATION[0]


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class CheckedOffice:
    """One office's files."""

    branch: Path

    async def pantau(self, *words: str) -> Said:
        """Run the program until it ends."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "agent", *words),
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(self.branch.parent)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        return Said(process.returncode or 0, out.decode(), err.decode())

    async def check(self, journey: Path, *words: str) -> Said:
        return await self.pantau("check", str(journey), "--config", str(self.branch), *words)


@asynccontextmanager
async def checked_office(
    folder: Path, targets: Mapping[str, Mapping[str, Any]]
) -> AsyncIterator[CheckedOffice]:
    """An office with these targets of branch.yaml, whose controls all answer."""
    line = OfficeLine(lambda: False)
    await line.start()
    try:
        write_nation(folder / "nation.yaml", [OFFICE], base_runs_per_s=1.0, tuning={})
        nowhere = {"simkim.login": "http://127.0.0.1:9"}
        branch = write_branch(folder / OFFICE.id, OFFICE.id, urls=nowhere, line=line)
        written = json.loads(branch.read_text())
        written["targets"] |= targets
        branch.write_text(json.dumps(written))
        yield CheckedOffice(branch)
    finally:
        await line.stop()
