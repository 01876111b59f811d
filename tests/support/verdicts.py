"""Rosters, statuses and observations for tests of the core, in as few words as they need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent.core import evidence
from agent.core.evidence import Memory
from agent.core.model import Branch, Outcome, Sight, Status, Verdict
from agent.core.reading import Observed
from agent.core.tuning import Tuning

REVISION = "r1:00000000"


def office(name: str, province: str, *, island: str = "Java", carrier: str | None = None) -> Branch:
    return Branch(
        id=name, name=name, province=province, island=island, zone="Asia/Jakarta", carrier=carrier
    )


def scattered(count: int) -> list[Branch]:
    """Offices that share nothing but one of five islands, so that none is a large group."""
    return [
        office(f"office-{n:03d}", f"Province {n}", island=f"Island {n % 5}") for n in range(count)
    ]


def province_of(count: int, province: str, island: str) -> list[Branch]:
    """Offices of one province, named after it."""
    slug = province.lower().replace(" ", "-")
    return [office(f"{slug}-{n}", province, island=island) for n in range(count)]


def code_of(outcome: Outcome) -> str | None:
    if outcome is Outcome.DRIFT:
        return "contract"
    return "http_503" if outcome.broken else None


def observed(started_s: float, outcome: Outcome = Outcome.FAIL) -> Observed:
    return Observed(
        started_s=started_s,
        outcome=outcome,
        step="inquiry",
        code=code_of(outcome),
        blocked_by=None,
    )


def verdict(
    service: str, outcome: Outcome, started_s: float, blocked_by: str | None = None
) -> Verdict:
    return Verdict(
        service=service,
        outcome=outcome,
        step="inquiry",
        started_s=started_s,
        code=code_of(outcome),
        blocked_by=blocked_by,
    )


class Agent:
    """One office as the exchange knows it: it remembers its results and states its levels."""

    def __init__(self, branch: str, services: Iterable[str], tuning: Tuning) -> None:
        self.branch = branch
        self.sight = Sight()
        self.boot_counter = 1
        self._tuning = tuning
        self.memories: dict[str, Memory] = {name: evidence.fresh(tuning) for name in services}

    def run(
        self,
        service: str,
        outcome: Outcome,
        started_s: float,
        *,
        blocked_by: str | None = None,
        learn: bool = True,
    ) -> bool:
        """Remember one more result; True if the others must hear of it in quiet times."""
        before = self.memories[service]
        after = before.observe(
            verdict(service, outcome, started_s, blocked_by), self._tuning, learn=learn
        )
        self.memories[service] = after
        return evidence.worth_telling(before, after, self._tuning, watched=False)

    def status(self, now_s: float) -> Status:
        self.memories = {
            name: replace(memory, published_votes=memory.votes(self._tuning))
            for name, memory in self.memories.items()
        }
        return Status(
            branch=self.branch,
            program="0",
            nation=REVISION,
            boot_id="b",
            boot_counter=self.boot_counter,
            uptime_s=now_s,
            sight=self.sight,
            services={name: memory.status(now_s) for name, memory in self.memories.items()},
        )


def ids(branches: Sequence[Branch]) -> list[str]:
    return [branch.id for branch in branches]
