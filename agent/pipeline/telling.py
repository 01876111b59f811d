"""Tells one incident: every message of its record is brought to its end, one step after another.

Slack takes no fencing token and its answers get lost, so a message is told in steps that survive
any of us dying between them:

    pending -> claimed   compare-and-set, before anything is sent
    claimed -> posted    the post was acknowledged; its identity is recorded
    claimed -> pending   the post was surely refused
    claimed              unknown: look in the channel; found -> adopt it, not found -> claim anew

Whoever finds a claim that is not its own waits until that post must have ended, and looks. A post
is begun only while the lease outlasts it, and nothing is written once the lease is over: a leader
that slept through its successor's post takes its own copy back. What two leaders may still both
have posted is collapsed by a sweep: after every unknown answer, takeover and adoption, and every
five minutes. When the exchange has lost its memory the same trouble is told anew, and the sweep
goes on with the message from before. The promise is at most one visible message within ten seconds
of the receiver answering again.

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
from agent.pipeline.incident_book import IncidentBook, LeaseOver
from agent.ports import Drop, Effect, ExchangeError, Meters, Notifier, NotifyError, Outgoing, Posted

LEASE_MARGIN_S = 1.0
CLAIM_MARGIN_S = 1.0
LOOK_AFTER_S = 3.0
EDIT_EVERY_S = 5.0
SWEEP_EVERY_S = 300.0
ORPHANED_S = 86_400.0
"""An older message without a record is history, and not the same trouble."""

_log = structlog.get_logger(__name__)


class Authority(Protocol):
    """What telling asks of the election."""

    @property
    def term(self) -> int:
        """The term of our lease."""
        ...

    def remaining_s(self) -> float:
        """How much longer we may act."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who tells, where, and in which words."""

    branch: str
    notifier: Notifier
    authority: Authority
    wording: Wording
    fallback: str | None
    """The channel for what the incident's own channel refuses."""
    clock: Clock
    stream_now_s: Callable[[], float]
    """The exchange's time, which claims are dated in."""
    meters: Meters
    store_made_s: float = float("-inf")
    """Creation time of the store that elected us: of what was told before, no record is left."""


class Teller:
    """Tells what is untold of one incident at a time, for one term of one leader."""

    def __init__(self, desk: Desk, book: IncidentBook) -> None:
        self._desk = desk
        self._book = book
        self._notifier = desk.notifier
        self._clock = desk.clock
        self._edited_s: dict[str, float] = {}
        self._sweep_due: dict[str, float] = {}
        self._mine: set[Claim] = set()
        """Claims of this very teller: whatever they were made for has ended when we look again."""

    # --- what is due

    def due(self, incident: Incident) -> bool:
        """Something of this incident is to be told, rewritten or swept now."""
        return incident.untold or self._edit_due(incident) or self._sweep_is_due(incident)

    def _edit_due(self, incident: Incident) -> bool:
        root = incident.root_message
        if root.delivery is not Delivery.POSTED or root.told >= incident.revision:
            return False
        waited_s = self._clock.now_s() - self._edited_s.get(incident.id, float("-inf"))
        return waited_s >= EDIT_EVERY_S or not incident.open

    def _sweep_is_due(self, incident: Incident) -> bool:
        """Soon after we first meet a live incident, which a leader before us may have told too."""
        if incident.root_message.delivery is not Delivery.POSTED:
            return False
        now_s = self._clock.now_s()
        first_s = LOOK_AFTER_S if incident.open or incident.untold else SWEEP_EVERY_S
        return now_s >= self._sweep_due.setdefault(incident.id, now_s + first_s)

    # --- one incident

    async def tell(self, name: str) -> None:
        """Do what is due. Raises NotifyError or ExchangeError when it must be tried again."""
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
        current = self._book.get(name)
        if current is not None and self._sweep_is_due(current):
            await self._sweep(current)

    async def _settle(self, name: str, identity: str, sequence: int) -> bool:
        """Bring one message to its end; False when later ones have to wait."""
        incident = self._book.get(name)
        found = incidents.message_of(incident, sequence)
        if incident is None or incident.id != identity or found is None:
            return False
        if sequence > 0 and incident.root_message.delivery is Delivery.DROPPED:
            await self._amend(incident, found, replace(found, delivery=Delivery.DROPPED))
            return True
        if not self._may_post():
            return False
        if found.delivery is Delivery.CLAIMED:
            looked = await self._look(incident, found)
            if looked is not None:
                return looked
            self._sweep_soon(incident)  # What we did not see yet may still arrive.
        claimed = await self._claim(incident, found)
        return claimed is not None and await self._post(claimed, sequence)

    def _may_post(self) -> bool:
        """The lease outlasts a post that begins now."""
        return self._desk.authority.remaining_s() >= self._notifier.post_timeout_s + LEASE_MARGIN_S

    async def _claim(self, incident: Incident, found: Message) -> Incident | None:
        """Say that we set out to post; None if somebody else was faster, or has posted."""
        desk = self._desk
        claim = Claim(by=desk.branch, term=desk.authority.term, at_s=desk.stream_now_s())
        self._mine.add(claim)
        claimed = replace(found, delivery=Delivery.CLAIMED, claim=claim)
        after = await self._amend(incident, found, claimed)
        held = incidents.message_of(after, found.sequence)
        return after if held is not None and held.claim == claim else None

    async def _post(self, incident: Incident, sequence: int) -> bool:
        found = incidents.message_of(incident, sequence)
        if found is None or not self._may_post():
            return False
        posting = asyncio.ensure_future(self._post_and_record(incident, found))
        try:
            # Between "posted" and "recorded" nothing may cancel us: the record would be lost.
            return await asyncio.shield(posting)
        except asyncio.CancelledError:
            await asyncio.wait([posting])
            if not posting.cancelled():
                posting.exception()
            raise

    async def _post_and_record(self, incident: Incident, found: Message) -> bool:
        outgoing = self._outgoing(incident, found)
        try:
            posted = await self._notifier.post(outgoing)
        except NotifyError as error:
            self._desk.meters.notify_attempted(error.effect)
            return await self._after_failure(incident, found, error)
        self._desk.meters.notify_attempted(None)
        try:
            await self._adopt(incident, found, posted, told=outgoing.revision)
        except LeaseOver:
            await self._leave(incident, found, posted)
        return True

    async def _after_failure(self, incident: Incident, found: Message, error: NotifyError) -> bool:
        match error.effect:
            case Effect.UNKNOWN:
                self._sweep_soon(incident)
                raise NotifyError(error.effect, error.reason, LOOK_AFTER_S) from None
            case Effect.GONE:
                await self._begin_anew(incident, found)
                return False
            case Effect.REFUSED:
                await self._amend(incident, found, self._refused(incident, found, error))
                return False
            case _:
                pending = replace(found, delivery=Delivery.PENDING, claim=None)
                await self._amend(incident, found, pending)
                raise error

    def _refused(self, incident: Incident, found: Message, error: NotifyError) -> Message:
        """A refused root goes to the fallback channel; what that refuses too is given up."""
        fallback = self._desk.fallback
        if found.sequence == 0 and fallback and found.channel != fallback:
            _log.warning("channel_refused", incident=incident.id, reason=error.reason)
            return replace(found, channel=fallback, delivery=Delivery.PENDING, claim=None)
        self._desk.meters.dropped(Drop.MESSAGE)
        _log.error(
            "message_refused", incident=incident.id, sequence=found.sequence, reason=error.reason
        )
        return replace(found, delivery=Delivery.DROPPED)

    async def _begin_anew(self, incident: Incident, found: Message) -> None:
        """The root under which we wanted to say something is gone: it comes first, once more."""
        await self._amend(incident, found, replace(found, delivery=Delivery.PENDING, claim=None))
        root = incident.root_message
        await self._amend(incident, root, _anew(root))

    # --- looking for what may have been told

    async def _look(self, incident: Incident, found: Message) -> bool | None:
        """Whether a claimed message is told: True adopted, None surely not, False too early."""
        claim = found.claim
        if claim is not None and claim not in self._mine:
            ended_s = claim.at_s + self._notifier.post_timeout_s + CLAIM_MARGIN_S
            if self._desk.stream_now_s() < ended_s:
                return False
        thread = incident.root_message.ts if found.sequence else None
        hits = _copies(await self._find(found.channel, thread), incident, found)
        if not hits:
            return None
        await self._adopt(incident, found, hits[0], told=0)
        self._sweep_soon(incident)
        return True

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
            adopted = replace(
                held,
                delivery=Delivery.POSTED,
                channel=posted.channel,
                ts=posted.ts,
                told=told,
                text="",
                claim=None,
            )
            return incidents.with_message(current, adopted)

        self._edited_s[incident.id] = self._clock.now_s()
        after = await self._book.change(incident.name, how)
        await self._take_back(after, incident, found, posted)

    async def _leave(self, incident: Incident, found: Message, posted: Posted) -> None:
        """The lease ended while we posted: another leader records our message, or told its own."""
        try:
            newest = await self._book.read(incident.name)
        except ExchangeError as error:
            _log.warning("post_left_unrecorded", incident=incident.id, reason=str(error))
            return
        await self._take_back(newest, incident, found, posted)

    async def _take_back(
        self, newest: Incident | None, incident: Incident, found: Message, posted: Posted
    ) -> None:
        """Remove what we posted if the record names another message in its place."""
        held = incidents.message_of(newest, found.sequence)
        if newest is None or newest.id != incident.id or held is None:
            return
        if held.delivery is not Delivery.POSTED or held.ts == posted.ts:
            return
        _log.warning("copy_taken_back", incident=incident.id, sequence=found.sequence)
        try:
            await self._notifier.delete(posted)
        except NotifyError as error:
            self._desk.meters.notify_attempted(error.effect)
            self._sweep_soon(incident)

    async def _amend(self, incident: Incident, was: Message, to: Message) -> Incident | None:
        """Put ``to`` in the place of ``was``, unless its delivery has gone another way since."""

        def how(current: Incident | None) -> Incident | None:
            held = incidents.message_of(current, was.sequence)
            if current is None or current.id != incident.id or held is None:
                return current
            if (held.delivery, held.claim, held.ts) != (was.delivery, was.claim, was.ts):
                return current
            return incidents.with_message(current, to)

        return await self._book.change(incident.name, how)

    # --- editing and sweeping

    async def _edit(self, incident: Incident) -> None:
        root = incident.root_message
        if root.ts is None or not self._may_post():
            return
        self._edited_s[incident.id] = self._clock.now_s()
        told = replace(root, told=incident.revision)
        try:
            await self._notifier.update(
                Posted(channel=root.channel, ts=root.ts), self._outgoing(incident, root)
            )
        except NotifyError as error:
            self._desk.meters.notify_attempted(error.effect)
            if error.effect is Effect.GONE:
                told = _anew(root)
            elif error.effect is Effect.REFUSED:
                _log.error("edit_refused", incident=incident.id, reason=error.reason)
            else:
                raise
        else:
            self._desk.meters.notify_attempted(None)
        await self._amend(incident, root, told)

    def _sweep_soon(self, incident: Incident) -> None:
        self._sweep_due[incident.id] = self._clock.now_s() + LOOK_AFTER_S

    async def _sweep(self, incident: Incident) -> None:
        """Collapse copies of our own messages: the oldest of each stays and is the recorded one."""
        if not self._may_post():
            return
        root = incident.root_message
        standing = await self._find(root.channel)
        if len(incident.messages) > 1:
            standing += await self._find(root.channel, root.ts)
        for each in incident.messages:
            if each.delivery is Delivery.POSTED:
                copies = _copies(standing, incident, each)
                if each is root:
                    copies = [*self._orphans(standing, incident), *copies]
                await self._collapse(incident, each, copies)
        now_s = self._clock.now_s()
        self._sweep_due[incident.id] = now_s + SWEEP_EVERY_S if incident.open else float("inf")

    async def _find(self, channel: str, thread: str | None = None) -> list[Posted]:
        """Our messages there, without what ended before the store was made.

        Revisions have begun again since then, and so may have the identities of incidents.
        """
        found = await self._notifier.find(channel, thread)
        made_s = self._desk.store_made_s
        return [each for each in found if not each.over or each.at_s is None or each.at_s >= made_s]

    def _orphans(self, standing: Sequence[Posted], incident: Incident) -> list[Posted]:
        """What an exchange that has lost its memory had told of this very trouble, oldest first."""
        made_s = self._desk.store_made_s
        if not incident.open or incident.opened_s - made_s > ORPHANED_S:
            return []
        return [
            each
            for each in standing
            if _is_root_of(each, incident.name)
            and each.at_s is not None
            and made_s - ORPHANED_S < each.at_s < made_s
        ]

    async def _collapse(self, incident: Incident, found: Message, hits: Sequence[Posted]) -> None:
        if hits and hits[0].ts != found.ts:
            await self._amend(incident, found, replace(found, ts=hits[0].ts, told=0))
        for copy in hits[1:]:
            _log.warning("copy_removed", incident=incident.id, sequence=found.sequence)
            await self._notifier.delete(copy)

    # --- inside

    def _outgoing(self, incident: Incident, found: Message) -> Outgoing:
        root = incident.root_message
        if found.sequence:
            return Outgoing(
                key=_key(incident, found),
                revision=found.sequence,
                channel=root.channel,
                text=found.text,
                thread=root.ts,
                broadcast=found.broadcast,
            )
        rendered = message.root(incident, self._desk.wording, self._book.members(incident))
        return Outgoing(
            key=_key(incident, found),
            revision=incident.revision,
            channel=root.channel,
            text=rendered.text,
            blocks=rendered.blocks,
            over=not incident.open,
        )


def _key(incident: Incident, found: Message) -> str:
    return f"{incident.id}/{found.sequence}"


def _is_root_of(posted: Posted, name: str) -> bool:
    """It is the root message of an incident of this name, whichever."""
    called, _, opening = posted.key.rpartition("@")
    return called == name and opening.endswith("/0")


def _copies(standing: Sequence[Posted], incident: Incident, found: Message) -> list[Posted]:
    """Where a message stands, oldest first."""
    key = _key(incident, found)
    return [posted for posted in standing if posted.key == key]


def _anew(root: Message) -> Message:
    """A root that a person deleted is posted once more, and a second time not."""
    if root.again:
        return replace(root, delivery=Delivery.DROPPED)
    return replace(
        root, delivery=Delivery.PENDING, claim=None, ts=None, again=True, change=Change.OPENED
    )
