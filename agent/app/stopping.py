"""A request to stop that may come at any time: from a signal handler, before there is a loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class StopRequest:
    """Asked for once; the loop that works learns of it through an event of its own."""

    def __init__(self) -> None:
        self.asked = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None

    def ask(self) -> None:
        """Ask for the stop; may be called from a signal handler."""
        self.asked = True
        if self._loop is not None and self._event is not None:
            with suppress(RuntimeError):  # The loop has closed: it has stopped already.
                self._loop.call_soon_threadsafe(self._event.set)

    def event(self) -> asyncio.Event:
        """The event of the running loop, set once the stop is asked for."""
        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        if self.asked:
            self._event.set()
        return self._event
