"""Every number of the detector, with its default, in one place.

The defaults come from simulation of a fleet under a national budget (145 offices, 2 runs a second);
they are shares of the roster with floors, so that one set serves three offices and a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cbrt, log

from agent.core.model import Channel

STATUS_S = 300.0
"""An office that has no news publishes its status this often all the same."""


MEASURED_WITH = 145
"""Offices of the nation that the numbers were found with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTuning:
    """One channel's numbers, before the roster is known."""

    p1: float = 0.5
    """Design rate of bad results in trouble."""
    cap_results: float = 2.0
    """Bad results of a clean branch that make its vote whole; no branch counts for more."""
    p0_floor: float
    p0_ceiling: float
    a1_share: float
    a2_share: float
    a1_floor: float = 3.0
    a2_floor: float = 2.0
    b2_share: float = 0.008
    b2_floor: float = 1.0
    onset_runs: int = 30
    """Three offices that begin to fail within this many of the nation's runs are worth a focus."""

    cap: float = field(init=False, repr=False, compare=False)
    """Most evidence one branch can hold, nats. It follows from the others, and is reckoned once
    because every result asks for it."""

    def __post_init__(self) -> None:
        # Numbers that cannot be must live until the configuration refuses them: without a cap.
        possible = 0.0 < self.p0_floor < self.p1
        cap = self.cap_results * log(self.p1 / self.p0_floor) if possible else 0.0
        object.__setattr__(self, "cap", cap)

    def a1(self, roster: int) -> float:
        """Branch equivalents at which a service is suspected."""
        return max(self.a1_floor, self.a1_share * telling_size(roster))

    def a2(self, roster: int) -> float:
        """Fresh branch equivalents at which it is national."""
        return max(self.a2_floor, self.a2_share * telling_size(roster))

    def b2(self, roster: int) -> float:
        """Fresh evidence to the contrary at which the suspicion is cleared."""
        return max(self.b2_floor, self.b2_share * telling_size(roster))


def telling_size(roster: int) -> float:
    """The offices that the thresholds are shares of.

    Beyond the roster that they were measured with, thresholds grow like its cube root: the nation's
    budget of runs, and with it the evidence of a second, does not grow at all, and a thousand
    offices are to be told as soon as a hundred and fifty.
    """
    return roster if roster <= MEASURED_WITH else MEASURED_WITH * cbrt(roster / MEASURED_WITH)


FAIL = ChannelTuning(p0_floor=0.005, p0_ceiling=0.08, a1_share=0.028, a2_share=0.0168)
PATIENT = ChannelTuning(
    p1=0.15,
    cap_results=3.0,
    p0_floor=0.005,
    p0_ceiling=0.06,
    a1_share=0.031,
    a2_share=0.031,
)
"""For what fails seldom: one failure is forgotten after 21 good results, not after 7. A memory so
long meets two spells of weather at once now and then, and asks for more fresh evidence."""
SLOW = ChannelTuning(p0_floor=0.01, p0_ceiling=0.10, a1_share=0.04, a2_share=0.024, onset_runs=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusTuning:
    """The numbers of :mod:`agent.core.focus`."""

    rate_per_s: float = 8.0
    """Runs a second of the whole nation while an order stands; ceilings bind all the same."""
    longest_s: float = 60.0
    rest_s: float = 60.0
    hourly_s: float = 300.0
    """Seconds of focus an hour, and the most that is saved up."""
    onsets: int = 3
    suspicion_share: float = 0.5
    """Share of A1 beyond the worst groups at which a service is worth a focus."""
    recovery_score: float = 7.0
    """Evidence of a change for the better, nats, at which a national alarm is worth a focus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """All numbers of the detector."""

    fail: ChannelTuning = FAIL
    slow: ChannelTuning = SLOW
    patient: ChannelTuning = PATIENT
    """The fail channel's other memory; see :mod:`agent.core.scale`."""
    soft_threshold: float = 0.25
    """Evidence below this share of the cap is no vote."""
    guard_s: float = 12.0
    """Results that began this soon after the suspicion do not confirm it."""
    suspicion_limit_s: float = 600.0
    stale_s: float = 30.0
    """Results older than this on arrival are remembered and never confirm anything."""
    quarantine_s: float = 900.0
    patient_quarantine_s: float = 3600.0
    creep_share: float = 0.05
    creep_floor: float = 4.0
    """Quarantined offices beyond the worst groups at which the nation fails office by office."""
    recovery_score: float = 8.0
    show_recovery_s: float = 15.0
    close_s: float = 60.0
    member_s: float = 360.0
    """A member that was good for this long, twice at least, leaves an incident's count."""
    patient_member_s: float = 1800.0
    silent_after_s: float = 60.0
    result_expiry_periods: float = 2.5
    """A result this many periods old says nothing of now. A good one says it for ``STATUS_S`` more:
    an office publishes news alone, and while it beats no news is that all is well."""
    regional_score: float = 2.5
    regional_share: float = 0.2
    regional_contrast: float = 4.0
    small_group: int = 10
    small_group_share: float = 0.25
    small_roster: int = 8
    small_provinces: int = 4
    reprobe_s: float = 15.0
    reprobe_limit: int = 8
    hold_dependant_s: float = 30.0
    usual_factor: float = 2.0
    """A step that takes so many times its usual is slow (:mod:`agent.core.rhythm`); 0: never."""
    usual_spreads: float = 3.0
    """And longer than the hour's mean by so many times its spread, of ln(seconds)."""
    usual_margin_s: float = 0.2
    """And longer than usual by so much."""
    focus: FocusTuning = FocusTuning()

    def channel(self, channel: Channel) -> ChannelTuning:
        """The numbers of one of the two channels."""
        return self.fail if channel is Channel.FAIL else self.slow
