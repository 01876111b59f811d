"""The first line of a message, and what everything told of an incident has in common.

``[NASIONAL][SEBAGIAN] Kode billing (SIMPONI): 118/145 kantor gagal sejak 08.10 WIB``: how wide, how
bad or how far recovered, what, how many, since when. Several incidents are told together in a
storm; then the widest scope and the worst state speak for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.core import message_words as words
from agent.core import vocabulary
from agent.core.incident import Change, Incident, Phase
from agent.core.model import NATION, Channel, Scope, ServiceState, Severity, Trouble
from agent.core.order import OrderKind
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


def mention(together: Sequence[Incident], wording: Wording) -> str:
    """Who is called, if this is grave enough; an exercise calls nobody."""
    called = any(map(calls, together)) and not wording.practice
    return (wording.mention or "") if called else ""


def reminded(together: Sequence[Incident], wording: Wording) -> str:
    """Who is called by a reminder: those on call, and from some reminder on others with them.

    The first of ``together`` is the one in whose thread people are reminded.
    """
    on_call = mention(together, wording)
    if not on_call:
        return ""
    others = wording.escalation.whom(together[0].reminded, list(filter(calls, together)))
    return " ".join(dict.fromkeys(filter(None, (on_call, others))))


def practice(wording: Wording) -> str:
    """What every message of an exercise begins with."""
    return words.PRACTICE if wording.practice else ""


def tags(together: Sequence[Incident], wording: Wording) -> str:
    """Such as ``[NASIONAL][SEBAGIAN] ``: the widest scope, and the worst state."""
    national = [each for each in together if each.scope is Scope.NATIONAL]
    widest = (national or together)[0]
    scope = vocabulary.scope_tag(widest.scope, wording.language)
    if widest.scope is Scope.REGIONAL:
        scope = f"{scope} {wording.place(widest.group)}"
    return f"[{scope}][{state_tag(together, wording)}] "


def state_tag(together: Sequence[Incident], wording: Wording) -> str:
    """How bad or how far recovered, as the capital words of a headline."""
    worst = state(together)
    if isinstance(worst, Severity):
        return vocabulary.severity_tag(worst, wording.language)
    if worst is Phase.RECOVERING:
        return vocabulary.state_name(ServiceState.RECOVERING, wording.language).upper()
    if worst is Change.ABSORBED:
        return _absorbed_tag(together).say(wording.language)
    if all(each.by_hand is not None for each in together):
        return wording.say(words.BY_HAND_TAG)
    return vocabulary.RESTORED.say(wording.language).upper()


def _absorbed_tag(together: Sequence[Incident]) -> Words:
    grown = [each.scope is Scope.REGIONAL and _whole(each).group == NATION for each in together]
    return words.ABSORBED_TAG if all(grown) else words.MERGED_TAG


def sign(together: Sequence[Incident]) -> str:
    """The same as one coloured circle."""
    return SIGNS[state(together)]


def state(together: Sequence[Incident]) -> State:
    """The worst severity of those still open; else how far the last of them has come."""
    if broken := [each.severity for each in together if each.phase is Phase.OPEN]:
        return max(broken, key=lambda severity: severity.rank)
    if any(each.phase is Phase.RECOVERING for each in together):
        return Phase.RECOVERING
    return Change.ABSORBED if all(map(absorbed, together)) else Phase.CLOSED


def of(incident: Incident, wording: Wording) -> str:
    """The headline without its tags, clean but not yet escaped."""
    if absorbed(incident):
        return absorption(incident, wording)
    if incident.phase is Phase.CLOSED:
        return sentence(_CLOSINGS.get(incident.by_hand, words.CLOSED), incident, wording)
    if incident.phase is Phase.RECOVERING:
        return sentence(words.RECOVERING, incident, wording)
    return sentence(_ongoing(incident), incident, wording) + planned(incident, wording)


def _ongoing(incident: Incident) -> Words:
    if incident.evidence.rejected:
        return words.REJECTED
    if incident.evidence.drifted:
        return words.DRIFTED
    return words.FAILING if Channel.FAIL in incident.channels else words.SLOW


def planned(incident: Incident, wording: Wording) -> str:
    """What planned work has to do with an incident that stands; nothing, mostly."""
    if incident.maintained_until_s is not None:
        return wording.say(words.IN_MAINTENANCE, ends=planned_end(incident, wording))
    if incident.overran_s is not None:
        return wording.say(words.AFTER_MAINTENANCE, ends=planned_end(incident, wording))
    return ""


def planned_end(incident: Incident, wording: Wording) -> str:
    """When planned work on it ends or has ended, clean but not yet escaped."""
    known = (incident.maintained_until_s, incident.overran_s)
    ends_s = next((each for each in known if each is not None), incident.opened_s)
    return wording.moment(ends_s, told_s=incident.edited_s or incident.opened_s)


_CLOSINGS: Mapping[OrderKind | None, Words] = {
    OrderKind.CLOSE: words.CLOSED_BY_HAND,
    OrderKind.FALSE_ALARM: words.FALSE_ALARM,
}


def sentence(template: Words, incident: Incident, wording: Wording, **extra: str) -> str:
    """A sentence about an incident, clean but not yet escaped."""
    failing, reporting = incident.evidence.failing_count, incident.evidence.reporting
    return wording.say(
        template,
        service=wording.service(incident.root),
        failing=failing,
        reporting=reporting,
        good=max(0, reporting - failing),
        peak=incident.peak,
        since=wording.moment(incident.since_s, told_s=incident.opened_s),
        until=wording.moment(end_s(incident), told_s=incident.opened_s),
        lasted=wording.duration(end_s(incident) - incident.since_s),
        **extra,
    )


def end_s(incident: Incident) -> float:
    """The back-dated end, as far as it is known."""
    for at_s in (incident.ended_s, incident.recovering_s, incident.closed_s):
        if at_s is not None:
            return at_s
    return incident.opened_s


def cause(incident: Incident, wording: Wording) -> str:
    """Main failure and its share, such as `` (HTTP 503, 100 %)``, escaped; or nothing."""
    evidence = incident.evidence
    if not evidence.code:
        return ""
    failure = wording.failure(evidence.code)
    share = round(100 * evidence.code_share)
    return wording.say(words.CAUSE, failure=failure, share=share)


def absorbed(incident: Incident) -> bool:
    """Closed because another incident tells it now, which is nothing like normal."""
    last = incident.messages[-1].change if incident.messages else None
    return incident.phase is Phase.CLOSED and last is Change.ABSORBED


def absorption(incident: Incident, wording: Wording) -> str:
    """Of which trouble an incident is a part now, clean but not yet escaped."""
    whole = _whole(incident)
    national, here = whole.group == NATION, whole.group == incident.group
    if whole.root == incident.root:
        template = words.WHOLE_NATION if national else words.WHOLE_REGION
    elif here:
        template = words.WHOLE_SERVICE
    else:
        template = words.WHOLE_SERVICE_NATION if national else words.WHOLE_SERVICE_REGION
    root, place = wording.service(whole.root), wording.place(whole.group)
    said = wording.say(template, root=root, place=place)
    return sentence(words.ABSORBED, incident, wording, whole=said)


def _whole(incident: Incident) -> Trouble:
    return incident.absorbed_by or Trouble(group=NATION, root=incident.root)


def calls(incident: Incident) -> bool:
    """Whether the incident, while open, mentions whoever is on call."""
    grave = incident.severity.rank >= Severity.DEGRADED.rank
    return incident.scope is Scope.NATIONAL and grave and incident.phase is Phase.OPEN
