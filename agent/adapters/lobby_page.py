"""The screen at the counter: this office's own state in words, and nothing else.

It is read from three metres, by people who wait: first the state, then what is not served and what
to do, then what is.
"""

from __future__ import annotations

from agent.adapters.page_frame import document, text
from agent.core import vocabulary
from agent.core.notice import Notice, Tone, lobby_notice
from agent.core.view import OfficeView

_MANY = 8
"""A longer list is set in columns."""


def lobby_page(view: OfficeView) -> str:
    """The page as HTML."""
    notice = lobby_notice(view)
    zone = view.branch.zone
    body = f"""<main class="lobby">
<header><strong>{text(view.branch.name)}</strong>
<span>{vocabulary.long_date(view.now_s, zone)} · {_checked(notice, zone)}</span></header>
<section class="state {notice.tone}" role="status">
{_title(notice)}<h1>{text(notice.headline)}</h1>
{_since(notice, zone)}</section>
<section class="lists">
{_troubles(notice)}{_sentences(notice)}
{_list(_served_title(notice), Tone.CALM, notice.served)}
</section>
</main>"""
    return document(f"Keadaan layanan · {view.branch.name}", body)


def _troubles(notice: Notice) -> str:
    """What is read first: all that is not as usual. Empty on a good day."""
    parts = [
        _list("BELUM DAPAT DILAYANI", Tone.TROUBLE, notice.unserved),
        _list("DILAYANI, LEBIH LAMBAT", Tone.SLOW, notice.slow),
        _list("BELUM DAPAT DIPASTIKAN", Tone.UNKNOWN, notice.unknown),
    ]
    return f'<div class="first">{"".join(parts)}</div>\n' if any(parts) else ""


def _title(notice: Notice) -> str:
    return '<p class="title">PENGUMUMAN</p>\n' if notice.tone is Tone.TROUBLE else ""


def _since(notice: Notice, zone: str) -> str:
    if notice.since_s is None:
        return ""
    day = vocabulary.long_date(notice.since_s, zone)
    time = vocabulary.clock_time(notice.since_s, zone)
    return f'<p class="since">Sejak {day}, pukul {time}</p>\n'


def _served_title(notice: Notice) -> str:
    return "TETAP DILAYANI" if notice.unserved else "DILAYANI"


def _list(title: str, tone: Tone, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    entries = "".join(f"<li>{text(name)}</li>" for name in names)
    width = " many" if len(names) > _MANY else ""
    return f'<div class="{tone}{width}"><h2>{title}</h2><ul>{entries}</ul></div>'


def _sentences(notice: Notice) -> str:
    if not notice.sentences:
        return ""
    return (
        '<div class="say">'
        + "".join(f"<p>{text(each)}</p>" for each in notice.sentences)
        + "</div>"
    )


def _checked(notice: Notice, zone: str) -> str:
    if notice.checked_s is None:
        return "belum ada pemeriksaan"
    return f"pemeriksaan terakhir {vocabulary.clock_time(notice.checked_s, zone)}"
