"""`pantau check` against the simulated centre over real HTTP: what it says, and each exit code."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from rich.console import Console

from agent.__main__ import main
from agent.app import log
from agent.clock import BootClock
from agent.commands import check, check_pace, check_picture
from agent.commands.check_report import CheckReport
from agent.config.journeys import journey_called
from agent.config.loading import load_branch
from agent.core.model import Outcome
from agent.core.synthetic import applicant_for
from agent.simulation.centre import Centre
from agent.simulation.centre_http import HttpCentre
from agent.simulation.line import OfficeLine
from agent.simulation.scenario import Kind, Phase
from tests.support.centre import faults, phase
from tests.support.nation import NATION
from tests.support.office_files import CANARIES, PASSWORD, write_branch, write_nation

pytestmark = pytest.mark.anyio

OFFICE = NATION[0]
BILLING = ("simponi.billing",)
NOT_BILLED = phase(Kind.HTTP, services=BILLING, code=503.0, body="rahasia dalam")


@pytest.fixture(autouse=True)
def _on_a_machine_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # What is set up here would go on writing to this test's captured stream.
    monkeypatch.setattr(log, "configure", lambda _style, _level: None)


@dataclass
class Said:
    code: int
    out: str
    err: str


class Desk:
    """One office's files, and the command run on them."""

    def __init__(self, branch: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.branch = branch
        self._capsys = capsys

    def change(self, **more: object) -> None:
        written = json.loads(self.branch.read_text())
        self.branch.write_text(json.dumps({**written, **more}))

    async def check(self, *words: str) -> Said:
        """In a thread: the command has a loop of its own, and the centre needs this one."""
        code = await asyncio.to_thread(pantau, *words, "--config", str(self.branch))
        out, err = self._capsys.readouterr()
        assert not any(canary in out + err for canary in CANARIES)
        assert "rahasia dalam" not in out + err
        return Said(code, out, err)


def pantau(*words: str) -> int:
    return main(["check", *words])


@asynccontextmanager
async def office(
    folder: Path, capsys: pytest.CaptureFixture[str], *phases: Phase, line_cut: bool = False
) -> AsyncIterator[Desk]:
    centre = Centre(faults(*phases), now_s=BootClock().now_s)
    http = HttpCentre(centre, [OFFICE.id])
    line = OfficeLine(lambda: line_cut)
    await http.start()
    await line.start()
    centre.begin(BootClock().now_s())
    try:
        write_nation(folder / "nation.yaml", [OFFICE], base_runs_per_s=1.0, tuning={})
        urls = http.urls(OFFICE.id)
        yield Desk(write_branch(folder / OFFICE.id, OFFICE.id, urls=urls, line=line), capsys)
    finally:
        await line.stop()
        await http.stop()


async def test_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    async with office(tmp_path, capsys) as desk:
        said = await desk.check("officer-application")
    assert said.code == 0
    assert said.out.splitlines()[0] == "ok    simkim.login: sign in"
    assert "officer-application from jember: ok" in said.out
    assert said.out.splitlines()[-1].endswith("this office sees")


async def test_a_failing_service_and_what_stands_behind_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    async with office(tmp_path, capsys, NOT_BILLED) as desk:
        said = await desk.check("officer-application")
    assert said.code == 1
    assert "fail  simponi.billing: billing inquiry: HTTP 503; expected:" in said.out
    assert 'void  status.lacak: file status: not reached: "billing inquiry" is broken' in said.out


@pytest.mark.parametrize(
    ("more", "came_to"),
    [
        ((), "answering in another shape (contract)"),
        ((phase(Kind.LATENCY, services=("simkim.login",), factor=10.0),), "failing or slow"),
    ],
)
async def test_a_changed_contract_is_called_drift_unless_worse_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[Phase, ...], came_to: str
):
    drift = phase(Kind.SCHEMA_DRIFT, services=BILLING)
    async with office(tmp_path, capsys, drift, *more) as desk:
        said = await desk.check("officer-application")
    assert said.code == 1
    assert "drift simponi.billing: billing inquiry:" in said.out
    assert f"officer-application from jember: {came_to}, " in said.out


async def test_a_slow_service_is_no_good_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    slow = phase(Kind.LATENCY, services=BILLING, factor=10.0)
    async with office(tmp_path, capsys, slow) as desk:
        said = await desk.check("officer-application")
    assert said.code == 1
    assert "slow  simponi.billing: billing inquiry: took 1." in said.out


async def test_an_office_that_cannot_see_says_nothing_of_the_centre(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    async with office(tmp_path, capsys, NOT_BILLED, line_cut=True) as desk:
        await asyncio.sleep(0.2)  # The doors of the line need a moment to fall silent.
        said = await desk.check("officer-application")
    assert said.code == 3
    assert said.out.splitlines()[-1].endswith("do not answer")
    assert "fail " not in said.out


@pytest.mark.parametrize(
    ("statement", "code", "shown"),
    [
        ("raise KeyError('x')", 3, "the probe itself failed: KeyError in the probe"),
        ("self.expect(False, f'{self.credentials(\"simkim\")}')", 1, "'password': '***'"),
        ("self.expect(False, 'a\\x1b[2Jb')", 1, "expected: a [2Jb"),
    ],
)
async def test_a_careless_probe_in_a_file_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], statement: str, code: int, shown: str
):
    file = tmp_path / "careless.py"
    file.write_text(
        dedent(f"""
        from agent.probe import Journey, step

        class Careless(Journey):
            name = "careless"

            @step("try", service="simkim.login", role="simkim")
            async def attempt(self) -> None:
                {statement}
        """)
    )
    async with office(tmp_path, capsys) as desk:
        said = await desk.check(str(file))
        as_json = await desk.check(str(file), "--json")
        explained = await desk.check(str(file), "--explain")
    assert said.code == as_json.code == explained.code == code
    assert shown in said.out
    assert PASSWORD not in as_json.out


async def test_in_a_pipe_the_explanation_is_one_fact_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    async with office(tmp_path, capsys, NOT_BILLED) as desk:
        said = await desk.check("officer-application", "--explain")
    lines = said.out.splitlines()
    (billing,) = [each for each in lines if each.startswith('step "billing inquiry"')]
    assert "(simponi.billing): from 0." in billing
    assert re.search(r"processing \d{3}", billing), "a tenth of a second, and more when busy"
    assert billing.endswith("expected an answer; came HTTP 503")
    assert any(each.startswith('step "file status"') and "not reached" in each for each in lines)
    assert "control gateway (gateway): answers" in lines
    assert "━" not in said.out


async def test_a_terminal_gets_the_waterfall(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    async with office(tmp_path, capsys, NOT_BILLED) as desk:
        found = await _checked_here(desk)
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=160, color_system=None)
    check_picture.show(found, console, explain=True)
    (billing,) = [each for each in screen.getvalue().splitlines() if "│ billing inquiry" in each]
    assert "━━━━" in billing
    assert "an answer" in billing
    cells = [each.split("│") for each in screen.getvalue().splitlines() if each.count("│") > 5]
    begins = [each[3].index("━") for each in cells if "━" in each[3]]
    assert len(begins) == 4
    assert begins == sorted(begins)


async def _checked_here(desk: Desk) -> CheckReport:
    settings = load_branch(desk.branch)
    journey = journey_called("officer-application", settings.probe_paths)
    return await check.check(journey, settings)


async def test_as_json_it_is_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    async with office(tmp_path, capsys, NOT_BILLED) as desk:
        said = await desk.check("officer-application", "--json")
    found = json.loads(said.out)
    assert (found["ok"], found["exit_code"], said.code) == (False, 1, 1)
    outcomes = {each["service"]: each["outcome"] for each in found["verdicts"]}
    assert outcomes["simponi.billing"] == Outcome.FAIL
    assert found["steps"][3]["came"] == "HTTP 503"
    assert found["sight"]["sees"] is True
    assert {each["answered"] for each in found["controls"]} == {True}


async def test_what_cannot_be_checked_is_refused_with_all_its_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    async with office(tmp_path, capsys) as desk:
        unknown = await desk.check("officer-aplication")
        targets = json.loads(desk.branch.read_text())["targets"]
        desk.change(targets={role: targets[role] for role in ("simkim", "status", "mpaspor")})
        lacking = await desk.check("officer-application", "--json")
        desk.change(contact=None, branch="nowhere")
        wrong = await desk.check("officer-application")
    assert unknown.code == lacking.code == wrong.code == 2
    assert 'did you mean "officer-application"?' in unknown.err
    mistakes = json.loads(lacking.out)["mistakes"]
    assert [each.split('"')[3] for each in mistakes] == ["dukcapil", "simponi"]
    assert len(wrong.err.splitlines()) == 2


async def test_a_live_target_is_left_alone_for_ten_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    async with office(tmp_path, capsys) as desk:
        targets = json.loads(desk.branch.read_text())["targets"]
        targets["status"]["url"] = "https://status.example.invalid"
        desk.change(targets=targets)
        # Every service has a URL of its own on loopback: nothing is sent to the live address.
        first = await desk.check("officer-application")
        second = await desk.check("officer-application")
        targets["status"]["sandbox"] = True
        desk.change(targets=targets)
        sandbox = await desk.check("officer-application")
    assert (first.code, second.code, sandbox.code) == (0, 2, 0)
    assert "at most once in 10 s; wait " in second.err


def test_a_turn_comes_again_and_a_clock_set_back_is_no_reason_to_wait(tmp_path: Path):
    stamp = tmp_path / "cache" / "last-check"
    check_pace.take_turn(stamp, 1000.0)
    with pytest.raises(check_pace.TooSoon, match=r"wait 0\.5 s"):
        check_pace.take_turn(stamp, 1009.5)
    check_pace.take_turn(stamp, 1010.0)
    check_pace.take_turn(stamp, 10.0)
    stamp.write_text("nonsense")
    check_pace.take_turn(stamp, 11.0)


def test_without_a_place_for_its_stamp_no_live_target_is_checked(tmp_path: Path):
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(check_pace.TooSoon, match="cannot be written"):
        check_pace.take_turn(tmp_path / "cache" / "pantau" / "last-check", 1000.0)


async def test_a_journey_that_writes_is_refused_on_a_live_target_and_runs_on_a_sandbox(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    async with office(tmp_path, capsys) as desk:
        live = await desk.check("border-crossing")
        targets = json.loads(desk.branch.read_text())["targets"]
        targets["simkim"]["sandbox"] = True
        desk.change(targets=targets)
        sandbox = await desk.check("border-crossing")
    assert (live.code, sandbox.code) == (2, 0)
    assert "border-crossing may not run here: it writes, and simkim is no sandbox" in live.err
    assert "ok    apk.perlintasan" in sandbox.out


async def test_the_watch_list_is_asked_only_with_a_written_consent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    async with office(tmp_path, capsys) as desk:
        without = await desk.check("watch-list")
        targets = json.loads(desk.branch.read_text())["targets"]
        targets["simkim"]["consents"] = {"watch-list": "surat 12/2026, arsip kanim"}
        desk.change(targets=targets)
        allowed = await desk.check("watch-list")
    assert (without.code, allowed.code) == (2, 0)
    assert 'it needs the written consent "watch-list"' in without.err


# --- several runs, and the record for a bug report


async def test_runs_at_once_are_summed_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    async with office(tmp_path, capsys, NOT_BILLED) as desk:
        said = await desk.check("officer-application", "--repeat", "3")
        as_json = await desk.check("officer-application", "--repeat", "2", "--json")
    assert said.code == as_json.code == 1
    assert '3: failing or slow at "billing inquiry": HTTP 503' in said.err.splitlines()[-1]
    assert "most likely the centre's service: " in said.out
    assert "simponi.billing: fail 3" in said.out
    assert "most likely to blame: centre 3" in said.out
    found = json.loads(as_json.out)
    assert (found["exit_code"], len(found["runs"]), found["stopped"]) == (1, 2, None)
    assert found["runs"][0]["blame"]["blame"] == "centre"
    assert found["outcomes"]["simkim.login"] == {"ok": 2}


@pytest.mark.parametrize("times", ["0", "101", "-1", "many"])
def test_it_is_repeated_a_few_times_or_not_at_all(capsys: pytest.CaptureFixture[str], times: str):
    with pytest.raises(SystemExit) as ended:
        pantau("officer-application", "--config", "x", "--repeat", times)
    assert ended.value.code == 2
    assert "a number from 1 to 100" in capsys.readouterr().err


CARELESS = """
    from agent.probe import Journey, step

    class Careless(Journey):
        name = "careless"

        @step("sign in", service="simkim.login", role="simkim")
        async def sign_in(self):
            reply = await self.post("/sso/token", json=self.credentials("simkim"))
            self.token = reply.json()["access_token"]

        @step("identity check", service="dukcapil.nik", role="dukcapil")
        async def look(self):
            reply = await self.post(
                "/nik/verifikasi",
                json={"nik": self.applicant.nik},
                headers={"X-Kunci": "kenari-di-kepala"},
            )
            secret = self.credentials("simkim")["password"]
            said = f"{self.applicant} {secret} {self.token} {reply.body} {reply.headers}"
            cut = self.token[5:20]
            self.expect(False, f"a quick answer but {cut} {said} 3201011505900001 a@b.example.id")
"""


async def test_a_record_holds_nothing_that_went_over_the_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "careless.py").write_text(dedent(CARELESS))
    file = tmp_path / "bug.json"
    async with office(tmp_path, capsys) as desk:
        done = await desk.check(str(tmp_path / "careless.py"), "--record", str(file))
    text = file.read_text()
    applicant = applicant_for(OFFICE.id)
    for canary in (*CANARIES, "kenari-di-kepala", "kenari", "sim-", applicant.nik, "SINTETIS"):
        assert canary not in text, canary
    for canary in ("tidak ditemukan", "3201011505900001", "a@b", "127.0.0.1", OFFICE.id):
        assert canary not in text, canary
    assert not re.search("[0-9a-f]{12}", json.loads(text)["runs"][0]["steps"][1]["expected"])
    assert done.code == 1
    assert file.stat().st_mode & 0o077 == 0


async def test_a_record_says_what_a_bug_report_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "bug.json"
    async with office(tmp_path, capsys, NOT_BILLED) as desk:
        await desk.check("officer-application", "--record", str(file), "--repeat", "2")
    record = json.loads(file.read_text())
    assert (record["record"], record["format"], record["asked"]) == ("pantau check", 1, 2)
    assert {"pantau", "python", "httpx", "openssl"} <= record["versions"].keys()
    assert re.fullmatch("r1:[0-9a-f]{8}", record["nation"])
    assert [each["id"] for each in record["declared"]][:2] == ["sign in", "identity check"]
    first, _ = record["runs"]
    billing = first["steps"][3]
    assert (billing["status"], billing["code"], billing["came"]) == (503, "http_503", "HTTP 503")
    assert billing["phases"]["processing_s"] > 0
    assert first["verdicts"][3]["outcome"] == "fail"
    assert first["blame"]["blame"] == "centre"
    assert {each["group"] for each in first["controls"]} == {"gateway", "resolver", "network"}


async def test_a_record_overwrites_nothing_and_is_refused_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "bug.json"
    file.write_text("mine")
    async with office(tmp_path, capsys) as desk:
        there = await desk.check("officer-application", "--record", str(file))
        nowhere = await desk.check("officer-application", "--record", str(tmp_path / "a" / "b"))
    assert (there.code, nowhere.code) == (2, 2)
    assert "it is there already" in there.err
    assert "no such folder" in nowhere.err
    assert file.read_text() == "mine"
    assert there.out == ""
