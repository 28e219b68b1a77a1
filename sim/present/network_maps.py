"""Last stage, the network by status and year: what is open, and what is being built, approved, planned or studied."""

from collections.abc import Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.present.base_map import Z_NEW, BaseMap, draw_base
from sim.present.furniture import MapText, make_sheet
from sim.present.ground import draw_layers
from sim.present.isochrone_maps import Bbox, check_map_texts, choose_extent, list_layer_entries, symbols_height_mm
from sim.present.key import Symbol, draw_list, draw_symbol_key, known_symbols, list_height_mm
from sim.present.layers import Badge, MapLayers
from sim.present.lettering import map_style
from sim.present.style import STATUS_LOOKS, STATUS_NAMES, Language, bilingual
from sim.scenario.project import Project

__all__ = ["PROJECT_COLUMNS", "draw_network_map", "list_projects"]

PROJECT_COLUMNS = ("project_id", "name", "name_en", "status", "opening_year", "cost_100m_cny")
RAIL_PT, ROAD_PT, ROAD_CORE_PT = 1.6, 2.0, 0.9
SYMBOL_GAP_MM = 1.5
# Lower than other maps, so that the sheet with its list fits a page.
NETWORK_HEIGHT_MM = 150.0


def list_projects(projects: Mapping[str, Project]) -> pd.DataFrame:
    """Return one row a project with the columns of `PROJECT_COLUMNS`, by opening year and name."""
    rows = [
        (key, one.card.name, one.card.name_en, one.card.status, one.card.opens.central.year, one.card.cost_100m_cny)
        for key, one in projects.items()
    ]
    frame = pd.DataFrame(rows, columns=list(PROJECT_COLUMNS))
    return frame.sort_values(["opening_year", "project_id"], kind="stable", ignore_index=True)


def draw_network_map(
    sections: gpd.GeoDataFrame,
    projects: pd.DataFrame,
    *,
    base: BaseMap,
    layers: MapLayers,
    text: MapText,
    bbox: Bbox | None = None,
) -> Figure:
    """Return a sheet of the network: open lines in grey, projects by status, numbered and listed with their year.

    Parameters
    ----------
    sections
        From `list_project_sections`.
    projects
        From `list_projects`; only those with a section are listed.
    layers
        What is open: railways (status existing), crossings, stations, places.

    Raises
    ------
    InputError
        If a text or name has a character that the shipped font lacks.
    """
    shown = projects[projects["project_id"].isin(sections["project_id"])].reset_index(drop=True)
    rows = [_describe(number, row, text.language) for number, row in enumerate(shown.to_dict("records"), start=1)]
    check_map_texts(text, layers, [words for _, _, words in rows])
    statuses = [status for status in STATUS_LOOKS if status in set(sections["status"])]
    symbols = [
        *known_symbols(list_layer_entries(layers)),
        *(_status_symbol(status) for status in statuses),
        *([_road_symbol()] if (sections["kind"] == "road").any() else []),
    ]
    columns = 2 if text.language == "both" else 3
    symbols_mm = symbols_height_mm(symbols, text.language)
    key_height_mm = 2.0 + symbols_mm + SYMBOL_GAP_MM + list_height_mm(len(rows), columns=columns)
    with map_style():
        sheet = make_sheet(text, base.crs, key_height_mm=key_height_mm, map_height_mm=NETWORK_HEIGHT_MM)
        extent = choose_extent(base, bbox=bbox, width_over_height=sheet.shape)
        draw_base(sheet.ax, base, extent)
        projected = sections.to_crs(base.crs)
        _draw_sections(sheet.ax, projected)
        badges = _list_badges(projected, rows, list(shown["project_id"]))
        draw_layers(sheet.ax, base, extent, layers=replace(layers, badges=badges), language=text.language)
        draw_symbol_key(sheet.key_ax, symbols, top_mm=key_height_mm - 2.0, language=text.language)
        draw_list(sheet.key_ax, rows, top_mm=key_height_mm - 2.0 - symbols_mm - SYMBOL_GAP_MM, columns=columns)
    return sheet.figure


def _describe(number: int, row: Mapping[str, object], language: Language) -> tuple[str, str, str]:
    """Return number, colour and words of one project in the list under the map."""
    status = str(row["status"])
    zh, en = STATUS_NAMES[status]
    name = bilingual(str(row["name"]), str(row["name_en"]), language=language)
    words = f"{name}  {row['opening_year']}  {bilingual(zh, en, language='zh' if language == 'both' else language)}"
    return str(number), STATUS_LOOKS[status][0], words


def _status_symbol(status: str) -> Symbol:
    colour, dashes = STATUS_LOOKS[status]
    line = Line2D([], [], color=colour, linewidth=RAIL_PT, solid_capstyle="butt")
    if dashes:
        line.set_linestyle((0.0, dashes))
    zh, en = STATUS_NAMES[status]
    return Symbol((line,), f"{zh}项目", f"project, {en}")


def _road_symbol() -> Symbol:
    outer = Line2D([], [], color="#55595d", linewidth=ROAD_PT, solid_capstyle="butt")
    inner = Line2D([], [], color="white", linewidth=ROAD_CORE_PT, solid_capstyle="butt")
    return Symbol((outer, inner), "公路项目（双线，颜色同上）", "road project (double line, same colours)")


def _draw_sections(ax: Axes, sections: gpd.GeoDataFrame) -> None:
    """Draw what is least certain first, so that what is being built lies on top; roads as double lines."""
    for level, status in enumerate(reversed(STATUS_LOOKS)):
        colour, dashes = STATUS_LOOKS[status]
        of_status = sections[sections["status"] == status]
        is_road = (of_status["kind"] == "road").to_numpy()
        for rows, width_pt, core_pt in (
            (of_status[~is_road], RAIL_PT, 0.0),
            (of_status[is_road], ROAD_PT, ROAD_CORE_PT),
        ):
            if rows.empty:
                continue
            paths = [shapely.get_coordinates(one) for one in rows.geometry]
            strokes = [(width_pt + 1.0, "white", None), (width_pt, colour, dashes), (core_pt, "white", None)]
            for step, (stroke_pt, stroke_colour, stroke_dashes) in enumerate(strokes):
                if stroke_pt:
                    ax.add_collection(
                        LineCollection(
                            paths, colors=[stroke_colour], linewidths=stroke_pt, capstyle="butt", joinstyle="round",
                            linestyles=[(0.0, stroke_dashes)] if stroke_dashes else "solid",
                            zorder=Z_NEW + 0.1 * level + 0.03 * step,
                            gid=f"project-{'road' if core_pt else 'rail'}-{status}-{step}",
                        ),
                        autolim=False,
                    )  # fmt: skip


def _list_badges(
    sections: gpd.GeoDataFrame, rows: list[tuple[str, str, str]], project_ids: list[str]
) -> tuple[Badge, ...]:
    """Return a number for each project on its longest line, its sections joined in their order."""
    badges = []
    for (number, colour, _), project_id in zip(rows, project_ids, strict=True):
        of_project = sections[sections["project_id"] == project_id]
        lengths = of_project.geometry.length.groupby(of_project["line_id"]).sum()
        longest = of_project[of_project["line_id"] == lengths.idxmax()]
        points = np.concatenate([shapely.get_coordinates(one) for one in longest.geometry])
        badges.append(Badge(number, points, colour))
    return tuple(badges)
