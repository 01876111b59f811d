from __future__ import annotations

import io

import pytest
from rich.console import Console

from agent.core import message
from agent.core.incident import Incident, Phase
from agent.core.model import NATION, Channel, Evidence, Scope, Severity
from agent.core.wording import Wording
from agent.ports import Outgoing
from agent.simulation import terminal_slack
from agent.simulation.terminal_slack import TerminalSlack
from agent.simulation.workspace import BOT, Workspace, WorkspaceMessage

OPENED_S = 1_561_425_000.0  # 08.10 in Jakarta


class StandingClock:
    def now_s(self) -> float:
        return 0.0

    def wall_s(self) -> float:
        return OPENED_S + 20


def told(phase: Phase = Phase.OPEN, severity: Severity = Severity.DEGRADED) -> message.Rendered:
    incident = Incident(
        name="incident.national.all.simponi.billing",
        opening=1,
        term=1,
        scope=Scope.NATIONAL,
        group=NATION,
        root="simponi.billing",
        severity=severity,
        phase=phase,
        channels=(Channel.FAIL,),
        since_s=OPENED_S,
        opened_s=OPENED_S + 20,
        ended_s=OPENED_S + 120,
        evidence=Evidence(failing=("a",) * 12, reporting=12),
        peak=12,
    )
    return message.root(incident, Wording(dashboard_url="https://g.example/d?a=1&b=2"))


def shown(*, terminal: bool) -> str:
    """A root, a reply, an edit and a removal, as a console shows them."""
    output = io.StringIO()
    console = Console(file=output, force_terminal=terminal, width=100, color_system=None)
    workspace = Workspace(["nasional"], StandingClock())
    workspace.listeners.append(TerminalSlack(console))
    opened, closed = told(), told(Phase.CLOSED)
    root = workspace.post(WorkspaceMessage(channel="nasional", ts="", author=BOT, text=opened.text))
    workspace.post(
        WorkspaceMessage(
            channel="nasional", ts="", author=BOT, text="meluas [red]\x1b[31m", thread=root.ts
        )
    )
    workspace.edit(
        "nasional",
        root.ts,
        Outgoing(key="k", revision=2, channel="nasional", text=closed.text, blocks=closed.blocks),
    )
    workspace.delete("nasional", root.ts)
    return output.getvalue()


def test_in_a_pipe_every_change_is_one_line():
    lines = shown(terminal=False).splitlines()

    assert len(lines) == 4
    assert lines[0].startswith(
        "slack posted root #nasional 08.10.20 WIB: [NASIONAL][GANGGUAN] Kode billing (SIMPONI): "
        "12/12 kantor gagal sejak 08.10 WIB / Bukan jaringan kantor"
    )
    assert lines[0].endswith("Dasbor (https://g.example/d?a=1&b=2)")
    assert lines[1] == "slack posted reply #nasional 08.10.20 WIB: meluas [red][31m"
    assert "[KEMBALI NORMAL]" in lines[2]
    assert lines[3].startswith("slack deleted root")


def test_in_a_terminal_a_root_is_a_panel_and_its_changes_stand_below():
    output = shown(terminal=True)

    assert output.startswith("╭─ Slack #nasional 08.10.20 WIB ─")
    assert "    ↳ 08.10.20 WIB meluas [red][31m" in output
    assert "  ✎ 08.10.20 WIB [NASIONAL][KEMBALI NORMAL]" in output
    assert "  ✗ 08.10.20 WIB" in output


@pytest.mark.parametrize("severity", list(Severity))
def test_every_severity_has_a_colour_of_its_own(severity: Severity):
    rendered = told(severity=severity)
    root = WorkspaceMessage(channel="c", ts="", author=BOT, text="", blocks=rendered.blocks)

    assert terminal_slack.colour(root) == terminal_slack.COLOURS[message.SIGNS[severity]]


def test_a_message_of_text_alone_is_plain():
    root = WorkspaceMessage(channel="c", ts="", author=BOT, text="")

    assert terminal_slack.colour(root) == terminal_slack.PLAIN
    assert terminal_slack.readable("") == [""]
