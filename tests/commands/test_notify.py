"""`pantau notify test` says of every step how it went, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from agent.__main__ import main
from agent.adapters.slack_notifier import SlackNotifier
from agent.clock import BootClock
from agent.commands import notify
from agent.core.model import Routes
from agent.core.wording import Wording
from agent.ports import Effect
from agent.simulation.workspace import (
    Fault,
    Workspace,
    WorkspaceNotifier,
    scripted,
)
from tests.config.conftest import BRANCH, CANARY, NATION
from tests.support import slack_emulator
from tests.support.http_sink import Answer, http_sink
from tests.support.slack_emulator import NARROW_TOKEN, TOKEN, Emulator

CHANNEL = "C00000001"
STEPS = ["post", "edit", "reply", "find", "see signs", "remove the reply", "remove"]
needs_emulator = pytest.mark.real("slack-emulator")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with slack_emulator.running() as started:
        yield started


def a_workspace() -> tuple[Workspace, WorkspaceNotifier]:
    workspace = Workspace([CHANNEL], BootClock())
    return workspace, WorkspaceNotifier(workspace, "jember", BootClock())


@pytest.mark.anyio
async def test_all_steps_go_well_and_nothing_is_left_behind():
    workspace, notifier = a_workspace()
    texts: list[str] = []
    workspace.listeners.append(lambda event: texts.append(event.message.text))

    results = await notify.exercise(notifier, CHANNEL, Wording())

    assert [each.step for each in results] == STEPS
    assert notify.exit_code(results) == 0
    assert workspace.messages(CHANNEL) == []
    assert all(text.startswith("[LATIHAN] ") for text in texts)


@pytest.mark.anyio
async def test_a_step_that_fails_is_named_and_the_rest_is_tried():
    workspace, notifier = a_workspace()
    workspace.weather = scripted(None, Fault.SERVER_ERROR)

    results = await notify.exercise(notifier, CHANNEL, Wording())

    assert [each.step for each in results if not each.ok] == ["edit"]
    assert notify.exit_code(results) == 3
    assert workspace.messages(CHANNEL) == []


@pytest.mark.anyio
async def test_without_a_post_there_is_nothing_more_to_try():
    _, notifier = a_workspace()

    results = await notify.exercise(notifier, "C0NOWHERE", Wording())

    assert [notify.line(each) for each in results] == ["FAILED C0NOWHERE: post (channel_not_found)"]
    assert notify.exit_code(results) == 1


@needs_emulator
@pytest.mark.anyio
async def test_the_exercise_goes_well_against_an_independent_slack(emulator: Emulator):
    notifier = SlackNotifier(
        token=lambda: TOKEN,
        key=lambda: b"key",
        clock=BootClock(),
        base_url=emulator.base_url,
        pace_s=0.0,
    )
    results = await notify.exercise(notifier, emulator.channel, Wording(language="en"))
    await notifier.close()

    assert [each.step for each in results if each.ok] == STEPS
    assert emulator.call("conversations.history", channel=emulator.channel)["messages"] == []


@needs_emulator
@pytest.mark.parametrize(
    ("token", "code", "said"),
    [
        (TOKEN, 0, "ok     passport-alerts: remove"),
        (NARROW_TOKEN, 1, "FAILED passport-alerts: post (missing_scope: chat:write)"),
    ],
)
def test_the_command_tells_each_step_and_never_a_secret(  # the loop is its own: no anyio here
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    token: str,
    code: int,
    said: str,
):
    monkeypatch.setenv("BOT_TOKEN", token)
    branch = configured(tmp_path, f'{BRANCH}  base_url: "{emulator.base_url}"\n')

    assert pantau("notify", "test", "--config", str(branch)) == code

    out = capsys.readouterr().out
    assert said in out.splitlines()
    assert token not in out
    assert CANARY not in out


@needs_emulator
def test_as_json_the_steps_are_one_object(
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    branch = configured(tmp_path, f'{BRANCH}  base_url: "{emulator.base_url}"\n')

    code = pantau("notify", "test", "--json", "--channel", "C0NOWHERE", "--config", str(branch))

    steps = json.loads(capsys.readouterr().out)["steps"]
    assert code == 1
    assert [each["effect"] for each in steps] == [None, "refused"]


@pytest.mark.anyio
async def test_every_receiver_beside_slack_is_tried_with_an_exercise_and_no_address_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    async with http_sink() as sink:
        written = (
            f'{BRANCH}  base_url: "{sink.url}/slack"\nreceivers:\n'
            f'  - {{kind: alertmanager, url: "{sink.url}/{CANARY}/ok"}}\n'
            f'  - {{kind: webhook, url: "{sink.url}/{CANARY}/bad", secret: "{CANARY}"}}\n'
        )
        sink.answer = _refusing("bad")
        branch = configured(tmp_path, written)
        code = await asyncio.to_thread(pantau, "notify", "test", "--config", str(branch))
    told = capsys.readouterr()
    assert told.out.splitlines()[-2:] == [
        "ok     alertmanager: rehearse",
        "FAILED webhook: rehearse (HTTP 400)",
    ]
    assert code == 1
    assert CANARY not in told.out + told.err
    tried = [each for each in sink.came if CANARY in each.path]
    assert all(b"[LATIHAN]" in each.body for each in tried)
    assert len(tried) == 2


def _refusing(end: str) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=400 if request.path.endswith(end) else 200)

    return answer


def test_a_wrong_configuration_and_an_office_without_secrets_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    without_slack = configured(tmp_path, BRANCH[: BRANCH.index("slack:")])

    assert pantau("notify", "test", "--config", str(without_slack)) == 2
    assert "no Slack secrets" in capsys.readouterr().err
    assert pantau("notify", "test", "--config", str(tmp_path / "none.yaml")) == 2


def test_every_channel_is_tried_once():
    routes = Routes(main="a", slow="b", regional="a", digest="c", by_service={"x": "d", "y": "b"})

    assert routes.channels == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        (None, []),
        (frozenset({"chat:write", "groups:history", "reactions:read"}), []),
        (frozenset({"chat:write", "reactions:read"}), ["channels:history or groups:history"]),
        (
            frozenset(),
            ["chat:write", "channels:history or groups:history", "reactions:read"],
        ),
    ],
)
def test_each_missing_scope_is_named(scopes: frozenset[str] | None, missing: list[str]):
    assert notify.missing_scopes(scopes) == missing


def test_a_slack_that_cannot_be_asked_is_unknown_and_a_refusal_is_a_failure():
    def failed(effect: Effect) -> notify.StepResult:
        return notify.StepResult(channel="C", step="post", ok=False, effect=effect)

    assert notify.exit_code([failed(Effect.NOT_SENT), failed(Effect.UNKNOWN)]) == 3
    assert notify.exit_code([failed(Effect.NOT_SENT), failed(Effect.CREDENTIAL)]) == 1


def configured(folder: Path, branch: str) -> Path:
    (folder / "nation.yaml").write_text(NATION.replace("main: pantau", "main: passport-alerts"))
    (folder / "secrets").mkdir()
    (folder / "secrets" / "password").write_text("opens-nothing")
    (folder / "probes").mkdir()
    file = folder / "branch.yaml"
    file.write_text(branch)
    return file


def pantau(*line: str) -> int:
    return main(line)
