"""A Slack-like workspace in memory, for tests, the demonstration and simulated days.

It keeps what a channel would show, tells its listeners of every change, and can be scripted to
misbehave the way a network and a busy service do. The notifier that speaks to it is held to the
same contract tests as the one that speaks to Slack.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from agent.clock import Clock
from agent.ports import Effect, NotifierHealth, NotifyError, Outgoing, Posted, Reaction

MAX_TEXT = 40_000
MAX_MESSAGES = 10_000
"""Older messages of a channel fall out of its history."""
BOT = "pantau"
RATE_LIMIT_PAUSE_S = 2.0

T = TypeVar("T")


class Fault(StrEnum):
    """What may happen to one call."""

    LOST_BEFORE = "lost before"
    """No connection: surely nothing happened."""
    LOST_AFTER = "lost after"
    """Accepted, and the connection reset before the answer."""
    LATE = "late"
    """Accepted, and answered after the caller stopped listening."""
    HANG = "hang"
    """Nothing happened, and nothing is answered in time."""
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"
    """500, not accepted; the caller cannot know."""
    REVOKED = "revoked"
    REFUSED = "refused"
    """For good: such as an edit that the workspace's rules do not allow any more."""


Weather = Callable[[str, str], Fault | None]
"""From the method (post, update, find, delete, reactions, check) and the sender to what happens."""


def fair(method: str, sender: str) -> Fault | None:
    """Nothing goes wrong."""
    del method, sender
    return None


def scripted(*faults: Fault | None) -> Weather:
    """One fault per call, in order; afterwards fair weather."""
    ahead = iter(faults)
    return lambda _method, _sender: next(ahead, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMessage:
    """A message as the channel shows it."""

    channel: str
    ts: str
    author: str
    """The bot's or a person's name."""
    text: str
    blocks: Sequence[Mapping[str, Any]] = ()
    thread: str | None = None
    broadcast: bool = False
    key: str = ""
    revision: int = 0
    over: bool = False
    edits: int = 0
    reactions: tuple[Reaction, ...] = ()


class Happening(StrEnum):
    """What can happen to a message."""

    POSTED = "posted"
    EDITED = "edited"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceEvent:
    """One change of the workspace. ``at_s``: wall clock."""

    happening: Happening
    message: WorkspaceMessage
    at_s: float


Listener = Callable[[WorkspaceEvent], None]


class Workspace:
    """Channels with messages. Everything here happens at once; waiting is the notifier's."""

    def __init__(self, channels: Iterable[str], clock: Clock, weather: Weather = fair) -> None:
        self.weather = weather
        self.listeners: list[Listener] = []
        self.posted: Counter[str] = Counter()
        """How often each key was ever posted, deleted ones included."""
        self.forgotten = 0
        """Messages that fell out of a full channel."""
        self._clock = clock
        self._channels: dict[str, dict[str, WorkspaceMessage]] = {name: {} for name in channels}
        self._last_ts = 0

    def messages(self, channel: str) -> list[WorkspaceMessage]:
        """Everything in a channel, oldest first, replies included."""
        return list(self._channel(channel).values())

    def roots(self, channel: str | None = None) -> list[WorkspaceMessage]:
        """Root messages, of one channel or of all, oldest first."""
        names = self._channels if channel is None else (channel,)
        return [each for name in names for each in self.messages(name) if each.thread is None]

    def replies(self, channel: str, ts: str) -> list[WorkspaceMessage]:
        """The thread under a root message, oldest first, without the root."""
        return [each for each in self.messages(channel) if each.thread == ts]

    def duplicates(self) -> dict[str, int]:
        """Keys that stand in the workspace more than once at this moment, and how often."""
        standing = Counter(
            each.key for name in self._channels for each in self.messages(name) if each.key
        )
        return {key: count for key, count in standing.items() if count > 1}

    def post(self, message: WorkspaceMessage) -> WorkspaceMessage:
        """Put a message into its channel; the workspace gives it its ts."""
        channel = self._channel(message.channel)
        if len(message.text) > MAX_TEXT:
            raise NotifyError(Effect.REFUSED, "msg_too_long")
        stored = replace(message, ts=self._next_ts())
        channel[stored.ts] = stored
        if len(channel) > MAX_MESSAGES:
            del channel[next(iter(channel))]
            self.forgotten += 1
        if stored.key:
            self.posted[stored.key] += 1
        self._tell(Happening.POSTED, stored)
        return stored

    def edit(self, channel: str, ts: str, changed: Outgoing) -> None:
        """Rewrite a message in place."""
        old = self._message(channel, ts)
        new = replace(
            old,
            text=changed.text,
            blocks=changed.blocks,
            key=changed.key,
            revision=changed.revision,
            over=changed.over,
            edits=old.edits + 1,
        )
        self._channels[channel][ts] = new
        self._tell(Happening.EDITED, new)

    def react(self, channel: str, ts: str, reaction: Reaction) -> None:
        """Somebody puts a sign on a message; twice the same is once."""
        old = self._message(channel, ts)
        if reaction not in old.reactions:
            reactions = (*old.reactions, reaction)
            self._channels[channel][ts] = replace(old, reactions=reactions)

    def reactions(self, channel: str, ts: str) -> tuple[Reaction, ...]:
        """The signs on a message, the bot's own among them."""
        return self._message(channel, ts).reactions

    def delete(self, channel: str, ts: str) -> None:
        """Remove a message; its thread stays, as in Slack."""
        gone = self._message(channel, ts)
        del self._channels[channel][ts]
        self._tell(Happening.DELETED, gone)

    def _channel(self, name: str) -> dict[str, WorkspaceMessage]:
        if name not in self._channels:
            raise NotifyError(Effect.REFUSED, "channel_not_found")
        return self._channels[name]

    def _message(self, channel: str, ts: str) -> WorkspaceMessage:
        message = self._channel(channel).get(ts)
        if message is None:
            raise NotifyError(Effect.GONE, "message_not_found")
        return message

    def _next_ts(self) -> str:
        """Microseconds of the wall clock, and never the same or an earlier one again."""
        self._last_ts = max(self._last_ts + 1, round(self._clock.wall_s() * 1e6))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06}"

    def _tell(self, happening: Happening, message: WorkspaceMessage) -> None:
        event = WorkspaceEvent(happening=happening, message=message, at_s=self._clock.wall_s())
        for listener in self.listeners:
            listener(event)


def _posted(message: WorkspaceMessage) -> Posted:
    return Posted(channel=message.channel, ts=message.ts, key=message.key, over=message.over)


class WorkspaceNotifier:
    """Implements :class:`agent.ports.Notifier` on a workspace, as ``sender`` (an office's id)."""

    def __init__(
        self,
        workspace: Workspace,
        sender: str,
        clock: Clock,
        *,
        post_timeout_s: float = 3.0,
        is_cut: Callable[[], bool] = lambda: False,
    ) -> None:
        """``is_cut``: whether the line is on which the sender reaches the workspace."""
        self._is_cut = is_cut
        self.post_timeout_s = post_timeout_s
        self._workspace = workspace
        self._sender = sender
        self._clock = clock
        self._trouble: str | None = None
        self._last_ok_s: float | None = None

    async def post(self, message: Outgoing) -> Posted:
        def do() -> Posted:
            stored = self._workspace.post(
                WorkspaceMessage(
                    channel=message.channel,
                    ts="",
                    author=BOT,
                    text=message.text,
                    blocks=message.blocks,
                    thread=message.thread,
                    broadcast=message.broadcast,
                    key=message.key,
                    revision=message.revision,
                    over=message.over,
                )
            )
            return _posted(stored)

        return await self._through("post", do)

    async def update(self, posted: Posted, message: Outgoing) -> None:
        await self._through(
            "update", lambda: self._workspace.edit(posted.channel, posted.ts, message)
        )

    async def find(self, channel: str, thread: str | None = None) -> Sequence[Posted]:
        def do() -> list[Posted]:
            return [
                _posted(each)
                for each in self._workspace.messages(channel)
                if each.author == BOT and each.key and each.thread == thread
            ]

        return await self._through("find", do)

    async def delete(self, posted: Posted) -> None:
        def do() -> None:
            try:
                self._workspace.delete(posted.channel, posted.ts)
            except NotifyError as failed:
                if failed.effect is not Effect.GONE:
                    raise

        await self._through("delete", do)

    async def reactions(self, posted: Posted) -> Sequence[Reaction]:
        def do() -> list[Reaction]:
            standing = self._workspace.reactions(posted.channel, posted.ts)
            return [each for each in standing if each.by != BOT]

        return await self._through("reactions", do)

    async def check(self) -> None:
        await self._through("check", lambda: None)

    def health(self) -> NotifierHealth:
        age_s = None if self._last_ok_s is None else self._clock.now_s() - self._last_ok_s
        return NotifierHealth(
            ok=self._trouble is None, detail=self._trouble or "", last_ok_age_s=age_s
        )

    async def close(self) -> None:
        """Nothing is held."""

    async def _through(self, method: str, do: Callable[[], T]) -> T:
        """One call through the workspace's weather."""
        await asyncio.sleep(0)
        weather = self._workspace.weather(method, self._sender)
        fault = Fault.LOST_BEFORE if self._is_cut() else weather
        try:
            await self._before(fault)
            done = do()
            await self._after(fault)
        except NotifyError as failed:
            answers = failed.effect in (Effect.GONE, Effect.REFUSED)
            self._trouble = None if answers else str(failed)
            raise
        self._trouble, self._last_ok_s = None, self._clock.now_s()
        return done

    async def _before(self, fault: Fault | None) -> None:
        if fault is Fault.LOST_BEFORE:
            raise NotifyError(Effect.NOT_SENT, "no connection")
        if fault is Fault.RATE_LIMITED:
            raise NotifyError(Effect.NOT_SENT, "ratelimited", RATE_LIMIT_PAUSE_S)
        if fault is Fault.REVOKED:
            raise NotifyError(Effect.CREDENTIAL, "token_revoked")
        if fault is Fault.REFUSED:
            raise NotifyError(Effect.REFUSED, "restricted_action")
        if fault is Fault.SERVER_ERROR:
            raise NotifyError(Effect.UNKNOWN, "answer 500: no code")
        if fault is Fault.HANG:
            await self._no_answer()

    async def _after(self, fault: Fault | None) -> None:
        if fault is Fault.LOST_AFTER:
            raise NotifyError(Effect.UNKNOWN, "the connection was reset")
        if fault is Fault.LATE:
            await self._no_answer()

    async def _no_answer(self) -> None:
        await asyncio.sleep(self.post_timeout_s)
        raise NotifyError(Effect.UNKNOWN, "no answer in time")
