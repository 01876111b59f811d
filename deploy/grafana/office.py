"""Office: what one office sees, and whether it can."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models import units

from deploy.grafana.parts import OFFICE_SAYS, YES_NO, Asked, board, chosen_from, lines, states

OFFICE = 'instance="$instance"'


def office() -> Dashboard:
    """One office, by its scraped instance."""
    made = board("pantau-office", "Pantau: office", "What one office sees, and whether it can.")
    made.with_variable(
        chosen_from(
            "instance",
            "Office",
            "The agent as Prometheus names it.",
            "label_values(pantau_branch_info, instance)",
        )
    )
    sees = Asked(expr=f"pantau_office_sees{{{OFFICE}}}", legend="sees")
    made.with_panel(states("Sees", "By its near controls; else it abstains.", YES_NO, sees, 4))
    last = Asked(
        expr=" + ".join(
            f'{number} * max by (service) (pantau_service_outcome{{{OFFICE}, outcome="{word}"}})'
            for number, word in ((-1, "void"), (1, "slow"), (2, "fail"), (3, "drift"))
        ),
        legend="{{service}}",
    )
    made.with_panel(states("Services", "This office's last verdict.", OFFICE_SAYS, last))
    made.with_panel(
        lines(
            "Evidence of trouble",
            "Capped CUSUM, in nats, by service and channel.",
            units.Short,
            Asked(expr=f"pantau_evidence_nats{{{OFFICE}}}", legend="{{service}}, {{channel}}"),
        )
    )
    return made.with_panel(
        lines(
            "Runs",
            "That ended, well or not.",
            units.CountsPerSecond,
            Asked(
                expr=f"sum by (journey) (rate(pantau_runs_total{{{OFFICE}}}[$__rate_interval]))",
                legend="{{journey}}",
            ),
        )
    )
