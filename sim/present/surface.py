"""Last stage, minutes as colour: classes on land only, hatching where nothing arrives, heavy lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba_array
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from rasterio import Affine
from rasterio.features import shapes
from scipy.ndimage import gaussian_filter

from sim.present.base_map import Z_HATCH, Z_HEAVY, Z_SURFACE, BaseMap, Extent, outline_path
from sim.present.style import (
    BEYOND_COLOUR,
    HATCH_COLOUR,
    HEAVY_WIDTHS_PT,
    INK_COLOUR,
    UNREACHABLE_COLOUR,
    UNREACHABLE_HATCH,
    band_colours,
)

__all__ = ["Look", "classify_minutes", "draw_bands", "draw_classes", "draw_heavy_lines", "trace_line"]

NOT_STUDY = -1
# Rings shorter than this on paper are single cells at a class edge: they stay in the colours but get no heavy line.
SHORTEST_RING_MM = 6.0
# Where none is that long (a circle on an island), the longest is drawn if it can be seen at all.
SHORTEST_ONLY_RING_MM = 2.0
# Smoothing of the heavy lines in cells: enough to lose the stair steps, too little to move a line by a cell.
SMOOTHING_CELLS = 0.9


def classify_minutes(
    minutes: NDArray[np.float64], is_study: NDArray[np.bool_], cutoffs_min: Sequence[float]
) -> NDArray[np.int16]:
    """Return the class of each cell: 0 up to the first cut-off, …, n beyond the last, n + 1 not reached, -1 no land.

    A cell exactly at a cut-off belongs to the class below it: "within 60 minutes" includes 60.

    Examples
    --------
    >>> is_study = np.array([[True, True, True, True, False]])
    >>> classify_minutes(np.array([[30.0, 31.0, 61.0, np.nan, 5.0]]), is_study, [30, 60])
    array([[ 0,  1,  2,  3, -1]], dtype=int16)
    """
    classes = np.digitize(minutes, cutoffs_min, right=True).astype(np.int16)
    classes[~np.isfinite(minutes)] = len(cutoffs_min) + 1
    classes[~is_study] = NOT_STUDY
    return classes


def _fill_shore(classes: NDArray[np.int16], is_shore: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Give shore cells the class of study land beside them, two cells deep; the outline of the coast cuts it off."""
    filled = classes.copy()
    rows, columns = classes.shape
    for _ in range(2):
        padded = np.pad(filled, 1, constant_values=NOT_STUDY)
        # Straight neighbours first, then diagonal ones: the first with a class wins.
        for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
            beside = padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
            take = (filled == NOT_STUDY) & is_shore & (beside != NOT_STUDY)
            filled[take] = beside[take]
    return filled


def _window_extent(base: BaseMap, window: tuple[slice, slice]) -> Extent:
    rows, columns = window
    return Extent(
        base.west_m + columns.start * base.cell_m,
        base.north_m - rows.stop * base.cell_m,
        base.west_m + columns.stop * base.cell_m,
        base.north_m - rows.start * base.cell_m,
    )


@dataclass(frozen=True)
class Look:
    """How the cells of one class are drawn; with a hatch, the class is told without its colour."""

    colour: str
    hatch: str = ""
    hatch_colour: str = HATCH_COLOUR
    gid: str = "hatched-class"


def draw_classes(
    ax: Axes,
    base: BaseMap,
    extent: Extent,
    *,
    classes: NDArray[np.int16],
    looks: Sequence[Look],
    land: PathPatch,
    gid: str,
) -> frozenset[int]:
    """Colour the study land by class, all cut off at the coast; returns the classes that are seen.

    Parameters
    ----------
    classes
        (rows, cols) of the grid: positions in `looks`, -1 where nothing is coloured.
    land
        From `draw_base`: nothing is drawn outside it.
    gid
        Name of the image.
    """
    window = base.window(extent)
    seen = frozenset(int(one) for one in np.unique(classes[window]) if one != NOT_STUDY)
    filled = _fill_shore(classes[window], base.is_shore[window])
    # The last entry, fully transparent, is what index -1 picks: outside the study land nothing is coloured.
    palette = to_rgba_array([*(look.colour for look in looks), "#00000000"])
    pixels = np.round(palette[filled] * 255).astype(np.uint8)
    part = _window_extent(base, window)
    image = ax.imshow(
        pixels,
        extent=(part.west_m, part.east_m, part.south_m, part.north_m),
        interpolation="nearest",
        zorder=Z_SURFACE,
        gid=gid,
        aspect="equal",
    )
    image.set_clip_path(land)
    ax.set_xlim(extent.west_m, extent.east_m)
    ax.set_ylim(extent.south_m, extent.north_m)
    transform = Affine(base.cell_m, 0.0, part.west_m, 0.0, -base.cell_m, part.north_m)
    for position, look in enumerate(looks):
        if look.hatch and (filled == position).any():
            _hatch_cells(ax, filled == position, look, extent, transform).set_clip_path(land)
    return seen


def _hatch_cells(ax: Axes, cells: NDArray[np.bool_], look: Look, extent: Extent, transform: Affine) -> PathPatch:
    found = shapes(cells.astype(np.uint8), cells, 4, transform)
    polygons = np.array([shapely.geometry.shape(one) for one, _ in found])
    hatched = PathPatch(
        outline_path(polygons, extent, tolerance_m=0.0),
        facecolor="none",
        edgecolor=look.hatch_colour,
        linewidth=0.0,
        hatch=look.hatch,
        zorder=Z_HATCH,
        gid=look.gid,
    )
    ax.add_artist(hatched)
    return hatched


def draw_bands(
    ax: Axes,
    base: BaseMap,
    extent: Extent,
    *,
    minutes: NDArray[np.float64],
    cutoffs_min: Sequence[float],
    land: PathPatch,
) -> bool:
    """Colour the study land by class of minutes and hatch what is not reached, all cut off at the coast.

    Returns
    -------
    bool
        Whether any land inside the extent is not reached.
    """
    looks = [Look(colour) for colour in (*band_colours(len(cutoffs_min)), BEYOND_COLOUR)]
    looks.append(Look(UNREACHABLE_COLOUR, UNREACHABLE_HATCH, gid="not-reached"))
    classes = classify_minutes(minutes, base.is_study, cutoffs_min)
    seen = draw_classes(ax, base, extent, classes=classes, looks=looks, land=land, gid="travel-time-bands")
    return len(cutoffs_min) + 1 in seen


def trace_line(
    minutes: NDArray[np.float64],
    is_study: NDArray[np.bool_],
    cutoff_min: float,
    smoothing_cells: float = SMOOTHING_CELLS,
) -> list[NDArray[np.float64]]:
    """Return the lines where minutes reach a cut-off: (n, 2) arrays of column and row, cell middles at whole numbers.

    Minutes are averaged with their neighbours on reached land only, so that neither sea nor unreached land pulls it.
    """
    known = np.isfinite(minutes) & is_study
    # Far above the cut-off the smoothing would let one very slow cell pull the line: cap what it can weigh.
    capped = np.where(known, np.minimum(minutes, cutoff_min + 60.0), 0.0)
    weight = gaussian_filter(known.astype(np.float64), smoothing_cells, mode="nearest", truncate=3.0)
    total = gaussian_filter(capped, smoothing_cells, mode="nearest", truncate=3.0)
    smooth = np.ma.masked_array(total / np.maximum(weight, 1e-9), mask=~known)
    if min(smooth.shape) < 2:
        return []
    lines = contour_generator(z=smooth, line_type="Separate", corner_mask=True).lines(cutoff_min)
    return [np.asarray(line, dtype=np.float64) for line in lines]


def draw_heavy_lines(
    ax: Axes,
    base: BaseMap,
    extent: Extent,
    *,
    minutes: NDArray[np.float64],
    heavy_min: Sequence[float],
    m_per_mm: float,
    share: float = 1.0,
) -> dict[float, list[NDArray[np.float64]]]:
    """Draw the heavy lines, at a share of their usual width; returns them by cut-off in metres of the CRS, longest first."""
    window = base.window(extent)
    part = _window_extent(base, window)
    drawn = {}
    for position, cutoff_min in enumerate(heavy_min):
        lines = [
            np.column_stack(
                [part.west_m + (line[:, 0] + 0.5) * base.cell_m, part.north_m - (line[:, 1] + 0.5) * base.cell_m]
            )
            for line in trace_line(minutes[window], base.is_study[window], cutoff_min)
        ]
        lines.sort(key=lambda points: (-len(points), float(points[0, 0]), float(points[0, 1])))
        kept = [line for line in lines if _length_m(line) >= SHORTEST_RING_MM * m_per_mm]
        if not kept:
            kept = [line for line in lines[:1] if _length_m(line) >= SHORTEST_ONLY_RING_MM * m_per_mm]
        drawn[cutoff_min] = kept
        collection = LineCollection(
            [Path(points).vertices for points in kept],
            colors=[INK_COLOUR],
            linewidths=share * HEAVY_WIDTHS_PT[min(position, len(HEAVY_WIDTHS_PT) - 1)],
            capstyle="butt",
            joinstyle="round",
            path_effects=[withStroke(linewidth=share * HEAVY_WIDTHS_PT[0] + 1.0, foreground=(1.0, 1.0, 1.0, 0.55))],
            zorder=Z_HEAVY,
            gid=f"isochrone-{cutoff_min:g}",
        )
        ax.add_collection(collection, autolim=False)
    return drawn


def _length_m(points: NDArray[np.float64]) -> float:
    return float(shapely.length(shapely.linestrings(points)))
