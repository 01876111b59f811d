"""A receiver beside Slack that needs no network, for tests of what hands incidents to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from agent.core.incident import Incident
from agent.ports import Effect, Meters, NotifyError

_log = structlog.get_logger(__name__)


class FakeReceiver:
    """Implements :class:`agent.ports.Receiver`: keeps every message of every incident, once."""

    def __init__(self, meters: Meters, name: str = "fake", *, step_s: float = 0.01) -> None:
        self.name = name
        self.had: list[str] = []
        """``<incident id>/<sequence>`` of what was passed on, in that order."""
        self.seen: tuple[Incident, ...] = ()
        self.at_s = 0.0
        """Stream time of what was last taken."""
        self.runs = 0
        self.effect: Effect | None = None
        """What becomes of what is passed on now; None: it is acknowledged."""
        self.breaks: Exception | None = None
        """A bug: raised wherever it is called."""
        self._meters = meters
        self._step_s = step_s
        self._handed: dict[str, int] = {}
        self._fails = False

    def take(self, incidents: Sequence[Incident], now_s: float) -> None:
        if self.breaks is not None:
            raise self.breaks
        self.seen, self.at_s = tuple(incidents), now_s

    def handed(self) -> Mapping[str, int]:
        return self._handed

    async def run(self) -> None:
        self.runs += 1
        while True:
            if self.breaks is not None:
                raise self.breaks
            for incident in self.seen:
                self._pass_on(incident)
            await asyncio.sleep(self._step_s)

    async def rehearse(self) -> None:
        self._send()

    def _pass_on(self, incident: Incident) -> None:
        marks = {each.receiver: each.sequence for each in incident.handed}
        known = self._handed.get(incident.id, marks.get(self.name, -1))
        for each in incident.messages:
            if each.sequence > known:
                try:
                    self._send()
                except NotifyError:
                    return
                self.had.append(f"{incident.id}/{each.sequence}")
                self._handed[incident.id] = each.sequence

    def _send(self) -> None:
        self._meters.receiver_attempted(self.name, self.effect)
        if (self.effect is not None) != self._fails:
            self._fails = self.effect is not None
            said = "receiver_failing" if self._fails else "receiver_answers"
            _log.warning(said, receiver=self.name)
        if self.effect is not None:
            raise NotifyError(self.effect, "the test says so")
