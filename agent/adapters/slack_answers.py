"""What an answer of Slack means: told, surely not told, or nobody knows.

The whole promise of one message per incident hangs on this table, so it stands alone and does
nothing. When in doubt the answer is UNKNOWN: looking once more costs a call, posting once more
costs the readers' trust.

    refused, no DNS, no TLS, no connection in time; 429      NOT_SENT
    a channel, size, format or scope that will not do        REFUSED
    a token that is no good any more                         CREDENTIAL
    the message or thread is not there                       GONE
    timeout, reset after sending, 5xx, HTML, anything else   UNKNOWN

No text of a foreign error or answer is carried along: only codes that look like codes. An error of
the SDK holds the bearer token in its request.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.ports import Effect, NotifyError

SHORTEST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0
DEFAULT_PAUSE_S = 30.0
"""When Slack asks to be left alone and does not say, in numbers, for how long."""

TOO_MUCH = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_metadata_format",
        "markdown_text_conflict",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "too_many_attachments",
    }
)
"""Refusals that a short plain text may overcome."""

_WRONG_PLACE = frozenset(
    {
        "as_user_not_supported",
        "cannot_reply_to_message",
        "cant_broadcast_message",
        "cant_delete_message",
        "cant_post_message",
        "cant_update_message",
        "channel_not_found",
        "channel_type_not_supported",
        "duplicate_channel_not_found",
        "edit_window_closed",
        "invalid_arguments",
        "invalid_channel",
        "is_archived",
        "is_inactive",
        "messages_tab_disabled",
        "method_not_supported_for_channel_type",
        "missing_scope",
        "no_permission",
        "no_text",
        "not_allowed_token_type",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "team_access_not_granted",
    }
)
_DEAD_CREDENTIAL = frozenset(
    {
        "access_denied",
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
_GONE = frozenset({"message_not_found", "thread_not_found"})
_LEFT_ALONE = frozenset({"rate_limited", "ratelimited"})
_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")
_SCOPES = re.compile(r"[a-z][a-z0-9_:,. |-]{0,200}")
_TOO_MANY_REQUESTS = 429

EFFECTS: Mapping[str, Effect] = {
    **dict.fromkeys(TOO_MUCH | _WRONG_PLACE, Effect.REFUSED),
    **dict.fromkeys(_DEAD_CREDENTIAL, Effect.CREDENTIAL),
    **dict.fromkeys(_GONE, Effect.GONE),
    **dict.fromkeys(_LEFT_ALONE, Effect.NOT_SENT),
}
"""What Slack's error codes mean; those that are not here mean UNKNOWN."""

_NEVER_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)


def judge(error: Exception) -> NotifyError:
    """What became of a call that raised ``error``."""
    if isinstance(error, SlackApiError):
        return _judge_answer(error.response)
    if isinstance(error, _NEVER_CONNECTED):
        return NotifyError(Effect.NOT_SENT, f"no connection: {type(error).__name__}")
    if isinstance(error, TimeoutError):
        return NotifyError(Effect.UNKNOWN, "no answer in time")
    return NotifyError(Effect.UNKNOWN, f"no usable answer: {type(error).__name__}")


def _judge_answer(response: Any) -> NotifyError:  # noqa: ANN401 - the SDK puts two types there
    """Read an answer that is not ``ok``: the SDK's response, or aiohttp's when it was no JSON."""
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    answer = getattr(response, "data", None)
    answer = answer if isinstance(answer, dict) else {}
    code = _text(answer.get("error"), _CODE)
    if status == _TOO_MANY_REQUESTS or code in _LEFT_ALONE:
        headers = getattr(response, "headers", None) or {}
        return NotifyError(Effect.NOT_SENT, "ratelimited", pause_s(headers.get("Retry-After")))
    if code is None or code not in EFFECTS:
        return NotifyError(Effect.UNKNOWN, f"answer {status}: {code or 'no code'}")
    needed = _text(answer.get("needed"), _SCOPES) if code == "missing_scope" else None
    return NotifyError(EFFECTS[code], f"{code}: {needed}" if needed else code)


def pause_s(asked: object) -> float:
    """Seconds to leave Slack alone, from a Retry-After of any shape, clamped to 1..300."""
    try:
        seconds = float(str(asked))
    except ValueError:
        seconds = math.nan
    if math.isnan(seconds):
        return DEFAULT_PAUSE_S
    return min(LONGEST_PAUSE_S, max(SHORTEST_PAUSE_S, seconds))


def _text(value: object, shape: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and shape.fullmatch(value) else None
