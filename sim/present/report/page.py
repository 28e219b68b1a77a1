"""Stage 5e: the report as one self-contained web page that prints well."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from sim.present.report.column_widths import PAGE_WIDTH_CM, find_merges, width_columns
from sim.present.report.document import Document, Figure, Heading, Table

__all__ = ["write_page"]


@dataclass(frozen=True)
class _Cell:
    """A cell of a table: its text, whether that is a number, and how many rows it stands for."""

    text: str
    kind: str
    rows: int = 1


@dataclass(frozen=True)
class _Numbered:
    """A block with the number that readers see: "2.1" of a heading, "3" of a table or figure."""

    kind: str
    block: object
    number: str = ""


def write_page(document: Document, path: Path, *, pictures: Callable[[Path], bytes]) -> None:
    """Write the document as one .html file with its pictures inside; every text is escaped."""
    environment = Environment(
        loader=PackageLoader("sim.present.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"picture": lambda figure: _embed_picture(pictures(figure))}
    environment.globals |= {"kinds": _list_kinds, "rows": _list_rows, "widths": _share_width}
    blocks = _number_blocks(document)
    page = environment.get_template("page.html.j2").render(
        document=document,
        blocks=blocks,
        chapters=[item for item in blocks if isinstance(item.block, Heading) and item.block.level <= 2],
    )
    path.write_text(page, encoding="utf-8")


def _number_blocks(document: Document) -> list[_Numbered]:
    """Number headings 1, 1.1 and tables and figures in the order of the text."""
    levels = [0, 0, 0]
    counts = {"Table": 0, "Figure": 0}
    numbered = []
    for block in document.blocks:
        kind = type(block).__name__
        number = ""
        if isinstance(block, Heading):
            levels[block.level - 1] += 1
            levels[block.level :] = [0] * (3 - block.level)
            number = ".".join(str(level) for level in levels[: block.level])
        elif isinstance(block, Table | Figure):
            counts[kind] += 1
            number = str(counts[kind])
        numbered.append(_Numbered(kind, block, number))
    return numbered


def _list_kinds(table: Table) -> list[str]:
    return ["number" if column.is_number(table.frame) else "text" for column in table.shown_columns()]


def _list_rows(table: Table) -> list[list[_Cell]]:
    """Return the rows of a table; cells that lie in a merged one above are left out."""
    kinds, marks = _list_kinds(table), find_merges(table)
    return [
        [
            _Cell(text, kinds[k], _count_rows([mark[k] for mark in marks[number:]]))
            for k, text in enumerate(texts)
            if marks[number][k] != "continue"
        ]
        for number, texts in enumerate(table.shown_cells())
    ]


def _count_rows(marks: Sequence[str]) -> int:
    """Return how many rows a cell stands for, from its own mark and those below it."""
    return 1 + len(list(takewhile(lambda mark: mark == "continue", marks[1:])))


def _share_width(table: Table) -> tuple[float, list[float]]:
    """Return the width of a table in per cent of the page, and those of its columns in per cent of the table."""
    widths = width_columns(table)
    return 100 * sum(widths) / PAGE_WIDTH_CM, [100 * width / sum(widths) for width in widths]


def _embed_picture(picture: bytes) -> str:
    """Return a picture as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode('ascii')}"
