"""The journeys as one office probes them: when, at what cost, and within which ceilings.

A run takes what it may cost before it begins: a token of its own journey, and one of each target
for every request that its steps may send. The buckets are this office's share of what the nation
allows itself, so that no order, restart or mistake makes all offices together ask for more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from agent.core.schedule import Bucket, Pace, Plan
from agent.probe import Journey

TOKEN_REQUESTS = 2
"""What a run may send to a target that wants a token, beside its steps' requests: where an old one
is refused, the request for another, and once more what was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A journey as this office probes it."""

    journey: type[Journey]
    plan: Plan
    pace: Pace
    cost: Mapping[str, float]
    """Tokens that one run takes, by bucket: its own journey's and each target's."""
    spent: Mapping[str, tuple[str, float]]
    """Step id -> (bucket, tokens) that executing the step spends."""

    @property
    def roles(self) -> frozenset[str]:
        """The targets that the journey asks, and whose credentials it may send."""
        return frozenset(step.role for step in self.journey.steps if step.role is not None)

    @property
    def services(self) -> tuple[str, ...]:
        """The services that the journey exercises, each once, in the order of its steps."""
        return tuple(dict.fromkeys(step.service for step in self.journey.steps))


def probe_of(
    journey: type[Journey],
    *,
    plan: Plan,
    pace: Pace,
    token_roles: Collection[str] = (),
) -> Probe:
    """A journey with its slots, and with what its steps cost by bucket.

    ``token_roles`` are the targets that may want a token first: a run pays for that too, whether it
    turns out to need it or not.
    """
    cost: dict[str, float] = {journey_bucket(journey.name): 1.0}
    spent: dict[str, tuple[str, float]] = {}
    for step in journey.steps:
        if step.role is None:
            continue
        bucket = target_bucket(step.role)
        cost[bucket] = cost.get(bucket, 0.0) + step.requests
        spent[step.id] = (bucket, float(step.requests))
    for role in {step.role for step in journey.steps if step.role in token_roles}:
        if role is not None:
            cost[target_bucket(role)] += TOKEN_REQUESTS
    return Probe(journey=journey, plan=plan, pace=pace, cost=cost, spent=spent)


def journey_bucket(journey: str) -> str:
    """The bucket that a journey's runs draw on."""
    return f"journey:{journey}"


def target_bucket(role: str) -> str:
    """The bucket that requests to a target draw on."""
    return f"target:{role}"


def buckets_of(
    probes: Sequence[Probe],
    *,
    runs_per_s: Mapping[str, float],
    requests_per_s: Mapping[str, float],
    roster_size: int,
    now_s: float,
) -> dict[str, Bucket]:
    """This office's buckets: 1/N of every national ceiling, one run deep, empty at start.

    ``runs_per_s`` by journey name, ``requests_per_s`` by target role: the nation's ceilings.
    """
    rates = {journey_bucket(name): rate for name, rate in runs_per_s.items()}
    rates |= {target_bucket(role): rate for role, rate in requests_per_s.items()}
    depth: dict[str, float] = {}
    for probe in probes:
        for bucket, tokens in probe.cost.items():
            depth[bucket] = max(depth.get(bucket, 0.0), tokens)
    return {
        bucket: Bucket(
            capacity=capacity, refill_per_s=rates[bucket] / roster_size, level=0.0, at_s=now_s
        )
        for bucket, capacity in depth.items()
    }


def shortest_way(probes: Sequence[Probe]) -> dict[str, Probe]:
    """Service -> the one journey that reaches it in the fewest steps: an order costs one run."""
    steps: dict[str, tuple[int, Probe]] = {}
    for probe in probes:
        for place, step in enumerate(probe.journey.steps):
            if step.service not in steps or place < steps[step.service][0]:
                steps[step.service] = (place, probe)
    return {service: probe for service, (_, probe) in steps.items()}
