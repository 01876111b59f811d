"""What things are called when people read them, in Indonesian and in English.

Pages, messages and reports take their words from here, so that one thing has one name. Public text
speaks of *gangguan* and *kendala*, never of *eror* or *down*, blames no other agency and promises
no end. Zones are the three of Indonesia: fixed offsets without summer time, so that no time zone
database is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

from agent.core.model import Outcome, Scope, ServiceState, Severity

Language = Literal["id", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """The same thing said in both languages."""

    id: str
    en: str

    def say(self, language: Language = "id") -> str:
        """In one of them."""
        return self.en if language == "en" else self.id


# --- services ------------------------------------------------------------------------------------

SERVICES: Mapping[str, Words] = {
    "mpaspor.login": Words("Masuk M-Paspor", "M-Paspor sign-in"),
    "mpaspor.kuota": Words("Kuota antrean M-Paspor", "M-Paspor appointment quota"),
    "mpaspor.permohonan": Words("Permohonan daring", "Online application"),
    "simponi.billing": Words("Kode billing (SIMPONI)", "Billing code (SIMPONI)"),
    "mpn.status": Words("Konfirmasi pembayaran (MPN)", "Payment confirmation (MPN)"),
    "simkim.login": Words("Masuk SIMKIM", "SIMKIM sign-in"),
    "simkim.v1": Words("SIMKIM versi 1", "SIMKIM v1"),
    "simkim.v2": Words("SIMKIM versi 2", "SIMKIM v2"),
    "dukcapil.nik": Words("Verifikasi NIK (Dukcapil)", "NIK check (Dukcapil)"),
    "dokumen.unggah": Words("Pindai dan unggah berkas", "Document upload"),
    "biometrik.rekam": Words("Perekaman biometrik (foto dan sidik jari)", "Biometric capture"),
    "abis.cocok": Words("Pencocokan biometrik (duplikasi)", "Biometric matching (ABIS)"),
    "ecs.cekal": Words("Pemeriksaan cekal", "Watch-list check"),
    "adjudikasi": Words("Adjudikasi (persetujuan pusat)", "Adjudication"),
    "alokasi": Words("Alokasi buku paspor", "Booklet allocation"),
    "cetak": Words("Pencetakan paspor", "Passport printing"),
    "ujikualitas": Words("Uji kualitas", "Quality check"),
    "serah": Words("Penyerahan paspor", "Collection"),
    "status.lacak": Words("Cek status permohonan", "Status tracking"),
    "apk.perlintasan": Words("Perlintasan (BCM/APK)", "Border control"),
}


def service_name(service: str, language: Language = "id") -> str:
    """A service in words; one that has none yet is called by its id."""
    words = SERVICES.get(service)
    return words.say(language) if words else service


# --- states --------------------------------------------------------------------------------------

_UNKNOWN = Words("Belum dapat dipastikan", "Unknown (no data)")

_STATES: Mapping[ServiceState, Words] = {
    ServiceState.NORMAL: Words("Normal", "Operational"),
    ServiceState.SUSPECTED: Words("Sedang diperiksa", "Being checked"),
    ServiceState.REGIONAL: Words("Gangguan wilayah", "Regional"),
    ServiceState.NATIONAL: Words("Gangguan nasional (sistem pusat)", "National (central system)"),
    ServiceState.RECOVERING: Words("Berangsur pulih", "Recovering"),
    ServiceState.AFFECTED: Words("Terdampak", "Affected"),
    ServiceState.UNKNOWN: _UNKNOWN,
}

_SEVERITIES: Mapping[Severity, Words] = {
    Severity.SLOW: Words("Lambat", "Slow"),
    Severity.PARTIAL: Words("Terganggu sebagian", "Partial outage"),
    Severity.DEGRADED: Words("Gangguan", "Degraded"),
    Severity.DOWN: Words("Tidak dapat diakses", "Down"),
}

_SEVERITY_TAGS: Mapping[Severity, Words] = {
    Severity.SLOW: Words("LAMBAT", "SLOW"),
    Severity.PARTIAL: Words("SEBAGIAN", "PARTIAL"),
    Severity.DEGRADED: Words("GANGGUAN", "DEGRADED"),
    Severity.DOWN: Words("MATI", "DOWN"),
}

_SCOPES: Mapping[Scope, Words] = {
    Scope.NATIONAL: Words("Gangguan nasional (sistem pusat)", "National (central system)"),
    Scope.REGIONAL: Words("Gangguan wilayah", "Regional"),
}

_SCOPE_TAGS: Mapping[Scope, Words] = {
    Scope.NATIONAL: Words("NASIONAL", "NATIONAL"),
    Scope.REGIONAL: Words("WILAYAH", "REGIONAL"),
}

_OUTCOMES: Mapping[Outcome, Words] = {
    Outcome.OK: Words("Normal", "Operational"),
    Outcome.SLOW: Words("Lambat", "Slow"),
    Outcome.FAIL: Words("Ada gangguan", "Disturbed"),
    Outcome.DRIFT: Words("Jawaban berubah", "Answer changed"),
    Outcome.VOID: _UNKNOWN,
}


def state_name(state: ServiceState, language: Language = "id") -> str:
    """The nation's word on a service."""
    return _STATES[state].say(language)


def severity_name(severity: Severity, language: Language = "id") -> str:
    """How bad, as a person says it."""
    return _SEVERITIES[severity].say(language)


def severity_tag(severity: Severity, language: Language = "id") -> str:
    """How bad, as the one capital word of a headline."""
    return _SEVERITY_TAGS[severity].say(language)


def scope_name(scope: Scope, language: Language = "id") -> str:
    """How wide, as a person says it."""
    return _SCOPES[scope].say(language)


def scope_tag(scope: Scope, language: Language = "id") -> str:
    """How wide, as the one capital word of a headline."""
    return _SCOPE_TAGS[scope].say(language)


def outcome_name(outcome: Outcome, language: Language = "id") -> str:
    """What one office saw of a service, in public words."""
    return _OUTCOMES[outcome].say(language)


# --- phrases -------------------------------------------------------------------------------------

UNKNOWN = _UNKNOWN
DRIFTED = Words("format jawaban berubah (kontrak)", "answer format changed (contract)")
THIS_OFFICE = Words("Gangguan di kantor ini", "This office only")
PARTNER = Words("Gangguan pada instansi mitra", "Partner agency fault")
RESTORED = Words("Kembali normal", "Restored")
MAINTENANCE = Words("Pemeliharaan terjadwal", "Scheduled maintenance")
APOLOGY = Words("Mohon maaf atas ketidaknyamanan ini.", "We apologise for the inconvenience.")
NOT_THIS_OFFICE = Words(
    "Gangguan terjadi pada sistem pusat dan dialami kantor imigrasi di seluruh Indonesia, "
    "tidak hanya di kantor ini.",
    "The fault is in the central system and affects immigration offices nationwide, "
    "not only this office.",
)
NO_END_KNOWN = Words(
    "Kami belum dapat memastikan kapan layanan kembali normal dan masih menunggu informasi "
    "dari pusat.",
    "We cannot yet say when service will return and are waiting for word from the centre.",
)
STILL_SERVED = Words(
    "Penerimaan berkas, wawancara, foto, dan sidik jari tetap dilayani. Pencetakan paspor "
    "menunggu sistem pulih.",
    "Files, interviews, photos and fingerprints are still taken. Printing waits until the "
    "system recovers.",
)
NO_SAME_DAY = Words(
    "Layanan percepatan (selesai pada hari yang sama) sementara belum dapat dilayani.",
    "Same-day service is not available for now.",
)
NO_BILLING_CODE = Words(
    "Kode billing belum dapat diterbitkan. Mohon tidak membayar di luar kode billing resmi.",
    "Billing codes cannot be issued yet. Please do not pay without an official billing code.",
)
NO_NEW_BOOKING = Words(
    "Pemohon yang sudah terjadwal hari ini tidak perlu mendaftar ulang.",
    "Applicants booked for today need not register again.",
)
OVERTIME = Words(
    "Petugas lembur untuk menyelesaikan permohonan yang tertunda.",
    "Staff are working overtime to clear the backlog.",
)
BACK_TO_NORMAL = Words(
    "Sistem telah kembali normal. Permohonan yang tertunda diselesaikan bertahap.",
    "The system is back to normal. Delayed applications are being cleared in order.",
)

PLANNED_MAINTENANCE = Words(
    "Pemeliharaan sistem dijadwalkan {hari}, {tanggal}, pukul {mulai} s.d. {selesai} {zona}. "
    "Selama itu layanan sementara tidak dapat diakses.",
    "System maintenance is scheduled on {hari}, {tanggal}, {mulai} to {selesai} {zona}. "
    "Services are unavailable during that time.",
)

# --- places and times ----------------------------------------------------------------------------

_ZONES: Mapping[str, tuple[str, int]] = {
    "Asia/Jakarta": ("WIB", 7),
    "Asia/Pontianak": ("WIB", 7),
    "Asia/Makassar": ("WITA", 8),
    "Asia/Jayapura": ("WIT", 9),
}
"""IANA name -> what people call the zone, and its hours ahead of UTC."""

_DAYS = (
    Words("Senin", "Monday"),
    Words("Selasa", "Tuesday"),
    Words("Rabu", "Wednesday"),
    Words("Kamis", "Thursday"),
    Words("Jumat", "Friday"),
    Words("Sabtu", "Saturday"),
    Words("Minggu", "Sunday"),
)

_MONTHS = (
    Words("Januari", "January"),
    Words("Februari", "February"),
    Words("Maret", "March"),
    Words("April", "April"),
    Words("Mei", "May"),
    Words("Juni", "June"),
    Words("Juli", "July"),
    Words("Agustus", "August"),
    Words("September", "September"),
    Words("Oktober", "October"),
    Words("November", "November"),
    Words("Desember", "December"),
)


def zone_name(zone: str) -> str:
    """WIB, WITA or WIT; a zone of another country is spoken of in UTC."""
    return _ZONES.get(zone, ("UTC", 0))[0]


def hours_ahead(zone: str) -> int:
    """Hours ahead of UTC, the same in all seasons; 0 for a zone of another country."""
    return _ZONES.get(zone, ("UTC", 0))[1]


def clock_time(at_s: float, zone: str, *, seconds: bool = False) -> str:
    """The time of day there, as Indonesia writes it: ``08.10 WIB``. ``at_s``: since 1970."""
    there = _there(at_s, zone)
    return there.strftime("%H.%M.%S" if seconds else "%H.%M") + " " + zone_name(zone)


def long_date(at_s: float, zone: str, language: Language = "id") -> str:
    """The day there: ``Selasa, 25 Juni 2019``. ``at_s``: seconds since 1970."""
    there = _there(at_s, zone)
    day, month = _DAYS[there.weekday()], _MONTHS[there.month - 1]
    return f"{day.say(language)}, {there.day} {month.say(language)} {there.year}"


def weekday_name(weekday: int, language: Language = "id") -> str:
    """A day of the week; 0 is Monday."""
    return _DAYS[weekday].say(language)


def _there(at_s: float, zone: str) -> datetime:
    return datetime.fromtimestamp(at_s, timezone(timedelta(hours=hours_ahead(zone))))
