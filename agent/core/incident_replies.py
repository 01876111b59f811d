"""What an incident says in its thread: which changes, how loud, and how many are kept."""

from __future__ import annotations

from dataclasses import replace

from agent.core.incident import Change, Delivery, Incident, Message, with_message

GROWN = 1.2
"""Told from this many times what was told last, and no less than two offices more."""
SHRUNK = 0.5
"""Told down to this part of what was told last."""
KEPT_MESSAGES = 10
"""Replies beyond this many leave the record, which has to fit into 16 kB with all its offices."""

_SHOWN_IN_CHANNEL = (
    Change.WORSE,
    Change.CLOSED,
    Change.REOPENED,
    Change.RELAPSED,
    Change.REMINDED,
    Change.OVERRAN,
    Change.BEYOND,
)
"""Replies that stand in the channel too, and not in the thread alone."""
_MUTED = (Change.GROWN, Change.SHRUNK, Change.STEP, Change.RECOVERING, Change.RELAPSED)
_PLANNED = (*_MUTED, Change.WORSE, Change.REOPENED, Change.STORM)


def say(incident: Incident, change: Change, now_s: float) -> Incident:
    """The incident with one more reply; what a storm's first tells of it is covered."""
    message = Message(
        sequence=1 + max(m.sequence for m in incident.messages),
        change=change,
        at_s=now_s,
        channel=incident.root_message.channel,
        broadcast=change in _SHOWN_IN_CHANNEL or incident.by_hand is not None,
        delivery=Delivery.COVERED if _quiet(incident, change, now_s) else Delivery.PENDING,
    )
    earlier = tuple(_called_off(each, incident, change) for each in incident.messages)
    return replace(
        incident,
        messages=(*_pruned(earlier), message),
        told_failing=incident.evidence.failing_count,
        told_s=now_s,
    )


def say_words(incident: Incident, change: Change, text: str, now_s: float) -> Incident:
    """The incident with a reply in these words, on behalf of one that it tells of."""
    after = say(incident, change, now_s)
    return with_message(after, replace(after.messages[-1], text=text))


def say_size(
    after: Incident, before: Incident, now_s: float, settle_s: float, *, healing: bool
) -> Incident:
    """Tell growth, shrinking, and what breaks otherwise than before, each seldom.

    Every recovery passes through half of the offices: that one is told as a recovery, soon enough.
    """
    if now_s - before.told_s < settle_s:
        return after
    failing, told = after.evidence.failing_count, before.told_failing
    if failing >= max(told + 2, GROWN * told):
        return say(after, Change.GROWN, now_s)
    if 0 < failing <= SHRUNK * told and not healing:
        return say(after, Change.SHRUNK, now_s)
    old, new = before.evidence, after.evidence
    moved = (new.first_step, new.drifted) != (old.first_step, old.drifted)
    if old.first_step and new.first_step and moved:
        return say(after, Change.STEP, now_s)
    return after


def waiting(incident: Incident, change: Change) -> Message | None:
    """A reply that says this already, and that nobody has set out to post."""
    pending = (m for m in incident.messages if m.delivery is Delivery.PENDING)
    return next((m for m in pending if m.change is change), None)


def _called_off(found: Message, incident: Incident, change: Change) -> Message:
    """A reminder that nobody has set out to post calls no one for what is over or looked after.

    One that is over does not speak for the others that a storm's first tells of.
    """
    over = change in (Change.CLOSED, Change.ABSORBED) and not incident.members
    waits = found.change is Change.REMINDED and found.delivery is Delivery.PENDING
    if not waits or not (over or change is Change.ORDERED):
        return found
    return replace(found, delivery=Delivery.COVERED, text="")


def _quiet(incident: Incident, change: Change, now_s: float) -> bool:
    """Told by a storm's first, muted or planned: then only what must be known is told."""
    muted = change in _MUTED and incident.muted(now_s)
    planned = change in _PLANNED and incident.maintained_until_s is not None
    return incident.storm is not None or muted or planned


def shortened(incident: Incident) -> Incident:
    """The incident without the reply that is worth least; the very same without any to spare.

    The newest stays: it says how things stand, and the sequence goes on from it.
    """
    *earlier, newest = incident.messages
    kept = _pruned(tuple(earlier), len(earlier) - 2) if len(earlier) > 1 else tuple(earlier)
    return incident if len(kept) == len(earlier) else replace(incident, messages=(*kept, newest))


def _pruned(messages: tuple[Message, ...], most: int = KEPT_MESSAGES) -> tuple[Message, ...]:
    """At most ``most`` replies: the told ones go first, then the oldest untold.

    A receiver that is down for hours must not fill the record; the root tells how things stand.
    """
    root, *replies = messages
    surplus = max(0, len(replies) - most)
    last = (Delivery.PENDING, Delivery.CLAIMED)
    by_worth = sorted(replies, key=lambda m: last.index(m.delivery) if m.delivery in last else -1)
    gone = {message.sequence for message in by_worth[:surplus]}
    return (root, *(m for m in replies if m.sequence not in gone))
