"""One channel of one service: the nation, a region, or nobody. The golden trace is beside this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from agent.core import groups
from agent.core.declared import Declared
from agent.core.detector import ChannelDetector
from agent.core.focus import FocusKind
from agent.core.model import NATION, AlarmPhase, Branch, Channel, Outcome, Scope
from agent.core.tuning import FAIL, Tuning
from tests.support.verdicts import ids, observed, office, province_of, scattered

T = 60.0
TUNING = Tuning()
OK, BAD, SLOW = Outcome.OK, Outcome.FAIL, Outcome.SLOW

PAPUA = [office(f"papua-{n}", f"Papua {n}", island="Papua") for n in range(6)]
"""Six offices of an island in six provinces."""
ACEH = province_of(12, "Aceh", "Sumatra")
"""A group too large for the small-group rule."""
RIAU = province_of(4, "Riau", "Sumatra")
ELSEWHERE = scattered(30)
BRANCHES = [*PAPUA, *ACEH, *RIAU, *ELSEWHERE]


class Watch:
    """A leader's detector, and who of the offices takes part."""

    def __init__(
        self, branches: Sequence[Branch] = BRANCHES, channel: Channel = Channel.FAIL
    ) -> None:
        self.present = set(ids(branches))
        self.blind = False
        self.detector = ChannelDetector(
            "x", channel, groups.of(branches), TUNING, T, self.present.__contains__
        )
        self.now_s = 0.0

    def hear(
        self,
        branches: Iterable[Branch],
        at_s: float,
        outcome: Outcome = BAD,
        *,
        late_s: float = 0.0,
        level: float = 1e9,
        unseen_good: int = 0,
    ) -> Watch:
        """One result each, begun at ``at_s``; then time passes to when it is heard."""
        for branch in branches:
            self.detector.hear(
                branch.id,
                [observed(at_s, outcome)],
                unseen_good=unseen_good,
                p0=FAIL.p0_floor,
                level=level,
                now_s=at_s + late_s,
                blind=self.blind,
            )
        return self.tick(at_s + late_s)

    def tick(self, at_s: float) -> Watch:
        self.now_s = max(self.now_s, at_s)
        self.detector.tick(self.now_s, blind=self.blind)
        return self

    def leave(self, branches: Iterable[Branch]) -> None:
        for branch in branches:
            self.present.discard(branch.id)
            self.detector.revote(branch.id)

    def come_back(self, branches: Iterable[Branch]) -> None:
        for branch in branches:
            self.present.add(branch.id)
            self.detector.revote(branch.id)

    def votes(self, branch: Branch) -> bool:
        return self.detector.vote(branch.id) > 0

    def suspected(self) -> bool:
        return self.detector.suspicion is not None

    def declared(self) -> list[str]:
        return sorted(
            group
            for group, alarm in self.detector.alarms.items()
            if alarm.phase is not AlarmPhase.CLOSED
        )

    def alarm(self, group: str) -> Declared:
        return self.detector.alarms[group]

    def phase(self, group: str) -> AlarmPhase:
        return self.detector.alarms[group].phase


def national() -> Watch:
    """Declared at 30: ten scattered offices failed at 0, 10 and 30."""
    watch = Watch()
    for at_s in (0.0, 10.0, 30.0):
        watch.hear(ELSEWHERE[:10], at_s)
    assert watch.declared() == [NATION]
    return watch


# --- regions


def test_two_of_six_offices_of_an_island_are_that_island_and_one_is_nothing():
    two = Watch()
    for at_s in (0.0, 15.0):
        two.hear(PAPUA[:2], at_s)
    assert two.declared() == ["island:papua"]
    assert two.alarm("island:papua").scope is Scope.REGIONAL
    one = Watch()
    for at_s in (0.0, 15.0, 30.0, 45.0):
        one.hear(PAPUA[:1], at_s)
    assert one.declared() == []


def test_a_region_is_not_declared_within_the_guard():
    watch = Watch()
    watch.hear(PAPUA[:2], 0.0).hear(PAPUA[:2], 12.0)
    assert watch.declared() == []
    watch.hear(PAPUA[:2], 12.1)
    assert watch.declared() == ["island:papua"]


@pytest.mark.parametrize(
    ("second_s", "told", "why"),
    [
        (2 * T, True, "two periods apart they may be one trouble"),
        (2 * T + 1.0, False, "later they are two"),
    ],
)
def test_a_small_groups_first_failures_lie_near_each_other(second_s, told, why):
    watch = Watch().hear(PAPUA[:1], 0.0).hear(PAPUA[:1], 1.0)
    watch.hear(PAPUA[1:2], second_s).hear(PAPUA[1:2], second_s + 1.0)
    for at_s in (15.0, 30.0):
        watch.hear(PAPUA[:2], second_s + at_s)
    assert (watch.declared() == ["island:papua"]) is told, why


def test_a_province_is_told_rather_than_its_island_when_it_holds_most_of_the_failing():
    watch = Watch()
    for at_s in (0.0, 15.0):
        watch.hear(ACEH[:4], at_s)
    assert watch.declared() == ["province:aceh"]


@pytest.mark.parametrize(
    ("size", "failing", "told", "why"),
    [
        (12, 2, False, "two are under 2.5"),
        (12, 3, True, "three of twelve are a quarter"),
        (20, 3, False, "three of twenty are under a fifth"),
        (20, 4, True, "four are a fifth"),
        (10, 2, False, "ten are a small group, of which a quarter must fail"),
        (10, 3, True, "three of ten"),
        (8, 2, True, "two of eight"),
    ],
)
def test_how_much_of_a_group_must_fail(size, failing, told, why):
    banten = province_of(size, "Banten", "Java")
    java = [office(f"java-{n}", f"Java {n}", island="Java") for n in range(30)]
    watch = Watch([*banten, *java])
    for at_s in (0.0, 15.0):
        watch.hear(banten[:failing], at_s)
    assert (watch.declared() == ["province:banten"]) is told, why


def test_a_large_group_is_not_declared_within_the_guard_either():
    watch = Watch().hear(ACEH, 0.0).hear(ACEH, 11.0)
    assert watch.declared() == []


def test_an_office_long_in_trouble_does_not_lend_its_age_to_the_guard_of_its_group():
    """A blip of the whole province, on top of one office that failed for ten minutes."""
    watch = Watch()
    for at_s in range(0, 600, 15):
        watch.hear(ACEH[:1], at_s)
    watch.hear(ACEH[1:6], 600.0).hear(ACEH[1:6], 608.0)
    assert watch.declared() == []
    watch.hear(ACEH[1:6], 613.0)
    assert watch.declared() == ["province:aceh"]
    assert watch.alarm("province:aceh").since_s >= 600.0 - 2 * T


@pytest.mark.parametrize(
    ("elsewhere", "told", "why"),
    [
        (2, ["island:papua"], "a third of the island, and two of all the others"),
        (4, ["province:aceh"], "about as many in one other province, which stands out itself"),
    ],
)
def test_a_region_must_stand_out_from_the_rest(elsewhere, told, why):
    watch = Watch()
    for at_s in (0.0, 15.0):
        watch.hear([*PAPUA[:2], *ACEH[:elsewhere]], at_s)
    assert watch.declared() == told, why


def test_two_regions_at_once_are_two_alarms():
    watch = Watch([*BRANCHES, *(office(f"more-{n}", f"More {n}") for n in range(90))])
    for at_s in (0.0, 15.0):
        watch.hear([*PAPUA[:3], *ACEH[:6]], at_s)
    assert not watch.suspected()
    assert watch.declared() == ["island:papua", "province:aceh"]


def test_a_region_recovers_and_closes_by_its_own_members():
    watch = Watch()
    for at_s in (0.0, 15.0):
        watch.hear(PAPUA[:2], at_s)
    for at_s in range(30, 90, 6):
        watch.hear(PAPUA[:2], at_s, OK)
    recovering_s = watch.alarm("island:papua").recovering_s
    assert recovering_s is not None
    watch.tick(recovering_s + 60.0)
    assert watch.phase("island:papua") is AlarmPhase.CLOSED
    assert watch.alarm("island:papua").recovery.well_since_s == 30.0


def test_the_nation_absorbs_the_regions_that_are_open():
    watch = Watch()
    for at_s in (0.0, 15.0):
        watch.hear(PAPUA[:2], at_s)
    watch.hear(ELSEWHERE[:10], 20.0).hear(ELSEWHERE[:10], 21.0)
    for branch in ELSEWHERE[:10]:
        watch.detector.hear(
            branch.id,
            [observed(40.0)],
            unseen_good=0,
            p0=FAIL.p0_floor,
            level=1e9,
            now_s=40.0,
            blind=False,
        )
    assert watch.phase("island:papua") is AlarmPhase.CLOSED
    assert watch.phase(NATION) is AlarmPhase.DECLARED


def test_what_is_told_of_a_province_is_not_told_of_its_island_too():
    watch = Watch()
    for at_s in (0.0, 15.0, 30.0, 45.0):
        watch.hear(ACEH[:6], at_s)
    assert watch.declared() == ["province:aceh"]


@pytest.mark.parametrize(
    ("others", "told", "why"),
    [
        (4, ["province:riau"], "beyond the worst two, 4/3 votes are left elsewhere"),
        (5, [], "5/3 are more than half of a suspicion"),
    ],
)
def test_a_small_group_is_told_only_while_the_rest_is_quiet(others, told, why):
    watch = Watch()
    watch.hear([*RIAU, *ELSEWHERE[:3]], 0.0).hear(ELSEWHERE[3:others], 1.0)
    watch.hear([*ELSEWHERE[:3], *RIAU], 15.0)
    assert not watch.suspected()
    assert watch.declared() == told, why


def test_while_the_nation_is_suspected_or_declared_no_region_is_judged():
    watch = Watch().hear(ACEH, 0.0).hear(ELSEWHERE[:9], 3.0).hear(ELSEWHERE[:9], 4.0)
    watch.hear(ACEH, 13.0)
    assert (watch.declared(), watch.suspected()) == ([], True)
    watch = national()
    for at_s in (40.0, 50.0, 60.0):
        watch.hear(ACEH, at_s)
    assert watch.declared() == [NATION]


# --- small nations


@pytest.mark.parametrize(
    ("offices", "failing", "told", "why"),
    [
        (3, 3, ["roster"], "a pilot of three of which all fail"),
        (3, 2, [], "all, not most"),
        (2, 2, [], "two are too few to say anything"),
        (7, 7, ["roster"], "seven are no nation yet"),
    ],
)
def test_a_small_roster_tells_when_all_of_it_fails(offices, failing, told, why):
    branches = scattered(offices)
    watch = Watch(branches)
    for at_s in (0.0, 6.0, 20.0):
        watch.hear(branches[:failing], at_s)
        watch.hear(branches[failing:], at_s, OK)
    assert watch.declared() == told, why


def test_few_provinces_are_no_nation_either():
    branches = [office(f"o{n}", f"Province {n % 3}") for n in range(20)]
    watch = Watch(branches)
    for at_s in (0.0, 6.0, 20.0):
        watch.hear(branches, at_s)
    assert watch.declared() == ["roster"]


def test_a_small_roster_counts_those_who_report():
    branches = scattered(5)
    watch = Watch(branches)
    watch.leave(branches[3:])
    for at_s in (0.0, 6.0, 20.0):
        watch.hear(branches[:3], at_s)
    assert watch.declared() == ["roster"]


def test_a_blip_is_no_trouble_of_a_small_roster():
    branches = scattered(3)
    watch = Watch(branches).hear(branches, 0.0).hear(branches, 11.0)
    assert watch.declared() == []


# --- suspicion


def test_a_blip_is_forgiven_and_a_second_in_the_same_minute_is_one_too():
    watch = Watch()
    for began_s in (0.0, 40.0):
        watch.hear(ELSEWHERE[:10], began_s).hear(ELSEWHERE[:10], began_s + 5.0)
        assert watch.suspected()
        for at_s in (13.0, 15.0, 17.0):
            watch.hear(ELSEWHERE[:10], began_s + 5.0 + at_s, OK)
        assert not watch.suspected()
        assert not any(watch.votes(branch) for branch in ELSEWHERE)
    assert len(watch.detector.blips) == 2
    assert watch.declared() == []


def test_results_that_arrive_stale_confirm_nothing():
    watch = Watch().hear(ELSEWHERE[:10], 0.0).hear(ELSEWHERE[:10], 5.0)
    watch.hear(ELSEWHERE[:10], 20.0, late_s=30.1)
    assert (watch.declared(), watch.suspected()) == ([], True)
    watch.hear(ELSEWHERE[:10], 60.0, late_s=29.9)
    assert watch.declared() == [NATION]


def test_a_result_said_to_be_old_begins_no_suspicion_before_its_time():
    """Else one liar would take the guard away: all that follows would be fresh at once."""
    watch = Watch().hear(ELSEWHERE[:4], 990.0).hear(ELSEWHERE[:4], 1000.0)
    watch.hear(ELSEWHERE[4:5], 1.0, late_s=1000.0).hear(ELSEWHERE[4:5], 2.0, late_s=1000.0)
    assert watch.detector.suspicion is not None
    assert watch.detector.suspicion.since_s == 1000.0


def test_the_guard_compares_starts_and_not_arrivals():
    watch = Watch().hear(ELSEWHERE[:10], 0.0).hear(ELSEWHERE[:10], 5.0)
    since_s = watch.detector.suspicion.since_s if watch.detector.suspicion else 0.0
    watch.hear(ELSEWHERE[:10], since_s + 12.0, late_s=10.0)
    assert watch.declared() == []
    watch.hear(ELSEWHERE[:10], since_s + 12.1, late_s=10.0)
    assert watch.declared() == [NATION]


def test_a_suspicion_without_news_ends_after_ten_minutes():
    watch = Watch().hear(ELSEWHERE[:10], 0.0).hear(ELSEWHERE[:10], 5.0)
    watch.tick(605.0)
    assert watch.suspected()
    watch.tick(605.2)
    assert not watch.suspected()


def test_a_suspicion_ends_when_the_votes_are_gone():
    watch = Watch().hear(ELSEWHERE[:10], 0.0).hear(ELSEWHERE[:10], 5.0)
    watch.leave(ELSEWHERE[1:10])
    watch.tick(6.0)
    assert not watch.suspected()


def test_while_the_leader_is_blind_nothing_is_suspected_nor_declared():
    watch = Watch()
    watch.blind = True
    for at_s in (0.0, 5.0, 20.0):
        watch.hear([*ELSEWHERE, *PAPUA], at_s)
    assert (watch.declared(), watch.suspected()) == ([], False)
    watch.blind = False
    watch.tick(21.0)
    assert watch.suspected()


def test_a_suspicion_does_not_become_national_while_the_leader_is_blind():
    watch = Watch().hear(ELSEWHERE[:10], 0.0).hear(ELSEWHERE[:10], 5.0)
    watch.blind = True
    watch.hear(ELSEWHERE[:10], 20.0)
    assert watch.declared() == []


def test_good_results_count_only_where_there_was_evidence():
    watch = Watch().hear(ELSEWHERE[:10], 0.0).hear(ELSEWHERE[:10], 5.0)
    watch.hear(ELSEWHERE[10:], 20.0, OK).hear(ACEH, 20.0, OK)
    assert watch.suspected()
    watch.hear(ELSEWHERE[:10], 21.0)
    assert watch.declared() == [NATION]


def test_a_confirmation_that_good_results_outweigh_waits():
    """Four offices beyond the worst two fail on; thirty others have just begun to be well."""
    watch = Watch().hear(ELSEWHERE, 0.0).hear(ELSEWHERE, 5.0)
    watch.hear(ELSEWHERE[:5], 25.0).hear(ELSEWHERE[5:], 26.0, OK).hear(ELSEWHERE[5:13], 27.0, OK)
    watch.hear(PAPUA[:1], 28.0)
    assert (watch.declared(), watch.suspected()) == ([], True)
    watch.hear(ELSEWHERE[:5], 29.0)
    assert watch.declared() == [NATION]


def test_fresh_failures_alone_confirm_nothing_once_the_votes_are_gone():
    watch = Watch().hear(ELSEWHERE[:10], 0.0).hear(ELSEWHERE[:10], 5.0)
    watch.hear(ELSEWHERE[10:15], 30.0)
    watch.leave(ELSEWHERE[:10])
    watch.hear(ELSEWHERE[15:16], 31.0)
    assert (watch.declared(), watch.suspected()) == ([], True)


def test_fresh_failures_of_those_who_left_confirm_nothing():
    watch = Watch().hear(ELSEWHERE[:10], 0.0).hear(ELSEWHERE[:10], 5.0)
    watch.hear(ELSEWHERE[:5], 30.0)
    watch.leave(ELSEWHERE[:5])
    watch.hear(ELSEWHERE[5:8], 31.0)
    assert watch.declared() == []


def test_the_beginning_is_the_first_evidence_but_not_an_old_one():
    watch = Watch()
    for at_s in range(0, 300, 15):
        watch.hear(PAPUA[:1], at_s)
    watch.hear(ELSEWHERE[:10], 300.0).hear(ELSEWHERE[:10], 310.0).hear(PAPUA[:1], 311.0)
    watch.hear(ELSEWHERE[:10], 330.0)
    assert watch.alarm(NATION).since_s == 300.0


def test_a_region_that_the_nation_absorbs_lends_it_no_beginning():
    watch = Watch().hear(ACEH[:6], 0.0).hear(ACEH[:6], 13.0)
    assert watch.declared() == ["province:aceh"]
    watch.hear(ELSEWHERE[:10], 40.0).hear(ELSEWHERE[:10], 45.0).hear(ELSEWHERE[:10], 60.0)
    assert watch.alarm(NATION).since_s == 40.0


def test_a_leader_that_comes_late_tells_the_beginning_as_the_offices_know_it():
    watch = Watch()
    for place, branch in enumerate(ELSEWHERE[:10]):
        watch.detector.adopt(branch.id, FAIL.cap, 590.0, hot_since_s=float(place))
    watch.tick(600.0).hear(ELSEWHERE[:10], 615.0)
    assert watch.alarm(NATION).since_s == 0.0


# --- who may speak


def test_an_office_that_does_not_take_part_neither_votes_nor_confirms():
    watch = Watch()
    watch.leave(ELSEWHERE[:7])
    for at_s in (0.0, 10.0, 30.0):
        watch.hear(ELSEWHERE[:10], at_s)
    assert (watch.declared(), watch.suspected()) == ([], False)
    assert not watch.votes(ELSEWHERE[0])
    watch.come_back(ELSEWHERE[:7])
    assert watch.votes(ELSEWHERE[0])


def test_an_office_always_in_trouble_loses_its_vote_after_fifteen_minutes_until_it_is_well():
    watch = Watch()
    for at_s in range(0, 900, 15):
        watch.hear(PAPUA[:1], at_s)
    assert PAPUA[0].id not in watch.detector.quarantined
    watch.hear(PAPUA[:1], 900.0)
    assert PAPUA[0].id in watch.detector.quarantined
    assert not watch.votes(PAPUA[0])
    watch.hear(PAPUA[1:2], 940.0).hear(PAPUA[1:2], 955.0).hear(PAPUA[:1], 955.0)
    assert watch.declared() == []
    for at_s in range(1000, 1014):
        watch.hear(PAPUA[:1], at_s, OK)
    assert PAPUA[0].id not in watch.detector.quarantined
    watch.hear(PAPUA[:1], 1030.0)
    assert watch.votes(PAPUA[0])


def test_who_is_quarantined_counts_on_the_patient_scale_no_more_either():
    watch = Watch()
    for at_s in range(0, 915, 15):
        watch.hear(PAPUA[:1], at_s)
    (patient,) = watch.detector._scales[1:]
    assert PAPUA[0].id in watch.detector.quarantined
    assert patient.votes == {}


def test_only_quiet_minutes_count_towards_losing_a_vote():
    """In a suspicion everybody is in trouble; that says nothing of the office itself."""
    watch = Watch()
    for at_s in range(0, 600, 15):
        watch.hear(PAPUA[:1], at_s)
    watch.hear(ELSEWHERE[:10], 600.0).hear(ELSEWHERE[:10], 605.0)
    assert watch.suspected()
    watch.leave(ELSEWHERE[:10])
    for at_s in range(615, 1200, 15):
        watch.hear(PAPUA[:1], at_s)
    assert not watch.suspected()
    assert watch.detector.quarantined == set()


def test_a_new_leader_knows_at_once_who_is_always_in_trouble():
    watch = Watch()
    watch.tick(5_000.0)
    watch.detector.adopt(PAPUA[0].id, FAIL.cap, 4_990.0, hot_since_s=5_000.0 - 899.0)
    watch.detector.adopt(PAPUA[1].id, FAIL.cap, 4_990.0, hot_since_s=5_000.0 - 900.0)
    watch.tick(5_000.0)
    assert watch.detector.quarantined == {PAPUA[1].id}


def creep(watch: Watch, branches: Sequence[Branch], *, every_s: float = 900.0) -> Watch:
    """One more office fails for good every so often; each goes on being asked."""
    began_s = watch.now_s
    for place in range(len(branches)):
        for at_s in range(0, int(every_s), 60):
            watch.hear(branches[: place + 1], began_s + place * every_s + at_s)
            if watch.declared():
                return watch
    return watch


def test_an_outage_that_creeps_from_office_to_office_is_the_nations_in_the_end():
    watch = creep(Watch(), ELSEWHERE)
    assert watch.declared() == [NATION]
    assert len(watch.detector.failing(NATION)) == 7, "six whose votes were gone, and the newest"
    assert watch.alarm(NATION).since_s == 0.0
    watch.tick(watch.now_s + 3_600.0)
    assert watch.detector.quarantined == set(), "what is the nation's is not their own"


def test_a_province_that_creeps_is_not():
    assert creep(Watch(), [*ACEH, *RIAU]).declared() == []


def test_those_who_left_do_not_creep():
    watch = Watch()
    for branch in ELSEWHERE[:8]:
        watch.detector.adopt(branch.id, FAIL.cap, 0.0, hot_since_s=-900.0)
    watch.leave(ELSEWHERE[:3])
    assert watch.tick(1.0).declared() == []
    watch.come_back(ELSEWHERE[:3])
    assert watch.tick(2.0).declared() == [NATION]


def test_a_blind_leader_sees_nobody_creep():
    watch = Watch()
    for branch in ELSEWHERE[:8]:
        watch.detector.adopt(branch.id, FAIL.cap, 0.0, hot_since_s=-900.0)
    watch.blind = True
    assert watch.tick(1.0).declared() == []


def test_members_of_an_open_alarm_are_not_put_away():
    watch = Watch()
    for at_s in range(0, 1200, 15):
        watch.hear(PAPUA[:2], at_s)
    assert watch.detector.quarantined == set()
    assert watch.declared() == ["island:papua"]


def test_a_branch_weighs_no_more_than_its_own_status_says():
    watch = Watch().hear(PAPUA[:1], 0.0).hear(PAPUA[:1], 1.0, level=2.0)
    assert watch.detector.vote(PAPUA[0].id) == 0.0
    watch.hear(PAPUA[:1], 2.0, level=0.0)
    assert watch.detector.vote(PAPUA[0].id) == 0.0


def test_results_that_nobody_saw_are_good_ones():
    watch = Watch().hear(PAPUA[:1], 0.0).hear(PAPUA[:1], 1.0)
    watch.hear(PAPUA[:1], 60.0, unseen_good=14)
    assert watch.detector.vote(PAPUA[0].id) == pytest.approx(1 / 3, abs=1e-3)


# --- recovery


def recovered(watch: Watch, began_s: float, offices: Sequence[Branch]) -> float:
    """Good results of these offices until the recovery holds; returns since when."""
    for at_s in range(60):
        watch.hear(offices, began_s + at_s, OK)
        since_s = watch.alarm(NATION).recovering_s
        if since_s is not None:
            return since_s
    raise AssertionError("it never recovered")


def test_a_relapse_while_recovering_takes_it_back():
    watch = national()
    since_s = recovered(watch, 100.0, ELSEWHERE[:10])
    watch.tick(since_s + 20.0)
    assert watch.phase(NATION) is AlarmPhase.RECOVERING
    watch.hear(ELSEWHERE[:10], since_s + 21.0)
    assert watch.phase(NATION) is AlarmPhase.DECLARED
    assert watch.alarm(NATION).recovering_s is None


def test_after_its_close_a_member_begins_without_evidence():
    watch = national()
    since_s = recovered(watch, 100.0, ELSEWHERE[:10])
    watch.tick(since_s + 60.0)
    assert watch.phase(NATION) is AlarmPhase.CLOSED
    watch.tick(since_s + 61.0)
    assert watch.declared() == []
    assert not any(watch.votes(branch) for branch in ELSEWHERE)


def test_members_that_left_do_not_hold_an_alarm():
    watch = national()
    watch.leave(ELSEWHERE[:6])
    assert recovered(watch, 100.0, ELSEWHERE[6:10]) >= 100.0


def test_members_that_left_do_not_hold_a_region():
    watch = Watch()
    for at_s in (0.0, 15.0):
        watch.hear(PAPUA[:2], at_s)
    watch.leave(PAPUA[:1])
    for at_s in range(30, 60, 2):
        watch.hear(PAPUA[1:2], at_s, OK)
    watch.tick(130.0)
    assert watch.declared() == []


def test_when_no_member_is_left_to_ask_an_alarm_stands_as_it_stood():
    watch = Watch()
    for at_s in (0.0, 15.0):
        watch.hear(PAPUA[:2], at_s)
    watch.leave(PAPUA[:2])
    watch.tick(30.0).tick(1000.0)
    assert watch.phase("island:papua") is AlarmPhase.DECLARED


def test_a_blind_leader_calls_nothing_over():
    watch = national()
    since_s = recovered(watch, 100.0, ELSEWHERE[:10])
    watch.tick(since_s + 20.0)
    watch.blind = True
    watch.tick(since_s + 100.0)
    assert watch.phase(NATION) is AlarmPhase.RECOVERING
    watch.blind = False
    watch.tick(since_s + 130.0)
    assert watch.phase(NATION) is AlarmPhase.RECOVERING
    watch.tick(since_s + 160.0)
    assert watch.phase(NATION) is AlarmPhase.CLOSED


def test_an_office_that_breaks_later_holds_the_alarm_too():
    watch = national()
    watch.hear(ACEH[:1], 40.0).hear(ACEH[:1], 41.0)
    assert ACEH[0].id in watch.alarm(NATION).recovery.members


# --- taking over


def resumed(watch: Watch, *, recovering: bool, members: Sequence[Branch]) -> Watch:
    watch.detector.resume(
        scope=Scope.NATIONAL,
        group=NATION,
        since_s=-300.0,
        declared_s=-280.0,
        members=ids(members),
        recovering=recovering,
        now_s=0.0,
    )
    return watch


def test_a_new_leader_stands_where_the_one_before_stood():
    watch = Watch()
    for branch in ELSEWHERE[:10]:
        watch.detector.adopt(branch.id, FAIL.cap, -10.0)
    resumed(watch, recovering=False, members=ELSEWHERE[:10]).tick(1.0)
    assert watch.declared() == [NATION]
    alarm = watch.alarm(NATION)
    assert (alarm.since_s, alarm.declared_s, alarm.phase) == (-300.0, -280.0, AlarmPhase.DECLARED)
    watch.tick(500.0)
    assert watch.phase(NATION) is AlarmPhase.DECLARED
    assert len(watch.detector.failing(NATION)) == 10


def test_a_recovery_that_the_leader_before_saw_is_held_once_more_and_closed():
    watch = resumed(Watch(), recovering=True, members=ELSEWHERE[:10]).tick(1.0)
    assert watch.phase(NATION) is AlarmPhase.RECOVERING
    watch.tick(59.0)
    assert watch.phase(NATION) is AlarmPhase.RECOVERING
    watch.tick(60.0)
    assert watch.phase(NATION) is AlarmPhase.CLOSED


def test_a_recovery_taken_over_breaks_with_new_failures():
    watch = resumed(Watch(), recovering=True, members=ELSEWHERE[:10]).tick(1.0)
    watch.hear(ELSEWHERE[:10], 5.0).hear(ELSEWHERE[:10], 6.0)
    assert watch.phase(NATION) is AlarmPhase.DECLARED


def test_an_incident_of_nobody_closes_by_itself():
    watch = resumed(Watch(), recovering=False, members=[]).tick(1.0)
    watch.tick(61.0)
    assert watch.phase(NATION) is AlarmPhase.CLOSED


def test_levels_that_were_adopted_are_suspected_on_the_next_tick_and_confirmed_by_fresh_results():
    watch = Watch()
    for branch in ELSEWHERE[:10]:
        watch.detector.adopt(branch.id, FAIL.cap, -3.0)
    watch.tick(0.0)
    assert watch.suspected()
    watch.hear(ELSEWHERE[:10], 9.0)
    assert watch.declared() == []
    watch.hear(ELSEWHERE[:10], 9.1)
    assert watch.declared() == [NATION]


def test_a_second_word_of_the_same_incident_changes_nothing():
    watch = national()
    resumed(watch, recovering=True, members=[])
    assert watch.phase(NATION) is AlarmPhase.DECLARED


# --- slow


def test_slowness_alone_is_a_matter_of_the_slow_channel():
    slow, fail = Watch(channel=Channel.SLOW), Watch()
    for at_s in (0.0, 10.0, 30.0):
        slow.hear(ELSEWHERE[:10], at_s, SLOW)
        fail.hear(ELSEWHERE[:10], at_s, SLOW)
    assert (slow.declared(), fail.declared()) == ([NATION], [])


# --- for people


def test_who_counts_as_failing_for_people():
    watch = Watch().hear(PAPUA[:3], 0.0)
    watch.hear(PAPUA[1:2], 1.0, OK)
    watch.hear(PAPUA[2:3], 1.0).hear(PAPUA[2:3], 2.0, OK)
    assert watch.detector.failing("island:papua") == (PAPUA[0].id, PAPUA[2].id)
    assert watch.detector.failing(NATION) == (PAPUA[0].id, PAPUA[2].id)


def test_a_neighbour_long_in_trouble_does_not_hide_two_that_break_now():
    watch = Watch()
    for at_s in range(0, 600, 15):
        watch.hear(PAPUA[:1], at_s)
    watch.hear(PAPUA[1:3], 600.0).hear(PAPUA[1:3], 608.0)
    assert watch.declared() == []
    watch.hear(PAPUA[1:3], 613.0)
    assert watch.declared() == ["island:papua"]
    assert watch.alarm("island:papua").since_s == 600.0


def test_what_failed_before_the_end_is_over_with_it_also_of_those_who_failed_once():
    watch = national()
    watch.hear(ELSEWHERE[10:12], 40.0)
    for at_s in (60.0, 70.0):
        watch.hear(ELSEWHERE[:10], at_s, OK)
    watch.hear(ELSEWHERE[12:13], 75.0)
    watch.tick(140.0)
    assert watch.phase(NATION) is AlarmPhase.CLOSED
    assert [watch.votes(branch) for branch in ELSEWHERE[10:13]] == [False, False, True]


def test_a_province_is_not_told_as_its_island_too_by_an_office_that_failed_once():
    watch = Watch().hear(RIAU[:3], 0.0).hear(RIAU[:3], 13.0)
    assert watch.declared() == ["province:riau"]
    watch.hear(RIAU[3:], 20.0).hear(RIAU, 30.0)
    assert watch.declared() == ["province:riau"]


def test_a_trouble_that_outgrows_its_province_is_the_islands_and_no_longer_the_provinces():
    north, south = (province_of(3, f"Maluku {side}", "Maluku") for side in ("Utara", "Selatan"))
    watch = Watch([*north, *south, *ELSEWHERE])
    watch.hear(north, 0.0).hear(north, 13.0)
    assert watch.declared() == ["province:maluku-utara"]
    for at_s in (20.0, 27.0, 40.0):
        watch.hear([*north, *south], at_s)
    assert watch.declared() == ["island:maluku"]


# --- worth a closer look of the whole nation


def wanted(watch: Watch) -> FocusKind | None:
    interest = watch.detector.interest(watch.now_s)
    return interest.kind if interest else None


@pytest.mark.parametrize(
    ("offices", "look", "why"),
    [
        (ELSEWHERE[:3], FocusKind.DETECT, "three that share no fate"),
        (ELSEWHERE[:2], None, "two may be a coincidence"),
        (ACEH[:3], None, "three of a province are the province's"),
        ([*ACEH[:2], ELSEWHERE[0]], FocusKind.DETECT, "two provinces"),
    ],
)
def test_offices_that_begin_to_fail_together_are_worth_a_look(offices, look, why):
    assert wanted(Watch().hear(offices, 0.0)) is look, why


def test_failures_that_come_one_by_one_are_not():
    watch = Watch()
    for minute, branch in enumerate(ELSEWHERE[:3]):
        watch.hear([branch], 60.0 * minute)
    assert wanted(watch) is None


def test_an_onset_is_forgotten_with_its_evidence_or_after_some_runs_of_the_nation():
    watch = Watch().hear(ELSEWHERE[:3], 0.0)
    assert wanted(watch.tick(30.0 * T / len(BRANCHES))) is FocusKind.DETECT
    assert wanted(watch.tick(31.0 * T / len(BRANCHES))) is None
    recovered = Watch().hear(ELSEWHERE[:3], 0.0)
    for second in range(1, 8):
        recovered.hear(ELSEWHERE[:1], float(second), OK)
    assert wanted(recovered) is None


def test_votes_of_half_the_threshold_beyond_the_worst_groups_are_worth_a_look():
    watch = Watch()
    for round_s in (0.0, 100.0):
        for place, branch in enumerate(ELSEWHERE[:4]):
            watch.hear([branch], round_s + 25.0 * place)
    assert not watch.suspected()
    assert wanted(watch) is FocusKind.DETECT


def test_offices_that_take_no_part_are_worth_no_look():
    watch = Watch()
    watch.leave(ELSEWHERE[:3])
    assert wanted(watch.hear(ELSEWHERE[:3], 0.0)) is None


def test_a_declared_nation_is_looked_at_only_once_it_begins_to_recover():
    watch = national()
    assert wanted(watch) is None
    watch.hear(ELSEWHERE[:3], 60.0, OK)
    assert wanted(watch) is None
    watch.hear(ELSEWHERE[3:10], 70.0, OK)
    assert wanted(watch) is FocusKind.RECOVER
    watch.hear(ELSEWHERE[:10], 80.0)
    assert wanted(watch) is None


def test_a_nation_too_small_to_be_spoken_of_orders_nothing():
    assert wanted(Watch(ELSEWHERE[:7]).hear(ELSEWHERE[:7], 0.0)) is None


# --- what gathers


def test_a_group_gathers_evidence_when_two_of_its_offices_vote():
    watch = Watch().hear(RIAU[:1], 0.0)
    assert watch.detector.gathering() == frozenset()
    watch.hear(ACEH[:1], 1.0)
    assert watch.detector.gathering() == {"island:sumatra"}
    watch.hear(RIAU[1:2], 2.0)
    assert watch.detector.gathering() == {"island:sumatra", "province:riau"}
    watch.leave(RIAU[:1])
    assert watch.detector.gathering() == {"island:sumatra"}


def test_of_a_small_roster_only_the_whole_gathers():
    offices = province_of(3, "Aceh", "Sumatra")
    watch = Watch(offices).hear(offices[:1], 0.0)
    assert watch.detector.gathering() == frozenset()
    assert watch.hear(offices[1:2], 1.0).detector.gathering() == {"roster"}
