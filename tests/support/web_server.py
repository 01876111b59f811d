"""Starts real web servers on loopback: nginx, tinyproxy on the way to it, and Prism.

nginx runs as one process in the foreground, as whoever runs the test, and writes only where
it is told to.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import real_parts

START_TIMEOUT_S = 10.0

_WHOLE = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/json;
    keepalive_timeout 5s;
{servers}
}}
"""

_PROXY = """\
Listen 127.0.0.1
Port {port}
Allow 127.0.0.1
Timeout 10
LogLevel Connect
LogFile "{folder}/proxy.log"
{more}
"""


def free_ports(number: int) -> list[int]:
    """Ports of this machine that nobody has, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def nginx(folder: Path, servers: str, port: int) -> Iterator[None]:
    """An nginx with these ``server`` blocks, one of them on ``port``; gone afterwards."""
    configuration = folder / "nginx.conf"
    configuration.write_text(_WHOLE.format(folder=folder, servers=servers))
    line = [*real_parts.command_of("nginx"), "-p", str(folder), "-c", str(configuration)]
    with _running([*line, "-e", str(folder / "error.log")], folder / "nginx.out", port):
        yield


@contextmanager
def tinyproxy(folder: Path, *more: str) -> Iterator[str]:
    """The address of an HTTP proxy with these further settings, gone afterwards."""
    (port,) = free_ports(1)
    configuration = folder / "tinyproxy.conf"
    configuration.write_text(_PROXY.format(folder=folder, port=port, more="\n".join(more)))
    line = [*real_parts.command_of("tinyproxy"), "-d", "-c", str(configuration)]
    with _running(line, folder / "tinyproxy.out", port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def prism(folder: Path, description: Path) -> Iterator[str]:
    """The address of a Prism that answers as an OpenAPI document says, gone afterwards."""
    (port,) = free_ports(1)
    line = [*real_parts.command_of("prism"), "mock", "--host", "127.0.0.1", "--port", str(port)]
    with _running([*line, str(description)], folder / "prism.out", port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(line: list[str], log: Path, port: int) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _wait_for(process, port, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline_s = time.perf_counter() + START_TIMEOUT_S
    while time.perf_counter() < deadline_s and process.poll() is None:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)  # A real program takes its time to start.
    raise RuntimeError(f"{process.args!r} did not start: {log.read_text()}")
