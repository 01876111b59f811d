"""Where the nation looks harder for a while: one service at a time, and never for long.

In quiet times the budget asks every office seldom, which makes the first evidence slow to confirm.
So the leader may order all offices to probe one service at a higher rate: to find out whether a
suspicion is true (``detect``), and later whether the service is well again (``recover``).

    wanted   by a suspicion; by votes beyond the worst groups of half of A1; by three offices that
             begin to fail within a few of the nation's runs and share neither province nor carrier;
             by a national alarm whose recovery has begun to show
    one      service at a time: detection before recovery, then the one most suspected
    ends     after a minute, or as soon as the suspicion is decided
    budget   the seconds ordered come from a bucket of 5 minutes that fills by 5 minutes an hour;
             after an order to detect only a suspicion is worth another within a minute

The centre is loaded least while it is in trouble for sure: once a national alarm stands there is
nothing left to find out. Every office keeps within its own share of the ceiling whatever is
ordered. Rules and figures are those of the simulated nation of 145 offices at 2 runs a second.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from agent.core.model import Focus
from agent.core.schedule import Bucket
from agent.core.tuning import FocusTuning

SUSPECTED = 1.0
"""The weight of a suspicion, and of votes that are enough for one."""
_SHORTEST_S = 10.0
"""An order for less time than this would reach too few offices to tell anything."""


class FocusKind(StrEnum):
    """What an order is to find out."""

    DETECT = "detect"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """A service that would be worth a closer look now."""

    service: str
    kind: FocusKind
    weight: float
    """Among interests of one kind, the heaviest is looked at; a suspicion weighs 1 or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    number: int
    interest: Interest
    until_s: float


class Director:
    """Decides which order stands, for one term. Times are on the leader's one time line."""

    def __init__(self, tuning: FocusTuning, now_s: float) -> None:
        """A new term may order once at once, and earns the rest: terms that change buy nothing."""
        self._tuning = tuning
        self._order: _Order | None = None
        self._orders = 0
        self._rest_until_s = now_s
        self._seconds = Bucket(
            capacity=tuning.hourly_s,
            refill_per_s=tuning.hourly_s / 3600.0,
            level=min(tuning.longest_s, tuning.hourly_s),
            at_s=now_s,
        )

    def decide(
        self, now_s: float, interests: Sequence[Interest], decided: Collection[str]
    ) -> Focus | None:
        """The order that stands now, if any.

        ``decided``: services with nothing left to detect, because a national alarm stands or
        because a suspicion has just come to nothing.
        """
        self._end(now_s, interests, decided)
        wanted = [each for each in interests if self._may_order(each, decided, now_s)]
        best = max(wanted, key=lambda i: (i.kind is FocusKind.DETECT, i.weight), default=None)
        if best is not None:
            self._begin(best, now_s)
        return self._standing(now_s)

    def _end(self, now_s: float, interests: Sequence[Interest], decided: Collection[str]) -> None:
        order = self._order
        if order is None:
            return
        answered = order.interest.service in decided
        if order.interest.kind is FocusKind.RECOVER:
            answered = all(order.interest.service != each.service for each in interests)
        if answered or now_s >= order.until_s:
            self._stop(now_s)

    def _may_order(self, interest: Interest, decided: Collection[str], now_s: float) -> bool:
        standing = self._order
        if interest.kind is FocusKind.RECOVER:
            return standing is None
        rests = now_s < self._rest_until_s and interest.weight < SUSPECTED
        if rests or interest.service in decided:
            return False
        return standing is None or standing.interest.kind is FocusKind.RECOVER

    def _begin(self, interest: Interest, now_s: float) -> None:
        self._stop(now_s)
        self._seconds = self._seconds.at(now_s)
        length_s = min(self._tuning.longest_s, self._seconds.level)
        paid = self._seconds.take(length_s, now_s) if length_s >= _SHORTEST_S else None
        if paid is None:
            return
        self._seconds = paid
        self._orders += 1
        self._order = _Order(number=self._orders, interest=interest, until_s=now_s + length_s)

    def _stop(self, now_s: float) -> None:
        """End the order that stands; what it did not use is given back."""
        order, self._order = self._order, None
        if order is None:
            return
        self._seconds = self._seconds.give_back(max(0.0, order.until_s - now_s), now_s)
        if order.interest.kind is FocusKind.DETECT:
            self._rest_until_s = now_s + self._tuning.rest_s

    def _standing(self, now_s: float) -> Focus | None:
        if self._order is None:
            return None
        return Focus(
            order=self._order.number,
            service=self._order.interest.service,
            kind=self._order.interest.kind.value,
            rate_per_s=self._tuning.rate_per_s,
            seconds_left=round(self._order.until_s - now_s, 1),
        )


def heaviest(interests: Sequence[Interest]) -> list[Interest]:
    """One interest per service and kind: its heaviest; both channels of a service are one probe."""
    best: dict[tuple[str, FocusKind], Interest] = {}
    for each in interests:
        held = best.get((each.service, each.kind))
        if held is None or each.weight > held.weight:
            best[each.service, each.kind] = each
    return list(best.values())


def shortened(focus: Focus, passed_s: float) -> Focus | None:
    """The order after ``passed_s`` on the reader's own clock; None once it has run out."""
    left_s = focus.seconds_left - passed_s
    return replace(focus, seconds_left=left_s) if left_s > 0 else None
