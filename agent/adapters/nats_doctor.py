"""Looks an exchange over as one branch sees it, and says all that is wrong at once, with its mend.

Nothing is written: a permission is tried with a write that expects a revision which cannot be. Who
may write is told that the revision is another; who may not is refused.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from agent.adapters import nats_streams
from agent.adapters.nats_certificates import own_certificate, server_certificate
from agent.adapters.nats_copies import copies
from agent.adapters.nats_findings import Finding, ok, unknown, wrong
from agent.adapters.nats_keeper import stream_answer
from agent.adapters.nats_link import OLDEST_SERVER, NatsLink, NatsSettings
from agent.adapters.nats_session import NotFound, Session, seconds_of, shaped_answer
from agent.adapters.nats_streams import BEAT, COORDINATION, LEDGER, PUBLIC, STATUS, STREAMS, Stream
from agent.clock import Clock
from agent.core.codec import WireError
from agent.core.model import is_name
from agent.core.wire import decode_status
from agent.ports import Conflict, Denied, ExchangeError, Unavailable

_IMPOSSIBLE_REVISION = str(1 << 62)
_CLOCKS_APART_S = 5.0
_MAX_STATUSES = 2_000
_READS_AT_ONCE = 16
_TIMEOUT_S = 2.0
_NAMED = 8
_DEAF = "subscription"
"""Without its inbox a session hears no answer, whatever else is wrong."""
_NOBODY = "pantau-doctor-nobody"
"""A branch that is in no roster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The branch for which the exchange is looked over."""

    branch: str
    hub: bool
    nation: str
    """Revision and hash of its nation.yaml."""


async def examine(settings: NatsSettings, patient: Patient, clock: Clock) -> list[Finding]:
    """Everything that can be said of the exchange; takes half a minute at the very most."""
    own = await own_certificate(settings.tls, clock.wall_s())
    try:
        async with connection(settings, patient.branch, clock) as session:
            return [
                _server(session),
                *own,
                *server_certificate(session, clock.wall_s()),
                *await _streams(session, settings.replicas),
                *await copies(session),
                *await _permissions(session, patient),
                await _clocks(session, clock),
                await _nations(session, patient),
            ]
    except ExchangeError as error:
        return [*own, _not_reached(error, settings)]


@asynccontextmanager
async def connection(settings: NatsSettings, branch: str, clock: Clock) -> AsyncIterator[Session]:
    """One session, also with a server that is too old. Raises :class:`ExchangeError`."""

    async def prepare(session: Session) -> None:
        try:
            await stream_answer(session, STATUS)
        except Denied as error:
            if _DEAF in str(error):
                raise
        except ExchangeError:
            pass  # What it is, is for the examination to say.

    settings = replace(settings, oldest_server=(0, 0))
    link = NatsLink(settings, nats_streams.inbox_prefix(branch), clock, prepare)
    try:
        await link.start()
        yield link.session()
    finally:
        await link.close()


def _not_reached(error: ExchangeError, settings: NatsSettings) -> Finding:
    text, servers = str(error), ", ".join(settings.servers)
    if isinstance(error, Denied):
        if "credentials" in text:
            return wrong(
                f"{servers} refused who we are",
                "the server's accounts.conf must hold the public half of this nkey: "
                "compare with what `pantau exchange init` wrote, and reload the server",
            )
        if _DEAF in text:
            return wrong(
                f"{servers} knows this nkey as somebody else's",
                "exchange.nkey_seed_file in branch.yaml must be the seed of this very office",
            )
        return wrong(text, "mend what exchange in branch.yaml names")
    if "certificate has expired" in text:
        return wrong(
            f"{servers} has shown a certificate that has ended",
            "whoever keeps the servers renews it, and tells the server to reload",
        )
    if any(word in text.upper() for word in ("SSL", "TLS", "CERTIFICATE")):
        return wrong(
            f"{servers} and this office do not agree on TLS: {text}",
            "exchange.tls in branch.yaml: ca_file must have signed the server's certificate, and "
            "the server's ca_file ours; both must be valid today and the name in the address right",
        )
    return wrong(
        f"{servers} cannot be reached: {text}",
        "is the server up, and does the line or a firewall let this office through to that port?",
    )


def _server(session: Session) -> Finding:
    version = ".".join(map(str, session.server_version))
    if session.server_version[:2] < OLDEST_SERVER:
        oldest = ".".join(map(str, OLDEST_SERVER))
        return wrong(f"nats-server {version} is too old", f"install nats-server {oldest} or later")
    return ok(f"nats-server {version} answers, and takes us for who we are")


# --- the store ------------------------------------------------------------------------------------


async def _streams(session: Session, replicas: int) -> list[Finding]:
    return [each for stream in STREAMS for each in await _stream(session, stream, replicas)]


async def _stream(session: Session, stream: Stream, replicas: int) -> list[Finding]:
    mend = "the engine's keeper runs `pantau exchange init` with --servers"
    try:
        answer = await stream_answer(session, stream)
        with shaped_answer():
            config = dict(answer["config"])
    except NotFound:
        return [wrong(f"{stream.name} is not there", f"{mend}: it makes what is missing")]
    except Denied as error:
        return [wrong(f"{stream.name}: {error}", _PERMISSION_MEND)]
    except ExchangeError as error:
        return [unknown(stream.name, error)]
    differ = nats_streams.differences(stream, config)
    differ += nats_streams.limits_differ(stream, config, replicas)
    if not differ:
        return [ok(f"{stream.name} is as it must be")]
    return [wrong(each, f"{mend} and the same --replicas: it mends this") for each in differ]


# --- permissions ----------------------------------------------------------------------------------

_PERMISSION_MEND = (
    "the server's accounts.conf must be the one that `pantau exchange init` wrote for this "
    "nation.yaml; reload the server afterwards"
)


async def _permissions(session: Session, patient: Patient) -> list[Finding]:
    today = f"{patient.branch}.19700101"
    own = (STATUS.subject(patient.branch), BEAT.subject(patient.branch), LEDGER.subject(today))
    hubs = (COORDINATION.subject("doctor"), PUBLIC.subject("doctor"))
    others = (STATUS.subject(_NOBODY), BEAT.subject(_NOBODY), LEDGER.subject(f"{_NOBODY}.19700101"))
    needed, refused = (own + hubs, others) if patient.hub else (own, hubs + others)
    found = [await _allowed(session, subject) for subject in needed]
    found += [await _refused(session, subject) for subject in refused]
    bad = [each for each in found if each is not None]
    return bad or [ok("we may write what is ours, and nothing else")]


async def _may_write(session: Session, subject: str) -> bool:
    """Try a write that cannot succeed. Raises :class:`Unavailable` when that tells nothing."""
    headers = {"Nats-Expected-Last-Subject-Sequence": _IMPOSSIBLE_REVISION}
    try:
        await session.request(subject, b"", timeout_s=_TIMEOUT_S, headers=headers)
    except Conflict:
        return True
    except Denied:
        return False
    return True


async def _allowed(session: Session, subject: str) -> Finding | None:
    try:
        may = await _may_write(session, subject)
    except ExchangeError as error:
        return unknown(f"whether we may write {subject}", error)
    return None if may else wrong(f"we may not write {subject}", _PERMISSION_MEND)


async def _refused(session: Session, subject: str) -> Finding | None:
    try:
        may = await _may_write(session, subject)
    except ExchangeError as error:
        return unknown(f"whether we may write {subject}, which is not ours", error)
    if not may:
        return None
    return wrong(f"we may write {subject}, which is not ours", _PERMISSION_MEND)


# --- clocks and files -----------------------------------------------------------------------------


async def _clocks(session: Session, clock: Clock) -> Finding:
    before_s = clock.wall_s()
    try:
        answer = await stream_answer(session, STATUS)
        after_s = clock.wall_s()
        with shaped_answer():
            engine_s = seconds_of(answer["ts"])
    except ExchangeError as error:
        return unknown("whether the clocks agree", error)
    apart_s = engine_s - min(max(engine_s, before_s), after_s)
    if abs(apart_s) <= _CLOCKS_APART_S:
        return ok("our clock and the engine's agree")
    word = "behind" if apart_s > 0 else "ahead of"
    return wrong(
        f"our clock is {abs(apart_s):.0f} s {word} the engine's",
        "set both by NTP: no verdict depends on them, the times on pages and in messages do",
    )


async def _nations(session: Session, patient: Patient) -> Finding:
    """Whose nation.yaml is another than ours, from the statuses that stand."""
    try:
        found = await _nations_told(session)
    except ExchangeError as error:
        return unknown("whether the offices have one nation.yaml", error)
    others = {branch: nation for branch, nation in found.items() if nation != patient.nation}
    others.pop(patient.branch, None)
    if not others:
        return ok(f"nation.yaml is {patient.nation} here and at {len(found)} offices that report")
    counts = ", ".join(f"{nation} at {n}" for nation, n in Counter(others.values()).most_common(3))
    names = ", ".join(sorted(others)[:_NAMED])
    return wrong(
        f"nation.yaml is {patient.nation} here, and another at {len(others)} of {len(found)} "
        f"offices: {counts}; {names}",
        "give every office the same nation.yaml: what differs in it does not bind",
    )


async def _nations_told(session: Session) -> dict[str, str]:
    answer = await stream_answer(session, STATUS, subjects=True)
    with shaped_answer():
        subjects = sorted(answer["state"].get("subjects") or {})[:_MAX_STATUSES]
    names = [each.removeprefix(STATUS.prefix) for each in subjects]
    places = asyncio.Semaphore(_READS_AT_ONCE)

    async def read(name: str) -> str | None:
        async with places:
            return await _nation_of(session, name)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(read(name)) for name in names if is_name(name)}
    except* ExchangeError:
        raise Unavailable("not all statuses could be read") from None
    return {name: nation for name, task in tasks.items() if (nation := task.result()) is not None}


async def _nation_of(session: Session, branch: str) -> str | None:
    """Which nation.yaml an office reports; None when its status is gone or is none."""
    question = json.dumps({"last_by_subj": STATUS.subject(branch)}).encode()
    subject = f"{session.api}.STREAM.MSG.GET.{STATUS.name}"
    try:
        answer = await session.request(subject, question, timeout_s=_TIMEOUT_S)
    except NotFound:
        return None
    with shaped_answer():
        value = base64.b64decode(answer["message"].get("data", ""))
    try:
        return decode_status(branch, value).nation
    except WireError:
        return None
