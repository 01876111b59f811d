"""How often a credential that is refused may be tried, so that no monitor locks an account.

401 and 403 are refusals. As long as the last answer was one, attempts keep half a minute apart;
after three in a row the credential is tried at most once an hour, until it is accepted.

Half a minute is longer than a run may take, so that attempts never overlap. And it is longer than
the detector's guard: in a small nation, whose offices ask every few seconds, three attempts at
once would all be over before any of them could confirm that a sign-in rejects everybody.

What the others see meanwhile is nothing new. A run that needs such a credential is not made, and
what is not probed has no verdict: its services are neither failing nor well there. The results
before expire: at the leader this office no longer reports on these services after 2.5 periods, and
its own page calls them unknown after five minutes. The evidence that the refusals left stands: one
vote at most, which is quarantined like that of any office that is long in trouble of its own. An
incident that was declared stays open until attempts are accepted again, up to an hour after the
sign-in is well: the price of not locking out a whole nation.

A credential goes by its ``credential_id``. Its refusals travel in the office's own status, under a
mark made from that, and are taken back at the start: even a program that crashes every minute does
not begin anew. Whoever replaces a refused secret gives it a new id, and is not kept waiting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agent.core.model import FailureKind, Refusals, Run, StepFacts

REFUSALS = 3
APART_S = 30.0
PAUSE_S = 3600.0
MOST_TOLD = 8
"""Credentials in one status at most; a branch has one for each target that wants any."""
_LONG_AGO = float("-inf")
_REFUSING = (401, 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempts:
    """What is known of one credential; times on the office's boot-time clock."""

    refused: int = 0
    """In a row, up to the last answer."""
    tried_s: float = _LONG_AGO
    """When it was last sent, whatever came of it."""
    begun_s: float = _LONG_AGO
    """When a run last began that may send it."""
    accepted: bool = False
    """At some time since this process started."""

    @property
    def next_s(self) -> float:
        """When it may be tried again."""
        if self.refused == 0:
            return _LONG_AGO
        wait_s = PAUSE_S if self.refused >= REFUSALS else APART_S
        return max(self.tried_s + wait_s, self.begun_s + APART_S)


class Lockouts:
    """The credentials of one office. Mutable; times are on its boot-time clock."""

    def __init__(self, credential_ids: Mapping[str, str]) -> None:
        """``credential_ids`` by target role; a role without one has nothing to lock."""
        self._marks = {role: mark_of(name) for role, name in credential_ids.items()}
        self._attempts = {mark: _Attempts() for mark in self._marks.values()}

    def allow(self, roles: Iterable[str], now_s: float) -> bool:
        """Tell whether a run that asks these targets may begin."""
        return all(now_s >= self._attempts[mark].next_s for mark in self._of(roles))

    def begin(self, roles: Iterable[str], now_s: float) -> None:
        """Take note of a run that begins, so that no other one tries the same meanwhile."""
        for mark in self._of(roles):
            self._attempts[mark] = replace(self._attempts[mark], begun_s=now_s)

    def hear(self, run: Run) -> None:
        """Learn from a run: the first step that had a credential tells what became of it."""
        for role in self._marks:
            tried = next((facts for facts in run.executed if role in facts.credentials), None)
            if tried is not None:
                mark = self._marks[role]
                self._attempts[mark] = _after(self._attempts[mark], tried)

    @property
    def paused(self) -> frozenset[str]:
        """Target roles whose credentials are tried hourly now."""
        return frozenset(
            role for role, mark in self._marks.items() if self._attempts[mark].refused >= REFUSALS
        )

    def status(self, now_s: float) -> dict[str, Refusals]:
        """What a restart must know, by mark; the most refused first, if they are too many."""
        refused = [(mark, each) for mark, each in self._attempts.items() if each.refused]
        refused.sort(key=lambda item: -item[1].refused)
        return {
            mark: Refusals(in_a_row=each.refused, age_s=max(0.0, now_s - each.tried_s))
            for mark, each in refused[:MOST_TOLD]
        }

    def resume(self, stored: Mapping[str, Refusals], now_s: float) -> None:
        """Take back what the process before had learned, unless this one knows better.

        How long that one has been gone is not known here: the pause is counted as if it had ended
        just now, and is never cut short.
        """
        for mark, before in stored.items():
            since = self._attempts.get(mark)
            if since is not None and not since.accepted:
                self._attempts[mark] = replace(
                    since,
                    refused=before.in_a_row + since.refused,
                    tried_s=max(since.tried_s, now_s - before.age_s),
                )

    def _of(self, roles: Iterable[str]) -> set[str]:
        return {self._marks[role] for role in roles if role in self._marks}


def _after(before: _Attempts, tried: StepFacts) -> _Attempts:
    """One more attempt. What was neither accepted nor refused says nothing of the credential."""
    if tried.failure is None:
        return replace(before, refused=0, tried_s=tried.started_s, accepted=True)
    refused = tried.failure.kind is FailureKind.AUTH or tried.status in _REFUSING
    return replace(before, refused=before.refused + refused, tried_s=tried.started_s)


def mark_of(credential_id: str) -> str:
    """What a credential goes by in a status: short, whatever people call it."""
    return hashlib.sha256(credential_id.encode()).hexdigest()[:16]
