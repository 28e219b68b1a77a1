"""Last stage, from a run to what its maps need: ground, layers, the place they start from, the sentences around them."""

from collections.abc import Mapping
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sim.errors import InputError
from sim.measures.result import Result
from sim.network.network import Network
from sim.present.base_map import BaseMap, prepare_base
from sim.present.furniture import MapText
from sim.present.isochrone_maps import Bbox
from sim.present.layers import MapLayers, Place
from sim.present.rail_sections import build_rail_sections
from sim.present.style import Language
from sim.region.region import Region
from sim.scenario.assumptions import Assumptions

__all__ = [
    "CLOSE_UP_DEGREES",
    "SOURCES",
    "WATER_NAMES",
    "base_of",
    "bbox_of_cells",
    "close_up_of",
    "crossings_of",
    "describe_pair",
    "describe_reading",
    "layers_of",
    "open_layers_of",
    "origin_of",
    "people_en",
    "people_zh",
    "places_near",
    "text_of",
]

LARGE_CITY_PEOPLE = 9_000_000
USUAL_CITY_PEOPLE = 3_000_000
CLOSE_UP_DEGREES = (1.7, 1.45)
"""Half width and half height of the close-up around a place."""

SMALL_PLACES = ("county",)
"""Kinds of places that close-ups name besides the cities."""
LONGEST_DRAWN_SECTION_M = 120_000
"""Longer sections have no stops of the model on their way: drawn straight they would mislead, so they are left out."""

WATER_NAMES = pd.DataFrame(
    [
        ("东海", "East China Sea", 123.0, 29.3),
        ("黄海", "Yellow Sea", 122.2, 33.4),
        ("杭州湾", "Hangzhou Bay", 121.42, 30.43),
        ("太湖", "Taihu Lake", 120.13, 31.2),
    ],
    columns=["name", "name_en", "lon", "lat"],
)
"""Where the names of waters stand on the maps: placed by eye."""

SOURCES = (
    "© OpenStreetMap 贡献者（ODbL）陆地、道路与车站；第七次全国人口普查（2020）；"
    "列车时刻 2016、2023；各项目来源见项目卡。",
    "© OpenStreetMap contributors (ODbL) for land, roads and stations; census 2020; timetables of 2016 and 2023; "
    "projects as cited in their cards.",
)

WAIT_RULES: Mapping[str, tuple[str, str]] = {
    "planned": ("按计划车次出发，不计候车间隔", "aiming at a given train, no headway wait"),
    "half_headway": ("候车按半个发车间隔", "waiting half a headway"),
    "full_headway": ("候车按一个发车间隔", "waiting a full headway"),
}


@lru_cache(maxsize=1)
def base_of(region: Region) -> BaseMap:
    """Return the projected land and water; one base map serves all runs of a study (regions compare by identity).

    Raises
    ------
    InputError
        If the region has no coast to draw (a tiny network).
    """
    if region.land is None or region.water is None:
        raise InputError("maps need polygons of land and water: name them in network.toml under [region], key 'land'")
    return prepare_base(region.grid, land=region.land, water=region.water)


def origin_of(region: Region, place_id: str) -> Place:
    """Return a place of the region as the origin of a map."""
    place = region.place(place_id)
    return Place(place.name, place.name_en, place.lon, place.lat)


def close_up_of(region: Region, place_id: str) -> Bbox:
    """Return the box in degrees around a place that its close-up shows."""
    place = region.place(place_id)
    width, height = CLOSE_UP_DEGREES
    return (place.lon - width, place.lat - height, place.lon + width, place.lat + height)


def bbox_of_cells(region: Region, cells: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> Bbox:
    """Return the box in degrees that holds the middles of cells, (rows, cols) bool."""
    rows, columns = np.nonzero(cells)
    corners = [
        region.grid.lonlat(int(row), int(column))
        for row in (rows.min(), rows.max())
        for column in (columns.min(), columns.max())
    ]
    lons, lats = zip(*corners, strict=True)
    return (min(lons), min(lats), max(lons), max(lats))


def layers_of(result: Result, *, bbox: Bbox | None = None) -> MapLayers:
    """Return railways, crossings, stations and names of a run; with a box, the county seats inside it too."""
    network = result.network
    new_lines = set(network.lines["line_id"]) - set(result.base_lines)
    served = set(result.travel.rides.station_ids)
    rail = build_rail_sections(network.line_stops, network.lines, network.stations, new_line_ids=new_lines)
    cities = rank_cities(result.region)
    return MapLayers(
        rail=rail[rail.to_crs(network.crs).length < LONGEST_DRAWN_SECTION_M],
        sea_roads=_sea_roads(result),
        stations=network.stations[network.stations["station_id"].isin(served)],
        places=cities if bbox is None else places_near(result.region, cities, bbox),
        water_names=WATER_NAMES,
    )


def open_layers_of(network: Network, region: Region) -> MapLayers:
    """Return railways, crossings, the main stations and cities of a network, all of it as existing."""
    rail = build_rail_sections(network.line_stops, network.lines, network.stations)
    called = set(network.service_stops["station_id"])
    return MapLayers(
        rail=rail[rail.to_crs(network.crs).length < LONGEST_DRAWN_SECTION_M],
        sea_roads=crossings_of(network),
        stations=network.stations[network.stations["station_id"].isin(called) & (network.stations["rank"] == "main")],
        places=rank_cities(region),
        water_names=WATER_NAMES,
    )


def rank_cities(region: Region) -> pd.DataFrame:
    """Return name, name_en, lon, lat and rank of the cities: 1 large, 2 usual, 3 small."""
    cities = region.cities
    rank = pd.cut(
        cities["population_2020"], [-1, USUAL_CITY_PEOPLE, LARGE_CITY_PEOPLE, float("inf")], labels=[3, 2, 1]
    ).astype(int)
    return cities.assign(rank=rank)[["name", "name_en", "lon", "lat", "rank"]]


def places_near(region: Region, cities: pd.DataFrame, bbox: Bbox) -> pd.DataFrame:
    """Return the cities and, in the smallest type, the county seats and districts inside a box of degrees."""
    places = region.places
    west, south, east, north = bbox
    inside = places["lon"].between(west, east) & places["lat"].between(south, north)
    small = places[inside & places["kind"].isin(SMALL_PLACES)].assign(rank=3)
    small = small[~small["name"].isin(cities["name"])]
    return pd.concat([cities, small[list(cities.columns)]], ignore_index=True)


def _sea_roads(result: Result) -> gpd.GeoDataFrame:
    added = {
        change.key for project in result.projects.values() for change in project.changes if change.table == "roads"
    }
    return crossings_of(result.network, added)


def crossings_of(network: Network, added: "set[str] | frozenset[str]" = frozenset()) -> gpd.GeoDataFrame:
    """Return the bridges and tunnels over wide water, and every road that projects add (status new)."""
    roads = network.roads
    shown = roads[roads["structure"].isin(["bridge", "tunnel"]) | roads["road_id"].isin(added)]
    points = network.road_points.sort_values(["road_id", "sequence"])
    drawn = {road: group[["lon", "lat"]].to_numpy() for road, group in points.groupby("road_id")}
    road_ids = [road for road in shown["road_id"] if road in drawn]
    crossings = network.road_links[network.road_links["structure"].isin(["bridge", "tunnel"])]
    return gpd.GeoDataFrame(
        {"status": ["new" if road in added else "existing" for road in road_ids] + ["existing"] * len(crossings)},
        geometry=[*(shapely.LineString(drawn[road]) for road in road_ids), *crossings.geometry],
        crs="EPSG:4326",
    )


def describe_reading(assumptions: Assumptions) -> tuple[str, str]:
    """Return what the minutes of a surface count, with the departure assumption, in Chinese and in English."""
    rule = WAIT_RULES[assumptions.wait_rule]
    return (
        f"全程时间：驾车接驳、进站 {assumptions.station_time_min:g} 分钟、{rule[0]}、乘车、换乘、"
        f"出站 {assumptions.arrival_time_min:g} 分钟、驾车离站；或全程驾车；取较快者。驾车按日间平均车速，不计高峰拥堵。",
        f"Minutes of the whole journey: drive to the station, {assumptions.station_time_min:g} min before departure, "
        f"{rule[1]}, ride, change, {assumptions.arrival_time_min:g} min on arrival, drive on; or "
        "by road alone, whichever is faster. Driving at ordinary daytime speeds, without peak congestion.",
    )


def text_of(
    result: Result,
    *,
    title: tuple[str, str],
    scenario: tuple[str, str] | None = None,
    language: Language = "both",
) -> MapText:
    """Return the sentences around a map of a run under a finding.

    Parameters
    ----------
    title
        The finding, in Chinese and in English.
    scenario
        What is drawn where that is more than the run's own scenario: then no year is given beside it.
    """
    definition = describe_reading(result.scenario.assumptions)
    own = (result.scenario.name, result.scenario.name_en)
    name, name_en = scenario or own
    return MapText(
        title=title[0],
        title_en=title[1],
        scenario=name,
        scenario_en=name_en,
        year=result.scenario.year if scenario is None else None,
        definition=definition[0],
        definition_en=definition[1],
        source=SOURCES[0],
        source_en=SOURCES[1],
        language=language,
    )


def describe_pair(base: Result, other: Result) -> tuple[str, str]:
    """Return both scenarios with their years, in Chinese and in English."""
    one, two = base.scenario, other.scenario
    return (
        f"{one.name}（{one.year} 年）→ {two.name}（{two.year} 年）",
        f"{one.name_en} ({one.year}) \N{RIGHTWARDS ARROW} {two.name_en} ({two.year})",
    )


def people_zh(people: float) -> str:
    """Return a number of people in Chinese units.

    Examples
    --------
    >>> people_zh(7_070_696)
    '707万人'
    """
    return f"{people / 1e8:.2f}亿人" if abs(people) >= 1e8 else f"{people / 1e4:,.0f}万人"


def people_en(people: float) -> str:
    """Return a number of people in millions, in thousands below one.

    Examples
    --------
    >>> people_en(7_070_696), people_en(60_400)
    ('7.1 million people', '60,000 people')
    """
    return f"{people / 1e6:.1f} million people" if abs(people) >= 950_000 else f"{round(people, -3):,.0f} people"
