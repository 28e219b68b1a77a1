"""Last stage, the sheet around a chart: the finding above, definitions and sources below, as wide as a page of text."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.present.furniture import (
    LINE_SPACING,
    MARGIN_MM,
    MM_PER_PT,
    NOTE_PT,
    SHEET_WIDTH_MM,
    SUBTITLE_PT,
    TITLE_EN_PT,
    choose_title_size,
    write_lines,
)
from sim.present.lettering import check_glyphs, wrap_text
from sim.present.style import INK_COLOUR, QUIET_INK_COLOUR, Language, bilingual

__all__ = ["ChartSheet", "ChartText", "Margins", "make_chart", "quiet_axes"]

WIDTH_MM = SHEET_WIDTH_MM - 2 * MARGIN_MM
AXIS_PT = 6.4


@dataclass(frozen=True)
class ChartText:
    """Every sentence around a chart.

    Attributes
    ----------
    title, title_en
        What the chart finds, as a sentence.
    subtitle, subtitle_en
        Scenario, year, reading.
    note, note_en
        Definitions and sources, below the chart.
    language
        "both" (Chinese, then English), "zh" or "en".
    """

    title: str
    title_en: str
    subtitle: str = ""
    subtitle_en: str = ""
    note: str = ""
    note_en: str = ""
    language: Language = "both"

    def say(self, chinese: str, english: str, *, separator: str = " ") -> str:
        """Return one thing in the language of the chart."""
        return bilingual(chinese, english, language=self.language, separator=separator)

    def name(self, chinese: str, english: str) -> str:
        """Return a name that has room for one language only: the English one only on an English chart."""
        return english if self.language == "en" else chinese


@dataclass(frozen=True)
class Margins:
    """Room in mm around the field of a chart for the words on its axes."""

    left_mm: float = 14.0
    right_mm: float = 4.0
    top_mm: float = 3.0
    bottom_mm: float = 11.0


@dataclass(frozen=True)
class ChartSheet:
    """A sheet with room for one chart."""

    figure: Figure
    ax: Axes
    width_mm: float
    height_mm: float


def make_chart(
    text: ChartText, *, height_mm: float, margins: Margins | None = None, names: tuple[str, ...] = ()
) -> ChartSheet:
    """Make a sheet with title above and notes below a field `height_mm` high, its margins included.

    Parameters
    ----------
    names
        All names that will be written on it, to be checked.

    Raises
    ------
    InputError
        If a text has a character that the shipped font lacks.
    """
    margins = margins or Margins()
    check_glyphs([text.title, text.title_en, text.subtitle, text.subtitle_en, text.note, text.note_en, *names])
    heading = _list_heading(text)
    note = text.say(text.note, text.note_en, separator="\n")
    notes = wrap_text(note, NOTE_PT, WIDTH_MM / MM_PER_PT) if note else []
    heading_mm = sum(size_pt for _, size_pt, _, _ in heading) * LINE_SPACING * MM_PER_PT + 2.0
    notes_mm = len(notes) * NOTE_PT * LINE_SPACING * MM_PER_PT + 1.0
    total_mm = 2 * MARGIN_MM + heading_mm + height_mm + notes_mm
    figure = Figure(figsize=(SHEET_WIDTH_MM / 25.4, total_mm / 25.4), facecolor="white")
    width_mm = WIDTH_MM - margins.left_mm - margins.right_mm
    field_mm = height_mm - margins.top_mm - margins.bottom_mm
    ax = figure.add_axes(
        (
            (MARGIN_MM + margins.left_mm) / SHEET_WIDTH_MM,
            (MARGIN_MM + notes_mm + margins.bottom_mm) / total_mm,
            width_mm / SHEET_WIDTH_MM,
            field_mm / total_mm,
        )
    )
    write_lines(figure, heading, left_mm=MARGIN_MM, top_mm=total_mm - MARGIN_MM, height_mm=total_mm)
    quiet_lines = [(line, NOTE_PT, "normal", QUIET_INK_COLOUR) for line in notes]
    write_lines(figure, quiet_lines, left_mm=MARGIN_MM, top_mm=MARGIN_MM + notes_mm, height_mm=total_mm)
    return ChartSheet(figure, ax, width_mm, field_mm)


def _list_heading(text: ChartText) -> list[tuple[str, float, str, str]]:
    title = text.name(text.title, text.title_en)
    title_pt = choose_title_size(title, WIDTH_MM)
    width_pt = WIDTH_MM / MM_PER_PT
    lines = [(line, title_pt, "bold", INK_COLOUR) for line in wrap_text(title, title_pt, width_pt, weight="bold")]
    if text.language == "both":
        english = wrap_text(text.title_en, TITLE_EN_PT, width_pt)
        lines += [(line, TITLE_EN_PT, "normal", QUIET_INK_COLOUR) for line in english]
    subtitle = text.say(text.subtitle, text.subtitle_en, separator="  |  ")
    if subtitle:
        lines += [(line, SUBTITLE_PT, "normal", INK_COLOUR) for line in wrap_text(subtitle, SUBTITLE_PT, width_pt)]
    return lines


def quiet_axes(ax: Axes) -> None:
    """Take away what is not needed to read a chart, and set its numbers small."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(length=2.0, width=0.5, labelsize=AXIS_PT, colors=QUIET_INK_COLOUR, labelcolor=INK_COLOUR)
    ax.xaxis.label.set_fontsize(AXIS_PT)
    ax.yaxis.label.set_fontsize(AXIS_PT)
