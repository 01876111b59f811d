"""The Slack notifier against an independent Slack, straight and through a proxy that breaks it."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from agent.adapters import slack_connection, slack_notifier
from agent.adapters.slack_notifier import SlackNotifier
from agent.adapters.slack_pacing import Pacing
from agent.clock import BootClock
from agent.ports import Effect, NotifyError, Outgoing, Posted, Reaction
from tests.adapters.notifier_contract import NotifierContract, a_message
from tests.support import slack_emulator
from tests.support.fault_proxy import FaultProxy, Script, Trouble, seeded
from tests.support.slack_emulator import (
    NARROW_TOKEN,
    OWN_OTHER_TOKEN,
    PERSON_TOKEN,
    TOKEN,
    Emulator,
)

KEY = b"a message key of thirty-two bytes"
CANARY = "xoxb-CANARY-0123456789"
PATIENCE_S = 0.5
needs_emulator = pytest.mark.real("slack-emulator")


def a_notifier(base_url: str, **changes: Any) -> SlackNotifier:  # noqa: ANN401 - its settings
    settings: dict[str, Any] = {
        "token": lambda: TOKEN,
        "key": lambda: KEY,
        "clock": BootClock(),
        "base_url": base_url,
        "pace_s": 0.0,
    }
    return SlackNotifier(**(settings | changes))


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with slack_emulator.running() as started:
        yield started


@dataclass
class SlackStage:
    emulator: Emulator
    notifier: SlackNotifier
    channel: str

    def history(self) -> list[dict[str, Any]]:
        answer = self.emulator.call("conversations.history", channel=self.channel, limit=900)
        return list(reversed(answer["messages"]))

    def texts(self) -> list[str]:
        return [each["text"] for each in self.history()]

    def thread_texts(self, ts: str) -> list[str]:
        answer = self.emulator.call("conversations.replies", channel=self.channel, ts=ts)
        return [each["text"] for each in answer["messages"] if each["ts"] != ts]

    def forge(self, key: str) -> None:
        """As our own bot, which is the worst case: without the message key, and with none."""
        payload = {"key": key, "rev": 1, "mac": "0" * 64}
        for metadata in (
            {"event_type": "pantau_message", "event_payload": payload},
            {"event_type": "pantau_message", "event_payload": {"key": key}},
            {"event_type": "pantau_message", "event_payload": {"key": 7, "mac": ["\u2603"]}},
            {"event_type": "pantau_message"},
        ):
            self.say("palsu", metadata=metadata)

    def say(self, text: str, **arguments: Any) -> str:  # noqa: ANN401 - what Slack takes
        answer = self.emulator.call(
            "chat.postMessage", channel=self.channel, text=text, **arguments
        )
        return str(answer["ts"])

    def remove(self, ts: str) -> None:
        self.emulator.call("chat.delete", channel=self.channel, ts=ts)

    def react(self, ts: str, emoji: str) -> str:
        self._put(PERSON_TOKEN, ts, emoji)
        return str(self.emulator.call("auth.test", PERSON_TOKEN)["user_id"])

    def react_as_ourselves(self, ts: str, emoji: str) -> None:
        self._put(OWN_OTHER_TOKEN, ts, emoji)

    def _put(self, token: str, ts: str, emoji: str) -> None:
        answer = self.emulator.call(
            "reactions.add", token, channel=self.channel, timestamp=ts, name=emoji
        )
        assert answer["ok"], answer


@pytest.fixture
async def stage(emulator: Emulator) -> AsyncIterator[SlackStage]:
    async with a_notifier(emulator.base_url) as notifier:
        ready = SlackStage(emulator, notifier, emulator.channel)
        for left_over in ready.history():
            ready.remove(left_over["ts"])
        yield ready


@needs_emulator
class TestSlackNotifier(NotifierContract):
    pass


@needs_emulator
@pytest.mark.anyio
async def test_a_stranger_who_copies_a_good_mark_is_not_us(stage: SlackStage):
    await stage.notifier.post(a_message(stage))
    copied = stage.history()[0]["metadata"]
    stage.say("salinan", metadata=copied, bot_id="B0STRANGER")

    assert len(await stage.notifier.find(stage.channel)) == 1


@needs_emulator
@pytest.mark.anyio
async def test_a_long_history_is_read_page_by_page(
    stage: SlackStage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slack_notifier, "PAGE_SIZE", 2)
    posted = [await stage.notifier.post(a_message(stage, key=f"a@{n}/0")) for n in range(5)]

    assert list(await stage.notifier.find(stage.channel)) == posted


@needs_emulator
@pytest.mark.anyio
async def test_a_channel_may_be_given_by_its_name(stage: SlackStage):
    named = a_message(stage, channel="#passport-alerts")

    posted = await stage.notifier.post(named)
    await stage.notifier.update(posted, named)

    assert posted.channel == stage.channel
    assert list(await stage.notifier.find("passport-alerts")) == [posted]
    with pytest.raises(NotifyError) as failed:
        await stage.notifier.find("no-such-channel")
    assert failed.value.effect is Effect.REFUSED


@needs_emulator
@pytest.mark.anyio
async def test_nothing_is_linked_or_unfurled(stage: SlackStage):
    await stage.notifier.post(a_message(stage, blocks=({"type": "divider"},)))

    shown = stage.history()[0]
    assert shown["blocks"] == [{"type": "divider"}]
    assert shown["parse"] == "none"
    assert not shown["link_names"]
    assert not shown["unfurl_links"]
    assert not shown["unfurl_media"]


@needs_emulator
@pytest.mark.anyio
async def test_a_missing_scope_is_named(stage: SlackStage):
    async with a_notifier(stage.emulator.base_url, token=lambda: NARROW_TOKEN) as notifier:
        with pytest.raises(NotifyError) as failed:
            await notifier.post(a_message(stage))

    assert failed.value.effect is Effect.REFUSED
    assert failed.value.reason == "missing_scope: chat:write"


@needs_emulator
@pytest.mark.anyio
async def test_an_app_that_may_not_see_reactions_says_which_scope_it_lacks(stage: SlackStage):
    posted = await stage.notifier.post(a_message(stage))
    async with a_notifier(stage.emulator.base_url, token=lambda: NARROW_TOKEN) as notifier:
        with pytest.raises(NotifyError) as failed:
            await notifier.reactions(posted)

        assert failed.value.effect is Effect.REFUSED
        assert failed.value.reason == "missing_scope: reactions:read"
        assert notifier.health().ok


@pytest.mark.anyio
async def test_odd_reactions_are_passed_over_and_a_skin_tone_is_no_other_sign():
    identity = web.json_response({"ok": True, "bot_id": "B1", "user_id": "U1"})
    rows: list[Any] = [
        None,
        {"name": 7, "users": ["U2"]},
        {"name": "eyes"},
        {"name": "eyes", "users": [7, "<x"]},
        {"name": "ok_hand::skin-tone-2", "users": ["U1", "U2"]},
    ]
    answer = web.json_response({"ok": True, "message": {"reactions": rows}})
    async with a_puppet(identity, answer) as puppet, a_notifier(puppet.base_url) as notifier:
        found = await notifier.reactions(Posted(channel="C00000001", ts="1.000001"))

    assert found == [Reaction(emoji="ok_hand", by="U2")]


@needs_emulator
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("trouble", "effect", "standing"),
    [
        (Trouble.RESET_BEFORE, Effect.UNKNOWN, 0),
        (Trouble.RESET_AFTER, Effect.UNKNOWN, 1),
        (Trouble.LATE, Effect.UNKNOWN, 1),
        (Trouble.HTML, Effect.UNKNOWN, 1),
        (Trouble.SERVER_ERROR, Effect.UNKNOWN, 0),
        (Trouble.HANG, Effect.UNKNOWN, 0),
        (Trouble.RATE_LIMITED, Effect.NOT_SENT, 0),
    ],
)
async def test_a_broken_call_is_told_as_what_can_be_known(
    stage: SlackStage, trouble: Trouble, effect: Effect, standing: int
):
    async with broken(stage, Script("chat.postMessage", [trouble])) as (proxy, notifier):
        with pytest.raises(NotifyError) as failed:
            await notifier.post(a_message(stage))

        assert failed.value.effect is effect
        assert proxy.seen["chat.postMessage"] == 1
        assert len(await notifier.find(stage.channel)) == standing


@needs_emulator
@pytest.mark.anyio
async def test_a_pause_holds_its_channel_and_method_and_no_other(stage: SlackStage):
    troubles = Script("chat.postMessage", [Trouble.RATE_LIMITED])
    async with broken(stage, troubles, retry_after="86400") as (proxy, notifier):
        for _ in range(2):
            with pytest.raises(NotifyError) as failed:
                await notifier.post(a_message(stage))
            assert failed.value.effect is Effect.NOT_SENT
            assert failed.value.retry_after_s == pytest.approx(300, abs=5)

        assert proxy.seen["chat.postMessage"] == 1
        assert await notifier.find(stage.channel) == []
        general = stage.emulator.call("conversations.list")["channels"][0]["id"]
        await notifier.delete(await notifier.post(a_message(stage, channel=general)))


@needs_emulator
@pytest.mark.anyio
async def test_whoever_looks_before_posting_again_loses_and_doubles_nothing(stage: SlackStage):
    weather = seeded(seed=20260101, share=0.4)
    async with broken(stage, weather, retry_after="1") as (proxy, notifier):
        keys = [f"incident.national.all.s{number}@1/0" for number in range(12)]
        for key in keys:
            await tell_once(notifier, a_message(stage, key, key=key), stage.channel)

        proxy.choose = lambda _method: None
        found = [posted.key for posted in await notifier.find(stage.channel)]
    assert sorted(found) == sorted(keys)
    assert proxy.seen["chat.postMessage"] > len(keys)


async def tell_once(notifier: SlackNotifier, message: Outgoing, channel: str) -> None:
    """The least that a careful caller does; the pipeline does it with records and leases."""
    unknown = False
    for _ in range(30):
        try:
            if unknown and message.key in {each.key for each in await notifier.find(channel)}:
                return
            unknown = False
            await notifier.post(message)
        except NotifyError as failed:
            unknown = unknown or failed.effect is Effect.UNKNOWN
            notifier._pacing._paused_until_s.clear()  # the proxy's pause need not be sat out
        else:
            return
    raise AssertionError("never told")


@asynccontextmanager
async def broken(
    stage: SlackStage, choose: Callable[[str], Trouble | None], retry_after: str = "2"
) -> AsyncIterator[tuple[FaultProxy, SlackNotifier]]:
    late_s = 2 * PATIENCE_S
    async with (
        FaultProxy(stage.emulator.base_url, late_s=late_s, retry_after=retry_after) as proxy,
        a_notifier(proxy.base_url, post_timeout_s=PATIENCE_S) as notifier,
    ):
        proxy.choose = choose
        yield proxy, notifier


# --- a Slack that says what it is told to ---------------------------------------------------------


@dataclass
class Puppet:
    """Answers every call with the next of ``answers``, and keeps what it was asked."""

    answers: list[web.Response]
    asked: list[dict[str, Any]]
    base_url: str = ""


@asynccontextmanager
async def a_puppet(*answers: web.Response) -> AsyncIterator[Puppet]:
    puppet = Puppet(list(answers), [])

    async def serve(request: web.Request) -> web.Response:
        body = await request.read()
        puppet.asked.append(json.loads(body) if body.startswith(b"{") else {})
        return puppet.answers.pop(0)

    application = web.Application()
    application.router.add_post("/api/{method}", serve)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    puppet.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    try:
        yield puppet
    finally:
        await runner.cleanup()


def a_post(text: str = "teks", blocks: Sequence[dict[str, str]] = ()) -> Outgoing:
    return Outgoing(key="a@1/0", revision=1, channel="C00000001", text=text, blocks=blocks)


def refusing(code: str) -> web.Response:
    return web.json_response({"ok": False, "error": code})


def accepting() -> web.Response:
    return web.json_response({"ok": True, "ts": "1.000001"})


@pytest.mark.anyio
@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long"])
async def test_what_slack_finds_too_much_is_told_once_more_as_short_text(code: str):
    answers = refusing(code), accepting()
    async with a_puppet(*answers) as puppet, a_notifier(puppet.base_url) as notifier:
        await notifier.post(a_post("x" * 9_000, blocks=({"type": "divider"},)))

    assert puppet.asked[1]["blocks"] == []
    assert len(puppet.asked[1]["text"]) == slack_notifier.PLAIN_TEXT_LIMIT
    assert puppet.asked[1]["metadata"] == puppet.asked[0]["metadata"]


@pytest.mark.anyio
async def test_short_text_that_is_refused_too_is_refused():
    answers = refusing("msg_too_long"), refusing("msg_too_long")
    async with a_puppet(*answers) as puppet, a_notifier(puppet.base_url) as notifier:
        with pytest.raises(NotifyError) as failed:
            await notifier.post(a_post())

    assert failed.value.effect is Effect.REFUSED


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.json_response({"ok": True}),
        lambda: web.json_response({"ok": True, "ts": 1.5}),
        lambda: web.json_response([]),
        lambda: web.json_response("ok"),
        lambda: web.Response(text="ok"),
        lambda: web.Response(body=b"\xff\xfe", content_type="application/json"),
        lambda: web.Response(body=b"[" * 200_000, content_type="application/json"),
        lambda: web.Response(status=307, headers={"Location": "/api/elsewhere"}),
        lambda: web.Response(status=503),
    ],
)
async def test_an_odd_answer_leaves_it_unknown(answer: Callable[[], web.Response]):
    async with a_puppet(answer()) as puppet, a_notifier(puppet.base_url) as notifier:
        with pytest.raises(NotifyError) as failed:
            await notifier.post(a_post())

    assert failed.value.effect is Effect.UNKNOWN
    assert len(puppet.asked) == 1


@pytest.mark.anyio
async def test_an_endless_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slack_connection, "MAX_ANSWER_BYTES", 100_000)
    huge = web.Response(body=b'{"ok":true,"x":"' + b"x" * 300_000, content_type="application/json")
    async with a_puppet(huge) as puppet, a_notifier(puppet.base_url) as notifier:
        with pytest.raises(NotifyError) as failed:
            await notifier.post(a_post())

    assert failed.value.effect is Effect.UNKNOWN


@pytest.mark.anyio
async def test_odd_messages_in_a_history_are_passed_over():
    identity = {"ok": True, "bot_id": "B1", "user_id": "U1"}
    messages = [None, 7, {}, {"ts": 5, "bot_id": "B1"}, {"user": "U1", "metadata": []}]
    answers = web.json_response(identity), web.json_response({"ok": True, "messages": messages})
    async with a_puppet(*answers) as puppet, a_notifier(puppet.base_url) as notifier:
        assert await notifier.find("C00000001") == []


@pytest.mark.anyio
async def test_whoever_does_not_know_who_it_is_does_not_say_that_nothing_was_found():
    nobody = web.json_response({"ok": True})
    async with a_puppet(nobody) as puppet, a_notifier(puppet.base_url) as notifier:
        with pytest.raises(NotifyError) as failed:
            await notifier.find("C00000001")

    assert failed.value.effect is Effect.UNKNOWN


@pytest.mark.anyio
async def test_a_slack_that_is_not_there_was_surely_not_told():
    async with a_puppet() as puppet:
        gone = puppet.base_url
    for base_url in (gone, "http://no-such-host.invalid/api/"):
        async with a_notifier(base_url) as notifier:
            with pytest.raises(NotifyError) as failed:
                await notifier.post(a_post())
        assert failed.value.effect is Effect.NOT_SENT
        assert not notifier.health().ok


# --- secrets --------------------------------------------------------------------------------------


def failing_secret() -> str:
    raise OSError(f"cannot read {CANARY}")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "token", [failing_secret, lambda: "", lambda: f"{CANARY}\r\nX: y", lambda: "xoxb-\u2603"]
)
async def test_a_token_that_cannot_be_used_is_a_dead_credential(token: Callable[[], str]):
    async with a_puppet() as puppet, a_notifier(puppet.base_url, token=token) as notifier:
        with pytest.raises(NotifyError) as failed:
            await notifier.post(a_post())

    assert failed.value.effect is Effect.CREDENTIAL
    assert CANARY not in "".join(traceback.format_exception(failed.value))


@pytest.mark.anyio
async def test_a_new_token_is_taken_up_without_a_restart():
    tokens = iter(["xoxb-old", "xoxb-new"])
    async with (
        a_puppet(refusing("token_revoked"), accepting()) as puppet,
        a_notifier(puppet.base_url, token=lambda: next(tokens)) as notifier,
    ):
        with pytest.raises(NotifyError) as failed:
            await notifier.post(a_post())
        assert failed.value.effect is Effect.CREDENTIAL

        await notifier.post(a_post())
        assert notifier.health().ok


@pytest.mark.anyio
async def test_the_token_is_in_no_error_log_or_representation(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    caplog.set_level(logging.DEBUG)
    async with (
        a_puppet(refusing("invalid_auth"), refusing(CANARY)) as puppet,
        a_notifier(puppet.base_url, token=lambda: CANARY, key=CANARY.encode) as notifier,
    ):
        for _ in range(2):
            with pytest.raises(NotifyError) as failed:
                await notifier.post(a_post())
            assert failed.value.__context__ is None
            assert CANARY not in "".join(traceback.format_exception(failed.value))
        assert CANARY not in f"{notifier!r} {vars(notifier._connection)} {notifier._identity}"

    output = capsys.readouterr()
    assert CANARY not in caplog.text + output.out + output.err


# --- pacing ---------------------------------------------------------------------------------------


class HandClock:
    def __init__(self) -> None:
        self.at_s = 100.0

    def now_s(self) -> float:
        return self.at_s

    def wall_s(self) -> float:
        return self.at_s


@pytest.mark.anyio
async def test_one_may_wait_for_its_turn_and_the_next_is_sent_away():
    pacing = Pacing(HandClock(), pace_s=0.01)
    async with asyncio.timeout(1):
        await pacing.take_turn("C1")
        await pacing.take_turn("C1")  # waits for its turn

    with pytest.raises(NotifyError) as failed:
        await pacing.take_turn("C1")
    assert failed.value.effect is Effect.NOT_SENT
    assert failed.value.retry_after_s == 1.0
    await pacing.take_turn("C2")


@pytest.mark.anyio
async def test_what_is_past_is_forgotten():
    clock = HandClock()
    pacing = Pacing(clock, pace_s=1.0)
    for number in range(50):
        await pacing.take_turn(f"C{number}")
        pacing.pause("chat.update", f"C{number}", 5)
        clock.at_s += 10

    assert len(pacing._next_s) == 1
    assert len(pacing._paused_until_s) == 1
