"""New configuration for an agent that runs: asked for, or found in its files.

A reload reads everything again, journeys and secrets too. What is wrong leaves the old one running,
and every mistake is told; what is good takes its place by a start within the process: the exchange
keeps what this office knew, and only what the process counted begins again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import structlog

from agent.config.loading import Configuration
from agent.ports import ConfigurationError

LOOK_EVERY_S = 5.0
"""How often the files are looked at. A change is taken once they have rested for so long."""
MOST_FILES = 1000

Fingerprint = frozenset[tuple[str, int, int, int]]

_log = structlog.get_logger(__name__)


class Reloads:
    """What one process knows of reloads, over all its starts."""

    def __init__(
        self, read: Callable[[], Configuration], look_every_s: float = LOOK_EVERY_S
    ) -> None:
        """``read`` loads the configuration, and raises :class:`ConfigurationError`."""
        self.on_refused: Callable[[], None] = lambda: None
        """Told of every reload that was refused."""
        self._read = read
        self._look_every_s = look_every_s
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Ask for a reload."""
        self._asked.set()

    async def next(self, current: Configuration) -> Configuration:
        """Wait for a reload that is asked for, or that the files call for, and is good."""
        tried = await asyncio.to_thread(fingerprint, files_of(current))
        while True:
            tried = await self._called_for(current, tried)
            try:
                found = await asyncio.to_thread(self._read)
            except ConfigurationError as error:
                _log.error("reload_refused", mistakes=list(error.mistakes))
                self.on_refused()
            else:
                _log.info("reloaded", nation=found.nation_hash)
                return found

    async def _called_for(self, current: Configuration, tried: Fingerprint) -> Fingerprint:
        """Wait until somebody asks, or until changed files have come to rest."""
        seen = tried
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_every_s):
                    await self._asked.wait()
            before, seen = seen, await asyncio.to_thread(fingerprint, files_of(current))
            if self._asked.is_set() or (seen == before and seen != tried):
                self._asked.clear()
                return seen


def files_of(configuration: Configuration) -> list[Path]:
    """Every file that a configuration was read from, as far as it names them; folders too."""
    settings = configuration.branch
    tls = [*(target.tls for target in settings.targets.values()), settings.exchange.tls]
    trusted = [path for each in tls for path in (each.ca_file, each.cert_file, each.key_file)]
    return [
        Path(settings.lines.file),
        settings.nation,
        *settings.probe_paths,
        *settings.secret_files.values(),
        *(path for path in trusted if path is not None),
        *(each.ca_file for each in settings.receivers if each.ca_file is not None),
    ]


def fingerprint(paths: Iterable[Path]) -> Fingerprint:
    """What tells one state of some files and folders from another; a mounted volume's swap too."""
    found: set[tuple[str, int, int, int]] = set()
    for path in paths:
        for each in sorted(path.iterdir())[:MOST_FILES] if path.is_dir() else [path]:
            with suppress(OSError):
                stat = each.stat()
                found.add((str(each), stat.st_ino, stat.st_mtime_ns, stat.st_size))
    return frozenset(found)
