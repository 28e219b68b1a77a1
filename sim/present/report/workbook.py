"""Stage 5e: every table of the report in one workbook, a sheet each, with numbers as numbers and units in the header."""

import datetime as dt
import re
import zipfile
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from sim.present.report.column_widths import text_width
from sim.present.report.document import Column, Document, Table
from sim.present.report.fixed_zip import write_fixed_zip
from sim.present.report.word_styles import clean_text

__all__ = ["write_workbook"]

LONGEST_SHEET_NAME = 31
NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\]")
HEADER_FILL = PatternFill("solid", fgColor="E4EAF0")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t")
HEADER_LINE_PT = 15.0
FIRST_ROW = 3
"""Caption in row 1, headers in row 2, numbers from here."""


def write_workbook(document: Document, path: Path) -> None:
    """Write the tables of a document as .xlsx; the same document gives the same bytes.

    Text is written as text whatever it begins with, so that a name such as "=1+1" is never a formula.
    """
    book = Workbook()
    index = book.active
    assert isinstance(index, Worksheet)
    index.title = document.labels["contents"][:LONGEST_SHEET_NAME]
    tables = document.tables()
    for number, table in enumerate(tables, start=1):
        sheet = book.create_sheet(_sheet_name(table.key))
        _write_sheet(sheet, table)
        link = index.cell(number, 1)
        _put_text(link, table.key)
        link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{sheet.title}'!A1")
        link.font = Font(color="1F5FA8", underline="single")
        _put_text(index.cell(number, 2), table.caption)
    index.column_dimensions["A"].width, index.column_dimensions["B"].width = 28, 90
    book.properties.title, book.properties.creator = clean_text(document.title), clean_text(document.author)
    book.properties.created = book.properties.modified = dt.datetime.fromisoformat(document.date)
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        ExcelWriter(book, archive).save()  # unlike Workbook.save it leaves the date of the document as it is
    write_fixed_zip(buffer, path)


def _sheet_name(key: str) -> str:
    return NOT_IN_SHEET_NAMES.sub(" ", key)[:LONGEST_SHEET_NAME]


def _write_sheet(sheet: Worksheet, table: Table) -> None:
    _put_text(sheet.cell(1, 1), f"{table.caption}  {table.note}".strip())
    sheet.cell(1, 1).font = Font(bold=True)
    header_lines = 1
    for k, column in enumerate(table.columns, start=1):
        header = sheet.cell(FIRST_ROW - 1, k)
        _put_text(header, column.title)
        header.font, header.fill = Font(bold=True), HEADER_FILL
        header.alignment = Alignment(wrap_text=True, vertical="top")
        number_format = _number_format(column)
        widest = len(column.title) // 2
        for row, value in enumerate(table.frame[column.name], start=FIRST_ROW):
            cell = sheet.cell(row, k)
            _put(cell, value, number_format)
            widest = max(widest, min(60, len(str(value)) if isinstance(value, str) else 8))
        width = widest * 1.2 + 4
        sheet.column_dimensions[get_column_letter(k)].width = width
        header_lines = max(header_lines, ceil(1.2 * text_width(column.title) / width))
    sheet.row_dimensions[FIRST_ROW - 1].height = HEADER_LINE_PT * header_lines
    sheet.freeze_panes = sheet.cell(FIRST_ROW, 2)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0  # as many pages as it takes
    sheet.print_title_rows = f"1:{FIRST_ROW - 1}"
    last = get_column_letter(len(table.columns))
    sheet.auto_filter.ref = f"A{FIRST_ROW - 1}:{last}{max(FIRST_ROW, FIRST_ROW + len(table.frame) - 1)}"


def _put(cell: Cell, value: Any, number_format: str) -> None:
    """Put a value into a cell: text as text, a number as a number, what does not exist as an empty cell."""
    if isinstance(value, str):
        _put_text(cell, value)
    elif value is None or pd.isna(value):
        return
    elif isinstance(value, bool) or type(value).__name__ == "bool":
        cell.value = bool(value)
    elif isinstance(value, int | float) or hasattr(value, "dtype"):
        cell.value = float(value)
        cell.number_format = number_format
    else:
        _put_text(cell, str(value))


def _put_text(cell: Cell, text: str) -> None:
    cell.value = clean_text(text)
    cell.data_type = "s"  # openpyxl takes a leading "=" for a formula otherwise
    if cell.value.startswith(FORMULA_SIGNS):
        cell.quotePrefix = True  # stays text when somebody edits the cell


def _number_format(column: Column) -> str:
    digits = "0." + "0" * column.decimals if column.decimals else "0"
    if column.is_year:
        return "0"
    if column.show == "share":
        return f"{digits}%"
    return f"+#,##{digits};-#,##{digits};0" if column.show == "signed" else f"#,##{digits}"
