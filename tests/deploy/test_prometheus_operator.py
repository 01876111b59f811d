"""What the Prometheus operator is given fits the models of its own kinds.

The models pass over a field that they do not know, as Kubernetes does; what is read and written
again must therefore be what was given.
"""

from __future__ import annotations

import textwrap

import pytest
from cloudcoil.models.prometheus_operator import v1
from pydantic import BaseModel, ValidationError

from tests.support.chart import ROOT, Manifest, example, of_kind, rendered, strict

DELIVERED = ROOT / "deploy/prometheus"


def kept(model: type[BaseModel], manifest: Manifest) -> Manifest:
    """What the operator understands of a manifest. Raises ValidationError where it is wrong."""
    read = model.model_validate(manifest)
    return read.model_dump(mode="json", by_alias=True, exclude_unset=True)


def pod_monitor(name: str = "jember", **more: object) -> Manifest:
    return of_kind(rendered(example(name, branch="jember", **more)), "PodMonitor")


def head_in_the_readme() -> str:
    """The lines above the rules, as the page gives them."""
    _, after = (DELIVERED / "README.md").read_text("utf-8").split("```yaml\n")
    head, _ = after.split("```", 1)
    return head


def prometheus_rule() -> Manifest:
    """As the page says: the head, and rules.yaml two spaces further in."""
    rules = (DELIVERED / "rules.yaml").read_text("utf-8")
    manifest: Manifest
    (manifest,) = strict(head_in_the_readme() + textwrap.indent(rules, "  "))
    return manifest


@pytest.mark.parametrize("name", ["jember", "hub", "central/office"])
def test_each_examples_pod_monitor_is_understood_to_the_last_field(name: str):
    given = pod_monitor(name)
    assert kept(v1.PodMonitor, given) == given


def test_so_is_one_with_another_interval_and_labels_of_its_own():
    given = pod_monitor(
        podMonitor={"enabled": True, "interval": "60s", "labels": {"release": "watch"}}
    )
    assert given["metadata"]["labels"]["release"] == "watch"
    assert kept(v1.PodMonitor, given) == given


def test_a_misspelt_field_would_be_found():
    given = pod_monitor()
    given["spec"]["podMetricsEndpoints"][0]["scrapeTimout"] = "15s"
    assert kept(v1.PodMonitor, given) != given


def test_an_interval_that_is_none_would_be_found():
    given = pod_monitor()
    given["spec"]["podMetricsEndpoints"][0]["interval"] = "a minute"
    with pytest.raises(ValidationError, match="interval"):
        kept(v1.PodMonitor, given)


def test_the_rules_below_the_head_of_the_page_are_a_prometheus_rule_with_every_rule():
    given = prometheus_rule()
    assert kept(v1.PrometheusRule, given) == given
    (rules,) = strict((DELIVERED / "rules.yaml").read_text("utf-8"))
    assert given["spec"] == rules


def test_a_rule_without_its_expression_would_be_found():
    given = prometheus_rule()
    del given["spec"]["groups"][0]["rules"][0]["expr"]
    with pytest.raises(ValidationError, match="expr"):
        kept(v1.PrometheusRule, given)
