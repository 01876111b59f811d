from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.adapters.nkey import Nkey
from agent.ports import ConfigurationError


def test_a_seed_read_back_is_the_same_identity():
    made = Nkey.make()
    assert made.seed.startswith("SU")
    assert len(made.seed) == 58
    assert made.public.startswith("U")
    assert Nkey.from_seed(made.seed + "\n").public == made.public
    assert Nkey.make().public != made.public


def test_its_signature_is_that_of_its_public_half():
    nkey = Nkey.make()
    raw = base64.b32decode(nkey.public + "=" * (-len(nkey.public) % 8))[1:-2]
    public, signature = Ed25519PublicKey.from_public_bytes(raw), base64.b64decode(nkey.sign("x"))
    public.verify(signature, b"x")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"y")


def test_it_shows_its_public_half_and_never_the_seed():
    nkey = Nkey.make()
    assert nkey.public in repr(nkey)
    assert nkey.seed not in repr(nkey)


@pytest.mark.parametrize("spoil", [lambda seed: seed[:-1], lambda seed: "SA" + seed[2:], str.lower])
def test_a_seed_that_is_none_is_refused_without_repeating_it(tmp_path: Path, spoil):
    seed = spoil(Nkey.make().seed)
    file = tmp_path / "seed"
    file.write_text(seed)
    with pytest.raises(ConfigurationError, match="seed") as caught:
        Nkey.from_file(file)
    assert seed not in str(caught.value)


def test_a_public_key_is_no_seed():
    with pytest.raises(ValueError, match="begins with SU"):
        Nkey.from_seed(Nkey.make().public)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="no-seed: cannot be read"):
        Nkey.from_file(tmp_path / "no-seed")
