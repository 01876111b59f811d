"""The real outside of one office, made from its branch.yaml: targets, controls, exchange, Slack.

What a person wrote becomes what adapters take: plain values, with secrets behind callables that
read their files again at every use, so that a token that is replaced works at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from agent import __version__
from agent.adapters.control_prober import Control, ControlKind, ControlProber
from agent.adapters.dns_resolver import Resolver
from agent.adapters.http_prober import HttpProber, Target, user_agent
from agent.adapters.slack_notifier import SlackNotifier
from agent.adapters.target_auth import ApiKey, Basic, OAuth2, Signature, TokenSignature
from agent.adapters.tls_contexts import TlsContexts, Trust
from agent.clock import Clock
from agent.config import branch as written
from agent.config.branch import DNS_PORT, BranchSettings
from agent.config.kinds import host_and_port
from agent.config.secret_files import read_again
from agent.core.model import Branch
from agent.core.shared_controls import shared_name
from agent.core.sight import ControlGroup
from agent.ports import Notifier
from agent.probe import SIGNED_BY_TARGET

_WEB_PORTS = {"http": 80, "https": 443}


class Outside:
    """What probing needs of the world: one set of TLS contexts and one resolver for all of it."""

    def __init__(self, settings: BranchSettings, clock: Clock) -> None:
        self.contexts = TlsContexts()
        resolver = Resolver()
        self.sessions = HttpProber(
            targets=targets(settings, clock),
            contexts=self.contexts,
            resolver=resolver,
            clock=clock,
            agent_name=user_agent(__version__, settings.contact),
        )
        tried = list(controls(settings))
        self.controls = ControlProber(controls=tried, contexts=self.contexts, resolver=resolver)
        self.shared_controls = tuple(dict.fromkeys(each.shared for each in tried if each.shared))
        """What the near controls are called that other offices have too."""

    async def prepare(self) -> None:
        """Load certificates, once. Raises :class:`agent.ports.ConfigurationError`."""
        await self.sessions.prepare()
        await self.controls.prepare()


def targets(settings: BranchSettings, clock: Clock) -> list[Target]:
    """The central systems as this office reaches them."""
    return [
        Target(
            role=role,
            url=target.url,
            services=target.services,
            trust=trust(target.tls),
            sandbox=target.sandbox,
            signature=_signature(settings, role, clock),
            proxy=target.proxy,
        )
        for role, target in settings.targets.items()
    ]


def credentials(settings: BranchSettings) -> dict[str, dict[str, str]]:
    """By target role, as probes get them. Secret."""
    found: dict[str, dict[str, str]] = {}
    for role, target in settings.targets.items():
        found[role] = {key: each.get_secret_value() for key, each in target.credentials.items()}
        if target.auth is not None:
            named = target.auth.credential_id
            found[role] |= {SIGNED_BY_TARGET: named, "credential_id": named}
    return found


def _signature(settings: BranchSettings, role: str, clock: Clock) -> Signature | None:
    """How the requests to a target are signed, with secrets that are read again at every use."""
    auth = settings.targets[role].auth
    if auth is None:
        return None

    def secret(name: str) -> Callable[[], str]:
        held = getattr(auth, name)
        file = settings.secret_files.get(("targets", role, "auth", name))
        return fresh(held.get_secret_value() if held else "", file)

    if auth.kind == "api_key":
        return ApiKey(header=auth.header, key=secret("key"))
    if auth.kind == "basic":
        return Basic(username=auth.username or "", password=secret("password"))
    asked = OAuth2(
        token_url=auth.token_url or "",
        grant=auth.grant,
        client_id=auth.client_id or "",
        client_secret=secret("client_secret") if auth.client_secret else None,
        username=auth.username or "",
        password=secret("password") if auth.password else None,
        scope=auth.scope or "",
    )
    return TokenSignature(asked, clock.now_s)


def trust(tls: written.Tls) -> Trust:
    """Whom to trust, and as whom to come."""
    return Trust(
        ca_file=_text(tls.ca_file),
        client_certificate=_text(tls.cert_file),
        client_key=_text(tls.key_file),
    )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def controls(settings: BranchSettings) -> Iterator[Control]:
    """The controls, the near ones first; the gateway and the fronts are never shared."""
    chosen = settings.controls
    if chosen.gateway is not None:
        yield _control(chosen.gateway, ControlGroup.GATEWAY)
    if chosen.resolver is not None:
        yield _shared(_control(chosen.resolver, ControlGroup.RESOLVER))
    for network in chosen.networks:
        yield _shared(_control(network, ControlGroup.NETWORK))
    for role, front in chosen.front.items():
        yield replace(_control(front, ControlGroup.FRONT), role=role)


def _shared(control: Control) -> Control:
    return replace(control, shared=shared_name(control.kind, control.host, control.port))


def _control(control: written.Control, group: ControlGroup) -> Control:
    if control.tcp is not None:
        host, port = host_and_port(control.tcp)
        return Control(name=control.name, group=group, kind=ControlKind.TCP, host=host, port=port)
    if control.dns is not None:
        query, _, server = control.dns.partition("@")
        host, port = host_and_port(server, DNS_PORT)
        return Control(
            name=control.name, group=group, kind=ControlKind.DNS, host=host, port=port, query=query
        )
    parts = urlsplit(control.http or "")
    return Control(
        name=control.name,
        group=group,
        kind=ControlKind(parts.scheme),
        host=parts.hostname or "",
        port=parts.port or _WEB_PORTS[parts.scheme],
        path=parts.path or "/",
    )


def notifier(settings: BranchSettings, branch: Branch, clock: Clock) -> Notifier | None:
    """Slack, at a hub that holds its secrets; None elsewhere: such an office never leads."""
    slack = settings.slack
    if slack is None or not branch.hub:
        return None
    files = settings.secret_files
    token = fresh(slack.bot_token.get_secret_value(), files.get(("slack", "bot_token")))
    key = fresh(slack.message_key.get_secret_value(), files.get(("slack", "message_key")))
    return SlackNotifier(
        token=token, key=lambda: key().encode(), clock=clock, base_url=slack.base_url
    )


def fresh(held: str, file: Path | None) -> Callable[[], str]:
    """A secret as its file holds it now; while that cannot be read, as it was last."""

    def read() -> str:
        nonlocal held
        held = (read_again(file) if file else None) or held
        return held

    return read
