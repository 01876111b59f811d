"""Plays of the whole fleet in virtual time, as ``pantau simulate`` plays them, and what was seen.

A story is a scenario in the words of ``scenarios.yaml``, in real seconds. Beside the report, a
play keeps what its workspace showed and when, and who led and when. The seed is printed and is in
the representation, so that a failing test tells it.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import structlog

from agent.app.plan import plan_nation
from agent.config.loading import load_nation
from agent.config.nation import JourneyBudget, TargetBudget, nation_hash
from agent.core.incident import Incident
from agent.core.maintenance import Window
from agent.probe import Journey
from agent.simulation.fleet import Fleet
from agent.simulation.play_settings import NATION_FILE, Play, PlaySettings, prepare
from agent.simulation.simulate import simulate
from agent.simulation.workspace import (
    Happening,
    Weather,
    Workspace,
    WorkspaceEvent,
    WorkspaceMessage,
    fair,
)

SEED = 7
ALL_OFFICES = 145
START_S = 1_760_000_000.0
"""The wall time at which every play begins, at its offset 0."""
OFTEN = ("simkim-sign-in", "officer-application", "issuance")
"""What a play takes of the nation's journeys: a story is told by few, in a fraction of the time."""

Look = Callable[[float, Fleet], None]
"""What a test wants to see about twice a second: the offset, and the fleet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One change of the workspace, so many seconds after offset 0."""

    at_s: float
    happening: Happening
    message: WorkspaceMessage

    @property
    def is_root(self) -> bool:
        """It is a message in the channel, not a reply in a thread."""
        return self.message.thread is None


@dataclass(slots=True, kw_only=True)
class Played:
    """A play and what was seen of it; all times, the report's too, are seconds since offset 0."""

    seed: int
    hubs: tuple[str, ...] = ()
    """Who may be elected."""
    report: dict[str, Any] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    led: list[tuple[float, str]] = field(default_factory=list)
    """Who led from when, in order; '' while nobody did."""
    records: dict[str, Incident] = field(default_factory=dict)
    """Every incident as it was last seen, by its id."""
    workspace: Workspace | None = None
    began_s: float = 0.0
    """Wall time, and stream time, of offset 0."""

    def __repr__(self) -> str:
        told = [(each["root_service"], each["scope"]) for each in self.incidents]
        return f"Played(seed={self.seed}, told={told}, led={self.led})"

    @property
    def incidents(self) -> list[dict[str, Any]]:
        """The told incidents of the report, by opening."""
        found: list[dict[str, Any]] = self.report["incidents"]
        return found

    def incident(self, root_service: str) -> dict[str, Any]:
        """The only told incident of a service."""
        (found,) = (each for each in self.incidents if each["root_service"] == root_service)
        return found

    def record(self, root_service: str) -> Incident:
        """The record of the only told incident of a service, as it was last seen."""
        return self.records[self.incident(root_service)["id"]]

    def roots(self, channel: str | None = None) -> list[WorkspaceMessage]:
        """The root messages as they stand in the end."""
        return self._workspace.roots(channel)

    def thread(self, root: WorkspaceMessage) -> list[str]:
        """What stands under a root message in the end."""
        return [each.text for each in self._workspace.replies(root.channel, root.ts)]

    def posted(self, *, roots: bool) -> list[Said]:
        """Everything that was ever posted: the roots, or the replies."""
        return [s for s in self.said if s.happening is Happening.POSTED and s.is_root is roots]

    def leaders(self) -> list[str]:
        """Everyone who led, in order, without the times between."""
        return [branch for _, branch in self.led if branch]

    def offset_s(self, stream_s: float | None) -> float:
        """A time of a record, in seconds since offset 0."""
        assert stream_s is not None, f"{self} has not come that far"
        return stream_s - self.began_s

    @property
    def _workspace(self) -> Workspace:
        if self.workspace is None:
            raise RuntimeError("nothing was played")
        return self.workspace


def play(
    story: str,
    *,
    offices: Sequence[str] | None = None,
    seconds: float,
    seed: int = SEED,
    weather: Weather = fair,
    on_look: Look | None = None,
    journeys: Sequence[type[Journey]] = (),
    windows: Sequence[Window] = (),
) -> Played:
    """Play ``story``, the phases of a scenario, at these offices and no others; None: at all 145.

    ``journeys`` are taken beside :data:`OFTEN`, each to a target of its own. ``windows`` are
    nation.yaml's, in wall time: offset 0 is a few seconds before or after :data:`START_S`.

    Whatever the story, the same offices and seed are the same fleet, with the same leader, until a
    phase makes a difference. So one play may tell what another is to break, and when.
    """
    print(f"seed {seed}")  # noqa: T201 - shown beside a failure, and only there
    played = Played(seed=seed)
    observer = _Observer(played, weather, on_look)
    # A phase that does nothing: it names the offices, and makes the report count from offset 0.
    roll_call = broken("simkim.login", 0, 1, offices or "all", fault="kind: latency, ms: 0")
    with tempfile.TemporaryDirectory() as folder, _only_warnings():
        file = Path(folder) / "story.yaml"
        file.write_text(f"id: story\nphases:\n{roll_call}{story}")
        settings = PlaySettings(
            scenario="story",
            scenarios_file=file,
            branches=len(offices) if offices else ALL_OFFICES,
            seconds=seconds,
        )
        prepared = _planned(_often(prepare(settings), journeys), windows)
        simulated = simulate(prepared, seed, observer.look)
    played.report, played.workspace = simulated.report, simulated.workspace
    return played


def broken(
    service: str,
    at_s: float,
    until_s: float,
    offices: Sequence[str] | str = "all",
    *,
    where: str = "centre",
    fault: str = "kind: http, code: 503",
) -> str:
    """One phase of a story; ``service`` may be several, separated by commas, or ``all``."""
    scope = offices if isinstance(offices, str) else f"offices:[{','.join(offices)}]"
    services = "all" if service == "all" else f"[{service}]"
    return (
        f"- {{at: {at_s}s, until: {until_s}s, service: {services}, "
        f'scope: "{scope}", where: {where}, {fault}}}\n'
    )


def _often(play: Play, journeys: Sequence[type[Journey]]) -> Play:
    """The play with :data:`OFTEN` and these journeys, each at twice a second."""
    nation = load_nation(NATION_FILE)
    roles = {step.role for journey in journeys for step in journey.steps if step.role}
    names = (*OFTEN, *(each.name for each in journeys))
    fewer = nation.model_copy(
        update={
            "journeys": tuple(JourneyBudget(name=name) for name in names),
            "targets": nation.targets
            | {role: TargetBudget(ceiling_requests_per_s=8.0) for role in roles},
        }
    )
    known = {each.name: each for each in (*play.plan.journeys, *journeys)}
    offices = tuple(play.plan.branches.values())
    plan = plan_nation(fewer, nation_hash(fewer), known, practice=True, only=offices)
    return replace(play, plan=plan)


def _planned(play: Play, windows: Sequence[Window]) -> Play:
    mandate = play.plan.mandate
    calendar = mandate.calendar.with_windows(windows)
    return replace(play, plan=replace(play.plan, mandate=replace(mandate, calendar=calendar)))


class _Observer:
    """Looks at a fleet twice a second and writes down what it sees."""

    def __init__(self, played: Played, weather: Weather, also: Look | None) -> None:
        self._played = played
        self._weather = weather
        self._also = also
        self._listens = False

    def look(self, offset_s: float, fleet: Fleet) -> None:
        if not self._listens:
            self._listens = True
            self._played.began_s = fleet.witness.began_s or 0.0
            self._played.hubs = tuple(b.id for b in fleet.plan.branches.values() if b.hub)
            fleet.world.workspace.listeners.append(self._hear)
            fleet.world.workspace.weather = self._weather
        leaders = [b for b, agent in fleet.agents.items() if agent.leadership.may_act()]
        assert len(leaders) <= 1, f"at {offset_s:.1f} s all of {leaders} may act"
        leader = leaders[0] if leaders else ""
        if not self._played.led or self._played.led[-1][1] != leader:
            self._played.led.append((offset_s, leader))
        self._played.records.update(fleet.witness.incidents)
        if self._also is not None:
            self._also(offset_s, fleet)

    def _hear(self, event: WorkspaceEvent) -> None:
        at_s = event.at_s - self._played.began_s
        self._played.said.append(Said(at_s=at_s, happening=event.happening, message=event.message))


@contextmanager
def _only_warnings() -> Iterator[None]:
    """A line for every run would hide what a failing test has to say."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)
