"""An explanation as a person sees it: the sentences, and the numbers behind them.

A terminal gets a table of the two channels, a pipe plain lines with the same content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.commands.explain_asking import Answer
from agent.core.model import ServiceState
from agent.core.slack_text import clean
from agent.core.vocabulary import Language, Words

VOTES_SHOWN = 10
_COLOURS = {
    ServiceState.NORMAL: "bold green",
    ServiceState.SUSPECTED: "bold yellow",
    ServiceState.REGIONAL: "bold red",
    ServiceState.NATIONAL: "bold red",
    ServiceState.RECOVERING: "bold yellow",
    ServiceState.AFFECTED: "bold yellow",
    ServiceState.UNKNOWN: "bold dim",
}

Channel = Mapping[str, Any]
Row = tuple[Words, Callable[[Channel], object]]
_NUMBER = Words("angka", "number")
_CHANNELS = {"fail": Words("gagal", "failing"), "slow": Words("lambat", "slow")}
_OFFICES = Words("suara terberat", "heaviest votes")

_NATION: Sequence[Row] = (
    (Words("kantor bersuara", "offices that vote"), lambda each: each["voting"]),
    (Words("kantor-setara", "office equivalents"), lambda each: _short(each["weight"])),
    (
        Words("di luar kelompok terburuk", "outside the worst groups"),
        lambda each: _of(each["score"], each["needed"]),
    ),
    (
        Words("ditegaskan hasil baru", "confirmed by fresh results"),
        lambda each: _of(each["trial"]["speaks_for"], each["trial"]["needed"]),
    ),
    (
        Words("detik sampai dapat ditegaskan", "seconds until it can be confirmed"),
        lambda each: _short(each["trial"]["guard_left_s"]),
    ),
    (
        Words("peluang kebetulan setahun, paling besar", "chance of coincidence a year, at most"),
        lambda each: f"{float(each['chance']['bound']):.1g}" if each["voting"] else "",
    ),
)
_OWN: Sequence[Row] = (
    (Words("suara kantor ini", "this office's vote"), lambda each: _short(each["vote"])),
    (Words("bukti", "evidence"), lambda each: _of(each["w"], each["cap"])),
    (
        Words("biasanya buruk", "usually bad"),
        lambda each: f"{100 * float(each['p0']):.1f} %",
    ),
)


def show(answer: Answer, console: Console, language: Language) -> None:
    """Print what was told."""
    head, *rest = answer.sentences(language) or ("",)
    _say(console, Text(head, style=_colour(answer.state)))
    for sentence in rest:
        _say(console, Text(f"  {sentence}" if console.is_terminal else sentence))
    rows = list(_rows(answer.document, language))
    if console.is_terminal:
        console.print(_table(rows, language))
    else:
        for name, fail, slow in rows:
            _say(console, Text(f"{name}: {_both(fail, slow, language)}"))
    if votes := _votes(answer.document):
        _say(console, Text(f"{_OFFICES.say(language)}: {votes}"))


def _colour(state: str) -> str:
    return _COLOURS.get(ServiceState(state), "") if state in tuple(ServiceState) else ""


def _say(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=not console.is_terminal)


def _table(rows: Sequence[tuple[str, str, str]], language: Language) -> Table:
    table = Table(_NUMBER.say(language), *(each.say(language) for each in _CHANNELS.values()))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _both(fail: str, slow: str, language: Language) -> str:
    named = zip(_CHANNELS.values(), (fail, slow), strict=True)
    return ", ".join(f"{channel.say(language)} {value}" for channel, value in named if value)


def _rows(document: Mapping[str, Any], language: Language) -> Iterator[tuple[str, str, str]]:
    for holder, rows in (("nation", _NATION), ("own", _OWN)):
        fail, slow = _channels(document.get(holder))
        for name, read in rows:
            cells = _cell(read, fail), _cell(read, slow)
            if any(cells):
                yield name.say(language), *cells


def _channels(holder: object) -> tuple[Channel, Channel]:
    """The two channels of a part of the answer, empty where they are not as agreed."""
    listed = holder.get("channels") if isinstance(holder, dict) else None
    found = [each for each in listed or () if isinstance(each, dict)]
    by_name = {str(each.get("channel")): each for each in found}
    return by_name.get("fail", {}), by_name.get("slow", {})


def _cell(read: Callable[[Channel], object], channel: Channel) -> str:
    """A number, or nothing where there is none: another version may know less."""
    try:
        return clean(str(read(channel)), 40)
    except (KeyError, TypeError, ValueError):
        return ""


def _votes(document: Mapping[str, Any]) -> str:
    fail, _ = _channels(document.get("nation"))
    votes = fail.get("votes")
    told = [
        f"{clean(str(each['branch']), 60)} {_short(each['vote'])}"
        for each in (votes if isinstance(votes, list) else [])[:VOTES_SHOWN]
        if isinstance(each, dict) and {"branch", "vote"} <= each.keys()
    ]
    return ", ".join(told)


def _of(value: object, needed: object) -> str:
    return f"{_short(value)} / {_short(needed)}"


def _short(value: object) -> str:
    return f"{float(str(value)):.2f}"
