"""incident -> receivers beside Slack: each is told how things stand, and goes its own way.

After every assessment each receiver notes the incidents as they stand; what it does with them is
its own business, in a task of its own, so that none can hold up Slack, the assessments or another
receiver. How far one has come is written into the incident, so that the next leader goes on there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from agent.core import incident as incidents
from agent.core.incident import Incident
from agent.pipeline.incident_book import IncidentBook
from agent.ports import ExchangeError, Receiver

MARK_EVERY_S = 1.0
RESTART_S = 5.0
"""After a receiver broke, which is a bug of ours."""

_log = structlog.get_logger(__name__)


class Handing:
    """Hands the incidents to all receivers, for one term of one leader."""

    def __init__(self, receivers: Sequence[Receiver], book: IncidentBook) -> None:
        self._receivers = tuple(receivers)
        self._book = book

    def give(self, now_s: float) -> None:
        """Let every receiver note what stands at stream time ``now_s``."""
        standing = tuple(self._book.incidents())
        for receiver in self._receivers:
            try:
                receiver.take(standing, now_s)
            except Exception:  # noqa: BLE001 - logged whole; the others and Slack must go on
                _log.exception("receiver_broke", receiver=receiver.name)

    async def run(self) -> None:
        """Let all receivers run until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for receiver in self._receivers:
                tasks.create_task(_run_for_ever(receiver))
            if self._receivers:
                tasks.create_task(self._mark_for_ever())

    async def _mark_for_ever(self) -> None:
        fails = False
        while True:
            try:
                await self.mark()
                fails = False
            except ExchangeError as error:
                if not fails:
                    _log.warning("receiver_marks_not_stored", reason=str(error))
                fails = True
            await asyncio.sleep(MARK_EVERY_S)

    async def mark(self) -> None:
        """Write how far each receiver has come. Raises an ExchangeError; then tried again."""
        standing = {each.id: each for each in self._book.incidents()}
        for receiver in self._receivers:
            for identity, sequence in tuple(receiver.handed().items()):
                if identity in standing:
                    await self._mark(standing[identity], receiver.name, sequence)

    async def _mark(self, incident: Incident, receiver: str, sequence: int) -> None:
        def how(current: Incident | None) -> Incident | None:
            if current is None or current.id != incident.id:
                return current
            return incidents.with_handed(current, receiver, sequence)

        await self._book.change(incident.name, how)


async def _run_for_ever(receiver: Receiver) -> None:
    """A receiver that breaks is started again, and stops nobody."""
    while True:
        try:
            await receiver.run()
        except Exception:  # noqa: BLE001 - logged whole; the others and Slack must go on
            _log.exception("receiver_broke", receiver=receiver.name)
        await asyncio.sleep(RESTART_S)
