"""What one office can say of a service by itself: its own evidence, and the leader's word of it."""

from __future__ import annotations

from collections.abc import Iterator

from agent.core import explanation_words as words
from agent.core import vocabulary
from agent.core.explanation import Explanation
from agent.core.model import Grounds, Outcome, RingEntry
from agent.core.slack_text import clean
from agent.core.view import BULLETIN_FRESH_S
from agent.core.wording import Wording

RESULTS_SHOWN = 4
_NAME_LIMIT = 60
_REASON_LIMIT = 200


def own(explanation: Explanation, wording: Wording) -> Iterator[str]:
    """The sentences of this very office."""
    if explanation.nation is None:
        yield from _told(explanation, wording)
    yield from _evidence(explanation, wording)


def _told(explanation: Explanation, wording: Wording) -> Iterator[str]:
    age_s, leader = explanation.bulletin_age_s, explanation.leader
    if age_s is None or leader is None or age_s > BULLETIN_FRESH_S:
        yield wording.say(words.NO_BULLETIN)
        return
    leader = clean(leader, _NAME_LIMIT)
    yield wording.say(
        words.TOLD,
        leader=leader,
        age=wording.number(age_s, 0),
        state=vocabulary.state_name(explanation.state, wording.language).lower(),
    )
    if explanation.grounds is not None:
        yield from _grounds(explanation.grounds, explanation, wording)
    yield wording.say(words.ASK, leader=leader)


def _grounds(grounds: Grounds, explanation: Explanation, wording: Wording) -> Iterator[str]:
    if grounds.threshold > 0:
        yield wording.say(
            words.GROUNDS,
            channel=wording.say(words.CHANNELS[grounds.channel]),
            since=wording.instant(grounds.since_s, told_s=explanation.at_s),
            score=wording.number(grounds.score),
            needed=wording.number(grounds.threshold),
        )
    if grounds.fresh_needed > 0:
        yield wording.say(
            words.GROUNDS_FRESH,
            speaks=wording.number(grounds.fresh),
            needed=wording.number(grounds.fresh_needed),
        )


def _evidence(explanation: Explanation, wording: Wording) -> Iterator[str]:
    evidence, office = explanation.own, clean(explanation.office, _NAME_LIMIT)
    if not evidence.sight.sees:
        why = clean(evidence.sight.why_not or "-", _REASON_LIMIT)
        yield wording.say(words.OWN_BLIND, office=office, why=why)
    if not evidence.results:
        yield wording.say(words.OWN_NONE, office=office)
        return
    fail, slow = evidence.channels
    said = slow if slow.vote > fail.vote else fail
    yield wording.say(
        words.OWN_VOTE,
        office=office,
        channel=wording.say(words.CHANNELS[said.channel]).lower(),
        vote=wording.number(said.vote),
        w=wording.number(said.w),
        cap=wording.number(said.cap),
        p0=wording.number(100 * said.p0),
    )
    results = [_result(each, wording) for each in evidence.results[:RESULTS_SHOWN]]
    yield wording.say(words.OWN_RESULTS, results=", ".join(results))
    if evidence.reason and evidence.outcome not in (Outcome.OK, Outcome.VOID):
        yield wording.say(words.OWN_REASON, reason=clean(evidence.reason, _REASON_LIMIT))


def _result(result: RingEntry, wording: Wording) -> str:
    said = wording.say(words.OUTCOMES[result.outcome])
    if result.code:
        said = f"{said} ({wording.failure(result.code)})"
    if result.blocked_by:
        said = wording.say(words.BEHIND, root=wording.service(result.blocked_by))
    return wording.say(words.RESULT, outcome=said, age=wording.number(result.age_s, 0))
