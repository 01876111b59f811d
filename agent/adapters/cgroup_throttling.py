"""For how long the kernel has kept this process from running, by its control group.

A limit of CPU makes a container stop for tenths of a second at a time, which looks like a slow
centre. Both generations of control groups tell it; where neither can be read, nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PROC, _MOUNTED = Path("/proc"), Path("/sys/fs/cgroup")
_MICROSECOND, _NANOSECOND = 1e-6, 1e-9
_FIELDS = {"throttled_usec": _MICROSECOND, "throttled_time": _NANOSECOND}
"""What generation 2 and 1 call it, and in which unit."""


class CgroupThrottling:
    """Reads one small file of the kernel's, which never waits for a disk."""

    def __init__(
        self, *, proc: Path = Path("/proc"), mounted: Path = Path("/sys/fs/cgroup")
    ) -> None:
        self._file = next(
            (each for each in _files(proc, mounted) if _seconds(each) is not None), None
        )

    def throttled_s(self) -> float:
        """Seconds since the group began; 0 where nothing tells."""
        return (_seconds(self._file) if self._file is not None else None) or 0.0


def _files(proc: Path, mounted: Path) -> Iterator[Path]:
    """Where it may stand, the likeliest first: this process's own group, then what is mounted."""
    try:
        groups = (proc / "self" / "cgroup").read_text("ascii", "replace").splitlines()
    except OSError:
        groups = []
    for line in groups:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers == "":
            yield mounted / path.lstrip("/") / "cpu.stat"
        elif "cpu" in controllers.split(","):
            yield mounted / controllers / path.lstrip("/") / "cpu.stat"
            yield mounted / "cpu" / path.lstrip("/") / "cpu.stat"
    yield mounted / "cpu.stat"
    yield mounted / "cpu" / "cpu.stat"


def _seconds(file: Path) -> float | None:
    try:
        lines = file.read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    for name, _, number in (line.partition(" ") for line in lines):
        if name in _FIELDS and number.strip().isdecimal():
            return int(number) * _FIELDS[name]
    return None
