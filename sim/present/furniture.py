"""Last stage, the sheet around a map: title above, notes below, as wide as a page of text."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pyproj import CRS

from sim.present.base_map import BaseMap
from sim.present.style import INK_COLOUR, QUIET_INK_COLOUR, Language, bilingual, text_width_pt, wrap_text

__all__ = ["MAP_WIDTH_MM", "MapSheet", "MapText", "make_sheet", "spell_crs"]

SHEET_WIDTH_MM = 170.0
MARGIN_MM = 1.5
MAP_WIDTH_MM = SHEET_WIDTH_MM - 2 * MARGIN_MM
MAP_HEIGHT_MM = 164.0
COLUMN_GAP_MM = 6.0
TITLE_PT, TITLE_EN_PT, SUBTITLE_PT, NOTE_PT = 13.0, 8.0, 7.6, 5.8
MM_PER_PT = 25.4 / 72.0
LINE_SPACING = 1.34

NOT_TRIPS = ("理想出行范围，非实际出行。", "Ideal range, not observed trips.")
REVIEW = (
    "公开使用须送审（审图号待定）。",
    "Public use in China needs a map review number (pending).",
)
DRAWN_HOW = (
    "粗线略作平滑；铁路按站间直线示意。",
    "Heavy lines are lightly smoothed; railways are drawn straight from station to station.",
)


@dataclass(frozen=True)
class MapText:
    """Every sentence on a sheet that the map itself cannot know.

    Attributes
    ----------
    title, title_en
        What the map finds, as a sentence.
    scenario, scenario_en, year
        What is drawn.
    definition, definition_en
        The reading: what the minutes count, from when to when, and by which departure assumption.
    source, source_en
        Data, their dates and licences.
    language
        "both" (Chinese, then English), "zh" or "en".
    """

    title: str
    title_en: str
    scenario: str
    scenario_en: str
    year: int
    definition: str
    definition_en: str
    source: str
    source_en: str = ""
    language: Language = "both"

    def list_texts(self) -> list[str]:
        """Return all of it, for checking that the font can draw it."""
        texts = [self.title, self.title_en, self.scenario, self.scenario_en]
        return [*texts, self.definition, self.definition_en, self.source, self.source_en]


@dataclass(frozen=True)
class MapSheet:
    """A sheet with room for one map and its key: draw the map into `ax`, the key into `key_ax` (millimetres)."""

    figure: Figure
    ax: Axes
    key_ax: Axes


def spell_crs(crs: str, language: Language = "both") -> str:
    """Return a projection in words that fit a note, with what one needs to draw it again.

    Examples
    --------
    >>> spell_crs("+proj=aea +lat_1=28 +lat_2=34 +lat_0=31 +lon_0=119.2 +datum=WGS84 +units=m")
    '阿尔伯斯等积圆锥投影 Albers equal-area conic, 28°N/34°N, 119.2°E, WGS 84'
    """
    projection = CRS.from_user_input(crs)
    operation = projection.coordinate_operation
    if operation is None or operation.method_name != "Albers Equal Area":
        return str(projection.name)
    values = {parameter.name: parameter.value for parameter in operation.params}
    south, north = values["Latitude of 1st standard parallel"], values["Latitude of 2nd standard parallel"]
    middle = values["Longitude of false origin"]
    datum = projection.geodetic_crs.datum.name if projection.geodetic_crs and projection.geodetic_crs.datum else ""
    datum = "WGS 84" if datum.startswith("World Geodetic System 1984") else datum
    name = bilingual("阿尔伯斯等积圆锥投影", "Albers equal-area conic", language=language)
    return f"{name}, {south:g}°N/{north:g}°N, {middle:g}°E, {datum}"


def _wrap_all(paragraphs: Sequence[str], size_pt: float, width_mm: float) -> list[str]:
    lines = []
    for paragraph in paragraphs:
        if paragraph:
            lines += wrap_text(paragraph, size_pt, width_mm / MM_PER_PT)
    return lines


def _list_notes(text: MapText, base: BaseMap) -> tuple[list[str], list[str]]:
    """Left: what the map says and does not say. Right: where it comes from."""
    language = text.language

    def say(chinese: str, english: str) -> list[str]:
        return [one for one in (chinese if language != "en" else "", english if language != "zh" else "") if one]

    def say_in_one(chinese: str, english: str) -> str:
        return bilingual(chinese, english, language=language)

    source, source_en = text.source, text.source_en or text.source
    sources = [f"资料来源：{source}", f"Sources: {source_en}"]
    if language != "both" or source == source_en:
        sources = [sources[1] if language == "en" else sources[0]]
    left = [*say(text.definition, text.definition_en), say_in_one(*NOT_TRIPS), say_in_one(*DRAWN_HOW)]
    right = [
        *sources,
        {"zh": "投影：", "en": "Projection: ", "both": "投影 Projection: "}[language] + spell_crs(base.crs, language),
        say_in_one(*REVIEW),
    ]
    return left, right


def make_sheet(text: MapText, base: BaseMap, *, key_height_mm: float, map_height_mm: float = MAP_HEIGHT_MM) -> MapSheet:
    """Make a sheet with title above and notes below; its height follows from its texts."""
    width_mm = SHEET_WIDTH_MM - 2 * MARGIN_MM
    language = text.language
    title = text.title if language != "en" else text.title_en
    title_pt = _choose_title_size(title, width_mm)
    title_lines = wrap_text(title, title_pt, width_mm / MM_PER_PT, weight="bold")
    blocks = [(line, title_pt, "bold", INK_COLOUR) for line in title_lines]
    if language == "both":
        english = _wrap_all([text.title_en], TITLE_EN_PT, width_mm)
        blocks += [(line, TITLE_EN_PT, "normal", QUIET_INK_COLOUR) for line in english]
    subtitle = bilingual(
        f"{text.scenario}（{text.year} 年）", f"{text.scenario_en} ({text.year})", language=language, separator="  |  "
    )
    blocks += [(line, SUBTITLE_PT, "normal", INK_COLOUR) for line in _wrap_all([subtitle], SUBTITLE_PT, width_mm)]
    title_height_mm = sum(size_pt for _, size_pt, _, _ in blocks) * LINE_SPACING * MM_PER_PT + 2.0

    left, right = _list_notes(text, base)
    column_mm = (width_mm - 6.0) / 2
    columns = [_wrap_all(left, NOTE_PT, column_mm), _wrap_all(right, NOTE_PT, column_mm)]
    notes_height_mm = max(map(len, columns)) * NOTE_PT * LINE_SPACING * MM_PER_PT + 1.0

    height_mm = 2 * MARGIN_MM + title_height_mm + map_height_mm + key_height_mm + notes_height_mm
    figure = Figure(figsize=(SHEET_WIDTH_MM / 25.4, height_mm / 25.4), facecolor="white")

    def add_axes(bottom_mm: float, axes_height_mm: float) -> Axes:
        ax = figure.add_axes(
            (MARGIN_MM / SHEET_WIDTH_MM, bottom_mm / height_mm, width_mm / SHEET_WIDTH_MM, axes_height_mm / height_mm)
        )
        ax.set_xlim(0.0, width_mm)
        ax.set_ylim(0.0, axes_height_mm)
        return ax

    ax = add_axes(MARGIN_MM + notes_height_mm + key_height_mm, map_height_mm)
    key_ax = add_axes(MARGIN_MM + notes_height_mm, key_height_mm)
    key_ax.set_axis_off()
    _write_lines(figure, blocks, left_mm=MARGIN_MM, top_mm=height_mm - MARGIN_MM, height_mm=height_mm)
    for position, column in enumerate(columns):
        _write_lines(
            figure,
            [(line, NOTE_PT, "normal", QUIET_INK_COLOUR) for line in column],
            left_mm=MARGIN_MM + position * (column_mm + 6.0),
            top_mm=MARGIN_MM + notes_height_mm,
            height_mm=height_mm,
        )
    return MapSheet(figure, ax, key_ax)


def _choose_title_size(title: str, width_mm: float) -> float:
    """Largest size that sets the title in one line; the usual size if none does and it has to be broken."""
    sizes_pt = (TITLE_PT, TITLE_PT - 1.0, TITLE_PT - 2.0)
    fits = (size for size in sizes_pt if text_width_pt(title, size, weight="bold") * MM_PER_PT <= width_mm)
    return next(fits, TITLE_PT)


def _write_lines(
    figure: Figure,
    lines: Sequence[tuple[str, float, str, str]],
    *,
    left_mm: float,
    top_mm: float,
    height_mm: float,
) -> None:
    """Write lines of (text, size, weight, colour) downwards from the top left corner."""
    for text, size_pt, weight, colour in lines:
        baseline_mm = top_mm - size_pt * MM_PER_PT * 0.98
        figure.text(
            left_mm / SHEET_WIDTH_MM,
            baseline_mm / height_mm,
            text,
            fontsize=size_pt,
            fontweight=weight,
            color=colour,
            va="baseline",
        )
        top_mm -= size_pt * LINE_SPACING * MM_PER_PT
