"""Nation: what the centre is like for everyone, where, and who cannot say."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
from grafana_foundation_sdk.models import units

from deploy.grafana.asking import (
    AN_OFFICE_IS,
    FAILS,
    NATION_SAYS,
    NO_YES,
    Asked,
    by_branch,
    by_province,
    heard,
    nation_says,
    office_is,
    offices,
    with_place,
    worst_word,
)
from deploy.grafana.boards import board
from deploy.grafana.maps import located
from deploy.grafana.parts import (
    HALF,
    NATIONS_PAGE,
    OFFICE_OF_ROW,
    PAGE_OF_ROW,
    SERVICE_OF_LINE,
    Column,
    lines,
    listed,
    number,
    states,
)

IN_ALL = "max by (office) (pantau_office_info)"


def nation() -> Dashboard:
    """The first one to open."""
    made = board("pantau-nation", "Pantau: nation", "Which services are degraded, and how wide.")
    _now(made)
    _services(made)
    made.with_row(Row("Offices"))
    _where(made)
    _attendance(made)
    return made


def _now(made: Dashboard) -> None:
    for scope in ("national", "regional"):
        told = heard(f'pantau_incidents_open{{scope="{scope}"}}')
        asked = Asked(expr=f"sum(max by (severity) ({told}))")
        said = f"Open {scope} incidents, of every severity."
        made.with_panel(number(f"Incidents, {scope}", said, units.Short, asked))
    reporting = Asked(expr=f"{offices('reporting')} / max(pantau_branches_expected)")
    said = "Of the roster, the part that reports."
    made.with_panel(number("Offices reporting", said, units.PercentUnit, reporting))
    leads = Asked(expr=by_branch("pantau_leader == 1"), legend="{{branch}}")
    made.with_panel(number("Leader", "The agent that assesses and tells.", units.NoUnit, leads))


def _services(made: Dashboard) -> None:
    made.with_panel(
        states(
            "Services",
            "The nation's word on each service; a click opens the service.",
            NATION_SAYS,
            Asked(expr=nation_says(), legend="{{service}}"),
            12,
            opens=[SERVICE_OF_LINE, NATIONS_PAGE],
        )
    )
    made.with_panel(
        lines(
            "Open incidents",
            "By scope and severity, as the agents heard.",
            units.Short,
            Asked(
                expr=f"max by (scope, severity) ({heard('pantau_incidents_open')})",
                legend="{{scope}}, {{severity}}",
            ),
            opens=[NATIONS_PAGE],
        )
    )
    made.with_panel(
        lines(
            "Part of the offices that fails",
            "Of those whose word on a service stands; only while the leader is scraped.",
            units.PercentUnit,
            Asked(
                expr=f"sum by (service) (pantau_office_service_state >= bool {FAILS})"
                " / (sum by (service) (pantau_office_service_state >= bool 0) > 0)",
                legend="{{service}}",
            ),
            opens=[SERVICE_OF_LINE],
        )
    )
    for title, metric in (
        ("Planned work", "pantau_service_planned"),
        ("Changed contracts", "pantau_service_drifted"),
    ):
        asked = Asked(expr=f"max by (service) ({heard(metric)})", legend="{{service}}")
        said = "By service, as the agents heard."
        made.with_panel(states(title, said, NO_YES, asked, 10, width=HALF, opens=[SERVICE_OF_LINE]))


def _where(made: Dashboard) -> None:
    made.with_panel(
        located(
            "Map",
            "Each office in the colour of its worst word, or of why it has no vote.",
            AN_OFFICE_IS,
            office_is(),
            opens=[OFFICE_OF_ROW, PAGE_OF_ROW],
        )
    )
    fails = f"{worst_word()} >= bool {FAILS}"
    made.with_panel(
        listed(
            "Provinces",
            "How many offices each has, at how many some service fails, and how many have no vote.",
            "province",
            Column(asked=Asked(expr=by_province(IN_ALL), legend="offices")),
            Column(asked=Asked(expr=by_province(fails), legend="failing")),
            Column(asked=Asked(expr=by_province(_has_no_vote()), legend="without a vote")),
        )
    )
    made.with_panel(
        listed(
            "Offices that abstain or are silent",
            "They have no vote; a click opens the office.",
            "office",
            Column(
                asked=Asked(expr=with_place(f"({office_is()}) > 3"), legend="is"),
                words=AN_OFFICE_IS,
            ),
            opens=[OFFICE_OF_ROW, PAGE_OF_ROW],
        )
    )


def _attendance(made: Dashboard) -> None:
    made.with_panel(
        lines(
            "Offices in the verdict",
            "How many report, abstain, are silent, in maintenance, quarantined or under another"
            " configuration.",
            units.Short,
            Asked(
                expr=f"max by (attendance) ({heard('pantau_branches')})", legend="{{attendance}}"
            ),
        )
    )
    made.with_panel(
        states(
            "Blind",
            "Whether too few offices report for anything national to be said.",
            NO_YES,
            Asked(expr=f"max({heard('pantau_nation_blind')})", legend="blind"),
            width=HALF,
        )
    )


def _has_no_vote() -> str:
    return f"({office_is()}) > bool 3"
