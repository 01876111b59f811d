"""Status of a branch, wire version 1: compact JSON of at most 16 kB.

    {"v":1, "branch":"jember", "program":"0.1.0", "nation":"r12:9f3c01ab", "boot":["b7c1",41],
     "up":3600.0, "sees":true, "lag":0.0, "exchange":"joined",
     "services":{"simponi.billing":{"n":[412,0,2,0,3], "fail":[9.2103,0.005], "slow":[7.824,0.01],
                                    "ring":[[6.0,"fail",0,0,null], [0.0,"fail",0,0,null]]}},
     "steps":["billing inquiry"], "kinds":["http_503"], "roots":[],
     "refused":{"5f70bf18a0860070":[3,1200.0]},
     "controls":[["dns 9.9.9.9:53","tcp one.example:443"], [1], []]}

``n`` counts ok, slow, fail, drift, void over the life of the branch; a channel is ``[W, p0]``; a
ring entry is ``[age_s, outcome, step, kind, blocked_by]``, the last three as places in the lists
beside. ``refused`` is by credential: refusals in a row, and seconds since the last attempt.
``controls`` are the shared near controls, then the places of those that fail, then of those that do
not count.
Absent means zero. Readers ignore fields that they do not know, so version 2 may add some.
"""

from __future__ import annotations

import json
from typing import Any

from agent.core import codec
from agent.core.codec import WireError
from agent.core.model import (
    RING_SIZE,
    ChannelState,
    Outcome,
    Refusals,
    RingEntry,
    ServiceStatus,
    Sight,
    Status,
    is_name,
)
from agent.core.shared_controls import MOST_CONTROLS, is_shared_name

VERSION = 1
MAX_STATUS_BYTES = 16_384
_READS = (1, 2)
_MAX_SERVICES = 64
_MAX_TEXT = 200
_MAX_NUMBER = 1e12
_CHANNEL_LENGTH = 2
_RING_ENTRY_LENGTH = 5
_REFUSALS_LENGTH = 2
_CONTROL_LISTS = 3


def encode_status(status: Status) -> bytes:
    """The status as bytes. Raises ValueError if it does not fit, which a test rules out."""
    steps, kinds, roots = _Places(), _Places(), _Places()
    body: dict[str, Any] = {
        "v": VERSION,
        "branch": status.branch,
        "program": status.program,
        "nation": status.nation,
        "boot": [status.boot_id, status.boot_counter],
        "up": round(status.uptime_s, 1),
        "sees": status.sight.sees,
        "lag": round(status.loop_lag_s, 3),
        "exchange": status.exchange,
    }
    if status.sight.why_not:
        body["why"] = status.sight.why_not[:_MAX_TEXT]
    if status.sight.front:
        body["front"] = status.sight.front[:_MAX_TEXT]
    if status.sight.controls:
        body["controls"] = _controls(status.sight)
    body["services"] = {
        name: _service(service, steps, kinds, roots) for name, service in status.services.items()
    }
    body |= {"steps": steps.names, "kinds": kinds.names, "roots": roots.names}
    if status.refused:
        body["refused"] = {
            mark: [each.in_a_row, round(each.age_s, 1)] for mark, each in status.refused.items()
        }
    value = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    if len(value) > MAX_STATUS_BYTES:
        raise ValueError(f"a status of {len(value)} bytes does not fit")
    return value


def _controls(sight: Sight) -> list[list[str] | list[int]]:
    has = sight.controls
    return [
        list(has),
        *([has.index(each) for each in some] for some in (sight.failing, sight.ignored)),
    ]


class _Places:
    """Texts said once, and referred to by place."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._at: dict[str, int] = {}

    def place(self, text: str | None) -> int | None:
        """Where ``text`` stands in the list."""
        if text is None:
            return None
        short = text[:_MAX_TEXT]
        if short not in self._at:
            self._at[short] = len(self.names)
            self.names.append(short)
        return self._at[short]


def _service(
    service: ServiceStatus, steps: _Places, kinds: _Places, roots: _Places
) -> dict[str, Any]:
    return {
        "n": list(service.counts),
        "fail": [round(service.fail.w, 4), round(service.fail.p0, 6)],
        "slow": [round(service.slow.w, 4), round(service.slow.p0, 6)],
        **_hot(service),
        "ring": [
            [
                round(entry.age_s, 2),
                entry.outcome.value,
                steps.place(entry.step),
                kinds.place(entry.code),
                roots.place(entry.blocked_by),
            ]
            for entry in service.ring
        ],
    }


def _hot(service: ServiceStatus) -> dict[str, Any]:
    """For how long each channel has been high, which few offices have to say."""
    hot_s = [channel.hot_s for channel in (service.fail, service.slow)]
    if hot_s == [None, None]:
        return {}
    return {"hot": [None if each is None else round(each) for each in hot_s]}


def decode_status(branch: str, value: bytes) -> Status:
    """The status that ``branch`` stored. Raises :class:`WireError`.

    ``branch`` is the subject it was stored under; a payload that names another is refused.
    """
    if len(value) > MAX_STATUS_BYTES:
        raise WireError(f"{len(value)} bytes are too many")
    body = codec.parse(value)
    if not isinstance(body, dict) or body.get("v") not in _READS:
        raise WireError("not a status of a version that is read here")
    if body.get("branch") != branch:
        raise WireError("the payload names another branch than its subject")
    boot = body.get("boot")
    if not isinstance(boot, list) or len(boot) < 2:  # noqa: PLR2004
        raise WireError("boot: an id and a counter were due")
    services = body.get("services", {})
    if not isinstance(services, dict) or len(services) > _MAX_SERVICES:
        raise WireError("services: an object of at most 64 was due")
    lists = {key: _texts(body, key) for key in ("steps", "kinds", "roots")}
    controls, failing, not_counted = _read_controls(body.get("controls", []))
    return Status(
        branch=branch,
        program=_text(body.get("program", ""), "program"),
        nation=_text(body.get("nation", ""), "nation"),
        boot_id=_text(boot[0], "boot"),
        boot_counter=_count(boot[1], "boot"),
        uptime_s=_number(body.get("up", 0.0), "up"),
        sight=Sight(
            sees=body.get("sees") is True,
            why_not=_optional(body, "why"),
            front=_optional(body, "front"),
            controls=controls,
            failing=failing,
            ignored=not_counted,
        ),
        loop_lag_s=_number(body.get("lag", 0.0), "lag"),
        exchange=_text(body.get("exchange", ""), "exchange"),
        services={_name(key): _read_service(each, lists) for key, each in services.items()},
        refused=_refused(body.get("refused", {})),
    )


def _read_controls(value: Any) -> list[tuple[str, ...]]:
    """The controls of an office, those that fail, those that do not count: by their names."""
    if not isinstance(value, list):
        raise WireError("controls: a list of lists was due")
    has, *some = [*value, [], [], []][:_CONTROL_LISTS]
    for each in (has, *some):
        if not isinstance(each, list) or len(each) > MOST_CONTROLS:
            raise WireError(f"controls: a list of at most {MOST_CONTROLS} was due")
    if not all(isinstance(name, str) and is_shared_name(name) for name in has):
        raise WireError("a control of an impossible name")
    return [tuple(has), *(tuple(_at(has, place) or "" for place in each) for each in some)]


def _read_service(body: Any, lists: dict[str, list[str]]) -> ServiceStatus:
    if not isinstance(body, dict):
        raise WireError("a service: an object was due")
    counts = body.get("n", [0] * 5)
    ring = body.get("ring", [])
    if not isinstance(counts, list) or len(counts) != 5:  # noqa: PLR2004
        raise WireError("n: five counts were due")
    if not isinstance(ring, list) or len(ring) > RING_SIZE:
        raise WireError(f"ring: at most {RING_SIZE} results were due")
    hot = body.get("hot", [None, None])
    if not isinstance(hot, list) or len(hot) < _CHANNEL_LENGTH:
        raise WireError("hot: [fail, slow] was due")
    ok, slow, fail, drift, void = (_count(each, "n") for each in counts)
    return ServiceStatus(
        counts=(ok, slow, fail, drift, void),
        fail=_channel(body.get("fail", [0.0, 0.0]), hot[0]),
        slow=_channel(body.get("slow", [0.0, 0.0]), hot[1]),
        ring=tuple(_read_entry(each, lists) for each in ring),
    )


def _channel(value: Any, hot: Any) -> ChannelState:
    if not isinstance(value, list) or len(value) < _CHANNEL_LENGTH:
        raise WireError("a channel: [W, p0] was due")
    return ChannelState(
        w=_number(value[0], "W"),
        p0=_number(value[1], "p0"),
        hot_s=None if hot is None else _number(hot, "hot"),
    )


def _refused(value: Any) -> dict[str, Refusals]:
    if not isinstance(value, dict) or len(value) > _MAX_SERVICES:
        raise WireError("refused: an object of at most 64 was due")
    return {_text(mark, "refused"): _read_refusals(each) for mark, each in value.items()}


def _read_refusals(value: Any) -> Refusals:
    if not isinstance(value, list) or len(value) < _REFUSALS_LENGTH:
        raise WireError("refused: [count, age] was due")
    return Refusals(in_a_row=_count(value[0], "refused"), age_s=_number(value[1], "refused"))


def _read_entry(value: Any, lists: dict[str, list[str]]) -> RingEntry:
    if not isinstance(value, list) or len(value) < _RING_ENTRY_LENGTH:
        raise WireError("a result: [age, outcome, step, kind, blocked_by] was due")
    try:
        outcome = Outcome(value[1])
    except ValueError:
        raise WireError("a result of unknown outcome") from None
    return RingEntry(
        age_s=_number(value[0], "age"),
        outcome=outcome,
        step=_at(lists["steps"], value[2]) or "",
        code=_at(lists["kinds"], value[3]),
        blocked_by=_at(lists["roots"], value[4]),
    )


def _at(names: list[str], place: Any) -> str | None:
    if place is None:
        return None
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(names):
        raise WireError("a place outside its list")
    return names[place]


def _texts(body: dict[str, Any], key: str) -> list[str]:
    value = body.get(key, [])
    if not isinstance(value, list):
        raise WireError(f"{key}: a list was due")
    return [_text(each, key) for each in value]


def _optional(body: dict[str, Any], key: str) -> str | None:
    return _text(body[key], key) if body.get(key) is not None else None


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise WireError(f"{where}: a text of at most {_MAX_TEXT} characters was due")
    return codec.text(value, where)


def _name(value: str) -> str:
    if not is_name(value):
        raise WireError("a service of an impossible name")
    return value


def _count(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise WireError(f"{where}: a count was due")
    return value


def _number(value: Any, where: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < _MAX_NUMBER:
        raise WireError(f"{where}: a number of 0 or more was due")
    return float(value)
