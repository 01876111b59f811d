"""One office's agent from start to stop, whatever is down around it."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.recording_reader import RecordingReader
from agent.app import branch
from agent.app.stopping import StopRequest
from agent.config.loading import load
from agent.pipeline.sharing import Superseded
from agent.ports import ConfigurationError, OwnStatus, StatusPut, TermBegan
from agent.simulation.line import OfficeLine
from agent.simulation.scenario import SERVICES
from tests.support.agent_process import ROOT, AgentProcess
from tests.support.nation import NATION
from tests.support.office_files import CANARIES, RELOAD_TOKEN, write_branch, write_nation

pytestmark = pytest.mark.anyio

OFFICE = NATION[0]
NOBODY = "127.0.0.1:9"

Write = Callable[[Mapping[str, Any]], Path]


@pytest.fixture
async def line() -> AsyncIterator[OfficeLine]:
    whole = OfficeLine(lambda: False)
    await whole.start()
    yield whole
    await whole.stop()


@pytest.fixture
def write(tmp_path: Path, line: OfficeLine) -> Write:
    """An office that finds nobody at the centre, with more settings of its own."""
    write_nation(tmp_path / "nation.yaml", [OFFICE], base_runs_per_s=1.0, tuning={})
    urls = dict.fromkeys(SERVICES, f"http://{NOBODY}")
    return lambda more: write_branch(
        tmp_path / OFFICE.id, OFFICE.id, urls=urls, line=line, **dict(more)
    )


@pytest.fixture
async def started() -> AsyncIterator[Callable[[Path], Awaitable[AgentProcess]]]:
    agents: list[AgentProcess] = []

    async def start(config: Path) -> AgentProcess:
        agents.append(AgentProcess(config))
        await agents[-1].start()
        return agents[-1]

    yield start
    for agent in agents:
        await agent.end()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110 - another process sets no event here
            await asyncio.sleep(0.05)  # How often to ask, within the deadline above.


async def test_without_exchange_centre_and_slack_it_probes_and_stops_in_order(
    write: Write, started: Callable[[Path], Awaitable[AgentProcess]]
):
    agent = await started(write({"exchange": {"servers": [f"nats://{NOBODY}"]}}))
    await until(agent.ready)
    outcomes = {each["outcome"] for each in (await agent.status())["services"]}
    assert outcomes == {"fail", "void"}
    assert await agent.terminate() == 0
    assert '"event": "stopped"' in agent.log.read_text()


@pytest.mark.real("nats-server")
async def test_an_exchange_of_its_own_is_started_kept_and_taken_along(
    write: Write, started: Callable[[Path], Awaitable[AgentProcess]], tmp_path: Path
):
    more = {"exchange": {"kind": "embedded", "data_dir": str(tmp_path / "store")}}
    agent = await started(write(more))

    async def leads() -> bool:
        return bool((await agent.status())["leads"])

    async def another() -> bool:
        return children(agent.pid) not in ([], [first])

    await until(leads)
    (first,) = children(agent.pid)
    os.kill(first, signal.SIGKILL)
    await until(another)
    (second,) = children(agent.pid)
    assert await agent.terminate() == 0
    assert not os.path.exists(f"/proc/{second}")  # noqa: ASYNC240, PTH110 - the kernel answers at once


async def test_what_it_publishes_and_sees_is_recorded_without_any_secret(
    write: Write, started: Callable[[Path], Awaitable[AgentProcess]]
):
    config = write({"recording": {"file": "kept/statuses.jsonl.gz", "max_mebibytes": 8}})
    agent = await started(config)

    async def is_heard_by_the_leader() -> bool:
        return 'pantau_branches{attendance="reporting"} 1.0' in await agent.metrics()

    await until(is_heard_by_the_leader)
    assert await agent.terminate() == 0
    file = config.parent / "kept/statuses.jsonl.gz"
    events = [recorded.event for recorded in RecordingReader(file)]
    assert {type(event) for event in events} >= {OwnStatus, TermBegan, StatusPut}
    said = gzip.decompress(file.read_bytes()).decode()
    assert not [canary for canary in CANARIES if canary in said]


async def test_a_bad_reload_changes_nothing_and_a_good_one_takes_its_place(
    write: Write, started: Callable[[Path], Awaitable[AgentProcess]]
):
    config = write({})
    good = config.read_text()
    agent = await started(config)

    async def says(event: str) -> bool:
        return f'"event": "{event}"' in agent.log.read_text()

    config.write_text(good.replace('"contact"', '"kontak"'))
    os.kill(agent.pid, signal.SIGHUP)
    await until(lambda: says("reload_refused"))
    assert "kontak: is no known key" in agent.log.read_text()
    assert "pantau_config_last_reload_successful 0.0" in await agent.metrics()

    config.write_text(good)
    assert await agent.post("/-/reload", token="wrong") == 401
    assert await agent.post("/-/reload", token=RELOAD_TOKEN) == 202
    await agent.reloaded()
    await until(agent.ready)
    assert "pantau_config_last_reload_successful 1.0" in await agent.metrics()
    assert await agent.terminate() == 0


async def test_a_running_agent_is_asked_why(
    write: Write, started: Callable[[Path], Awaitable[AgentProcess]]
):
    agent = await started(write({}))
    asked = ("explain", "simkim.login", "--url", agent.operations, "--json")

    async def leads() -> bool:
        return bool((await agent.status())["leads"])

    await until(agent.ready)
    await until(leads)
    found: dict[str, Any] = {}

    async def accounted() -> bool:
        found.update(json.loads((await asyncio.to_thread(answered, *asked)).stdout))
        return found["nation"] is not None

    await until(accounted)
    assert (found["exit_code"], found["leader"], found["state"]) == (0, OFFICE.id, "normal")
    assert found["nation"]["channels"][0]["may_be_national"] is False
    assert await agent.terminate() == 0
    ended = await asyncio.to_thread(answered, *asked)
    assert ended.returncode == 3
    assert "no agent answers" in ended.stdout


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_a_port_that_is_taken_is_a_mistake_for_a_person(write: Write):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = write({"listeners": {"public": {"host": "127.0.0.1", "port": port}}})
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}"):
            await branch.run_branch(load(config), stop=asyncio.Event())
        code, said = await asyncio.to_thread(pantau, "run", "--config", str(config))
    assert code == 2
    assert said.startswith(f"listeners: cannot listen on 127.0.0.1:{port}")


def pantau(*words: str) -> tuple[int, str]:
    """Exit code, and the first line of what it said."""
    done = answered(*words)
    return done.returncode, done.stderr.splitlines()[0] if done.stderr else ""


def answered(*words: str) -> subprocess.CompletedProcess[str]:
    """What one command came to."""
    return subprocess.run(
        [sys.executable, "-m", "agent", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


async def test_how_the_work_ended_decides_the_exit_code():
    async def replaced() -> None:
        raise ExceptionGroup("tasks", [ExceptionGroup("sharer", [Superseded("boot 7 publishes")])])

    async def broken() -> None:
        raise RuntimeError("a bug")

    async def for_ever() -> None:
        await asyncio.Event().wait()

    codes = []
    for work in (replaced, broken, for_ever):
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        codes.append(await branch._ended(task))
    assert codes == [1, 1, 0]


async def test_a_stop_asked_for_before_there_is_a_loop_is_not_forgotten():
    stopping = StopRequest()
    stopping.ask()
    assert stopping.event().is_set()
    later = StopRequest()
    event = later.event()
    await asyncio.to_thread(later.ask)
    async with asyncio.timeout(5):
        await event.wait()


def test_the_second_signal_ends_the_process_at_once():
    program = """
        import os, signal
        from agent.__main__ import _listen
        from agent.app.stopping import StopRequest
        stopping = StopRequest()
        _listen(stopping)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopping.asked
        print("asked", flush=True)
        os.kill(os.getpid(), signal.SIGINT)
        print("never")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, "asked\n")
