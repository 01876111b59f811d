"""The leader's view: statuses in, assessments out; who takes part, and taking over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from agent.core import incident as incidents
from agent.core import incident_life
from agent.core.attribution import Ground, attribute
from agent.core.graph import Graph
from agent.core.incident import Incident
from agent.core.model import (
    NATION,
    AlarmPhase,
    Branch,
    Channel,
    Evidence,
    Outcome,
    Scope,
    Service,
    Sight,
)
from agent.core.nation import Nation, Outlook
from agent.core.places import OpenRoots
from agent.core.tuning import STATUS_S, Tuning
from tests.support.pure_fleet import BEGAN_S, PureFleet
from tests.support.verdicts import REVISION, Agent, ids, office, scattered

T = 60.0
OK, BAD, SLOW, VOID = Outcome.OK, Outcome.FAIL, Outcome.SLOW, Outcome.VOID
DRIFT = Outcome.DRIFT
BRANCHES = scattered(20)


class Leader:
    """A nation of agents that tell the leader of every result at once."""

    def __init__(
        self, branches: Sequence[Branch] = BRANCHES, services: Sequence[str] = ("x",)
    ) -> None:
        self.branches = branches
        self.services = services
        self.agents = {b.id: Agent(b.id, services, Tuning()) for b in branches}
        self.nation = self.new_nation()

    def new_nation(self) -> Nation:
        """What another leader begins with."""
        return Nation(
            branches=self.branches,
            periods_s=dict.fromkeys(self.services, T),
            tuning=Tuning(),
            revision=REVISION,
        )

    def report(self, at_s: float, branches: Iterable[Branch] | None = None) -> Leader:
        """The statuses of these offices, or of all, as they are now."""
        for branch in self.branches if branches is None else branches:
            self.nation.hear(branch.id, self.agents[branch.id].status(at_s), at_s, at_s)
        return self

    def see(
        self,
        branches: Iterable[Branch],
        at_s: float,
        outcome: Outcome = BAD,
        *,
        service: str = "x",
        blocked_by: str | None = None,
    ) -> Outlook:
        """One result each, told at once; then the leader looks."""
        for branch in branches:
            self.agents[branch.id].run(service, outcome, at_s, blocked_by=blocked_by)
            self.report(at_s, [branch])
        return self.nation.assess(at_s)


def told(outlook: Outlook, service: str = "x") -> list[tuple[Channel, str, AlarmPhase]]:
    return [(a.channel, a.group, a.phase) for a in outlook.assessments[service].alarms]


def outage(leader: Leader, branches: Sequence[Branch], outcome: Outcome = BAD) -> Outlook:
    """Failing at 0, 10 and 30 s."""
    leader.see(branches, 0.0, outcome)
    leader.see(branches, 10.0, outcome)
    return leader.see(branches, 30.0, outcome)


# --- who takes part


def test_everybody_is_unheard_until_heard():
    leader = Leader()
    assert leader.nation.attendance().unheard == tuple(ids(BRANCHES))
    leader.report(0.0, BRANCHES[:12])
    attendance = leader.nation.attendance()
    assert attendance.reporting == tuple(ids(BRANCHES[:12]))
    assert (len(attendance.unheard), attendance.blind) == (8, False)


@pytest.mark.parametrize(("heard", "blind"), [(9, True), (10, False)])
def test_below_half_of_the_roster_the_leader_is_blind(heard, blind):
    assert Leader().report(0.0, BRANCHES[:heard]).nation.attendance().blind is blind


def test_a_blind_leader_says_nothing_of_the_nation():
    leader = Leader()
    outlook = outage(leader, BRANCHES[:9])
    assert (outlook.attendance.blind, told(outlook)) == (True, [])


def test_a_branch_of_no_roster_is_not_heard():
    leader = Leader()
    stranger = Agent("elsewhere", ["x"], Tuning()).status(0.0)
    assert leader.nation.hear("elsewhere", stranger, 0.0, 0.0) is False
    leader.nation.beat("elsewhere", 0.0, 0.0)
    leader.nation.fall_silent("elsewhere")
    assert leader.nation.attendance().silent == ()


def test_a_silent_office_has_no_vote_and_a_beat_brings_it_back():
    leader = Leader().report(0.0)
    leader.nation.fall_silent(BRANCHES[0].id)
    attendance = leader.nation.attendance()
    assert attendance.silent == (BRANCHES[0].id,)
    assert BRANCHES[0].id not in attendance.reporting
    leader.nation.beat(BRANCHES[0].id, 90.0, 90.0)
    attendance = leader.nation.attendance()
    assert (attendance.reporting, attendance.silent) == (tuple(ids(BRANCHES)), ())


def missing_a_control(leader: Leader, branches: Iterable[Branch], *, sees: bool = True) -> None:
    for branch in leader.branches:
        leader.agents[branch.id].sight = Sight(controls=("dns 9.9.9.9:53",))
    for branch in branches:
        leader.agents[branch.id].sight = Sight(
            sees=sees, controls=("dns 9.9.9.9:53",), failing=("dns 9.9.9.9:53",)
        )


def test_a_control_that_many_offices_miss_counts_no_more_until_few_do():
    leader = Leader()
    ignored = []
    for missing in (4, 8, 4, 1):
        missing_a_control(leader, BRANCHES[:missing])
        leader.report(float(missing))
        ignored.append(leader.nation.assess(float(missing)).controls_ignored)
    assert ignored == [(), ("dns 9.9.9.9:53",), ("dns 9.9.9.9:53",), ()]


def test_it_is_found_though_nobody_sees_any_more():
    leader = Leader()
    missing_a_control(leader, BRANCHES, sees=False)
    outlook = leader.report(0.0).nation.assess(0.0)
    assert outlook.attendance.blind
    assert outlook.controls_ignored == ("dns 9.9.9.9:53",)


def test_offices_that_are_silent_or_in_maintenance_say_nothing_of_a_control():
    leader = Leader()
    missing_a_control(leader, BRANCHES[:10])
    leader.report(0.0)
    for branch in BRANCHES[:4]:
        leader.nation.fall_silent(branch.id)
    leader.nation.maintain(ids(BRANCHES[4:8]))
    assert leader.nation.assess(0.0).controls_ignored == ()
    leader.nation.maintain(())
    assert leader.nation.assess(0.0).controls_ignored == ("dns 9.9.9.9:53",)


def test_an_old_record_proves_neither_presence_nor_silence():
    leader = Leader()
    leader.nation.hear(BRANCHES[0].id, leader.agents[BRANCHES[0].id].status(0.0), 0.0, 61.0)
    attendance = leader.nation.attendance()
    assert (attendance.reporting, attendance.silent) == ((), ())


def test_an_office_that_cannot_see_abstains():
    leader = Leader().report(0.0)
    leader.agents[BRANCHES[3].id].sight = Sight(sees=False, why_not="no gateway")
    leader.report(1.0)
    assert leader.nation.attendance().abstaining == (BRANCHES[3].id,)
    leader.agents[BRANCHES[3].id].sight = Sight()
    leader.report(2.0)
    assert leader.nation.attendance().abstaining == ()


def test_offices_that_stop_seeing_take_their_votes_with_them():
    leader = Leader().report(0.0)
    leader.see(BRANCHES[:10], 0.0)
    leader.see(BRANCHES[:10], 10.0)
    for branch in BRANCHES[:7]:
        leader.agents[branch.id].sight = Sight(sees=False, why_not="no gateway")
    leader.report(20.0)
    outlook = leader.see(BRANCHES[7:10], 30.0)
    assert told(outlook) == []
    assert outlook.assessments["x"].score == 1.0


def test_another_nation_file_is_named():
    leader = Leader().report(0.0)
    status = replace(leader.agents[BRANCHES[5].id].status(1.0), nation="r0:ffffffff")
    leader.nation.hear(BRANCHES[5].id, status, 1.0, 1.0)
    assert leader.nation.attendance().mismatched == (BRANCHES[5].id,)


def test_an_office_in_maintenance_neither_votes_nor_counts():
    leader = Leader().report(0.0)
    leader.see(BRANCHES[:4], 0.0)
    leader.see(BRANCHES[:4], 10.0)
    assert leader.nation.assess(11.0).assessments["x"].score == 2.0
    leader.nation.maintain([BRANCHES[0].id, "elsewhere"])
    outlook = leader.nation.assess(12.0)
    assert outlook.assessments["x"].score == 1.0
    assert outlook.attendance.maintenance == (BRANCHES[0].id,)
    leader.nation.maintain([])
    assert leader.nation.assess(13.0).assessments["x"].score == 2.0


# --- what is found


def test_an_outage_is_found_with_its_evidence():
    leader = Leader().report(0.0)
    outlook = outage(leader, BRANCHES[:10])
    assert told(outlook) == [(channel, NATION, AlarmPhase.DECLARED) for channel in Channel]
    found = outlook.assessments["x"].alarms[0]
    assert found.evidence.failing == tuple(ids(BRANCHES[:10]))
    assert (found.evidence.reporting, found.evidence.first_step) == (20, "inquiry")
    assert (found.evidence.code, found.evidence.code_share) == ("http_503", 1.0)
    assert found.since_s == 0.0


def test_offices_that_were_answered_in_another_shape_are_counted_among_the_failing():
    leader = Leader().report(0.0)
    leader.see(BRANCHES[:10], 0.0)
    leader.see(BRANCHES[:10], 10.0, DRIFT)
    mostly = outage_of(leader, BRANCHES[:10], 30.0, drift=6)
    assert (mostly.drift, mostly.code, mostly.drifted) == (6, "contract", True)
    half = outage_of(leader, BRANCHES[:10], 40.0, drift=5)
    assert (half.drift, len(half.failing), half.drifted) == (5, 10, False)


def outage_of(leader: Leader, branches: Sequence[Branch], at_s: float, *, drift: int) -> Evidence:
    """All of these fail once more, ``drift`` of them by their contract."""
    leader.see(branches[:drift], at_s, DRIFT)
    outlook = leader.see(branches[drift:], at_s)
    return outlook.assessments["x"].alarms[0].evidence


def test_slowness_alone_is_told_in_its_own_channel():
    leader = Leader().report(0.0)
    outlook = outage(leader, BRANCHES[:10], SLOW)
    assert told(outlook) == [(Channel.SLOW, NATION, AlarmPhase.DECLARED)]


def test_two_of_six_offices_of_papua_are_papua_and_one_is_nobody():
    papua = [office(f"papua-{n}", f"Papua {n}", island="Papua") for n in range(6)]
    branches = [*papua, *scattered(30)]
    assert told(outage(Leader(branches).report(0.0), papua[:1])) == []
    outlook = outage(Leader(branches).report(0.0), papua[:2])
    assert {group for _, group, _ in told(outlook)} == {"island:papua"}
    assert outlook.assessments["x"].alarms[0].evidence.reporting == 6


@pytest.mark.parametrize("outcome", [BAD, SLOW])
def test_where_evidence_gathers_is_said_of_both_questions(outcome):
    papua = [office(f"papua-{n}", f"Papua {n}", island="Papua") for n in range(6)]
    leader = Leader([*papua, *scattered(30)]).report(0.0)
    outlook = leader.see(papua[:2], 0.0, outcome)
    assert outlook.assessments["x"].gathering == {"island:papua"}
    assert told(outlook) == []


def test_what_stands_behind_another_service_is_counted_by_its_root():
    leader = Leader(services=("login", "x")).report(0.0)
    outlook = leader.see(BRANCHES[:12], 0.0, VOID, blocked_by="login")
    assert outlook.assessments["x"].blocked_by == {"login": frozenset(ids(BRANCHES[:12]))}
    assert told(outlook) == []


@pytest.mark.parametrize(
    ("bad", "working", "why"),
    [(4, True, "four fifths are well"), (5, False, "fewer are")],
)
def test_a_service_works_while_most_fresh_results_are_good(bad, working, why):
    leader = Leader().report(0.0)
    leader.see(BRANCHES[bad:], 0.0, OK)
    outlook = leader.see(BRANCHES[:bad], 0.0)
    assert outlook.assessments["x"].working is working, why


@pytest.mark.parametrize(
    ("outcome", "stands_s", "why"),
    [
        (OK, 2.5 * T + STATUS_S, "while it beats, an office that says nothing is well"),
        (SLOW, 2.5 * T, "of what is slow every next result would be told"),
        (BAD, 2.5 * T, "of what fails too"),
        (VOID, 2.5 * T, "what says nothing is not kept for long"),
    ],
)
def test_results_expire(outcome, stands_s, why):
    leader = Leader().report(0.0)
    leader.see(BRANCHES, 0.0, outcome)
    assert leader.nation.assess(stands_s).assessments["x"].reporting == 20, why
    assert leader.nation.assess(stands_s + 1).assessments["x"].reporting == 0, why


def test_results_of_the_silent_say_nothing_of_now():
    leader = Leader().report(0.0)
    leader.see(BRANCHES, 0.0, OK)
    leader.nation.fall_silent(BRANCHES[0].id)
    assert leader.nation.assess(1.0).assessments["x"].reporting == 19


def test_a_member_with_two_good_results_in_a_row_fails_no_longer_for_people():
    leader = Leader().report(0.0)
    outage(leader, BRANCHES[:10])
    leader.see(BRANCHES[:3], 40.0, OK)
    outlook = leader.see(BRANCHES[:3], 41.0, OK)
    assert outlook.assessments["x"].alarms[0].evidence.failing == tuple(ids(BRANCHES[3:10]))


def test_a_service_that_nobody_watches_here_is_passed_over():
    leader = Leader()
    agent = Agent(BRANCHES[0].id, ["x", "unknown"], Tuning())
    assert leader.nation.hear(BRANCHES[0].id, agent.status(0.0), 0.0, 0.0)
    assert set(leader.nation.assess(0.0).assessments) == {"x"}


# --- taking over


def test_a_new_leader_rebuilds_everything_from_the_newest_statuses():
    leader = Leader().report(0.0)
    outage(leader, BRANCHES[:10])
    leader.nation = leader.new_nation()
    leader.report(35.0)
    outlook = leader.nation.assess(35.0)
    assert outlook.assessments["x"].suspected
    assert outlook.assessments["x"].suspected_since_s == 30.0
    assert told(leader.see(BRANCHES[:10], 42.1)) != []


def resumed(leader: Leader, *, recovering: bool, ended_s: float | None = None) -> Nation:
    leader.nation = leader.new_nation()
    leader.report(35.0)
    leader.nation.resume(
        service="x",
        channels=Channel,
        scope=Scope.NATIONAL,
        group=NATION,
        since_s=0.0,
        declared_s=30.0,
        members=[*ids(BRANCHES[:10]), "elsewhere"],
        recovering=recovering,
        ended_s=ended_s,
        now_s=35.0,
    )
    return leader.nation


def test_a_new_leader_goes_on_with_the_open_incident():
    leader = Leader().report(0.0)
    outage(leader, BRANCHES[:10])
    outlook = resumed(leader, recovering=False).assess(36.0)
    found, slow = outlook.assessments["x"].alarms
    assert (slow.channel, slow.phase) == (Channel.SLOW, AlarmPhase.DECLARED)
    assert (found.phase, found.since_s, found.declared_s) == (AlarmPhase.DECLARED, 0.0, 30.0)
    assert found.evidence.failing == tuple(ids(BRANCHES[:10]))
    assert not outlook.assessments["x"].suspected


def test_a_new_leader_keeps_the_end_that_was_back_dated_before():
    leader = Leader().report(0.0)
    resumed(leader, recovering=True, ended_s=20.0)
    found, _ = leader.nation.assess(36.0).assessments["x"].alarms
    assert (found.phase, found.ended_s) == (AlarmPhase.RECOVERING, 20.0)
    leader.see(BRANCHES[:10], 40.0, OK)
    found, _ = leader.nation.assess(95.0).assessments["x"].alarms
    assert (found.phase, found.ended_s) == (AlarmPhase.CLOSED, 20.0)


def test_an_incident_of_an_unknown_service_or_group_is_left_alone():
    leader = Leader().report(0.0)
    for service, group in (("unknown", NATION), ("x", "province:elsewhere")):
        leader.nation.resume(
            service=service,
            channels=[Channel.FAIL],
            scope=Scope.REGIONAL,
            group=group,
            since_s=0.0,
            declared_s=0.0,
            members=[],
            recovering=False,
            now_s=0.0,
        )
    assert told(leader.nation.assess(1.0)) == []


# --- one incident


class Record:
    """The incidents that a leader would write, without an exchange."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        self.branches = {branch.id: branch for branch in branches}
        self.graph = Graph([Service(id="x", name_id="x", name_en="x")])
        self.incidents: dict[str, Incident] = {}
        self.opened = 0
        self.fleet: PureFleet | None = None

    def look(self, outlook: Outlook) -> None:
        if self.fleet is None:
            return
        ground = Ground(
            graph=self.graph,
            branches=self.branches,
            members=self.fleet.nation.groups.members,
            present=self.fleet.nation.present,
            hold_s=30.0,
        )
        roots: OpenRoots = {
            (i.scope, i.group): {i.root: i.affected} for i in self.incidents.values() if i.open
        }
        for situation in attribute(outlook, roots, ground):
            name = incidents.record_name(situation.scope, situation.group, situation.root)
            before = self.incidents.get(name)
            if before is not None and not incident_life.opens_anew(before, outlook.at_s):
                after = incident_life.advance(before, situation, term=1, now_s=outlook.at_s)
                self.incidents[name] = after
            elif situation.phase is AlarmPhase.DECLARED:
                self.opened += 1
                self.incidents[name] = incident_life.begin(
                    situation, channel="c", term=1, now_s=outlook.at_s
                )


@pytest.mark.parametrize("seed", range(2))
def test_a_minute_on_and_a_minute_off_for_twenty_minutes_is_one_incident(seed):
    branches = scattered(60)
    record = Record(branches)

    def flapping(_office: str, at_s: float) -> Outcome:
        return BAD if 60.0 <= at_s < 1260.0 and at_s % 120.0 >= 60.0 else OK

    fleet = PureFleet(branches, flapping, seed=seed, on_tick=record.look)
    record.fleet = fleet
    fleet.until(1700.0)
    (only,) = record.incidents.values()
    assert record.opened == 1, fleet
    assert (only.scope, only.open) == (Scope.NATIONAL, False), fleet
    assert only.ended_s == pytest.approx(BEGAN_S + 1260.0, abs=90.0), fleet
    assert len([m for m in only.messages if m.change is incidents.Change.CLOSED]) == 1, fleet
