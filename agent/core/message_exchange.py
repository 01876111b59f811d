"""What people read when the exchange is lost: who sees it so, since when, and what that means.

It is about Pantau and not about a service, so it calls nobody and names no severity. No incident
stands behind it: there is no exchange then to keep one in.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.core import headlines, message, slack_text
from agent.core.incident import Phase
from agent.core.message import Rendered
from agent.core.vocabulary import Words
from agent.core.wording import Wording

SIGN = "\N{WHITE QUESTION MARK ORNAMENT}"
OVER_SIGN = headlines.SIGNS[Phase.CLOSED]
SERVICES_SHOWN = 4

_LOST = Words(
    "[PANTAU][BURSA TERPUTUS] Bursa antar kantor tidak terjangkau sejak {since}, dilihat dari "
    "{office}",
    "[PANTAU][EXCHANGE LOST] The exchange between offices is unreachable since {since}, seen "
    "from {office}",
)
_MEANWHILE = Words(
    "Setiap kantor tetap memeriksa layanan dan halamannya tetap benar untuk kantor itu sendiri; "
    "keadaan nasional belum dapat dipastikan sampai bursa terhubung kembali.",
    "Every office goes on checking the services, and its page stays right for that office; the "
    "state of the nation is not known until the exchange is back.",
)
_LAST_HEARD = Words(
    "Terakhir terdengar sebelum itu: gangguan nasional {services}.",
    "Last heard before that: a national outage of {services}.",
)
_OVER = Words(
    "[PANTAU][BURSA KEMBALI] Bursa antar kantor terjangkau lagi, terputus {lasted} ({since} s.d. "
    "{until}), dilihat dari {office}",
    "[PANTAU][EXCHANGE BACK] The exchange between offices answers again, lost for {lasted} "
    "({since} to {until}), seen from {office}",
)
_NOW_OPEN = Words(
    "Gangguan nasional {services} sedang berlangsung; lihat pesannya.",
    "A national outage of {services} is going on; see its message.",
)


def lost(office: str, since_s: float, national: Sequence[str], wording: Wording) -> Rendered:
    """That the exchange is lost. ``national``: services of the incidents that were last heard of.

    ``office`` is a name for people; ``since_s`` seconds since 1970.
    """
    since = wording.moment(since_s, told_s=since_s)
    headline = wording.say(_LOST, since=since, office=slack_text.name(office))
    lines = [wording.say(_MEANWHILE), _named(_LAST_HEARD, national, wording)]
    return message.rendered(SIGN, headline, lines, wording)


def over(
    office: str, since_s: float, until_s: float, national: Sequence[str], wording: Wording
) -> Rendered:
    """That it is back, and what is told of the nation now; times are seconds since 1970."""
    headline = _ended(office, since_s, until_s, wording)
    return message.rendered(OVER_SIGN, headline, [_named(_NOW_OPEN, national, wording)], wording)


def over_reply(
    office: str, since_s: float, until_s: float, national: Sequence[str], wording: Wording
) -> str:
    """The same for the thread."""
    said = slack_text.escape(_ended(office, since_s, until_s, wording))
    lines = [headlines.practice(wording) + said, _named(_NOW_OPEN, national, wording)]
    return "\n".join(filter(None, lines))


def _ended(office: str, since_s: float, until_s: float, wording: Wording) -> str:
    return wording.say(
        _OVER,
        lasted=wording.duration(until_s - since_s),
        since=wording.moment(since_s, told_s=since_s),
        until=wording.moment(until_s, told_s=since_s),
        office=slack_text.name(office),
    )


def _named(template: Words, services: Sequence[str], wording: Wording) -> str:
    if not services:
        return ""
    named = [wording.service(each) for each in services]
    return wording.say(template, services=wording.names(named, shown=SERVICES_SHOWN))
