"""Stage 5e: the report as one self-contained web page that prints well."""

import base64
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from sim.present.report.document import Document, Figure, Heading, Table
from sim.present.report.picture import shrink_picture

__all__ = ["write_page"]


@dataclass(frozen=True)
class _Numbered:
    """A block with the number that readers see: "2.1" of a heading, "3" of a table or figure."""

    kind: str
    block: object
    number: str = ""


def write_page(document: Document, path: Path) -> None:
    """Write the document as one .html file with its pictures inside; every text is escaped."""
    environment = Environment(
        loader=PackageLoader("sim.present.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"picture": _embed_picture}
    environment.globals |= {"alignments": _alignments}
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


def _alignments(table: Table) -> list[str]:
    return ["number" if column.is_number(table.frame) else "text" for column in table.shown_columns()]


def _embed_picture(path: Path) -> str:
    """Return a picture as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(shrink_picture(path)).decode('ascii')}"
