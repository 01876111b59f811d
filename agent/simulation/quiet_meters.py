"""Meters that count nothing, for simulated days: what a play came to is seen from outside."""

from __future__ import annotations

from collections.abc import Sequence

from agent.core.blame import Blame
from agent.core.model import Bulletin, Channel, Run, Sight, Verdict
from agent.core.view import ExchangeState
from agent.ports import Drop, Effect, LossNews, SendFailure, SkipReason


class QuietMeters:
    """Implements :class:`agent.ports.Meters`."""

    def run_finished(self, run: Run, verdicts: Sequence[Verdict]) -> None:
        """Nothing is counted."""

    def run_blamed(self, journey: str, blame: Blame) -> None:
        """Nothing is counted."""

    def run_skipped(self, journey: str, reason: SkipReason) -> None:
        """Nothing is counted."""

    def sight(self, sight: Sight) -> None:
        """Nothing is counted."""

    def evidence(self, service: str, channel: Channel, *, w: float, p0: float) -> None:
        """Nothing is counted."""

    def status_published(self) -> None:
        """Nothing is counted."""

    def status_failed(self, why: SendFailure) -> None:
        """Nothing is counted."""

    def beat_acknowledged(self) -> None:
        """Nothing is counted."""

    def beat_failed(self, why: SendFailure) -> None:
        """Nothing is counted."""

    def ledger_stored(self) -> None:
        """Nothing is counted."""

    def ledger_failed(self, why: SendFailure) -> None:
        """Nothing is counted."""

    def usual(self, journey: str, step: str, seconds: float | None) -> None:
        """Nothing is counted."""

    def exchange_state(self, state: ExchangeState) -> None:
        """Nothing is counted."""

    def leadership(self, *, leads: bool, term: int) -> None:
        """Nothing is counted."""

    def bulletin_received(self, bulletin: Bulletin) -> None:
        """Nothing is counted."""

    def leader_heard(self) -> None:
        """Nothing is counted."""

    def blipped(self, service: str, channel: Channel) -> None:
        """Nothing is counted."""

    def notify_attempted(self, effect: Effect | None) -> None:
        """Nothing is counted."""

    def loss_news(self, news: LossNews) -> None:
        """Nothing is counted."""

    def receiver_attempted(self, receiver: str, effect: Effect | None) -> None:
        """Nothing is counted."""

    def receiver_waiting(self, receiver: str, count: int) -> None:
        """Nothing is counted."""

    def receiver_dropped(self, receiver: str, count: int = 1) -> None:
        """Nothing is counted."""

    def notify_checked(self, effect: Effect | None) -> None:
        """Nothing is counted."""

    def reminded(self) -> None:
        """Nothing is counted."""

    def digest_written(self) -> None:
        """Nothing is counted."""

    def signs_looked_for(self, effect: Effect | None) -> None:
        """Nothing is counted."""

    def outbox(self, pending: int, oldest_s: float | None) -> None:
        """Nothing is counted."""

    def dropped(self, what: Drop, count: int = 1) -> None:
        """Nothing is counted."""

    def scheduler_lag(self, seconds: float) -> None:
        """Nothing is counted."""

    def loop_lag(self, seconds: float) -> None:
        """Nothing is counted."""

    def config_loaded(self, *, success: bool, nation: str) -> None:
        """Nothing is counted."""
