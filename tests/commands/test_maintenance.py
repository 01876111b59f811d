"""`pantau maintenance` writes, lists and ends planned work, by a hub's rights on the exchange."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.__main__ import main
from agent.adapters.nats_server import NatsServer
from agent.commands import maintenance, maintenance_window
from agent.commands.hub_exchange import OK, REFUSED, UNKNOWN, USAGE
from agent.config.loading import load_nation
from agent.core.maintenance import LONGEST_S, Mode, Span, Window
from tests.config.conftest import BRANCH, CANARY, NATION, PROBE
from tests.support import real_parts

real = pytest.mark.real("nats-server")
REASON = ("--reason", "basis data")
BOTH = ["cetak", "simkim.login"]
"""What the journeys ask of the one target."""


def pantau(name: str, *words: str) -> int:
    return main([name, *words])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's files, whose exchange does not answer."""
    monkeypatch.setenv("BOT_TOKEN", CANARY)
    (tmp_path / "nation.yaml").write_text(NATION)
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes/printing.py").write_text(PROBE)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/password").write_text(CANARY)
    assert (
        pantau(
            "exchange",
            "init",
            "--nation",
            str(tmp_path / "nation.yaml"),
            "--into",
            str(tmp_path / "x"),
        )
        == 0
    )
    write_branch(tmp_path, "nats://127.0.0.1:9")
    return tmp_path


def write_branch(folder: Path, url: str) -> None:
    written = BRANCH.replace(
        'servers: ["nats://127.0.0.1:4222"]',
        f'servers: ["{url}"]\n  nkey_seed_file: x/offices/jember.seed',
    )
    (folder / "branch.yaml").write_text(written)


@pytest.fixture
async def hub(folder: Path) -> AsyncIterator[Path]:
    """A hub of a real exchange with the rights that `pantau exchange init` gives."""
    (binary,) = real_parts.command_of("nats-server")
    accounts = (folder / "x/accounts.conf").read_text()
    async with NatsServer(folder / "store", binary=binary, extra=accounts) as server:
        nation, into = str(folder / "nation.yaml"), str(folder / "x")
        await asyncio.to_thread(
            pantau, "exchange", "init", "--nation", nation, "--into", into, "--servers", server.url
        )
        write_branch(folder, server.url)
        yield folder


async def do(folder: Path, action: str, *words: str) -> int:
    config = ("--config", str(folder / "branch.yaml"))
    return await asyncio.to_thread(pantau, "maintenance", action, *config, *words)


async def listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert await do(folder, "list", "--json") == OK
    windows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["windows"]
    return windows


@real
@pytest.mark.anyio
async def test_what_a_person_plans_is_listed_until_they_end_it(
    hub: Path, capsys: pytest.CaptureFixture[str]
):
    added = await do(
        hub, "add", "--target", "simkim", "--minutes", "30", *REASON, "--author", "sari"
    )
    assert added == OK
    assert "written: maintenance w1" in capsys.readouterr().out
    (window,) = await listed(hub, capsys)
    assert (window["id"], window["services"], window["active"]) == ("w1", BOTH, True)
    assert (window["author"], window["reason"]) == ("sari", "basis data")
    assert await do(hub, "list") == OK
    assert "w1  mute  now until" in capsys.readouterr().out
    assert await do(hub, "end", "w1") == OK
    assert await listed(hub, capsys) == []
    assert await do(hub, "end", "w1") == REFUSED
    assert "w1 is over" in capsys.readouterr().err


@real
@pytest.mark.anyio
async def test_a_second_window_has_a_record_of_its_own(
    hub: Path, capsys: pytest.CaptureFixture[str]
):
    for mode in ("mute", "skip"):
        words = ("--service", "cetak", "--mode", mode, "--minutes", "30", *REASON)
        assert await do(hub, "add", *words) == OK
    assert [each["mode"] for each in await listed(hub, capsys)] == ["mute", "skip"]
    assert await do(hub, "end", "w9") == REFUSED


@pytest.mark.anyio
async def test_an_exchange_that_does_not_answer_leaves_it_unknown(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert await do(folder, "add", "--service", "cetak", "--minutes", "30", *REASON) == UNKNOWN
    assert "the exchange does not answer" in capsys.readouterr().err


# --- what is asked for


def asked(folder: Path, *words: str) -> Window:
    parser = argparse.ArgumentParser()
    maintenance.register(parser.add_subparsers())
    given = parser.parse_args(["maintenance", "add", "--config", "x", *words, *REASON])
    nation = load_nation(folder / "nation.yaml")
    return maintenance_window.window_of(given, nation, {"simkim": {"cetak"}}, "Asia/Jayapura")


def test_moments_are_by_the_clocks_of_the_office_unless_a_zone_is_named(folder: Path):
    times = ("--from", "2026-11-24 22:00", "--until", "2026-11-25 00:00")
    window = asked(folder, "--service", "cetak", "--mode", "skip", *times)
    span = Span(from_s=1_795_525_200.0, until_s=1_795_532_400.0)
    assert (window.span, window.mode, window.for_s) == (span, Mode.SKIP, None)
    there = asked(folder, "--service", "cetak", *times, "--zone", "Asia/Jakarta").span
    assert there is not None
    assert there.from_s == span.from_s + 2 * 3600


def test_offices_may_be_meant_with_all_their_services(folder: Path):
    window = asked(folder, "--where", "jayapura", "--minutes", "5")
    assert (window.services, window.where, window.for_s) == ((), ("jayapura",), 300.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--minutes 5", "name services"),
        ("--service cetak --target simkim --minutes 5", "name services"),
        ("--service cetk --minutes 5", "no service"),
        ("--target dukcapil --minutes 5", "no journey asks"),
        ("--service cetak --where bali --minutes 5", "no office, zone or group"),
        ("--service cetak", "give --minutes"),
        ("--service cetak --minutes 0", "more than 0"),
        ("--service cetak --minutes nan", "more than 0"),
        (f"--service cetak --minutes {LONGEST_S}", "seven days"),
        ("--service cetak --from now --until then", "must be a moment"),
        ("--service cetak --minutes 5 --until then", "give --minutes"),
        (f"--service cetak --minutes 5 --author {'x' * 61}", "--author"),
    ],
)
def test_what_makes_no_window_is_told(folder: Path, words: str, said: str):
    with pytest.raises(ValueError, match=said):
        asked(folder, *words.split())


@pytest.mark.anyio
async def test_a_mistake_is_one_of_usage(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert await do(folder, "add", "--service", "cetk", "--minutes", "5", *REASON) == USAGE
    assert "no service of nation.yaml" in capsys.readouterr().err


def test_what_others_wrote_is_listed_in_one_line_that_commands_no_terminal():
    window = Window(
        id="w1",
        span=Span(from_s=0.0, until_s=60.0),
        author="budi\x1b[2J",
        reason="server\nw2  mute",
    )
    (told,) = maintenance.table([window], 30.0, "Asia/Jakarta").splitlines()
    assert told.endswith("(budi[2J: server w2 mute)")
