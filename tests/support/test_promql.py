"""What the reader of PromQL refuses, beside what it lets through."""

from __future__ import annotations

import pytest

from tests.support.promql import Labels, NotThereError, labels_of

KNOWN = {
    "state": Labels({"service", "state", "instance"}),
    "heard": Labels({"instance"}),
    "info": Labels({"branch", "instance"}),
    "steps_bucket": Labels({"step", "le", "instance"}),
}
QUANTILE = "histogram_quantile(0.5, sum by ({}) (rate(steps_bucket[5m])))"


@pytest.mark.parametrize(
    ("expression", "labels"),
    [
        ('state{state="good"} == 1', {"service", "state", "instance"}),
        ("2 * max by (service) (state >= bool 2) / 3", {"service"}),
        ("sum(state)", set()),
        ("time() - 5", set()),
        ("-1 * sum by (service) (state)", {"service"}),
        ("state and on (instance) (time() - heard < 60)", {"service", "state", "instance"}),
        ("heard * on (instance) group_left (branch) info", {"instance", "branch"}),
        ("heard * on (instance) info", {"instance"}),
        ("heard or 1 * sum by (instance) (state)", {"instance"}),
        (QUANTILE.format("step, le"), {"step"}),
        ("topk by (service) (1, state)", {"service", "state", "instance"}),
    ],
)
def test_what_is_there_is_read_with_the_labels_that_it_leaves(expression: str, labels: set[str]):
    assert labels_of(expression, KNOWN) == labels


@pytest.mark.parametrize(
    "expression",
    [
        "stat",
        'heard{state="good"}',
        "sum by (branch) (state)",
        "sum by (state) (sum by (service) (state))",
        "state and on (branch) info",
        "heard * on (instance) group_left (province) info",
        "sum by (province) (heard * on (instance) group_left (branch) info)",
        "sum by (branch) (heard * on (instance) info)",
        "heard * info",
        QUANTILE.format("step"),
        "topk by (branch) (1, state)",
    ],
)
def test_a_label_that_is_not_there_is_refused(expression: str):
    with pytest.raises(NotThereError):
        labels_of(expression, KNOWN)


@pytest.mark.parametrize("expression", ["sum by (service) state", "foo(state)", "state !"])
def test_what_it_cannot_read_it_does_not_let_through(expression: str):
    with pytest.raises((ValueError, IndexError)):
        labels_of(expression, KNOWN)
