"""`pantau exchange init` makes what is missing, overwrites nothing; `doctor` says all at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from agent.__main__ import main
from agent.adapters import nats_streams
from agent.adapters.nats_doctor import Patient, examine
from agent.adapters.nats_findings import Finding, Level
from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_server import NatsServer
from agent.adapters.nats_streams import BRANCH_ACCOUNT_API
from agent.adapters.nkey import Nkey
from agent.clock import BootClock
from agent.commands import exchange
from agent.core.model import Sight, Status
from agent.core.wire import encode_status
from tests.config.conftest import BRANCH, CANARY, NATION, PROBE
from tests.support import real_parts

real = pytest.mark.real("nats-server")
OURS = "r12:0123abcd"
OFFICE = Patient(branch="denpasar", hub=False, nation=OURS)
HUB = Patient(branch="jember", hub=True, nation=OURS)


def pantau(*words: str) -> int:
    return main(["exchange", *words])


@pytest.fixture
def nation(tmp_path: Path) -> Path:
    file = tmp_path / "nation.yaml"
    file.write_text(NATION)
    return file


def init(nation: Path, into: Path, *more: str) -> int:
    return pantau("init", "--nation", str(nation), "--into", str(into), *more)


# --- init -----------------------------------------------------------------------------------------


def test_every_office_gets_a_seed_that_only_its_owner_may_read(nation: Path, tmp_path: Path):
    into = tmp_path / "exchange"
    assert init(nation, into) == 0
    seeds = sorted((into / "offices").glob("*.seed"))
    assert [each.stem for each in seeds] == ["denpasar", "jayapura", "jember"]
    text = (into / "accounts.conf").read_text()
    for seed in (*seeds, into / "keeper/keeper.seed"):
        assert seed.stat().st_mode & 0o777 == 0o600
        assert Nkey.from_file(seed).public in text
        assert seed.read_text().strip() not in text


def test_a_second_run_changes_nothing(nation: Path, tmp_path: Path):
    into = tmp_path / "exchange"

    def content() -> dict[Path, bytes]:
        return {file: file.read_bytes() for file in into.rglob("*") if file.is_file()}

    assert init(nation, into) == 0
    before = content()
    assert init(nation, into) == 0
    assert content() == before


def test_a_roster_that_grew_gets_the_new_nkey_and_the_accounts_beside_the_old(
    nation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    into = tmp_path / "exchange"
    assert init(nation, into) == 0
    before = (into / "accounts.conf").read_text()
    seed = (into / "offices/jember.seed").read_text()
    (into / "offices/denpasar.seed").unlink()  # Carried to its office.
    nation.write_text(
        NATION.replace(
            "{id: jayapura,",
            "{id: medan, name: Medan, province: Aceh, "
            "island: Sumatera, zone: Asia/Jakarta}\n  - {id: jayapura,",
        )
    )

    assert init(nation, into) == 0

    assert (into / "accounts.conf").read_text() == before
    grown = (into / "accounts.conf.new").read_text()
    assert "office-medan" in grown
    assert Nkey.from_seed(seed).public in grown
    assert not (into / "offices/denpasar.seed").exists()
    assert (into / "offices/denpasar.public").read_text().strip() in grown
    assert "accounts.conf.new" in capsys.readouterr().out


def test_a_folder_that_cannot_be_used_is_a_mistake(
    nation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "taken").write_text("")
    assert init(nation, tmp_path / "taken") == 2
    assert "taken" in capsys.readouterr().err


def test_an_engine_that_does_not_answer_is_unknown(nation: Path, tmp_path: Path):
    assert init(nation, tmp_path / "exchange", "--servers", "nats://127.0.0.1:9") == 3


# --- the way from nothing to a working exchange ---------------------------------------------------


def a_server(tmp_path: Path) -> NatsServer:
    (binary,) = real_parts.command_of("nats-server")
    text = (tmp_path / "exchange/accounts.conf").read_text()
    return NatsServer(tmp_path / "store", binary=binary, extra=text)


@real
@pytest.mark.anyio
async def test_from_nothing_to_an_exchange_that_is_well(
    nation: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    into = tmp_path / "exchange"
    assert init(nation, into) == 0
    monkeypatch.setenv("BOT_TOKEN", CANARY)
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes/printing.py").write_text(PROBE)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/password").write_text(CANARY)
    async with a_server(tmp_path) as server:
        file = tmp_path / "branch.yaml"
        written = BRANCH.replace(
            'servers: ["nats://127.0.0.1:4222"]',
            f'servers: ["{server.url}"]\n  nkey_seed_file: exchange/offices/jember.seed',
        )
        file.write_text(written)

        before = await asyncio.to_thread(pantau, "doctor", "--config", str(file))
        made = await asyncio.to_thread(init, nation, into, "--servers", server.url)
        again = await asyncio.to_thread(init, nation, into, "--servers", server.url)
        capsys.readouterr()
        after = await asyncio.to_thread(pantau, "doctor", "--config", str(file), "--json")
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert (before, made, again, after) == (1, 0, 0, 0)


# --- doctor ---------------------------------------------------------------------------------------


class Ward:
    """A real exchange of three offices, to be spoiled and looked over."""

    def __init__(self, folder: Path, server: NatsServer) -> None:
        self._folder = folder
        self.server = server

    def settings(self, name: str) -> NatsSettings:
        seed = self._folder / f"exchange/offices/{name}.seed"
        return NatsSettings(servers=(self.server.url,), nkey_seed_file=seed, api=BRANCH_ACCOUNT_API)

    async def keep(self, subject: str, body: bytes) -> dict[str, Any]:
        """Ask something as the keeper."""
        nkey = Nkey.from_file(self._folder / "exchange/keeper/keeper.seed")
        client = Client()
        client._public_nkey = nkey.public
        await client.connect(self.server.url, signature_cb=nkey.sign)
        answer: dict[str, Any] = json.loads((await client.request(subject, body)).data)
        await client.close()
        return answer

    async def change(self, stream: nats_streams.Stream, **settings: object) -> None:
        wanted = json.dumps({**stream.settings(1), **settings}).encode()
        answer = await self.keep(f"$JS.API.STREAM.UPDATE.{stream.name}", wanted)
        assert "error" not in answer

    async def make(self) -> None:
        for stream in nats_streams.STREAMS:
            wanted = json.dumps(stream.settings(1)).encode()
            await self.keep(f"$JS.API.STREAM.CREATE.{stream.name}", wanted)


@pytest.fixture
async def ward(nation: Path, tmp_path: Path) -> AsyncIterator[Ward]:
    assert init(nation, tmp_path / "exchange") == 0
    async with a_server(tmp_path) as server:
        made = Ward(tmp_path, server)
        await made.make()
        yield made


def wrong(findings: list[Finding]) -> list[str]:
    assert all(each.mend for each in findings if each.level is Level.WRONG)
    assert all(each.level is not Level.UNKNOWN for each in findings), findings
    return [each.what for each in findings if each.level is Level.WRONG]


@real
@pytest.mark.anyio
@pytest.mark.parametrize("patient", [OFFICE, HUB], ids=["office", "hub"])
async def test_an_exchange_that_is_well_has_nothing_wrong(ward: Ward, patient: Patient):
    findings = await examine(ward.settings(patient.branch), patient, BootClock())
    assert wrong(findings) == []
    assert exchange.exit_code(findings) == 0


@real
@pytest.mark.anyio
async def test_looking_it_over_changes_nothing(ward: Ward):
    before = await ward.keep("$JS.API.STREAM.LIST", b"")
    await examine(ward.settings("jember"), HUB, BootClock())
    after = await ward.keep("$JS.API.STREAM.LIST", b"")
    states = [[each["state"]["last_seq"] for each in told["streams"]] for told in (before, after)]
    assert states == [[0] * 5, [0] * 5]


@real
@pytest.mark.anyio
async def test_all_that_is_wrong_is_told_at_once(ward: Ward):
    await ward.change(nats_streams.STATUS, allow_rollup_hdrs=True, max_bytes=1 << 20)
    await ward.keep("$JS.API.STREAM.DELETE.KV_ledger", b"")
    findings = await examine(ward.settings("jember"), HUB, BootClock())
    told = [each.what for each in findings if each.level is Level.WRONG]
    unknown = [each.what for each in findings if each.level is Level.UNKNOWN]
    assert len(unknown) <= 1  # Whether we may write what is not there.
    assert exchange.exit_code(findings) == 1
    assert any("KV_status has allow_rollup_hdrs True, not False" in each for each in told)
    assert any("KV_status has max_bytes 1048576" in each for each in told)
    assert "KV_ledger is not there" in told


@real
@pytest.mark.anyio
async def test_a_permission_that_is_missing_is_named(ward: Ward):
    """The office of Denpasar, as if nation.yaml had made it a hub and the server not yet."""
    hub = Patient(branch="denpasar", hub=True, nation=OURS)
    told = wrong(await examine(ward.settings("denpasar"), hub, BootClock()))
    assert told == ["we may not write $KV.coord.doctor", "we may not write $KV.public.doctor"]


@real
@pytest.mark.anyio
async def test_a_permission_too_many_is_named(ward: Ward):
    office = Patient(branch="jember", hub=False, nation=OURS)
    told = wrong(await examine(ward.settings("jember"), office, BootClock()))
    assert told == [
        "we may write $KV.coord.doctor, which is not ours",
        "we may write $KV.public.doctor, which is not ours",
    ]


@real
@pytest.mark.anyio
async def test_an_nkey_that_the_server_does_not_know_is_told_with_its_mend(
    ward: Ward, tmp_path: Path
):
    seed = tmp_path / "another"
    seed.write_text(Nkey.make().seed)
    settings = replace(ward.settings("denpasar"), nkey_seed_file=seed)
    (finding,) = await examine(settings, OFFICE, BootClock())
    assert "refused who we are" in finding.what
    assert "accounts.conf" in finding.mend


@real
@pytest.mark.anyio
async def test_an_nkey_of_another_office_is_told_with_its_mend(ward: Ward):
    (finding,) = await examine(ward.settings("jayapura"), OFFICE, BootClock())
    assert "somebody else" in finding.what
    assert "nkey_seed_file" in finding.mend


@pytest.mark.anyio
async def test_a_server_that_is_not_there_is_told_with_its_mend():
    settings = NatsSettings(servers=("nats://127.0.0.1:9",))
    (finding,) = await examine(settings, OFFICE, BootClock())
    assert finding.level is Level.WRONG
    assert "cannot be reached" in finding.what


@real
@pytest.mark.anyio
async def test_a_clock_that_is_wrong_is_told(ward: Ward):
    class Late(BootClock):
        def wall_s(self) -> float:
            return super().wall_s() - 60.0

    told = wrong(await examine(ward.settings("denpasar"), OFFICE, Late()))
    assert told == ["our clock is 60 s behind the engine's"]


@real
@pytest.mark.anyio
async def test_an_office_with_another_nation_yaml_is_named(ward: Ward):
    for branch, told in (("denpasar", OURS), ("jayapura", "r11:ffffffff")):
        value = encode_status(a_status(branch, told))
        await ward.keep(f"$KV.status.{branch}", value)
    (told,) = wrong(await examine(ward.settings("denpasar"), OFFICE, BootClock()))
    assert "r11:ffffffff at 1; jayapura" in told


def a_status(branch: str, nation: str) -> Status:
    return Status(
        branch=branch,
        program="0",
        nation=nation,
        boot_id="b",
        boot_counter=1,
        uptime_s=1.0,
        sight=Sight(sees=True),
        loop_lag_s=0.0,
        exchange="joined",
        services={},
    )


def test_what_is_wrong_weighs_more_than_what_cannot_be_told():
    good = Finding(level=Level.OK, what="")
    bad = Finding(level=Level.WRONG, what="", mend="do this")
    unknown = Finding(level=Level.UNKNOWN, what="")
    assert exchange.exit_code([good]) == 0
    assert exchange.exit_code([good, unknown]) == 3
    assert exchange.exit_code([unknown, bad]) == 1
    assert "mend: do this" in exchange.line(bad)
