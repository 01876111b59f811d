"""Reads the checked-in dashboards as Grafana does: what they ask, and variables filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.grafana.write import BOARDS, FOLDER

NAMES = tuple(BOARDS)
_LABEL_VALUES = re.compile(r"label_values\((?P<series>.+), (?P<label>[a-z_]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One query of a panel or of an annotation."""

    board: str
    where: str
    """Board and title, for a failure's message."""
    expr: str
    ranges: bool
    """Over time; else now."""
    legend: str


def board(name: str) -> dict[str, Any]:
    """A dashboard's file."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def panels(name: str) -> list[dict[str, Any]]:
    """Every panel that asks for something; a row only groups."""
    return [panel for panel in board(name)["panels"] if panel["type"] != "row"]


def targets(name: str) -> Iterator[Target]:
    """Every query of every panel and every annotation."""
    for panel in panels(name):
        for each in panel["targets"]:
            yield Target(
                board=name,
                where=f"{name}: {panel['title']} {each['refId']}",
                expr=each["expr"],
                ranges=each.get("range", False),
                legend=each["legendFormat"],
            )
    for mark in board(name)["annotations"]["list"]:
        where = f"{name}: {mark['name']}"
        yield Target(
            board=name,
            where=where,
            expr=mark["expr"],
            ranges=True,
            legend=mark["titleFormat"],
        )


def variables(name: str) -> list[dict[str, Any]]:
    """In their order: a later one may depend on an earlier one."""
    found: list[dict[str, Any]] = board(name)["templating"]["list"]
    return found


def asks_for(variable: Mapping[str, Any]) -> tuple[str, str]:
    """The series and the label of a query variable."""
    match = _LABEL_VALUES.fullmatch(variable["query"])
    assert match is not None, variable["query"]
    return match["series"], match["label"]


def filled(text: str, values: Mapping[str, str]) -> str:
    """With every variable replaced; one that nobody gives is an error."""
    return re.sub(r"\$(\w+)|\$\{(\w+)\}", lambda name: values[name[1] or name[2]], text)
