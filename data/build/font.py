"""Remakes sim/present/fonts: a subset of Noto Sans CJK SC small enough to ship with the project.

Needs the packages ``mpl-font`` (it carries the full fonts, SIL Open Font License 1.1) and ``fonttools``::

    pip install mpl-font==1.1.0 fonttools
    python data/build/font.py

The subset holds ASCII, Latin-1, the punctuation and signs below, the 6,763 Hanzi of GB 2312 (levels 1 and 2), and Hanzi
that GB 2312 lacks but place names of the delta use. The family is renamed, so that a full Noto installed on the same
machine is never taken for it, nor it for the full one.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FAMILY = "Sim Sans SC"
WEIGHTS = ("Regular", "Bold")
FONT_FOLDER = Path(__file__).resolve().parents[2] / "sim" / "present" / "fonts"

# Seconds since 1904 in the font's head table: fixed, so that the same source gives the same bytes.
FIXED_TIMESTAMP = 3_786_912_000

# Hanzi outside GB 2312 found in names of towns, rivers, stations and districts of the four provinces and next to them.
PLACE_NAME_HANZI = (
    "㘵㙟㳇㴔䢺䲟冚冮勍圲垟垵埇埗埼堃堉堌堽塆塝塸墈墘屃峂峃崀嵕嵖嶅嶴巉昇昉昺杛栟栢梿棪榅槜樠檇氹汈沄沚洑洴浉浛浡浬浭涘涢"
    "淴湉湜溇溍溠溵滍滘滧漎漖漷潏潓潠潵澥澴濲瀍瀴灉烔珺琤瑀瑄璟璠甪硚碶磡礐簕菉蓢衕衖赟跶郃鄌鄚鄠鄮铚镕閘阛隩頔頲飏鲘鳀麯龑"
)

# Blocks and single signs for labels, units and legends.
LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x100), 0x0101, 0x0113, 0x011B, 0x012B, 0x014D, 0x016B]
PINYIN_VOWELS = [0x01CE, 0x01D0, 0x01D2, 0x01D4, 0x01D6, 0x01D8, 0x01DA, 0x01DC]
GREEK = [*range(0x0391, 0x03A2), *range(0x03A3, 0x03AA), *range(0x03B1, 0x03C2), *range(0x03C3, 0x03CA)]
PUNCTUATION = [
    *range(0x2010, 0x2017),
    0x2018,
    0x2019,
    0x201A,
    0x201C,
    0x201D,
    0x201E,
    0x2020,
    0x2022,
    0x2025,
    0x2026,
    0x2027,
    0x2030,
    0x2032,
    0x2033,
    0x2039,
    0x203A,
    0x203B,
    0x20AC,
]
UNITS = [0x2103, 0x2116, 0x2122, 0x33A1]
NUMBER_FORMS = [*range(0x2160, 0x216C), *range(0x2460, 0x2474)]
ARROWS_AND_SIGNS = [0x2190, 0x2191, 0x2192, 0x2193, 0x2194, 0x2212, 0x221A, 0x2211, 0x2248, 0x2260, 0x2264, 0x2265]
SHAPES = [0x25A0, 0x25A1, 0x25B2, 0x25B3, 0x25CB, 0x25CF, 0x2605, 0x2606, 0x2713]
CJK_SIGNS = [*range(0x3000, 0x3018), 0x301C]
FULL_WIDTH = [*range(0xFF01, 0xFF5F), 0xFFE5]


def list_gb2312_hanzi() -> list[int]:
    """Code points of the 6,763 Hanzi of GB 2312: rows 16-55 by sound, 56-87 by radical."""
    hanzi = []
    for row in range(16, 88):
        for cell in range(1, 95):
            try:
                hanzi.append(ord(bytes([row + 0xA0, cell + 0xA0]).decode("gb2312")))
            except UnicodeDecodeError:
                # The last five cells of row 55 are empty in the standard.
                continue
    return hanzi


def list_code_points() -> list[int]:
    """Every code point that the shipped font is asked for, in order and without repeats."""
    signs = LATIN + PINYIN_VOWELS + GREEK + PUNCTUATION + UNITS + NUMBER_FORMS
    signs += ARROWS_AND_SIGNS + SHAPES + CJK_SIGNS + FULL_WIDTH
    return sorted({*signs, *list_gb2312_hanzi(), *map(ord, PLACE_NAME_HANZI)})


def find_source_folder() -> Path:
    """Folder of the full fonts inside the installed package mpl-font, found without importing it."""
    specification = find_spec("mpl_font")
    if specification is None or specification.origin is None:
        message = "the package mpl-font is not installed: pip install mpl-font==1.1.0"
        raise SystemExit(message)
    return Path(specification.origin).parent / "fonts" / "noto"


def write_subset(source: Path, target: Path, weight: str) -> set[int]:
    """Write the subset of one weight; returns the asked code points that the source has no glyph for."""
    wanted = list_code_points()
    options = subset.Options()
    # No hints (they matter on coarse screens only) and of the layout rules just what shapes Latin text.
    options.hinting = False
    options.layout_features = ["kern"]
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 14]
    options.drop_tables += ["VORG", "vhea", "vmtx", "BASE"]
    font = TTFont(source, recalcTimestamp=False)
    missing = set(wanted) - set(font.getBestCmap())
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    rename_font(font, weight)
    font["head"].created = FIXED_TIMESTAMP
    font["head"].modified = FIXED_TIMESTAMP
    font.save(target)
    return missing


def rename_font(font: TTFont, weight: str) -> None:
    """Give the subset its own family name and keep the copyright and licence records of the source."""
    postscript_name = f"{FAMILY.replace(' ', '')}-{weight}"
    names = {1: FAMILY, 2: weight, 3: f"{postscript_name};subset", 4: f"{FAMILY} {weight}", 6: postscript_name}
    for name_id, text in names.items():
        font["name"].setName(text, name_id, 3, 1, 0x409)
    # Other languages still carry the source's family name.
    font["name"].names = [record for record in font["name"].names if (record.platformID, record.langID) == (3, 0x409)]
    top = font["CFF "].cff
    top.fontNames = [postscript_name]
    top[0].FamilyName = FAMILY
    top[0].FullName = f"{FAMILY} {weight}"


def main() -> int:
    """Write both weights and say how large they are."""
    parser = argparse.ArgumentParser(description="Subset Noto Sans CJK SC into sim/present/fonts.")
    parser.add_argument("--source", type=Path, help="folder with NotoSansCJKsc-*.otf (default: the package mpl-font)")
    arguments = parser.parse_args()
    source_folder = arguments.source or find_source_folder()
    FONT_FOLDER.mkdir(parents=True, exist_ok=True)
    for weight in WEIGHTS:
        target = FONT_FOLDER / f"{FAMILY.replace(' ', '')}-{weight}.otf"
        missing = write_subset(source_folder / f"NotoSansCJKsc-{weight}.otf", target, weight)
        sys.stdout.write(f"{target.name}: {target.stat().st_size / 1e6:.2f} MB\n")
        if missing:
            sys.stdout.write("  not in the source: " + " ".join(f"U+{point:04X}" for point in sorted(missing)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
