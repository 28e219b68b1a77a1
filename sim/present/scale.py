"""Last stage, what tells size and direction on a map: scale bar, north arrow, meridians and parallels."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from pyproj import Transformer

from sim.present.base_map import BaseMap, Extent
from sim.present.labels import Box
from sim.present.style import GRATICULE_COLOUR, INK_COLOUR, QUIET_INK_COLOUR

__all__ = ["draw_graticule", "draw_scale_and_north"]

GRATICULE_PT = 4.8
Z_GRATICULE, Z_FURNITURE = 0.5, 20


def draw_graticule(
    ax: Axes,
    base: BaseMap,
    extent: Extent,
    *,
    points_per_m: float,
    taken: Sequence[Box],
    detail: Literal["full", "small"] = "full",
) -> list[Box]:
    """Draw meridians and parallels under the land, named along the top and right edges; returns the boxes of the names."""
    to_map = Transformer.from_crs("EPSG:4326", base.crs, always_xy=True)
    west, south, east, north = to_map.transform_bounds(
        extent.west_m, extent.south_m, extent.east_m, extent.north_m, direction="INVERSE"
    )
    step = _choose_step(max(east - west, north - south))
    halo = [withStroke(linewidth=1.2, foreground=(1.0, 1.0, 1.0, 0.8))]
    lines: list[NDArray[np.float64]] = []
    boxes: list[Box] = []
    steps = [(value, "lon") for value in _list_multiples(west, east, step)]
    steps += [(value, "lat") for value in _list_multiples(south, north, step)]
    for value, axis in steps:
        along = np.linspace(south - 1, north + 1, 60) if axis == "lon" else np.linspace(west - 1, east + 1, 60)
        across = np.full(60, value)
        line = np.column_stack(to_map.transform(*((across, along) if axis == "lon" else (along, across))))
        lines.append(line)
        # A meridian is named where it meets the top edge, a parallel where it meets the right one.
        if axis == "lon":
            words, x_m = f"{value:g}°E", float(np.interp(extent.north_m, line[:, 1], line[:, 0]))
            x_pt, y_pt = (x_m - extent.west_m) * points_per_m, extent.height_m * points_per_m - 5.5
        else:
            words, y_m = f"{value:g}°N", float(np.interp(extent.east_m, line[:, 0], line[:, 1]))
            x_pt, y_pt = extent.width_m * points_per_m - 9.5, (y_m - extent.south_m) * points_per_m
        box = Box(x_pt - 9.0, y_pt - 3.5, x_pt + 9.0, y_pt + 3.5)
        if not box.inside(Box(0.0, 0.0, extent.width_m * points_per_m - 0.4, extent.height_m * points_per_m - 1.9)):
            continue
        if detail == "small" or any(box.overlaps(other) for other in [*taken, *boxes]):
            continue
        boxes.append(box)
        ax.text(
            extent.west_m + x_pt / points_per_m, extent.south_m + y_pt / points_per_m, words, fontsize=GRATICULE_PT,
            color=QUIET_INK_COLOUR, ha="center", va="center", path_effects=halo, zorder=Z_FURNITURE,
            gid="graticule-name",
        )  # fmt: skip
    ax.add_collection(
        LineCollection(lines, colors=[GRATICULE_COLOUR], linewidths=0.35, zorder=Z_GRATICULE, gid="graticule"),
        autolim=False,
    )
    return boxes


def _choose_step(span_degrees: float) -> float:
    """Degrees between lines: about four to eight of them over the longer side."""
    steps: Sequence[float] = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
    return next((step for step in steps if span_degrees / step <= 6.0), steps[-1])


def _list_multiples(low: float, high: float, step: float) -> list[float]:
    return [round(count * step, 6) for count in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def draw_scale_and_north(
    ax: Axes,
    base: BaseMap,
    extent: Extent,
    *,
    axes_size_pt: tuple[float, float],
    detail: Literal["full", "small"] = "full",
) -> Box:
    """Draw a scale bar and a north arrow in the corner with the least study land; returns their box in points."""
    points_per_m = axes_size_pt[0] / extent.width_m
    length_m = _round_length(0.22 * extent.width_m)
    width_pt, height_pt, inset_pt = length_m * points_per_m + 44.0, 24.0, 7.0
    corner = _find_empty_corner(base, extent, width_pt / axes_size_pt[0], height_pt / axes_size_pt[1])
    left_pt = inset_pt if corner[0] == 0 else axes_size_pt[0] - inset_pt - width_pt
    bottom_pt = inset_pt if corner[1] == 0 else axes_size_pt[1] - inset_pt - height_pt
    box = Box(left_pt, bottom_pt, left_pt + width_pt, bottom_pt + height_pt)

    def to_map(x_pt: float, y_pt: float) -> tuple[float, float]:
        return extent.west_m + x_pt / points_per_m, extent.south_m + y_pt / points_per_m

    halo = [withStroke(linewidth=1.6, foreground=(1.0, 1.0, 1.0, 0.8))]
    bar_left, bar_bottom = to_map(left_pt + 6.0, bottom_pt + 4.0)
    for half, colour in ((0, INK_COLOUR), (1, "white")):
        ax.add_patch(
            Rectangle(
                (bar_left + half * length_m / 2, bar_bottom), length_m / 2, 2.4 / points_per_m, facecolor=colour,
                edgecolor=INK_COLOUR, linewidth=0.5, zorder=Z_FURNITURE, gid=f"scale-bar-{half}",
            )
        )  # fmt: skip
    names = [(0.0, "0"), (0.5, f"{length_m / 2000:g}"), (1.0, f"{length_m / 1000:g} km")]
    # On a short bar the middle number would run into the last.
    for share, words in names if detail == "full" else names[::2]:
        x, y = to_map(left_pt + 6.0 + share * length_m * points_per_m, bottom_pt + 9.0)
        ax.text(x, y, words, fontsize=5.8, ha="center", va="bottom", path_effects=halo, zorder=Z_FURNITURE)
    _draw_north(ax, base, to_map(box.right - 9.0, bottom_pt + 3.0), 1.0 / points_per_m)
    return box


def _round_length(length_m: float) -> float:
    """Largest of 1, 2, 5 x 10^n metres that is no longer."""
    power = 10.0 ** np.floor(np.log10(length_m))
    return float(power * max(step for step in (1.0, 2.0, 5.0) if step * power <= length_m))


def _find_empty_corner(base: BaseMap, extent: Extent, width: float, height: float) -> tuple[int, int]:
    """Return (0 west | 1 east, 0 south | 1 north) of the corner with the least study land; south-east wins ties."""
    corners: dict[tuple[int, int], float] = {}
    candidates: tuple[tuple[int, int], ...] = ((1, 0), (0, 0), (1, 1), (0, 1))
    for corner in candidates:
        west_m = extent.west_m if corner[0] == 0 else extent.east_m - width * extent.width_m
        south_m = extent.south_m if corner[1] == 0 else extent.north_m - height * extent.height_m
        box = Extent(west_m, south_m, west_m + width * extent.width_m, south_m + height * extent.height_m)
        cells = base.study_inside(box)
        corners[corner] = float(cells.mean()) if cells.size else 0.0
    return min(corners, key=lambda corner: corners[corner])


def _draw_north(ax: Axes, base: BaseMap, foot_m: tuple[float, float], m_per_pt: float) -> None:
    """Draw an arrow along the meridian through its foot, with N at its point."""
    to_degrees = Transformer.from_crs(base.crs, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(*foot_m)
    ahead = to_degrees.transform(lon, lat + 0.01, direction="INVERSE")
    along = np.array(ahead) - np.array(foot_m)
    along = along / np.hypot(*along) * m_per_pt
    across = np.array([along[1], -along[0]])
    foot = np.array(foot_m)
    for side, colour in ((-1.0, INK_COLOUR), (1.0, "white")):
        corners = [foot + 14.0 * along, foot + side * 4.0 * across, foot + 3.2 * along]
        ax.add_patch(
            Polygon(
                corners, closed=True, facecolor=colour, edgecolor=INK_COLOUR, linewidth=0.5, joinstyle="miter",
                zorder=Z_FURNITURE, gid="north-arrow",
            )
        )  # fmt: skip
    tip = foot + 15.0 * along
    ax.text(
        float(tip[0]), float(tip[1]), "N", fontsize=6.4, fontweight="bold", ha="center", va="bottom", zorder=Z_FURNITURE
    )
