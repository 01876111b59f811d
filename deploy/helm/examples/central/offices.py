"""The ids of the offices that leave through one egress, a line each, as nation.yaml says.

    python3 offices.py nation.yaml pusat

Needs PyYAML alone, so that it runs where the cluster is administered and Pantau is not installed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml


def offices(nation: Path, egress: str) -> list[str]:
    """Who of the roster leaves through ``egress``, in the roster's order."""
    roster = yaml.safe_load(nation.read_text("utf-8"))["roster"]
    return [office["id"] for office in roster if office.get("egress") == egress]


def main() -> None:
    """Print them; exit code 1 when there are none: a loop over nothing would look done."""
    nation, egress = sys.argv[1:]
    found = offices(Path(nation), egress)
    if not found:
        sys.exit(f"no office of {nation} has `egress: {egress}`")
    print("\n".join(found))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
