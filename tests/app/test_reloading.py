"""What makes an agent read its configuration anew, and what comes of it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.app.reloading import Reloads, files_of, fingerprint
from agent.config.loading import Configuration, load
from agent.simulation.line import OfficeLine
from agent.simulation.scenario import SERVICES
from tests.support.nation import NATION
from tests.support.office_files import write_branch, write_nation

pytestmark = pytest.mark.anyio

LOOK_S = 0.05
OFFICE = NATION[0]


@pytest.fixture
async def branch(tmp_path: Path) -> Path:
    line = OfficeLine(lambda: False)
    await line.start()
    write_nation(tmp_path / "nation.yaml", [OFFICE], base_runs_per_s=1.0, tuning={})
    urls = dict.fromkeys(SERVICES, "http://127.0.0.1:9")
    file = write_branch(tmp_path / OFFICE.id, OFFICE.id, urls=urls, line=line)
    await line.stop()
    return file


def change(file: Path, without: str = "", **more: str) -> None:
    """As a person or a mounted volume does it: another file takes the place of this one."""
    written = json.loads(file.read_text()) | more
    written.pop(without, None)
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(written))
    beside.replace(file)


class Waiting:
    """Reloads that are waited for, and what was refused meanwhile."""

    def __init__(self, file: Path) -> None:
        self.refused = 0
        self.current = load(file)
        self.reads = 0

        def read() -> Configuration:
            self.reads += 1
            return load(file)

        self.reloads = Reloads(read, look_every_s=LOOK_S)
        self.reloads.on_refused = self._refuse
        self.next = asyncio.create_task(self.reloads.next(self.current))

    def _refuse(self) -> None:
        self.refused += 1

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - files set no event
                await asyncio.sleep(LOOK_S)

    async def end(self) -> None:
        self.next.cancel()
        await asyncio.wait([self.next])


async def test_what_is_asked_for_is_read_though_nothing_changed(branch: Path):
    waiting = Waiting(branch)
    await asyncio.sleep(3 * LOOK_S)  # Long enough to read unasked.
    assert waiting.reads == 0
    waiting.reloads.ask()
    async with asyncio.timeout(10):
        found = await waiting.next
    assert found.branch.contact == waiting.current.branch.contact


async def test_a_changed_file_is_taken_by_itself(branch: Path):
    waiting = Waiting(branch)
    await asyncio.sleep(2 * LOOK_S)  # It has looked at what there was before.
    change(branch, contact="piket@example.invalid")
    async with asyncio.timeout(10):
        found = await waiting.next
    assert found.branch.contact == "piket@example.invalid"


async def test_a_bad_file_is_refused_once_and_a_good_one_is_taken_after_it(branch: Path):
    waiting = Waiting(branch)
    await asyncio.sleep(2 * LOOK_S)  # It has looked at what there was before.
    change(branch, contract="piket@example.invalid")
    await waiting.until(lambda: waiting.refused == 1)
    await asyncio.sleep(4 * LOOK_S)  # Long enough to read the bad file twice.
    assert waiting.reads == 1
    change(branch, without="contract", contact="piket@example.invalid")
    async with asyncio.timeout(10):
        found = await waiting.next
    assert found.branch.contact == "piket@example.invalid"


async def test_a_secret_that_was_replaced_is_read(branch: Path):
    waiting = Waiting(branch)
    await asyncio.sleep(2 * LOOK_S)  # It has looked at what there was before.
    (branch.parent / "password").write_text("another\n")
    async with asyncio.timeout(10):
        found = await waiting.next
    password = found.branch.targets["simkim"].credentials["password"]
    assert password.get_secret_value() == "another"


def test_the_swap_of_a_mounted_folder_is_seen(tmp_path: Path):
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "branch.yaml").write_text("same: size\n")
        os.utime(tmp_path / version / "branch.yaml", (1e9, 1e9))
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "branch.yaml").symlink_to("..data/branch.yaml")
    before = fingerprint([tmp_path / "branch.yaml"])
    (tmp_path / "..data_tmp").symlink_to("two")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    assert fingerprint([tmp_path / "branch.yaml"]) != before


async def test_every_file_that_was_named_is_watched(branch: Path):
    names = {path.name for path in files_of(load(branch))}
    assert {"branch.yaml", "nation.yaml", "probes", "password", "message-key"} <= names


def test_a_folder_of_journeys_is_watched_with_its_files(tmp_path: Path):
    before = fingerprint([tmp_path, tmp_path / "gone"])
    (tmp_path / "a.yaml").write_text("journey: a\n")
    assert fingerprint([tmp_path]) != before
