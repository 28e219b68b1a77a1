"""Stage 5e: the report as a whole: its chapters in order, as a document, and the three files it is written to."""

from collections.abc import Callable
from pathlib import Path

from sim.present.report.chapters_cities import write_cities, write_indicators
from sim.present.report.chapters_claims import write_claims
from sim.present.report.chapters_projects import write_projects
from sim.present.report.chapters_reach import write_reach
from sim.present.report.chapters_register import write_checks, write_register
from sim.present.report.chapters_results import write_targets
from sim.present.report.chapters_trust import write_trust
from sim.present.report.chapters_verdict import write_scenarios, write_scope, write_verdict
from sim.present.report.data import ReportData
from sim.present.report.document import Block, Document
from sim.present.report.page import write_page
from sim.present.report.picture import shrink_picture
from sim.present.report.sentences import Sentences
from sim.present.report.word import write_word
from sim.present.report.workbook import write_workbook

__all__ = ["build_document", "write_documents"]

CHAPTERS = (
    write_verdict,
    write_scope,
    write_scenarios,
    write_targets,
    write_reach,
    write_cities,
    write_indicators,
    write_projects,
    write_claims,
    write_trust,
    write_register,
    write_checks,
)
LABELS = ("table", "figure", "contents", "page", "rows_left_out")


def build_document(data: ReportData) -> Document:
    """Return the report as a document in the language that the study chose."""
    sentences = Sentences(data.choices.language)
    blocks: list[Block] = []
    for write_chapter in CHAPTERS:
        blocks += write_chapter(data, sentences)
    chinese = data.choices.language == "zh"
    title = (data.choices.title or data.title) if chinese else (data.choices.title_en or data.title_en)
    return Document(
        title=title,
        subtitle=sentences.say("report.subtitle", scenarios=len(data.results)),
        author=data.choices.author,
        organisation=data.choices.organisation,
        date=data.date,
        language=data.choices.language,
        labels={key: sentences.say(f"label.{key}") for key in LABELS},
        blocks=tuple(blocks),
    )


def write_documents(
    document: Document, folder: Path, *, pictures: Callable[[Path], bytes] = shrink_picture
) -> list[Path]:
    """Write report.docx, report.html and tables.xlsx and return them.

    Parameters
    ----------
    pictures : gives a figure as documents carry it, by its file.
    """
    paths = [folder / name for name in ("report.docx", "report.html", "tables.xlsx")]
    write_word(document, paths[0], pictures=pictures)
    write_page(document, paths[1], pictures=pictures)
    write_workbook(document, paths[2])
    return paths
