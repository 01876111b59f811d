"""One office's agent as a process: its real parts, its two doors, its life from start to stop.

``run_branch`` is what ``pantau run`` does once the configuration is sound. What this office depends
on may be down at any time, from the start: it is logged, tried again, and never stops probing.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack

import structlog

from agent import __version__
from agent.adapters.cgroup_throttling import CgroupThrottling
from agent.adapters.prometheus_exporter import PrometheusExporter
from agent.adapters.status_recording import StatusRecording
from agent.adapters.web_listeners import Reload, operations_listener, public_listener
from agent.app import real_parts
from agent.app.agent import Agent, Parts
from agent.app.plan import NationPlan, plan_nation
from agent.app.real_exchange import exchange_of
from agent.app.receivers import labels, receivers
from agent.app.reloading import Reloads
from agent.clock import BootClock, Clock
from agent.config.branch import BranchSettings, OperationsListener
from agent.config.loading import Configuration
from agent.pipeline.office import Identity
from agent.pipeline.self_watch import SelfWatch
from agent.pipeline.sharing import Superseded
from agent.ports import Meters, Recorder

OK, FAILED = 0, 1
TEARDOWN_S = 25.0
"""All of it, with room to the 30 s after which a cluster kills what it asked to stop."""
MOST_JITTER_S = 30.0
MEBIBYTE = 1 << 20

_log = structlog.get_logger(__name__)


async def run_for_life(
    configuration: Configuration, *, stop: asyncio.Event, reloads: Reloads
) -> int:
    """Run one office's agent until ``stop`` is set, through every good reload.

    Returns the exit code and raises as :func:`run_branch`.
    """
    while True:
        reloading = asyncio.create_task(reloads.next(configuration), name="reload")
        try:
            code = await run_branch(configuration, stop=stop, reloads=reloads, replaced=reloading)
        finally:
            reloading.cancel()
            await asyncio.wait([reloading])
        if code != OK or stop.is_set() or reloading.cancelled():
            return code
        configuration = reloading.result()


async def run_branch(
    configuration: Configuration,
    *,
    stop: asyncio.Event,
    reloads: Reloads | None = None,
    replaced: asyncio.Task[Configuration] | None = None,
) -> int:
    """Run one office's agent until ``stop`` is set or ``replaced`` is there; returns the exit code.

    0 after a stop, 1 when a newer start of this very branch took over or the agent itself broke.
    Raises :class:`agent.ports.ConfigurationError` for what only a person can mend, such as a port
    that is taken.
    """
    deadline = asyncio.timeout(None)
    code = FAILED
    try:
        async with deadline, AsyncExitStack() as opened:
            agent = await _opened(configuration, BootClock(), opened, reloads)
            work = asyncio.create_task(agent.run(), name="agent")
            stopping = asyncio.create_task(stop.wait(), name="stop")
            ends = [work, stopping, *([replaced] if replaced else [])]
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                deadline.reschedule(asyncio.get_running_loop().time() + TEARDOWN_S)
                stopping.cancel()
                code = await _ended(work)
    except TimeoutError:
        if not deadline.expired():
            raise
        _log.warning("teardown_cut_short", after_s=TEARDOWN_S)
    _log.info("stopped", branch=configuration.branch.branch, code=code)
    return code


async def _opened(
    configuration: Configuration, clock: Clock, opened: AsyncExitStack, reloads: Reloads | None
) -> Agent:
    """The agent and its doors; what was opened is closed by ``opened`` in reverse order."""
    settings = configuration.branch
    plan = plan_nation(
        configuration.nation,
        configuration.nation_hash,
        configuration.journeys.by_name,
        sandboxes=settings.sandboxes,
        consents=settings.consents,
        token_roles=settings.token_roles,
    )
    branch = plan.branches[settings.branch]
    identity = Identity(
        branch=branch,
        program=__version__,
        nation=configuration.nation_hash,
        boot_id=secrets.token_hex(4),
    )
    outside = real_parts.Outside(settings, clock)
    await outside.prepare()
    exchange = await opened.enter_async_context(exchange_of(settings.exchange, branch, clock))
    meters = _meters(identity, plan, outside.shared_controls, labels(settings), clock)
    parts = Parts(
        exchange=exchange,
        sessions=outside.sessions,
        controls=outside.controls,
        meters=meters,
        clock=clock,
        notifier=real_parts.notifier(settings, branch, clock),
        credentials=real_parts.credentials(settings),
        jitter_s=secrets.SystemRandom().uniform(0.0, MOST_JITTER_S),
        self_watch=SelfWatch(clock, CgroupThrottling().throttled_s),
        recorder=_recorder(settings, clock, meters, opened),
        receivers=await receivers(
            settings,
            contexts=outside.contexts,
            wording=plan.mandate.wording,
            clock=clock,
            meters=meters,
        ),
    )
    agent = Agent(plan, identity, parts)
    meters.show_offices(agent.census)
    if reloads is not None:
        reloads.on_refused = lambda: meters.config_loaded(
            success=False, nation=configuration.nation_hash
        )
    await _open_doors(configuration, agent, meters, opened, reloads)
    return agent


def _meters(
    identity: Identity,
    plan: NationPlan,
    controls: Sequence[str],
    beside_slack: Sequence[str],
    clock: Clock,
) -> PrometheusExporter:
    return PrometheusExporter(
        branch=identity.branch,
        roster=plan.branches.values(),
        services=plan.services,
        journeys={journey.name: journey.steps for journey in plan.journeys},
        controls=controls,
        receivers=beside_slack,
        version=identity.program,
        nation=identity.nation,
        clock=clock,
    )


def _recorder(
    settings: BranchSettings, clock: Clock, meters: Meters, opened: AsyncExitStack
) -> Recorder | None:
    chosen = settings.recording
    if chosen is None:
        return None
    recording = StatusRecording(chosen.file, chosen.max_mebibytes * MEBIBYTE, clock, meters)
    opened.push_async_callback(recording.close)
    recording.start()
    return recording


async def _open_doors(
    configuration: Configuration,
    agent: Agent,
    meters: PrometheusExporter,
    opened: AsyncExitStack,
    reloads: Reloads | None,
) -> None:
    doors = configuration.branch.listeners
    public = public_listener(agent.view, host=doors.public.host, port=doors.public.port)
    operations = operations_listener(
        agent.view,
        explain=agent.explain,
        wording=agent.plan.mandate.wording,
        exposition=meters.exposition,
        ready=lambda: agent.office.ready,
        reload=_reload(doors.operations, reloads),
        host=doors.operations.host,
        port=doors.operations.port,
    )
    for door in (public, operations):
        opened.push_async_callback(door.close)
        await door.start()
    _log.info(
        "started",
        branch=configuration.branch.branch,
        nation=configuration.nation_hash,
        version=__version__,
        public_port=public.port,
        operations_port=operations.port,
    )


def _reload(door: OperationsListener, reloads: Reloads | None) -> Reload | None:
    if door.reload_token is None or reloads is None:
        return None
    return Reload(token=door.reload_token.get_secret_value(), ask=reloads.ask)


async def _ended(work: asyncio.Task[None]) -> int:
    """End the agent's work, or see how it ended by itself; returns the exit code."""
    by_itself = work.done()
    work.cancel()
    await asyncio.wait([work])
    error = None if work.cancelled() else work.exception()
    if error is None:
        return FAILED if by_itself else OK
    superseded = _superseded(error)
    if superseded is not None:
        _log.error("superseded", reason=str(superseded))
        return FAILED
    _log.error("agent_failed", exc_info=error)
    return FAILED


def _superseded(error: BaseException) -> Superseded | None:
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_superseded, error.exceptions)), None)
    return error if isinstance(error, Superseded) else None
