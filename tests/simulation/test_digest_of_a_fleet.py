"""A whole fleet at the hour of its digest: an office is down, another's line is bad."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from agent.core.digest import DigestPlan
from agent.simulation.play_settings import PlaySettings, prepare
from agent.simulation.simulate import simulate
from tests.support.whole_fleet import broken

CHANNEL = "pantau-harian"
STORY = broken("all", 20, 400, ["manado"], where="agent") + broken(
    "all", 30, 400, ["bandung"], where="line", fault="kind: timeout"
)


def test_a_fleet_tells_once_which_of_its_offices_are_missing(tmp_path: Path):
    story = tmp_path / "story.yaml"
    story.write_text(f"id: story\nphases:\n{STORY}")
    settings = PlaySettings(scenario="story", scenarios_file=story, branches=12, seconds=400.0)
    prepared = prepare(settings)
    mandate = prepared.plan.mandate
    # The play begins at 15.53 in Jakarta.
    plan = DigestPlan(channel=CHANNEL, hour=15, minute=58)
    told = replace(mandate, digest=plan, routes=replace(mandate.routes, digest=CHANNEL))
    played = simulate(replace(prepared, plan=replace(prepared.plan, mandate=told)), 1)

    assert played.report["slack"] == {"root_messages": 0, "thread_messages": 0, "digests": 1}
    (digest,) = played.workspace.roots(CHANNEL)
    first, *lines = digest.text.splitlines()
    assert "10/12 kantor melapor" in first
    said = " ".join(lines)
    for office in ("Manado", "Bandung"):
        assert office in said
