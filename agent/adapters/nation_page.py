"""The operations room's page: the leader's bulletin in words with its age, and this office."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from agent.adapters.page_frame import document, text
from agent.core import vocabulary
from agent.core.blame import Blame
from agent.core.model import (
    IncidentSummary,
    Names,
    Outcome,
    PlannedNotice,
    Scope,
    ServiceState,
    Severity,
)
from agent.core.notice import Tone
from agent.core.view import OfficeView, ServiceView

_SENTENCE_LIMIT = 1_000
_LIST_LIMIT = 2_000
"""Characters of a list of names; the bulletin bounds it too."""
_STATE_TONES = {
    ServiceState.NORMAL: Tone.CALM,
    ServiceState.SUSPECTED: Tone.SLOW,
    ServiceState.REGIONAL: Tone.TROUBLE,
    ServiceState.NATIONAL: Tone.TROUBLE,
    ServiceState.RECOVERING: Tone.SLOW,
    ServiceState.AFFECTED: Tone.SLOW,
    ServiceState.UNKNOWN: Tone.UNKNOWN,
}
_OPENED = (
    ServiceState.SUSPECTED,
    ServiceState.REGIONAL,
    ServiceState.NATIONAL,
    ServiceState.RECOVERING,
)
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


Why = Mapping[str, Sequence[str]]
"""Service -> the sentences that say why it is or is not an incident."""
_NO_WORDS: Why = MappingProxyType({})


def nation_page(view: OfficeView, why: Why = _NO_WORDS) -> str:
    """The page as HTML."""
    tone, headline = _nation_headline(view)
    body = f"""<main class="nation">
<header><strong>{text(view.branch.name)}</strong>
<span>{vocabulary.long_date(view.now_s, view.branch.zone)},
{vocabulary.clock_time(view.now_s, view.branch.zone, seconds=True)}</span></header>
<section class="state {tone}" role="status"><h1>{text(headline)}</h1>
<p class="since">{text(_bulletin_age(view))}</p></section>
{_incidents(view)}
{_services(view)}
{_reasons(view, why)}
{_facts(view)}
</main>"""
    return document("Keadaan nasional · Pantau", body)


def _nation_headline(view: OfficeView) -> tuple[Tone, str]:
    if view.incidents:
        worst = max(
            view.incidents, key=lambda each: (each.scope is Scope.NATIONAL, each.severity.rank)
        )
        name = vocabulary.service_name(worst.root)
        return _incident_tone(worst), f"{vocabulary.scope_name(worst.scope)}: {name}"
    if not view.nation_known:
        return Tone.UNKNOWN, vocabulary.UNKNOWN.say()
    suspected = view.nation.suspected if view.nation is not None else ()
    if any(view.planned(each) is None for each in suspected):
        return Tone.SLOW, vocabulary.state_name(ServiceState.SUSPECTED)
    if view.nation is not None and view.nation.planned:
        return Tone.CALM, f"Tidak ada gangguan nasional; {vocabulary.MAINTENANCE.say().lower()}"
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
    also = f'<span class="soft">Terdampak: {text(affected, _LIST_LIMIT)}</span>' if affected else ""
    day = vocabulary.long_date(incident.since_s, view.branch.zone)
    time = vocabulary.clock_time(incident.since_s, view.branch.zone)
    state = vocabulary.severity_name(incident.severity)
    if incident.phase == "recovering":
        state = vocabulary.state_name(ServiceState.RECOVERING)
    elif incident.drifted:
        state = f"{state}, {vocabulary.DRIFTED.say()}"
    return f"""<div class="incident {_incident_tone(incident)}">
<b>[{vocabulary.scope_tag(incident.scope)}] {text(vocabulary.service_name(incident.root))}</b>
<span>{state}: {incident.failing} dari {incident.reporting} kantor, sejak {day}, {time}</span>
{also}{_decided(view, incident)}<span class="soft">{text(incident.id)}</span></div>"""


def _decided(view: OfficeView, incident: IncidentSummary) -> str:
    """What people have decided about it."""
    said = []
    if incident.acknowledged_by:
        said.append(f"Ditangani oleh {incident.acknowledged_by}")
    if incident.muted_until_s is not None and incident.muted_until_s > view.now_s:
        until = vocabulary.clock_time(incident.muted_until_s, view.branch.zone)
        said.append(f"Dibisukan sampai {until}")
    return f'<span class="soft">{text("; ".join(said))}</span>' if said else ""


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
    last = "-" if service.at_s is None else _ago(view.now_s - service.at_s)
    reason = service.reason or _pace(service)
    if service.blocked_by is not None:
        reason = f"menunggu {vocabulary.service_name(service.blocked_by)}"
    elif service.blame and service.blame is not Blame.INCONCLUSIVE and view.is_fresh(service):
        reason = f"{reason}; kemungkinan: {service.blame.words.say()}".removeprefix("; ")
    return (
        f"<tr><td>{text(vocabulary.service_name(service.service))}</td>"
        f"<td>{_dot(_national_tone(view, service.service), _national(view, service.service))}</td>"
        f"<td>{_own(view, service)}</td>"
        f'<td class="age">{last}</td><td class="reason">{text(reason)}</td></tr>'
    )


def _pace(service: ServiceView) -> str:
    """How long the last result took, beside the usual of this hour, where that is known."""
    if service.took_s is None or service.usual_s is None:
        return ""
    return f"{_seconds(service.took_s)}, biasanya {_seconds(service.usual_s)}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} detik".replace(".", ",")


def _reasons(view: OfficeView, why: Why) -> str:
    """To be unfolded, without a script; what is being looked into is unfolded from the start."""
    opened = [each.service for each in view.services if _is_looked_into(view, each)]
    others = [each.service for each in view.services if each.service not in opened]
    folded = [_reason(name, why[name], " open") for name in opened if why.get(name)]
    folded += [_reason(name, why[name], "") for name in others if why.get(name)]
    return f'<section class="why"><h2>Mengapa</h2>{"".join(folded)}</section>' if folded else ""


def _is_looked_into(view: OfficeView, service: ServiceView) -> bool:
    return view.national_state(service.service) in _OPENED


def _national_tone(view: OfficeView, service: str) -> Tone:
    tone = _STATE_TONES[view.national_state(service)]
    return tone if tone is Tone.CALM or view.planned(service) is None else Tone.SLOW


def _reason(service: str, sentences: Sequence[str], state: str) -> str:
    name = text(vocabulary.service_name(service))
    lines = "".join(f"<li>{text(each, _SENTENCE_LIMIT)}</li>" for each in sentences)
    return f"<details{state}><summary>{name}</summary><ul>{lines}</ul></details>"


def _national(view: OfficeView, service: str) -> str:
    said = vocabulary.state_name(view.national_state(service))
    said = f"{said}, {vocabulary.DRIFTED.say()}" if view.national_drifted(service) else said
    planned = view.planned(service)
    return said if planned is None else f"{_planned(view, planned)}: {said}"


def _planned(view: OfficeView, notice: PlannedNotice) -> str:
    until = vocabulary.clock_time(notice.until_s, view.branch.zone)
    return f"{vocabulary.MAINTENANCE.say()} sampai {until}"


def _own(view: OfficeView, service: ServiceView) -> str:
    if view.is_fresh(service) and service.blocked_by is not None:
        return _dot(Tone.SLOW, vocabulary.state_name(ServiceState.AFFECTED))
    outcome = view.own_outcome(service)
    return _dot(_OUTCOME_TONES[outcome], vocabulary.outcome_name(outcome))


def _dot(tone: Tone, words: str) -> str:
    return f'<span class="dot {tone}">{text(words)}</span>'


def _ago(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004 - two minutes: from there on nobody counts seconds
        return f"{max(seconds, 0):.0f} detik"
    return f"{seconds / 60:.0f} menit"


def _facts(view: OfficeView) -> str:
    sight = "melihat" if view.sight.sees else f"tidak melihat: {view.sight.why_not}"
    facts = [
        ("Kantor ini", f"{view.branch.id}, {sight}, bursa {_EXCHANGE[view.exchange]}"),
        *_ignored("Kontrol tidak dihitung di kantor ini", view.sight.ignored),
        *(_attendance(view)),
        ("Versi", view.version),
    ]
    rows = "".join(
        f"<dt>{text(name)}</dt><dd>{text(value, _LIST_LIMIT)}</dd>" for name, value in facts
    )
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
        ("Gangguan sendiri, suaranya tidak dihitung", bulletin.quarantined),
    )
    yield from ((title, _names(names)) for title, names in lists if names.count)
    yield from _ignored("Kontrol rusak, tidak dihitung", bulletin.controls_ignored)
    for notice in bulletin.planned:
        services = map(vocabulary.service_name, notice.services)
        yield _planned(view, notice), ", ".join((*services, *notice.where)) or "semua layanan"
    leads = " (kantor ini)" if view.leads else ""
    yield "Pemimpin", f"{bulletin.leader}{leads}, masa {bulletin.term}"
    yield "Konfigurasi", bulletin.nation


def _ignored(title: str, controls: Sequence[str]) -> Iterable[tuple[str, str]]:
    return [(title, ", ".join(controls))] if controls else []


def _names(names: Names) -> str:
    more = names.count - len(names.first)
    return ", ".join(names.first) + (f" dan {more} lagi" if more > 0 else "")


def _links(view: OfficeView) -> str:
    links = (("Panduan", view.runbook_url), ("Dasbor", view.grafana_url))
    return "".join(
        f'<dt>{name}</dt><dd><a href="{html.escape(url)}" rel="noreferrer">{text(url)}</a></dd>'
        for name, url in links
        if url is not None and url.startswith(("https://", "http://"))
    )
