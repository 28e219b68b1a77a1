"""Last stage, names without a dot: the minutes of heavy lines, seas and lakes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.present.base_map import Z_LABEL, BaseMap, Extent
from sim.present.labels import Box
from sim.present.lettering import text_width_pt
from sim.present.page import PT_PER_MM, SAMPLE_STEP_PT, Page
from sim.present.style import INK_COLOUR, WATER_NAME_COLOUR

__all__ = ["name_heavy_lines", "name_waters"]

HEAVY_NAME_PT = 6.0
WATER_NAME_PT = (7.4, 5.4)
# Tried in turn when something stands where a water is to be named: moves in half widths and half heights of the name.
WATER_NAME_SHIFTS = ((0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.5), (0.0, -1.5), (1.5, 1.5), (-1.5, -1.5), (2.0, 0.0))
# A piece of a heavy line shorter than this on paper goes without its minutes, unless it is the only one.
SHORTEST_NAMED_MM = 15.0
# Where the line itself has no room, its minutes stand this far from it in points, at the end of a thin leader.
LEADER_REACHES_PT = (14.0, 20.0, 28.0, 38.0, 50.0)
LEADER_DIRECTIONS = 16


def name_heavy_lines(
    page: Page, heavy: dict[float, list[NDArray[np.float64]]], taken: Sequence[Box], *, most_names: int = 2
) -> list[Box]:
    """Write the minutes of each heavy line on its longest pieces, where nothing else stands; returns the boxes.

    The longest piece of each is named even when it is short or crowded: then beside it, with a leader.
    """
    lines_pt = [page.sample(line) for lines in heavy.values() for line in lines]
    covered = np.concatenate([np.zeros((0, 2)), *lines_pt])
    named: list[Box] = []
    for cutoff_min, lines in heavy.items():
        words = f"{cutoff_min:g} min" if page.language == "en" else f"{cutoff_min:g} 分钟"
        for position, line in enumerate(lines[:most_names]):
            points = page.sample(line)
            is_long = len(points) * SAMPLE_STEP_PT >= SHORTEST_NAMED_MM * PT_PER_MM
            others = [*taken, *named]
            box = _find_free_box(page, words, points, others) if is_long else None
            if box is None and position == 0:
                box = _find_box_beside(page, words, points, others, covered)
            if box is not None:
                named.append(box)
                _write_heavy_name(page, words, box, gid=f"isochrone-name-{cutoff_min:g}")
    return named


def _write_heavy_name(page: Page, words: str, box: Box, *, gid: str) -> None:
    page.ax.text(
        *page.invert((box.left + box.right) / 2, (box.bottom + box.top) / 2),
        words,
        fontsize=HEAVY_NAME_PT,
        fontweight="bold",
        ha="center",
        va="center_baseline",
        bbox={"boxstyle": "round,pad=0.18", "facecolor": "white", "edgecolor": INK_COLOUR, "linewidth": 0.4},
        zorder=Z_LABEL - 0.5,
        gid=gid,
    )


def _name_box(words: str, x_pt: float, y_pt: float) -> Box:
    half_width = text_width_pt(words, HEAVY_NAME_PT, weight="bold") / 2 + 2.0
    half_height = HEAVY_NAME_PT * 0.68
    return Box(x_pt - half_width, y_pt - half_height, x_pt + half_width, y_pt + half_height)


def _inner_frame(page: Page) -> Box:
    inset = 6.0
    return Box(inset, inset, page.frame.right - inset, page.frame.top - inset)


def _find_free_box(page: Page, words: str, points_pt: NDArray[np.float64], taken: Sequence[Box]) -> Box | None:
    """First free place for the words along a line, from a quarter of its way on."""
    frame = _inner_frame(page)
    for x_pt, y_pt in points_pt[len(points_pt) // 4 :: 4]:
        box = _name_box(words, x_pt, y_pt)
        if box.inside(frame) and not any(box.overlaps(other) for other in taken):
            return box
    return None


def _find_box_beside(
    page: Page, words: str, points_pt: NDArray[np.float64], taken: Sequence[Box], covered_points_pt: NDArray[np.float64]
) -> Box | None:
    """Nearest free place beside a line, joined to it by a thin leader."""
    frame = _inner_frame(page)
    angles = np.arange(LEADER_DIRECTIONS) * 2.0 * np.pi / LEADER_DIRECTIONS
    for reach_pt in LEADER_REACHES_PT:
        for x_pt, y_pt in points_pt[::4]:
            if not page.frame.left < x_pt < page.frame.right or not page.frame.bottom < y_pt < page.frame.top:
                continue
            for across, up in zip(np.cos(angles), np.sin(angles), strict=True):
                box = _name_box(words, x_pt + reach_pt * 1.5 * across, y_pt + reach_pt * up)
                free = box.inside(frame) and not any(box.overlaps(other) for other in taken)
                if free and not box.count_points(covered_points_pt):
                    _draw_leader(page, box, (float(x_pt), float(y_pt)))
                    return box
    return None


def _draw_leader(page: Page, box: Box, tip_pt: tuple[float, float]) -> None:
    start = page.invert((box.left + box.right) / 2, (box.bottom + box.top) / 2)
    end = page.invert(*tip_pt)
    page.ax.plot(
        [start[0], end[0]],
        [start[1], end[1]],
        color=INK_COLOUR,
        linewidth=0.5,
        zorder=Z_LABEL - 0.6,
        gid="isochrone-leader",
        scalex=False,
        scaley=False,
    )


def name_waters(
    page: Page, base: BaseMap, names: pd.DataFrame, *, taken: Sequence[Box], covered_points_pt: NDArray[np.float64]
) -> None:
    """Write the names of seas and lakes in the colour of water, where they cover neither land nor lines."""
    chinese_pt, english_pt = WATER_NAME_PT
    columns = (names[column] for column in ("name", "name_en", "lon", "lat"))
    for name, name_en, lon, lat in zip(*columns, strict=True):
        lines = [(name, chinese_pt)] if page.language != "en" else []
        lines += [(name_en, english_pt)] if page.language != "zh" else []
        half_width = max(text_width_pt(words, size_pt) for words, size_pt in lines) / 2
        half_height = sum(size_pt for _, size_pt in lines) * 0.62
        middle_x, middle_y = page.place(float(lon), float(lat))
        for across, up in WATER_NAME_SHIFTS:
            x_pt, y_pt = middle_x + across * half_width, middle_y + up * half_height
            box = Box(x_pt - half_width, y_pt - half_height, x_pt + half_width, y_pt + half_height)
            clear = box.inside(page.frame) and not any(box.overlaps(other) for other in taken)
            if clear and not box.count_points(covered_points_pt) and not _covers_land(page, base, box):
                _write_water_name(page, lines, x_pt, box.top)
                break


def _covers_land(page: Page, base: BaseMap, box: Box) -> bool:
    return bool(base.study_inside(Extent(*page.invert(box.left, box.bottom), *page.invert(box.right, box.top))).any())


def _write_water_name(page: Page, lines: Sequence[tuple[str, float]], x_pt: float, top_pt: float) -> None:
    for words, size_pt in lines:
        page.ax.text(
            *page.invert(x_pt, top_pt - size_pt * 0.62),
            words,
            fontsize=size_pt,
            color=WATER_NAME_COLOUR,
            ha="center",
            va="center",
            zorder=Z_LABEL - 0.5,
            gid="water-name",
        )
        top_pt -= size_pt * 1.24
