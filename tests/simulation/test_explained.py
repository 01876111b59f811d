"""What agents say of an outage while it goes on: the leader in numbers, the others in its words."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import groupby

import pytest

from agent.adapters.explanation_document import explanation_document
from agent.core.explanation import Explanation
from agent.core.model import ServiceState
from agent.simulation.fleet import Fleet
from tests.simulation.test_leaders_lost import TWELVE
from tests.support.whole_fleet import Played, broken, play

BILLING = "simponi.billing"
BEGINS_S, ENDS_S = 20, 100
FROM_S, UNTIL_S = 22.0, 172.0
"""From the first failures until it is over: at rest, so few offices tell little of what is good."""
S = ServiceState


@dataclass(slots=True)
class Asked:
    """Two offices, asked about billing at every look: who leads, and one that does not."""

    leader: list[tuple[float, Explanation]] = field(default_factory=list)
    other: list[tuple[float, Explanation]] = field(default_factory=list)
    largest: int = 0
    """Bytes of the longest answer."""

    def look(self, offset_s: float, fleet: Fleet) -> None:
        if not FROM_S <= offset_s <= UNTIL_S:
            return
        wording = fleet.plan.mandate.wording
        for agent in fleet.agents.values():
            explained = agent.explain(BILLING)
            assert explained is not None
            whole = json.dumps(explanation_document(explained, wording), allow_nan=False)
            self.largest = max(self.largest, len(whole))
            kept = self.leader if agent.leadership.may_act() else self.other
            if agent.leadership.may_act() or agent.office.identity.branch.id == self._named(fleet):
                kept.append((offset_s, explained))
        assert next(iter(fleet.agents.values())).explain("simponi") is None

    def _named(self, fleet: Fleet) -> str:
        return next(name for name, a in fleet.agents.items() if not a.leadership.may_act())


@pytest.fixture(scope="module")
def outage() -> tuple[Played, Asked]:
    asked = Asked()
    story = broken(BILLING, BEGINS_S, ENDS_S)
    return play(story, offices=TWELVE, seconds=180, on_look=asked.look), asked


def states(said: list[tuple[float, Explanation]]) -> list[ServiceState]:
    """Which states followed each other."""
    return [state for state, _ in groupby(explained.state for _, explained in said)]


def test_the_leader_and_the_others_say_the_same_one_after_the_other(outage):
    _, asked = outage
    whole = [S.NORMAL, S.SUSPECTED, S.NATIONAL, S.RECOVERING, S.NORMAL]
    assert states(asked.leader) == whole
    assert states(asked.other) == whole


def test_only_the_leader_accounts_for_all_numbers_and_the_others_name_it(outage):
    _, asked = outage
    for _, explained in asked.leader:
        assert explained.nation is not None
        assert explained.leader == explained.office
    for at_s, explained in asked.other:
        assert explained.nation is None
        assert explained.leader != explained.office
        assert explained.leader == next(e.office for s, e in asked.leader if s == at_s)


def test_the_bulletin_brings_the_grounds_of_what_is_not_normal_and_of_nothing_else(outage):
    _, asked = outage
    for _, explained in asked.other:
        assert (explained.grounds is None) == (explained.state is S.NORMAL)
        if explained.grounds is not None:
            assert 0 < explained.grounds.threshold <= explained.grounds.score


def test_the_leaders_numbers_bear_out_its_word(outage):
    _, asked = outage
    for _, explained in asked.leader:
        assert explained.nation is not None
        trials = [each.trial for each in explained.nation.channels if each.trial is not None]
        alarms = [s.alarm for each in explained.nation.channels for s in each.standing]
        assert bool(trials) == (explained.state is S.SUSPECTED)
        if explained.state is S.NATIONAL:
            assert any(each.evidence.score >= each.evidence.threshold > 0 for each in alarms)
        if explained.state is S.SUSPECTED:
            assert not alarms


def test_the_message_of_the_incident_tells_its_chance(outage):
    played, asked = outage
    record = played.record(BILLING)
    assert record.evidence.coincidence == 1e-6
    told = [e.incident for _, e in asked.other if e.state is S.NATIONAL and e.incident]
    assert told
    assert told[-1].coincidence == 1e-6
    open_then = [s.message.text for s in played.said if s.is_root and s.at_s < ENDS_S]
    assert "Peluang kebetulan dalam setahun: kurang dari 1 banding 1.000.000." in open_then[-1]


def test_no_answer_grows_without_bound(outage):
    _, asked = outage
    assert 0 < asked.largest < 40_000, "bytes, of twelve offices"
