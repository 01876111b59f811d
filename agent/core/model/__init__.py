"""The nouns of the house, in the order in which data meets them.

    Run -> Verdict -> Status -> Assessment -> Situation -> Incident -> Notification

The words are those of the README's glossary. Times named ``*_s`` are seconds. Which clock they are
on is said where it matters: an office's own boot-time clock (``started_s``), or the exchange's
stream time, which is the one time line that all offices share (``at_s``, seconds since 1970).
"""

from agent.core.model.assessments import (
    NATION,
    Alarm,
    AlarmPhase,
    Assessment,
    Attendance,
    Evidence,
    Grounds,
    Scope,
    Severity,
    Situation,
    Spread,
    Trouble,
)
from agent.core.model.bulletins import (
    Bulletin,
    Fence,
    Focus,
    IncidentSummary,
    Names,
    PlannedNotice,
    ServiceState,
)
from agent.core.model.facts import (
    Failure,
    FailureKind,
    Phases,
    Run,
    StepFacts,
    StepName,
    Trigger,
)
from agent.core.model.offices import (
    NAME,
    Branch,
    Position,
    Service,
    is_name,
)
from agent.core.model.opinions import (
    Channel,
    Outcome,
    Sight,
    Verdict,
)
from agent.core.model.routes import (
    Routes,
)
from agent.core.model.statuses import (
    COUNTED,
    RING_SIZE,
    ChannelState,
    Refusals,
    RingEntry,
    ServiceStatus,
    Status,
)

__all__ = [
    "COUNTED",
    "NAME",
    "NATION",
    "RING_SIZE",
    "Alarm",
    "AlarmPhase",
    "Assessment",
    "Attendance",
    "Branch",
    "Bulletin",
    "Channel",
    "ChannelState",
    "Evidence",
    "Failure",
    "FailureKind",
    "Fence",
    "Focus",
    "Grounds",
    "IncidentSummary",
    "Names",
    "Outcome",
    "Phases",
    "PlannedNotice",
    "Position",
    "Refusals",
    "RingEntry",
    "Routes",
    "Run",
    "Scope",
    "Service",
    "ServiceState",
    "ServiceStatus",
    "Severity",
    "Sight",
    "Situation",
    "Spread",
    "Status",
    "StepFacts",
    "StepName",
    "Trigger",
    "Trouble",
    "Verdict",
    "is_name",
]
