"""Alertmanager (API v2): every incident is one alert, the same from whichever hub leads.

Alertmanager tells alerts apart by their labels alone. These are the incident's id, scope, group and
service, which never change; severity and words, which do, are annotations. An open incident ends
five minutes from now and is told again every half minute: when nobody leads any more, Alertmanager
ends it by itself. A closed one is told with its end for five minutes more, by whoever leads then.

All that stands is told in one request. Doing it twice changes nothing, so that nothing has to be
remembered beyond what the incidents hold.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from agent.adapters.receiver_connection import Connection, Destination, ReceiverConnection
from agent.core import message_words as words
from agent.core import plain_words, slack_text
from agent.core.incident import Incident
from agent.core.wording import Wording
from agent.ports import NotifyError

ALERTS = "/api/v2/alerts"
ALERTNAME = "PantauIncident"
REHEARSAL = "PantauRehearsal"
REFRESH_S = 30.0
STANDS_S = 300.0
"""How long an alert stands that nobody refreshes."""
RESOLVED_S = 300.0
"""How long an end is told."""
FRESH_S = 20.0
"""What was taken longer ago is not told any more: nobody assesses."""
MOST_ALERTS = 1_000
_REHEARSED_S = 60.0
_NAMES_LIMIT = 1_000


class AlertmanagerReceiver:
    """Implements :class:`agent.ports.Receiver`."""

    def __init__(self, destination: Destination, connection: Connection | None = None) -> None:
        self.name = destination.name
        self._to = destination
        self._connection = connection or ReceiverConnection(destination)
        self._standing: tuple[Incident, ...] = ()
        self._left_out = 0
        self._told: frozenset[tuple[str, ...]] = frozenset()
        self._ahead_s = 0.0
        """Stream time less our own clock."""
        self._taken_s = float("-inf")
        self._news = asyncio.Event()

    def take(self, incidents: Sequence[Incident], now_s: float) -> None:
        self._taken_s = self._to.clock.now_s()
        self._ahead_s = now_s - self._taken_s
        found = [each for each in incidents if _stands(each, now_s)]
        found.sort(key=lambda each: (each.open, each.opened_s), reverse=True)
        self._left_out = max(0, len(found) - MOST_ALERTS)
        self._standing = tuple(found[:MOST_ALERTS])
        told = frozenset((each.id, each.phase, each.severity) for each in self._standing)
        if not told <= self._told:
            self._news.set()
        self._told = told

    def handed(self) -> Mapping[str, int]:
        return {}

    async def run(self) -> None:
        """What is new is told at once, all of it every ``REFRESH_S``."""
        failures = 0
        try:
            while True:
                try:
                    await self._tell()
                except NotifyError as error:
                    failures += 1
                    self._waits(len(self._standing) + self._left_out)
                    # Whatever is new meanwhile: it is in trouble, and is left alone.
                    await asyncio.sleep(min(REFRESH_S, self._to.pause_s(failures, error)))
                else:
                    failures = 0
                    self._waits(self._left_out)
                    await self._until_due()
        finally:
            self._waits(0)
            await self._connection.close()

    async def _until_due(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(REFRESH_S):
                await self._news.wait()

    def _waits(self, count: int) -> None:
        self._to.meters.receiver_waiting(self.name, count)

    async def rehearse(self) -> None:
        """An alert of another name, which ends by itself after a minute."""
        now_s = self._to.clock.wall_s()
        said = words.PRACTICE + self._to.wording.say(words.TRIAL)
        alert = {
            "labels": {"alertname": REHEARSAL},
            "annotations": {"summary": said},
            "startsAt": _moment(now_s),
            "endsAt": _moment(now_s + _REHEARSED_S),
        }
        try:
            await self._post([alert])
        finally:
            await self._connection.close()

    async def _tell(self) -> None:
        self._news.clear()
        boot_s = self._to.clock.now_s()
        if not self._standing or boot_s - self._taken_s > FRESH_S:
            return
        now_s = boot_s + self._ahead_s
        await self._post([alert_of(each, self._to.wording, now_s) for each in self._standing])

    async def _post(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        body = json.dumps(alerts).encode()
        await self._connection.send("POST", ALERTS, body, {"Content-Type": "application/json"})


receiver = AlertmanagerReceiver
"""What makes it; see :mod:`agent.app.receivers`."""


def alert_of(incident: Incident, wording: Wording, now_s: float) -> dict[str, Any]:
    """The alert of an incident, told at stream time ``now_s``."""
    alert: dict[str, Any] = {
        "labels": {
            "alertname": ALERTNAME,
            "incident": incident.id,
            "scope": incident.scope.value,
            "group": incident.group,
            "service": incident.root,
        },
        "annotations": _annotations(incident, wording),
        "startsAt": _moment(incident.since_s),
        "endsAt": _moment(now_s + STANDS_S if incident.open else _end_s(incident)),
    }
    if wording.external_url:
        alert["generatorURL"] = wording.external_url
    return alert


def _annotations(incident: Incident, wording: Wording) -> dict[str, str]:
    evidence = incident.evidence
    said = {
        "summary": plain_words.line(incident, wording),
        "severity": incident.severity.value,
        "phase": incident.phase.value,
        "failing": str(evidence.failing_count),
        "reporting": str(evidence.reporting),
        "affected": slack_text.clean(", ".join(incident.affected), _NAMES_LIMIT),
        "first_step": slack_text.clean(evidence.first_step or "", slack_text.NAME_LIMIT),
        "failure": slack_text.clean(evidence.code or "", slack_text.NAME_LIMIT),
        "dashboard": wording.dashboard_url or "",
        "runbook_url": wording.runbook_url or "",
    }
    return {key: value for key, value in said.items() if value}


def _stands(incident: Incident, now_s: float) -> bool:
    closed_s = incident.closed_s
    return incident.open or (closed_s is not None and now_s - closed_s <= RESOLVED_S)


def _end_s(incident: Incident) -> float:
    """The back-dated end, though never before the beginning, which Alertmanager refuses."""
    ended_s = incident.ended_s if incident.ended_s is not None else incident.closed_s
    return max(ended_s if ended_s is not None else incident.opened_s, incident.since_s + 1.0)


def _moment(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")
