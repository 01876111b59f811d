"""Which service needs which: so that a broken dependency is named, and not all that lean on it."""

from __future__ import annotations

from collections.abc import Iterable

from agent.core.model import Service


class Graph:
    """The services of the nation and their needs; without cycles, which configuration ensures."""

    def __init__(self, services: Iterable[Service]) -> None:
        self.services = {service.id: service for service in services}
        self._upstream = {name: self._climb(name) for name in self.services}
        self._downstream = {
            name: tuple(other for other, above in self._upstream.items() if name in above)
            for name in self.services
        }

    def upstream(self, service: str) -> tuple[str, ...]:
        """All that a service needs, directly or not, the most upstream first."""
        return self._upstream.get(service, ())

    def downstream(self, service: str) -> tuple[str, ...]:
        """All that needs a service, directly or not."""
        return self._downstream.get(service, ())

    def sign_ins(self) -> tuple[str, ...]:
        """The services that people sign in to."""
        return tuple(s.id for s in self.services.values() if s.sign_in)

    def _climb(self, name: str) -> tuple[str, ...]:
        above: list[str] = []
        for need in self.services[name].needs:
            for each in (*self._climb(need), need):
                if each not in above:
                    above.append(each)
        return tuple(above)
