"""incident -> notify: what is written in an incident's record is told, once.

A few times a second every incident is asked whether something of it is due. What is due is done in
a task of its own, one per incident, so that one slow answer starves nobody; what fails is tried
again with patience. How a message is told is :mod:`agent.pipeline.telling`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from agent.core.incident import Delivery, Incident
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.telling import Desk, Teller
from agent.ports import ExchangeError, NotifyError

BACKOFF_S = (1.0, 2.0, 5.0)
"""No longer: a receiver that answers again must hear from us within ten seconds."""
TICK_S = 0.5
AT_ONCE = 8
"""Incidents told at the same time."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Patience:
    """When an incident may be tried next, and how often it has failed in a row."""

    not_before_s: float = 0.0
    failures: int = 0


class Deliverer:
    """Tells what is untold, for one term of one leader."""

    def __init__(self, desk: Desk, book: IncidentBook) -> None:
        self._desk = desk
        self._book = book
        self._teller = Teller(desk, book)
        self._busy: set[str] = set()
        self._patience: dict[str, _Patience] = {}

    async def run(self) -> None:
        """Tell until cancelled; a post that is in flight then is brought to its end."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._meter()
                for incident in self._book.told():
                    if len(self._busy) < AT_ONCE and self._due(incident):
                        self._busy.add(incident.name)
                        tasks.create_task(self._tell(incident.name))
                await asyncio.sleep(TICK_S)

    def _due(self, incident: Incident) -> bool:
        patience = self._patience.setdefault(incident.name, _Patience())
        if incident.name in self._busy or self._desk.clock.now_s() < patience.not_before_s:
            return False
        return self._teller.due(incident)

    async def _tell(self, name: str) -> None:
        """Tell what is due of one incident; what goes wrong is tried again later."""
        patience = self._patience[name]
        try:
            await self._teller.tell(name)
        except (NotifyError, ExchangeError) as error:
            self._be_patient(name, error)
        except Exception:  # noqa: BLE001 - logged whole; the other incidents must be told
            _log.exception("telling_broke", incident=name)
            self._be_patient(name, None)
        else:
            if patience.failures:
                _log.info("telling_again", incident=name, failures=patience.failures)
            patience.failures = 0
        finally:
            self._busy.discard(name)

    def _be_patient(self, name: str, error: NotifyError | ExchangeError | None) -> None:
        patience = self._patience[name]
        if patience.failures == 0 and error is not None:
            _log.warning("telling_fails", incident=name, reason=str(error))
        wait_s = BACKOFF_S[min(patience.failures, len(BACKOFF_S) - 1)]
        patience.failures += 1
        if isinstance(error, NotifyError) and error.retry_after_s is not None:
            wait_s = error.retry_after_s
        patience.not_before_s = self._desk.clock.now_s() + wait_s

    def _meter(self) -> None:
        waiting = [
            each.at_s
            for incident in self._book.told()
            for each in incident.messages
            if each.delivery in (Delivery.PENDING, Delivery.CLAIMED)
        ]
        self._desk.meters.outbox(len(waiting), min(waiting, default=None))
