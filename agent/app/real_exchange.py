"""The exchange that a branch.yaml names: another's NATS, one of our own as a child, or memory.

A child that ends, or lives and answers nobody, is started again; until then the office is on its
own, as with any exchange that is down, and goes on probing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.adapters.nats_exchange import NatsExchange
from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_server import LOOPBACK, NatsServer
from agent.adapters.nats_streams import BRANCH_ACCOUNT_API, OWN_ACCOUNT_API
from agent.adapters.nkey import Nkey
from agent.adapters.tls_contexts import RotatingContext
from agent.app.real_parts import trust
from agent.clock import Clock
from agent.config.branch import ExchangeSettings
from agent.config.kinds import host_and_port
from agent.core.model import Branch
from agent.ports import ConfigurationError, Exchange, ExchangeError

RESTART_AFTER_S = 2.0
ASK_EVERY_S = 5.0
ANSWER_WITHIN_S = 2.0
MOST_UNANSWERED = 3
"""A child that lives and does not answer so often is frozen: it is ended, and started again with
its store, before offices stand alone."""

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def exchange_of(
    settings: ExchangeSettings, branch: Branch, clock: Clock
) -> AsyncIterator[Exchange]:
    """The exchange, not yet started; what it needs on this machine is there while this is open.

    Raises :class:`ConfigurationError` for what only a person can mend.
    """
    match settings.kind:
        case "memory":
            yield MemoryExchange(MemoryStore(clock), branch.id, can_coordinate=branch.hub)
        case "embedded":
            async with _own_server(settings) as server:
                yield NatsExchange(NatsSettings(servers=(server.url,)), branch.id, clock)
        case "nats":
            yield NatsExchange(await nats_settings(settings), branch.id, clock)


async def nats_settings(settings: ExchangeSettings) -> NatsSettings:
    """What was written, its files looked at now: a wrong one is told before anything starts."""
    tls = None
    if settings.tls.given or any(url.startswith("tls:") for url in settings.servers):
        tls = trust(settings.tls)
        await RotatingContext(tls).current()
    if settings.nkey_seed_file is not None:
        await asyncio.to_thread(Nkey.from_file, settings.nkey_seed_file)
    return NatsSettings(
        servers=settings.servers,
        tls=tls,
        nkey_seed_file=settings.nkey_seed_file,
        api=OWN_ACCOUNT_API if settings.nkey_seed_file is None else BRANCH_ACCOUNT_API,
        replicas=settings.replicas,
    )


@asynccontextmanager
async def _own_server(settings: ExchangeSettings) -> AsyncIterator[NatsServer]:
    if settings.data_dir is None:
        raise ConfigurationError(["exchange.data_dir: is missing"])
    binary = None if settings.nats_server is None else str(settings.nats_server)
    host, port = (LOOPBACK, None) if settings.listen is None else host_and_port(settings.listen)
    server = NatsServer(settings.data_dir, binary=binary, host=host, port=port)
    await _start(server)
    keeper = asyncio.create_task(_keep(server), name="exchange server")
    try:
        yield server
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])
        await server.stop()


async def _keep(server: NatsServer) -> None:
    """Start the child again whenever it has ended, or lives and answers nobody."""
    while True:
        if server.pid is not None:
            await _until_of_no_use(server)
        await asyncio.sleep(RESTART_AFTER_S)
        await server.stop()
        try:
            await _start(server)
        except ConfigurationError as error:
            _log.warning("exchange_server_not_started", reason=str(error))


async def _until_of_no_use(server: NatsServer) -> None:
    ending = asyncio.create_task(server.wait(), name="exchange server's end")
    unanswered = 0
    try:
        while unanswered < MOST_UNANSWERED:
            ended, _ = await asyncio.wait([ending], timeout=ASK_EVERY_S)
            if ended:
                _log.warning("exchange_server_ended", code=ending.result())
                return
            answers = await server.serves(ANSWER_WITHIN_S)
            unanswered = 0 if answers else unanswered + 1
    finally:
        ending.cancel()
    _log.warning("exchange_server_frozen", unanswered=unanswered)


async def _start(server: NatsServer) -> None:
    """Start the child; one that does not serve yet is no reason not to probe."""
    try:
        await server.start()
    except ExchangeError as error:
        _log.warning("exchange_server_not_started", reason=str(error))
