"""Last stage, the same colours in QGIS: styles inside GeoPackages.

A GeoPackage with a table `layer_styles` opens in QGIS with its default style (QGIS manual, "Saving and loading
styles").
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from sim.present.style import (
    COAST_COLOUR,
    HEAVY_CUTOFFS_MIN,
    HEAVY_WIDTHS_PT,
    INK_COLOUR,
    LINE_STYLES,
    OUTSIDE_COLOUR,
    SEA_COLOUR,
    STATUS_LOOKS,
    STATUS_NAMES,
    band_colours,
    band_labels,
)

__all__ = [
    "QGIS_VERSION",
    "Category",
    "Geometry",
    "add_styles",
    "renderer_of",
    "spell_colour",
    "spell_style",
    "style_ground",
    "style_isochrones",
    "style_network",
]

QGIS_VERSION = "3.34.0"
MM_PER_PT = 25.4 / 72.0
GROUND_OUTLINE_PT = 0.3
FIXED_TIME = "2000-01-01T00:00:00.000Z"
"""When a style was written is no part of it: the same style gives the same bytes."""

LAYER_STYLES = """
CREATE TABLE IF NOT EXISTS layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)
"""

Geometry = Literal["fill", "line"]


@dataclass(frozen=True)
class Category:
    """One class of a layer: the value it has, its name, and how it is drawn.

    Attributes
    ----------
    colour
        Of the fill or the line, as hex text.
    outline
        Colour and width in points of the outline of a fill; none if not given.
    width_pt, dashes
        Of a line; dashes in line widths.
    pattern
        Brush of QGIS in white over the fill ("diagonal_x", "dense7"); none if empty.
    """

    value: str
    label: str
    colour: str
    outline: tuple[str, float] | None = None
    width_pt: float = 1.0
    dashes: tuple[float, ...] | None = None
    pattern: str = ""


def style_isochrones(cutoffs_min: Sequence[float]) -> tuple[Category, ...]:
    """Return the classes of an isochrone layer by `cutoff_min`, in the colours of the maps, the two circles outlined."""
    labels, colours = band_labels(cutoffs_min), band_colours(len(cutoffs_min))
    widths = dict(zip(HEAVY_CUTOFFS_MIN, HEAVY_WIDTHS_PT, strict=True))
    return tuple(
        Category(f"{cutoff:g}", f"{label} min", colour, (INK_COLOUR, widths[cutoff]) if cutoff in widths else None)
        for cutoff, label, colour in zip(cutoffs_min, labels, colours, strict=False)
    )


def style_network() -> tuple[Category, ...]:
    """Return the classes of a layer of lines by `status`, in the colours of the network map."""
    open_pt, open_colour, _, _ = LINE_STYLES["hsr", "existing"]
    looks = [Category("existing", "existing", open_colour, width_pt=open_pt)]
    looks += [
        Category(status, STATUS_NAMES[status][1], colour, width_pt=1.6, dashes=dashes)
        for status, (colour, dashes) in STATUS_LOOKS.items()
    ]
    return tuple(looks)


def style_ground() -> tuple[Category, ...]:
    """Return the classes of a layer of land and water by `kind`, in the colours of the maps."""
    coast = (COAST_COLOUR, GROUND_OUTLINE_PT)
    return (Category("land", "land", OUTSIDE_COLOUR, coast), Category("water", "water", SEA_COLOUR, coast))


def spell_style(column: str, categories: Sequence[Category], geometry: Geometry) -> str:
    """Return a style as QML, the XML of QGIS: one symbol for each value of a column."""
    root = ET.Element("qgis", version=QGIS_VERSION, styleCategories="Symbology")
    root.append(renderer_of(column, categories, geometry))
    ET.indent(root)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(root, encoding="unicode") + "\n"


def renderer_of(column: str, categories: Sequence[Category], geometry: Geometry) -> ET.Element:
    """Return how a layer is drawn, as QGIS spells it: one symbol for each value of a column."""
    renderer = ET.Element(
        "renderer-v2",
        {"type": "categorizedSymbol", "attr": column, "enableorderby": "1", "forceraster": "0", "symbollevels": "0"},
    )
    listed, symbols = ET.SubElement(renderer, "categories"), ET.SubElement(renderer, "symbols")
    for number, category in enumerate(categories):
        ET.SubElement(
            listed,
            "category",
            {"value": category.value, "symbol": str(number), "label": category.label, "render": "true"},
        )
        symbols.append(_symbol(str(number), category, geometry))
    # Isochrones are nested: the widest is drawn first, so that the nearer ones lie on it.
    order = ET.SubElement(renderer, "orderby")
    ET.SubElement(order, "orderByClause", asc="0", nullsFirst="0").text = f'"{column}"'
    return renderer


def _symbol(name: str, category: Category, geometry: Geometry) -> ET.Element:
    symbol = ET.Element("symbol", name=name, type=geometry, alpha="1", clip_to_extent="1", force_rhr="0")
    if geometry == "line":
        options = {
            "line_color": spell_colour(category.colour),
            "line_width": f"{category.width_pt:g}",
            "line_width_unit": "Point",
            "line_style": "solid",
            "capstyle": "flat",
            "joinstyle": "round",
            "use_custom_dash": "1" if category.dashes else "0",
            "customdash_unit": "Point",
            "customdash": ";".join(f"{dash * category.width_pt:g}" for dash in category.dashes or (5.0, 2.0)),
        }
        symbol.append(_symbol_layer("SimpleLine", options))
        return symbol
    outline, width_pt = category.outline or ("#ffffff", 0.0)
    options = {
        "color": spell_colour(category.colour),
        "style": "solid",
        "outline_color": spell_colour(outline),
        "outline_style": "solid" if category.outline else "no",
        "outline_width": f"{width_pt * MM_PER_PT:.4g}",
        "outline_width_unit": "MM",
        "joinstyle": "round",
    }
    symbol.append(_symbol_layer("SimpleFill", options))
    if category.pattern:
        white = {"color": spell_colour("#ffffff"), "style": category.pattern, "outline_style": "no"}
        symbol.append(_symbol_layer("SimpleFill", white))
    return symbol


def _symbol_layer(kind: str, options: Mapping[str, str]) -> ET.Element:
    layer = ET.Element("layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    table = ET.SubElement(layer, "Option", type="Map")
    for name, value in options.items():
        ET.SubElement(table, "Option", name=name, type="QString", value=value)
    return layer


def spell_colour(colour: str) -> str:
    """Return a colour, given as hex text, as QGIS writes it.

    Examples
    --------
    >>> spell_colour("#ff8000")
    '255,128,0,255'
    """
    return ",".join([*(str(int(colour[start : start + 2], 16)) for start in (1, 3, 5)), "255"])


def add_styles(path: Path, styles: Mapping[str, str]) -> None:
    """Write styles into a GeoPackage, so that QGIS opens each layer with its own.

    Parameters
    ----------
    path
        An existing GeoPackage.
    styles
        Layer -> QML from `spell_style`; a style that a layer had before is replaced.
    """
    with closing(sqlite3.connect(path)) as database, database:
        columns = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        database.execute(LAYER_STYLES)
        database.execute(
            "INSERT OR REPLACE INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (FIXED_TIME,),
        )
        for layer, style in styles.items():
            database.execute("DELETE FROM layer_styles WHERE f_table_name = ?", (layer,))
            database.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
                " styleQML, styleSLD, useAsDefault, description, owner, ui, update_time)"
                " VALUES ('', '', ?, ?, ?, ?, '', 1, '', '', '', ?)",
                (layer, columns[layer], layer[:30], style, FIXED_TIME),
            )
