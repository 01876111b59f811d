"""The dashboards are what Grafana 11.6 says that a dashboard is: its own types, and their compiler.

A key that Grafana does not know and a value of another type do not compile.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.dashboards import NAMES, board
from tests.support.real_parts import NODE_FOLDER, command_of

pytestmark = pytest.mark.real("grafana-schema")

TYPED = """\
import type { Dashboard } from '@grafana/schema';
type Written<T> = T extends string ? `${T}` :
  T extends object ? { [K in keyof T]: Written<T[K]> } : T;
export const board: Written<Dashboard> = """
"""As JSON writes it: the word of an enumeration instead of its name."""
READ_BY_THE_SOURCE = ("expr", "titleFormat", "tagKeys")
"""Of an annotation; the dashboard's own schema leaves to each data source what it takes."""
OF_INTERVALS = ("auto", "auto_min", "auto_count")
"""The kit writes these for every variable, and Grafana reads them for intervals alone."""
OPTIONS = ("--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "esnext")


def plain(name: str) -> dict[str, Any]:
    """A dashboard without the keys above."""
    found = board(name)
    for mark in found["annotations"]["list"]:
        for key in READ_BY_THE_SOURCE:
            del mark[key]
    for variable in found["templating"]["list"]:
        for key in OF_INTERVALS:
            variable.pop(key, None)
    return found


def complaints(folder: Path, boards: dict[str, dict[str, Any]]) -> str:
    (folder / "node_modules").symlink_to(NODE_FOLDER / "node_modules")
    for name, each in boards.items():
        (folder / f"{name}.ts").write_text(f"{TYPED}{json.dumps(each, indent=1)};\n", "utf-8")
    line = [*command_of("grafana-schema"), *OPTIONS, "--moduleResolution", "bundler"]
    files = [f"{name}.ts" for name in boards]
    return subprocess.run(
        [*line, *files], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    ).stdout


def test_every_dashboard_is_one_of_grafanas_types(tmp_path: Path):
    assert complaints(tmp_path, {name: plain(name) for name in NAMES}) == ""


def test_a_key_that_grafana_does_not_know_and_a_wrong_type_are_told(tmp_path: Path):
    unknown, wrong = plain("nation"), plain("nation")
    unknown["fiscalYear"] = 1
    wrong["panels"][0]["gridPos"]["w"] = "six"
    told = complaints(tmp_path, {"unknown": unknown, "wrong": wrong})
    assert "unknown.ts" in told
    assert "'\"fiscalYear\"' does not exist" in told
    assert "wrong.ts" in told
    assert "'\"six\"' is not assignable" in told or "'string' is not assignable" in told
