from __future__ import annotations

from agent.core.silence import Silences


def due(silences: Silences, proved_s: float) -> list[str]:
    found = []
    while (branch := silences.pop_due(proved_s)) is not None:
        found.append(branch)
    return found


def test_a_branch_is_silent_once_and_again_after_a_sign_of_life():
    silences = Silences(60.0)
    silences.begin(0.0)
    silences.heard("jember", 10.0)
    silences.heard("sorong", 20.0)
    assert due(silences, 69.0) == []
    assert due(silences, 70.0) == ["jember"]
    assert due(silences, 79.0) == []
    silences.heard("jember", 79.5)
    assert due(silences, 139.0) == ["sorong"]
    assert due(silences, 139.5) == ["jember"]


def test_nobody_is_silent_before_the_picture_was_complete_for_long_enough():
    silences = Silences(60.0)
    silences.heard("jember", 0.0)
    assert due(silences, 1_000.0) == []
    silences.begin(50.0)
    assert due(silences, 109.0) == []
    assert due(silences, 110.0) == ["jember"]


def test_a_blind_reader_judges_nobody():
    silences = Silences(60.0)
    silences.begin(0.0)
    silences.heard("jember", 0.0)
    silences.go_blind()
    assert not silences.synced
    assert silences.next_s() is None
    assert due(silences, 1_000.0) == []
    silences.begin(1_000.0)
    assert silences.next_s() == 1_060.0


def test_a_silence_told_before_a_blind_time_is_not_told_again_after_it():
    silences = Silences(60.0)
    silences.begin(0.0)
    silences.heard("jember", 0.0)
    assert due(silences, 60.0) == ["jember"]
    silences.go_blind()
    silences.begin(100.0)
    assert due(silences, 1_000.0) == []
