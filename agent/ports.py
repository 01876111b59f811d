"""The few doors to the outside, as Protocols, and the errors that may come through them.

Adapters implement these; the pipeline uses them; neither knows the other. A foreign library's
errors are turned into the ones below inside its adapter, and never seen anywhere else.

    PantauError
    |-- ConfigurationError        a file or setting is wrong: where, what, and how to mend it
    |-- ExchangeError
    |   |-- Unavailable           no answer in time: the call may or may not have been applied
    |   |-- Conflict              somebody else wrote first
    |   |-- Denied                refused for who we are
    |   `-- Invalid               refused for what we sent; nothing was sent
    `-- NotifyError               see its ``effect``
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from agent.core.blame import Blame
from agent.core.incident import Incident
from agent.core.model import Bulletin, Channel, Run, Sight, Verdict
from agent.core.view import ExchangeState
from agent.probe import Session


class PantauError(Exception):
    """Root of every error that the program raises on purpose."""


class ConfigurationError(PantauError):
    """One or more mistakes in what a person wrote; ``mistakes`` are lines for that person."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


# --- the exchange


class ExchangeError(PantauError):
    """The exchange did not do what was asked."""


class Unavailable(ExchangeError):  # noqa: N818 - the words of the exchange's contract
    """No answer in time. The call may have been applied: look before doing it again."""


class Conflict(ExchangeError):  # noqa: N818
    """The record's revision is not the one expected."""


class Denied(ExchangeError):  # noqa: N818
    """The engine refused these credentials or this subject."""


class Invalid(ExchangeError):  # noqa: N818
    """A name or value that the exchange does not take; nothing was sent."""


MAX_VALUE_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A value of the exchange with its revision; revision 0 means absent."""

    name: str
    value: bytes = b""
    revision: int = 0
    stored_s: float = 0.0
    """Stream time at which the engine stored it, seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPut:
    """A branch's status, newest value."""

    record: Record
    """``name`` is the branch: taken from the subject, never from the payload."""
    live: bool
    """False while the snapshot is replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatPut:
    """A branch's heartbeat."""

    record: Record
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """The snapshot is complete; what follows is live."""

    generation: float
    """Creation time of the store: another one means that revisions began again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A branch sent nothing for ``silent_after_s``; told once per silence."""

    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """This watch is blind for now; silences are not judged until the next Synced."""

    why: str


WatchEvent = StatusPut | BeatPut | Synced | Silent | Stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A public record."""

    record: Record
    live: bool
    """False for what stood before we listened: it may be hours old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeHealth:
    """How the exchange answers this office."""

    connected: bool
    """A hint only; the acknowledgement is the proof."""
    acknowledged_age_s: float | None
    """Seconds since the engine last acknowledged anything of ours; None: never."""
    generation: float | None = None
    detail: str = ""


class Exchange(Protocol):
    """How branches share verdicts, elect a leader and keep the state of incidents.

    Durations are on the caller's boot-time clock. Every call ends within its own deadline with a
    result or an :class:`ExchangeError`; nothing is queued while disconnected. Values are bytes up
    to ``MAX_VALUE_BYTES``; names follow ``agent.core.model.is_name``; else :class:`Invalid`.
    """

    async def start(self) -> None:
        """Connect and make sure that the store exists.

        Returns within the connect timeout even when the engine is down: then it raises
        :class:`Unavailable` and goes on trying in the background. :class:`Denied` on refused
        credentials.
        """
        ...

    async def publish(self, value: bytes) -> int:
        """Replace this branch's status; returns its revision."""
        ...

    async def beat(self, value: bytes) -> int:
        """Replace this branch's heartbeat; its acknowledgement proves that the exchange answers."""
        ...

    async def own_status(self) -> Record:
        """This branch's own status record, to resume from; revision 0 when there is none."""
        ...

    def watch(self, silent_after_s: float) -> AsyncIterator[WatchEvent]:
        """All branches' statuses and beats, for ever: snapshot, Synced, live; the leader's.

        Silent at most once per silence, never while stale, nor before ``silent_after_s`` has
        passed since Synced. Stale at most 15 s after updates stop reaching us.
        """
        ...

    async def read(self, name: str) -> Record:
        """A coordination record; revision 0 when absent."""
        ...

    async def records(self, prefix: str) -> Sequence[Record]:
        """All coordination records whose name begins with ``prefix``, in name order."""
        ...

    async def compare_and_set(self, name: str, value: bytes, expect: int) -> int:
        """Write a coordination record if its revision is still ``expect`` (0: absent)."""
        ...

    async def announce(self, name: str, value: bytes) -> int:
        """Replace a public record, ``bulletin`` or ``beat``; only the leader does."""
        ...

    def announcements(self) -> AsyncIterator[Announced]:
        """The public records: their present values, then every change, for ever; every agent's.

        Supervised like :meth:`watch`: an engine that goes and comes back ends nothing, and the
        newest values are given again after it, as not live.
        """
        ...

    async def write_ledger(self, day: str, value: bytes) -> int:
        """Replace this branch's availability ledger of one day, ``yyyymmdd``."""
        ...

    async def own_ledger(self, day: str) -> Record:
        """This branch's ledger of that day, to count on from; revision 0 when there is none."""
        ...

    def health(self) -> ExchangeHealth:
        """How the engine answers now."""
        ...

    async def close(self) -> None:
        """Let go of everything; may be called twice."""
        ...


# --- recording


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStatus:
    """A status that the exchange took from this very branch."""

    record: Record
    """``stored_s`` is the office's own wall clock: the exchange answers a revision and no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermBegan:
    """A leader begins, with nothing but what its watch will show."""

    branch: str
    term: int
    nation: str
    """Revision and hash of the nation.yaml that it judges by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPut:
    """A person's decision about an incident, as the leader read it."""

    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenancePut:
    """Planned work that a person added, as the leader read it."""

    record: Record


RecordedEvent = WatchEvent | OwnStatus | OrderPut | MaintenancePut | TermBegan


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as a recording holds it."""

    at_s: float
    """Seconds since 1970: a leader's stream time, or an office's wall clock for its own status."""
    source: str
    """Whose recording it is; one file, one source."""
    event: RecordedEvent


class Recorder(Protocol):
    """Keeps what an office published and what a leader's watch showed, for replay and counting."""

    def record(self, event: RecordedEvent, at_s: float) -> None:
        """Note what happened at ``at_s``. Never waits or raises; what has no room is counted."""
        ...


# --- probing


class SessionFactory(Protocol):
    """Makes the session of one run; the run closes it."""

    def open(self) -> OpenSession:
        """A session with no connection yet: the first request of the run makes it."""
        ...


class OpenSession(Session, Protocol):
    """A session that must be closed."""

    async def close(self) -> None:
        """Drop its connections; never raises."""
        ...


class Controls(Protocol):
    """The near controls of this office, and the front control of the centre."""

    def ignore(self, names: Collection[str]) -> None:
        """Let the controls of these shared names, and no others, count no more."""
        ...

    async def look(self) -> Sight:
        """Try every control once, at the same time, and tell whether this office can see.

        Ends within its own deadline of a few seconds and never raises.
        """
        ...


# --- telling


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


# --- counting


class LossNews(StrEnum):
    """What an alerter did about a loss of the exchange."""

    TOLD = "told"
    LEFT = "left to another"
    """Another's message stood in the channel."""
    TAKEN_BACK = "taken back"
    """Ours stood beside an older one."""
    OVER = "over"
    """Its message says that the exchange is back."""


class SkipReason(StrEnum):
    """Why a run that was due did not begin."""

    BUDGET = "budget"
    RUNNING = "still running"
    MISSED = "missed"
    """Its moment had passed: the machine slept, or the loop was late."""
    CREDENTIAL = "credential refused"
    """A credential that it needs was refused, and is not to be tried again yet."""
    MAINTENANCE = "maintenance"
    """The leader says that it is not to be probed while planned work lasts."""


class SendFailure(StrEnum):
    """Why the exchange did not take a record, one word for each :class:`ExchangeError`."""

    UNAVAILABLE = "unavailable"
    CONFLICT = "conflict"
    DENIED = "denied"
    INVALID = "invalid"

    @classmethod
    def of(cls, error: ExchangeError) -> SendFailure:
        """The word for an error of the exchange."""
        return _SEND_FAILURES.get(type(error), cls.UNAVAILABLE)


_SEND_FAILURES: Mapping[type[ExchangeError], SendFailure] = {
    Unavailable: SendFailure.UNAVAILABLE,
    Conflict: SendFailure.CONFLICT,
    Denied: SendFailure.DENIED,
    Invalid: SendFailure.INVALID,
}


class Drop(StrEnum):
    """What was thrown away because a bound was reached or it could not be read."""

    RESULT = "result"
    EVENT = "event"
    STATUS = "status"
    """Another branch's status or beat that could not be read."""
    BULLETIN = "bulletin"
    MESSAGE = "message"
    LEDGER = "ledger"
    LESSON = "lesson"
    """A day's lessons of how long steps usually take: its ledger had no room for them."""
    MEASUREMENT = "measurement"
    """A count for a journey, step or service that configuration does not know."""
    RECORDING = "recording"
    """A line of the recording: its queue was full, or its disk."""


class Meters(Protocol):
    """What the pipeline counts. No method waits or raises; times are taken by the meters."""

    def run_finished(self, run: Run, verdicts: Sequence[Verdict]) -> None:
        """A run ended, well or not."""
        ...

    def run_blamed(self, journey: str, blame: Blame) -> None:
        """A run was not well, or not to be believed, and its fault most likely lies there."""
        ...

    def run_skipped(self, journey: str, reason: SkipReason) -> None:
        """A run that was due did not begin."""
        ...

    def sight(self, sight: Sight) -> None:
        """The controls have been tried."""
        ...

    def evidence(self, service: str, channel: Channel, *, w: float, p0: float) -> None:
        """This branch's evidence (nats) and learned rate of bad results."""
        ...

    def status_published(self) -> None:
        """The exchange acknowledged a status."""
        ...

    def status_failed(self, why: SendFailure) -> None:
        """The exchange did not acknowledge a status."""
        ...

    def beat_acknowledged(self) -> None:
        """The exchange acknowledged a heartbeat: it answers now."""
        ...

    def beat_failed(self, why: SendFailure) -> None:
        """The exchange did not acknowledge a heartbeat."""
        ...

    def ledger_stored(self) -> None:
        """The exchange acknowledged a day of the availability ledger."""
        ...

    def ledger_failed(self, why: SendFailure) -> None:
        """A day of the availability ledger could not be stored; it is tried again."""
        ...

    def usual(self, journey: str, step: str, seconds: float | None) -> None:
        """How long a step usually takes here in this hour of the week; None: it is not known."""
        ...

    def exchange_state(self, state: ExchangeState) -> None:
        """How this office takes part."""
        ...

    def leadership(self, *, leads: bool, term: int) -> None:
        """This agent leads, or follows; ``term`` is the newest known."""
        ...

    def bulletin_received(self, bulletin: Bulletin) -> None:
        """The leader spoke."""
        ...

    def leader_heard(self) -> None:
        """The leader's own beat came: the last bulletin still stands."""
        ...

    def blipped(self, service: str, channel: Channel) -> None:
        """At the leader: a suspicion came to nothing."""
        ...

    def notify_attempted(self, effect: Effect | None) -> None:
        """A delivery was tried; ``effect`` says what became of it, None: acknowledged."""
        ...

    def loss_news(self, news: LossNews) -> None:
        """At an alerter: something was done about a loss of the exchange."""
        ...

    def receiver_attempted(self, receiver: str, effect: Effect | None) -> None:
        """Something was passed to a receiver beside Slack; ``effect`` as for a delivery."""
        ...

    def receiver_waiting(self, receiver: str, count: int) -> None:
        """How many messages wait for that receiver."""
        ...

    def receiver_dropped(self, receiver: str, count: int = 1) -> None:
        """Messages were given up: too old, too many, or refused for good."""
        ...

    def notify_checked(self, effect: Effect | None) -> None:
        """The receiver was asked whether it would hear us; ``effect`` as above."""
        ...

    def reminded(self) -> None:
        """At the leader: people are reminded of an incident that nobody looks after."""
        ...

    def digest_written(self) -> None:
        """At the leader: a day's digest stands, told or with nothing to tell."""
        ...

    def signs_looked_for(self, effect: Effect | None) -> None:
        """At the leader: a root message's signs were asked for; ``effect`` as above."""
        ...

    def outbox(self, pending: int, oldest_s: float | None) -> None:
        """Messages not yet told, and when the oldest was due (seconds since 1970)."""
        ...

    def dropped(self, what: Drop, count: int = 1) -> None:
        """Something was thrown away."""
        ...

    def scheduler_lag(self, seconds: float) -> None:
        """How late a run began."""
        ...

    def loop_lag(self, seconds: float) -> None:
        """How late the event loop woke a task."""
        ...

    def config_loaded(self, *, success: bool, nation: str) -> None:
        """Configuration was read; ``nation`` is the revision and hash now in force."""
        ...
