"""A control that is itself broken stops counting, and a cut line never makes it look so."""

from __future__ import annotations

import pytest

from agent.core import groups, shared_controls
from agent.core.model import Branch, Sight
from agent.core.shared_controls import MOST_CONTROLS, is_shared_name, shared_name
from tests.support.verdicts import ids, office, province_of, scattered

DNS = "dns 9.9.9.9:53"
OFFICES = ids(scattered(20))


@pytest.mark.parametrize(
    ("host", "name", "why"),
    [
        ("9.9.9.9", "tcp 9.9.9.9:443", "one address of the whole internet"),
        ("2620:fe::fe", "tcp 2620:fe::fe:443", "of either kind"),
        ("One.Example.", "tcp one.example:443", "one name, however it is written"),
        ("10.0.0.1", None, "another machine at every office"),
        ("192.168.1.1", None, "the router of half of all offices"),
        ("100.64.0.1", None, "a carrier's own"),
        ("127.0.0.1", None, "this machine"),
        ("fe80::1", None, "this cable"),
        ("router", None, "whatever this office calls so"),
        ("router.local", None, "likewise"),
        ("x" * 80 + ".example", None, "too long to be told in every status"),
    ],
)
def test_what_is_the_same_thing_at_every_office(host, name, why):
    assert shared_name("tcp", host, 443) == name, why
    assert name is None or is_shared_name(name)


@pytest.mark.parametrize("text", ["", "tcp", "<b>", "dns a:53\n", "x" * 99, "dns \u202ea:53"])
def test_what_is_no_name_of_a_control(text):
    assert not is_shared_name(text)


def judged(
    failing: int,
    having: int = 20,
    *,
    before: tuple[str, ...] = (),
    branches: list[Branch] | None = None,
) -> tuple[str, ...]:
    """What counts no more, when the first offices report one control as failing."""
    offices = branches or scattered(20)
    reports = {
        each.id: Sight(controls=(DNS,), failing=(DNS,) if n < failing else ())
        for n, each in enumerate(offices[:having])
    }
    return shared_controls.ignored(reports, before, groups.of(offices))


@pytest.mark.parametrize(
    ("failing", "having", "ignored", "why"),
    [
        (0, 20, False, "nobody misses it"),
        (4, 20, False, "a fifth is not over a fifth"),
        (6, 20, True, "more than a fifth, wherever one looks"),
        (20, 20, True, "all"),
        (2, 3, False, "two offices are not many, whatever their share"),
        (3, 3, True, "three are"),
    ],
)
def test_over_a_fifth_of_those_that_have_it_and_at_least_three(failing, having, ignored, why):
    assert judged(failing, having) == ((DNS,) if ignored else ()), why


@pytest.mark.parametrize(
    ("failing", "ignored", "why"),
    [
        (4, True, "what brought it out is not needed to keep it out"),
        (3, True, "over a tenth"),
        (2, False, "a tenth: it answers again"),
        (0, False, "it answers everywhere"),
    ],
)
def test_it_returns_only_at_half_of_that(failing, ignored, why):
    assert judged(failing, before=(DNS,)) == ((DNS,) if ignored else ()), why


def test_one_office_that_never_reaches_it_keeps_nothing_out():
    bali = province_of(4, "Bali", "Bali")
    assert judged(1, 4, before=(DNS,), branches=bali) == ()
    assert judged(2, 4, before=(DNS,), branches=bali) == (DNS,)


def test_a_share_that_hovers_between_the_borders_changes_nothing():
    out: tuple[str, ...] = ()
    seen = []
    for failing in (4, 7, 4, 3, 4, 2, 4, 3):
        out = judged(failing, before=out)
        seen.append(bool(out))
    assert seen == [False, True, True, True, True, False, False, False]


def test_a_carrier_whose_line_is_cut_breaks_no_control():
    cut = [office(f"cut-{n}", f"P{n}", carrier="Kabel") for n in range(8)]
    others = [office(f"other-{n}", f"P{n}", carrier="Lain") for n in range(12)]
    assert judged(8, branches=cut + others) == ()
    assert judged(11, branches=cut + others) == (DNS,), "3 of the 12 others miss it as well"


def test_neither_does_an_island():
    papua = province_of(8, "Papua", "Papua")
    assert judged(8, branches=papua + scattered(12)) == ()


def test_where_all_offices_are_of_one_province_there_is_no_other_to_look_at():
    assert judged(4, 4, branches=province_of(4, "Bali", "Bali")) == (DNS,)


def test_offices_that_cannot_see_testify_too():
    blind = Sight(sees=False, why_not="x", controls=(DNS,), failing=(DNS,))
    reports = dict.fromkeys(OFFICES, blind)
    assert shared_controls.ignored(reports, (), groups.of(scattered(20))) == (DNS,)


def lie(first: str) -> Sight:
    """As many controls that nobody has as one office may name."""
    invented = tuple(f"dns {first}{n:02d}.example:53" for n in range(MOST_CONTROLS))
    return Sight(controls=invented, failing=invented)


def test_liars_take_out_nothing_that_the_others_have_and_crowd_nothing_out():
    lies = {office: lie("a" if n < 3 else "b") for n, office in enumerate(OFFICES[:6])}
    well, broken = Sight(controls=(DNS,)), Sight(controls=(DNS,), failing=(DNS,))
    nation = groups.of(scattered(20))
    assert DNS not in shared_controls.ignored(dict.fromkeys(OFFICES, well) | lies, (), nation)
    out = shared_controls.ignored(dict.fromkeys(OFFICES, broken) | lies, (), nation)
    assert out[0] == DNS, "what most offices have comes first"
    assert len(out) == MOST_CONTROLS
