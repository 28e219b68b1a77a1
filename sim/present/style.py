"""Last stage, how it looks: classes, colours, line styles, type sizes; the same in every figure and in QGIS.

Nothing here draws: what only needs the colours does not wait for matplotlib to be loaded.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

__all__ = [
    "CUTOFFS_MIN",
    "DASHES",
    "HEAVY_CUTOFFS_MIN",
    "LABEL_SIZES_PT",
    "LINE_STYLES",
    "Language",
    "band_colours",
    "band_labels",
    "bilingual",
]

Language = Literal["both", "zh", "en"]

# Upper ends of the travel-time classes in minutes, fixed across a report so that any two of its maps compare.
CUTOFFS_MIN = (30.0, 60.0, 90.0, 120.0, 180.0)
# The plan's two circles: drawn as heavy lines on every isochrone map.
HEAVY_CUTOFFS_MIN = (60.0, 120.0)

# Near is dark, far is light. Lightness rises in even steps from indigo over teal to straw, as in viridis, so that the
# order survives every colour-vision deficiency and a grey printer; the ends are held back so that labels stay legible.
_RAMP = ("#323a7a", "#2f6390", "#3d8b9d", "#70b59a", "#a8cf92", "#dde2a0")
_RAMP_SHADES = 256
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


def band_colours(n_bands: int) -> list[str]:
    """Colours of the classes from near (dark) to far (light), as hex text.

    Examples
    --------
    >>> band_colours(2)
    ['#323a7a', '#dde2a0']
    """
    shares = np.linspace(0.0, 1.0, _RAMP_SHADES)
    knots = np.linspace(0.0, 1.0, len(_RAMP))
    parts = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in _RAMP])
    shades = np.column_stack([np.interp(shares, knots, part) for part in parts.T]).round().astype(int).tolist()
    chosen = [shades[min(_RAMP_SHADES * band // max(n_bands - 1, 1), _RAMP_SHADES - 1)] for band in range(n_bands)]
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in chosen]


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
