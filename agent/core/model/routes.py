"""Which channel hears of what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.core.model.assessments import Scope, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Which channel hears of what."""

    main: str
    slow: str | None = None
    regional: str | None = None
    fallback: str | None = None
    mention: str | None = None
    """Raw mention such as ``<!subteam^S123>``, for national incidents of at least degraded."""
    by_service: Mapping[str, str] = field(default_factory=dict)
    digest: str | None = None
    """Of the daily digest; None: there is none."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel that may ever hear of anything, once."""
        named = (self.main, self.slow, self.regional, self.fallback, self.digest)
        return tuple(dict.fromkeys(each for each in (*named, *self.by_service.values()) if each))

    def channel(self, scope: Scope, severity: Severity, service: str) -> str:
        """The channel of a new incident: by service first, then slow, then regional, then main."""
        if service in self.by_service:
            return self.by_service[service]
        if severity is Severity.SLOW and self.slow:
            return self.slow
        if scope is Scope.REGIONAL and self.regional:
            return self.regional
        return self.main
