"""The trouble a trial is about is what its name says."""

import random

from agent.simulation.trials import planted
from agent.simulation.trials.world import setting

SETTING = setting("145")


def draw() -> random.Random:
    return random.Random(4)


def test_a_scattered_outage_hits_a_share_of_the_offices():
    outage = planted.scattered(SETTING, draw(), share=0.3, p1=0.5, start_s=60.0, end_s=90.0)
    assert len(set(outage.offices)) == 44
    (episode,) = outage.episodes
    assert (episode.p, episode.start_s, episode.end_s) == (0.5, 60.0, 90.0)


def test_an_outage_by_province_takes_whole_provinces_but_for_the_last():
    outage = planted.by_province(SETTING, draw(), share=0.3, p1=1.0, start_s=0.0, end_s=9.0)
    assert len(outage.offices) == 44
    hit = {SETTING.branches[office].province for office in outage.offices}
    whole = [
        province
        for province in hit
        if sum(b.province == province for b in SETTING.branches)
        == sum(SETTING.branches[office].province == province for office in outage.offices)
    ]
    assert len(whole) >= len(hit) - 1 == 4


def test_a_flapping_outage_comes_and_goes():
    outage = planted.among([1, 2], p1=1.0, start_s=10.0, end_s=250.0).flapping(60.0, 30.0)
    spans = [(episode.start_s, episode.end_s) for episode in outage.episodes]
    assert spans == [(10.0, 70.0), (100.0, 160.0), (190.0, 250.0)]


def test_a_creeping_outage_wins_another_office_every_so_often():
    outage = planted.among([5, 3, 8], p1=1.0, start_s=0.0, end_s=100.0).creeping(60.0)
    assert [(e.offices, e.start_s) for e in outage.episodes] == [((5,), 0.0), ((3,), 60.0)]


def test_a_regional_outage_is_of_one_province_or_carrier():
    outage = planted.regional(SETTING, draw(), p1=1.0, start_s=0.0, end_s=9.0)
    hit = [SETTING.branches[office] for office in outage.offices]
    assert min(len({b.province for b in hit}), len({b.carrier for b in hit})) == 1


def test_liars_fail_from_beginning_to_end():
    lying = planted.liars(SETTING, draw(), count=3, end_s=1e6)
    assert len(set(lying.offices)) == 3
    assert lying.episodes[0].p == 1.0


def test_a_double_blip_is_two_of_the_same_length():
    twice = planted.blips(SETTING, start_s=5.0, lasting_s=8.0, pause_s=20.0)
    assert [(e.start_s, e.end_s) for e in twice.episodes] == [(5.0, 13.0), (33.0, 41.0)]
    assert (twice.start_s, twice.end_s) == (5.0, 41.0)
    single = planted.blips(SETTING, start_s=5.0, lasting_s=8.0)
    assert len(single.episodes) == 1


def test_several_troubles_are_one():
    both = planted.together(
        planted.among([1, 2], p1=0.5, start_s=0.0, end_s=50.0),
        planted.among([2, 3], p1=1.0, start_s=20.0, end_s=90.0),
    )
    assert (both.start_s, both.end_s, both.offices) == (0.0, 90.0, (1, 2, 3))
    assert len(both.episodes) == 2
