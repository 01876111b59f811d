"""The few doors to the outside, as Protocols, and the errors that may come through them.

Adapters implement these; the pipeline uses them; neither knows the other. A foreign library's
errors are turned into the ones below inside its adapter, and never seen anywhere else. A file for
each side of the house; everything is imported from here.

    PantauError
    |-- ConfigurationError        a file or setting is wrong: where, what, and how to mend it
    |-- ExchangeError
    |   |-- Unavailable           no answer in time: the call may or may not have been applied
    |   |-- Conflict              somebody else wrote first
    |   |-- Denied                refused for who we are
    |   `-- Invalid               refused for what we sent; nothing was sent
    `-- NotifyError               see its ``effect``
"""

from agent.ports.counting import (
    Drop,
    LossNews,
    Meters,
    SendFailure,
    SkipReason,
)
from agent.ports.errors import (
    ConfigurationError,
    Conflict,
    Denied,
    ExchangeError,
    Invalid,
    PantauError,
    Unavailable,
)
from agent.ports.exchange import (
    MAX_VALUE_BYTES,
    Announced,
    BeatPut,
    Exchange,
    ExchangeHealth,
    Record,
    Silent,
    Stale,
    StatusPut,
    Synced,
    WatchEvent,
)
from agent.ports.probing import (
    Controls,
    OpenSession,
    SessionFactory,
)
from agent.ports.recording import (
    MaintenancePut,
    OrderPut,
    OwnStatus,
    Recorded,
    RecordedEvent,
    Recorder,
    TermBegan,
)
from agent.ports.telling import (
    Effect,
    Notifier,
    NotifierHealth,
    NotifyError,
    Outgoing,
    Posted,
    Reaction,
    Receiver,
    Receivers,
)

__all__ = [
    "MAX_VALUE_BYTES",
    "Announced",
    "BeatPut",
    "ConfigurationError",
    "Conflict",
    "Controls",
    "Denied",
    "Drop",
    "Effect",
    "Exchange",
    "ExchangeError",
    "ExchangeHealth",
    "Invalid",
    "LossNews",
    "MaintenancePut",
    "Meters",
    "Notifier",
    "NotifierHealth",
    "NotifyError",
    "OpenSession",
    "OrderPut",
    "Outgoing",
    "OwnStatus",
    "PantauError",
    "Posted",
    "Reaction",
    "Receiver",
    "Receivers",
    "Record",
    "Recorded",
    "RecordedEvent",
    "Recorder",
    "SendFailure",
    "SessionFactory",
    "Silent",
    "SkipReason",
    "Stale",
    "StatusPut",
    "Synced",
    "TermBegan",
    "Unavailable",
    "WatchEvent",
]
