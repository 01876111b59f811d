"""What every dashboard has: its data source, its links, and what is marked on its time axis."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    DashboardCursorSync,
    DashboardLinkType,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from deploy.grafana.asking import heard
from deploy.grafana.parts import NATIONS_PAGE, SOURCE, Made

TAG = "pantau"
ALL = "$__all"


class Mark(AnnotationQuery):
    """A stretch of time, named after its service: the kit has no key for the name's form."""

    def to_json(self) -> dict[str, Any]:
        """As the kit writes it, with what Grafana's Prometheus takes beside it."""
        return {**super().to_json(), "titleFormat": "{{service}}", "tagKeys": "service"}


def board(uid: str, title: str, description: str) -> dashboard.Dashboard:
    """An empty one, with what every dashboard has: variables, links, annotations."""
    made = dashboard.Dashboard(title).uid(uid).description(description).tags([TAG]).readonly()
    made.time("now-6h", "now").refresh("30s").timezone("browser")
    made.tooltip(DashboardCursorSync.CROSSHAIR)
    made.with_variable(_source())
    made.with_variable(
        _written(
            "pages", "Pages", "Address of an agent's operations door, without a slash at its end."
        )
    )
    made.with_variable(
        _written(
            "offices", "Offices' pages", "What stands before an office's id in its pages' address."
        )
    )
    made.link(_others()).link(_page())
    for mark in _marks():
        made.annotation(Made(mark))
    return made


def chosen_from(name: str, label: str, description: str, query: str) -> dashboard.QueryVariable:
    """A variable whose values are those of a label; one of them is chosen."""
    variable = dashboard.QueryVariable(name).label(label).description(description)
    variable.query(query).datasource(SOURCE).sort(VariableSort.ALPHABETICAL_ASC)
    return variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def any_of(variable: dashboard.QueryVariable) -> dashboard.QueryVariable:
    """Several values may be chosen; at first, all."""
    every = VariableOption(text="All", value=ALL, selected=True)
    return variable.multi(multi=True).include_all(include_all=True).current(every)


def hidden(variable: dashboard.QueryVariable) -> dashboard.QueryVariable:
    """What follows from another variable is not shown."""
    return variable.hide(VariableHide.HIDE_VARIABLE)


def _source() -> dashboard.DatasourceVariable:
    source = dashboard.DatasourceVariable("source").label("Data source").type("prometheus")
    return source.description("The Prometheus that scrapes the agents.")


def _written(name: str, label: str, description: str) -> dashboard.TextBoxVariable:
    written = dashboard.TextBoxVariable(name).label(label).default_value("")
    written.current(VariableOption(text="", value=""))
    return written.description(f"{description} For links.")


def _others() -> dashboard.DashboardLink:
    others = dashboard.DashboardLink("Pantau").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return others.include_vars(include_vars=True).keep_time(keep_time=True)


def _page() -> dashboard.DashboardLink:
    page = dashboard.DashboardLink(NATIONS_PAGE.title).type(DashboardLinkType.LINK)
    return page.url(NATIONS_PAGE.url or "").tooltip("Needs the variable Pages")


def _marks() -> list[Mark]:
    return [
        _mark("National degradation", "red", 'pantau_service_state{state="national"}'),
        _mark("Regional degradation", "orange", 'pantau_service_state{state="regional"}'),
        _mark("Changed contract", "purple", "pantau_service_drifted"),
        _mark("Planned work", "blue", "pantau_service_planned"),
    ]


def _mark(name: str, colour: str, told: str) -> Mark:
    return Mark(
        name=name,
        datasource=SOURCE,
        enable=True,
        icon_color=colour,
        expr=f"max by (service) ({heard(told)}) == 1",
    )
