"""What people read: an incident, rendered for Slack.

A root message is edited in place over the incident's life, so it is rendered from the incident as
it stands and from nothing else; replies tell one change each. Everything is built from bounded
pieces that are escaped when they enter (see :mod:`agent.core.slack_text`), so that no name can
mention, link or make a message too long to be told.

There is no clock here. A time is shown with its day when that day is not the one on which the
incident was told, which is the day that Slack shows beside the message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.core import headlines, message_blindness, message_digest, slack_text, vocabulary
from agent.core import message_words as words
from agent.core.headlines import SIGNS, State
from agent.core.incident import Incident, Phase
from agent.core.message_replies import reply
from agent.core.model import Channel, Scope
from agent.core.vocabulary import Words
from agent.core.wording import Wording

__all__ = ["SIGNS", "Rendered", "rendered", "reply", "root"]

PLACES_SHOWN = 4
TABLE_LIMIT = 1_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A root message: ``text`` says everything, ``blocks`` say it well."""

    text: str
    blocks: tuple[Mapping[str, Any], ...]


def root(incident: Incident, wording: Wording, members: Sequence[Incident] = ()) -> Rendered:
    """The root message of an incident as it stands now.

    ``members`` are the other incidents that a storm's message tells too.
    """
    if incident.digest is not None:
        return rendered(
            message_digest.SIGN,
            message_digest.headline(incident.digest, wording),
            message_digest.lines(incident.digest, wording),
            wording,
        )
    if incident.blindness:
        return rendered(
            message_blindness.sign(incident),
            message_blindness.headline(incident, wording),
            message_blindness.lines(incident, wording),
            wording,
        )
    together = (incident, *members)
    if members:
        headline = _storm_headline(together, wording)
        lines = [_storm_table(together, wording), *_storm_lines(together, wording)]
    else:
        headline = headlines.of(incident, wording)
        lines = _lines(incident, wording)
    headline = headlines.tags(together, wording) + headline
    lines.insert(0, headlines.mention(together, wording))
    return rendered(headlines.sign(together), headline, lines, wording)


# --- the root message -----------------------------------------------------------------------------


def rendered(sign: str, headline: str, lines: Sequence[str], wording: Wording) -> Rendered:
    """A root message of these lines, which are escaped; the headline is clean and not yet so."""
    more = words.MORE_LINES.say(wording.language)
    links = _links(wording)
    head = slack_text.escape(headlines.practice(wording) + headline)
    room = slack_text.TEXT_LIMIT - slack_text.weight(links) - 2
    text = "\n".join(filter(None, (slack_text.fit([head, *lines], room, more), links)))
    title = slack_text.cut_escaped(
        f"{headlines.practice(wording)}{sign} {headline}", slack_text.HEADER_LIMIT
    )
    blocks: list[Mapping[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": True}}
    ]
    if body := slack_text.fit(lines, slack_text.SECTION_LIMIT, more):
        blocks.append({"type": "section", "text": _markdown(body)})
    if links:
        blocks.append({"type": "context", "elements": [_markdown(links)]})
    return Rendered(text=text, blocks=tuple(blocks))


def _markdown(text: str) -> dict[str, Any]:
    # Verbatim: Slack then makes no links of what merely looks like a URL or a channel.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _lines(incident: Incident, wording: Wording) -> list[str]:
    """What stands below the headline, the most telling first."""
    if incident.phase is Phase.CLOSED:
        return [
            _first_step(incident, wording),
            _named(words.WAS_AFFECTED, incident.affected, wording),
        ]
    return [
        words.CHECK_CREDENTIALS.say(wording.language) if incident.evidence.rejected else "",
        _spread(incident, wording),
        _first_step(incident, wording),
        _drift_too(incident, wording),
        _not_the_network(incident, wording),
        _coincidence(incident.evidence.coincidence, wording),
        _named(words.WORKING, incident.working, wording),
        _named(words.AFFECTED, incident.affected, wording),
        _most(words.PROVINCES, incident.spread.provinces, wording),
        _most(words.CARRIERS, incident.spread.carriers, wording),
    ]


def _spread(incident: Incident, wording: Wording) -> str:
    zones = " ".join(
        f"{slack_text.escape(slack_text.name(zone, 8))} {failing}/{reporting}"
        for zone, (failing, reporting) in list(incident.spread.zones.items())[:8]
        if reporting
    )
    count = sum(1 for failing, _ in incident.spread.provinces.values() if failing)
    if not zones or not count:
        return ""
    said = words.SPREAD_ONE if count == 1 else words.SPREAD
    return wording.say(said, count=count, zones=zones)


def _most(template: Words, places: Mapping[str, tuple[int, int]], wording: Wording) -> str:
    hit = [(failing, of, place) for place, (failing, of) in places.items() if failing]
    hit.sort(key=lambda row: (-row[0], row[2]))
    told = [f"{slack_text.name(name)} {failing}/{of}" for failing, of, name in hit]
    names = wording.names(told, shown=PLACES_SHOWN)
    return wording.say(template, names=names) if names else ""


def _first_step(incident: Incident, wording: Wording) -> str:
    evidence = incident.evidence
    if not evidence.first_step:
        return ""
    step = slack_text.code(evidence.first_step)
    if Channel.FAIL not in incident.channels:
        return wording.say(words.SLOW_STEP, step=step)
    if evidence.drifted:
        share = round(100 * evidence.code_share)
        return wording.say(words.DRIFTED_STEP, step=step, share=share)
    cause = headlines.cause(incident, wording)
    return wording.say(words.FIRST_STEP, step=step, cause=cause)


def _drift_too(incident: Incident, wording: Wording) -> str:
    evidence = incident.evidence
    if not evidence.drift or evidence.drifted:
        return ""
    return wording.say(words.DRIFT_TOO, count=evidence.drift)


def _not_the_network(incident: Incident, wording: Wording) -> str:
    # Whoever reports in time and can see is exactly whose controls are normal.
    count = incident.evidence.reporting
    return wording.say(words.NOT_THE_NETWORK, count=count) if count else ""


def _coincidence(probability: float | None, wording: Wording) -> str:
    """Odds rounded down to one figure, so that they never promise too much."""
    if probability is None or probability >= 1.0:
        return ""
    return wording.say(words.COINCIDENCE, odds=wording.odds(probability))


def _links(wording: Wording) -> str:
    language = wording.language
    links = (
        slack_text.link(wording.dashboard_url, words.DASHBOARD.say(language)),
        slack_text.link(wording.runbook_url, words.RUNBOOK.say(language)),
        slack_text.link(wording.external_url, words.PAGE.say(language)),
    )
    return " · ".join(filter(None, links))


# --- a storm: many at once, one message -----------------------------------------------------------


def _storm_headline(together: Sequence[Incident], wording: Wording) -> str:
    first = min(together, key=lambda each: each.since_s)
    said: dict[State, Words] = {
        Phase.RECOVERING: words.STORM_RECOVERING,
        Phase.CLOSED: words.STORM_CLOSED,
    }
    template = said.get(headlines.state(together), words.STORM)
    ended_s = max(headlines.end_s(each) for each in together)
    return wording.say(
        template,
        count=len(together),
        since=wording.moment(first.since_s, told_s=first.opened_s),
        until=wording.moment(ended_s, told_s=first.opened_s),
        lasted=wording.duration(ended_s - first.since_s),
    )


def _storm_table(together: Sequence[Incident], wording: Wording) -> str:
    rows = [
        (
            wording.service(each.root, limit=36),
            _place(each, wording),
            f"{each.evidence.failing_count}/{each.evidence.reporting}",
            vocabulary.clock_time(each.since_s, wording.zones[0]),
            _storm_state(each, wording),
        )
        for each in together
    ]
    return slack_text.table(rows, TABLE_LIMIT, words.MORE_LINES.say(wording.language))


def _storm_state(incident: Incident, wording: Wording) -> str:
    state = headlines.state_tag((incident,), wording)
    if incident.phase is not Phase.OPEN:
        return state
    if incident.evidence.rejected:
        return wording.say(words.STORM_REJECTED, state=state)
    return wording.say(words.STORM_DRIFTED, state=state) if incident.evidence.drifted else state


def _place(incident: Incident, wording: Wording) -> str:
    if incident.scope is Scope.NATIONAL:
        return vocabulary.scope_tag(Scope.NATIONAL, wording.language)
    return wording.place(incident.group, limit=20)


def _storm_lines(together: Sequence[Incident], wording: Wording) -> list[str]:
    roots = {each.root for each in together}
    affected = _distinct(service for each in together for service in each.affected)
    working = set.intersection(*(set(each.working) for each in together))
    shared = [service for service in together[0].working if service in working - roots]
    open_ones = [each for each in together if each.open]
    lines = [_named(words.AFFECTED, [s for s in affected if s not in roots], wording)]
    if open_ones:
        lines.insert(0, _named(words.WORKING, shared, wording))
        lines.insert(0, _not_the_network(open_ones[0], wording))
    left = [each.root for each in open_ones if each.overran_s is not None]
    lines.insert(0, _named(words.LEFT_FROM_MAINTENANCE, left, wording))
    return lines


# --- pieces ---------------------------------------------------------------------------------------


def _named(template: Words, services: Sequence[str], wording: Wording) -> str:
    names = wording.names([wording.service(service) for service in services])
    return wording.say(template, names=names) if names else ""


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
