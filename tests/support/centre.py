"""What tests of the simulated centre share: an applicant, credentials, and one phase of trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from agent.probe import Applicant
from agent.simulation.faults import Faults
from agent.simulation.scenario import SERVICES, Kind, Phase, Reach, Scenario, Scope, Where
from tests.support.nation import NATION

APPLICANT = Applicant(
    nik="4901000101900000",
    name="SINTETIS PROBE JEMBER",
    passport="SYN000001",
    email="probe-jember@example.invalid",
    billing_code="0" * 15,
)
CREDENTIALS = {
    role: {"username": "pantau", "password": "opens-nothing"} for role in ("simkim", "mpaspor")
}
EVERYWHERE = Scope()


def at_offices(*offices: str) -> Scope:
    return Scope(reach=Reach.OFFICES, names=offices)


def phase(
    kind: Kind,
    at_s: float = 0,
    until_s: float = 100,
    *,
    services: tuple[str, ...] = SERVICES,
    scope: Scope = EVERYWHERE,
    where: Where = Where.CENTRE,
    **parameters: float | str,
) -> Phase:
    return Phase(
        at_s=at_s,
        until_s=until_s,
        services=services,
        scope=scope,
        kind=kind,
        where=where,
        parameters=parameters,
    )


def faults(*phases: Phase, speed: float = 1.0) -> Faults:
    return Faults(Scenario(id="t", name="t", phases=phases), NATION, speed=speed)


async def until(happens: Callable[[], Awaitable[bool]]) -> None:
    """Wait, in real time, for real sockets to do something; five seconds at most."""
    async with asyncio.timeout(5):
        while not await happens():  # noqa: ASYNC110 - a socket of the kernel sets no event
            await asyncio.sleep(0.02)  # How often to ask, within the deadline above.
