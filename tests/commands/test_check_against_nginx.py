"""`pantau check` as a process against nginx with TLS: what it says, and with which code it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.checked_office import Said, checked_office
from tests.support.nginx_centre import PASSWORD, NginxCentre, nginx_centre
from tests.support.web_server import tinyproxy

pytestmark = [pytest.mark.anyio, pytest.mark.real("nginx")]

JOURNEY = """
journey: counter-look
about: Whether the counter is served.
steps:
  - step: look
    service: simkim.login
    role: simkim
    request: {path: PATH}
    expect: [{value: status, equals: sehat}]
"""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxCentre]:
    with nginx_centre(tmp_path_factory.mktemp("nginx")) as running:
        yield running


async def check(folder: Path, path: str, *words: str, **target: Any) -> Said:  # noqa: ANN401 - YAML
    journey = folder / "counter_look.yaml"
    journey.write_text(JOURNEY.replace("PATH", path))
    async with checked_office(folder, {"simkim": target}) as office:
        said = await office.check(journey, *words)
    assert PASSWORD not in said.out + said.err
    return said


async def test_all_is_well_with_a_certificate_an_authority_and_a_password(
    centre: NginxCentre, tmp_path: Path
):
    certificate, key = centre.authority.sign("petugas")
    tls = {
        "ca_file": str(centre.authority.file),
        "cert_file": str(certificate),
        "key_file": str(key),
    }
    (tmp_path / "sandi").write_text(PASSWORD)
    auth = {
        "kind": "basic",
        "credential_id": "satu",
        "username": "pantau",
        "password_file": str(tmp_path / "sandi"),
    }
    said = await check(tmp_path, "/masuk", url=centre.officers, tls=tls, auth=auth)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == "ok    simkim.login: look"


@pytest.mark.parametrize(
    ("door", "path", "told", "blamed"),
    [
        ("tls", "/mati", "HTTP 502; expected:", "the centre's service"),
        ("tls", "/masuk", "HTTP 401; expected:", "credentials or test data"),
        ("officers", "/sehat", "HTTP 400; expected:", "credentials or test data"),
        ("expired", "/sehat", "the certificate has expired", "inconclusive"),
        ("elsewhere", "/sehat", "the certificate is for another host", "inconclusive"),
        ("tls", "/pindah", "HTTP 302", "the centre's service"),
    ],
)
async def test_what_is_wrong_is_named_and_ends_with_one(
    centre: NginxCentre, tmp_path: Path, door: str, path: str, told: str, blamed: str
):
    tls = {"ca_file": str(centre.authority.file)}
    said = await check(tmp_path, path, "--explain", url=getattr(centre, door), tls=tls)
    assert said.code == 1
    assert told in said.out
    assert f"most likely {blamed}" in said.out


@pytest.mark.parametrize(
    ("secret", "code", "told", "asked"),
    [
        (PASSWORD, 0, "simkim.login: ok 3", 1),
        ("tebakan", 1, "simkim.login: fail", 1),
    ],
)
async def test_one_token_serves_several_runs_and_one_refusal_ends_them(
    centre: NginxCentre, tmp_path: Path, secret: str, code: int, told: str, asked: int
):
    (tmp_path / "rahasia").write_text(secret)
    auth = {
        "kind": "oauth2",
        "credential_id": "satu",
        "token_url": f"{centre.tls}/token",
        "client_id": "pantau",
        "client_secret_file": str(tmp_path / "rahasia"),
    }
    tls = {"ca_file": str(centre.authority.file)}
    before = requests_for("/token", centre)
    said = await check(tmp_path, "/bertoken", "--repeat", "3", url=centre.tls, tls=tls, auth=auth)
    assert said.code == code, said.out + said.err
    assert told in said.out
    assert requests_for("/token", centre) - before == asked


def requests_for(path: str, centre: NginxCentre) -> int:
    return centre.log.read_text().count(f'"POST {path} HTTP/1.1"')


@pytest.mark.real("tinyproxy")
@pytest.mark.parametrize(
    ("setting", "code", "told"),
    [
        ("", 0, "ok    simkim.login: look"),
        ("ConnectPort 1", 1, "look: the proxy refuses the way there: HTTP 403"),
    ],
)
async def test_through_a_proxy_it_is_the_centre_that_is_looked_at_or_the_proxy_that_is_named(
    centre: NginxCentre, tmp_path: Path, setting: str, code: int, told: str
):
    tls = {"ca_file": str(centre.authority.file)}
    with tinyproxy(tmp_path, setting) as proxy:
        said = await check(tmp_path, "/sehat", url=centre.tls, tls=tls, proxy=proxy)
    assert said.code == code
    assert told in said.out
