"""Last stage, maps of one number a city: how its weighted average travel time changes."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.measures.difference import CHANGE_BREAKS_MIN
from sim.present.base_map import Z_LABEL, Z_PLACE, BaseMap, draw_base
from sim.present.difference_maps import CLASS_ROW_MM, list_change_labels
from sim.present.furniture import MAP_HEIGHT_MM, MAP_WIDTH_MM, MapText, make_sheet
from sim.present.ground import draw_layers
from sim.present.isochrone_maps import Bbox, check_map_texts, choose_extent, list_layer_entries, symbols_height_mm
from sim.present.key import Swatch, Symbol, draw_swatches, draw_symbol_key, known_symbols
from sim.present.labels import Label, draw_labels, place_labels
from sim.present.layers import MapLayers
from sim.present.lettering import map_style
from sim.present.page import open_page
from sim.present.style import FASTER_COLOURS, INK_COLOUR, NO_CHANGE_COLOUR, SLOWER_COLOURS

__all__ = ["draw_city_change_map"]

# Area of a city's disc: square points a minute, and the smallest disc in points.
AREA_PT2_PER_MIN, SMALLEST_PT = 14.0, 3.0


def draw_city_change_map(
    cities: pd.DataFrame, *, base: BaseMap, layers: MapLayers, text: MapText, bbox: Bbox | None = None
) -> Figure:
    """Return a sheet with a disc for each city, its area the minutes saved, its number written beside its name.

    Discs instead of coloured areas, because a map of administrative areas says more about borders than about cities,
    and needs no review of borders.

    Parameters
    ----------
    cities
        Columns name, name_en, lon, lat, before_min, after_min.
    layers
        Lines and names of waters under the discs; its places are not drawn.
    """
    saved = (cities["before_min"] - cities["after_min"]).to_numpy(dtype=float)
    check_map_texts(text, layers, [*cities["name"], *cities["name_en"]])
    disc = Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markersize=disc_pt(10.0),
        markerfacecolor="white",
        markeredgecolor=INK_COLOUR,
        markeredgewidth=0.5,
    )
    scale = Symbol((disc,), "圆面积：变化10分钟", "area of the disc: a change of 10 min")
    symbols = [scale, *known_symbols(list_layer_entries(layers))]
    key_height_mm = CLASS_ROW_MM + symbols_height_mm(symbols, text.language)
    with map_style():
        sheet = make_sheet(text, base.crs, key_height_mm=key_height_mm)
        extent = choose_extent(base, bbox=bbox, width_over_height=MAP_WIDTH_MM / MAP_HEIGHT_MM)
        draw_base(sheet.ax, base, extent)
        draw_layers(sheet.ax, base, extent, layers=layers, language=text.language)
        page = open_page(sheet.ax, base, extent, text.language)
        labels = []
        for row, minutes in zip(cities.itertuples(), saved, strict=True):
            if not np.isfinite(minutes):
                continue
            x_pt, y_pt = page.place(float(row.lon), float(row.lat))
            # A fall in minutes is a minus, as in every table of the report.
            change = f"{-minutes:+.0f}".replace("-", "\N{MINUS SIGN}") if abs(minutes) >= 0.5 else "0"
            english = f"{row.name_en} {change}" if text.language == "en" else str(row.name_en)
            labels.append(Label(f"{row.name} {change}", english, 3, x_pt, y_pt, disc_pt(minutes)))
            sheet.ax.plot(
                *page.invert(x_pt, y_pt),
                marker="o",
                markersize=disc_pt(minutes),
                markerfacecolor=colour_of(minutes),
                markeredgecolor=INK_COLOUR,
                markeredgewidth=0.4,
                zorder=Z_PLACE,
                gid="city-disc",
                scalex=False,
                scaley=False,
            )
        placed = place_labels(labels, frame=page.frame, language=text.language)
        draw_labels(sheet.ax, placed, language=text.language, zorder=Z_LABEL)
        colours = (*SLOWER_COLOURS[::-1], NO_CHANGE_COLOUR, *FASTER_COLOURS)
        swatches = [
            Swatch(label, colour, width_mm=11.4) for label, colour in zip(list_change_labels(), colours, strict=True)
        ]
        heading = ("变化：左慢右快（分钟）", "Slower | faster (minutes)")
        draw_swatches(
            sheet.key_ax, swatches, heading=heading, top_mm=key_height_mm - 2.0, language=text.language, left_mm=36.0
        )
        draw_symbol_key(sheet.key_ax, symbols, top_mm=key_height_mm - CLASS_ROW_MM, language=text.language)
    return sheet.figure


def disc_pt(minutes: float) -> float:
    """Diameter in points of the disc of a city whose minutes change by so much.

    Examples
    --------
    >>> round(disc_pt(20.0) / disc_pt(10.0), 3)
    1.414
    """
    return float(max(SMALLEST_PT, 2.0 * np.sqrt(abs(minutes) * AREA_PT2_PER_MIN / np.pi)))


def colour_of(saved_min: float) -> str:
    """Return the colour of a change, of the classes of the difference maps."""
    step = int(np.digitize(abs(saved_min), CHANGE_BREAKS_MIN))
    if step == 0:
        return NO_CHANGE_COLOUR
    return (FASTER_COLOURS if saved_min > 0 else SLOWER_COLOURS)[step - 1]
