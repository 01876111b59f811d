"""``python -m deploy.release``: all of this commit's version into dist/; nothing is published."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.release.building import SUMS, build, digests, packages_of_source
from deploy.release.versions import agreed

ROOT = Path(__file__).parents[2]
OK, REFUSED = 0, 1


def main() -> int:
    """Refuse, or build, build again, compare and show."""
    try:
        made = release(ROOT, ROOT / "dist")
    except ValueError as error:
        print(error, file=sys.stderr)
        return REFUSED
    for each in made:
        print(f"{each.stat().st_size / 1000:9.1f} kB  dist/{each.name}")
    return OK


def release(root: Path, into: Path) -> list[Path]:
    """All files of the version that is committed at ``root``.

    Raises:
        ValueError: the tree is not what is committed, places differ in the version, or a second
            build differs from the first.
    """
    refuse_changed(root)
    version = agreed(root)
    epoch_s = int(_git(root, "log", "-1", "--format=%ct"))
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        build(root, first, version=version, epoch_s=epoch_s)
        build(root, second, version=version, epoch_s=epoch_s)
        refuse_different(first, second)
        packages_of_source(first / f"pantau-{version}.tar.gz", second, epoch_s)
        refuse_different(first, second)
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(first, into)
    return [into / name for name in [*sorted({*digests(into)} - {SUMS}), SUMS]]


def refuse_changed(root: Path) -> None:
    """Raises ValueError where a file is not as its commit says."""
    if changed := _git(root, "status", "--porcelain"):
        raise ValueError(f"commit these first, or take them away:\n{changed}")


def refuse_different(first: Path, second: Path) -> None:
    """Raises ValueError naming the files that two builds do not agree about."""
    before, after = digests(first), digests(second)
    if different := [name for name in before | after if before.get(name) != after.get(name)]:
        raise ValueError(f"a second build made something else of {', '.join(different)}")


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words],  # noqa: S607 - wherever the path finds it
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.rstrip("\n")


if __name__ == "__main__":
    sys.exit(main())
