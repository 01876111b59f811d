"""Office: what one office sees, and whether it can."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
from grafana_foundation_sdk.models import units

from deploy.grafana.asking import (
    AN_OFFICE_IS,
    CHOSEN_OFFICE,
    EXCHANGE_IS,
    OFFICE_SAYS,
    YES_NO,
    Asked,
    exchange_is,
    office_is,
    rate,
)
from deploy.grafana.boards import any_of, board, chosen_from, hidden
from deploy.grafana.parts import HALF, SERVICE_OF_LINE, lines, states

LAST = (("void", -1), ("slow", 1), ("fail", 2), ("drift", 3))


def office() -> Dashboard:
    """One office, by its id; its agents are found by what they say of themselves."""
    made = board("pantau-office", "Pantau: office", "What one office sees, and whether it can.")
    made.with_variable(
        chosen_from(
            "office", "Office", "On the roster.", "label_values(pantau_branch_info, branch)"
        )
    )
    of_it = chosen_from(
        "instance",
        "Agents",
        "Those of the office in the time that is shown: a pod has a new name at each start.",
        'label_values(pantau_branch_info{branch="$office"}, instance)',
    )
    made.with_variable(hidden(any_of(of_it)))
    _sight(made)
    _services(made)
    made.with_row(Row("Runs"))
    _runs(made)
    return made


def _sight(made: Dashboard) -> None:
    sees = Asked(expr=f"max(pantau_office_sees{{{CHOSEN_OFFICE}}})", legend="sees")
    made.with_panel(
        states("Sees", "By its near controls; else it abstains.", YES_NO, sees, 4, width=HALF)
    )
    joined = Asked(expr=f"min({exchange_is(CHOSEN_OFFICE)})", legend="exchange")
    made.with_panel(states("Exchange", "How it takes part.", EXCHANGE_IS, joined, 4, width=HALF))
    counted = Asked(expr=f"max(({office_is()}) and on (office) {_itself()})", legend="is")
    made.with_panel(
        states(
            "To the leader",
            "Its worst word as the leader counts it, or why it has no vote.",
            AN_OFFICE_IS,
            counted,
            4,
        )
    )


def _itself() -> str:
    """The chosen office alone."""
    return 'max by (office) (pantau_office_info{office="$office"})'


def _services(made: Dashboard) -> None:
    last = Asked(
        expr=" + ".join(
            f"{number} * max by (service)"
            f' (pantau_service_outcome{{{CHOSEN_OFFICE}, outcome="{word}"}})'
            for word, number in LAST
        ),
        legend="{{service}}",
    )
    made.with_panel(
        states(
            "Services",
            "This office's last verdict; a click opens the service.",
            OFFICE_SAYS,
            last,
            12,
            opens=[SERVICE_OF_LINE],
        )
    )
    made.with_panel(
        lines(
            "Evidence of trouble",
            "Capped CUSUM, in nats, by service and channel.",
            units.Short,
            Asked(
                expr=f"max by (service, channel) (pantau_evidence_nats{{{CHOSEN_OFFICE}}})",
                legend="{{service}}, {{channel}}",
            ),
            opens=[SERVICE_OF_LINE],
        )
    )
    made.with_panel(
        lines(
            "Failures",
            "Verdicts that a service is broken, by kind.",
            units.CountsPerSecond,
            Asked(
                expr=f"sum by (kind) ({rate('pantau_failures_total', CHOSEN_OFFICE)})",
                legend="{{kind}}",
            ),
            exemplars=True,
        )
    )


def _runs(made: Dashboard) -> None:
    for title, said, metric, by in (
        ("Runs", "That ended, well or not.", "pantau_runs_total", "journey"),
        (
            "Blame",
            "Where the fault of runs that were not well most likely lies.",
            "pantau_runs_blamed_total",
            "blame",
        ),
        ("Skipped", "Runs that were due and did not begin.", "pantau_runs_skipped_total", "reason"),
    ):
        asked = Asked(expr=f"sum by ({by}) ({rate(metric, CHOSEN_OFFICE)})", legend=f"{{{{{by}}}}}")
        made.with_panel(lines(title, said, units.CountsPerSecond, asked))
    steps = rate("pantau_step_duration_seconds_bucket", CHOSEN_OFFICE)
    made.with_panel(
        lines(
            "Steps",
            "How long the slowest twentieth takes, good and broken.",
            units.Seconds,
            Asked(
                expr=f"histogram_quantile(0.95, sum by (journey, step, le) ({steps}))",
                legend="{{journey}}, {{step}}",
            ),
        )
    )
