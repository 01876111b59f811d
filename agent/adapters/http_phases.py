"""Where the time of one request goes, in blackbox_exporter's five phases.

httpcore tells of each thing that it begins and ends through its ``trace`` extension; this turns
that into seconds. *Processing* is from the first byte written to the last header read, *transfer*
the rest. A reused connection has spent nothing on resolve, connect and tls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from agent.core.model import Phases


class Closable(Protocol):
    """A network stream, as far as it must be let go."""

    async def aclose(self) -> None:
        """Close it."""
        ...


_BEGINS = {
    "connection.connect_tcp.started": "connect_s",
    "connection.start_tls.started": "tls_s",
    "proxy.start_tls.started": "tls_s",
    "http11.send_request_headers.started": "processing_s",
    "http11.receive_response_headers.complete": "transfer_s",
}
_ENDS = ("connection.connect_tcp.", "connection.start_tls.", "proxy.start_tls.")


class Stopwatch:
    """Measures one request, and keeps the streams that it opened."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._spent: dict[str, float] = {}
        self._phase: str | None = None
        self._since_s = 0.0
        self.streams: list[Closable] = []
        """httpcore forgets a connection whose TLS handshake is cancelled: we do not."""

    def begin(self, phase: str) -> None:
        """Enter a phase, leaving the one before."""
        self.end()
        self._phase, self._since_s = phase, self._now_s()

    def end(self) -> None:
        """Leave the phase, if one is going."""
        if self._phase is not None:
            spent_s = self._now_s() - self._since_s
            self._spent[self._phase] = self._spent.get(self._phase, 0.0) + spent_s
        self._phase = None

    @property
    def where(self) -> str:
        """The phase that is going, for people."""
        return (self._phase or "waiting").removesuffix("_s")

    @property
    def connected(self) -> bool:
        """Whether a connection stood, so that another address need not be tried."""
        return bool(self.streams)

    async def trace(self, event: str, facts: Mapping[str, Any]) -> None:
        """What httpcore calls."""
        if event in _BEGINS:
            self.begin(_BEGINS[event])
        elif event.startswith(_ENDS) and event.endswith(".complete"):
            self.end()
        if event == "connection.connect_tcp.complete":
            self.streams.append(facts["return_value"])

    def phases(self) -> Phases:
        """What has been spent up to now."""
        self.end()
        return Phases(**self._spent)
