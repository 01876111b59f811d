"""The doors to what is probed: a session of one run, and the controls of this office."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from agent.core.model import Sight
from agent.probe import Session


class SessionFactory(Protocol):
    """Makes the session of one run; the run closes it."""

    def open(self) -> OpenSession:
        """A session with no connection yet: the first request of the run makes it."""
        ...


class OpenSession(Session, Protocol):
    """A session that must be closed."""

    async def close(self) -> None:
        """Drop its connections; never raises."""
        ...


class Controls(Protocol):
    """The near controls of this office, and the front control of the centre."""

    def ignore(self, names: Collection[str]) -> None:
        """Let the controls of these shared names, and no others, count no more."""
        ...

    async def look(self) -> Sight:
        """Try every control once, at the same time, and tell whether this office can see.

        Ends within its own deadline of a few seconds and never raises.
        """
        ...
