"""The real parts start, each in the way that the tests of the adapters rely on."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support import real_parts, real_process


@pytest.mark.parametrize(
    "part",
    [
        pytest.param("nats-server", marks=pytest.mark.real("nats-server")),
        pytest.param("prometheus", marks=pytest.mark.real("prometheus")),
        pytest.param("promtool", marks=pytest.mark.real("promtool")),
        pytest.param("alertmanager", marks=pytest.mark.real("alertmanager")),
        pytest.param("amtool", marks=pytest.mark.real("amtool")),
        pytest.param("slack-emulator", marks=pytest.mark.real("slack-emulator")),
        pytest.param("prism", marks=pytest.mark.real("prism")),
        pytest.param("nginx", marks=pytest.mark.real("nginx")),
        pytest.param("openssl", marks=pytest.mark.real("openssl")),
        pytest.param("tinyproxy", marks=pytest.mark.real("tinyproxy")),
    ],
)
def test_tells_its_version(part: str) -> None:
    asked = {"nginx": "-v", "openssl": "version", "tinyproxy": "-v"}.get(part, "--version")
    line = [*real_parts.command_of(part), asked]
    assert subprocess.run(line, capture_output=True, timeout=20, check=False).returncode == 0


@pytest.mark.real("uv")
def test_uv_with_an_empty_cache_counts_as_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    found = real_parts.FINDERS["uv"]()
    assert isinstance(found, real_parts.Missing)
    assert "make clean setup" in found.why


@pytest.mark.real("slack-emulator")
def test_the_slack_emulator_knows_the_tokens_of_its_seed(slack: str) -> None:
    who = _call(slack, "auth.test", "xoxb-pantau-test")
    assert (who["ok"], who["user"]) == (True, "pantau")

    posted = _call(slack, "chat.postMessage", "xoxb-pantau-test")
    assert posted["ok"]
    assert str(posted["channel"]).startswith("C")

    assert _call(slack, "chat.postMessage", "xoxb-reads-only")["error"] == "missing_scope"
    assert _call(slack, "chat.postMessage", "xoxb-never-given")["error"] == "missing_scope"


@pytest.fixture
def slack() -> Iterator[str]:
    """The base of a running emulator's API."""
    (port,) = real_process.free_ports(1)
    line = [
        *real_parts.command_of("slack-emulator"),
        *("start", "--service", "slack", "--port", str(port)),
        *("--seed", str(real_parts.NODE_FOLDER / "slack.seed.yaml")),
    ]
    with real_process.running(line, partial(real_process.knock, port)):
        yield f"http://127.0.0.1:{port}/api"


def _call(base: str, method: str, token: str) -> dict[str, object]:
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{base}/{method}",
        data=b"channel=passport-alerts&text=hello",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310 - as above
        answer: dict[str, object] = json.load(reply)
    return answer
