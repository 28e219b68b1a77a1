"""Stage 5e: what makes the Word file a real one: fonts for two scripts, numbered headings, fields, headers and footers."""

import re
from typing import Any

from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

from sim.present.report.document import Document, Language
from sim.present.report.word_fields import add_field

__all__ = [
    "clean_text",
    "number_headings",
    "set_fonts",
    "set_header_and_footer",
    "set_languages",
    "set_page",
]

INK = RGBColor(0x1F, 0x2A, 0x36)
QUIET = RGBColor(0x5B, 0x66, 0x70)
BODY_FONTS = {"zh": ("Times New Roman", "宋体"), "en": ("Calibri", "宋体")}
HEADING_FONTS = {"zh": ("Arial", "黑体"), "en": ("Calibri", "黑体")}
TEXT_WIDTH = Cm(16.2)
HEADER_SHADE = "E4EAF0"
RULES = ((8, "5B6670"), (4, "CFD6DD"))
"""Eighths of a point and colour: above, below and under the header; between rows."""
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
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(2.0)
    section.different_first_page_header_footer = True


def set_fonts(word: WordDocument, language: Language) -> None:
    """Give every style its fonts, sizes and colours, and add those for findings, notes and warnings."""
    _style(word, "Normal", BODY_FONTS[language], 10.5, spacing_pt=5).paragraph_format.line_spacing = 1.1
    for level, size in ((1, 16.0), (2, 13.0), (3, 11.0)):
        style = _style(word, f"Heading {level}", HEADING_FONTS[language], size, bold=True)
        style.paragraph_format.space_before = Pt(14 if level == 1 else 12)
        style.paragraph_format.keep_with_next = True
    _style(word, "Title", HEADING_FONTS[language], 18, bold=True)
    _style(word, "Subtitle", HEADING_FONTS[language], 12, colour=QUIET)
    caption = _style(word, "Caption", HEADING_FONTS[language], 9.5, bold=True)
    caption.paragraph_format.keep_with_next = True
    _style(word, "List Bullet", BODY_FONTS[language], 10.5, spacing_pt=3)
    for name, size, colour in (
        ("Finding", 11.0, INK),
        ("Note", 9.0, QUIET),
        ("Warning", 10.0, RGBColor(0x8A, 0x3B, 0x12)),
    ):
        word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = word.styles["Normal"]
        _style(word, name, BODY_FONTS[language], size, colour=colour, bold=name == "Finding")
    _style(word, "Figure", BODY_FONTS[language], 10.5, spacing_pt=0, add=True)
    word.styles["Figure"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    word.styles["Figure"].paragraph_format.keep_with_next = True
    _style(word, "Contents Title", HEADING_FONTS[language], 14, colour=QUIET, spacing_pt=8, add=True)
    _set_table_styles(word, language)
    _set_contents_styles(word, language)


def _set_table_styles(word: WordDocument, language: Language) -> None:
    """Add the style of all tables, with light rules and a shaded header, and those of the texts in them."""
    for name in ("Table Text", "Table Number", "Table Head"):
        style = _style(word, name, BODY_FONTS[language], 8.5, bold=name == "Table Head", spacing_pt=0, add=True)
        style.paragraph_format.line_spacing = 1.0
    word.styles["Table Number"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    word.styles["Table Head"].paragraph_format.keep_with_next = True
    heavy, light = (f'w:val="single" w:sz="{size}" w:space="0" w:color="{colour}"' for size, colour in RULES)
    word.styles.element.append(
        parse_xml(
            f'<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="ReportTable">'
            f'<w:name w:val="Report Table"/><w:basedOn w:val="TableNormal"/><w:qFormat/><w:tblPr><w:tblBorders>'
            f"<w:top {heavy}/><w:bottom {heavy}/><w:insideH {light}/></w:tblBorders>"
            '<w:tblCellMar><w:top w:w="28" w:type="dxa"/><w:left w:w="85" w:type="dxa"/>'
            '<w:bottom w:w="28" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr>'
            f'<w:tblStylePr w:type="firstRow"><w:tblPr/><w:tcPr><w:tcBorders><w:bottom {heavy}/></w:tcBorders>'
            f'<w:shd w:val="clear" w:color="auto" w:fill="{HEADER_SHADE}"/></w:tcPr></w:tblStylePr></w:style>'
        )
    )


def _set_contents_styles(word: WordDocument, language: Language) -> None:
    """Add the styles of the entries of the contents: the page number stands at the right."""
    for level in (1, 2):
        style = _style(word, f"toc {level}", BODY_FONTS[language], 10.5, bold=level == 1, spacing_pt=2, add=True)
        style.paragraph_format.line_spacing = 1.0
        style.paragraph_format.left_indent = Cm(0.6 * (level - 1))
        style.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)


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
    style.paragraph_format.space_after = Pt(spacing_pt)
    style.paragraph_format.space_before = Pt(0)
    return style


def set_languages(word: WordDocument) -> None:
    """Say what is checked as Chinese and what as English, and that the file is none of an older Word."""
    properties = word.styles["Normal"].element.get_or_add_rPr()
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="en-GB" w:eastAsia="zh-CN"/>'))
    settings = word.settings.element
    for theme in settings.iter(qn("w:themeFontLang")):
        theme.set(qn("w:eastAsia"), "zh-CN")
    for setting in settings.iter(qn("w:compatSetting")):
        if setting.get(qn("w:name")) == "compatibilityMode":
            setting.set(qn("w:val"), "15")


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
        numbered = word.styles[f"Heading {level + 1}"].element.get_or_add_pPr().get_or_add_numPr()
        numbered.get_or_add_ilvl().val = level
        numbered.get_or_add_numId().val = 90


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
