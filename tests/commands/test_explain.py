"""`pantau explain` against agents over real HTTP, and against whatever else may answer there."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from rich.console import Console

from agent.__main__ import main
from agent.adapters.prometheus_exporter import Exposition
from agent.adapters.web_listeners import operations_listener
from agent.commands import explain_asking, explain_picture
from agent.commands.explain_asking import Answer
from agent.core.explanation import Explanation
from agent.core.view import OfficeView
from agent.core.wording import Wording
from tests.adapters import office_views as offices
from tests.support.worked_outage import BILLING, INCIDENT, Worked

pytestmark = pytest.mark.anyio


@dataclass
class Said:
    code: int
    out: str
    err: str


def pantau(*words: str) -> int:
    return main(["explain", *words])


async def ask(capsys: pytest.CaptureFixture[str], *words: str) -> Said:
    """In a thread: the command has a loop of its own, and the agent needs this one."""
    code = await asyncio.to_thread(pantau, *words)
    out, err = capsys.readouterr()
    return Said(code, out, err)


@asynccontextmanager
async def agent(
    explained: Callable[[str], Explanation | None], view: OfficeView = offices.NATIONAL
) -> AsyncIterator[str]:
    """The operations listener of an agent; yields its URL."""
    listener = operations_listener(
        lambda: view,
        explain=explained,
        wording=Wording(),
        exposition=lambda _: Exposition(body=b"", content_type="text/plain"),
        ready=lambda: True,
        host="127.0.0.1",
        port=0,
    )
    await listener.start()
    try:
        yield f"http://127.0.0.1:{listener.port}"
    finally:
        await listener.close()


@asynccontextmanager
async def somebody(said: bytes, *, then_silent: bool = False) -> AsyncIterator[str]:
    """A server that answers every request with ``said``."""

    over = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        if then_silent:
            await over.wait()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        over.set()
        for writer in writers:
            writer.transport.abort()


def http(body: bytes, status: str = "200 OK", *more: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *more]
    return "\r\n".join([*head, "", ""]).encode() + body


SUSPECTED = Worked().until(19.5).explanation(19.5)
NATIONAL = Worked().until(20.0).explanation(20.0, INCIDENT)


async def test_the_leader_tells_everything_in_plain_lines(capsys):
    async with agent(lambda _: SUSPECTED) as url:
        said = await ask(capsys, BILLING, "--url", url)
    lines = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert lines[0] == "Kode billing (SIMPONI): belum menjadi gangguan, sedang diperiksa."
    assert any("perlu 2,0: kurang 0,5." in line for line in lines)
    assert "di luar kelompok terburuk: gagal 10.00 / 3.00, lambat 10.00 / 3.00" in lines
    assert "ditegaskan hasil baru: gagal 1.50 / 2.00, lambat 1.50 / 2.00" in lines
    assert lines[-1].startswith("suara terberat: office-01 1.00, office-02 1.00")


async def test_an_incident_is_no_failure_of_the_command(capsys):
    async with agent(lambda _: NATIONAL) as url:
        said = await ask(capsys, BILLING, "--url", f"{url}/", "--language", "en")
    assert said.code == 0
    assert said.out.splitlines()[0] == "Billing code (SIMPONI): a national incident."
    assert "offices that vote: failing 12, slow 12" in said.out


async def test_json_is_one_object_with_its_exit_code(capsys):
    async with agent(lambda _: NATIONAL) as url:
        said = await ask(capsys, BILLING, "--url", url, "--json")
    found = json.loads(said.out)
    assert (found["ok"], found["exit_code"], found["state"]) == (True, 0, "national")
    assert found["nation"]["channels"][0]["score"] == 10.0


async def test_an_office_that_does_not_lead_says_what_it_knows_and_whom_to_ask(capsys):
    async with agent(lambda service: offices.explain(offices.NATIONAL, service)) as url:
        said = await ask(capsys, BILLING, "--url", url)
    assert said.code == 0
    assert "kantor semarang: tanyakan di sana." in said.out
    assert "suara terberat" not in said.out


@pytest.mark.parametrize("view", [offices.ALONE, offices.STALE], ids=["no bulletin", "31 s old"])
async def test_without_fresh_word_of_the_nation_it_is_unknown(capsys, view):
    async with agent(lambda service: offices.explain(view, service), view) as url:
        said = await ask(capsys, BILLING, "--url", url)
        as_json = await ask(capsys, BILLING, "--url", url, "--json")
    assert (said.code, as_json.code) == (3, 3)
    assert said.out.startswith("Kode billing (SIMPONI): belum dapat dipastikan.")
    assert json.loads(as_json.out)["ok"] is False


async def test_a_service_that_is_not_watched_is_a_mistake_with_the_names_that_exist(capsys):
    async with agent(lambda _: None) as url:
        said = await ask(capsys, "simponi/biling\x1b[31m", "--url", url)
        as_json = await ask(capsys, "simponi", "--url", url, "--json")
    assert (said.code, as_json.code, said.out) == (2, 2, "")
    assert said.err.startswith("no service is called simponi/biling[31m; there are: mpaspor.login")
    assert BILLING in json.loads(as_json.out)["services"]


@pytest.mark.parametrize("url", ["localhost:9090", "ftp://127.0.0.1/", "http://", "file:///etc/x"])
async def test_what_is_no_address_is_a_mistake(capsys, url):
    said = await ask(capsys, BILLING, "--url", url)
    assert said.code == 2
    assert "is no http(s) address" in said.err


async def test_where_nobody_listens_it_is_unknown_and_no_password_is_repeated(capsys):
    said = await ask(capsys, BILLING, "--url", "http://user:kenari@127.0.0.1:9")
    assert (said.code, said.out) == (3, "")
    assert said.err.startswith("no agent answers at http://127.0.0.1:9: ")
    assert "kenari" not in said.err


async def test_one_that_says_nothing_has_a_deadline(capsys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(explain_asking, "DEADLINE_S", 0.2)
    async with somebody(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", then_silent=True) as url:
        async with asyncio.timeout(2):
            said = await ask(capsys, BILLING, "--url", url, "--json")
    assert said.code == 3
    assert json.loads(said.out) == {
        "ok": False,
        "exit_code": 3,
        "mistakes": [f"no agent answers within 0 s at {url}"],
    }


STRANGERS = {
    "a page": http(b"<html>hello</html>"),
    "not found": http(b"404 Not Found\n", "404 Not Found"),
    "an error": http(b"500\n", "500 Internal Server Error"),
    "elsewhere": http(b"", "302 Found", "Location: http://127.0.0.1:9/"),
    "another document": http(b'{"sentences": {"id": "x", "en": 3}}'),
    "a list": http(b"[1, 2]"),
    "nested without end": http(b"[" * 100_000),
    "a megabyte and more": http(b" " * 1_100_000),
    "no HTTP": b"220 smtp.example.invalid ESMTP\r\n",
}


@pytest.mark.parametrize("said", STRANGERS.values(), ids=STRANGERS)
async def test_what_is_no_agent_explains_nothing(capsys, said):
    async with somebody(said) as url:
        answer = await ask(capsys, BILLING, "--url", url)
    assert (answer.code, answer.out) == (3, "")
    assert len(answer.err.splitlines()) == 1
    assert "http://127.0.0.1" in answer.err


EVIL = "\x1b[31mmerah\x07 [bold]x[/bold]\u202e\n{}"


async def test_what_an_agent_says_cannot_command_the_terminal(capsys):
    body = {
        "sentences": {"id": [EVIL, {"a": EVIL}], "en": []},
        "known": True,
        "state": EVIL,
        "nation": {
            "channels": [
                {"channel": "fail", "voting": EVIL, "votes": [{"branch": EVIL, "vote": 1}]}
            ]
        },
    }
    async with somebody(http(json.dumps(body).encode())) as url:
        said = await ask(capsys, BILLING, "--url", url)
    assert said.code == 0
    assert not set("\x1b\x07\u202e") & set(said.out)
    assert "[bold]x[/bold]" in said.out


@pytest.mark.parametrize(
    "nation",
    [None, 3, {}, {"channels": None}, {"channels": [1]}, {"channels": [{"channel": "fail"}]}],
)
def test_an_answer_that_knows_less_is_shown_as_far_as_it_goes(nation):
    said = io.StringIO()
    document = {"sentences": {"id": ["Ya."], "en": []}, "nation": nation, "own": None}
    explain_picture.show(Answer(document=document), Console(file=said), "id")
    assert said.getvalue() == "Ya.\n"


async def test_a_terminal_gets_a_table_of_both_channels(capsys):
    async with agent(lambda _: NATIONAL) as url:
        answer = await explain_asking.ask(url, BILLING)
    said = io.StringIO()
    console = Console(file=said, force_terminal=True, width=100, color_system=None)
    explain_picture.show(answer, console, "id")
    drawn = said.getvalue()
    assert "┃ gagal" in drawn
    assert "│ di luar kelompok terburuk" in drawn
    assert max(map(len, drawn.splitlines())) <= 100
