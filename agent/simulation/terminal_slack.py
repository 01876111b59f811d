"""What Slack's readers would see, in a terminal: for the demonstration and simulated days.

A listener of the in-memory workspace. In a terminal every root message is a panel in the colour of
its severity, and what happens to it later stands below as lines; in a pipe everything is plain
lines, one per change, that ``grep`` can read.
"""

from __future__ import annotations

import html
import re

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from agent.core import message, vocabulary
from agent.core.incident import Change, Phase
from agent.core.model import Severity
from agent.simulation.workspace import Happening, WorkspaceEvent, WorkspaceMessage

COLOURS = {
    message.SIGNS[Severity.SLOW]: "yellow",
    message.SIGNS[Severity.PARTIAL]: "dark_orange",
    message.SIGNS[Severity.DEGRADED]: "red",
    message.SIGNS[Severity.DOWN]: "bold red",
    message.SIGNS[Phase.RECOVERING]: "blue",
    message.SIGNS[Phase.CLOSED]: "green",
    message.SIGNS[Change.ABSORBED]: "bright_black",
}
PLAIN = "white"
_LINK = re.compile(r"<([^<>|]*)\|([^<>|]*)>")
_LINE_LIMIT = 4_000


class TerminalSlack:
    """Shows a workspace's events: ``workspace.listeners.append(TerminalSlack(console, zone))``."""

    def __init__(self, console: Console, zone: str = "Asia/Jakarta") -> None:
        self._console = console
        self._zone = zone

    def __call__(self, event: WorkspaceEvent) -> None:
        """Show one event at once."""
        if self._console.is_terminal:
            self._paint(event)
        else:
            self._print(event)

    def _paint(self, event: WorkspaceEvent) -> None:
        shown, when = event.message, self._when(event)
        style = colour(shown)
        lines = readable(shown.text)
        if event.happening is Happening.POSTED and shown.thread is None:
            title = Text(f"Slack #{shown.channel} {when}")
            body = Text("\n".join(lines))
            self._console.print(Panel(body, title=title, title_align="left", border_style=style))
            return
        mark = {Happening.POSTED: "↳", Happening.EDITED: "✎", Happening.DELETED: "✗"}
        said = Text(f"{mark[event.happening]} {when} {lines[0]}", style=style)
        self._console.print(Padding(said, (0, 0, 0, 4 if shown.thread else 2)))

    def _print(self, event: WorkspaceEvent) -> None:
        shown = event.message
        kind = "root" if shown.thread is None else "reply"
        said = " / ".join(readable(shown.text))
        text = f"slack {event.happening} {kind} #{shown.channel} {self._when(event)}: {said}"
        self._console.print(Text(text), soft_wrap=True)

    def _when(self, event: WorkspaceEvent) -> str:
        return vocabulary.clock_time(event.at_s, self._zone, seconds=True)


def colour(shown: WorkspaceMessage) -> str:
    """The colour of a root message by the sign in its header; replies and plain text have none."""
    title = str(shown.blocks[0].get("text", {}).get("text", "")) if shown.blocks else ""
    return next((style for sign, style in COLOURS.items() if sign in title), PLAIN)


def readable(text: str) -> list[str]:
    """Slack's text as a terminal may show it: links by label and URL, nothing that steers it."""
    bare = _LINK.sub(r"\2 (\1)", text[:_LINE_LIMIT]).replace("```", "")
    lines = ["".join(filter(str.isprintable, line)) for line in html.unescape(bare).splitlines()]
    return [line for line in lines if line.strip()] or [""]
