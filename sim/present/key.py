"""Last stage, the key of a map: classes of minutes, lines, marks."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from sim.present.style import (
    BEYOND_COLOUR,
    DASHES,
    HATCH_COLOUR,
    HEAVY_WIDTHS_PT,
    INK_COLOUR,
    LINE_STYLES,
    ORIGIN_COLOUR,
    QUIET_INK_COLOUR,
    UNREACHABLE_COLOUR,
    Language,
    band_colours,
    band_labels,
    bilingual,
    text_width_pt,
)

__all__ = ["draw_band_key", "draw_symbol_key", "lay_out_symbols"]

LEGEND_PT = 6.4
SYMBOL_MM, SYMBOL_ROW_MM, SMALLEST_GAP_MM = 7.0, 4.0, 4.0
MM_PER_PT = 25.4 / 72.0


def draw_band_key(
    key_ax: Axes, *, cutoffs_min: Sequence[float], top_mm: float, language: Language, has_unreachable: bool
) -> None:
    """Draw the travel-time classes as one row of touching swatches with their minutes beneath."""
    heading = bilingual("单程时间（分钟）", "Travel time (minutes)", language=language, separator="\n")
    key_ax.text(0.0, top_mm - 0.2, heading, fontsize=LEGEND_PT, va="top", linespacing=1.25)
    left_mm, width_mm, height_mm = 27.0, 17.0, 4.2
    names = band_labels(cutoffs_min)
    colours = [*band_colours(len(cutoffs_min)), BEYOND_COLOUR]
    for position, (name, colour) in enumerate(zip(names, colours, strict=True)):
        x_mm = left_mm + position * width_mm
        key_ax.add_patch(
            Rectangle(
                (x_mm, top_mm - height_mm),
                width_mm,
                height_mm,
                facecolor=colour,
                edgecolor=QUIET_INK_COLOUR,
                linewidth=0.35,
                gid=f"band-{name}",
            )
        )
        key_ax.text(x_mm + width_mm / 2, top_mm - height_mm - 0.9, name, fontsize=LEGEND_PT, ha="center", va="top")
    if has_unreachable:
        x_mm = left_mm + len(names) * width_mm + 4.0
        key_ax.add_patch(
            Rectangle(
                (x_mm, top_mm - height_mm),
                9.0,
                height_mm,
                facecolor=UNREACHABLE_COLOUR,
                hatch="//////",
                edgecolor=HATCH_COLOUR,
                linewidth=0.35,
                gid="band-unreachable",
            )
        )
        name = bilingual("不可达", "not reached", language=language, separator=" ")
        key_ax.text(x_mm + 4.5, top_mm - height_mm - 0.9, name, fontsize=LEGEND_PT, ha="center", va="top")


def _list_symbols(entries: Sequence[str], language: Language) -> list[tuple[list[Line2D], str]]:
    """Lines and marks of the legend, each as the artists drawn in the middle of its box, and its words."""

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
        "new": (cased(("rail", "new")), "本方案新增铁路", "railway new in this scenario"),
        "main": (mark(2.9, "white", "#2a2f33", 0.5), "主要车站", "main station"),
        "station": (mark(1.7, "white", "#2a2f33", 0.3), "其他车站", "other station"),
        "sea_road": (cased(("sea_road", "existing")), "跨海跨江公路", "road across wide water"),
        "sea_road_new": (cased(("sea_road", "new")), "新增跨海公路", "new road across the sea"),
    }
    heavy = [entry for entry in entries if entry.startswith("heavy-")]
    for entry, width_pt in zip(heavy, HEAVY_WIDTHS_PT, strict=False):
        minutes = entry.removeprefix("heavy-")
        line = Line2D([], [], color=INK_COLOUR, linewidth=width_pt)
        known[entry] = ([line], f"{minutes} 分钟线", f"{minutes}-minute line")
    return [
        (artists, bilingual(chinese, english, language=language))
        for artists, chinese, english in (known[entry] for entry in entries)
    ]


def lay_out_symbols(entries: Sequence[str], language: Language, *, width_mm: float) -> list[list[float]]:
    """Return, for each row of the symbol key, the left edges in mm of its entries: as many columns as fit."""
    widths_mm = [
        SYMBOL_MM + 1.6 + text_width_pt(words, LEGEND_PT) * MM_PER_PT for _, words in _list_symbols(entries, language)
    ]
    for n_columns in range(min(5, len(widths_mm)), 0, -1):
        columns_mm = [max(widths_mm[column::n_columns]) for column in range(n_columns)]
        free_mm = width_mm - sum(columns_mm)
        gap_mm = min(free_mm / max(n_columns - 1, 1), 14.0)
        if gap_mm >= SMALLEST_GAP_MM or n_columns == 1:
            edges = [sum(columns_mm[:column]) + column * gap_mm for column in range(n_columns)]
            return [edges[: len(widths_mm) - start] for start in range(0, len(widths_mm), n_columns)]
    return []


def draw_symbol_key(key_ax: Axes, entries: Sequence[str], *, top_mm: float, language: Language) -> None:
    """Draw the named symbols in columns, row by row."""
    rows = lay_out_symbols(entries, language, width_mm=key_ax.get_xlim()[1])
    spots = [(x_mm, top_mm - 1.6 - row * SYMBOL_ROW_MM) for row, edges in enumerate(rows) for x_mm in edges]
    for (x_mm, y_mm), (artists, words) in zip(spots, _list_symbols(entries, language), strict=True):
        for artist in artists:
            if artist.get_linestyle() == "None":
                artist.set_data([x_mm + SYMBOL_MM / 2], [y_mm])
            else:
                artist.set_data([x_mm, x_mm + SYMBOL_MM], [y_mm, y_mm])
            key_ax.add_line(artist)
        key_ax.text(x_mm + SYMBOL_MM + 1.6, y_mm, words, fontsize=LEGEND_PT, va="center_baseline")
