"""The centre's memory: queues that must move, and records that must arrive."""

from __future__ import annotations

from collections import OrderedDict
from random import Random

from agent.simulation.faults import Active

QUEUES = {"alokasi": 420, "cetak": 400, "ujikualitas": 390}
"""The queues, and how many files each works off in an hour when all is well."""

USUAL_AGE_S = (20.0, 90.0)
"""How long the oldest file of a moving queue has waited."""


def flow_view(queue: str, active: Active, queue_age_s: float, random: Random) -> dict[str, object]:
    """What a queue tells of itself: it may take work and still stand."""
    done = QUEUES[queue] * active.drain * (1.0 - active.loss) * random.uniform(0.95, 1.05)
    return {
        "oldest_waiting_s": round(random.uniform(*USUAL_AGE_S) + queue_age_s, 1),
        "done_last_hour": int(done),
    }


class Records:
    """What was written to one service lately, by number; the oldest are forgotten."""

    def __init__(self, keep: int = 1000) -> None:
        self._keep = keep
        self._written: OrderedDict[str, None] = OrderedDict()
        self._count = 0

    def write(self, *, lost: bool) -> str:
        """Take a record and give its number; a lost one is acknowledged all the same."""
        self._count += 1
        number = f"REC{self._count:08d}"
        if not lost:
            self._written[number] = None
            if len(self._written) > self._keep:
                self._written.popitem(last=False)
        return number

    def __len__(self) -> int:
        return len(self._written)

    def remove(self, number: str) -> None:
        """Take a record away, if it is there."""
        self._written.pop(number, None)

    def holds(self, number: str) -> bool:
        """Tell whether the record arrived."""
        return number in self._written
