"""Starts the Slack emulator for one test module; see tests/real/node/README.md for its limits."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.support import real_parts

TOKEN = "xoxb-pantau-test"
NARROW_TOKEN = "xoxb-reads-only"
PERSON_TOKEN = "xoxp-duty-officer"
"""A person's, who puts signs on messages."""
OWN_OTHER_TOKEN = "xoxb-pantau-reacts"
"""Our own bot's, with a right that the agent neither needs nor has."""
START_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator; everything here blocks, for use in a thread or between awaits."""

    base_url: str
    channel: str

    def call(self, method: str, token: str = TOKEN, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """One call by whoever holds ``token``."""
        return call(self.base_url, method, token, arguments)


def call(base_url: str, method: str, token: str, arguments: dict[str, Any]) -> Any:  # noqa: ANN401
    request = urllib.request.Request(  # noqa: S310 - our own loopback URL
        base_url + method,
        data=json.dumps(arguments).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return json.loads(answer.read())


@contextmanager
def running() -> Iterator[Emulator]:
    """An emulator with one channel, gone afterwards."""
    port = _free_port()
    seed = str(real_parts.NODE_FOLDER / "slack.seed.yaml")
    line = [*real_parts.command_of("slack-emulator"), "start", "--service", "slack"]
    process = subprocess.Popen(
        [*line, "--port", str(port), "--seed", seed],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        base_url = f"http://127.0.0.1:{port}/api/"
        yield Emulator(base_url, _channel_when_up(process, base_url))
    finally:
        process.terminate()
        process.wait(timeout=10)


def _channel_when_up(process: subprocess.Popen[bytes], base_url: str) -> str:
    deadline_s = time.perf_counter() + START_TIMEOUT_S
    while time.perf_counter() < deadline_s and process.poll() is None:
        try:
            channels = call(base_url, "conversations.list", TOKEN, {})["channels"]
        except OSError:
            time.sleep(0.05)  # a real program takes its time to start
        else:
            return str(next(c["id"] for c in channels if c["name"] == "passport-alerts"))
    raise RuntimeError("the Slack emulator did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
