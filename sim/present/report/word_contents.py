"""Stage 5e: the table of contents of the Word file: entries that lead to their headings, in a field that Word can renew.

Which page a heading comes to stand on only a layout can tell, and none is at hand when the file is written. Each entry
therefore ends in a reference to the page of its heading, which Word fills in when it prints, shows the print preview, or is
asked to update fields (F9): nothing wrong stands there before, and no question is asked when the file opens.
"""

from typing import Any

from docx.document import Document as WordDocument
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.text.paragraph import Paragraph as WordParagraph

from sim.present.report.document import Document, Heading
from sim.present.report.word_fields import add_field, field_end, field_start
from sim.present.report.word_styles import clean_text

__all__ = ["DEEPEST_LISTED", "add_contents", "mark_heading"]

DEEPEST_LISTED = 2


def mark_heading(paragraph: WordParagraph, number: int) -> None:
    """Put a bookmark around a heading, the one that the entry of this number in the contents leads to."""
    names = f'{nsdecls("w")} w:id="{number}"'
    start = parse_xml(f'<w:bookmarkStart {names} w:name="{_name_bookmark(number)}"/>')
    properties = paragraph._p.pPr
    if properties is None:
        paragraph._p.insert(0, start)
    else:
        properties.addnext(start)
    paragraph._p.append(parse_xml(f"<w:bookmarkEnd {names}/>"))


def _name_bookmark(number: int) -> str:
    return f"_Toc{number:08d}"


def add_contents(word: WordDocument, document: Document) -> None:
    """Add the entries of the contents at the end of a Word document."""
    headings = [block for block in document.blocks if isinstance(block, Heading) and block.level <= DEEPEST_LISTED]
    levels = [0] * DEEPEST_LISTED
    paragraphs = []
    for number, heading in enumerate(headings, start=1):
        levels[heading.level - 1] += 1
        levels[heading.level :] = [0] * (DEEPEST_LISTED - heading.level)
        counted = ".".join(str(level) for level in levels[: heading.level])
        paragraph = word.add_paragraph(style=f"toc {heading.level}")
        paragraph._p.append(_entry(f"{counted}  {clean_text(heading.text)}", _name_bookmark(number)))
        paragraphs.append(paragraph)
    if paragraphs:
        for element in reversed(field_start(f'TOC \\o "1-{DEEPEST_LISTED}" \\h \\z \\u')):
            paragraphs[0]._p.get_or_add_pPr().addnext(element)
        paragraphs[-1]._p.append(field_end())


def _entry(text: str, bookmark: str) -> Any:
    """Return a link to a heading: its number and text, and the page it is on."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), bookmark)
    link.set(qn("w:history"), "1")
    holder = WordParagraph(OxmlElement("w:p"), None)  # type: ignore[arg-type]
    holder.add_run(text)
    holder.add_run().add_tab()
    add_field(holder, f"PAGEREF {bookmark} \\h")
    for run in list(holder._p):
        link.append(run)
    return link
