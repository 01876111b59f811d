"""Receivers beside Slack: what is wrong is told with its line, and no address is ever shown."""

from __future__ import annotations

import pytest

from tests.config.conftest import CANARY, Office

GOOD = f"""\
receivers:
  - {{kind: alertmanager, url: "http://alertmanager.example.invalid:9093"}}
  - {{kind: webhook, url: "https://hook.example.invalid/{CANARY}?k=1", secret: "{CANARY}"}}
  - {{kind: deadman, url_file: secrets/switch, every_s: 30.0, name: switch}}
slack:
"""


@pytest.fixture
def hub(office: Office) -> Office:
    office.write("secrets/switch", f"https://switch.example.invalid/{CANARY}\n")
    office.change("branch.yaml", "slack:\n", GOOD)
    return office


def test_good_ones_are_read_and_their_addresses_held_like_secrets(hub: Office):
    loaded = hub.load().branch
    found = {each.label: each for each in loaded.receivers}
    assert list(found) == ["alertmanager", "webhook", "switch"]
    assert found["switch"].host == "https://switch.example.invalid"
    assert found["alertmanager"].host == "http://alertmanager.example.invalid:9093"
    assert found["switch"].url.get_secret_value().endswith(CANARY)
    assert loaded.secret_files["receivers", 2, "url"] == hub.folder / "secrets/switch"
    assert CANARY not in repr(loaded) + str(loaded.model_dump()) + loaded.model_dump_json()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("kind: webhook", "kind: webhok", "branch.yaml:19: receivers.1.kind: must be"),
        (f', secret: "{CANARY}"', "", "branch.yaml:19: receivers.1: kind webhook needs secret"),
        (f'secret: "{CANARY}"', "secret: short", "secret is short; make one with"),
        ("every_s: 30.0", "secret_file: secrets/switch", "kind deadman takes no secret; remove"),
        ("every_s: 30.0", "every_s: 1.0", "must be 10.0 or more"),
        ("every_s: 30.0", "evry_s: 30.0", 'mean "every_s"?'),
        ("name: switch", "name: webhook", 'two are called "webhook"; give one a `name`'),
        ("name: switch", f"name: {'x' * 41}", "is longer than 40 characters; shorten it"),
        ("name: switch", "ca_file: none.pem", "cannot be read"),
        ("secrets/switch", "secrets/none", "is missing, or no plain file"),
        ("http://alertmanager", "ftp://alertmanager", "must begin with http:// or https://"),
        ("http://alertmanager", f"http://u:{CANARY}@alertmanager", "holds credentials; move"),
        (":9093", ":9093?x=1", "url holds a query"),
        (":9093", ":9093/#x", "holds a fragment"),
        (":9093", ":99999", "must begin with http:// or https://"),
        ("branch: jember", "branch: denpasar", "only a hub that holds Slack's secrets leads and"),
    ],
)
def test_one_mistake_is_told_once_and_with_a_mend(hub: Office, old: str, new: str, words: str):
    hub.change("branch.yaml", old, new)
    told = hub.mistakes()
    assert len([each for each in told if words in each]) == 1, told


def test_a_hub_without_slack_leads_nothing_and_so_tells_nobody(hub: Office):
    text = hub.branch.read_text()
    hub.branch.write_text(text[: text.index("slack:\n")])
    assert "only a hub that holds Slack's secrets leads" in "\n".join(hub.mistakes())
