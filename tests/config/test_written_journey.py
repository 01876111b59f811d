"""A journey in YAML does what the same journey in Python does, and its mistakes have lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from agent.config.journeys import journey_called, load_journeys
from agent.config.written_journey import journey_written_in
from agent.core.model import FailureKind
from agent.core.synthetic import applicant_for
from agent.probe import Journey, Reply, Request, StepBroken

pytestmark = pytest.mark.anyio

BILLING = """
    journey: billing-look
    about: The counter asks for a code that nobody issued.
    steps:
      - step: sign in
        service: simkim.login
        role: simkim
        slow_after_s: 1.5
        request:
          method: POST
          path: /sso/token
          json: {username: "{credentials.username}", password: "{credentials.password}"}
        capture: {token: access_token}
      - step: billing inquiry
        service: simponi.billing
        role: simponi
        request:
          path: /billing/{applicant.billing_code}
          headers: {Authorization: "Bearer {captured.token}"}
        expect:
          - {value: status, equals: tidak ditemukan}
"""
CREDENTIALS = {"simkim": {"username": "pantau", "password": "rahasia"}}


class Answers:
    """A session that answers by path, and remembers what it was asked."""

    def __init__(self, by_path: Mapping[str, Any], status: int = 200) -> None:
        self.asked: list[Request] = []
        self._by_path = by_path
        self._status = status

    async def send(self, request: Request) -> Reply:
        self.asked.append(request)
        return Reply(status=self._status, body=json.dumps(self._by_path[request.path]).encode())


def write(folder: Path, text: str, name: str = "a.yaml") -> Path:
    file = folder / name
    file.write_text(dedent(text))
    return file


def written(folder: Path, text: str) -> type[Journey]:
    journey, mistakes = journey_written_in(write(folder, text))
    assert not mistakes, [str(each) for each in mistakes]
    assert journey is not None
    return journey


def made(journey: type[Journey], session: Answers) -> Journey:
    return journey(session=session, applicant=applicant_for("jember"), credentials=CREDENTIALS)


async def broken_by(folder: Path, expect: str, answer: object, status: int = 200) -> StepBroken:
    text = f"""
    journey: look
    about: Asks once.
    steps:
      - step: ask
        service: cetak
        role: simkim
        request: {{path: /a}}
        {expect}
    """
    with pytest.raises(StepBroken) as caught:
        await made(written(folder, text), Answers({"/a": answer}, status)).perform("ask")
    return caught.value


async def test_what_is_captured_and_configured_is_filled_in(tmp_path: Path):
    journey = written(tmp_path, BILLING)
    session = Answers(
        {
            "/sso/token": {"access_token": "t-1"},
            f"/billing/{'0' * 15}": {"status": "tidak ditemukan"},
        }
    )
    one = made(journey, session)
    for each in journey.steps:
        await one.perform(each.id)
    sign_in, inquiry = session.asked
    assert (sign_in.method, sign_in.role) == ("POST", "simkim")
    assert sign_in.json == CREDENTIALS["simkim"]
    assert inquiry.headers == {"Authorization": "Bearer t-1"}
    assert one.credentials_given == {"simkim"}


def test_it_declares_its_steps_as_a_journey_in_python_does(tmp_path: Path):
    journey = written(tmp_path, BILLING)
    assert (journey.name, journey.__doc__) == (
        "billing-look",
        "The counter asks for a code that nobody issued.",
    )
    first, second = journey.steps
    assert (first.id, first.service, first.role, first.slow_after_s) == (
        "sign in",
        "simkim.login",
        "simkim",
        1.5,
    )
    assert (second.slow_after_s, second.sandbox_only) == (None, False)


def test_a_folder_holds_journeys_of_both_kinds_and_a_name_finds_either(tmp_path: Path):
    write(tmp_path, BILLING)
    write(
        tmp_path,
        """
        from agent.probe import Journey, step

        class One(Journey):
            name = "one"

            @step("a", service="cetak", role="simkim")
            async def a(self) -> None: ...
        """,
        "one.py",
    )
    assert sorted(load_journeys([tmp_path]).by_name) == ["billing-look", "one"]
    assert journey_called("billing-look", [tmp_path]).name == "billing-look"
    assert journey_called(str(tmp_path / "a.yaml"), []).name == "billing-look"


@pytest.mark.parametrize(
    ("expect", "answer", "kind", "words"),
    [
        ("expect: [{value: a.b, equals: x}]", {"a": {"b": "y"}}, "unexpected", '"a.b" is "x"'),
        ("expect: [{value: a, one_of: [x, y]}]", {"a": "z"}, "unexpected", "one of x, y"),
        ("expect: [{value: a, equals: true}]", {"a": 1}, "unexpected", '"a" is "True"'),
        ("expect: [{value: a}]", {"b": 1}, "contract", '"a" is missing'),
        ("expect: [{value: a, kind: text}]", {"a": 1}, "contract", "text became whole number"),
        ("expect: [{value: a, kind: number}]", {"a": True}, "contract", "became true or false"),
        ("expect: [{value: a, below: 9}]", {"a": "1"}, "contract", "number became text"),
        ("expect: [{value: a, below: 900, flow: true}]", {"a": 900}, "flow", "below 900"),
        ("expect: [{value: a, at_least: 1}]", {"a": 0.5}, "unexpected", "at least 1"),
        ("capture: {token: a}", {"a": {}}, "contract", "no single value"),
    ],
)
async def test_what_is_not_as_expected_says_how(
    tmp_path: Path, expect: str, answer: object, kind: str, words: str
):
    broken = await broken_by(tmp_path, expect, answer)
    assert broken.failure.kind == kind
    assert words in broken.failure.detail


async def test_a_status_is_good_below_400_or_as_it_is_written(tmp_path: Path):
    assert (await broken_by(tmp_path, "", {}, 503)).failure.code == "http_503"
    assert (await broken_by(tmp_path, "status: [404]", {}, 200)).failure.kind is (
        FailureKind.UNEXPECTED
    )


async def test_a_step_that_puts_in_order_is_passed_over_when_there_is_nothing_to_put(
    tmp_path: Path,
):
    text = """
    journey: upload
    about: Writes and takes away.
    steps:
      - step: write
        service: dokumen.unggah
        role: simkim
        sandbox_only: true
        request: {method: POST, path: /berkas, json: {}}
        capture: {nomor: nomor}
      - step: take away
        service: dokumen.unggah
        role: simkim
        sandbox_only: true
        always: true
        needs: [nomor]
        request: {method: DELETE, path: "/berkas/{captured.nomor}"}
    """
    journey = written(tmp_path, text)
    assert journey.within(sandboxes=[]) is None
    session = Answers({"/berkas": {"nomor": 7}, "/berkas/7": {}})
    nothing = made(journey, session)
    await nothing.perform("take away")
    assert session.asked == []
    for each in ("write", "take away"):
        await nothing.perform(each)
    assert [each.method for each in session.asked] == ["POST", "DELETE"]


@pytest.mark.parametrize(
    ("wrong", "right", "line", "words"),
    [
        ("service: simkim.login", "service: Simkim", 6, "must be a name"),
        ("slow_after_s: 1.5", "slow_after: 1.5", 8, 'did you mean "slow_after_s"'),
        ("path: /sso/token", "path: https://evil.test", 11, "below the target"),
        ("access_token}", '"a["}', 13, "no JMESPath"),
        (
            "captured.token",
            "captured.tokn",
            19,
            'nothing fills "captured.tokn"; did you mean "token"',
        ),
        ("applicant.billing_code", "applicant.nama", 18, 'nothing fills "applicant.nama"'),
        ("captured.token", "secrets.token", 19, "write applicant, credentials or captured"),
        ("method: POST", "method: GET", 9, "only a POST carries json"),
        ("step: billing inquiry", "step: sign in", 14, "is there twice"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_its_mend(
    tmp_path: Path, wrong: str, right: str, line: int, words: str
):
    text = dedent(BILLING)
    assert wrong in text
    journey, mistakes = journey_written_in(write(tmp_path, text.replace(wrong, right, 1)))
    assert journey is None
    (mistake,) = mistakes
    assert words in mistake.what
    assert mistake.line == line


def test_a_wrong_file_costs_no_other(tmp_path: Path):
    write(tmp_path, BILLING)
    write(tmp_path, "journey: [", "bad.yaml")
    found = load_journeys([tmp_path])
    assert list(found.by_name) == ["billing-look"]
    assert Path(found.mistakes[0].file).name == "bad.yaml"
