"""A check as a person sees it: verdicts and reasons, and with ``--explain`` the waterfall.

A terminal gets a picture, a pipe plain lines with the same content, one fact a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.commands.check_repeat import Repeated
from agent.commands.check_report import CheckReport, StepLine
from agent.core.blame import Blamed
from agent.core.model import Outcome, Phases, Verdict

BAR_CELLS = 40
_COLOURS = {
    Outcome.OK: "green",
    Outcome.SLOW: "yellow",
    Outcome.FAIL: "bold red",
    Outcome.DRIFT: "red",
    Outcome.VOID: "dim",
}
_PHASE_COLOURS = {
    "resolve": "magenta",
    "connect": "cyan",
    "tls": "blue",
    "processing": "green",
    "transfer": "yellow",
}
_WORST = {0: "ok", 1: "failing or slow", 3: "unknown"}
_DRIFTED = "answering in another shape (contract)"


def show(found: CheckReport, console: Console, *, explain: bool) -> None:
    """Print what was found."""
    for verdict in found.verdicts:
        _say(console, _verdict(verdict))
    if explain:
        _explain(found, console)
    if found.blamed is not None:
        _say(console, _blame(found.blamed))
    _say(console, _summary(found))


def show_all(found: Repeated, console: Console) -> None:
    """Print what several runs came to."""
    _say(console, Text(f"{len(found.reports)} of {found.asked} runs"))
    if found.stopped is not None:
        _say(console, Text(f"stopped: {found.stopped}", style="yellow"))
    for service, counts in found.outcomes().items():
        _say(console, Text(f"{service}: {_counted(counts)}"))
    if blames := found.blames():
        _say(console, Text(f"most likely to blame: {_counted(blames)}"))
    for each in found.durations():
        seconds = f"{each.least_s:.3f} / {each.median_s:.3f} / {each.p95_s:.3f} s"
        _say(console, Text(f'step "{each.step}": {seconds} (least, median, p95) in {each.runs}'))


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{what} {count}" for what, count in counts.items())


def _say(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True)


def _verdict(verdict: Verdict) -> Text:
    word = Text(f"{verdict.outcome.value:<5}", style=_COLOURS[verdict.outcome])
    why = f"{verdict.step}: {verdict.reason}" if verdict.reason else verdict.step
    return Text.assemble(word, f" {verdict.service}: {why}")


def _summary(found: CheckReport) -> Text:
    sight = "this office sees" if found.sight.sees else f"cannot see: {found.sight.why_not}"
    return Text(
        f"{found.journey} from {found.branch}: {_came_to(found)}, {found.seconds:.2f} s; {sight}"
    )


def _blame(blamed: Blamed) -> Text:
    return Text(f"most likely {blamed.blame.words.en}: {blamed.why.en}")


def _came_to(found: CheckReport) -> str:
    """Drift has a word of its own where nothing else is wrong."""
    outcomes = {verdict.outcome for verdict in found.verdicts}
    only_drift = Outcome.DRIFT in outcomes and outcomes.isdisjoint((Outcome.FAIL, Outcome.SLOW))
    return _DRIFTED if only_drift else _WORST[found.exit_code]


def _explain(found: CheckReport, console: Console) -> None:
    if console.is_terminal:
        console.print(_waterfall(found))
        console.print(_legend())
    else:
        for line in found.steps:
            _say(console, Text(_step(line)))
    for sentence in _controls(found):
        _say(console, Text(sentence))


def _waterfall(found: CheckReport) -> Table:
    table = Table("step", "service", "from start to end", "seconds", "expected", "came")
    for line in found.steps:
        table.add_row(
            Text(line.step),
            Text(line.service),
            _bar(line, found.seconds),
            Text(f"{line.duration_s:.3f}" if line.executed else ""),
            Text(line.expected),
            Text(line.came, style="red" if line.broken else "" if line.executed else "dim"),
        )
    return table


def _bar(line: StepLine, whole_s: float) -> Text:
    """The step within the run; what no phase accounts for is the probe's own time, in grey."""
    bar = Text(" " * _cells(line.begins_s, whole_s))
    drawn, until_s = len(bar), line.begins_s
    named = [*_seconds(line.phases), ("", line.duration_s)]
    for phase, seconds in named if line.executed else ():
        until_s = min(until_s + seconds, line.begins_s + line.duration_s)
        end = _cells(until_s, whole_s)
        bar.append("━" * (end - drawn), style=_PHASE_COLOURS.get(phase, "dim"))
        drawn = max(drawn, end)
    if line.executed and not bar.plain.strip():
        bar.append("╸")
    return bar


def _cells(seconds: float, whole_s: float) -> int:
    return round(BAR_CELLS * min(1.0, seconds / whole_s)) if whole_s > 0 else 0


def _legend() -> Text:
    return Text.assemble(
        *((f"━ {phase}  ", colour) for phase, colour in _PHASE_COLOURS.items()),
        ("━ the probe itself", "dim"),
    )


def _step(line: StepLine) -> str:
    if not line.executed:
        return f'step "{line.step}" ({line.service}): {line.came}; expected {line.expected}'
    spent = ", ".join(f"{phase} {1000 * s:.1f} ms" for phase, s in _seconds(line.phases))
    return (
        f'step "{line.step}" ({line.service}): from {line.begins_s:.3f} s for '
        f"{line.duration_s:.3f} s ({spent}); expected {line.expected}; came {line.came}"
    )


def _seconds(phases: Phases) -> list[tuple[str, float]]:
    return [(each.name.removesuffix("_s"), getattr(phases, each.name)) for each in fields(phases)]


def _controls(found: CheckReport) -> Iterator[str]:
    for reading in found.controls:
        answer = "answers" if reading.answered else f"does not answer: {reading.detail}"
        yield f"control {reading.name} ({reading.group.value}): {answer}"
    if found.sight.front is not None:
        yield f"front of the centre: {found.sight.front}"
