"""Last stage, the names on a map: cities and their dots, the origin, then what has names without a dot."""

from collections.abc import Collection, Sequence
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim.present.badges import draw_badges
from sim.present.base_map import Z_LABEL, Z_PLACE, BaseMap, Extent
from sim.present.ground_names import name_heavy_lines, name_waters
from sim.present.labels import Label, PlacedLabel, draw_labels, place_labels
from sim.present.layers import MapLayers, Place
from sim.present.page import Page, open_page
from sim.present.scale import draw_graticule, draw_scale_and_north
from sim.present.style import INK_COLOUR, ORIGIN_COLOUR, Language

__all__ = ["Detail", "draw_names"]

Detail = Literal["full", "small"]
"""How much a map carries: a small one of several on a sheet has thinner lines, fewer names and no degrees."""

# Lines of these statuses are what a map is about: names keep off them.
NOT_EXISTING = ("new", "building", "approved", "planned", "studied")
# Size of a place's dot in points by its rank.
DOT_SIZES_PT = {0: 9.0, 1: 4.2, 2: 3.2, 3: 2.6}


def draw_names(
    ax: Axes,
    base: BaseMap,
    extent: Extent,
    *,
    layers: MapLayers,
    origin: Place | None,
    heavy: dict[float, list[NDArray[np.float64]]],
    language: Language,
    detail: Detail = "full",
) -> list[PlacedLabel]:
    """Write every name on a map, after scale bar and degrees have taken their places; returns those of places."""
    page = open_page(ax, base, extent, language)
    fixed = [draw_scale_and_north(ax, base, extent, axes_size_pt=(page.frame.right, page.frame.top), detail=detail)]
    fixed += draw_graticule(ax, base, extent, points_per_m=page.points_per_m, taken=fixed, detail=detail)
    # A dot under the scale bar could not be seen: its place goes unnamed.
    labels = [one for one in _list_labels(page, layers.places, origin) if not one.dot_box.overlaps(fixed[0])]
    dots = [label.dot_box for label in labels]
    fixed += draw_badges(page, layers.badges, taken=[*fixed, *dots])
    covered = np.concatenate(
        [
            np.zeros((0, 2)),
            *(page.sample(line) for lines in heavy.values() for line in lines),
            *_sample_lines(page, layers.rail, base.crs, statuses=NOT_EXISTING),
            *_sample_lines(page, layers.sea_roads, base.crs, statuses=None),
        ]
    )
    placed = place_labels(labels, frame=page.frame, obstacles=fixed, covered_points_pt=covered, language=language)
    # A dot without its name would be a riddle: both or neither.
    _draw_dots(page, [one.label for one in placed])
    draw_labels(ax, placed, language=language, zorder=Z_LABEL)
    taken = [*fixed, *(one.box for one in placed), *dots]
    taken += name_heavy_lines(page, heavy, taken, most_names=2 if detail == "full" else 1)
    if layers.water_names is not None:
        name_waters(page, base, layers.water_names, taken=taken, covered_points_pt=covered)
    return placed


def _sample_lines(
    page: Page, lines: gpd.GeoDataFrame | None, crs: str, *, statuses: Collection[str] | None
) -> list[NDArray[np.float64]]:
    """Points on paper along railways or roads of some statuses; the others are part of the quiet ground."""
    if lines is None or lines.empty:
        return []
    chosen = lines if statuses is None else lines[lines["status"].isin(statuses)]
    parts = shapely.get_parts(np.asarray(chosen.geometry.to_crs(crs).array))
    return [page.sample(shapely.get_coordinates(part)) for part in parts]


def _list_labels(page: Page, places: pd.DataFrame | None, origin: Place | None) -> list[Label]:
    """Names to set of the places inside the frame; the origin has rank 0, and a place of its name is not set twice."""
    candidates = [] if origin is None else [(origin.name, origin.name_en, 0, origin.lon, origin.lat)]
    if places is not None:
        columns = (places[name] for name in ("name", "name_en", "rank", "lon", "lat"))
        candidates += [row for row in zip(*columns, strict=True) if origin is None or row[0] != origin.name]
    labels = []
    for name, name_en, rank, lon, lat in candidates:
        x_pt, y_pt = page.place(float(lon), float(lat))
        label = Label(name, name_en, int(rank), x_pt, y_pt, DOT_SIZES_PT[int(rank)])
        if label.dot_box.inside(page.frame):
            labels.append(label)
    return labels


def _draw_dots(page: Page, labels: Sequence[Label]) -> None:
    """Draw the origin as a star, large cities as squares, other places as dots."""
    for label in labels:
        shape, face = {0: ("*", ORIGIN_COLOUR), 1: ("s", INK_COLOUR)}.get(label.rank, ("o", INK_COLOUR))
        page.ax.plot(
            *page.invert(label.x_pt, label.y_pt),
            marker=shape,
            # The points of a star reach farther than its body: larger, it weighs as much as its box.
            markersize=label.dot_pt + (2.0 if label.rank == 0 else 0.0),
            markerfacecolor=face,
            markeredgecolor="white",
            markeredgewidth=0.8 if label.rank == 0 else 0.5,
            zorder=Z_PLACE + (0.5 if label.rank == 0 else 0.0),
            gid="origin" if label.rank == 0 else "place",
            scalex=False,
            scaley=False,
        )
