"""Two of three groups of near controls decide whether an office can see."""

from __future__ import annotations

import pytest

from agent.core.sight import ControlGroup, ControlReading, judge_sight

GATEWAY, RESOLVER, NETWORK, FRONT = ControlGroup


def reading(name: str, group: ControlGroup, *, answered: bool, detail: str = "") -> ControlReading:
    return ControlReading(name=name, group=group, answered=answered, detail=detail)


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


@pytest.mark.parametrize("front", ["y", "n"])
def test_the_front_of_the_centre_classifies_and_never_decides(front: str):
    assert judge_sight(readings("n", "y", "yyy", front)).sees
    assert not judge_sight(readings("n", "n", "yyy", front)).sees


def test_the_front_is_told_in_words():
    assert judge_sight(readings("y", "y", "y")).front is None
    assert judge_sight(readings("y", "y", "y", "ny")).front == "answers"
    assert judge_sight(readings("y", "y", "y", "n")).front == "does not answer: timeout"
