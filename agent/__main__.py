"""``pantau``, also as ``python -m agent``: reads the command line and runs one command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from agent import __version__
from agent.commands import demo, simulate, validate

COMMANDS = (validate, demo, simulate)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. argparse itself exits with 2 on wrong usage."""
    parser = argparse.ArgumentParser(
        prog="pantau",
        description="Watches over the central passport services, one agent per immigration office.",
    )
    parser.add_argument("--version", action="version", version=f"pantau {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.register(subparsers)
    arguments = parser.parse_args(argv)
    code: int = arguments.run(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
