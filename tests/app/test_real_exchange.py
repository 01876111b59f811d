"""The exchange that an agent runs itself: a child that ends or freezes is started anew."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.app import real_exchange
from agent.app.real_exchange import exchange_of
from agent.clock import BootClock
from agent.config.branch import ExchangeSettings
from agent.ports import Exchange, ExchangeError
from tests.support import real_parts
from tests.support.nation import NATION

pytestmark = [pytest.mark.anyio, pytest.mark.real("nats-server")]

WITHIN_S = 30.0


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGKILL, "exchange_server_ended"),
        (signal.SIGSTOP, "exchange_server_frozen"),
    ],
)
async def test_a_server_that_is_killed_or_frozen_is_started_anew_with_its_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, said: str
):
    monkeypatch.setattr(real_exchange, "ASK_EVERY_S", 0.5)  # In production a freeze takes longer.
    async with embedded(tmp_path) as exchange:
        await exchange.compare_and_set("maintenance", b"kept", 0)
        child = _child(tmp_path)

        with capture_logs() as logs:
            os.kill(child, number)
            await _until_another_answers(exchange, tmp_path, child)

        assert (await exchange.read("maintenance")).value == b"kept"
        assert [log["event"] for log in logs if "server" in log["event"]] == [said]


async def test_a_server_that_answers_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(real_exchange, "ASK_EVERY_S", 0.05)
    async with embedded(tmp_path) as exchange:
        child = _child(tmp_path)
        await asyncio.sleep(2)  # A real server is asked forty times.
        await exchange.beat(b"{}")
        assert _child(tmp_path) == child


async def test_a_freeze_is_over_before_an_office_stands_alone():
    longest_s = real_exchange.MOST_UNANSWERED * (
        real_exchange.ASK_EVERY_S + real_exchange.ANSWER_WITHIN_S
    )
    assert longest_s + real_exchange.RESTART_AFTER_S < 30


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Exchange]:
    (binary,) = real_parts.command_of("nats-server")
    settings = ExchangeSettings(kind="embedded", data_dir=folder, nats_server=Path(binary))
    async with exchange_of(settings, NATION[0], BootClock()) as exchange:
        await exchange.start()
        try:
            yield exchange
        finally:
            await exchange.close()


async def _until_another_answers(exchange: Exchange, folder: Path, child: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while _child(folder) in (child, 0) or not await _answers(exchange):  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # Another process's start sets no event here.


async def _answers(exchange: Exchange) -> bool:
    try:
        await exchange.beat(b"{}")
    except ExchangeError:
        return False
    return True


def _child(folder: Path) -> int:
    """The process that serves this store; 0: none."""
    wanted = str(folder / "nats-server.conf")
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and wanted in _command_line(entry):
            return int(entry.name)
    return 0


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text().replace("\0", " ")
    except (OSError, UnicodeDecodeError):
        return ""
