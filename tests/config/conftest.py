"""A small nation and one office of it, written out, so that a test can break one line of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from agent.config.loading import Configuration, load
from agent.ports import ConfigurationError

CANARY = "kenari-9d1f-yang-tidak-boleh-tampak"

NATION = """\
revision: 12
roster:
  - {id: jember, name: Jember, province: Jawa Timur, island: Jawa, zone: Asia/Jakarta, hub: true}
  - {id: denpasar, name: Denpasar, province: Bali, island: Bali, zone: Asia/Makassar}
  - {id: jayapura, name: Jayapura, province: Papua, island: Papua, zone: Asia/Jayapura}
services:
  - {id: simkim.login, name: {id: Masuk SIMKIM, en: SIMKIM sign-in}, sign_in: true}
  - {id: cetak, name: {id: Pencetakan, en: Printing}, needs: [simkim.login]}
journeys:
  - {name: printing}
targets:
  simkim: {ceiling_requests_per_s: 16}
slack:
  main: pantau
"""

BRANCH = f"""\
branch: jember
nation: nation.yaml
probe_paths: [probes]
contact: noc@example.invalid
targets:
  simkim:
    url: https://simkim.example.invalid/
    credentials: {{credential_id: satu, username: u, password_file: secrets/password}}
controls:
  gateway: {{name: gateway, tcp: "192.0.2.1:53"}}
  networks:
    - {{name: a, tcp: "198.51.100.1:443"}}
    - {{name: b, dns: "example.invalid@198.51.100.2"}}
    - {{name: c, http: "http://c.example.invalid/"}}
exchange:
  servers: ["nats://127.0.0.1:4222"]
slack:
  bot_token: "${{BOT_TOKEN}}"
  message_key: "{CANARY}"
"""

PROBE = '''\
"""A journey for tests."""

from agent.probe import Journey, step


class Printing(Journey):
    name = "printing"

    @step("sign in", service="simkim.login", role="simkim")
    async def sign_in(self) -> None: ...

    @step("print", service="cetak", role="simkim")
    async def print_it(self) -> None: ...
'''


@dataclass
class Office:
    """The files of one office; ``change`` breaks them, ``mistakes`` says how they were refused."""

    folder: Path

    @property
    def branch(self) -> Path:
        return self.folder / "branch.yaml"

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(dedent(text))
        return file

    def change(self, name: str, old: str, new: str) -> None:
        file = self.folder / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def load(self) -> Configuration:
        return load(self.branch, {"BOT_TOKEN": CANARY})

    def mistakes(self) -> list[str]:
        """What the office is refused with, without the folder, which differs in every test."""
        with pytest.raises(ConfigurationError) as caught:
            self.load()
        assert CANARY not in str(caught.value) + repr(caught.value)
        return [each.replace(f"{self.folder}/", "") for each in caught.value.mistakes]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path)
    made.write("nation.yaml", NATION)
    made.write("branch.yaml", BRANCH)
    made.write("probes/printing.py", PROBE)
    made.write("secrets/password", CANARY)
    return made
