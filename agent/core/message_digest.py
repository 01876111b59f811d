"""What people read once a day: who takes no part, told apart, with since when.

It calls nobody: whoever is missing is the office's own trouble, and nothing of the nation's.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.core import message_words as words
from agent.core import slack_text, vocabulary
from agent.core.digest import Absence, Absent, Absentees, Digest
from agent.core.vocabulary import Words
from agent.core.wording import Wording

SIGN = "\N{CLIPBOARD}"
LINE_LIMIT = 600
"""Characters of one kind's names, as JSON carries them; the others are counted."""
SHORT = 40
"""Characters of an office's name, and of its reason."""


def headline(digest: Digest, wording: Wording) -> str:
    """The first line, clean but not yet escaped."""
    return wording.say(
        words.DIGEST,
        reporting=digest.reporting,
        roster=digest.roster,
        day=vocabulary.long_date(digest.at_s, digest.zone, wording.language),
        time=vocabulary.clock_time(digest.at_s, digest.zone),
    )


def lines(digest: Digest, wording: Wording) -> list[str]:
    """One line for each kind, escaped."""
    if not digest.absent:
        return [wording.say(words.DIGEST_ALL_WELL)]
    return [_line(each, digest, wording) for each in digest.absent]


def _line(absentees: Absentees, digest: Digest, wording: Wording) -> str:
    told = _first(absentees, digest, wording)
    if left_out := absentees.count - len(told):
        told.append(wording.say(words.MORE_NAMES, count=left_out))
    title = _TITLES.get(absentees.kind, words.DIGEST_OTHER)
    return wording.say(title, count=absentees.count, names="; ".join(told))


def _first(absentees: Absentees, digest: Digest, wording: Wording) -> list[str]:
    """As many offices as one line has room for."""
    told: list[str] = []
    room = LINE_LIMIT
    for each in absentees.first:
        said = _office(each, digest, wording)
        room -= slack_text.weight(said)
        if room < 0:
            break
        told.append(said)
    return told


def _office(absent: Absent, digest: Digest, wording: Wording) -> str:
    since = _since(absent, digest, wording)
    name = slack_text.escape(slack_text.name(absent.name, SHORT))
    why = f" ({slack_text.escape(slack_text.name(absent.why, SHORT))})" if absent.why else ""
    return f"{name}{why} {since}"


def _since(absent: Absent, digest: Digest, wording: Wording) -> str:
    """With its day, when that is another one than the digest's."""
    time = vocabulary.clock_time(absent.since_s, digest.zone)
    day = vocabulary.long_date(absent.since_s, digest.zone, wording.language)
    same_day = day == vocabulary.long_date(digest.at_s, digest.zone, wording.language)
    said = words.DIGEST_SINCE_EARLIER if absent.earlier else words.DIGEST_SINCE
    return wording.say(said, since=time if same_day else f"{day} {time}")


_TITLES: Mapping[Absence, Words] = {
    Absence.SILENT: words.DIGEST_SILENT,
    Absence.ABSTAINING: words.DIGEST_ABSTAINING,
    Absence.OWN_TROUBLE: words.DIGEST_OWN_TROUBLE,
    Absence.MISMATCHED: words.DIGEST_MISMATCHED,
    Absence.MAINTENANCE: words.DIGEST_MAINTENANCE,
    Absence.CLOSED: words.DIGEST_CLOSED,
}
