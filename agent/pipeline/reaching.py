"""Whether a leader still reaches who is to be told, and whether another hub might do better.

A leader that cannot tell is of little use while another hub could: it gives its term up. Once it
has, it does not do so again until it was heard once, or for ten minutes: where nobody reaches the
receiver, the lead would only wander, and every turn begins the nation's picture anew.

In quiet times there is nothing to tell for hours, and a leader that nobody hears would learn so
only with the first message of an outage. So it asks now and then, while nothing else is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from agent.clock import Clock
from agent.core import codec, unheard
from agent.core.codec import WireError
from agent.core.unheard import Unheard
from agent.pipeline.incident_book import Records
from agent.ports import ExchangeError, Meters, Notifier, NotifierHealth, NotifyError

UNREACHABLE_S = 30.0
"""How long a receiver does not answer before another hub shall try."""
ASK_EVERY_S = 10.0
"""So long after the last answer it is asked whether it would hear us."""
SURELY_ASKED_S = 15.0
"""Within this long after the last answer it was asked again, and had time to answer."""
NOT_AGAIN_S = 600.0
STAYS_S = 30.0
"""A leader that stays because others were unheard too asks again after this long."""
RECORD_S = 1.0
"""The lease goes on running while the record is read and written."""
TICK_S = 1.0


class Reach:
    """Watches the receiver through all terms of one hub. Every ``now_s`` is its own clock."""

    def __init__(self) -> None:
        self._failing_since_s: float | None = None
        self._gave_up_s = float("-inf")

    def begin(self) -> None:
        """A term begins: how the receiver answered in an earlier one says nothing of now."""
        self._failing_since_s = None

    def lost(self, health: NotifierHealth, now_s: float) -> bool:
        """Look at the receiver; True once it has not answered for ``UNREACHABLE_S``.

        The time counts from its last answer, but not from longer ago than we surely asked: nobody
        asks a receiver of a hub that does not lead.
        """
        if health.ok:
            self._failing_since_s = None
            if health.last_ok_age_s is not None:
                self._gave_up_s = float("-inf")
            return False
        if self._failing_since_s is None:
            age_s = 0.0 if health.last_ok_age_s is None else health.last_ok_age_s
            self._failing_since_s = now_s - min(age_s, SURELY_ASKED_S)
        return now_s - self._failing_since_s >= UNREACHABLE_S

    def may_give_up(self, now_s: float) -> bool:
        """Whether the last time we gave up for this is long ago, or was followed by an answer."""
        return now_s - self._gave_up_s >= NOT_AGAIN_S

    def give_up(self, now_s: float) -> None:
        """Note that we leave the lead to another; a later term has its full time again."""
        self._gave_up_s, self._failing_since_s = now_s, None


class Resignations:
    """What hubs tell each other of having given up the lead unheard."""

    def __init__(self, branch: str, exchange: Records) -> None:
        self._branch = branch
        self._exchange = exchange
        self._refused_s = float("-inf")

    async def announce(self, hubs: Collection[str], silent: Collection[str], now_s: float) -> bool:
        """Say that ``branch`` gives up; False when it had better stay. ``now_s``: stream time.

        It stays where the others have been unheard lately too. An exchange that does not answer at
        once says nothing of them, and then nothing keeps us.
        """
        if now_s - self._refused_s < STAYS_S:
            return False
        try:
            async with asyncio.timeout(RECORD_S):
                return await self._announce(hubs, silent, now_s)
        except (TimeoutError, ExchangeError):
            return True

    async def _announce(self, hubs: Collection[str], silent: Collection[str], now_s: float) -> bool:
        record = await self._exchange.read(unheard.RECORD)
        known = _unheard(record.value)
        away = {*silent, *known.lately(now_s)}
        if not known.lets_give_up(now_s) or not another(self._branch, hubs, away):
            self._refused_s = now_s
            return False
        value = codec.to_bytes(known.joined_by(self._branch, now_s))
        await self._exchange.compare_and_set(unheard.RECORD, value, record.revision)
        return True


def _unheard(value: bytes) -> Unheard:
    try:
        return codec.from_bytes(Unheard, value) if value else Unheard()
    except WireError:
        return Unheard()


class Asker:
    """Asks the receiver whether it would hear us while nothing else asks it, for one term."""

    def __init__(self, notifier: Notifier, clock: Clock, meters: Meters) -> None:
        self._notifier = notifier
        self._clock = clock
        self._meters = meters
        self._asked_s = float("-inf")

    async def run(self) -> None:
        """Ask until cancelled; what it answers stands in the notifier's health."""
        while True:
            if self._quiet_s() >= ASK_EVERY_S:
                await self._ask()
            await asyncio.sleep(TICK_S)

    def _quiet_s(self) -> float:
        """For how long neither the receiver has answered anything nor we have asked."""
        asked_s = self._clock.now_s() - self._asked_s
        answered_s = self._notifier.health().last_ok_age_s
        return asked_s if answered_s is None else min(asked_s, answered_s)

    async def _ask(self) -> None:
        self._asked_s = self._clock.now_s()
        try:
            await self._notifier.check()
        except NotifyError as error:
            self._meters.notify_checked(error.effect)
        else:
            self._meters.notify_checked(None)


def another(branch: str, hubs: Iterable[str], silent: Iterable[str]) -> bool:
    """Whether a hub beside ``branch`` is there to take over."""
    return bool(set(hubs) - {branch} - set(silent))
