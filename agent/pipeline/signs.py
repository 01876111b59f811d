"""people -> exchange: a sign that a person puts on a root message becomes an order like any other.

It needs no inbound port and no second token: the leader asks now and then which signs stand on the
root messages that nobody has acknowledged yet. The first one that counts is written as a record, so
that it is obeyed, told and kept in the very way of `pantau incident ack`, whoever leads by then.

To take the sign away again changes nothing. Another program's sign counts as a person's: to tell
them apart would need one more scope.

A receiver that does not let us see signs keeps nobody from being told: it is logged once, counted,
and asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

import structlog

from agent.clock import Clock
from agent.core import codec
from agent.core.codec import WireError
from agent.core.incident import Delivery, Incident
from agent.core.order import Order, OrderKind
from agent.pipeline.incident_book import IncidentBook, Records
from agent.pipeline.telling import Authority
from agent.ports import Effect, ExchangeError, Meters, Notifier, NotifyError, Posted, Reaction

LOOK_EVERY_S = 15.0
"""For one root message."""
PACE_S = 2.0
"""Between two looks at whatever messages: Slack takes some 50 a minute."""
REFUSED_S = 300.0
"""After a refusal, which only a person can mend."""

_log = structlog.get_logger(__name__)


class SignReader:
    """Looks for signs that acknowledge, for one term of one leader."""

    def __init__(  # noqa: PLR0913 - what it depends on, each by its name
        self,
        *,
        exchange: Records,
        book: IncidentBook,
        notifier: Notifier,
        signs: Collection[str],
        authority: Authority,
        clock: Clock,
        stream_now_s: Callable[[], float],
        meters: Meters,
    ) -> None:
        """``signs``: the names of those that count."""
        self._exchange = exchange
        self._book = book
        self._notifier = notifier
        self._signs = frozenset(signs)
        self._authority = authority
        self._clock = clock
        self._stream_now_s = stream_now_s
        self._meters = meters
        self._looked_s: dict[str, float] = {}
        self._fails = False
        self._not_before_s = float("-inf")

    async def run(self) -> None:
        """Look until cancelled, at one message at a time."""
        while True:
            incident = self._next()
            if incident is not None:
                await self._look(incident)
            await asyncio.sleep(PACE_S)

    def _next(self) -> Incident | None:
        """The incident whose message was looked at longest ago, if that is long enough."""
        now_s = self._clock.now_s()
        waiting = {each.id: each for each in self._book.incidents() if _waits(each)}
        self._looked_s = {each: at_s for each, at_s in self._looked_s.items() if each in waiting}
        if not waiting or now_s < self._not_before_s:
            return None
        oldest = min(waiting, key=self._last_s)
        return waiting[oldest] if now_s - self._last_s(oldest) >= LOOK_EVERY_S else None

    def _last_s(self, identity: str) -> float:
        return self._looked_s.get(identity, float("-inf"))

    async def _look(self, incident: Incident) -> None:
        self._looked_s[incident.id] = self._clock.now_s()
        root = incident.root_message
        try:
            found = await self._notifier.reactions(Posted(channel=root.channel, ts=root.ts or ""))
        except NotifyError as error:
            self._note(error)
            return
        self._note(None)
        sign = next((each for each in found if each.emoji in self._signs), None)
        if sign is None:
            return
        try:
            await self._write(incident, sign)
        except ExchangeError as error:
            _log.warning("sign_not_written", incident=incident.id, reason=str(error))

    async def _write(self, incident: Incident, sign: Reaction) -> None:
        """Write the order, unless somebody's stands for this incident already."""
        order = Order(
            incident=incident.id,
            kind=OrderKind.ACK,
            author=sign.by,
            reason=f":{sign.emoji}:",
            at_s=self._stream_now_s(),
            by_sign=True,
        )
        before = await self._exchange.read(order.record)
        if _incident_of(before.value) == incident.id or self._authority.remaining_s() <= 0:
            return
        await self._exchange.compare_and_set(order.record, codec.to_bytes(order), before.revision)
        _log.info("acknowledged_by_sign", incident=incident.id)

    def _note(self, error: NotifyError | None) -> None:
        """Count it, and log when trouble begins and when it ends."""
        self._meters.signs_looked_for(None if error is None else error.effect)
        fails = error is not None and error.effect is not Effect.GONE
        if error is not None and error.effect is Effect.REFUSED:
            self._not_before_s = self._clock.now_s() + REFUSED_S
        if fails != self._fails:
            self._fails = fails
            said = "signs_not_seen" if fails else "signs_seen_again"
            _log.warning(said, reason=error.reason if error is not None else "")


def _waits(incident: Incident) -> bool:
    """It is open, people can see it, and nobody has said that they look after it."""
    root = incident.root_message
    shown = root.delivery is Delivery.POSTED and root.ts is not None
    return incident.open and shown and incident.acknowledgement is None


def _incident_of(value: bytes) -> str | None:
    if not value:
        return None
    try:
        return codec.from_bytes(Order, value).incident
    except WireError:
        return None
