"""Builds all that one version consists of, so that the same commit gives the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from hashlib import sha256
from pathlib import Path

import helm_python

from deploy.release.bill import bill

SUMS = "SHA256SUMS"


def build(root: Path, into: Path, *, version: str, epoch_s: int) -> list[Path]:
    """Wheel, source, chart, bill of materials and their sums; ``epoch_s`` is their one date."""
    into.mkdir(parents=True, exist_ok=True)
    packages(root, into, epoch_s)
    _chart(root / "deploy/helm/pantau", into, epoch_s)
    lock = (root / "requirements/run.txt").read_text("utf-8")
    (into / f"pantau-{version}.cdx.json").write_text(bill(version, lock, epoch_s), "utf-8")
    made = sorted(into.iterdir())
    lines = [f"{digest}  {name}\n" for name, digest in digests(into).items()]
    (into / SUMS).write_text("".join(lines), "utf-8")
    return [*made, into / SUMS]


def packages(root: Path, into: Path, epoch_s: int) -> None:
    """The wheel and the source of ``root``. Raises ValueError where none can be made."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", str(into)],
        cwd=root,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch_s)},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ValueError(f"hatchling does not build this: {done.stderr}")


def packages_of_source(source: Path, into: Path, epoch_s: int) -> None:
    """The same two once more, from the source as somebody unpacks it elsewhere."""
    with tempfile.TemporaryDirectory() as elsewhere, tarfile.open(source) as archive:
        archive.extractall(elsewhere, filter="data")
        (root,) = Path(elsewhere).iterdir()
        packages(root, into, epoch_s)


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file there, by its name."""
    return {each.name: sha256(each.read_bytes()).hexdigest() for each in sorted(folder.iterdir())}


def _chart(chart: Path, into: Path, epoch_s: int) -> None:
    """The chart as an archive; Helm writes the dates of files into it, so a copy gets others."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(shutil.copytree(chart, Path(folder) / chart.name))
        for each in copied.rglob("*"):
            os.utime(each, (epoch_s, epoch_s))
        helm_python.package(copied, destination=into)
