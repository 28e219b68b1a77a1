"""The form of the report's files: Word that can be edited, a page that prints, a workbook with the numbers of the tables."""

import re
import zipfile
from dataclasses import replace

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest
from docx.oxml.ns import qn
from PIL import Image

from sim.present.report.column_widths import PAGE_WIDTH_CM, find_merges, share_width, width_columns
from sim.present.report.document import (
    Bullets,
    Column,
    Contents,
    Document,
    Figure,
    Heading,
    PageBreak,
    Paragraph,
    Table,
    format_cell,
)
from sim.present.report.report import write_documents

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "plain"]
LABELS = {"table": "Table", "figure": "Figure", "contents": "Contents", "page": "Page {}", "rows_left_out": "{} in {}"}


@pytest.fixture
def document(tmp_path):
    Image.new("RGB", (60, 40), "red").save(tmp_path / "map.png")
    frame = pd.DataFrame(
        {
            "city": ["甲", "甲", "乙 <b>&", None],
            "value_min": [59.994, np.nan, 1234.5, -0.2],
            "share": [0.12345, 1.0, 0.0, np.nan],
            "met": [True, False, True, False],
            "year": [2025, 2027, 2035, 2035],
        }
    )
    columns = (
        Column("city", "city", repeats="once"),
        Column("value_min", "time, min", 1, "signed"),
        Column("share", "share, %", 0, "share"),
        Column("met", "met", show="mark"),
        Column("year", "year"),
    )
    hostile = pd.DataFrame({"text": FORMULAS})
    return Document(
        title="A report",
        subtitle="of a test",
        author="",
        organisation="",
        date="2026-01-31",
        language="en",
        labels=LABELS,
        blocks=(
            Heading("Verdict"),
            PageBreak(),
            Contents(),
            PageBreak(),
            Heading("Second"),
            Heading("Part", 2),
            Paragraph("Text."),
            Bullets(("one", "two")),
            Table("T1_values", "Values & <names>", frame, columns, rows_in_text=3),
            Heading("Another part", 2),
            Figure(tmp_path / "map.png", "A map of 甲 & 乙"),
            Table("T2_texts", "Texts", hostile, (Column("text", "text"),)),
        ),
    )


@pytest.fixture
def word(document, tmp_path):
    return docx.Document(write_documents(document, tmp_path)[0])


@pytest.fixture
def html(document, tmp_path):
    return write_documents(document, tmp_path)[1].read_text(encoding="utf-8")


@pytest.fixture
def book(document, tmp_path):
    return openpyxl.load_workbook(write_documents(document, tmp_path)[2])


def test_every_sheet_holds_every_row_of_its_table_at_full_precision(document, book):
    assert book.sheetnames[1:] == ["T1_values", "T2_texts"]
    for table in document.tables():
        sheet = book[table.key]
        assert [cell.value for cell in sheet[2]] == [column.title for column in table.columns]
        for k, column in enumerate(table.columns, start=1):
            written = [sheet.cell(row, k).value for row in range(3, sheet.max_row + 1)]
            expected = [None if pd.isna(value) else value for value in table.frame[column.name]]
            assert written == expected, column.name


def test_numbers_have_formats_and_panes_are_frozen_under_the_header(book):
    sheet = book["T1_values"]
    assert [cell.number_format for cell in sheet[3]][1:3] == ["+#,##0.0;-#,##0.0;0", "0%"]
    assert sheet["E3"].number_format == "0"  # a year has no mark between its thousands
    assert sheet.freeze_panes == "B3"
    assert sheet.print_title_rows == "$1:$2"
    assert sheet.auto_filter.ref == "A2:E6"


def test_texts_that_look_like_formulas_stay_texts_even_when_edited(book):
    cells = [book["T2_texts"].cell(row, 1) for row in range(3, 3 + len(FORMULAS))]
    assert [cell.value for cell in cells] == FORMULAS
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [True, True, True, True, True, False]


def test_the_index_leads_to_each_sheet_inside_the_workbook(book):
    links = [book.worksheets[0].cell(row, 1).hyperlink for row in (1, 2)]
    assert [link.location for link in links] == ["'T1_values'!A1", "'T2_texts'!A1"]
    assert [link.target for link in links] == [None, None]


def test_the_contents_of_word_hold_every_heading_with_a_link_to_it_and_no_question_is_asked(word):
    entries = [p for p in word.paragraphs if p.style.name.startswith("toc ")]
    texts = ["".join(node.text or "" for node in p._p.iter(qn("w:t"))) for p in entries]
    assert texts == ["1  Verdict", "2  Second", "2.1  Part", "2.2  Another part"]
    anchors = [link.get(qn("w:anchor")) for p in entries for link in p._p.iter(qn("w:hyperlink"))]
    marks = [mark.get(qn("w:name")) for mark in word.element.body.iter(qn("w:bookmarkStart"))]
    assert anchors == marks
    assert len(set(marks)) == 4
    codes = [code.text for p in entries for code in p._p.iter(qn("w:instrText"))]
    assert codes[0].startswith("TOC \\o")
    assert codes[1:] == [f"PAGEREF {mark} \\h" for mark in marks]
    kinds = [c.get(qn("w:fldCharType")) for p in entries for c in p._p.iter(qn("w:fldChar"))]
    assert kinds.count("begin") == kinds.count("separate") == kinds.count("end") == 5
    # A field marked as outdated, or fields to be updated on opening, make Word ask every reader about "other files".
    assert not [c for c in word.element.iter(qn("w:fldChar")) if c.get(qn("w:dirty"))]
    assert word.settings.element.find(qn("w:updateFields")) is None


def test_each_chapter_of_word_begins_a_page_and_no_page_is_left_empty(word):
    breaks = [p.text for p in word.paragraphs if p.paragraph_format.page_break_before]
    assert breaks == ["Contents", "Second"]
    assert not [node for node in word.element.body.iter(qn("w:br")) if node.get(qn("w:type")) == "page"]


def test_pictures_of_word_have_a_text_for_those_who_do_not_see_them_and_stay_with_their_caption(word):
    (picture,) = word.inline_shapes
    assert picture._inline.docPr.get("descr") == "A map of 甲 & 乙"
    paragraphs = word.paragraphs
    number = next(k for k, p in enumerate(paragraphs) if p.style.name == "Figure")
    assert paragraphs[number].style.paragraph_format.keep_with_next
    assert paragraphs[number + 1].text == "Figure 1  A map of 甲 & 乙"


def test_tables_of_word_repeat_their_header_keep_rows_whole_and_merge_what_repeats(word):
    table = word.tables[0]
    assert table.style.name == "Report Table"
    assert [cell.text for cell in table.rows[0].cells] == ["city", "time, min", "share, %", "met", "year"]
    assert table.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
    assert all(row._tr.xpath("./w:trPr/w:cantSplit") for row in table.rows)
    merges = [[m.get(qn("w:val")) for m in row._tr.xpath("./w:tc/w:tcPr/w:vMerge")] for row in table.rows]
    assert merges == [[], ["restart"], ["continue"], []]
    assert [cell.text for cell in table.rows[1].cells] == ["甲", "+60.0", "12%", "✓", "2025"]
    assert table._tbl.xpath("./w:tblPr/w:tblCaption")[0].get(qn("w:val")) == "Values & <names>"
    assert any(p.text == "1 in T1_values" for p in word.paragraphs)  # three of the four rows are shown


def test_word_opens_without_the_mode_for_older_files_and_knows_its_languages(document, tmp_path):
    parts = zipfile.ZipFile(write_documents(document, tmp_path)[0])
    settings, styles = (parts.read(f"word/{name}.xml").decode() for name in ("settings", "styles"))
    assert re.search(r'w:name="compatibilityMode"[^>]*w:val="15"', settings)
    assert 'w:lang w:val="en-GB" w:eastAsia="zh-CN"' in styles
    assert {info.date_time for info in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_page_names_its_tables_and_pictures_and_escapes_what_comes_from_files(html):
    assert '<p class="caption" id="t1">Table 1  Values &amp; &lt;names&gt;</p>' in html
    assert '<table aria-labelledby="t1"' in html
    assert '<td class="text" rowspan="2">甲</td>' in html
    assert html.count("<td") == (5 + 4 + 5) + len(FORMULAS)  # the cell that stands for two rows is written once
    assert "乙 &lt;b&gt;&amp;" in html
    assert 'alt="A map of 甲 &amp; 乙"' in html
    assert html.count('scope="col"') == 6


def test_a_printed_page_splits_no_figure_and_no_row_and_repeats_headers(html):
    printed = html.split("@media print {")[1]
    assert "figure, tr { break-inside: avoid; }" in printed
    assert "thead { display: table-header-group; }" in printed
    assert re.search(r"h2, h3, h4, \.caption \{ break-after: avoid; \}", printed)


def test_columns_fill_no_more_than_the_page_and_short_texts_stay_on_one_line():
    rows = [
        ["target", "a long title of a column"],
        ["56 (+4) ✓", "a text that is long enough to need a second line " * 3],
    ]
    narrow, wide = share_width(rows)
    assert narrow + wide <= PAGE_WIDTH_CM + 1e-9
    assert wide > narrow
    # "56 (+4) ✓" has eight characters of 0.155 cm and one of twice that, and margins of 0.35 cm
    assert narrow >= 10 * 0.155 + 0.35 - 1e-9
    # Chinese is two characters wide and may break after any of them
    assert share_width([["a"], ["站到站最快列车" * 4]])[0] > share_width([["a"], ["station"]])[0]


def test_too_many_columns_are_squeezed_onto_the_page():
    widths = share_width([["unbreakable" * 3] * 9])
    assert sum(widths) == pytest.approx(PAGE_WIDTH_CM)


def test_only_columns_that_say_a_thing_once_are_merged():
    frame = pd.DataFrame({"a": ["x", "x", "y"], "b": ["z", "z", "z"]})
    table = Table("k", "c", frame, (Column("a", "a", repeats="once"), Column("b", "b")))
    assert find_merges(table) == [["restart", ""], ["continue", ""], ["", ""]]
    shown_once = replace(table, columns=(table.columns[0], replace(table.columns[1], repeats="once")))
    assert find_merges(shown_once) == [["restart", "restart"], ["continue", "continue"], ["", ""]]


def test_a_year_is_written_without_a_mark_between_thousands():
    assert format_cell(2025, Column("year", "year")) == "2025"
    assert format_cell(2025, Column("people", "people")) == "2,025"


# The sequence in which the schema of WordprocessingML wants these children (ECMA-376 part 1, 17.3.1.26, 17.3.2.28, 17.4.59,
# 17.4.69); Word calls a file damaged where they stand otherwise.
SEQUENCES = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs "
    "suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd "
    "snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment "
    "textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof snapToGrid "
    "vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs em "
    "lang eastAsianLayout specVanish oMath",
    "tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing "
    "tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription",
    "tcPr": "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark",
}


def test_properties_stand_in_the_sequence_that_word_wants(word):
    checked = 0
    for root in (word.element, word.styles.element, word.part.numbering_part.element):
        for name, sequence in SEQUENCES.items():
            order = [qn(f"w:{child}") for child in sequence.split()]
            for element in root.iter(qn(f"w:{name}")):
                children = [child.tag for child in element if child.tag.startswith("{" + element.nsmap["w"])]
                assert children == sorted(children, key=order.index), f"{name}: {children}"
                checked += 1
    assert checked > 100


def test_a_merged_cell_is_given_room_for_its_text_in_the_rows_it_stands_for():
    long_name = "From the first city to all the cities of the delta within two hours"
    short_rows = pd.DataFrame({"target": [long_name] * 2, "reading": ["a", "b"]})
    many_rows = pd.DataFrame({"target": [long_name] * 30, "reading": [f"reading {k}" for k in range(30)]})
    columns = (Column("target", "target", repeats="once"), Column("reading", "reading"))
    few, many = (width_columns(Table("k", "c", frame, columns))[0] for frame in (short_rows, many_rows))
    # Thirty rows have room for a word each, "target" with its six characters being the longest; two rows for half of it.
    assert many == pytest.approx(6 * 0.155 + 0.35)
    assert few > 2 * many
