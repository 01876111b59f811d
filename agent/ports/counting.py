"""The door to the metrics, and the closed sets of words that label them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from agent.core.blame import Blame
from agent.core.model import Bulletin, Channel, Run, Sight, Verdict
from agent.core.view import ExchangeState
from agent.ports.errors import Conflict, Denied, ExchangeError, Invalid, Unavailable
from agent.ports.telling import Effect


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
