"""At most one check in ten seconds against a live target, from however many shells.

The nation's budget does not know of checks by hand. The time of the last one stands in a small file
of the user's cache; a check that cannot leave its stamp there does not run.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from agent.adapters.http_prober import Target
from agent.config.branch import BranchSettings
from agent.ports import PantauError

LEAST_INTERVAL_S = 10.0


class TooSoon(PantauError):  # noqa: N818 - the moment is wrong, not the program
    """This check may not run now; the text says why, and how long to wait."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        """``wait_s``: when it may be tried again; None: waiting does not help."""
        super().__init__(why)
        self.wait_s = wait_s


def live_roles(settings: BranchSettings, targets: Iterable[Target]) -> list[str]:
    """The roles among ``targets`` where what is sent reaches a real system of somebody else's."""
    return [
        target.role
        for target in targets
        if not settings.targets[target.role].sandbox
        and not all(_is_loopback(url) for url in (target.url, *target.services.values()))
    ]


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def stamp_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the time of the last check stands."""
    cache = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/")) / ".cache"
    return Path(cache) / "pantau" / "last-check"


def take_turn(stamp: Path, wall_s: float) -> None:
    """Note that a check begins at ``wall_s`` (seconds since 1970). Raises :class:`TooSoon`."""
    try:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        with stamp.open("a+") as file:
            fcntl.flock(
                file, fcntl.LOCK_EX
            )  # Two shells at one moment: one of them waits, and sees.
            file.seek(0)
            _refuse_before(_seconds(file.read(40)) + LEAST_INTERVAL_S, wall_s)
            file.truncate(0)
            file.write(f"{wall_s:.3f}\n")
    except OSError as error:
        raise TooSoon(
            f"{stamp} cannot be written ({error.strerror}): without it nothing keeps checks of a "
            "live target apart; mend that, or set XDG_CACHE_HOME"
        ) from None


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _refuse_before(due_s: float, wall_s: float) -> None:
    wait_s = due_s - wall_s
    # A stamp from the future is a clock that was set back, and no reason to wait for hours.
    if 0 < wait_s <= LEAST_INTERVAL_S:
        raise TooSoon(
            f"a live target is checked at most once in {LEAST_INTERVAL_S:.0f} s; "
            f"wait {wait_s:.1f} s, or check against a sandbox",
            wait_s,
        )
