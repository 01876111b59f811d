"""Service: one central API, where and how it fails, and which of its steps are slow."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink, Row
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

from deploy.grafana.asking import (
    CHOSEN_PROVINCE,
    CHOSEN_SERVICE,
    FAILS,
    NATION_SAYS,
    OFFICE_SAYS,
    Asked,
    by_branch,
    by_province,
    nation_says,
    of_service,
    rate,
    since,
    with_place,
    worst_word,
)
from deploy.grafana.boards import any_of, board, chosen_from
from deploy.grafana.parts import (
    HALF,
    OFFICE_OF_LINE,
    OFFICE_OF_ROW,
    OFFICE_OF_STATE,
    PAGE_OF_ROW,
    Column,
    lines,
    listed,
    states,
)

BY_STEP = "{{journey}}, {{step}}"


def service() -> Dashboard:
    """One service, in all provinces or in some."""
    made = board("pantau-service", "Pantau: service", "One service: where, how and since when.")
    made.with_variable(
        chosen_from(
            "service", "Service", "Of nation.yaml.", "label_values(pantau_service_state, service)"
        )
    )
    made.with_variable(
        any_of(
            chosen_from(
                "province",
                "Province",
                "Of the offices that are shown.",
                "label_values(pantau_office_info, province)",
            )
        )
    )
    made.link(_why())
    _where(made)
    made.with_row(Row("What fails"))
    _failures(made)
    made.with_row(Row("Steps, of the agents that are scraped"))
    _steps(made)
    return made


def _why() -> DashboardLink:
    why = DashboardLink("Why it is or is not an incident").type(DashboardLinkType.LINK)
    return why.url("${pages}/api/v1/explain/${service}").tooltip("Needs the variable Pages")


def _where(made: Dashboard) -> None:
    says = Asked(expr=nation_says(CHOSEN_SERVICE), legend="{{service}}")
    made.with_panel(states("Nation", "The nation's word on it.", NATION_SAYS, says, 4))
    fails = f"{worst_word(CHOSEN_SERVICE)} >= bool {FAILS}"
    made.with_panel(
        lines(
            "Failing offices by province",
            "As the leader hears them.",
            units.Short,
            Asked(expr=by_province(fails, CHOSEN_PROVINCE), legend="{{province}}"),
        )
    )
    made.with_panel(
        listed(
            "Offices now",
            "Each one's word; a click opens the office.",
            "office",
            Column(
                asked=Asked(
                    expr=with_place(worst_word(CHOSEN_SERVICE), CHOSEN_PROVINCE), legend="says"
                ),
                words=OFFICE_SAYS,
            ),
            opens=[OFFICE_OF_ROW, PAGE_OF_ROW],
        )
    )
    made.with_panel(
        states(
            "Offices",
            "What each said when; choose a province where they are too many.",
            OFFICE_SAYS,
            Asked(
                expr=with_place(worst_word(CHOSEN_SERVICE), CHOSEN_PROVINCE), legend="{{office}}"
            ),
            16,
            opens=[OFFICE_OF_STATE],
        )
    )


def _failures(made: Dashboard) -> None:
    for title, said, metric, by in (
        ("Kinds of failure", "Verdicts that it is broken.", "pantau_failures_total", "kind"),
        ("Verdicts", "All of them, by outcome.", "pantau_verdicts_total", "outcome"),
    ):
        asked = Asked(
            expr=f"sum by ({by}) ({rate(metric, CHOSEN_SERVICE)})", legend=f"{{{{{by}}}}}"
        )
        made.with_panel(lines(title, said, units.CountsPerSecond, asked, exemplars=by == "kind"))
    evidence = f"pantau_evidence_nats{{{CHOSEN_SERVICE}}}"
    made.with_panel(
        lines(
            "Evidence of trouble",
            "Capped CUSUM of each scraped office, in nats, by channel.",
            units.Short,
            Asked(expr=by_branch(evidence, CHOSEN_PROVINCE), legend="{{branch}}, {{channel}}"),
            opens=[OFFICE_OF_LINE],
        )
    )
    made.with_panel(
        lines(
            "Blips",
            "Suspicions of the nation that came to nothing in the time that is shown.",
            units.Short,
            Asked(
                expr=f"sum by (channel) ({since('pantau_blips_total', CHOSEN_SERVICE)})",
                legend="{{channel}}",
            ),
        )
    )


def _steps(made: Dashboard) -> None:
    buckets = of_service(rate("pantau_step_duration_seconds_bucket"))
    for title, part in (("Half", 0.5), ("Nineteen of twenty", 0.95)):
        made.with_panel(
            lines(
                f"{title} of the steps take at most",
                "Good and broken, of all offices that are scraped.",
                units.Seconds,
                Asked(
                    expr=f"histogram_quantile({part}, sum by (journey, step, le) ({buckets}))",
                    legend=BY_STEP,
                ),
            )
        )
    usual = of_service("pantau_step_usual_seconds")
    made.with_panel(
        lines(
            "Usual",
            "How long a step usually takes in this hour of the week, at the slowest office; 0 while"
            " no office knows it.",
            units.Seconds,
            Asked(expr=f"max by (journey, step) ({usual})", legend=BY_STEP),
        )
    )
    failures = of_service(rate("pantau_step_failures_total"))
    made.with_panel(
        lines(
            "Broken steps",
            "Executed steps that broke.",
            units.CountsPerSecond,
            Asked(expr=f"sum by (journey, step) ({failures})", legend=BY_STEP),
        )
    )
    journeys = f"max by (instance, journey) (pantau_step_info{{{CHOSEN_SERVICE}}})"
    phases = (
        f"{rate('pantau_phase_seconds_total')} * on (instance, journey) group_left () {journeys}"
    )
    made.with_panel(
        lines(
            "Phases",
            "Seconds in a second that the journeys which reach it spend in requests, by phase.",
            units.Short,
            Asked(expr=f"sum by (journey, phase) ({phases})", legend="{{journey}}, {{phase}}"),
            width=HALF,
        )
    )
