"""Stage 5e: how wide the columns of a table are on the page, and which of its cells stand for several rows."""

import re
from collections.abc import Sequence
from itertools import pairwise
from math import ceil

import numpy as np
import numpy.typing as npt

from sim.present.report.document import Table

__all__ = ["PAGE_WIDTH_CM", "find_merges", "share_width", "text_width", "width_columns"]

PAGE_WIDTH_CM = 16.2
CHARACTER_CM, CELL_MARGIN_CM = 0.155, 0.35
"""Width of a half-width character of the table type, and both margins of a cell."""
FIRST_WIDE = 0x2500
"""Characters after this one are marks, Chinese, or full-width."""
STEP_CM = 0.3
WASTE = 1.1
"""Of the length of a text, what it takes in lines that cannot be filled to their ends."""
SHORT_TEXT = 16
"""Half-width characters: shorter cells stay on one line where that is possible."""
UNBROKEN = re.compile("[\u2e80-\uffff]{1,4}|[^\u2e80-\uffff\\-/]+[\\-/]?|[\\-/]")


def width_columns(table: Table) -> list[float]:
    """Return the width of each column that the document shows, in cm."""
    titles = [column.title for column in table.shown_columns()]
    return share_width([titles, *_texts_in_lines(table.shown_cells(), find_merges(table))])


def find_merges(table: Table) -> list[list[str]]:
    """Return of each cell that the document shows whether it begins a merged cell ("restart") or lies in one ("continue").

    Cells are merged that would repeat the one above; the others have an empty text here.
    """
    cells = table.shown_cells()
    columns = [
        _merge_column([row[k] for row in cells]) if column.repeats == "once" else [""] * len(cells)
        for k, column in enumerate(table.shown_columns())
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _merge_column(texts: Sequence[str]) -> list[str]:
    """Return "restart" where a merged cell begins, "continue" below it, and nothing where a cell stands alone."""
    goes_on = [number > 0 and not text for number, text in enumerate(texts)] + [False]
    return ["continue" if is_below else "restart" if is_above else "" for is_below, is_above in pairwise(goes_on)]


def _texts_in_lines(cells: Sequence[Sequence[str]], marks: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the texts as their rows have to make room for them: of a merged cell, each row holds its part."""
    parts = [list(texts) for texts in cells]
    for k in range(len(parts[0]) if parts else 0):
        starts = [number for number, row in enumerate(marks) if row[k] != "continue"]
        for start, end in zip(starts, [*starts[1:], len(parts)], strict=True):
            text, length = cells[start][k], ceil(WASTE * len(cells[start][k]) / (end - start))
            for number in range(start, end):
                if end - start > 1:
                    parts[number][k] = max(text[:length], *_words(text), key=text_width)
    return parts


def share_width(rows: Sequence[Sequence[str]]) -> list[float]:
    """Share the width of the page among columns, in cm, so that the table is as short as can be.

    Each column first holds its longest word and its short texts; then the column whose widening saves most lines a
    centimetre is widened, again and again, until the page is full or no widening saves a line.
    """
    columns = list(zip(*rows, strict=True))
    least = np.array([_least_characters(texts) for texts in columns]) * CHARACTER_CM + CELL_MARGIN_CM
    if least.sum() >= PAGE_WIDTH_CM:
        return [float(PAGE_WIDTH_CM * width / least.sum()) for width in least]
    lengths = [np.array([text_width(text) for text in texts]) for texts in columns]
    widths = least.copy()
    lines = np.stack([_count_lines(length, width) for length, width in zip(lengths, widths, strict=True)])
    while (spare := PAGE_WIDTH_CM - widths.sum()) >= STEP_CM:
        best = _find_widening(lengths, widths, lines, spare)
        if best is None:
            break
        column, more = best
        widths[column] += more
        lines[column] = _count_lines(lengths[column], widths[column])
    return [float(width) for width in widths]


def _find_widening(
    lengths: Sequence[npt.NDArray[np.int64]],
    widths: npt.NDArray[np.float64],
    lines: npt.NDArray[np.int64],
    spare: float,
) -> tuple[int, float] | None:
    """Return the column, and how much wider, that saves most lines a centimetre; None where nothing saves a line."""
    best, best_gain = None, 0.0
    for column, length in enumerate(lengths):
        others = np.delete(lines, column, axis=0).max(axis=0, initial=1)
        now = np.maximum(others, lines[column]).sum()
        for more in np.arange(STEP_CM, spare + 1e-9, STEP_CM):
            saved = now - np.maximum(others, _count_lines(length, widths[column] + more)).sum()
            if saved / more > best_gain + 1e-9:
                best, best_gain = (column, float(more)), saved / more
    return best


def _count_lines(length: npt.NDArray[np.int64], width_cm: float) -> npt.NDArray[np.int64]:
    """Return the lines that texts of so many half-width characters take in a column; breaking wastes a little."""
    # A hair is added: a column exactly as wide as a text holds it.
    characters = max(1.0, (width_cm - CELL_MARGIN_CM) / CHARACTER_CM) + 1e-9
    return np.where(length <= characters, 1, np.ceil(WASTE * length / characters)).astype(np.int64)


def _least_characters(texts: Sequence[str]) -> int:
    """Return the half-width characters that a column must hold: its longest word, and cells (not the title) that are short."""
    words = [text_width(word) for text in texts for word in _words(text)]
    short = [width for text in texts[1:] if (width := text_width(text)) <= SHORT_TEXT]
    return max([*words, *short])


def _words(text: str) -> list[str]:
    """Return what a line cannot break: Latin words and numbers, and Chinese characters four at a time."""
    return [part for word in text.split() for part in UNBROKEN.findall(word)] or [""]


def text_width(text: str) -> int:
    """Return the width of a text in half-width characters: a Chinese character, a mark or a per cent sign is two wide.

    >>> text_width("宁波 95% ✓")
    12
    """
    return sum(2 if character == "%" or ord(character) > FIRST_WIDE else 1 for character in text)
