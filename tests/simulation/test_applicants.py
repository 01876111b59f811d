from __future__ import annotations

import re

import pytest

from agent.simulation.applicants import applicant_of
from tests.support.nation import NATION


@pytest.mark.parametrize("office", [branch.id for branch in NATION])
def test_no_applicant_can_be_anyone(office: str):
    applicant = applicant_of(office)
    assert re.fullmatch(r"49\d{2}00\d{6}0000", applicant.nik)
    assert re.fullmatch(r"SYN\d{6}", applicant.passport)
    assert "SINTETIS" in applicant.name
    assert applicant.email.endswith("@example.invalid")
    assert applicant.billing_code == "0" * 15


def test_the_applicant_written_down_for_an_office_is_taken():
    assert applicant_of("jember").nik == "4901000101900000"
    assert applicant_of("jember").passport == "SYN000001"
