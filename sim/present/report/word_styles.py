"""Stage 5e: what makes the Word file a real one: fonts for two scripts, numbered headings, fields, headers and footers."""

import re
from typing import Any

from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph as WordParagraph
from docx.text.run import Run

from sim.present.report.document import Document, Language

__all__ = ["add_field", "clean_text", "number_headings", "set_fonts", "set_header_and_footer", "set_page"]

INK = RGBColor(0x1F, 0x2A, 0x36)
QUIET = RGBColor(0x5B, 0x66, 0x70)
BODY_FONTS = {"zh": ("Times New Roman", "宋体"), "en": ("Calibri", "宋体")}
HEADING_FONTS = {"zh": ("Arial", "黑体"), "en": ("Calibri", "黑体")}
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that no XML file can hold; a planner's name may carry them in from elsewhere."""


def clean_text(text: str) -> str:
    """Return the text without characters that an XML file cannot hold."""
    return NOT_IN_XML.sub("", text)


def set_page(word: WordDocument) -> None:
    """Set A4 with the margins of an official document."""
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin, section.bottom_margin = Cm(2.5), Cm(2.2)
    section.different_first_page_header_footer = True


def set_fonts(word: WordDocument, language: Language) -> None:
    """Give every style its fonts, sizes and colours, and add those for findings, notes and warnings."""
    _style(word, "Normal", BODY_FONTS[language], 10.5, spacing_pt=6)
    for level, size in ((1, 16.0), (2, 13.0), (3, 11.0)):
        style = _style(word, f"Heading {level}", HEADING_FONTS[language], size, bold=True)
        style.paragraph_format.space_before = Pt(18 if level == 1 else 12)
        style.paragraph_format.keep_with_next = True
    _style(word, "Title", HEADING_FONTS[language], 26, bold=True)
    _style(word, "Subtitle", HEADING_FONTS[language], 14, colour=QUIET)
    caption = _style(word, "Caption", HEADING_FONTS[language], 9.5, bold=True)
    caption.paragraph_format.keep_with_next = True
    _style(word, "List Bullet", BODY_FONTS[language], 10.5, spacing_pt=3)
    for name, size, colour in (
        ("Finding", 11.5, INK),
        ("Note", 9.0, QUIET),
        ("Warning", 10.0, RGBColor(0x8A, 0x3B, 0x12)),
    ):
        word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = word.styles["Normal"]
        _style(word, name, BODY_FONTS[language], size, colour=colour, bold=name == "Finding")
    _style(word, "Table Text", BODY_FONTS[language], 8.5, add=True)


def _style(
    word: WordDocument,
    name: str,
    fonts: tuple[str, str],
    size_pt: float,
    *,
    bold: bool = False,
    colour: RGBColor = INK,
    spacing_pt: float = 4,
    add: bool = False,
) -> Any:
    if add:
        word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = word.styles["Normal"]
    style: Any = word.styles[name]
    latin, chinese = fonts
    style.font.name, style.font.size, style.font.bold, style.font.italic = latin, Pt(size_pt), bold, False
    style.font.color.rgb = colour
    rfonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in list(rfonts.attrib):
        if "heme" in attribute:  # a theme font would win over the named one
            del rfonts.attrib[attribute]
    for script in ("ascii", "hAnsi", "cs"):
        rfonts.set(qn(f"w:{script}"), latin)
    rfonts.set(qn("w:eastAsia"), chinese)
    style.paragraph_format.space_after = Pt(0 if name == "Table Text" else spacing_pt)
    style.paragraph_format.space_before = Pt(0)
    return style


def number_headings(word: WordDocument) -> None:
    """Tie headings 1-3 to one numbered list: 1, 1.1, 1.1.1."""
    numbering = word.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{k}"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:pStyle w:val="Heading{k + 1}"/>'
        f'<w:suff w:val="space"/><w:lvlText w:val="{".".join(f"%{i + 1}" for i in range(k + 1))}"/><w:lvlJc w:val="left"/>'
        '<w:pPr><w:ind w:left="0" w:firstLine="0"/></w:pPr></w:lvl>'
        for k in range(3)
    )
    abstract = parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90"><w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>'
    )
    first_number = numbering.find(qn("w:num"))
    numbering.insert(list(numbering).index(first_number) if first_number is not None else len(numbering), abstract)
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="90"><w:abstractNumId w:val="90"/></w:num>'))
    for level in range(3):
        properties = word.styles[f"Heading {level + 1}"].element.get_or_add_pPr()
        properties.append(
            parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="90"/></w:numPr>')
        )


def add_field(paragraph: WordParagraph, code: str, shown: str = "", *, update: bool = False) -> None:
    """Add a field such as PAGE, SEQ or TOC with the text it shows until Word renews it."""
    _field_character(paragraph.add_run(), "begin", update=update)
    instruction = OxmlElement("w:instrText")
    instruction.set(qn("xml:space"), "preserve")
    instruction.text = code
    paragraph.add_run()._r.append(instruction)
    _field_character(paragraph.add_run(), "separate")
    paragraph.add_run(shown)
    _field_character(paragraph.add_run(), "end")


def _field_character(run: Run, kind: str, *, update: bool = False) -> None:
    element = OxmlElement("w:fldChar")
    element.set(qn("w:fldCharType"), kind)
    if update:
        element.set(qn("w:dirty"), "true")
    run._r.append(element)


def set_header_and_footer(word: WordDocument, document: Document) -> None:
    """Put the title above and the page below every page but the first."""
    section = word.sections[0]
    header = section.header.paragraphs[0]
    header.text = clean_text(document.title)
    header.style = word.styles["Note"]
    footer = section.footer.paragraphs[0]
    footer.style = word.styles["Note"]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    before, after = document.labels["page"].split("{}")
    footer.add_run(before)
    add_field(footer, "PAGE", "1")
    footer.add_run(after)
