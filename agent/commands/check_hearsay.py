"""What went over the line in a check, so that a report of it can be made without any of it.

A probe's expectation is a sentence of its author's, who may have written a piece of the answer into
it. So every word of every answer and header is remembered while the check lasts, with the
credentials and the applicant, and blotted out of whatever is written to a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple
from typing import Any

from agent.core.real_identity import without_identities
from agent.ports import OpenSession
from agent.probe import Applicant, Reply, Request

BLOT = "***"
_SHORTEST = 3
"""Shorter words are parts of all others, and say nothing by themselves."""
_MOST_WORDS = 50_000
_WORD = re.compile(r"HTTP \d{3}\b|\w+")
"""A status is one word, and never a part of another."""
_BETWEEN = re.compile(r"\W+")


class Hearsay:
    """The words that no report may hold."""

    def __init__(self, credentials: Mapping[str, Mapping[str, str]], applicant: Applicant) -> None:
        self._words: set[str] = set()
        self._too_many = False
        for keys in credentials.values():
            self._take(value for key, value in keys.items() if key != "credential_id")
        self._take(astuple(applicant))

    def hear(self, request: Request, reply: Reply) -> None:
        """Remember what was sent and what came, names of fields apart."""
        self._take(_values(request.json))
        self._take((*request.headers.values(), *request.params.values()))
        self._take(() if request.form is None else request.form.values())
        self._take(reply.headers.values())
        text = reply.body.decode("utf-8", "replace")
        try:
            self._take(_values(json.loads(text)))
        except (ValueError, RecursionError):
            self._take([text])
        if "\\" in text:
            self._take([text])  # Letters that are written as numbers, as they stand there.

    def blotted(self, text: str) -> str:
        """A sentence of a probe's or of ours without anything that was heard."""
        if self._too_many:
            return BLOT
        text = without_identities(text)
        return _WORD.sub(lambda found: BLOT if self._heard(found[0]) else found[0], text)

    def _heard(self, word: str) -> bool:
        """Also a piece of a word: whoever quotes an answer may cut it anywhere."""
        word = word.lower()
        return len(word) >= _SHORTEST and any(word in each for each in self._words)

    def _take(self, texts: Iterable[object]) -> None:
        for text in texts:
            words = (word.lower() for word in _BETWEEN.split(str(text)))
            self._words.update(word for word in words if len(word) >= _SHORTEST)
        self._too_many = self._too_many or len(self._words) > _MOST_WORDS


def _values(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Every single value in a JSON document, as text."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, list | tuple):
            waiting += each
        elif each is not None and not isinstance(each, bool):
            yield str(each)


class Overheard:
    """A session whose answers are heard by a second pair of ears."""

    def __init__(self, session: OpenSession, hearsay: Hearsay) -> None:
        self._session = session
        self._hearsay = hearsay

    async def send(self, request: Request) -> Reply:
        reply = await self._session.send(request)
        self._hearsay.hear(request, reply)
        return reply

    async def close(self) -> None:
        await self._session.close()
