"""The world of ``simulate``: everything in this process, in virtual time, without a socket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.adapters.recording_file import RecordingFile
from agent.app.agent import Parts
from agent.clock import Clock
from agent.core.model import Branch
from agent.simulation.centre import Centre, CentreSessionFactory
from agent.simulation.line import SimulatedControls
from agent.simulation.quiet_meters import QuietMeters
from agent.simulation.workspace import Workspace, WorkspaceNotifier

RECORDING_BYTES = 1 << 30
"""Of each office; a play is over long before."""
LATENCY_S = 0.05
"""From an office to the exchange and back."""
_OPENS_NOTHING = "sintetis"
CREDENTIALS = {
    role: {"username": "pantau", "password": _OPENS_NOTHING} for role in ("simkim", "mpaspor")
}
"""Without a ``credential_id``: no account can be locked here, so that a play of a sign-in that is
refused sees its end, and not only the attempts of an hour later."""


class MemoryWorld:
    """Implements :class:`agent.simulation.fleet.World`."""

    def __init__(
        self,
        *,
        centre: Centre,
        workspace: Workspace,
        clock: Clock,
        seed: int,
        recordings: Path | None = None,
    ) -> None:
        """``recordings``: a folder in which every office leaves its recording."""
        self.workspace = workspace
        self.store = MemoryStore(clock)
        self.dead_controls: set[str] = set()
        """Shared controls that answer nobody now, by name."""
        self._centre = centre
        self._clock = clock
        self._random = Random(seed)
        self._cut: set[str] = set()
        self._folder = recordings
        self._recordings: dict[str, RecordingFile] = {}

    async def start(self, offices: Sequence[Branch], is_cut: Callable[[str], bool]) -> None:
        """Nothing needs opening."""

    def parts(self, branch: Branch) -> Parts:
        """Simulated parts."""
        notifier = WorkspaceNotifier(
            self.workspace, branch.id, self._clock, is_cut=lambda: branch.id in self._cut
        )
        return Parts(
            exchange=MemoryExchange(
                self.store, branch.id, can_coordinate=branch.hub, latency_s=LATENCY_S
            ),
            sessions=CentreSessionFactory(self._centre, branch.id),
            controls=SimulatedControls(self._centre, branch.id, self.dead_controls),
            meters=QuietMeters(),
            clock=self._clock,
            notifier=notifier if branch.hub else None,
            credentials=CREDENTIALS,
            jitter_s=self._random.uniform(0.0, 30.0),
            recorder=self._recorder(branch.id),
        )

    def _recorder(self, branch: str) -> RecordingFile | None:
        """Written at once, and not in a thread: it would have no place in virtual time."""
        if self._folder is None:
            return None
        file = self._folder / f"{branch}.jsonl.gz"
        return self._recordings.setdefault(branch, RecordingFile(file, RECORDING_BYTES))

    def set_cut(self, branch: str, *, cut: bool) -> None:
        """A cut line takes the exchange with it, and the workspace."""
        if cut and branch not in self._cut:
            self._cut.add(branch)
            self.store.cut(branch)
        elif not cut and branch in self._cut:
            self._cut.discard(branch)
            self.store.restore(branch)

    async def set_power(self, branch: str, *, on: bool) -> None:
        """There are no pages."""

    async def stop(self) -> None:
        """The recordings are brought to their ends."""
        for recording in self._recordings.values():
            recording.close()
