"""Last stage, how it looks: classes, colours, line styles, type sizes, the shipped font; the same in every figure."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

from matplotlib import style
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font, LoadFlags

from sim.errors import InputError

__all__ = [
    "CUTOFFS_MIN",
    "DASHES",
    "HEAVY_CUTOFFS_MIN",
    "LABEL_SIZES_PT",
    "LINE_STYLES",
    "Language",
    "Weight",
    "band_colours",
    "band_labels",
    "bilingual",
    "check_glyphs",
    "map_style",
    "missing_glyphs",
    "text_width_pt",
    "wrap_text",
]

Language = Literal["both", "zh", "en"]
Weight = Literal["normal", "bold"]

# Upper ends of the travel-time classes in minutes, fixed across a report so that any two of its maps compare.
CUTOFFS_MIN = (30.0, 60.0, 90.0, 120.0, 180.0)
# The plan's two circles: drawn as heavy lines on every isochrone map.
HEAVY_CUTOFFS_MIN = (60.0, 120.0)

# Near is dark, far is light. Lightness rises in even steps from indigo over teal to straw, as in viridis, so that the
# order survives every colour-vision deficiency and a grey printer; the ends are held back so that labels stay legible.
_RAMP = LinearSegmentedColormap.from_list(
    "sim_minutes", ["#323a7a", "#2f6390", "#3d8b9d", "#70b59a", "#a8cf92", "#dde2a0"], N=256
)
# Land that is reached, but later than the last cut-off: lighter than the last class and without its hue.
BEYOND_COLOUR = "#f7f4e6"

SEA_COLOUR = "#e9eff3"
GRATICULE_COLOUR = "#cbd7df"
WATER_NAME_COLOUR = "#56788f"
COAST_COLOUR = "#74868f"
OUTSIDE_COLOUR = "#f1f0ee"
UNREACHABLE_COLOUR = "#fbfbfb"
HATCH_COLOUR = "#8c8c8c"
UNREACHABLE_HATCH = "//////"
INK_COLOUR = "#1c1c1c"
QUIET_INK_COLOUR = "#5b6166"
NEW_COLOUR = "#d7301f"
ORIGIN_COLOUR = "#d7301f"

# A colour for each of `sim.measures.difference.CHANGE_BREAKS_MIN`, on either side of zero.
# PuOr of ColorBrewer (Brewer, Harrower): orange slower, purple faster, dark at both ends; no red against green.
SLOWER_COLOURS = ("#fee0b6", "#fdb863", "#e08214", "#b35806", "#7f3b08")
FASTER_COLOURS = ("#d8daeb", "#b2abd2", "#8073ac", "#542788", "#2d004b")
# In grey both sides look alike, so what gets slower is hatched too.
SLOWER_HATCH = "\\\\\\"
NO_CHANGE_COLOUR = "#f6f5f1"
# Classes of their own carry a hatch, so that they are told apart without colour.
NEWLY_COLOUR, NEWLY_HATCH = "#00785a", "...."
LOST_COLOUR, LOST_HATCH = "#4a4a4a", "xxxx"
# Colours and hatches of things without an order (Okabe and Ito 2008, darkened so that white hatches show).
PROJECT_LOOKS = (
    ("#0072b2", ""),
    ("#d55e00", "////"),
    ("#007a5a", "...."),
    ("#a8528c", "\\\\\\\\"),
    ("#b8860b", "----"),
    ("#3d8fb8", "||||"),
    ("#6b4c2a", "++++"),
    ("#4d4d4d", "xxxx"),
)

# The readings of a circle, in the words of the report; which share of the pairs of people counts differs by target.
READING_NAMES = {
    "station_fastest": ("站到站，最快车次", "station to station, fastest train"),
    "station_service": ("站到站，含候车", "station to station, with the wait"),
    "centre_to_centre": ("中心到中心", "centre to centre"),
    "door_to_door": ("门到门", "door to door"),
}
# Lines of a chart in their order: colour, dashes, width in points; told apart by dashes in grey.
SERIES_LOOKS: tuple[tuple[str, tuple[float, ...] | None, float], ...] = (
    ("#8c949a", None, 2.0),
    ("#1c1c1c", (4.0, 1.5), 1.1),
    ("#2f6390", (1.2, 1.0), 1.4),
    ("#b8860b", (6.0, 1.2, 1.2, 1.2), 1.2),
    ("#d7301f", None, 1.3),
    ("#6a3d9a", (2.4, 1.2), 1.2),
    ("#007a5a", (0.8, 0.8), 1.4),
)

# Status of a project -> colour and dashes in line widths; surest first. The dashes alone tell them apart in grey.
STATUS_LOOKS: dict[str, tuple[str, tuple[float, ...] | None]] = {
    "open": ("#1c1c1c", None),
    "building": ("#d7301f", None),
    "approved": ("#c2471a", (5.0, 1.2)),
    "planned": ("#a0522d", (2.4, 1.2)),
    "studied": ("#6a3d9a", (0.9, 1.1)),
}
STATUS_NAMES = {
    "open": ("已开通", "open"),
    "building": ("在建", "being built"),
    "approved": ("已批复", "approved"),
    "planned": ("规划", "planned"),
    "studied": ("研究", "studied"),
}

# Widths of the heavy lines in points, the nearer circle first.
HEAVY_WIDTHS_PT = (1.7, 1.0)

# (kind, status) -> line width in points, colour, colour of the casing, width of the casing on each side in points.
LINE_STYLES: dict[tuple[str, str], tuple[float, str, str, float]] = {
    ("hsr", "existing"): (0.95, "#4d545a", "#ffffff", 0.35),
    ("mixed", "existing"): (0.7, "#4d545a", "#ffffff", 0.3),
    ("conventional", "existing"): (0.4, "#6d747a", "#ffffff", 0.25),
    ("suburban", "existing"): (0.4, "#6d747a", "#ffffff", 0.25),
    ("link", "existing"): (0.4, "#6d747a", "#ffffff", 0.25),
    ("rail", "new"): (1.6, NEW_COLOUR, "#ffffff", 0.45),
    ("sea_road", "existing"): (0.7, "#fff3d6", "#7a4b12", 0.4),
    ("sea_road", "new"): (1.6, NEW_COLOUR, "#ffffff", 0.45),
}

# Lines that are drawn in dashes, in line widths: new roads, to differ from new railways without colour.
OUTLINE_DASHES = (1.2, 1.6)
DASHES: dict[tuple[str, str], tuple[float, float]] = {("sea_road", "new"): (2.2, 1.1)}

# Rank of a place -> sizes of its Chinese and its English name in points.
LABEL_SIZES_PT: dict[int, tuple[float, float]] = {
    0: (9.0, 6.2),
    1: (8.0, 5.8),
    2: (7.0, 5.2),
    3: (6.2, 5.0),
    4: (5.6, 5.0),
}

FONT_FAMILY = "Sim Sans SC"
_FONT_FOLDER = Path(__file__).parent / "fonts"
_FONT_FILES: dict[Weight, Path] = {
    "normal": _FONT_FOLDER / "SimSansSC-Regular.otf",
    "bold": _FONT_FOLDER / "SimSansSC-Bold.otf",
}

# Everything that could change the bytes of a file from one machine to the next is set here, whatever a user's own
# matplotlibrc says.
_SETTINGS = {
    "font.family": [FONT_FAMILY],
    "font.size": 7.0,
    "text.color": INK_COLOUR,
    "axes.edgecolor": QUIET_INK_COLOUR,
    "axes.linewidth": 0.5,
    "hatch.linewidth": 0.35,
    "hatch.color": HATCH_COLOUR,
    "figure.dpi": 100.0,
    "savefig.dpi": 300.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "sim",
    # Hinting moves letters to whole pixels, and lines measured without it would run past their column.
    "text.hinting": "none",
}


@contextmanager
def map_style() -> Iterator[None]:
    """Set the project's settings and font for the figures made, drawn or saved inside the block.

    Nothing is set by importing this module. On leaving the block every setting is as before; the only trace is that
    matplotlib knows one more font family, under a name that no other font has.
    """
    _register_fonts()
    with style.context(["default", _SETTINGS]):
        yield


@cache
def _register_fonts() -> None:
    for path in _FONT_FILES.values():
        fontManager.addfont(path)


def band_colours(n_bands: int) -> list[str]:
    """Colours of the classes from near (dark) to far (light), as hex text.

    Examples
    --------
    >>> band_colours(2)
    ['#323a7a', '#dde2a0']
    """
    if n_bands == 1:
        return [to_hex(_RAMP(0.0))]
    return [to_hex(_RAMP(band / (n_bands - 1))) for band in range(n_bands)]


def band_labels(cutoffs_min: Sequence[float]) -> list[str]:
    """Names of the classes below each cut-off and of the one beyond the last, in minutes.

    Examples
    --------
    >>> band_labels([30, 60])
    ['0–30', '30–60', '>60']
    """
    lower = [0.0, *cutoffs_min[:-1]]
    inside = [f"{low:g}\N{EN DASH}{high:g}" for low, high in zip(lower, cutoffs_min, strict=True)]
    return [*inside, f">{cutoffs_min[-1]:g}"]


def bilingual(chinese: str, english: str, *, language: Language = "both", separator: str = " ") -> str:
    """Return the Chinese, the English, or the Chinese followed by the English of one thing.

    Examples
    --------
    >>> bilingual("分钟", "minutes")
    '分钟 minutes'
    >>> bilingual("分钟", "minutes", language="en")
    'minutes'
    """
    if language == "zh":
        return chinese
    if language == "en":
        return english
    return separator.join(part for part in (chinese, english) if part)


@cache
def _open_font(weight: Weight) -> FT2Font:
    return FT2Font(str(_FONT_FILES[weight]))


@cache
def _known_code_points(weight: Weight) -> frozenset[int]:
    return frozenset(_open_font(weight).get_charmap())


def missing_glyphs(text: str, *, weight: Weight = "normal") -> list[str]:
    """Characters of `text` that the shipped font cannot draw, in order of appearance; line breaks do not count."""
    known = _known_code_points(weight)
    return list(dict.fromkeys(sign for sign in text if ord(sign) not in known and sign != "\n"))


def check_glyphs(texts: Iterable[str]) -> None:
    """Refuse texts that would show empty boxes.

    Raises
    ------
    InputError
        One sentence for each text with a character that the shipped font lacks.
    """
    problems = []
    for text in texts:
        missing = missing_glyphs(text)
        if missing:
            signs = ", ".join(f"{sign} (U+{ord(sign):04X})" for sign in missing)
            problems.append(
                f"map text {text!r}: the shipped font has no glyph for {signs}; write it otherwise, or add it to "
                "PLACE_NAME_HANZI in data/build/font.py and run that script"
            )
    if problems:
        raise InputError(problems)


@cache
def _advance_em(sign: str, weight: Weight) -> float:
    font = _open_font(weight)
    glyph = font.load_char(ord(sign), flags=LoadFlags.NO_SCALE)
    return float(glyph.horiAdvance) / float(font.units_per_EM)


def text_width_pt(text: str, size_pt: float, *, weight: Weight = "normal") -> float:
    """Width of one line of text in points: the sum of the advances of its characters.

    A Hanzi is as wide as its size, so two of them at 10 points take 20:

    >>> text_width_pt("宁波", 10.0)
    20.0
    """
    return size_pt * sum(_advance_em(sign, weight) for sign in text)


def _split_words(text: str) -> list[str]:
    """Cut where a line may break: after a space, and on both sides of a Hanzi (not before closing punctuation)."""
    pieces: list[str] = []
    for sign in text:
        closes = sign in "，。；：、）》」？！%,.;:)"
        latin_goes_on = bool(pieces) and ord(sign) < 0x2E80 and ord(pieces[-1][-1]) < 0x2E80 and pieces[-1][-1] != " "
        if pieces and (closes or latin_goes_on or (sign == " ")):
            pieces[-1] += sign
        else:
            pieces.append(sign)
    return pieces


def wrap_text(text: str, size_pt: float, width_pt: float, *, weight: Weight = "normal") -> list[str]:
    """Break a text, Chinese or English, into lines that are no wider than `width_pt`; line breaks in it are kept.

    Examples
    --------
    >>> wrap_text("宁波都市圈", 10.0, 30.0)
    ['宁波都', '市圈']
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _split_words(paragraph):
            if line and text_width_pt((line + piece).rstrip(), size_pt, weight=weight) > width_pt:
                lines.append(line.rstrip())
                line = piece
            else:
                line += piece
        lines.append(line.rstrip())
    return lines
