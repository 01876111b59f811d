"""Certificates of the simulated centre: good ones, and each kind of bad one.

An authority of its own, made at every start and forgotten at the end: nobody else can use it, and
no certificate in the repository can expire.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DOMAIN = "pusat.example"
"""Every service of the centre has a name of one label below it."""
_DAY = timedelta(days=1)


class Spoiled(StrEnum):
    """Why a client refuses to go on."""

    EXPIRED = "expired"
    UNKNOWN_CA = "unknown CA"
    WRONG_HOST = "wrong host"
    HANDSHAKE = "handshake"
    """The server itself breaks off."""


_WORDS = (
    (Spoiled.EXPIRED, ("expir", "kedaluwarsa")),
    (Spoiled.WRONG_HOST, ("host", "name", "mismatch")),
    (Spoiled.UNKNOWN_CA, ("ca", "self", "trust", "issuer", "authority")),
)


def spoiled(reason: str) -> Spoiled:
    """What the words of a scenario mean; whatever they do not name is a broken handshake."""
    said = reason.lower()
    return next((s for s, words in _WORDS if any(w in said for w in words)), Spoiled.HANDSHAKE)


class Certificates:
    """The files of one centre, in a folder that somebody else removes."""

    def __init__(self, folder: Path, wall_s: float) -> None:
        """``wall_s``: now, seconds since 1970; they are good for a month."""
        now = datetime.fromtimestamp(wall_s, UTC)
        known, stranger = _Authority("Pantau simulation", now), _Authority("Somebody else", now)
        self.authority = folder / "authority.pem"
        """Whom an office has to trust."""
        self.authority.write_bytes(known.pem)
        self._files = {
            None: known.sign(folder / "good.pem", f"*.{DOMAIN}"),
            Spoiled.EXPIRED: known.sign(folder / "expired.pem", f"*.{DOMAIN}", expired=True),
            Spoiled.WRONG_HOST: known.sign(folder / "other.pem", "elsewhere.example"),
            Spoiled.UNKNOWN_CA: stranger.sign(folder / "stranger.pem", f"*.{DOMAIN}"),
        }

    def context(self, how: Spoiled | None = None) -> ssl.SSLContext:
        """For one listener; a broken handshake has the good certificate and never comes to it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._files.get(how, self._files[None]))
        return context


class _Authority:
    def __init__(self, name: str, now: datetime) -> None:
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        certificate = self._begun(self._name, self._key).add_extension(constraints, critical=True)
        self.pem = _pem(certificate.sign(self._key, hashes.SHA256()))

    def sign(self, file: Path, host: str, *, expired: bool = False) -> Path:
        """A key and its certificate in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        hosts = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = self._begun(_named(host), key, expired=expired).add_extension(
            hosts, critical=False
        )
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(private + _pem(certificate.sign(self._key, hashes.SHA256())))
        return file

    def _begun(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, expired: bool = False
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - 30 * _DAY)
            .not_valid_after(self._now + (-1 if expired else 30) * _DAY)
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
