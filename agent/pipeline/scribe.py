"""Puts what was decided into words, before it is written into a record.

A message in a record without words would be told as an empty one by whoever delivers it, perhaps
another leader: so no reply leaves this room unworded. Nor does a record that the exchange would not
take, and that nobody could change any more: the replies that are worth least make room.
"""

from __future__ import annotations

from dataclasses import replace

from agent.core import codec, incident_replies, message
from agent.core import incident as incidents
from agent.core.incident import Delivery, Incident, Message
from agent.core.wording import Wording
from agent.pipeline.incident_book import IncidentBook
from agent.ports import MAX_VALUE_BYTES, Drop, Meters

ROOM_BYTES = MAX_VALUE_BYTES - 1_536
"""The rest is for what comes into a record without words: claims, and the marks of receivers."""


class Scribe:
    """Words the new replies of incidents."""

    def __init__(self, book: IncidentBook, wording: Wording, meters: Meters) -> None:
        self._book = book
        self._wording = wording
        self._meters = meters

    def worded(self, after: Incident, before: Incident) -> Incident:
        """``after`` with words in its new replies; waiting ones that fell out are counted."""
        if after is before:
            return before
        for each in after.messages:
            if _lacks_words(each):
                text = message.reply(
                    after, each.change, self._wording, before, self._book.members(after)
                )
                after = incidents.with_message(after, replace(each, text=text))
        after = _fitted(after)
        kept = {each.sequence for each in after.messages}
        lost = [m for m in before.messages if m.sequence not in kept and _waits(m)]
        if lost:
            self._meters.dropped(Drop.MESSAGE, len(lost))
        return after


def _fitted(incident: Incident) -> Incident:
    """With as many of its replies as there is room for."""
    while len(codec.to_bytes(incident)) > ROOM_BYTES:
        shorter = incident_replies.shortened(incident)
        if shorter is incident:
            break
        incident = shorter
    return incident


def _lacks_words(found: Message) -> bool:
    return found.sequence > 0 and not found.text and found.delivery is Delivery.PENDING


def _waits(found: Message) -> bool:
    return found.delivery in (Delivery.PENDING, Delivery.CLAIMED)
