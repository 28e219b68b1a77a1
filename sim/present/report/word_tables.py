"""Stage 5e: the tables of the Word file: one table style, a header that repeats on every page, columns that fit their texts."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from sim.present.report.column_widths import find_merges, width_columns
from sim.present.report.document import Table
from sim.present.report.word_styles import clean_text

__all__ = ["build_table"]

TWIPS_PER_CM = 567


def build_table(table: Table) -> Any:
    """Return a table as Word has it, an element not yet in a document; cells that repeat the one above are merged with it."""
    columns, cells = table.shown_columns(), table.shown_cells()
    titles = [column.title for column in columns]
    marks = find_merges(table)
    widths = [round(width * TWIPS_PER_CM) for width in width_columns(table)]
    numeric = [column.is_number(table.frame) for column in columns]
    rows = [_header(titles, widths, numeric)]
    rows += [_row(texts, widths, numeric, merged) for texts, merged in zip(cells, marks, strict=True)]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    caption = escape(clean_text(table.caption), {'"': "&quot;"})
    return parse_xml(
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="ReportTable"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblLook w:val="0620" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
        f'w:lastColumn="0" w:noHBand="1" w:noVBand="1"/><w:tblCaption w:val="{caption}"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _header(titles: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    cells = [
        _cell(title, width, "TableHead", '<w:jc w:val="right"/>' if is_number else "")
        for title, width, is_number in zip(titles, widths, numeric, strict=True)
    ]
    return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{''.join(cells)}</w:tr>"


def _row(texts: Sequence[str], widths: Sequence[int], numeric: Sequence[bool], merged: Sequence[str]) -> str:
    cells = [
        _cell(text, width, "TableNumber" if is_number else "TableText", merge=merge)
        for text, width, is_number, merge in zip(texts, widths, numeric, merged, strict=True)
    ]
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(cells)}</w:tr>"


def _cell(text: str, width: int, style: str, alignment: str = "", *, merge: str = "") -> str:
    merged = f'<w:vMerge w:val="{merge}"/>' if merge else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{merged}</w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{alignment}</w:pPr>'
        f'<w:r><w:t xml:space="preserve">{escape(clean_text(text))}</w:t></w:r></w:p></w:tc>'
    )
