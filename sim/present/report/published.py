"""Stage 5e: tables that other commands have written, shaped for readers; one that is missing is named with its command."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sim.present.report.data import ReportData
from sim.present.report.document import Block, Column, Paragraph, Table
from sim.present.report.sentences import Sentences

__all__ = ["PEOPLE_UNIT", "columns_of", "in_units", "show_published"]

Shape = Callable[[ReportData, Sentences, pd.DataFrame], tuple[pd.DataFrame, Sequence[Column]]]
"""Makes the frame and the columns that readers see of a table as it was written."""

ROWS_IN_TEXT = 28
PEOPLE_UNIT = 10_000
"""Tables count people in 万, ten thousands, in both languages, so that the numbers are the same."""


def show_published(
    data: ReportData,
    sentences: Sentences,
    name: str,
    key: str,
    shape: Shape,
    *,
    rows_in_text: int = ROWS_IN_TEXT,
    beside: str = "",
) -> list[Block]:
    """Return a table that a command has written, shaped for readers, or say which command writes it.

    Parameters
    ----------
    beside : the table above it that the same command writes: where that is missing too, the command has been named.
    """
    frame = data.table(name)
    if frame is None and beside and data.table(beside) is None:
        return []
    if frame is None:
        return [Paragraph(sentences.say(f"missing.{name}"), "note")]
    shown, columns = shape(data, sentences, frame)
    note = sentences.say(f"notes.{name}")
    return [Table(key, sentences.say(f"tables.{name}"), shown, tuple(columns), note=note, rows_in_text=rows_in_text)]


def in_units(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return a comparison with the numbers of values that are people in ten thousands; its column value says which are."""
    unit = np.where(frame["value"].astype(str).str.startswith("people"), float(PEOPLE_UNIT), 1.0)
    return frame.assign(**{name: frame[name] / unit for name in names if name in frame})


def columns_of(sentences: Sentences, names: Sequence[str], **shows: tuple[Any, int]) -> list[Column]:
    """Return columns by name; `shows` gives how a column is shown and its decimals."""
    found = []
    for name in names:
        show, decimals = shows.get(name, ("plain", 0))
        found.append(Column(name, sentences.say(f"column.{name}"), decimals, show))
    return found
