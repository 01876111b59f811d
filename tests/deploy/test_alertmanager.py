"""Every alert goes where its severity says, and what another alert says already is held back."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.support import alertmanager
from tests.support.alertmanager import DELIVERED, Alertmanager
from tests.support.real_parts import command_of

RULES = yaml.safe_load((DELIVERED.parent / "rules.yaml").read_text("utf-8"))
SEVERITIES = {
    rule["alert"]: rule["labels"]["severity"]
    for group in RULES["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
NOBODY = "http://127.0.0.1:9"
"""Nothing listens there."""
NATION = ["nation-pager", "nation-channel"]
OF_A_SERVICE = {
    "PantauNationalDegradation": NATION,
    "PantauRegionalDegradation": ["nation-channel"],
    "PantauContractChanged": ["nation-channel"],
}
BY_SEVERITY = {
    "critical": ["platform-pager", "platform-channel"],
    "warning": ["platform-channel"],
    "none": ["dead-mans-switch"],
}


def amtool(*arguments: str) -> str:
    run = subprocess.run(
        [*command_of("amtool"), *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def receivers_of(**labels: str) -> list[str]:
    chosen = [f"{name}={value}" for name, value in labels.items()]
    line = ("config", "routes", "test", f"--config.file={DELIVERED}", *chosen)
    return amtool(*line).strip().split(",")


@pytest.mark.real("amtool")
def test_amtool_takes_the_routing():
    assert "SUCCESS" in amtool("check-config", str(DELIVERED))


@pytest.mark.real("amtool")
@pytest.mark.parametrize("name", SEVERITIES)
def test_an_alert_goes_where_its_severity_says(name: str):
    told = receivers_of(alertname=name, severity=SEVERITIES[name], service="simponi.billing")
    assert told == OF_A_SERVICE.get(name, BY_SEVERITY[SEVERITIES[name]])


@pytest.mark.real("amtool")
@pytest.mark.parametrize(("scope", "told"), [("national", NATION), ("regional", NATION[1:])])
def test_what_an_agent_tells_by_itself_goes_where_the_rules_alert_would(
    scope: str, told: list[str]
):
    assert receivers_of(alertname="PantauIncident", scope=scope, service="simponi.billing") == told


def test_what_calls_people_is_told_when_it_is_over_and_a_sign_of_life_is_not():
    for receiver in alertmanager.delivered()["receivers"]:
        for each in receiver.get("webhook_configs", []) + receiver.get("slack_configs", []):
            assert each["send_resolved"] is (receiver["name"] != "dead-mans-switch")


def test_only_alerts_that_there_are_are_chosen():
    routing = alertmanager.delivered()
    chosen = re.findall(r"Pantau[A-Z]\w+", str((routing["route"], routing["inhibit_rules"])))
    assert set(chosen) - set(SEVERITIES) == {"PantauIncident"}


Labels = dict[str, str]


def alert(name: str, **labels: str) -> Labels:
    return {"alertname": name, **labels}


def of_billing(name: str, **labels: str) -> Labels:
    return alert(name, service="simponi.billing", **labels)


HELD_BACK: list[tuple[Labels, list[Labels], list[Labels]]] = [
    (
        of_billing("PantauIncident", scope="national", incident="a"),
        [of_billing("PantauNationalDegradation"), of_billing("PantauRegionalDegradation")],
        [alert("PantauNationalDegradation", service="simkim.v2")],
    ),
    (
        of_billing("PantauIncident", scope="regional", incident="a"),
        [of_billing("PantauRegionalDegradation")],
        [of_billing("PantauNationalDegradation")],
    ),
    (
        of_billing("PantauNationalDegradation"),
        [of_billing("PantauRegionalDegradation")],
        [
            of_billing("PantauContractChanged"),
            of_billing("PantauIncident", scope="regional", incident="a"),
            alert("PantauRegionalDegradation", service="simkim.v2"),
        ],
    ),
    (
        alert("PantauExchangeLost"),
        [
            alert("PantauNoLeader"),
            alert("PantauBlind"),
            alert("PantauOfficeCutOff", instance="mimika"),
            alert("PantauBranchSilent", office="mimika"),
            alert("PantauBranchMismatched", office="mimika"),
        ],
        [
            of_billing("PantauNationalDegradation"),
            alert("PantauAgentDown", instance="mimika"),
            alert("PantauExchangeRefuses", instance="mimika"),
        ],
    ),
    (
        alert("PantauBlind"),
        [alert("PantauBranchSilent", office="mimika"), alert("PantauBranchBlind", office="jember")],
        [alert("PantauBranchMismatched", office="mimika"), alert("PantauNoLeader")],
    ),
    (
        alert("PantauOutboxOld", instance="medan"),
        [alert("PantauDeliveryFailing", instance="medan")],
        [alert("PantauDeliveryFailing", instance="jember"), alert("PantauSlackUnheard")],
    ),
    (
        alert("PantauLoopLag", instance="medan"),
        [alert("PantauSchedulerLag", instance="medan")],
        [alert("PantauSchedulerLag", instance="jember")],
    ),
]


@pytest.mark.real("alertmanager")
@pytest.mark.parametrize(
    ("says_it", "held", "told"), HELD_BACK, ids=lambda each: str(each)[15:50].partition("'")[0]
)
def test_what_another_alert_says_already_is_held_back_and_nothing_else(
    tmp_path: Path, says_it: Labels, held: list[Labels], told: list[Labels]
):
    with alertmanager.running(tmp_path, NOBODY, alertmanager.delivered()) as real:
        real.take([says_it, *held, *told])
        found = _until_held(real, len(held))
    assert found == sorted(map(str, held))


def test_every_inhibition_has_its_case():
    assert len(HELD_BACK) >= len(alertmanager.delivered()["inhibit_rules"])


def _until_held(real: Alertmanager, number: int) -> list[str]:
    """What is held back, once so many are; it works on what came at its own pace."""
    deadline_s = time.perf_counter() + 20
    while len(found := _held(real)) < number and time.perf_counter() < deadline_s:
        time.sleep(0.05)  # How often to ask, within the deadline above.
    return found


def _held(real: Alertmanager) -> list[str]:
    held = [each for each in real.alerts() if each["status"]["inhibitedBy"]]
    return sorted(str(each["labels"]) for each in held)
