"""Stage 5e: the report as a Word file that a planner can go on editing: styles, fields, captions and real tables."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import docx
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph as WordParagraph
from PIL import Image

from sim.present.report.document import (
    Block,
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
from sim.present.report.word_contents import DEEPEST_LISTED, add_contents, mark_heading
from sim.present.report.word_fields import add_field
from sim.present.report.word_styles import (
    clean_text,
    number_headings,
    set_fonts,
    set_header_and_footer,
    set_languages,
    set_page,
)
from sim.present.report.word_tables import build_table

__all__ = ["write_word"]

TONE_STYLES = {"body": "Normal", "finding": "Finding", "note": "Note", "warning": "Warning"}
TALLEST_FIGURE_CM = 21.5


@dataclass
class _Writer:
    """Adds blocks to a Word document and counts headings, tables and figures.

    Attributes
    ----------
    pictures : gives a figure as documents carry it, by its file.
    breaks_page : whether what comes next begins a page.
    """

    word: WordDocument
    document: Document
    pictures: Callable[[Path], bytes]
    counts: dict[str, int] = field(default_factory=lambda: {"Heading": 0, "Table": 0, "Figure": 0})
    breaks_page: bool = False

    def add(self, block: Block) -> None:
        """Add a block at the end of the document."""
        match block:
            case Heading():
                self._add_heading(block)
            case Paragraph():
                self._add_paragraph(block.text, TONE_STYLES[block.tone])
            case Bullets():
                for item in block.items:
                    self._add_paragraph(item, "List Bullet")
            case Table():
                self._add_table(block)
            case Figure():
                self._add_figure(block)
            case Contents():
                self._add_paragraph(self.document.labels["contents"], "Contents Title")
                add_contents(self.word, self.document)
            case PageBreak():
                self.breaks_page = True

    def _add_paragraph(self, text: str, style: str) -> WordParagraph:
        paragraph = self.word.add_paragraph(clean_text(text), style=style)
        if self.breaks_page:
            paragraph.paragraph_format.page_break_before = True
            self.breaks_page = False
        return paragraph

    def _add_heading(self, block: Heading) -> None:
        """Add a heading; every chapter but the first, which shares the page of the title, begins a page."""
        self.breaks_page |= block.level == 1 and self.counts["Heading"] > 0
        paragraph = self._add_paragraph(block.text, f"Heading {block.level}")
        if block.level <= DEEPEST_LISTED:
            self.counts["Heading"] += 1
            mark_heading(paragraph, self.counts["Heading"])

    def _add_figure(self, block: Figure) -> None:
        paragraph = self._add_paragraph("", "Figure")
        picture = paragraph.add_run().add_picture(BytesIO(self.pictures(block.path)), **_size(block))
        picture._inline.docPr.set("descr", clean_text(block.caption))
        self._add_caption("Figure", block.caption)

    def _add_table(self, block: Table) -> None:
        self._add_caption("Table", block.caption)
        self.word.element.body.insert_element_before(build_table(block), "w:sectPr")
        notes = [block.note] if block.note else []
        if left_out := block.rows_left_out():
            notes.append(self.document.labels["rows_left_out"].format(left_out, block.key))
        self._add_paragraph(" ".join(notes), "Note")

    def _add_caption(self, kind: str, text: str) -> None:
        self.counts[kind] += 1
        paragraph = self._add_paragraph(f"{self.document.labels[kind.lower()]} ", "Caption")
        add_field(paragraph, f"SEQ {kind} \\* ARABIC", str(self.counts[kind]))
        paragraph.add_run(f"  {clean_text(text)}")
        paragraph.paragraph_format.keep_with_next = kind == "Table"
        if kind == "Figure":
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_after = Pt(10)


def _size(block: Figure) -> dict[str, Cm]:
    """Return the width of a figure or, where it would not fit on a page with its caption, its height."""
    with Image.open(block.path) as picture:
        height_cm = block.width_cm * picture.height / picture.width
    return {"width": Cm(block.width_cm)} if height_cm <= TALLEST_FIGURE_CM else {"height": Cm(TALLEST_FIGURE_CM)}


def write_word(document: Document, path: Path, *, pictures: Callable[[Path], bytes]) -> None:
    """Write the document as .docx; the same document gives the same bytes.

    Parameters
    ----------
    pictures : gives a figure as documents carry it, by its file.
    """
    word = docx.Document()
    set_page(word)
    set_fonts(word, document.language)
    set_languages(word)
    number_headings(word)
    _set_properties(word, document)
    set_header_and_footer(word, document)
    _add_cover(word, document)
    writer = _Writer(word, document, pictures)
    for block in document.blocks:
        writer.add(block)
    buffer = BytesIO()
    word.save(buffer)
    write_fixed_zip(buffer, path)


def _set_properties(word: WordDocument, document: Document) -> None:
    properties = word.core_properties
    properties.title, properties.author = clean_text(document.title), clean_text(document.author)
    properties.comments, properties.language = "", "zh-CN" if document.language == "zh" else "en-GB"
    day = dt.datetime.fromisoformat(document.date)
    properties.created = properties.modified = day


def _add_cover(word: WordDocument, document: Document) -> None:
    """Add the title, and who made it and when."""
    word.add_paragraph(clean_text(document.title), style="Title")
    word.add_paragraph(clean_text(document.subtitle), style="Subtitle")
    by = "  ·  ".join(clean_text(part) for part in (document.organisation, document.author, document.date) if part)
    word.add_paragraph(by, style="Note")
