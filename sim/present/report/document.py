"""Stage 5e: a document without a format: headings, paragraphs, tables and figures, which Word, HTML and Excel writers read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

__all__ = [
    "Block",
    "Bullets",
    "Column",
    "Contents",
    "Document",
    "Figure",
    "Heading",
    "Language",
    "PageBreak",
    "Paragraph",
    "Sheet",
    "Table",
    "format_cell",
]

Language = Literal["zh", "en"]
Tone = Literal["body", "finding", "note", "warning"]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 begins a chapter. Writers number them."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: ordinary text, a finding that stands out, a small note, or a warning."""

    text: str
    tone: Tone = "body"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """How a column of a table is shown.

    Attributes
    ----------
    name : of the column in the frame.
    title : as readers see it, with its unit.
    decimals : of numbers.
    show : "share" as per cent, "signed" with + or -, "mark" ✓ or ✗, "plain" otherwise.
    repeats : "once" leaves out of the document what the row above says too; the workbook always repeats.
    place : "workbook" keeps a long column out of the document.
    """

    name: str
    title: str
    decimals: int = 0
    show: Literal["plain", "signed", "share", "mark"] = "plain"
    repeats: Literal["shown", "once"] = "shown"
    place: Literal["everywhere", "workbook"] = "everywhere"

    @property
    def is_year(self) -> bool:
        """True of years, which are written without a mark between thousands."""
        return self.name == "year" or self.name.endswith("_year")

    def is_number(self, frame: pd.DataFrame) -> bool:
        """True when the cells are numbers."""
        return self.show != "mark" and pd.api.types.is_numeric_dtype(frame[self.name])


@dataclass(frozen=True)
class Table:
    """A table with a caption; writers number it.

    Attributes
    ----------
    key : of the sheet in tables.xlsx, "T4_targets".
    columns : which columns of the frame, in which order.
    rows_in_text : how many rows the document shows; the workbook has all of them.
    note : stands under the table.
    """

    key: str
    caption: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    note: str = ""
    rows_in_text: int = 60

    def shown_columns(self) -> tuple[Column, ...]:
        """Return the columns that the document shows."""
        return tuple(column for column in self.columns if column.place == "everywhere")

    def shown_cells(self) -> list[list[str]]:
        """Return the rows that the document shows, as text."""
        columns = self.shown_columns()
        rows = self.frame.head(self.rows_in_text).to_dict("records")
        full = [[format_cell(row[column.name], column) for column in columns] for row in rows]
        return [
            _without_repeats(columns, above, row)
            for above, row in zip([[""] * len(columns), *full], full, strict=False)
        ]

    def rows_left_out(self) -> int:
        """Return how many rows stand in the workbook only."""
        return max(0, len(self.frame) - self.rows_in_text)


@dataclass(frozen=True)
class Sheet:
    """A table that is too long for the text: it stands in the workbook only."""

    table: Table


@dataclass(frozen=True)
class Figure:
    """A picture with a caption; writers number it."""

    path: Path
    caption: str
    width_cm: float = 16.0


@dataclass(frozen=True)
class PageBreak:
    """What follows begins on a new page."""


@dataclass(frozen=True)
class Contents:
    """The table of contents."""


Block = Heading | Paragraph | Bullets | Table | Sheet | Figure | PageBreak | Contents


@dataclass(frozen=True)
class Document:
    """A report: who it is by, and its blocks in order.

    Attributes
    ----------
    labels : the words that writers add: table, figure, contents, page, units and so on, in the document's language.
    """

    title: str
    subtitle: str
    author: str
    organisation: str
    date: str
    language: Language
    labels: dict[str, str]
    blocks: Sequence[Block] = field(default_factory=tuple)

    def tables(self) -> list[Table]:
        """Return the tables of the workbook in order: those of the text and those too long for it."""
        found = [block.table if isinstance(block, Sheet) else block for block in self.blocks]
        return [block for block in found if isinstance(block, Table)]


def _without_repeats(columns: Sequence[Column], above: list[str], row: list[str]) -> list[str]:
    """Blank the cells that repeat those above, from the left, as far as all columns before them repeat too."""
    kept, same = list(row), True
    for k, column in enumerate(columns):
        same = same and row[k] == above[k]
        if same and column.repeats == "once":
            kept[k] = ""
    return kept


def format_cell(value: object, column: Column) -> str:
    """Return a cell as readers see it; what does not exist is an empty cell, and no zero has a minus sign.

    Examples
    --------
    >>> format_cell(-0.04, Column("slack_min", "slack, min", 0, "signed"))
    '0'
    >>> format_cell(0.955, Column("share", "share", 0, "share"))
    '96%'
    """
    if column.show == "mark" and value is not None and not pd.isna(value):
        return "✓" if bool(value) else "✗"
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _format_number(float(value), column)
    return str(value)


def _format_number(value: float, column: Column) -> str:
    scaled = value * 100 if column.show == "share" else value
    rounded = round(scaled, column.decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    sign = "+" if column.show == "signed" else ""
    thousands = "" if column.is_year else ","
    text = f"{rounded:{sign}{thousands}.{column.decimals}f}" if rounded else f"{0:.{column.decimals}f}"
    return text + ("%" if column.show == "share" else "")
