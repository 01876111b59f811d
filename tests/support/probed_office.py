"""One office that probes a centre of a few lines, in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from agent.core.blame import Blame
from agent.core.model import Branch, Channel, Run, Sight, Trigger, Verdict
from agent.core.schedule import Pace, Plan
from agent.core.synthetic import applicant_for
from agent.core.tuning import Tuning
from agent.pipeline.office import Identity, Office
from agent.pipeline.probes import buckets_of, probe_of
from agent.pipeline.probing import Prober
from agent.pipeline.self_watch import SelfWatch
from agent.ports import OpenSession
from agent.probe import Journey, Reply, Request
from agent.simulation.virtual_time import VirtualClock
from tests.support.tally import Tally

JEMBER = Branch(
    id="jember", name="Jember", province="Jawa Timur", island="Jawa", zone="Asia/Jakarta"
)
CANNOT_SEE = Sight(sees=False, why_not="gateway and resolver do not answer")

Answer = Callable[[Request], Awaitable[Reply]]


class SleepyClock(VirtualClock):
    """The boot-time clock of a machine that may be put to sleep: its timers do not notice."""

    slept_s = 0.0

    def now_s(self) -> float:
        return super().now_s() + self.slept_s


class FakeCentre:
    """Answers every path with 200 after a while, but for those that ``answers`` speaks of."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.answer_s = 0.2
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[float, str]] = []
        self.breaks_on_opening = False
        self._now_s = now_s

    def says(self, path: str, status: int, *, after_s: float = 0.2) -> None:
        async def answer(_request: Request) -> Reply:
            await asyncio.sleep(after_s)
            return Reply(status=status, body=b"{}")

        self.answers[path] = answer

    def open(self) -> OpenSession:
        if self.breaks_on_opening:
            raise RuntimeError("no session today")
        return _FakeSession(self)

    async def send(self, request: Request) -> Reply:
        self.asked.append((self._now_s(), request.path))
        if request.path in self.answers:
            return await self.answers[request.path](request)
        await asyncio.sleep(self.answer_s)
        return Reply(status=200, body=b"{}")


class _FakeSession:
    def __init__(self, centre: FakeCentre) -> None:
        self._centre = centre

    async def send(self, request: Request) -> Reply:
        return await self._centre.send(request)

    async def close(self) -> None:
        pass


class FakeControls:
    """Near controls that show what the test wants, and remember when they were tried."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.shown = Sight()
        self.look_s = 0.1
        self.ignored = frozenset[str]()
        self.looks: list[float] = []
        self._now_s = now_s

    def ignore(self, names: Collection[str]) -> None:
        self.ignored = frozenset(names)

    async def look(self) -> Sight:
        self.looks.append(self._now_s())
        await asyncio.sleep(self.look_s)
        return self.shown


class ProbingMeters(Tally):
    """A tally that also keeps how late runs began, the newest evidence and all verdicts."""

    def __init__(self) -> None:
        super().__init__()
        self.lags: list[float] = []
        self.levels: dict[tuple[str, Channel], tuple[float, float]] = {}
        self.verdicts: list[Verdict] = []
        self.blamed: Counter[Blame] = Counter()

    def run_finished(self, run: Run, verdicts: Sequence[Verdict]) -> None:
        super().run_finished(run, verdicts)
        self.verdicts += verdicts

    def run_blamed(self, journey: str, blame: Blame) -> None:
        del journey
        self.blamed[blame] += 1

    def scheduler_lag(self, seconds: float) -> None:
        self.lags.append(round(seconds, 3))

    def evidence(self, service: str, channel: Channel, *, w: float, p0: float) -> None:
        self.levels[(service, channel)] = (w, p0)


class ProbedOffice:
    """An office with everything that probing needs; times are seconds since the loop began."""

    def __init__(
        self,
        *journeys: type[Journey],
        period_s: float = 60.0,
        anchor_s: float = 30.0,
        roster_size: int = 10,
        runs_per_s: float = 10.0,
        requests_per_s: Mapping[str, float] | None = None,
        credentials: Mapping[str, Mapping[str, str]] | None = None,
        boot_id: str = "b1",
        clock: SleepyClock | None = None,
        self_watch: SelfWatch | None = None,
    ) -> None:
        """The ceilings are the nation's: ``runs_per_s`` of each journey, requests by role."""
        self.clock = clock or SleepyClock(asyncio.get_running_loop())
        self.meters = ProbingMeters()
        self.centre = FakeCentre(self.clock.now_s)
        self.controls = FakeControls(self.clock.now_s)
        self.news: list[float] = []
        self._probing: asyncio.Task[None] | None = None
        services = dict.fromkeys(step.service for each in journeys for step in each.steps)
        identity = Identity(branch=JEMBER, program="0", nation="r1:0", boot_id=boot_id)
        self.office = Office(
            identity,
            list(services),
            Tuning(),
            self.clock.now_s(),
            credential_ids={
                role: keys["credential_id"]
                for role, keys in (credentials or {}).items()
                if "credential_id" in keys
            },
        )
        probes = [
            probe_of(
                each,
                plan=Plan(period_s=period_s, anchor_s=anchor_s),
                pace=Pace.within(runs_per_s, roster_size, 15.0, 8),
            )
            for each in journeys
        ]
        roles = {step.role or "" for each in journeys for step in each.steps}
        self.prober = Prober(
            office=self.office,
            probes=probes,
            buckets=buckets_of(
                probes,
                runs_per_s={each.name: runs_per_s for each in journeys},
                requests_per_s=dict.fromkeys(roles, 1000.0) | dict(requests_per_s or {}),
                roster_size=roster_size,
                now_s=self.clock.now_s(),
            ),
            sessions=self.centre,
            controls=self.controls,
            clock=self.clock,
            meters=self.meters,
            applicant=applicant_for("jember"),
            credentials=credentials or {},
            on_news=lambda: self.news.append(self.clock.now_s()),
            self_watch=self_watch,
        )

    async def probe_until(self, at_s: float) -> None:
        """Probe, or go on probing, until the loop's time ``at_s``; then time stands still."""
        if self._probing is None:
            self._probing = asyncio.create_task(self.prober.run())
        await asyncio.sleep(at_s - asyncio.get_running_loop().time())
        assert not self._probing.done(), "probing ended by itself"

    async def stop(self) -> None:
        """Probe no more."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    def starts(self, journey: type[Journey] | None = None) -> list[float]:
        """When runs began, to the millisecond."""
        runs = self.meters.runs
        return [
            round(run.started_s, 3)
            for run in runs
            if journey is None or run.journey == journey.name
        ]

    def started_by(self, trigger: Trigger) -> list[float]:
        """When runs began that this called for."""
        runs = self.meters.runs
        return [round(run.started_s, 3) for run in runs if run.trigger is trigger]

    def skipped(self) -> dict[str, int]:
        """Runs that were due and did not begin, by reason."""
        return {reason.value: count for reason, count in self.meters.skipped.items()}
