"""The metrics are those of the catalogue, stand at zero from the start, and cannot be flooded."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from agent.adapters.metric_catalogue import OF_THE_PROCESS, exposed_families, read_catalogue
from agent.adapters.prometheus_exporter import PrometheusExporter
from agent.core.blame import Blame
from agent.core.census import Census, Part
from agent.core.model import (
    Branch,
    Bulletin,
    Channel,
    Failure,
    FailureKind,
    IncidentSummary,
    Names,
    Outcome,
    Phases,
    PlannedNotice,
    Position,
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
from agent.ports import Denied, Drop, Effect, Meters, SendFailure, SkipReason
from tests.support.real_parts import command_of

JEMBER = Branch(
    id="jember",
    name="Kantor Imigrasi Jember",
    province="Jawa Timur",
    island="Jawa",
    zone="Asia/Jakarta",
)
SORONG = replace(
    JEMBER,
    id="sorong",
    province="Papua Barat Daya",
    island="Papua",
    zone="Asia/Jayapura",
    position=Position(latitude_degrees=-0.8762, longitude_degrees=131.2558),
)
ROSTER = (JEMBER, replace(JEMBER, id="semarang"), SORONG)
PER_AGENT, PER_JOURNEY, PER_SERVICE = 98 + len(OF_THE_PROCESS), 51, 37
"""Series of a follower without shared controls and receivers; a journey here has two steps."""
OF_OFFICES = (
    "pantau_office_attendance",
    "pantau_office_info",
    "pantau_office_position_degrees",
    "pantau_office_service_state",
)
DNS, TCP = "dns 9.9.9.9:53", "tcp one.example:443"
STEPS = (
    StepName(id="sign in", service="simkim.login", slow_after_s=1.5),
    StepName(id="billing inquiry", service="simponi.billing"),
)
BULLETIN = Bulletin(
    term=7,
    leader="semarang",
    nation="r12:9f3c01ab",
    at_s=1.7e9,
    services={"simponi.billing": ServiceState.NATIONAL, "<evil>": ServiceState.NORMAL},
    drifted=("simponi.billing", "<evil>"),
    planned=(
        PlannedNotice(id="night", until_s=1.0, services=("simkim.login",)),
        PlannedNotice(id="papua", until_s=1.0, where=("island:papua",)),
    ),
    incidents=(
        IncidentSummary(
            id="incident.national.all.simponi.billing@3841",
            scope=Scope.NATIONAL,
            group="all",
            root="simponi.billing",
            severity=Severity.DEGRADED,
            phase="open",
            since_s=1.7e9,
            failing=118,
            reporting=140,
        ),
    ),
    roster=145,
    reporting=140,
    silent=Names(count=5, first=("sorong",)),
    mismatched=Names(count=2, first=("sorong", "<not on the roster>")),
)


CENSUS = Census(
    parts={"jember": Part.REPORTING, "semarang": Part.REPORTING, "sorong": Part.SILENT},
    words={"simponi.billing": {"jember": Outcome.FAIL, "semarang": Outcome.OK}},
)


class StoppedClock:
    def now_s(self) -> float:
        return 0.0

    def wall_s(self) -> float:
        return 1.7e9


def exporter(branch: Branch = JEMBER) -> PrometheusExporter:
    return PrometheusExporter(
        branch=branch,
        roster=ROSTER,
        services=("simkim.login", "simponi.billing"),
        journeys={"payment": STEPS},
        version="0.1.0",
        nation="r12:9f3c01ab",
        clock=StoppedClock(),
        controls=(DNS, TCP),
        receivers=("webhook", "alertmanager"),
    )


def run(**changes: object) -> Run:
    executed = (
        StepFacts(
            step="sign in",
            service="simkim.login",
            started_s=0.0,
            duration_s=0.7,
            slow_after_s=1.5,
            phases=Phases(resolve_s=0.1, processing_s=0.5),
        ),
        StepFacts(
            step="billing inquiry",
            service="simponi.billing",
            started_s=0.7,
            duration_s=0.2,
            slow_after_s=None,
            failure=Failure(kind=FailureKind.HTTP, detail="HTTP 503", status=503),
        ),
    )
    whole = Run(journey="payment", started_s=0.0, duration_s=1.0, executed=executed, declared=STEPS)
    return replace(whole, **changes)  # type: ignore[arg-type]


def verdict(service: str, outcome: Outcome, code: str | None = None) -> Verdict:
    return Verdict(service=service, outcome=outcome, step="x", started_s=0.0, code=code)


def samples(of: PrometheusExporter) -> dict[str, float]:
    text = of.exposition().body.decode()
    return {
        _series(sample): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _series(sample: Sample) -> str:
    labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
    return f"{sample.name}{{{labels}}}" if labels else sample.name


def a_busy_life() -> PrometheusExporter:
    """An exporter to which everything has happened once."""
    of = exporter()
    meters: Meters = of
    meters.run_finished(
        run(trigger=Trigger.REPROBE),
        [
            verdict("simkim.login", Outcome.OK),
            verdict("simponi.billing", Outcome.FAIL, "http_503"),
        ],
    )
    meters.run_blamed("payment", Blame.PATH)
    meters.run_skipped("payment", SkipReason.RUNNING)
    meters.sight(
        Sight(
            sees=False,
            why_not="gateway and resolver do not answer",
            controls=(DNS, TCP),
            failing=(DNS, TCP),
            ignored=(DNS,),
        )
    )
    meters.evidence("simponi.billing", Channel.FAIL, w=4.61, p0=0.005)
    meters.usual("payment", "sign in", 0.6)
    meters.usual("payment", "billing inquiry", None)
    meters.status_published()
    meters.status_failed(SendFailure.of(Denied("no")))
    meters.beat_acknowledged()
    meters.beat_failed(SendFailure.UNAVAILABLE)
    meters.ledger_stored()
    meters.ledger_failed(SendFailure.CONFLICT)
    meters.exchange_state(ExchangeState.JOINED)
    meters.leadership(leads=True, term=7)
    meters.bulletin_received(BULLETIN)
    meters.leader_heard()
    meters.blipped("simponi.billing", Channel.SLOW)
    meters.notify_attempted(None)
    meters.notify_attempted(Effect.UNKNOWN)
    meters.receiver_attempted("webhook", None)
    meters.receiver_attempted("webhook", Effect.REFUSED)
    meters.receiver_waiting("webhook", 3)
    meters.receiver_dropped("webhook", 2)
    meters.notify_checked(None)
    meters.notify_checked(Effect.UNKNOWN)
    meters.reminded()
    meters.digest_written()
    meters.signs_looked_for(None)
    meters.signs_looked_for(Effect.REFUSED)
    meters.outbox(2, 1.6e9)
    meters.dropped(Drop.EVENT, 3)
    meters.scheduler_lag(0.2)
    meters.loop_lag(0.01)
    meters.config_loaded(success=False, nation="r13:broken")
    of.show_offices(lambda: CENSUS)
    return of


def test_what_happened_is_what_is_shown():
    shown = samples(a_busy_life())
    expected = {
        "pantau_runs_total{journey=payment,trigger=reprobe}": 1,
        "pantau_runs_total{journey=payment,trigger=plan}": 0,
        "pantau_runs_blamed_total{blame=path,journey=payment}": 1,
        "pantau_runs_blamed_total{blame=line,journey=payment}": 0,
        "pantau_runs_skipped_total{journey=payment,reason=still running}": 1,
        "pantau_run_last_timestamp_seconds{journey=payment}": 1.7e9,
        "pantau_step_duration_seconds_count{journey=payment,step=sign in}": 1,
        "pantau_step_usual_seconds{journey=payment,step=sign in}": 0.6,
        "pantau_step_usual_seconds{journey=payment,step=billing inquiry}": 0,
        "pantau_step_failures_total{journey=payment,step=billing inquiry}": 1,
        "pantau_step_failures_total{journey=payment,step=sign in}": 0,
        "pantau_phase_seconds_total{journey=payment,phase=processing}": 0.5,
        "pantau_verdicts_total{outcome=ok,service=simkim.login}": 1,
        "pantau_failures_total{kind=http,service=simponi.billing}": 1,
        "pantau_service_outcome{outcome=fail,service=simponi.billing}": 1,
        "pantau_service_outcome{outcome=ok,service=simponi.billing}": 0,
        "pantau_office_sees": 0,
        f"pantau_control_failing{{control={TCP}}}": 1,
        f"pantau_control_ignored{{control={TCP}}}": 0,
        f"pantau_control_ignored{{control={DNS}}}": 1,
        "pantau_evidence_nats{channel=fail,service=simponi.billing}": 4.61,
        "pantau_status_publishes_total": 2,
        "pantau_status_publish_failures_total{reason=denied}": 1,
        "pantau_beats_total": 2,
        "pantau_beat_failures_total{reason=unavailable}": 1,
        "pantau_ledger_writes_total": 2,
        "pantau_ledger_write_failures_total{reason=conflict}": 1,
        "pantau_exchange_acknowledged_timestamp_seconds": 1.7e9,
        "pantau_exchange_state{state=joined}": 1,
        "pantau_exchange_state{state=standalone}": 0,
        "pantau_leader": 1,
        "pantau_term": 7,
        "pantau_bulletin_received_timestamp_seconds": 1.7e9,
        "pantau_service_state{service=simponi.billing,state=national}": 1,
        "pantau_service_state{service=simkim.login,state=unknown}": 1,
        "pantau_service_drifted{service=simponi.billing}": 1,
        "pantau_service_drifted{service=simkim.login}": 0,
        "pantau_service_planned{service=simponi.billing}": 0,
        "pantau_service_planned{service=simkim.login}": 1,
        "pantau_branches{attendance=silent}": 5,
        "pantau_branch_mismatched{office=sorong}": 1,
        "pantau_office_attendance{attendance=silent,office=sorong}": 1,
        "pantau_office_info{island=Papua,name=Kantor Imigrasi Jember,office=sorong,"
        "province=Papua Barat Daya,zone=Asia/Jayapura}": 1,
        "pantau_office_position_degrees{axis=latitude,office=sorong}": -0.8762,
        "pantau_office_position_degrees{axis=longitude,office=sorong}": 131.2558,
        "pantau_office_service_state{office=jember,service=simponi.billing}": 2,
        "pantau_office_service_state{office=semarang,service=simponi.billing}": 0,
        "pantau_office_service_state{office=sorong,service=simponi.billing}": -1,
        "pantau_incidents_open{scope=national,severity=degraded}": 1,
        "pantau_blips_total{channel=slow,service=simponi.billing}": 1,
        "pantau_blips_total{channel=fail,service=simponi.billing}": 0,
        "pantau_notify_attempts_total": 2,
        "pantau_notify_failures_total{effect=unknown}": 1,
        "pantau_receiver_attempts_total{receiver=webhook}": 2,
        "pantau_receiver_attempts_total{receiver=alertmanager}": 0,
        "pantau_receiver_failures_total{effect=refused,receiver=webhook}": 1,
        "pantau_receiver_last_success_timestamp_seconds{receiver=webhook}": 1.7e9,
        "pantau_receiver_waiting{receiver=webhook}": 3,
        "pantau_receiver_dropped_total{receiver=webhook}": 2,
        "pantau_outbox_pending": 2,
        "pantau_outbox_oldest_pending_timestamp_seconds": 1.6e9,
        "pantau_dropped_total{what=event}": 3,
        "pantau_config_last_reload_successful": 0,
        "pantau_config_info{nation=r12:9f3c01ab}": 1,
    }
    assert {series: shown.get(series) for series in expected} == expected


def test_every_known_series_stands_at_zero_before_anything_happens():
    fresh = samples(exporter())
    later = samples(a_busy_life())
    appear = {series for series in set(later) - set(fresh) if not series.startswith(OF_OFFICES)}
    assert appear == {"pantau_branch_mismatched{office=sorong}"}
    ours = {series: value for series, value in fresh.items() if series.startswith("pantau_")}
    assert all(value == 0 for series, value in ours.items() if "_total" in series)


def test_the_live_exposition_is_the_catalogue():
    live = {
        family.name: family.type
        for family in text_string_to_metric_families(a_busy_life().exposition().body.decode())
    }
    assert live == exposed_families()


def test_names_are_the_ecosystems():
    for name, entry in read_catalogue().items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert not name.endswith("_total"), "the library adds it"
        assert "age" not in name.split("_"), "timestamps, not ages"
        assert entry["help"].endswith(".")
        assert (entry["type"] == "histogram") == ("buckets" in entry)


def test_there_are_no_created_series():
    assert b"_created" not in a_busy_life().exposition().body
    assert b"_created" not in a_busy_life().exposition("application/openmetrics-text").body


@pytest.mark.parametrize("accept", ["", "text/plain", "*/*", "application/x; version=nonsense"])
def test_a_scraper_gets_the_text_format(accept: str):
    assert exporter().exposition(accept).content_type.startswith("text/plain; version=0.0.4")


def test_a_scraper_that_asks_for_openmetrics_gets_it():
    accept = "application/openmetrics-text; version=nonsense, text/plain;q=0.5"
    exposition = a_busy_life().exposition(accept)
    assert exposition.content_type.startswith("application/openmetrics-text; version=1.0.0")
    families = openmetrics_families(exposition.body.decode())  # type: ignore[no-untyped-call]
    assert list(families)


INCIDENT = BULLETIN.incidents[0].id


def test_a_failure_points_to_its_incident_where_the_scraper_understands_that():
    of = exporter()
    of.bulletin_received(BULLETIN)
    of.run_finished(run(), [verdict("simponi.billing", Outcome.FAIL, "http_503")])
    found = exemplars(of)
    assert found == {"pantau_failures_total": {"incident": INCIDENT}}
    assert INCIDENT.encode() not in of.exposition("text/plain").body


@pytest.mark.parametrize("name", ["x" * 500, 'a"b\nc', "", "<!channel>"])
def test_an_incident_that_no_exemplar_can_hold_breaks_no_run(name: str):
    of = exporter()
    of.bulletin_received(replace(BULLETIN, incidents=(replace(BULLETIN.incidents[0], id=name),)))
    of.run_finished(run(), [verdict("simponi.billing", Outcome.FAIL, "http_503")])
    assert exemplars(of) == {}
    assert samples(of)["pantau_failures_total{kind=http,service=simponi.billing}"] == 1


def test_an_incident_that_is_over_is_pointed_to_no_more():
    of = exporter()
    of.bulletin_received(BULLETIN)
    of.bulletin_received(replace(BULLETIN, incidents=()))
    of.run_finished(run(), [verdict("simponi.billing", Outcome.FAIL, "http_503")])
    assert exemplars(of) == {}


def exemplars(of: PrometheusExporter) -> dict[str, dict[str, str]]:
    text = of.exposition("application/openmetrics-text").body.decode()
    return {
        sample.name: sample.exemplar.labels
        for family in openmetrics_families(text)  # type: ignore[no-untyped-call]
        for sample in family.samples
        if sample.exemplar is not None
    }


def test_an_office_without_a_position_is_on_no_map_and_still_has_its_province():
    shown = samples(a_busy_life())
    of_jember = [series for series in shown if "office=jember" in series]
    assert not any("position" in series for series in of_jember)
    assert any("pantau_office_info" in series for series in of_jember)


def test_an_agent_that_leads_no_more_says_nothing_of_the_offices():
    of = a_busy_life()
    assert any("office=semarang" in series for series in samples(of))
    of.show_offices(lambda: None)
    assert not any("office=semarang" in series for series in samples(of))


def test_what_configuration_does_not_know_makes_no_series_and_is_counted():
    of = exporter()
    before = set(samples(of))
    stranger = replace(run().executed[0], step="</x>")
    of.run_finished(run(journey="unknown"), [])
    of.run_blamed("unknown", Blame.LINE)
    of.run_finished(run(executed=(stranger,)), [verdict("evil", Outcome.FAIL, "x" * 99)])
    of.run_skipped("unknown", SkipReason.BUDGET)
    of.evidence("evil", Channel.SLOW, w=1.0, p0=0.1)
    of.blipped("evil", Channel.FAIL)
    of.receiver_attempted("evil", None)
    of.receiver_waiting("evil", 1)
    of.receiver_dropped("evil")
    of.sight(Sight(controls=("evil",), failing=("evil",), ignored=("evil",)))
    of.bulletin_received(replace(BULLETIN, mismatched=Names(count=9, first=("evil",))))
    after = samples(of)
    assert set(after) == before
    assert after["pantau_dropped_total{what=measurement}"] == 10


@pytest.mark.parametrize("code", [None, "nonsense_1", "http_503"])
def test_a_failure_code_is_counted_by_its_closed_kind(code: str | None):
    of = exporter()
    of.run_finished(run(), [verdict("simponi.billing", Outcome.DRIFT, code)])
    kind = "http" if code == "http_503" else "unexpected"
    assert samples(of)[f"pantau_failures_total{{kind={kind},service=simponi.billing}}"] == 1


def test_that_the_nation_is_not_seen_stands_and_falls_with_the_bulletin():
    of = exporter()
    shown = []
    for blind in (False, True, False):
        of.bulletin_received(replace(BULLETIN, blind=blind))
        shown.append(samples(of)["pantau_nation_blind"])
    assert shown == [0, 1, 0]


def test_an_office_that_is_no_longer_mismatched_disappears():
    of = a_busy_life()
    of.bulletin_received(replace(BULLETIN, mismatched=Names()))
    assert "pantau_branch_mismatched{office=sorong}" not in samples(of)


def test_a_control_that_counts_again_is_shown_so():
    of = a_busy_life()
    of.sight(Sight(controls=(DNS, TCP)))
    shown = samples(of)
    assert shown[f"pantau_control_ignored{{control={DNS}}}"] == 0
    assert shown[f"pantau_control_failing{{control={TCP}}}"] == 0


def test_many_agents_live_in_one_process():
    first, second = exporter(), exporter(replace(JEMBER, id="sorong"))
    first.run_skipped("payment", SkipReason.BUDGET)
    series = "pantau_runs_skipped_total{journey=payment,reason=budget}"
    assert (samples(first)[series], samples(second)[series]) == (1, 0)


@pytest.mark.parametrize(("offices", "services", "journeys"), [(2, 1, 1), (12, 4, 2), (145, 20, 8)])
def test_how_many_series_there_are_follows_from_the_configuration_alone(
    offices: int, services: int, journeys: int
):
    of = of_size(offices, services, journeys)
    follower = len(samples(of))
    assert follower == PER_AGENT + journeys * PER_JOURNEY + services * PER_SERVICE
    census = Census(parts=dict.fromkeys(names("office", offices), Part.REPORTING), words={})
    of.show_offices(lambda: census)
    assert len(samples(of)) == follower + offices * (1 + 1 + 2 + services)
    everything = replace(
        BULLETIN,
        services={f"stranger-{n}": ServiceState.NATIONAL for n in range(99)},
        mismatched=Names(count=99, first=tuple(f"stranger-{n}" for n in range(99))),
    )
    of.bulletin_received(everything)
    assert len(samples(of)) == follower + offices * (1 + 1 + 2 + services)


def of_size(offices: int, services: int, journeys: int) -> PrometheusExporter:
    """Journeys of two steps each."""
    return PrometheusExporter(
        branch=JEMBER,
        roster=[replace(SORONG, id=name) for name in names("office", offices)],
        services=names("service", services),
        journeys=dict.fromkeys(names("journey", journeys), STEPS),
        version="0.1.0",
        nation="r12:9f3c01ab",
        clock=StoppedClock(),
    )


def names(what: str, count: int) -> tuple[str, ...]:
    return tuple(f"{what}-{number}" for number in range(count))


@pytest.mark.real("promtool")
@pytest.mark.parametrize("life", [exporter, a_busy_life])
def test_promtool_finds_nothing_to_say(life: Callable[[], PrometheusExporter]):
    checked = subprocess.run(
        [*command_of("promtool"), "check", "metrics"],
        input=life().exposition().body,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
