"""``pantau demo``: the same play on real parts, in real time, told to whoever watches."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from agent.adapters.slack_notifier import SlackNotifier
from agent.clock import BootClock
from agent.ports import Notifier, Posted
from agent.simulation.centre import Centre
from agent.simulation.embedded_world import EmbeddedWorld
from agent.simulation.fleet import Fleet
from agent.simulation.mirror import MirroringNotifier
from agent.simulation.narrator import Narrator
from agent.simulation.play_settings import Play
from agent.simulation.scenario import Where
from agent.simulation.simulate import Simulated, channels, finish
from agent.simulation.terminal_slack import TerminalSlack
from agent.simulation.workspace import Workspace, WorkspaceNotifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A real Slack channel to post to; only when a person asked for it by a flag."""

    channel: str
    token: str

    def __repr__(self) -> str:
        return f"Posting(channel={self.channel!r})"


async def demonstrate(
    play: Play, console: Console, *, port: int = 0, posting: Posting | None = None
) -> Simulated:
    """Stage the play and narrate it. Raises :class:`ConfigurationError`; leaves nothing behind."""
    clock = BootClock()
    centre = Centre(play.faults, now_s=clock.now_s)
    workspace = Workspace(channels(play), clock)
    workspace.listeners.append(TerminalSlack(console))
    world = EmbeddedWorld(
        plan=play.plan,
        centre=centre,
        workspace=workspace,
        notifier=_notifiers(workspace, clock, posting),
        clock=clock,
        agent=lambda office: fleet.agents[office],
        port=port,
    )
    fleet = Fleet(
        plan=play.plan,
        scenario=play.scenario,
        centre=centre,
        world=world,
        clock=clock,
        ending=play.ending,
    )
    narrator = Narrator(console, play.scenario, play.plan.branches.values())
    fleet.on_look = lambda offset_s: narrator.look(offset_s, fleet)
    fleet.on_started = lambda: _introduce(console, play, world)
    return await finish(fleet, play, workspace, seed=None, clock=clock)


def _introduce(console: Console, play: Play, world: EmbeddedWorld) -> None:
    offices = list(play.plan.branches)
    if world.without_server is not None:
        console.print(
            f"NO NATS SERVER ({world.without_server}): the exchange is in memory", style="bold red"
        )
    else:
        console.print("A real nats-server carries the verdicts; the centre answers over HTTP.")
    for office in _worth_showing(play):
        public, operations = world.addresses(office)
        console.print(f"{office}: for the counter {public}   for operations {operations}")
    console.print(f"{len(offices)} offices: {', '.join(offices[:15])}", highlight=False)
    console.print("Waiting until every office has seen every service once ...")


def _worth_showing(play: Play) -> list[str]:
    """One office that keeps its line, and the first that loses it."""
    roster = tuple(play.plan.branches.values())
    lines = [phase for phase in play.scenario.phases if phase.where is Where.LINE]
    cut = sorted({office for phase in lines for office in phase.scope.offices(roster)})
    whole = [office for office in play.plan.branches if office not in cut]
    return [*whole[:1], *cut[:1]]


def _notifiers(
    workspace: Workspace, clock: BootClock, posting: Posting | None
) -> Callable[[str], Notifier]:
    if posting is None:
        return lambda office: WorkspaceNotifier(workspace, office, clock)
    key = secrets.token_bytes(32)
    shown: dict[str, Posted] = {}

    def notifier(_office: str) -> Notifier:
        real = SlackNotifier(token=lambda: posting.token, key=lambda: key, clock=clock)
        return MirroringNotifier(real, posting.channel, workspace, shown)

    return notifier
