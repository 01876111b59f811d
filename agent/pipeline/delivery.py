"""incident -> notify: what is written in an incident's record is told, once.

Slack takes no fencing token and its answers get lost, so a message is told in steps that survive
any of us dying between them:

    pending -> claimed   compare-and-set, before anything is sent
    claimed -> posted    the post was acknowledged; its identity is recorded
    claimed -> pending   the post was surely refused
    claimed              unknown: look in the channel; found -> adopt it, not found -> claim anew

Whoever finds a claim that is not its own waits until that post must have ended, and looks. A post
is begun only while the lease outlasts it. What two leaders may still both have posted is collapsed
by a sweep: after every unknown answer, takeover and adoption, and every five minutes. The promise
is at most one visible message within ten seconds of the receiver answering again.

The root is edited in place while the incident lives; replies follow in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from agent.clock import Clock
from agent.core import incident as incidents
from agent.core import message
from agent.core.incident import Change, Claim, Delivery, Incident, Message
from agent.core.wording import Wording
from agent.pipeline.incident_book import IncidentBook
from agent.ports import (
    Drop,
    Effect,
    ExchangeError,
    Meters,
    Notifier,
    NotifyError,
    Outgoing,
    Posted,
)

LEASE_MARGIN_S = 1.0
CLAIM_MARGIN_S = 1.0
LOOK_AFTER_S = 3.0
EDIT_EVERY_S = 5.0
SWEEP_EVERY_S = 300.0
BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)
TICK_S = 0.5
AT_ONCE = 8
"""Incidents told at the same time; one slow one does not starve the rest."""

_log = structlog.get_logger(__name__)


class Authority(Protocol):
    """What delivery asks of the election."""

    @property
    def term(self) -> int:
        """The term of our lease."""
        ...

    def remaining_s(self) -> float:
        """How much longer we may act."""
        ...


@dataclass(slots=True)
class _Patience:
    """When an incident may be tried next, and how often it has failed in a row."""

    not_before_s: float = 0.0
    failures: int = 0


class Deliverer:
    """Tells what is untold, for one term of one leader."""

    def __init__(  # noqa: PLR0913 - what delivery depends on, each by its name
        self,
        *,
        branch: str,
        book: IncidentBook,
        notifier: Notifier,
        authority: Authority,
        wording: Wording,
        fallback: str | None,
        clock: Clock,
        stream_now_s: Callable[[], float],
        meters: Meters,
    ) -> None:
        """``stream_now_s`` is the exchange's time, which claims are dated in."""
        self._branch = branch
        self._book = book
        self._notifier = notifier
        self._authority = authority
        self._wording = wording
        self._fallback = fallback
        self._clock = clock
        self._stream_now_s = stream_now_s
        self._meters = meters
        self._busy: set[str] = set()
        self._patience: dict[str, _Patience] = {}
        self._edited_s: dict[str, float] = {}
        self._sweep_due: dict[str, float] = {}
        self._mine: set[tuple[str, int]] = set()
        """(incident id, sequence) of claims made by this very deliverer."""

    async def run(self) -> None:
        """Tell until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._meter()
                for incident in self._book.incidents():
                    free = incident.name not in self._busy and len(self._busy) < AT_ONCE
                    if free and self._due(incident):
                        self._busy.add(incident.name)
                        tasks.create_task(self._tell_safely(incident.name))
                await asyncio.sleep(TICK_S)

    # --- what is due

    def _due(self, incident: Incident) -> bool:
        if self._clock.now_s() < self._patience.setdefault(incident.name, _Patience()).not_before_s:
            return False
        return incident.untold or self._edit_due(incident) or self._sweep_is_due(incident)

    def _edit_due(self, incident: Incident) -> bool:
        root = incident.root_message
        if root.delivery is not Delivery.POSTED or root.told >= incident.revision:
            return False
        waited_s = self._clock.now_s() - self._edited_s.get(incident.id, float("-inf"))
        return waited_s >= EDIT_EVERY_S or not incident.open

    def _sweep_is_due(self, incident: Incident) -> bool:
        if incident.root_message.delivery is not Delivery.POSTED:
            return False
        now_s = self._clock.now_s()
        due_s = self._sweep_due.setdefault(incident.id, now_s + SWEEP_EVERY_S)
        return now_s >= due_s and (incident.open or due_s < float("inf"))

    async def _tell_safely(self, name: str) -> None:
        """Tell what is due of one incident; what goes wrong is counted and tried again later."""
        patience = self._patience[name]
        try:
            await self._tell(name)
        except NotifyError as error:
            wait_s = error.retry_after_s or self._backoff(patience)
            patience.not_before_s = self._clock.now_s() + wait_s
        except ExchangeError as error:
            _log.warning("incident_record_failing", incident=name, reason=str(error))
            patience.not_before_s = self._clock.now_s() + self._backoff(patience)
        else:
            patience.failures = 0
        finally:
            self._busy.discard(name)

    def _backoff(self, patience: _Patience) -> float:
        patience.failures += 1
        return BACKOFF_S[min(patience.failures, len(BACKOFF_S)) - 1]

    # --- one incident

    async def _tell(self, name: str) -> None:
        incident = self._book.get(name)
        if incident is None:
            return
        for each in incident.messages:
            if each.delivery in (Delivery.PENDING, Delivery.CLAIMED):
                settled = await self._settle(name, incident.id, each.sequence)
                if not settled:
                    return
        current = self._book.get(name)
        if current is not None and self._edit_due(current):
            await self._edit(current)
        if current is not None and self._sweep_is_due(current):
            await self._sweep(current)

    async def _settle(self, name: str, identity: str, sequence: int) -> bool:
        """Bring one message to its end; False when later ones have to wait."""
        incident = self._book.get(name)
        found = incidents.message_of(incident, sequence)
        if incident is None or incident.id != identity or found is None:
            return False
        if sequence > 0 and incident.root_message.delivery is Delivery.DROPPED:
            await self._record(incident, replace(found, delivery=Delivery.DROPPED))
            return True
        if found.delivery is Delivery.CLAIMED:
            looked = await self._look(incident, found)
            if looked is not None:
                return looked
        claimed = await self._claim(incident, sequence)
        return claimed is not None and await self._post(claimed, sequence)

    async def _claim(self, incident: Incident, sequence: int) -> Incident | None:
        claim = Claim(by=self._branch, term=self._authority.term, at_s=self._stream_now_s())

        def how(current: Incident | None) -> Incident | None:
            found = incidents.message_of(current, sequence)
            if current is None or found is None or current.id != incident.id:
                return current
            if found.delivery is Delivery.POSTED:
                return current
            return incidents.with_message(
                current, replace(found, delivery=Delivery.CLAIMED, claim=claim)
            )

        after = await self._book.change(incident.name, how)
        held = incidents.message_of(after, sequence)
        if after is None or held is None or held.claim != claim:
            return None
        self._mine.add((incident.id, sequence))
        return after

    async def _post(self, incident: Incident, sequence: int) -> bool:
        found = incidents.message_of(incident, sequence)
        if found is None:
            return False
        outgoing = self._outgoing(incident, found)
        if self._authority.remaining_s() < self._notifier.post_timeout_s + LEASE_MARGIN_S:
            return False
        try:
            # Between "posted" and "recorded" nothing may cancel us: the record would be lost.
            return await asyncio.shield(self._post_and_record(incident, found, outgoing))
        except NotifyError as error:
            self._meters.notify_attempted(error.effect)
            _log.warning(
                "message_not_acknowledged",
                incident=incident.id,
                sequence=sequence,
                effect=error.effect.value,
                reason=error.reason,
            )
            return await self._after_failure(incident, found, error)

    async def _post_and_record(
        self, incident: Incident, found: Message, outgoing: Outgoing
    ) -> bool:
        posted = await self._notifier.post(outgoing)
        self._meters.notify_attempted(None)
        await self._adopt(incident, found, posted, told=outgoing.revision)
        return True

    async def _after_failure(self, incident: Incident, found: Message, error: NotifyError) -> bool:
        if error.effect is Effect.UNKNOWN:
            self._sweep_soon(incident)
            raise NotifyError(error.effect, error.reason, LOOK_AFTER_S) from None
        if error.effect in (Effect.REFUSED, Effect.GONE):
            await self._record(incident, self._refused(incident, found, error))
            return False
        await self._record(incident, replace(found, delivery=Delivery.PENDING, claim=None))
        raise error

    def _refused(self, incident: Incident, found: Message, error: NotifyError) -> Message:
        """A refused root goes to the fallback channel; what that refuses too is given up."""
        if found.sequence == 0 and self._fallback and found.channel != self._fallback:
            return replace(found, channel=self._fallback, delivery=Delivery.PENDING, claim=None)
        self._meters.dropped(Drop.MESSAGE)
        _log.error(
            "message_refused", incident=incident.id, sequence=found.sequence, reason=error.reason
        )
        return replace(found, delivery=Delivery.DROPPED)

    # --- looking for what may have been told

    async def _look(self, incident: Incident, found: Message) -> bool | None:
        """Whether a claimed message is told: True adopted, None surely not, False too early."""
        claim = found.claim
        own = (incident.id, found.sequence) in self._mine
        settled_s = self._notifier.post_timeout_s + CLAIM_MARGIN_S
        if not own and claim is not None and self._stream_now_s() < claim.at_s + settled_s:
            return False
        hits = await self._find(incident, found)
        if not hits:
            return None
        await self._adopt(incident, found, hits[0], told=0)
        self._sweep_soon(incident)
        return True

    async def _find(self, incident: Incident, found: Message) -> Sequence[Posted]:
        thread = incident.root_message.ts if found.sequence else None
        hits = await self._notifier.find(found.channel, thread)
        key = _key(incident, found.sequence)
        return [hit for hit in hits if hit.key == key]

    async def _adopt(
        self, incident: Incident, found: Message, posted: Posted, *, told: int
    ) -> None:
        """Record where a message stands; a copy beside one already recorded is taken back."""

        def how(current: Incident | None) -> Incident | None:
            held = incidents.message_of(current, found.sequence)
            if current is None or held is None or current.id != incident.id:
                return current
            if held.delivery is Delivery.POSTED:
                return current
            return incidents.with_message(
                current,
                replace(
                    held,
                    delivery=Delivery.POSTED,
                    channel=posted.channel,
                    ts=posted.ts,
                    told=told,
                    text="",
                    claim=None,
                ),
            )

        after = await self._book.change(incident.name, how)
        self._edited_s[incident.id] = self._clock.now_s()
        held = incidents.message_of(after, found.sequence)
        if held is not None and held.ts != posted.ts:
            await self._notifier.delete(posted)

    async def _record(self, incident: Incident, message: Message) -> None:
        def how(current: Incident | None) -> Incident | None:
            if current is None or current.id != incident.id:
                return current
            return incidents.with_message(current, message)

        await self._book.change(incident.name, how)

    # --- editing and sweeping

    async def _edit(self, incident: Incident) -> None:
        root = incident.root_message
        if root.ts is None or self._authority.remaining_s() <= self._notifier.post_timeout_s:
            return
        self._edited_s[incident.id] = self._clock.now_s()
        try:
            await self._notifier.update(
                Posted(channel=root.channel, ts=root.ts), self._outgoing(incident, root)
            )
        except NotifyError as error:
            self._meters.notify_attempted(error.effect)
            if error.effect is Effect.GONE:
                await self._record(incident, _anew(root))
                return
            if error.effect is Effect.REFUSED:
                _log.error("edit_refused", incident=incident.id, reason=error.reason)
                await self._record(incident, replace(root, told=incident.revision))
                return
            raise
        self._meters.notify_attempted(None)
        await self._record(incident, replace(root, told=incident.revision))

    def _sweep_soon(self, incident: Incident) -> None:
        self._sweep_due[incident.id] = self._clock.now_s() + LOOK_AFTER_S

    async def _sweep(self, incident: Incident) -> None:
        """Collapse copies of our own messages: the oldest of each stays and is the recorded one."""
        now_s = self._clock.now_s()
        self._sweep_due[incident.id] = now_s + SWEEP_EVERY_S if incident.open else float("inf")
        for each in incident.messages:
            if each.delivery is not Delivery.POSTED:
                continue
            hits = await self._find(incident, each)
            for copy in hits[1:]:
                _log.warning("copy_removed", incident=incident.id, sequence=each.sequence)
                await self._notifier.delete(copy)
            if hits and hits[0].ts != each.ts:
                await self._record(incident, replace(each, ts=hits[0].ts, told=0))

    # --- inside

    def _outgoing(self, incident: Incident, found: Message) -> Outgoing:
        root = incident.root_message
        if found.sequence:
            return Outgoing(
                key=_key(incident, found.sequence),
                revision=found.sequence,
                channel=root.channel,
                text=found.text,
                thread=root.ts,
                broadcast=found.broadcast,
            )
        members = [m for name in incident.members if (m := self._book.get(name)) is not None]
        rendered = message.root(incident, self._wording, members)
        return Outgoing(
            key=_key(incident, 0),
            revision=incident.revision,
            channel=root.channel,
            text=rendered.text,
            blocks=rendered.blocks,
        )

    def _meter(self) -> None:
        waiting = [
            each.at_s
            for incident in self._book.incidents()
            for each in incident.messages
            if each.delivery in (Delivery.PENDING, Delivery.CLAIMED)
        ]
        self._meters.outbox(len(waiting), min(waiting, default=None))


def _key(incident: Incident, sequence: int) -> str:
    return f"{incident.id}/{sequence}"


def _anew(root: Message) -> Message:
    """A root that a person deleted is posted once more, and a second time not."""
    if root.again:
        return replace(root, delivery=Delivery.DROPPED)
    return replace(
        root, delivery=Delivery.PENDING, claim=None, ts=None, again=True, change=Change.OPENED
    )
