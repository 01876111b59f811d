"""Keeps what a storm's first incident tells of the others true, whatever breaks in between.

A covered incident and the one that tells it are two records, and are never written at once: a
leader may die between the two, or the exchange fail. So who has joined is read from the covered
records on every tick, and a change of theirs is remembered until the first's record shows it. One
that lost its teller is told by itself.
"""

from __future__ import annotations

from agent.core import headlines, incident_circumstances, incident_life, incident_replies, message
from agent.core.incident import Change, Delivery, Incident
from agent.core.incident_life import REOPEN_S
from agent.core.wording import Wording
from agent.pipeline.incident_book import IncidentBook
from agent.pipeline.scribe import Scribe

Aloud = tuple[Change, str]
"""A change of a covered incident that calls somebody, which an edited message does not."""


class Storms:
    """The storms of one term."""

    def __init__(self, book: IncidentBook, scribe: Scribe, wording: Wording) -> None:
        self._book = book
        self._scribe = scribe
        self._wording = wording
        self._stirred: dict[str, list[Aloud]] = {}
        """By the name of a storm's first: it has yet to show a change, and to say these."""

    def take_over(self, now_s: float) -> None:
        """The leader before us may have died between two writes: live storms are shown anew."""
        for teller in self._book.incidents():
            together = (teller, *self._book.members(teller))
            if teller.members and any(_lives(each, now_s) for each in together):
                self._stirred.setdefault(teller.name, [])

    def stir(self, after: Incident, before: Incident | None = None) -> None:
        """A covered incident has changed: whoever tells it has to show that."""
        if after.storm is None:
            return
        aloud = self._stirred.setdefault(after.storm, [])
        if before is not None and headlines.calls(after) and not headlines.calls(before):
            change = after.messages[-1].change
            aloud.append((change, message.reply(after, change, self._wording, before)))

    def goes_on(self, before: Incident, now_s: float) -> bool:
        """A service that breaks again continues its incident, if that can still be told of.

        A storm is told of as long as one of its incidents is open; and its first goes on so long,
        since a second message would leave the first one saying for ever what it said.
        """
        if before.open:
            return True
        teller = before if before.storm is None else self._book.get(before.storm)
        others = self._book.members(teller) if teller is not None else []
        if before.storm is None:
            return any(each.open for each in others) or not incident_life.opens_anew(before, now_s)
        told = teller is not None and any(each.open for each in (teller, *others))
        return told and not incident_life.opens_anew(before, now_s)

    def due(self) -> list[str]:
        """Names of incidents to be tended now: covered ones without a teller, and tellers."""
        covered = [each for each in self._book.incidents() if each.open and each.storm]
        lost = [each.name for each in covered if self._teller(each) is None]
        tellers = [teller.name for each in covered if (teller := self._teller(each)) is not None]
        waiting = [name for name in tellers if self._joining(name)]
        return list(dict.fromkeys((*lost, *waiting, *self._stirred)))

    async def tend(self, name: str, now_s: float) -> None:
        """Let one of them tell what it has to. Raises an ExchangeError; then it stays due."""

        def how(before: Incident | None) -> Incident | None:
            return self._tended(before, now_s) if before is not None else None

        await self._book.change(name, how)
        self._stirred.pop(name, None)

    def _tended(self, before: Incident, now_s: float) -> Incident:
        if before.storm is not None and before.open and self._teller(before) is None:
            return incident_circumstances.uncovered(before)
        aloud = self._stirred.get(before.name)
        after = before if aloud is None else incident_circumstances.refreshed(before, now_s)
        for member in self._joining(before.name):
            after = incident_circumstances.covers(after, member, now_s)
        for change, text in aloud or ():
            after = incident_replies.say_words(after, change, text, now_s)
        return self._scribe.worded(after, before)

    def _joining(self, name: str) -> list[str]:
        """Open incidents that this one shall tell, and does not yet."""
        teller = self._book.get(name)
        if teller is None:
            return []
        covered = (each for each in self._book.incidents() if each.open and each.storm == name)
        return [each.name for each in covered if each.name not in teller.members]

    def _teller(self, covered: Incident) -> Incident | None:
        """The incident that tells this one, if people can read it there."""
        teller = self._book.get(covered.storm) if covered.storm else None
        if teller is None or teller.storm is not None:
            return None
        return None if teller.root_message.delivery is Delivery.DROPPED else teller


def _lives(incident: Incident, now_s: float) -> bool:
    return incident.closed_s is None or now_s - incident.closed_s <= REOPEN_S
