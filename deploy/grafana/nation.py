"""Nation: what the centre is like for everyone, and who cannot say."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models import units

from deploy.grafana.parts import NATION_SAYS, Asked, board, lines, listed, nation_says, states


def nation() -> Dashboard:
    """The first one to open."""
    made = board("pantau-nation", "Pantau: nation", "Which services are degraded, and how wide.")
    services = Asked(expr=nation_says(), legend="{{service}}")
    made.with_panel(states("Services", "The nation's word on each service.", NATION_SAYS, services))
    made.with_panel(
        lines(
            "Open incidents",
            "By scope and severity, as the agents last heard.",
            units.Short,
            Asked(
                expr="max by (scope, severity) (pantau_incidents_open)",
                legend="{{scope}}, {{severity}}",
            ),
        )
    )
    made.with_panel(
        lines(
            "Offices in the verdict",
            "How many report, abstain, are silent or in maintenance.",
            units.Short,
            Asked(expr="max by (attendance) (pantau_branches)", legend="{{attendance}}"),
        )
    )
    made.with_panel(
        lines(
            "Part of the offices that fails",
            "Of those whose word on a service stands; only while the leader is scraped.",
            units.PercentUnit,
            Asked(
                expr="sum by (service) (pantau_office_service_state >= bool 2)"
                " / (sum by (service) (pantau_office_service_state >= bool 0) > 0)",
                legend="{{service}}",
            ),
        )
    )
    return made.with_panel(
        listed(
            "Offices by attendance",
            "As the leader counts each; abstaining and silent ones have no vote.",
            Asked(expr="max by (office, attendance) (pantau_office_attendance)"),
        )
    )
