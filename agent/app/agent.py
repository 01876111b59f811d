"""One agent, put together from its parts: an office that probes, shares, and may lead.

The parts come from outside, real or simulated; the agent is the same. Its tasks run together until
it is cancelled or replaced, and are taken down in reverse: probing first, the exchange last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from agent.app.plan import NationPlan
from agent.clock import Clock
from agent.core import explanation, standing
from agent.core.census import Census
from agent.core.explanation import Explanation
from agent.core.synthetic import applicant_for
from agent.core.view import OfficeView
from agent.pipeline.alerting import Alerter, Turn
from agent.pipeline.leadership import Leadership
from agent.pipeline.leading import Leader
from agent.pipeline.ledger_keeping import LedgerKeeper
from agent.pipeline.listening import Listener
from agent.pipeline.office import Identity, Office
from agent.pipeline.probing import Prober
from agent.pipeline.recollection import Recollection
from agent.pipeline.self_watch import SelfWatch
from agent.pipeline.sharing import Sharer
from agent.pipeline.term import Term
from agent.ports import (
    Controls,
    Exchange,
    ExchangeError,
    Meters,
    Notifier,
    Receivers,
    Recorder,
    SessionFactory,
)

GOODBYE_S = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The outside of one agent."""

    exchange: Exchange
    sessions: SessionFactory
    controls: Controls
    meters: Meters
    clock: Clock
    notifier: Notifier | None = None
    """Only at an electable hub; None: this agent never leads."""
    credentials: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """By target role; never shown."""
    jitter_s: float = 0.0
    """0 to 30: spreads the moments at which offices call themselves alone."""
    self_watch: SelfWatch | None = None
    """Sees when the agent itself was too slow; None, as in plays: it believes itself."""
    recorder: Recorder | None = None
    """Keeps what this office publishes, and what it sees while it leads."""
    receivers: Receivers = tuple
    """Makes those who are told of incidents beside Slack, for each term that this agent leads."""

    @property
    def credential_ids(self) -> Mapping[str, str]:
        """What names the credentials, by target role; unnamed ones have no account to lock."""
        named = {role: keys.get("credential_id") for role, keys in self.credentials.items()}
        return {role: name for role, name in named.items() if name is not None}


class Agent:
    """One office's agent."""

    def __init__(self, plan: NationPlan, identity: Identity, parts: Parts) -> None:
        self.plan = plan
        self.parts = parts
        clock = parts.clock
        branch = identity.branch.id
        self.office = Office(
            identity,
            plan.services,
            plan.tuning,
            clock.now_s(),
            credential_ids=parts.credential_ids,
        )
        self.sharer = Sharer(
            office=self.office,
            exchange=parts.exchange,
            clock=clock,
            meters=parts.meters,
            jitter_s=parts.jitter_s,
            recorder=parts.recorder,
        )
        self.office.calendar = plan.mandate.calendar
        self.listener = Listener(
            office=self.office, exchange=parts.exchange, clock=clock, meters=parts.meters
        )
        self.keeper = LedgerKeeper(
            office=self.office,
            exchange=parts.exchange,
            clock=clock,
            meters=parts.meters,
            lasts_s={
                service: standing.lasts_s(period_s, plan.tuning)
                for service, period_s in plan.mandate.periods_s.items()
            },
            confirm=self.sharer.confirm,
        )
        self.recollection = Recollection(
            office=self.office,
            exchange=parts.exchange,
            clock=clock,
            meters=parts.meters,
            journeys={journey.name: journey.steps for journey in plan.journeys},
        )
        probes = plan.probes(branch, now_s=clock.now_s(), wall_s=clock.wall_s())
        self.prober = Prober(
            office=self.office,
            probes=probes,
            buckets=plan.buckets(probes, clock.now_s()),
            sessions=parts.sessions,
            controls=parts.controls,
            clock=clock,
            meters=parts.meters,
            applicant=applicant_for(branch),
            credentials=parts.credentials,
            on_news=self.sharer.tell,
            self_watch=parts.self_watch,
        )
        self.leadership = Leadership(parts.exchange, branch, clock, boot=identity.boot_id)
        self.leader: Leader | None = None
        if parts.notifier is not None:
            self.leader = Leader(
                branch=branch,
                exchange=parts.exchange,
                leadership=self.leadership,
                notifier=parts.notifier,
                mandate=plan.mandate,
                clock=clock,
                meters=parts.meters,
                recorder=parts.recorder,
                receivers=parts.receivers,
            )

        self.alerter = self._alerter(identity)

    def _alerter(self, identity: Identity) -> Alerter | None:
        """Who tells that the exchange is lost, if this office is one of those who do."""
        mandate, parts = self.plan.mandate, self.parts
        if parts.notifier is None or identity.branch.id not in mandate.alerters:
            return None
        return Alerter(
            office=self.office,
            health=parts.exchange,
            notifier=parts.notifier,
            clock=parts.clock,
            meters=parts.meters,
            turn=Turn(
                rank=mandate.alerters.index(identity.branch.id),
                jitter_s=parts.jitter_s,
                channel=mandate.routes.main,
                wording=mandate.wording,
                names={branch.id: branch.name for branch in mandate.branches.values()},
            ),
        )

    def view(self) -> OfficeView:
        """What pages may show of this office now."""
        clock = self.parts.clock
        return self.office.view(
            now_s=clock.now_s(), wall_s=clock.wall_s(), leads=self.leadership.may_act()
        )

    def census(self) -> Census | None:
        """Every office as this agent sees it; None: it does not lead, or sees nothing."""
        term = self._term()
        return term.census() if term is not None else None

    def _term(self) -> Term | None:
        """The term that this agent leads now."""
        if self.leader is None or not self.leadership.may_act():
            return None
        return self.leader.term

    def explain(self, service: str) -> Explanation | None:
        """Why a service is or is not an incident now; None: it is not watched."""
        if service not in self.office.services:
            return None
        term = self._term()
        return explanation.compose(
            self.view(),
            service,
            memory=self.office.memory(service),
            tuning=self.plan.tuning,
            now_s=self.parts.clock.now_s(),
            account=term.account(service) if term is not None else None,
        )

    async def run(self) -> None:
        """Run until cancelled, then say goodbye: resign, publish and store once more, let go.

        Raises :class:`agent.pipeline.sharing.Superseded` when a newer start of this branch
        publishes.
        """
        try:
            await self._connect()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.sharer.run())
                tasks.create_task(self.listener.run())
                tasks.create_task(self.prober.run())
                tasks.create_task(self.keeper.run())
                if self.leader is not None:
                    tasks.create_task(self.leader.run())
                if self.alerter is not None:
                    tasks.create_task(self.alerter.run())
                tasks.create_task(self.recollection.run())
        finally:
            await self._say_goodbye()

    async def _connect(self) -> None:
        """A dead exchange stops nothing: probing begins, and the exchange is tried for ever."""
        try:
            await self.parts.exchange.start()
        except ExchangeError as error:
            _log.warning(
                "exchange_not_there",
                branch=self.office.identity.branch.id,
                error=type(error).__name__,
                reason=str(error),
            )

    async def _say_goodbye(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self.leadership.resign()
                await self.sharer.say_goodbye()
                await self.keeper.say_goodbye()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                if self.parts.notifier is not None:
                    await self.parts.notifier.close()
                await self.parts.exchange.close()
