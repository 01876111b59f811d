"""Whatever a target does, a run ends by its deadline, in bounded memory, with a named verdict.

The run is another process, so that its memory is its own; the deadline of a step is half a second.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import re
import zlib
from collections.abc import Iterator

import pytest

from tests.adapters.hostile_server import (
    Behaviour,
    answers,
    answers_and_closes,
    hostile_server,
    http,
    repeats,
)
from tests.support.probing_process import (
    API_KEY,
    STEP_TIMEOUT_S,
    Ended,
    ProbingProcess,
    probing_process,
)

pytestmark = pytest.mark.anyio

LATE_S = 0.4
"""What a busy machine may add to a deadline."""
MOST_MIB = 16.0
"""What one run may need beside the agent itself; a body has at most a quarter of a mebibyte."""
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def office() -> Iterator[ProbingProcess]:
    with probing_process() as running:
        yield running


async def ended(office: ProbingProcess, behave: Behaviour) -> Ended:
    """How a run against such a server ends; its bounds hold for every one."""
    async with hostile_server(behave) as server:
        found = await office.run(server.url)
        async with asyncio.timeout(2):
            await server.all_closed.wait()
    assert found.seconds < STEP_TIMEOUT_S + LATE_S
    assert found.grew_mib < MOST_MIB
    return found


async def test_a_good_answer_is_well(office: ProbingProcess):
    found = await ended(office, answers(http(b'{"status": "sehat"}')))
    assert found.outcomes == ("ok", "ok")


# --- without end


@pytest.mark.parametrize(
    "behave",
    [
        repeats(b"", b"", 0.05),
        repeats(OK, b"a", 0.01),
        repeats(OK, b"A: b\r\n", 0.02),
        repeats(OK + b"\r\n", b" ", 0.01),
        repeats(OK + b"Content-Length: 9999999\r\n\r\n", b"x", 0.01),
        repeats(CHUNKED, b"1\r\nx\r\n", 0.01),
        repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
        repeats(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    ],
    ids=[
        *("silence", "dripping-header", "dripping-headers", "dripping-body", "dripping-length"),
        *("dripping-chunks", "continue", "early-hints"),
    ],
)
async def test_what_never_ends_is_cut_at_the_deadline(office: ProbingProcess, behave: Behaviour):
    found = await ended(office, behave)
    assert found.outcomes == ("fail", "void")
    assert (found.code, found.reason) == ("timeout", "no answer within 0.5 s")
    assert found.seconds > STEP_TIMEOUT_S - 0.05


# --- beyond every bound


@functools.cache
def bomb(encoding: str) -> bytes:
    """200 kB that unfold to 200 MB."""
    zeros = bytes(200_000_000)
    return gzip.compress(zeros, 9, mtime=0) if encoding == "gzip" else zlib.compress(zeros, 9)


def bombs(encoding: str) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = f"Content-Encoding: {encoding}"
        await answers(http(bomb(encoding.partition(",")[0]), name))(reader, writer)

    return behave


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (repeats(OK + b"\r\n", bytes(65_536)), "larger than 256 KiB"),
        (repeats(CHUNKED, b"10000\r\n" + bytes(65_536) + b"\r\n"), "larger than 256 KiB"),
        (repeats(CHUNKED + b"1;", b"x" * 65_536), "not HTTP"),
        (bombs("gzip"), "larger than 256 KiB"),
        (bombs("deflate"), "larger than 256 KiB"),
        (bombs("gzip, gzip"), "not asked for"),
        (answers(http(b"x", "Content-Encoding: br")), "not asked for"),
        (answers(OK + b"X: y\r\n" * 20_000 + b"\r\n"), "128 headers|head is too large"),
        (repeats(OK + b"X: ", b"y" * 65_536), "not HTTP, or its head is too large"),
        (answers(http(b"", *(f"X-{n}: y" for n in range(200)))), "128 headers"),
    ],
    ids=[
        *("endless", "endless-chunks", "endless-extension", "gzip", "deflate"),
        *("nested", "br", "20000-headers", "endless-header", "200-headers"),
    ],
)
async def test_what_is_beyond_a_bound_is_refused_before_the_deadline(
    office: ProbingProcess, behave: Behaviour, words: str
):
    for encoding in ("gzip", "deflate"):
        bomb(encoding)
    found = await ended(office, behave)
    assert found.outcomes == ("fail", "void")
    assert found.code == "protocol"
    assert re.search(words, found.reason)


async def test_crumbs_without_end_are_work_until_one_of_the_bounds(office: ProbingProcess):
    found = await ended(office, repeats(CHUNKED, b"1\r\nx\r\n" * 4096))
    assert found.outcomes == ("fail", "void")
    assert found.code in ("protocol", "timeout"), "which comes first depends on the machine"


# --- not HTTP


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"HELLO 200 OK\r\n\r\n", "protocol"),
        (b"HTTP/1.1 2000000000 OK\r\n\r\n", "protocol"),
        (b"HTTP/1.1 -1 OK\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 \x00\x1b[2J\r\n\r\n", "protocol"),
        (OK + b"Content-Length: -1\r\n\r\n", "protocol"),
        (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", "protocol"),
        (OK + b"Content-Length: " + b"9" * 100 + b"\r\n\r\nx", "protocol"),
        (OK + b"X\r\n\r\n", "protocol"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "protocol"),
        (CHUNKED + b"f" * 32 + b"\r\n", "protocol"),
        (CHUNKED + b"-1\r\n", "protocol"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "protocol"),
        (b"", "reset"),
        (OK + b"Content-Length: 9\r\n\r\nhalf", "reset"),
    ],
)
async def test_what_is_not_http_is_named_and_none_of_it_is_told(
    office: ProbingProcess, raw: bytes, code: str
):
    found = await ended(office, answers_and_closes(raw))
    assert found.outcomes == ("fail", "void")
    assert found.code == code
    assert found.reason.isascii()
    assert found.reason.isprintable()
    assert found.seconds < STEP_TIMEOUT_S


# --- no TLS


@pytest.mark.parametrize(
    ("greeting", "code", "words"),
    [
        (b"", "timeout", "no answer within 0.5 s"),
        (b"\x16\x03\x03", "timeout", "no answer within 0.5 s"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "tls", "the TLS handshake failed: wrong version number"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "tls", "the TLS handshake failed: .*handshake failure"),
        (b"\x16\x03\x03\xff\xff" + bytes(65_535), "tls", "the TLS handshake failed: "),
    ],
    ids=["silence", "half-a-record", "ssh", "alert", "too-large-a-record"],
)
async def test_a_handshake_that_leads_nowhere_ends_too(
    office: ProbingProcess, greeting: bytes, code: str, words: str
):
    async with hostile_server(answers(b""), greeting=greeting) as server:
        found = await office.run(server.url.replace("http:", "https:"))
    assert found.seconds < STEP_TIMEOUT_S + LATE_S
    assert found.grew_mib < MOST_MIB
    assert found.outcomes == ("fail", "void")
    assert found.code == code
    assert re.match(words, found.reason), found.reason


# --- HTTP, but not what was agreed


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"status":' * 20_000,
        b'{"status": NaN}',
        b'{"status": -Infinity}',
        b'{"status": 1e99999}',
        b"1" * 100_000,
        b'{"status": ' + b"7" * 100_000 + b"}",
        b'{"status": "\xff\xfe"}',
        b"\xff\xfe{\x00}\x00",
        b"[" + b"[]," * 80_000 + b"[]]",
        b'{"x":' + b'{"y":' * 900 + b"1" + b"}" * 901,
        b"<html>pemeliharaan</html>",
        b"",
    ],
    ids=[
        *("deep-list", "deep-object", "nan", "infinity", "1e99999", "digits", "digits-within"),
        *("utf-8", "utf-16", "many-lists", "900-deep", "html", "nothing"),
    ],
)
async def test_a_body_that_was_not_agreed_is_drift(office: ProbingProcess, body: bytes):
    found = await ended(office, answers(http(body)))
    assert found.outcomes == ("drift", "void")
    assert found.code == "contract"


@pytest.mark.parametrize("status", ['"\\ud800"', '"\\u202e\\u001b[2J<!channel>"', '"\\u0000"'])
async def test_text_that_was_not_agreed_is_wrong_and_not_told(office: ProbingProcess, status: str):
    found = await ended(office, answers(http(b'{"status": %s}' % status.encode())))
    assert found.outcomes == ("fail", "void")
    assert found.reason == "expected: the counter is well"


# --- somewhere else


@pytest.mark.parametrize(
    "where",
    [
        *("http://169.254.169.254/latest", "file:///etc/passwd", "gopher://127.0.0.1:70/_x"),
        *("//127.0.0.1:{trap}/", "http://127.0.0.1:{trap}/", "http://pantau:x@127.0.0.1:{trap}/"),
        *("/sehat", "http://[::1", "\x00"),
    ],
)
async def test_no_redirect_is_followed_and_no_key_goes_with_it(office: ProbingProcess, where: str):
    async with hostile_server(answers(http(b"{}"))) as trap:
        to = f"Location: {where.format(trap=trap.port)}"
        moved = answers(http(b'{"status": "sehat"}', to, status="302 Found"))
        async with hostile_server(moved) as server:
            found = await office.run(server.url)
            heads = server.heads
    assert trap.connections == 0
    assert len(heads) <= 1, "it is not asked again"
    assert all(API_KEY.encode() in each for each in heads)
    assert found.outcomes == ("fail", "void")
    assert found.code in ("unexpected", "protocol")
