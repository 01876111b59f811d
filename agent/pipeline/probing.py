"""schedule -> probe -> judge: one loop per journey, and one for the controls.

A loop runs its journey at its slots and no oftener than the national budget allows, whatever else
happens: a failing exchange, a full queue or a slow page never reach it. A slot that passes while
the journey still runs, or while the machine sleeps, is counted and not made up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from agent.clock import Clock
from agent.core import schedule, self_doubt
from agent.core.blame import Blamed
from agent.core.lockout import PAUSE_S
from agent.core.model import Run, Sight, Trigger, Verdict
from agent.core.schedule import Bucket, Due, Plan
from agent.pipeline.office import Office
from agent.pipeline.probes import Probe, shortest_way
from agent.pipeline.running import run_journey
from agent.pipeline.self_watch import SelfWatch
from agent.ports import Controls, Meters, SessionFactory, SkipReason
from agent.probe import Applicant

CONTROL_INTERVAL_S = 15.0
CONTROL_FRESH_S = 2.0
"""While the office cannot see, it looks again this soon."""

_log = structlog.get_logger(__name__)


class Prober:
    """Probes for one office for as long as it lives."""

    def __init__(  # noqa: PLR0913 - what probing depends on, each by its name
        self,
        *,
        office: Office,
        probes: Sequence[Probe],
        buckets: Mapping[str, Bucket],
        sessions: SessionFactory,
        controls: Controls,
        clock: Clock,
        meters: Meters,
        applicant: Applicant,
        credentials: Mapping[str, Mapping[str, str]],
        on_news: Callable[[], None],
        self_watch: SelfWatch | None = None,
    ) -> None:
        """``on_news`` is called when the others need to hear of this office's status now.

        Without a ``self_watch`` the agent never doubts itself.
        """
        self._office = office
        self._probes = probes
        self._buckets = dict(buckets)
        self._sessions = sessions
        self._controls = controls
        self._clock = clock
        self._meters = meters
        self._applicant = applicant
        self._credentials = credentials
        self._on_news = on_news
        self._self_watch = self_watch
        self._looks_at = shortest_way(probes)
        self._order: tuple[int, int] | None = None
        self._order_changed = asyncio.Event()
        self._in_first_round = True
        self._doubted = asyncio.Event()
        """This agent doubted itself since the last look, and looks again soon."""
        office.on_bulletin = self.reconsider

    async def run(self) -> None:
        """Probe until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_for_ever())
            if self._self_watch is not None:
                tasks.create_task(self._self_watch.run())
            for probe in self._probes:
                tasks.create_task(self._probe_for_ever(probe))

    def reconsider(self) -> None:
        """The leader has spoken; a new or withdrawn order changes when we probe next."""
        bulletin = self._office.bulletin
        order = None
        if bulletin is not None and bulletin.focus is not None:
            order = (bulletin.term, bulletin.focus.order)
        if order != self._order:
            self._order = order
            changed, self._order_changed = self._order_changed, asyncio.Event()
            changed.set()

    # --- one journey

    async def _probe_for_ever(self, probe: Probe) -> None:
        last_start_s: float | None = None
        reprobes = 0
        after_s = self._clock.now_s()
        while True:
            due = schedule.next_run(
                probe.plan,
                probe.pace,
                now_s=after_s,
                last_start_s=last_start_s,
                suspicious=self._office.suspicious(probe.services),
                reprobes_in_a_row=reprobes,
                stood_down=self._office.stood_down(probe.services, self._clock.now_s()),
                focus=self._focus(probe),
            )
            if not await self._comes(due):
                after_s = self._clock.now_s()
                continue
            now_s = self._clock.now_s()
            self._meters.scheduler_lag(now_s - due.at_s)
            self._count_passed(probe, due.at_s, now_s, SkipReason.MISSED)
            after_s = max(due.at_s, now_s)
            if (reason := self._held(probe, now_s)) is not None:
                self._meters.run_skipped(probe.journey.name, reason)
                if due.trigger is Trigger.REPROBE and reason is SkipReason.BUDGET:
                    after_s += schedule.wait_for_all_s(self._buckets, probe.cost, now_s)
                elif due.trigger is Trigger.REPROBE:
                    reprobes = probe.pace.reprobe_limit
                continue
            reprobes = reprobes + 1 if due.trigger is Trigger.REPROBE else 0
            last_start_s = now_s
            await self._run_once(probe, trigger=due.trigger)
            started_s, after_s = after_s, self._clock.now_s()
            self._count_passed(probe, started_s, after_s, SkipReason.RUNNING)

    async def _comes(self, due: Due) -> bool:
        """Wait for the run that is due; False if an order came, and it may be due otherwise."""
        changed = self._order_changed
        try:
            async with asyncio.timeout(max(0.0, due.at_s - self._clock.now_s())):
                await changed.wait()
        except TimeoutError:
            return True
        return self._clock.now_s() >= due.at_s

    def _focus(self, probe: Probe) -> Plan | None:
        """The slots of the order that stands, if this journey is the one to follow it."""
        now_s = self._clock.now_s()
        order = self._office.focus(now_s)
        if order is None or self._looks_at.get(order.service) is not probe:
            return None
        slots = probe.pace.follow(probe.plan, order.rate_per_s)
        return slots if slots.next_slot(now_s) <= now_s + order.seconds_left else None

    async def _run_once(self, probe: Probe, *, trigger: Trigger) -> None:
        """One run, judged."""
        try:
            run = await run_journey(
                probe.journey,
                session=self._sessions.open(),
                applicant=self._applicant,
                credentials=self._credentials,
                now_s=self._clock.now_s,
                trigger=trigger,
                spared=self._office.spared(probe.services, self._clock.now_s()),
            )
            self._give_back(probe, run)
            self._hear_credentials(run)
            if any(facts.failure is not None for facts in run.executed):
                await self._look()
            self._judge(run)
        except Exception as error:  # noqa: BLE001 - logged whole; the next slot must come
            _log.exception("run_lost", journey=probe.journey.name, error=type(error).__name__)

    def _judge(self, run: Run) -> None:
        now_s, wall_s = self._clock.now_s(), self._clock.wall_s()
        if (doubt := self._doubt_since(run.started_s)) is not None:
            self._take_sight(self._office.sight, doubt)
            self._doubted.set()
        verdicts, news = self._office.take_run(run, now_s, wall_s=wall_s)
        blamed = self._office.blame(run, verdicts, now_s)
        self._meters.run_finished(run, verdicts)
        if blamed is not None:
            self._meters.run_blamed(run.journey, blamed.blame)
        for service, channel, w, p0 in self._office.levels():
            self._meters.evidence(service, channel, w=w, p0=p0)
        _canonical_line(self._office.identity.branch.id, run, verdicts, blamed)
        if self._first_round_ends() or news:
            self._on_news()

    def _first_round_ends(self) -> bool:
        """True once: that all is well after a start is no news else, and not known for minutes."""
        ends = self._in_first_round and self._office.ready
        self._in_first_round = self._in_first_round and not ends
        return ends

    def _held(self, probe: Probe, now_s: float) -> SkipReason | None:
        """Why the run may not begin; if it may, it has what it needs."""
        lockouts = self._office.lockouts
        if probe.services[0] in self._office.spared(probe.services, now_s):
            self._office.pass_over(probe.services)
            return SkipReason.MAINTENANCE
        if not lockouts.allow(probe.roles, now_s):
            if not lockouts.paused.isdisjoint(probe.roles):
                self._office.pass_over(probe.services)
            return SkipReason.CREDENTIAL
        if not self._take(probe, now_s):
            return SkipReason.BUDGET
        lockouts.begin(probe.roles, now_s)
        return None

    def _hear_credentials(self, run: Run) -> None:
        lockouts = self._office.lockouts
        before = lockouts.paused
        lockouts.hear(run)
        branch = self._office.identity.branch.id
        for role in sorted(lockouts.paused - before):
            _log.warning("credential_refused", branch=branch, target=role, next_try_s=PAUSE_S)
        for role in sorted(before - lockouts.paused):
            _log.info("credential_accepted", branch=branch, target=role)

    def _take(self, probe: Probe, now_s: float) -> bool:
        taken = schedule.take_all(self._buckets, probe.cost, now_s)
        if taken is None:
            return False
        self._buckets.update(taken)
        return True

    def _give_back(self, probe: Probe, run: Run) -> None:
        """Return the tokens of the steps that a broken one kept from running."""
        executed = {facts.step for facts in run.executed}
        now_s = self._clock.now_s()
        for step, (bucket, tokens) in probe.spent.items():
            if step not in executed:
                self._buckets[bucket] = self._buckets[bucket].give_back(tokens, now_s)

    def _count_passed(self, probe: Probe, after_s: float, until_s: float, why: SkipReason) -> None:
        """Count the slots that went by without a run; none of them is made up."""
        for _ in range(probe.plan.slots_between(after_s, until_s)):
            self._meters.run_skipped(probe.journey.name, why)

    # --- can this office see?

    async def _look_for_ever(self) -> None:
        while True:
            await self._look()
            self._doubted.clear()
            try:
                async with asyncio.timeout(
                    CONTROL_INTERVAL_S if self._office.sight.sees else CONTROL_FRESH_S
                ):
                    await self._doubted.wait()
                    await asyncio.sleep(CONTROL_FRESH_S)
            except TimeoutError:
                continue

    async def _look(self) -> None:
        """Try the controls now: a look that began before a run failed says nothing of it."""
        began_s = self._clock.now_s()
        self._controls.ignore(self._office.controls_ignored(began_s))
        sight = await self._controls.look()
        self._tell_of_controls(sight)
        if self._take_sight(sight, self._doubt_since(began_s)):
            return
        if self._office.controls_news(self._clock.now_s()):
            self._on_news()

    def _take_sight(self, sight: Sight, doubt: str | None) -> bool:
        """Take what the controls showed, and any doubt in ourselves; True if that is news."""
        changed = self._office.take_sight(sight, doubt)
        taken = self._office.sight
        self._meters.sight(taken)
        if changed:
            _log.warning(
                "sight_changed",
                branch=self._office.identity.branch.id,
                sees=taken.sees,
                why_not=taken.why_not,
            )
            self._on_news()
        return changed

    def _doubt_since(self, started_s: float) -> str | None:
        """Why this agent may not believe what it measured since then; None: it may."""
        if self._self_watch is None:
            return None
        return self_doubt.doubt(self._self_watch.since(started_s))

    def _tell_of_controls(self, sight: Sight) -> None:
        if sight.ignored != self._office.sight.ignored:
            branch = self._office.identity.branch.id
            _log.warning("controls_ignored", branch=branch, controls=list(sight.ignored))


def _canonical_line(
    branch: str, run: Run, verdicts: Sequence[Verdict], blamed: Blamed | None
) -> None:
    bad = next((v for v in verdicts if v.outcome.broken), None)
    _log.info(
        "run",
        branch=branch,
        journey=run.journey,
        seconds=round(run.duration_s, 3),
        steps=len(run.executed),
        outcomes={v.service: v.outcome.value for v in verdicts},
        broken_step=bad.step if bad else None,
        code=bad.code if bad else None,
        blame=blamed.blame.value if blamed else None,
        blame_why=blamed.why.en if blamed else None,
        trigger=run.trigger.value,
    )
