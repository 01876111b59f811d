"""Reading what a hostile server sends, with bounded memory.

Bodies are asked for without encoding. One that comes encoded all the same is decoded once, up to
the cap: two hundred kilobytes of gzip can unfold to as many megabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Iterable, Mapping

from agent.core.model import Failure, FailureKind

MAX_HEADERS = 128
MAX_HEADER_BYTES = 32_768
MAX_BODY_BYTES = 262_144

_DECODABLE = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Unreadable(Exception):  # noqa: N818 - a fact about the answer
    """The answer breaks a bound or cannot be decoded."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.failure = Failure(kind=FailureKind.PROTOCOL, detail=detail)


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header fields by lower-case name, repeated ones joined. Raises :class:`Unreadable`."""
    fields: dict[str, str] = {}
    size = 0
    for number, (name, value) in enumerate(raw, start=1):
        size += len(name) + len(value)
        if number > MAX_HEADERS or size > MAX_HEADER_BYTES:
            raise Unreadable(f"more than {MAX_HEADERS} headers or {MAX_HEADER_BYTES // 1024} KiB")
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return fields


async def read_body(
    chunks: AsyncIterable[bytes], headers: Mapping[str, str], limit: int = MAX_BODY_BYTES
) -> bytes:
    """The whole body, decoded. Raises :class:`Unreadable` past ``limit`` bytes."""
    body = bytearray()
    async for chunk in chunks:
        if len(body) + len(chunk) > limit:
            raise _too_large(limit)
        body += chunk
    return _decoded(bytes(body), headers.get("content-encoding", ""), limit)


def _decoded(body: bytes, encoding: str, limit: int) -> bytes:
    encoding = encoding.strip().lower()
    if not body or encoding in ("", "identity"):
        return body
    if encoding not in _DECODABLE:
        raise Unreadable("the body is encoded in a way that was not asked for")
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = decoder.decompress(body, limit + 1)
    except zlib.error:
        raise Unreadable("the body cannot be decoded") from None
    if len(plain) > limit:
        raise _too_large(limit)
    if not decoder.eof:
        raise Unreadable("the encoded body is cut off")
    return plain


def _too_large(limit: int) -> Unreadable:
    return Unreadable(f"the body is larger than {limit // 1024} KiB")
