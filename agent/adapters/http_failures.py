"""What an error of the HTTP library says of the centre, in our own closed set of kinds.

Details are sentences of ours: a foreign message may quote what the server sent, or our own headers.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx

from agent.core.model import Failure, FailureKind

_CLOSED_EARLY = ("disconnected", "peer closed")
"""How httpcore and h11 word a connection that ended before its answer did."""

_CERTIFICATE_WORDS = {
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate chain ends in an unknown authority",
    20: "the certificate's authority is unknown",
    62: "the certificate is for another host",
    64: "the certificate is for another address",
}
"""OpenSSL's verification codes, X509_V_ERR_*."""


def of(error: httpx.HTTPError, *, during_tls: bool) -> Failure:
    """The failure that an error of the library stands for.

    Raises ValueError when the request itself could not be written: a bug of the probe or a mistake
    in the configuration, and nothing that the centre did.
    """
    if isinstance(error, httpx.LocalProtocolError):
        raise ValueError(  # noqa: TRY004 - it is the value of a header that is wrong
            "the request has a header that HTTP does not allow"
        ) from None
    return _by_cause(error) or _by_moment(error, during_tls=during_tls)


def _by_cause(error: httpx.HTTPError) -> Failure | None:
    """What the operating system or OpenSSL said, wherever in the chain it stands."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return _failure(FailureKind.TLS, _tls_words(cause))
        if isinstance(cause, ConnectionRefusedError):
            return _failure(FailureKind.REFUSED, "the connection was refused")
    return None


def _by_moment(error: httpx.HTTPError, *, during_tls: bool) -> Failure:
    """When it happened says what it was."""
    if isinstance(error, httpx.ProxyError):
        return _failure(FailureKind.REFUSED, f"the proxy refuses the way there{_status(error)}")
    if isinstance(error, httpx.TimeoutException):
        return _failure(FailureKind.TIMEOUT, "no connection in time")
    if during_tls:
        return _failure(FailureKind.TLS, "the connection was closed during the TLS handshake")
    if isinstance(error, httpx.ConnectError):
        return _failure(FailureKind.REFUSED, "the host cannot be reached")
    if isinstance(error, httpx.NetworkError) or any(each in str(error) for each in _CLOSED_EARLY):
        return _failure(FailureKind.RESET, "the connection was closed before the answer ended")
    return _failure(FailureKind.PROTOCOL, "the answer is not HTTP, or its head is too large")


def _status(error: httpx.ProxyError) -> str:
    """The status that the proxy answered with; its words stay outside."""
    number = str(error)[:3]
    return f": HTTP {number}" if number.isdecimal() else ""


def _failure(kind: FailureKind, detail: str) -> Failure:
    return Failure(kind=kind, detail=detail)


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE_WORDS.get(error.verify_code, "the certificate is not accepted")
    reason = (error.reason or "no agreement").replace("_", " ").lower()
    return f"the TLS handshake failed: {reason}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what it came from, and the members of groups on the way; each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__]
        if isinstance(cause, BaseExceptionGroup):
            waiting += cause.exceptions
