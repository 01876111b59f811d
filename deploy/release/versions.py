"""The version stands in one place, agent/__init__.py; four others repeat it, and must agree."""

from __future__ import annotations

import re
from pathlib import Path

PLACES = {
    "agent/__init__.py": r'^__version__ = "(.+)"$',
    "CHANGELOG.md": r"^## \[(\d.*)\] - \d{4}-\d\d-\d\d$",
    "Dockerfile": r"^ARG VERSION=(.+)$",
    "deploy/helm/pantau/Chart.yaml": r'^appVersion: "(.+)"$',
}
"""What finds it in each; in a changelog the first heading is the newest."""


def stated(root: Path) -> dict[str, str]:
    """The version that each place states; nothing where it states none."""
    return {place: _first(pattern, root / place) for place, pattern in PLACES.items()}


def agreed(root: Path) -> str:
    """The one version of this checkout. Raises ValueError where places differ."""
    versions = stated(root)
    if len(set(versions.values())) > 1:
        lines = [f"  {place}: {version or 'none'}" for place, version in versions.items()]
        raise ValueError("\n".join(["the version is not the same everywhere:", *lines]))
    return versions["agent/__init__.py"]


def _first(pattern: str, file: Path) -> str:
    found = re.search(pattern, file.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else ""
