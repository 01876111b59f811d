"""When it is told that the exchange is lost, by whom, and how the others know that it is.

There is no exchange then to agree through, so the channel itself is what the alerters agree by:
each waits its turn, reads what stands there, and keeps quiet if another's message does. A message
says in its key since when and from where the exchange is not seen, and its end stands in its
thread under a key of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

TELL_AFTER_S = 60.0
"""Without an acknowledgement for so long, an office is on its own."""
APART_S = 30.0
"""From one alerter's turn to the next. Offices notice a loss up to a heartbeat apart, their jitter
differs by as much, and a post takes 3 s: what the first has told, the second finds."""
MOST_JITTER_S = 10.0
SETTLED_S = 60.0
"""The exchange must have answered for so long before its loss is called over: one that comes and
goes has one message, and a new leader has had time to say how the nation stands."""
LASTS_S = 86_400.0
"""An older message stands for nothing: whoever told it may never come back to end it."""
MOST_ALERTERS = 3

_KIND = "lost-exchange"
_OVER = "over"
_LOSS_PARTS = 3


def turn_s(rank: int, jitter_s: float) -> float:
    """How long the exchange must not have answered before the alerter of this rank tells it."""
    return TELL_AFTER_S + min(jitter_s, MOST_JITTER_S) + APART_S * rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One loss of the exchange, as its message's key says it."""

    since_s: int
    """Wall clock of who tells it, seconds since 1970: the last acknowledgement."""
    seen_from: str
    """The office that tells it."""

    @property
    def key(self) -> str:
        """Of the message that tells it."""
        return f"{_KIND}/{self.since_s}/{self.seen_from}"

    @property
    def over_key(self) -> str:
        """Of the reply that tells its end."""
        return f"{self.key}/{_OVER}"

    def recent(self, now_s: float) -> bool:
        """Whether its message may still say something; both by the wall clock."""
        return abs(now_s - self.since_s) < LASTS_S


def loss_of(key: str) -> Loss | None:
    """The loss that a message's key tells of; None: the message tells of something else."""
    kind, _, rest = key.partition("/")
    parts = [kind, *rest.split("/")]
    if kind != _KIND or len(parts) != _LOSS_PARTS or not parts[1].isdecimal():
        return None
    return Loss(since_s=int(parts[1][:12]), seen_from=parts[2])
