"""Last stage, letters: the shipped font, the settings of every sheet, which characters there are and how wide a text is."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

from matplotlib import style
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font, LoadFlags

from sim.errors import InputError
from sim.present.style import HATCH_COLOUR, INK_COLOUR, QUIET_INK_COLOUR

__all__ = ["Weight", "check_glyphs", "map_style", "missing_glyphs", "text_width_pt", "wrap_text"]

Weight = Literal["normal", "bold"]

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
