"""Maps for people who read a report: folium, with every asset written into the file."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import folium

from geo import cells
from web.templating import STATIC

_VENDOR = STATIC / "vendor"
_STEPS = ("#fbe3b0", "#f4bd62", "#e08a2e", "#b9531c", "#7d2a12")


class InlineMap(folium.Map):
    """A folium map that asks no other host for its scripts and styles; they are written into the page."""

    default_js = []  # noqa: RUF012  (folium's own way to name them)
    default_css = []  # noqa: RUF012


@cache
def leaflet() -> tuple[str, str]:
    """Return Leaflet's script and style, without the pictures that the style would fetch."""
    style = (_VENDOR / "leaflet.css").read_text("utf-8")
    return (_VENDOR / "leaflet.js").read_text("utf-8"), re.sub(r"[\w-]+:\s*url\([^)]*\);?", "", style)


_SPOKEN_BY_JAVASCRIPT = str.maketrans({each: f"&#{ord(each)};" for each in "`$\\{}\u2028\u2029"})


def as_text(text: object) -> str:
    """Return a text as HTML that stays text also where folium writes it into a template string of JavaScript.

    Folium escapes nothing of a tooltip: every text that goes into a map goes through here.
    """
    return html.escape(str(text)).translate(_SPOKEN_BY_JAVASCRIPT)


def inside_script(script: str) -> str:
    """Return a script that nothing in it can end early: a second wall, whatever got into its strings."""
    return script.replace("</", "<\\/").replace("<!--", "<\\!--")


def density(cell: str, incidents: int) -> float:
    """Return incidents per square kilometre; a regular hexagon of the resolution's average edge is near enough."""
    return incidents / (1.5 * math.sqrt(3) * (cells.edge_m(cells.resolution_of(cell)) / 1000) ** 2)


def color_of(share: float) -> str:
    """Return the colour of a share of the densest cell, darker for more."""
    return _STEPS[min(len(_STEPS) - 1, int(math.sqrt(share) * len(_STEPS)))]


def counts_map(groups: Sequence[Mapping[str, Any]], zones: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return a map of counts by cell as the parts of a page: `body` and `script`.

    Parameters
    ----------
    groups
        Cells with their counts, already safe to show.
    zones
        Names and outlines (GeoJSON, WGS84) of the network's ground.
    """
    drawn = InlineMap(tiles=None, zoom_start=11, control_scale=True, attribution_control=False)
    corners: list[tuple[float, float]] = []
    for zone in zones:
        folium.GeoJson(
            {"type": "Feature", "properties": {}, "geometry": zone["geometry"]},
            style_function=lambda _: {"color": "#5a4d8a", "weight": 1, "fillColor": "#f3f2ed", "fillOpacity": 1},
            tooltip=as_text(zone["name"]),
        ).add_to(drawn)
        corners += [(lat, lon) for lon, lat in _corners(zone["geometry"]["coordinates"])]
    densest = max((density(group["cell"], group["incidents"]) for group in groups), default=1.0)
    for group in sorted(groups, key=lambda each: cells.resolution_of(each["cell"])):
        share = density(group["cell"], group["incidents"]) / densest
        ring = [corner.latlng for corner in cells.boundary(group["cell"])]
        if not zones:
            corners += ring
        folium.Polygon(
            ring,
            color="#5d2410",
            weight=1.2,
            fill=True,
            fill_color=color_of(share),
            fill_opacity=0.12 + 0.6 * math.sqrt(share),
            tooltip=as_text(f"about {group['incidents']} incidents"),
        ).add_to(drawn)
    if corners:
        lats, lons = zip(*corners, strict=True)
        drawn.fit_bounds([(min(lats), min(lons)), (max(lats), max(lons))])
    figure: Any = drawn.get_root()
    figure.render()
    return {"body": figure.html.render(), "script": inside_script(figure.script.render()), "id": drawn.get_name()}


def _corners(coordinates: Any) -> list[tuple[float, float]]:
    if isinstance(coordinates[0], (int, float)):
        return [(coordinates[0], coordinates[1])]
    return [corner for part in coordinates for corner in _corners(part)]
