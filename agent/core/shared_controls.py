"""Which controls count no more: those that fail at so many offices that they themselves are broken.

Controls in other networks are shared: many offices try the same address. When it dies, each of them
sees one sign more of a cut line of its own, though nobody's line is cut; and if the others die with
it, as they may behind one link abroad, all offices would abstain at once. So each status says which
shared controls its office has and which of them fail, and the leader takes out those that fail at
over a fifth of the offices that have them and report. An office that cannot see testifies as well:
its status has come, so a line that carried it stands.

A line that is cut is told from that by where it hurts: it takes one carrier, province or island. So
the share must be exceeded even without the group that is hit worst, whichever that is. A group that
holds every office that has the control leaves none to compare with, and is passed over.

What is shared is known by what is asked, such as ``dns 9.9.9.9:53``, and not by what an office
calls it. A private address or a local name is another thing at every office, and the gateway is
each office's own: they are never taken out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet

from agent.core.groups import Groups
from agent.core.model import Sight

BROKEN_SHARE = 0.2
BROKEN_OFFICES = 3
RETURN_SHARE = 0.1
"""Half, so that it does not flap: where 145 offices share a control that each misses now and then,
chance moves the share by 3 points, and from one border to the other it is three times that."""
RETURN_OFFICES = 2
"""What one office alone cannot reach is that office's trouble."""
MOST_CONTROLS = 16
"""As many are told by one office, and as many by the leader."""

_NAME = re.compile(r"[a-z]{1,8} [a-z0-9][a-z0-9._:-]{0,62}")
_LOCAL = ("local", "lan", "internal", "localhost", "arpa")


def shared_name(kind: str, host: str, port: int) -> str | None:
    """What all offices call this control; None: it is each office's own, or has no short name."""
    host = host.lower().rstrip(".")
    name = f"{kind} {host}:{port}"
    return name if _is_public(host) and is_shared_name(name) else None


def is_shared_name(text: str) -> bool:
    """Whether another agent may call a control so: short, and nothing in it can do harm."""
    return _NAME.fullmatch(text) is not None


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        _, dot, last = host.rpartition(".")
        return bool(dot) and last not in _LOCAL


def ignored(
    reports: Mapping[str, Sight], before: Collection[str], groups: Groups
) -> tuple[str, ...]:
    """The shared controls that count no more, those that most offices have first.

    ``reports``: what each office that reports now says of its own sight, whether it can see or not;
    ``before``: what counted no more until now.
    """
    having = _offices((office, sight.controls) for office, sight in reports.items())
    failing = _offices((office, sight.failing) for office, sight in reports.items())
    out = [
        name
        for name, offices in having.items()
        if _broken(offices, failing.get(name, set()), groups, already=name in before)
    ]
    return tuple(sorted(out, key=lambda name: (-len(having[name]), name))[:MOST_CONTROLS])


def _offices(named: Iterable[tuple[str, Iterable[str]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for office, names in named:
        for name in names:
            found.setdefault(name, set()).add(office)
    return found


def _broken(
    having: AbstractSet[str], failing: AbstractSet[str], groups: Groups, *, already: bool
) -> bool:
    share, least = (RETURN_SHARE, RETURN_OFFICES) if already else (BROKEN_SHARE, BROKEN_OFFICES)
    if len(failing) < least or len(failing) <= share * len(having):
        return False
    rests = [(having - set(group), failing - set(group)) for group in groups.members.values()]
    return all(len(fail) > share * len(have) for have, fail in rests if have)
