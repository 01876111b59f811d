"""An explanation in sentences: an incident since when and on which evidence, or what is missing.

Plain text, nothing escaped: every name is one clean, bounded line, and whoever shows it escapes it
for where it is shown. The leader tells the channel that says most, and the other one in a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agent.core import explanation_words as words
from agent.core import vocabulary
from agent.core.account import ChannelAccount, ServiceAccount
from agent.core.explanation import Explanation
from agent.core.explanation_own import own
from agent.core.explanation_voice import ChannelVoice
from agent.core.model import AlarmPhase, Attendance, Channel, Scope
from agent.core.slack_text import clean
from agent.core.vocabulary import Language
from agent.core.wording import Wording

NAMES_SHOWN = 5
_ANOTHER_STORY = 0.5
"""Failing is slow as well: the other channel is told only where it differs by this much."""


def spoken(wording: Wording, language: Language) -> Wording:
    """The same readers in one language; names of services are known in their own alone."""
    services = wording.services if language == wording.language else {}
    return replace(wording, language=language, services=services)


def sentences(explanation: Explanation, wording: Wording) -> tuple[str, ...]:
    """The explanation in the readers' language, the most telling first."""
    head = wording.say(
        words.STATES[explanation.state], service=wording.service(explanation.service)
    )
    told = [head, *_planned(explanation, wording), *_incident(explanation, wording)]
    if explanation.nation is not None:
        told += _of_the_nation(explanation, explanation.nation, wording)
    told += own(explanation, wording)
    return tuple(told)


def _planned(explanation: Explanation, wording: Wording) -> Iterator[str]:
    if explanation.planned is not None:
        until_s = explanation.planned.until_s
        said = words.SPARED if explanation.planned.skip else words.PLANNED
        yield wording.say(said, until=wording.moment(until_s, told_s=explanation.at_s))


def _incident(explanation: Explanation, wording: Wording) -> Iterator[str]:
    incident = explanation.incident
    if incident is None:
        return
    yield wording.say(
        words.INCIDENT_DRIFTED if incident.drifted else words.INCIDENT,
        id=clean(incident.id, 200),
        severity=vocabulary.severity_name(incident.severity, wording.language).lower(),
        failing=incident.failing,
        reporting=incident.reporting,
    )
    if incident.root != explanation.service:
        yield wording.say(words.JOINED, root=wording.service(incident.root))


# --- the leader -----------------------------------------------------------------------------------


def _of_the_nation(
    explanation: Explanation, account: ServiceAccount, wording: Wording
) -> Iterator[str]:
    yield from _unknown(account, wording)
    telling = max(account.channels, key=_says)
    voice = ChannelVoice(account, telling, wording)
    yield from voice.alarms()
    if explanation.incident is None and _waits(account, telling):
        yield wording.say(words.HELD_BACK)
    yield from voice.votes()
    yield from voice.suspicion()
    yield from voice.extent()
    yield from voice.chance(_kept(explanation))
    yield from voice.region()
    yield from _other(account, telling, wording)
    if telling.quarantined:
        yield wording.say(words.QUARANTINED, names=wording.listed(telling.quarantined, NAMES_SHOWN))
    yield from _blocked(account, wording)
    yield from _left_out(account.attendance, wording)


def _other(account: ServiceAccount, telling: ChannelAccount, wording: Wording) -> Iterator[str]:
    """The channel that says less, while nothing stands."""
    for other in account.channels:
        another = abs(other.score - telling.score) >= _ANOTHER_STORY
        if other is not telling and another and not telling.standing:
            yield wording.say(
                words.OTHER,
                channel=wording.say(words.CHANNELS[other.channel]),
                score=wording.number(other.score),
                needed=wording.number(other.needed),
            )


def _waits(account: ServiceAccount, channel: ChannelAccount) -> bool:
    """An alarm so new that a suspicion upstream may still hold back its incident."""
    alarms = [each.alarm for each in channel.standing]
    return any(
        alarm.phase is AlarmPhase.DECLARED and account.at_s - alarm.declared_s <= account.hold_s
        for alarm in alarms
    )


def _says(channel: ChannelAccount) -> tuple[int, bool]:
    """How much a channel has to say: the nation's alarm most, and failing before slow."""
    standing = [each.alarm for each in channel.standing]
    if any(alarm.scope is Scope.NATIONAL for alarm in standing):
        weight = 4
    elif channel.trial is not None:
        weight = 3
    else:
        weight = 2 if standing else bool(channel.votes)
    return weight, channel.channel is Channel.FAIL


def _kept(explanation: Explanation) -> float | None:
    incident = explanation.incident
    own = incident is not None and incident.root == explanation.service
    return incident.coincidence if incident is not None and own else None


def _unknown(account: ServiceAccount, wording: Wording) -> Iterator[str]:
    attendance = account.attendance
    if attendance.blind:
        yield wording.say(
            words.BLIND, reporting=len(attendance.reporting), roster=attendance.roster
        )
    elif account.assessment.reporting == 0:
        yield wording.say(words.NO_FRESH_RESULT)


def _blocked(account: ServiceAccount, wording: Wording) -> Iterator[str]:
    for root, branches in sorted(account.assessment.blocked_by.items()):
        yield wording.say(words.BLOCKED, count=len(branches), root=wording.service(root))


def _left_out(attendance: Attendance, wording: Wording) -> Iterator[str]:
    lists = (
        (words.SILENT, attendance.silent),
        (words.ABSTAINING, attendance.abstaining),
        (words.IN_MAINTENANCE, attendance.maintenance),
        (words.UNHEARD, attendance.unheard),
    )
    groups = [
        wording.say(template, count=len(names), names=wording.listed(names, NAMES_SHOWN))
        for template, names in lists
        if names
    ]
    if groups:
        yield wording.say(words.LEFT_OUT, groups=", ".join(groups))
