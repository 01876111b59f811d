"""judge -> exchange: this office's status and heartbeat, whatever the line does.

The heartbeat's acknowledgement is the proof that the exchange answers. Without it the office is
degraded after 20 s and on its own after a minute: it goes on probing, keeps its newest status, and
says so on its page; with the first acknowledgement after that it tells everything at once. Nothing
is queued: a status is absolute, and only the newest is worth sending.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import structlog

from agent.clock import Clock
from agent.core import wire
from agent.core.codec import WireError
from agent.core.model import Status
from agent.core.tuning import STATUS_S
from agent.core.view import ExchangeState
from agent.pipeline.office import Office
from agent.ports import (
    Exchange,
    ExchangeError,
    Meters,
    OwnStatus,
    PantauError,
    Record,
    Recorder,
    SendFailure,
)

BEAT_S = 10.0
DEGRADED_S = 20.0
STANDALONE_S = 60.0
OWN_STATUS_S = 60.0

_log = structlog.get_logger(__name__)


class Superseded(PantauError):  # noqa: N818 - what happened, not an error of ours
    """A newer start of this very branch publishes: this process must end."""


class Sharer:
    """Shares one office's state for as long as it lives."""

    def __init__(
        self,
        *,
        office: Office,
        exchange: Exchange,
        clock: Clock,
        meters: Meters,
        jitter_s: float = 0.0,
        recorder: Recorder | None = None,
    ) -> None:
        """``jitter_s`` (0 to 30) spreads the moments at which offices call themselves alone."""
        self._office = office
        self._exchange = exchange
        self._clock = clock
        self._meters = meters
        self._recorder = recorder
        self._standalone_s = STANDALONE_S + jitter_s
        self._news = asyncio.Event()
        self._resumed = False
        self._superseded = False
        self._alone = False
        """It has been logged that this office is on its own."""
        self._published_s = float("-inf")
        self._published_in: float | None = None
        """Generation of the store that has our status."""
        self._checked_s = clock.now_s()
        self._failing: set[str] = set()
        self._started_s = clock.now_s()

    def tell(self) -> None:
        """The others need to hear of this office now."""
        self._news.set()

    async def run(self) -> None:
        """Share until cancelled. Raises :class:`Superseded`."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat_for_ever())
            tasks.create_task(self._publish_for_ever())

    async def say_goodbye(self) -> None:
        """Publish once more before the process ends, so that nothing learned is lost.

        One that was replaced keeps quiet: its successor's status must stand.
        """
        if not self._superseded:
            with suppress(Superseded):
                await self._publish()

    async def confirm(self) -> None:
        """Ask the exchange now whether this start of the branch is still its newest.

        Raises :class:`Superseded`, or :class:`agent.ports.ExchangeError` when it does not say.
        """
        record = await self._exchange.own_status()
        self._checked_s = self._clock.now_s()
        self._look_at_own(record)

    # --- heartbeat

    async def _beat_for_ever(self) -> None:
        due_s = self._clock.now_s()
        while True:
            await self._beat()
            self._take_part(self._state())
            now_s = self._clock.now_s()
            due_s = max(due_s + BEAT_S, now_s)
            await asyncio.sleep(due_s - now_s)
            self._office.loop_lag_s = max(0.0, self._clock.now_s() - due_s)
            self._meters.loop_lag(self._office.loop_lag_s)

    async def _beat(self) -> None:
        office = self._office
        beat = {"v": wire.VERSION, "boot": office.boot_counter, "sees": office.sight.sees}
        try:
            await self._exchange.beat(json.dumps(beat, separators=(",", ":")).encode())
        except ExchangeError as error:
            self._meters.beat_failed(SendFailure.of(error))
            self._note_failure("beat", error)
            return
        self._meters.beat_acknowledged()
        if self._is_another_store() or not self._failing.isdisjoint(("beat", "status")):
            self.tell()
        self._note_success("beat")

    def _is_another_store(self) -> bool:
        """What we had told is lost, which no failure need have shown."""
        told_to = self._published_in
        return told_to is not None and self._exchange.health().generation != told_to

    def _take_part(self, state: ExchangeState) -> None:
        """Note how we take part; being alone is logged once when it begins and when it ends."""
        if state is ExchangeState.STANDALONE and not self._alone:
            self._alone = True
            _log.warning("standing_alone", branch=self._branch)
        elif state is ExchangeState.JOINED and self._alone:
            self._alone = False
            _log.info("joined_again", branch=self._branch)
        self._office.exchange = state
        self._meters.exchange_state(state)

    def _state(self) -> ExchangeState:
        age_s = self._exchange.health().acknowledged_age_s
        if age_s is None:
            age_s = self._clock.now_s() - self._started_s
            if age_s < DEGRADED_S:
                return ExchangeState.DEGRADED
        if age_s < DEGRADED_S:
            return ExchangeState.JOINED
        return ExchangeState.DEGRADED if age_s < self._standalone_s else ExchangeState.STANDALONE

    # --- status

    async def _publish_for_ever(self) -> None:
        while True:
            wait_s = self._published_s + STATUS_S - self._clock.now_s()
            try:
                async with asyncio.timeout(min(STATUS_S, max(0.0, wait_s))):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            published = await self._publish()
            if not published:
                await self._wait_for_exchange()

    async def _publish(self) -> bool:
        if not await self._resume():
            return False
        try:
            value = wire.encode_status(self._office.status(self._clock.now_s()))
            revision = await self._exchange.publish(value)
        except ValueError as error:
            self._meters.status_failed(SendFailure.INVALID)
            _log.error("status_does_not_fit", branch=self._branch, reason=str(error))
            self._note_published()
            return True
        except ExchangeError as error:
            self._meters.status_failed(SendFailure.of(error))
            self._note_failure("status", error)
            return False
        self._note_success("status")
        self._note(value, revision)
        self._office.told()
        self._note_published()
        self._meters.status_published()
        return True

    def _note_published(self) -> None:
        self._published_s = self._clock.now_s()
        self._published_in = self._exchange.health().generation

    async def _wait_for_exchange(self) -> None:
        """After a failed status, the next beat's acknowledgement says when to try again."""
        self._news.clear()
        try:
            async with asyncio.timeout(BEAT_S):
                await self._news.wait()
        except TimeoutError:
            pass
        self._news.set()

    async def _resume(self) -> bool:
        """Read our own record: first to take back our memory, later to see if we are replaced."""
        now_s = self._clock.now_s()
        if self._resumed and now_s - self._checked_s < OWN_STATUS_S:
            return True
        try:
            await self.confirm()
        except ExchangeError as error:
            self._note_failure("own status", error)
            return self._resumed
        self._note_success("own status")
        return True

    def _look_at_own(self, record: Record) -> None:
        if record.revision == 0:
            self._resumed = True
            return
        try:
            own = wire.decode_status(self._branch, record.value)
        except WireError as error:
            _log.warning("own_status_unreadable", branch=self._branch, reason=str(error))
            self._resumed = True
            return
        ours = own.boot_id == self._office.identity.boot_id
        if not self._resumed and not ours:
            self._office.resume(own, self._clock.now_s())
        elif not ours and self._yields_to(own):
            self._superseded = True
            raise Superseded(f"{self._branch}: boot {own.boot_counter} of this branch publishes")
        self._resumed = True

    def _yields_to(self, own: Status) -> bool:
        """A newer start goes on; of two that read one record, and so count alike, either one."""
        ours = (self._office.boot_counter, self._office.identity.boot_id)
        return (own.boot_counter, own.boot_id) > ours

    # --- inside

    @property
    def _branch(self) -> str:
        return self._office.identity.branch.id

    def _note(self, value: bytes, revision: int) -> None:
        if self._recorder is not None:
            at_s = self._clock.wall_s()
            own = Record(name=self._branch, value=value, revision=revision, stored_s=at_s)
            self._recorder.record(OwnStatus(record=own), at_s)

    def _note_failure(self, what: str, error: ExchangeError) -> None:
        """A failing exchange is logged once when the first thing fails that is asked of it."""
        if not self._failing:
            _log.warning(
                "exchange_failing",
                branch=self._branch,
                what=what,
                error=type(error).__name__,
                reason=str(error),
            )
        self._failing.add(what)

    def _note_success(self, what: str) -> None:
        """It is back, and that is logged once, when nothing that had failed fails any more."""
        if what in self._failing:
            self._failing.discard(what)
            if not self._failing:
                _log.info("exchange_back", branch=self._branch)
