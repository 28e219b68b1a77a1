"""Last stage, the sheet around a map: title above, notes below, as wide as a page of text."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pyproj import CRS

from sim.present.lettering import text_width_pt, wrap_text
from sim.present.style import INK_COLOUR, QUIET_INK_COLOUR, Language, bilingual

__all__ = [
    "MAP_HEIGHT_MM",
    "MAP_WIDTH_MM",
    "MapSheet",
    "MapText",
    "choose_title_size",
    "make_sheet",
    "spell_crs",
    "write_lines",
    "write_panel_title",
]

SHEET_WIDTH_MM = 170.0
MARGIN_MM = 1.5
MAP_WIDTH_MM = SHEET_WIDTH_MM - 2 * MARGIN_MM
MAP_HEIGHT_MM = 164.0
COLUMN_GAP_MM = 6.0
# Between the maps of a sheet with several, and above each of them for its own title.
PANEL_GAP_MM, PANEL_TITLE_MM = 2.5, 8.0
PANEL_PT, PANEL_EN_PT = 7.4, 5.6
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
DISTORTED = (
    "变形示意图：离中心的距离为分钟，方位不变；无比例尺与投影。",
    "Distorted: distance from the middle is minutes, bearings are kept; it has neither scale nor projection.",
)


@dataclass(frozen=True)
class MapText:
    """Every sentence on a sheet that the map itself cannot know.

    Attributes
    ----------
    title, title_en
        What the map finds, as a sentence.
    scenario, scenario_en, year
        What is drawn; no year where several are compared.
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
    year: int | None
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
    """A sheet with room for one map or several of one size, row by row, and their key (axes in millimetres)."""

    figure: Figure
    axes: tuple[Axes, ...]
    key_ax: Axes

    @property
    def ax(self) -> Axes:
        """The axes of the only, or the first, map."""
        return self.axes[0]

    @property
    def shape(self) -> float:
        """Width over height of each map."""
        place, (width, height) = self.ax.get_position(), self.figure.get_size_inches()
        return float(place.width * width / (place.height * height))


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


def _list_notes(text: MapText, crs: str | None) -> tuple[list[str], list[str]]:
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
    left = [*say(text.definition, text.definition_en), say_in_one(*NOT_TRIPS)]
    drawn_how = say_in_one(*(DRAWN_HOW if crs is not None else DISTORTED))
    projection = {"zh": "投影：", "en": "Projection: ", "both": "投影 Projection: "}[language]
    right = [*sources, *([projection + spell_crs(crs, language)] if crs is not None else []), say_in_one(*REVIEW)]
    return [*left, drawn_how], right


def make_sheet(
    text: MapText,
    crs: str | None,
    *,
    key_height_mm: float,
    map_height_mm: float = MAP_HEIGHT_MM,
    rows: int = 1,
    columns: int = 1,
) -> MapSheet:
    """Make a sheet with title above and notes below; its height follows from its texts.

    Parameters
    ----------
    crs
        Of the map, to be spelt out; None for a distorted one.
    map_height_mm
        Of the whole field of maps.
    rows, columns
        How many maps share the sheet; with more than one, each has room for a title of its own above it.
    """
    width_mm = MAP_WIDTH_MM
    blocks = _list_headings(text)
    title_height_mm = sum(size_pt for _, size_pt, _, _ in blocks) * LINE_SPACING * MM_PER_PT + 2.0
    column_mm = (width_mm - COLUMN_GAP_MM) / 2
    notes = [_wrap_all(part, NOTE_PT, column_mm) for part in _list_notes(text, crs)]
    notes_height_mm = max(map(len, notes)) * NOTE_PT * LINE_SPACING * MM_PER_PT + 1.0
    height_mm = 2 * MARGIN_MM + title_height_mm + map_height_mm + key_height_mm + notes_height_mm
    figure = Figure(figsize=(SHEET_WIDTH_MM / 25.4, height_mm / 25.4), facecolor="white")

    def add_axes(left_mm: float, bottom_mm: float, size_mm: tuple[float, float]) -> Axes:
        ax = figure.add_axes(
            (
                (MARGIN_MM + left_mm) / SHEET_WIDTH_MM,
                bottom_mm / height_mm,
                size_mm[0] / SHEET_WIDTH_MM,
                size_mm[1] / height_mm,
            )
        )
        ax.set_xlim(0.0, size_mm[0])
        ax.set_ylim(0.0, size_mm[1])
        return ax

    field_bottom_mm = MARGIN_MM + notes_height_mm + key_height_mm
    own_title_mm = PANEL_TITLE_MM if rows * columns > 1 else 0.0
    panel_width_mm = (width_mm - (columns - 1) * PANEL_GAP_MM) / columns
    row_height_mm = map_height_mm / rows
    panel_height_mm = row_height_mm - own_title_mm - (PANEL_GAP_MM if rows > 1 else 0.0)
    axes = tuple(
        add_axes(
            column * (panel_width_mm + PANEL_GAP_MM),
            field_bottom_mm + (rows - 1 - row) * row_height_mm + (PANEL_GAP_MM if rows > 1 else 0.0),
            (panel_width_mm, panel_height_mm),
        )
        for row in range(rows)
        for column in range(columns)
    )
    key_ax = add_axes(0.0, MARGIN_MM + notes_height_mm, (width_mm, key_height_mm))
    key_ax.set_axis_off()
    write_lines(figure, blocks, left_mm=MARGIN_MM, top_mm=height_mm - MARGIN_MM, height_mm=height_mm)
    for position, column_lines in enumerate(notes):
        write_lines(
            figure,
            [(line, NOTE_PT, "normal", QUIET_INK_COLOUR) for line in column_lines],
            left_mm=MARGIN_MM + position * (column_mm + COLUMN_GAP_MM),
            top_mm=MARGIN_MM + notes_height_mm,
            height_mm=height_mm,
        )
    return MapSheet(figure, axes, key_ax)


def _list_headings(text: MapText) -> list[tuple[str, float, str, str]]:
    """Lines above the map as (text, size, weight, colour): the finding, its English, the scenario and its year."""
    language = text.language
    title = text.title if language != "en" else text.title_en
    title_pt = choose_title_size(title, MAP_WIDTH_MM)
    title_lines = wrap_text(title, title_pt, MAP_WIDTH_MM / MM_PER_PT, weight="bold")
    blocks = [(line, title_pt, "bold", INK_COLOUR) for line in title_lines]
    if language == "both":
        english = _wrap_all([text.title_en], TITLE_EN_PT, MAP_WIDTH_MM)
        blocks += [(line, TITLE_EN_PT, "normal", QUIET_INK_COLOUR) for line in english]
    year, year_en = ("", "") if text.year is None else (f"（{text.year} 年）", f" ({text.year})")
    subtitle = bilingual(f"{text.scenario}{year}", f"{text.scenario_en}{year_en}", language=language, separator="  |  ")
    return blocks + [
        (line, SUBTITLE_PT, "normal", INK_COLOUR) for line in _wrap_all([subtitle], SUBTITLE_PT, MAP_WIDTH_MM)
    ]


def write_panel_title(ax: Axes, chinese: str, english: str, *, language: Language) -> None:
    """Write the title of one map of a sheet above it, English beneath Chinese."""
    lines = [(chinese, PANEL_PT, "bold", INK_COLOUR)] if language != "en" else []
    lines += [(english, PANEL_EN_PT if lines else PANEL_PT, "normal", QUIET_INK_COLOUR)] if language != "zh" else []
    up_pt = 2.2
    for words, size_pt, weight, colour in reversed(lines):
        ax.annotate(
            words,
            xy=(0.0, 1.0),
            xycoords="axes fraction",
            xytext=(0.0, up_pt),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=size_pt,
            fontweight=weight,
            color=colour,
            annotation_clip=False,
            gid="panel-title",
        )
        up_pt += size_pt * 1.3


def choose_title_size(title: str, width_mm: float) -> float:
    """Largest size that sets the title in one line; the usual size if none does and it has to be broken."""
    sizes_pt = (TITLE_PT, TITLE_PT - 1.0, TITLE_PT - 2.0)
    fits = (size for size in sizes_pt if text_width_pt(title, size, weight="bold") * MM_PER_PT <= width_mm)
    return next(fits, TITLE_PT)


def write_lines(
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
