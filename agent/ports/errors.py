"""The errors that may come through a door; see :mod:`agent.ports` for the tree."""

from __future__ import annotations

from collections.abc import Sequence


class PantauError(Exception):
    """Root of every error that the program raises on purpose."""


class ConfigurationError(PantauError):
    """One or more mistakes in what a person wrote; ``mistakes`` are lines for that person."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class ExchangeError(PantauError):
    """The exchange did not do what was asked."""


class Unavailable(ExchangeError):  # noqa: N818 - the words of the exchange's contract
    """No answer in time. The call may have been applied: look before doing it again."""


class Conflict(ExchangeError):  # noqa: N818
    """The record's revision is not the one expected."""


class Denied(ExchangeError):  # noqa: N818
    """The engine refused these credentials or this subject."""


class Invalid(ExchangeError):  # noqa: N818
    """A name or value that the exchange does not take; nothing was sent."""
