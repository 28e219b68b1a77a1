"""Last stage, minutes as colour: classes on land only, hatching where nothing arrives, heavy lines."""

from collections.abc import Sequence

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
from sim.present.style import BEYOND_COLOUR, HATCH_COLOUR, HEAVY_WIDTHS_PT, INK_COLOUR, UNREACHABLE_COLOUR, band_colours

__all__ = ["classify_minutes", "draw_bands", "draw_heavy_lines", "trace_line"]

NOT_STUDY = -1
# Rings shorter than this on paper are single cells at a class edge: they stay in the colours but get no heavy line.
SHORTEST_RING_MM = 6.0
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


def draw_bands(
    ax: Axes,
    base: BaseMap,
    extent: Extent,
    *,
    minutes: NDArray[np.float64],
    cutoffs_min: Sequence[float],
    land: PathPatch,
) -> bool:
    """Colour the study land by class and hatch what is not reached, all cut off at the coast.

    Returns
    -------
    bool
        Whether any land inside the extent is not reached.
    """
    window = base.window(extent)
    classes = classify_minutes(minutes[window], base.is_study[window], cutoffs_min)
    filled = _fill_shore(classes, base.is_shore[window])
    not_reached = len(cutoffs_min) + 1
    palette = to_rgba_array([*band_colours(len(cutoffs_min)), BEYOND_COLOUR, UNREACHABLE_COLOUR, "#00000000"])
    # The last entry, fully transparent, is what index -1 picks: outside the study land nothing is coloured.
    pixels = np.round(palette[filled] * 255).astype(np.uint8)
    part = _window_extent(base, window)
    image = ax.imshow(
        pixels,
        extent=(part.west_m, part.east_m, part.south_m, part.north_m),
        interpolation="nearest",
        zorder=Z_SURFACE,
        gid="travel-time-bands",
        aspect="equal",
    )
    image.set_clip_path(land)
    ax.set_xlim(extent.west_m, extent.east_m)
    ax.set_ylim(extent.south_m, extent.north_m)
    hole = filled == not_reached
    if not hole.any():
        return False
    transform = Affine(base.cell_m, 0.0, part.west_m, 0.0, -base.cell_m, part.north_m)
    polygons = np.array([shapely.geometry.shape(one) for one, _ in shapes(hole.astype(np.uint8), hole, 4, transform)])
    hatched = PathPatch(
        outline_path(polygons, extent, tolerance_m=0.0),
        facecolor="none",
        edgecolor=HATCH_COLOUR,
        linewidth=0.0,
        hatch="//////",
        zorder=Z_HATCH,
        gid="not-reached",
    )
    ax.add_artist(hatched)
    hatched.set_clip_path(land)
    return bool((classes == not_reached).any())


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
) -> dict[float, list[NDArray[np.float64]]]:
    """Draw the heavy lines; returns them by cut-off in metres of the CRS, longest first."""
    window = base.window(extent)
    part = _window_extent(base, window)
    drawn = {}
    for position, cutoff_min in enumerate(heavy_min):
        kept = []
        for line in trace_line(minutes[window], base.is_study[window], cutoff_min):
            x_m = part.west_m + (line[:, 0] + 0.5) * base.cell_m
            y_m = part.north_m - (line[:, 1] + 0.5) * base.cell_m
            points = np.column_stack([x_m, y_m])
            if shapely.length(shapely.linestrings(points)) >= SHORTEST_RING_MM * m_per_mm:
                kept.append(points)
        kept.sort(key=lambda points: (-len(points), float(points[0, 0]), float(points[0, 1])))
        drawn[cutoff_min] = kept
        collection = LineCollection(
            [Path(points).vertices for points in kept],
            colors=[INK_COLOUR],
            linewidths=HEAVY_WIDTHS_PT[min(position, len(HEAVY_WIDTHS_PT) - 1)],
            capstyle="butt",
            joinstyle="round",
            path_effects=[withStroke(linewidth=HEAVY_WIDTHS_PT[0] + 1.0, foreground=(1.0, 1.0, 1.0, 0.55))],
            zorder=Z_HEAVY,
            gid=f"isochrone-{cutoff_min:g}",
        )
        ax.add_collection(collection, autolim=False)
    return drawn
