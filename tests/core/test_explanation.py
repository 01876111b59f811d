"""What is said of a service, and why, in the situations that the worked outage does not meet."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from agent.core import evidence, explanation, explanation_text
from agent.core.coincidence import Chance
from agent.core.explanation import Explanation
from agent.core.model import (
    NATION,
    Branch,
    Bulletin,
    Channel,
    Grounds,
    IncidentSummary,
    Outcome,
    PlannedNotice,
    Scope,
    ServiceState,
    Severity,
    Sight,
)
from agent.core.nation import Nation
from agent.core.tuning import Tuning
from agent.core.view import ExchangeState, OfficeView, ServiceView
from agent.core.wording import Wording
from tests.support.verdicts import REVISION, Agent, ids, office, province_of, scattered

T = 60.0
OK, BAD, SLOW, VOID = Outcome.OK, Outcome.FAIL, Outcome.SLOW, Outcome.VOID
PAPUA = [
    office(f"papua-{n}", "Papua", island="Papua", carrier="Telkom" if n < 2 else None)
    for n in range(5)
]
TELKOM = [office(f"telkom-{n}", f"Provinsi T{n}", carrier="Telkom") for n in range(6)]
OTHERS = scattered(30)
ROSTER = [*PAPUA, *TELKOM, *OTHERS]
PLACES = Wording(groups={"province:papua": "Papua", "carrier:telkom": "Telkom"})


class Room:
    """A leader, and offices that tell it of every result at once; all are well at 0 s."""

    def __init__(self, roster: Sequence[Branch] = ROSTER, services: Sequence[str] = ("x",)) -> None:
        self.roster = roster
        self.agents = {b.id: Agent(b.id, services, Tuning()) for b in roster}
        self.nation = Nation(
            branches=roster,
            periods_s=dict.fromkeys(services, T),
            tuning=Tuning(),
            revision=REVISION,
        )
        self.now_s = 0.0
        for branch in roster:
            self.agents[branch.id].run(services[0], OK, 0.0)
            self._tell(branch, 0.0)

    def _tell(self, branch: Branch, at_s: float) -> None:
        self.nation.hear(branch.id, self.agents[branch.id].status(at_s), at_s, at_s)

    def see(
        self,
        branches: Iterable[Branch],
        at_s: float,
        outcome: Outcome = BAD,
        blocked_by: str | None = None,
    ) -> Room:
        """One result each, and the leader looks."""
        for branch in branches:
            self.agents[branch.id].run("x", outcome, at_s, blocked_by=blocked_by)
            self._tell(branch, at_s)
        return self.pass_to(at_s)

    def pass_to(self, at_s: float) -> Room:
        """Nothing but time."""
        self.nation.assess(at_s)
        self.now_s = at_s
        return self

    def explained(self, *incidents: IncidentSummary) -> Explanation:
        """What the leader says."""
        bulletin = Bulletin(
            term=1, leader="office-000", nation=REVISION, at_s=self.now_s, incidents=incidents
        )
        first = self.roster[0]
        view = OfficeView(
            branch=first,
            now_s=self.now_s,
            version="0",
            sight=Sight(),
            services=(ServiceView(service="x"),),
            exchange=ExchangeState.JOINED,
            bulletin=bulletin,
            bulletin_age_s=1.0,
            leads=True,
        )
        return explanation.compose(
            view,
            "x",
            memory=self.agents[first.id].memories["x"],
            tuning=Tuning(),
            now_s=self.now_s,
            account=self.nation.account("x", self.now_s),
        )

    def says(self, part: str, *incidents: IncidentSummary) -> str:
        """The one sentence that holds ``part``."""
        said = explanation_text.sentences(self.explained(*incidents), PLACES)
        found = [each for each in said if part in each]
        assert len(found) == 1, said
        return found[0]

    def is_silent_on(self, part: str) -> bool:
        said = explanation_text.sentences(self.explained(), PLACES)
        return not any(part in each for each in said)


# --- the nation, and what is missing


def test_the_two_groups_that_are_looked_past_are_named_with_what_they_hold():
    room = Room().see([*PAPUA[2:], *TELKOM, *OTHERS[:2]], 10.0).see([*PAPUA[2:], *TELKOM], 20.0)
    assert room.explained().state is ServiceState.NORMAL
    assert room.says("di luar") == (
        "0,7 kantor-setara di luar dua kelompok terburuk (operator Telkom: 6,0; Papua: 3,0), "
        "perlu 3,0 untuk dicurigai: kurang 2,3."
    )


def test_nobody_failing_is_said_in_a_word():
    said = explanation_text.sentences(Room().explained(), Wording())
    assert said[:2] == ("x: bukan gangguan sekarang.", "Tidak ada kantor yang bersuara.")


def test_what_is_missing_is_never_said_to_be_nothing():
    explained = Room().see(OTHERS[:5], 10.0).explained()
    assert explained.nation is not None
    fail, slow = explained.nation.channels
    nearly = replace(explained.nation, channels=(replace(fail, score=2.99), slow))
    said = explanation_text.sentences(replace(explained, nation=nearly), Wording())
    assert any(each.endswith("perlu 3,0 untuk dicurigai: kurang 0,1.") for each in said)


def test_good_results_that_speak_against_a_suspicion_are_told():
    room = Room().see(OTHERS[:6], 10.0).see(OTHERS[:6], 20.0)
    assert room.explained().state is ServiceState.SUSPECTED
    room.see(OTHERS[:1], 40.0).see(OTHERS[1:4], 41.0, OK)
    assert "1 dari 4 buruk" in room.says("Hasil sesudah")
    assert room.says("melawan").startswith("Hasil baik melawan dengan 0,2 kantor-setara; pada 1,0")


def test_a_roster_too_small_for_the_nation_says_what_it_waits_for():
    pilot = scattered(5)
    room = Room(pilot).see(pilot[:3], 10.0)
    assert "paling sedikit tiga" in room.says("Daftar kantor terlalu kecil")
    assert room.is_silent_on("untuk dicurigai")


def test_too_few_offices_that_take_part_are_blind_whatever_they_see():
    room = Room()
    for branch in ROSTER[:30]:
        room.nation.fall_silent(branch.id)
    explained = room.pass_to(70.0).explained()
    assert (explained.state, explained.known) == (ServiceState.UNKNOWN, False)
    assert room.says("Terlalu sedikit") == (
        "Terlalu sedikit kantor yang ikut menilai (11 dari 41): tidak ada yang dinyatakan atau "
        "diakhiri."
    )


def test_who_does_not_take_part_is_named_and_counted():
    room = Room()
    room.nation.maintain([PAPUA[0].id])
    for branch in OTHERS[:8]:
        room.nation.fall_silent(branch.id)
    room.agents[OTHERS[9].id].sight = Sight(sees=False, why_not="gateway")
    room.see([OTHERS[9]], 10.0)
    assert room.says("Tidak ikut menilai") == (
        "Tidak ikut menilai: diam 8 (office-000, office-001, office-002, office-003, office-004, "
        "dan 3 lainnya), tidak melihat 1 (office-009), pemeliharaan 1 (papua-0)."
    )


def test_a_step_behind_a_broken_one_is_said_to_be_behind_it():
    room = Room().see(OTHERS[:12], 10.0, VOID, blocked_by="simkim.login")
    assert room.says("di belakang Masuk SIMKIM").startswith("Di 12 kantor")


def test_a_slow_service_is_told_by_its_slow_channel():
    room = Room().see(OTHERS[:10], 10.0, SLOW)
    assert room.says("kantor bersuara, bersama").startswith("Lambat: 10 dari 41")
    assert room.says("Langkah") == "Langkah yang lambat: inquiry."


def test_the_other_channel_is_told_where_it_differs():
    room = Room().see(OTHERS[:9], 10.0, SLOW).see(OTHERS[9:13], 10.0)
    assert room.says("Gagal: ") == "Gagal: 0,7 dari 3,0 kantor-setara di luar kelompok terburuk."


# --- alarms


def everywhere(room: Room) -> Room:
    """An outage that is declared at 40 s."""
    return room.see(OTHERS, 10.0).see(OTHERS, 20.0).see(OTHERS, 40.0)


def test_a_region_says_where_since_when_and_by_how_much():
    room = Room().see(PAPUA, 10.0).see(PAPUA, 20.0).see(PAPUA, 40.0)
    assert room.explained().state is ServiceState.REGIONAL
    assert room.says("Papua: terganggu") == (
        "Papua: terganggu sejak 07.00.10 WIB, dinyatakan 07.00.40 WIB dengan 5,0 kantor-setara, "
        "jauh lebih banyak daripada di tempat lain, yang terus gagal lebih dari 12 detik."
    )
    assert "harus di bawah 1,88" in room.says("Untuk pulih")


@pytest.mark.parametrize(
    ("times_s", "lack"),
    [((10.0,), "suaranya belum cukup"), ((10.0, 20.0), "belum cukup lama, bisa gangguan sekejap")],
)
def test_a_region_that_is_not_told_says_what_it_lacks(times_s, lack):
    room = Room()
    for at_s in times_s:
        room.see(PAPUA, at_s)
    assert room.says("Paling dekat") == (
        f"Paling dekat dengan gangguan wilayah: Papua, 5 dari 5 kantor bersuara; {lack}."
    )


def test_one_office_is_near_to_no_region():
    assert Room().see(PAPUA[:1], 10.0).is_silent_on("Paling dekat")


def test_long_trouble_of_an_offices_own_is_named_and_does_not_vote():
    room = Room()
    for minute in range(18):
        room.see(OTHERS[:1], 60.0 * minute + 10.0)
        room.see(OTHERS[1:], 60.0 * minute + 20.0, OK)
    assert room.says("Lama terganggu sendiri").endswith("tidak bersuara: office-000.")
    assert room.says("Tidak ada kantor") == "Tidak ada kantor yang bersuara."


def test_an_outage_that_crept_from_office_to_office_says_so():
    room = Room()
    for minute in range(160):
        broken = OTHERS[: min(12, 1 + minute // 20)]
        room.see(broken, 60.0 * minute + 10.0)
        room.see([b for b in ROSTER if b not in broken], 60.0 * minute + 20.0, OK)
    assert room.explained().state is ServiceState.NATIONAL
    assert "satu demi satu" in room.says("Terganggu sejak")


def test_an_alarm_taken_over_from_another_leader_says_that_it_was():
    room = Room()
    room.nation.resume(
        service="x",
        channels=[Channel.FAIL],
        scope=Scope.NATIONAL,
        group=NATION,
        since_s=0.0,
        declared_s=20.0,
        members=ids(OTHERS[:9]),
        recovering=False,
        now_s=30.0,
    )
    assert room.pass_to(30.0).says("Terganggu sejak") == (
        "Terganggu sejak 07.00.00 WIB, dinyatakan 07.00.20 WIB oleh pemimpin sebelumnya."
    )


NIGHT = PlannedNotice(id="w1", until_s=3600.0)
AFFECTS = IncidentSummary(
    id="incident.national.all.simkim.login@9",
    scope=Scope.NATIONAL,
    group=NATION,
    root="simkim.login",
    severity=Severity.DOWN,
    phase="open",
    since_s=0.0,
    failing=30,
    reporting=41,
    affected=("x",),
    coincidence=1e-6,
)


def test_a_service_behind_a_national_incident_names_its_root():
    room = Room()
    explained = room.explained(AFFECTS)
    assert explained.state is ServiceState.AFFECTED
    said = explanation_text.sentences(explained, Wording())
    assert said[:3] == (
        "x: terdampak gangguan nasional layanan lain, tidak dinyatakan sendiri.",
        "Insiden incident.national.all.simkim.login@9 (tidak dapat diakses): 30 dari 41 kantor.",
        "Induknya Masuk SIMKIM.",
    )
    assert not any("banding" in each for each in said), "the chance is the root's"


def test_its_own_incident_is_told_before_one_that_it_is_only_affected_by():
    own = replace(AFFECTS, id="own", root="x", scope=Scope.REGIONAL, affected=())
    incident = Room().explained(AFFECTS, own).incident
    assert incident is not None
    assert incident.id == "own"


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        (NIGHT, "gangguannya dinilai, tidak diceritakan."),
        (replace(NIGHT, skip=True), "tidak diperiksa sampai saat itu."),
    ],
)
def test_planned_work_is_said_before_all_else(notice: PlannedNotice, told: str):
    explained = replace(Room().explained(), planned=notice)
    _, said, *_ = explanation_text.sentences(explained, Wording())
    assert said == f"Pemeliharaan terjadwal sampai 08.00 WIB: {told}"


# --- the chance of coincidence


def test_few_offices_may_well_be_a_coincidence_and_that_is_said():
    room = Room().see(OTHERS[:5], 10.0)
    assert room.says("Batas peluang kebetulan") == (
        "Batas peluang kebetulan belum menyatakan apa-apa: 3 dari 39 kantor bisa gagal bersama "
        "tanpa sebab bersama, sekali dalam setahun."
    )


def test_many_are_none_and_every_number_of_the_bound_is_told():
    room = everywhere(Room())
    assert room.says("kurang dari 1 banding").endswith("1.000.000.")
    assert room.says("Chernoff").startswith(
        "28 dari 39 kantor gagal sekaligus di luar kelompok terburuk, padahal sendiri-sendiri "
        "diharapkan 0,4: batas Chernoff-Hoeffding, dikali 252 juta hasil setahun."
    )


def test_an_office_that_has_learned_the_worst_rate_does_not_count():
    room = Room()
    for branch in OTHERS[:10]:
        agent = room.agents[branch.id]
        memory = agent.memories["x"]
        agent.memories["x"] = replace(memory, fail=replace(memory.fail, p0=0.08))
    chance = _chance(room.see(OTHERS[:12], 10.0))
    assert (chance.seen, chance.of) == (0, 29)


def test_nor_does_one_that_was_bad_for_a_quarter_of_an_hour_before():
    room = Room()
    for minute in range(14):
        room.see(OTHERS[:12], 60.0 * minute + 10.0).see(OTHERS[12:], 60.0 * minute + 20.0, OK)
    assert _chance(room).seen == 10
    for minute in range(14, 17):
        room.see(OTHERS[:12], 60.0 * minute + 10.0).see(OTHERS[12:], 60.0 * minute + 20.0, OK)
    assert _chance(room).seen == 0


def _chance(room: Room) -> Chance:
    account = room.explained().nation
    assert account is not None
    return account.channels[0].chance


# --- an office that does not lead


TOLD = Bulletin(
    term=3,
    leader="semarang",
    nation=REVISION,
    at_s=100.0,
    services={"x": ServiceState.SUSPECTED},
    grounds={
        "x": Grounds(
            channel=Channel.FAIL,
            since_s=90.0,
            score=4.6,
            threshold=4.06,
            fresh=1.2,
            fresh_needed=2.44,
        )
    },
    roster=9,
    reporting=9,
)


def elsewhere(
    memory: evidence.Memory | None = None,
    *,
    bulletin: Bulletin | None = TOLD,
    age_s: float = 4.0,
    sight: Sight | None = None,
    reason: str = "",
) -> tuple[str, ...]:
    """What an office says that does not lead."""
    shown = ServiceView(service="x", outcome=BAD, at_s=99.0, reason=reason)
    view = OfficeView(
        branch=PAPUA[0],
        now_s=100.0,
        version="0",
        sight=sight or Sight(),
        services=(shown,),
        exchange=ExchangeState.JOINED,
        bulletin=bulletin,
        bulletin_age_s=None if bulletin is None else age_s,
    )
    explained = explanation.compose(
        view,
        "x",
        memory=memory or evidence.fresh(Tuning()),
        tuning=Tuning(),
        now_s=100.0,
        account=None,
    )
    return explanation_text.sentences(explained, Wording())


def remembering(*outcomes: Outcome) -> evidence.Memory:
    agent = Agent("papua-0", ["x"], Tuning())
    for turn, outcome in enumerate(outcomes):
        blocked_by = "simkim.login" if outcome is VOID else None
        agent.run("x", outcome, 60.0 + 10.0 * turn, blocked_by=blocked_by)
    return agent.memories["x"]


def test_it_repeats_the_leaders_numbers_names_it_and_tells_its_own_evidence():
    assert elsewhere(remembering(OK, BAD, VOID), reason="HTTP 503") == (
        "x: belum menjadi gangguan, sedang diperiksa.",
        "Menurut pemimpin (semarang) 4 detik yang lalu: sedang diperiksa.",
        "Gagal, sejak 07.01.30 WIB: 4,6 kantor-setara, perlu 4,1.",
        "Hasil yang menegaskan: 1,2 dari 2,4 kantor-setara.",
        "Angka semua kantor ada pada pemimpin, kantor semarang: tanyakan di sana.",
        (
            "Kantor ini (papua-0): suara 0,3 (gagal), bukti 4,6 dari 9,2; biasanya 0,5 % hasilnya "
            "buruk."
        ),
        (
            "Hasil terakhirnya, terbaru dulu: di belakang Masuk SIMKIM 20 detik lalu, "
            "gagal (HTTP 503) 30 detik lalu, baik 40 detik lalu."
        ),
        "Sebabnya di sini: HTTP 503.",
    )


@pytest.mark.parametrize(("bulletin", "age_s"), [(None, 0.0), (TOLD, 30.1)])
def test_without_fresh_word_it_knows_its_own_evidence_only(bulletin, age_s):
    said = elsewhere(remembering(OK), bulletin=bulletin, age_s=age_s)
    assert said[:2] == (
        "x: belum dapat dipastikan.",
        "Tidak ada berita pemimpin yang masih berlaku.",
    )
    assert not any("semarang" in each for each in said)


def test_an_office_that_cannot_see_says_that_its_results_do_not_count():
    said = elsewhere(remembering(OK), sight=Sight(sees=False, why_not="gateway does not answer"))
    assert (
        "Kantor ini (papua-0) tidak melihat, hasilnya tidak dihitung: gateway does not answer."
        in said
    )


def test_a_declaration_of_unknown_numbers_is_told_without_them():
    grounds = Grounds(channel=Channel.FAIL, since_s=0.0)
    bulletin = replace(TOLD, services={"x": ServiceState.NATIONAL}, grounds={"x": grounds})
    said = elsewhere(bulletin=bulletin)
    assert not any("kantor-setara" in each for each in said)
    assert said[-1] == "Kantor ini (papua-0) belum punya hasil."


EVIL = "<!channel> \x1b[31m\u202e\n`{0}` " + "x" * 999


def test_hostile_names_stay_on_their_line_and_command_nothing():
    roster = [replace(b, province=f"{EVIL}{n}", carrier=EVIL) for n, b in enumerate(OTHERS)]
    room = everywhere(Room(roster))
    incident = replace(AFFECTS, id=EVIL, root=EVIL)
    told = replace(TOLD, leader=EVIL)
    said = [
        *explanation_text.sentences(room.explained(incident), Wording()),
        *elsewhere(bulletin=told, reason=EVIL, sight=Sight(sees=False, why_not=EVIL)),
    ]
    for each in said:
        assert len(each) < 700
        assert not any(unicodedata.category(c).startswith("C") for c in each)


def test_provinces_of_one_carrier_make_a_nation_of_two_groups():
    """All of one carrier: looked past whole, however many provinces it serves."""
    roster = [office(f"o{n:02d}", f"P{n}", carrier="Satu") for n in range(20)]
    room = Room([*roster, *province_of(3, "Bali", "Bali")]).see(roster, 10.0).see(roster, 20.0)
    assert room.explained().state is ServiceState.NORMAL
    assert "operator Satu: 20,0" in room.says("di luar")
