"""`pantau centre` as a process: tried against by `pantau check`, ended as people end it."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from agent.simulation.scenario import SERVICES
from tests.support.checked_office import checked_office

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
JOURNEY = ROOT / "probes/payment_status.py"
TIMEOUT_S = 30.0
FAULT = """
scenarios:
  - id: tutup
    phases:
      - at: 0+00:00
        until: 9+00:00
        service: [mpn.status]
        scope: "offices:[medan]"
        kind: http
        code: 503
"""


async def started(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent", "centre", *words),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def centre(folder: Path, *words: str) -> AsyncIterator[dict[str, dict[str, str]]]:
    """Its addresses, while it runs; it ends with 0 when it is asked to."""
    words = ("--port", "0", "--json", "--targets", str(folder), *words)
    process = await started("--offices", "jember,medan", *words)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            yield json.loads(await process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def targets(folder: Path, office: str) -> dict[str, Any]:
    written: dict[str, Any] = yaml.safe_load((folder / f"{office}.yaml").read_text())["targets"]
    return written


async def checked(folder: Path, office: str) -> tuple[int, str]:
    """How a journey of the house fares with the targets that were written for ``office``."""
    here = folder / f"check-{office}"
    here.mkdir()
    async with checked_office(here, targets(folder, office)) as asked:
        said = await asked.check(JOURNEY)
    return said.code, said.out


async def test_a_journey_is_well_with_the_targets_that_it_wrote(tmp_path: Path):
    async with centre(tmp_path) as urls:
        addresses = [url for services in urls.values() for url in services.values()]
        assert len(set(addresses)) == 2 * len(SERVICES)
        assert all(each["sandbox"] for each in targets(tmp_path, "jember").values())
        code, out = await checked(tmp_path, "jember")
    assert code == 0, out


async def test_a_scenario_hits_the_office_that_it_names_and_no_other(tmp_path: Path):
    (tmp_path / "faults.yaml").write_text(FAULT)
    words = ("--scenarios", str(tmp_path / "faults.yaml"), "--scenario", "tutup")
    async with centre(tmp_path, *words):
        (well, _), (ill, told) = await checked(tmp_path, "jember"), await checked(tmp_path, "medan")
    assert (well, ill) == (0, 1)
    assert "HTTP 503" in told


async def test_the_addresses_carry_the_name_by_which_offices_reach_it(tmp_path: Path):
    async with centre(tmp_path, "--named", "pusat") as urls:
        hosts = {urlsplit(url).hostname for url in urls["jember"].values()}
    assert hosts == {"pusat"}
    assert targets(tmp_path, "jember")["status"]["url"] == urls["jember"]["status.lacak"]


def first_of_free_ports(count: int) -> int:
    """The first of ``count`` ports in a row that nobody has, below those that systems give out."""
    for first in range(20_000, 32_000, count):
        with ExitStack() as taken, suppress(OSError):
            for port in range(first, first + count):
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
            return first
    raise AssertionError(f"no {count} free ports in a row")


async def test_ports_follow_the_first_in_plain_lines():
    first = first_of_free_ports(len(SERVICES))
    process = await started("--offices", "ambon", "--port", str(first))
    assert process.stdout is not None
    async with asyncio.timeout(TIMEOUT_S):
        lines = [(await process.stdout.readline()).decode().split() for _ in SERVICES]
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    expected = enumerate(SERVICES, first)
    assert lines == [["ambon", each, f"http://127.0.0.1:{port}"] for port, each in expected]


async def refusal(*words: str) -> str:
    process = await started(*words)
    async with asyncio.timeout(TIMEOUT_S):
        out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    return err.decode()


async def test_a_port_that_another_has_is_a_mistake_that_names_it():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = await refusal("--offices", "jember", "--port", str(port))
    assert f"127.0.0.1:{port} (Address already in use)" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--offices", "atlantis"), 'no office "atlantis"'),
        (("--offices", "jember,jember"), "named twice"),
        (("--offices", "jember", "--port", "65530"), "choose another --port"),
        (("--offices", "jember", "--speed", "2"), "nothing without --scenario"),
        (("--offices", "jember", "--scenario", "S02", "--speed", "0"), "--speed must be"),
        (("--offices", "jember", "--scenario", "S99"), 'no scenario "S99"'),
    ],
)
async def test_what_cannot_be_served_is_said(words: tuple[str, ...], told: str):
    assert told in await refusal(*words)
