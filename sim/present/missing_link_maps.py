"""Last stage, the map of missing road links: the main roads in grey, each link in red with its rank, listed below."""

from collections.abc import Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.network.network import Network
from sim.present.base_map import Z_NEW, Z_ROAD, BaseMap, Extent, draw_base
from sim.present.furniture import MapText, make_sheet
from sim.present.ground import draw_layers
from sim.present.isochrone_maps import Bbox, check_map_texts, choose_extent, symbols_height_mm
from sim.present.key import Symbol, draw_list, draw_symbol_key, list_height_mm
from sim.present.layers import Badge
from sim.present.lettering import map_style
from sim.present.result_layers import SOURCES, base_of, open_layers_of, places_near
from sim.present.style import Language
from sim.region.region import Region
from sim.scenario.scenario import Scenario

__all__ = ["draw_missing_links"]

LINK_COLOURS = {"found": "#b2182b", "given": "#2166ac"}
KIND_NAMES = {"found": ("找到的缺口", "gap found"), "given": ("规划人员提出", "given by planners")}
ROAD_COLOURS = {True: "#8d939a", False: "#c4c8cc"}
"""Of roads entered at interchanges only, and of the others."""
LINK_PT, LEAST_SHOWN_DEGREES, MARGIN_SHARE = 2.2, 0.6, 0.15
MAP_HEIGHT_MM = 150.0


def draw_missing_links(
    links: gpd.GeoDataFrame,
    *,
    network: Network,
    region: Region,
    scenario: Scenario,
    horizon_min: float = 60.0,
    language: Language = "both",
) -> Figure:
    """Return a sheet of missing links over the main roads, the part of the land that holds them all.

    Parameters
    ----------
    links
        From `MissingLinks.to_geodataframe`; at least one.

    Raises
    ------
    InputError
        If the region has no coast to draw, or the font lacks a character of a name.
    """
    base, bbox = base_of(region), _box_around(links)
    rows = [_describe(row, language) for row in links.to_dict("records")]
    text = _text_of(links, scenario, horizon_min, language)
    layers = replace(open_layers_of(network, region), rail=None, stations=None)
    layers = replace(layers, places=places_near(region, layers.places, bbox))
    check_map_texts(text, layers, [words for _, _, words in rows])
    symbols = _list_symbols(links)
    columns = 2 if language == "both" else 3
    symbols_mm = symbols_height_mm(symbols, language)
    key_height_mm = 2.0 + symbols_mm + 1.5 + list_height_mm(len(rows), columns=columns)
    with map_style():
        sheet = make_sheet(text, base.crs, key_height_mm=key_height_mm, map_height_mm=MAP_HEIGHT_MM)
        extent = choose_extent(base, bbox=bbox, width_over_height=sheet.shape)
        draw_base(sheet.ax, base, extent)
        _draw_roads(sheet.ax, network, base, extent)
        projected = links.to_crs(base.crs)
        _draw_links(sheet.ax, projected)
        badges = tuple(
            Badge(number, shapely.get_coordinates(shape), colour)
            for (number, colour, _), shape in zip(rows, projected.geometry, strict=True)
        )
        draw_layers(sheet.ax, base, extent, layers=replace(layers, badges=badges), language=language)
        draw_symbol_key(sheet.key_ax, symbols, top_mm=key_height_mm - 2.0, language=language)
        draw_list(sheet.key_ax, rows, top_mm=key_height_mm - 2.0 - symbols_mm - 1.5, columns=columns)
    return sheet.figure


def _box_around(links: gpd.GeoDataFrame) -> Bbox:
    """Return the box in degrees that holds the links, with a margin and not too small."""
    west, south, east, north = links.total_bounds
    margin = [max(MARGIN_SHARE * size, (LEAST_SHOWN_DEGREES - size) / 2) for size in (east - west, north - south)]
    return (west - margin[0], south - margin[1], east + margin[0], north + margin[1])


def _text_of(links: gpd.GeoDataFrame, scenario: Scenario, horizon_min: float, language: Language) -> MapText:
    best = links.iloc[0]
    return MapText(
        title=f"缺失路段候选{len(links)}处，最省时的是{best['name']}",
        title_en=f"{len(links)} candidate missing road links; {best['name_en']} saves most",
        scenario=scenario.name,
        scenario_en=scenario.name_en,
        year=scenario.year,
        definition=f"表中：直线缺口km与节省的人·分钟，按后者排序：每人单程一次，去{horizon_min:g}分钟内的其他人处，近者权重大。直线示意，非线位；"
        "路网仅含干线与主干道，地图缺失也会显为缺口，须逐一核对。",
        definition_en="Listed: straight gap in km and person-minutes saved, the rank: one journey each to other people within "
        f"{horizon_min:g} min by road, nearer ones weigh more. Straight lines, no alignments; the network holds trunk and "
        "primary roads only, and what the map lacks shows as a gap too: check each.",
        source=SOURCES[0],
        source_en=SOURCES[1],
        language=language,
    )


def _describe(row: Mapping[str, object], language: Language) -> tuple[str, str, str]:
    """Return number, colour and words of one link in the list under the map."""
    names = {"zh": row["name"], "en": row["name_en"], "both": f"{row['name']} {row['name_en']}"}
    words = f"{names[language]}  {row['gap_km']:.1f} km  {row['person_minutes_saved']:,.0f}"
    return str(row["rank"]), LINK_COLOURS[str(row["kind"])], words


def _list_symbols(links: gpd.GeoDataFrame) -> list[Symbol]:
    motorway, road = (Line2D([], [], color=ROAD_COLOURS[gated], linewidth=1.0) for gated in (True, False))
    symbols = [
        Symbol((motorway,), "高速公路、快速路", "motorway or expressway"),
        Symbol((road,), "干线与主干道", "trunk or primary road"),
    ]
    for kind, colour in LINK_COLOURS.items():
        if (links["kind"] == kind).any():
            line = Line2D([], [], color=colour, linewidth=LINK_PT, solid_capstyle="butt")
            symbols.append(Symbol((line,), *KIND_NAMES[kind]))
    return symbols


def _draw_roads(ax: Axes, network: Network, base: BaseMap, extent: Extent) -> None:
    """Draw the mapped roads of the part that is shown."""
    roads = network.road_links
    if not len(roads):
        return
    box = gpd.GeoSeries(
        [shapely.box(extent.west_m, extent.south_m, extent.east_m, extent.north_m)], crs=base.crs
    ).to_crs(roads.crs)
    roads = roads.iloc[roads.sindex.query(box.iloc[0])].to_crs(base.crs)
    classes = network.road_classes
    gated = roads["road_class"].isin(classes.loc[classes["entered"] == "interchanges", "road_class"])
    for is_gated in (False, True):
        paths = [shapely.get_coordinates(shape) for shape in roads.geometry[gated == is_gated]]
        ax.add_collection(
            LineCollection(
                paths,
                colors=[ROAD_COLOURS[is_gated]],
                linewidths=0.9 if is_gated else 0.5,
                zorder=Z_ROAD + 0.1 * is_gated,
                gid="main-roads",
            ),
            autolim=False,
        )


def _draw_links(ax: Axes, links: gpd.GeoDataFrame) -> None:
    """Draw each link as a straight line with round ends, so that a short one is seen too."""
    paths = [np.asarray(shapely.get_coordinates(shape)) for shape in links.geometry]
    for step, (width_pt, colours) in enumerate(
        ((LINK_PT + 1.0, ["white"]), (LINK_PT, [LINK_COLOURS[kind] for kind in links["kind"]]))
    ):
        ax.add_collection(
            LineCollection(
                paths,
                colors=colours,
                linewidths=width_pt,
                capstyle="round",
                zorder=Z_NEW + 0.1 * step,
                gid="missing-link",
            ),
            autolim=False,
        )
