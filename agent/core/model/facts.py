"""Facts: what a run saw, before anybody has an opinion of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Seconds spent in each phase of one or more requests; the names are blackbox_exporter's."""

    resolve_s: float = 0.0
    connect_s: float = 0.0
    tls_s: float = 0.0
    processing_s: float = 0.0
    transfer_s: float = 0.0

    def __add__(self, other: Phases) -> Phases:
        """Add phase by phase: the cost of two requests of one step."""
        return Phases(
            resolve_s=self.resolve_s + other.resolve_s,
            connect_s=self.connect_s + other.connect_s,
            tls_s=self.tls_s + other.tls_s,
            processing_s=self.processing_s + other.processing_s,
            transfer_s=self.transfer_s + other.transfer_s,
        )


class FailureKind(StrEnum):
    """Why a step broke. A closed set, so that it may label a metric; codes are kept beside it."""

    RESOLVE = "resolve"
    REFUSED = "refused"
    RESET = "reset"
    TIMEOUT = "timeout"
    TLS = "tls"
    PROTOCOL = "protocol"
    """Not HTTP, too large, too deep, undecodable."""
    HTTP = "http"
    """A status of 400 or more other than 401 and 403; the code is in ``Failure.status``."""
    AUTH = "auth"
    """401 or 403: the probe's credentials or the sign-in itself."""
    CONTRACT = "contract"
    """A good status, a body of another shape than agreed."""
    UNEXPECTED = "unexpected"
    """A good status and shape, the wrong content."""
    FLOW = "flow"
    """Accepted, but nothing moves: a queue that ages, a write that never arrives."""
    BUG = "bug"
    """The probe itself raised; never held against the centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a step broke, fit for people: ``detail`` holds nothing secret and no remote body."""

    kind: FailureKind
    detail: str
    status: int | None = None

    @property
    def code(self) -> str:
        """The kind as statuses carry it: ``http_503`` rather than ``http``."""
        if self.kind is FailureKind.HTTP and self.status is not None:
            return f"http_{self.status}"
        return self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """What one executed step showed. Facts only."""

    step: str
    service: str
    started_s: float
    duration_s: float
    slow_after_s: float | None
    phases: Phases = field(default_factory=Phases)
    status: int | None = None
    failure: Failure | None = None
    credentials: tuple[str, ...] = ()
    """Target roles whose credentials the run had been given by the end of this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepName:
    """A step as the journey declares it, known without running it."""

    id: str
    service: str
    slow_after_s: float | None = None
    requests: int = 1
    role: str | None = None
    """The target role that this step's requests name, for the budget."""
    sandbox_only: bool = False
    """It writes: it exists only where the target is marked as a sandbox."""
    consent: str | None = None
    """It exists only where the target names a written consent of this name."""
    always: bool = False
    """It puts in order what the run began, and is carried out also when the run breaks or ends."""


class Trigger(StrEnum):
    """What called for a run."""

    PLAN = "plan"
    """The national plan's slot; only these runs teach what is normal."""
    REPROBE = "reprobe"
    """This office's own suspicion."""
    FOCUS = "focus"
    """The leader's order to look more closely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of a probe: the steps that ran, and those declared."""

    journey: str
    started_s: float
    duration_s: float
    executed: tuple[StepFacts, ...]
    declared: tuple[StepName, ...]
    trigger: Trigger = Trigger.PLAN
