"""A short play of twelve offices, with every office's recording and what really became of it.

Billing codes fail everywhere for two minutes; meanwhile the leader is lost, and another hub leads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from agent.adapters.recording_reader import RecordingReader, merged
from agent.core.incident import Incident
from agent.pipeline.mandate import Mandate
from agent.ports import Recorded, TermBegan
from agent.simulation.fleet import Fleet
from agent.simulation.play_settings import PlaySettings, prepare
from agent.simulation.simulate import simulate
from tests.support.whole_fleet import broken

STORY = broken("simponi.billing", 30, 150) + broken(
    "all", 70, 500, ["ngurah-rai", "medan"], where="agent"
)
SECONDS = 250.0


@dataclass(slots=True, kw_only=True)
class RecordedPlay:
    """What was played."""

    mandate: Mandate
    folder: Path
    """One recording for each office."""
    roots: int = 0
    replies: int = 0
    """Messages as they really stood in the channel."""
    incidents: dict[str, Incident] = field(default_factory=dict)

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl.gz"))

    @property
    def incident(self) -> Incident:
        (found,) = self.incidents.values()
        return found

    def recorded(self) -> list[Recorded]:
        """Everything that anybody recorded, by its time."""
        return list(merged([RecordingReader(file) for file in self.files]))

    def leaders(self) -> list[str]:
        began = (each.event for each in self.recorded())
        return [event.branch for event in began if isinstance(event, TermBegan)]

    def leads(self, branch: str) -> list[Recorded]:
        """The recording of one office alone."""
        return list(RecordingReader(self.folder / f"{branch}.jsonl.gz"))


def play(folder: Path) -> RecordedPlay:
    """Play it, once."""
    story = folder / "story.yaml"
    story.write_text(f"id: story\nphases:\n{STORY}")
    prepared = prepare(
        PlaySettings(scenario="story", scenarios_file=story, branches=12, seconds=SECONDS)
    )
    played = RecordedPlay(mandate=prepared.plan.mandate, folder=folder)

    def look(_: float, fleet: Fleet) -> None:
        played.incidents.update(fleet.witness.incidents)

    report = simulate(prepared, 1, look, recordings=folder).report
    played.roots = report["slack"]["root_messages"]
    played.replies = report["slack"]["thread_messages"]
    return played
