"""Receivers beside Slack, made from branch.yaml anew for each term that this agent leads.

An adapter is found by the name of its kind: ``alertmanager`` is ``receiver`` of
:mod:`agent.adapters.alertmanager_receiver`. So a new kind is its adapter and its name in
:mod:`agent.config.receivers`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import cast

from agent.adapters.receiver_connection import Destination
from agent.adapters.tls_contexts import TlsContexts, Trust
from agent.app.real_parts import fresh
from agent.clock import Clock
from agent.config.branch import BranchSettings
from agent.config.receivers import Kind, ReceiverSettings
from agent.core.wording import Wording
from agent.ports import Meters, Receiver, Receivers

Make = Callable[[Destination], Receiver]


def adapter(kind: Kind) -> Make:
    """What makes a receiver of this kind."""
    return cast("Make", import_module(f"agent.adapters.{kind}_receiver").receiver)


def labels(settings: BranchSettings) -> tuple[str, ...]:
    """What the receivers are called in metrics."""
    return tuple(each.label for each in settings.receivers)


async def receivers(
    settings: BranchSettings,
    *,
    contexts: TlsContexts,
    wording: Wording,
    clock: Clock,
    meters: Meters,
) -> Receivers:
    """What makes the receivers of a term.

    Raises :class:`agent.ports.ConfigurationError` for certificates that cannot be used.
    """
    await contexts.prepare(_trust(each) for each in settings.receivers if each.ca_file)
    made = [
        (adapter(each.kind), _destination(settings, index, contexts, wording, clock, meters))
        for index, each in enumerate(settings.receivers)
    ]

    def make() -> Sequence[Receiver]:
        return [of(destination) for of, destination in made]

    return make


def _destination(
    settings: BranchSettings,
    index: int,
    contexts: TlsContexts,
    wording: Wording,
    clock: Clock,
    meters: Meters,
) -> Destination:
    chosen = settings.receivers[index]

    def secret(key: str) -> Callable[[], str]:
        held: str = getattr(chosen, key).get_secret_value()
        return fresh(held, settings.secret_files.get(("receivers", index, key)))

    return Destination(
        name=chosen.label,
        url=secret("url"),
        wording=wording,
        clock=clock,
        meters=meters,
        token=secret("token") if chosen.token else None,
        secret=secret("secret") if chosen.secret else None,
        every_s=chosen.every_s,
        tls=contexts.of(_trust(chosen)) if chosen.ca_file else None,
    )


def _trust(chosen: ReceiverSettings) -> Trust:
    return Trust(ca_file=str(chosen.ca_file))
