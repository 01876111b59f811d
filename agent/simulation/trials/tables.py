"""The results for people: two tables on a terminal or in a pipe, and the same as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.simulation.trials.bench import Results
from agent.simulation.trials.case import Row
from agent.simulation.trials.contest import Standing

_MARKS = {True: "[green]holds[/]", False: "[bold red]BROKEN[/]", None: ""}


def show(results: Results, console: Console) -> None:
    """Print everything."""
    console.print(_promises(results))
    for row in results.rows:
        for note in row.notes:
            console.print(f"  {row.case}: {note}", markup=False, highlight=False)
    if results.standings:
        console.print(_contest(results))


def _promises(results: Results) -> Table:
    table = Table(title="What is promised, and what was measured (median / p95)")
    for column in ("case", "measured", "limit", ""):
        table.add_column(column)
    for row in results.rows:
        table.add_row(row.case, row.measured, row.limit, _MARKS[row.holds])
    return table


def _contest(results: Results) -> Table:
    cells = list(results.standings[0].median_s)
    years = results.standings[0].years
    table = Table(title=f"Side by side: median / p95 seconds, and {years:g} years of nuisance")
    for column in ("rule", "false a year (95 %)", "regional called national", *cells):
        table.add_column(column)
    for each in results.standings:
        told = each.called_national
        table.add_row(
            each.name,
            _rate(each),
            "" if told is None else f"{told:.0%}",
            *(_delay(each, cell) for cell in cells),
        )
    return table


def _rate(each: Standing) -> str:
    if each.false is None or each.per_year is None:
        return ""
    low, high = each.per_year.low, each.per_year.high
    return f"{each.false / each.years:.2f} ({low:.2f} to {high:.2f})"


def _delay(each: Standing, cell: str) -> str:
    """As far as it was seen at all."""
    missed = each.missed[cell]
    if missed == 1.0:
        return "never"
    late = each.p95_s[cell]
    middle = each.median_s[cell]
    shown = " / ".join("-" if seconds == inf else f"{seconds:.0f}" for seconds in (middle, late))
    return f"{shown} ({missed:.0%} missed)" if missed else shown


def as_json(results: Results) -> dict[str, Any]:
    """The same as one object; what never came is null."""
    return {
        "holds": results.hold,
        "cases": [_row(row) for row in results.rows],
        "contest": [_standing(each) for each in results.standings],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "case": row.case,
        "limit": row.limit,
        "holds": row.holds,
        "measured": row.measured,
        "numbers": _finite(row.numbers),
        "notes": list(row.notes),
    }


def _standing(each: Standing) -> dict[str, Any]:
    return {
        "rule": each.name,
        "false": each.false,
        "years": each.years,
        "per_year": None if each.per_year is None else [each.per_year.low, each.per_year.high],
        "regional_called_national": each.called_national,
        "median_s": _finite(each.median_s),
        "p95_s": _finite(each.p95_s),
        "missed": dict(each.missed),
    }


def _finite(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name: round(value, 4) if isfinite(value) else None for name, value in numbers.items()}
