"""The nation's file: its hash, and its translation into the words of the core."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from agent.config import translate
from agent.config.loading import load_nation
from agent.config.nation import Nation, nation_hash
from agent.core.digest import Closure, DigestPlan
from agent.core.maintenance import Mode, Span, Weekly, Window
from agent.core.model import Position, Severity
from agent.core.reminding import Escalation, Reminders
from agent.core.tuning import SLOW, Tuning
from agent.ports import ConfigurationError

EXAMPLE = Path(__file__).parents[2] / "agent/simulation/nation.yaml"
TEXT = """\
revision: 3
roster:
  - {id: jember, name: Jember, province: Jawa Timur, island: Jawa, zone: Asia/Jakarta, hub: true}
  - {id: malang, name: Malang, province: Jawa Timur, island: Jawa, zone: Asia/Jakarta, carrier: x}
services: [{id: cetak, name: {id: Pencetakan, en: Printing}}]
journeys: [{name: printing}]
targets: {simkim: {ceiling_requests_per_s: 16}}
slack: {main: pantau, by_service: {cetak: pantau-cetak}}
tuning: {guard_s: 20, fail: {a1_floor: 4}}
"""
SLACK = "slack: {main: pantau, by_service: {cetak: pantau-cetak}}"


@pytest.fixture(scope="module")
def example() -> Nation:
    return load_nation(EXAMPLE)


def loaded(folder: Path, text: str) -> Nation:
    file = folder / "nation.yaml"
    file.write_text(text)
    return load_nation(file)


def test_the_hash_is_that_of_the_content_and_not_of_the_layout(tmp_path: Path):
    first = nation_hash(loaded(tmp_path, TEXT))
    lines = TEXT.splitlines(keepends=True)
    swapped = "# comment\n" + "".join([*lines[-2:], *lines[:-2]])
    assert nation_hash(loaded(tmp_path, swapped)) == first
    default = TEXT.replace("{name: printing}", "{name: printing, base_runs_per_s: 2}")
    assert nation_hash(loaded(tmp_path, default)) == first
    assert first.startswith("r3:")
    assert len(first) == len("r3:") + 8


@pytest.mark.parametrize(
    ("old", "new"),
    [("revision: 3", "revision: 4"), ("guard_s: 20", "guard_s: 21"), ("id: malang", "id: malang2")],
)
def test_the_hash_changes_with_the_content(tmp_path: Path, old: str, new: str):
    assert nation_hash(loaded(tmp_path, TEXT)) != nation_hash(
        loaded(tmp_path, TEXT.replace(old, new))
    )


@pytest.mark.parametrize("emoji", ['":eyes:"', '"Jempol"', "[]", '""'])
def test_the_signs_that_acknowledge_are_names_of_emojis(tmp_path: Path, emoji: str):
    signs = emoji if emoji == "[]" else f"[{emoji}]"
    with pytest.raises(ConfigurationError, match="acknowledge"):
        loaded(tmp_path, TEXT.replace("{main: pantau,", f"{{main: pantau, acknowledge: {signs},"))


def test_reminders_and_whom_they_call_are_taken_from_the_file(tmp_path: Path):
    slack = """
slack:
  main: pantau
  reminders: {after_minutes: 5, most: 2, least: down, escalate_at: 3}
  escalation: "<!here>"
  escalation_by_severity: {down: "<@U0KEPALA>"}
  escalation_by_service: {cetak: "<@U0CETAK>"}
"""
    nation = loaded(tmp_path, TEXT.replace(SLACK, slack.lstrip()))
    assert translate.reminders(nation) == Reminders(
        after_s=300.0, every_s=3600.0, most=2, least=Severity.DOWN
    )
    assert translate.escalation(nation) == Escalation(
        mention="<!here>",
        by_severity={Severity.DOWN: "<@U0KEPALA>"},
        by_service={"cetak": "<@U0CETAK>"},
        at=3,
    )


def test_the_digest_and_the_days_that_offices_are_closed_are_taken_from_the_file(tmp_path: Path):
    slack = 'slack: {main: pantau, digest: {channel: pantau-harian, at: "06:05"}}\n'
    closed = 'closed: [{first: "2026-12-25", last: "2026-12-26", offices: [malang]}]'
    nation = loaded(tmp_path, TEXT.replace(SLACK, slack + closed))
    assert translate.digest(nation) == DigestPlan(
        channel="pantau-harian",
        hour=6,
        minute=5,
        closures=(
            Closure(
                first=date(2026, 12, 25), last=date(2026, 12, 26), offices=frozenset({"malang"})
            ),
        ),
    )
    assert translate.routes(nation).digest == "pantau-harian"


def test_without_a_channel_there_is_no_digest(tmp_path: Path):
    assert translate.digest(loaded(tmp_path, TEXT)) == DigestPlan()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('closed: [{first: "2026-12-26", last: "2026-12-25"}]', "swap them"),
        ('closed: [{first: "2026-02-30", last: "2026-03-01"}]', "must be a day"),
        ('closed: [{first: "2026-12-25", last: "2026-12-25", offices: [malan]}]', "malang"),
        ('slack: {main: a, digest: {channel: b, at: "7.30"}}', "time of day"),
        ("slack: {main: a, digest: {quiet_days: true}}", "channel"),
    ],
)
def test_a_wrong_word_about_the_digest_is_refused(tmp_path: Path, wrong: str, said: str):
    text = TEXT.replace(SLACK, wrong) if wrong.startswith("slack") else TEXT + wrong + "\n"
    with pytest.raises(ConfigurationError, match=said):
        loaded(tmp_path, text)


def test_windows_of_maintenance_are_taken_from_the_file_by_the_clocks_of_their_zone(tmp_path: Path):
    written = """maintenance:
  - {id: night, target: simkim, mode: skip, zone: Asia/Jayapura, reason: basis data,
     from: 2026-11-24 22:00, until: 2026-11-25 02:00}
  - {id: sundays, services: [cetak], where: ["province:jawa-timur"], zone: Asia/Jakarta,
     days: [sunday, monday], at: "23:30", minutes: 90}
"""
    night, sundays = translate.windows(loaded(tmp_path, TEXT + written), {"simkim": {"cetak"}})
    assert night == Window(
        id="night",
        services=("cetak",),
        mode=Mode.SKIP,
        span=Span(from_s=1_795_525_200.0, until_s=1_795_525_200.0 + 4 * 3600),
        reason="basis data",
    )
    assert sundays == Window(
        id="sundays",
        services=("cetak",),
        where=("province:jawa-timur",),
        weekly=Weekly(days=(0, 6), minute=1410, lasts_s=5400.0, zone="Asia/Jakarta"),
    )


def test_a_window_of_a_target_that_no_journey_asks_means_nothing(tmp_path: Path):
    written = """maintenance:
  - {id: n, target: simkim, zone: Asia/Jakarta, days: [sunday], at: "23:30", minutes: 90}
"""
    assert translate.windows(loaded(tmp_path, TEXT + written), {}) == ()


def test_without_a_word_of_it_reminders_are_as_the_core_says(tmp_path: Path):
    assert translate.reminders(loaded(tmp_path, TEXT)) == Reminders()
    assert translate.escalation(loaded(tmp_path, TEXT)) == Escalation()


@pytest.mark.parametrize(
    "wrong",
    ["escalation_by_service: {ceta: '<!here>'}", "reminders: {least: slow}", "escalation: piket"],
)
def test_a_wrong_word_about_reminders_is_refused(tmp_path: Path, wrong: str):
    with pytest.raises(ConfigurationError, match=r"escalation|least"):
        loaded(tmp_path, TEXT.replace(SLACK, f"slack: {{main: pantau, {wrong}}}"))


def test_overridden_numbers_take_effect_and_the_others_stay(tmp_path: Path):
    tuning = translate.tuning(loaded(tmp_path, TEXT))
    assert (tuning.guard_s, tuning.fail.a1_floor, tuning.slow) == (20, 4, SLOW)
    assert tuning.close_s == Tuning().close_s


def test_the_patient_memory_and_the_focus_have_numbers_of_their_own(tmp_path: Path):
    more = "guard_s: 20, patient: {a1_share: 0.05}, focus: {hourly_s: 0}"
    tuning = translate.tuning(loaded(tmp_path, TEXT.replace("guard_s: 20", more)))
    assert (tuning.patient.a1_share, tuning.focus.hourly_s) == (0.05, 0)
    assert tuning.patient.p1 == Tuning().patient.p1


def test_the_usual_counts_unless_its_factor_is_nought(tmp_path: Path):
    assert translate.tuning(loaded(tmp_path, TEXT)).usual_factor == Tuning().usual_factor == 2.0
    off = TEXT.replace("guard_s: 20", "guard_s: 20, usual_factor: 0")
    assert translate.tuning(loaded(tmp_path, off)).usual_factor == 0


def test_offices_services_and_routes_reach_the_core_as_written(tmp_path: Path):
    nation = loaded(tmp_path, TEXT)
    jember, malang = translate.branches(nation)
    assert (jember.id, jember.hub, malang.hub, malang.carrier) == ("jember", True, False, "x")
    (service,) = translate.services(nation)
    assert (service.id, service.name_id, service.name_en) == ("cetak", "Pencetakan", "Printing")
    assert translate.routes(nation).by_service == {"cetak": "pantau-cetak"}


def test_an_office_is_on_the_map_by_both_numbers_or_not_at_all(tmp_path: Path):
    whole = TEXT.replace("id: jember,", "id: jember, lat: -8.1724, lon: 113.7003,")
    half = TEXT.replace("id: jember,", "id: jember, lat: -8.1724,")
    assert half != TEXT
    jember, malang = translate.branches(loaded(tmp_path, whole))
    assert jember.position == Position(latitude_degrees=-8.1724, longitude_degrees=113.7003)
    assert malang.position is translate.branches(loaded(tmp_path, half))[0].position is None


def test_the_first_three_hubs_alert_unless_others_are_named(example: Nation):
    roster = translate.branches(example)
    assert translate.alerters(example, roster) == ("medan", "jakarta-selatan", "surabaya")

    named = example.model_copy(update={"alerters": ("jayapura", "denpasar")})
    assert translate.alerters(named, roster) == ("jayapura", "denpasar")


def test_a_part_of_the_roster_without_the_named_alerters_has_its_own_hubs(example: Nation):
    named = example.model_copy(update={"alerters": ("jayapura",)})
    roster = [each for each in translate.branches(example) if each.id in ("medan", "langsa")]
    assert translate.alerters(named, roster) == ("medan",)


def test_the_example_has_hubs_in_seven_provinces_and_all_zones(example: Nation):
    hubs = [office for office in example.roster if office.hub]
    assert len({office.province for office in hubs}) == len(hubs) == 7
    assert len({office.zone for office in hubs}) == 3


def test_everything_behind_a_sign_in_needs_it_and_partners_are_roots(example: Nation):
    needs = {service.id: set(service.needs) for service in translate.services(example)}
    assert {"simkim.login", "dukcapil.nik"} <= needs["simkim.v2"]
    assert {"mpaspor.login", "dukcapil.nik"} <= needs["mpaspor.permohonan"]
    assert "simponi.billing" in needs["mpn.status"]
    assert "mpn.status" in needs["alokasi"]
    assert "alokasi" in needs["cetak"]
    assert not needs["simponi.billing"] | needs["dukcapil.nik"] | needs["mpaspor.kuota"]
