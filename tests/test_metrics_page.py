"""docs/metrics.md lists the catalogue, and says of the exposition what is so.

To renew the table: ``python -m tests.test_metrics_page``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from agent.adapters.metric_catalogue import read_catalogue

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
HEAD = "| metric | type | labels | what it says |\n|---|---|---|---|\n"


def table() -> str:
    return HEAD + "".join(row(name, entry) for name, entry in read_catalogue().items())


def row(name: str, entry: dict[str, Any]) -> str:
    total = "_total" if entry["type"] == "counter" else ""
    labels = ", ".join(entry.get("labels", ()))
    return f"| `pantau_{name}{total}` | {entry['type']} | {labels} | {entry['help']} |\n"


def test_the_page_lists_the_catalogue():
    _, _, listed = PAGE.read_text("utf-8").partition(HEAD)
    assert HEAD + listed == table()


def test_the_page_names_only_files_and_metrics_that_there_are():
    text = PAGE.read_text("utf-8")
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (PAGE.parent / link).exists(), link
    prose = text.partition(HEAD)[0]
    named = set(re.findall(r"`(pantau_[a-z_]+)", prose)) - {"pantau_runbooks"}
    assert named
    assert all(f"| `{name}` |" in table() for name in named)


if __name__ == "__main__":
    prose = PAGE.read_text("utf-8").partition(HEAD)[0]
    PAGE.write_text(prose + table(), "utf-8")
