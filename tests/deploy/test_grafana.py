"""The dashboards are those of the code, and ask only for what there is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from agent.adapters.metric_catalogue import read_catalogue
from deploy.grafana.write import BOARDS, FOLDER, text_of
from tests.support.real_parts import command_of

GIVEN = {"$__rate_interval": "5m", "$instance": "jember"}
ENDS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
ADDED_BY_PROMETHEUS = {"instance", "job", "le"}


def board(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def expressions(name: str) -> list[str]:
    asked = [target["expr"] for panel in board(name)["panels"] for target in panel["targets"]]
    return asked + [each["expr"] for each in board(name)["annotations"]["list"]]


def labels_by_name() -> dict[str, set[str]]:
    return {
        f"pantau_{name}{end}": {*entry.get("labels", ()), *ADDED_BY_PROMETHEUS}
        for name, entry in read_catalogue().items()
        for end in ENDS[entry["type"]]
    }


def test_every_file_is_a_dashboard_of_the_code():
    assert {file.stem for file in FOLDER.glob("*.json")} == set(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_the_file_is_what_the_code_makes(name: str):
    assert (FOLDER / f"{name}.json").read_text("utf-8") == text_of(name), "say make dashboards"


@pytest.mark.parametrize("name", BOARDS)
def test_the_kit_reads_back_what_it_wrote(name: str):
    again = json.dumps(Dashboard.from_json(board(name)), cls=JSONEncoder)
    assert json.loads(again) == board(name)


@pytest.mark.parametrize("name", BOARDS)
def test_an_expression_asks_for_metrics_and_labels_that_there_are(name: str):
    known = labels_by_name()
    for expression in expressions(name):
        asked = set(re.findall(r"pantau_[a-z_]+", expression))
        assert asked
        assert asked <= set(known)
        chosen = re.findall(r"([a-z_]+)=~?\"", expression)
        grouped = [w for by in re.findall(r"by \(([^)]*)\)", expression) for w in by.split(", ")]
        assert {*chosen, *grouped} <= set.union(*(known[metric] for metric in asked))


@pytest.mark.parametrize("name", BOARDS)
def test_a_panel_says_what_it_shows_in_which_unit_and_from_the_chosen_source(name: str):
    for panel in board(name)["panels"]:
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}


def test_dashboards_have_addresses_of_their_own_that_last():
    uids = [board(name)["uid"] for name in BOARDS]
    assert uids == [f"pantau-{name}" for name in BOARDS]


@pytest.mark.parametrize("name", BOARDS)
def test_a_link_names_no_host(name: str):
    for link in board(name)["links"]:
        assert link.get("tags") == ["pantau"] or link["url"].startswith("${pages}/")


@pytest.mark.real("promtool")
@pytest.mark.parametrize("name", BOARDS)
def test_prometheus_understands_every_expression(name: str, tmp_path: Path):
    rules = [{"record": f"n{i}", "expr": _filled(e)} for i, e in enumerate(expressions(name))]
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": name, "rules": rules}]}))
    line = [*command_of("promtool"), "check", "rules", str(file)]
    checked = subprocess.run(line, capture_output=True, text=True, timeout=20, check=False)
    assert checked.returncode == 0, checked.stderr


def _filled(expression: str) -> str:
    for variable, value in GIVEN.items():
        expression = expression.replace(variable, value)
    return expression
