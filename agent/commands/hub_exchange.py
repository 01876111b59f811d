"""The exchange as a hub's own settings reach it, for commands that write what a person decides."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from agent.adapters.nats_exchange import NatsExchange
from agent.app.real_exchange import nats_settings
from agent.clock import BootClock
from agent.config.loading import load_branch
from agent.ports import ConfigurationError, Denied, Exchange, ExchangeError

OK, REFUSED, USAGE, UNKNOWN = 0, 1, 2, 3

Deed = Callable[[Exchange], Awaitable[int]]


def with_exchange(file: Path, deed: Deed) -> int:
    """Do it on the exchange of this branch.yaml; returns the exit code, having said why."""
    try:
        return asyncio.run(_connected(file, deed))
    except ConfigurationError as error:
        return refuse(USAGE, *error.mistakes)
    except Denied as error:
        return refuse(REFUSED, f"refused: {error}; is this branch.yaml a hub's?")
    except ExchangeError as error:
        return refuse(UNKNOWN, f"the exchange does not answer: {error}")


async def _connected(file: Path, deed: Deed) -> int:
    branch = load_branch(file)
    written = branch.exchange
    servers = written.servers
    if written.kind == "embedded" and written.listen is not None:
        servers = (f"nats://{written.listen}",)
    if written.kind == "memory" or not servers:
        raise ConfigurationError(
            [f"{file}: this exchange is inside the running agent; `listen` lets others ask it"]
        )
    settings = await nats_settings(written.model_copy(update={"servers": servers}))
    exchange = NatsExchange(settings, branch.branch, BootClock())
    try:
        await exchange.start()
        return await deed(exchange)
    finally:
        await exchange.close()


def refuse(code: int, *mistakes: str) -> int:
    """Say what is wrong; returns ``code``."""
    for mistake in mistakes:
        print(mistake, file=sys.stderr)  # noqa: T201 - this is its output
    return code
