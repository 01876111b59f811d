"""The compose file holds together: nobody starts it here, so its shape is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.commands.load_report import report
from agent.config.loading import load
from agent.simulation.scenario import SERVICES
from tests.support.chart import strict

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/compose"
PROVISIONING = ROOT / "deploy/grafana/provisioning"
OFFICES = ("jember", "medan", "ambon")
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
RUNNING: dict[str, dict[str, Any]] = COMPOSE["services"]


def office(name: str, text: str = "") -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(text or (FOLDER / f"{name}.yaml").read_text("utf-8"))
    return read


def provisioned(file: str) -> dict[str, Any]:
    (document,) = strict((PROVISIONING / file).read_text("utf-8"))
    assert document["apiVersion"] == 1
    found: dict[str, Any] = document
    return found


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.name)
def test_no_key_stands_twice(file: Path):
    strict(file.read_text("utf-8"))


@pytest.mark.parametrize("name", RUNNING)
def test_each_container_is_confined_and_looked_at(name: str):
    service = RUNNING[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["image"].startswith("${")
    assert ":-" in service["image"]
    assert set(service.get("depends_on", ())) <= set(RUNNING)
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])


def test_what_is_mounted_exists_and_cannot_be_written():
    volumes = [each.split(":") for each in RUNNING.values() for each in each.get("volumes", ())]
    assert all((FOLDER / source).exists() for source, _, _ in volumes)
    assert {how for _, _, how in volumes} == {"ro"}
    assert all((FOLDER / each["file"]).is_file() for each in COMPOSE["secrets"].values())


def test_ports_are_open_to_this_machine_alone_and_do_not_clash():
    ports = [port.split(":") for each in RUNNING.values() for port in each.get("ports", ())]
    assert {host for host, _, _ in ports} == {"127.0.0.1"}
    assert len({port for _, port, _ in ports}) == len(ports)


@pytest.mark.parametrize("name", OFFICES)
def test_the_program_takes_each_office(name: str, tmp_path: Path):
    text = (FOLDER / f"{name}.yaml").read_text("utf-8")
    for here, there in (
        ("/run/secrets", str(FOLDER / "secrets")),
        ("nation: ", f"nation: {FOLDER}/"),
        ("../../probes", str(ROOT / "probes")),
    ):
        text = text.replace(here, there)
    (tmp_path / "branch.yaml").write_text(text)
    found = report(load(tmp_path / "branch.yaml"))
    assert (found.offices, found.hub) == (len(OFFICES), name == "medan")


@pytest.mark.parametrize("name", OFFICES)
def test_each_office_asks_the_centre_where_its_own_ports_are(name: str):
    command = RUNNING["centre"]["command"]
    assert command[command.index("--offices") + 1] == ",".join(OFFICES)
    first = int(command[command.index("--port") + 1]) + OFFICES.index(name) * len(SERVICES)
    for target in office(name)["targets"].values():
        for service, url in target["services"].items():
            assert url == f"http://centre:{first + SERVICES.index(service)}"


def test_grafana_finds_its_dashboards_prometheus_and_password_where_they_are_mounted():
    grafana = RUNNING["grafana"]
    mounted = {here: there for here, there, _ in (v.split(":") for v in grafana["volumes"])}
    (files,) = provisioned("dashboards/pantau.yaml")["providers"]
    assert mounted["../grafana/dashboards"] == files["options"]["path"]
    assert (files["type"], files["allowUiUpdates"]) == ("file", False)
    assert mounted["../grafana/provisioning"] == "/etc/grafana/provisioning"
    (source,) = provisioned("datasources/prometheus.yaml")["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "${PROMETHEUS_URL}")
    settings = grafana["environment"]
    assert settings["PROMETHEUS_URL"] == "http://prometheus:9090"
    (secret,) = grafana["secrets"]
    assert settings["GF_SECURITY_ADMIN_PASSWORD__FILE"] == f"/run/secrets/{secret}"


def test_prometheus_scrapes_every_office_under_the_rules_that_are_mounted():
    scraped = office("prometheus")
    (job,) = scraped["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"{each}:9090" for each in OFFICES]}]
    mounted = [each.split(":")[1] for each in RUNNING["prometheus"]["volumes"]]
    assert all(f"/etc/prometheus/{file}" in mounted for file in scraped["rule_files"])
