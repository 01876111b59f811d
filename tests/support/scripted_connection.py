"""A receiver beside Slack in virtual time, on a connection that goes nowhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from agent.adapters.receiver_connection import Connection, Destination
from agent.clock import Clock
from agent.core.incident import Incident
from agent.core.wording import Wording
from agent.ports import Effect, NotifyError, Receiver
from agent.simulation.virtual_time import VirtualClock
from tests.support.tally import Tally

R = TypeVar("R", bound=Receiver)
NOW_S = 1_760_000_030.0
SECRET = "kenari-rahasia-webhook-5d1b-2f9c"
WORDING = Wording(external_url="https://pantau.example.invalid/nasional")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request."""

    at_s: float
    """On the clock of the test, since it began."""
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever was sent
        return json.loads(self.body)


@dataclass(slots=True)
class ScriptedConnection:
    """Implements :class:`agent.adapters.receiver_connection.Connection`."""

    clock: Clock
    begun_s: float
    effect: Effect | None = None
    """What becomes of a request now; None: it is acknowledged."""
    refuses: bytes | None = None
    """A request whose body holds this is refused for good."""
    takes_s: float = 0.05
    sent: list[Sent] = field(default_factory=list)
    """What was acknowledged."""
    tried: int = 0
    closed: bool = False

    async def send(
        self,
        method: str,
        path: str = "",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.tried += 1
        await asyncio.sleep(self.takes_s)
        if self.effect is not None:
            raise NotifyError(self.effect, "the test says so")
        if self.refuses is not None and self.refuses in (body or b""):
            raise NotifyError(Effect.REFUSED, "the test says so")
        self.sent.append(
            Sent(
                at_s=self.clock.now_s() - self.begun_s,
                method=method,
                path=path,
                headers=headers or {},
                body=body or b"",
            )
        )

    async def close(self) -> None:
        self.closed = True


class Desk(Generic[R]):
    """One receiver, how it is answered, and a leader that assesses when it is told to."""

    def __init__(
        self, make: Callable[[Destination, Connection], R], *, every_s: float = 60.0
    ) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.meters = Tally()
        self._begun_s = self.clock.now_s()
        self.connection = ScriptedConnection(self.clock, self._begun_s)
        to = Destination(
            name="beside",
            url=lambda: "http://127.0.0.1:9",
            secret=lambda: SECRET,
            wording=WORDING,
            clock=self.clock,
            meters=self.meters,
            every_s=every_s,
        )
        self.receiver = make(to, self.connection)

    @property
    def stream_s(self) -> float:
        """The exchange's time, which is not our clock's."""
        return NOW_S + self.clock.now_s() - self._begun_s

    @property
    def times(self) -> list[int]:
        """When something was acknowledged, whole seconds since the test began."""
        return [round(each.at_s) for each in self.connection.sent]

    async def assess(self, *standing: Incident, seconds: float) -> None:
        """As a leader does twice a second, all the while."""
        until_s = self.clock.now_s() + seconds
        while self.clock.now_s() < until_s:
            self.receiver.take(standing, self.stream_s)
            await asyncio.sleep(0.5)
