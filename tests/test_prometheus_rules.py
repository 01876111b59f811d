"""The rules, their cases, their pages and the catalogue of metrics hold together."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.adapters.metric_catalogue import read_catalogue
from agent.core.blame import Blame
from agent.core.census import Part
from agent.core.model import Outcome, ServiceState
from agent.core.view import ExchangeState
from agent.ports import Drop, SendFailure, SkipReason
from tests.support.real_parts import command_of

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
MOST_LINES = 40
ALWAYS_FIRES = "PantauWatchdog"
URL = "{{ $externalLabels.pantau_runbooks }}/%s.md"


CLOSED_SETS: dict[str, set[str]] = {
    "attendance": {*Part},
    "blame": {*Blame},
    "outcome": {*Outcome},
    "reason": {*SendFailure, *SkipReason},
    "state": {*ExchangeState, *ServiceState},
    "what": {*Drop},
}
"""The labels by whose values rules and pages choose."""


def read(file: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    return yaml.safe_load(file.read_text("utf-8"))


RULES: list[dict[str, Any]] = [
    rule for group in read(FOLDER / "rules.yaml")["groups"] for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"]: rule for rule in RULES if "record" in rule}
CASES: list[dict[str, Any]] = [
    case for file in sorted((FOLDER / "tests").glob("*.yaml")) for case in read(file)["tests"]
]


def exposed_names() -> set[str]:
    """As they stand in an exposition, and what a rule may therefore ask for."""
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    return {
        f"pantau_{name}{end}"
        for name, entry in read_catalogue().items()
        for end in ends[entry["type"]]
    }


def unknown_in(text: str) -> set[str]:
    """The metrics in an expression or a page that neither the catalogue nor the rules know."""
    found = set(re.findall(r"[a-z_]*:?pantau_[a-z0-9_]+(?::[a-z0-9_]+)?", text))
    return found - exposed_names() - set(RECORDED)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule.get("record"))
def test_a_rule_asks_only_for_metrics_that_there_are(rule: dict[str, Any]):
    assert unknown_in(rule["expr"]) == set()


def chosen_in(text: str) -> list[tuple[str, str, str]]:
    """Metric, label and value of every choice that an expression or a page makes."""
    return [
        (metric, label, value)
        for metric, braces in re.findall(r"(pantau_[a-z_]+)\{([^}]*)\}", text)
        for label, values in re.findall(r'([a-z_]+)=~?"([^"]*)"', braces)
        for value in values.split("|")
    ]


PAGES = [page.read_text("utf-8") for page in sorted(RUNBOOKS.glob("*.md"))]


def test_what_rules_and_pages_choose_by_is_a_label_of_that_metric_and_a_value_that_it_has():
    chosen = [each for text in (*(r["expr"] for r in RULES), *PAGES) for each in chosen_in(text)]
    catalogue = read_catalogue()
    for metric, label, value in chosen:
        assert label in catalogue[metric.removeprefix("pantau_").removesuffix("_total")]["labels"]
        assert value in CLOSED_SETS[label], (metric, label, value)
    assert len(chosen) > len(CLOSED_SETS)


def test_a_metric_that_there_is_not_would_be_found():
    assert unknown_in('rate(pantau_runs[5m]) + x:pantau_runs:sum + pantau_leader{a="b"}') == {
        "pantau_runs",
        "x:pantau_runs:sum",
    }


def test_what_is_recorded_says_level_metric_and_operations():
    for name in RECORDED:
        assert re.fullmatch(r"[a-z_]+:pantau_[a-z_]+:[a-z0-9_]+", name)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_grave_it_is_what_it_means_and_where_to_read_on(name: str):
    alert = ALERTS[name]
    assert re.fullmatch(r"Pantau([A-Z][a-z]+)+", name)
    assert alert["labels"]["severity"] in ("critical", "warning", "none")
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert alert["annotations"]["runbook_url"] == URL % name


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(name: str):
    asked = f'ALERTS{{alertname="{name}",alertstate="firing"}}'
    found = [
        bool(each["exp_samples"])
        for case in CASES
        for each in case["promql_expr_test"]
        if each["expr"] == asked
    ]
    assert set(found) == ({True} if name == ALWAYS_FIRES else {True, False})


def test_every_alert_has_its_page_and_every_page_its_alert():
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_a_page_is_short_whole_and_names_what_there_is(name: str):
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    assert len(text.splitlines()) < MOST_LINES
    assert re.findall(r"^#+ (.+)$", text, re.MULTILINE) == [
        name,
        "What it means",
        "What to look at",
        "What to do",
    ]
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (RUNBOOKS / link).is_file(), link
    assert unknown_in(text) == set()
    for command in re.findall(r"`pantau ([a-z]+)", text):
        assert f"| `pantau {command}" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.real("promtool")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "rules.yaml"),
        ("check", "config", "prometheus.yaml"),
        ("test", "rules", *sorted(f"tests/{f.name}" for f in (FOLDER / "tests").iterdir())),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_promtool_agrees(arguments: tuple[str, ...]):
    run = subprocess.run(
        [*command_of("promtool"), *arguments],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
