"""Finds the real programs that some tests run against.

A fake that nothing checks drifts; these are what the fakes are held to. A test says which parts it
needs with ``@pytest.mark.real("nats-server")``, and asks here how to start them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

NODE_FOLDER = Path(__file__).parents[1] / "real" / "node"
DEMO_LOCK = Path(__file__).parents[2] / "requirements/demo.txt"


@dataclass(frozen=True, slots=True)
class Found:
    """A part that is here."""

    command: tuple[str, ...]
    """What starts it; a test adds the arguments."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A part that is not here."""

    why: str
    """What was looked for, and how to get it."""


@cache
def find(part: str) -> Found | Missing:
    """Look for a part once per run.

    Raises:
        KeyError: no part has that name.
    """
    return FINDERS[part]()


def command_of(part: str) -> tuple[str, ...]:
    """What starts a part, for a test that is marked as needing it.

    Raises:
        LookupError: the part is missing, so the test forgot its mark.
    """
    match find(part):
        case Found(command):
            return command
        case Missing(why):
            raise LookupError(f"{part}: {why}; mark the test with @pytest.mark.real({part!r})")


def _nats_server() -> Found | Missing:
    """The server of the `demo` extra, unless PANTAU_NATS_SERVER names another."""
    beside_python = Path(sysconfig.get_path("scripts")) / "nats-server"
    path = os.environ.get("PANTAU_NATS_SERVER") or shutil.which(
        str(beside_python) if beside_python.exists() else "nats-server"
    )
    if path is None or not shutil.which(path):
        return Missing("no nats-server (make setup brings one; PANTAU_NATS_SERVER names another)")
    version = _version((path, "--version"))
    if version < (2, 12):
        return Missing(f"{path} is {_text(version)}, and per-message expiry wants 2.12")
    return Found((path,))


def _promtool() -> Found | Missing:
    path = shutil.which("promtool")
    return Found((path,)) if path else Missing("no promtool (Debian's package prometheus)")


def _alertmanager() -> Found | Missing:
    path = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    why = "no alertmanager (Debian's package prometheus-alertmanager)"
    return Found((path,)) if path else Missing(why)


def _debian_program(program: str, package: str) -> Found | Missing:
    """A program of a Debian package; servers lie where only root's path leads."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    return Found((path,)) if path else Missing(f"no {program} (Debian's package {package})")


def _slack_emulator() -> Found | Missing:
    return _node_program("Slack emulator", "emulate/dist/index.js")


def _prism() -> Found | Missing:
    return _node_program("Prism", "@stoplight/prism-cli/dist/index.js")


def _grafana_schema() -> Found | Missing:
    """The compiler that holds a dashboard against Grafana's own types, which lie beside it."""
    return _node_program("TypeScript", "typescript/bin/tsc")


def _node_program(name: str, script: str) -> Found | Missing:
    """A program of the lock in tests/real/node, and a Node that runs it."""
    path = NODE_FOLDER / "node_modules" / script
    if not path.exists():
        return Missing(f"no {name} (make node-parts)")
    of_the_lock = sorted(map(str, NODE_FOLDER.glob("node_modules/node-linux-*/bin/node")))
    for node in (*of_the_lock, shutil.which("node")):
        if node and _version((node, "--version")) >= (20,):
            return Found((node, str(path)))
    return Missing("no Node 20 or later (make node-parts)")


def _uv() -> Found | Missing:
    """The installer that `make setup` used, if its cache has every wheel of the demo lock."""
    path = Path(sysconfig.get_path("scripts")) / "uv"
    if not path.exists():
        return Missing(f"no {path.name} (make setup)")
    with TemporaryDirectory() as nowhere:
        line = (str(path), "pip", "install", "--offline", "--dry-run", "--target", nowhere)
        lock = ("--require-hashes", "--only-binary", ":all:", "-r", str(DEMO_LOCK))
        tried = subprocess.run((*line, *lock), capture_output=True, text=True, check=False)
    if tried.returncode or "Would download" in tried.stderr:
        return Missing("uv's cache lacks wheels of the lock (make clean setup)")
    return Found((str(path),))


FINDERS: dict[str, Callable[[], Found | Missing]] = {
    "alertmanager": _alertmanager,
    "amtool": partial(_debian_program, "amtool", "prometheus-alertmanager"),
    "grafana-schema": _grafana_schema,
    "nats-server": _nats_server,
    "nginx": partial(_debian_program, "nginx", "nginx-light"),
    "openssl": partial(_debian_program, "openssl", "openssl"),
    "prism": _prism,
    "prometheus": partial(_debian_program, "prometheus", "prometheus"),
    "promtool": _promtool,
    "slack-emulator": _slack_emulator,
    "tinyproxy": partial(_debian_program, "tinyproxy", "tinyproxy"),
    "uv": _uv,
}


def _version(line: tuple[str, ...]) -> tuple[int, ...]:
    """The first version number that a program prints; () when it will not run."""
    try:
        answer = subprocess.run(line, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    number = re.search(r"\d+(\.\d+)+", answer.stdout)
    return tuple(map(int, number.group().split("."))) if number else ()


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version)) or "not a program that tells its version"
