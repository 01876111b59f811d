"""``pantau maintenance``: planned work, written where the leader reads it.

It writes with the rights of the office whose branch.yaml is given, which must be a hub. The leader
obeys within seconds, and tells it in the thread of what is open. A window ends by itself.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.app.plan import services_by_role
from agent.clock import BootClock
from agent.commands.hub_exchange import OK, REFUSED, USAGE, refuse, with_exchange
from agent.commands.maintenance_window import author_of, home, read
from agent.config import translate
from agent.config.loading import load
from agent.core import codec, vocabulary
from agent.core.codec import WireError
from agent.core.maintenance import MAX_PLACE, MOST_RECORDS, PREFIX, Mode, Window
from agent.core.model import is_name
from agent.core.order import MAX_AUTHOR, MAX_REASON
from agent.core.slack_text import clean
from agent.ports import ConfigurationError, Conflict, Exchange, Record

_TRIES = 3
_ZONES = ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura")


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser("maintenance", help="plan work on services, list or end it")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _register_add(_action(actions, "add", "plan work: its trouble is judged, shown, and not told"))
    shown = _action(actions, "list", "print what is planned or going on")
    shown.add_argument("--json", action="store_true", help="one JSON document")
    shown.set_defaults(run=run_list)
    end = _action(actions, "end", "end it now; what is not well by then is told")
    end.add_argument("id", metavar="ID", help="as `pantau maintenance list` prints it")
    end.add_argument("--author", default=None, help="default: who is signed in")
    end.set_defaults(run=run_end)


def _register_add(add: argparse.ArgumentParser) -> None:
    add.add_argument("--service", action="append", default=[], help="may be given again")
    add.add_argument("--target", help="all services that the journeys ask of this role")
    add.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="PLACE",
        help="an office, a zone or a group such as province:papua; may be given again; "
        "default: the nation",
    )
    add.add_argument("--mode", choices=[each.value for each in Mode], default=Mode.MUTE.value)
    add.add_argument("--minutes", type=float, help="from when the exchange stores it")
    add.add_argument("--from", dest="first", metavar="MOMENT", help='such as "2026-11-24 22:00"')
    add.add_argument("--until", metavar="MOMENT")
    add.add_argument("--zone", choices=_ZONES, help="of --from and --until; default: the office's")
    add.add_argument("--reason", required=True, help="why, for people")
    add.add_argument("--author", default=None, help="default: who is signed in")
    add.set_defaults(run=run_add)


def _action(actions: Any, name: str, words: str) -> Any:  # noqa: ANN401
    action = actions.add_parser(
        name,
        help=words,
        description=f"{words}. Exit code 0: done; 1: refused, or no such window; 2: usage or "
        "configuration; 3: the exchange does not answer, and it may or may not be written.",
    )
    action.add_argument("--config", type=Path, required=True, metavar="BRANCH.YAML")
    return action


def run_add(arguments: argparse.Namespace) -> int:
    """Write the window that the arguments make; returns the exit code."""
    try:
        window = read(arguments)
    except ConfigurationError as error:
        return refuse(USAGE, *error.mistakes)
    except ValueError as mistake:
        return refuse(USAGE, str(mistake))
    return with_exchange(arguments.config, lambda exchange: add(exchange, window))


def run_list(arguments: argparse.Namespace) -> int:
    """Print what is planned, by nation.yaml and by people; returns the exit code."""
    try:
        found = load(arguments.config)
    except ConfigurationError as error:
        return refuse(USAGE, *error.mistakes)
    of_nation = translate.windows(found.nation, services_by_role(found.journeys.by_name.values()))

    async def show(exchange: Exchange) -> int:
        now_s = BootClock().wall_s()
        added = [window for window, _ in await _added(exchange)]
        windows = [each for each in (*of_nation, *added) if not each.over(now_s)]
        shown = document(windows, now_s) if arguments.json else table(windows, now_s, home(found))
        print(shown)  # noqa: T201 - this is its output
        return OK

    return with_exchange(arguments.config, show)


def run_end(arguments: argparse.Namespace) -> int:
    """End one that people added; returns the exit code."""
    try:
        author = author_of(arguments.author)
    except ValueError as mistake:
        return refuse(USAGE, str(mistake))
    return with_exchange(arguments.config, lambda exchange: end(exchange, arguments.id, author))


# --- the records


async def add(exchange: Exchange, window: Window) -> int:
    """Write it into the first record that is free; returns the exit code."""
    for _ in range(_TRIES):
        revisions = {each.name: each.revision for each in await exchange.records(PREFIX)}
        known = {each.id: each for each, _ in await _added(exchange)}
        name = _free(known, BootClock().wall_s())
        if name is None:
            return refuse(REFUSED, f"{MOST_RECORDS} windows are planned already; end one")
        written = replace(window, id=name)
        before = revisions.get(written.record, 0)
        try:
            await exchange.compare_and_set(written.record, codec.to_bytes(written), before)
        except Conflict:
            continue
        print(f"written: maintenance {name}")  # noqa: T201 - this is its output
        return OK
    return refuse(REFUSED, "others keep writing the same record")


def _free(known: Mapping[str, Window], now_s: float) -> str | None:
    """The id of a record without a window, else of one that has been over for long."""
    names = [f"w{number}" for number in range(1, MOST_RECORDS + 1)]
    unused = [name for name in names if name not in known]
    over = [name for name in names if name in known and known[name].over(now_s - _KEPT_S)]
    return next(iter(unused + over), None)


_KEPT_S = 86_400.0
"""So long one that is over is kept: what it left behind is told as left from it."""


async def end(exchange: Exchange, name: str, author: str) -> int:
    """End the window of that id; returns the exit code."""
    for _ in range(_TRIES):
        found = {window.id: (window, record) for window, record in await _added(exchange)}
        if name not in found or not is_name(name):
            return refuse(REFUSED, f"{name!r:.100}: people added no such window; see `list`")
        window, record = found[name]
        if window.over(BootClock().wall_s()):
            return refuse(REFUSED, f"{name} is over")
        ended = replace(window, ended=True, ended_by=author)
        try:
            await exchange.compare_and_set(record.name, codec.to_bytes(ended), record.revision)
        except Conflict:
            continue
        print(f"ended: maintenance {name}")  # noqa: T201 - this is its output
        return OK
    return refuse(REFUSED, "others keep writing the same record")


async def _added(exchange: Exchange) -> list[tuple[Window, Record]]:
    """What people added, dated, with its record. Raises an ExchangeError."""
    found = []
    for record in await exchange.records(PREFIX):
        try:
            window = codec.from_bytes(Window, record.value)
        except WireError:
            continue
        if window.record == record.name and window.sound:
            found.append((window.dated(record.stored_s), record))
    return found


# --- for people


def table(windows: Sequence[Window], now_s: float, zone: str) -> str:
    """One line for each window."""
    return "\n".join(_line(each, now_s, zone) for each in windows) or "nothing is planned"


def _line(window: Window, now_s: float, zone: str) -> str:
    span = window.active(now_s)
    state = "now until" if span else "from"
    change_s = window.next_change_s(now_s) or now_s
    moment = f"{vocabulary.long_date(change_s, zone, 'en')} {vocabulary.clock_time(change_s, zone)}"
    what = ", ".join(window.services) or "every service"
    places = ", ".join(clean(place, MAX_PLACE) for place in window.where)
    where = f" at {places}" if places else ""
    author = f"{clean(window.author, MAX_AUTHOR)}: " if window.author else ""
    by = f"  ({author}{clean(window.reason, MAX_REASON)})"
    return f"{window.id}  {window.mode.value}  {state} {moment}  {what}{where}{by}"


def document(windows: Sequence[Window], now_s: float) -> str:
    """The same as JSON; times are seconds since 1970."""
    told = [
        {
            "id": each.id,
            "mode": each.mode.value,
            "services": list(each.services),
            "where": list(each.where),
            "active": each.active(now_s) is not None,
            "next_change_s": each.next_change_s(now_s),
            "weekly": each.weekly is not None,
            "author": each.author,
            "reason": each.reason,
        }
        for each in windows
    ]
    return json.dumps({"windows": told})
