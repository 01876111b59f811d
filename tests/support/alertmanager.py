"""Starts a real Alertmanager that tells a web server of ours what it would tell people."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.support import real_parts, real_process

DELIVERED = Path(__file__).parents[2] / "deploy" / "prometheus" / "alertmanager.yaml"
AT_ONCE: dict[str, Any] = {
    "route": {
        "receiver": "ours",
        "group_by": ["..."],
        "group_wait": "100ms",
        "group_interval": "200ms",
    },
    "receivers": [{"name": "ours", "webhook_configs": [{"url": "", "send_resolved": True}]}],
}
"""Everything is told to one receiver, each alert by itself."""


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """A running one; what is here blocks, for use in a thread."""

    url: str

    def alerts(self) -> list[dict[str, Any]]:
        """What fires now, as its API says."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=5) as answer:  # noqa: S310
            found: list[dict[str, Any]] = json.loads(answer.read())
            return found

    def take(self, alerts: Sequence[Mapping[str, str]]) -> None:
        """Alerts with these labels fire from now on."""
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self.url}/api/v2/alerts",
            data=json.dumps([{"labels": labels} for labels in alerts]).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - as above


def delivered() -> dict[str, Any]:
    """The routing that we deliver."""
    routing: dict[str, Any] = yaml.safe_load(DELIVERED.read_text("utf-8"))
    return routing


@contextmanager
def running(
    folder: Path, tells: str, routing: Mapping[str, Any] = AT_ONCE
) -> Iterator[Alertmanager]:
    """One with its store in ``folder``, gone afterwards.

    ``tells`` is the address of our server, where each receiver has a path of its own, its name.
    """
    configuration = folder / "alertmanager.yml"
    receivers = [_told_at(tells, each) for each in routing["receivers"]]
    configuration.write_text(json.dumps({**routing, "receivers": receivers}))  # JSON is YAML.
    (port,) = real_process.free_ports(1)
    line = [
        *real_parts.command_of("alertmanager"),
        f"--config.file={configuration}",
        f"--storage.path={folder / 'store'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    url = f"http://127.0.0.1:{port}"
    ready = partial(real_process.ask, f"{url}/-/ready")
    with real_process.running(line, ready, folder / "alertmanager.log"):
        yield Alertmanager(url)


def _told_at(tells: str, receiver: Mapping[str, Any]) -> dict[str, Any]:
    """A receiver whose addresses alone are others."""
    at = f"{tells}/{receiver['name']}"
    ours: dict[str, Any] = {"name": receiver["name"]}
    for kind, address in (("webhook_configs", "url"), ("slack_configs", "api_url")):
        if kind in receiver:
            ours[kind] = [
                _without(f"{address}_file", each) | {address: at} for each in receiver[kind]
            ]
    return ours


def _without(key: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != key}
