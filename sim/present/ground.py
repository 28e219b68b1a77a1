"""Last stage, everything over the surface of a map in its order: crossings, railways, stations, outline, names."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from sim.present.base_map import (
    Z_HEAVY,
    BaseMap,
    Extent,
    draw_lines,
    draw_stations,
    metres_per_mm,
)
from sim.present.layers import MapLayers, Place
from sim.present.names import Detail, draw_names
from sim.present.style import INK_COLOUR, OUTLINE_DASHES, Language

__all__ = ["SMALL_LINE_SHARE", "draw_layers", "long_crossings"]

# A crossing shorter than this on paper is a speck; dozens of them along a river hide the map.
SHORTEST_CROSSING_MM = 3.0
# Width of lines on a small map over that on a full one.
SMALL_LINE_SHARE = 0.6


def draw_layers(
    ax: Axes,
    base: BaseMap,
    extent: Extent,
    *,
    layers: MapLayers,
    origin: Place | None = None,
    heavy: dict[float, list[NDArray[np.float64]]] | None = None,
    language: Language = "both",
    detail: Detail = "full",
) -> Axes:
    """Draw lines, stations and names over a surface that is already there; returns the axes.

    Parameters
    ----------
    heavy
        Lines that get their minutes written on, by minutes, in metres of the CRS.
    """
    share = 1.0 if detail == "full" else SMALL_LINE_SHARE
    if layers.sea_roads is not None:
        crossings = long_crossings(layers.sea_roads, base, metres_per_mm(ax, extent))
        layers = replace(layers, sea_roads=crossings)
        draw_lines(ax, crossings, base, kind_as="sea_road", share=share)
    if layers.rail is not None:
        draw_lines(ax, layers.rail, base, share=share)
    if layers.stations is not None:
        draw_stations(ax, layers.stations, base)
    if layers.outline is not None:
        paths = [shapely.get_coordinates(part) for part in shapely.get_parts(layers.outline)]
        ax.add_collection(
            LineCollection(
                paths,
                colors=[INK_COLOUR],
                linewidths=1.0,
                linestyles=[(0.0, OUTLINE_DASHES)],
                zorder=Z_HEAVY - 0.2,
                gid="outline",
            ),
            autolim=False,
        )
    draw_names(ax, base, extent, layers=layers, origin=origin, heavy=heavy or {}, language=language, detail=detail)
    return ax


def long_crossings(sea_roads: gpd.GeoDataFrame, base: BaseMap, m_per_mm: float) -> gpd.GeoDataFrame:
    """Return the crossings that can be seen: new ones all, of the others those long enough on paper.

    The pieces of one crossing are joined first: a long bridge of many short links stays.
    """
    existing = sea_roads[sea_roads["status"] == "existing"].to_crs(base.crs)
    joined = shapely.get_parts(shapely.line_merge(shapely.union_all(np.asarray(existing.geometry.array))))
    kept = joined[shapely.length(joined) >= SHORTEST_CROSSING_MM * m_per_mm]
    new = sea_roads[sea_roads["status"] != "existing"].to_crs(base.crs)
    return gpd.GeoDataFrame(
        {"status": ["existing"] * len(kept) + list(new["status"])},
        geometry=[*kept, *new.geometry],
        crs=base.crs,
    )
