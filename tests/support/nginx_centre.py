"""A centre behind a real nginx: one door for each kind of certificate, the same paths at all.

What it answers is invented; how it answers is nginx's own.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.support.certificates import Authority
from tests.support.real_process import free_ports
from tests.support.web_server import nginx

PASSWORD = "kenari-sandi-nginx-5c1e"
_LONG_AGO = datetime(2021, 1, 1, tzinfo=UTC)

_PATHS = """\
        location = /sehat { return 200 '{"status": "sehat", "kanim": "$ssl_client_s_dn"}'; }
        location /berkas/ { gzip_static always; gunzip off; }
        location = /lambat { limit_rate 40; try_files /panjang.json =404; }
        location = /pindah { return 302 http://169.254.169.254/latest; }
        location = /mati { proxy_pass http://127.0.0.1:DEAD; }
        location = /tutup { keepalive_timeout 0; return 200 '{"status": "sehat"}'; }
        location = /sebentar { keepalive_timeout 100ms; return 200 '{"status": "sehat"}'; }
        location = /masuk {
            auth_basic "pusat";
            auth_basic_user_file USERS;
            try_files /sehat.json =404;
        }
        location = /token {
            auth_basic "pusat";
            auth_basic_user_file USERS;
            proxy_pass http://127.0.0.1:PLAIN/isi-token;
        }
        location = /isi-token { return 200 '{"access_token": "t-1", "expires_in": 3600}'; }
        location = /bertoken {
            if ($http_authorization != "Bearer t-1") { return 401; }
            return 200 '{"status": "sehat"}';
        }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NginxCentre:
    """The addresses of its doors."""

    authority: Authority
    log: Path
    """A line for each request, as nginx writes it."""
    plain: str
    tls: str
    """With a certificate for ``localhost``, of ``authority``."""
    expired: str
    elsewhere: str
    """With the certificate of another host."""
    officers: str
    """For those who bring a certificate of ``authority``."""


@contextmanager
def nginx_centre(folder: Path) -> Iterator[NginxCentre]:
    """One that runs until the block ends."""
    authority = Authority(folder)
    good = authority.sign("good", host="localhost")
    ports = free_ports(6)
    files = {
        "tls": good,
        "expired": authority.sign("expired", host="localhost", end=_LONG_AGO),
        "elsewhere": authority.sign("elsewhere", host="lain.example"),
        "officers": good,
    }
    paths = _PATHS.replace("DEAD", str(ports[5])).replace("USERS", str(folder / "users"))
    paths = paths.replace("PLAIN", str(ports[0]))
    _write_content(folder)
    servers = [_server(folder, f"127.0.0.1:{ports[0]}", paths)]
    for port, (door, (certificate, key)) in zip(ports[1:], files.items(), strict=False):
        more = f"ssl_certificate {certificate}; ssl_certificate_key {key};"
        if door == "officers":
            more += f" ssl_client_certificate {authority.file}; ssl_verify_client on;"
        servers.append(_server(folder, f"127.0.0.1:{port} ssl", more + "\n" + paths))
    with nginx(folder, "\n".join(servers), ports[0]):
        yield NginxCentre(
            authority=authority,
            log=folder / "access.log",
            plain=f"http://localhost:{ports[0]}",
            **{
                door: f"https://localhost:{port}"
                for door, port in zip(files, ports[1:], strict=False)
            },
        )


def _write_content(folder: Path) -> None:
    content = folder / "isi"
    (content / "berkas").mkdir(parents=True)
    (content / "sehat.json").write_text('{"status": "sehat"}')
    (content / "panjang.json").write_text(json.dumps({"status": "x" * 2000}))
    (content / "berkas" / "sehat.json.gz").write_bytes(gzip.compress(b'{"status": "sehat"}'))
    (content / "berkas" / "bom.json.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    (folder / "users").write_text(f"pantau:{{PLAIN}}{PASSWORD}\n")


def _server(folder: Path, listen: str, body: str) -> str:
    return f"    server {{\n        listen {listen};\n        root {folder}/isi;\n{body}    }}"
