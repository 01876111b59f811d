"""Asking an agent over HTTP for an explanation, and reading its answer with care.

What answers at an address may be anything: it has a deadline, a bound, and is believed to be an
explanation only if it looks like one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from agent.adapters.http_body import Unreadable, read_body
from agent.core.slack_text import clean
from agent.core.vocabulary import Language
from agent.ports import PantauError

DEADLINE_S = 5.0
MOST_BYTES = 1_048_576
_SHOWN = 200
_OK, _NOT_FOUND = 200, 404
_MANY = 64


class NoAnswer(PantauError):  # noqa: N818 - the state of things, not an error of ours
    """Nothing that explains answers there; the text says what does."""


class UnknownService(PantauError):  # noqa: N818 - the person's mistake, not the program's
    """The agent watches no service of that name."""

    def __init__(self, service: str, services: tuple[str, ...]) -> None:
        names = ", ".join(services) or "none"
        super().__init__(f"no service is called {clean(service, 60)}; there are: {names}")
        self.services = services


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An explanation as an agent told it."""

    document: Mapping[str, Any]

    @property
    def known(self) -> bool:
        """Whether the agent could say anything of the nation."""
        return self.document.get("known") is True

    @property
    def state(self) -> str:
        """The nation's word on the service."""
        return str(self.document.get("state"))

    @property
    def language(self) -> Language:
        """The nation's own."""
        return "en" if self.document.get("language") == "en" else "id"

    def sentences(self, language: Language) -> tuple[str, ...]:
        """The explanation in words, without anything that a terminal would obey."""
        said = self.document["sentences"][language]
        return tuple(clean(str(each), 1_000) for each in said[:_MANY])


async def ask(url: str, service: str) -> Answer:
    """Ask the agent whose operations listener is at ``url``.

    Raises :class:`NoAnswer`, :class:`UnknownService`, and ValueError for no http(s) address.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise ValueError(f"{clean(url, _SHOWN)} is no http(s) address")
    status, body = await _get(f"{url.rstrip('/')}/api/v1/explain/{quote(service, safe='')}")
    document = _document(body)
    if status == _NOT_FOUND and isinstance(services := document.get("services"), list):
        raise UnknownService(service, tuple(clean(str(name), 60) for name in services[:_MANY]))
    if status != _OK or not _explains(document):
        raise NoAnswer(f"what answers at {clean(url, _SHOWN)} explains nothing (HTTP {status})")
    return Answer(document=document)


async def _get(url: str) -> tuple[int, bytes]:
    """One request; no proxy, no redirect, nothing encoded."""
    try:
        async with (
            asyncio.timeout(DEADLINE_S),
            httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as client,
            client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response,
        ):
            body = await read_body(response.aiter_raw(), response.headers, MOST_BYTES)
            return response.status_code, body
    except TimeoutError:
        raise NoAnswer(f"no agent answers within {DEADLINE_S:.0f} s at {_shown(url)}") from None
    except (httpx.HTTPError, httpx.InvalidURL, Unreadable) as error:
        why = type(error).__name__ if not str(error) else clean(str(error), _SHOWN)
        raise NoAnswer(f"no agent answers at {_shown(url)}: {why}") from None


def _shown(url: str) -> str:
    """Without a user's name and password, should it hold any."""
    parts = urlsplit(url)
    return clean(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", _SHOWN)


def _document(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _explains(document: Mapping[str, Any]) -> bool:
    said = document.get("sentences")
    return isinstance(said, dict) and all(isinstance(said.get(each), list) for each in ("id", "en"))
