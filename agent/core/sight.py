"""Whether an office can see: decided by what is not the centre.

An office whose own line is cut sees every central service fail. So before it votes it looks at
things nearby: its gateway, its resolver, other networks. When two of these three groups give no
answer, the office abstains and says why. The centre's own front door only classifies a failure.

Controls that are broken themselves, says the leader, do not count; see ``shared_controls``. The
rest decides by the same rule. Where fewer than two groups are left the office sees: one group
cannot tell a cut line from its own trouble, and a national outage of what all offices use as
controls must not silence them all. That is safe because nothing is ignored without a word of the
leader's in the last seconds, and it came over this very line. An office whose line is cut hears no
more, counts all of its controls again, and abstains.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from agent.core.model import Sight
from agent.core.shared_controls import MOST_CONTROLS

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
    shared: str | None = None
    """What all offices call this control; None: this office's own."""
    role: str | None = None
    """The target whose edge a front control is; None: that of no one in particular."""


def judge_sight(
    readings: Sequence[ControlReading],
    *,
    ignored: AbstractSet[str] = frozenset(),
    failing_groups: int = FAILING_GROUPS,
) -> Sight:
    """Tell whether the office can see.

    ``ignored`` holds shared names of controls that fail at so many offices that they themselves
    must be broken. A group fails when none of its remaining controls answered; one without any says
    nothing.
    """
    near = [each for each in readings if each.group is not ControlGroup.FRONT]
    counted = [each for each in near if each.shared not in ignored]
    failing = [words for group, words in _NEAR_WORDS.items() if _fails(group, counted)]
    blind = len(failing) >= failing_groups
    shared = tuple(dict.fromkeys(each.shared for each in near if each.shared))[:MOST_CONTROLS]
    answered = {each.shared for each in near if each.answered}
    return Sight(
        sees=not blind,
        why_not=f"{_listed(failing)} do not answer" if blind else None,
        front=_front(each for each in readings if each.group is ControlGroup.FRONT),
        edges=tuple((each.role, each.answered) for each in readings if each.role is not None),
        controls=shared,
        failing=tuple(name for name in shared if name not in answered),
        ignored=tuple(name for name in shared if name in ignored),
    )


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
