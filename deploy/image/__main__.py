"""``python -m deploy.image``: build the image on a stand-in base, and try it confined."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.image.building import PROGRAMS, ROOT

OK, FAILED, MISSING = 0, 1, 2


def main() -> int:
    """Build, try, show; the exit code says whether every check is content."""
    arguments = _parser().parse_args()
    lacking = missing()
    if lacking:
        print("the image cannot be built here:", *lacking, sep="\n  ", file=sys.stderr)
        return MISSING
    try:
        found = _apart("building") | _apart("trial", "--net")
    except subprocess.CalledProcessError as error:
        return int(error.returncode) or FAILED
    if arguments.json:
        print(json.dumps(found))
    else:
        show(found, Console())
    return OK if all(each["well"] for each in found["checks"]) else FAILED


def missing() -> list[str]:
    """What is needed and not here, each with its mend."""
    programs = [
        f"no {program} (Debian's package {package})"
        for program, package in PROGRAMS.items()
        if shutil.which(program) is None
    ]
    return programs if os.geteuid() == 0 else [*programs, "not root, which mounts and chroot need"]


def _apart(module: str, *apart: str) -> dict[str, Any]:
    """What a module finds, run with mounts and processes of its own: both end with it.

    The kernel sees to that, so nothing is left even where this process is killed.
    """
    spaces = ("--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *apart)
    words = ["setpriv", "--pdeathsig", "KILL", "unshare", *spaces]
    done = subprocess.run(
        [*words, sys.executable, "-m", f"deploy.image.{module}"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def show(found: dict[str, Any], console: Console) -> None:
    """A table for people, or plain lines for a pipe."""
    sizes = f"{found['size_mb']} MB, {found['size_mb'] - found['base_mb']} of it above the base"
    rows = [
        ("size, unpacked", f"{sizes}; {found['layers']} layers", True),
        *((each["what"], each["found"], each["well"]) for each in found["checks"]),
    ]
    if not console.is_terminal:
        for what, words, well in rows:
            print("ok  " if well else "BAD ", f"{what}: {words}")
        return
    table = Table("", "looked at", "found")
    for what, words, well in rows:
        table.add_row("[green]ok" if well else "[red]bad", what, words)
    console.print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make image", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    return parser


if __name__ == "__main__":
    sys.exit(main())
