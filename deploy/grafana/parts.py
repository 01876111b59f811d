"""What all dashboards share: how a panel, a variable, a link and an annotation are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from grafana_foundation_sdk.builders import (
    dashboard,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.builders.common import VizLegendOptions
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    ValueMap,
    ValueMappingResult,
    VariableOption,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

TAG = "pantau"
SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
"""A variable: the file holds the name of nobody's data source."""

FULL, HALF, QUARTER = 24, 12, 6
"""Widths in columns of Grafana's grid."""

GOOD, UNSURE, BAD, AWAY = "green", "yellow", "red", "text"

OFFICE_SAYS = {
    "-1": ("no word", AWAY),
    "0": ("good", GOOD),
    "1": ("slow", UNSURE),
    "2": ("failing", BAD),
    "3": ("changed contract", "purple"),
}
NATION_SAYS = {
    "0": ("normal", GOOD),
    "1": ("suspected", UNSURE),
    "2": ("regional", "orange"),
    "3": ("national", BAD),
    "4": ("recovering", "blue"),
    "5": ("affected", "purple"),
    "6": ("unknown", AWAY),
}
YES_NO = {"0": ("no", BAD), "1": ("yes", GOOD)}

Panel = timeseries.Panel | statetimeline.Panel | stat.Panel | table.Panel
P = TypeVar("P", timeseries.Panel, statetimeline.Panel, stat.Panel, table.Panel)
Words = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One expression, and how its series are called in the legend."""

    expr: str
    legend: str = ""


def nation_says(chosen: str = "") -> str:
    """The state of each service as one number, in the order of ``NATION_SAYS``.

    One state of an agent holds, so the sum is that one; of agents that differ the highest counts.
    """
    told = (
        f'{number} * sum by (service, instance) (pantau_service_state{{state="{word}"{chosen}}})'
        for number, (word, _) in NATION_SAYS.items()
    )
    return f"max by (service) ({' + '.join(told)})"


def lines(
    title: str, description: str, unit: str, *asked: Asked, width: int = HALF
) -> timeseries.Panel:
    """Values over time."""
    legend = VizLegendOptions().show_legend(show_legend=True).placement(LegendPlacement.BOTTOM)
    panel = timeseries.Panel().legend(legend.display_mode(LegendDisplayMode.LIST)).min(0)
    return _told(panel, title, description, unit, asked, width, 8)


def states(
    title: str, description: str, words: Words, asked: Asked, height: int = 8
) -> statetimeline.Panel:
    """What held when, in words and colours."""
    panel = statetimeline.Panel().mappings([_mapping(words)]).merge_values(merge_values=True)
    return _told(panel, title, description, units.NoUnit, (asked,), FULL, height)


def number(title: str, description: str, unit: str, asked: Asked) -> stat.Panel:
    """One value of now, or a few."""
    return _told(stat.Panel(), title, description, unit, (asked,), QUARTER, 4)


def listed(
    title: str,
    description: str,
    asked: Asked,
    words: Words | None = None,
    *,
    unit: str = units.NoUnit,
    width: int = HALF,
) -> table.Panel:
    """What holds now, a line for each series."""
    panel = table.Panel().mappings([_mapping(words)] if words else [])
    return _told(panel, title, description, unit, (asked,), width, 8)


def _told(
    panel: P,
    title: str,
    description: str,
    unit: str,
    asked: Sequence[Asked],
    width: int,
    height: int,
) -> P:
    now = isinstance(panel, (stat.Panel, table.Panel))
    panel.title(title).description(description).unit(unit).datasource(SOURCE)
    panel.span(width).height(height)
    for index, each in enumerate(asked):
        panel.with_target(_query(each, chr(ord("A") + index), now=now, rows=_is_table(panel)))
    return panel


def _is_table(panel: Panel) -> bool:
    return isinstance(panel, table.Panel)


def _query(asked: Asked, ref: str, *, now: bool, rows: bool) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(asked.expr).ref_id(ref).datasource(SOURCE)
    query.legend_format(asked.legend or "__auto")
    query.format(PromQueryFormat.TABLE if rows else PromQueryFormat.TIME_SERIES)
    return query.instant() if now else query.range()


def _mapping(words: Words) -> ValueMap:
    return ValueMap(
        options={
            value: ValueMappingResult(text=word, color=colour, index=index)
            for index, (value, (word, colour)) in enumerate(words.items())
        }
    )


def chosen_from(name: str, label: str, description: str, query: str) -> dashboard.QueryVariable:
    """A variable whose values are those of a label."""
    variable = dashboard.QueryVariable(name).label(label).description(description)
    return variable.query(query).datasource(SOURCE).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def board(uid: str, title: str, description: str) -> dashboard.Dashboard:
    """An empty one, with what every dashboard has: variables, links, annotations."""
    made = dashboard.Dashboard(title).uid(uid).description(description).tags([TAG]).readonly()
    made.time("now-6h", "now").refresh("30s").timezone("browser")
    made.tooltip(DashboardCursorSync.CROSSHAIR)
    made.with_variable(_source()).with_variable(_pages())
    made.link(_others()).link(_nations_page())
    return made.annotation(_incidents())


def _source() -> dashboard.DatasourceVariable:
    source = dashboard.DatasourceVariable("source").label("Data source").type("prometheus")
    return source.description("The Prometheus that scrapes the agents.")


def _pages() -> dashboard.TextBoxVariable:
    pages = dashboard.TextBoxVariable("pages").label("Pages").default_value("")
    pages.current(VariableOption(text="", value=""))
    return pages.description("Address of an agent's operations door, for links to its pages.")


def _others() -> dashboard.DashboardLink:
    others = dashboard.DashboardLink("Pantau").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return others.include_vars(include_vars=True).keep_time(keep_time=True)


def _nations_page() -> dashboard.DashboardLink:
    page = dashboard.DashboardLink("The nation's page").type(DashboardLinkType.LINK)
    return page.url("${pages}/nasional").tooltip("Needs the variable Pages")


def _incidents() -> dashboard.AnnotationQuery:
    national = 'max by (service) (pantau_service_state{state="national"}) == 1'
    note = dashboard.AnnotationQuery().name("National degradation").datasource(SOURCE)
    return note.expr(national).enable(enable=True).icon_color("red")
