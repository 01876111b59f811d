"""The files of real offices for tests that run the real program: nation.yaml and branch.yaml.

Every secret field that an office may have is filled, each with a word that nothing else contains,
so that a test can look for it wherever the program writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.core.model import Branch
from agent.simulation.line import OfficeLine
from agent.simulation.scenario import SERVICES

PROBES = Path(__file__).parents[2] / "probes"
PASSWORD = "kenari-kata-sandi-4f1c"
API_KEY = "kenari-kunci-api-77ab"
RELOAD_TOKEN = "kenari-muat-ulang-0d3e"
MESSAGE_KEY = "kenari-kunci-pesan-5be2a0c19f7d4486"
ADDRESS_KEY = "kenari-alamat-penerima-91cd"
WEBHOOK_SECRET = "kenari-rahasia-webhook-27fa03be6618"
CANARIES = (PASSWORD, API_KEY, RELOAD_TOKEN, MESSAGE_KEY, ADDRESS_KEY, WEBHOOK_SECRET)
CREDENTIALS = {"credential_id": "satu", "username": "pantau", "password": PASSWORD, "key": API_KEY}
ROLES = ("simkim", "dukcapil", "mpaspor", "simponi", "status")


def write_nation(
    file: Path, offices: Sequence[Branch], *, base_runs_per_s: float, tuning: Mapping[str, Any]
) -> None:
    """One journey at the counter, all services of the simulated centre, every office a hub."""
    nation = {
        "revision": 1,
        "roster": [
            {
                "id": office.id,
                "name": office.name,
                "province": office.province,
                "island": office.island,
                "zone": office.zone,
                "hub": True,
            }
            for office in offices
        ],
        "services": [{"id": each, "name": {"id": each, "en": each}} for each in SERVICES],
        "journeys": [{"name": "officer-application", "base_runs_per_s": base_runs_per_s}],
        "targets": {role: {"ceiling_requests_per_s": 50.0} for role in ROLES},
        "tuning": dict(tuning),
        "slack": {"main": "passport-alerts"},
    }
    file.write_text(json.dumps(nation))  # JSON is YAML.


def write_branch(
    folder: Path,
    office: str,
    *,
    urls: Mapping[str, str],
    line: OfficeLine,
    exchange: Mapping[str, Any] | None = None,
    slack: Mapping[str, Any] | None = None,
    **more: Any,  # noqa: ANN401 - whatever else branch.yaml holds
) -> Path:
    """branch.yaml of ``office`` beside nation.yaml; the targets are those of a simulated centre."""
    folder.mkdir(exist_ok=True)
    (folder / "password").write_text(PASSWORD + "\n")
    (folder / "message-key").write_text(MESSAGE_KEY + "\n")
    credentials = {key: value for key, value in CREDENTIALS.items() if key != "password"}
    branch = {
        "branch": office,
        "nation": "../nation.yaml",
        "probe_paths": [str(PROBES)],
        "contact": "noc@example.invalid",
        "targets": {
            role: {
                "url": urls["simkim.login"],
                "services": dict(urls),
                "credentials": {**credentials, "password_file": "password"},
            }
            for role in ROLES
        },
        "controls": {
            "gateway": {"name": "gateway", "tcp": _address(line.gateway)},
            "resolver": {"name": "resolver", "dns": f"example.invalid@{_address(line.resolver)}"},
            "networks": [
                {"name": f"network-{number}", "tcp": _address(address)}
                for number, address in enumerate(line.networks, 1)
            ],
        },
        "exchange": exchange or {"kind": "memory"},
        "slack": slack or {"bot_token": "xoxb-none", "message_key_file": "message-key"},
        "listeners": {
            "public": {"host": "127.0.0.1", "port": 0},
            "operations": {"host": "127.0.0.1", "port": 0, "reload_token": RELOAD_TOKEN},
        },
        **more,
    }
    file = folder / "branch.yaml"
    file.write_text(json.dumps(branch))
    return file


def receivers_at(url: str) -> list[dict[str, Any]]:
    """One receiver of each kind, all on one server and each with a secret in its address."""
    return [
        {"kind": "alertmanager", "url": f"{url}/{ADDRESS_KEY}/alerts"},
        {"kind": "webhook", "url": f"{url}/{ADDRESS_KEY}/hook", "secret": WEBHOOK_SECRET},
        {"kind": "deadman", "url": f"{url}/{ADDRESS_KEY}/switch", "every_s": 10.0},
    ]


def _address(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"
