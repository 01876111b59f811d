"""What a person decided about an incident: one record each, which the leader reads and obeys.

It is written by ``pantau incident``, or by the leader for who put a sign on the root message.

An order names the incident that it is for, by its whole id: one that was meant for an earlier
incident of the same service says nothing to a later one. Times are seconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.core.open_enum import OpenEnum

PREFIX = "order."
MAX_REASON = 200
MAX_AUTHOR = 60
LONGEST_MUTE_S = 7 * 86_400.0
NEVER_S = 4e9
"""Some hundred years after 1970: no moment that anybody means."""
_LEEWAY_S = 1.0
ACKNOWLEDGING = ("eyes", "white_check_mark", "ok_hand")
"""Signs that, put on a root message by a person, say that somebody looks after it."""


class OrderKind(OpenEnum):
    """What a person may decide."""

    ACK = "ack"
    """Somebody looks after it."""
    MUTE = "mute"
    """Only what is graver is told in its thread, until it ends."""
    CLOSE = "close"
    FALSE_ALARM = "false-alarm"

    @property
    def closes(self) -> bool:
        """The incident is over for people, whatever the detector sees."""
        return self in (OrderKind.CLOSE, OrderKind.FALSE_ALARM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One decision of one person."""

    incident: str
    """The whole id, ``incident.<scope>.<group>.<service>@<opening>``."""
    kind: OrderKind
    author: str
    reason: str
    at_s: float
    """By the wall clock of whoever gave it: for people."""
    until_s: float | None = None
    """When a mute ends: by the same clock, until the leader has read :attr:`for_s`."""
    for_s: float | None = None
    """How long a mute lasts, from when the exchange stored it."""
    by_sign: bool = False
    """A sign on the root message: ``author`` is the receiver's id, ``reason`` the sign's name."""

    def dated(self, stored_s: float) -> Order:
        """As the leader obeys it: by the exchange's time, not by the clock of who gave it.

        ``stored_s``: stream time at which the exchange stored it.
        """
        return self if self.for_s is None else replace(self, until_s=stored_s + self.for_s)

    @property
    def sound(self) -> bool:
        """Whether it may be obeyed, whoever wrote it: what it says can be told, and fits."""
        told = 0 < len(self.reason) <= MAX_REASON and 0 < len(self.author) <= MAX_AUTHOR
        return (
            told and 0 <= self.at_s < NEVER_S and 0 <= self._lasts_s <= LONGEST_MUTE_S + _LEEWAY_S
        )

    @property
    def _lasts_s(self) -> float:
        if self.for_s is not None:
            return self.for_s
        return 0.0 if self.until_s is None else self.until_s - self.at_s

    def same(self, other: Order) -> bool:
        """Whether it is one decision: when a mute ends is dated by some versions and not by all."""
        return _without_end(self) == _without_end(other)

    @property
    def incident_record(self) -> str:
        """The name of the incident's record."""
        return self.incident.rpartition("@")[0]

    @property
    def record(self) -> str:
        """The name of the record that carries it; a later one of its kind takes its place."""
        return f"{PREFIX}{self.kind.value}.{self.incident_record}"


def _without_end(order: Order) -> Order:
    return replace(order, until_s=None, for_s=None)
