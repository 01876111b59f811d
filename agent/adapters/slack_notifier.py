"""Slack, by a bot token: post, edit, look, delete. One attempt per call, and an honest word on it.

A message carries a mark in its metadata: its key, and a code over channel and key that only holders
of the message key can make. Metadata is readable by every member, and any app can imitate it: what
is taken for ours was posted by our own bot and carries a good code.

The message key is asked for at every use, as the token is, and never kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import structlog
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from agent.adapters import slack_answers
from agent.adapters.slack_connection import SlackConnection, ask
from agent.adapters.slack_pacing import Pacing
from agent.clock import Clock
from agent.ports import Effect, NotifierHealth, NotifyError, Outgoing, Posted, Reaction

EVENT_TYPE = "pantau_message"
BASE_URL = "https://slack.com/api/"
POST_TIMEOUT_S = 3.0
PACE_S = 1.0
"""Slack takes about one post per second and channel."""
PLAIN_TEXT_LIMIT = 2_000
"""Characters of the plain text that is sent when Slack refuses the full message."""
PAGE_SIZE = 200
MAX_PAGES = 5
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{7,}")
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,29}")

log = structlog.get_logger(__name__)
T = TypeVar("T")

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the token speaks as, and what it may do."""

    bot: str
    user: str
    scopes: frozenset[str] | None
    """None where Slack does not say."""


class SlackNotifier:
    """Implements :class:`agent.ports.Notifier`.

    Channels are ids such as ``C0123456789``, or names of public channels, which cost one more call
    each and a scope; what was posted is known by id from then on.

    ``token`` and ``key`` (of the messages' marks) are called at every use and may raise. Nothing
    connects before the first call.
    """

    def __init__(  # noqa: PLR0913 - what an office may set, each by name
        self,
        *,
        token: Callable[[], str],
        key: Callable[[], bytes],
        clock: Clock,
        base_url: str = BASE_URL,
        proxy: str | None = None,
        tls: ssl.SSLContext | None = None,
        post_timeout_s: float = POST_TIMEOUT_S,
        pace_s: float = PACE_S,
    ) -> None:
        self.post_timeout_s = post_timeout_s
        self._connection = SlackConnection(
            token=token, base_url=base_url, timeout_s=post_timeout_s, proxy=proxy, tls=tls
        )
        self._key = key
        self._clock = clock
        self._pacing = Pacing(clock, min(pace_s, post_timeout_s / 3))
        self._identity: Identity | None = None
        self._channel_ids: dict[str, str] = {}
        self._trouble: str | None = None
        self._last_ok_s: float | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- the port

    async def post(self, message: Outgoing) -> Posted:
        return await self._in_time(self._post(message))

    async def update(self, posted: Posted, message: Outgoing) -> None:
        # Without blocks Slack would keep the old ones beside the new text.
        there = {"ts": posted.ts, "blocks": list(message.blocks)}
        content = self._content(posted.channel, message) | there
        await self._in_time(self._send("chat.update", content))

    async def find(self, channel: str, thread: str | None = None) -> Sequence[Posted]:
        """As the port says; at most the newest thousand messages are looked at.

        A channel's are its root messages, a thread's are its replies.
        """
        return await self._in_time(self._find(channel, thread))

    async def delete(self, posted: Posted) -> None:
        form = {"channel": posted.channel, "ts": posted.ts}
        try:
            await self._in_time(self._call("chat.delete", posted.channel, form=form))
        except NotifyError as failed:
            if failed.effect is not Effect.GONE:
                raise

    async def reactions(self, posted: Posted) -> Sequence[Reaction]:
        """As the port says, by ``reactions.get``: tier 3, some 50 calls a minute of one app."""
        return await self._in_time(self._reactions(posted))

    async def check(self) -> None:
        """By ``auth.test``, whose tier is a special one of hundreds of calls a minute.

        Unlike ``api.test`` it also tells whether the token is still good.
        """
        await self._in_time(self._call("auth.test", "", form={}))

    def health(self) -> NotifierHealth:
        age_s = None if self._last_ok_s is None else self._clock.now_s() - self._last_ok_s
        return NotifierHealth(
            ok=self._trouble is None, detail=self._trouble or "", last_ok_age_s=age_s
        )

    async def close(self) -> None:
        await self._connection.close()

    # --- beyond the port

    async def identity(self) -> Identity:
        """Who the token speaks as; asked once per token. Raises :class:`NotifyError`."""
        return await self._in_time(self._identify())

    # --- inside

    async def _in_time(self, call: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self.post_timeout_s):
                return await call
        except TimeoutError:
            failed = NotifyError(Effect.UNKNOWN, "no answer in time")
        self._note(failed)
        raise failed

    async def _post(self, message: Outgoing) -> Posted:
        channel = await self._channel_id(message.channel)
        await self._pacing.take_turn(channel)
        content = self._content(channel, message)
        if message.blocks:
            content["blocks"] = list(message.blocks)
        if message.thread is not None:
            content |= {"thread_ts": message.thread, "reply_broadcast": message.broadcast}
        answer = await self._send("chat.postMessage", content)
        ts = answer.get("ts")
        if not isinstance(ts, str):
            raise NotifyError(Effect.UNKNOWN, "an answer without a ts")
        return Posted(channel=channel, ts=ts, key=message.key)

    def _content(self, channel: str, message: Outgoing) -> Answer:
        payload: Answer = {
            "key": message.key,
            "rev": message.revision,
            "mac": self._mac(channel, message.key),
        }
        if message.over:
            payload["over"] = True
        return {
            "channel": channel,
            "text": message.text,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": payload},
            "link_names": False,
            "parse": "none",  # chat.update would otherwise make links of plain text
            "unfurl_links": False,
            "unfurl_media": False,
        }

    async def _send(self, method: str, content: Answer) -> Answer:
        """Post or edit; what Slack finds too much is sent once more as short plain text."""
        channel = content["channel"]
        try:
            return await self._call(method, channel, json=content)
        except NotifyError as refused:
            if refused.reason not in slack_answers.TOO_MUCH:
                raise
            log.warning("slack.plain_text_instead", method=method, reason=refused.reason)
        text = content["text"]
        if len(text) > PLAIN_TEXT_LIMIT:
            # A cut may leave half an entity or link behind: ugly, and still told.
            text = text[: PLAIN_TEXT_LIMIT - 1] + "…"
        return await self._call(method, channel, json=content | {"text": text, "blocks": []})

    async def _find(self, channel: str, thread: str | None) -> Sequence[Posted]:
        me = await self._identify()
        channel = await self._channel_id(channel)
        method = "conversations.history" if thread is None else "conversations.replies"
        form = {"channel": channel, "limit": str(PAGE_SIZE), "include_all_metadata": "true"}
        if thread is not None:
            form["ts"] = thread
        found: list[Posted] = []
        async for answer in self._pages(method, channel, form):
            found += self._ours(answer, channel, thread, me)
        return sorted(found, key=lambda posted: posted.ts)

    async def _pages(
        self, method: str, channel: str, form: dict[str, str]
    ) -> AsyncIterator[Answer]:
        """All pages of a list, ``MAX_PAGES`` at most."""
        for _ in range(MAX_PAGES):
            # By POST: the SDK's own methods for lists would send a GET.
            answer = await self._call(method, channel, form=form)
            yield answer
            cursor = _mapping(answer.get("response_metadata")).get("next_cursor")
            if not isinstance(cursor, str) or not cursor:
                return
            form = form | {"cursor": cursor}

    async def _channel_id(self, channel: str) -> str:
        """The id of a channel that may be given by name; reading and editing need the id."""
        if _CHANNEL_ID.fullmatch(channel):
            return channel
        name = channel.removeprefix("#")
        if name not in self._channel_ids:
            form = {"limit": "1000", "types": "public_channel", "exclude_archived": "true"}
            async for answer in self._pages("conversations.list", "", form):
                self._channel_ids |= _ids_of(answer, name)
        if name not in self._channel_ids:
            raise NotifyError(Effect.REFUSED, "channel_not_found")
        return self._channel_ids[name]

    def _ours(self, answer: Answer, channel: str, thread: str | None, me: Identity) -> list[Posted]:
        messages = answer.get("messages")
        candidates = map(_mapping, messages if isinstance(messages, list) else [])
        marked = ((_key(each), each) for each in candidates if _is_of(each, me, thread))
        return [
            Posted(channel=channel, ts=each["ts"], key=key, over=_is_over(each))
            for key, each in marked
            if key and hmac.compare_digest(_mark(each, "mac"), self._mac(channel, key))
        ]

    def _mac(self, channel: str, key: str) -> str:
        secret = ask(self._key, "message key")
        return hmac.new(secret, f"{channel}\n{key}".encode(), hashlib.sha256).hexdigest()

    async def _identify(self) -> Identity:
        if self._identity is None:
            response = await self._response("auth.test", "", form={})
            answer = _mapping(response.data)
            if not answer.get("user_id"):
                # Without knowing who we are nothing would be found, and all be told again.
                raise NotifyError(Effect.UNKNOWN, "an auth.test without a user")
            scopes = response.headers.get("x-oauth-scopes")
            self._identity = Identity(
                bot=str(answer.get("bot_id", "")),
                user=str(answer.get("user_id", "")),
                scopes=None if scopes is None else frozenset(scopes.replace(",", " ").split()),
            )
        return self._identity

    async def _reactions(self, posted: Posted) -> Sequence[Reaction]:
        me = await self._identify()
        form = {"channel": posted.channel, "timestamp": posted.ts, "full": "true"}
        answer = await self._call("reactions.get", posted.channel, form=form)
        standing = _mapping(answer.get("message")).get("reactions")
        rows = map(_mapping, standing if isinstance(standing, list) else [])
        found = [reaction for row in rows for reaction in _reactions_of(row)]
        return [each for each in found if each.by not in (me.user, me.bot)]

    async def _call(
        self, method: str, channel: str, *, json: Answer | None = None, form: Answer | None = None
    ) -> Answer:
        response = await self._response(method, channel, json=json, form=form)
        return _mapping(response.data)

    async def _response(
        self, method: str, channel: str, *, json: Answer | None = None, form: Answer | None = None
    ) -> AsyncSlackResponse:
        self._pacing.refuse_while_paused(method, channel)
        try:
            response = await self._connection.call(method, json=json, form=form)
        except NotifyError as failed:
            if failed.retry_after_s is not None:
                self._pacing.pause(method, channel, failed.retry_after_s)
            self._note(failed)
            raise
        self._note(None)
        return response

    def _note(self, failed: NotifyError | None) -> None:
        """Remember how Slack answers; log when trouble begins and when it ends."""
        if failed is not None and failed.effect is Effect.CREDENTIAL:
            self._identity = None
        # A Slack that refuses one message or channel is there, and that is the caller's to report.
        answers = failed is None or failed.effect in (Effect.GONE, Effect.REFUSED)
        trouble = None if answers else str(failed)
        if failed is None:
            self._last_ok_s = self._clock.now_s()
        if (trouble is None) != (self._trouble is None):
            log.warning("slack.failing", why=trouble) if trouble else log.info("slack.answers")
        self._trouble = trouble


# --- what Slack sends, which may be anything ------------------------------------------------------


def _mapping(value: object) -> Answer:
    return value if isinstance(value, dict) else {}


def _is_of(message: Answer, me: Identity, thread: str | None) -> bool:
    """Whether our own bot wrote it, as a root message or as a reply in that thread."""
    ts, in_thread = message.get("ts"), message.get("thread_ts")
    author = message.get("bot_id")
    by_us = author == me.bot if author else message.get("user") == me.user
    expected = (None, ts) if thread is None else (thread,)
    placed = in_thread in expected and ts != thread
    return by_us and placed and isinstance(ts, str)


def _mark(message: Mapping[str, Any], field: str) -> str:
    value = _payload(message).get(field)
    return value if isinstance(value, str) and value.isascii() else ""


def _is_over(message: Mapping[str, Any]) -> bool:
    return _payload(message).get("over") is True


def _payload(message: Mapping[str, Any]) -> Answer:
    metadata = _mapping(message.get("metadata"))
    if metadata.get("event_type") != EVENT_TYPE:
        return {}
    return _mapping(metadata.get("event_payload"))


def _key(message: Mapping[str, Any]) -> str:
    return _mark(message, "key")


def _reactions_of(row: Answer) -> list[Reaction]:
    """One kind of sign and all who put it; a skin tone (``ok_hand::skin-tone-2``) is no other."""
    name, users = row.get("name"), row.get("users")
    if not isinstance(name, str) or not isinstance(users, list):
        return []
    emoji = name.partition("::")[0]
    told = [each for each in users if isinstance(each, str) and _USER_ID.fullmatch(each)]
    return [Reaction(emoji=emoji, by=each) for each in told]


def _ids_of(answer: Answer, name: str) -> dict[str, str]:
    channels = answer.get("channels")
    for channel in map(_mapping, channels if isinstance(channels, list) else []):
        found = channel.get("id")
        if channel.get("name") == name and isinstance(found, str):
            return {name: found}
    return {}
