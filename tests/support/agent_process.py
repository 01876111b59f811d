"""A real agent as a process of its own: started, asked over its pages, ended as people end it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 30.0
"""What a cluster grants between asking and killing."""


class AgentProcess:
    """``pantau run`` for one branch.yaml. Its log lines are in ``log``, over restarts too."""

    def __init__(self, config: Path) -> None:
        self.office = config.parent.name
        self.log = config.parent / "log.jsonl"
        self.log.touch()
        self.public = self.operations = ""
        self._config = config
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it, and learn its ports from its log."""
        begin = self.log.stat().st_size
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "agent", "run", "--config", str(self._config)),
                cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self._learn_ports(begin)

    async def reloaded(self) -> None:
        """Wait until it has started anew within its process, and learn its ports again."""
        async with asyncio.timeout(START_TIMEOUT_S):
            while not self._line("reloaded", 0):  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # Another process writes the log.
        await self._learn_ports(self.log.read_bytes().rindex(b'"event": "reloaded"'))

    async def _learn_ports(self, begin: int) -> None:
        assert self._process is not None
        async with asyncio.timeout(START_TIMEOUT_S):
            while not (started := self._line("started", begin)):
                assert self._process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)  # Another process writes the log.
        self.public = f"http://127.0.0.1:{started['public_port']}"
        self.operations = f"http://127.0.0.1:{started['operations_port']}"

    def _line(self, event: str, begin: int) -> dict[str, Any]:
        whole, _, _ = self.log.read_bytes()[begin:].rpartition(b"\n")
        for each in whole.splitlines():
            if f'"event": "{event}"'.encode() in each:
                found: dict[str, Any] = json.loads(each)
                return found
        return {}

    async def get(self, url: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
            return await client.get(url)

    async def metrics(self) -> str:
        return (await self.get(f"{self.operations}/metrics")).text

    async def post(self, path: str, *, token: str) -> int:
        """POST to the operations door; returns the status."""
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
            return (await client.post(f"{self.operations}{path}", headers=headers)).status_code

    async def ready(self) -> bool:
        return (await self.get(f"{self.operations}/-/ready")).status_code == 200

    async def status(self) -> dict[str, Any]:
        document: dict[str, Any] = (await self.get(f"{self.operations}/api/v1/status")).json()
        return document

    async def shown(self) -> str:
        """Everything that its two doors show."""
        pages = [f"{self.public}/", f"{self.public}/lobi"]
        pages += [f"{self.operations}{path}" for path in ("/nasional", "/metrics")]
        pages.append(f"{self.operations}/api/v1/status")
        return "\n".join([(await self.get(page)).text for page in pages])

    def memory_mib(self) -> float:
        """Resident memory."""
        return self._memory_mib("VmRSS")

    def peak_memory_mib(self) -> float:
        """The most resident memory since it was started."""
        return self._memory_mib("VmHWM")

    def _memory_mib(self, which: str) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(x for x in lines if x.startswith(which)).split()[1]) / 1024

    async def kill(self) -> None:
        """SIGKILL: no goodbye."""
        os.kill(self.pid, signal.SIGKILL)
        await self._ended()

    async def terminate(self) -> int:
        """SIGTERM; returns the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return await self._ended()

    async def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()

    async def _ended(self) -> int:
        assert self._process is not None
        async with asyncio.timeout(STOP_TIMEOUT_S):
            return await self._process.wait()
