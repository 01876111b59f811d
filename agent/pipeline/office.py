"""What one office knows: its sight, its memory of every service, and the nation's bulletin.

The state that the loops of the pipeline share. Nothing here waits; every method is one step of the
flow, told what time it is. All times are on this office's own boot-time clock unless said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.core import blame, evidence, focus
from agent.core.blame import Blame, Blamed
from agent.core.evidence import Memory
from agent.core.hearing import Hearing
from agent.core.lockout import Lockouts
from agent.core.maintenance_calendar import Calendar, places_of
from agent.core.model import (
    Branch,
    Bulletin,
    Channel,
    Fence,
    Focus,
    Outcome,
    PlannedNotice,
    Run,
    Scope,
    ServiceState,
    Sight,
    Status,
    Trigger,
    Verdict,
)
from agent.core.rhythm import NOTHING_KNOWN, Rhythm
from agent.core.self_doubt import doubting
from agent.core.tuning import Tuning
from agent.core.verdict import judge
from agent.core.view import ExchangeState, OfficeView, ServiceView

DIRECT_S = 300.0
"""So long what one journey found of a service stands against another that did not get through."""
CONTROLS_TOLD_S = 60.0
"""Which shared controls fail is told at most this often: a control that flaps must not fill a
rationed line with statuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who this agent is, for the life of its process."""

    branch: Branch
    program: str
    nation: str
    """Revision and hash of the nation.yaml that it runs with."""
    boot_id: str


@dataclass(slots=True)
class _Shown:
    """The run of like results of one service, for the page."""

    verdict: Verdict
    since_s: float
    in_a_row: int
    blame: Blame | None = None


class Office:
    """The state of one office. One per agent."""

    def __init__(
        self,
        identity: Identity,
        services: Sequence[str],
        tuning: Tuning,
        started_s: float,
        credential_ids: Mapping[str, str] | None = None,
    ) -> None:
        """``credential_ids`` by target role, of those that have credentials."""
        self.lockouts = Lockouts(credential_ids or {})
        self.identity = identity
        self.tuning = tuning
        self.sight = Sight()
        self.doubt: str | None = None
        """Why this agent doubts itself, and so its office abstains; None: it does not."""
        self.boot_counter = 1
        self.loop_lag_s = 0.0
        self.exchange = ExchangeState.STANDALONE
        self.abstained = False
        """This office could not see at some time since it started."""
        self.runs = 0
        """Runs judged since this process started."""
        self.first_round: set[str] = set()
        """Services with a result since this process started, or with none that may be had."""
        self.rhythm = Rhythm()
        """How long steps usually take here today, once that was read."""
        self.calendar = Calendar()
        """Planned work by nation.yaml alone."""
        self._id = identity.branch.id
        self._places = places_of(identity.branch)
        self._started_s = started_s
        self.on_bulletin: Callable[[], None] = lambda: None
        """Called after a bulletin was taken: it may carry an order."""
        self.on_lesson: Callable[[Run, Collection[str]], None] = lambda _run, _services: None
        """Called with a run that was judged, and the services of which it teaches the usual pace:
        those that were well, and under no suspicion here or in the nation."""
        self.on_judged: Callable[[], None] = lambda: None
        """Called after a run was judged, and when whether we can see has changed."""
        self._hearing = Hearing()
        self._failing_twice = frozenset[str]()
        """Shared controls without an answer in both of the last two looks."""
        self._controls_told = frozenset[str]()
        self._controls_told_s = float("-inf")
        self._memories = {service: evidence.fresh(tuning) for service in services}
        self._shown: dict[str, _Shown] = {}

    @property
    def services(self) -> tuple[str, ...]:
        """The services that this office's journeys exercise."""
        return tuple(self._memories)

    def memory(self, service: str) -> Memory:
        """What is remembered of one service."""
        return self._memories[service]

    @property
    def ready(self) -> bool:
        """Every service has had its turn."""
        return len(self.first_round) == len(self._memories)

    # --- probe -> judge -> remember

    def take_sight(self, sight: Sight, doubt: str | None = None) -> bool:
        """Take a reading of the controls; True if whether we can see has changed.

        With a ``doubt`` of the agent's in itself the office cannot see, whatever they showed.
        """
        self.doubt = doubt
        sight = doubting(sight, doubt)
        changed = sight.sees != self.sight.sees
        self._failing_twice = frozenset(sight.failing) & frozenset(self.sight.failing)
        self.sight = sight
        self.abstained = self.abstained or not sight.sees
        if changed:
            self.on_judged()
        return changed

    def controls_news(self, now_s: float) -> bool:
        """Other shared controls fail than the others were told; asking counts as telling them.

        A packet that is lost now and then is no news: a control must fail twice in a row.
        """
        too_soon = now_s - self._controls_told_s < CONTROLS_TOLD_S
        if too_soon or self._failing_twice == self._controls_told:
            return False
        self._controls_told, self._controls_told_s = self._failing_twice, now_s
        return True

    def take_run(
        self, run: Run, now_s: float, *, wall_s: float | None = None
    ) -> tuple[tuple[Verdict, ...], bool]:
        """Judge a run and remember its verdicts; also tells whether the others must hear of it.

        ``wall_s`` is the wall time now, for the hour of the week; None: nothing is usual.
        """
        usuals = NOTHING_KNOWN if wall_s is None else self.rhythm.usual(run.journey, wall_s)
        verdicts = judge(run, self.sight, usuals)
        self.runs += 1
        news = False
        teaches = set()
        for verdict in verdicts:
            before = self._memories[verdict.service]
            learn = run.trigger is Trigger.PLAN and not self.watched(verdict.service, now_s)
            if learn and verdict.outcome is Outcome.OK and not before.suspicious:
                teaches.add(verdict.service)
            after = before.observe(verdict, self.tuning, learn=learn)
            self._memories[verdict.service] = after
            self.first_round.add(verdict.service)
            self._show(verdict)
            watched = self.watched(verdict.service, now_s)
            news = news or evidence.worth_telling(before, after, self.tuning, watched=watched)
        self.on_lesson(run, teaches)
        self.on_judged()
        return verdicts, news

    def blame(self, run: Run, verdicts: Sequence[Verdict], now_s: float) -> Blamed | None:
        """Where the fault of a run that was just judged most likely lies; None: it has none."""
        bulletin = self._hearing.heeded(now_s)
        found = blame.of_run(
            run,
            verdicts,
            self.sight,
            doubt=self.doubt,
            incidents=bulletin.incidents if bulletin is not None else (),
            groups=blame.groups_of(self.identity.branch),
        )
        for verdict in verdicts:
            fault = None if verdict.outcome is Outcome.OK else found
            shown = self._shown[verdict.service]
            if shown.verdict is verdict:
                shown.blame = fault.blame if fault is not None else None
        return found

    def pass_over(self, services: Sequence[str]) -> None:
        """These services have had their turn, and could not be asked."""
        self.first_round.update(services)

    def resume(self, own: Status, now_s: float) -> None:
        """Take back what this branch had stored before it restarted; once, before publishing."""
        self.boot_counter = own.boot_counter + 1
        self.lockouts.resume(own.refused, now_s)
        for service, stored in own.services.items():
            if service not in self._memories:
                continue
            since_start = self._memories[service]
            restored = evidence.resume(stored, self.tuning)
            counts = tuple(a + b for a, b in zip(restored.counts, since_start.counts, strict=True))
            self._memories[service] = replace(
                restored,
                counts=(counts[0], counts[1], counts[2], counts[3], counts[4]),
                ring=since_start.ring,
                fail=replace(restored.fail, w=max(restored.fail.w, since_start.fail.w)),
                slow=replace(restored.slow, w=max(restored.slow.w, since_start.slow.w)),
            )

    def newest(self, service: str) -> Verdict | None:
        """The newest verdict on a service since this process started; None: none yet."""
        shown = self._shown.get(service)
        return shown.verdict if shown is not None else None

    def suspicious(self, services: Sequence[str]) -> bool:
        """There is evidence against one of these services at this very office."""
        return any(self._memories[service].suspicious for service in services)

    # --- what the nation says

    @property
    def bulletin(self) -> Bulletin | None:
        """The last bulletin that was believed, however old."""
        return self._hearing.bulletin

    def bulletin_age_s(self, now_s: float) -> float | None:
        """Seconds since the leader was last heard; None: never."""
        return self._hearing.age_s(now_s)

    def take_bulletin(self, bulletin: Bulletin, now_s: float, *, live: bool) -> bool:
        """Take the leader's word, which came live or stood before; tells whether we believe it."""
        believed = self._hearing.take(bulletin, now_s, live=live)
        if believed:
            self.on_bulletin()
        return believed

    def hear_leader(self, fence: Fence, now_s: float) -> bool:
        """The leader's beat came live; tells whether our bulletin still stands by it."""
        return self._hearing.beat(fence, now_s)

    def lose_bulletin(self) -> None:
        """A bulletin came that cannot be read."""
        self._hearing.lose()

    def in_maintenance(self, now_s: float) -> bool:
        """The leader says so of this office. It names the first few alone, and counts the rest."""
        bulletin = self._hearing.heeded(now_s)
        return bulletin is not None and self.identity.branch.id in bulletin.maintenance.first

    def planned(self, now_s: float) -> tuple[PlannedNotice, ...]:
        """Planned work at this office, by the leader's current word; each ends by itself."""
        bulletin = self._hearing.heeded(now_s)
        if bulletin is None:
            return ()
        passed_s = now_s - self._hearing.taken_s
        going_on = (n for n in bulletin.planned if n.until_s - bulletin.at_s > passed_s)
        return tuple(each for each in going_on if each.concerns(self._places))

    def spared(self, services: Collection[str], now_s: float) -> frozenset[str]:
        """Those of ``services`` that are not to be probed while planned work lasts."""
        notices = [each for each in self.planned(now_s) if each.skip]
        return frozenset(s for s in services if any(n.means(s, self._places) for n in notices))

    def maintained(self, now_s: float, wall_s: float) -> frozenset[str]:
        """Services on which planned work goes on here: says the leader, or nation.yaml.

        The file is read by this office's own clock, so that it counts also when nobody is heard.
        """
        if self.in_maintenance(now_s):
            return frozenset(self._memories)
        notices = self.planned(now_s)
        told = (s for s in self._memories if any(n.means(s, self._places) for n in notices))
        return self.calendar.maintained(self._memories, self._id, wall_s).union(told)

    def watched(self, service: str, now_s: float) -> bool:
        """The nation suspects this service, or has an incident that it belongs to."""
        bulletin = self._hearing.heeded(now_s)
        if bulletin is None:
            return False
        state = bulletin.services.get(service, ServiceState.NORMAL)
        return state not in (ServiceState.NORMAL, ServiceState.UNKNOWN)

    def stood_down(self, services: Sequence[str], now_s: float) -> bool:
        """A national incident covers one of these services: there is nothing left to find out."""
        bulletin = self._hearing.heeded(now_s)
        if bulletin is None:
            return False
        return any(
            incident.scope is Scope.NATIONAL
            and (incident.root in services or set(incident.affected) & set(services))
            for incident in bulletin.incidents
        )

    def focus(self, now_s: float) -> Focus | None:
        """The order to look more closely that stands now, counted down on our own clock."""
        bulletin = self._hearing.heeded(now_s)
        if bulletin is None or bulletin.focus is None:
            return None
        return focus.shortened(bulletin.focus, now_s - self._hearing.taken_s)

    def controls_ignored(self, now_s: float) -> frozenset[str]:
        """Shared controls that the leader says are broken themselves.

        None once the leader was not heard for ``LAPSES_S``: an office that is cut off must judge by
        its own eyes, and what it last heard of its controls is from before. It also means that to
        ignore anything takes a line that carries.
        """
        bulletin = self._hearing.heeded(now_s)
        return frozenset(bulletin.controls_ignored) if bulletin is not None else frozenset()

    # --- judge -> exchange and page

    def status(self, now_s: float) -> Status:
        """What this office tells the others now."""
        return Status(
            branch=self.identity.branch.id,
            program=self.identity.program,
            nation=self.identity.nation,
            boot_id=self.identity.boot_id,
            boot_counter=self.boot_counter,
            uptime_s=now_s - self._started_s,
            sight=self.sight,
            loop_lag_s=self.loop_lag_s,
            exchange=self.exchange.value,
            services={name: memory.status(now_s) for name, memory in self._memories.items()},
            refused=self.lockouts.status(now_s),
        )

    def told(self) -> None:
        """The others have seen the present votes."""
        self._memories = {
            name: replace(memory, published_votes=memory.votes(self.tuning))
            for name, memory in self._memories.items()
        }

    def levels(self) -> list[tuple[str, Channel, float, float]]:
        """(service, channel, W, p0) of everything, for the meters."""
        return [
            (name, channel, state.w, state.p0)
            for name, memory in self._memories.items()
            for channel, state in ((Channel.FAIL, memory.fail), (Channel.SLOW, memory.slow))
        ]

    def view(self, *, now_s: float, wall_s: float, leads: bool) -> OfficeView:
        """Everything that pages may show; its times are wall time."""
        ahead_s = wall_s - now_s
        return OfficeView(
            branch=self.identity.branch,
            now_s=wall_s,
            version=self.identity.program,
            sight=self.sight,
            doubt=self.doubt,
            services=tuple(self._service_view(name, ahead_s) for name in self._memories),
            exchange=self.exchange,
            bulletin=self.bulletin,
            bulletin_age_s=self.bulletin_age_s(now_s),
            leads=leads,
        )

    def _service_view(self, name: str, ahead_s: float) -> ServiceView:
        shown = self._shown.get(name)
        if shown is None:
            return ServiceView(service=name)
        return ServiceView(
            service=name,
            outcome=shown.verdict.outcome,
            at_s=shown.verdict.started_s + ahead_s,
            since_s=shown.since_s + ahead_s,
            in_a_row=shown.in_a_row,
            reason=shown.verdict.reason,
            blocked_by=shown.verdict.blocked_by,
            took_s=shown.verdict.took_s,
            usual_s=shown.verdict.usual_s,
            blame=shown.blame,
        )

    def _show(self, verdict: Verdict) -> None:
        before = self._shown.get(verdict.service)
        if before is not None and evidence.outlives(before.verdict, verdict, DIRECT_S):
            return
        good = verdict.outcome is Outcome.OK
        alike = before is not None and (before.verdict.outcome is Outcome.OK) == good
        if before is not None and alike:
            before.verdict, before.in_a_row = verdict, before.in_a_row + 1
        else:
            self._shown[verdict.service] = _Shown(verdict, verdict.started_s, 1)
