"""The exchange that a branch.yaml names: another's NATS, one of our own as a child, or memory.

A child that ends is started again; until then the office is on its own, as with any exchange that
is down, and goes on probing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec

import structlog

from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.adapters.nats_exchange import NatsExchange
from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_server import NatsServer
from agent.adapters.tls_contexts import TlsContexts
from agent.app.real_parts import trust
from agent.clock import Clock
from agent.config.branch import ExchangeSettings
from agent.core.model import Branch
from agent.ports import ConfigurationError, Exchange, ExchangeError

RESTART_AFTER_S = 2.0

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def exchange_of(
    settings: ExchangeSettings, branch: Branch, contexts: TlsContexts, clock: Clock
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
            yield NatsExchange(await _nats(settings, contexts), branch.id, clock)


async def _nats(settings: ExchangeSettings, contexts: TlsContexts) -> NatsSettings:
    if settings.nkey_seed_file is not None and find_spec("nkeys") is None:
        raise ConfigurationError(
            ["exchange.nkey_seed_file: needs the package nkeys, which is not installed"]
        )
    tls = None
    wanted = trust(settings.tls)
    if settings.tls.given or any(url.startswith("tls:") for url in settings.servers):
        await contexts.prepare([wanted])
        tls = contexts.of(wanted)
    return NatsSettings(servers=settings.servers, tls=tls, nkey_seed_file=settings.nkey_seed_file)


@asynccontextmanager
async def _own_server(settings: ExchangeSettings) -> AsyncIterator[NatsServer]:
    if settings.data_dir is None:
        raise ConfigurationError(["exchange.data_dir: is missing"])
    binary = None if settings.nats_server is None else str(settings.nats_server)
    server = NatsServer(settings.data_dir, binary=binary)
    await _start(server)
    keeper = asyncio.create_task(_keep(server), name="exchange server")
    try:
        yield server
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])
        await server.stop()


async def _keep(server: NatsServer) -> None:
    """Start the child again whenever it has ended."""
    while True:
        if server.pid is not None:
            code = await server.wait()
            _log.warning("exchange_server_ended", code=code)
        await asyncio.sleep(RESTART_AFTER_S)
        await server.stop()
        try:
            await _start(server)
        except ConfigurationError as error:
            _log.warning("exchange_server_not_started", reason=str(error))


async def _start(server: NatsServer) -> None:
    """Start the child; one that does not serve yet is no reason not to probe."""
    try:
        await server.start()
    except ExchangeError as error:
        _log.warning("exchange_server_not_started", reason=str(error))
