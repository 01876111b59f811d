"""What hits the whole nation for seconds is told from what offices and regions do."""

from __future__ import annotations

from collections.abc import Sequence

from agent.core import groups
from agent.simulation.refit import nationwide
from agent.simulation.refit.history import Bad
from agent.simulation.refit.nationwide import Chain
from agent.simulation.trials.world import World
from tests.support.verdicts import ids, office

OFFICES = [office(f"o{n:02d}", f"Province {n % 8}", carrier=f"Carrier {n % 5}") for n in range(40)]
GROUPS = groups.of(OFFICES)
SLOT_S = 0.5


def bad(at_s: float, *, onset: bool = True) -> Bad:
    return Bad(at_s=at_s, good_before=9 if onset else 0, before_s=at_s - 20.0 if onset else None)


def hit(start_s: float, count: int, names: Sequence[str] = ids(OFFICES)) -> dict[str, list[Bad]]:
    """Slot after slot, another office each."""
    found: dict[str, list[Bad]] = {}
    for slot in range(count):
        found.setdefault(names[slot % len(names)], []).append(
            bad(start_s + slot * SLOT_S, onset=slot < len(names))
        )
    return found


def chains(*hits: dict[str, list[Bad]]) -> list[Chain]:
    together: dict[str, list[Bad]] = {}
    for each in hits:
        for name, bads in each.items():
            together.setdefault(name, []).extend(bads)
    return nationwide.chains(together, GROUPS, SLOT_S)


def test_a_blip_lasts_one_slot_more_than_from_first_to_last():
    (blip,) = chains(hit(100.0, 12))
    assert (blip.start_s, blip.lasting_s) == (100.0, 6.0)
    assert len(blip.offices) == 12


def test_three_offices_in_a_row_are_chance():
    assert chains(hit(100.0, 3)) == []


def test_bad_results_here_and_there_are_no_blip():
    assert chains(*(hit(10.0 * n, 1, ids(OFFICES[n:])) for n in range(30))) == []


def test_offices_of_one_province_are_no_nation():
    province = [b.id for b in OFFICES if b.province == "Province 3"]
    assert chains(hit(100.0, 5, province)) == []
    assert chains(hit(100.0, 6, [*province, "o00"])) == []
    assert len(chains(hit(100.0, 7, [*province, "o00", "o01"]))) == 1


def test_an_office_in_trouble_before_has_no_part_in_it():
    ill = {"o39": [bad(80.0), *(bad(98.0 + n * 1.0, onset=False) for n in range(30))]}
    (blip,) = chains(hit(100.5, 8, ids(OFFICES[:38])), ill)
    assert (blip.start_s, blip.lasting_s) == (100.5, 4.0)
    assert "o39" not in blip.offices


def test_a_lost_result_does_not_cut_it_in_two():
    assert len(chains(hit(100.0, 6), hit(107.0, 6, ids(OFFICES[14:])))) == 1


def test_what_hits_all_for_a_minute_is_one_trouble_of_a_minute():
    (wide,) = chains(hit(100.0, 120))
    assert wide.lasting_s == 60.0


def test_two_soon_after_each_other_are_one_that_came_twice():
    first, second, third = chains(hit(100.0, 8), hit(130.0, 8), hit(900.0, 8))
    assert nationwide.doubles([first, second, third]) == [(first, second), (third,)]


def test_too_few_doubles_leave_the_assumption():
    events = [(chains(hit(1000.0 * n, 10))[0],) for n in range(1, 11)]
    found = {each.name: each for each in nationwide.estimates(events, 0.1, World())}
    assert found["blips"].value == 100.0
    assert found["blip_longest_s"].value == 5.0
    assert found["blip_double_share"].kept == "0 seen, 1.0 due"
    assert found["blip_pause_most_s"].value == World().blip_pause_most_s
