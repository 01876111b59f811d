"""``pantau``, also as ``python -m agent``: reads the command line and runs one command.

Only the command that is asked for is imported: together they take a second, and an agent that is
the first process of its container must hear a signal from its first moment on.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType

from agent import __version__
from agent.app.stopping import StopRequest

COMMANDS = (
    "run",
    "check",
    "import",
    "validate",
    "notify",
    "exchange",
    "incident",
    "maintenance",
    "explain",
    "demo",
    "centre",
    "simulate",
    "replay",
    "calibrate",
)
"""Each is a module of ``agent.commands``, by this name unless Python keeps it for itself."""
_MODULES = {"import": "import_journey"}

STOP_WITHIN_S = 29
"""An agent that was asked to stop and hangs is ended before a cluster's 30 s are over."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. argparse itself exits with 2 on wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    stopping = StopRequest()
    if words[:1] == ["run"]:
        _listen(stopping)
    arguments = parser(_needed(words)).parse_args(words, argparse.Namespace(stopping=stopping))
    # Standard output is for a command's answer. ``run`` and the plays say more, in their own way.
    import_module("agent.app.log").configure("console", "error")
    code: int = arguments.run(arguments)
    return code


def parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The command line with these commands, whose modules are imported for it."""
    made = argparse.ArgumentParser(
        prog="pantau",
        description="Watches over the central passport services, one agent per immigration office.",
    )
    made.add_argument("--version", action="version", version=f"pantau {__version__}")
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    for name in names:
        import_module(f"agent.commands.{_MODULES.get(name, name)}").register(commands)
    return made


def _needed(words: Sequence[str]) -> Sequence[str]:
    first = words[0] if words else ""
    if first == "--version":
        return ()
    return (first,) if first in COMMANDS else COMMANDS


def _listen(stopping: StopRequest) -> None:
    """The first signal asks to stop; a second one, or too long a wait, ends the process at once.

    A first process gets no default action from the kernel, so every one is handled here.
    """

    def hear(number: int, _frame: FrameType | None) -> None:
        if stopping.asked:
            os._exit(128 + number)
        signal.alarm(STOP_WITHIN_S)
        stopping.ask()

    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(each, hear)


if __name__ == "__main__":
    sys.exit(main())
