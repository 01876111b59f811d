"""For whom, and with which names, an incident is told.

Names of services and places come from nation.yaml, times are those of the readers' zones, lists
are as long as there is room for. Everything that :mod:`agent.core.message` puts into a sentence is
made here, and bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.core import message_words as words
from agent.core import slack_text, vocabulary
from agent.core.order import ACKNOWLEDGING
from agent.core.reminding import Escalation
from agent.core.vocabulary import Language, Words

NAMES_LIMIT = 400
"""Characters of one list of names."""
MAX_ODDS = 1_000_000
_PLACE_LIMIT = 40
_HTTP_CODE = re.compile(r"http_(\d{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The readers: their language and zones, the names they know, the pages they may open."""

    language: Language = "id"
    services: Mapping[str, str] = field(default_factory=dict)
    """Names of services in ``language``; one that is missing is called as in the vocabulary."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Names of places, carriers and egresses by group id such as ``island:papua``."""
    zones: tuple[str, ...] = ("Asia/Jakarta",)
    """IANA zones in which the readers live; the first decides the day."""
    dashboard_url: str | None = None
    runbook_url: str | None = None
    external_url: str | None = None
    """The national page."""
    practice: bool = False
    """An exercise: every message begins with ``[LATIHAN]``."""
    mention: str | None = None
    """Raw mention, used only for national incidents of at least ``degraded``."""
    escalation: Escalation = field(default_factory=Escalation)
    """Who is called as well when nobody answers that."""
    sign: str = ACKNOWLEDGING[0]
    """Name of the emoji by which people acknowledge."""

    def say(self, template: Words, **values: object) -> str:
        """A sentence in the readers' language."""
        return template.say(self.language).format(**values)

    def service(self, service: str, limit: int = slack_text.NAME_LIMIT) -> str:
        """A service by its name; not yet escaped."""
        known = self.services.get(service)
        return slack_text.name(known or vocabulary.service_name(service, self.language), limit)

    def place(self, group: str, limit: int = _PLACE_LIMIT) -> str:
        """A regional group by its name; not yet escaped."""
        kind, _, slug = group.partition(":")
        if not slug:
            return self.say(words.WHOLE_ROSTER)
        shown = self.groups.get(group) or slug.replace("-", " ").title()
        template = words.GROUP_KINDS.get(kind, words.GROUP_KINDS["province"])
        return self.say(template, name=slack_text.name(shown, limit))

    def names(self, names: Sequence[str], shown: int | None = None) -> str:
        """Escaped and joined: as many as have room, ``shown`` at most, then how many more."""
        first = [slack_text.escape(name) for name in names[:shown]]
        left_out = len(names) - len(first)
        if left_out:
            return ", ".join([*first, self.say(words.MORE_NAMES, count=left_out)])
        more = words.MORE_NAMES.say(self.language)
        return slack_text.fit(first, NAMES_LIMIT, more, between=", ")

    def listed(self, names: Sequence[str], shown: int) -> str:
        """Clean but not escaped, and joined: ``shown`` at most, then how many more."""
        first = [slack_text.clean(name, slack_text.NAME_LIMIT) for name in names[:shown]]
        more = len(names) - len(first)
        return ", ".join([*first, self.say(words.MORE_NAMES, count=more)] if more else first)

    def instant(self, at_s: float, *, told_s: float) -> str:
        """``08.10.05 WIB`` in the first zone, with the day when it is not that of ``told_s``."""
        time = vocabulary.clock_time(at_s, self.zones[0], seconds=True)
        day = vocabulary.long_date(at_s, self.zones[0], self.language)
        same_day = day == vocabulary.long_date(told_s, self.zones[0], self.language)
        return time if same_day else f"{day} {time}"

    def moment(self, at_s: float, *, told_s: float) -> str:
        """``08.10 WIB``, with the day when it is not that of ``told_s``; both since 1970."""
        times = " / ".join(vocabulary.clock_time(at_s, zone) for zone in self.zones)
        day = vocabulary.long_date(at_s, self.zones[0], self.language)
        same_day = day == vocabulary.long_date(told_s, self.zones[0], self.language)
        return times if same_day else f"{day} {times}"

    def duration(self, seconds: float) -> str:
        """In words, by its two largest units: ``1 jam 5 menit``."""
        left = max(1, round(seconds))
        units = list(words.UNITS)
        while left < units[0][0]:
            del units[0]
        said: list[str] = []
        for size, one, several in units[:2]:
            count, left = divmod(left, size)
            if count:
                said.append(f"{count} {(one if count == 1 else several).say(self.language)}")
        return " ".join(said)

    def odds(self, probability: float) -> str:
        """``1.000`` of "1 in 1.000": one figure, rounded down so that it never promises much."""
        odds = int(min(MAX_ODDS, 1.0 / max(probability, 1e-12) + 1e-9))
        figure = 10 ** (len(str(odds)) - 1)
        said = f"{odds // figure * figure:,}"
        return said.replace(",", ".") if self.language == "id" else said

    def number(self, value: float, digits: int = 1) -> str:
        """A number as the language writes it: ``2,3`` or ``2.3``; never ``-0,0``."""
        said = f"{round(value, digits) + 0.0:.{digits}f}"
        return said.replace(".", ",") if self.language == "id" else said

    def failure(self, code: str) -> str:
        """A failure's code in words, escaped; an unknown one in code style."""
        if http := _HTTP_CODE.fullmatch(code):
            return f"HTTP {http[1]}"
        known = words.FAILURES.get(code)
        return known.say(self.language) if known else slack_text.code(code)
