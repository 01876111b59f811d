"""Two files and the journeys are held against each other, and every mistake is told at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agent.config.loading import load, load_branch, load_nation

if TYPE_CHECKING:
    from tests.config.conftest import Office

CANARY = "kenari-9d1f-yang-tidak-boleh-tampak"
NIGHT = "{id: n, zone: Asia/Jakarta, at: '22:00', minutes: 60}"
BACK = "{id: n, zone: Asia/Jakarta, from: 2026-11-24 22:00, until: 2026-11-24 21:00}"
VAGUE = "{id: n, zone: Asia/Jakarta, from: tonight, until: 2026-11-24 21:00}"
LOST = "{id: n, zone: Asia/Jakarta, days: [sunday], at: '22:00', minutes: 60, where: [jembr]}"


def test_a_good_office_is_loaded_whole(office: Office):
    loaded = office.load()
    assert loaded.branch.branch == "jember"
    assert loaded.branch.nation == office.folder / "nation.yaml"
    target = loaded.branch.targets["simkim"]
    assert target.url == "https://simkim.example.invalid"
    assert target.credential_id == "satu"
    assert target.credentials["password"].get_secret_value() == CANARY
    assert loaded.nation_hash.startswith("r12:")
    assert list(loaded.journeys.by_name) == ["printing"]


def test_no_secret_is_in_what_is_loaded_or_said_of_it(office: Office):
    loaded = office.load()
    shown = repr(loaded) + str(loaded.branch.model_dump()) + loaded.branch.model_dump_json()
    assert CANARY not in shown


def test_all_mistakes_of_all_files_are_told_at_once_with_file_and_line(office: Office):
    office.change("nation.yaml", "id: jayapura,", "id: denpasar,")
    office.change("nation.yaml", "revision: 12", "revision: '12'")
    office.change("branch.yaml", "contact: noc@example.invalid", 'contact: "a\\r\\nHost: b"')
    office.change("branch.yaml", "branch: jember", "branch: jembr\nbranch: jember")
    office.change("branch.yaml", "exchange:", "exchang:")
    office.change("branch.yaml", "secrets/password", "secrets/nothing")
    office.change("probes/printing.py", "class Printing", "import nothing_like_it\nclass Printing")
    told = office.mistakes()
    joined = "\n".join(told)
    for words in (
        'branch.yaml:2: "branch" stands here and in line 1; keep one of them',
        'branch.yaml:1: branch: "jembr" is not in the roster; did you mean "jember"?',
        "branch.yaml:5: contact: holds a line break or control character; remove it",
        "is missing, or no plain file",
        'branch.yaml:16: exchang: is no known key; did you mean "exchange"?',
        "nation.yaml:1: revision: must be a whole number",
        "printing.py:6: the journey cannot be loaded: ModuleNotFoundError",
        'nation.yaml:5: roster.2.id: "denpasar" is taken in line 4; rename or remove one',
    ):
        assert words in joined


def test_a_missing_nation_is_told_together_with_the_mistakes_of_the_branch(office: Office):
    office.change("branch.yaml", "nation: nation.yaml", "nation: elsewhere.yaml\nx: 1")
    told = office.mistakes()
    assert any(each.startswith("elsewhere.yaml:1: the file cannot be read") for each in told)
    assert any("branch.yaml:3: x: is no known key" in each for each in told)


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("nation.yaml", "needs: [simkim.login]", "needs: [simkim.logn]", 'mean "simkim.login"?'),
        ("nation.yaml", "sign_in: true", "needs: [cetak]", "need each other in a circle"),
        ("nation.yaml", "id: cetak", "id: pantau.blind", "too few offices report; rename"),
        ("nation.yaml", "Asia/Jayapura", "Asia/Jayapur", "must be 'Asia/Jakarta'"),
        ("nation.yaml", ", hub: true", "", "nobody could lead"),
        ("nation.yaml", "hub: true", "hub: yes", "must be true or false"),
        ("nation.yaml", "printing}", "printng}", 'did you mean "printing"?'),
        ("nation.yaml", "printing}", "printing, ceiling_runs_per_s: 1}", "is below base_runs"),
        ("nation.yaml", "per_s: 16", "per_s: 3", "the journeys send 4 a second even in quiet"),
        ("nation.yaml", "main: pantau", "main: a b", "must be a channel"),
        ("nation.yaml", "main: pantau", "main: p\n  by_service: {cetk: p}", 'mean "cetak"?'),
        ("nation.yaml", "slack:", "runbook_url: 'javascript:x'\nslack:", "must begin with http"),
        ("nation.yaml", "slack:", "tuning: {close_s: 1}\nslack:", "show_recovery_s <= close_s"),
        ("nation.yaml", "slack:", "tuning: {guard: 1}\nslack:", 'did you mean "guard_s"?'),
        ("nation.yaml", "slack:", "tuning: {fail: {a1_floor: 0}}\nslack:", "one office could"),
        ("nation.yaml", "slack:", "tuning: {fail: {p0_floor: 0}}\nslack:", "0 < p0_floor"),
        ("nation.yaml", "slack:", "tuning: {fail: {cap: 9}}\nslack:", "fail.cap: is no known"),
        ("nation.yaml", "slack:", "tuning: {usual_factor: 1.1}\nslack:", "0 switches it off"),
        ("nation.yaml", "slack:", "tuning: {usual_margin_s: 0}\nslack:", "more than 0"),
        ("nation.yaml", "slack:", "alerters: [jembr]\nslack:", 'did you mean "jember"?'),
        ("nation.yaml", "slack:", "alerters: [denpasar]\nslack:", "is no hub, and only hubs"),
        ("nation.yaml", "slack:", "alerters: [jember, jember]\nslack:", "is named twice"),
        ("nation.yaml", "slack:", f"maintenance: [{NIGHT}]\nslack:", "needs `from` and `until`"),
        ("nation.yaml", "slack:", f"maintenance: [{BACK}]\nslack:", "later than `from`"),
        ("nation.yaml", "slack:", f"maintenance: [{VAGUE}]\nslack:", "must be a moment such as"),
        ("nation.yaml", "slack:", f"maintenance: [{LOST}]\nslack:", '"jembr" is unknown; did you'),
        ("nation.yaml", "simkim: {", "simkin: {", 'step "print": no target "simkim"; did'),
        ("branch.yaml", "branch: jember", "branch: denpasar", "only hubs hold Slack's secrets"),
        ("branch.yaml", "  simkim:\n    url", "  simkin:\n    url", 'did you mean "simkim"?'),
        ("branch.yaml", "https://simkim", f"https://u:{CANARY}@simkim", "holds credentials"),
        ("branch.yaml", "https://simkim", "gopher://simkim", "must begin with http"),
        ("branch.yaml", "credential_id: satu, ", "", "credentials need a credential_id"),
        (
            "branch.yaml",
            "credentials:",
            "auth: {kind: oauth2, credential_id: dua, client_id: x}\n    credentials:",
            "kind oauth2 needs token_url and client_secret",
        ),
        ("branch.yaml", "username: u", "username: 7", "must be text"),
        ("branch.yaml", "username: u", 'username: "a\\nb"', "holds a line break"),
        ("branch.yaml", '"192.0.2.1:53"', '"192.0.2.1"', "must be host:port"),
        ("branch.yaml", "@198.51.100.2", "", "must be name@server[:port]"),
        (
            "branch.yaml",
            '  gateway: {name: gateway, tcp: "192.0.2.1:53"}\n',
            "",
            "add a gateway or",
        ),
        ("branch.yaml", '"198.51.100.1:443"', '"x:1", http: "http://c.invalid"', "exactly one of"),
        ("branch.yaml", 'dns: "example.invalid@198.51.100.2"', 'tcp: "198.51.100.1:443"', "3 diff"),
        ("branch.yaml", 'servers: ["nats://127.0.0.1:4222"]', "kind: nats", "needs servers"),
        ("branch.yaml", 'servers: ["nats://127.0.0.1:4222"]', "kind: embedded", "needs data_dir"),
        ("branch.yaml", "exchange:", "exchange:\n  tls: {cert_file: nation.yaml}", "belong toge"),
        ("branch.yaml", "exchange:", "exchange:\n  nkey_seed_file: no", "cannot be read"),
        ("branch.yaml", "${BOT_TOKEN}", "${NO_TOKEN}", "variable NO_TOKEN is not set"),
        ("branch.yaml", f'message_key: "{CANARY}"', "message_key: short", "is short"),
        ("branch.yaml", "[probes]", "[nowhere]", "no journeys here"),
        ("branch.yaml", "slack:", "listeners: {public: {port: 9090}}\nslack:", "different ports"),
    ],
)
def test_one_mistake_is_told_once_and_with_a_mend(
    office: Office, file: str, old: str, new: str, words: str
):
    office.change(file, old, new)
    told = office.mistakes()
    assert len([each for each in told if words in each]) == 1, told


def test_a_mistake_in_a_value_is_not_told_a_second_time_by_the_model(office: Office):
    office.change("branch.yaml", "contact: noc@example.invalid", "contact: ${NOBODY}")
    assert len(office.mistakes()) == 1


def test_a_port_may_come_from_the_environment(office: Office):
    office.change("branch.yaml", "slack:", 'listeners: {public: {port: "${PORT:-18080}"}}\nslack:')
    assert office.load().branch.listeners.public.port == 18080


def test_one_egress_may_not_carry_over_a_fifth_of_the_roster(office: Office):
    lines = "".join(
        f"  - {{id: k{n}, name: K, province: P{n}, island: I, zone: Asia/Jakarta, egress: satu}}\n"
        for n in range(3)
    ) + "".join(
        f"  - {{id: m{n}, name: M, province: Q{n}, island: I, zone: Asia/Jakarta}}\n"
        for n in range(4)
    )
    office.change("nation.yaml", "services:", f"{lines}services:")
    (told,) = office.mistakes()
    assert '3 of 10 offices leave through the egress "satu"' in told


def test_each_file_can_be_loaded_alone(office: Office):
    assert load_nation(office.folder / "nation.yaml").revision == 12
    assert load_branch(office.branch, {"BOT_TOKEN": CANARY}).slack is not None


def test_the_example_office_of_the_example_nation_is_valid():
    names = ("SIMKIM_PASSWORD", "SIMPONI_KEY", "DUKCAPIL_KEY", "MPASPOR_PASSWORD")
    root = Path(__file__).parents[2]
    loaded = load(root / "deploy/examples/jember.yaml", dict.fromkeys(names, CANARY))
    assert len(loaded.nation.roster) == 145
    assert len(loaded.nation.services) == 20
    assert CANARY not in repr(loaded)
