"""What explanations say, in both languages: every sentence of :mod:`agent.core.explanation_text`.

An office equivalent (*kantor-setara*) is one office that fails for certain: one that has failed
once counts for a third of it. Numbers arrive already written in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.core.model import Channel, Outcome, ServiceState
from agent.core.regional import Lack
from agent.core.vocabulary import Words

# --- is it an incident? {service} {since} {declared} {well} {place} {root} ------------------------

STATES: Mapping[ServiceState, Words] = {
    ServiceState.NORMAL: Words(
        "{service}: bukan gangguan sekarang.", "{service}: not an incident now."
    ),
    ServiceState.SUSPECTED: Words(
        "{service}: belum menjadi gangguan, sedang diperiksa.",
        "{service}: not an incident yet, being checked.",
    ),
    ServiceState.REGIONAL: Words(
        "{service}: gangguan wilayah, bukan gangguan nasional.",
        "{service}: a regional incident, not a national one.",
    ),
    ServiceState.NATIONAL: Words(
        "{service}: gangguan nasional.", "{service}: a national incident."
    ),
    ServiceState.RECOVERING: Words(
        "{service}: gangguan nasional yang berangsur pulih.",
        "{service}: a national incident that is recovering.",
    ),
    ServiceState.AFFECTED: Words(
        "{service}: terdampak gangguan nasional layanan lain, tidak dinyatakan sendiri.",
        "{service}: affected by another service's national incident, not declared by itself.",
    ),
    ServiceState.UNKNOWN: Words("{service}: belum dapat dipastikan.", "{service}: not known."),
}

NO_BULLETIN = Words(
    "Tidak ada berita pemimpin yang masih berlaku.",
    "There is no word of a leader that still holds.",
)
BLIND = Words(
    "Terlalu sedikit kantor yang ikut menilai ({reporting} dari {roster}): tidak ada yang "
    "dinyatakan atau diakhiri.",
    "Too few offices take part ({reporting} of {roster}): nothing is declared or ended.",
)
NO_FRESH_RESULT = Words(
    "Tidak ada kantor dengan hasil yang masih baru.", "No office has a fresh result."
)
PLANNED = Words(
    "Pemeliharaan terjadwal sampai {until}: gangguannya dinilai, tidak diceritakan.",
    "Planned maintenance until {until}: its trouble is judged, and not told.",
)
SPARED = Words(
    "Pemeliharaan terjadwal sampai {until}: tidak diperiksa sampai saat itu.",
    "Planned maintenance until {until}: it is not probed until then.",
)
INCIDENT = Words(
    "Insiden {id} ({severity}): {failing} dari {reporting} kantor.",
    "Incident {id} ({severity}): {failing} of {reporting} offices.",
)
INCIDENT_DRIFTED = Words(
    "Insiden {id} ({severity}): format jawaban berubah (kontrak) di {failing} dari {reporting} "
    "kantor.",
    "Incident {id} ({severity}): answer format changed (contract) at {failing} of {reporting} "
    "offices.",
)
JOINED = Words("Induknya {root}.", "Its root is {root}.")
HELD_BACK = Words(
    "Alarm sudah ada dan insidennya belum: layanan hulu yang sedang diperiksa ditunggu paling lama "
    "setengah menit.",
    "There is an alarm and no incident yet: a service upstream that is being checked is waited "
    "for, half a minute at most.",
)

# --- the votes ------------------------------------------------------------------------------------

CHANNELS: Mapping[Channel, Words] = {
    Channel.FAIL: Words("Gagal", "Failing"),
    Channel.SLOW: Words("Lambat", "Slow"),
}
NO_VOTES = Words("Tidak ada kantor yang bersuara.", "No office votes.")
VOTES = Words(
    "{channel}: {voting} dari {reporting} kantor bersuara, bersama {weight} kantor-setara (yang "
    "terus gagal dihitung 1).",
    "{channel}: {voting} of {reporting} offices vote, {weight} office equivalents together (one "
    "that keeps failing counts 1).",
)
WORST_ONE = Words("kelompok terburuk ({groups})", "the worst group ({groups})")
WORST_TWO = Words("dua kelompok terburuk ({groups})", "the two worst groups ({groups})")
HELD = Words("{place}: {votes}", "{place}: {votes}")
SHORT = Words(
    "{score} kantor-setara di luar {worst}, perlu {needed} untuk dicurigai: kurang {missing}.",
    "{score} office equivalents outside {worst}, {needed} are needed for a suspicion: {missing} "
    "are missing.",
)
ENOUGH = Words(
    "{score} kantor-setara di luar {worst}, perlu {needed}: cukup untuk dicurigai.",
    "{score} office equivalents outside {worst}, {needed} are needed: enough for a suspicion.",
)
TOO_SMALL = Words(
    "Daftar kantor terlalu kecil untuk menyebut gangguan nasional: baru disampaikan bila semua "
    "kantor yang ikut menilai, paling sedikit tiga, terus gagal.",
    "The roster is too small to speak of the nation: it is told only when all offices that take "
    "part, three at least, keep failing.",
)
OTHER = Words(
    "{channel}: {score} dari {needed} kantor-setara di luar kelompok terburuk.",
    "{channel}: {score} of {needed} office equivalents outside the worst groups.",
)
QUARANTINED = Words(
    "Lama terganggu sendiri dan karena itu tidak bersuara: {names}.",
    "Long in a trouble of their own, and therefore without a vote: {names}.",
)

# --- a suspicion ----------------------------------------------------------------------------------

GUARDED = Words(
    "Dicurigai sejak {since}. Yang dimulai sampai {ends} bisa gangguan sekejap dan belum "
    "menegaskan apa-apa: masih {left} detik.",
    "Suspected since {since}. What began by {ends} may be a blip and confirms nothing yet: {left} "
    "seconds to go.",
)
UNCONFIRMED = Words(
    "Dicurigai sejak {since}. Belum ada hasil yang dimulai sesudah {ends} untuk menegaskannya.",
    "Suspected since {since}. No result that began after {ends} confirms it yet.",
)
CONFIRMING = Words(
    "Dicurigai sejak {since}. Hasil sesudah {ends}: {bad} dari {fresh} buruk; di luar kelompok "
    "terburuk {speaks} kantor-setara, perlu {needed}: kurang {missing}.",
    "Suspected since {since}. Results after {ends}: {bad} of {fresh} bad; outside the worst groups "
    "{speaks} office equivalents, {needed} are needed: {missing} are missing.",
)
CONTRADICTED = Words(
    "Hasil baik melawan dengan {against} kantor-setara; pada {cleared} di bawah nol kecurigaan "
    "dicabut.",
    "Good results speak against it with {against} office equivalents; at {cleared} below zero the "
    "suspicion is cleared.",
)

# --- an alarm -------------------------------------------------------------------------------------

DECLARED_NATIONAL = Words(
    "Terganggu sejak {since}, dinyatakan {declared}: {score} kantor-setara di luar kelompok "
    "terburuk (perlu {needed}), ditegaskan hasil yang dimulai lebih dari {guard} detik sesudah "
    "kecurigaan.",
    "Disturbed since {since}, declared {declared}: {score} office equivalents outside the worst "
    "groups ({needed} needed), confirmed by results that began more than {guard} seconds after the "
    "suspicion.",
)
DECLARED_CREPT = Words(
    "Terganggu sejak {since}, dinyatakan {declared}: {score} kantor di luar kelompok terburuk lama "
    "terganggu, satu demi satu (perlu {needed}).",
    "Disturbed since {since}, declared {declared}: {score} offices outside the worst groups have "
    "long been in trouble, one after the other ({needed} needed).",
)
DECLARED_REGIONAL = Words(
    "{place}: terganggu sejak {since}, dinyatakan {declared} dengan {score} kantor-setara, jauh "
    "lebih banyak daripada di tempat lain, yang terus gagal lebih dari {guard} detik.",
    "{place}: disturbed since {since}, declared {declared} with {score} office equivalents, far "
    "more than elsewhere, which kept failing for more than {guard} seconds.",
)
DECLARED_BEFORE = Words(
    "Terganggu sejak {since}, dinyatakan {declared} oleh pemimpin sebelumnya.",
    "Disturbed since {since}, declared {declared} by a leader before this one.",
)
NOT_YET_WELL = Words(
    "Untuk pulih: bukti {score} dari {needed}, dan kantor yang belum dua kali berturut-turut baik "
    "{unwell}, harus di bawah {below}.",
    "To recover: evidence {score} of {needed}, and {unwell} offices without two good results in a "
    "row, which must be below {below}.",
)
HOLDING = Words(
    "Syarat pulih terpenuhi {held} detik: disebut pulih setelah {shown} detik, selesai setelah "
    "{closes} detik, dengan akhir {ended}.",
    "What recovery needs has held for {held} seconds: called recovering after {shown} seconds, "
    "over after {closes} seconds, its end written as {ended}.",
)
OVER = Words(
    "Baru saja selesai: berakhir {ended}, dan {closes} detik bertahan baik.",
    "Just over: it ended {ended}, and has been well for {closes} seconds.",
)

# --- how wide, which step, by what chance ---------------------------------------------------------

EXTENT = Words(
    "{channel} sekarang: {failing} dari {reporting} kantor di {provinces} provinsi; {zones}.",
    "{channel} now: {failing} of {reporting} offices in {provinces} provinces; {zones}.",
)
CHANCE = Words(
    "Peluang kebetulan dalam setahun: kurang dari 1 banding {odds}.",
    "Chance of coincidence in a year: below 1 in {odds}.",
)
CHANCE_HOW = Words(
    "{seen} dari {of} kantor gagal sekaligus di luar kelompok terburuk, padahal sendiri-sendiri "
    "diharapkan {expected}: batas Chernoff-Hoeffding, dikali {looks} juta hasil setahun. "
    "Anggapannya: kantor gagal sendiri-sendiri, kecuali yang berbagi provinsi, operator, jalur.",
    "{seen} of {of} offices fail at once outside the worst groups, where each by itself would make "
    "{expected}: Chernoff-Hoeffding bound, times {looks} million results a year. It assumes that "
    "offices fail by themselves, but for those that share a province, carrier or egress.",
)
NO_CHANCE = Words(
    "Batas peluang kebetulan belum menyatakan apa-apa: {seen} dari {of} kantor bisa gagal bersama "
    "tanpa sebab bersama, sekali dalam setahun.",
    "The bound on coincidence says nothing yet: {seen} of {of} offices may fail together without a "
    "common cause, once in a year.",
)

# --- a region that is not told --------------------------------------------------------------------

NEAREST = Words(
    "Paling dekat dengan gangguan wilayah: {place}, {voting} dari {reporting} kantor bersuara; "
    "{lack}.",
    "Nearest to a regional incident: {place}, {voting} of {reporting} offices vote; {lack}.",
)
LACKS: Mapping[Lack, Words] = {
    Lack.OFFICES: Words("perlu dua kantor", "two offices are needed"),
    Lack.CONTRAST: Words(
        "kurang menonjol dibanding tempat lain", "it stands out too little from the rest"
    ),
    Lack.WEIGHT: Words("suaranya belum cukup", "the votes are not enough"),
    Lack.GUARD: Words(
        "belum cukup lama, bisa gangguan sekejap", "not for long enough, it may be a blip"
    ),
    Lack.REST: Words("terlalu banyak yang gagal di tempat lain", "too much fails elsewhere"),
}

# --- who takes part -------------------------------------------------------------------------------

LEFT_OUT = Words("Tidak ikut menilai: {groups}.", "Do not take part: {groups}.")
SILENT = Words("diam {count} ({names})", "silent {count} ({names})")
ABSTAINING = Words("tidak melihat {count} ({names})", "cannot see {count} ({names})")
IN_MAINTENANCE = Words("pemeliharaan {count} ({names})", "in maintenance {count} ({names})")
UNHEARD = Words("belum terdengar {count} ({names})", "not heard yet {count} ({names})")
BLOCKED = Words(
    "Di {count} kantor langkahnya ada di belakang {root} yang rusak, dan tidak dinilai.",
    "At {count} offices its step stands behind {root}, which is broken, and is not judged.",
)

# --- this office ----------------------------------------------------------------------------------

TOLD = Words(
    "Menurut pemimpin ({leader}) {age} detik yang lalu: {state}.",
    "By the leader ({leader}) {age} seconds ago: {state}.",
)
GROUNDS = Words(
    "{channel}, sejak {since}: {score} kantor-setara, perlu {needed}.",
    "{channel}, since {since}: {score} office equivalents, {needed} needed.",
)
GROUNDS_FRESH = Words(
    "Hasil yang menegaskan: {speaks} dari {needed} kantor-setara.",
    "Results that confirm it: {speaks} of {needed} office equivalents.",
)
ASK = Words(
    "Angka semua kantor ada pada pemimpin, kantor {leader}: tanyakan di sana.",
    "The numbers of all offices are with the leader, {leader}: ask there.",
)
OWN_VOTE = Words(
    "Kantor ini ({office}): suara {vote} ({channel}), bukti {w} dari {cap}; biasanya {p0} % "
    "hasilnya buruk.",
    "This office ({office}): vote {vote} ({channel}), evidence {w} of {cap}; usually {p0} % of its "
    "results are bad.",
)
OWN_BLIND = Words(
    "Kantor ini ({office}) tidak melihat, hasilnya tidak dihitung: {why}.",
    "This office ({office}) cannot see, and its results do not count: {why}.",
)
OWN_NONE = Words(
    "Kantor ini ({office}) belum punya hasil.", "This office ({office}) has no result yet."
)
OWN_RESULTS = Words(
    "Hasil terakhirnya, terbaru dulu: {results}.", "Its last results, newest first: {results}."
)
RESULT = Words("{outcome} {age} detik lalu", "{outcome} {age} seconds ago")
OUTCOMES: Mapping[Outcome, Words] = {
    Outcome.OK: Words("baik", "good"),
    Outcome.SLOW: Words("lambat", "slow"),
    Outcome.FAIL: Words("gagal", "failed"),
    Outcome.DRIFT: Words("bentuk berubah", "changed shape"),
    Outcome.VOID: Words("tidak dinilai", "not judged"),
}
BEHIND = Words("di belakang {root}", "behind {root}")
OWN_REASON = Words("Sebabnya di sini: {reason}.", "Why, here: {reason}.")
