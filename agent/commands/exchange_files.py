"""The files of ``pantau exchange init``: an nkey for every office, and the servers' configuration.

Nothing that is there is overwritten. A seed may be carried to its office and removed here: its
public half stays, and a later run for a grown roster uses it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.adapters.nats_accounts import Member, accounts
from agent.adapters.nkey import Nkey
from agent.ports import ConfigurationError

KEEPER = "keeper"
"""Who looks after the engine. Not an office's name: its files are in a folder of their own."""

_SERVER = """\
# One server of the exchange; an example to copy to each. What is in capitals is yours to fill in.
server_name: "exchange-1"            # another on each server
listen: "0.0.0.0:4222"
max_payload: 65536                   # bytes
write_deadline: "10s"
jetstream {
  store_dir: "STORE_FOLDER"
  max_file_store: 4GB
  sync_interval: always              # an acknowledged record is on the disk
}
tls {                                # offices come with a certificate as well as with their nkey
  cert_file: "SERVER_CERTIFICATE"
  key_file: "SERVER_KEY"
  ca_file: "AUTHORITY_OF_THE_OFFICES"
  verify: true
}
# Three servers that stand in for each other: deploy/nats in the repository. Then say --replicas 3
# when making the streams.
include "accounts.conf"
"""


def write_files(folder: Path, offices: Mapping[str, bool]) -> Iterator[str]:
    """Write what is missing, for offices by whether they are hubs; says what was written.

    Raises :class:`ConfigurationError` when the folder or a file in it cannot be used.
    """
    try:
        yield from _write(folder, offices)
    except OSError as error:
        raise ConfigurationError([f"{error.filename}: {error.strerror}"]) from None


def seed_file(folder: Path, name: str) -> Path:
    """Where the seed of an office, or of the keeper, is written."""
    return _place(folder, name) / f"{name}.seed"


def _place(folder: Path, name: str) -> Path:
    return folder / KEEPER if name == KEEPER else folder / "offices"


def _write(folder: Path, offices: Mapping[str, bool]) -> Iterator[str]:
    if KEEPER in offices:
        raise ConfigurationError([f"an office cannot be named {KEEPER}; rename it in nation.yaml"])
    for name in (KEEPER, *offices):
        _place(folder, name).mkdir(parents=True, exist_ok=True, mode=0o700)
    keeper, made = _public(folder, KEEPER)
    count = int(made)
    members = []
    for branch, hub in offices.items():
        public, made = _public(folder, branch)
        count += made
        members.append(Member(branch=branch, hub=hub, user={"nkey": public}))
    yield f"{count} nkeys made, {len(offices) + 1 - count} kept, in {folder}"
    yield _text(folder / "accounts.conf", accounts(members, {"nkey": keeper}))
    yield _text(folder / "server.conf.example", _SERVER)


def _public(folder: Path, name: str) -> tuple[str, bool]:
    """The public half of an nkey, and whether it was made just now."""
    place, seed = _place(folder, name) / f"{name}.public", seed_file(folder, name)
    if place.exists():
        return place.read_text(encoding="ascii").strip(), False
    made = not seed.exists()
    nkey = Nkey.make() if made else Nkey.from_file(seed)
    if made:
        _create(seed, nkey.seed + "\n", 0o600)
    _create(place, nkey.public + "\n", 0o644)
    return nkey.public, made


def _text(file: Path, text: str) -> str:
    """Write a file of configuration, or beside it if it is there and says something else."""
    if not file.exists():
        _create(file, text, 0o644)
        return f"{file} written"
    if file.read_text(encoding="utf-8") == text:
        return f"{file} is as it must be"
    beside = file.with_name(f"{file.name}.new")
    if beside.exists() and beside.read_text(encoding="utf-8") != text:
        raise ConfigurationError([f"{beside} is there from before; put it in place or remove it"])
    if not beside.exists():
        _create(beside, text, 0o644)
    return (
        f"{file} differs and was left alone: compare it with {beside}, then put that in its place"
    )


def _create(file: Path, text: str, mode: int) -> None:
    """Make a file that is not there, with its rights from the first moment on, and on the disk."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
