"""exchange -> notify, past the exchange: that it is lost is told once, by the first of three.

An alerter is a hub named in nation.yaml. While the exchange does not answer nobody leads and nobody
posts but the alerters, each in its turn (see :mod:`agent.core.lost_exchange`): it reads the
channel, and keeps quiet if another's message stands there. When the exchange has answered again for
a while, the message is edited to say that it is over, and its thread says so too; what is open in
the nation by then has a message of its own, the leader's, which ours points to.

One loss is told once by one alerter: what it has told, or has found told, it leaves alone until the
exchange is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from agent.clock import Clock
from agent.core import lost_exchange, message_exchange
from agent.core.lost_exchange import APART_S, SETTLED_S, Loss
from agent.core.message import Rendered
from agent.core.model import Scope
from agent.core.view import BULLETIN_FRESH_S
from agent.core.wording import Wording
from agent.pipeline.office import Office
from agent.pipeline.sharing import DEGRADED_S
from agent.ports import (
    Effect,
    ExchangeHealth,
    LossNews,
    Meters,
    Notifier,
    NotifyError,
    Outgoing,
    Posted,
)

LOOK_EVERY_S = 1.0
AGAIN_S = 5.0
"""After an attempt that came to nothing, unless the receiver asked for more."""
REFUSED_S = 60.0
"""After a refusal, which only a person can mend."""
SWEEP_S = 4.0
"""After our own post another's, begun before it, has arrived."""
MOST_STANDING = 3

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Whose turn it is, and where and in which words is told."""

    rank: int
    """Place among the alerters, from 0."""
    jitter_s: float
    channel: str
    wording: Wording
    names: Mapping[str, str]
    """Of the offices, for people."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """A message that says that the exchange is lost."""

    posted: Posted
    loss: Loss


class Health(Protocol):
    """What telling asks of the exchange."""

    def health(self) -> ExchangeHealth:
        """How the exchange answers now."""
        ...


class Alerter:
    """Tells the loss of the exchange and its end, at one hub, for as long as it lives."""

    def __init__(
        self,
        *,
        office: Office,
        health: Health,
        notifier: Notifier,
        clock: Clock,
        meters: Meters,
        turn: Turn,
    ) -> None:
        self._office = office
        self._health = health
        self._notifier = notifier
        self._clock = clock
        self._meters = meters
        self._turn = turn
        self._turn_s = lost_exchange.turn_s(turn.rank, turn.jitter_s)
        self._answers_since_s: float | None = None
        self._unheard_since_s = clock.now_s()
        self._blind_s = float("-inf")
        """When our own line was last cut. A line that is mended reaches the channel before the
        exchange has answered, and must not tell of an exchange that was never lost."""
        self._was_lost = False
        """For long enough that it may have been told; at its end whatever stands is ended."""
        self._settled = False
        """This loss is told; or since it ended, nothing of it is left to be ended."""
        self._looked = False
        """Since the exchange answers again; the channel need not be read every second."""
        self._sweep_s: float | None = None
        self._not_before_s = 0.0
        self._fails = False

    async def run(self) -> None:
        """Watch the exchange until cancelled."""
        while True:
            await self._look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        """Do what is due; what goes wrong is tried again later."""
        lost_s = self._lost_for_s()
        try:
            if self._answers_since_s is None:
                await self._while_lost(lost_s)
            else:
                await self._while_answered()
        except NotifyError as error:
            self._be_patient(error)

    def _lost_for_s(self) -> float:
        """How long the exchange has not answered; begins a loss, or its end."""
        now_s, age_s = self._clock.now_s(), self._health.health().acknowledged_age_s
        if age_s is not None:
            self._unheard_since_s = now_s - age_s
        if not self._office.sight.sees:
            self._blind_s = now_s
        lost_s = now_s - self._unheard_since_s
        answers = age_s is not None and lost_s < DEGRADED_S
        if answers != (self._answers_since_s is not None):
            self._answers_since_s = now_s if answers else None
            self._settled = self._looked = False
            self._sweep_s = None
        return lost_s

    def _waits(self) -> bool:
        return self._clock.now_s() < self._not_before_s

    # --- while it is lost

    async def _while_lost(self, lost_s: float) -> None:
        self._was_lost = self._was_lost or lost_s >= DEGRADED_S
        if self._sweep_is_due():
            await self._sweep()
        seen_s = min(lost_s, self._clock.now_s() - self._blind_s)
        if self._settled or self._waits() or seen_s < self._turn_s:
            return
        standing = await self._standing()
        if standing:
            self._settle(LossNews.LEFT, standing[0].loss)
        else:
            await self._tell()

    async def _tell(self) -> None:
        since_s = self._clock.wall_s() - (self._clock.now_s() - self._unheard_since_s)
        loss = Loss(since_s=round(since_s), seen_from=self._branch)
        rendered = message_exchange.lost(
            self._name(loss), since_s, self._national(), self._turn.wording
        )
        # Before the post, whose answer may get lost.
        self._sweep_s = self._clock.now_s() + self._notifier.post_timeout_s + SWEEP_S
        await self._post(self._outgoing(loss.key, rendered))
        self._settle(LossNews.TOLD, loss)

    def _settle(self, news: LossNews, loss: Loss) -> None:
        self._settled = True
        self._note(news, loss)

    def _sweep_is_due(self) -> bool:
        due = self._sweep_s is not None and self._clock.now_s() >= self._sweep_s
        return due and not self._waits()

    async def _sweep(self) -> None:
        """Of two that stand the older stays: ours is taken back if it is not that one."""
        for each in (await self._standing())[1:]:
            if each.loss.seen_from == self._branch:
                await self._notifier.delete(each.posted)
                self._note(LossNews.TAKEN_BACK, each.loss)
        self._sweep_s = None

    # --- once it answers again

    async def _while_answered(self) -> None:
        """End what stands: our own message first of all, another's if nobody else did."""
        if self._settled or self._waits() or self._answered_for_s() < SETTLED_S:
            return
        if not self._was_lost:
            self._settled = True
            return
        if self._looked and not self._others_are_due():
            return
        standing = await self._standing()
        mine = [each for each in standing if each.loss.seen_from == self._branch]
        others = standing if self._others_are_due() else []
        for each in dict.fromkeys([*mine, *others]):
            await self._end(each)
        self._looked = True
        if self._others_are_due():
            self._settled, self._was_lost = True, False

    def _answered_for_s(self) -> float:
        since_s = self._answers_since_s
        return 0.0 if since_s is None else self._clock.now_s() - since_s

    def _others_are_due(self) -> bool:
        return self._answered_for_s() >= SETTLED_S + APART_S * (self._turn.rank + 1)

    async def _end(self, standing: _Standing) -> None:
        loss = standing.loss
        back_s = self._clock.wall_s() - self._answered_for_s()
        told = (self._name(loss), loss.since_s, max(back_s, loss.since_s), self._national())
        rendered = message_exchange.over(*told, self._turn.wording)
        await self._edit(standing.posted, self._outgoing(loss.key, rendered, 1))
        await self._post(
            Outgoing(
                key=loss.over_key,
                revision=1,
                channel=standing.posted.channel,
                text=message_exchange.over_reply(*told, self._turn.wording),
                thread=standing.posted.ts,
            )
        )
        self._note(LossNews.OVER, loss)

    async def _edit(self, posted: Posted, message: Outgoing) -> None:
        """What may not be edited any more is ended in its thread all the same."""
        try:
            await self._notifier.update(posted, message)
        except NotifyError as error:
            if error.effect is not Effect.REFUSED:
                raise
            _log.error("loss_edit_refused", branch=self._branch, reason=error.reason)

    # --- what stands in the channel

    async def _standing(self) -> list[_Standing]:
        """The messages of a loss that was not ended, oldest first, the newest few alone."""
        found = await self._notifier.find(self._turn.channel)
        told = [(each, lost_exchange.loss_of(each.key)) for each in found]
        recent = [_Standing(each, loss) for each, loss in told if loss and self._recent(loss)]
        return [each for each in recent[-MOST_STANDING:] if not await self._is_over(each)]

    def _recent(self, loss: Loss) -> bool:
        return loss.recent(self._clock.wall_s())

    async def _is_over(self, each: _Standing) -> bool:
        thread = await self._notifier.find(each.posted.channel, each.posted.ts)
        return any(reply.key == each.loss.over_key for reply in thread)

    # --- inside

    async def _post(self, message: Outgoing) -> None:
        try:
            await self._notifier.post(message)
        except NotifyError as error:
            self._meters.notify_attempted(error.effect)
            raise
        self._meters.notify_attempted(None)
        if self._fails:
            self._fails = False
            _log.info("loss_telling_again", branch=self._branch)

    def _be_patient(self, error: NotifyError) -> None:
        again_s = REFUSED_S if error.effect is Effect.REFUSED else AGAIN_S
        self._not_before_s = self._clock.now_s() + (error.retry_after_s or again_s)
        if not self._fails:
            self._fails = True
            _log.warning("loss_telling_fails", branch=self._branch, reason=str(error))

    def _outgoing(self, key: str, rendered: Rendered, revision: int = 0) -> Outgoing:
        return Outgoing(
            key=key,
            revision=revision,
            channel=self._turn.channel,
            text=rendered.text,
            blocks=rendered.blocks,
        )

    def _national(self) -> Sequence[str]:
        """The services of national incidents: as heard last while it is lost, else as heard now."""
        bulletin = self._office.bulletin
        age_s = self._office.bulletin_age_s(self._clock.now_s())
        lost = self._answers_since_s is None
        if bulletin is None or age_s is None or not (lost or age_s <= BULLETIN_FRESH_S):
            return ()
        return [each.root for each in bulletin.incidents if each.scope is Scope.NATIONAL]

    def _name(self, loss: Loss) -> str:
        return self._turn.names.get(loss.seen_from, loss.seen_from)

    def _note(self, news: LossNews, loss: Loss) -> None:
        self._meters.loss_news(news)
        _log.warning("exchange_loss", branch=self._branch, news=news.value, key=loss.key)

    @property
    def _branch(self) -> str:
        return self._office.identity.branch.id
