"""One change of an incident, told in the thread of its root message."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from agent.core import headlines, message_blindness, slack_text, vocabulary
from agent.core import message_words as words
from agent.core.incident import Change, Incident, Phase
from agent.core.order import Order, OrderKind
from agent.core.reminding import called_s
from agent.core.vocabulary import Words
from agent.core.wording import Wording


def reply(
    incident: Incident,
    change: Change,
    wording: Wording,
    previous: Incident | None = None,
    members: Sequence[Incident] = (),
) -> str:
    """One change of an incident, as a reply in its thread.

    ``previous`` is the incident before the change, ``members`` are the others that a storm's first
    tells of. The opening is told by the root; asked for, it is the headline.
    """
    if incident.blindness and change is not Change.ORDERED:
        told = message_blindness.reply(incident, change, wording)
        return headlines.practice(wording) + told
    told = _REPLIES.get(change, _later)(incident, wording, previous or incident)
    if change is Change.REMINDED:
        whom = headlines.reminded((incident, *members), wording)
        return headlines.practice(wording) + f"{whom} {told}".lstrip()
    known = previous.members if previous else ()
    spoke = previous is not None and previous.maintained_until_s is None
    called = [*([previous] if previous and spoke else []), *(m for m in members if m.name in known)]
    joined = [member for member in members if member.name not in known]
    mention = headlines.mention((incident, *joined), wording)
    # An edited root notifies nobody, and planned work calls nobody: who is called only now is
    # called by the reply.
    if mention and change in _CALLING and not any(map(headlines.calls, called)):
        told = f"{mention} {told}"
    return headlines.practice(wording) + told


_CALLING = frozenset({Change.WORSE, Change.REOPENED, Change.STORM, Change.OVERRAN, Change.BEYOND})

Telling = Callable[[Incident, Wording, Incident], str]


def _plain(template: Words) -> Telling:
    def tell(incident: Incident, wording: Wording, previous: Incident) -> str:
        del previous
        return slack_text.escape(headlines.sentence(template, incident, wording))

    return tell


def _by_kind(template: Words, drifted: Words) -> Telling:
    """In other words where the contract changed."""

    def tell(incident: Incident, wording: Wording, previous: Incident) -> str:
        said = drifted if incident.evidence.drifted else template
        return _plain(said)(incident, wording, previous)

    return tell


def _worse(incident: Incident, wording: Wording, previous: Incident) -> str:
    before = vocabulary.severity_tag(previous.severity, wording.language)
    after = vocabulary.severity_tag(incident.severity, wording.language)
    return slack_text.escape(
        headlines.sentence(words.WORSE, incident, wording, before=before, after=after)
    )


def _extent(template: Words) -> Telling:
    def tell(incident: Incident, wording: Wording, previous: Incident) -> str:
        before = str(previous.told_failing)
        return slack_text.escape(headlines.sentence(template, incident, wording, before=before))

    return tell


def _step(incident: Incident, wording: Wording, previous: Incident) -> str:
    return wording.say(
        words.STEP_DRIFTED if incident.evidence.drifted else words.STEP,
        service=slack_text.escape(wording.service(incident.root)),
        before=slack_text.code(previous.evidence.first_step or "-")
        + headlines.cause(previous, wording),
        after=slack_text.code(incident.evidence.first_step or "-")
        + headlines.cause(incident, wording),
    )


def _absorbed(incident: Incident, wording: Wording, previous: Incident) -> str:
    del previous
    return slack_text.escape(headlines.absorption(incident, wording))


def _storm(incident: Incident, wording: Wording, previous: Incident) -> str:
    del previous
    services = [incident.root, *map(_service_of_record, incident.members)]
    names = wording.names([wording.service(service) for service in services])
    count = len(services)
    return wording.say(words.JOINED_STORM, count=count, names=names)


def _later(incident: Incident, wording: Wording, previous: Incident) -> str:
    """A change that only a later version of this program has words for."""
    return _plain(words.LATER)(incident, wording, previous)


def _reminded(incident: Incident, wording: Wording, previous: Incident) -> str:
    del previous
    now_s = incident.opened_s if incident.reminded_s is None else incident.reminded_s
    waited = wording.duration(now_s - called_s(incident))
    sign = f":{wording.sign}:"
    if incident.members:
        count = 1 + len(incident.members)
        return wording.say(words.REMINDED_STORM, count=count, waited=waited, sign=sign)
    said = headlines.sentence(words.REMINDED, incident, wording, waited=waited, sign=sign)
    return slack_text.escape(said)


def _ordered(incident: Incident, wording: Wording, previous: Incident) -> str:
    """The newest decision; its author and reason are a person's text, and shown as such."""
    del previous
    if not incident.orders:
        return wording.say(words.ORDERED_NOTHING)
    order = incident.orders[-1]
    until_s = order.at_s if order.until_s is None else order.until_s
    signed = order.by_sign and order.kind is OrderKind.ACK
    return wording.say(
        words.ORDERED_ACK_BY_SIGN if signed else _ORDERS.get(order.kind, words.ORDERED_NOTHING),
        author=_author(order, wording),
        reason=slack_text.code(order.reason),
        until=slack_text.escape(wording.moment(until_s, told_s=incident.edited_s)),
    )


def _author(order: Order, wording: Wording) -> str:
    """Whoever put a sign is shown by the receiver's own name for that id; others as they wrote."""
    if order.by_sign and not wording.practice and _USER_ID.fullmatch(order.author):
        return f"<@{order.author}>"
    return slack_text.escape(slack_text.name(order.author))


_USER_ID = re.compile(r"[UW][A-Z0-9]{1,29}")

_ORDERS: Mapping[OrderKind, Words] = {
    OrderKind.ACK: words.ORDERED_ACK,
    OrderKind.MUTE: words.ORDERED_MUTE,
    OrderKind.CLOSE: words.ORDERED_CLOSE,
    OrderKind.FALSE_ALARM: words.ORDERED_FALSE_ALARM,
}


def _opening(incident: Incident, wording: Wording, previous: Incident) -> str:
    del previous
    return slack_text.escape(headlines.tags((incident,), wording) + headlines.of(incident, wording))


def _maintained(incident: Incident, wording: Wording, previous: Incident) -> str:
    del previous
    ends = headlines.planned_end(incident, wording)
    return slack_text.escape(headlines.sentence(words.MAINTAINED, incident, wording, ends=ends))


def _overran(incident: Incident, wording: Wording, previous: Incident) -> str:
    """What is recovering by then has not overrun: it is told as it stands."""
    del previous
    ends = headlines.planned_end(incident, wording)
    well = incident.phase is not Phase.OPEN
    template = words.MAINTAINED_WELL if well else words.OVERRAN
    return slack_text.escape(headlines.sentence(template, incident, wording, ends=ends))


_REPLIES: Mapping[Change, Telling] = {
    Change.OPENED: _opening,
    Change.WORSE: _worse,
    Change.GROWN: _extent(words.GROWN),
    Change.SHRUNK: _extent(words.SHRUNK),
    Change.STEP: _step,
    Change.RECOVERING: _plain(words.NOW_RECOVERING),
    Change.RELAPSED: _by_kind(words.RELAPSED, words.RELAPSED_DRIFTED),
    Change.CLOSED: _plain(words.CLOSED),
    Change.ABSORBED: _absorbed,
    Change.REOPENED: _by_kind(words.REOPENED, words.REOPENED_DRIFTED),
    Change.STORM: _storm,
    Change.ORDERED: _ordered,
    Change.REMINDED: _reminded,
    Change.MAINTAINED: _maintained,
    Change.OVERRAN: _overran,
    Change.BEYOND: _plain(words.BEYOND),
}


def _service_of_record(name: str) -> str:
    """The service of ``incident.<scope>.<group>.<service>``."""
    return name.split(".", 3)[-1]
