"""Three real nats-servers on loopback, each from the configuration that production has.

Only what a node has of its own is given: names, ports, the store's folder, where certificates lie.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_streams import BRANCH_ACCOUNT_API, OWN_ACCOUNT_API
from agent.adapters.tls_contexts import Trust
from agent.commands.exchange_files import KEEPER, seed_file
from tests.support import real_parts
from tests.support.certificates import Authority
from tests.support.real_process import free_ports

ROOT = Path(__file__).parents[2]
NATION = ROOT / "agent/simulation/nation.yaml"
EXAMPLE = ROOT / "deploy/examples/jember.yaml"
PLAIN = ROOT / "deploy/nats/nats.conf"
HEALTHY_WITHIN_S = 30.0
ENDED_WITHIN_S = 45.0
"""The lame duck's half a minute, and some."""
_LOOK_EVERY_S = 0.05
_ANSWER_WITHIN_S = 2.0


Said = subprocess.CompletedProcess[str]


def pantau(*words: str | Path) -> Said:
    """``pantau`` as a person runs it, with the credentials of the example in its environment."""
    line = (sys.executable, "-m", "agent", *map(str, words))
    names = ("SIMKIM_PASSWORD", "SIMPONI_KEY", "DUKCAPIL_KEY", "MPASPOR_PASSWORD")
    environment = {**os.environ, **dict.fromkeys(names, "kenari")}
    return subprocess.run(
        line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env=environment
    )


class Node:
    """One of the three, in a folder of its own."""

    def __init__(self, name: str, folder: Path, ports: list[int]) -> None:
        self.name = name
        self.folder = folder
        self.offices_port, self.servers_port, self.watched_port = ports
        self.config = folder / "nats.conf"
        self.accounts = folder / "accounts.conf"
        self.log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"tls://127.0.0.1:{self.offices_port}"

    @property
    def route(self) -> str:
        return f"tls://127.0.0.1:{self.servers_port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        (binary,) = real_parts.command_of("nats-server")
        with self.log.open("ab") as log:
            line = (binary, "--config", str(self.config))
            self._process = subprocess.Popen(line, stdout=log, stderr=log)

    def signal(self, name: str) -> None:
        """As the service and a person do it: ``nats-server --signal reload=PID``."""
        (binary,) = real_parts.command_of("nats-server")
        subprocess.run((binary, "--signal", f"{name}={self.pid}"), timeout=10, check=True)

    def wait_until_ended(self) -> None:
        assert self._process is not None
        self._process.wait(ENDED_WITHIN_S)

    def kill(self) -> None:
        if self.runs:
            os.kill(self.pid, signal.SIGKILL)
            self.wait_until_ended()

    def asked(self, path: str) -> dict[str, Any]:
        """What its monitoring says; OSError while it does not, or says that it is not well."""
        address = f"http://127.0.0.1:{self.watched_port}/{path}"
        with urllib.request.urlopen(address, timeout=_ANSWER_WITHIN_S) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def healthy(self) -> bool:
        """Up, and every record that it keeps is as new as the others'."""
        try:
            return bool(self.asked("healthz")["status"] == "ok")
        except OSError:
            assert self.runs, self.log.read_text()[-3_000:]
            return False


class ExchangeCluster:
    """Three nodes, their authorities, and what ``pantau exchange init`` wrote for 145 offices."""

    def __init__(
        self,
        folder: Path,
        write_node: Callable[[Node, list[Node], Path], None],
        authority: Callable[[Path, str], Authority],
    ) -> None:
        """``write_node`` writes one node's configuration; certificates lie in the folder given."""
        self.folder = folder
        self.exchange = folder / "exchange"
        said = pantau("exchange", "init", "--nation", NATION, "--into", self.exchange)
        assert said.returncode == 0, said.stderr
        self.offices, self.servers = authority(folder, "offices"), authority(folder, "servers")
        ports = free_ports(9)
        self.nodes = [
            Node(f"exchange-{n}", folder / f"exchange-{n}", ports[3 * n : 3 * n + 3])
            for n in range(3)
        ]
        self.offices.sign("server")
        self.servers.sign("route")
        for node in self.nodes:
            node.folder.mkdir()
            shutil.copy(self.exchange / "accounts.conf", node.accounts)
            write_node(node, self.nodes, folder)

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(node.url for node in self.nodes)

    def trust(self, name: str, authority: Authority | None = None) -> Trust:
        """Who comes with a certificate of the offices' authority, or of another."""
        certificate, key = (authority or self.offices).sign(name)
        return Trust(
            ca_file=str(self.offices.file), client_certificate=str(certificate), client_key=str(key)
        )

    def settings(self, name: str, *nodes: Node) -> NatsSettings:
        """As an office, or the keeper, of all nodes or of some."""
        return NatsSettings(
            servers=tuple(node.url for node in nodes or self.nodes),
            tls=self.trust(name),
            nkey_seed_file=seed_file(self.exchange, name),
            api=OWN_ACCOUNT_API if name == KEEPER else BRANCH_ACCOUNT_API,
            replicas=3,
        )

    def init(self) -> Said:
        """Make the streams, as the keeper does."""
        trust = self.trust(KEEPER)
        return pantau(
            *("exchange", "init", "--nation", NATION, "--into", self.exchange),
            *("--servers", *self.urls, "--replicas", "3", "--ca-file", str(trust.ca_file)),
            *("--cert-file", str(trust.client_certificate), "--key-file", str(trust.client_key)),
        )

    def doctor(self, office: str) -> Said:
        """As the office of the example in deploy/examples, or another with the same targets."""
        written = yaml.safe_load(EXAMPLE.read_text("utf-8"))
        settings = self.settings(office)
        assert settings.tls is not None
        written |= {
            "branch": office,
            "nation": str(NATION),
            "probe_paths": [str(ROOT / "probes")],
            "exchange": {
                "servers": list(settings.servers),
                "replicas": settings.replicas,
                "nkey_seed_file": str(settings.nkey_seed_file),
                "tls": {
                    "ca_file": settings.tls.ca_file,
                    "cert_file": settings.tls.client_certificate,
                    "key_file": settings.tls.client_key,
                },
            },
        }
        file = self.folder / f"{office}.yaml"
        file.write_text(json.dumps(written))  # JSON is YAML.
        return pantau("exchange", "doctor", "--config", file)

    def wait_until_healthy(self) -> float:
        """Wait for every node that runs; returns after how many seconds."""
        running = [node for node in self.nodes if node.runs]
        begin_s = time.perf_counter()
        while not all(node.healthy() for node in running):
            assert time.perf_counter() - begin_s < HEALTHY_WITHIN_S, _logs(running)
            time.sleep(_LOOK_EVERY_S)
        return time.perf_counter() - begin_s


def _logs(nodes: list[Node]) -> str:
    return "\n".join(f"{node.name}: {node.log.read_text()[-2_000:]}" for node in nodes)


def write_plain_node(node: Node, nodes: list[Node], certificates: Path) -> None:
    """nats.conf as it is delivered, and node.conf as node.conf.example asks for it."""
    shutil.copy(PLAIN, node.folder)
    own = {
        "NAME": node.name,
        "OFFICES_AT": f"127.0.0.1:{node.offices_port}",
        "SERVERS_AT": f"127.0.0.1:{node.servers_port}",
        "WATCHED_AT": f"127.0.0.1:{node.watched_port}",
        "ROUTES": [each.route for each in nodes],
        "STORE": str(node.folder / "store"),
        "PID_FILE": str(node.folder / "nats.pid"),
        "CERTIFICATE": str(certificates / "server.crt"),
        "KEY": str(certificates / "server.key"),
        "AUTHORITY": str(certificates / "offices.pem"),
        "ROUTE_CERTIFICATE": str(certificates / "route.crt"),
        "ROUTE_KEY": str(certificates / "route.key"),
        "ROUTE_AUTHORITY": str(certificates / "servers.pem"),
    }
    lines = (f"{name}: {json.dumps(value)}" for name, value in own.items())
    (node.folder / "node.conf").write_text("\n".join(lines) + "\n")


@contextmanager
def exchange_cluster(
    folder: Path,
    write_node: Callable[[Node, list[Node], Path], None] = write_plain_node,
    authority: Callable[[Path, str], Authority] = Authority,
) -> Iterator[ExchangeCluster]:
    """A cluster that runs until the block ends, with its streams on all three nodes."""
    cluster = ExchangeCluster(folder, write_node, authority)
    try:
        for node in cluster.nodes:
            node.start()
        cluster.wait_until_healthy()
        made = cluster.init()
        assert made.returncode == 0, made.stdout + made.stderr
        cluster.wait_until_healthy()
        yield cluster
    finally:
        for node in cluster.nodes:
            node.kill()
