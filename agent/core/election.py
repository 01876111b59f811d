"""Elects one leader by observed revision: what a contender may do and should do next.

The lease is a record that its holder rewrites every few seconds with a compare-and-set. Whoever
sees the record's revision unmoved for the whole lease time, on its own clock, takes over with the
next term. A holder acts only in the first part of the lease, counted from before its last
successful write was sent, so that a paused holder stops before anybody can take over. No clock but
the contender's own is asked, and no time to live is left to the engine.

An answer that never came is no answer: until the record has been read again nothing is written, and
what turns out to be ours is adopted for renewal only. The renewal gives the right to act.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

LEASE_NAME = "lease"
"""The lease's record in the exchange."""

NOBODY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What the lease record says. ``term`` grows by one with every takeover."""

    holder: str = NOBODY
    """Branch; ``NOBODY`` when resigned."""
    term: int = 0
    boot: str = ""
    """Tells two processes of one branch apart."""

    def encode(self) -> bytes:
        """The record's value."""
        fields = {"holder": self.holder, "term": self.term, "boot": self.boot}
        return json.dumps(fields, separators=(",", ":")).encode()

    @staticmethod
    def decode(value: bytes) -> Lease | None:
        """Read a record's value; None when it is no lease."""
        try:
            fields = json.loads(value)
            holder, term, boot = fields["holder"], fields["term"], fields["boot"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        if not isinstance(holder, str) or not isinstance(boot, str):
            return None
        if not isinstance(term, int) or isinstance(term, bool) or term < 0:
            return None
        return Lease(holder=holder, term=term, boot=boot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write ``lease`` if the record's revision is still ``expect``."""

    lease: Lease
    expect: int


@dataclass(slots=True, kw_only=True)
class _Seen:
    """The record as last read, and when its revision was first seen."""

    revision: int
    lease: Lease
    since_s: float


@dataclass(slots=True, kw_only=True)
class _Held:
    """The lease that is ours, as far as we know."""

    lease: Lease
    revision: int
    sent_s: float | None
    """Before the last acknowledged write was sent; None: adopted, not renewed yet."""


class Elector:
    """One contender. Every ``now_s`` is its own boot-time clock, in seconds."""

    def __init__(
        self,
        branch: str,
        boot: str,
        *,
        lease_s: float = 15.0,
        renew_s: float = 5.0,
        act_share: float = 0.8,
    ) -> None:
        self._branch = branch
        self._boot = boot
        self._lease_s = lease_s
        self._renew_s = renew_s
        self._act_s = act_share * lease_s
        self._seen: _Seen | None = None
        self._held: _Held | None = None
        self._sent: Lease | None = None
        """The lease of the last write, until its outcome is known."""
        self._doubted = False
        self._aside_until_s: float | None = None

    @property
    def term(self) -> int:
        """The term of the lease we hold; 0 when we hold none."""
        return self._held.lease.term if self._held else 0

    def remaining_s(self, now_s: float) -> float:
        """How much longer we may act without another renewal; 0 when we may not."""
        if self._held is None or self._held.sent_s is None:
            return 0.0
        return max(0.0, self._held.sent_s + self._act_s - now_s)

    def may_act(self, now_s: float) -> bool:
        """Tell whether no other can hold the lease now."""
        return self.remaining_s(now_s) > 0.0

    def needs_read(self) -> bool:
        """Tell whether the record must be read before ``intend`` is asked."""
        return self._held is None or self._sent is not None or self._doubted

    def doubt(self) -> None:
        """Read before the next write: the store may be another one, with revisions of its own."""
        self._doubted = True

    def observe(self, value: bytes, revision: int, now_s: float) -> None:
        """Take in the record as read at ``now_s``; revision 0 means absent."""
        lease = Lease() if revision == 0 else Lease.decode(value)
        if lease is None:  # Garbage is a lease like any other that nobody renews.
            lease = Lease(holder="?", term=self._seen.lease.term if self._seen else 0)
        self._doubted = False
        self._settle(lease, revision)
        if self._seen is None or self._seen.revision != revision:
            # An absent record is free for the taking only if we never saw one: where a store has
            # lost its data, the holder of before may still act.
            fresh = revision == 0 and self._seen is None
            since_s = now_s - self._lease_s if fresh else now_s
            self._seen = _Seen(revision=revision, lease=lease, since_s=since_s)

    def intend(self, now_s: float) -> Write | None:
        """Say what to write now, if anything."""
        if self._held is not None:
            due = self._held.sent_s is None or now_s - self._held.sent_s >= self._renew_s
            return Write(lease=self._held.lease, expect=self._held.revision) if due else None
        if self._seen is None or self._is_aside(now_s) or not self._is_free(now_s):
            return None
        mine = Lease(holder=self._branch, term=self._seen.lease.term + 1, boot=self._boot)
        return Write(lease=mine, expect=self._seen.revision)

    def sending(self, write: Write) -> None:
        """Note that ``write`` is about to be sent: from here on its outcome is unknown."""
        self._sent = write.lease

    def written(self, write: Write, revision: int, sent_s: float) -> None:
        """Note that ``write``, sent at ``sent_s`` or later, was acknowledged with ``revision``."""
        self._sent = None
        self._seen = _Seen(revision=revision, lease=write.lease, since_s=sent_s)
        if write.lease.holder != NOBODY:
            self._held = _Held(lease=write.lease, revision=revision, sent_s=sent_s)

    def resign(self, now_s: float) -> Write | None:
        """Stop acting now, and stand aside for one lease; the write lets another take over."""
        self._aside_until_s = now_s + self._lease_s
        held, self._held = self._held, None
        if held is None:
            return None
        free = Lease(holder=NOBODY, term=held.lease.term, boot=self._boot)
        return Write(lease=free, expect=held.revision)

    def _settle(self, lease: Lease, revision: int) -> None:
        """Learn from the record what became of our last write, and whether we still hold."""
        ours = (self._held.lease if self._held else None, self._sent)
        self._sent = None
        if lease.holder != self._branch or lease not in ours:
            self._held = None
        elif self._held is None:
            self._held = _Held(lease=lease, revision=revision, sent_s=None)
        elif self._held.revision != revision:
            # The unanswered renewal was applied. It adds nothing to our time; the next one does.
            self._held.revision = revision

    def _is_free(self, now_s: float) -> bool:
        if self._seen is None:
            return False
        resigned = self._seen.revision != 0 and self._seen.lease.holder == NOBODY
        return resigned or now_s - self._seen.since_s >= self._lease_s

    def _is_aside(self, now_s: float) -> bool:
        return self._aside_until_s is not None and now_s < self._aside_until_s
