"""Starts a real Alertmanager that tells a web server of ours what it would tell people."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.support import real_parts, real_process

_CONFIGURATION = """\
route: {{receiver: ours, group_by: [...], group_wait: 100ms, group_interval: 200ms}}
receivers:
  - name: ours
    webhook_configs: [{{url: "{url}/", send_resolved: true}}]
"""


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """A running one; what is here blocks, for use in a thread."""

    url: str

    def alerts(self) -> list[dict[str, Any]]:
        """What fires now, as its API says."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=5) as answer:  # noqa: S310
            found: list[dict[str, Any]] = json.loads(answer.read())
            return found


@contextmanager
def running(folder: Path, tells: str) -> Iterator[Alertmanager]:
    """One with its store in ``folder``, gone afterwards; ``tells`` is the address of our server."""
    configuration = folder / "alertmanager.yml"
    configuration.write_text(_CONFIGURATION.format(url=tells))
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
