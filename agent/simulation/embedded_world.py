"""The world of ``demo``: real parts on loopback, and nothing that outlives the play.

A simulated centre over real HTTP, a real NATS server as a child with its store in a folder that is
removed, a line for each office that its controls and its exchange depend on, and two listeners for
each office. Without a nats-server for this platform the exchange is in memory, and that is said.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from random import Random

from agent import __version__
from agent.adapters.control_prober import Control, ControlKind, ControlProber
from agent.adapters.dns_resolver import Resolver
from agent.adapters.http_prober import HttpProber, Target, user_agent
from agent.adapters.memory_exchange import MemoryExchange, MemoryStore
from agent.adapters.nats_exchange import NatsExchange
from agent.adapters.nats_link import NatsSettings
from agent.adapters.nats_server import NatsServer
from agent.adapters.prometheus_exporter import PrometheusExporter
from agent.adapters.tls_contexts import TlsContexts, Trust
from agent.adapters.web_listeners import WebListener, operations_listener, public_listener
from agent.app.agent import Agent, Parts
from agent.app.plan import NationPlan
from agent.clock import Clock
from agent.core.model import Branch
from agent.core.sight import ControlGroup
from agent.core.view import OfficeView
from agent.ports import ConfigurationError, Exchange, Notifier
from agent.simulation.centre import Centre
from agent.simulation.centre_http import HttpCentre
from agent.simulation.certificates import Certificates
from agent.simulation.line import OfficeLine
from agent.simulation.memory_world import CREDENTIALS
from agent.simulation.name_server import label_of, lookup_at
from agent.simulation.scenario import SERVICES
from agent.simulation.workspace import Workspace

HOST = "127.0.0.1"
CONTACT = "demo@example.invalid"
_BY_LABEL = {label_of(service): service for service in SERVICES}


class EmbeddedWorld:
    """Implements :class:`agent.simulation.fleet.World`."""

    def __init__(
        self,
        *,
        plan: NationPlan,
        centre: Centre,
        workspace: Workspace,
        notifier: Callable[[str], Notifier],
        clock: Clock,
        agent: Callable[[str], Agent],
        port: int = 0,
    ) -> None:
        """``notifier`` and ``agent`` by office; ``port``: of the first office's pages, 0: any."""
        self.workspace = workspace
        self.without_server: str | None = None
        """Why the exchange is in memory, when it is."""
        self.server: NatsServer | None = None
        """What carries the exchange, when it is not, for whoever breaks it."""
        self._plan = plan
        self._centre = centre
        self._notifier = notifier
        self._clock = clock
        self._agent = agent
        self._port = port
        self._random = Random(0)
        self._opened = AsyncExitStack()
        self._store: MemoryStore | None = None
        self._http: HttpCentre | None = None
        self._lines: dict[str, OfficeLine] = {}
        self._certificates: Certificates | None = None
        self._contexts = TlsContexts()
        self._resolvers: dict[str, Resolver] = {}
        self._meters: dict[str, PrometheusExporter] = {}
        self._pages: dict[str, tuple[WebListener, WebListener]] = {}
        self._ports: dict[str, tuple[int, int]] = {}
        self._cut: set[str] = set()

    async def start(self, offices: Sequence[Branch], is_cut: Callable[[str], bool]) -> None:
        """Open everything. Raises :class:`ConfigurationError`, having closed it again."""
        try:
            await self._open_exchange()
            self._certificates = self._made_certificates()
            await self._contexts.prepare([self._trust])
            names = [office.id for office in offices]
            self._http = HttpCentre(self._centre, names, self._certificates)
            self._opened.push_async_callback(self._http.stop)
            await self._http.start()
            for office in offices:
                await self._open_line(office.id, is_cut)
            for number, office in enumerate(offices):
                self._meters[office.id] = self._exporter(office)
                await self._open_pages(office.id, self._port if number == 0 else 0, 0)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close everything, in reverse order."""
        await self._opened.aclose()

    def addresses(self, office: str) -> tuple[str, str]:
        """Where an office's public and operations pages are."""
        public, operations = self._ports[office]
        return f"http://{HOST}:{public}/", f"http://{HOST}:{operations}/nasional"

    def parts(self, branch: Branch) -> Parts:
        """Real parts."""
        return Parts(
            exchange=self._exchange(branch),
            sessions=HttpProber(
                targets=self._targets(branch.id),
                contexts=self._contexts,
                resolver=self._resolvers[branch.id],
                clock=self._clock,
                agent_name=user_agent(__version__, CONTACT),
            ),
            controls=ControlProber(
                controls=self._controls(branch.id),
                contexts=self._contexts,
                resolver=self._resolvers[branch.id],
            ),
            meters=self._meters[branch.id],
            clock=self._clock,
            notifier=self._notifier(branch.id) if branch.hub else None,
            credentials=CREDENTIALS,
            jitter_s=self._random.uniform(0.0, 30.0),
        )

    def set_cut(self, branch: str, *, cut: bool) -> None:
        """Real lines cut themselves; the exchange in memory has to be told."""
        if self._store is None or cut == (branch in self._cut):
            return
        if cut:
            self._cut.add(branch)
            self._store.cut(branch)
        else:
            self._cut.discard(branch)
            self._store.restore(branch)

    async def set_power(self, branch: str, *, on: bool) -> None:
        """Its pages are where they were when the power comes back."""
        for listener in self._pages.pop(branch, ()):
            await listener.close()
        if on:
            await self._open_pages(branch, *self._ports[branch])

    # --- inside

    async def _open_exchange(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="pantau-demo-"))
        self._opened.callback(shutil.rmtree, folder, ignore_errors=True)
        server = NatsServer(folder)
        try:
            await server.start()
        except ConfigurationError as error:
            self.without_server = str(error)
            self._store = MemoryStore(self._clock)
            return
        self._opened.push_async_callback(server.stop)
        self.server = server

    async def _open_line(self, office: str, is_cut: Callable[[str], bool]) -> None:
        exchange = (HOST, self.server.port) if self.server else None
        trouble = partial(self._name_trouble, office)
        line = OfficeLine(lambda: is_cut(office), exchange=exchange, trouble=trouble)
        self._opened.push_async_callback(line.stop)
        await line.start()
        self._lines[office] = line
        self._resolvers[office] = Resolver(lookup=lookup_at(line.resolver))

    def _name_trouble(self, office: str, label: str) -> str | None:
        service = _BY_LABEL.get(label)
        return self._centre.name_trouble(office, service) if service else None

    def _made_certificates(self) -> Certificates:
        folder = Path(tempfile.mkdtemp(prefix="pantau-demo-"))
        self._opened.callback(shutil.rmtree, folder, ignore_errors=True)
        return Certificates(folder, self._clock.wall_s())

    def _exporter(self, office: Branch) -> PrometheusExporter:
        meters = PrometheusExporter(
            branch=office,
            roster=tuple(self._plan.branches.values()),
            services=self._plan.services,
            journeys={journey.name: journey.steps for journey in self._plan.journeys},
            version=__version__,
            nation=self._plan.mandate.revision,
            clock=self._clock,
        )
        meters.show_offices(lambda: self._agent(office.id).census())
        return meters

    async def _open_pages(self, office: str, public_port: int, operations_port: int) -> None:
        def view() -> OfficeView:
            return self._agent(office).view()

        public = public_listener(view, host=HOST, port=public_port)
        operations = operations_listener(
            view,
            explain=lambda service: self._agent(office).explain(service),
            wording=self._plan.mandate.wording,
            exposition=self._meters[office].exposition,
            ready=lambda: True,
            host=HOST,
            port=operations_port,
        )
        for listener in (public, operations):
            self._opened.push_async_callback(listener.close)
            await listener.start()
        self._pages[office] = (public, operations)
        self._ports[office] = (public.port, operations.port)

    def _exchange(self, branch: Branch) -> Exchange:
        if self._store is not None:
            return MemoryExchange(self._store, branch.id, can_coordinate=branch.hub)
        host, port = self._lines[branch.id].exchange
        settings = NatsSettings(servers=(f"nats://{host}:{port}",))
        return NatsExchange(settings, branch.id, self._clock)

    @property
    def _trust(self) -> Trust:
        if self._certificates is None:
            raise RuntimeError("start the world before asking for its parts")
        return Trust(ca_file=str(self._certificates.authority))

    def _targets(self, office: str) -> list[Target]:
        if self._http is None:
            raise RuntimeError("start the world before asking for its parts")
        urls: Mapping[str, str] = self._http.urls(office)
        roles = {
            step.role: step.service
            for journey in self._plan.journeys
            for step in journey.steps
            if step.role is not None
        }
        return [
            Target(role=role, url=urls[service], services=urls, trust=self._trust, sandbox=True)
            for role, service in roles.items()
        ]

    def _controls(self, office: str) -> list[Control]:
        line = self._lines[office]
        near = [("gateway", ControlGroup.GATEWAY, ControlKind.TCP, line.gateway)]
        near += [("resolver", ControlGroup.RESOLVER, ControlKind.DNS, line.resolver)]
        near += [
            (f"network-{number}", ControlGroup.NETWORK, ControlKind.TCP, address)
            for number, address in enumerate(line.networks, 1)
        ]
        return [
            Control(name=name, group=group, kind=kind, host=host, port=port)
            for name, group, kind, (host, port) in near
        ]
