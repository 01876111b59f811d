"""What the chart makes of each example: Kubernetes takes it, and so does our program."""

from __future__ import annotations

import argparse
import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path

import helm_python
import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from agent.commands import validate
from agent.config.loading import load_branch
from tests.support.chart import (
    CHART,
    EXAMPLES,
    NATION,
    ROOT,
    Manifest,
    Values,
    example,
    lay_out,
    of_kind,
    pod_of,
    rendered,
    strict,
)

CASES = {
    "jember": lambda: example("jember"),
    "hub": lambda: example("hub"),
    "central": lambda: example("central/office", branch="sabang"),
    "own probes": lambda: example("jember", probes={"configMap": "probes-jember"}),
}
OWN_PROBE = """\
journey: billing-look
about: The counter asks for a billing code that nobody issued.
steps:
  - step: billing inquiry
    service: simponi.billing
    role: simponi
    request: {path: "/billing/{applicant.billing_code}"}
"""
METADATA = ipaddress.ip_network("169.254.169.254/32")
QUANTITY = re.compile(r"[1-9][0-9]*(m|Mi|Gi)?")
DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def values(case: str) -> Values:
    return CASES[case]()


@pytest.fixture
def manifests(values: Values) -> list[Manifest]:
    return rendered(values)


def container_of(manifests: list[Manifest]) -> Manifest:
    (container,) = pod_of(manifests)["containers"]
    found: Manifest = container
    return found


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from texts_in(each)
    elif isinstance(value, str):
        yield value


# ------------------------------------------------------------------------------ Kubernetes takes it


def test_helm_finds_nothing_to_complain_of(values: Values):
    report = helm_python.lint(CHART, values)
    assert report["errors"] == []
    assert [each["error"] for each in report["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize("version", ["1.25", "1.31", "1.37"])
def test_every_manifest_fits_the_schemas_of_old_and_new_kubernetes(
    manifests: list[Manifest], version: str
):
    for each in manifests:
        if each["kind"] != "PodMonitor":  # an extension's, and so in no schema of Kubernetes
            kubernetes_validate.validate(each, version, strict=True)


def test_a_key_that_stands_twice_would_be_refused():
    with pytest.raises(ValueError, match="twice"):
        strict("spec:\n  ports: []\n  ports: []\n")


def test_a_misspelt_key_would_not_fit(manifests: list[Manifest]):
    pod_of(manifests)["terminationGraceSeconds"] = 30
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(of_kind(manifests, "Deployment"), "1.37", strict=True)


def test_a_pod_monitor_scrapes_a_port_that_is_there_under_the_job_of_the_rules():
    spec = of_kind(rendered(example("jember")), "PodMonitor")["spec"]
    assert set(spec) == {"selector", "jobLabel", "podMetricsEndpoints"}
    (endpoint,) = spec["podMetricsEndpoints"]
    assert set(endpoint) == {"port", "path", "interval", "scrapeTimeout"}
    pod = of_kind(rendered(example("jember")), "Deployment")["spec"]["template"]
    assert pod["metadata"]["labels"][spec["jobLabel"]] == "pantau"
    assert endpoint["port"] in {each["name"] for each in pod["spec"]["containers"][0]["ports"]}


def test_without_an_operator_there_is_no_pod_monitor():
    plain = rendered(example("jember", podMonitor={"enabled": False}))
    assert "PodMonitor" not in {each["kind"] for each in plain}


def test_a_dry_run_installs_it(values: Values, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with helm_python.Config(namespace="pantau", storage_driver="memory") as config:
        release = config.install(CHART, "pantau-office", values, dry_run="client")
    assert "kind: Deployment" in release["manifest"]


def test_names_are_those_of_the_office_and_fit_dns(manifests: list[Manifest], values: Values):
    for each in manifests:
        name = each["metadata"]["name"]
        assert DNS_LABEL.fullmatch(name)
        assert name.startswith(f"pantau-{values['branch']}")
        assert each["metadata"]["namespace"] == "pantau"
    kinds = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    assert len(kinds) == len(set(kinds))


def test_everything_carries_the_recommended_labels(manifests: list[Manifest]):
    for each in manifests:
        labels = each["metadata"]["labels"]
        keys = ("name", "instance", "component", "part-of", "version", "managed-by")
        assert {f"app.kubernetes.io/{key}" for key in keys} <= set(labels)
        assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,63}", text) for text in labels.values())


def test_every_selector_finds_the_pod(manifests: list[Manifest]):
    labels = of_kind(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    services = [each["spec"]["selector"] for each in manifests if each["kind"] == "Service"]
    deployment = of_kind(manifests, "Deployment")["spec"]["selector"]["matchLabels"]
    policy = of_kind(manifests, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
    for selector in (*services, deployment, policy):
        assert selector.items() <= labels


# ------------------------------------------------------------------------------------- the agent


def test_an_office_has_one_agent_and_never_two(manifests: list[Manifest]):
    spec = of_kind(manifests, "Deployment")["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 30


def test_the_pod_is_restricted(manifests: list[Manifest]):
    pod, container = pod_of(manifests), container_of(manifests)
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == 10001
    assert f"USER {security['runAsUser']}:" in (ROOT / "Dockerfile").read_text("utf-8")
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert of_kind(manifests, "ServiceAccount")["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)


def test_memory_is_limited_and_the_processor_is_not(manifests: list[Manifest]):
    resources = container_of(manifests)["resources"]
    assert set(resources["limits"]) == {"memory"}
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert all(QUANTITY.fullmatch(text) for text in texts_in(resources))


def test_the_kubelet_asks_the_operations_port_for_pages_that_are_there(manifests: list[Manifest]):
    container = container_of(manifests)
    asked = {
        name: container[name]["httpGet"]
        for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert {name: each["path"] for name, each in asked.items()} == {
        "startupProbe": "/-/healthy",
        "livenessProbe": "/-/healthy",
        "readinessProbe": "/-/ready",
    }
    assert {each["port"] for each in asked.values()} == {"operations"}
    assert {each["name"]: each["containerPort"] for each in container["ports"]} == {
        "public": 8080,
        "operations": 9090,
    }


def test_every_service_leads_to_a_port_that_is_there(manifests: list[Manifest]):
    named = {each["name"] for each in container_of(manifests)["ports"]}
    ports = [
        port for each in manifests if each["kind"] == "Service" for port in each["spec"]["ports"]
    ]
    assert {port["targetPort"] for port in ports} == named
    assert {port["protocol"] for port in ports} == {"TCP"}
    assert of_kind(manifests, "Service", "-operations")["spec"]["type"] == "ClusterIP"


def test_folders_are_mounted_whole_so_that_changes_arrive(manifests: list[Manifest]):
    mounts = container_of(manifests)["volumeMounts"]
    assert not any("subPath" in each for each in mounts)
    volumes = {each["name"]: each for each in pod_of(manifests)["volumes"]}
    assert {each["name"] for each in mounts} == set(volumes)
    writable = {each["name"] for each in mounts if not each.get("readOnly")}
    assert writable == {"state", "temporary"}
    for name in writable:
        own = volumes[name].get("emptyDir")
        assert own is None or QUANTITY.fullmatch(own["sizeLimit"])


# ------------------------------------------------------------------------------------ the network


def test_nobody_reaches_the_pod_and_it_reaches_nobody_unless_named(manifests: list[Manifest]):
    spec = of_kind(manifests, "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    for rule in spec["ingress"]:
        assert rule["from"]
        assert len(rule["ports"]) == 1
    for rule in spec["egress"]:
        assert rule["to"]
        assert rule["ports"]


def test_without_a_name_both_ways_are_shut():
    shut: dict[str, list[object]] = {
        "publicFrom": [],
        "operationsFrom": [],
        "dns": [],
        "egress": [],
    }
    spec = of_kind(rendered(example("jember", networkPolicy=shut)), "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == spec["egress"] == []


def test_each_listener_is_open_to_its_own_readers_alone():
    spec = of_kind(rendered(example("jember")), "NetworkPolicy")["spec"]
    readers = {rule["ports"][0]["port"]: rule["from"] for rule in spec["ingress"]}
    assert readers["public"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]
    assert "monitoring" in set(texts_in(readers["operations"]))


def test_the_clouds_metadata_is_out_of_reach(manifests: list[Manifest]):
    for rule in of_kind(manifests, "NetworkPolicy")["spec"]["egress"]:
        for block in (peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer):
            excepted = map(ipaddress.ip_network, block.get("except", []))
            reached = METADATA.subnet_of(ipaddress.ip_network(block["cidr"]))  # type: ignore[arg-type]
            assert not reached or METADATA in excepted


def test_the_near_controls_of_the_examples_are_let_out(manifests: list[Manifest], values: Values):
    let_out = [
        ipaddress.ip_network(peer["ipBlock"]["cidr"])
        for rule in of_kind(manifests, "NetworkPolicy")["spec"]["egress"]
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    numbers = set(re.findall(r"[0-9]+(?:\.[0-9]+){3}", str(values["office"]["controls"])))
    assert len(numbers) == 4
    for each in numbers:
        assert any(ipaddress.ip_address(each) in network for network in let_out)


# ------------------------------------------------------------------------------- the configuration


@pytest.fixture
def branch_file(
    manifests: list[Manifest], values: Values, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    for each in container_of(manifests)["env"]:
        monkeypatch.setenv(each["name"], each["value"])
    shared = {"nation": NATION.read_text("utf-8")} if values["nation"].get("configMap") else {}
    shared |= {"probes": OWN_PROBE} if "probes" in values else {}
    return lay_out(manifests, tmp_path, **shared)


def test_the_program_takes_the_configuration_from_where_it_is_mounted(
    branch_file: Path, values: Values, capsys: pytest.CaptureFixture[str]
):
    parser = argparse.ArgumentParser()
    validate.register(parser.add_subparsers())
    arguments = parser.parse_args(["validate", "--config", str(branch_file)])
    code = arguments.run(arguments)
    told = capsys.readouterr()
    assert code == 0, told.err
    assert f"{values['branch']}: one of 145 offices" in told.out


def test_every_secret_that_is_mounted_is_read_and_nothing_else_is(
    branch_file: Path, manifests: list[Manifest], tmp_path: Path
):
    settings = load_branch(branch_file)
    read = {str(path) for path in settings.secret_files.values()}
    read |= {str(path) for path in [settings.exchange.nkey_seed_file] if path is not None}
    secrets = tmp_path / "run/secrets/pantau"
    mounted = {str(each) for each in secrets.iterdir() if not each.name.startswith("..")}
    assert read == mounted


def test_both_listeners_are_reached_from_beyond_the_pod(branch_file: Path):
    listeners = load_branch(branch_file).listeners
    assert (listeners.public.host, listeners.public.port) == ("0.0.0.0", 8080)  # noqa: S104
    assert (listeners.operations.host, listeners.operations.port) == ("0.0.0.0", 9090)  # noqa: S104


def test_what_the_chart_writes_itself_an_office_cannot_write_over(branch_file: Path, case: str):
    (written,) = strict(branch_file.read_text("utf-8"))
    assert len(written["probe_paths"]) == (2 if case == "own probes" else 1)
    assert {"branch", "nation", "probe_paths", "listeners"} <= set(written)


def test_only_a_hub_holds_what_slack_wants():
    def keys(name: str, **more: object) -> set[str]:
        return {key for each in example(name, **more)["secrets"] for key in each["keys"]}

    held = {"bot-token", "message-key", "switch-url"}
    assert held <= keys("hub")
    assert not held & (keys("jember") | keys("central/office"))


def test_what_a_hub_records_fits_into_what_it_keeps_beyond_the_pod():
    hub = rendered(example("hub"))
    (state,) = (each for each in pod_of(hub)["volumes"] if each["name"] == "state")
    assert state["persistentVolumeClaim"] == {"claimName": "pantau-surabaya"}


def test_no_example_is_left_out_here():
    assert {each.stem for each in EXAMPLES.rglob("*.yaml")} == {"jember", "hub", "office"}
