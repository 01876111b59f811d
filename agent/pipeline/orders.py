"""exchange -> incident: what people decided about incidents is read and obeyed by the leader.

Orders are records beside the incidents. They are read again every few seconds, so that a new leader
or a restart loses none: whether one was obeyed already stands in the incident itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from agent.core import codec, incident_circumstances
from agent.core.codec import WireError
from agent.core.incident import Incident
from agent.core.order import PREFIX, Order
from agent.pipeline.incident_book import IncidentBook, Records
from agent.pipeline.scribe import Scribe
from agent.ports import ExchangeError, OrderPut, Record, Recorder

POLL_S = 3.0
MOST_ORDERS = 500
"""Of one look, the newest; there is at most one record per incident record and kind."""

_log = structlog.get_logger(__name__)


class OrderReader:
    """Reads and obeys orders, for one term of one leader."""

    def __init__(
        self,
        *,
        exchange: Records,
        book: IncidentBook,
        scribe: Scribe,
        stream_now_s: Callable[[], float],
        recorder: Recorder | None = None,
    ) -> None:
        self._exchange = exchange
        self._book = book
        self._scribe = scribe
        self._stream_now_s = stream_now_s
        self._recorder = recorder
        self._done: dict[str, int] = {}
        """Revision of each order's record that needs no second look."""

    async def run(self) -> None:
        """Obey until cancelled; what cannot be read or written now is tried on the next look."""
        fails = False
        while True:
            try:
                await self.look()
                fails = False
            except ExchangeError as error:
                if not fails:
                    _log.warning("orders_not_read", reason=str(error))
                fails = True
            await asyncio.sleep(POLL_S)

    async def look(self) -> None:
        """Obey every order that was not yet. Raises an ExchangeError."""
        if not any(each.open for each in self._book.incidents()):
            return
        found = await self._exchange.records(PREFIX)
        for record in sorted(found, key=lambda each: each.revision)[-MOST_ORDERS:]:
            if self._done.get(record.name) != record.revision:
                await self._obey(record)
                self._done[record.name] = record.revision

    async def _obey(self, record: Record) -> None:
        try:
            order = codec.from_bytes(Order, record.value)
        except WireError as error:
            _log.error("order_unreadable", record=record.name, reason=str(error))
            return
        if not order.kind.known:
            _log.warning("order_of_a_later_version", record=record.name)
            return
        if not order.sound:
            _log.error("order_not_obeyed", record=record.name)
            return
        order = order.dated(record.stored_s)
        before = self._book.get(order.incident_record)

        def how(incident: Incident | None) -> Incident | None:
            if incident is None:
                return None
            after = incident_circumstances.obeyed(incident, order, self._stream_now_s())
            return after if after is incident else self._scribe.worded(after, incident)

        after = await self._book.change(order.incident_record, how)
        if after is not before:
            _log.info("order_obeyed", incident=order.incident, kind=order.kind.value)
            if self._recorder is not None:
                self._recorder.record(OrderPut(record=record), self._stream_now_s())
