"""What a replay came to: as one JSON object, and in words and a table for people.

Times in the object are ISO 8601 in UTC, durations seconds. A status may claim any age, so only the
moments of assessments are shown as times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.adapters.recording_reader import RecordingReader
from agent.core.incident import Incident
from agent.core.model import Scope
from agent.core.vocabulary import hours_ahead
from agent.pipeline.replaying import Replayed

ZONE = "Asia/Jakarta"
NAMES_SHOWN = 12

Report = dict[str, Any]


def report(replayed: Replayed, nation: str, readers: Sequence[RecordingReader]) -> Report:
    """The object; ``nation`` is revision and hash of the configuration that judged."""
    told = sorted(replayed.incidents.values(), key=lambda each: (each.opened_s, each.name))
    return {
        "nation": nation,
        "recorded_under": dict(replayed.nations),
        "from": _moment(replayed.began_s),
        "until": _moment(replayed.ended_s),
        "records": replayed.records,
        "incidents": [_incident(each, replayed) for each in told],
        "messages": {
            "root_messages": replayed.roots.total(),
            "thread_messages": replayed.replies.total(),
        },
        "blips": [
            {
                "service": blip.service,
                "channel": blip.channel.value,
                "at": _moment(at_s),
                "seconds": round(blip.duration_s, 1),
            }
            for at_s, blip in replayed.blips
        ],
        "focus_orders": [
            {"service": each.service, "kind": each.kind, "at": _moment(each.at_s)}
            for each in replayed.orders
        ],
        "gaps": [
            {"from": _moment(gap.from_s), "until": _moment(gap.until_s)} for gap in replayed.gaps
        ],
        "assessed_seconds": round(replayed.assessed_s, 1),
        "blind_seconds": round(replayed.blind_s, 1),
        "unknown_offices": sorted(replayed.strangers),
        "unwatched_services": sorted(replayed.unwatched),
        "unreadable_statuses": replayed.unreadable,
        "wrong_lines": sum(reader.wrong_count for reader in readers),
        "first_wrong_lines": [str(wrong) for reader in readers for wrong in reader.wrong],
    }


def _incident(incident: Incident, replayed: Replayed) -> Report:
    return {
        "scope": incident.scope.value,
        "group": incident.group if incident.scope is Scope.REGIONAL else None,
        "root_service": incident.root,
        "affected": list(incident.affected),
        "severity": incident.severity.value,
        "opened": _moment(incident.opened_s),
        "closed": _moment(incident.closed_s),
        "offices_failing": incident.peak,
        "offices_reporting": incident.peak_of,
        "root_messages": replayed.roots[incident.id],
        "thread_messages": replayed.replies[incident.id],
    }


def _moment(at_s: float | None) -> str | None:
    if at_s is None:
        return None
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")


# --- for people


def show(found: Report, console: Console) -> None:
    """Print the report: a table on a terminal, plain lines in a pipe."""
    header = ("incident", "severity", "opened", "closed", "offices", "messages")
    rows = [_row(each) for each in found["incidents"]]
    if console.is_terminal and rows:
        table = Table(*header, title="What would have been told (WIB)")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
    for first, *rest in rows if not console.is_terminal else ():
        _say(console, f"{first}: " + ", ".join(map(" ".join, zip(header[1:], rest, strict=True))))
    for sentence in (*_outcome(found), *_doubts(found)):
        _say(console, sentence)


def _row(each: Report) -> tuple[str, ...]:
    return (
        f"{each['group'] or each['scope']}: {each['root_service']}",
        each["severity"],
        _local(each["opened"]),
        _local(each["closed"]) if each["closed"] else "still open",
        f"{each['offices_failing']} of {each['offices_reporting']}",
        f"{each['root_messages']} + {each['thread_messages']}",
    )


def _outcome(found: Report) -> Iterator[str]:
    count, messages = len(found["incidents"]), found["messages"]
    yield (
        f"{_counted(count, 'incident')}, {_counted(messages['root_messages'], 'message')} and "
        f"{_counted(messages['thread_messages'], 'reply', 'replies')} from "
        f"{_local(found['from'])} to {_local(found['until'])} WIB, in "
        f"{_counted(found['records'], 'record')}"
    )
    for each in found["blips"]:
        yield (
            f"came to nothing after {each['seconds']:.0f} s: {each['service']} ({each['channel']}) "
            f"at {_local(each['at'])}"
        )
    for each in found["focus_orders"]:
        yield f"all offices would look closer ({each['kind']}): {each['service']} at " + _local(
            each["at"]
        )


def _doubts(found: Report) -> Iterator[str]:
    """What the outcome has to be read with."""
    for gap in found["gaps"]:
        yield f"nothing was recorded from {_local(gap['from'])} to {_local(gap['until'])}"
    if found["blind_seconds"]:
        yield (
            f"for {found['blind_seconds']:.0f} of {found['assessed_seconds']:.0f} s too few "
            "offices reported for anything national to be said"
        )
    others = {n: c for n, c in found["recorded_under"].items() if n != found["nation"]}
    if others:
        listed = _names([f"{nation} ({count} statuses)" for nation, count in others.items()])
        yield f"recorded under another nation.yaml than {found['nation']}: {listed}"
    for key, words in (
        ("unknown_offices", "offices that are not on this roster"),
        ("unwatched_services", "services that no journey here exercises"),
    ):
        if found[key]:
            yield f"left out, {words}: {_names(found[key])}"
    if found["unreadable_statuses"]:
        yield f"{_counted(found['unreadable_statuses'], 'status', 'statuses')} could not be read"
    if found["wrong_lines"]:
        yield f"{_counted(found['wrong_lines'], 'wrong line')} passed over:"
        yield from found["first_wrong_lines"]


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def _local(moment: str) -> str:
    zone = timezone(timedelta(hours=hours_ahead(ZONE)))
    return datetime.fromisoformat(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _say(console: Console, sentence: str) -> None:
    """An office may call its configuration anything: nothing of it reaches the terminal's ear."""
    shown = "".join(each if each.isprintable() else "?" for each in sentence)
    console.print(Text(shown), soft_wrap=not console.is_terminal)
