"""The agent's two doors for browsers and scrapers.

The public one shows the counter's screen and nothing else; the operations one shows the nation, the
metrics and whether the process lives, and listens on loopback unless told otherwise. Every
connection serves one request and lives for seconds: half-open sockets and slow readers go away by
themselves, and there are never more than a bounded number of them.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from importlib import resources

import structlog
from aiohttp import web

from agent.adapters.explanation_document import explanation_document, unknown_service
from agent.adapters.lobby_page import lobby_page
from agent.adapters.nation_page import nation_page
from agent.adapters.page_frame import STYLE_PATH
from agent.adapters.prometheus_exporter import Exposition
from agent.adapters.status_document import status_document
from agent.core.explanation import Explanation
from agent.core.explanation_text import sentences, spoken
from agent.core.view import OfficeView
from agent.core.wording import Wording
from agent.ports import ConfigurationError

CONNECTION_LIFE_S = 10.0
MAX_CONNECTIONS = 128
_SHUTDOWN_S = 1.0
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Server": "Pantau",
}

View = Callable[[], OfficeView]
Explain = Callable[[str], Explanation | None]
"""By service; None: it is not watched."""
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = structlog.get_logger(__name__)
_silent = logging.getLogger(f"{__name__}.requests")
"""aiohttp logs each bad request; clients decide neither how much we log nor what."""
_silent.setLevel(logging.CRITICAL + 1)


class WebListener:
    """One listening port and the pages behind it."""

    def __init__(self, pages: web.Application, *, host: str, port: int) -> None:
        self._host = host
        self._wanted_port = port
        self._runner = web.AppRunner(
            pages, access_log=None, logger=_silent, shutdown_timeout=_SHUTDOWN_S
        )
        self._listening: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Raises :class:`ConfigurationError` when the port cannot be had."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            self._listening = await loop.create_server(self._accept, self._host, self._wanted_port)
        except OSError as error:
            await self._runner.cleanup()
            why = error.strerror or "not available"
            raise ConfigurationError(
                [f"listeners: cannot listen on {self._host}:{self._wanted_port} ({why})"]
            ) from None

    @property
    def port(self) -> int:
        """The port that it listens on, also when any free one was asked for."""
        if self._listening is None:
            raise RuntimeError("the listener has not been started")
        return int(self._listening.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and end what is going; may be called twice."""
        if self._listening is not None:
            self._listening.close()
        self._listening = None
        await self._runner.cleanup()

    def _accept(self) -> asyncio.Protocol:
        server = self._runner.server
        if server is None or len(server.connections) >= MAX_CONNECTIONS:
            return _Refusal()
        connection = server()
        asyncio.get_running_loop().call_later(CONNECTION_LIFE_S, _cut, connection)
        return connection


class _Refusal(asyncio.Protocol):
    """Hangs up: there are too many connections already."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _cut(connection: web.RequestHandler) -> None:
    if connection.transport is not None:
        connection.transport.abort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """How a POST asks for a reload of the configuration."""

    token: str = field(repr=False)
    ask: Callable[[], None]


def public_listener(view: View, *, host: str, port: int) -> WebListener:
    """The office's own state in words."""
    pages = web.Application(middlewares=[_one_answer])
    lobby = _html(lambda: lobby_page(view()))
    pages.router.add_get("/", lobby)
    pages.router.add_get("/lobi", lobby)
    pages.router.add_get(STYLE_PATH, _style())
    return WebListener(pages, host=host, port=port)


def operations_listener(  # noqa: PLR0913 - what the pages show, each by its name
    view: View,
    *,
    explain: Explain,
    wording: Wording,
    exposition: Callable[[str], Exposition],
    ready: Callable[[], bool],
    host: str,
    port: int,
    reload: Reload | None = None,
) -> WebListener:
    """The nation, the metrics and the process.

    ``wording`` is for what ``explain`` finds; ``exposition`` gets the scraper's Accept header;
    ``ready`` tells whether configuration is loaded and a first round done; without ``reload`` no
    POST reloads anything.
    """
    pages = web.Application(middlewares=[_one_answer])
    nation = _html(lambda: _nation(view(), explain, wording))
    for path in ("/", "/nasional"):
        pages.router.add_get(path, nation)
    pages.router.add_get(STYLE_PATH, _style())
    pages.router.add_get("/api/v1/status", _document(view))
    pages.router.add_get("/api/v1/explain/{service}", _explanation(view, explain, wording))
    pages.router.add_get("/metrics", _metrics(exposition))
    for path in ("/-/healthy", "/healthz"):
        pages.router.add_get(path, _when(lambda: True))
    for path in ("/-/ready", "/readyz"):
        pages.router.add_get(path, _when(ready))
    if reload is not None:
        pages.router.add_post("/-/reload", _reload(reload))
    return WebListener(pages, host=host, port=port)


# --- answers ------------------------------------------------------------------------------------


def _html(page: Callable[[], str]) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=page(), content_type="text/html")

    return answer


def _style() -> Answer:
    sheet = resources.files(__package__).joinpath("pages.css").read_text("utf-8")

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=sheet, content_type="text/css")

    return answer


def _document(view: View) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(status_document(view()))

    return answer


def _nation(view: OfficeView, explain: Explain, wording: Wording) -> str:
    indonesian = spoken(replace(wording, zones=(view.branch.zone,)), "id")
    found = {each.service: explain(each.service) for each in view.services}
    why = {name: sentences(each, indonesian) for name, each in found.items() if each is not None}
    return nation_page(view, why)


def _explanation(view: View, explain: Explain, wording: Wording) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        service = request.match_info["service"]
        found, now = explain(service), view()
        if found is None:
            known = tuple(each.service for each in now.services)
            return web.json_response(unknown_service(service, known), status=404)
        local = replace(wording, zones=(now.branch.zone,))
        return web.json_response(explanation_document(found, local))

    return answer


def _metrics(exposition: Callable[[str], Exposition]) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        scraped = exposition(request.headers.get("Accept", ""))
        return web.Response(body=scraped.body, headers={"Content-Type": scraped.content_type})

    return answer


def _reload(reload: Reload) -> Answer:
    wanted = f"Bearer {reload.token}".encode()

    async def answer(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, wanted):
            return web.Response(text="Authorization: Bearer <reload_token>\n", status=401)
        reload.ask()
        return web.Response(
            text="asked; the log and the metrics tell what came of it\n", status=202
        )

    return answer


def _when(holds: Callable[[], bool]) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="ok\n") if holds() else web.Response(text="not yet\n", status=503)

    return answer


@web.middleware
async def _one_answer(request: web.Request, handler: Answer) -> web.StreamResponse:
    """Give every answer its protective headers, and end the connection with it."""
    response: web.StreamResponse
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        response = web.Response(text=f"{refusal.status} {refusal.reason}\n", status=refusal.status)
    except Exception:  # noqa: BLE001 - logged; the next page is another chance
        _log.exception("page_failed", page=request.path)
        response = web.Response(text="500\n", status=500)
    response.headers.update(_HEADERS)
    response.force_close()
    return response
