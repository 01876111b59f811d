"""Makes the streams of the exchange and brings them back to what they must be.

For whoever looks after the engine: no branch may do it. What the engine will not change on a stream
that is there, such as its kind of storage, comes back in words.
"""

from __future__ import annotations

import json
from typing import Any

from agent.adapters.nats_session import NotFound, Session, shaped_answer
from agent.adapters.nats_streams import STREAMS, Stream, differences, limits_differ
from agent.ports import ExchangeError

_TIMEOUT_S = 5.0
"""A cluster that makes a stream first agrees on where."""


async def make_streams(session: Session, replicas: int) -> tuple[list[str], list[str]]:
    """Make what is missing and mend what differs; says what was done, and what could not be.

    Raises :class:`ExchangeError` when the engine does not answer at all.
    """
    done, failed = [], []
    for stream in STREAMS:
        found = await _config(session, stream)
        if found is not None and not _differs(stream, found, replicas):
            done.append(f"{stream.name} is as it must be")
            continue
        verb = "CREATE" if found is None else "UPDATE"
        try:
            await _ask(session, f"{verb}.{stream.name}", stream.settings(replicas))
            done.append(f"{stream.name} {'made' if found is None else 'mended'}")
        except ExchangeError as error:
            failed.append(f"{stream.name} not {'made' if found is None else 'mended'}: {error}")
    return done, failed


def _differs(stream: Stream, found: dict[str, Any], replicas: int) -> bool:
    return bool(differences(stream, found) or limits_differ(stream, found, replicas))


async def _config(session: Session, stream: Stream) -> dict[str, Any] | None:
    """What the engine holds of a stream; None when it is not there."""
    try:
        answer = await stream_answer(session, stream)
    except NotFound:
        return None
    with shaped_answer():
        return dict(answer["config"])


async def stream_answer(
    session: Session, stream: Stream, *, subjects: bool = False
) -> dict[str, Any]:
    """All that the engine says of a stream. Raises :class:`ExchangeError`, NotFound if need be."""
    body = {"subjects_filter": f"{stream.prefix}>"} if subjects else None
    return await _ask(session, f"INFO.{stream.name}", body)


async def _ask(session: Session, question: str, body: dict[str, Any] | None) -> dict[str, Any]:
    payload = b"" if body is None else json.dumps(body).encode()
    return await session.request(f"{session.api}.STREAM.{question}", payload, timeout_s=_TIMEOUT_S)
