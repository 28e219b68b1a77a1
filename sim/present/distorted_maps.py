"""Last stage, the time-distorted map: distance from the middle is minutes, direction stays as it is on the ground.

An azimuthal cartogram in the sense of Angel and Hyman (1976): each place keeps its bearing from the origin and moves to
the distance of its travel time. The coast is moved the same way by smoothed times, as a help to the eye only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.ndimage import binary_dilation, gaussian_filter

from sim.present.base_map import Z_COAST, Z_HEAVY, Z_LABEL, Z_LAND, Z_PLACE, BaseMap, Extent
from sim.present.furniture import MapText, make_sheet, write_panel_title
from sim.present.isochrone_maps import check_map_texts, symbols_height_mm
from sim.present.key import Symbol, draw_symbol_key, known_symbols
from sim.present.labels import Box, Label, draw_labels, place_labels
from sim.present.layers import MapLayers, Place
from sim.present.style import (
    COAST_COLOUR,
    HEAVY_CUTOFFS_MIN,
    HEAVY_WIDTHS_PT,
    INK_COLOUR,
    ORIGIN_COLOUR,
    OUTSIDE_COLOUR,
    QUIET_INK_COLOUR,
    Language,
    map_style,
)

__all__ = ["DistortedPanel", "distort", "draw_distorted_map", "draw_distorted_panels"]

RING_STEP_MIN = 60.0
SMOOTHING_M = 14_000.0
COAST_DETAIL_M = 4_000.0
# Free space around the outermost cities.
FRAME_MARGIN_MIN = 25.0
RING_NAME_PT, RING_NAME_HALF_PT = 6.0, 18.0


@dataclass(frozen=True)
class DistortedPanel:
    """One of several maps on a sheet: cities as `draw_distorted_map` takes them, and the title above."""

    cities: pd.DataFrame
    title: str
    title_en: str


def distort(
    x_m: NDArray[np.float64], y_m: NDArray[np.float64], minutes: NDArray[np.float64], origin_m: tuple[float, float]
) -> NDArray[np.float64]:
    """Return where points go, (n, 2): minutes east and north of the origin, in the direction they lie in.

    Examples
    --------
    A place 30 km east and 40 km north, 100 minutes away, goes 60 minutes east and 80 north:

    >>> distort(np.array([30_000.0]), np.array([40_000.0]), np.array([100.0]), (0.0, 0.0)).round(6).tolist()
    [[60.0, 80.0]]
    """
    east, north = x_m - origin_m[0], y_m - origin_m[1]
    distance = np.maximum(np.hypot(east, north), 1e-9)
    return np.column_stack([minutes * east / distance, minutes * north / distance])


def draw_distorted_map(
    cities: pd.DataFrame,
    *,
    minutes: NDArray[np.float64] | None,
    base: BaseMap,
    origin: Place,
    text: MapText,
    limit_min: float | None = None,
) -> Figure:
    """Return a sheet on which each city stands as many minutes from the origin as it takes to get there.

    Parameters
    ----------
    cities
        Columns name, name_en, lon, lat, minutes, and before_min if a move from an earlier state is to be shown.
    minutes
        (rows, cols) from the origin, to move the coast by; None leaves the coast out.
    limit_min
        The outermost ring; enough for nine cities of ten if not given. Farther cities are left out.
    """
    check_map_texts(text, MapLayers(places=cities), [origin.name, origin.name_en])
    has_before = "before_min" in cities.columns
    if limit_min is None:
        limit_min = float(np.ceil(cities["minutes"].quantile(0.9) / RING_STEP_MIN) * RING_STEP_MIN)
    symbols = _list_symbols(has_before=has_before)
    key_height_mm = 2.0 + symbols_height_mm(symbols, text.language)
    with map_style():
        sheet = make_sheet(text, None, key_height_mm=key_height_mm)
        spots = _place_cities(cities[cities["minutes"] <= limit_min], base, origin)
        _frame(sheet.ax, [spots])
        if minutes is not None:
            _draw_coast(sheet.ax, minutes, base, spots.origin_m, limit_min=1.5 * limit_min)
        _draw_field(sheet.ax, spots, origin, limit_min, text.language)
        draw_symbol_key(sheet.key_ax, symbols, top_mm=key_height_mm - 2.0, language=text.language)
    return sheet.figure


def draw_distorted_panels(
    panels: Sequence[DistortedPanel],
    *,
    base: BaseMap,
    origin: Place,
    text: MapText,
    limit_min: float,
    columns: int = 2,
    row_height_mm: float = 72.0,
) -> Figure:
    """Return a sheet of distorted maps on one scale, a scenario each, without the coast.

    Parameters
    ----------
    panels
        Row by row.
    limit_min
        The outermost ring; farther cities are left out.
    """
    names = [words for panel in panels for words in (panel.title, panel.title_en)]
    check_map_texts(text, MapLayers(places=panels[0].cities), [origin.name, origin.name_en, *names])
    symbols = _list_symbols(has_before=any("before_min" in panel.cities.columns for panel in panels))
    key_height_mm = 2.0 + symbols_height_mm(symbols, text.language)
    rows = -(-len(panels) // columns)
    # Two lines at every name would fill a small map.
    language: Language = "en" if text.language == "en" else "zh"
    with map_style():
        sheet = make_sheet(
            text, None, key_height_mm=key_height_mm, map_height_mm=rows * row_height_mm, rows=rows, columns=columns
        )
        spots = [_place_cities(one.cities[one.cities["minutes"] <= limit_min], base, origin) for one in panels]
        for ax, panel, placed in zip(sheet.axes, panels, spots, strict=False):
            _frame(ax, spots)
            _draw_field(ax, placed, origin, limit_min, language)
            write_panel_title(ax, panel.title, panel.title_en, language=text.language)
        for ax in sheet.axes[len(panels) :]:
            ax.set_axis_off()
        draw_symbol_key(sheet.key_ax, symbols, top_mm=key_height_mm - 2.0, language=text.language)
    return sheet.figure


@dataclass(frozen=True)
class _Spots:
    """Cities with the places in minutes, (n, 2), where they stand now and stood before, NaN where they did not."""

    cities: pd.DataFrame
    now: NDArray[np.float64]
    before: NDArray[np.float64]
    origin_m: tuple[float, float]


def _place_cities(cities: pd.DataFrame, base: BaseMap, origin: Place) -> _Spots:
    projection = Transformer.from_crs("EPSG:4326", base.crs, always_xy=True)
    origin_m = projection.transform(origin.lon, origin.lat)
    x_m, y_m = (
        np.asarray(one, dtype=float) for one in projection.transform(cities["lon"].to_numpy(), cities["lat"].to_numpy())
    )
    earlier = cities["before_min"] if "before_min" in cities.columns else pd.Series(np.nan, index=cities.index)
    now, before = (distort(x_m, y_m, one.to_numpy(dtype=float), origin_m) for one in (cities["minutes"], earlier))
    return _Spots(cities, now, before, origin_m)


def _draw_field(ax: Axes, spots: _Spots, origin: Place, limit_min: float, language: Language) -> None:
    """Draw the rings, the moves and the cities on a frame that has its limits."""
    ax.set_xticks([])
    ax.set_yticks([])
    ring_boxes = _draw_rings(ax, limit_min, language)
    _draw_moves(ax, spots.before, spots.now)
    _draw_cities(ax, spots.cities, spots.now, origin, ring_boxes, language)


def _frame(ax: Axes, placed: Sequence[_Spots]) -> None:
    """Set the limits so that all cities and the two-hour circle are seen, in the shape of the map."""
    least = max(HEAVY_CUTOFFS_MIN) * 1.08
    every = np.concatenate([part for spots in placed for part in (spots.now, spots.before)])
    spots_min = every[np.isfinite(every).all(axis=1)]
    low = np.minimum(spots_min.min(axis=0, initial=np.inf) - FRAME_MARGIN_MIN, -least)
    high = np.maximum(spots_min.max(axis=0, initial=-np.inf) + FRAME_MARGIN_MIN, least)
    width_pt, height_pt = _size_pt(ax)
    width, height = high - low
    wanted = Extent(low[0], low[1], low[0] + width, low[1] + height).grown_to_shape(width_pt / height_pt)
    ax.set_xlim(wanted.west_m, wanted.east_m)
    ax.set_ylim(wanted.south_m, wanted.north_m)


def _size_pt(ax: Axes) -> tuple[float, float]:
    """Return width and height of a map on paper in points."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    place, (width_in, height_in) = ax.get_position(), figure.get_size_inches()
    return float(72.0 * width_in * place.width), float(72.0 * height_in * place.height)


def _list_symbols(*, has_before: bool) -> list[Symbol]:
    city = Line2D([], [], linestyle="none", marker="o", markersize=4.0, markerfacecolor=INK_COLOUR, markeredgewidth=0)
    symbols = [*known_symbols(["origin", *(f"heavy-{one:g}" for one in HEAVY_CUTOFFS_MIN)])]
    symbols.append(Symbol((city,), "城市（本方案）", "city, this scenario"))
    if has_before:
        ghost = Line2D(
            [],
            [],
            marker="o",
            markersize=3.2,
            markerfacecolor="white",
            markeredgecolor=QUIET_INK_COLOUR,
            markeredgewidth=0.7,
            color=ORIGIN_COLOUR,
            linewidth=1.0,
        )
        symbols.append(Symbol((ghost,), "原来的位置与移动", "where it stood before, and its move"))
    return symbols


def _draw_rings(ax: Axes, limit_min: float, language: str) -> list[Box]:
    """Draw the circles of equal minutes, the plan's two heavily, and name them on the east side; returns the boxes."""
    boxes = []
    scale = _points_per_minute(ax)
    for ring in np.arange(RING_STEP_MIN / 2, limit_min + 1.0, RING_STEP_MIN / 2):
        heavy = ring in HEAVY_CUTOFFS_MIN
        width = HEAVY_WIDTHS_PT[HEAVY_CUTOFFS_MIN.index(ring)] if heavy else (0.4 if ring % RING_STEP_MIN == 0 else 0.2)
        ax.add_patch(
            Circle(
                (0.0, 0.0),
                ring,
                facecolor="none",
                edgecolor=INK_COLOUR if heavy else QUIET_INK_COLOUR,
                linewidth=width,
                zorder=Z_HEAVY,
                gid=f"ring-{ring:g}",
            )
        )
        if ring % RING_STEP_MIN:
            continue
        words = f"{ring:g} min" if language == "en" else f"{ring:g} 分钟"
        # The first direction, from the south-east round by the north, in which the ring lies inside the frame.
        spots = [
            (ring * np.cos(angle), ring * np.sin(angle)) for angle in np.deg2rad((-38.0, 52.0, 110.0, 160.0, 200.0))
        ]
        (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
        half = RING_NAME_HALF_PT / scale
        inside = [spot for spot in spots if west < spot[0] - half < spot[0] + half < east and south < spot[1] < north]
        if not inside:
            continue
        x, y = inside[0]
        ax.text(
            x,
            y,
            words,
            fontsize=RING_NAME_PT,
            fontweight="bold" if heavy else "normal",
            ha="center",
            va="center_baseline",
            zorder=Z_LABEL,
            bbox={"boxstyle": "round,pad=0.18", "facecolor": "white", "edgecolor": INK_COLOUR, "linewidth": 0.3},
            gid=f"ring-name-{ring:g}",
            clip_on=True,
        )
        x_pt, y_pt = (x - ax.get_xlim()[0]) * scale, (y - ax.get_ylim()[0]) * scale
        boxes.append(Box(x_pt - RING_NAME_HALF_PT, y_pt - 6.0, x_pt + RING_NAME_HALF_PT, y_pt + 6.0))
    return boxes


def _points_per_minute(ax: Axes) -> float:
    low, high = ax.get_xlim()
    return _size_pt(ax)[0] / (high - low)


def _draw_moves(ax: Axes, before: NDArray[np.float64], now: NDArray[np.float64]) -> None:
    for start, end in zip(before, now, strict=True):
        if not np.isfinite(start).all() or np.hypot(*(start - end)) < 0.5:
            continue
        ax.plot(
            [start[0], end[0]], [start[1], end[1]], color=ORIGIN_COLOUR, linewidth=1.0, zorder=Z_PLACE - 0.3, gid="move"
        )
        ax.plot(
            *start,
            marker="o",
            markersize=3.2,
            markerfacecolor="white",
            markeredgecolor=QUIET_INK_COLOUR,
            markeredgewidth=0.7,
            zorder=Z_PLACE - 0.2,
            gid="city-before",
        )


def _draw_cities(
    ax: Axes, cities: pd.DataFrame, now: NDArray[np.float64], origin: Place, taken: list[Box], language: Language
) -> None:
    scale = _points_per_minute(ax)
    left, foot = ax.get_xlim()[0], ax.get_ylim()[0]
    frame = Box(0.0, 0.0, *_size_pt(ax))
    labels = [Label(origin.name, origin.name_en, 0, -left * scale, -foot * scale, 9.0)]
    for row, (x, y) in zip(cities.itertuples(), now, strict=True):
        minutes = f"{row.minutes:.0f}"
        english = f"{row.name_en} {minutes}" if language == "en" else str(row.name_en)
        label = Label(f"{row.name} {minutes}", english, 3, (x - left) * scale, (y - foot) * scale, 3.6)
        if label.dot_box.inside(frame):
            labels.append(label)
            ax.plot(
                x,
                y,
                marker="o",
                markersize=3.6,
                markerfacecolor=INK_COLOUR,
                markeredgecolor="white",
                markeredgewidth=0.5,
                zorder=Z_PLACE,
                gid="city",
            )
    ax.plot(
        0.0,
        0.0,
        marker="*",
        markersize=11.0,
        markerfacecolor=ORIGIN_COLOUR,
        markeredgecolor="white",
        markeredgewidth=0.8,
        zorder=Z_PLACE + 0.5,
        gid="origin",
    )
    ax.annotate(
        "北 N \N{UPWARDS ARROW}" if language != "en" else "N \N{UPWARDS ARROW}",
        (0.985, 0.975),
        xycoords="axes fraction",
        ha="right",
        va="top",
        fontsize=7.0,
        gid="north",
    )
    placed = place_labels(labels, frame=frame, obstacles=taken, language=language)
    draw_labels(ax, placed, language=language, zorder=Z_LABEL)


def _draw_coast(
    ax: Axes, minutes: NDArray[np.float64], base: BaseMap, origin_m: tuple[float, float], *, limit_min: float
) -> None:
    """Draw the land with every point of its outline moved by the smoothed minutes of the land around it."""
    field = _smooth(minutes, base)
    rows, columns = base.is_study.shape
    box = (base.west_m, base.north_m - rows * base.cell_m, base.west_m + columns * base.cell_m, base.north_m)
    cut = shapely.clip_by_rect(shapely.simplify(base.land, COAST_DETAIL_M / 2), *box)
    parts = shapely.get_parts(cut)
    parts = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (shapely.area(parts) > 4e7)]
    vertices, codes, coast = [], [], []
    is_shore = binary_dilation(base.is_shore, iterations=2)
    for part in shapely.segmentize(parts, COAST_DETAIL_M):
        points = shapely.get_coordinates(part.exterior)
        row = np.clip(((base.north_m - points[:, 1]) / base.cell_m).astype(int), 0, rows - 1)
        column = np.clip(((points[:, 0] - base.west_m) / base.cell_m).astype(int), 0, columns - 1)
        moved = distort(points[:, 0], points[:, 1], np.minimum(field[row, column], limit_min), origin_m)
        vertices.append(moved)
        codes.append(np.r_[Path.MOVETO, np.full(len(moved) - 2, Path.LINETO), Path.CLOSEPOLY].astype(np.uint8))
        # Where the land was cut off at the edge of the study there is no coast to draw.
        at_sea = is_shore[row, column]
        coast += [moved[step : step + 2] for step in np.nonzero(at_sea[:-1] & at_sea[1:])[0]]
    if vertices:
        path = Path(np.concatenate(vertices), np.concatenate(codes))
        ax.add_artist(PathPatch(path, facecolor=OUTSIDE_COLOUR, edgecolor="none", zorder=Z_LAND, gid="distorted-land"))
        lines = LineCollection(coast, colors=[COAST_COLOUR], linewidths=0.3, zorder=Z_COAST, gid="distorted-coast")
        ax.add_collection(lines, autolim=False)


def _smooth(minutes: NDArray[np.float64], base: BaseMap) -> NDArray[np.float64]:
    """Return minutes averaged over the reached land around each cell, known far out to sea too."""
    known = np.isfinite(minutes) & base.is_study
    filled = np.where(known, minutes, 0.0)
    field = np.zeros(minutes.shape)
    # From wide to narrow: where the narrow average has land to average over, it replaces the wide one.
    for widening in (16.0, 4.0, 1.0):
        sigma = widening * SMOOTHING_M / base.cell_m
        weight = gaussian_filter(known.astype(float), sigma, mode="constant", truncate=3.0)
        total = gaussian_filter(filled, sigma, mode="constant", truncate=3.0)
        field = np.where(weight > 0.02, total / np.maximum(weight, 1e-9), field)
    return field
