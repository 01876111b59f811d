"""One TLS context per trust setting, built once and off the loop.

Loading the machine's certificates takes a tenth of a second or two of a blocked loop and a
megabyte; a probe every few seconds at a hundred offices cannot pay that each time.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from agent.ports import ConfigurationError

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom to trust, and as whom to come. Paths of PEM files."""

    ca_file: str | None = None
    """Only these authorities; None: those of the machine."""
    client_certificate: str | None = None
    client_key: str | None = None

    @property
    def files(self) -> list[str]:
        """What may be replaced while the process runs."""
        files = (self.ca_file, self.client_certificate, self.client_key)
        return [file for file in files if file is not None]


class TlsContexts:
    """The contexts of a process, shared by all its agents."""

    def __init__(self) -> None:
        self._built: dict[Trust, RotatingContext] = {}
        self._plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    async def prepare(self, trusts: Iterable[Trust]) -> None:
        """Build what is missing, in a thread. Raises :class:`ConfigurationError`."""
        for trust in dict.fromkeys(trusts):
            if trust not in self._built:
                context = RotatingContext(trust)
                await context.current()
                self._built[trust] = context

    def of(self, trust: Trust) -> ssl.SSLContext:
        """A context that was prepared, as it was made last."""
        return self._built[trust].last

    async def renewed(self, trust: Trust) -> ssl.SSLContext:
        """A context that was prepared, of its files as they are now.

        While these cannot be used, as in the middle of a renewal, it is as it was made last.
        """
        return await self._built[trust].usable()

    @property
    def trusting_nobody(self) -> ssl.SSLContext:
        """For plain connections, where a context must be named and is never used."""
        return self._plain


class RotatingContext:
    """A context whose files may be replaced while the process runs: certificates are renewed."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._context: ssl.SSLContext | None = None
        self._stamps: object = None
        self._refused: object = None
        """The stamps of files that could not be used: such are tried once, and told once."""

    @property
    def last(self) -> ssl.SSLContext:
        """The context as it was made last. Raises LookupError before the first."""
        if self._context is None:
            raise LookupError("the context was not prepared")
        return self._context

    async def current(self) -> ssl.SSLContext:
        """The context of the files as they are now. Raises :class:`ConfigurationError`."""
        # Taken before they are read: a file replaced in between is read again the next time.
        stamps = await asyncio.to_thread(_stamps, self._trust)
        if self._context is None or stamps != self._stamps:
            self._context = await asyncio.to_thread(_build, self._trust)
            self._stamps = stamps
        return self._context

    async def usable(self) -> ssl.SSLContext:
        """As :meth:`current`; while the files cannot be used, the context as it was made last.

        Once there is one, it never raises. Files that cannot be used are complained of once.
        """
        if not self._trust.files:
            return self.last
        stamps = await asyncio.to_thread(_stamps, self._trust)
        if stamps == self._refused:
            return self.last
        try:
            return await self.current()
        except ConfigurationError as error:
            self._refused = stamps
            _log.warning("certificates_not_renewed", mistakes=error.mistakes)
            return self.last


def _stamps(trust: Trust) -> list[tuple[int, int, int] | None]:
    return [_stamp(file) for file in trust.files]


def _stamp(file: str) -> tuple[int, int, int] | None:
    """What differs once a file was replaced, also through the link of a projected volume."""
    try:
        found = os.stat(file)  # noqa: PTH116 - the link's target
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _build(trust: Trust) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=trust.ca_file)
    except OSError as error:
        raise ConfigurationError(
            [f"{trust.ca_file}: not a readable file of certificates ({_why(error)})"]
        ) from None
    if trust.client_certificate is not None:
        _identify(context, trust.client_certificate, trust.client_key)
    return context


def _identify(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except OSError as error:
        raise ConfigurationError(
            [f"{certificate}: cannot be used as client certificate with its key ({_why(error)})"]
        ) from None


def _no_passphrase() -> str:
    """Makes an encrypted key an error, where OpenSSL would ask on the terminal and wait."""
    return ""


def _why(error: OSError) -> str:
    """The reason without paths or contents; ``ssl.SSLError`` is an OSError too."""
    if isinstance(error, ssl.SSLError):
        return error.reason or "not valid PEM"
    return error.strerror or "unreadable"
