"""How bad an incident is, as one table of shares of the nation's services.

slow      lambat     nothing fails, something is slow
partial   sebagian   under half of the services failing or affected, no sign-in among them
degraded  gangguan   half or more, or a sign-in is among them
down      mati       three quarters, or every sign-in that is watched fails at most offices
"""

from __future__ import annotations

from collections.abc import Collection

from agent.core.model import Severity

_HALF = 0.5
_THREE_QUARTERS = 0.75
EVERYWHERE = 0.8
"""Share of reporting offices from which a sign-in counts as failing everywhere."""


def of(
    *,
    services: int,
    failing: Collection[str],
    slow: Collection[str],
    affected: Collection[str],
    sign_ins: Collection[str],
    sign_ins_everywhere: Collection[str],
) -> Severity:
    """The severity of one incident.

    ``services`` counts all of the nation's; ``sign_ins`` are those watched, and
    ``sign_ins_everywhere`` those of them that fail at over 80 % of the reporting offices.
    """
    if not failing:
        return Severity.SLOW
    share = len({*failing, *affected}) / max(1, services)
    if share >= _THREE_QUARTERS or (sign_ins and set(sign_ins) <= set(sign_ins_everywhere)):
        return Severity.DOWN
    if share >= _HALF or set(sign_ins) & {*failing, *slow, *affected}:
        return Severity.DEGRADED
    return Severity.PARTIAL
