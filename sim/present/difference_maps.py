"""Last stage, maps of what changes: minutes saved, and people newly within a circle."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from sim.errors import InputError
from sim.measures.difference import CHANGE_BREAKS_MIN, N_STEPS, STEP_CLASSES, classify_steps
from sim.measures.isochrones import cells_within
from sim.present.base_map import Z_HATCH, BaseMap, Extent, draw_base, metres_per_mm
from sim.present.furniture import MAP_HEIGHT_MM, MAP_WIDTH_MM, MapSheet, MapText, make_sheet
from sim.present.ground import draw_layers
from sim.present.isochrone_maps import Bbox, check_map_texts, choose_extent, list_layer_entries, symbols_height_mm
from sim.present.key import (
    Swatch,
    Symbol,
    draw_swatches,
    draw_symbol_key,
    known_symbols,
    unreachable_swatch,
)
from sim.present.layers import MapLayers, Place
from sim.present.lettering import map_style
from sim.present.style import (
    BEYOND_COLOUR,
    FASTER_COLOURS,
    INK_COLOUR,
    LOST_COLOUR,
    LOST_HATCH,
    NEWLY_COLOUR,
    NEWLY_HATCH,
    NO_CHANGE_COLOUR,
    SLOWER_COLOURS,
    SLOWER_HATCH,
    UNREACHABLE_COLOUR,
    UNREACHABLE_HATCH,
    Language,
    bilingual,
)
from sim.present.surface import NOT_STUDY, Look, draw_classes, draw_heavy_lines

__all__ = [
    "CLASS_ROW_MM",
    "check_grids",
    "draw_difference_map",
    "draw_new_reach_map",
    "list_change_labels",
    "list_change_looks",
    "open_sheet",
]

NEWLY, LOST = STEP_CLASSES.index("newly-reached"), STEP_CLASSES.index("lost")
# Rows of the key of these maps: classes with their minutes, and what has a class of its own.
CLASS_ROW_MM = 12.0
DOT_PT = 1.1


def list_change_looks() -> list[Look]:
    """Return how each of `STEP_CLASSES` is drawn, in their order: hatched orange slower, purple faster, pale in the middle."""
    slower = [Look(colour, SLOWER_HATCH, INK_COLOUR, gid="slower") for colour in SLOWER_COLOURS[::-1]]
    ramp = [*slower, *(Look(colour) for colour in (NO_CHANGE_COLOUR, *FASTER_COLOURS))]
    return [
        *ramp,
        Look(NEWLY_COLOUR, NEWLY_HATCH, "white", gid="newly-reached"),
        Look(LOST_COLOUR, LOST_HATCH, "white", gid="lost"),
        Look(UNREACHABLE_COLOUR, UNREACHABLE_HATCH, gid="not-reached"),
    ]


def draw_difference_map(
    *,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    base: BaseMap,
    layers: MapLayers,
    origin: Place,
    text: MapText,
    within_min: float = 120.0,
    bbox: Bbox | None = None,
) -> Figure:
    """Return a sheet of the minutes saved from one surface to another, the circle newly reached as a class of its own.

    Parameters
    ----------
    before, after
        (rows, cols) minutes from the origin to each cell; nan or inf where it is not reached.
    base, layers, origin, text, bbox
        As in `draw_isochrone_map`; the layers are those of `after`.
    within_min
        The circle whose new and lost cells stand out; its line after is drawn heavily.

    Raises
    ------
    InputError
        If the surfaces do not fit the grid, or the font lacks a character.
    """
    check_grids({"before": before, "after": after}, base)
    check_map_texts(text, layers, [origin.name, origin.name_en])
    looks = list_change_looks()
    symbols = known_symbols(["origin", f"heavy-{within_min:g}", *list_layer_entries(layers)])
    key_height_mm = 2 * CLASS_ROW_MM + symbols_height_mm(symbols, text.language)
    with map_style():
        sheet, extent = open_sheet(text, base, bbox, key_height_mm)
        land = draw_base(sheet.ax, base, extent)
        classes = classify_steps(before, after, base.is_study, within_min=within_min)
        draw_classes(sheet.ax, base, extent, classes=classes, looks=looks, land=land, gid="change-classes")
        heavy = draw_heavy_lines(
            sheet.ax, base, extent, minutes=after, heavy_min=[within_min], m_per_mm=metres_per_mm(sheet.ax, extent)
        )
        draw_layers(sheet.ax, base, extent, layers=layers, origin=origin, heavy=heavy, language=text.language)
        _draw_change_key(sheet.key_ax, within_min, top_mm=key_height_mm - 2.0, language=text.language)
        draw_symbol_key(sheet.key_ax, symbols, top_mm=key_height_mm - 2 * CLASS_ROW_MM, language=text.language)
    return sheet.figure


def check_grids(surfaces: Mapping[str, NDArray[np.float64]], base: BaseMap) -> None:
    """Refuse surfaces that do not fit the grid, with one sentence for each."""
    shape = base.is_study.shape
    problems = [
        f"{name}: {surface.shape} rows and columns, but the grid has {shape}"
        for name, surface in surfaces.items()
        if surface.shape != shape
    ]
    if problems:
        raise InputError(problems)


def open_sheet(text: MapText, base: BaseMap, bbox: Bbox | None, key_height_mm: float) -> tuple[MapSheet, Extent]:
    """Return a sheet with one map and what part of the land it shows."""
    sheet = make_sheet(text, base.crs, key_height_mm=key_height_mm)
    return sheet, choose_extent(base, bbox=bbox, width_over_height=MAP_WIDTH_MM / MAP_HEIGHT_MM)


def list_change_labels() -> list[str]:
    """Return the minutes saved of each class of the ramp, slower ones negative, in the order of `STEP_CLASSES`."""
    edges = [f"{edge:g}" for edge in CHANGE_BREAKS_MIN]
    inside = [f"{low}\N{EN DASH}{high}" for low, high in pairwise(edges)]
    faster = [*inside, f"\N{GREATER-THAN OR EQUAL TO}{edges[-1]}"]
    # A minus sign and a dash side by side could not be told apart: slower classes say so in words of the heading.
    return [*faster[::-1], f"<{edges[0]}", *faster]


def _draw_change_key(key_ax: Axes, within_min: float, *, top_mm: float, language: Language) -> None:
    looks, labels = list_change_looks(), list_change_labels()
    ramp = [
        Swatch(label, look.colour, look.hatch, look.hatch_colour, width_mm=11.4, gid=f"change-{name}")
        for label, look, name in zip(labels, looks, STEP_CLASSES, strict=False)
    ]
    draw_swatches(key_ax, ramp, heading=("时间变化（分钟）", "Change (minutes)"), top_mm=top_mm, language=language)
    for position, words in (
        (N_STEPS / 2, bilingual("\N{LEFTWARDS ARROW} 变慢", "slower", language=language)),
        (N_STEPS + 0.5, bilingual("不变", "same", language=language)),
        (N_STEPS * 1.5 + 1, bilingual("变快", "faster \N{RIGHTWARDS ARROW}", language=language)),
    ):
        x_mm = 27.0 + position * 11.4
        patch = {"boxstyle": "round,pad=0.12", "facecolor": (1, 1, 1, 0.8), "linewidth": 0}
        key_ax.text(x_mm, top_mm - 2.1, words, fontsize=5.8, ha="center", va="center_baseline", bbox=patch)
    own = [
        (bilingual(f"新进入{within_min:g}分钟", f"newly within {within_min:g} min", language=language), NEWLY),
        (bilingual(f"退出{within_min:g}分钟", f"no longer within {within_min:g} min", language=language), LOST),
    ]
    swatches = [
        Swatch(
            words, looks[number].colour, looks[number].hatch, looks[number].hatch_colour, width_mm=52.0,
            gid=f"change-{STEP_CLASSES[number]}",
        )
        for words, number in own
    ]  # fmt: skip
    swatches.append(unreachable_swatch(language))
    draw_swatches(
        key_ax, swatches, heading=("单独一类", "Classes of their own"), top_mm=top_mm - CLASS_ROW_MM, language=language
    )


def draw_new_reach_map(
    *,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    population: NDArray[np.float64],
    base: BaseMap,
    layers: MapLayers,
    origin: Place,
    text: MapText,
    within_min: float = 120.0,
    people_per_dot: float = 2000.0,
    seed: int = 1,
    bbox: Bbox | None = None,
) -> Figure:
    """Return a sheet with a dot for so many people who come newly within a circle, over the land within it.

    Parameters
    ----------
    before, after, base, layers, origin, text, bbox
        As in `draw_difference_map`.
    population
        (rows, cols) people per cell.
    within_min
        The circle.
    people_per_dot, seed
        Dots are scattered at random inside their cells: the same seed gives the same dots.
    """
    check_grids({"before": before, "after": after, "population": population}, base)
    check_map_texts(text, layers, [origin.name, origin.name_en])
    was_in, is_in = cells_within(before, within_min), cells_within(after, within_min)
    # Kept, new, lost, outside.
    classes = np.full(base.is_study.shape, 3, dtype=np.int16)
    classes[was_in & is_in], classes[is_in & ~was_in], classes[was_in & ~is_in] = 0, 1, 2
    classes[~base.is_study] = NOT_STUDY
    kept, new = "#c9dcdf", "#d6efe5"
    looks = [Look(kept), Look(new), Look(LOST_COLOUR, LOST_HATCH, "white", gid="lost"), Look(BEYOND_COLOUR)]
    dot = Line2D([], [], linestyle="none", marker="o", markersize=2.4, markerfacecolor=NEWLY_COLOUR, markeredgewidth=0)
    dots = Symbol((dot,), f"{people_per_dot:,.0f}人（新进入）", f"{people_per_dot:,.0f} people newly within")
    symbols = [dots, *known_symbols(["origin", f"heavy-{within_min:g}", *list_layer_entries(layers)])]
    key_height_mm = CLASS_ROW_MM + symbols_height_mm(symbols, text.language)
    with map_style():
        sheet, extent = open_sheet(text, base, bbox, key_height_mm)
        land = draw_base(sheet.ax, base, extent)
        draw_classes(sheet.ax, base, extent, classes=classes, looks=looks, land=land, gid="reach-classes")
        x_m, y_m = scatter_people(
            np.where(classes == 1, population, 0.0), base, people_per_dot=people_per_dot, seed=seed
        )
        sheet.ax.plot(
            x_m, y_m, linestyle="none", marker="o", markersize=DOT_PT, markerfacecolor=NEWLY_COLOUR, markeredgewidth=0,
            zorder=Z_HATCH, scalex=False, scaley=False, gid="people-dots", rasterized=True,
        )  # fmt: skip
        heavy = draw_heavy_lines(
            sheet.ax, base, extent, minutes=after, heavy_min=[within_min], m_per_mm=metres_per_mm(sheet.ax, extent)
        )
        draw_layers(sheet.ax, base, extent, layers=layers, origin=origin, heavy=heavy, language=text.language)
        names = (("前后均在圈内", "within before and after"), ("新进入", "newly within"), ("退出", "no longer within"))
        swatches = [
            Swatch(bilingual(*name, language=text.language), look.colour, look.hatch, look.hatch_colour, width_mm=40.0)
            for name, look in zip(names, looks, strict=False)
        ]
        heading = (f"{within_min:g}分钟圈", f"Within {within_min:g} minutes")
        draw_swatches(sheet.key_ax, swatches, heading=heading, top_mm=key_height_mm - 2.0, language=text.language)
        draw_symbol_key(sheet.key_ax, symbols, top_mm=key_height_mm - CLASS_ROW_MM, language=text.language)
    return sheet.figure


def scatter_people(
    people: NDArray[np.float64], base: BaseMap, *, people_per_dot: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y in metres of one dot for so many people, in random places of their cells.

    Cells with few people get a dot by chance, as often as they have people: the expected number of dots of any area is
    its people over `people_per_dot`.
    """
    random = np.random.default_rng(seed)
    wanted = people / people_per_dot
    n_dots = np.floor(wanted).astype(int) + (random.random(people.shape) < wanted % 1.0)
    rows, columns = np.nonzero(n_dots)
    times = n_dots[rows, columns]
    rows, columns = np.repeat(rows, times), np.repeat(columns, times)
    x_m = base.west_m + (columns + random.random(len(columns))) * base.cell_m
    y_m = base.north_m - (rows + random.random(len(rows))) * base.cell_m
    return x_m, y_m
