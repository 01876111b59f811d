"""nation.yaml: who watches, what is watched, how hard, and who hears of it. The same everywhere."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    create_model,
    model_validator,
)

from agent.config.checking import Strict
from agent.config.kinds import Line, Name, Rate, WebUrl
from agent.config.mistakes import Lines
from agent.core.lost_exchange import MOST_ALERTERS
from agent.core.maintenance import (
    LONGEST_S,
    LONGEST_WEEKLY_S,
    MOST_PLACES,
    MOST_SERVICES,
    zone_of,
)
from agent.core.order import ACKNOWLEDGING
from agent.core.tuning import FAIL, PATIENT, SLOW, ChannelTuning, FocusTuning, Tuning

_CHANNEL = re.compile(r"#?[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_EMOJI = re.compile(r"[a-z0-9_+-]{1,60}")
_MENTION = re.compile(r"<(!subteam\^[A-Z0-9]+|@[A-Z0-9]+|!here|!channel)>")


def _channel(text: str) -> str:
    if not _CHANNEL.fullmatch(text):
        raise ValueError('must be a channel such as "pantau-nasional" or "C0123456789"')
    return text


def _mention(text: str) -> str:
    if not _MENTION.fullmatch(text):
        raise ValueError('must be a mention such as "<!subteam^S0123456789>" or "<@U0123456789>"')
    return text


def _time_of_day(text: str) -> str:
    if not _TIME_OF_DAY.fullmatch(text):
        raise ValueError('must be a time of day in quotes such as "07:30"')
    return text


def _day(text: str) -> str:
    try:
        written = date.fromisoformat(text).isoformat()
    except ValueError:
        written = ""
    if written != text:
        raise ValueError('must be a day such as "2026-12-25"')
    return text


def wall_moment_s(text: str, zone: str) -> float:
    """Seconds since 1970 of ``2026-11-24 22:00`` by the clocks of ``zone``. Raises ValueError."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone_of(zone)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f'"{text:.40}" must be a moment such as "2026-11-24 22:00"') from None


def _emoji(text: str) -> str:
    if not _EMOJI.fullmatch(text):
        raise ValueError('must be the name of an emoji without colons, such as "eyes"')
    return text


HEARTBEAT_S = 10.0
MISSED_BEATS = 3
LEAST_USUAL_FACTOR = 1.5
_FEWEST_ONSETS = 2
_Part = TypeVar("_Part", ChannelTuning, FocusTuning)

SlackChannel = Annotated[str, AfterValidator(_channel)]
Mention = Annotated[str, AfterValidator(_mention)]
Emoji = Annotated[str, AfterValidator(_emoji)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
Day = Annotated[str, AfterValidator(_day)]
WeekDay = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Office(Strict):
    """An office of the roster; its order there is part of the file's identity."""

    id: Name
    name: Line
    office_class: Line | None = Field(default=None, alias="class")
    province: Line
    island: Line
    zone: Literal["Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"]
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    carrier: Line | None = None
    egress: Line | None = None
    weight: float = Field(default=1.0, gt=0, le=100_000)
    hub: bool = False


class Words(Strict):
    """A name in both languages."""

    id: Line
    en: Line


class WatchedService(Strict):
    """One central API, and what it cannot do without."""

    id: Name
    name: Words
    owner: Line | None = None
    needs: tuple[Name, ...] = ()
    sign_in: bool = False


class JourneyBudget(Strict):
    """How often the whole nation takes a journey, runs a second."""

    name: Name
    base_runs_per_s: Rate = 2.0
    ceiling_runs_per_s: Rate = 8.0

    @model_validator(mode="after")
    def _ceiling_above_base(self) -> Self:
        if self.ceiling_runs_per_s < self.base_runs_per_s:
            raise ValueError(
                f"ceiling_runs_per_s ({self.ceiling_runs_per_s:g}) is below base_runs_per_s "
                f"({self.base_runs_per_s:g}); raise the ceiling or lower the base"
            )
        return self


class TargetBudget(Strict):
    """The most that all offices together may ask of a target."""

    ceiling_requests_per_s: Rate


class ReminderSettings(Strict):
    """How often people are told again of a grave incident that nobody looks after."""

    after_minutes: float = Field(default=15.0, ge=1, le=1440)
    every_minutes: float = Field(default=60.0, ge=5, le=1440)
    most: int = Field(default=4, ge=0, le=20)
    least: Literal["degraded", "down"] = "degraded"
    escalate_at: int = Field(default=2, ge=0, le=20)


class DigestSettings(Strict):
    """The daily message of who takes no part."""

    channel: SlackChannel
    at: TimeOfDay = "07:30"
    zone: Literal["Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"] = (
        "Asia/Jakarta"
    )
    quiet_days: bool = False


class ClosedDays(Strict):
    """Days on which offices are closed: their silence is told apart from others'."""

    first: Day
    last: Day
    offices: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last ({self.last}) is before first ({self.first}); swap them")
        return self


class MaintenanceWindow(Strict):
    """Planned work on services, once or every week."""

    id: Name
    services: tuple[Name, ...] = Field(default=(), max_length=MOST_SERVICES)
    target: Name | None = None
    where: tuple[Line, ...] = Field(default=(), max_length=MOST_PLACES)
    mode: Literal["mute", "skip"] = "mute"
    zone: Literal["Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"]
    first: str | None = Field(default=None, alias="from")
    until: str | None = None
    days: tuple[WeekDay, ...] = Field(default=(), max_length=7)
    at: TimeOfDay | None = None
    minutes: float | None = Field(default=None, ge=1, le=LONGEST_WEEKLY_S / 60)
    reason: Line | None = None

    @model_validator(mode="after")
    def _once_or_weekly(self) -> Self:
        once = (self.first is not None, self.until is not None)
        weekly = (bool(self.days), self.at is not None, self.minutes is not None)
        if all(once) and not any(weekly):
            self._check_span()
        elif not all(weekly) or any(once):
            raise ValueError("needs `from` and `until`, or else `days`, `at` and `minutes`")
        if self.services and self.target:
            raise ValueError("names services and a target; leave one of them out")
        return self

    def _check_span(self) -> None:
        from_s, until_s = self.span_s()
        if not 0 < until_s - from_s <= LONGEST_S:
            raise ValueError("`until` must be later than `from`, by seven days at most")

    def span_s(self) -> tuple[float, float]:
        """When one that is not weekly begins and ends, seconds since 1970."""
        return wall_moment_s(self.first or "", self.zone), wall_moment_s(
            self.until or "", self.zone
        )


class SlackRoutes(Strict):
    """Which channel hears of what, and who is called."""

    main: SlackChannel
    slow: SlackChannel | None = None
    regional: SlackChannel | None = None
    fallback: SlackChannel | None = None
    mention: Mention | None = None
    by_service: dict[Name, SlackChannel] = Field(default_factory=dict)
    acknowledge: tuple[Emoji, ...] = Field(default=ACKNOWLEDGING, min_length=1, max_length=10)
    digest: DigestSettings | None = None
    reminders: ReminderSettings = Field(default_factory=ReminderSettings)
    escalation: Mention | None = None
    escalation_by_severity: dict[Literal["degraded", "down"], Mention] = Field(default_factory=dict)
    escalation_by_service: dict[Name, Mention] = Field(default_factory=dict)


def _overrides(defaults: Tuning | ChannelTuning | FocusTuning) -> dict[str, Any]:
    """One optional field for each number of ``defaults``: the list of them stays in the core."""
    given = {each.name: getattr(defaults, each.name) for each in fields(defaults) if each.init}
    return {
        name: (
            (int if isinstance(number, int) else float) | None,
            Field(default=None, ge=0, le=86_400),
        )
        for name, number in given.items()
        if isinstance(number, int | float)
    }


FailOverrides = create_model("FailOverrides", __base__=Strict, **_overrides(FAIL))
SlowOverrides = create_model("SlowOverrides", __base__=Strict, **_overrides(SLOW))
PatientOverrides = create_model("PatientOverrides", __base__=Strict, **_overrides(PATIENT))
FocusOverrides = create_model("FocusOverrides", __base__=Strict, **_overrides(FocusTuning()))
_Numbers = create_model("_Numbers", __base__=Strict, **_overrides(Tuning()))


class TuningOverrides(_Numbers):
    """Numbers of the detector that differ from :mod:`agent.core.tuning`."""

    fail: FailOverrides | None = None
    slow: SlowOverrides | None = None
    patient: PatientOverrides | None = None
    focus: FocusOverrides | None = None

    @property
    def whole(self) -> Tuning:
        """All numbers, overridden or not."""
        return Tuning(
            fail=_overridden(FAIL, self.fail),
            slow=_overridden(SLOW, self.slow),
            patient=_overridden(PATIENT, self.patient),
            focus=_overridden(FocusTuning(), self.focus),
            **self.model_dump(exclude_none=True, exclude={"fail", "slow", "patient", "focus"}),
        )

    @model_validator(mode="after")
    def _sane(self) -> Self:
        tuning = self.whole
        wrong = [
            *(f"fail: {each}" for each in _unsound_channel(tuning.fail)),
            *(f"slow: {each}" for each in _unsound_channel(tuning.slow)),
            *(f"patient: {each}" for each in _unsound_channel(tuning.patient)),
            *(f"focus: {each}" for each in _unsound_focus(tuning.focus)),
            *_unsound(tuning),
            *_unsound_usual(tuning),
        ]
        if wrong:
            raise ValueError("; ".join(wrong) + "; mend these numbers, or leave them out")
        return self


def _overridden(defaults: _Part, overrides: Strict | None) -> _Part:
    return replace(defaults, **overrides.model_dump(exclude_none=True)) if overrides else defaults


def _unsound_channel(numbers: ChannelTuning) -> Iterator[str]:
    if not 0 < numbers.p0_floor <= numbers.p0_ceiling < numbers.p1 <= 1:
        yield "0 < p0_floor <= p0_ceiling < p1 <= 1 must hold"
    if not 0 < numbers.a2_share <= numbers.a1_share < 1:
        yield "0 < a2_share <= a1_share < 1 must hold"
    if not 1 < numbers.a2_floor <= numbers.a1_floor:
        yield "1 < a2_floor <= a1_floor must hold, or one office could speak for the nation"
    if not (0 < numbers.b2_share < 1 and numbers.b2_floor > 0):
        yield "b2_share must be between 0 and 1, and b2_floor more than 0"


def _unsound_focus(focus: FocusTuning) -> Iterator[str]:
    if focus.rate_per_s <= 0 or focus.onsets < _FEWEST_ONSETS:
        yield f"rate_per_s must be more than 0, and onsets {_FEWEST_ONSETS} or more"
    if not 0 < focus.suspicion_share <= 1:
        yield "suspicion_share must be more than 0, and at most 1"


def _unsound(tuning: Tuning) -> Iterator[str]:
    if not 0 < tuning.soft_threshold < 1:
        yield "soft_threshold must be between 0 and 1"
    if not 0 < tuning.regional_share <= 1 or not 0 < tuning.small_group_share <= 1:
        yield "regional_share and small_group_share must be more than 0, and at most 1"
    if tuning.regional_score <= 1 or tuning.regional_contrast <= 1:
        yield "regional_score and regional_contrast must be more than 1"
    if not 0 < tuning.show_recovery_s <= tuning.close_s:
        yield "0 < show_recovery_s <= close_s must hold"
    if tuning.silent_after_s < MISSED_BEATS * HEARTBEAT_S:
        yield f"silent_after_s must be {MISSED_BEATS * HEARTBEAT_S:g} or more, three heartbeats"
    if tuning.result_expiry_periods <= 1:
        yield "result_expiry_periods must be more than 1"
    if min(tuning.stale_s, tuning.suspicion_limit_s, tuning.reprobe_s) <= 0:
        yield "stale_s, suspicion_limit_s and reprobe_s must be more than 0"


def _unsound_usual(tuning: Tuning) -> Iterator[str]:
    if tuning.usual_factor != 0 and tuning.usual_factor < LEAST_USUAL_FACTOR:
        yield (
            f"usual_factor must be {LEAST_USUAL_FACTOR:g} or more, or ordinary days would be slow; "
            "0 switches it off"
        )
    if tuning.usual_spreads <= 0 or tuning.usual_margin_s <= 0:
        yield "usual_spreads and usual_margin_s must be more than 0"


class Nation(Strict):
    """nation.yaml, checked."""

    revision: int = Field(ge=1)
    language: Literal["id", "en"] = "id"
    roster: tuple[Office, ...] = Field(min_length=1, max_length=2000)
    services: tuple[WatchedService, ...] = Field(min_length=1, max_length=100)
    journeys: tuple[JourneyBudget, ...] = Field(min_length=1, max_length=50)
    targets: dict[Name, TargetBudget] = Field(min_length=1)
    tuning: TuningOverrides = Field(default_factory=TuningOverrides)
    maintenance: tuple[MaintenanceWindow, ...] = Field(default=(), max_length=100)
    closed: tuple[ClosedDays, ...] = Field(default=(), max_length=500)
    slack: SlackRoutes
    alerters: tuple[Name, ...] = Field(default=(), max_length=MOST_ALERTERS)
    """Hubs that tell when the exchange is lost; empty: the first three hubs of the roster."""
    external_url: WebUrl | None = None
    grafana_url: WebUrl | None = None
    runbook_url: WebUrl | None = None

    _lines: Lines = PrivateAttr(default_factory=lambda: Lines(file="nation.yaml"))

    @property
    def lines(self) -> Lines:
        """Where everything stands, for mistakes that are found later."""
        return self._lines


def nation_hash(nation: Nation) -> str:
    """``r12:9f3c01ab``: revision and content, whatever the layout, comments or order of keys."""
    content = nation.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"r{nation.revision}:{hashlib.sha256(canonical.encode()).hexdigest()[:8]}"
