"""What all dashboards share: how a panel is made, and what a click opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from grafana_foundation_sdk.builders import (
    geomap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.common import (
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLink,
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.grafana.asking import Asked, Words

SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
"""A variable: the file holds the name of nobody's data source."""

FULL, HALF, QUARTER = 24, 12, 6
"""Widths in columns of Grafana's grid."""

Panel = timeseries.Panel | statetimeline.Panel | stat.Panel | table.Panel | geomap.Panel
M = TypeVar("M")
P = TypeVar("P", timeseries.Panel, statetimeline.Panel, stat.Panel, table.Panel)


class Made(Builder[M], Generic[M]):
    """What the kit wants to be built, and is there already."""

    def __init__(self, made: M) -> None:
        self._made = made

    def build(self) -> M:
        """What was given."""
        return self._made


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: what it asks for, and how its values are to be read."""

    asked: Asked
    """The legend is the column's head."""
    unit: str = units.Short
    words: Words | None = None


def to_board(name: str, **chosen: str) -> DashboardLink:
    """A click that opens another dashboard at the same time, with ``chosen`` variables set."""
    values = "".join(f"&var-{variable}={value}" for variable, value in chosen.items())
    kept = "".join(f"&${{{variable}:queryparam}}" for variable in ("source", "pages", "offices"))
    return DashboardLink(
        title=f"{name.capitalize()}",
        type_val=DashboardLinkType.LINK,
        url=f"/d/pantau-{name}?${{__url_time_range}}{kept}{values}",
    )


OFFICE_OF_ROW = to_board("office", office="${__data.fields.office}")
SERVICE_OF_LINE = to_board("service", service="${__field.labels.service}")
OFFICE_OF_LINE = to_board("office", office="${__field.labels.branch}")
OFFICE_OF_STATE = to_board("office", office="${__field.labels.office}")
NATIONS_PAGE = DashboardLink(
    title="The nation's page", type_val=DashboardLinkType.LINK, url="${pages}/nasional"
)
PAGE_OF_ROW = DashboardLink(
    title="The office's page",
    type_val=DashboardLinkType.LINK,
    url="${offices}${__data.fields.office}/nasional",
)


def lines(
    title: str,
    description: str,
    unit: str,
    *asked: Asked,
    width: int = HALF,
    opens: Sequence[DashboardLink] = (),
    exemplars: bool = False,
) -> timeseries.Panel:
    """Values over time."""
    legend = VizLegendOptions().show_legend(show_legend=True).placement(LegendPlacement.BOTTOM)
    panel = timeseries.Panel().legend(legend.display_mode(LegendDisplayMode.LIST)).min(0)
    say(panel, title, description, unit, width, 8)
    for query in queries(asked):
        panel.with_target(query.range().exemplar(exemplar=exemplars))
    return _opening(panel, opens)


def states(
    title: str,
    description: str,
    words: Words,
    asked: Asked,
    height: int = 8,
    *,
    width: int = FULL,
    opens: Sequence[DashboardLink] = (),
) -> statetimeline.Panel:
    """What held when, in words and colours."""
    panel = statetimeline.Panel().mappings([mapping(words)]).merge_values(merge_values=True)
    say(panel, title, description, units.NoUnit, width, height)
    for query in queries([asked]):
        panel.with_target(query.range())
    return _opening(panel, opens)


def number(
    title: str, description: str, unit: str, asked: Asked, *, words: Words | None = None
) -> stat.Panel:
    """One value of now, or its series' name where the legend names it."""
    panel = stat.Panel().mappings([mapping(words)] if words else [])
    if asked.legend:
        panel.text_mode(BigValueTextMode.NAME)
    panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
    say(panel, title, description, unit, QUARTER, 4)
    for query in queries([asked]):
        panel.with_target(query.instant())
    return panel


def listed(
    title: str,
    description: str,
    by: str,
    *columns: Column,
    width: int = HALF,
    opens: Sequence[DashboardLink] = (),
) -> table.Panel:
    """What holds now, a row for each value of the label ``by``, whose cells open something."""
    panel = table.Panel()
    say(panel, title, description, units.Short, width, 8)
    for query in queries([each.asked for each in columns]):
        panel.with_target(query.instant().format(PromQueryFormat.TABLE))
    for transformation in joined(by, [each.asked.legend for each in columns]):
        panel.with_transformation(transformation)
    for each in columns:
        panel.override_by_name(each.asked.legend, _reading(each))
    if opens:
        panel.override_by_name(by, [DynamicConfigValue(id_val="links", value=list(opens))])
    return panel


def joined(by: str, heads: Sequence[str]) -> list[DataTransformerConfig]:
    """One table of the answers to several queries: a row for each value of the label ``by``."""
    several = len(heads) > 1
    values = {f"Value #{_ref(i)}" if several else "Value": head for i, head in enumerate(heads)}
    times = ["Time", *(f"Time {i + 1}" for i in range(len(heads)))]
    return [
        DataTransformerConfig(id_val="joinByField", options={"byField": by, "mode": "outer"}),
        DataTransformerConfig(
            id_val="organize",
            options={"excludeByName": dict.fromkeys(times, True), "renameByName": values},
        ),
    ]


def mapping(words: Words) -> ValueMap:
    """How numbers are shown as words."""
    return ValueMap(
        options={
            value: ValueMappingResult(text=word, color=colour, index=index)
            for index, (value, (word, colour)) in enumerate(words.items())
        }
    )


def say(panel: Panel, title: str, description: str, unit: str, width: int, height: int) -> None:
    """What every panel says of itself, where it asks, and its size."""
    panel.title(title).description(description).unit(unit).datasource(SOURCE)
    panel.span(width).height(height)


def _opening(panel: P, opens: Sequence[DashboardLink]) -> P:
    if opens:
        panel.data_links([Made(each) for each in opens])
    return panel


def queries(asked: Sequence[Asked]) -> list[prometheus.Dataquery]:
    """One for each, lettered from A."""
    return [
        prometheus.Dataquery()
        .expr(each.expr)
        .ref_id(_ref(index))
        .datasource(SOURCE)
        .legend_format(each.legend or "__auto")
        .format(PromQueryFormat.TIME_SERIES)
        for index, each in enumerate(asked)
    ]


def _ref(index: int) -> str:
    return chr(ord("A") + index)


def _reading(column: Column) -> list[DynamicConfigValue]:
    read = [DynamicConfigValue(id_val="unit", value=column.unit)]
    if column.words:
        read.append(DynamicConfigValue(id_val="mappings", value=[mapping(column.words)]))
        cell = {"type": "color-background"}
        read.append(DynamicConfigValue(id_val="custom.cellOptions", value=cell))
    return read
