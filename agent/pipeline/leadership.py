"""Carries the elector's decisions to the exchange: am I the one agent that sends?

``step`` is called about once a second and never raises for a failing exchange, which only means not
leading. Whoever acts asks ``remaining_s`` immediately before acting.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets

import structlog

from agent.clock import Clock
from agent.core import election
from agent.core.election import Elector, Write
from agent.ports import Conflict, Exchange, ExchangeError

log = structlog.get_logger(__name__)


class Leadership:
    """This branch's part in the election of one leader."""

    def __init__(
        self,
        exchange: Exchange,
        branch: str,
        clock: Clock,
        *,
        boot: str | None = None,
        lease_s: float = 15.0,
        renew_s: float = 5.0,
    ) -> None:
        """``boot`` tells this process from another of the same branch; None draws one."""
        self._exchange = exchange
        self._clock = clock
        self._elector = Elector(
            branch, boot or secrets.token_hex(4), lease_s=lease_s, renew_s=renew_s
        )
        self._generation: float | None = None
        self._elected_in: float | None = None
        """Generation of the store that acknowledged our lease."""
        self._told_term = 0
        self._writing = asyncio.Lock()
        """A renewal that is answered after we resigned would give back what was given up."""

    @property
    def term(self) -> int:
        """The term of the lease we hold; 0 when we hold none."""
        return self._elector.term

    @property
    def fence(self) -> tuple[float, int]:
        """Generation and term: grows with every takeover, and with every loss of the store.

        The generation is that of the store that elected us, whatever the exchange is by now.
        """
        return (self._elected_in or 0.0, self.term)

    def may_act(self) -> bool:
        """Tell whether no other can be leading now."""
        return self._elector.may_act(self._clock.now_s())

    def remaining_s(self) -> float:
        """How much longer we may act without another renewal; 0 when we may not."""
        return self._elector.remaining_s(self._clock.now_s())

    async def step(self) -> None:
        """Look at the lease and do what is due: nothing, renew it or take it over."""
        # The exchange itself tells that it fails.
        async with self._writing:
            with contextlib.suppress(ExchangeError):
                await self._step()
        self._tell()

    async def resign(self) -> None:
        """Stop acting, and let the next one take over; for a lease we stand aside."""
        async with self._writing:
            await self._resign()
        self._tell()

    async def _resign(self) -> None:
        generation = self._exchange.health().generation
        write = self._elector.resign(self._clock.now_s())
        if write is not None and generation == self._generation:
            try:
                await self._write(write)
            except ExchangeError as error:
                log.info("lease left to run out", reason=str(error))

    async def _step(self) -> None:
        generation = self._exchange.health().generation
        if generation != self._generation:
            self._elector.doubt()
            self._generation = generation
        if self._elector.needs_read():
            record = await self._exchange.read(election.LEASE_NAME)
            self._elector.observe(record.value, record.revision, self._clock.now_s())
        write = self._elector.intend(self._clock.now_s())
        if write is not None:
            await self._write(write)

    async def _write(self, write: Write) -> None:
        sent_s, generation = self._clock.now_s(), self._exchange.health().generation
        self._elector.sending(write)
        try:
            revision = await self._exchange.compare_and_set(
                election.LEASE_NAME, write.lease.encode(), write.expect
            )
        except Conflict:
            return  # Somebody was faster, or our own unanswered write was: the next read tells.
        self._elector.written(write, revision, sent_s)
        self._elected_in = generation

    def _tell(self) -> None:
        if self.term == self._told_term:
            return
        if self.term:
            log.info("leading", term=self.term)
        else:
            log.info("no longer leading", term=self._told_term)
        self._told_term = self.term
