"""The metrics of one agent, in a registry of its own: many agents may live in one process.

Every label comes from configuration or from a closed set, and every known series stands at zero
from the start. A count for something unknown is dropped and counted: one label that an attacker
chooses could fail a whole scrape. What each metric means stands in ``metric_catalogue.yaml``, from
which their help texts and labels are read, so that the two cannot differ.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from agent.adapters.metric_catalogue import Metrics
from agent.adapters.office_metrics import Asks, OfficeCollector
from agent.clock import Clock
from agent.core.blame import Blame
from agent.core.model import (
    Branch,
    Bulletin,
    Channel,
    FailureKind,
    IncidentSummary,
    Outcome,
    Phases,
    Run,
    Scope,
    ServiceState,
    Severity,
    Sight,
    StepFacts,
    StepName,
    Trigger,
    Verdict,
)
from agent.core.view import ExchangeState
from agent.ports import Drop, Effect, LossNews, SendFailure, SkipReason

PHASES = ("resolve", "connect", "tls", "processing", "transfer")
_ATTENDANCE = (
    "reporting",
    "silent",
    "abstaining",
    "mismatched",
    "maintenance",
    "quarantined",
)
_OPENMETRICS = "application/openmetrics-text"
_FIT_FOR_EXEMPLAR = re.compile(r"[a-z0-9_.:@-]{1,110}")
"""Of the 128 characters that OpenMetrics grants an exemplar, its label's name takes eight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposition:
    """A scrape's answer."""

    body: bytes
    content_type: str


class PrometheusExporter:
    """Counts what the pipeline does; implements ``agent.ports.Meters``."""

    def __init__(  # noqa: PLR0913 - what configuration says of an agent, each by its name
        self,
        *,
        branch: Branch,
        roster: Collection[Branch],
        services: Sequence[str],
        journeys: Mapping[str, Sequence[StepName]],
        version: str,
        nation: str,
        clock: Clock,
        controls: Sequence[str] = (),
        receivers: Sequence[str] = (),
    ) -> None:
        """``controls``: the shared names of this office's near controls, of those that have one.

        ``receivers``: the names of those beside Slack.
        """
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._clock = clock
        self._roster = frozenset(each.id for each in roster)
        self._services = tuple(services)
        self._controls = tuple(controls)
        self._receivers = tuple(receivers)
        self._journeys = {name: frozenset(s.id for s in steps) for name, steps in journeys.items()}
        self._nation = nation
        self._registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self._registry)
        self._metrics = Metrics(self._registry)
        self._offices = OfficeCollector(roster, self._services, self._registry)
        self._incident_of: dict[str, str] = {}
        self._begin_journeys(journeys)
        self._begin_services()
        self._begin_nation(len(self._roster))
        self._begin_closed_sets()
        self._begin_receivers()
        self._describe(branch, version)

    def exposition(self, accept: str = "") -> Exposition:
        """All metrics, in OpenMetrics where the scraper asks for it and else in the text format."""
        wanted = f"{_OPENMETRICS}; version=1.0.0" if _OPENMETRICS in accept else ""
        encode, content_type = choose_encoder(wanted)
        return Exposition(body=encode(self._registry), content_type=content_type)

    def show_offices(self, asks: Asks) -> None:
        """Let every scrape ask for the leader's view of each office."""
        self._offices.asks = asks

    # --- runs -----------------------------------------------------------------------------------

    def run_finished(self, run: Run, verdicts: Sequence[Verdict]) -> None:
        """A run ended, well or not."""
        steps = self._journeys.get(run.journey)
        if steps is None:
            self.dropped(Drop.MEASUREMENT)
            return
        self._metrics.counter("runs", run.journey, run.trigger.value).inc()
        self._metrics.gauge("run_last_timestamp_seconds", run.journey).set(self._clock.wall_s())
        for facts in run.executed:
            if facts.step in steps:
                self._step(run.journey, facts)
            else:
                self.dropped(Drop.MEASUREMENT)
        for verdict in verdicts:
            self._verdict(verdict)

    def _step(self, journey: str, facts: StepFacts) -> None:
        self._metrics.histogram("step_duration_seconds", journey, facts.step).observe(
            facts.duration_s
        )
        for phase, seconds in _by_phase(facts.phases).items():
            self._metrics.counter("phase_seconds", journey, phase).inc(seconds)
        if facts.failure is not None:
            self._metrics.counter("step_failures", journey, facts.step).inc()

    def _verdict(self, verdict: Verdict) -> None:
        if verdict.service not in self._services:
            self.dropped(Drop.MEASUREMENT)
            return
        self._metrics.counter("verdicts", verdict.service, verdict.outcome.value).inc()
        self._state("service_outcome", verdict.outcome, Outcome, verdict.service)
        if verdict.outcome.broken:
            counter = self._metrics.counter("failures", verdict.service, _kind(verdict.code))
            counter.inc(exemplar=self._exemplar(verdict.service))

    def _exemplar(self, service: str) -> dict[str, str] | None:
        """The incident that a failure belongs to; shown only to who asks for OpenMetrics."""
        incident = self._incident_of.get(service)
        return None if incident is None else {"incident": incident}

    def run_blamed(self, journey: str, blame: Blame) -> None:
        """A run was not well, or not to be believed, and its fault most likely lies there."""
        if journey in self._journeys:
            self._metrics.counter("runs_blamed", journey, blame.value).inc()
        else:
            self.dropped(Drop.MEASUREMENT)

    def run_skipped(self, journey: str, reason: SkipReason) -> None:
        """A run that was due did not begin."""
        if journey in self._journeys:
            self._metrics.counter("runs_skipped", journey, reason.value).inc()
        else:
            self.dropped(Drop.MEASUREMENT)

    def sight(self, sight: Sight) -> None:
        """The controls have been tried."""
        self._metrics.gauge("office_sees").set(sight.sees)
        for control in self._controls:
            self._metrics.gauge("control_failing", control).set(control in sight.failing)
            self._metrics.gauge("control_ignored", control).set(control in sight.ignored)

    def evidence(self, service: str, channel: Channel, *, w: float, p0: float) -> None:
        """This branch's evidence (nats) and learned rate of bad results."""
        if service not in self._services:
            self.dropped(Drop.MEASUREMENT)
            return
        self._metrics.gauge("evidence_nats", service, channel.value).set(w)
        self._metrics.gauge("baseline_bad_ratio", service, channel.value).set(p0)

    def usual(self, journey: str, step: str, seconds: float | None) -> None:
        """How long a step usually takes here in this hour of the week; None: it is not known."""
        if step in self._journeys.get(journey, ()):
            self._metrics.gauge("step_usual_seconds", journey, step).set(seconds or 0.0)
        else:
            self.dropped(Drop.MEASUREMENT)

    # --- the exchange ---------------------------------------------------------------------------

    def status_published(self) -> None:
        """The exchange acknowledged a status."""
        self._metrics.counter("status_publishes").inc()
        self._acknowledged()

    def status_failed(self, why: SendFailure) -> None:
        """The exchange did not acknowledge a status."""
        self._metrics.counter("status_publishes").inc()
        self._metrics.counter("status_publish_failures", why.value).inc()

    def beat_acknowledged(self) -> None:
        """The exchange acknowledged a heartbeat: it answers now."""
        self._metrics.counter("beats").inc()
        self._acknowledged()

    def beat_failed(self, why: SendFailure) -> None:
        """The exchange did not acknowledge a heartbeat."""
        self._metrics.counter("beats").inc()
        self._metrics.counter("beat_failures", why.value).inc()

    def ledger_stored(self) -> None:
        """The exchange acknowledged a day of the availability ledger."""
        self._metrics.counter("ledger_writes").inc()
        self._acknowledged()

    def ledger_failed(self, why: SendFailure) -> None:
        """A day of the availability ledger could not be stored; it is tried again."""
        self._metrics.counter("ledger_writes").inc()
        self._metrics.counter("ledger_write_failures", why.value).inc()

    def _acknowledged(self) -> None:
        now_s = self._clock.wall_s()
        self._metrics.gauge("exchange_acknowledged_timestamp_seconds").set(now_s)

    def exchange_state(self, state: ExchangeState) -> None:
        """How this office takes part."""
        self._state("exchange_state", state, ExchangeState)

    # --- the nation -----------------------------------------------------------------------------

    def leadership(self, *, leads: bool, term: int) -> None:
        """This agent leads, or follows; ``term`` is the newest known."""
        self._metrics.gauge("leader").set(leads)
        self._metrics.gauge("term").set(term)

    def leader_heard(self) -> None:
        """The leader's own beat came: the last bulletin still stands."""
        self._metrics.gauge("leader_heard_timestamp_seconds").set(self._clock.wall_s())

    def bulletin_received(self, bulletin: Bulletin) -> None:
        """The leader spoke."""
        self._metrics.counter("bulletins").inc()
        self._metrics.gauge("bulletin_received_timestamp_seconds").set(self._clock.wall_s())
        self.leader_heard()
        for service in self._services:
            state = bulletin.services.get(service, ServiceState.UNKNOWN)
            self._state("service_state", state, ServiceState, service)
            self._metrics.gauge("service_drifted", service).set(service in bulletin.drifted)
            planned = any(n.means(service, ()) for n in bulletin.planned)
            self._metrics.gauge("service_planned", service).set(planned)
        self._attendance(bulletin)
        self._incidents(bulletin)

    def _attendance(self, bulletin: Bulletin) -> None:
        counts = {
            "reporting": bulletin.reporting,
            "silent": bulletin.silent.count,
            "abstaining": bulletin.abstaining.count,
            "mismatched": bulletin.mismatched.count,
            "maintenance": bulletin.maintenance.count,
            "quarantined": bulletin.quarantined.count,
        }
        for attendance, count in counts.items():
            self._metrics.gauge("branches", attendance).set(count)
        self._metrics.gauge("nation_blind").set(bulletin.blind)
        self._metrics.forget("branch_mismatched")
        for branch in self._roster.intersection(bulletin.mismatched.first):
            self._metrics.gauge("branch_mismatched", branch).set(1)

    def _incidents(self, bulletin: Bulletin) -> None:
        for scope in Scope:
            for severity in Severity:
                count = sum(
                    each.scope is scope and each.severity is severity for each in bulletin.incidents
                )
                self._metrics.gauge("incidents_open", scope.value, severity.value).set(count)
        self._incident_of = _incidents_by_service(bulletin.incidents)

    def blipped(self, service: str, channel: Channel) -> None:
        """At the leader: a suspicion came to nothing."""
        if service in self._services:
            self._metrics.counter("blips", service, channel.value).inc()
        else:
            self.dropped(Drop.MEASUREMENT)

    # --- telling --------------------------------------------------------------------------------

    def notify_attempted(self, effect: Effect | None) -> None:
        """A delivery was tried; ``effect`` says what became of it, None: acknowledged."""
        self._metrics.counter("notify_attempts").inc()
        if effect is not None:
            self._metrics.counter("notify_failures", effect.value).inc()

    def notify_checked(self, effect: Effect | None) -> None:
        """The receiver was asked whether it would hear us; ``effect`` as above."""
        self._metrics.counter("notify_checks").inc()
        if effect is not None:
            self._metrics.counter("notify_check_failures", effect.value).inc()

    def reminded(self) -> None:
        """At the leader: people are reminded of an incident that nobody looks after."""
        self._metrics.counter("incident_reminders").inc()

    def digest_written(self) -> None:
        """At the leader: a day's digest stands, told or with nothing to tell."""
        self._metrics.counter("digests").inc()

    def signs_looked_for(self, effect: Effect | None) -> None:
        """At the leader: a root message's signs were asked for; ``effect`` as above."""
        self._metrics.counter("sign_looks").inc()
        if effect is not None:
            self._metrics.counter("sign_look_failures", effect.value).inc()

    def loss_news(self, news: LossNews) -> None:
        """At an alerter: something was done about a loss of the exchange."""
        self._metrics.counter("exchange_losses", news.value).inc()

    def outbox(self, pending: int, oldest_s: float | None) -> None:
        """Messages not yet told, and when the oldest was due (seconds since 1970)."""
        self._metrics.gauge("outbox_pending").set(pending)
        self._metrics.gauge("outbox_oldest_pending_timestamp_seconds").set(oldest_s or 0.0)

    def receiver_attempted(self, receiver: str, effect: Effect | None) -> None:
        """Something was passed to a receiver beside Slack; ``effect`` says what became of it."""
        if receiver not in self._receivers:
            self.dropped(Drop.MEASUREMENT)
            return
        self._metrics.counter("receiver_attempts", receiver).inc()
        if effect is None:
            now_s = self._clock.wall_s()
            self._metrics.gauge("receiver_last_success_timestamp_seconds", receiver).set(now_s)
        else:
            self._metrics.counter("receiver_failures", receiver, effect.value).inc()

    def receiver_waiting(self, receiver: str, count: int) -> None:
        """How many messages wait for that receiver."""
        if receiver in self._receivers:
            self._metrics.gauge("receiver_waiting", receiver).set(count)
        else:
            self.dropped(Drop.MEASUREMENT)

    def receiver_dropped(self, receiver: str, count: int = 1) -> None:
        """Messages were given up: too old, too many, or refused for good."""
        if receiver in self._receivers:
            self._metrics.counter("receiver_dropped", receiver).inc(count)
        else:
            self.dropped(Drop.MEASUREMENT)

    # --- the agent itself -----------------------------------------------------------------------

    def dropped(self, what: Drop, count: int = 1) -> None:
        """Something was thrown away."""
        self._metrics.counter("dropped", what.value).inc(count)

    def scheduler_lag(self, seconds: float) -> None:
        """How late a run began."""
        self._metrics.histogram("scheduler_lag_seconds").observe(seconds)

    def loop_lag(self, seconds: float) -> None:
        """How late the event loop woke a task."""
        self._metrics.histogram("loop_lag_seconds").observe(seconds)

    def config_loaded(self, *, success: bool, nation: str) -> None:
        """Configuration was read; ``nation`` is the revision and hash now in force."""
        self._metrics.gauge("config_last_reload_successful").set(success)
        if success:
            now_s = self._clock.wall_s()
            self._metrics.gauge("config_last_reload_success_timestamp_seconds").set(now_s)
            self._metrics.forget("config_info")
            self._metrics.gauge("config_info", nation).set(1)

    # --- zero from the start --------------------------------------------------------------------

    def _begin_journeys(self, journeys: Mapping[str, Sequence[StepName]]) -> None:
        for journey, steps in journeys.items():
            self._metrics.begin("runs", [journey], Trigger)
            self._metrics.begin("run_last_timestamp_seconds", [journey])
            self._metrics.begin("runs_skipped", [journey], SkipReason)
            self._metrics.begin("runs_blamed", [journey], Blame)
            self._metrics.begin("phase_seconds", [journey], PHASES)
            ids = [step.id for step in steps]
            self._metrics.begin("step_duration_seconds", [journey], ids)
            self._metrics.begin("step_usual_seconds", [journey], ids)
            self._metrics.begin("step_failures", [journey], ids)
            for step in steps:
                self._metrics.gauge("step_info", journey, step.id, step.service).set(1)

    def _begin_services(self) -> None:
        self._metrics.begin("control_failing", self._controls)
        self._metrics.begin("control_ignored", self._controls)
        self._metrics.begin("verdicts", self._services, Outcome)
        self._metrics.begin("service_outcome", self._services, Outcome)
        self._metrics.begin("failures", self._services, FailureKind)
        self._metrics.begin("evidence_nats", self._services, Channel)
        self._metrics.begin("baseline_bad_ratio", self._services, Channel)
        self._metrics.begin("service_drifted", self._services)
        self._metrics.begin("service_planned", self._services)
        self._metrics.begin("blips", self._services, Channel)
        for service in self._services:
            self._state("service_state", ServiceState.UNKNOWN, ServiceState, service)

    def _begin_nation(self, roster: int) -> None:
        self._metrics.begin("branches", _ATTENDANCE)
        self._metrics.begin("incidents_open", Scope, Severity)
        self._metrics.gauge("branches_expected").set(roster)

    def _begin_closed_sets(self) -> None:
        self._metrics.begin("status_publish_failures", SendFailure)
        self._metrics.begin("beat_failures", SendFailure)
        self._metrics.begin("ledger_write_failures", SendFailure)
        self._metrics.begin("notify_failures", Effect)
        self._metrics.begin("notify_check_failures", Effect)
        self._metrics.begin("sign_look_failures", Effect)
        self._metrics.begin("dropped", Drop)
        self._metrics.begin("exchange_losses", LossNews)
        self._state("exchange_state", ExchangeState.STANDALONE, ExchangeState)

    def _begin_receivers(self) -> None:
        self._metrics.begin("receiver_attempts", self._receivers)
        self._metrics.begin("receiver_failures", self._receivers, Effect)
        self._metrics.begin("receiver_last_success_timestamp_seconds", self._receivers)
        self._metrics.begin("receiver_waiting", self._receivers)
        self._metrics.begin("receiver_dropped", self._receivers)

    def _describe(self, branch: Branch, version: str) -> None:
        self._metrics.gauge("build_info", version, platform.python_version()).set(1)
        self._metrics.gauge("office_sees").set(1)
        self._metrics.gauge(
            "branch_info",
            branch.id,
            branch.name,
            branch.province,
            branch.island,
            branch.zone,
            branch.carrier or "",
            branch.egress or "",
            str(branch.hub).lower(),
        ).set(1)
        self.config_loaded(success=True, nation=self._nation)

    def _state(self, name: str, current: str, states: Iterable[str], *labels: str) -> None:
        """One series per state of a closed set; the one that holds is 1."""
        for state in states:
            self._metrics.gauge(name, *labels, str(state)).set(state == current)


def _incidents_by_service(incidents: Sequence[IncidentSummary]) -> dict[str, str]:
    """The id of each service's open incident, the nation's before a region's.

    An id that an exemplar cannot hold is left out: the library raises, and a run must not.
    """
    found: dict[str, str] = {}
    for each in sorted(incidents, key=lambda i: i.scope is not Scope.NATIONAL):
        if _FIT_FOR_EXEMPLAR.fullmatch(each.id):
            for service in (each.root, *each.affected):
                found.setdefault(service, each.id)
    return found


def _by_phase(phases: Phases) -> dict[str, float]:
    return {name: getattr(phases, f"{name}_s") for name in PHASES}


def _kind(code: str | None) -> str:
    """The closed kind of a failure code: ``http`` for ``http_503``."""
    kind = (code or "").split("_", 1)[0]
    return kind if kind in tuple(FailureKind) else FailureKind.UNEXPECTED.value
