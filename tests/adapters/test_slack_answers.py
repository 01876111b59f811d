from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from agent.adapters import slack_answers
from agent.ports import Effect, NotifyError


class Answer:
    """An answer as the SDK hands it on with its error."""

    def __init__(self, status: int, data: object, headers: dict[str, str] | None = None) -> None:
        self.status_code = status
        self.data = data
        self.headers = headers or {}
        self.req_args = {"headers": {"Authorization": "Bearer xoxb-canary"}}


def judge(status: int, data: object, headers: dict[str, str] | None = None) -> NotifyError:
    return slack_answers.judge(SlackApiError("xoxb-canary", Answer(status, data, headers)))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("code", "effect"),
    [
        ("channel_not_found", Effect.REFUSED),
        ("not_in_channel", Effect.REFUSED),
        ("is_archived", Effect.REFUSED),
        ("msg_too_long", Effect.REFUSED),
        ("msg_blocks_too_long", Effect.REFUSED),
        ("invalid_blocks", Effect.REFUSED),
        ("missing_scope", Effect.REFUSED),
        ("invalid_auth", Effect.CREDENTIAL),
        ("not_authed", Effect.CREDENTIAL),
        ("token_revoked", Effect.CREDENTIAL),
        ("account_inactive", Effect.CREDENTIAL),
        ("message_not_found", Effect.GONE),
        ("thread_not_found", Effect.GONE),
        ("ratelimited", Effect.NOT_SENT),
        ("fatal_error", Effect.UNKNOWN),
        ("internal_error", Effect.UNKNOWN),
        ("an_error_of_next_year", Effect.UNKNOWN),
    ],
)
def test_an_error_code_means_one_thing(code: str, effect: Effect):
    assert judge(200, {"ok": False, "error": code}).effect is effect


@pytest.mark.parametrize(
    ("status", "data"),
    [
        (500, {}),
        (502, "<html>"),
        (200, {}),
        (200, None),
        (200, []),
        (200, {"ok": False}),
        (200, {"ok": False, "error": 7}),
        (200, {"ok": False, "error": "<!channel>"}),
        (302, {}),
        (404, {}),
    ],
)
def test_whatever_is_no_answer_of_slack_leaves_it_unknown(status: int, data: object):
    assert judge(status, data).effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7.0),
        ("0", 1.0),
        ("-5", 1.0),
        ("2.5", 2.5),
        ("86400", 300.0),
        ("inf", 300.0),
        ("1e99", 300.0),
        ("nan", 30.0),
        ("soon", 30.0),
        ("", 30.0),
        (None, 30.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 30.0),
    ],
)
def test_a_pause_of_any_shape_is_clamped(asked: str | None, seconds: float):
    headers = {} if asked is None else {"Retry-After": asked}

    failed = judge(429, {"ok": False, "error": "ratelimited"}, headers)

    assert failed.effect is Effect.NOT_SENT
    assert failed.retry_after_s == seconds


def test_a_429_without_json_is_a_429():
    assert judge(429, {}).effect is Effect.NOT_SENT


def test_a_missing_scope_is_named():
    failed = judge(200, {"ok": False, "error": "missing_scope", "needed": "chat:write"})

    assert failed.reason == "missing_scope: chat:write"


@pytest.mark.parametrize(
    ("error", "effect"),
    [
        (aiohttp.ConnectionTimeoutError(), Effect.NOT_SENT),
        (aiohttp.InvalidURL("x"), Effect.NOT_SENT),
        (TimeoutError(), Effect.UNKNOWN),
        (aiohttp.ServerDisconnectedError(), Effect.UNKNOWN),
        (ConnectionResetError(), Effect.UNKNOWN),
        (AttributeError("'str' object has no attribute 'get'"), Effect.UNKNOWN),
        (RecursionError(), Effect.UNKNOWN),
    ],
)
def test_an_error_without_an_answer_says_whether_anything_was_sent(
    error: Exception, effect: Effect
):
    assert slack_answers.judge(error).effect is effect


def test_nothing_of_a_foreign_error_is_carried_along():
    failed = judge(200, {"ok": False, "error": "missing_scope", "needed": "xoxb-CANARY secret"})

    assert "canary" not in f"{failed!r} {vars(failed)}".lower()
