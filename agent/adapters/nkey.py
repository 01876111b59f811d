"""Nkeys: the Ed25519 identities of NATS, written as base32 with a kind and a checksum.

The client library signs with the package nkeys, which is published as source only; we install
nothing that is not a wheel pinned by hash. What it does is this page.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.ports import ConfigurationError

_SEED = 18 << 3
_USER = 20 << 3
_HEAD = bytes([_SEED | _USER >> 5, (_USER & 31) << 3])
"""Eight bits say "seed" and "user" together, shifted so that the text begins with SU."""
_SECRET_BYTES = 32
_CHECKSUM_BYTES = 2
_MAX_FILE_BYTES = 4_096


class Nkey:
    """The key pair of one user. Shows its public half and never the other."""

    def __init__(self, secret: bytes) -> None:
        """``secret`` is 32 random bytes."""
        self._secret = secret
        self._private = Ed25519PrivateKey.from_private_bytes(secret)

    @classmethod
    def make(cls) -> Self:
        """A new one, from the system's randomness."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_seed(cls, seed: str) -> Self:
        """The pair of a seed such as ``SUAG...``. Raises ValueError, which holds nothing of it."""
        raw = _checked(seed.strip())
        if raw[:2] != _HEAD or len(raw) != len(_HEAD) + _SECRET_BYTES:
            raise ValueError("is not the seed of a user: it begins with SU and has 58 characters")
        return cls(raw[2:])

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """The pair of the seed in ``file``. Raises :class:`ConfigurationError`; blocks briefly."""
        try:
            with file.open("rb") as stream:
                text = stream.read(_MAX_FILE_BYTES)
            return cls.from_seed(text.decode("ascii", errors="replace"))
        except OSError as error:
            raise ConfigurationError([f"{file}: cannot be read: {error.strerror}"]) from None
        except ValueError as error:
            raise ConfigurationError([f"{file}: {error}"]) from None

    @property
    def public(self) -> str:
        """How the server's configuration names this user: ``U...``."""
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return _written(bytes([_USER]) + raw)

    @property
    def seed(self) -> str:
        """The secret, for the file of its owner."""
        return _written(_HEAD + self._secret)

    def sign(self, nonce: str) -> bytes:
        """The answer to a server's challenge, in base64."""
        return base64.b64encode(self._private.sign(nonce.encode()))

    def __repr__(self) -> str:
        return f"Nkey({self.public})"


def _written(raw: bytes) -> str:
    checksum = binascii.crc_hqx(raw, 0).to_bytes(_CHECKSUM_BYTES, "little")
    return base64.b32encode(raw + checksum).decode().rstrip("=")


def _checked(text: str) -> bytes:
    try:
        whole = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        raise ValueError("is not an nkey seed: it has other characters") from None
    raw, checksum = whole[:-_CHECKSUM_BYTES], whole[-_CHECKSUM_BYTES:]
    if binascii.crc_hqx(raw, 0).to_bytes(_CHECKSUM_BYTES, "little") != checksum:
        raise ValueError("is not an nkey seed: its checksum is wrong; was it cut off?")
    return raw
