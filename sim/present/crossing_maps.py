"""Last stage, the close-up of the sea: bridges, tunnels, railways and ferries by status, numbered, over travel times."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from sim.network.network import Network
from sim.present.base_map import Z_NEW, BaseMap, draw_base, metres_per_mm
from sim.present.furniture import MapText, make_sheet
from sim.present.ground import draw_layers
from sim.present.isochrone_maps import (
    KEY_TOP_MM,
    Bbox,
    check_map_texts,
    check_surface,
    choose_extent,
    list_symbols,
    symbols_height_mm,
)
from sim.present.key import Symbol, draw_band_key, draw_list, draw_symbol_key, list_height_mm
from sim.present.layers import Badge, MapLayers, Place
from sim.present.lettering import map_style
from sim.present.rail_sections import list_project_sections
from sim.present.style import CUTOFFS_MIN, HEAVY_CUTOFFS_MIN, STATUS_LOOKS, STATUS_NAMES, bilingual
from sim.present.surface import draw_bands, draw_heavy_lines
from sim.scenario.project import Project

__all__ = ["draw_crossing_map", "keep_over_sea", "list_crossings"]

# Kind of crossing -> Chinese, English, width in points, dashes instead of those of the status.
KINDS: dict[str, tuple[str, str, float, tuple[float, ...] | None]] = {
    "road": ("公路桥隧", "road bridge or tunnel", 1.7, None),
    "rail": ("铁路", "railway", 1.3, None),
    "ferry": ("轮渡", "ferry", 0.9, (1.0, 1.6)),
}
# English names of bridges that OpenStreetMap names in Chinese only.
BRIDGES_EN = {
    "杭州湾跨海大桥": "Hangzhou Bay Bridge",
    "东海大桥": "Donghai Bridge",
    "象山港大桥": "Xiangshan Harbour Bridge",
    "嘉绍大桥": "Jiaxing-Shaoxing Bridge",
    "钱江通道 (钱江隧道)": "Qianjiang Tunnel",
}
FERRY_COLOUR = "#1b4f72"
SHORTEST_OVER_SEA_M = 1_500.0
# Lower than other maps, so that the sheet with its list fits a page.
CROSSING_HEIGHT_MM = 140.0


def list_crossings(network: Network, projects: Mapping[str, Project]) -> gpd.GeoDataFrame:
    """Return bridges, tunnels and ferries of a network, and the roads and railways of projects, with their year.

    Parameters
    ----------
    network
        Of a run: what its projects add is in it.
    projects
        All of the study.

    Returns
    -------
    GeoDataFrame
        Columns name, name_en, kind (road, rail or ferry), status (of `STATUS_LOOKS`), opening_year, geometry in WGS84.
    """
    sections = list_project_sections(network, projects)
    own = set(sections["line_id"])
    roads = network.roads[network.roads["structure"].isin(["bridge", "tunnel"]) & ~network.roads["road_id"].isin(own)]
    points = network.road_points.sort_values(["road_id", "sequence"]).groupby("road_id")[["lon", "lat"]]
    ways = {road_id: shapely.LineString(group.to_numpy()) for road_id, group in points}
    rows = [
        (row.name, row.name_en, "road", "open", row.opening_date, ways[row.road_id])
        for row in roads.rename(columns={"name": "label"}).assign(name=roads["name"]).itertuples(index=False)
        if row.road_id in ways
    ]
    rows += [
        (
            row.name,
            row.name_en,
            "ferry",
            "open",
            row.opening_date,
            shapely.LineString([(row.from_lon, row.from_lat), (row.to_lon, row.to_lat)]),
        )
        for row in network.ferries.itertuples(index=False)
    ]
    links = network.road_links
    named = links[links["structure"].isin(["bridge", "tunnel"]) & links["name"].isin(BRIDGES_EN)]
    rows += [
        (
            name,
            BRIDGES_EN[str(name)],
            "road",
            "open",
            part["opening_date"].min(),
            shapely.line_merge(shapely.union_all(np.asarray(part.geometry.array))),
        )
        for name, part in named.groupby("name", sort=False)
    ]
    for (project_id, kind), part in sections.assign(way=np.where(sections["kind"] == "road", "road", "rail")).groupby(
        ["project_id", "way"], sort=False
    ):
        card = projects[project_id].card
        line = shapely.line_merge(shapely.union_all(np.asarray(part.geometry.array)))
        rows.append((card.name, card.name_en, kind, card.status, card.opens.central, line))
    table = pd.DataFrame(rows, columns=["name", "name_en", "kind", "status", "opens", "geometry"])
    table["opening_year"] = pd.to_datetime(table["opens"]).dt.year
    columns = ["name", "name_en", "kind", "status", "opening_year", "geometry"]
    return gpd.GeoDataFrame(table[columns], geometry="geometry", crs="EPSG:4326")


def keep_over_sea(crossings: gpd.GeoDataFrame, base: BaseMap, bbox: Bbox) -> gpd.GeoDataFrame:
    """Return the crossings that touch a box of degrees and lead over water there, in the CRS of the map.

    A railway along the shore is no crossing: at least `SHORTEST_OVER_SEA_M` of each have to lie off the land.
    """
    inside = crossings[crossings.intersects(shapely.box(*bbox))].to_crs(base.crs)
    box = shapely.box(*inside.total_bounds) if len(inside) else shapely.box(0, 0, 1, 1)
    land = shapely.union_all(base.land[shapely.intersects(base.land, box)])
    over_sea_m = shapely.length(shapely.difference(np.asarray(inside.geometry.array), land))
    return inside[over_sea_m >= SHORTEST_OVER_SEA_M].reset_index(drop=True)


def draw_crossing_map(
    crossings: gpd.GeoDataFrame,
    *,
    minutes: NDArray[np.float64],
    base: BaseMap,
    layers: MapLayers,
    origin: Place,
    text: MapText,
    bbox: Bbox,
    cutoffs_min: Sequence[float] = CUTOFFS_MIN,
    heavy_min: Sequence[float] = HEAVY_CUTOFFS_MIN,
) -> Figure:
    """Return a sheet of the crossings inside a box, numbered and listed with status and year, over travel times.

    Parameters
    ----------
    crossings
        From `keep_over_sea`.
    minutes, base, layers, origin, text, cutoffs_min, heavy_min
        As in `draw_isochrone_map`; new railways and roads of the layers are left to `crossings`.
    bbox
        West, south, east, north in degrees.
    """
    check_surface(minutes, base, cutoffs_min, heavy_min)
    heavy_min = [cutoff for cutoff in heavy_min if cutoff in set(cutoffs_min)]
    inside = crossings.to_crs(base.crs)
    colours = [
        FERRY_COLOUR if kind == "ferry" else STATUS_LOOKS[status][0]
        for kind, status in zip(inside["kind"], inside["status"], strict=True)
    ]
    # Ferries go without numbers: dozens of discs would hide the islands they serve.
    numbered = [position for position, kind in enumerate(inside["kind"]) if kind != "ferry"]
    records = inside.to_dict("records")
    rows = [
        (str(number), colours[position], _describe(records[position], text.language))
        for number, position in enumerate(numbered, start=1)
    ]
    check_map_texts(text, layers, [words for _, _, words in rows])
    rail = None if layers.rail is None else layers.rail[layers.rail["status"] == "existing"]
    layers = replace(layers, rail=rail)
    symbols = [*list_symbols(layers, heavy_min), *_list_kinds(inside)]
    columns = 2 if text.language == "both" else 3
    symbols_mm = symbols_height_mm(symbols, text.language)
    key_height_mm = KEY_TOP_MM + symbols_mm + 1.5 + list_height_mm(len(rows), columns=columns)
    with map_style():
        sheet = make_sheet(text, base.crs, key_height_mm=key_height_mm, map_height_mm=CROSSING_HEIGHT_MM)
        extent = choose_extent(base, bbox=bbox, width_over_height=sheet.shape)
        ax = sheet.ax
        land = draw_base(ax, base, extent)
        has_unreachable = draw_bands(ax, base, extent, minutes=minutes, cutoffs_min=cutoffs_min, land=land)
        heavy = draw_heavy_lines(
            ax, base, extent, minutes=minutes, heavy_min=heavy_min, m_per_mm=metres_per_mm(ax, extent)
        )
        _draw_crossings(ax, inside, colours)
        badges = tuple(
            Badge(number, _longest_part(shape), colour)
            for (number, colour, _), shape in zip(rows, inside.geometry.iloc[numbered], strict=True)
        )
        draw_layers(
            ax, base, extent, layers=replace(layers, badges=badges), origin=origin, heavy=heavy, language=text.language
        )
        draw_band_key(
            sheet.key_ax,
            cutoffs_min=cutoffs_min,
            top_mm=key_height_mm - 2.0,
            language=text.language,
            has_unreachable=has_unreachable,
        )
        draw_symbol_key(sheet.key_ax, symbols, top_mm=key_height_mm - KEY_TOP_MM, language=text.language)
        draw_list(sheet.key_ax, rows, top_mm=key_height_mm - KEY_TOP_MM - symbols_mm - 1.5, columns=columns)
    return sheet.figure


def _describe(row: Mapping[str, object], language: str) -> str:
    name = bilingual(str(row["name"]), str(row["name_en"]), language="zh" if language != "en" else "en")
    status = STATUS_NAMES[str(row["status"])][0 if language != "en" else 1]
    kind = KINDS[str(row["kind"])][0 if language != "en" else 1]
    english = f" {row['name_en']}" if language == "both" else ""
    year = row["opening_year"]
    when = "" if pd.isna(year) else f" {int(str(year).split('.')[0])}"
    return f"{name}（{kind}{when} {status}）{english}" if language != "en" else f"{name} ({kind}{when}, {status})"


def _list_kinds(crossings: gpd.GeoDataFrame) -> list[Symbol]:
    """Return a symbol for every pair of kind and status that is drawn."""
    symbols = []
    for kind, (zh, en, width_pt, own_dashes) in KINDS.items():
        for status, (colour, dashes) in STATUS_LOOKS.items():
            if not ((crossings["kind"] == kind) & (crossings["status"] == status)).any():
                continue
            line = Line2D(
                [], [], color=FERRY_COLOUR if kind == "ferry" else colour, linewidth=width_pt, solid_capstyle="butt"
            )
            if own_dashes or dashes:
                line.set_linestyle((0.0, own_dashes or dashes or ()))
            status_zh, status_en = STATUS_NAMES[status]
            words = (zh, en) if kind == "ferry" else (f"{zh}（{status_zh}）", f"{en}, {status_en}")
            symbols.append(Symbol((line,), *words))
    return symbols


def _draw_crossings(ax: Axes, crossings: gpd.GeoDataFrame, colours: Sequence[str]) -> None:
    for row, colour in zip(crossings.to_dict("records"), colours, strict=True):
        _, _, width_pt, own_dashes = KINDS[row["kind"]]
        dashes = own_dashes or STATUS_LOOKS[row["status"]][1]
        paths = [shapely.get_coordinates(part) for part in shapely.get_parts(row["geometry"])]
        for step, (line_pt, line_colour) in enumerate(((width_pt + 1.0, "white"), (width_pt, colour))):
            ax.add_collection(
                LineCollection(
                    paths,
                    colors=[line_colour],
                    linewidths=line_pt,
                    capstyle="butt",
                    joinstyle="round",
                    linestyles=[(0.0, dashes)] if dashes and step else "solid",
                    zorder=Z_NEW + 0.1 * step,
                    gid=f"crossing-{row['kind']}-{row['status']}-{step}",
                ),
                autolim=False,
            )


def _longest_part(shape: shapely.Geometry) -> NDArray[np.float64]:
    parts = shapely.get_parts(shape)
    return np.asarray(shapely.get_coordinates(parts[int(np.argmax(shapely.length(parts)))]))
