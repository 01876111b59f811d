"""Which of several troubles is the root, whatever came first: played by the whole fleet."""

from __future__ import annotations

import pytest

from agent.config import translate
from agent.config.loading import load_nation
from agent.core.incident import Phase
from agent.core.model import NATION, Trouble
from agent.probe import Journey, step
from agent.simulation.play_settings import NATION_FILE
from agent.simulation.workspace import WorkspaceMessage
from tests.support.whole_fleet import Played, broken, play

BILLING, PAYMENT = "simponi.billing", "mpn.status"
SIGN_IN, ADJUDICATION = "simkim.login", "adjudikasi"
ROSTER = translate.branches(load_nation(NATION_FILE))
JAKARTA = [branch.id for branch in ROSTER if branch.province == "DKI Jakarta"]
"""Six offices."""
OTHERS = {
    branch.id if branch.island == "Jawa" else branch.province: branch.id
    for branch in ROSTER
    if branch.id not in JAKARTA
}
"""All others of their island, and one of every other province."""


class PaymentInquiry(Journey):
    """Asks for a payment without asking for its billing code first."""

    name = "payment-inquiry"

    @step("payment inquiry", service=PAYMENT, role="mpn", slow_after_s=1.5)
    async def inquire_payment(self) -> None:
        reply = await self.get(f"/pembayaran/{self.applicant.billing_code}")
        self.expect(reply.document().require("status", str) == "tidak ditemukan", "no such code")


# --- a province in which a service and what needs it fail together


@pytest.mark.parametrize("later_s", [0, 4])
def test_in_a_province_what_needs_the_broken_service_waits_for_it_and_is_told_with_it(
    later_s: int,
):
    """By itself it would be found first here, by a second or two."""
    played = play(
        broken(PAYMENT, 20, 200, JAKARTA) + broken(BILLING, 20 + later_s, 200, JAKARTA),
        offices=[*JAKARTA, *OTHERS.values()],
        seconds=330,
        journeys=[PaymentInquiry],
    )
    (incident,) = played.incidents
    assert (incident["group"], incident["root_service"]) == ("province:dki-jakarta", BILLING)
    assert PAYMENT in incident["affected"]
    assert incident["opened_after_s"] < 20 + 45
    assert incident["root_messages"] == played.report["slack"]["root_messages"] == 1
    assert 200 + 60 < incident["resolved_after_s"] < 320


# --- a province whose trouble becomes its island's


@pytest.fixture(scope="module")
def outgrown() -> Played:
    """North Maluku fails, and then the rest of the islands too."""
    story = broken(BILLING, 10, 250, "provinces:[Maluku Utara]")
    return play(story + broken(BILLING, 110, 250, "provinces:[Maluku]"), seconds=400)


def test_a_region_that_outgrew_its_group_says_of_which_it_is_a_part(outgrown: Played):
    province, island = outgrown.incidents
    assert (province["group"], island["group"]) == ("province:maluku-utara", "island:maluku")
    record = outgrown.records[province["id"]]
    assert record.phase is Phase.CLOSED
    assert record.absorbed_by == Trouble(group="island:maluku", root=BILLING)
    root = root_of(outgrown, "WILAYAH Maluku Utara")
    assert root.text.startswith("[LATIHAN] [WILAYAH Maluku Utara][DIGABUNG]")
    said = "Kode billing (SIMPONI): kini bagian dari gangguan wilayah Maluku, terganggu sejak"
    assert said in root.text
    assert said in outgrown.thread(root)[-1]


def test_its_end_is_told_once_by_the_wider_region(outgrown: Played):
    _, island = outgrown.incidents
    assert 250 + 60 < island["resolved_after_s"] < 390
    ended = [s for s in outgrown.posted(roots=False) if "kembali normal" in s.message.text]
    assert len(ended) == 1
    assert outgrown.report["slack"]["root_messages"] == 2


# --- a service that breaks after what needs it


@pytest.fixture(scope="module")
def late_root() -> Played:
    """Adjudication fails, and a minute and a half later the sign-in that it stands behind."""
    return play(broken(ADJUDICATION, 10, 300) + broken(SIGN_IN, 100, 300), seconds=460)


def test_what_was_told_first_becomes_a_part_of_its_root(late_root: Played):
    first, second = late_root.incidents
    assert (first["root_service"], second["root_service"]) == (ADJUDICATION, SIGN_IN)
    assert first["opened_after_s"] < 100 < second["opened_after_s"] < 130
    record = late_root.record(ADJUDICATION)
    assert record.absorbed_by == Trouble(group=NATION, root=SIGN_IN)
    closed_s = late_root.offset_s(record.closed_s)
    assert 0 < closed_s - second["opened_after_s"] < 2
    assert ADJUDICATION in second["affected"]


def test_it_says_so_and_only_the_root_tells_the_end(late_root: Played):
    root = root_of(late_root, "Adjudikasi")
    said = "kini bagian dari gangguan Masuk SIMKIM, terganggu sejak"
    assert "[NASIONAL][DIGABUNG]" in root.text
    assert said in root.text
    assert said in late_root.thread(root)[-1]
    assert late_root.record(SIGN_IN).phase is Phase.CLOSED
    ended = [s for s in late_root.posted(roots=False) if "kembali normal" in s.message.text]
    assert len(ended) == 1
    assert late_root.report["slack"]["root_messages"] == 2


def root_of(played: Played, words: str) -> WorkspaceMessage:
    """The only root message that begins with these words, tags apart."""
    (found,) = (
        each for each in played.roots() if words in each.text.splitlines()[0].partition(":")[0]
    )
    return found
