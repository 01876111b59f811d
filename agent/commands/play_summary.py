"""What a play came to, for people: the incidents as a table, the messages as they stand."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from agent.simulation.workspace import Workspace

NAMES_SHOWN = 12


def show(
    report: dict[str, Any], workspace: Workspace, console: Console, *, messages: bool = True
) -> None:
    """Print the summary of a finished play; ``messages`` unless they were shown as they came."""
    table = Table(title=f"{report['scenario']}: {report['branches']} offices")
    for column in ("incident", "severity", "opened", "resolved", "offices", "messages"):
        table.add_column(column)
    for incident in report["incidents"]:
        where = incident["group"] or incident["scope"]
        resolved = incident["resolved_after_s"]
        table.add_row(
            f"{where}: {incident['root_service']}",
            incident["severity"],
            f"{incident['opened_after_s']:.1f} s",
            "open" if resolved is None else f"{resolved:.1f} s",
            f"{incident['offices_failing']} of {incident['offices_reporting']}",
            f"{incident['root_messages']} + {incident['thread_messages']}",
        )
    console.print(table)
    console.print(f"{report['probes']} probe runs in {report['seconds']:.0f} agent seconds")
    for what in ("abstained", "silent"):
        names = report[what]
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        console.print(f"{what}: {', '.join(names[:NAMES_SHOWN]) or 'none'}{more}")
    for root in workspace.roots() if messages else ():
        console.print()
        console.print(root.text, markup=False, highlight=False)
        for reply in workspace.replies(root.channel, root.ts):
            console.print(f"    {reply.text}", markup=False, highlight=False)
