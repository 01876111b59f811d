"""The life of incidents, as transcripts: stimulus, what is said, stimulus."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import codec, headlines, incident_circumstances, incident_life, incident_replies
from agent.core import incident as incidents
from agent.core.incident import Change, Delivery, Incident, Phase
from agent.core.incident_life import TABLE, Stimulus
from agent.core.model import (
    NATION,
    AlarmPhase,
    Channel,
    Evidence,
    Scope,
    Severity,
    Situation,
    Spread,
    Trouble,
)
from agent.core.wording import Wording

SERVICE = "simponi.billing"


def situation(
    phase: AlarmPhase = AlarmPhase.DECLARED,
    *,
    failing: int = 10,
    severity: Severity = Severity.PARTIAL,
    affected: tuple[str, ...] = (),
    absorbed: bool = False,
    ended_s: float | None = None,
    step: str | None = "inquiry",
) -> Situation:
    return Situation(
        scope=Scope.NATIONAL,
        group=NATION,
        root=SERVICE,
        severity=severity,
        phase=phase,
        channels=(Channel.FAIL,),
        since_s=80.0,
        declared_s=100.0,
        ended_s=ended_s,
        absorbed_by=Trouble(group=NATION, root="simponi.billing") if absorbed else None,
        affected=affected,
        evidence=Evidence(
            failing=tuple(f"office-{n}" for n in range(failing)),
            reporting=145,
            first_step=step,
            code="http_503" if step else None,
            code_share=1.0,
        ),
    )


BROKEN = situation()
RECOVERING = situation(AlarmPhase.RECOVERING, failing=0, ended_s=180.0, step=None)
OVER = situation(AlarmPhase.CLOSED, failing=0, ended_s=180.0, step=None)
ABSORBED = situation(AlarmPhase.CLOSED, absorbed=True)


def posted(incident: Incident) -> Incident:
    """As it stands once everything was delivered."""
    for message in incident.messages:
        incident = incidents.with_message(incident, replace(message, delivery=Delivery.POSTED))
    return incident


class Transcript:
    """An incident opened at 100 s and told; ``see`` says what is told of each look at it."""

    def __init__(self, first: Situation = BROKEN) -> None:
        self.incident = posted(incident_life.begin(first, channel="c", term=1, now_s=100.0))

    def see(self, at_s: float, situation: Situation, settle_s: float = 30.0) -> list[Change]:
        before = {message.sequence for message in self.incident.messages}
        self.incident = incident_life.advance(
            self.incident, situation, term=2, now_s=at_s, settle_s=settle_s
        )
        new = [m for m in self.incident.messages if m.sequence not in before]
        self.incident = posted(self.incident) if new else self.incident
        return [message.change for message in new]

    @property
    def phase(self) -> Phase:
        return self.incident.phase


def test_the_table_knows_every_phase_and_every_stimulus():
    assert set(TABLE) == set(product([None, *Phase], Stimulus))


def test_nothing_closes_or_recovers_into_being():
    for (phase, stimulus), turn in TABLE.items():
        if phase is None or phase is Phase.CLOSED:
            assert (turn.to is Phase.OPEN) == (stimulus is Stimulus.DECLARED)


def test_an_outage_from_opened_to_closed():
    it = Transcript()
    assert (it.phase, it.incident.opened_s, it.incident.since_s) == (Phase.OPEN, 100.0, 80.0)
    assert it.see(110.0, BROKEN) == []
    assert it.see(195.0, RECOVERING) == [Change.RECOVERING]
    assert it.incident.recovering_s == 195.0
    assert it.see(240.0, OVER) == [Change.CLOSED]
    assert (it.phase, it.incident.closed_s, it.incident.ended_s) == (Phase.CLOSED, 240.0, 180.0)
    assert it.see(241.0, OVER) == []
    assert it.incident.evidence.first_step == "inquiry"
    assert (it.incident.peak, it.incident.peak_of) == (10, 145)


def test_the_smallest_chance_of_coincidence_is_kept_for_the_life_of_the_incident():
    def rare(situation: Situation, coincidence: float | None) -> Situation:
        return replace(situation, evidence=replace(situation.evidence, coincidence=coincidence))

    it = Transcript(rare(BROKEN, None))
    kept: list[float | None] = []
    looks = [(BROKEN, 1e-3), (BROKEN, 1e-5), (BROKEN, 1e-2), (RECOVERING, None), (OVER, None)]
    for at_s, (situation, coincidence) in enumerate(looks, 11):
        it.see(10.0 * at_s, rare(situation, coincidence))
        kept.append(it.incident.evidence.coincidence)
    assert kept == [1e-3, 1e-5, 1e-5, 1e-5, 1e-5]


def test_a_relapse_while_recovering_is_said_and_the_end_is_taken_back():
    it = Transcript()
    it.see(195.0, RECOVERING)
    assert it.see(200.0, BROKEN) == [Change.RELAPSED]
    assert (it.phase, it.incident.ended_s, it.incident.recovering_s) == (Phase.OPEN, None, None)
    assert it.see(300.0, RECOVERING) == [Change.RECOVERING]
    assert it.incident.recovering_s == 300.0


def test_what_breaks_again_soon_continues_the_incident_in_its_thread():
    it = Transcript()
    identity = it.incident.id
    it.see(200.0, RECOVERING)
    it.see(240.0, OVER)
    assert not incident_life.opens_anew(it.incident, 540.0)
    assert it.see(540.0, BROKEN) == [Change.REOPENED]
    assert (it.phase, it.incident.closed_s, it.incident.id) == (Phase.OPEN, None, identity)


@pytest.mark.parametrize(
    ("how", "at_s", "anew", "why"),
    [
        (lambda _: None, 240.0, True, "the first of its name"),
        (lambda _: Transcript().incident, 9999.0, False, "an open one goes on however old"),
        (lambda it: it, 540.0, False, "five minutes after its close it goes on"),
        (lambda it: it, 540.1, True, "later a new one begins"),
        (
            lambda it: incidents.with_message(
                it, replace(it.root_message, delivery=Delivery.PENDING)
            ),
            9999.0,
            False,
            "what is still untold is not replaced",
        ),
    ],
)
def test_when_a_new_incident_begins(how, at_s, anew, why):
    it = Transcript()
    it.see(240.0, OVER)
    assert incident_life.opens_anew(how(it.incident), at_s) is anew, why


def test_a_region_is_absorbed_by_the_nation_and_says_so():
    it = Transcript()
    assert it.see(120.0, ABSORBED) == [Change.ABSORBED]
    assert it.phase is Phase.CLOSED


def test_what_absorbed_it_is_remembered_until_it_breaks_again_by_itself():
    it = Transcript()
    it.see(120.0, ABSORBED)
    stored = codec.from_bytes(Incident, codec.to_bytes(it.incident))
    assert stored.absorbed_by == ABSORBED.absorbed_by is not None
    assert it.see(180.0, BROKEN) == [Change.REOPENED]
    assert it.incident.absorbed_by is None


def test_a_recovering_region_is_absorbed_too():
    it = Transcript()
    it.see(190.0, RECOVERING)
    assert it.see(195.0, ABSORBED) == [Change.ABSORBED]


def test_worse_is_said_at_once_and_milder_never():
    it = Transcript()
    assert it.see(101.0, situation(severity=Severity.DOWN)) == [Change.WORSE]
    assert it.see(150.0, situation(severity=Severity.SLOW)) == []
    assert it.incident.severity is Severity.DOWN


def test_worse_while_it_recovers_is_said_as_a_relapse_alone():
    it = Transcript()
    it.see(190.0, RECOVERING)
    assert it.see(195.0, situation(severity=Severity.DOWN)) == [Change.RELAPSED]
    assert it.incident.severity is Severity.DOWN


def test_what_was_affected_stays_named():
    it = Transcript(situation(affected=("cetak",)))
    it.see(101.0, situation(affected=("alokasi",)))
    assert it.incident.affected == ("cetak", "alokasi")


@pytest.mark.parametrize(
    ("failing", "at_s", "said", "why"),
    [
        (100, 129.0, [], "not before every office was asked again"),
        (100, 130.0, [Change.GROWN], "ten times as many"),
        (12, 130.0, [Change.GROWN], "a fifth more, and two offices"),
        (11, 130.0, [], "one office more is no news"),
        (5, 130.0, [Change.SHRUNK], "half as many"),
        (6, 130.0, [], "a few less are no news"),
        (0, 130.0, [], "none is for the recovery to say"),
    ],
)
def test_growth_is_told_against_what_was_told_last(failing, at_s, said, why):
    assert Transcript().see(at_s, situation(failing=failing)) == said, why


def test_the_half_that_every_recovery_passes_through_is_not_told_by_itself():
    healing = replace(situation(failing=5), healing=True)
    assert Transcript().see(130.0, healing) == []


def test_growth_is_told_again_only_against_the_last_telling():
    it = Transcript()
    assert it.see(130.0, situation(failing=20)) == [Change.GROWN]
    assert it.see(159.0, situation(failing=40)) == []
    assert it.see(160.0, situation(failing=40)) == [Change.GROWN]
    assert it.see(300.0, situation(failing=41)) == []


def test_a_long_period_gives_growth_more_time_to_settle():
    it = Transcript()
    assert it.see(150.0, situation(failing=100), settle_s=87.0) == []
    assert it.see(187.0, situation(failing=100), settle_s=87.0) == [Change.GROWN]


def test_another_first_broken_step_is_told():
    it = Transcript()
    assert it.see(130.0, situation(step="sign in")) == [Change.STEP]


def test_a_failure_that_becomes_a_changed_contract_is_told_and_so_is_the_way_back():
    it = Transcript()
    drift = replace(BROKEN.evidence, code="contract", code_share=0.9, drift=9)
    assert it.see(130.0, replace(BROKEN, evidence=drift)) == [Change.STEP]
    assert it.see(160.0, replace(BROKEN, evidence=replace(drift, code_share=0.8))) == []
    assert it.see(190.0, BROKEN) == [Change.STEP]


def test_a_changed_contract_is_still_one_when_it_is_over():
    drift = replace(BROKEN.evidence, code="contract", code_share=1.0, drift=10)
    it = Transcript(replace(BROKEN, evidence=drift))
    it.see(190.0, RECOVERING)
    it.see(240.0, OVER)
    assert it.incident.evidence.drifted


def test_small_numbers_are_rewritten_every_five_seconds_at_most():
    it = Transcript()
    unchanged = it.incident
    it.see(104.0, situation(failing=11))
    assert it.incident is unchanged
    it.see(105.0, situation(failing=11))
    assert it.incident.revision == 2
    assert it.incident.term == 2


def test_nothing_new_leaves_the_very_same_incident():
    it = Transcript()
    same = incident_life.advance(it.incident, BROKEN, term=9, now_s=1000.0)
    assert same is it.incident


def test_planned_work_on_an_open_incident_is_told_when_it_begins_and_then_nothing_is():
    incident = posted(incident_life.begin(BROKEN, channel="c", term=1, now_s=100.0))
    incident = incident_circumstances.maintained(incident, 1000.0, 110.0)
    assert incident_circumstances.maintained(incident, 1000.0, 120.0) is incident
    told = [m.change for m in incident.messages if m.delivery is Delivery.PENDING]
    assert told == [Change.MAINTAINED]
    worse = incident_life.advance(
        posted(incident), situation(severity=Severity.DOWN), term=1, now_s=150
    )
    assert worse.messages[-1].change is Change.WORSE
    assert not worse.untold
    assert worse.muted(150.0)


def test_what_is_not_well_when_planned_work_ends_is_told_once_and_followed_again():
    incident = posted(incident_life.begin(BROKEN, channel="c", term=1, now_s=100.0))
    incident = posted(incident_circumstances.maintained(incident, 1000.0, 110.0))
    incident = incident_circumstances.maintained_no_more(incident, 1000.5)
    assert incident.messages[-1].change is Change.OVERRAN
    assert (incident.overran_s, incident.muted(1000.5)) == (1000.0, False)
    assert incident_circumstances.maintained_no_more(incident, 1001.0) is incident
    worse = incident_life.advance(
        posted(incident), situation(severity=Severity.DOWN), term=1, now_s=1100
    )
    assert worse.untold


def test_an_outage_that_ends_during_planned_work_is_told_as_ended():
    incident = posted(incident_life.begin(BROKEN, channel="c", term=1, now_s=100.0))
    incident = posted(incident_circumstances.maintained(incident, 1000.0, 110.0))
    incident = incident_life.advance(incident, OVER, term=1, now_s=400.0)
    assert incident.messages[-1].change is Change.CLOSED
    assert incident.untold


def test_a_covered_incident_lives_without_a_word():
    covered = incident_life.begin(BROKEN, channel="c", term=1, now_s=100.0, storm="incident.first")
    for at_s, seen in ((101.0, situation(severity=Severity.DOWN)), (190.0, RECOVERING)):
        covered = incident_life.advance(covered, seen, term=1, now_s=at_s)
    covered = incident_life.advance(covered, OVER, term=1, now_s=240.0)
    assert covered.phase is Phase.CLOSED
    assert {message.delivery for message in covered.messages} == {Delivery.COVERED}
    assert not covered.untold


def test_a_covered_incident_that_becomes_national_remembers_it_for_its_row_in_the_storm():
    covered = incident_life.begin(BROKEN, channel="c", term=1, now_s=100.0, storm="incident.first")
    covered = incident_life.advance(covered, ABSORBED, term=1, now_s=240.0)
    assert headlines.absorbed(covered)


def test_the_largest_record_fits_into_the_exchange():
    everywhere = replace(
        situation(severity=Severity.DOWN, affected=tuple(f"layanan.nomor-{n}" for n in range(20))),
        working=tuple(f"layanan.nomor-{n}" for n in range(20)),
        evidence=Evidence(
            failing=tuple(f"kantor-imigrasi-{n:03}" for n in range(400)),
            reporting=400,
            first_step="x" * 200,
        ),
        spread=Spread(provinces={f"Nusa Tenggara Timur {n}": (10, 10) for n in range(38)}),
    )
    incident = incident_life.begin(everywhere, channel="pantau-nasional", term=1, now_s=1.76e9)
    for turn in range(40):
        seen = everywhere if turn % 2 else RECOVERING
        incident = incident_life.advance(incident, seen, term=1, now_s=1.76e9 + 10 * turn)
        last = replace(incident.messages[-1], text="t" * 400)
        incident = incidents.with_message(incident, last)
    incident = incident_life.advance(incident, everywhere, term=1, now_s=1.76e9 + 500)
    for receiver in range(8):
        incident = incidents.with_handed(incident, f"{receiver:040}", 40)
    assert len(codec.to_bytes(incident)) < 16_384


def test_more_offices_than_a_record_names_are_counted_all_the_same():
    many = situation(failing=900)
    incident = posted(incident_life.begin(many, channel="c", term=1, now_s=100.0))
    incident = incident_life.advance(incident, many, term=1, now_s=300.0)
    assert len(incident.evidence.failing) == incident_life.KEPT_OFFICES
    assert incident.evidence.failing_count == 900
    assert [each.change for each in incident.messages] == [Change.OPENED]
    assert "900/145" in headlines.of(incident, Wording())
    fewer = incident_life.advance(incident, situation(failing=420), term=1, now_s=400.0)
    assert fewer.messages[-1].change is Change.SHRUNK
    assert fewer.told_failing == 420


def test_a_receiver_that_is_down_for_hours_does_not_fill_the_record():
    incident = incident_life.begin(BROKEN, channel="c", term=1, now_s=100.0)
    for turn in range(300):
        seen = RECOVERING if turn % 2 else BROKEN
        incident = incident_life.advance(incident, seen, term=1, now_s=200.0 + 10 * turn)
    assert len(incident.messages) <= incident_replies.KEPT_MESSAGES + 2
    assert incident.messages[0].sequence == 0
    assert incident.messages[-1].sequence == 299


def test_only_told_replies_leave_a_long_record():
    it = Transcript()
    for turn in range(40):
        it.see(200.0 + 10 * turn, RECOVERING)
        it.see(205.0 + 10 * turn, BROKEN)
    sequences = [message.sequence for message in it.incident.messages]
    assert sequences[0] == 0
    assert len(sequences) <= incident_replies.KEPT_MESSAGES + 2
    assert sequences == sorted(set(sequences))
    assert it.incident.messages[-1].sequence == 80


def test_a_record_name_reads_one_way_only():
    assert (
        incidents.record_name(Scope.REGIONAL, "island:papua", "simkim.login")
        == "incident.regional.island-papua.simkim.login"
    )
    assert incidents.record_name(Scope.NATIONAL, NATION, "x") == "incident.national.all.x"


situations = st.builds(
    situation,
    st.sampled_from(AlarmPhase),
    failing=st.integers(0, 145),
    severity=st.sampled_from(Severity),
    absorbed=st.booleans(),
    ended_s=st.none() | st.floats(100, 1000),
)


@given(st.lists(st.tuples(st.floats(0.0, 100.0), situations), max_size=30))
def test_whatever_is_seen_the_record_stays_in_order(looks):
    it, now_s = Transcript(), 100.0
    for wait_s, seen in looks:
        now_s += wait_s
        before = it.incident
        it.see(now_s, seen)
        after = it.incident
        assert (after.closed_s is None) == (after.phase is not Phase.CLOSED)
        assert (after.recovering_s is None) or after.phase is not Phase.OPEN
        assert after.severity.rank >= before.severity.rank
        assert after.peak >= before.peak
        assert after.revision >= before.revision
        assert (after is before) or after.term == 2
