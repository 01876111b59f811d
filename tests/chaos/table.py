"""The verdict for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.chaos.verdict import Row

COLUMNS = (
    "fault",
    "outages",
    "told",
    "lost",
    "twice",
    "longest twice",
    "told after healing",
    "failover",
    "really reached",
)


def show(found: Sequence[Row], console: Console) -> None:
    """A table, and a line for each bound that is broken."""
    table = Table(*COLUMNS)
    for row in found:
        table.add_row(*_cells(row), style="red" if row.broken else "")
    console.print(table)
    for row in found:
        for words in row.broken:
            console.print(f"BROKEN: {row.fault}: {words}", style="bold red", highlight=False)


def _cells(row: Row) -> tuple[str, ...]:
    reached = ", ".join(f"{name}: {times}" for name, times in row.reached.items())
    return (
        row.fault,
        *map(str, (row.truths, row.told, row.lost, row.duplicated)),
        f"{row.longest_duplicate_s:.1f} s",
        f"{row.told_after_healing_s:.1f} s",
        "" if row.failover_s is None else f"{row.failover_s:.1f} s",
        reached or "never",
    )


def as_json(found: Sequence[Row]) -> dict[str, Any]:
    """One object; ``holds`` says whether all bounds do."""
    return {
        "holds": not any(row.broken for row in found),
        "faults": [{**asdict(row), "broken": row.broken} for row in found],
    }
