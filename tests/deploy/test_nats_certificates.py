"""The certificates that the page's own commands make are good for what each is for, and no more."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from tests.support import real_parts
from tests.support.certificates import END, Authority
from tests.support.exchange_cluster import ROOT, Node, exchange_cluster, write_plain_node

PAGE = ROOT / "deploy/nats/README.md"
OFFICE = "jember"
pytestmark = pytest.mark.real("openssl")


def make(folder: Path) -> None:
    """Run the page's commands there; what is not as they have it is that loopback is named too."""
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    here = re.sub(r'"(DNS:exchange-\$n[^"]*)"', r'"\1,IP:127.0.0.1"', block)
    assert here.count("IP:127.0.0.1") == 2
    subprocess.run(("/bin/sh", "-e"), input=here, text=True, cwd=folder, timeout=60, check=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make(folder)
    return folder


def passes(folder: Path, authority: str, name: str, purpose: str) -> bool:
    (openssl,) = real_parts.command_of("openssl")
    line = (openssl, "verify", "-x509_strict", "-purpose", purpose)
    files = ("-CAfile", f"{authority}.pem", f"{name}.crt")
    said = subprocess.run((*line, *files), cwd=folder, capture_output=True, timeout=10, check=False)
    return said.returncode == 0


@pytest.mark.parametrize(
    ("authority", "name", "good_for"),
    [
        ("offices", "server-1", {"sslserver"}),
        ("offices", OFFICE, {"sslclient"}),
        ("offices", "keeper", {"sslclient"}),
        ("servers", "route-3", {"sslserver", "sslclient"}),
    ],
)
def test_each_is_good_for_what_it_is_for_and_of_one_authority(
    made: Path, authority: str, name: str, good_for: set[str]
):
    (other,) = {"offices", "servers"} - {authority}
    purposes = ("sslserver", "sslclient")
    assert {each for each in purposes if passes(made, authority, name, each)} == good_for
    assert not any(passes(made, other, name, each) for each in purposes)


def test_nobody_else_reads_a_key(made: Path):
    keys = list(made.glob("*.key"))
    assert len(keys) == 10
    assert {each.stat().st_mode & 0o077 for each in keys} == {0}


class OfThePage(Authority):
    """An authority whose certificates are all made already, by the page's commands."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.file = folder / f"{name}.pem"
        if not self.file.exists():
            make(folder)

    def sign(self, name: str, *, host: str | None = None, end: datetime = END) -> tuple[Path, Path]:
        del host, end  # As the page has it.
        return self._folder / f"{name}.crt", self._folder / f"{name}.key"


def write_node(node: Node, nodes: list[Node], certificates: Path) -> None:
    """Carry to each server its own files, under the names that node.conf.example has for them."""
    own = node.folder / "tls"
    own.mkdir()
    for kind in ("server", "route"):
        for end in ("crt", "key"):
            made = certificates / f"{kind}-{nodes.index(node) + 1}.{end}"
            shutil.copy(made, own / f"{kind}.{end}")
    for authority in ("offices", "servers"):
        shutil.copy(certificates / f"{authority}.pem", own)
    write_plain_node(node, nodes, own)


@pytest.mark.real("nats-server")
def test_three_servers_the_keeper_and_an_office_take_each_other_for_who_they_are(tmp_path: Path):
    with exchange_cluster(tmp_path, write_node, OfThePage) as cluster:
        said = cluster.doctor(OFFICE)
    assert (said.returncode, said.stdout.count("is good until")) == (0, 2), said.stdout
