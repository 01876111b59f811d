"""A mistake in a file that a person wrote, with its line; and where every value of a file stands.

No value of the file is ever repeated in a mistake: it might be a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent.ports import ConfigurationError

KeyPath = tuple[str | int, ...]
"""The way to a value: ``("roster", 3, "zone")``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Something that a person must mend: where, what is wrong, and how to put it right."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Where every value of a file stands; holds no value."""

    file: str
    by_path: Mapping[KeyPath, int] = field(default_factory=dict, repr=False)

    def line(self, path: KeyPath) -> int:
        """The line of ``path``, or of its nearest ancestor that is in the file."""
        for length in range(len(path), -1, -1):
            found = self.by_path.get(path[:length])
            if found is not None:
                return found
        return 1

    def mistake(self, path: KeyPath, what: str) -> Mistake:
        """A mistake at ``path``; ``what`` says what is wrong and how to mend it."""
        named = ".".join(str(part) for part in path)
        return Mistake(
            file=self.file, line=self.line(path), what=f"{named}: {what}" if named else what
        )


def refuse(mistakes: Iterable[Mistake]) -> None:
    """Raise :class:`ConfigurationError` with all mistakes, in the order of the file, if any."""
    ordered = sorted(set(mistakes), key=lambda each: (each.file, each.line, each.what))
    if ordered:
        raise ConfigurationError([str(each) for each in ordered])
