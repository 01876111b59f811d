"""The five streams of the exchange: their settings, their subjects, and who may write what.

We make them ourselves. A bucket made by the client's own helpers allows the header ``Nats-Rollup``,
with which a branch that may write one key can wipe every other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.ports import MAX_VALUE_BYTES

_HEADER_ROOM_BYTES = 1_024
_MEBIBYTE = 1 << 20
_HOUR_S = 3_600
_DAY_S = 86_400
_NANOSECONDS = 1_000_000_000


OWN_ACCOUNT_API = "$JS.API"
"""What questions to the engine begin with, for whoever is in the account that holds the streams."""
BRANCH_ACCOUNT_API = "EXCHANGE.API"
"""The same for a branch in an account of its own. It must differ: under the usual name the engine
answers twice, and first that this account has no JetStream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream: a table of newest values, one subject a key."""

    key: str
    max_age_s: int = 0
    """Garbage collection only, 0 for never; silence is judged by the reader."""
    max_bytes: int
    echoed: bool = False
    """Whether the engine says each record once more, on a subject that everybody may hear."""

    @property
    def name(self) -> str:
        """What the engine calls it."""
        return f"KV_{self.key}"

    @property
    def prefix(self) -> str:
        """What every subject of it begins with."""
        return f"$KV.{self.key}."

    def subject(self, name: str) -> str:
        """The subject of one record."""
        return f"{self.prefix}{name}"

    @property
    def echo(self) -> str:
        """What the subjects begin with on which an echoed record is said once more."""
        return f"EXCHANGE.{self.key}."

    def settings(self, replicas: int) -> dict[str, Any]:
        """The stream's configuration as JetStream takes it."""
        settings: dict[str, Any] = {
            "name": self.name,
            "subjects": [f"{self.prefix}>"],
            "storage": "file",
            "retention": "limits",
            "num_replicas": replicas,
            "max_msgs": -1,
            "max_msgs_per_subject": 1,
            "max_bytes": self.max_bytes,
            "max_msg_size": MAX_VALUE_BYTES + _HEADER_ROOM_BYTES,
            "max_age": self.max_age_s * _NANOSECONDS,
            "max_consumers": -1,
            "discard": "new",
            "deny_delete": True,
            "allow_rollup_hdrs": False,
            "allow_direct": False,
        }
        if self.echoed:
            settings["republish"] = {"src": f"{self.prefix}>", "dest": f"{self.echo}>"}
        return settings


STATUS = Stream(key="status", max_age_s=_HOUR_S, max_bytes=128 * _MEBIBYTE)
BEAT = Stream(key="beat", max_age_s=_HOUR_S, max_bytes=16 * _MEBIBYTE)
COORDINATION = Stream(key="coord", max_bytes=128 * _MEBIBYTE)
PUBLIC = Stream(key="public", max_bytes=16 * _MEBIBYTE, echoed=True)
LEDGER = Stream(key="ledger", max_age_s=400 * _DAY_S, max_bytes=1_024 * _MEBIBYTE)

STREAMS = (STATUS, BEAT, COORDINATION, PUBLIC, LEDGER)

_MATTERING = (
    "max_msgs_per_subject",
    "allow_rollup_hdrs",
    "allow_direct",
    "deny_delete",
    "discard",
    "storage",
    "republish",
)


_LIMITS = ("max_bytes", "max_age", "max_msg_size", "max_msgs", "max_consumers", "num_replicas")


def differences(stream: Stream, found: dict[str, Any]) -> list[str]:
    """Say how a stream that is there already differs in what safety rests on."""
    return _differences(stream, found, _MATTERING, replicas=1)


def limits_differ(stream: Stream, found: dict[str, Any], replicas: int) -> list[str]:
    """Say how its limits differ: room, ages, and on how many servers it is kept."""
    return _differences(stream, found, _LIMITS, replicas)


def _differences(
    stream: Stream, found: dict[str, Any], names: tuple[str, ...], replicas: int
) -> list[str]:
    wanted = stream.settings(replicas)
    return [
        f"{stream.name} has {name} {found.get(name)!r}, not {wanted.get(name)!r}"
        for name in names
        if (found.get(name) or False) != (wanted.get(name) or False)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """The subjects that one branch's credentials may publish to and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def permissions(
    branch: str, *, coordinates: bool, creates: bool = False, api: str = OWN_ACCOUNT_API
) -> Permissions:
    """What a branch needs and no more; hubs coordinate, and one party creates the streams.

    Within one account this keeps mistakes apart and does not stop a hostile branch: the engine
    sends its answers wherever a question's reply subject points, with its own rights, and so
    overwrites any key with an answer's bytes. Against that each branch has an account of its own:
    see nats_accounts. Only hubs may make consumers, because the engine delivers wherever a
    consumer's configuration says, and no permission reaches into that.
    """
    publish = [*writes(branch, coordinates=coordinates)]
    publish += [f"{api}.{question}" for question in questions(coordinates=coordinates)]
    if creates:
        publish.append(f"{api}.STREAM.CREATE.*")
    return Permissions(
        publish=tuple(publish), subscribe=(f"{inbox_prefix(branch)}.>", f"{PUBLIC.echo}>")
    )


def writes(branch: str, *, coordinates: bool) -> tuple[str, ...]:
    """The records that a branch may write."""
    own = (STATUS.subject(branch), BEAT.subject(branch), LEDGER.subject(f"{branch}.*"))
    return (*own, f"{COORDINATION.prefix}>", f"{PUBLIC.prefix}>") if coordinates else own


def questions(*, coordinates: bool) -> tuple[str, ...]:
    """What a branch may ask the engine itself, without the beginning that all questions share."""
    asked = [f"STREAM.INFO.{stream.name}" for stream in STREAMS]
    asked += [f"STREAM.MSG.GET.{each.name}" for each in (STATUS, COORDINATION, PUBLIC, LEDGER)]
    if coordinates:
        for stream in (STATUS, BEAT):
            asked += [f"CONSUMER.CREATE.{stream.name}", f"CONSUMER.INFO.{stream.name}.*"]
    return tuple(asked)


def inbox_prefix(branch: str) -> str:
    """Where a branch's answers go; no other branch may listen there."""
    return f"_INBOX_{branch}"
