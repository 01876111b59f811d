"""The status of a branch, as the exchange carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.core.model.opinions import Channel, Outcome, Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """One channel of one service at one branch: what the detector needs, absolute."""

    w: float = 0.0
    """Capped CUSUM, nats."""
    p0: float = 0.0
    """Learned rate of bad results in good times."""
    hot_s: float | None = None
    """For how long W has been half its cap or more, None while it is not."""


COUNTED = (Outcome.OK, Outcome.SLOW, Outcome.FAIL, Outcome.DRIFT, Outcome.VOID)
"""The order of the cumulative counts in a status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingEntry:
    """One of the last results of a service, as a status carries it."""

    age_s: float
    """From the start of the step to the sending of the status."""
    outcome: Outcome
    step: str
    code: str | None = None
    blocked_by: str | None = None


RING_SIZE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """A service as one branch knows it."""

    counts: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """Cumulative results in the order of ``COUNTED``, over the life of the branch."""
    fail: ChannelState = field(default_factory=ChannelState)
    slow: ChannelState = field(default_factory=ChannelState)
    ring: tuple[RingEntry, ...] = ()
    """The last results, oldest first, at most ``RING_SIZE``."""

    def channel(self, channel: Channel) -> ChannelState:
        """The state of one of the two channels."""
        return self.fail if channel is Channel.FAIL else self.slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """A credential that the centre refuses at this branch; see :mod:`agent.core.lockout`."""

    in_a_row: int
    age_s: float
    """From the last attempt to the sending of the status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything a branch tells the others; absolute, so that the newest one is enough."""

    branch: str
    program: str
    nation: str
    """Revision and hash of nation.yaml, for example ``r12:9f3c01ab``."""
    boot_id: str
    boot_counter: int
    uptime_s: float
    sight: Sight
    loop_lag_s: float = 0.0
    exchange: str = "joined"
    services: Mapping[str, ServiceStatus] = field(default_factory=dict)
    refused: Mapping[str, Refusals] = field(default_factory=dict)
    """By a mark of the credential; for the branch itself, after a restart."""
