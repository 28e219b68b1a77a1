"""Last stage, maps: isochrones from minutes per cell, on given axes or as a finished sheet with title, key, notes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.errors import InputError
from sim.present.base_map import (
    BaseMap,
    Extent,
    build_rail_sections,
    draw_base,
    draw_lines,
    draw_stations,
    extent_of,
    metres_per_mm,
    prepare_base,
)
from sim.present.furniture import MAP_HEIGHT_MM, MAP_WIDTH_MM, MapText, make_sheet
from sim.present.key import SYMBOL_ROW_MM, draw_band_key, draw_symbol_key, lay_out_symbols
from sim.present.names import MapLayers, Place, draw_names
from sim.present.style import CUTOFFS_MIN, HEAVY_CUTOFFS_MIN, Language, check_glyphs, map_style
from sim.present.surface import draw_bands, draw_heavy_lines

__all__ = [
    "BaseMap",
    "MapLayers",
    "MapText",
    "Place",
    "build_rail_sections",
    "choose_extent",
    "draw_isochrone_map",
    "draw_isochrones",
    "map_style",
    "prepare_base",
    "save_map",
]

# Free space around the study land when no box is asked for, as a share of its larger side.
MARGIN_SHARE = 0.012
# Height of the row of classes in the key.
KEY_TOP_MM = 12.0


def draw_isochrones(
    ax: Axes,
    *,
    minutes: NDArray[np.float64],
    base: BaseMap,
    layers: MapLayers,
    origin: Place,
    extent: Extent,
    cutoffs_min: Sequence[float] = CUTOFFS_MIN,
    heavy_min: Sequence[float] = HEAVY_CUTOFFS_MIN,
    language: Language = "both",
) -> Axes:
    """Draw travel times from one origin over the base map, with lines, stations, names, scale bar and north arrow.

    Call it inside `map_style()`, on axes that already have their final place in the figure: names are set by the size
    on paper. It neither computes times nor saves.

    Parameters
    ----------
    ax
        Axes of a figure of known size, with the proportions of `extent`.
    minutes
        (rows, cols) minutes from the origin for each cell of the grid; nan or inf where it is not reached.
    base
        From `prepare_base`, for the same grid.
    layers
        Railways, stations, places.
    origin
        Where the minutes start.
    extent
        What part is shown, from `choose_extent`.
    cutoffs_min, heavy_min
        Upper ends of the classes, and those of them drawn as heavy lines.
    language
        Of the names.

    Returns
    -------
    Axes
        The same axes.

    Raises
    ------
    InputError
        If the minutes do not fit the grid, cut-offs do not rise, or a heavy line is no class edge.
    """
    _check_surface(minutes, base, cutoffs_min, heavy_min)
    land = draw_base(ax, base, extent)
    draw_bands(ax, base, extent, minutes=minutes, cutoffs_min=cutoffs_min, land=land)
    heavy = draw_heavy_lines(ax, base, extent, minutes=minutes, heavy_min=heavy_min, m_per_mm=metres_per_mm(ax, extent))
    if layers.sea_roads is not None:
        draw_lines(ax, layers.sea_roads, base, kind_as="sea_road")
    if layers.rail is not None:
        draw_lines(ax, layers.rail, base)
    if layers.stations is not None:
        draw_stations(ax, layers.stations, base)
    draw_names(ax, base, extent, layers=layers, origin=origin, heavy=heavy, language=language)
    return ax


def _check_surface(
    minutes: NDArray[np.float64], base: BaseMap, cutoffs_min: Sequence[float], heavy_min: Sequence[float]
) -> None:
    problems = []
    if minutes.shape != base.is_study.shape:
        problems.append(f"minutes: {minutes.shape} rows and columns, but the grid has {base.is_study.shape}")
    if list(cutoffs_min) != sorted(set(cutoffs_min)) or not cutoffs_min or cutoffs_min[0] <= 0:
        problems.append(f"cutoffs_min: {list(cutoffs_min)} must be above 0 and rise")
    stray = [cutoff for cutoff in heavy_min if cutoff not in set(cutoffs_min)]
    if stray:
        problems.append(f"heavy_min: {stray} are no class edges; allowed are {list(cutoffs_min)}")
    if problems:
        raise InputError(problems)


def choose_extent(
    base: BaseMap, *, bbox: tuple[float, float, float, float] | None = None, width_over_height: float
) -> Extent:
    """Return the part of the land to show in a frame of a given shape.

    Parameters
    ----------
    base
        The base map.
    bbox
        West, south, east, north in degrees; the whole study land if not given.
    width_over_height
        Shape of the frame. What has to be added sideways is added where there is sea, since nothing is missing there.
    """
    if bbox is not None:
        wanted = extent_of(bbox, base.crs)
    else:
        rows, columns = np.nonzero(base.is_study)
        wanted = Extent(
            base.west_m + columns.min() * base.cell_m,
            base.north_m - (rows.max() + 1) * base.cell_m,
            base.west_m + (columns.max() + 1) * base.cell_m,
            base.north_m - rows.min() * base.cell_m,
        )
        margin_m = MARGIN_SHARE * max(wanted.width_m, wanted.height_m)
        wanted = Extent(
            wanted.west_m - margin_m, wanted.south_m - margin_m, wanted.east_m + margin_m, wanted.north_m + margin_m
        )
    return wanted.grown_to_shape(width_over_height, lean_east=_share_of_sea_in_the_east(base, wanted))


def _share_of_sea_in_the_east(base: BaseMap, extent: Extent) -> float:
    """Sea along the east edge over sea along both edges; one half if neither has any."""
    shore = base.is_shore[base.window(extent)]
    if not shore.size:
        return 0.5
    west, east = float(shore[:, 0].sum()), float(shore[:, -1].sum())
    return east / (west + east) if west + east > 0 else 0.5


def draw_isochrone_map(
    *,
    minutes: NDArray[np.float64],
    base: BaseMap,
    layers: MapLayers,
    origin: Place,
    text: MapText,
    bbox: tuple[float, float, float, float] | None = None,
    cutoffs_min: Sequence[float] = CUTOFFS_MIN,
    heavy_min: Sequence[float] = HEAVY_CUTOFFS_MIN,
) -> Figure:
    """Return a finished sheet, 170 mm wide: the finding, the map, its key, and what it does and does not say.

    Parameters
    ----------
    minutes, base, layers, origin, cutoffs_min, heavy_min
        As in `draw_isochrones`.
    text
        Finding, scenario, reading, sources.
    bbox
        West, south, east, north in degrees of the part shown; the whole study land if not given.

    Raises
    ------
    InputError
        As in `draw_isochrones`, or if a text has a character that the shipped font lacks.
    """
    named = [table for table in (layers.places, layers.water_names) if table is not None]
    names = [name for table in named for column in ("name", "name_en") for name in table[column]]
    check_glyphs([*text.list_texts(), origin.name, origin.name_en, *names])
    entries = _list_key_entries(layers, heavy_min)
    key_height_mm = (
        KEY_TOP_MM + SYMBOL_ROW_MM * len(lay_out_symbols(entries, text.language, width_mm=MAP_WIDTH_MM)) + 1.0
    )
    with map_style():
        sheet = make_sheet(text, base, key_height_mm=key_height_mm)
        shape = MAP_WIDTH_MM / MAP_HEIGHT_MM
        extent = choose_extent(base, bbox=bbox, width_over_height=shape)
        draw_isochrones(
            sheet.ax,
            minutes=minutes,
            base=base,
            layers=layers,
            origin=origin,
            extent=extent,
            cutoffs_min=cutoffs_min,
            heavy_min=heavy_min,
            language=text.language,
        )
        shown = base.window(extent)
        draw_band_key(
            sheet.key_ax,
            cutoffs_min=cutoffs_min,
            top_mm=key_height_mm - 2.0,
            language=text.language,
            has_unreachable=bool((base.is_study[shown] & ~np.isfinite(minutes[shown])).any()),
        )
        draw_symbol_key(sheet.key_ax, entries, top_mm=key_height_mm - KEY_TOP_MM, language=text.language)
    return sheet.figure


def _list_key_entries(layers: MapLayers, heavy_min: Sequence[float]) -> list[str]:
    """Names of the symbols that this map uses, in the order of its key."""
    entries = ["origin", *(f"heavy-{cutoff_min:g}" for cutoff_min in heavy_min)]
    if layers.rail is not None:
        existing = layers.rail[layers.rail["status"] == "existing"]
        is_fast = existing["kind"].isin(["hsr", "mixed"])
        entries += ["hsr"] if is_fast.any() else []
        entries += ["other"] if (~is_fast).any() else []
        entries += ["new"] if (layers.rail["status"] == "new").any() else []
    if layers.stations is not None:
        entries += ["main"] if (layers.stations["rank"] == "main").any() else []
        entries += ["station"] if (layers.stations["rank"] != "main").any() else []
    if layers.sea_roads is not None:
        status = layers.sea_roads["status"]
        entries += ["sea_road"] if (status == "existing").any() else []
        entries += ["sea_road_new"] if (status == "new").any() else []
    return entries


def save_map(figure: Figure, path_stem: Path, formats: Sequence[str] = ("png", "svg")) -> list[Path]:
    """Write the figure as PNG (300 dpi) and SVG (surface as an image, text as outlines); same figure, same bytes.

    Returns
    -------
    list of Path
        The files written, in the order of `formats`.
    """
    # Dates and program versions would make two runs differ.
    metadata: dict[str, dict[str, None]] = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    paths = []
    path_stem.parent.mkdir(parents=True, exist_ok=True)
    with map_style():
        for suffix in formats:
            path = path_stem.with_name(f"{path_stem.name}.{suffix}")
            figure.savefig(path, dpi=300, metadata=metadata[suffix])
            paths.append(path)
    return paths
