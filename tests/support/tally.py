"""Meters that keep what they were told, for tests to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.core.model import Bulletin, Channel, Run, Verdict
from agent.core.view import ExchangeState
from agent.ports import Drop, Effect, LossNews, SendFailure, SkipReason
from agent.simulation.quiet_meters import QuietMeters


class Tally(QuietMeters):
    """Implements :class:`agent.ports.Meters`."""

    def __init__(self) -> None:
        self.attempts: Counter[Effect | None] = Counter()
        self.checks: Counter[Effect | None] = Counter()
        self.reminders = self.digests = 0
        self.sign_looks: Counter[Effect | None] = Counter()
        self.losses: Counter[LossNews] = Counter()
        self.drops: Counter[Drop] = Counter()
        self.skipped: Counter[SkipReason] = Counter()
        self.runs: list[Run] = []
        self.published = 0
        self.status_failures: Counter[SendFailure] = Counter()
        self.beats = 0
        self.beat_failures: Counter[SendFailure] = Counter()
        self.ledgers = 0
        self.ledger_failures: Counter[SendFailure] = Counter()
        self.usuals: dict[tuple[str, str], float | None] = {}
        """By journey and step, as last told."""
        self.states: list[ExchangeState] = []
        self.bulletins: list[Bulletin] = []
        self.heard = 0
        self.waiting = 0
        self.blips: Counter[tuple[str, Channel]] = Counter()
        """By service and channel."""
        self.received: Counter[tuple[str, Effect | None]] = Counter()
        """By receiver beside Slack, and what became of it."""
        self.receiver_waits: dict[str, int] = {}
        self.receiver_drops: Counter[str] = Counter()
        self.leading = (False, 0)
        """Whether this agent leads, and under which term."""

    def run_finished(self, run: Run, verdicts: Sequence[Verdict]) -> None:
        del verdicts
        self.runs.append(run)

    def run_skipped(self, journey: str, reason: SkipReason) -> None:
        del journey
        self.skipped[reason] += 1

    def status_published(self) -> None:
        self.published += 1

    def status_failed(self, why: SendFailure) -> None:
        self.status_failures[why] += 1

    def beat_acknowledged(self) -> None:
        self.beats += 1

    def beat_failed(self, why: SendFailure) -> None:
        self.beat_failures[why] += 1

    def ledger_stored(self) -> None:
        self.ledgers += 1

    def ledger_failed(self, why: SendFailure) -> None:
        self.ledger_failures[why] += 1

    def usual(self, journey: str, step: str, seconds: float | None) -> None:
        self.usuals[journey, step] = seconds

    def exchange_state(self, state: ExchangeState) -> None:
        if not self.states or self.states[-1] is not state:
            self.states.append(state)

    def bulletin_received(self, bulletin: Bulletin) -> None:
        self.bulletins.append(bulletin)

    def leader_heard(self) -> None:
        self.heard += 1

    def leadership(self, *, leads: bool, term: int) -> None:
        self.leading = (leads, term)

    def blipped(self, service: str, channel: Channel) -> None:
        self.blips[service, channel] += 1

    def notify_attempted(self, effect: Effect | None) -> None:
        self.attempts[effect] += 1

    def loss_news(self, news: LossNews) -> None:
        self.losses[news] += 1

    def receiver_attempted(self, receiver: str, effect: Effect | None) -> None:
        self.received[receiver, effect] += 1

    def receiver_waiting(self, receiver: str, count: int) -> None:
        self.receiver_waits[receiver] = count

    def receiver_dropped(self, receiver: str, count: int = 1) -> None:
        self.receiver_drops[receiver] += count

    def notify_checked(self, effect: Effect | None) -> None:
        self.checks[effect] += 1

    def reminded(self) -> None:
        self.reminders += 1

    def digest_written(self) -> None:
        self.digests += 1

    def signs_looked_for(self, effect: Effect | None) -> None:
        self.sign_looks[effect] += 1

    def outbox(self, pending: int, oldest_s: float | None) -> None:
        del oldest_s
        self.waiting = pending

    def dropped(self, what: Drop, count: int = 1) -> None:
        self.drops[what] += count
