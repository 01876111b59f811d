"""Whether an office can see: decided by what is not the centre.

An office whose own line is cut sees every central service fail. So before it votes it looks at
things nearby: its gateway, its resolver, other networks. When two of these three groups give no
answer, the office abstains and says why. The centre's own front door only classifies a failure.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from agent.core.model import Sight

FAILING_GROUPS = 2
"""Groups of near controls that must be without an answer before an office abstains."""


class ControlGroup(StrEnum):
    """What a control stands for."""

    GATEWAY = "gateway"
    RESOLVER = "resolver"
    NETWORK = "network"
    """Networks that are neither ours nor the centre's: one answer proves that the line carries."""
    FRONT = "front"
    """The edge of the centre itself; never decides."""


_NEAR_WORDS = {
    ControlGroup.GATEWAY: "gateway",
    ControlGroup.RESOLVER: "resolver",
    ControlGroup.NETWORK: "other networks",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlReading:
    """What one control showed."""

    name: str
    group: ControlGroup
    answered: bool
    detail: str = ""
    """Why not, in a few words."""


def judge_sight(
    readings: Iterable[ControlReading],
    *,
    ignored: AbstractSet[str] = frozenset(),
    failing_groups: int = FAILING_GROUPS,
) -> Sight:
    """Tell whether the office can see.

    ``ignored`` names controls that fail at so many offices that they themselves must be broken. A
    group fails when none of its remaining controls answered; one without any says nothing.
    """
    counted = [each for each in readings if each.name not in ignored]
    failing = [words for group, words in _NEAR_WORDS.items() if _fails(group, counted)]
    front = _front(each for each in counted if each.group is ControlGroup.FRONT)
    if len(failing) < failing_groups:
        return Sight(sees=True, front=front)
    return Sight(sees=False, why_not=f"{_listed(failing)} do not answer", front=front)


def _fails(group: ControlGroup, readings: Iterable[ControlReading]) -> bool:
    answers = [each.answered for each in readings if each.group is group]
    return bool(answers) and not any(answers)


def _front(readings: Iterable[ControlReading]) -> str | None:
    by_answer = sorted(readings, key=lambda each: not each.answered)
    if not by_answer:
        return None
    first = by_answer[0]
    return "answers" if first.answered else f"does not answer: {first.detail}".rstrip(": ")


def _listed(words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"
