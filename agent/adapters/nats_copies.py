"""Whether the records are on enough servers of a cluster, each of them as new as the leader."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from agent.adapters.nats_findings import Finding, ok, wrong
from agent.adapters.nats_keeper import stream_answer
from agent.adapters.nats_session import Session, shaped_answer
from agent.adapters.nats_streams import STREAMS
from agent.ports import ExchangeError

_FEWEST = 3
_LOOK_AGAIN_AFTER_S = 1.0
"""A server that is in step is a write behind now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """How one stream is kept by its servers."""

    copies: int
    behind: frozenset[str]
    """The servers that are not in step with the leader, by name."""


async def copies(session: Session) -> list[Finding]:
    """What is to be said; nothing of a lone server, nor of what is not told to us."""
    try:
        before = now = await _kept(session)
        if any(each.behind for each in before.values()):
            await asyncio.sleep(_LOOK_AGAIN_AFTER_S)
            now = await _kept(session)
    except ExchangeError:
        return []  # What a stream lacks is a finding of its own.
    if not now:
        return []
    found = [*_too_few(now), *_behind(before, now)]
    return found or [ok("each stream is as new on all its servers")]


async def _kept(session: Session) -> dict[str, _Kept]:
    """Of each stream that is in a cluster, by its name."""
    found = {}
    for stream in STREAMS:
        answer = await stream_answer(session, stream)
        with shaped_answer():
            if "name" in (cluster := answer["cluster"]):
                found[stream.name] = _Kept(
                    copies=int(answer["config"]["num_replicas"]),
                    behind=frozenset(
                        str(each["name"])
                        for each in cluster.get("replicas") or ()
                        if each.get("offline") or not each["current"]
                    ),
                )
    return found


def _too_few(kept: Mapping[str, _Kept]) -> list[Finding]:
    few = [stream for stream, each in kept.items() if each.copies < _FEWEST]
    if not few:
        return []
    mend = "the engine's keeper runs `pantau exchange init` with --servers and --replicas 3"
    return [wrong(f"on fewer than three servers of a cluster: {', '.join(few)}", mend)]


def _behind(before: Mapping[str, _Kept], now: Mapping[str, _Kept]) -> list[Finding]:
    """Who was not in step either time."""
    found: dict[str, list[str]] = defaultdict(list)
    for stream in before.keys() & now.keys():
        for server in before[stream].behind & now[stream].behind:
            found[server].append(stream)
    return [_not_in_step(server, sorted(found[server])) for server in sorted(found)]


def _not_in_step(server: str, streams: list[str]) -> Finding:
    return wrong(
        f"server {server} is not in step: {', '.join(streams)}",
        "is it up, does it reach the others? while two of three are not, every write is refused",
    )
