"""Last stage, the time-distorted map: distance from the middle is minutes, direction stays as it is on the ground.

An azimuthal cartogram in the sense of Angel and Hyman (1976): each place keeps its bearing from the origin and moves to
the distance of its travel time. Only cities are drawn: land moved by its minutes tears where a ferry or a bridge begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from numpy.typing import NDArray
from pyproj import Transformer

from sim.present.base_map import Z_HEAVY, Z_LABEL, Z_PLACE, BaseMap, Extent
from sim.present.furniture import MapText, make_sheet, write_panel_title
from sim.present.isochrone_maps import check_map_texts, symbols_height_mm
from sim.present.key import Symbol, draw_symbol_key, known_symbols
from sim.present.labels import Box, Label, draw_labels, place_labels
from sim.present.layers import MapLayers, Place
from sim.present.lettering import map_style
from sim.present.style import HEAVY_CUTOFFS_MIN, HEAVY_WIDTHS_PT, INK_COLOUR, ORIGIN_COLOUR, QUIET_INK_COLOUR, Language

__all__ = ["DistortedPanel", "distort", "draw_distorted_map", "draw_distorted_panels"]

RING_STEP_MIN = 60.0
# Free space around the outermost cities.
FRAME_MARGIN_MIN = 25.0
# The type in which cities are named on a whole sheet and in a panel (`style.LABEL_SIZES_PT`).
CITY_RANK, PANEL_RANK = 3, 4
POINTS_OF_A_MOVE = 12
NORTH_CORNER_PT = (44.0, 24.0)
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
    """Return a sheet of distorted maps on one scale, a scenario each.

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
            _draw_field(ax, placed, origin, limit_min, language, rank=PANEL_RANK)
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


def _place_cities(cities: pd.DataFrame, base: BaseMap, origin: Place) -> _Spots:
    projection = Transformer.from_crs("EPSG:4326", base.crs, always_xy=True)
    origin_m = projection.transform(origin.lon, origin.lat)
    x_m, y_m = (
        np.asarray(one, dtype=float) for one in projection.transform(cities["lon"].to_numpy(), cities["lat"].to_numpy())
    )
    earlier = cities["before_min"] if "before_min" in cities.columns else pd.Series(np.nan, index=cities.index)
    now, before = (distort(x_m, y_m, one.to_numpy(dtype=float), origin_m) for one in (cities["minutes"], earlier))
    return _Spots(cities, now, before)


def _draw_field(
    ax: Axes, spots: _Spots, origin: Place, limit_min: float, language: Language, *, rank: int = CITY_RANK
) -> None:
    """Draw the rings, the moves and the cities, named in the type of a rank, on a frame that has its limits."""
    ax.set_xticks([])
    ax.set_yticks([])
    ring_boxes = _draw_rings(ax, limit_min, language)
    _draw_moves(ax, spots.before, spots.now)
    _draw_cities(ax, spots, origin, ring_boxes, language, rank=rank)


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
    symbols.append(Symbol((city,), "城市（本情景）", "city, this scenario"))
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
            (ring * np.cos(angle), ring * np.sin(angle))
            for angle in np.deg2rad((-38.0, -46.0, 52.0, 42.0, 110.0, 160.0, 200.0))
        ]
        (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
        half, half_high = RING_NAME_HALF_PT / scale, RING_NAME_PT / scale
        inside = [
            (x, y)
            for x, y in spots
            if west < x - half < x + half < east and south < y - half_high < y + half_high < north
        ]
        # The arrow to the north stands in the upper right corner.
        corner = (east - NORTH_CORNER_PT[0] / scale - half, north - NORTH_CORNER_PT[1] / scale)
        inside = [spot for spot in inside if spot[0] < corner[0] or spot[1] < corner[1]]
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


def _draw_cities(ax: Axes, spots: _Spots, origin: Place, taken: list[Box], language: Language, *, rank: int) -> None:
    scale = _points_per_minute(ax)
    left, foot = ax.get_xlim()[0], ax.get_ylim()[0]
    frame = Box(0.0, 0.0, *_size_pt(ax))
    labels = [Label(origin.name, origin.name_en, 0, -left * scale, -foot * scale, 9.0)]
    for row, (x, y) in zip(spots.cities.itertuples(), spots.now, strict=True):
        minutes = f"{row.minutes:.0f}"
        english = f"{row.name_en} {minutes}" if language == "en" else str(row.name_en)
        label = Label(f"{row.name} {minutes}", english, rank, (x - left) * scale, (y - foot) * scale, 3.6)
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
    moves = (_points_of_moves(spots) - (left, foot)) * scale
    placed = place_labels(labels, frame=frame, obstacles=taken, covered_points_pt=moves, language=language)
    draw_labels(ax, placed, language=language, zorder=Z_LABEL)


def _points_of_moves(spots: _Spots) -> NDArray[np.float64]:
    """Return points along the moves, (n, 2) in minutes: names should rather not cover them."""
    moved = np.isfinite(spots.before).all(axis=1)
    share = np.linspace(0.0, 1.0, POINTS_OF_A_MOVE)[:, None, None]
    points: NDArray[np.float64] = spots.before[moved] + share * (spots.now[moved] - spots.before[moved])
    return points.reshape(-1, 2)
