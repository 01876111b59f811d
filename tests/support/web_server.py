"""Starts real web servers on loopback: nginx, tinyproxy on the way to it, and Prism.

nginx runs as one process in the foreground, as whoever runs the test, and writes only where
it is told to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.support import real_parts, real_process

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


@contextmanager
def nginx(folder: Path, servers: str, port: int) -> Iterator[None]:
    """An nginx with these ``server`` blocks, one of them on ``port``; gone afterwards."""
    configuration = folder / "nginx.conf"
    configuration.write_text(_WHOLE.format(folder=folder, servers=servers))
    line = [*real_parts.command_of("nginx"), "-p", str(folder), "-c", str(configuration)]
    line += ["-e", str(folder / "error.log")]
    with real_process.running(line, partial(real_process.knock, port), folder / "nginx.out"):
        yield


@contextmanager
def tinyproxy(folder: Path, *more: str) -> Iterator[str]:
    """The address of an HTTP proxy with these further settings, gone afterwards."""
    (port,) = real_process.free_ports(1)
    configuration = folder / "tinyproxy.conf"
    configuration.write_text(_PROXY.format(folder=folder, port=port, more="\n".join(more)))
    line = [*real_parts.command_of("tinyproxy"), "-d", "-c", str(configuration)]
    with real_process.running(line, partial(real_process.knock, port), folder / "tinyproxy.out"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def prism(folder: Path, description: Path) -> Iterator[str]:
    """The address of a Prism that answers as an OpenAPI document says, gone afterwards."""
    (port,) = real_process.free_ports(1)
    line = [*real_parts.command_of("prism"), "mock", "--host", "127.0.0.1", "--port", str(port)]
    line.append(str(description))
    with real_process.running(line, partial(real_process.knock, port), folder / "prism.out"):
        yield f"http://127.0.0.1:{port}"
