"""Identities that cannot belong to anyone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import agent.simulation
from agent.config.loading import load_nation
from agent.core.synthetic import applicant_for

NATION = Path(agent.simulation.__file__).parent / "nation.yaml"


@pytest.fixture(scope="module")
def applicants():
    return [applicant_for(office.id) for office in load_nation(NATION).roster]


def test_no_two_offices_of_the_nation_share_an_applicant(applicants):
    for identity in ("nik", "passport", "name", "email"):
        assert len({getattr(each, identity) for each in applicants}) == len(applicants) == 145


def test_no_number_can_have_been_issued(applicants):
    for each in applicants:
        assert re.fullmatch(r"49\d{2}00\d{6}0000", each.nik)
        assert 1 <= int(each.nik[6:8]) <= 28
        assert 1 <= int(each.nik[8:10]) <= 12


def test_nothing_else_of_them_can_be_real(applicants):
    for each in applicants:
        assert re.fullmatch(r"SYN\d{6}", each.passport)
        assert each.email.endswith(".invalid")
        assert each.name.startswith("SINTETIS PROBE ")
        assert each.billing_code == "0" * 15


def test_an_office_has_the_same_applicant_in_every_run():
    assert applicant_for("jember") == applicant_for("jember")
