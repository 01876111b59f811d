"""``pantau check --record``: what a bug report needs, and nothing that must not leave the office.

Versions, the configuration's hash, what the journey declares, and of each run its phases, statuses
and verdicts. Sentences of the probe are kept without any word that went over the line. Addresses,
names of controls and the office itself are left out.
"""

from __future__ import annotations

import json
import os
import platform
import ssl
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from agent import __version__
from agent.commands.check_hearsay import Hearsay
from agent.commands.check_repeat import Repeated
from agent.commands.check_report import CheckReport, StepLine
from agent.config.branch import BranchSettings
from agent.config.loading import load_nation
from agent.config.nation import nation_hash
from agent.core.model import Verdict
from agent.ports import ConfigurationError
from agent.probe import Journey

FORMAT = 1
_LIBRARIES = ("httpx", "httpcore", "h11", "jmespath", "pydantic")
Words = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record that is to be written once the runs are over."""

    file: Path
    journey: type[Journey]
    nation: str
    """Revision and hash of nation.yaml."""

    def write(self, found: Repeated, hearsay: Hearsay) -> None:
        """Write the file, for its owner alone. Raises :class:`ConfigurationError`."""
        text = json.dumps(self.document(found, hearsay.blotted), indent=1) + "\n"
        try:
            handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise _unwritable(self.file, error.strerror or "") from None

    def document(self, found: Repeated, blotted: Words) -> dict[str, Any]:
        """The record as JSON; ``blotted`` takes out of a sentence what must not be in it."""
        return {
            "record": "pantau check",
            "format": FORMAT,
            "versions": _versions(),
            "nation": self.nation,
            "journey": self.journey.name,
            "declared": [asdict(each) for each in self.journey.steps],
            "asked": found.asked,
            "stopped": found.stopped,
            **found.summary(),
            "runs": [_run(each, blotted) for each in found.reports],
        }


def begun(file: Path | None, journey: type[Journey], settings: BranchSettings) -> Record | None:
    """A record in ``file``, which must not be there yet; None: none is wanted.

    Raises :class:`ConfigurationError`, before anything was asked of the centre.
    """
    if file is None:
        return None
    if file.exists() or not os.access(file.parent, os.W_OK):
        raise _unwritable(file, "it is there already" if file.exists() else "no such folder")
    nation = nation_hash(load_nation(settings.nation))
    return Record(file=file, journey=journey, nation=nation)


def _unwritable(file: Path, why: str) -> ConfigurationError:
    return ConfigurationError([f"{file}: cannot be written: {why}; name a new file"])


def _versions() -> dict[str, str]:
    return {
        "pantau": __version__,
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "system": f"{platform.system()} {platform.machine()}",
        **{name: metadata.version(name) for name in _LIBRARIES},
    }


def _run(report: CheckReport, blotted: Words) -> dict[str, Any]:
    return {
        "exit_code": report.exit_code,
        "seconds": round(report.seconds, 4),
        "verdicts": [_verdict(each, blotted) for each in report.verdicts],
        "steps": [_step(each, blotted) for each in report.steps],
        "sees": report.sight.sees,
        "why_not": report.sight.why_not,
        "front": report.sight.front,
        "controls": [
            {"group": each.group.value, "answered": each.answered, "detail": each.detail}
            for each in report.controls
        ],
        "doubt": report.doubt,
        "blame": report.blame_as_json(),
    }


def _verdict(verdict: Verdict, blotted: Words) -> dict[str, Any]:
    return {
        "service": verdict.service,
        "outcome": verdict.outcome.value,
        "step": verdict.step,
        "code": verdict.code,
        "reason": blotted(verdict.reason),
        "blocked_by": verdict.blocked_by,
    }


def _step(line: StepLine, blotted: Words) -> dict[str, Any]:
    return {**asdict(line), "expected": blotted(line.expected), "came": blotted(line.came)}
