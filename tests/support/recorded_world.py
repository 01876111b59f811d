"""What the offices of a trial's world would have published, status by status: the truth is known.

Every office probes at its slots and again soon after a bad result, keeps its evidence with the real
memory, and publishes what is news, and every five minutes. There is no leader: nobody is watched.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.adapters.recording_lines import encode
from agent.core import evidence
from agent.core.evidence import Memory
from agent.core.model import Outcome, ServiceStatus, Sight, Status, Verdict
from agent.core.tuning import STATUS_S, Tuning
from agent.core.wire import encode_status
from agent.ports import Record, StatusPut, TermBegan
from agent.simulation.refit.history import History
from agent.simulation.trials.traces import Trace

BEGAN_S = 1_760_000_000.0
SERVICE = "simponi.billing"
REPROBE_S = 15.0
REPROBES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A status as the leader read it."""

    branch: str
    status: Status
    stored_s: float

    @property
    def event(self) -> StatusPut:
        """As the leader's watch showed it."""
        value = encode_status(self.status)
        record = Record(name=self.branch, value=value, revision=1, stored_s=self.stored_s)
        return StatusPut(record=record, live=True)


def history_of(trace: Trace) -> History:
    """Everything that the offices of a trace publish, taken in."""
    history = History(
        frozenset(branch.id for branch in trace.setting.branches), frozenset([SERVICE])
    )
    for place in range(trace.setting.size):
        for each in published(trace, place):
            history.hear(each.branch, each.status, each.stored_s, each.stored_s)
    return history


def record(trace: Trace, file: Path, *, wrong: Sequence[bytes] = ()) -> Path:
    """The recording that a leader would have; ``wrong`` lines stand after the first ones."""
    statuses = heapq.merge(
        *(published(trace, place) for place in range(trace.setting.size)),
        key=lambda each: each.stored_s,
    )
    lines = [encode(TermBegan(branch="hub", term=1, nation="r1:00000000"), BEGAN_S)]
    lines += [encode(each.event, each.stored_s) for each in statuses]
    file.write_bytes(b"".join([*lines[:5], *wrong, *lines[5:]]))
    return file


def published(trace: Trace, place: int) -> Iterator[Published]:
    """Everything that one office publishes, in order."""
    return _Office(trace, place).publish()


class _Office:
    def __init__(self, trace: Trace, place: int) -> None:
        self._trace = trace
        self._place = place
        self._tuning = Tuning()
        self._memory: Memory = evidence.fresh(self._tuning)
        self._recent: deque[float] = deque(maxlen=8)
        """When the last results began, of a time in which all were good."""
        self._good = 0
        self._published_s = 0.0

    def publish(self) -> Iterator[Published]:
        trace, size = self._trace, self._trace.setting.size
        bad = {slot for slot in trace.bad if trace.office_of(slot) == self._place}
        slot, reprobes, last_s = trace.next_slot(self._place, 0.0), 0, 0.0
        yield self._status(0.0)
        while True:
            slot_s = trace.start_of(slot)
            hurries = self._memory.suspicious and reprobes < REPROBES
            at_s = min(slot_s, last_s + REPROBE_S) if hurries else slot_s
            if at_s >= trace.until_s:
                return
            while self._published_s + STATUS_S < at_s:
                yield self._status(self._published_s + STATUS_S)
            on_plan = at_s == slot_s
            if on_plan:
                result = None if trace.lost(slot) else slot in bad
                slot += size
            else:
                result = trace.probe(self._place, at_s)
            reprobes, last_s = (0 if on_plan else reprobes + 1), at_s
            if result is None:
                continue
            if not result and not self._memory.suspicious:
                self._good += 1
                self._recent.append(at_s)
                continue
            self._observe(at_s, bad=result, learn=on_plan)
            yield self._status(at_s + trace.lag_s(self._place, at_s))

    def _observe(self, at_s: float, *, bad: bool, learn: bool) -> None:
        self._settle()
        outcome = Outcome.FAIL if bad else Outcome.OK
        self._memory = self._memory.observe(self._verdict(at_s, outcome), self._tuning, learn=learn)

    def _settle(self) -> None:
        """Put the good results of a quiet time into the memory: all in the counts, the last eight
        in the ring."""
        early = self._good - len(self._recent)
        if early > 0:
            counts = self._memory.counts
            self._memory = replace(self._memory, counts=(counts[0] + early, *counts[1:]))
        for at_s in self._recent:
            self._memory = self._memory.observe(
                self._verdict(at_s, Outcome.OK), self._tuning, learn=True
            )
        self._good = 0
        self._recent.clear()

    def _verdict(self, at_s: float, outcome: Outcome) -> Verdict:
        return Verdict(service=SERVICE, outcome=outcome, step="inquiry", started_s=at_s)

    def _status(self, now_s: float) -> Published:
        self._settle()
        # A status that was late leaves after the one before it.
        now_s = self._published_s = max(now_s, self._published_s + 0.001)
        branch = self._trace.setting.branches[self._place].id
        service: ServiceStatus = self._memory.status(now_s)
        return Published(
            branch=branch,
            status=Status(
                branch=branch,
                program="0",
                nation="r1:00000000",
                boot_id="b",
                boot_counter=1,
                uptime_s=now_s,
                sight=Sight(),
                services={SERVICE: service},
            ),
            stored_s=BEGAN_S + now_s,
        )
