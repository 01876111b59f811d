"""The values for the official chart of NATS: where they stand, and what comes of them.

The chart itself is not here: see tests/support/nats_chart. Servers of it run in test_nats.
"""

from __future__ import annotations

import re
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]

from agent.commands.exchange_files import write_files
from agent.config.loading import load_nation
from tests.support import nats_chart
from tests.support.exchange_cluster import NATION

KEYS = (Path(__file__).parent / "nats_chart_keys.txt").read_text("utf-8")
VALUES = nats_chart.values()
SECRET_HOLDS_BYTES = 1 << 20
ANNOTATIONS_HOLD_BYTES = 256 << 10
"""Where `kubectl apply` keeps a copy, in base64."""


def test_each_value_stands_where_the_chart_looks_for_it():
    keys = [line for line in KEYS.splitlines() if not line.startswith("#")]
    known = re.compile("|".join(re.escape(key).replace(r"\.\*", r"(\..+)?") for key in keys))
    assert [path for path in nats_chart.paths(VALUES) if not known.fullmatch(path)] == []


def test_a_value_that_the_chart_would_not_see_is_found():
    assert nats_chart.paths({"config": {"jetstream": {"merge": {}}, "x": 1}}) == [
        "config.jetstream.merge",
        "config.x",
    ]


def test_the_file_has_its_include_and_its_units():
    text = nats_chart.text(nats_chart.config(VALUES))
    assert "  include ../nats-accounts/accounts.conf;\n" in text
    assert '"max_file_store": 4GB' in text
    assert '"server_name": $SERVER_NAME' in text


def test_the_pod_fits_kubernetes_and_is_restricted():
    pod = nats_chart.pod(VALUES)
    kubernetes_validate.validate(pod, "1.37", strict=True)
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["spec"]["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_what_is_mounted_is_there():
    spec = nats_chart.pod(VALUES)["spec"]
    mounted = {each["name"] for each in spec["containers"][0]["volumeMounts"]}
    assert mounted == {each["name"] for each in spec["volumes"]}


def test_only_offices_the_servers_and_prometheus_come_in():
    policy = nats_chart.network_policy(VALUES)
    kubernetes_validate.validate(policy, "1.37", strict=True)
    open_to = {rule["ports"][0]["port"]: rule.get("from") for rule in policy["spec"]["ingress"]}
    assert set(open_to) == {4222, 6222, 7777}
    assert open_to[4222] is None
    assert open_to[6222] == [{"podSelector": policy["spec"]["podSelector"]}]


def test_the_accounts_of_the_nation_fit_into_a_secret_and_not_through_kubectl_apply(
    tmp_path: Path,
):
    offices = {each.id: each.hub for each in load_nation(NATION).roster}
    assert list(write_files(tmp_path, offices))
    bytes_ = (tmp_path / "accounts.conf").stat().st_size
    assert ANNOTATIONS_HOLD_BYTES < bytes_ < SECRET_HOLDS_BYTES / 2
    page = (nats_chart.VALUES.parent / "README.md").read_text("utf-8")
    assert "kubectl replace" in page
    for name in ("exchange-accounts", "exchange-offices", "exchange-routes"):
        assert f"kubectl create secret generic {name} " in page
        assert f"#   {name} " in nats_chart.VALUES.read_text("utf-8")
