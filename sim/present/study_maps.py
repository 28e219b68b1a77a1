"""Last stage, maps of a whole study: the network and its projects, the metropolitan area, the sea, distance as time.

Each function takes Results, or the study's network and projects, and returns a figure whose title is its finding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely
from matplotlib.figure import Figure
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from sim.measures.isochrones import cells_within, draw_outline
from sim.measures.result import Result
from sim.network.network import Network
from sim.present.city_maps import draw_city_change_map
from sim.present.crossing_maps import draw_crossing_map, keep_over_sea, list_crossings
from sim.present.distorted_maps import DistortedPanel, draw_distorted_map, draw_distorted_panels
from sim.present.furniture import MapText
from sim.present.isochrone_maps import Bbox, draw_isochrone_map
from sim.present.network_maps import draw_network_map, list_projects
from sim.present.rail_sections import list_project_sections
from sim.present.result_layers import (
    SOURCES,
    WATER_NAMES,
    base_of,
    bbox_of_cells,
    describe_pair,
    layers_of,
    open_layers_of,
    origin_of,
    places_near,
    text_of,
)
from sim.present.style import HEAVY_CUTOFFS_MIN, Language
from sim.region.region import Region
from sim.scenario.project import Project

__all__ = [
    "SEA_CROSSINGS",
    "draw_crossings",
    "draw_distorted",
    "draw_distorted_years",
    "draw_metropolitan_area",
    "draw_network",
    "draw_weighted_time_change",
    "inland_border",
]

SEA_CROSSINGS: Bbox = (120.55, 29.35, 122.95, 31.15)
"""Hangzhou Bay, the Zhoushan islands and the south of Shanghai."""
LEAST_TOLD_MIN = 0.5
"""A change that a title in whole minutes can tell."""


def draw_network(
    network: Network,
    projects: Mapping[str, Project],
    region: Region,
    *,
    year: int,
    language: Language = "both",
    view: Bbox | None = None,
) -> Figure:
    """Return the map of the network by status and opening year.

    Parameters
    ----------
    network
        What is open in a year: `study.network_of(scenario)` of a scenario without projects.
    projects
        `study.projects`, or some of them.
    year
        Of the network.
    """
    layers = open_layers_of(network, region)
    sections, table = list_project_sections(network, projects), list_projects(projects)
    # A project that only runs trains, and a card that only varies another, has no line of its own to draw or to count.
    table = table[table["project_id"].isin(sections["project_id"])]
    counts = table["status"].value_counts()
    building = int(counts.get("building", 0))
    further = len(table) - building - int(counts.get("open", 0))
    text = MapText(
        title=f"{year}年底路网与{len(table)}个项目：在建{building}个，规划研究{further}个",
        title_en=f"The network at the end of {year} and {len(table)} projects: {building} being built, "
        f"{further} planned or studied",
        scenario="现状与项目，编号见图下",
        scenario_en="what is open, and projects by number",
        year=year,
        definition="状态与年份取自项目卡：预计开通年（中值）。不含线路走向的列车开行项目未画出。",
        definition_en="Status and year as in the project cards: central expected year of opening. Projects that only "
        "run trains over lines of others are not drawn.",
        source=SOURCES[0],
        source_en=SOURCES[1],
        language=language,
    )
    if view is not None:
        layers = replace(layers, places=places_near(region, layers.places, view))
    return draw_network_map(sections, table, base=base_of(region), layers=layers, text=text, bbox=view)


def draw_metropolitan_area(
    result: Result, place_id: str = "ningbo", *, set_id: str = "ningbo_metro", language: Language = "both"
) -> Figure:
    """Return the isochrones of a place within a metropolitan area: close up, with the area's outline and its people."""
    region = result.region
    cells = region.cells_of_set(set_id)
    west, south, east, north = bbox_of_cells(region, cells)
    bbox = (west - 0.1, south - 0.08, east + 0.1, north + 0.08)
    row = region.city_sets[region.city_sets["set_id"] == set_id].iloc[0]
    minutes = result.surface(place_id).astype(np.float64)
    people = region.grid.population
    total = float(people[cells].sum())
    shares = [float(people[cells & cells_within(minutes, cutoff)].sum()) / total for cutoff in HEAVY_CUTOFFS_MIN]
    origin = origin_of(region, place_id)
    title = (
        f"{row['set_name']}：{shares[0]:.0%}的人口在{origin.name}1小时内，{shares[1]:.0%}在2小时内",
        f"{row['set_name_en']}: {shares[0]:.0%} of its people within one hour of {origin.name_en}, "
        f"{shares[1]:.0%} within two",
    )
    layers = replace(layers_of(result, bbox=bbox), outline=inland_border(cells, region))
    return draw_isochrone_map(
        minutes=minutes,
        base=base_of(region),
        layers=layers,
        origin=origin,
        text=text_of(result, title=title, language=language),
        bbox=bbox,
        cutoffs_min=result.cutoffs_min,
        heavy_min=[cutoff for cutoff in HEAVY_CUTOFFS_MIN if cutoff in result.cutoffs_min],
    )


def inland_border(cells: NDArray[np.bool_], region: Region) -> BaseGeometry:
    """Return the lines along which an area, (rows, cols) bool, touches other study land; its coast is left out."""
    inside, outside = draw_outline(cells, region.grid), draw_outline(~cells & region.grid.is_land, region.grid)
    border = shapely.line_merge(shapely.intersection(inside.boundary, outside.boundary))
    return shapely.simplify(border, region.grid.cell_m)


def draw_crossings(
    result: Result,
    projects: Mapping[str, Project],
    place_id: str = "ningbo",
    *,
    view: Bbox = SEA_CROSSINGS,
    language: Language = "both",
) -> Figure:
    """Return the close-up of bridges, tunnels, railways and ferries across the sea over the minutes from a place.

    Parameters
    ----------
    result
        Gives what exists, and the minutes.
    projects
        `study.projects`: crossings that are not in the run are drawn by their status.
    """
    crossings = keep_over_sea(list_crossings(result.network, projects), base_of(result.region), view)
    is_ferry, is_open = crossings["kind"] == "ferry", crossings["status"] == "open"
    n_ferries, n_open, n_later = int(is_ferry.sum()), int((is_open & ~is_ferry).sum()), int((~is_open).sum())
    title = (
        f"杭州湾与舟山群岛：{n_open}处桥隧已通，{n_ferries}条轮渡，{n_later}处通道在建或规划研究",
        f"Hangzhou Bay and the Zhoushan islands: {n_open} bridges and tunnels open, {n_ferries} ferries, "
        f"{n_later} crossings being built, planned or studied",
    )
    layers = layers_of(result, bbox=view)
    return draw_crossing_map(
        crossings,
        minutes=result.surface(place_id).astype(np.float64),
        base=base_of(result.region),
        layers=replace(layers, sea_roads=None, water_names=WATER_NAMES),
        origin=origin_of(result.region, place_id),
        text=text_of(result, title=title, language=language),
        bbox=view,
        cutoffs_min=result.cutoffs_min,
    )


def draw_distorted(
    result: Result,
    place_id: str = "ningbo",
    *,
    base: Result | None = None,
    limit_min: float = 300.0,
    language: Language = "both",
) -> Figure:
    """Return the map on which distance from a place is minutes, with where cities stood in another run."""
    region, origin = result.region, origin_of(result.region, place_id)
    cities = _cities_by_minutes(result, place_id, base)
    within = int((cities["minutes"] <= 120.0).sum())
    title = (
        f"以分钟为距离：{within}个城市在{origin.name}2小时以内",
        f"Distance as minutes: {within} {'city is' if within == 1 else 'cities are'} within two hours of {origin.name_en}",
    )
    return draw_distorted_map(
        cities,
        base=base_of(region),
        origin=origin,
        text=text_of(
            result, title=title, scenario=None if base is None else describe_pair(base, result), language=language
        ),
        limit_min=limit_min,
    )


def draw_distorted_years(
    results: Sequence[Result], place_id: str = "ningbo", *, limit_min: float = 240.0, language: Language = "both"
) -> Figure:
    """Return small maps on which distance from a place is minutes, one a run, with where cities stood in the first."""
    first, last = results[0], results[-1]
    origin = origin_of(first.region, place_id)
    panels = []
    for result in results:
        cities = _cities_by_minutes(result, place_id, None if result is first else first)
        within, scenario = int((cities["minutes"] <= 120.0).sum()), result.scenario
        panels.append(
            DistortedPanel(
                cities,
                f"{scenario.year}：2小时以内{within}市",
                f"{scenario.year}: {within} {'city' if within == 1 else 'cities'} within two hours",
            )
        )
    nearer = _count_nearer(first, last, place_id, within_min=limit_min)
    title = (
        f"{first.scenario.year}至{last.scenario.year}年，{limit_min / 60:g}小时以内的城市中有{nearer}个离{origin.name}近了"
        "10分钟以上",
        f"From {first.scenario.year} to {last.scenario.year} {nearer} of the cities within {limit_min / 60:g} hours "
        f"{'comes' if nearer == 1 else 'come'} ten minutes or more nearer to {origin.name_en}",
    )
    names = "；".join(f"{one.scenario.year} {one.scenario.name}" for one in results)
    names_en = "; ".join(f"{one.scenario.year} {one.scenario.name_en}" for one in results)
    return draw_distorted_panels(
        panels,
        base=base_of(first.region),
        origin=origin,
        text=text_of(last, title=title, scenario=(names, names_en), language=language),
        limit_min=limit_min,
    )


def _cities_by_minutes(result: Result, place_id: str, base: Result | None) -> pd.DataFrame:
    """Return the other cities with their minutes from a place, and with those of another run where there is one."""
    cities = result.region.cities
    cities = cities.assign(minutes=cities["city_id"].map(_minutes_from(result, place_id)))
    if base is not None:
        cities = cities.assign(before_min=cities["city_id"].map(_minutes_from(base, place_id)))
    return cities[cities["city_id"] != place_id]


def _count_nearer(first: Result, last: Result, place_id: str, *, within_min: float, least_min: float = 10.0) -> int:
    """Return how many cities that are drawn in the end, within so many minutes, have come nearer."""
    before, now = _minutes_from(first, place_id), _minutes_from(last, place_id)
    return int(((before - now >= least_min) & (now <= within_min)).sum())


def _minutes_from(result: Result, place_id: str) -> "pd.Series[float]":
    city_id = result.region.place(place_id).place_id
    times = result.city_times[result.city_times["from_id"] == city_id]
    minutes: pd.Series[float] = times.set_index("to_id")["best_min"]
    return minutes


def draw_weighted_time_change(
    result: Result, weighted: pd.DataFrame, *, base: Result, language: Language = "both"
) -> Figure:
    """Return the map of how each city's weighted average travel time (WATT) changes.

    Parameters
    ----------
    weighted
        Columns city_id, before_min, after_min.
    """
    cities = result.region.cities.merge(weighted, on="city_id", validate="one_to_one")
    saved = cities["before_min"] - cities["after_min"]
    best = cities.loc[saved.idxmax()]
    if saved.max() >= LEAST_TOLD_MIN:
        title = (
            f"加权平均旅行时间缩短最多的是{best['name']}：{saved.max():.0f}分钟",
            f"Weighted average travel time falls most in {best['name_en']}: by {saved.max():.0f} min",
        )
    else:
        title = ("各城市的加权平均旅行时间没有缩短", "Weighted average travel time falls in no city")
    layers = layers_of(result)
    return draw_city_change_map(
        cities,
        base=base_of(result.region),
        layers=replace(layers, stations=None, places=None),
        text=text_of(result, title=title, scenario=describe_pair(base, result), language=language),
    )
