"""Starts a real program as a child, waits until it answers, and ends it."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0
NOWHERE = Path(os.devnull)
OURS = (20_000, 32_768)


def free_ports(number: int) -> list[int]:
    """Ports of this machine that nobody has, all different.

    Below those that the system gives to whoever connects: a test may end its server and start it
    at the same port again, and nobody's connection shall have taken it meanwhile.
    """
    ports: set[int] = set()
    while len(ports) < number:
        port = random.SystemRandom().randrange(*OURS)  # Two processes must not draw alike.
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        ports.add(port)
    return list(ports)


def knock(port: int) -> None:
    """Raises OSError while nobody listens there."""
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


def ask(url: str) -> None:
    """Raises OSError while the answer is not a good one."""
    urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own loopback address


@contextmanager
def running(
    line: Sequence[str], answers: Callable[[], object], log: Path = NOWHERE
) -> Iterator[None]:
    """The program of this command line, gone afterwards.

    ``answers`` raises OSError until the program is there. What it prints goes to ``log``.
    """
    with log.open("wb") as out:
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _wait_for(process, answers, log)
        yield
    finally:
        _end(process)


def _wait_for(process: subprocess.Popen[bytes], answers: Callable[[], object], log: Path) -> None:
    deadline_s = time.perf_counter() + START_TIMEOUT_S
    while time.perf_counter() < deadline_s and process.poll() is None:
        try:
            answers()
        except OSError:
            time.sleep(0.03)  # A real program takes its time to start.
        else:
            return
    raise RuntimeError(f"{process.args!r} did not start: {log.read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=STOP_TIMEOUT_S)
