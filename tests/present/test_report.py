"""The report: what it says are the numbers of the runs, in one language at a time, in files that open and cannot be injected."""

import re
import zipfile
from dataclasses import replace

import docx
import openpyxl
import pandas as pd
import pytest
from jinja2 import Environment, meta

from sim.present.report.choices import ReportChoices
from sim.present.report.document import Column, Heading, Paragraph, Table, format_cell
from sim.present.report.report import build_document, write_documents
from sim.present.report.sentences import Sentences, _read_sentences, people, plural, signed

CHINESE = re.compile("[\u4e00-\u9fff]")
HOSTILE = '=HYPERLINK("x")<script>&\x07'


@pytest.fixture(scope="module")
def data(tutorial_report):
    return replace(tutorial_report, choices=ReportChoices(language="en", author=HOSTILE))


def paragraphs(document):
    return [block.text for block in document.blocks if isinstance(block, Heading | Paragraph)]


def test_every_sentence_stands_in_both_languages_and_asks_for_the_same_values():
    sentences = _read_sentences()
    assert len(sentences) > 150
    environment = Environment(autoescape=True)
    environment.filters |= dict.fromkeys(["signed", "plural", "people", "minutes", "percent"], str)
    for key, texts in sentences.items():
        if isinstance(texts["zh"], list):
            assert len(texts["zh"]) == len(texts["en"]), key
            continue
        used = [meta.find_undeclared_variables(environment.parse(texts[language])) for language in ("zh", "en")]
        assert used[1] <= used[0] or used[0] <= used[1], key
        assert not CHINESE.search(texts["en"]), key


def test_the_english_report_of_english_names_holds_no_chinese(data):
    # assumptions and sources are quoted as they stand in the files; everything else is the report's own
    document = build_document(data)
    for text in paragraphs(document):
        assert not CHINESE.search(text), text


def test_the_first_finding_says_the_year_and_the_reading_of_the_verdicts(data):
    verdicts = data.verdicts()
    met = verdicts[verdicts["met"]].sort_values("year", kind="stable")
    finding = next(b.text for b in build_document(data).blocks if isinstance(b, Paragraph) and b.tone == "finding")
    assert "from end to end within one hour (60 minutes)" in finding
    assert f"first met in {met['year'].iloc[0]}" in finding
    assert Sentences("en").say(f"reading.{met['reading'].iloc[0]}") in finding


def test_a_target_that_no_scenario_meets_is_said_to_be_missed(data):
    missed = [replace(r, targets=r.targets.assign(met=False, value_min=70.0, slack_min=-10.0)) for r in data.results]
    finding = next(b.text for b in build_document(replace(data, results=missed)).blocks if isinstance(b, Paragraph))
    assert "missed in every reading of all 2 scenarios" in finding
    assert "70 min" in finding
    assert "10 min over" in finding


def test_the_workbook_holds_the_numbers_of_the_runs_and_no_formula(data, tmp_path):
    hostile = replace(data, title_en=HOSTILE)
    write_documents(build_document(hostile), tmp_path)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    sheet = book["T4_targets"]
    headers = [cell.value for cell in sheet[2]]
    column = headers.index("minutes") + 1
    written = [sheet.cell(row, column).value for row in range(3, sheet.max_row + 1)]
    expected = data.verdicts()["value_min"]
    assert written == [None if pd.isna(value) else pytest.approx(value) for value in expected]
    assert sheet.freeze_panes == "B3"
    kinds = {cell.data_type for page in book for row in page.iter_rows() for cell in row}
    assert "f" not in kinds


def test_names_from_files_are_escaped_in_html_and_survive_in_word(data, tmp_path):
    _, page, _ = write_documents(build_document(data), tmp_path)
    html = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;&amp;" in html
    assert "<script" not in html
    assert "http" not in re.sub(r"data:image/png;base64,\S+", "", html)  # one file, nothing from outside
    word = docx.Document(tmp_path / "report.docx")
    assert any('=HYPERLINK("x")<script>&' in paragraph.text for paragraph in word.paragraphs)


def test_the_word_file_has_numbered_headings_captions_contents_and_real_tables(data, tmp_path):
    document = build_document(data)
    write_documents(document, tmp_path)
    word = docx.Document(tmp_path / "report.docx")
    headings = [p for p in word.paragraphs if p.style.name == "Heading 1"]
    assert [p.text for p in headings] == [b.text for b in document.blocks if isinstance(b, Heading) and b.level == 1]
    assert len(word.tables) == sum(isinstance(block, Table) for block in document.blocks) > 5
    xml = zipfile.ZipFile(tmp_path / "report.docx").read("word/document.xml").decode()
    assert xml.count("SEQ Table") == len(word.tables)
    assert "TOC \\o" in xml
    numbering = zipfile.ZipFile(tmp_path / "report.docx").read("word/numbering.xml").decode()
    assert 'w:pStyle w:val="Heading1"' in numbering
    assert all(table.rows[0]._tr.xpath("./w:trPr/w:tblHeader") for table in word.tables)


def test_the_same_document_gives_the_same_bytes(data, tmp_path):
    document = build_document(data)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = (write_documents(document, tmp_path / name) for name in ("one", "two"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_a_chapter_without_its_table_names_the_command_that_writes_it(data):
    said = "\n".join(paragraphs(build_document(data)))
    for command in ("sim claims", "sim contributions", "sim options", "sim switching", "sim indicators"):
        assert f"run {command} first" in said


def test_claims_are_counted_by_verdict(data):
    claims = pd.DataFrame(
        {
            "claim_id": ["a", "b", "c"],
            "system": "x",
            "words": "y",
            "from_place": "a",
            "to_place": "b",
            "year": [2025, 2025, 2027],
            "claimed_min": [60.0, 50.0, 10.0],
            "fastest_min": [58.0, 58.0, 58.0],
            "typical_min": 70.0,
            "door_to_door_min": 100.0,
            "verdict": ["consistent", "optimistic", "impossible"],
            "difference_min": [2.0, -8.0, -48.0],
            "why": "",
            "source": "s",
        }
    )
    said = "\n".join(paragraphs(build_document(replace(data, tables={"claims": claims}))))
    counted = "1 agrees with the model, 1 is optimistic, 0 pessimistic, 1 physically impossible."
    assert f"Of 3 official claims checked, {counted}" in said


def test_numbers_are_said_with_sign_plural_and_rounding():
    assert [signed(value) for value in (-37.6, 0.4, -0.04, 0.0, 12.0)] == ["-38", "+0.4", "0", "0", "+12"]
    assert [plural(count, "city") for count in (0, 1, 2)] == ["0 cities", "1 city", "2 cities"]
    assert people(999_999, "en") == "999,999 people"
    assert people(12_345, "zh") == "12,345人"
    slack = Column("x", "x", 0, "signed")
    assert [format_cell(value, slack) for value in (-0.3, 0.6, None, float("nan"))] == ["0", "+1", "", ""]
    assert format_cell(0.955, Column("x", "x", 0, "share")) == "96%"


def test_the_document_leaves_out_what_the_row_above_says_and_the_workbook_does_not():
    frame = pd.DataFrame({"target": ["a", "a", "b"], "value": [1.0, 2.0, 2.0]})
    table = Table("k", "c", frame, (Column("target", "t", repeats="once"), Column("value", "v")), rows_in_text=2)
    assert table.shown_cells() == [["a", "1"], ["", "2"]]
    assert table.rows_left_out() == 1
