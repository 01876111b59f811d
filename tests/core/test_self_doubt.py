"""An agent that was itself too slow says so, and nothing of any service."""

from __future__ import annotations

import pytest

from agent.core.self_doubt import SelfMeasure, doubt


@pytest.mark.parametrize(
    ("measured", "words", "why"),
    [
        (SelfMeasure(seconds=2.0), None, "nothing was seen"),
        (SelfMeasure(seconds=2.0, loop_lag_s=1.0), None, "at the limit is not beyond it"),
        (SelfMeasure(seconds=2.0, loop_lag_s=1.2), "event loop woke 1.2 s late", "late"),
        (SelfMeasure(seconds=0.2, throttled_s=0.09), None, "too short to matter"),
        (SelfMeasure(seconds=20.0, throttled_s=1.0), None, "a twentieth of a long run"),
        (SelfMeasure(seconds=1.0, throttled_s=0.3), "CPU was throttled for 0.3 s", "throttled"),
        (SelfMeasure(seconds=1.0, stepped_s=1.0), None, "slewed"),
        (SelfMeasure(seconds=1.0, stepped_s=-60.0), "stepped by -60.0 s", "set back"),
    ],
)
def test_what_makes_an_agent_doubt_itself(measured, words, why):
    said = doubt(measured)
    assert (said is None) == (words is None), why
    assert words is None or (said is not None and words in said)
