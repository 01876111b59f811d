"""Text that is safe in Slack, and fits.

Names and error texts come from far away: a service that answers with ``<!channel>``, an office
called ``<https://evil|status>``, fifty thousand characters, a right-to-left override. Here they
become words that can neither mention, link nor break out, and messages that stay within what Slack
takes. Lengths are measured as JSON carries them, which is never less than Slack counts.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence

TEXT_LIMIT = 3_900
"""Top-level text: Slack asks for less than 4,000."""
SECTION_LIMIT = 2_900
"""A section's text: Slack takes 3,000."""
HEADER_LIMIT = 150
REMOTE_LIMIT = 200
"""Characters of anything that a far end said."""
NAME_LIMIT = 60
_LINK_LIMIT = 500

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKUP = str.maketrans({"`": "'", "*": "\N{ASTERISK OPERATOR}", "~": "-"})
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def clean(text: str, limit: int) -> str:
    """One visible line of at most ``limit`` characters: no control or direction characters."""
    # No more than this is looked at: a hostile text costs no more than a friendly one.
    looked_at = text[: 2 * limit]
    visible = "".join(
        " " if character.isspace() else character
        for character in looked_at
        if character.isspace() or unicodedata.category(character) not in _INVISIBLE
    )
    line = " ".join(visible.split())
    if len(line) > limit or len(text) > len(looked_at):
        return line[: limit - 1] + "…"
    return line


def name(text: str, limit: int = NAME_LIMIT) -> str:
    """A name for a headline: clean and without markup, not yet escaped; never empty."""
    return clean(text, limit).translate(_MARKUP) or "-"


def escape(text: str) -> str:
    """Make Slack show the text as it is: no mention, no link."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def code(text: str) -> str:
    """Remote text in code style, cut to ``REMOTE_LIMIT``."""
    return f"`{cut_escaped(name(text, REMOTE_LIMIT), 2 * REMOTE_LIMIT)}`"


def link(url: str | None, label: str) -> str:
    """A link, or nothing when there is no URL or it is not plain http(s)."""
    if not url or not url.startswith(("http://", "https://")) or len(url) > _LINK_LIMIT:
        return ""
    if any(
        character in "<>|" or not character.isprintable() or character == " " for character in url
    ):
        return ""
    return f"<{escape(url)}|{label}>"


def weight(text: str) -> int:
    """Length as JSON carries it, without the quotes."""
    return len(json.dumps(text)) - 2


def cut_escaped(text: str, limit: int) -> str:
    """Escape, and cut to ``limit`` characters without splitting an entity."""
    if len(whole := escape(text)) <= limit:
        return whole
    kept: list[str] = []
    room = limit - 1
    for character in text:
        piece = _ENTITIES.get(character, character)
        if len(piece) > room:
            break
        room -= len(piece)
        kept.append(piece)
    return "".join(kept) + "…"


def fit(parts: Iterable[str], limit: int, more: str, between: str = "\n") -> str:
    """Join as many parts as fit into ``limit``; ``more`` (with ``{count}``) tells of the rest.

    Parts are taken in order and never cut, so that no entity, link or code style is torn.
    """
    wanted = [part for part in parts if part]
    reserve = weight(more) + weight(between) + 8
    kept: list[str] = []
    used = 0
    for position, part in enumerate(wanted):
        used += weight(part) + weight(between)
        last = position == len(wanted) - 1
        if used + (0 if last else reserve) > limit:
            break
        kept.append(part)
    missing = len(wanted) - len(kept)
    if missing:
        kept.append(more.format(count=missing))
    return between.join(kept)


def table(rows: Sequence[Sequence[str]], limit: int, more: str) -> str:
    """Rows of clean, unescaped cells as an aligned code block; ``limit`` bounds the whole."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        escape(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
        for row in rows
    ]
    return f"```\n{fit(lines, limit - 10, more)}\n```"
