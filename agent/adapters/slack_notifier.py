"""Slack, by a bot token: post, edit, look, delete. One attempt per call, and an honest word on it.

The SDK's retries are off: its handler re-sends a post after a reset that came once Slack had
accepted it. Every call has one deadline over everything, a fresh connection (so that a reset never
comes from an idle one that Slack had closed), and no redirect.

A message carries a mark in its metadata: its key, and a code over channel and key that only holders
of the message key can make. Metadata is readable by every member, and any app can imitate it: what
is taken for ours was posted by our own bot and carries a good code.

Token and key are asked for at every call, so that a rotated secret needs no restart; neither is
kept, logged or raised.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from agent.adapters import slack_answers
from agent.clock import Clock
from agent.ports import Effect, NotifierHealth, NotifyError, Outgoing, Posted

EVENT_TYPE = "pantau_message"
BASE_URL = "https://slack.com/api/"
POST_TIMEOUT_S = 3.0
PACE_S = 1.0
"""Slack takes about one post per second and channel."""
PLAIN_TEXT_LIMIT = 2_000
"""Characters of the plain text that is sent when Slack refuses the full message."""
PAGE_SIZE = 200
MAX_PAGES = 5
MAX_ANSWER_BYTES = 8_000_000
_MAX_CHANNELS = 256
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{7,}")

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
        self._token = token
        self._key = key
        self._clock = clock
        self._base_url = base_url
        self._proxy = proxy
        self._tls = tls
        self._pacing = Pacing(clock, min(pace_s, post_timeout_s / 3))
        self._client: AsyncWebClient | None = None
        self._session: aiohttp.ClientSession | None = None
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

    def health(self) -> NotifierHealth:
        age_s = None if self._last_ok_s is None else self._clock.now_s() - self._last_ok_s
        return NotifierHealth(
            ok=self._trouble is None, detail=self._trouble or "", last_ok_age_s=age_s
        )

    async def close(self) -> None:
        session, self._session, self._client = self._session, None, None
        if session is not None:
            await session.close()

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
        payload = {
            "key": message.key,
            "rev": message.revision,
            "mac": self._mac(channel, message.key),
        }
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
            Posted(channel=channel, ts=each["ts"], key=key)
            for key, each in marked
            if key and hmac.compare_digest(_mark(each, "mac"), self._mac(channel, key))
        ]

    def _mac(self, channel: str, key: str) -> str:
        secret = _ask(self._key, "message key")
        return hmac.new(secret, f"{channel}\n{key}".encode(), hashlib.sha256).hexdigest()

    async def _identify(self) -> Identity:
        if self._identity is None:
            response = await self._response("auth.test", "", form={})
            answer = _mapping(response.data)
            scopes = response.headers.get("x-oauth-scopes")
            self._identity = Identity(
                bot=str(answer.get("bot_id", "")),
                user=str(answer.get("user_id", "")),
                scopes=None if scopes is None else frozenset(scopes.replace(",", " ").split()),
            )
        return self._identity

    async def _call(
        self, method: str, channel: str, *, json: Answer | None = None, form: Answer | None = None
    ) -> Answer:
        response = await self._response(method, channel, json=json, form=form)
        return _mapping(response.data)

    async def _response(
        self, method: str, channel: str, *, json: Answer | None = None, form: Answer | None = None
    ) -> AsyncSlackResponse:
        """One call. Raises :class:`NotifyError`, never with the SDK's error as its context."""
        self._pacing.refuse_while_paused(method, channel)
        client = self._connected()
        client.token = _one_line(_ask(self._token, "token"))
        try:
            response = await client.api_call(method, json=json, data=form)
        except Exception as error:  # noqa: BLE001 - the one edge where Slack's errors are turned
            failed = slack_answers.judge(error)
        else:
            self._note(None)
            return response
        finally:
            client.token = None
        if failed.retry_after_s is not None:
            self._pacing.pause(method, channel, failed.retry_after_s)
        self._note(failed)
        raise failed

    def _connected(self) -> AsyncWebClient:
        if self._client is None:
            # One look-up of one host at a time: aiohttp lets concurrent calls share it, so that a
            # hung resolver costs one thread of the pool.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True),
                timeout=aiohttp.ClientTimeout(
                    total=self.post_timeout_s, connect=self.post_timeout_s * 2 / 3
                ),
                headers={"Accept-Encoding": "identity"},
                response_class=_BoundedResponse,
                middlewares=(_without_redirects,),
            )
            self._client = AsyncWebClient(
                base_url=self._base_url,
                session=self._session,
                ssl=self._tls,
                retry_handlers=[],
                logger=_QUIET,
            )
            self._client.proxy = self._proxy  # and never one from the environment
        return self._client

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


class Pacing:
    """Whose turn it is: about one post a second and channel, and nothing where Slack said wait."""

    def __init__(self, clock: Clock, pace_s: float) -> None:
        self._clock = clock
        self._pace_s = pace_s
        self._next_s: dict[str, float] = {}
        self._paused_until_s: dict[tuple[str, str], float] = {}

    async def take_turn(self, channel: str) -> None:
        """Wait for this channel's next turn, one pace at most.

        Raises :class:`NotifyError` (not sent, with the wait) when others wait already.
        """
        now_s = self._clock.now_s()
        wait_s = self._next_s.get(channel, 0.0) - now_s
        if wait_s > 1.5 * self._pace_s:  # then another waits already
            raise NotifyError(
                Effect.NOT_SENT, "the channel is busy", max(slack_answers.SHORTEST_PAUSE_S, wait_s)
            )
        self._next_s = _still_ahead(self._next_s, now_s)
        self._next_s[channel] = now_s + max(0.0, wait_s) + self._pace_s
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def pause(self, method: str, channel: str, seconds: float) -> None:
        """Leave this method alone for this channel; others go on."""
        now_s = self._clock.now_s()
        self._paused_until_s = _still_ahead(self._paused_until_s, now_s)
        self._paused_until_s[method, channel] = now_s + seconds

    def refuse_while_paused(self, method: str, channel: str) -> None:
        """Raise :class:`NotifyError` (not sent, with the rest of the pause) during a pause."""
        left_s = self._paused_until_s.get((method, channel), 0.0) - self._clock.now_s()
        if left_s > 0:
            raise NotifyError(
                Effect.NOT_SENT,
                "ratelimited",
                max(slack_answers.SHORTEST_PAUSE_S, left_s),
            )


K = TypeVar("K")


def _still_ahead(times_s: dict[K, float], now_s: float) -> dict[K, float]:
    """Those not yet past, and the last of them when there are absurdly many."""
    ahead = [(key, at_s) for key, at_s in times_s.items() if at_s > now_s]
    return dict(ahead[-_MAX_CHANNELS:])


# --- secrets --------------------------------------------------------------------------------------


def _ask(secret: Callable[[], T], what: str) -> T:
    """A secret from its file. Raises :class:`NotifyError` without saying what was read."""
    try:
        value = secret()
    except Exception as error:  # noqa: BLE001 - whatever keeps a secret from being read
        failed = NotifyError(
            Effect.CREDENTIAL, f"the {what} cannot be read: {type(error).__name__}"
        )
    else:
        if value:
            return value
        failed = NotifyError(Effect.CREDENTIAL, f"the {what} is empty")
    raise failed


def _one_line(token: str) -> str:
    token = token.strip()
    if not (token.isascii() and token.isprintable()):
        raise NotifyError(Effect.CREDENTIAL, "the token is not one line of plain characters")
    return token


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
    return bool(me.user) and by_us and placed and isinstance(ts, str)


def _mark(message: Mapping[str, Any], field: str) -> str:
    metadata = _mapping(message.get("metadata"))
    if metadata.get("event_type") != EVENT_TYPE:
        return ""
    value = _mapping(metadata.get("event_payload")).get(field)
    return value if isinstance(value, str) and value.isascii() else ""


def _key(message: Mapping[str, Any]) -> str:
    return _mark(message, "key")


def _ids_of(answer: Answer, name: str) -> dict[str, str]:
    channels = answer.get("channels")
    for channel in map(_mapping, channels if isinstance(channels, list) else []):
        found = channel.get("id")
        if channel.get("name") == name and isinstance(found, str):
            return {name: found}
    return {}


class _BoundedResponse(aiohttp.ClientResponse):
    """An answer of at most ``MAX_ANSWER_BYTES``: the SDK reads whatever comes."""

    async def read(self) -> bytes:
        if self._body is None:
            body = bytearray()
            async for chunk in self.content.iter_chunked(65_536):
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    self.close()
                    raise aiohttp.ClientPayloadError("the answer is too large")
            self._body = bytes(body)
        return self._body


async def _without_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Slack's API never redirects; whoever does is not Slack, and gets nothing a second time."""
    response = await handler(request)
    if response.status in range(300, 400):
        response.close()
        raise aiohttp.ClientError("redirected")
    return response


_QUIET = logging.getLogger("agent.slack_sdk")
"""The SDK's own log would repeat whole messages."""
_QUIET.setLevel(logging.CRITICAL)
