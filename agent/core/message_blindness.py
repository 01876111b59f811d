"""What people read while too few offices report: that nothing can be said about the nation.

As a message it is told like an incident, in other words: it is about Pantau and not about a
service. Offices that do not report stand where an incident has those that fail.
"""

from __future__ import annotations

from agent.core import headlines, slack_text
from agent.core import message_words as words
from agent.core.headlines import SIGNS
from agent.core.incident import Change, Incident, Phase
from agent.core.wording import Wording

PLACES_SHOWN = 4
SIGN = "\N{WHITE QUESTION MARK ORNAMENT}"


def sign(incident: Incident) -> str:
    """What a root message begins with: not known, or seen again."""
    return SIGN if incident.open else SIGNS[Phase.CLOSED]


def headline(incident: Incident, wording: Wording) -> str:
    """The first line with its tags, clean but not yet escaped."""
    tag = words.BLIND_TAG if incident.open else words.SIGHTED_TAG
    return f"[PANTAU][{tag.say(wording.language)}] {_sentence(incident, wording)}"


def lines(incident: Incident, wording: Wording) -> list[str]:
    """What stands below the headline."""
    if not incident.open:
        return []
    return [words.BLIND_MEANWHILE.say(wording.language), _missing(incident, wording)]


def reply(incident: Incident, change: Change, wording: Wording) -> str:
    """Its end, or that it is back; nothing else is ever said in its thread."""
    if change is Change.REOPENED:
        return slack_text.escape(headlines.sentence(words.BLIND_AGAIN, incident, wording))
    return slack_text.escape(_sentence(incident, wording))


def _sentence(incident: Incident, wording: Wording) -> str:
    template = words.BLIND if incident.open else words.SIGHTED
    least = str(max(0, incident.peak_of - incident.peak))
    return headlines.sentence(template, incident, wording, least=least)


def _missing(incident: Incident, wording: Wording) -> str:
    places = [(gone, of, place) for place, (gone, of) in incident.spread.provinces.items()]
    places.sort(key=lambda row: (-row[0], row[2]))
    told = [f"{slack_text.name(place)} {gone}/{of}" for gone, of, place in places]
    names = wording.names(told, shown=PLACES_SHOWN)
    return wording.say(words.BLIND_MISSING, names=names) if names else ""
