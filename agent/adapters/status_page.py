"""The two pages as HTML: the counter's screen, and the operations room's view of the nation.

Both work without a script: they reload themselves, and their style is a file of its own, so that
the browser can be told to run nothing at all. Every text passes ``_text`` on its way into the
markup, wherever it came from.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from agent.core import vocabulary
from agent.core.model import IncidentSummary, Names, Outcome, ServiceState, Severity
from agent.core.notice import Notice, Tone, lobby_notice
from agent.core.slack_text import clean
from agent.core.view import OfficeView, ServiceView

REFRESH_S = 15
STYLE_PATH = "/pages.css"
_MANY = 8
"""A longer list is set in two columns."""
_TEXT_LIMIT = 200

_STATE_TONES = {
    ServiceState.NORMAL: Tone.CALM,
    ServiceState.SUSPECTED: Tone.SLOW,
    ServiceState.REGIONAL: Tone.TROUBLE,
    ServiceState.NATIONAL: Tone.TROUBLE,
    ServiceState.RECOVERING: Tone.SLOW,
    ServiceState.AFFECTED: Tone.SLOW,
    ServiceState.UNKNOWN: Tone.UNKNOWN,
}
_OUTCOME_TONES = {
    Outcome.OK: Tone.CALM,
    Outcome.SLOW: Tone.SLOW,
    Outcome.FAIL: Tone.TROUBLE,
    Outcome.DRIFT: Tone.TROUBLE,
    Outcome.VOID: Tone.UNKNOWN,
}
_EXCHANGE = {
    "joined": "tersambung",
    "degraded": "tersambung sebagian",
    "standalone": "sendiri",
}


# --- the counter --------------------------------------------------------------------------------


def lobby_page(view: OfficeView) -> str:
    """The screen at the counter: this office's own state in words, and nothing else."""
    notice = lobby_notice(view)
    zone = view.branch.zone
    body = f"""<main class="lobby">
<header><strong>{_text(view.branch.name)}</strong>
<span>{vocabulary.long_date(view.now_s, zone)} · {_checked(notice, zone)}</span></header>
<section class="state {notice.tone}" role="status">
{_title(notice)}<h1>{_text(notice.headline)}</h1>
{_since(notice, zone)}</section>
<section class="lists">
{_troubles(notice)}{_sentences(notice)}
{_list(_served_title(notice), Tone.CALM, notice.served)}
</section>
</main>"""
    return _document(f"Keadaan layanan · {view.branch.name}", body)


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
    entries = "".join(f"<li>{_text(name)}</li>" for name in names)
    width = " many" if len(names) > _MANY else ""
    return f'<div class="{tone}{width}"><h2>{title}</h2><ul>{entries}</ul></div>'


def _sentences(notice: Notice) -> str:
    if not notice.sentences:
        return ""
    return (
        '<div class="say">'
        + "".join(f"<p>{_text(each)}</p>" for each in notice.sentences)
        + "</div>"
    )


def _checked(notice: Notice, zone: str) -> str:
    if notice.checked_s is None:
        return "belum ada pemeriksaan"
    return f"pemeriksaan terakhir {vocabulary.clock_time(notice.checked_s, zone)}"


# --- the nation ---------------------------------------------------------------------------------


def nation_page(view: OfficeView) -> str:
    """The operations page: the leader's bulletin in words with its age, and this office beside."""
    tone, headline = _nation_headline(view)
    body = f"""<main class="nation">
<header><strong>{_text(view.branch.name)}</strong>
<span>{vocabulary.long_date(view.now_s, view.branch.zone)},
{vocabulary.clock_time(view.now_s, view.branch.zone, seconds=True)}</span></header>
<section class="state {tone}" role="status"><h1>{_text(headline)}</h1>
<p class="since">{_text(_bulletin_age(view))}</p></section>
{_incidents(view)}
{_services(view)}
{_facts(view)}
</main>"""
    return _document("Keadaan nasional · Pantau", body)


def _nation_headline(view: OfficeView) -> tuple[Tone, str]:
    if view.incidents:
        worst = max(view.incidents, key=lambda each: (each.scope == "national", each.severity.rank))
        name = vocabulary.service_name(worst.root)
        return _incident_tone(worst), f"{vocabulary.scope_name(worst.scope)}: {name}"
    if not view.nation_known:
        return Tone.UNKNOWN, vocabulary.UNKNOWN.say()
    if view.nation is not None and view.nation.suspected:
        return Tone.SLOW, vocabulary.state_name(ServiceState.SUSPECTED)
    return Tone.CALM, "Tidak ada gangguan nasional"


def _bulletin_age(view: OfficeView) -> str:
    if view.bulletin is None or view.bulletin_age_s is None:
        return "Belum ada berita dari pemantau pusat."
    told = f"Berita terakhir {view.bulletin_age_s:.0f} detik yang lalu"
    if view.nation is None:
        return f"{told}; keadaan sekarang belum dapat dipastikan."
    if view.nation.blind:
        return f"{told}; terlalu sedikit kantor yang melapor."
    return f"{told}."


def _incidents(view: OfficeView) -> str:
    if not view.incidents:
        return ""
    return f"<section>{''.join(_incident(view, each) for each in view.incidents)}</section>"


def _incident(view: OfficeView, incident: IncidentSummary) -> str:
    affected = ", ".join(vocabulary.service_name(each) for each in incident.affected)
    also = f'<span class="soft">Terdampak: {_text(affected)}</span>' if affected else ""
    day = vocabulary.long_date(incident.since_s, view.branch.zone)
    time = vocabulary.clock_time(incident.since_s, view.branch.zone)
    state = vocabulary.severity_name(incident.severity)
    if incident.phase == "recovering":
        state = vocabulary.state_name(ServiceState.RECOVERING)
    return f"""<div class="incident {_incident_tone(incident)}">
<b>[{vocabulary.scope_tag(incident.scope)}] {_text(vocabulary.service_name(incident.root))}</b>
<span>{state}: {incident.failing} dari {incident.reporting} kantor, sejak {day}, {time}</span>
{also}<span class="soft">{_text(incident.id)}</span></div>"""


def _incident_tone(incident: IncidentSummary) -> Tone:
    return Tone.SLOW if incident.severity is Severity.SLOW else Tone.TROUBLE


def _services(view: OfficeView) -> str:
    rows = "".join(_row(view, service) for service in view.services)
    return (
        '<section class="table"><table><thead><tr><th>Layanan</th><th>Nasional</th>'
        "<th>Kantor ini</th><th>Terakhir</th><th>Sebab</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _row(view: OfficeView, service: ServiceView) -> str:
    state = view.national_state(service.service)
    last = "-" if service.at_s is None else _ago(view.now_s - service.at_s)
    reason = service.reason
    if service.blocked_by is not None:
        reason = f"menunggu {vocabulary.service_name(service.blocked_by)}"
    return (
        f"<tr><td>{_text(vocabulary.service_name(service.service))}</td>"
        f"<td>{_dot(_STATE_TONES[state], vocabulary.state_name(state))}</td>"
        f"<td>{_own(view, service)}</td>"
        f'<td class="age">{last}</td><td class="reason">{_text(reason)}</td></tr>'
    )


def _own(view: OfficeView, service: ServiceView) -> str:
    if view.is_fresh(service) and service.blocked_by is not None:
        return _dot(Tone.SLOW, vocabulary.state_name(ServiceState.AFFECTED))
    outcome = view.own_outcome(service)
    return _dot(_OUTCOME_TONES[outcome], vocabulary.outcome_name(outcome))


def _dot(tone: Tone, words: str) -> str:
    return f'<span class="dot {tone}">{_text(words)}</span>'


def _ago(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004 - two minutes: from there on nobody counts seconds
        return f"{max(seconds, 0):.0f} detik"
    return f"{seconds / 60:.0f} menit"


def _facts(view: OfficeView) -> str:
    sight = "melihat" if view.sight.sees else f"tidak melihat: {view.sight.why_not}"
    facts = [
        ("Kantor ini", f"{view.branch.id}, {sight}, bursa {_EXCHANGE[view.exchange]}"),
        *(_attendance(view)),
        ("Versi", view.version),
    ]
    rows = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts)
    return f"<dl>{rows}{_links(view)}</dl>"


def _attendance(view: OfficeView) -> Iterable[tuple[str, str]]:
    bulletin = view.bulletin
    if bulletin is None:
        return
    yield "Melapor", f"{bulletin.reporting} dari {bulletin.roster} kantor"
    lists = (
        ("Diam", bulletin.silent),
        ("Tidak ikut menilai", bulletin.abstaining),
        ("Konfigurasi berbeda", bulletin.mismatched),
        ("Pemeliharaan", bulletin.maintenance),
    )
    yield from ((title, _names(names)) for title, names in lists if names.count)
    leads = " (kantor ini)" if view.leads else ""
    yield "Pemimpin", f"{bulletin.leader}{leads}, masa {bulletin.term}"
    yield "Konfigurasi", bulletin.nation


def _names(names: Names) -> str:
    more = names.count - len(names.first)
    return ", ".join(names.first) + (f" dan {more} lagi" if more > 0 else "")


def _links(view: OfficeView) -> str:
    links = (("Panduan", view.runbook_url), ("Dasbor", view.grafana_url))
    return "".join(
        f'<dt>{name}</dt><dd><a href="{html.escape(url)}" rel="noreferrer">{_text(url)}</a></dd>'
        for name, url in links
        if url is not None and url.startswith(("https://", "http://"))
    )


# --- both ---------------------------------------------------------------------------------------


def _document(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="id">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{REFRESH_S}">
<title>{_text(title)}</title>
<link rel="stylesheet" href="{STYLE_PATH}">
</head>
<body>
{body}
</body>
</html>
"""


def _text(text: str) -> str:
    """Text that shows as itself: no markup, no control or direction characters, not too long."""
    return html.escape(clean(text, _TEXT_LIMIT))
