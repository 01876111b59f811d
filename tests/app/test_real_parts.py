"""From branch.yaml to the parts that an agent is made of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.adapters.control_prober import ControlKind
from agent.adapters.slack_notifier import SlackNotifier
from agent.app import real_parts
from agent.app.real_exchange import exchange_of
from agent.clock import BootClock
from agent.config.branch import Auth, BranchSettings, ExchangeSettings
from agent.config.loading import load_branch
from agent.core.model import Branch
from agent.core.sight import ControlGroup
from agent.ports import ConfigurationError
from tests.config.conftest import BRANCH, CANARY, NATION

HUB = Branch(id="a", name="A", province="P", island="I", zone="Asia/Jakarta", hub=True)
OFFICE = Branch(id="b", name="B", province="P", island="I", zone="Asia/Jakarta")


@pytest.fixture
def settings(tmp_path: Path) -> BranchSettings:
    (tmp_path / "nation.yaml").write_text(NATION)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/password").write_text(CANARY)
    (tmp_path / "secrets/token").write_text("xoxb-first\n")
    file = tmp_path / "branch.yaml"
    front = '  front: {simkim: {name: edge, tcp: "[2001:db8::1]:443"}}\nexchange:'
    written = BRANCH.replace("exchange:", front)
    file.write_text(written.replace('bot_token: "${BOT_TOKEN}"', "bot_token_file: secrets/token"))
    return load_branch(file, {})


def test_each_control_is_asked_in_its_own_way(settings: BranchSettings):
    made = {each.name: each for each in real_parts.controls(settings)}
    assert list(made) == ["gateway", "a", "b", "c", "edge"]
    assert (made["gateway"].host, made["gateway"].port) == ("192.0.2.1", 53)
    assert made["gateway"].group is ControlGroup.GATEWAY
    assert {name: each.role for name, each in made.items() if each.role} == {"edge": "simkim"}
    assert (made["b"].kind, made["b"].query, made["b"].port) == (
        ControlKind.DNS,
        "example.invalid",
        53,
    )
    assert (made["c"].kind, made["c"].host, made["c"].port) == (
        ControlKind.HTTP,
        "c.example.invalid",
        80,
    )
    assert (made["edge"].group, made["edge"].host) == (ControlGroup.FRONT, "2001:db8::1")


def test_what_other_offices_try_too_has_a_name_that_they_share(settings: BranchSettings):
    made = {each.name: each.shared for each in real_parts.controls(settings)}
    assert made == {
        "gateway": None,
        "a": None,
        "b": None,
        "c": "http c.example.invalid:80",
        "edge": None,
    }
    outside = real_parts.Outside(settings, BootClock())
    assert outside.shared_controls == ("http c.example.invalid:80",)


def test_probes_get_their_credentials_as_plain_values(settings: BranchSettings):
    (simkim,) = real_parts.targets(settings, BootClock())
    assert simkim.url == "https://simkim.example.invalid"
    assert CANARY not in repr(simkim)
    assert real_parts.credentials(settings)["simkim"]["password"] == CANARY


def test_only_a_hub_with_its_secrets_can_tell_slack(settings: BranchSettings):
    assert isinstance(real_parts.notifier(settings, HUB, BootClock()), SlackNotifier)
    assert real_parts.notifier(settings, OFFICE, BootClock()) is None


def test_a_token_that_is_replaced_works_at_once_and_a_lost_one_goes_on(
    settings: BranchSettings, tmp_path: Path
):
    file = settings.secret_files["slack", "bot_token"]
    read = real_parts.fresh("xoxb-first", file)
    file.write_text("xoxb-second\n")
    assert read() == "xoxb-second"
    for unusable in ("", "two\nlines"):
        file.write_text(unusable)
        assert read() == "xoxb-second"
    file.unlink()
    assert read() == "xoxb-second"
    assert real_parts.fresh("in the file itself", None)() == "in the file itself"


@pytest.mark.anyio
async def test_a_seed_that_is_none_is_told_before_anything_starts(tmp_path: Path):
    seed = tmp_path / "seed"
    seed.write_text("SU...")
    wanted = ExchangeSettings.model_validate(
        {"servers": ("nats://127.0.0.1:9",), "nkey_seed_file": str(seed)}
    )
    with pytest.raises(ConfigurationError, match="not an nkey seed"):
        async with exchange_of(wanted, HUB, BootClock()):
            pass


def test_the_places_of_secrets_are_known_and_hold_none(settings: BranchSettings):
    assert set(settings.secret_files) == {
        ("slack", "bot_token"),
        ("targets", "simkim", "credentials", "password"),
    }
    assert CANARY not in json.dumps([str(each) for each in settings.secret_files.values()])


def test_a_target_that_wants_tokens_is_signed_for_and_its_secrets_stay_with_the_agent(
    settings: BranchSettings,
):
    auth = Auth.model_validate(
        {
            "kind": "oauth2",
            "credential_id": "dua",
            "token_url": "https://sso.example.invalid/token",
            "client_id": "pantau",
            "client_secret": CANARY,
        }
    )
    simkim = settings.targets["simkim"].model_copy(update={"auth": auth, "credentials": {}})
    signed = settings.model_copy(update={"targets": {"simkim": simkim}})
    (target,) = real_parts.targets(signed, BootClock())
    assert target.signature is not None
    assert CANARY not in repr(target) + str(real_parts.credentials(signed))
    assert signed.token_roles == {"simkim"}
    assert simkim.credential_id == "dua"
