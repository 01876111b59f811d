"""Tries the built image the way a cluster runs it, beside its own centre and a NATS server.

Runs where nothing is but loopback, and where every mount and process ends with it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

import agent
from deploy.image.building import FOLDER, NAME, buildah, revision, run
from deploy.image.containers import (
    COMPOSE_FOLDER,
    PATIENCE_S,
    Container,
    Image,
    Service,
    specification,
)

COMPOSE = yaml.safe_load((COMPOSE_FOLDER / "compose.yaml").read_text("utf-8"))
OFFICE = "jember"
CENTRE_PORTS = range(8100, 8200)
OPERATIONS = "http://127.0.0.1:9090"
UNWANTED_PROGRAM = re.compile(r"pip[\d.]*|easy_install.*|gcc.*|g\+\+.*|cc|c\+\+|clang.*|make|git")
UNWANTED_FOLDER = re.compile(r".*/(\.git|(pip|setuptools)(-.*)?|site-packages/(tests|deploy))")
POLL_S = 0.02
INTERFACE_FLAGS, SET_INTERFACE_FLAGS, UP = "16sh", 0x8914, 0x1


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    what: str
    found: str
    well: bool


def trial() -> tuple[list[Check], float]:
    """Every check, and the seconds from starting an office to its first metrics."""
    _only_loopback()
    _one_kind_of_cgroup()
    with _laid_out() as image, _exchange():
        centre = _started("centre", image)
        _wait(lambda: centre.well(_service("centre")), "the centre answers", centre)
        checks = [_labels(image), _contents(image.root), _version(image), *_configurations(image)]
        office = _started(OFFICE, image)
        metrics_s = _seconds_until("/metrics", office)
        ready_s = _seconds_until("/-/ready", office)
        checks += [
            Check(
                "an office shows metrics, and is ready",
                f"after {metrics_s:.1f} s, {metrics_s + ready_s:.1f} s",
                well=True,
            ),
            Check("compose's own check of it", "content", office.well(_service(OFFICE))),
            _rights(office),
            _writable(office),
            _ends(office, "asked to end"),
            _ends_while_probing(image, centre),
            _ends(centre, "the centre, asked to end"),
        ]
    return checks, metrics_s


def _only_loopback() -> None:
    """Switch on the network of this process, which consists of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_INTERFACE_FLAGS, struct.pack(INTERFACE_FLAGS, b"lo", UP))


def _one_kind_of_cgroup() -> None:
    """Debian's crun refuses a machine with both generations, even if it is to use none."""
    run("mount", "-t", "cgroup2", "none", "/sys/fs/cgroup")


@contextmanager
def _laid_out() -> Iterator[Image]:
    """The image's files, and what it says of itself."""
    container = buildah("from", "--pull-never", NAME)
    try:
        settings = json.loads(buildah("inspect", container))["OCIv1"]["config"]
        hosts = FOLDER / "hosts"
        hosts.write_text(f"127.0.0.1 localhost {' '.join(COMPOSE['services'])}\n")
        yield Image(root=Path(buildah("mount", container)), settings=settings, hosts=hosts)
    finally:
        buildah("rm", container)


@contextmanager
def _exchange() -> Iterator[None]:
    """A real nats-server in the place of compose's, whose image is not ours to try."""
    server = Path(sysconfig.get_path("scripts")) / "nats-server"
    words = ["-a", "127.0.0.1", "-js", "-sd", str(FOLDER / "nats"), "-m", "8222"]
    with (FOLDER / "nats.log").open("wb") as log:
        process = subprocess.Popen([str(server), *words], stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _service(name: str) -> Service:
    asked: Service = COMPOSE["services"][name]
    return asked


def _started(name: str, image: Image, *words: str) -> Container:
    """A service of the compose file, or its image with other words."""
    service = _service(name)
    asked = {**service, "command": list(words) or service["command"]}
    called = "-".join([name, *words[:1]])
    return Container(called, specification(image, asked, COMPOSE["secrets"]))


def _wait(condition: Callable[[], bool], what: str, container: Container) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        container.must_run()
        if time.monotonic() > end:
            raise TimeoutError(f"not within {PATIENCE_S:.0f} s: {what}")
        time.sleep(POLL_S)


def _seconds_until(path: str, office: Container) -> float:
    """How long until the office answers there with 200."""
    begin = time.monotonic()
    _wait(lambda: _answers(path), f"{path} answers", office)
    return time.monotonic() - begin


def _answers(path: str) -> bool:
    try:
        with urllib.request.urlopen(OPERATIONS + path, timeout=PATIENCE_S):  # noqa: S310 - http
            return True
    except (urllib.error.URLError, OSError):
        return False


# ------------------------------------------------------------------------------------ what it is


def _labels(image: Image) -> Check:
    labels = image.settings["Labels"]
    found = [
        labels[f"org.opencontainers.image.{each}"] for each in ("title", "version", "revision")
    ]
    expected = ["pantau", agent.__version__, revision()]
    return Check("labels: title, version, commit", " ".join(found), found == expected)


def _contents(root: Path) -> Check:
    unwanted = sorted(_unwanted(root))
    what = "no installer, compiler, repository, tests or file that makes root"
    return Check(what, ", ".join(unwanted) or "none", not unwanted)


def _unwanted(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        for each in folders:
            if UNWANTED_FOLDER.fullmatch(place := f"/{(here / each).relative_to(root)}"):
                yield place
        for each in files:
            if _is_unwanted(here / each):
                yield f"/{(here / each).relative_to(root)}"


def _is_unwanted(file: Path) -> bool:
    if file.is_symlink() or not file.is_file():
        return False
    makes_root = bool(file.stat().st_mode & 0o6000)
    return makes_root or (file.parent.name == "bin" and bool(UNWANTED_PROGRAM.fullmatch(file.name)))


def _version(image: Image) -> Check:
    asked = _started("centre", image, "--version")
    code = asked.ended()
    found = asked.printed.strip()
    well = (code, found) == (0, f"pantau {agent.__version__}")
    return Check("its version is the program's", found, well)


def _configurations(image: Image) -> Iterator[Check]:
    for name, service in COMPOSE["services"].items():
        if service.get("command", [""])[0] == "run":
            config = service["command"][-1]
            office = _started(name, image, "validate", "--config", config)
            code = office.ended()
            yield Check(f"pantau validate of {name}", f"exit {code}", code == 0)


# ---------------------------------------------------------------------------------- how it runs

ASKED_INSIDE = """
import json, os
status = dict(line.split(":\\t") for line in open("/proc/1/status") if ":\\t" in line)
writable = []
for folder, folders, _ in os.walk("/"):
    folders[:] = [each for each in folders if os.path.join(folder, each) not in ("/proc", "/sys")]
    if os.access(folder, os.W_OK):
        writable.append(folder)
print(json.dumps({"status": status, "writable": writable}))
"""
"""Run inside, as the agent is: what process 1 may do, and which folders can be written."""
STATUS = {"Uid": "10001", "Gid": "10001", "CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1"}


def _inside(office: Container) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(office.told("python", "-c", ASKED_INSIDE))
    return found


def _rights(office: Container) -> Check:
    status = _inside(office)["status"]
    found = {key: " ".join(sorted(set(status[key].split()))) for key in STATUS}
    words = f"{status['Name'].strip()}, user {found['Uid']}, capabilities {found['CapBnd']}"
    return Check("process 1 is the agent, without rights", words, found == STATUS)


def _writable(office: Container) -> Check:
    found = _inside(office)["writable"]
    return Check("only these can be written", ", ".join(found), found == ["/tmp"])  # noqa: S108


def _ends(container: Container, what: str) -> Check:
    begin = time.monotonic()
    container.asked_to(signal.SIGTERM)
    code = container.ended()
    return Check(what, f"exit {code} after {time.monotonic() - begin:.1f} s", code == 0)


def _ends_while_probing(image: Image, centre: Container) -> Check:
    """The centre freezes, a probe waits for it, and the office is asked to end."""
    office = _started(OFFICE, image)
    _seconds_until("/metrics", office)
    centre.asked_to(signal.SIGSTOP)
    try:
        _wait(_probe_under_way, "a probe waits for the frozen centre", office)
        return _ends(office, "asked to end while a probe waits")
    finally:
        centre.asked_to(signal.SIGCONT)


def _probe_under_way() -> bool:
    """Whether there is a connection to one of the centre's ports: each run has its own."""
    established = "01"
    lines = [each.split() for each in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(
        fields[3] == established and int(fields[2][-4:], 16) in CENTRE_PORTS for fields in lines
    )


if __name__ == "__main__":
    os.umask(0o022)
    found, metrics_after_s = trial()
    json.dump(
        {"checks": [asdict(each) for each in found], "metrics_after_s": metrics_after_s}, sys.stdout
    )
