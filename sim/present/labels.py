"""Last stage, names on a map: set beside their dots so that no two overlap, the same way every time.

A greedy placement: places are taken in order of rank, each tries a fixed list of positions around its dot, and takes
the one that costs least. Overlapping another name, a dot or the frame is forbidden; covering lines is only dear.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from sim.present.lettering import Weight, text_width_pt
from sim.present.style import INK_COLOUR, LABEL_SIZES_PT, Language

__all__ = ["Box", "Label", "PlacedLabel", "draw_labels", "place_labels"]

# Height of a line of text over its size: Hanzi fill the square, Latin capitals and descenders about as much.
LINE_HEIGHT_EM = 1.12
# Height of the baseline over the foot of its line.
BASELINE_EM = 0.19
# Ranks up to this one are set in bold.
LAST_BOLD_RANK = 1
# Free space kept around every name, in points.
PADDING_PT = 0.7
# Cost of each point of a line or station that a name covers, against one step down the list of positions.
COVER_COST = 0.5


@dataclass(frozen=True)
class Box:
    """A rectangle on paper in points."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share more than an edge."""
        return (
            self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top
        )

    def inside(self, other: "Box") -> bool:
        """Whether this one lies wholly in the other."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.bottom >= other.bottom
            and self.top <= other.top
        )

    def count_points(self, points_pt: NDArray[np.float64]) -> int:
        """How many points lie in it."""
        x_pt, y_pt = points_pt[:, 0], points_pt[:, 1]
        hit = (x_pt > self.left) & (x_pt < self.right) & (y_pt > self.bottom) & (y_pt < self.top)
        return int(np.count_nonzero(hit))


@dataclass(frozen=True)
class Label:
    """A name to set: Chinese with English beneath, beside a dot at (x_pt, y_pt) on paper."""

    name: str
    name_en: str
    rank: int
    x_pt: float
    y_pt: float
    dot_pt: float

    def size_pt(self, language: Language) -> tuple[float, float]:
        """Width and height of the name as set."""
        lines = self.list_lines(language)
        width_pt = max(text_width_pt(text, size_pt, weight=weight) for text, size_pt, weight in lines)
        return width_pt, sum(size_pt for _, size_pt, _ in lines) * LINE_HEIGHT_EM

    def list_lines(self, language: Language) -> list[tuple[str, float, Weight]]:
        """Return text, size in points and weight of each line from the top."""
        chinese_pt, english_pt = LABEL_SIZES_PT[self.rank]
        weight: Weight = "bold" if self.rank <= LAST_BOLD_RANK else "normal"
        if language == "zh":
            return [(self.name, chinese_pt, weight)]
        if language == "en":
            # Alone, the English name is the main one: larger than under a Chinese name.
            return [(self.name_en, 1.15 * english_pt, weight)]
        return [(self.name, chinese_pt, weight), (self.name_en, english_pt, "normal")]

    @property
    def dot_box(self) -> Box:
        """The square that the dot takes."""
        half = self.dot_pt / 2
        return Box(self.x_pt - half, self.y_pt - half, self.x_pt + half, self.y_pt + half)


@dataclass(frozen=True)
class PlacedLabel:
    """A name with its box on paper and the side of the box that its lines are flush with."""

    label: Label
    box: Box
    align: str


def _list_positions(label: Label, language: Language) -> list[PlacedLabel]:
    """Positions in order of preference: right, left, above, below, the corners; then the same farther away."""
    width, height = label.size_pt(language)
    placed = []
    for gap in (1.2, 3.6, 7.0):
        reach = label.dot_pt / 2 + gap
        right, left = label.x_pt + reach, label.x_pt - reach - width
        middle_x, middle_y = label.x_pt - width / 2, label.y_pt - height / 2
        above, below = label.y_pt + reach * 0.8, label.y_pt - reach * 0.8 - height
        spots = (
            (right, middle_y, "left"),
            (left, middle_y, "right"),
            (middle_x, above, "center"),
            (middle_x, below, "center"),
            (right - reach * 0.4, above - reach * 0.3, "left"),
            (right - reach * 0.4, below + reach * 0.3, "left"),
            (left + reach * 0.4, above - reach * 0.3, "right"),
            (left + reach * 0.4, below + reach * 0.3, "right"),
        )
        placed += [PlacedLabel(label, Box(x, y, x + width, y + height), align) for x, y, align in spots]
    return placed


def place_labels(
    labels: Sequence[Label],
    *,
    frame: Box,
    obstacles: Sequence[Box] = (),
    covered_points_pt: NDArray[np.float64] | None = None,
    language: Language = "both",
) -> list[PlacedLabel]:
    """Set each name where it overlaps nothing; a name that fits nowhere is left out, lower ranks first.

    Parameters
    ----------
    labels
        Names with their dots. Rank 0 is set first, 3 last; within a rank, in the order given.
    frame
        The map's frame: names stay inside.
    obstacles
        Boxes that no name may touch (legend, scale bar).
    covered_points_pt
        (n, 2) points along lines that a name should rather not cover.
    language
        Which of the two names are set.
    """
    points = np.zeros((0, 2)) if covered_points_pt is None else covered_points_pt
    dots = [label.dot_box for label in labels]
    placed: list[PlacedLabel] = []
    for label in sorted(labels, key=lambda one: one.rank):
        others = [dot for one, dot in zip(labels, dots, strict=True) if one is not label]
        taken = [*obstacles, *others, *(one.box for one in placed)]
        best: tuple[float, PlacedLabel] | None = None
        for step, candidate in enumerate(_list_positions(label, language)):
            box = candidate.box
            padded = Box(box.left - PADDING_PT, box.bottom - PADDING_PT, box.right + PADDING_PT, box.top + PADDING_PT)
            if not padded.inside(frame) or any(padded.overlaps(other) for other in taken):
                continue
            cost = step + COVER_COST * box.count_points(points)
            if best is None or cost < best[0]:
                best = (cost, candidate)
        if best is not None:
            placed.append(best[1])
    return placed


def draw_labels(ax: Axes, placed: Sequence[PlacedLabel], *, language: Language, zorder: float) -> None:
    """Write placed names; their boxes count from the lower left corner of the axes."""
    halo = [withStroke(linewidth=1.8, foreground=(1.0, 1.0, 1.0, 0.9))]
    for one in placed:
        x_pt = {"left": one.box.left, "right": one.box.right, "center": (one.box.left + one.box.right) / 2}[one.align]
        bottom_pt = one.box.bottom
        for text, size_pt, weight in reversed(one.label.list_lines(language)):
            baseline_pt = bottom_pt + BASELINE_EM * size_pt
            bottom_pt += size_pt * LINE_HEIGHT_EM
            ax.annotate(
                text,
                xy=(0.0, 0.0),
                xycoords="axes fraction",
                xytext=(x_pt, baseline_pt),
                textcoords="offset points",
                ha=one.align,
                va="baseline",
                fontsize=size_pt,
                fontweight=weight,
                color=INK_COLOUR,
                path_effects=halo,
                zorder=zorder,
                annotation_clip=False,
            )
