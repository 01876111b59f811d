"""From branch.yaml to receivers beside Slack; a kind's adapter is found by its name."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest

from agent.adapters.tls_contexts import TlsContexts
from agent.app.receivers import adapter, labels, receivers
from agent.clock import BootClock
from agent.config.branch import BranchSettings
from agent.config.loading import load_branch
from agent.config.receivers import Kind
from agent.core.wording import Wording
from tests.config.conftest import BRANCH, CANARY, NATION
from tests.support.http_sink import http_sink
from tests.support.tally import Tally

ADAPTERS = Path(__file__).parents[2] / "agent" / "adapters"


@pytest.fixture
def settings(tmp_path: Path) -> BranchSettings:
    (tmp_path / "nation.yaml").write_text(NATION)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/password").write_text(CANARY)
    (tmp_path / "secrets/switch").write_text(f"https://switch.example.invalid/{CANARY}")
    file = tmp_path / "branch.yaml"
    file.write_text(
        BRANCH + "receivers:\n"
        '  - {kind: alertmanager, url: "http://a.example.invalid", name: noc}\n'
        "  - {kind: deadman, url_file: secrets/switch}\n"
    )
    return load_branch(file, {"BOT_TOKEN": CANARY})


def test_every_kind_has_its_adapter_and_every_adapter_its_kind():
    kinds = set(get_args(Kind))
    assert {
        each.name.removesuffix("_receiver.py") for each in ADAPTERS.glob("*_receiver.py")
    } == kinds
    for kind in kinds:
        assert find_spec(f"agent.adapters.{kind}_receiver")
        assert callable(adapter(kind))


@pytest.mark.anyio
async def test_each_term_gets_receivers_of_its_own(settings: BranchSettings):
    make = await receivers(
        settings,
        contexts=TlsContexts(),
        wording=Wording(),
        clock=BootClock(),
        meters=Tally(),
    )
    first, second = make(), make()
    assert [each.name for each in first] == ["noc", "deadman"] == list(labels(settings))
    assert not {id(each) for each in first} & {id(each) for each in second}
    assert CANARY not in repr(first)


@pytest.mark.anyio
async def test_an_address_that_is_replaced_counts_from_the_next_request_on(
    settings: BranchSettings, tmp_path: Path
):
    make = await receivers(
        settings,
        contexts=TlsContexts(),
        wording=Wording(),
        clock=BootClock(),
        meters=Tally(),
    )
    switch = make()[1]
    async with http_sink() as sink:
        (tmp_path / "secrets/switch").write_text(f"{sink.url}/ping/satu")
        await switch.rehearse()
        (tmp_path / "secrets/switch").write_text(f"{sink.url}/ping/dua")
        await switch.rehearse()
        assert [each.path for each in sink.came] == ["/ping/satu", "/ping/dua"]
