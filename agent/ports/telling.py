"""The doors to people: Slack, and the receivers beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from agent.core.incident import Incident
from agent.ports.errors import PantauError


class Effect(StrEnum):
    """What became of a message that was not acknowledged."""

    NOT_SENT = "not_sent"
    """Surely not told; trying again later is right."""
    REFUSED = "refused"
    """Surely not told, and never will be as it stands: another text or channel is needed."""
    CREDENTIAL = "credential"
    """Surely not told; the credential is dead."""
    UNKNOWN = "unknown"
    """May have been told: look before telling again."""
    GONE = "gone"
    """The message to be changed is not there any more."""


class NotifyError(PantauError):
    """A message was not acknowledged."""

    def __init__(self, effect: Effect, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{effect.value}: {reason}")
        self.effect = effect
        self.reason = reason
        self.retry_after_s = retry_after_s
        """How long the receiver asked to be left alone, clamped to 1..300."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message, rendered: ``text`` says everything, ``blocks`` say it well."""

    key: str
    """Stable identity of the message, for finding it again: ``<incident id>/<sequence>``."""
    revision: int
    channel: str
    text: str
    blocks: Sequence[Mapping[str, Any]] = ()
    thread: str | None = None
    """Identity (``Posted.ts``) of the root message that this one answers."""
    broadcast: bool = False
    """Show a reply in the channel as well."""
    over: bool = False
    """What a root message tells has ended; that is found with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Where a message stands."""

    channel: str
    ts: str
    key: str = ""
    over: bool = False
    """As in :class:`Outgoing`."""

    @property
    def at_s(self) -> float | None:
        """When it was posted, by the receiver's clock, which an identity begins with; None: not."""
        try:
            return float(self.ts)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A sign that somebody put on a message of ours."""

    emoji: str
    """Its name without colons and skin tone, such as ``eyes``."""
    by: str
    """The receiver's id of whoever put it; never our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierHealth:
    """How the receiver answers."""

    ok: bool
    detail: str = ""
    last_ok_age_s: float | None = None


class Notifier(Protocol):
    """Delivers messages to one receiver. One attempt per call, never a retry inside.

    Every method ends within the post timeout with a result or a :class:`NotifyError`.
    """

    post_timeout_s: float

    async def post(self, message: Outgoing) -> Posted:
        """Post once."""
        ...

    async def update(self, posted: Posted, message: Outgoing) -> None:
        """Rewrite a message in place; doing it twice changes nothing."""
        ...

    async def find(self, channel: str, thread: str | None = None) -> Sequence[Posted]:
        """Our own recent messages of a channel, or of one thread, oldest first, with their keys.

        Only messages that carry a valid mark of ours count.
        """
        ...

    async def delete(self, posted: Posted) -> None:
        """Remove a message of ours; one that is gone already is no error."""
        ...

    async def reactions(self, posted: Posted) -> Sequence[Reaction]:
        """What others have put on a message of ours; asking changes nothing."""
        ...

    async def check(self) -> None:
        """Ask whether the receiver would hear us; asking changes nothing."""
        ...

    def health(self) -> NotifierHealth:
        """How the receiver answers now."""
        ...

    async def close(self) -> None:
        """Let go of everything; may be called twice."""
        ...


class Receiver(Protocol):
    """Passes incidents on to one receiver beside Slack, in its own time.

    Made for one term of one leader, and begins it knowing nothing: what an earlier leader passed
    on stands in the incidents themselves (``Incident.handed``), where that matters.
    """

    @property
    def name(self) -> str:
        """What it is called in metrics, logs and marks; the same at every hub."""
        ...

    def take(self, incidents: Sequence[Incident], now_s: float) -> None:
        """Note how all incidents stand, closed ones too, at stream time ``now_s``.

        Called after every assessment. Never waits, and keeps no more than it has bounds for.
        """
        ...

    def handed(self) -> Mapping[str, int]:
        """By incident id, the last message that is passed on or given up, where that must last."""
        ...

    async def run(self) -> None:
        """Pass on what was taken until cancelled.

        What the receiver does ends no run: it is counted, logged once, and tried again.
        """
        ...

    async def rehearse(self) -> None:
        """Pass on something that is marked as an exercise, once. Raises :class:`NotifyError`."""
        ...


Receivers = Callable[[], Sequence[Receiver]]
"""Makes the receivers of one term."""
