"""The kinds of text, number and path that the two files are made of."""

from __future__ import annotations

import re
from os.path import normpath
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo

from agent.core.model import is_name

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_MAX_PORT = 65_535
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252})")


def _name(text: str) -> str:
    if not is_name(text):
        raise ValueError('must be a name such as "simkim.login": a-z, 0-9, dot, hyphen, underscore')
    return text


def one_line(text: str) -> str:
    """Refuse what would break out of a line: CR, LF, other control and direction characters."""
    if _UNPRINTABLE.search(text):
        raise ValueError("holds a line break or control character; remove it")
    return text


def _header(text: str) -> str:
    if not text.isascii():
        raise ValueError("travels in a header; use plain ASCII characters only")
    return one_line(text)


def web_url(text: str) -> str:
    """Refuse what is no http(s) address, or carries credentials, a query or a fragment."""
    return _url(text, ("http", "https"))


def _url(text: str, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(one_line(text))
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"is no address; write {schemes[-1]}://host[:port]/path") from None
    if parts.scheme not in schemes or not host or " " in text:
        raise ValueError(f"must begin with {' or '.join(f'{each}://' for each in schemes)}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds credentials; move them to keys of their own")
    if parts.query or parts.fragment:
        raise ValueError("holds a query or fragment; leave only scheme, host and path")
    return text.rstrip("/")


def _server(text: str) -> str:
    return _url(text, ("nats", "tls"))


def host_and_port(text: str, default_port: int | None = None) -> tuple[str, int]:
    """Host and port of ``host:port`` or ``[v6]:port``; ValueError says how to write it."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+))(?::([0-9]{1,5}))?", text)
    v6, host, port = match.groups() if match else (None, None, None)
    number = int(port) if port else default_port
    if number is None or not 0 < number <= _MAX_PORT or not (v6 or _HOST.fullmatch(host or "")):
        raise ValueError("must be host:port, with a port from 1 to 65535")
    return v6 or host or "", number


def _port(value: object) -> object:
    # An environment variable is always text.
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,5}", value) else value


def beside(folder: Path, text: str) -> Path:
    """The path that ``text`` means in a file of ``folder``."""
    # Not resolved: a projected volume swaps what its links point to.
    return Path(normpath(folder / text))


def _place(value: object, info: ValidationInfo) -> object:
    folder = (info.context or {}).get("folder", Path())
    return beside(folder, value) if isinstance(value, str) and value else value


def _readable(path: Path) -> Path:
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}; mend the path") from None


def _secret(value: object) -> object:
    return SecretStr(value) if isinstance(value, str) else value


def _usable_secret(secret: SecretStr) -> SecretStr:
    one_line(secret.get_secret_value())
    return secret


Name = Annotated[str, AfterValidator(_name)]
"""What may name a branch, service, journey or role."""
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
"""Words for people, on one line."""
Header = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_header)]
"""What may travel in a header."""
WebUrl = Annotated[str, Field(max_length=500), AfterValidator(web_url)]
"""An http(s) address without credentials, query and final slash."""
NatsUrl = Annotated[str, Field(max_length=500), AfterValidator(_server)]
"""``nats://`` or ``tls://``, without credentials."""
Port = Annotated[int, Field(ge=0, le=_MAX_PORT), BeforeValidator(_port)]
"""A TCP port; 0 lets the system choose."""
Place = Annotated[Path, BeforeValidator(_place)]
"""A path, relative to the file in which it is written."""
ReadableFile = Annotated[Place, AfterValidator(_readable)]
"""A file that can be read now."""
Secret = Annotated[SecretStr, BeforeValidator(_secret), AfterValidator(_usable_secret)]
"""Text that is never shown; one line, because it travels in headers."""
Rate = Annotated[float, Field(gt=0, le=1000)]
"""Something a second."""
