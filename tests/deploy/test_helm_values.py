"""What the chart can be told: all of it is written down, and anything else is refused readably."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from agent.config.loading import load_nation
from tests.support.chart import CHART, EXAMPLES, NATION, Values, example, refusal, rendered, strict

HELM = CHART.parent
PAGE = (HELM / "README.md").read_text("utf-8")
(DEFAULTS,) = strict((CHART / "values.yaml").read_text("utf-8"))

Change = dict[str, object]


def egress(**rule: object) -> Change:
    named = {"name": "x", "cidr": "192.0.2.0/24", "tcp": [443]}
    return {"networkPolicy": {"enabled": True, "egress": [named | rule]}}


def office(**part: object) -> Change:
    return {"office": example("jember")["office"] | part}


def simkim(**part: object) -> Change:
    return office(targets={"simkim": {"url": "https://simkim.example.invalid", **part}})


WRONG: dict[str, tuple[Change, str]] = {
    "an unknown key": ({"replicas": 2}, "additional properties 'replicas' not allowed"),
    "a name that fits no DNS": ({"branch": "Jember"}, "at '/branch': 'Jember' does not match"),
    "no office": ({"office": {}}, "at '/office': missing properties 'contact'"),
    "what the chart writes": (
        office(nation="x.yaml"),
        "at '/office': additional properties 'nation'",
    ),
    "listeners": (office(listeners={}), "additional properties 'listeners' not allowed"),
    "no file of the nation": ({"nation": {"text": ""}}, "nation.yaml is missing: --set-file"),
    "two files of the nation": (
        {"nation": {"text": "x", "configMap": "y"}},
        "nation.text and nation.configMap are both given: give one",
    ),
    "a password in a ConfigMap": (
        simkim(credentials={"credential_id": "simkim-1", "password": "rahasia"}),
        "at '/office/targets/simkim/credentials': additional properties 'password' not allowed",
    ),
    "a key that signs": (simkim(auth={"kind": "api_key", "key": "rahasia"}), "simkim/auth/key'"),
    "a token of Slack": (
        office(slack={"bot_token": "rahasia"}),
        "properties 'bot_token' not allowed",
    ),
    "a receiver's token": (
        office(receivers=[{"kind": "webhook", "token": "rahasia"}]),
        "at '/office/receivers/0/token'",
    ),
    "a limit of the processor": (
        {
            "resources": {
                "requests": {"cpu": "1", "memory": "1Gi"},
                "limits": {"cpu": "1", "memory": "1Gi"},
            }
        },
        "at '/resources/limits': additional properties 'cpu' not allowed",
    ),
    "no limit of memory": (
        {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": None}}},
        "at '/resources/limits'",
    ),
    "a quantity that is none": ({"state": {"sizeLimit": "64MB"}}, "at '/state/sizeLimit': '64MB'"),
    "the tag that moves": ({"image": {"tag": "latest"}}, "at '/image/tag'"),
    "half a digest": ({"image": {"digest": "sha256:12"}}, "at '/image/digest'"),
    "a secret without keys": (
        {"secrets": [{"name": "x"}]},
        "at '/secrets/0': missing property 'keys'",
    ),
    "a file above the folder": ({"secrets": [{"keys": ["../x"]}]}, "at '/secrets/0/keys/0'"),
    "the cloud's metadata": (
        egress(cidr="169.254.169.254/32"),
        "at '/networkPolicy/egress/0/cidr'",
    ),
    "a network around it": (egress(cidr="169.0.0.0/8"), "at '/networkPolicy/egress/0/cidr'"),
    "half of all networks": (egress(cidr="128.0.0.0/1"), "at '/networkPolicy/egress/0/cidr'"),
    "a way out by every port": (egress(tcp=[]), "at '/networkPolicy/egress/0'"),
    "a way out without a reason": (egress(name=""), "at '/networkPolicy/egress/0/name'"),
    "anybody at all": (
        {"networkPolicy": {"operationsFrom": [{}]}},
        "operationsFrom/0': minProperties",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_it_is_refused_by_the_place_where_it_stands(what: str):
    change, told = WRONG[what]
    assert told in refusal(example("jember") | change)


def test_a_refusal_repeats_no_secret():
    for change, _ in WRONG.values():
        assert "rahasia" not in refusal(example("jember") | change)


def test_all_mistakes_are_told_at_once():
    told = refusal(example("jember", branch="Jember", replicas=2))
    assert "'/branch'" in told
    assert "'replicas'" in told


# ---------------------------------------------------------------------------------- the page


def leaves(values: Values, above: str = "") -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def written() -> dict[str, str]:
    return dict(re.findall(r"^\| `([\w.]+)` \| (.*?) \| .+ \|$", PAGE, re.MULTILINE))


def test_the_page_describes_every_value_and_no_other():
    assert set(written()) == {name for name, _ in leaves(DEFAULTS)}


@pytest.mark.parametrize("name", written())
def test_the_page_gives_the_default(name: str):
    default = dict(leaves(DEFAULTS))[name]
    said = written()[name]
    if isinstance(default, list) and default:
        assert said == "see values.yaml"
    elif default in ("", [], {}):
        assert said == ""
    else:
        assert yaml.safe_load(said.strip("`")) == default


def test_the_schema_closes_what_it_knows():
    (schema,) = strict((CHART / "values.schema.json").read_text("utf-8"))
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) - {"global"} == set(DEFAULTS)


# -------------------------------------------------------------------------- the central cluster


@pytest.fixture
def central(tmp_path: Path) -> Path:
    """The example's nation, of which every fifth office has its agent at the centre."""
    lines = NATION.read_text("utf-8").splitlines()
    offices = [number for number, line in enumerate(lines) if "province:" in line][::5]
    for number in offices:
        lines[number] = lines[number].removesuffix("}") + ", egress: pusat}"
    file = tmp_path / "nation.yaml"
    file.write_text("\n".join(lines), "utf-8")
    return file


def run_script(monkeypatch: pytest.MonkeyPatch, nation: Path, egress: str) -> None:
    script = EXAMPLES / "central/offices.py"
    monkeypatch.setattr("sys.argv", [str(script), str(nation), egress])
    runpy.run_path(str(script), run_name="__main__")


def test_whose_agents_are_at_the_centre_follows_from_the_nations_file(
    central: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    run_script(monkeypatch, central, "pusat")
    listed = capsys.readouterr().out.split()
    assert listed == [each.id for each in load_nation(central).roster if each.egress == "pusat"]
    assert len(listed) == 29


def test_a_loop_over_nobody_does_not_begin(central: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SystemExit, match=r"no office of .* has `egress: pust`"):
        run_script(monkeypatch, central, "pust")


def test_every_office_of_the_nation_has_a_release_of_its_own():
    roster = load_nation(NATION).roster
    named = [
        (each["kind"], each["metadata"]["name"])
        for office in roster
        for each in rendered(example("central/office", branch=office.id))
    ]
    assert len(roster) == 145
    assert len(named) == len(set(named))
