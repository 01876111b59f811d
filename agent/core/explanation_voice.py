"""What one channel of the leader's account says: alarms, votes, suspicion, width, chance, regions.

Each method yields sentences of its own subject, or none when it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent.core import explanation_words as words
from agent.core import message_words
from agent.core.account import ChannelAccount, Held, ServiceAccount, Standing, Trial
from agent.core.model import NATION, AlarmPhase, Channel, Scope
from agent.core.slack_text import clean
from agent.core.vocabulary import Words
from agent.core.wording import Wording

PLACES_SHOWN = 4
_NAME_LIMIT = 60
_LEAST_MISSING = 0.1
"""What is missing is never said to be nothing."""


class ChannelVoice:
    """What one channel of an account says."""

    def __init__(self, account: ServiceAccount, channel: ChannelAccount, wording: Wording) -> None:
        self._account = account
        self._channel = channel
        self._wording = wording
        self._reporting = len(account.attendance.reporting)

    @property
    def _name(self) -> str:
        return self._wording.say(words.CHANNELS[self._channel.channel])

    def _time(self, at_s: float) -> str:
        return self._wording.instant(at_s, told_s=self._account.at_s)

    # --- alarms

    def alarms(self) -> Iterator[str]:
        """What stands, and what is needed for its end."""
        for standing in self._channel.standing:
            yield self._declared(standing)
            yield self._healing(standing)

    def _declared(self, standing: Standing) -> str:
        alarm, number = standing.alarm, self._wording.number
        if alarm.evidence.threshold <= 0:
            template = words.DECLARED_BEFORE
        elif alarm.scope is Scope.REGIONAL:
            template = words.DECLARED_REGIONAL
        else:
            template = words.DECLARED_CREPT if standing.crept else words.DECLARED_NATIONAL
        return self._wording.say(
            template,
            place="" if alarm.group == NATION else self._wording.place(alarm.group),
            since=self._time(alarm.since_s),
            declared=self._time(alarm.declared_s),
            score=number(alarm.evidence.score),
            needed=number(alarm.evidence.threshold),
            guard=number(self._account.guard_s, 0),
        )

    def _healing(self, standing: Standing) -> str:
        healing, number = standing.healing, self._wording.number
        ended = self._time(healing.well_since_s)
        closes = number(healing.closed_after_s, 0)
        if standing.alarm.phase is AlarmPhase.CLOSED:
            return self._wording.say(words.OVER, ended=ended, closes=closes)
        if healing.held_s is not None:
            return self._wording.say(
                words.HOLDING,
                held=number(healing.held_s, 0),
                shown=number(healing.shown_after_s, 0),
                closes=closes,
                ended=ended,
            )
        return self._wording.say(
            words.NOT_YET_WELL,
            score=number(min(healing.score, healing.score_needed)),
            needed=number(healing.score_needed),
            unwell=number(healing.unwell, 0),
            below=number(healing.unwell_below, 2),
        )

    # --- votes and suspicion

    def votes(self) -> Iterator[str]:
        """Who votes, and what that comes to outside the worst groups."""
        channel, number = self._channel, self._wording.number
        if not channel.voting:
            yield self._wording.say(words.NO_VOTES)
            return
        yield self._wording.say(
            words.VOTES,
            channel=self._name,
            voting=channel.voting,
            reporting=self._reporting,
            weight=number(channel.weight),
        )
        if not channel.may_be_national:
            yield self._wording.say(words.TOO_SMALL)
        elif not any(each.alarm.scope is Scope.NATIONAL for each in channel.standing):
            missing = max(0.0, channel.needed - channel.score)
            yield self._wording.say(
                words.SHORT if missing > 1e-9 else words.ENOUGH,  # noqa: PLR2004 - rounding
                score=number(channel.score),
                worst=self._worst(channel.dropped),
                needed=number(channel.needed),
                missing=number(max(missing, _LEAST_MISSING)),
            )

    def _worst(self, dropped: Sequence[Held]) -> str:
        groups = "; ".join(
            self._wording.say(
                words.HELD,
                place=self._wording.place(each.group),
                votes=self._wording.number(each.votes),
            )
            for each in dropped
        )
        template = words.WORST_ONE if len(dropped) == 1 else words.WORST_TWO
        return self._wording.say(template, groups=groups)

    def suspicion(self) -> Iterator[str]:
        """How far the test of a suspicion has come."""
        trial = self._channel.trial
        if trial is None:
            return
        since, ends = self._time(trial.since_s), self._time(trial.guard_ends_s)
        number = self._wording.number
        if trial.guard_left_s > 0:
            left = number(trial.guard_left_s, 0)
            yield self._wording.say(words.GUARDED, since=since, ends=ends, left=left)
            return
        if not trial.fresh:
            yield self._wording.say(words.UNCONFIRMED, since=since, ends=ends)
            return
        yield self._wording.say(
            words.CONFIRMING,
            since=since,
            ends=ends,
            bad=trial.fresh_bad,
            fresh=trial.fresh,
            speaks=number(trial.speaks_for),
            needed=number(trial.needed),
            missing=number(max(0.0, trial.needed - trial.speaks_for)),
        )
        yield from self._contradicted(trial)

    def _contradicted(self, trial: Trial) -> Iterator[str]:
        if trial.speaks_against < 0:
            number = self._wording.number
            yield self._wording.say(
                words.CONTRADICTED,
                against=number(-trial.speaks_against),
                cleared=number(trial.cleared_at),
            )

    # --- how wide, which step, by what chance

    def extent(self) -> Iterator[str]:
        """How wide it is now, and what breaks."""
        evidence, spread = self._channel.evidence, self._channel.spread
        if not evidence.failing:
            return
        zones = " ".join(f"{zone} {hit}/{of}" for zone, (hit, of) in spread.zones.items())
        yield self._wording.say(
            words.EXTENT,
            channel=self._name,
            failing=evidence.failing_count,
            reporting=evidence.reporting,
            provinces=len(spread.provinces),
            zones=zones or "-",
        )
        yield from self._most(message_words.PROVINCES, spread.provinces)
        yield from self._most(message_words.CARRIERS, spread.carriers)
        yield from self._step()

    def _most(self, template: Words, places: Mapping[str, tuple[int, int]]) -> Iterator[str]:
        hit = sorted(places.items(), key=lambda place: (-place[1][0], place[0]))
        told = [f"{clean(name, _NAME_LIMIT)} {bad}/{of}" for name, (bad, of) in hit]
        if told:
            yield self._wording.say(template, names=self._wording.listed(told, PLACES_SHOWN))

    def _step(self) -> Iterator[str]:
        evidence = self._channel.evidence
        if not evidence.first_step:
            return
        step = clean(evidence.first_step, _NAME_LIMIT)
        if self._channel.channel is Channel.SLOW:
            yield self._wording.say(message_words.SLOW_STEP, step=step)
            return
        if evidence.drifted:
            share = round(100 * evidence.code_share)
            yield self._wording.say(message_words.DRIFTED_STEP, step=step, share=share)
            return
        cause = ""
        if evidence.code:
            cause = self._wording.say(
                message_words.CAUSE,
                failure=self._wording.failure(evidence.code),
                share=round(100 * evidence.code_share),
            )
        yield self._wording.say(message_words.FIRST_STEP, step=step, cause=cause)

    def chance(self, kept: float | None) -> Iterator[str]:
        """By what chance; ``kept`` is the smallest of an open incident's life."""
        chance, say, number = self._channel.chance, self._wording.say, self._wording.number
        told = min((c for c in (chance.told, kept) if c is not None), default=None)
        if told is not None:
            yield say(words.CHANCE, odds=self._wording.odds(told))
        elif chance.seen:
            yield say(words.NO_CHANCE, seen=chance.seen, of=chance.of)
        if chance.told is not None:
            yield say(
                words.CHANCE_HOW,
                seen=chance.seen,
                of=chance.of,
                expected=number(chance.expected),
                looks=number(chance.looks / 1e6, 0),
            )

    def region(self) -> Iterator[str]:
        """The group that comes nearest to a regional incident."""
        nearest, channel = self._channel.nearest, self._channel
        if nearest is None or channel.trial is not None:
            return
        if any(each.alarm.scope is Scope.NATIONAL for each in channel.standing):
            return
        yield self._wording.say(
            words.NEAREST,
            place=self._wording.place(nearest.group),
            voting=nearest.voting,
            reporting=nearest.reporting,
            lack=self._wording.say(words.LACKS[nearest.lack]),
        )
