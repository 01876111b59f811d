"""``pantau incident``: what a person decides about an incident, written where the leader reads it.

It writes with the rights of the office whose branch.yaml is given, which must be a hub. The leader
obeys within seconds and tells it in the incident's thread.
"""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path
from typing import Any

from agent.clock import BootClock, Clock
from agent.commands.hub_exchange import OK, REFUSED, USAGE, refuse, with_exchange
from agent.core import codec
from agent.core.codec import WireError
from agent.core.incident import Incident
from agent.core.model import is_name
from agent.core.order import LONGEST_MUTE_S, MAX_AUTHOR, MAX_REASON, Order, OrderKind
from agent.core.slack_text import clean
from agent.ports import Conflict, Exchange, Record

INCIDENTS = "incident."
_MINUTE_S = 60.0
_TRIES = 3


def register(subparsers: Any) -> None:  # noqa: ANN401 - argparse does not name this type
    """Add the command to the program's."""
    parser = subparsers.add_parser("incident", help="list incidents; acknowledge, mute or end one")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _action(actions, "list", "print the open incidents").set_defaults(run=run_list)
    told = {
        OrderKind.ACK: "say that somebody looks after it",
        OrderKind.MUTE: "tell only what is graver in its thread, for a while",
        OrderKind.CLOSE: "end it; the same alarm does not open it again unless it grows graver",
        OrderKind.FALSE_ALARM: "the same, and say that it never was one",
    }
    for kind, words in told.items():
        action = _action(actions, kind.value, words)
        action.add_argument("id", metavar="ID", help="as `pantau incident list` prints it")
        action.add_argument("--reason", required=True, help="told in the thread")
        action.add_argument("--author", default=None, help="default: who is signed in")
        if kind is OrderKind.MUTE:
            action.add_argument("--minutes", type=float, default=60.0, help="default: 60")
        action.set_defaults(run=run_order, kind=kind)


def _action(actions: Any, name: str, words: str) -> Any:  # noqa: ANN401
    action = actions.add_parser(
        name,
        help=words,
        description=f"{words}. Exit code 0: done; 1: no such open incident, or refused; 2: usage "
        "or configuration; 3: the exchange does not answer, and it may or may not be written.",
    )
    action.add_argument("--config", type=Path, required=True, metavar="BRANCH.YAML")
    return action


def run_list(arguments: argparse.Namespace) -> int:
    """Print the open incidents; returns the exit code."""

    async def show(exchange: Exchange) -> int:
        for incident in await open_incidents(exchange):
            print(line(incident))  # noqa: T201 - this is its output
        return OK

    return with_exchange(arguments.config, show)


def run_order(arguments: argparse.Namespace) -> int:
    """Write the order that the arguments make; returns the exit code."""
    try:
        order = order_of(arguments, BootClock())
    except ValueError as mistake:
        return refuse(USAGE, str(mistake))
    return with_exchange(arguments.config, lambda exchange: give(exchange, order))


def order_of(arguments: argparse.Namespace, clock: Clock) -> Order:
    """What was asked for. Raises ValueError, saying what is wrong."""
    author = (arguments.author or getpass.getuser()).strip()
    reason = arguments.reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise ValueError(f"--reason must have 1 to {MAX_REASON} characters")
    if not author or len(author) > MAX_AUTHOR:
        raise ValueError(f"--author must have 1 to {MAX_AUTHOR} characters")
    now_s, lasts_s = clock.wall_s(), _lasts_s(arguments)
    order = Order(
        incident=arguments.id,
        kind=arguments.kind,
        author=author,
        reason=reason,
        at_s=now_s,
        until_s=None if lasts_s is None else now_s + lasts_s,
        for_s=lasts_s,
    )
    if not arguments.id.startswith(INCIDENTS) or not is_name(order.record):
        raise ValueError(f"{arguments.id!r:.200} is no id of an incident; see `incident list`")
    return order


def _lasts_s(arguments: argparse.Namespace) -> float | None:
    if arguments.kind is not OrderKind.MUTE:
        return None
    lasts_s = arguments.minutes * _MINUTE_S
    if not 0 < lasts_s <= LONGEST_MUTE_S:
        raise ValueError("--minutes must be more than 0, and at most seven days")
    return float(lasts_s)


async def open_incidents(exchange: Exchange) -> list[Incident]:
    """All that are open, by their records. Raises an ExchangeError."""
    found = [_incident(record) for record in await exchange.records(INCIDENTS)]
    return [each for each in found if each is not None and each.open]


def _incident(record: Record) -> Incident | None:
    """The record's incident; its first write is its opening, which it cannot name itself."""
    try:
        incident = codec.from_bytes(Incident, record.value)
    except WireError:
        return None
    return incident.opened_in(record.revision)


async def give(exchange: Exchange, order: Order) -> int:
    """Write the order; returns the exit code. Raises an ExchangeError."""
    if order.incident not in {each.id for each in await open_incidents(exchange)}:
        return refuse(REFUSED, f"{order.incident}: no such incident is open")
    for _ in range(_TRIES):
        before = await exchange.read(order.record)
        try:
            await exchange.compare_and_set(order.record, codec.to_bytes(order), before.revision)
        except Conflict:
            continue
        print(f"written: {order.kind.value} {order.incident}")  # noqa: T201
        return OK
    return refuse(REFUSED, "others keep writing the same order")


def line(incident: Incident) -> str:
    """One incident for a person: id, phase, severity, extent, what was decided."""
    failing, reporting = incident.evidence.failing_count, incident.evidence.reporting
    told = ((each.kind.value, clean(each.author, MAX_AUTHOR)) for each in incident.orders)
    decided = ", ".join(f"{kind} by {author}" for kind, author in told)
    said = f"{incident.id}  {incident.phase.value}  {incident.severity.value}"
    return f"{said}  {failing}/{reporting}" + (f"  ({decided})" if decided else "")
