"""The nation as a map: each office where it stands, in the colour of its word.

Grafana joins what is asked for by office into one table and takes two of its columns for the
position. An office whose position the roster does not give is not on the map.
"""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.common import (
    FrameGeometrySource,
    FrameGeometrySourceMode,
    MapLayerOptions,
)
from grafana_foundation_sdk.models.dashboard import DashboardLink
from grafana_foundation_sdk.models.geomap import MapCenterID, TooltipMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.grafana.asking import Asked, Words
from deploy.grafana.parts import HALF, Made, joined, mapping, queries, say

LATITUDE_DEGREES, LONGITUDE_DEGREES, ZOOM = -2, 118, 4
"""The middle of the archipelago."""
WORD, LATITUDE, LONGITUDE = "word", "latitude", "longitude"
"""What the columns are called once they are joined."""


def located(
    title: str, description: str, words: Words, asked: str, *, opens: Sequence[DashboardLink]
) -> geomap.Panel:
    """``asked``: a number by office, read as ``words``."""
    panel = geomap.Panel().mappings([mapping(words)])
    say(panel, title, description, units.NoUnit, HALF, 16)
    columns = [
        Asked(expr=asked, legend=WORD),
        Asked(expr=_position(LATITUDE), legend=LATITUDE),
        Asked(expr=_position(LONGITUDE), legend=LONGITUDE),
    ]
    for query in queries(columns):
        panel.with_target(query.instant().format(PromQueryFormat.TABLE))
    for transformation in joined("office", [each.legend for each in columns]):
        panel.with_transformation(transformation)
    panel.view(_view()).layers([Made(_markers())]).tooltip(
        geomap.TooltipOptions().mode(TooltipMode.DETAILS)
    )
    panel.basemap(Made(MapLayerOptions(type_val="default", name="Base map")))
    return panel.data_links([Made(each) for each in opens])


def _position(axis: str) -> str:
    return f'max by (office) (pantau_office_position_degrees{{axis="{axis}"}})'


def _view() -> geomap.MapViewConfig:
    view = geomap.MapViewConfig().id(MapCenterID.COORDS)
    return view.lat(LATITUDE_DEGREES).lon(LONGITUDE_DEGREES).zoom(ZOOM)


def _markers() -> MapLayerOptions:
    style = {"size": {"fixed": 6}, "color": {"field": WORD, "fixed": "text"}, "opacity": 0.8}
    return MapLayerOptions(
        type_val="markers",
        name="Offices",
        config={"showLegend": True, "style": style},
        location=FrameGeometrySource(
            mode=FrameGeometrySourceMode.COORDS, latitude=LATITUDE, longitude=LONGITUDE
        ),
        tooltip=True,
    )
