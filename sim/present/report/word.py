"""Stage 5e: the report as a Word file that a planner can go on editing: styles, fields, captions and real tables."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import docx
from docx.document import Document as WordDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt
from docx.table import _Cell
from PIL import Image

from sim.present.report.document import (
    Bullets,
    Contents,
    Document,
    Figure,
    Heading,
    PageBreak,
    Paragraph,
    Table,
)
from sim.present.report.fixed_zip import write_fixed_zip
from sim.present.report.picture import shrink_picture
from sim.present.report.word_styles import (
    add_field,
    clean_text,
    number_headings,
    set_fonts,
    set_header_and_footer,
    set_page,
)

__all__ = ["write_word"]

TONE_STYLES = {"body": "Normal", "finding": "Finding", "note": "Note", "warning": "Warning"}
HEADER_SHADE = "E4EAF0"
PAGE_WIDTH_CM = 16.2
TALLEST_FIGURE_CM = 21.5
WIDEST_COLUMN_CM = 7.0
CHARACTER_CM, CELL_MARGIN_CM = 0.165, 0.5
"""Width of a half-width character of the table type, and both margins of a cell."""
UNBROKEN = re.compile("[\u2e80-\uffff]{1,4}|[^\u2e80-\uffff]+")


@dataclass
class _Writer:
    """Adds blocks to a Word document and counts tables and figures."""

    word: WordDocument
    document: Document
    counts: dict[str, int] = field(default_factory=lambda: {"Table": 0, "Figure": 0})

    def add_heading(self, block: Heading) -> None:
        self.word.add_heading(clean_text(block.text), level=block.level)

    def add_paragraph(self, block: Paragraph) -> None:
        self.word.add_paragraph(clean_text(block.text), style=TONE_STYLES[block.tone])

    def add_bullets(self, block: Bullets) -> None:
        for item in block.items:
            self.word.add_paragraph(clean_text(item), style="List Bullet")

    def add_page_break(self, _: PageBreak) -> None:
        self.word.add_paragraph().add_run().add_break(WD_BREAK.PAGE)

    def add_contents(self, _: Contents) -> None:
        """Add the headings of the chapters now; Word adds the page numbers when it opens the file."""
        headings = [block.text for block in self.document.blocks if isinstance(block, Heading) and block.level == 1]
        self.word.add_paragraph(self.document.labels["contents"], style="Subtitle")
        shown = "\n".join(f"{number}  {text}" for number, text in enumerate(headings, start=1))
        add_field(self.word.add_paragraph(), 'TOC \\o "1-2" \\h \\z \\u', clean_text(shown), update=True)

    def add_figure(self, block: Figure) -> None:
        paragraph = self.word.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        picture = paragraph.add_run().add_picture(BytesIO(shrink_picture(block.path)), **_size(block))
        picture._inline.docPr.set("descr", clean_text(block.caption))
        self._add_caption("Figure", block.caption)

    def add_table(self, block: Table) -> None:
        self._add_caption("Table", block.caption)
        columns, cells = block.shown_columns(), block.shown_cells()
        table = self.word.add_table(rows=1 + len(cells), cols=len(columns), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        titles = [column.title for column in columns]
        widths = _column_widths_cm([titles, *cells])
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Cm(width)
        numeric = [column.is_number(block.frame) for column in columns]
        for number, (row, texts) in enumerate(zip(table.rows, [titles, *cells], strict=True)):
            properties = row._tr.get_or_add_trPr()
            properties.append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
            if number == 0:  # repeated on every page
                properties.append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
            for cell, text, width, is_number in zip(row.cells, texts, widths, numeric, strict=True):
                cell.width = Cm(width)
                self._set_cell(cell, text, number == 0, is_number)
        left_out = block.rows_left_out()
        notes = [block.note] if block.note else []
        if left_out:
            notes.append(self.document.labels["rows_left_out"].format(left_out, block.key))
        self.word.add_paragraph(clean_text(" ".join(notes)), style="Note")

    def _set_cell(self, cell: _Cell, text: str, is_header: bool, is_number: bool) -> None:
        paragraph = cell.paragraphs[0]
        paragraph.style = self.word.styles["Table Text"]
        run = paragraph.add_run(clean_text(text))
        if is_number:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if is_header:
            run.font.bold = True
            shade = parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:fill="{HEADER_SHADE}"/>')
            cell._tc.get_or_add_tcPr().append(shade)

    def _add_caption(self, kind: str, text: str) -> None:
        self.counts[kind] += 1
        paragraph = self.word.add_paragraph(style="Caption")
        paragraph.paragraph_format.keep_with_next = kind == "Table"
        paragraph.add_run(f"{self.document.labels[kind.lower()]} ")
        add_field(paragraph, f"SEQ {kind} \\* ARABIC", str(self.counts[kind]))
        paragraph.add_run(f"  {clean_text(text)}")
        if kind == "Figure":
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_after = Pt(10)


def _size(block: Figure) -> dict[str, Cm]:
    """Return the width of a figure or, where it would not fit on a page with its caption, its height."""
    with Image.open(block.path) as picture:
        height_cm = block.width_cm * picture.height / picture.width
    return {"width": Cm(block.width_cm)} if height_cm <= TALLEST_FIGURE_CM else {"height": Cm(TALLEST_FIGURE_CM)}


def _column_widths_cm(rows: Sequence[Sequence[str]]) -> list[float]:
    """Share the width of the page: each column holds its longest word, and long texts get what is left."""
    least, wanted = [], []
    for texts in zip(*rows, strict=True):
        longest_word = max(_text_width(word) for text in texts for word in _words(text))
        longest_text = sorted(_text_width(text) for text in texts)[int(0.9 * (len(texts) - 1))]
        least.append(longest_word * CHARACTER_CM + CELL_MARGIN_CM)
        wanted.append(max(least[-1], min(WIDEST_COLUMN_CM, longest_text * CHARACTER_CM + CELL_MARGIN_CM)))
    spare = PAGE_WIDTH_CM - sum(least)
    if spare < 0:
        return [PAGE_WIDTH_CM * width / sum(least) for width in least]
    asked = [more - width for more, width in zip(wanted, least, strict=True)]
    total = max(sum(asked), 1e-9)
    return [width + min(1.0, spare / total) * more for width, more in zip(least, asked, strict=True)]


def _words(text: str) -> list[str]:
    """Return what a line cannot break: Latin words and numbers, and Chinese characters four at a time."""
    return [part for word in text.split() for part in UNBROKEN.findall(word)] or [""]


def _text_width(text: str) -> int:
    """Return the width of a text in half-width characters: a Chinese character is two wide."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def write_word(document: Document, path: Path) -> None:
    """Write the document as .docx; the same document gives the same bytes."""
    word = docx.Document()
    set_page(word)
    set_fonts(word, document.language)
    number_headings(word)
    _set_properties(word, document)
    set_header_and_footer(word, document)
    _add_cover(word, document)
    writer = _Writer(word, document)
    for block in document.blocks:
        match block:
            case Heading():
                writer.add_heading(block)
            case Paragraph():
                writer.add_paragraph(block)
            case Bullets():
                writer.add_bullets(block)
            case Table():
                writer.add_table(block)
            case Figure():
                writer.add_figure(block)
            case PageBreak():
                writer.add_page_break(block)
            case Contents():
                writer.add_contents(block)
    buffer = BytesIO()
    word.save(buffer)
    write_fixed_zip(buffer, path)


def _set_properties(word: WordDocument, document: Document) -> None:
    properties = word.core_properties
    properties.title, properties.author = clean_text(document.title), clean_text(document.author)
    properties.comments, properties.language = "", "zh-CN" if document.language == "zh" else "en-GB"
    day = dt.datetime.fromisoformat(document.date)
    properties.created = properties.modified = day
    language = parse_xml(f'<w:lang {nsdecls("w")} w:val="en-GB" w:eastAsia="zh-CN"/>')
    run_properties = word.styles["Normal"].element.get_or_add_rPr()
    for old in run_properties.findall(qn("w:lang")):
        run_properties.remove(old)
    run_properties.append(language)


def _add_cover(word: WordDocument, document: Document) -> None:
    """Add the title, and who made it and when."""
    word.add_paragraph(clean_text(document.title), style="Title")
    word.add_paragraph(clean_text(document.subtitle), style="Subtitle")
    by = "  ·  ".join(clean_text(part) for part in (document.organisation, document.author, document.date) if part)
    word.add_paragraph(by, style="Note")
