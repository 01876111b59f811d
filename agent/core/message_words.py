"""What messages say, in both languages: every sentence of :mod:`agent.core.message`.

Kept apart so that a person who knows the words need not read the code, and beside each other so
that neither language can be forgotten. Names of services, states and severities are the
vocabulary's; these are the sentences around them.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.core.model import FailureKind
from agent.core.vocabulary import Words

PRACTICE = "[LATIHAN] "
"""At the head of every message of an exercise, in either language."""

# --- headlines: {service} {failing} {reporting} {good} {since} {until} {lasted} {peak} ------------

FAILING = Words(
    "{service}: {failing}/{reporting} kantor gagal sejak {since}",
    "{service}: {failing}/{reporting} offices failing since {since}",
)
SLOW = Words(
    "{service}: {failing}/{reporting} kantor lambat sejak {since}",
    "{service}: {failing}/{reporting} offices slow since {since}",
)
DRIFTED = Words(
    "{service}: format jawaban berubah (kontrak) di {failing}/{reporting} kantor sejak {since}",
    "{service}: answer format changed (contract) at {failing}/{reporting} offices since {since}",
)
REJECTED = Words(
    "{service}: kredensial probe atau layanan masuk ditolak di {failing}/{reporting} kantor "
    "sejak {since}",
    "{service}: probe credentials or sign-in rejected at {failing}/{reporting} offices "
    "since {since}",
)
RECOVERING = Words(
    "{service}: {good}/{reporting} kantor kembali baik, terganggu sejak {since}",
    "{service}: {good}/{reporting} offices good again, disturbed since {since}",
)
CLOSED = Words(
    "{service}: kembali normal, terganggu {lasted} ({since} s.d. {until}), puncak {peak} kantor",
    "{service}: back to normal, disturbed for {lasted} ({since} to {until}), {peak} offices "
    "at the peak",
)
CLOSED_BY_HAND = Words(
    "{service}: ditutup oleh petugas, terganggu sejak {since}",
    "{service}: closed by an operator, disturbed since {since}",
)
FALSE_ALARM = Words(
    "{service}: dinyatakan alarm palsu oleh petugas (sejak {since})",
    "{service}: called a false alarm by an operator (since {since})",
)
BY_HAND_TAG = Words("DITUTUP PETUGAS", "CLOSED BY OPERATOR")
ABSORBED = Words(
    "{service}: kini bagian dari {whole}, terganggu sejak {since}",
    "{service}: now part of {whole}, disturbed since {since}",
)
WHOLE_NATION = Words("gangguan nasional", "the national outage")
WHOLE_REGION = Words("gangguan wilayah {place}", "the regional outage ({place})")
WHOLE_SERVICE = Words("gangguan {root}", "the outage of {root}")
WHOLE_SERVICE_NATION = Words("gangguan nasional {root}", "the national outage of {root}")
WHOLE_SERVICE_REGION = Words(
    "gangguan {root} di wilayah {place}", "the regional outage of {root} ({place})"
)
ABSORBED_TAG = Words("MENJADI NASIONAL", "NOW NATIONAL")
MERGED_TAG = Words("DIGABUNG", "MERGED")
STORM = Words(
    "{count} layanan terganggu sekaligus sejak {since}",
    "{count} services disturbed at once since {since}",
)
STORM_RECOVERING = Words(
    "{count} layanan yang terganggu sejak {since} berangsur pulih",
    "{count} services disturbed since {since} are recovering",
)
STORM_CLOSED = Words(
    "{count} layanan kembali normal, terganggu {lasted} ({since} s.d. {until})",
    "{count} services back to normal, disturbed for {lasted} ({since} to {until})",
)

STORM_DRIFTED = Words("{state}, format berubah", "{state}, format changed")
STORM_REJECTED = Words("{state}, kredensial ditolak", "{state}, credentials rejected")

BLIND = Words(
    "Hanya {good} dari {reporting} kantor melapor sejak {since}: keadaan nasional tidak dapat "
    "dinilai",
    "Only {good} of {reporting} offices report since {since}: nothing can be said about the nation",
)
BLIND_AGAIN = Words(
    "Kembali hanya {good} dari {reporting} kantor melapor: keadaan nasional tidak dapat dinilai.",
    "Again only {good} of {reporting} offices report: nothing can be said about the nation.",
)
SIGHTED = Words(
    "Keadaan nasional dapat dinilai lagi, sesudah {lasted} ({since} s.d. {until}) dengan paling "
    "sedikit {least} dari {reporting} kantor",
    "The nation can be judged again, after {lasted} ({since} to {until}) with {least} of "
    "{reporting} offices at the least",
)
BLIND_TAG = Words("TIDAK MELIHAT", "BLIND")
SIGHTED_TAG = Words("MELIHAT LAGI", "SEES AGAIN")
BLIND_MEANWHILE = Words(
    "Sampai separuh kantor melapor lagi, tidak ada gangguan nasional yang dinyatakan atau "
    "diakhiri.",
    "Until half of the offices report again, no national incident is declared or ended.",
)
BLIND_MISSING = Words("Tidak melapor: {names}.", "Not reporting: {names}.")

# --- the lines below ------------------------------------------------------------------------------

SPREAD = Words("{count} provinsi, {zones}.", "{count} provinces, {zones}.")
SPREAD_ONE = Words("1 provinsi, {zones}.", "1 province, {zones}.")
PROVINCES = Words("Terbanyak: {names}.", "Most in: {names}.")
CARRIERS = Words("Operator: {names}.", "Carriers: {names}.")
FIRST_STEP = Words(
    "Langkah pertama yang rusak: {step}{cause}.", "First broken step: {step}{cause}."
)
SLOW_STEP = Words("Langkah yang lambat: {step}.", "Slow step: {step}.")
DRIFTED_STEP = Words(
    "Langkah yang jawabannya berubah: {step} ({share} %).",
    "Step whose answer changed: {step} ({share} %).",
)
DRIFT_TOO = Words(
    "Di {count} kantor di antaranya format jawaban berubah (kontrak).",
    "At {count} of these offices the answer format changed (contract).",
)
CAUSE = Words(" ({failure}, {share} %)", " ({failure}, {share} %)")
NOT_THE_NETWORK = Words(
    "Bukan jaringan kantor: kontrol normal di {count}/{count}.",
    "Not the offices' network: controls normal at {count}/{count}.",
)
COINCIDENCE = Words(
    "Peluang kebetulan dalam setahun: kurang dari 1 banding {odds}.",
    "Chance of coincidence in a year: less than 1 in {odds}.",
)
WORKING = Words("Masih berjalan: {names}.", "Still working: {names}.")
AFFECTED = Words("Terdampak: {names}.", "Affected: {names}.")
WAS_AFFECTED = Words("Ikut terdampak: {names}.", "Was affected too: {names}.")
CHECK_CREDENTIALS = Words(
    "Periksa dulu kredensial probe; gangguan layanan belum dapat dipastikan.",
    "Check the probes' credentials first; an outage is not certain.",
)

DASHBOARD = Words("Dasbor", "Dashboard")
RUNBOOK = Words("Panduan", "Runbook")
PAGE = Words("Halaman nasional", "National page")

MORE_NAMES = Words("dan {count} lainnya", "and {count} more")
MORE_LINES = Words("… dan {count} baris lagi", "… and {count} more lines")

# --- places ---------------------------------------------------------------------------------------

WHOLE_ROSTER = Words("semua kantor peserta", "all offices taking part")
GROUP_KINDS: Mapping[str, Words] = {
    "province": Words("{name}", "{name}"),
    "island": Words("{name}", "{name}"),
    "carrier": Words("operator {name}", "carrier {name}"),
    "egress": Words("jalur {name}", "egress {name}"),
}

# --- replies --------------------------------------------------------------------------------------

WORSE = Words(
    "{service}: memburuk, {before} menjadi {after}; {failing}/{reporting} kantor.",
    "{service}: worse, {before} became {after}; {failing}/{reporting} offices.",
)
GROWN = Words(
    "{service}: meluas dari {before} menjadi {failing} dari {reporting} kantor.",
    "{service}: grown from {before} to {failing} of {reporting} offices.",
)
SHRUNK = Words(
    "{service}: menyempit dari {before} menjadi {failing} dari {reporting} kantor.",
    "{service}: shrunk from {before} to {failing} of {reporting} offices.",
)
STEP = Words(
    "{service}: langkah pertama yang rusak kini {after}, sebelumnya {before}.",
    "{service}: the first broken step is now {after}, before {before}.",
)
STEP_DRIFTED = Words(
    "{service}: kini format jawaban berubah (kontrak) di langkah {after}, sebelumnya {before}.",
    "{service}: now the answer format changed (contract) at step {after}, before {before}.",
)
NOW_RECOVERING = Words(
    "{service}: berangsur pulih, {good}/{reporting} kantor kembali baik.",
    "{service}: recovering, {good}/{reporting} offices good again.",
)
RELAPSED = Words(
    "{service}: pemulihan belum bertahan, {failing}/{reporting} kantor terganggu.",
    "{service}: the recovery did not hold, {failing}/{reporting} offices disturbed.",
)
REOPENED = Words(
    "{service}: terganggu lagi, {failing}/{reporting} kantor.",
    "{service}: disturbed again, {failing}/{reporting} offices.",
)
RELAPSED_DRIFTED = Words(
    "{service}: pemulihan belum bertahan, format jawaban berubah (kontrak) di "
    "{failing}/{reporting} kantor.",
    "{service}: the recovery did not hold, answer format changed (contract) at "
    "{failing}/{reporting} offices.",
)
REOPENED_DRIFTED = Words(
    "{service}: format jawaban berubah lagi (kontrak), {failing}/{reporting} kantor.",
    "{service}: answer format changed again (contract), {failing}/{reporting} offices.",
)
JOINED_STORM = Words(
    "Kini {count} layanan terganggu sekaligus, semuanya diceritakan di pesan ini: {names}.",
    "Now {count} services are disturbed at once, all told in this message: {names}.",
)

LATER = Words(
    "{service}: ada perubahan, {failing}/{reporting} kantor.",
    "{service}: something changed, {failing}/{reporting} offices.",
)
REMINDED = Words(
    "{service}: sudah {waited} belum ada yang menangani, {failing}/{reporting} kantor. "
    "Beri tanda {sign} pada pesan utama bila ditangani.",
    "{service}: nobody has looked after it for {waited}, {failing}/{reporting} offices. "
    "Put {sign} on the root message when somebody does.",
)
REMINDED_STORM = Words(
    "{count} layanan: sudah {waited} belum ada yang menangani. "
    "Beri tanda {sign} pada pesan utama bila ditangani.",
    "{count} services: nobody has looked after them for {waited}. "
    "Put {sign} on the root message when somebody does.",
)

MAINTAINED = Words(
    "{service}: pemeliharaan terjadwal dimulai, sampai {ends}; perkembangannya tidak diceritakan.",
    "{service}: planned maintenance begins, until {ends}; what happens meanwhile is not told.",
)
OVERRAN = Words(
    "{service}: pemeliharaan melewati jadwal, seharusnya selesai {ends}; masih "
    "{failing}/{reporting} kantor terganggu, sejak {since}.",
    "{service}: maintenance has overrun, it was to end at {ends}; still "
    "{failing}/{reporting} offices disturbed, since {since}.",
)
BEYOND = Words(
    "{service}: {failing}/{reporting} kantor terganggu, juga di luar pemeliharaan terjadwal, "
    "sejak {since}.",
    "{service}: {failing}/{reporting} offices disturbed, beyond the planned maintenance too, "
    "since {since}.",
)
MAINTAINED_WELL = Words(
    "{service}: pemeliharaan selesai {ends}, {good}/{reporting} kantor kembali baik.",
    "{service}: maintenance ended at {ends}, {good}/{reporting} offices good again.",
)
IN_MAINTENANCE = Words("; pemeliharaan sampai {ends}", "; in maintenance until {ends}")
LEFT_FROM_MAINTENANCE = Words(
    "Pemeliharaan melewati jadwal: {names}.", "Maintenance has overrun: {names}."
)
AFTER_MAINTENANCE = Words(
    "; pemeliharaan melewati jadwal (seharusnya selesai {ends})",
    "; maintenance has overrun (it was to end at {ends})",
)

# --- failures and durations -----------------------------------------------------------------------

FAILURES: Mapping[str, Words] = {
    FailureKind.RESOLVE: Words("nama tidak ditemukan (DNS)", "name not resolved (DNS)"),
    FailureKind.REFUSED: Words("sambungan ditolak", "connection refused"),
    FailureKind.RESET: Words("sambungan terputus", "connection reset"),
    FailureKind.TIMEOUT: Words("tidak menjawab pada waktunya", "no answer in time"),
    FailureKind.TLS: Words("sambungan aman (TLS) gagal", "secure connection (TLS) failed"),
    FailureKind.PROTOCOL: Words("jawaban tidak dapat dibaca", "unreadable answer"),
    FailureKind.HTTP: Words("ditolak lewat HTTP", "refused over HTTP"),
    FailureKind.AUTH: Words("kredensial ditolak", "credentials rejected"),
    FailureKind.CONTRACT: Words("bentuk jawaban berubah", "the answer changed shape"),
    FailureKind.UNEXPECTED: Words("isi jawaban keliru", "wrong answer"),
    FailureKind.FLOW: Words("diterima tetapi tidak bergerak", "accepted, but nothing moves"),
    FailureKind.BUG: Words("kesalahan probe", "fault of the probe"),
}

UNITS: tuple[tuple[int, Words, Words], ...] = (
    (86_400, Words("hari", "day"), Words("hari", "days")),
    (3_600, Words("jam", "hour"), Words("jam", "hours")),
    (60, Words("menit", "minute"), Words("menit", "minutes")),
    (1, Words("detik", "second"), Words("detik", "seconds")),
)
"""Seconds in a unit, its name for one and for several."""

# --- trying the receiver out ----------------------------------------------------------------------

TRIAL = Words("Uji coba pesan Pantau, mohon diabaikan.", "A trial of Pantau's messages; ignore it.")
TRIAL_EDITED = Words("Uji coba pesan Pantau: berhasil disunting.", "Pantau's trial: edited.")
TRIAL_REPLY = Words("Uji coba balasan.", "A trial reply.")

# --- the daily digest: {count} {names} {since} ---------------------------------------------------

DIGEST = Words(
    "[PANTAU][RINGKASAN HARIAN] {reporting}/{roster} kantor melapor pada {day}, {time}",
    "[PANTAU][DAILY DIGEST] {reporting}/{roster} offices report on {day}, {time}",
)
DIGEST_ALL_WELL = Words("Semua kantor ikut menilai.", "Every office takes part.")
DIGEST_SILENT = Words("Diam ({count}): {names}.", "Silent ({count}): {names}.")
DIGEST_ABSTAINING = Words(
    "Tidak dapat melihat, gangguan di kantor sendiri ({count}): {names}.",
    "Cannot see, a trouble of their own ({count}): {names}.",
)
DIGEST_OWN_TROUBLE = Words(
    "Lama gagal sendirian, suaranya tidak dihitung ({count}): {names}.",
    "Long failing alone, their votes do not count ({count}): {names}.",
)
DIGEST_MISMATCHED = Words(
    "Konfigurasi berbeda ({count}): {names}.", "Another configuration ({count}): {names}."
)
DIGEST_MAINTENANCE = Words("Pemeliharaan ({count}): {names}.", "In maintenance ({count}): {names}.")
DIGEST_CLOSED = Words(
    "Tutup menurut kalender ({count}): {names}.", "Closed by the calendar ({count}): {names}."
)
DIGEST_OTHER = Words("Sebab lain ({count}): {names}.", "For other reasons ({count}): {names}.")
DIGEST_SINCE = Words("sejak {since}", "since {since}")
DIGEST_SINCE_EARLIER = Words("sejak sebelum {since}", "since before {since}")

# --- decisions of people: {author} {reason} {until} -----------------------------------------------

ORDERED_ACK = Words("Ditangani oleh {author}: {reason}", "Acknowledged by {author}: {reason}")
ORDERED_ACK_BY_SIGN = Words(
    "Ditangani oleh {author} (tanda {reason} pada pesan utama).",
    "Acknowledged by {author} (sign {reason} on the root message).",
)
ORDERED_MUTE = Words(
    "Dibisukan oleh {author} sampai {until}: {reason}", "Muted by {author} until {until}: {reason}"
)
ORDERED_CLOSE = Words("Ditutup oleh {author}: {reason}", "Closed by {author}: {reason}")
ORDERED_FALSE_ALARM = Words(
    "Dinyatakan alarm palsu oleh {author}: {reason}", "Called a false alarm by {author}: {reason}"
)
ORDERED_NOTHING = Words("Keputusan petugas dicatat.", "An operator's decision was recorded.")
