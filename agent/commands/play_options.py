"""The options that ``demo`` and ``simulate`` share."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent.simulation.play_settings import PlaySettings


def add(parser: argparse.ArgumentParser, *, branches: int, scenario: str) -> None:
    """Add them, with this command's own defaults."""
    parser.add_argument("--scenario", default=scenario, metavar="ID", help=f"default {scenario}")
    parser.add_argument(
        "--scenarios", type=Path, metavar="FILE", help="another file of scenarios than our own"
    )
    parser.add_argument(
        "--branches", type=int, default=branches, metavar="N", help=f"default {branches}"
    )
    parser.add_argument(
        "--speed",
        type=float,
        metavar="X",
        help="divides the scenario's offsets; default: as the file suggests",
    )
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="end after so many agent seconds at the latest"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument("--verbose", action="store_true", help="log every run")


def settings(arguments: argparse.Namespace) -> PlaySettings:
    """What was chosen."""
    return PlaySettings(
        scenario=arguments.scenario,
        scenarios_file=arguments.scenarios,
        branches=arguments.branches,
        speed=arguments.speed,
        seconds=arguments.seconds,
    )
