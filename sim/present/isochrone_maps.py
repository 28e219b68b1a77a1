"""Last stage, isochrone maps: minutes per cell on given axes, or as a finished sheet with title, key and notes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.errors import InputError
from sim.present.base_map import BaseMap, Extent, draw_base, extent_of, metres_per_mm
from sim.present.furniture import MAP_HEIGHT_MM, MAP_WIDTH_MM, MapText, make_sheet, write_panel_title
from sim.present.ground import SMALL_LINE_SHARE, draw_layers
from sim.present.key import SYMBOL_ROW_MM, Symbol, draw_band_key, draw_symbol_key, known_symbols, lay_out_symbols
from sim.present.layers import MapLayers, Place
from sim.present.lettering import check_glyphs, map_style
from sim.present.names import Detail
from sim.present.style import CUTOFFS_MIN, HEAVY_CUTOFFS_MIN, Language
from sim.present.surface import draw_bands, draw_heavy_lines

__all__ = [
    "Bbox",
    "Panel",
    "check_map_texts",
    "check_surface",
    "choose_extent",
    "draw_isochrone_map",
    "draw_isochrone_panels",
    "draw_travel_times",
    "list_layer_entries",
    "list_symbols",
    "symbols_height_mm",
]

Bbox = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

# Free space around the study land when no box is asked for, as a share of its larger side.
MARGIN_SHARE = 0.012
# Height of the row of classes in the key.
KEY_TOP_MM = 12.0


def draw_travel_times(
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
    detail: Detail = "full",
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
    detail
        A small map has thinner lines and fewer names.

    Returns
    -------
    Axes
        The same axes.

    Raises
    ------
    InputError
        If the minutes do not fit the grid, cut-offs do not rise, or a heavy line is no class edge.
    """
    check_surface(minutes, base, cutoffs_min, heavy_min)
    land = draw_base(ax, base, extent)
    draw_bands(ax, base, extent, minutes=minutes, cutoffs_min=cutoffs_min, land=land)
    heavy = draw_heavy_lines(
        ax,
        base,
        extent,
        minutes=minutes,
        heavy_min=heavy_min,
        m_per_mm=metres_per_mm(ax, extent),
        share=1.0 if detail == "full" else SMALL_LINE_SHARE,
    )
    return draw_layers(ax, base, extent, layers=layers, origin=origin, heavy=heavy, language=language, detail=detail)


def check_surface(
    minutes: NDArray[np.float64], base: BaseMap, cutoffs_min: Sequence[float], heavy_min: Sequence[float]
) -> None:
    """Refuse minutes that do not fit the grid and cut-offs that do not rise.

    Raises
    ------
    InputError
        One sentence for each problem.
    """
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


def choose_extent(base: BaseMap, *, bbox: Bbox | None = None, width_over_height: float) -> Extent:
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


def check_map_texts(text: MapText, layers: MapLayers, further: Sequence[str] = ()) -> None:
    """Refuse texts and names with characters that the shipped font lacks.

    Raises
    ------
    InputError
        One sentence for each.
    """
    named = [table for table in (layers.places, layers.water_names) if table is not None]
    names = [name for table in named for column in ("name", "name_en") for name in table[column]]
    check_glyphs([*text.list_texts(), *further, *names])


def draw_isochrone_map(
    *,
    minutes: NDArray[np.float64],
    base: BaseMap,
    layers: MapLayers,
    origin: Place,
    text: MapText,
    bbox: Bbox | None = None,
    cutoffs_min: Sequence[float] = CUTOFFS_MIN,
    heavy_min: Sequence[float] = HEAVY_CUTOFFS_MIN,
) -> Figure:
    """Return a finished sheet, 170 mm wide: the finding, the map, its key, and what it does and does not say.

    Parameters
    ----------
    minutes, base, layers, origin, cutoffs_min, heavy_min
        As in `draw_travel_times`.
    text
        Finding, scenario, reading, sources.
    bbox
        West, south, east, north in degrees of the part shown; the whole study land if not given.

    Raises
    ------
    InputError
        As in `draw_travel_times`, or if a text has a character that the shipped font lacks.
    """
    check_map_texts(text, layers, [origin.name, origin.name_en])
    symbols = list_symbols(layers, heavy_min)
    key_height_mm = KEY_TOP_MM + symbols_height_mm(symbols, text.language)
    with map_style():
        sheet = make_sheet(text, base.crs, key_height_mm=key_height_mm)
        extent = choose_extent(base, bbox=bbox, width_over_height=MAP_WIDTH_MM / MAP_HEIGHT_MM)
        draw_travel_times(
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
        draw_band_key(
            sheet.key_ax,
            cutoffs_min=cutoffs_min,
            top_mm=key_height_mm - 2.0,
            language=text.language,
            has_unreachable=_has_unreachable(minutes, base, extent),
        )
        draw_symbol_key(sheet.key_ax, symbols, top_mm=key_height_mm - KEY_TOP_MM, language=text.language)
    return sheet.figure


@dataclass(frozen=True)
class Panel:
    """One map of a sheet with several: minutes, the layers of its scenario, and what it is called."""

    minutes: NDArray[np.float64]
    layers: MapLayers
    title: str
    title_en: str


def draw_isochrone_panels(
    panels: Sequence[Panel],
    *,
    base: BaseMap,
    origin: Place,
    text: MapText,
    bbox: Bbox | None = None,
    columns: int = 2,
    map_height_mm: float = 120.0,
    cutoffs_min: Sequence[float] = CUTOFFS_MIN,
    heavy_min: Sequence[float] = HEAVY_CUTOFFS_MIN,
) -> Figure:
    """Return a sheet of several isochrone maps with one extent and one key: side by side, or small multiples by year.

    Parameters
    ----------
    panels
        Row by row; two of them for base and scenario.
    bbox
        Shown in every panel.
    columns
        Maps in a row.
    map_height_mm
        Of all rows together.

    Raises
    ------
    InputError
        As `draw_isochrone_map`.
    """
    further = [words for panel in panels for words in (panel.title, panel.title_en)]
    check_map_texts(text, panels[0].layers, [origin.name, origin.name_en, *further])
    symbols = list_symbols(panels[-1].layers, heavy_min)
    key_height_mm = KEY_TOP_MM + symbols_height_mm(symbols, text.language)
    with map_style():
        rows = -(-len(panels) // columns)
        sheet = make_sheet(
            text, base.crs, key_height_mm=key_height_mm, map_height_mm=map_height_mm, rows=rows, columns=columns
        )
        extent = choose_extent(base, bbox=bbox, width_over_height=sheet.shape)
        for ax, panel in zip(sheet.axes, panels, strict=False):
            draw_travel_times(
                ax,
                minutes=panel.minutes,
                base=base,
                layers=panel.layers,
                origin=origin,
                extent=extent,
                cutoffs_min=cutoffs_min,
                heavy_min=heavy_min,
                # Two lines at every name would fill a small map.
                language="en" if text.language == "en" else "zh",
                detail="small",
            )
            write_panel_title(ax, panel.title, panel.title_en, language=text.language)
        for ax in sheet.axes[len(panels) :]:
            ax.set_axis_off()
        draw_band_key(
            sheet.key_ax,
            cutoffs_min=cutoffs_min,
            top_mm=key_height_mm - 2.0,
            language=text.language,
            has_unreachable=any(_has_unreachable(panel.minutes, base, extent) for panel in panels),
        )
        draw_symbol_key(sheet.key_ax, symbols, top_mm=key_height_mm - KEY_TOP_MM, language=text.language)
    return sheet.figure


def _has_unreachable(minutes: NDArray[np.float64], base: BaseMap, extent: Extent) -> bool:
    shown = base.window(extent)
    return bool((base.is_study[shown] & ~np.isfinite(minutes[shown])).any())


def symbols_height_mm(symbols: Sequence[Symbol], language: Language) -> float:
    """Height on the sheet of a key of symbols."""
    return SYMBOL_ROW_MM * len(lay_out_symbols(symbols, language, width_mm=MAP_WIDTH_MM)) + 1.0


def list_symbols(layers: MapLayers, heavy_min: Sequence[float]) -> list[Symbol]:
    """Return the symbols that a map uses, in the order of its key."""
    entries = ["origin", *(f"heavy-{cutoff_min:g}" for cutoff_min in heavy_min)]
    return known_symbols([*entries, *list_layer_entries(layers)])


def list_layer_entries(layers: MapLayers) -> list[str]:
    """Return the names of the symbols of lines, stations and outline that the layers have."""
    entries: list[str] = []
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
    return [*entries, *(["outline"] if layers.outline is not None else [])]
