"""Starts the Slack emulator for one test module; see tests/real/node/README.md for its limits."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.support import real_parts, real_process

TOKEN = "xoxb-pantau-test"
NARROW_TOKEN = "xoxb-reads-only"
PERSON_TOKEN = "xoxp-duty-officer"
"""A person's, who puts signs on messages."""
OWN_OTHER_TOKEN = "xoxb-pantau-reacts"
"""Our own bot's, with a right that the agent neither needs nor has."""


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
    (port,) = real_process.free_ports(1)
    seed = str(real_parts.NODE_FOLDER / "slack.seed.yaml")
    line = [*real_parts.command_of("slack-emulator"), "start", "--service", "slack"]
    base_url = f"http://127.0.0.1:{port}/api/"
    with real_process.running(
        [*line, "--port", str(port), "--seed", seed], partial(_channel, base_url)
    ):
        yield Emulator(base_url, _channel(base_url))


def _channel(base_url: str) -> str:
    """Raises OSError while the emulator is not there."""
    channels = call(base_url, "conversations.list", TOKEN, {})["channels"]
    return str(next(c["id"] for c in channels if c["name"] == "passport-alerts"))
