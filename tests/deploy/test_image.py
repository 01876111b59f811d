"""The image's trial asks of crun what the compose file says, and says what it lacks or found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from deploy.image import __main__ as image_command
from deploy.image.building import DOCKERFILE, base_name
from deploy.image.containers import COMPOSE_FOLDER, Image, specification

COMPOSE = yaml.safe_load((COMPOSE_FOLDER / "compose.yaml").read_text("utf-8"))
SETTINGS = {
    "User": "10001:10001",
    "Entrypoint": ["pantau"],
    "Env": ["PATH=/opt/pantau/bin"],
    "WorkingDir": "/",
}


def office() -> dict[str, Any]:
    image = Image(root=Path("/root-of-it"), settings=SETTINGS, hosts=Path("/hosts"))
    return specification(image, COMPOSE["services"]["jember"], COMPOSE["secrets"])


def test_it_is_confined_as_the_compose_file_says():
    asked = office()
    assert asked["root"] == {"path": "/root-of-it", "readonly": True}
    assert asked["process"]["user"] == {"uid": 10001, "gid": 10001}
    assert asked["process"]["capabilities"] == {}
    assert asked["process"]["noNewPrivileges"] is True
    assert asked["process"]["args"][:2] == ["pantau", "run"]


def test_every_file_is_lent_for_reading_and_is_there():
    bound = [each for each in office()["mounts"] if each["type"] == "bind"]
    assert all("ro" in each["options"] for each in bound)
    lent = [Path(each["source"]) for each in bound if each["destination"] != "/etc/hosts"]
    assert len(lent) == 5
    assert all(each.exists() for each in lent)


def test_both_stages_have_one_base():
    assert base_name(DOCKERFILE.read_text()) == "python:3.11-slim-bookworm"


def test_what_is_missing_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.argv", ["make image"])
    assert image_command.main() == 2
    assert "no buildah (Debian's package buildah)" in capsys.readouterr().err


def test_a_pipe_gets_plain_lines_and_what_is_wrong_stands_out(capsys: pytest.CaptureFixture[str]):
    checks = [{"what": "labels", "found": "none", "well": False}]
    found = {"size_mb": 311, "base_mb": 237, "layers": 2, "checks": checks}
    with Path("/dev/null").open("w") as nothing:
        image_command.show(found, Console(file=nothing))
    assert capsys.readouterr().out.splitlines() == [
        "ok   size, unpacked: 311 MB, 74 of it above the base; 2 layers",
        "BAD  labels: none",
    ]
