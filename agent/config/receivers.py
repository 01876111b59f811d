"""Receivers of incidents beside Slack, in branch.yaml of a hub.

A new kind is one name in ``Kind`` here, with what it needs and takes, and one adapter that is
called after it, ``agent/adapters/<kind>_receiver.py``. Nothing else has to know of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from agent.config.checking import Strict
from agent.config.kinds import Name, ReadableFile, Secret, one_line
from agent.config.mistakes import KeyPath

Kind = Literal["alertmanager", "webhook", "deadman"]

_NEEDS: Mapping[Kind, tuple[str, ...]] = {"webhook": ("secret",)}
_TAKES: Mapping[Kind, tuple[str, ...]] = {
    "alertmanager": ("token",),
    "webhook": ("token", "secret"),
    "deadman": ("token", "every_s"),
}
MOST = 8
LONGEST_NAME = 40
"""Characters: it stands in every incident's record, as each of ``MOST`` does."""
SHORTEST_SECRET = 32
"""Characters: 128 bits in hex."""


def is_secret(path: KeyPath) -> bool:
    """Whether a secret belongs at ``path``, so that ``x_file`` beside it is read."""
    match path:
        case ("receivers", int(), "url" | "token" | "secret"):
            return True
    return False


def _address(secret: SecretStr) -> SecretStr:
    """Refuse what is no http(s) address, without repeating it."""
    try:
        parts = urlsplit(one_line(secret.get_secret_value()))
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
        parts = urlsplit("")
    if not usable:
        raise ValueError("must begin with http:// or https://, and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds credentials; move them to `token`")
    if parts.fragment:
        raise ValueError("holds a fragment; remove it")
    return secret


def _short(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise ValueError(f"is longer than {LONGEST_NAME} characters; shorten it")
    return name


class ReceiverSettings(Strict):
    """One receiver. Its address is held like a secret: many have their key in the path."""

    kind: Kind
    url: Annotated[Secret, AfterValidator(_address)]
    name: Annotated[Name, AfterValidator(_short)] | None = None
    """In metrics and marks, the same at every hub; None: the kind."""
    token: Secret | None = None
    """Sent as a bearer token."""
    secret: Secret | None = None
    """Signs what a webhook is sent."""
    every_s: float = Field(default=60.0, ge=10.0, le=3600.0)
    """How often a dead man's switch is asked."""
    ca_file: ReadableFile | None = None
    """Only these authorities; None: those of the machine."""

    @property
    def label(self) -> str:
        """What it is called."""
        return self.name or self.kind

    @property
    def host(self) -> str:
        """What may be shown of the address."""
        parts = urlsplit(self.url.get_secret_value())
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        given = self.model_fields_set & {"token", "secret", "every_s"}
        if strange := sorted(given.difference(_TAKES.get(self.kind, ()))):
            raise ValueError(f"kind {self.kind} takes no {' and '.join(strange)}; remove it")
        if lacking := [key for key in _NEEDS.get(self.kind, ()) if getattr(self, key) is None]:
            raise ValueError(f"kind {self.kind} needs {' and '.join(lacking)}; add what is missing")
        if self.secret and len(self.secret.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError("secret is short; make one with `openssl rand -hex 32`")
        if self.kind == "alertmanager" and urlsplit(self.url.get_secret_value()).query:
            raise ValueError("url holds a query; leave only scheme, host and path")
        return self
