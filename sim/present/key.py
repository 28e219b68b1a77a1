"""Last stage, the key of a map: classes, lines, marks, numbered lists."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from sim.present.lettering import text_width_pt, wrap_text
from sim.present.style import (
    BEYOND_COLOUR,
    DASHES,
    HATCH_COLOUR,
    HEAVY_WIDTHS_PT,
    INK_COLOUR,
    LINE_STYLES,
    ORIGIN_COLOUR,
    OUTLINE_DASHES,
    QUIET_INK_COLOUR,
    UNREACHABLE_COLOUR,
    UNREACHABLE_HATCH,
    Language,
    band_colours,
    band_labels,
    bilingual,
)

__all__ = [
    "SYMBOL_ROW_MM",
    "Swatch",
    "Symbol",
    "draw_band_key",
    "draw_list",
    "draw_swatches",
    "draw_symbol_key",
    "fit_size_pt",
    "known_symbols",
    "lay_out_symbols",
    "list_height_mm",
]

LEGEND_PT = 6.4
LIST_PT, LIST_ROW_MM = 6.0, 3.3
SYMBOL_MM, SYMBOL_ROW_MM, SMALLEST_GAP_MM = 7.0, 4.0, 4.0
SWATCH_LEFT_MM, SWATCH_HEIGHT_MM = 27.0, 4.2
MM_PER_PT = 25.4 / 72.0


@dataclass(frozen=True)
class Swatch:
    """One class of the key: its name, colour, hatch, and the free space left of it."""

    label: str
    colour: str
    hatch: str = ""
    hatch_colour: str = HATCH_COLOUR
    gap_mm: float = 0.0
    width_mm: float = 17.0
    gid: str = ""


@dataclass(frozen=True)
class Symbol:
    """A line or mark of the key as the artists drawn in the middle of its box, and its words."""

    artists: tuple[Line2D, ...]
    name: str
    name_en: str

    def words(self, language: Language) -> str:
        """Return its name in one or both languages."""
        return bilingual(self.name, self.name_en, language=language)


def draw_swatches(
    key_ax: Axes,
    swatches: Sequence[Swatch],
    *,
    heading: tuple[str, str],
    top_mm: float,
    language: Language,
    left_mm: float = SWATCH_LEFT_MM,
) -> None:
    """Draw classes as one row of swatches with their names beneath, after a heading with the unit."""
    words = bilingual(*heading, language=language, separator="\n")
    key_ax.text(0.0, top_mm - 0.2, words, fontsize=LEGEND_PT, va="top", linespacing=1.25)
    x_mm = left_mm
    for swatch in swatches:
        x_mm += swatch.gap_mm
        key_ax.add_patch(
            Rectangle(
                (x_mm, top_mm - SWATCH_HEIGHT_MM),
                swatch.width_mm,
                SWATCH_HEIGHT_MM,
                facecolor=swatch.colour,
                hatch=swatch.hatch or None,
                edgecolor=swatch.hatch_colour if swatch.hatch else QUIET_INK_COLOUR,
                linewidth=0.35,
                gid=swatch.gid or f"band-{swatch.label}",
            )
        )
        middle_mm = x_mm + swatch.width_mm / 2
        key_ax.text(
            middle_mm, top_mm - SWATCH_HEIGHT_MM - 0.9, swatch.label, fontsize=LEGEND_PT, ha="center", va="top",
            linespacing=1.2,
        )  # fmt: skip
        x_mm += swatch.width_mm


def draw_band_key(
    key_ax: Axes, *, cutoffs_min: Sequence[float], top_mm: float, language: Language, has_unreachable: bool
) -> None:
    """Draw the travel-time classes as one row of touching swatches with their minutes beneath."""
    colours = [*band_colours(len(cutoffs_min)), BEYOND_COLOUR]
    swatches = [Swatch(name, colour) for name, colour in zip(band_labels(cutoffs_min), colours, strict=True)]
    if has_unreachable:
        swatches.append(unreachable_swatch(language))
    heading = ("单程时间（分钟）", "Travel time (minutes)")
    draw_swatches(key_ax, swatches, heading=heading, top_mm=top_mm, language=language)


def unreachable_swatch(language: Language) -> Swatch:
    """Return the class of land that is not reached."""
    name = bilingual("不可达", "not reached", language=language)
    return Swatch(name, UNREACHABLE_COLOUR, UNREACHABLE_HATCH, gap_mm=8.0, width_mm=9.0, gid="band-unreachable")


def fit_size_pt(words: str, size_pt: float, width_mm: float, *, smallest_pt: float = 4.6) -> float:
    """Return the size, at most `size_pt`, at which words fit into a width, but none below the smallest that is read."""
    width_pt = text_width_pt(words, size_pt)
    return float(np.clip(size_pt * width_mm / MM_PER_PT / max(width_pt, 1e-9), smallest_pt, size_pt))


def list_height_mm(n_rows: int, *, columns: int = 2) -> float:
    """Height of a numbered list on the sheet."""
    return -(-n_rows // columns) * LIST_ROW_MM + 1.0


def draw_list(key_ax: Axes, rows: Sequence[tuple[str, str, str]], *, top_mm: float, columns: int = 2) -> None:
    """Write a list of (number, colour, words) in columns, read downwards; words too long for a column are cut short."""
    per_column = -(-len(rows) // columns)
    width_mm = key_ax.get_xlim()[1] / columns
    for position, (number, colour, words) in enumerate(rows):
        column, row = divmod(position, per_column)
        y_mm = top_mm - (row + 0.5) * LIST_ROW_MM
        key_ax.text(
            column * width_mm + 3.0, y_mm, number, fontsize=LIST_PT, fontweight="bold", color=colour, ha="right",
            va="center_baseline", gid="list-number",
        )  # fmt: skip
        size_pt = fit_size_pt(words, LIST_PT, width_mm - 6.5)
        lines = wrap_text(words, size_pt, (width_mm - 6.0) / MM_PER_PT)
        key_ax.text(
            column * width_mm + 4.2, y_mm, lines[0] if len(lines) == 1 else lines[0].rstrip() + "…", fontsize=size_pt,
            va="center_baseline", gid="list-words",
        )  # fmt: skip


def known_symbols(entries: Sequence[str]) -> list[Symbol]:
    """Return the lines and marks that many maps share, by name; artists are new each time."""

    def cased(key: tuple[str, str]) -> list[Line2D]:
        width_pt, colour, casing_colour, casing_pt = LINE_STYLES[key]
        casing = Line2D([], [], color=casing_colour, linewidth=width_pt + 2 * casing_pt, solid_capstyle="butt")
        core = Line2D([], [], color=colour, linewidth=width_pt, solid_capstyle="butt")
        if key in DASHES:
            core.set_linestyle((0.0, DASHES[key]))
        return [casing, core]

    def mark(size_pt: float, face: str, edge: str, edge_pt: float, shape: str = "o") -> list[Line2D]:
        return [
            Line2D(
                [], [], linestyle="none", marker=shape, markersize=size_pt, markerfacecolor=face, markeredgecolor=edge,
                markeredgewidth=edge_pt,
            )
        ]  # fmt: skip

    known = {
        "origin": (mark(8.5, ORIGIN_COLOUR, "white", 0.7, "*"), "出发地", "origin"),
        "hsr": (cased(("hsr", "existing")), "高速铁路", "high-speed railway"),
        "other": (cased(("conventional", "existing")), "其他铁路", "other railway"),
        "new": (cased(("rail", "new")), "本情景新增铁路", "railway new in this scenario"),
        "main": (mark(2.9, "white", "#2a2f33", 0.5), "主要车站", "main station"),
        "station": (mark(1.7, "white", "#2a2f33", 0.3), "其他车站", "other station"),
        "sea_road": (cased(("sea_road", "existing")), "跨海跨江大桥、隧道", "long bridge or tunnel for cars"),
        "sea_road_new": (cased(("sea_road", "new")), "新增跨海公路", "new road across the sea"),
        "outline": (
            [Line2D([], [], color=INK_COLOUR, linewidth=0.9, linestyle=(0.0, OUTLINE_DASHES))],
            "都市圈范围（示意）",
            "metropolitan area (sketched)",
        ),
    }
    heavy = [entry for entry in entries if entry.startswith("heavy-")]
    for entry, width_pt in zip(heavy, HEAVY_WIDTHS_PT, strict=False):
        minutes = entry.removeprefix("heavy-")
        line = Line2D([], [], color=INK_COLOUR, linewidth=width_pt)
        known[entry] = ([line], f"{minutes} 分钟线", f"{minutes}-minute line")
    return [Symbol(tuple(artists), name, name_en) for artists, name, name_en in (known[entry] for entry in entries)]


def lay_out_symbols(symbols: Sequence[Symbol], language: Language, *, width_mm: float) -> list[list[float]]:
    """Return, for each row of the symbol key, the left edges in mm of its entries: as many columns as fit."""
    widths_mm = [SYMBOL_MM + 1.6 + text_width_pt(symbol.words(language), LEGEND_PT) * MM_PER_PT for symbol in symbols]
    for n_columns in range(min(5, len(widths_mm)), 0, -1):
        columns_mm = [max(widths_mm[column::n_columns]) for column in range(n_columns)]
        free_mm = width_mm - sum(columns_mm)
        gap_mm = min(free_mm / max(n_columns - 1, 1), 14.0)
        if gap_mm >= SMALLEST_GAP_MM or n_columns == 1:
            edges = [sum(columns_mm[:column]) + column * gap_mm for column in range(n_columns)]
            return [edges[: len(widths_mm) - start] for start in range(0, len(widths_mm), n_columns)]
    return []


def draw_symbol_key(key_ax: Axes, symbols: Sequence[Symbol], *, top_mm: float, language: Language) -> None:
    """Draw the named symbols in columns, row by row."""
    rows = lay_out_symbols(symbols, language, width_mm=key_ax.get_xlim()[1])
    spots = [(x_mm, top_mm - 1.6 - row * SYMBOL_ROW_MM) for row, edges in enumerate(rows) for x_mm in edges]
    for (x_mm, y_mm), symbol in zip(spots, symbols, strict=True):
        for artist in symbol.artists:
            if artist.get_linestyle() == "None":
                artist.set_data([x_mm + SYMBOL_MM / 2], [y_mm])
            else:
                artist.set_data([x_mm, x_mm + SYMBOL_MM], [y_mm, y_mm])
            key_ax.add_line(artist)
        key_ax.text(x_mm + SYMBOL_MM + 1.6, y_mm, symbol.words(language), fontsize=LEGEND_PT, va="center_baseline")
