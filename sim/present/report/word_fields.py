"""Stage 5e: fields of a Word file: what Word counts by itself, with what it shows until then."""

from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph as WordParagraph

__all__ = ["add_field", "field_end", "field_start"]


def add_field(paragraph: WordParagraph, code: str, shown: str = "") -> None:
    """Add a field such as PAGE or SEQ with the text it shows until Word renews it.

    No field is marked as outdated: Word would ask every reader whether to update "fields that may refer to other files".
    """
    for element in (*field_start(code), *([_run_of_text(shown)] if shown else []), field_end()):
        paragraph._p.append(element)


def field_start(code: str) -> list[Any]:
    """Return the runs with which a field begins, up to what it shows."""
    instruction = OxmlElement("w:instrText")
    instruction.set(qn("xml:space"), "preserve")
    instruction.text = code
    return [_run_of(_field_character("begin")), _run_of(instruction), _run_of(_field_character("separate"))]


def field_end() -> Any:
    """Return the run with which a field ends."""
    return _run_of(_field_character("end"))


def _field_character(kind: str) -> Any:
    element = OxmlElement("w:fldChar")
    element.set(qn("w:fldCharType"), kind)
    return element


def _run_of_text(text: str) -> Any:
    element = OxmlElement("w:t")
    element.set(qn("xml:space"), "preserve")
    element.text = text
    return _run_of(element)


def _run_of(element: Any) -> Any:
    run = OxmlElement("w:r")
    run.append(element)
    return run
