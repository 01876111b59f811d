"""Containers of the image as the compose file asks for them, run by crun: process 1, no root.

They share one network, in which there is nothing but loopback; so each port is had once.
"""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.image.building import FOLDER, ROOT, run

COMPOSE_FOLDER = ROOT / "deploy/compose"
NAMESPACES = ("pid", "ipc", "uts", "mount")
PATIENCE_S = 30.0
"""What a cluster grants between asking and killing."""

Service = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The image, laid out for running."""

    root: Path
    settings: dict[str, Any]
    """Its user, environment, entrypoint and labels, as OCI writes them."""
    hosts: Path
    """The names of the other containers, for /etc/hosts."""


def specification(image: Image, service: Service, secrets: dict[str, Any]) -> dict[str, Any]:
    """What crun is told, of what the image and the compose file say."""
    user, group = image.settings["User"].split(":")
    return {
        "ociVersion": "1.0.0",
        "process": {
            "user": {"uid": int(user), "gid": int(group)},
            "args": [*image.settings["Entrypoint"], *service["command"]],
            "env": image.settings["Env"],
            "cwd": image.settings["WorkingDir"],
            "capabilities": {},
            "noNewPrivileges": "no-new-privileges:true" in service["security_opt"],
        },
        "root": {"path": str(image.root), "readonly": service["read_only"]},
        "mounts": [
            *_of_the_system(),
            *_of_the_service(service, secrets),
            _bind(image.hosts, "/etc/hosts"),
        ],
        "linux": {"namespaces": [{"type": each} for each in NAMESPACES]},
    }


def _of_the_system() -> list[dict[str, Any]]:
    return [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {**_memory("/dev", "mode=755"), "options": ["nosuid", "noexec", "mode=755"]},
    ]


def _of_the_service(service: Service, secrets: dict[str, Any]) -> list[dict[str, Any]]:
    places = [each.partition(":") for each in service.get("tmpfs", ())]
    volumes = [each.split(":") for each in service.get("volumes", ())]
    return [
        *(_memory(place, options) for place, _, options in places),
        *(_bind(COMPOSE_FOLDER / source, target) for source, target, _ in volumes),
        *(
            _bind(COMPOSE_FOLDER / secrets[name]["file"], f"/run/secrets/{name}")
            for name in service.get("secrets", ())
        ),
    ]


def _memory(place: str, options: str) -> dict[str, Any]:
    rights = ["nosuid", "nodev", options]
    return {"destination": place, "type": "tmpfs", "source": "tmpfs", "options": rights}


def _bind(source: Path, target: str) -> dict[str, Any]:
    rights = ["bind", "ro", "nosuid", "nodev"]
    return {"destination": target, "type": "bind", "source": str(source), "options": rights}


CRUN = ("crun", "--root", str(FOLDER / "crun"), "--cgroup-manager", "disabled")


class Container:
    """One container, started. It ends with this process, whatever becomes of that."""

    def __init__(self, name: str, asked: dict[str, Any]) -> None:
        self.name = name
        user = asked["process"]["user"]
        self._inside = ["exec", "--user", f"{user['uid']}:{user['gid']}", "--no-new-privs", name]
        bundle = FOLDER / "bundles" / name
        bundle.mkdir(parents=True, exist_ok=True)
        (bundle / "config.json").write_text(json.dumps(asked))
        self._log = bundle / "log"
        with self._log.open("wb") as log:
            self._crun = subprocess.Popen(
                [*CRUN, "run", "--bundle", str(bundle), name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def printed(self) -> str:
        """All that it printed."""
        return self._log.read_text("utf-8", "replace")

    def must_run(self) -> None:
        """Raises :class:`RuntimeError` with all that it printed, if it has ended."""
        if self._crun.poll() is not None:
            raise RuntimeError(f"{self.name} has ended: {self.printed}")

    def ended(self) -> int:
        """Its exit code, waited for. Raises :class:`subprocess.TimeoutExpired`."""
        return self._crun.wait(PATIENCE_S)

    def asked_to(self, signal_: signal.Signals) -> None:
        run(*CRUN, "kill", self.name, signal_.name)

    def told(self, *words: str) -> str:
        """What a program prints that runs inside, with the rights of the container."""
        return run(*CRUN, *self._inside, *words)

    def well(self, service: Service) -> bool:
        """Whether the compose file's own check of it is content."""
        _, *words = service["healthcheck"]["test"]
        asking = [*CRUN, *self._inside, *words]
        return subprocess.run(asking, capture_output=True, check=False).returncode == 0
