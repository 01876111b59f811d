"""What people read: an incident, rendered for Slack.

A root message is edited in place over the incident's life, so it is rendered from the incident as
it stands and from nothing else; replies tell one change each. Everything is built from bounded
pieces that are escaped when they enter (see :mod:`agent.core.slack_text`), so that no name can
mention, link or make a message too long to be told.

There is no clock here. A time is shown with its day when that day is not the one on which the
incident was told, which is the day that Slack shows beside the message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.core import message_words as words
from agent.core import slack_text, vocabulary
from agent.core.incident import Change, Incident, Phase
from agent.core.model import Channel, FailureKind, Scope, ServiceState, Severity
from agent.core.vocabulary import Words
from agent.core.wording import Wording

State = Severity | Phase | Change

SIGNS: Mapping[State, str] = {
    Severity.SLOW: "\N{LARGE YELLOW CIRCLE}",
    Severity.PARTIAL: "\N{LARGE ORANGE CIRCLE}",
    Severity.DEGRADED: "\N{LARGE RED CIRCLE}",
    Severity.DOWN: "\N{MEDIUM BLACK CIRCLE}",
    Phase.RECOVERING: "\N{LARGE BLUE CIRCLE}",
    Phase.CLOSED: "\N{LARGE GREEN CIRCLE}",
    Change.ABSORBED: "\N{MEDIUM WHITE CIRCLE}",
}
"""The sign at the head of a root message: how bad while open, then how far it has come."""

PROVINCES_SHOWN = 4
TABLE_LIMIT = 1_800
_MAX_ODDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A root message: ``text`` says everything, ``blocks`` say it well."""

    text: str
    blocks: tuple[Mapping[str, Any], ...]


def root(
    incident: Incident,
    wording: Wording,
    members: Sequence[Incident] = (),
    *,
    coincidence: float | None = None,
) -> Rendered:
    """The root message of an incident as it stands now.

    ``members`` are the other incidents that a storm's message tells too; ``coincidence`` is the
    probability that chance alone looks like this, told only if given.
    """
    together = (incident, *members)
    if members:
        headline = _tags(together, wording) + _storm_headline(together, wording)
        lines = [_storm_table(together, wording), *_storm_lines(together, wording)]
    else:
        headline = _tags(together, wording) + _headline(incident, wording)
        lines = _lines(incident, wording, coincidence)
    return _rendered(_sign(together), headline, [_mention(together, wording), *lines], wording)


def reply(
    incident: Incident, change: Change, wording: Wording, previous: Incident | None = None
) -> str:
    """One change of an incident, as a reply in its thread.

    ``previous`` is the incident before the change. The opening is told by the root; asked for, it
    is the headline.
    """
    told = _REPLIES[change](incident, wording, previous or incident)
    mention = _mention((incident,), wording)
    # An edited root notifies nobody: who is called only now is called by the reply.
    if mention and change in _CALLING and not (previous and _calls(previous)):
        told = f"{mention} {told}"
    return _practice(wording) + told


# --- the root message -----------------------------------------------------------------------------


def _rendered(sign: str, headline: str, lines: Sequence[str], wording: Wording) -> Rendered:
    more = words.MORE_LINES.say(wording.language)
    links = _links(wording)
    head = slack_text.escape(_practice(wording) + headline)
    room = slack_text.TEXT_LIMIT - slack_text.weight(links) - 2
    text = "\n".join(filter(None, (slack_text.fit([head, *lines], room, more), links)))
    title = slack_text.cut_escaped(
        f"{_practice(wording)}{sign} {headline}", slack_text.HEADER_LIMIT
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


def _practice(wording: Wording) -> str:
    return words.PRACTICE if wording.practice else ""


def _mention(together: Sequence[Incident], wording: Wording) -> str:
    """Who is called, if this is grave enough; an exercise calls nobody."""
    called = any(map(_calls, together)) and not wording.practice
    return (wording.mention or "") if called else ""


def _tags(together: Sequence[Incident], wording: Wording) -> str:
    """Such as ``[NASIONAL][SEBAGIAN] ``: the widest scope, and the worst state."""
    national = [each for each in together if each.scope is Scope.NATIONAL]
    widest = (national or together)[0]
    scope = vocabulary.scope_tag(widest.scope, wording.language)
    if widest.scope is Scope.REGIONAL:
        scope = f"{scope} {wording.place(widest.group)}"
    return f"[{scope}][{_state_tag(together, wording)}] "


def _state_tag(together: Sequence[Incident], wording: Wording) -> str:
    state = _state(together)
    if isinstance(state, Severity):
        return vocabulary.severity_tag(state, wording.language)
    if state is Phase.RECOVERING:
        return vocabulary.state_name(ServiceState.RECOVERING, wording.language).upper()
    if state is Change.ABSORBED:
        return words.ABSORBED_TAG.say(wording.language)
    return vocabulary.RESTORED.say(wording.language).upper()


def _sign(together: Sequence[Incident]) -> str:
    return SIGNS[_state(together)]


def _state(together: Sequence[Incident]) -> State:
    """The worst severity of those still open; else how far the last of them has come."""
    if broken := [each.severity for each in together if each.phase is Phase.OPEN]:
        return max(broken, key=lambda severity: severity.rank)
    if any(each.phase is Phase.RECOVERING for each in together):
        return Phase.RECOVERING
    return Change.ABSORBED if all(map(_absorbed, together)) else Phase.CLOSED


def _headline(incident: Incident, wording: Wording) -> str:
    if _absorbed(incident):
        return _say(words.ABSORBED, incident, wording)
    if incident.phase is Phase.CLOSED:
        return _say(words.CLOSED, incident, wording)
    if incident.phase is Phase.RECOVERING:
        return _say(words.RECOVERING, incident, wording)
    if _rejected(incident):
        return _say(words.REJECTED, incident, wording)
    failing = Channel.FAIL in incident.channels
    return _say(words.FAILING if failing else words.SLOW, incident, wording)


def _lines(incident: Incident, wording: Wording, coincidence: float | None) -> list[str]:
    """What stands below the headline, the most telling first."""
    if incident.phase is Phase.CLOSED:
        return [
            _first_step(incident, wording),
            _named(words.WAS_AFFECTED, incident.affected, wording),
        ]
    return [
        words.CHECK_CREDENTIALS.say(wording.language) if _rejected(incident) else "",
        _spread(incident, wording),
        _first_step(incident, wording),
        _not_the_network(incident, wording),
        _coincidence(coincidence, wording),
        _named(words.WORKING, incident.working, wording),
        _named(words.AFFECTED, incident.affected, wording),
        _provinces(incident, wording),
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


def _provinces(incident: Incident, wording: Wording) -> str:
    hit = [
        (failing, reporting, province)
        for province, (failing, reporting) in incident.spread.provinces.items()
        if failing
    ]
    hit.sort(key=lambda row: (-row[0], row[2]))
    told = [f"{slack_text.name(name)} {failing}/{of}" for failing, of, name in hit]
    names = wording.names(told, shown=PROVINCES_SHOWN)
    return wording.say(words.PROVINCES, names=names) if names else ""


def _first_step(incident: Incident, wording: Wording) -> str:
    evidence = incident.evidence
    if not evidence.first_step:
        return ""
    step = slack_text.code(evidence.first_step)
    if Channel.FAIL not in incident.channels:
        return wording.say(words.SLOW_STEP, step=step)
    cause = _cause(incident, wording)
    return wording.say(words.FIRST_STEP, step=step, cause=cause)


def _cause(incident: Incident, wording: Wording) -> str:
    evidence = incident.evidence
    if not evidence.code:
        return ""
    failure = wording.failure(evidence.code)
    share = round(100 * evidence.code_share)
    return wording.say(words.CAUSE, failure=failure, share=share)


def _not_the_network(incident: Incident, wording: Wording) -> str:
    # Whoever reports in time and can see is exactly whose controls are normal.
    count = incident.evidence.reporting
    return wording.say(words.NOT_THE_NETWORK, count=count) if count else ""


def _coincidence(probability: float | None, wording: Wording) -> str:
    """Odds rounded down to one figure, so that they never promise too much."""
    if probability is None or probability >= 1.0:
        return ""
    odds = int(min(_MAX_ODDS, 1.0 / max(probability, 1e-12)))
    figure = 10 ** (len(str(odds)) - 1)
    said = f"{odds // figure * figure:,}"
    if wording.language == "id":
        said = said.replace(",", ".")
    return wording.say(words.COINCIDENCE, odds=said)


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
    template = said.get(_state(together), words.STORM)
    ended_s = max(_end_s(each) for each in together)
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
            f"{len(each.evidence.failing)}/{each.evidence.reporting}",
            vocabulary.clock_time(each.since_s, wording.zones[0]),
            _state_tag((each,), wording),
        )
        for each in together
    ]
    return slack_text.table(rows, TABLE_LIMIT, words.MORE_LINES.say(wording.language))


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
    return lines


# --- replies --------------------------------------------------------------------------------------


_CALLING = frozenset({Change.WORSE, Change.REOPENED, Change.STORM})

Telling = Callable[[Incident, Wording, Incident], str]


def _plain(template: Words) -> Telling:
    def tell(incident: Incident, wording: Wording, previous: Incident) -> str:
        del previous
        return slack_text.escape(_say(template, incident, wording))

    return tell


def _severity(template: Words) -> Telling:
    def tell(incident: Incident, wording: Wording, previous: Incident) -> str:
        before = vocabulary.severity_tag(previous.severity, wording.language)
        after = vocabulary.severity_tag(incident.severity, wording.language)
        return slack_text.escape(_say(template, incident, wording, before=before, after=after))

    return tell


def _extent(template: Words) -> Telling:
    def tell(incident: Incident, wording: Wording, previous: Incident) -> str:
        before = str(previous.told_failing)
        return slack_text.escape(_say(template, incident, wording, before=before))

    return tell


def _step(incident: Incident, wording: Wording, previous: Incident) -> str:
    return wording.say(
        words.STEP,
        service=slack_text.escape(wording.service(incident.root)),
        before=slack_text.code(previous.evidence.first_step or "-") + _cause(previous, wording),
        after=slack_text.code(incident.evidence.first_step or "-") + _cause(incident, wording),
    )


def _storm(incident: Incident, wording: Wording, previous: Incident) -> str:
    del previous
    services = [incident.root, *map(_service_of_record, incident.members)]
    names = wording.names([wording.service(service) for service in services])
    count = len(services)
    return wording.say(words.JOINED_STORM, count=count, names=names)


def _opening(incident: Incident, wording: Wording, previous: Incident) -> str:
    del previous
    return slack_text.escape(_tags((incident,), wording) + _headline(incident, wording))


_REPLIES: Mapping[Change, Telling] = {
    Change.OPENED: _opening,
    Change.WORSE: _severity(words.WORSE),
    Change.MILDER: _severity(words.MILDER),
    Change.GROWN: _extent(words.GROWN),
    Change.SHRUNK: _extent(words.SHRUNK),
    Change.STEP: _step,
    Change.RECOVERING: _plain(words.NOW_RECOVERING),
    Change.RELAPSED: _plain(words.RELAPSED),
    Change.CLOSED: _plain(words.CLOSED),
    Change.ABSORBED: _plain(words.ABSORBED),
    Change.REOPENED: _plain(words.REOPENED),
    Change.STORM: _storm,
}


# --- pieces ---------------------------------------------------------------------------------------


def _say(template: Words, incident: Incident, wording: Wording, **extra: str) -> str:
    """A sentence about an incident, clean but not yet escaped."""
    failing, reporting = len(incident.evidence.failing), incident.evidence.reporting
    return wording.say(
        template,
        service=wording.service(incident.root),
        failing=failing,
        reporting=reporting,
        good=max(0, reporting - failing),
        peak=incident.peak,
        since=wording.moment(incident.since_s, told_s=incident.opened_s),
        until=wording.moment(_end_s(incident), told_s=incident.opened_s),
        lasted=wording.duration(_end_s(incident) - incident.since_s),
        **extra,
    )


def _end_s(incident: Incident) -> float:
    """The back-dated end, as far as it is known."""
    for at_s in (incident.ended_s, incident.recovering_s, incident.closed_s):
        if at_s is not None:
            return at_s
    return incident.opened_s


def _rejected(incident: Incident) -> bool:
    return incident.evidence.code == FailureKind.AUTH


def _absorbed(incident: Incident) -> bool:
    """Closed because a national incident tells it now, which is nothing like normal."""
    last = incident.messages[-1].change if incident.messages else None
    return incident.phase is Phase.CLOSED and last is Change.ABSORBED


def _calls(incident: Incident) -> bool:
    """Whether the incident, while open, mentions whoever is on call."""
    grave = incident.severity.rank >= Severity.DEGRADED.rank
    return incident.scope is Scope.NATIONAL and grave and incident.phase is Phase.OPEN


def _service_of_record(name: str) -> str:
    """The service of ``incident.<scope>.<group>.<service>``."""
    return name.split(".", 3)[-1]


def _named(template: Words, services: Sequence[str], wording: Wording) -> str:
    names = wording.names([wording.service(service) for service in services])
    return wording.say(template, names=names) if names else ""


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
