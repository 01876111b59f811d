"""A journey drafted from an OpenAPI document, checked against a mock that Prism makes of it.

The document is the only thing that the draft and the mock have in common: what Prism reads in it,
and how it answers, nobody here wrote.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.commands.journey_draft import SERVICE
from tests.support.checked_office import CheckedOffice, checked_office
from tests.support.office_files import API_KEY
from tests.support.web_server import prism

pytestmark = [pytest.mark.anyio, pytest.mark.real("prism")]

AGREED = Path(__file__).parents[1] / "real" / "openapi" / "paspor.openapi.yaml"
CHANGES = (
    (
        "sisa: {type: integer, minimum: 0, example: 12}",
        'sisa: {type: string, example: "12"}',
    ),
    ("required: [tanggal, sisa]", "required: [tanggal]"),
    ("sisa: {type: integer, example: 3}", "sisa_hari: {type: integer, example: 3}"),
)


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prism(tmp_path_factory.mktemp("prism"), AGREED) as url:
        yield url


@asynccontextmanager
async def office(folder: Path, url: str, *, key: bool = True) -> AsyncIterator[CheckedOffice]:
    (folder / "kunci").write_text(API_KEY)
    auth = {"kind": "api_key", "credential_id": "satu", "key_file": str(folder / "kunci")}
    target = {"url": url} | ({"auth": auth} if key else {})
    async with checked_office(folder, {"mpaspor": target}) as ready:
        yield ready


async def drafted(office: CheckedOffice, folder: Path) -> Path:
    """The draft beside its document, with what a person has to choose."""
    document = folder / AGREED.name
    document.write_text(AGREED.read_text())
    said = await office.pantau("import", str(document), "--name", "paspor-look")
    assert said.code == 0, said.err
    assert "left out: operations that may write: 1" in said.err
    journey = folder / "paspor_look.yaml"
    chosen = said.out.replace(SERVICE, "simkim.login").replace("role: target", "role: mpaspor")
    journey.write_text(chosen)
    return journey


async def test_a_draft_is_well_against_a_mock_of_its_own_document(mock: str, tmp_path: Path):
    async with office(tmp_path, mock) as ready:
        said = await ready.check(await drafted(ready, tmp_path))
    assert (said.code, said.err) == (0, ""), said.out
    assert said.out.startswith("ok    simkim.login: ")
    assert API_KEY not in said.out


async def test_without_its_key_it_is_the_credentials(mock: str, tmp_path: Path):
    async with office(tmp_path, mock, key=False) as ready:
        said = await ready.check(await drafted(ready, tmp_path), "--explain")
    assert said.code == 1
    assert "kuota: HTTP 401; expected:" in said.out
    assert "most likely credentials or test data" in said.out


async def test_fields_that_changed_are_told_by_their_place_as_a_change_of_contract(tmp_path: Path):
    changed = tmp_path / "changed.openapi.yaml"
    text = AGREED.read_text()
    for agreed, other in CHANGES:
        assert agreed in text
        text = text.replace(agreed, other)
    changed.write_text(text)
    with prism(tmp_path, changed) as url:
        async with office(tmp_path, url) as ready:
            said = await ready.check(await drafted(ready, tmp_path))
    assert said.code == 1
    assert (
        "drift simkim.login: kuota: sisa: integer became string; per_hari[].sisa: missing"
        in said.out
    )
