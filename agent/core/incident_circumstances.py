"""What changes an incident beside its own trouble: storms, people, and planned work."""

from __future__ import annotations

from dataclasses import replace

from agent.core.incident import Change, Delivery, Incident, Phase, with_message
from agent.core.incident_replies import say, waiting
from agent.core.model import Situation
from agent.core.order import Order


def covers(leader: Incident, member: str, now_s: float) -> Incident:
    """The first incident of a storm, after another one joined it.

    Its message is edited, which notifies nobody: once it is out, a reply says who has joined.
    Several that join at once are one reply, whose words are left to the caller.
    """
    if member in leader.members:
        return leader
    after = replace(
        leader,
        members=(*leader.members, member),
        revision=leader.revision + 1,
        edited_s=now_s,
    )
    if leader.root_message.delivery is Delivery.PENDING:
        return after
    if told_soon := waiting(leader, Change.STORM):
        return with_message(after, replace(told_soon, text=""))
    return say(after, Change.STORM, now_s)


def uncovered(incident: Incident) -> Incident:
    """A covered incident that nobody tells any more: it gets a message of its own."""
    root = replace(incident.root_message, delivery=Delivery.PENDING, claim=None, ts=None)
    return replace(with_message(incident, root), storm=None, revision=incident.revision + 1)


def refreshed(leader: Incident, now_s: float) -> Incident:
    """The first incident of a storm, after one that it tells of has changed."""
    return replace(leader, revision=leader.revision + 1, edited_s=now_s)


def obeyed(incident: Incident, order: Order, now_s: float) -> Incident:
    """The incident after a person's decision; the very same object if it says nothing to it.

    Obeyed once: the orders in the record tell which. A closed incident takes no more.
    """
    known = any(order.same(each) for each in incident.orders)
    if order.incident != incident.id or known or not incident.open:
        return incident
    others = tuple(each for each in incident.orders if each.kind is not order.kind)
    after = replace(
        incident, orders=(*others, order), revision=incident.revision + 1, edited_s=now_s
    )
    if order.kind.closes:
        after = replace(
            after, phase=Phase.CLOSED, by_hand=order.kind, held=True, ended_s=now_s, closed_s=now_s
        )
    return say(after, Change.ORDERED, now_s)


def stays_closed(incident: Incident | None, situation: Situation) -> bool:
    """A person closed this very trouble, and it has not become graver since."""
    return (
        incident is not None and incident.held and situation.severity.rank <= incident.severity.rank
    )


def released(incident: Incident) -> Incident:
    """What a person closed, once its alarm is over too: the next alarm opens again."""
    return replace(incident, held=False) if incident.held else incident


def reminded(incident: Incident, now_s: float) -> Incident:
    """The incident with one more reminder, whose words are left to the caller."""
    after = replace(incident, reminded=incident.reminded + 1, reminded_s=now_s)
    return say(after, Change.REMINDED, now_s)


def maintained(incident: Incident, until_s: float, now_s: float) -> Incident:
    """The incident while it is planned, ``until_s`` by the window; that is told when it begins."""
    if incident.maintained_until_s == until_s:
        return incident
    began = incident.maintained_until_s is None
    after = replace(
        incident,
        maintained_until_s=until_s,
        overran_s=None,
        revision=incident.revision + 1,
        edited_s=now_s,
    )
    return say(after, Change.MAINTAINED, now_s) if began else after


def maintained_no_more(incident: Incident, now_s: float) -> Incident:
    """The incident after planned work on it: what is not well by then is told."""
    until_s = incident.maintained_until_s
    if until_s is None:
        return incident
    after = replace(
        incident,
        maintained_until_s=None,
        overran_s=min(until_s, now_s),
        revision=incident.revision + 1,
        edited_s=now_s,
    )
    return say(after, Change.OVERRAN, now_s)


def beyond_plan(incident: Incident, now_s: float) -> Incident:
    """The incident once it is more than was planned: from now on it is told as any other."""
    if incident.maintained_until_s is None:
        return incident
    after = replace(
        incident,
        maintained_until_s=None,
        severity_s=now_s,
        revision=incident.revision + 1,
        edited_s=now_s,
    )
    return say(after, Change.BEYOND, now_s)
