"""Last stage, the map of who owes most to which project: the one that saves each cell the most minutes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.errors import InputError
from sim.present.base_map import BaseMap, draw_base
from sim.present.difference_maps import check_grids, open_sheet
from sim.present.furniture import MapText
from sim.present.ground import draw_layers
from sim.present.isochrone_maps import Bbox, check_map_texts, list_layer_entries, symbols_height_mm
from sim.present.key import Swatch, draw_swatches, draw_symbol_key, fit_size_pt, known_symbols
from sim.present.layers import MapLayers, Place
from sim.present.lettering import map_style
from sim.present.style import NO_CHANGE_COLOUR, PROJECT_LOOKS, Language, bilingual
from sim.present.surface import NOT_STUDY, Look, draw_classes

__all__ = ["draw_dominant_project_map"]

# Least minutes saved for a project to count as the one that a cell owes most to, and for its full colour.
LEAST_SAVING_MIN, STRONG_SAVING_MIN = 1.0, 10.0
PROJECT_ROW_MM = 13.5


def draw_dominant_project_map(
    savings: Mapping[str, NDArray[np.float64]],
    *,
    names: Mapping[str, tuple[str, str]],
    base: BaseMap,
    layers: MapLayers,
    origin: Place,
    text: MapText,
    bbox: Bbox | None = None,
) -> Figure:
    """Return a sheet that shows which project saves each cell the most minutes, pale where that is under ten.

    Parameters
    ----------
    savings
        Project id -> (rows, cols) minutes saved by that project; nan where nothing is reached.
    names
        Project id -> its Chinese and English names.

    Raises
    ------
    InputError
        If there are more projects than looks to tell them apart, or a surface does not fit the grid.
    """
    check_grids(savings, base)
    stacked = np.stack([np.where(np.isfinite(saved), saved, 0.0) for saved in savings.values()])
    counts = {
        project: int(((stacked.argmax(0) == number) & (stacked.max(0) >= LEAST_SAVING_MIN) & base.is_study).sum())
        for number, project in enumerate(savings)
    }
    chosen = [project for project, count in counts.items() if count]
    if len(chosen) > len(PROJECT_LOOKS):
        raise InputError(
            f"savings: {len(chosen)} projects lead somewhere, but only {len(PROJECT_LOOKS)} can be told apart"
        )
    check_map_texts(text, layers, [word for project in chosen for word in names[project]])
    positions = {project: number for number, project in enumerate(savings)}
    best, leader = stacked.max(0), stacked.argmax(0)
    classes = np.full(base.is_study.shape, 2 * len(chosen), dtype=np.int16)
    looks: list[Look] = []
    for number, project in enumerate(chosen):
        colour, hatch = PROJECT_LOOKS[number]
        looks += [
            Look(_tint(colour), hatch, colour, gid=f"leads-{project}"),
            Look(colour, hatch, "white", gid=f"leads-{project}"),
        ]
        leads = (leader == positions[project]) & (best >= LEAST_SAVING_MIN)
        classes[leads] = 2 * number
        classes[leads & (best >= STRONG_SAVING_MIN)] = 2 * number + 1
    classes[~base.is_study] = NOT_STUDY
    symbols = known_symbols(["origin", *list_layer_entries(layers)])
    n_rows = -(-len(chosen) // 3) or 1
    key_height_mm = n_rows * PROJECT_ROW_MM + symbols_height_mm(symbols, text.language)
    with map_style():
        sheet, extent = open_sheet(text, base, bbox, key_height_mm)
        land = draw_base(sheet.ax, base, extent)
        looks.append(Look(NO_CHANGE_COLOUR))
        draw_classes(sheet.ax, base, extent, classes=classes, looks=looks, land=land, gid="leading-project")
        draw_layers(sheet.ax, base, extent, layers=layers, origin=origin, language=text.language)
        _draw_project_key(sheet.key_ax, chosen, names, looks, top_mm=key_height_mm - 2.0, language=text.language)
        top_mm = key_height_mm - n_rows * PROJECT_ROW_MM
        draw_symbol_key(sheet.key_ax, symbols, top_mm=top_mm, language=text.language)
    return sheet.figure


def _draw_project_key(
    key_ax: Axes,
    chosen: Sequence[str],
    names: Mapping[str, tuple[str, str]],
    looks: Sequence[Look],
    *,
    top_mm: float,
    language: Language,
) -> None:
    """Draw a pale and a full swatch for each project with its name beneath, three projects a row."""
    left_mm, pitch_mm, width_mm = 27.0, 47.0, 20.0
    for number, project in enumerate(chosen):
        row, column = divmod(number, 3)
        row_mm, x_mm = top_mm - row * PROJECT_ROW_MM, left_mm + column * pitch_mm
        swatches = [
            Swatch("", look.colour, look.hatch, look.hatch_colour, width_mm=width_mm, gid=f"leads-{project}-{step}")
            for step, look in enumerate(looks[2 * number : 2 * number + 2])
        ]
        draw_swatches(key_ax, swatches, heading=("", ""), top_mm=row_mm, language=language, left_mm=x_mm)
        lines = [words for words, other in zip(names[project], ("en", "zh"), strict=True) if language != other]
        for line, words in enumerate(lines):
            y_mm = row_mm - 5.2 - 2.7 * line
            size_pt = fit_size_pt(words, 6.2, pitch_mm - 3.0)
            key_ax.text(x_mm, y_mm, words, fontsize=size_pt, ha="left", va="top")
    headings = (("最省时的项目", "Project that saves most"), ("浅：1–10，深：≥10分钟", "pale 1–10, full ≥10 min"))
    for row, heading in enumerate(headings):
        words = bilingual(*heading, language=language, separator="\n")
        key_ax.text(0.0, top_mm - 0.2 - row * 6.2, words, fontsize=5.6, va="top", linespacing=1.25)


def _tint(colour: str, share: float = 0.45) -> str:
    """Return a colour mixed with white."""
    red, green, blue = (1.0 - share * (1.0 - part) for part in to_rgb(colour))
    return to_hex((red, green, blue))
