"""Until when the certificates of a connection are good: our own, and that of the server reached.

One that has ended shuts an office out at its next connection, which may be weeks later.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from agent.adapters.nats_findings import Finding, ok, wrong
from agent.adapters.nats_session import Session
from agent.adapters.tls_contexts import Trust

_SOON_S = 30 * 86_400.0
_OURS = "renew it, and replace exchange.tls.cert_file and key_file: the next connection takes them"
_THEIRS = "whoever keeps the servers renews it, and tells the server to reload"


async def own_certificate(trust: Trust | None, now_s: float) -> list[Finding]:
    """What is to be said of the certificate with which we come; nothing where we have none."""
    if trust is None or trust.client_certificate is None:
        return []
    try:
        pem = await asyncio.to_thread(Path(trust.client_certificate).read_bytes)
        ends = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    except (OSError, ValueError):
        return []  # The connection says what is wrong with the file.
    return [_finding("our certificate", ends, now_s, _OURS)]


def server_certificate(session: Session, now_s: float) -> list[Finding]:
    """The same of the server at the other end; nothing without TLS."""
    ends_s = session.server_certificate_ends_s
    if ends_s is None:
        return []
    whose = f"the certificate of {session.server_address}"
    return [_finding(whose, datetime.fromtimestamp(ends_s, UTC), now_s, _THEIRS)]


def _finding(whose: str, ends: datetime, now_s: float, mend: str) -> Finding:
    left_s = ends.timestamp() - now_s
    if left_s > _SOON_S:
        return ok(f"{whose} is good until {ends:%Y-%m-%d}")
    return wrong(f"{whose} {'ends soon' if left_s > 0 else 'has ended'}, on {ends:%Y-%m-%d}", mend)
