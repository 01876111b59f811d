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

from agent.adapters.metric_catalogue import OF_THE_PROCESS, read_catalogue
from deploy.grafana.asking import FAILS, by_province, with_place, worst_word
from deploy.grafana.write import BOARDS, FOLDER, text_of
from tests.support.dashboards import asks_for, board, filled, panels, targets, variables
from tests.support.promql import Labels, labels_of
from tests.support.real_parts import command_of

GIVEN = {
    "__rate_interval": "5m",
    "__range": "6h",
    "instance": "jember",
    "office": "jember",
    "service": "simponi.billing",
    "province": "Jawa Timur",
}
ENDS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
ADDED_BY_PROMETHEUS = Labels({"instance", "job"})
SAID_BY_GRAFANA = {"__url_time_range", "source", "pages", "offices"}
"""What a click hands on, but for the variables that it sets."""
NOT_OF_THE_KIT = {"titleFormat", "tagKeys"}
"""What Grafana's Prometheus reads of an annotation, and the kit does not know."""


def labels_by_name() -> dict[str, Labels]:
    known = {
        f"pantau_{name}{end}": Labels(entry.get("labels", ())) | ADDED_BY_PROMETHEUS
        for name, entry in read_catalogue().items()
        for end in ENDS[entry["type"]]
    }
    buckets = {name: known[name] | {"le"} for name in known if name.endswith("_bucket")}
    of_the_process = {
        name + ENDS[kind][0]: ADDED_BY_PROMETHEUS for name, kind in OF_THE_PROCESS.items()
    }
    return known | buckets | of_the_process | {"up": ADDED_BY_PROMETHEUS}


def labels(expression: str) -> Labels:
    return labels_of(filled(expression, GIVEN), labels_by_name())


def clicks(panel: dict[str, Any]) -> list[dict[str, Any]]:
    """What a panel opens, of all its fields or of one column."""
    defaults: list[dict[str, Any]] = panel["fieldConfig"]["defaults"].get("links", [])
    overrides = panel["fieldConfig"].get("overrides", [])
    return defaults + [
        link
        for each in overrides
        for changed in each["properties"]
        if changed["id"] == "links"
        for link in changed["value"]
    ]


def test_every_file_is_a_dashboard_of_the_code():
    assert {file.stem for file in FOLDER.glob("*.json")} == set(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_the_file_is_what_the_code_makes(name: str):
    assert (FOLDER / f"{name}.json").read_text("utf-8") == text_of(name), "say make dashboards"


@pytest.mark.parametrize("name", BOARDS)
def test_the_kit_reads_back_what_it_wrote(name: str):
    written = board(name)
    again = json.loads(json.dumps(Dashboard.from_json(written), cls=JSONEncoder))
    for mark in written["annotations"]["list"]:
        for key in NOT_OF_THE_KIT:
            del mark[key]
    assert again == written


@pytest.mark.parametrize("name", BOARDS)
def test_an_expression_asks_for_metrics_and_labels_that_there_are(name: str):
    for target in targets(name):
        there = labels(target.expr)
        assert set(re.findall(r"{{(\w+)}}", target.legend)) <= there, target.where


@pytest.mark.parametrize("name", BOARDS)
def test_a_variable_takes_its_values_from_a_label_that_there_is(name: str):
    for variable in variables(name):
        if variable["type"] == "query":
            series, label = asks_for(variable)
            assert label in labels(series), variable["name"]


@pytest.mark.parametrize("name", BOARDS)
def test_a_table_and_a_map_join_by_a_label_and_call_their_columns_by_name(name: str):
    for panel in panels(name):
        if panel["type"] not in ("table", "geomap"):
            continue
        join, organize = (each["options"] for each in panel["transformations"])
        asked = [target["expr"] for target in panel["targets"]]
        assert all(join["byField"] in labels(each) for each in asked), panel["title"]
        refs = [target["refId"] for target in panel["targets"]]
        heads = [f"Value #{ref}" for ref in refs] if len(refs) > 1 else ["Value"]
        assert list(organize["renameByName"]) == heads
        named = {*organize["renameByName"].values(), *labels(asked[0])}
        overridden = [e["matcher"]["options"] for e in panel["fieldConfig"].get("overrides", [])]
        assert set(overridden) <= named
        if panel["type"] == "geomap":
            (markers,) = panel["options"]["layers"]
            where, style = markers["location"], markers["config"]["style"]
            assert {where["latitude"], where["longitude"], style["color"]["field"]} <= named


@pytest.mark.parametrize("name", BOARDS)
def test_a_panel_says_what_it_shows_in_which_unit_and_from_the_chosen_source(name: str):
    for panel in panels(name):
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])


@pytest.mark.parametrize("name", BOARDS)
def test_panels_do_not_lie_on_each_other(name: str):
    taken: set[tuple[int, int]] = set()
    for panel in board(name)["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_dashboards_have_addresses_of_their_own_that_last():
    uids = [board(name)["uid"] for name in BOARDS]
    assert uids == [f"pantau-{name}" for name in BOARDS]


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_leads_to_all_others_with_its_variables_and_time(name: str):
    (others,) = [link for link in board(name)["links"] if link["type"] == "dashboards"]
    assert (others["includeVars"], others["keepTime"]) == (True, True)
    assert others["tags"] == ["pantau"]
    assert all("pantau" in board(other)["tags"] for other in BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_a_link_names_no_host_and_only_variables_that_there_are(name: str):
    there = {variable["name"] for variable in variables(name)}
    for link in board(name)["links"]:
        if link["type"] == "link":
            assert link["url"].startswith("${pages}/")
            assert set(re.findall(r"\${(\w+)}", link["url"])) <= there


@pytest.mark.parametrize("name", BOARDS)
def test_a_click_opens_a_dashboard_or_page_that_there_is_for_what_was_clicked(name: str):
    for panel in panels(name):
        there = [labels(target["expr"]) for target in panel["targets"]]
        for link in clicks(panel):
            url = link["url"]
            of_row = set(re.findall(r"\${__data\.fields\.(\w+)}", url))
            of_line = set(re.findall(r"\${__field\.labels\.(\w+)}", url))
            assert all(of_row | of_line <= each for each in there), panel["title"]
            opened = re.fullmatch(r"/d/pantau-(\w+)\?(.+)", url)
            if opened is None:
                assert url.startswith(("${pages}/", "${offices}$"))
                continue
            known = {variable["name"] for variable in variables(opened[1])}
            assert set(re.findall(r"var-(\w+)=", opened[2])) <= known
            assert set(re.findall(r"\${(\w+)(?::queryparam)?}", opened[2])) == SAID_BY_GRAFANA


@pytest.mark.real("promtool")
@pytest.mark.parametrize("name", BOARDS)
def test_prometheus_understands_every_expression(name: str, tmp_path: Path):
    asked = [filled(target.expr, GIVEN) for target in targets(name)]
    rules = [{"record": f"n{i}", "expr": expression} for i, expression in enumerate(asked)]
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": name, "rules": rules}]}))
    line = [*command_of("promtool"), "check", "rules", str(file)]
    checked = subprocess.run(line, capture_output=True, text=True, timeout=20, check=False)
    assert checked.returncode == 0, checked.stderr


TWO_LEADERS = {
    'pantau_office_info{instance="a",office="jember",name="Jember",province="Jatim"}': "1",
    'pantau_office_info{instance="b",office="jember",name="Jember I",province="Jawa Timur"}': "1",
    'pantau_office_service_state{instance="a",office="jember",service="simkim.v2"}': "2",
}


@pytest.mark.real("promtool")
@pytest.mark.parametrize(
    "asked", [with_place(worst_word()), by_province(f"{worst_word()} >= bool {FAILS}")]
)
def test_an_office_is_shown_once_though_two_leaders_place_it_differently(
    asked: str, tmp_path: Path
):
    one = {"expr": f"count({asked})", "eval_time": "0m", "exp_samples": [{"value": 1}]}
    series = [{"series": each, "values": value} for each, value in TWO_LEADERS.items()]
    case = {"interval": "1m", "input_series": series, "promql_expr_test": [one]}
    file = tmp_path / "case.yaml"
    file.write_text(json.dumps({"tests": [case]}))
    line = [*command_of("promtool"), "test", "rules", str(file)]
    checked = subprocess.run(line, capture_output=True, text=True, timeout=20, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
