"""What a calibration came to: as one JSON object, and in words and tables for people.

Times in the object are ISO 8601 in UTC, durations seconds, rates per year.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from math import isinf
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.adapters.recording_reader import RecordingReader
from agent.app.plan import NationPlan
from agent.commands.calibrate_words import NAMES, seconds
from agent.core.vocabulary import hours_ahead
from agent.simulation.refit.estimate import Estimate
from agent.simulation.refit.expecting import Delay, Stage
from agent.simulation.refit.fitting import Fit
from agent.simulation.refit.proposing import SEARCHED, Judged, Proposal, years_needed
from agent.simulation.refit.recordings import Month
from agent.simulation.refit.thresholds import Thresholds, snippet

ZONE = "Asia/Jakarta"
NAMES_SHOWN = 12

Report = dict[str, Any]


def report(
    plan: NationPlan,
    month: Month,
    fit: Fit,
    proposal: Proposal | None,
    *,
    stage: Stage,
    service: str,
    readers: Sequence[RecordingReader],
) -> Report:
    """The object."""
    replayed = month.replayed
    return {
        "nation": plan.mandate.revision,
        "recorded_under": dict(replayed.nations),
        "from": _moment(replayed.began_s),
        "until": _moment(replayed.ended_s),
        "records": replayed.records,
        "service": service,
        "channel": stage.channel.value,
        "bad_results": {
            name: month.bad(name, stage.channel) for name in sorted(month.history.services)
        },
        "offices": fit.exposure.offices,
        "office_years": fit.exposure.office_years,
        "days": fit.exposure.days,
        "left_out": [
            {"from": _moment(each.from_s), "until": _moment(each.until_s), "why": each.why}
            for each in fit.cuts
        ],
        "estimates": {each.name: _estimate(each) for each in _in_order(fit.estimates)},
        "counted_from_seconds": fit.seen_s,
        "late_share": fit.late_share,
        "unplaced_results": fit.unplaced,
        "thresholds": _thresholds(plan, stage, proposal) if proposal is not None else None,
        "unreadable_statuses": replayed.unreadable,
        "wrong_lines": sum(reader.wrong_count for reader in readers),
        "first_wrong_lines": [str(wrong) for reader in readers for wrong in reader.wrong],
    }


def _in_order(estimates: Sequence[Estimate]) -> list[Estimate]:
    order = list(NAMES)
    return sorted(estimates, key=lambda each: order.index(each.name))


def _estimate(each: Estimate) -> Report:
    return {
        "value": each.value,
        "low": each.interval.low if each.interval else None,
        "high": each.interval.high if each.interval else None,
        "events": each.events,
        "assumed": each.assumed,
        "kept": each.kept or None,
    }


def _thresholds(plan: NationPlan, stage: Stage, proposal: Proposal) -> Report:
    proposed = proposal.proposed
    changes = snippet(plan.tuning, proposed.tuning, stage.channel) if proposed else {}
    return {
        "goal_per_year": proposal.goal,
        "present": _judged(proposal.present, stage),
        "present_keeps": proposal.keeps,
        "proposed": _judged(proposed, stage) if proposed else None,
        "tuning": changes or None,
        "tried": proposal.tried,
        "ended": proposal.ended,
    }


def _judged(judged: Judged, stage: Stage) -> Report:
    numbers = Thresholds.of(judged.tuning, stage.channel, stage.setting.size)
    expected = judged.expected
    return {
        "a1": numbers.a1,
        "a2": numbers.a2,
        "b2": numbers.b2,
        "guard_s": numbers.guard_s,
        "false_nationals": expected.false,
        "years": expected.years,
        "low_per_year": expected.per_year.low,
        "high_per_year": expected.per_year.high,
        "delays": [_delay(each) for each in expected.delays],
    }


def _delay(each: Delay) -> Report:
    """What never came is null."""
    return {
        "share": each.share,
        "p1": each.p1,
        "median_s": None if isinf(each.median_s) else each.median_s,
        "p95_s": None if isinf(each.p95_s) else each.p95_s,
    }


def _moment(at_s: float | None) -> str | None:
    if at_s is None:
        return None
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")


# --- for people


def show(found: Report, console: Console) -> None:
    """Print the report: tables on a terminal, plain lines in a pipe."""
    _say_all(console, _recording(found))
    _table(
        console,
        f"{found['service']} ({found['channel']}): what was found",
        ("", "found", "95 %", "events", "assumed"),
        [_row(name, each) for name, each in found["estimates"].items()],
    )
    _say_all(console, _readings(found))
    if found["thresholds"] is not None:
        _show_thresholds(found["thresholds"], console)
    else:
        _say(console, "no years were played, which a recording of less than a day is too short for")
    _say_all(console, _doubts(found))


def _recording(found: Report) -> Iterator[str]:
    yield (
        f"{found['service']}, channel {found['channel']}: {found['offices']} offices for "
        f"{found['days']:.3g} days, from {_local(found['from'])} to "
        f"{_local(found['until'])} WIB, in {found['records']} records"
    )
    others = {n: c for n, c in found["bad_results"].items() if n != found["service"]}
    if others:
        listed = ", ".join(f"{name} {count}" for name, count in others.items())
        mine = found["bad_results"][found["service"]]
        yield f"bad results: {mine}; of other services: {listed}"
    for each in found["left_out"]:
        yield f"left out, from {_local(each['from'])} to {_local(each['until'])}: {each['why']}"


def _row(name: str, each: Report) -> tuple[str, ...]:
    """What is only assumed shows no value as found."""
    words, written = NAMES[name]
    assumed, events = written(each["assumed"]), str(each["events"])
    if each["kept"]:
        return (words, "", "", events, f"{assumed} stays: {each['kept']}")
    between = (
        f"{written(each['low'])} to {written(each['high'])}" if each["low"] is not None else ""
    )
    return (words, written(each["value"]), between, events, assumed)


def _readings(found: Report) -> Iterator[str]:
    """How the numbers are to be read."""
    yield (
        f"troubles of offices and regions are counted from {seconds(found['counted_from_seconds'])}"
        " on, and what is shorter is added by the share that would not be found; a region has "
        "three offices or more; a blip hits at least four offices and ends within 20 s"
    )
    if found["late_share"] is not None:
        yield f"{100.0 * found['late_share']:.2g} % of bad results took the leader more than 30 s"
    if found["unplaced_results"]:
        yield f"{found['unplaced_results']} bad results have no known time, and are left out"
    if found["left_out"]:
        yield (
            "what was told as national and left out is taken to be real; name what was none with "
            "--nuisance"
        )
    if all(each["low"] is None for each in found["estimates"].values()):
        yield "the recording is too short: nothing could be estimated, everything is as assumed"


def _show_thresholds(found: Report, console: Console) -> None:
    judged = [("present", found["present"])]
    if found["proposed"] is not None:
        judged.append(("proposed", found["proposed"]))
    _table(
        console,
        "What is to be expected with the present thresholds, and with others",
        ("thresholds", "A1", "A2", "B2", "guard", "false nationals", "a year", *_references(found)),
        [(name, *_numbers(each)) for name, each in judged],
    )
    _say_all(console, _verdict(found))
    if found["tuning"] is not None:
        _say(console, "to be written into nation.yaml, beside what stands under tuning there:")
        text = yaml.safe_dump({"tuning": found["tuning"]}, sort_keys=False)
        _say_all(console, text.rstrip().splitlines())


def _references(found: Report) -> Iterator[str]:
    for each in found["present"]["delays"]:
        yield f"told: {each['share']:.0%} of offices, {each['p1']:.0%} of results"


def _numbers(each: Report) -> Iterator[str]:
    yield f"{each['a1']:.2f}"
    yield f"{each['a2']:.2f}"
    yield f"{each['b2']:.2f}"
    yield f"{each['guard_s']:g} s"
    yield f"{each['false_nationals']} in {each['years']:g} years"
    yield f"{each['low_per_year']:.2g} to {each['high_per_year']:.2g}"
    for delay in each["delays"]:
        late = (delay["median_s"], delay["p95_s"])
        yield " / ".join("never" if s is None else f"{s:.0f} s" for s in late)


def _verdict(found: Report) -> Iterator[str]:
    goal = found["goal_per_year"]
    yield "delays are medians and 95th percentiles; false nationals are of this service alone"
    keeps = "keep to" if found["present_keeps"] else "break"
    yield f"the present thresholds {keeps} the goal of {goal:g} a year in what was played"
    if found["proposed"] is None:
        end = (
            "of the thresholds that are worth trying none is better"
            if found["ended"]
            else f"{SEARCHED:g} times the years were played and nothing better was found"
        )
        yield f"{end}; {found['tried']} were played for years"
    best = found["proposed"] or found["present"]
    if best["high_per_year"] > goal:
        yield f"to show a goal of {goal:g} a year takes {years_needed(goal)} --years without any"


def _doubts(found: Report) -> Iterator[str]:
    """What all of it has to be read with."""
    others = {n: c for n, c in found["recorded_under"].items() if n != found["nation"]}
    if others:
        names = [f"{nation} ({count} statuses)" for nation, count in others.items()]
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        listed = ", ".join(names[:NAMES_SHOWN]) + more
        yield f"recorded under another nation.yaml than {found['nation']}: {listed}"
    if found["unreadable_statuses"]:
        yield f"{found['unreadable_statuses']} statuses could not be read"
    if found["wrong_lines"]:
        lines = (
            "1 wrong line" if found["wrong_lines"] == 1 else f"{found['wrong_lines']} wrong lines"
        )
        yield f"{lines} passed over:"
        yield from found["first_wrong_lines"]


def _table(
    console: Console, title: str, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    if console.is_terminal:
        table = Table(*header, title=title)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
        return
    for first, *rest in rows:
        named = zip(header[1:], rest, strict=True)
        _say(console, f"{first}: " + ", ".join(f"{name} {cell}" for name, cell in named if cell))


def _local(moment: str) -> str:
    zone = timezone(timedelta(hours=hours_ahead(ZONE)))
    return datetime.fromisoformat(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _say_all(console: Console, sentences: Iterator[str] | Sequence[str]) -> None:
    for sentence in sentences:
        _say(console, sentence)


def _say(console: Console, sentence: str) -> None:
    """What offices call their configuration is theirs: nothing of it reaches the terminal's ear."""
    shown = "".join(each if each.isprintable() else "?" for each in sentence)
    console.print(Text(shown), soft_wrap=not console.is_terminal)
