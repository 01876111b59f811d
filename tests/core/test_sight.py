"""Two of three groups of near controls decide whether an office can see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.core.shared_controls import MOST_CONTROLS
from agent.core.sight import ControlGroup, ControlReading, judge_sight

GATEWAY, RESOLVER, NETWORK, FRONT = ControlGroup


def reading(name: str, group: ControlGroup, *, answered: bool, detail: str = "") -> ControlReading:
    """All but gateways are shared here, by their own names."""
    shared = None if group is GATEWAY else name
    return ControlReading(name=name, group=group, answered=answered, detail=detail, shared=shared)


def readings(gateway: str, resolver: str, networks: str, front: str = "") -> list[ControlReading]:
    """One letter a control: ``y`` answered, ``n`` did not."""
    letters = {GATEWAY: gateway, RESOLVER: resolver, NETWORK: networks, FRONT: front}
    return [
        reading(f"{group}-{number}", group, answered=letter == "y", detail="timeout")
        for group, text in letters.items()
        for number, letter in enumerate(text)
    ]


@pytest.mark.parametrize(
    ("gateway", "resolver", "networks", "why_not"),
    [
        ("y", "y", "yyy", None),
        ("n", "y", "yyy", None),
        ("y", "y", "nnn", None),
        ("n", "y", "ynn", None),
        ("n", "n", "yyy", "gateway and resolver do not answer"),
        ("n", "y", "nnn", "gateway and other networks do not answer"),
        ("y", "n", "nnn", "resolver and other networks do not answer"),
        ("n", "n", "nnn", "gateway, resolver and other networks do not answer"),
        ("n", "ny", "nnn", "gateway and other networks do not answer"),
        ("", "", "nnn", None),
        ("", "", "", None),
    ],
)
def test_two_groups_without_an_answer_make_an_office_abstain(
    gateway: str, resolver: str, networks: str, why_not: str | None
):
    sight = judge_sight(readings(gateway, resolver, networks))
    assert sight.sees is (why_not is None)
    assert sight.why_not == why_not


def test_a_control_that_is_itself_broken_counts_no_more():
    cut = readings("n", "n", "yyy")
    assert not judge_sight(cut).sees
    assert judge_sight(cut, ignored={"resolver-0"}).sees


def test_a_gateway_is_each_offices_own_and_always_counts():
    cut = readings("n", "n", "yyy")
    assert not judge_sight(cut, ignored={"gateway-0"}).sees


def test_of_networks_the_others_count_on():
    cut = readings("n", "y", "nnn")
    assert not judge_sight(cut, ignored={"network-0"}).sees
    assert judge_sight(readings("n", "y", "nny"), ignored={"network-0"}).sees


@pytest.mark.parametrize(
    ("gateway", "why"),
    [
        ("y", "one group is left, and it answers"),
        ("n", "one group cannot tell: what told the office so came over its line"),
        ("", "nor can none"),
    ],
)
def test_when_all_shared_controls_are_broken_no_office_abstains_for_it(gateway: str, why: str):
    ignored = {"resolver-0", "network-0", "network-1", "network-2"}
    assert judge_sight(readings(gateway, "n", "nnn"), ignored=ignored).sees, why


def test_the_sight_names_the_shared_near_controls_those_that_fail_and_those_that_do_not_count():
    sight = judge_sight(readings("n", "n", "yn", "n"), ignored={"resolver-0", "elsewhere"})
    assert sight.controls == ("resolver-0", "network-0", "network-1")
    assert sight.failing == ("resolver-0", "network-1")
    assert sight.ignored == ("resolver-0",)


def test_two_ways_to_one_shared_control_are_one_and_one_answer_is_enough():
    pair = [replace(each, shared="dns a.example:53") for each in readings("", "", "ny")]
    sight = judge_sight(pair)
    assert (sight.controls, sight.failing) == (("dns a.example:53",), ())


def test_an_office_names_no_more_than_a_status_carries():
    assert len(judge_sight(readings("", "", "y" * 40)).controls) == MOST_CONTROLS


@pytest.mark.parametrize("front", ["y", "n"])
def test_the_front_of_the_centre_classifies_and_never_decides(front: str):
    assert judge_sight(readings("n", "y", "yyy", front)).sees
    assert not judge_sight(readings("n", "n", "yyy", front)).sees


def test_the_front_is_told_in_words():
    assert judge_sight(readings("y", "y", "y")).front is None
    assert judge_sight(readings("y", "y", "y", "ny")).front == "answers"
    assert judge_sight(readings("y", "y", "y", "n")).front == "does not answer: timeout"


def test_the_edge_of_each_target_is_told_apart():
    edges = [
        ControlReading(name=role, group=FRONT, answered=answered, role=role)
        for role, answered in (("simkim", True), ("simponi", False))
    ]
    seen = judge_sight([*readings("y", "y", "y"), *edges])
    assert seen.edges == (("simkim", True), ("simponi", False))
    assert seen.front == "answers"
