"""What the screen at the counter says, in words for people who came for a passport.

It speaks of this office only. One bad result changes nothing yet; two in a row, or one that the
nation confirms, do. That a fault is national is said only while the leader says so, that it is this
office's own only after the leader has had time to notice others; until then it is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agent.core import vocabulary
from agent.core.model import Outcome, ServiceState
from agent.core.view import OfficeView, ServiceView
from agent.core.vocabulary import Language, Words

CONFIRMED_AFTER = 2
"""Broken results in a row before the counter is told."""
OWN_FAULT_AFTER_S = 180.0
"""A national verdict would have come by then."""

_WIDE = (ServiceState.NATIONAL, ServiceState.REGIONAL, ServiceState.AFFECTED)
_PRINTING = frozenset({"adjudikasi", "alokasi", "cetak", "ujikualitas"})
_COUNTER = frozenset({"dokumen.unggah", "biometrik.rekam"})

_ALL_WELL = Words("Layanan berjalan normal", "Services are running normally")
_KNOWN_WELL = Words(
    "Layanan yang terpantau berjalan normal", "The services that are watched run normally"
)
_SLOWLY = Words(
    "Layanan berjalan, lebih lambat dari biasanya", "Services are running, slower than usual"
)
_SOME = Words(
    "Sebagian layanan sementara belum dapat dilayani", "Some services are not available for now"
)
_NONE = Words("Layanan sementara belum dapat dilayani", "Services are not available for now")
_WIDTH_UNKNOWN = Words(
    "Belum dapat dipastikan apakah kendala ini hanya terjadi di kantor ini.",
    "It is not yet known whether only this office is affected.",
)
_OTHERS_TOO = Words(
    "Kantor imigrasi lain di wilayah ini juga mengalami kendala yang sama.",
    "Other immigration offices of this region have the same trouble.",
)
_ONLY_HERE = Words(
    "Kendala ini terjadi di kantor ini dan sedang ditangani.",
    "This trouble is at this office and is being dealt with.",
)
_CHANGED = Words(
    "Jawaban sistem pusat berubah bentuk dan sedang diperiksa.",
    "The answers of the central system have changed shape, which is being looked into.",
)
_PLANNED = Words(
    "Sebagian layanan pusat sedang dalam pemeliharaan terjadwal.",
    "Some central services are in scheduled maintenance.",
)
_CANNOT_SEE = Words(
    "Sambungan kantor ini sedang terkendala. Keadaan layanan belum dapat dipastikan.",
    "This office's own connection is in trouble. The state of the services is not known.",
)
_DOUBTS_ITSELF = Words(
    "Pemantau layanan di kantor ini sedang terkendala. Keadaan layanan belum dapat dipastikan.",
    "This office's service monitor is itself in trouble. The state of the services is not known.",
)


class Tone(StrEnum):
    """How the screen looks at a glance."""

    CALM = "calm"
    SLOW = "slow"
    TROUBLE = "trouble"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The counter's screen, without its markup. Times are wall time, seconds since 1970."""

    tone: Tone
    headline: str
    served: tuple[str, ...] = ()
    slow: tuple[str, ...] = ()
    unserved: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    since_s: float | None = None
    checked_s: float | None = None


class _Place(StrEnum):
    SERVED = "served"
    SLOW = "slow"
    UNSERVED = "unserved"
    UNKNOWN = "unknown"


def lobby_notice(view: OfficeView, language: Language = "id") -> Notice:
    """What the counter's screen says now."""
    placed = {place: [s for s in view.services if _place(view, s) is place] for place in _Place}
    unserved = placed[_Place.UNSERVED]
    tone, headline = _headline({place: len(services) for place, services in placed.items()})
    names = {
        place.value: tuple(vocabulary.service_name(s.service, language) for s in services)
        for place, services in placed.items()
    }
    return Notice(
        tone=tone,
        headline=headline.say(language),
        served=names["served"],
        slow=names["slow"],
        unserved=names["unserved"],
        unknown=names["unknown"],
        sentences=tuple(each.say(language) for each in _sentences(view, unserved)),
        since_s=min((s.since_s for s in unserved if s.since_s is not None), default=None),
        checked_s=max((s.at_s for s in view.services if s.at_s is not None), default=None),
    )


def _place(view: OfficeView, service: ServiceView) -> _Place:
    if not view.is_fresh(service):
        return _Place.UNKNOWN
    if _is_broken(service):
        confirmed = view.national_state(service.service) in _WIDE
        return _Place.UNSERVED if confirmed or _lasts(service) else _Place.UNKNOWN
    if service.outcome is Outcome.VOID:
        return _Place.UNKNOWN
    return _Place.SLOW if service.outcome is Outcome.SLOW else _Place.SERVED


def _is_broken(service: ServiceView) -> bool:
    """Broken itself, or standing behind one that is: an officer cannot go on either way."""
    if service.outcome is Outcome.VOID:
        return service.blocked_by is not None
    return service.outcome is not None and service.outcome.broken


def _lasts(service: ServiceView) -> bool:
    return service.in_a_row >= CONFIRMED_AFTER


def _headline(counts: dict[_Place, int]) -> tuple[Tone, Words]:
    known = sum(counts.values()) - counts[_Place.UNKNOWN]
    if counts[_Place.UNSERVED]:
        return Tone.TROUBLE, _NONE if known == counts[_Place.UNSERVED] else _SOME
    if not known:
        return Tone.UNKNOWN, vocabulary.UNKNOWN
    if counts[_Place.SLOW]:
        return Tone.SLOW, _SLOWLY
    return Tone.CALM, _KNOWN_WELL if counts[_Place.UNKNOWN] else _ALL_WELL


def _sentences(view: OfficeView, unserved: list[ServiceView]) -> list[Words]:
    """What the people in the room should know and do, in the order of reading."""
    if not view.sight.sees:
        return [_CANNOT_SEE if view.doubt is None else _DOUBTS_ITSELF, vocabulary.APOLOGY]
    planned = [_PLANNED] if _are_planned(view) else []
    if not unserved:
        return planned
    ids = {service.service for service in unserved}
    sentences = [*planned, _width(view, unserved)]
    if _changed(unserved):
        sentences.append(_CHANGED)
    if ids & _PRINTING and not ids & _COUNTER:
        sentences.append(vocabulary.STILL_SERVED)
    if "simponi.billing" in ids:
        sentences.append(vocabulary.NO_BILLING_CODE)
    return [
        *sentences,
        vocabulary.NO_NEW_BOOKING,
        vocabulary.NO_END_KNOWN,
        vocabulary.APOLOGY,
    ]


def _are_planned(view: OfficeView) -> bool:
    """Planned work goes on, on a service that is not seen to be well."""
    well = (_Place.SERVED, _Place.SLOW)
    rest = (each for each in view.services if _place(view, each) not in well)
    return any(view.planned(each.service) is not None for each in rest)


def _changed(unserved: list[ServiceView]) -> bool:
    """Nothing fails: what is broken by itself answers in another shape."""
    outcomes = {s.outcome for s in unserved if s.outcome is not Outcome.VOID}
    return outcomes == {Outcome.DRIFT}


def _width(view: OfficeView, unserved: list[ServiceView]) -> Words:
    states = {view.national_state(service.service) for service in unserved}
    if ServiceState.NATIONAL in states:
        return vocabulary.NOT_THIS_OFFICE
    if ServiceState.REGIONAL in states:
        return _OTHERS_TOO
    if states == {ServiceState.NORMAL} and view.nation_known and _old(view, unserved):
        return _ONLY_HERE
    return _WIDTH_UNKNOWN


def _old(view: OfficeView, unserved: list[ServiceView]) -> bool:
    since_s = [service.since_s for service in unserved if service.since_s is not None]
    return bool(since_s) and view.now_s - min(since_s) >= OWN_FAULT_AFTER_S
