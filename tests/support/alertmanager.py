"""Starts a real Alertmanager that tells a web server of ours what it would tell people."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import real_parts

START_TIMEOUT_S = 20.0

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
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    line = [
        *real_parts.command_of("alertmanager"),
        f"--config.file={configuration}",
        f"--storage.path={folder / 'store'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with (folder / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(line, stdout=log, stderr=log)
    try:
        found = Alertmanager(f"http://127.0.0.1:{port}")
        _wait_for(process, found.url)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(process: subprocess.Popen[bytes], url: str) -> None:
    deadline_s = time.perf_counter() + START_TIMEOUT_S
    while time.perf_counter() < deadline_s and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/-/ready", timeout=5).close()  # noqa: S310
        except OSError:
            time.sleep(0.05)  # a real program takes its time to start
        else:
            return
    raise RuntimeError("the Alertmanager did not start")
