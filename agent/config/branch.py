"""branch.yaml: which office this is, how it reaches the centre, and what it keeps to itself.

Secrets are held as SecretStr from here to the adapter that needs them, so that no repr, log or
traceback shows one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from agent.config.checking import Strict
from agent.config.kinds import (
    Header,
    Line,
    Name,
    NatsUrl,
    Place,
    Port,
    ReadableFile,
    Secret,
    WebUrl,
    host_and_port,
)
from agent.config.mistakes import KeyPath, Lines
from agent.config.receivers import MOST as MOST_RECEIVERS
from agent.config.receivers import ReceiverSettings
from agent.config.receivers import is_secret as is_secret_of_a_receiver

NETWORKS = 3
DNS_PORT = 53
SLACK_API = "https://slack.com/api"


def is_secret(path: KeyPath) -> bool:
    """Whether the content of a file may stand at ``path``: ``x_file`` beside it is then read."""
    match path:
        case ("targets", _, "credentials", _):
            return True
        case ("targets", _, "auth", "key" | "password" | "client_secret"):
            return True
        case ("slack", "bot_token" | "message_key"):
            return True
        case ("listeners", "operations", "reload_token"):
            return True
    return is_secret_of_a_receiver(path)


class Tls(Strict):
    """Whom to trust, and who we are."""

    ca_file: ReadableFile | None = None
    cert_file: ReadableFile | None = None
    key_file: ReadableFile | None = None

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together; give both or neither")
        return self

    @property
    def given(self) -> bool:
        """Whether anything is said here."""
        return self.ca_file is not None or self.cert_file is not None


class Auth(Strict):
    """How a target wants every request signed. Journeys that sign in themselves need none of it."""

    kind: Literal["api_key", "basic", "oauth2"]
    credential_id: Line
    """Names the credential in evidence without revealing it."""
    header: Header = "X-API-Key"
    key: Secret | None = None
    username: Line | None = None
    password: Secret | None = None
    token_url: WebUrl | None = None
    grant: Literal["client_credentials", "password"] = "client_credentials"
    client_id: Line | None = None
    client_secret: Secret | None = None
    scope: Line | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {"api_key": ("key",), "basic": ("username", "password")}.get(self.kind)
        if needed is None:
            more = ("client_secret",) if self.grant == "client_credentials" else _PERSON
            needed = ("token_url", "client_id", *more)
        lacking = [name for name in needed if getattr(self, name) is None]
        if lacking:
            raise ValueError(f"kind {self.kind} needs {' and '.join(lacking)}; add what is missing")
        return self


_PERSON = ("username", "password")


class TargetSettings(Strict):
    """How this office reaches one target role."""

    url: WebUrl
    services: dict[Name, WebUrl] = Field(default_factory=dict)
    """Addresses of single services, where they differ from ``url``."""
    credentials: dict[str, Secret] = Field(default_factory=dict)
    """Free keys; ``credential_id`` names them without revealing them. A secret that is replaced
    gets a new one: under the old name it waits until a refused one may be tried again."""
    auth: Auth | None = None
    tls: Tls = Field(default_factory=Tls)
    proxy: WebUrl | None = None
    """An HTTP proxy on the way to this target; no environment variable names one."""
    sandbox: bool = False
    """True only where nothing that is written can count: write steps run nowhere else."""
    consents: dict[Name, Line] = Field(default_factory=dict)
    """Written permissions of the owner, such as ``watch-list``: each says where it can be found."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.credentials and "credential_id" not in self.credentials:
            raise ValueError(
                "credentials need a credential_id, so that a rejection can be told from an outage;"
                ' add e.g. credential_id: "jember-1"'
            )
        return self

    @property
    def credential_id(self) -> str | None:
        """What to call the credentials in evidence."""
        named = self.credentials.get("credential_id")
        if named is not None:
            return named.get_secret_value()
        return self.auth.credential_id if self.auth else None


def _tcp(text: str) -> str:
    host_and_port(text)
    return text


def _dns(text: str) -> str:
    asked, at, server = text.partition("@")
    if not asked or not at:
        raise ValueError('must be name@server[:port], such as "imigrasi.go.id@10.0.0.1"')
    host_and_port(server, DNS_PORT)
    return text


class Control(Strict):
    """A probe of what is not the centre: one of ``tcp``, ``dns`` and ``http``."""

    name: Line
    tcp: Annotated[str, AfterValidator(_tcp)] | None = None
    dns: Annotated[str, AfterValidator(_dns)] | None = None
    http: WebUrl | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(each is not None for each in (self.tcp, self.dns, self.http)) != 1:
            raise ValueError(
                "needs exactly one of `tcp: host:port`, `dns: name@server`, `http: url`"
            )
        return self

    @property
    def way(self) -> str:
        """What is asked of whom, as one text; two controls with one way are one control."""
        return f"tcp {self.tcp}" if self.tcp else f"dns {self.dns}" if self.dns else self.http or ""


class Controls(Strict):
    """The near controls decide whether this office can see; a front one only classifies."""

    gateway: Control | None = None
    resolver: Control | None = None
    networks: tuple[Control, ...] = ()
    front: dict[Name, Control] = Field(default_factory=dict)
    """By target role: the edge of the centre."""

    @property
    def near(self) -> tuple[Control, ...]:
        """All that decide."""
        first = (self.gateway, self.resolver)
        return (*(each for each in first if each is not None), *self.networks)

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if len({each.way for each in self.networks}) < NETWORKS:
            raise ValueError(
                f"networks must name at least {NETWORKS} different ones that are neither ours nor "
                "the centre's; add some"
            )
        if self.gateway is None and self.resolver is None:
            raise ValueError(
                "an office abstains when two of gateway, resolver and networks fail; add a gateway "
                "or a resolver"
            )
        if len({each.name for each in self.near}) < len(self.near):
            raise ValueError("two controls have one name; rename one")
        return self


class ExchangeSettings(Strict):
    """Which engine carries the verdicts, and how to reach it."""

    kind: Literal["nats", "embedded", "memory"] = "nats"
    servers: tuple[NatsUrl, ...] = ()
    nkey_seed_file: ReadableFile | None = None
    tls: Tls = Field(default_factory=Tls)
    replicas: int = Field(default=1, ge=1, le=5)
    """On how many servers each record is kept: 3 on a cluster of three. For who makes the store.
    """
    data_dir: Place | None = None
    """Of the embedded engine."""
    listen: Annotated[str, AfterValidator(_tcp)] | None = None
    """Where the embedded engine serves, so that agents beside us can join; None: a free port of
    this machine alone. It asks nobody who they are: keep it on a network of your own."""
    nats_server: Place | None = None
    """The embedded engine's program; None: look for it."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "nats" and not self.servers:
            raise ValueError('kind nats needs servers; add e.g. servers: ["tls://pusat:4222"]')
        if self.kind == "embedded" and self.data_dir is None:
            raise ValueError("kind embedded needs data_dir; name a folder that survives restarts")
        if self.replicas not in (1, 3, 5):
            raise ValueError("replicas must be 1, 3 or 5: an even number of servers wins nothing")
        if self.kind == "embedded" and self.replicas > 1:
            raise ValueError("kind embedded is one server; leave replicas at 1")
        return self


class SlackSecrets(Strict):
    """What an electable hub needs to tell Slack; no other office may hold it."""

    bot_token: Secret
    message_key: Secret
    """Marks our messages as ours, and is the same at all hubs."""
    base_url: WebUrl = SLACK_API

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if len(self.message_key.get_secret_value()) < 32:  # noqa: PLR2004 - 128 bits in hex
            raise ValueError("message_key is short; make one with `openssl rand -hex 32`")
        return self


class PublicListener(Strict):
    """Where the office's own state is shown, in words."""

    host: Line = "0.0.0.0"  # noqa: S104 - for the lobby  # nosec B104
    port: Port = 8080


class OperationsListener(Strict):
    """Where metrics, the national page and the controls of the agent are."""

    host: Line = "127.0.0.1"
    port: Port = 9090
    reload_token: Secret | None = None
    """Allows a reload by POST; without it only SIGHUP reloads."""


class Listeners(Strict):
    """The two ports."""

    public: PublicListener = Field(default_factory=PublicListener)
    operations: OperationsListener = Field(default_factory=OperationsListener)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.public.port == self.operations.port != 0:
            raise ValueError("public and operations need different ports; change one of them")
        return self


class Recording(Strict):
    """Where this office keeps what it published, and what it saw while it led."""

    file: Place
    """Packed if its name ends in ``.gz``; the older half is kept beside it as ``<file>.1``."""
    max_mebibytes: int = Field(default=1024, ge=1, le=65_536)
    """Of both files together. Packed, a leader of 145 offices writes some 12 MB a day, so that a
    month fits into the half that is always kept; an office that does not lead, some 3 MB a month.
    """


class Log(Strict):
    """How the agent writes its log."""

    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


class BranchSettings(Strict):
    """branch.yaml, checked."""

    branch: Name
    nation: Place
    probe_paths: tuple[Place, ...] = Field(min_length=1)
    contact: Header
    """Who answers for this monitor; travels in every request's User-Agent."""
    targets: dict[Name, TargetSettings] = Field(min_length=1)
    controls: Controls
    exchange: ExchangeSettings
    slack: SlackSecrets | None = None
    receivers: tuple[ReceiverSettings, ...] = Field(default=(), max_length=MOST_RECEIVERS)
    """Who else is told of incidents; the same at every hub, which each may lead."""
    listeners: Listeners = Field(default_factory=Listeners)
    log: Log = Field(default_factory=Log)
    recording: Recording | None = None

    _lines: Lines = PrivateAttr(default_factory=lambda: Lines(file="branch.yaml"))
    _secret_files: Mapping[KeyPath, Path] = PrivateAttr(default_factory=dict)

    @property
    def sandboxes(self) -> frozenset[str]:
        """Target roles to which a probe may write."""
        return frozenset(role for role, target in self.targets.items() if target.sandbox)

    @property
    def consents(self) -> frozenset[str]:
        """Names of the written consents that there are."""
        return frozenset(name for target in self.targets.values() for name in target.consents)

    @property
    def token_roles(self) -> frozenset[str]:
        """Target roles whose requests carry a token that has to be asked for."""
        return frozenset(
            role
            for role, target in self.targets.items()
            if target.auth is not None and target.auth.kind == "oauth2"
        )

    @property
    def secret_files(self) -> Mapping[KeyPath, Path]:
        """The files that secrets were read from, by the path of the secret."""
        return self._secret_files

    @property
    def lines(self) -> Lines:
        """Where everything stands, for mistakes that are found later."""
        return self._lines
