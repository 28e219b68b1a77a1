"""Stage 5b: the maps of a run: for each place the whole delta, for some a close-up, with the finding as their title."""

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from sim.measures.result import Result
from sim.present.base_map import BaseMap, build_rail_sections, prepare_base
from sim.present.maps import MapLayers, MapText, Place, draw_isochrone_map, save_map
from sim.region.region import Region

__all__ = ["save_result_maps"]

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
    "列车时刻 2016、2023；各项目来源见项目卡。"
)
SOURCES_EN = (
    "© OpenStreetMap contributors (ODbL) for land, roads and stations; census 2020; timetables of 2016 and 2023; "
    "projects as cited in their cards."
)


@dataclass(frozen=True)
class MapJob:
    """One sheet to be drawn and saved: what `draw_isochrone_map` takes, and where the files go."""

    minutes: npt.NDArray[np.float64]
    base: BaseMap
    layers: MapLayers
    origin: Place
    text: MapText
    bbox: tuple[float, float, float, float] | None
    cutoffs_min: tuple[float, ...]
    path_stem: Path


def save_result_maps(result: Result, folder: Path, *, executor: Executor | None = None) -> list[Path]:
    """Write the isochrone maps of a study's places as PNG and SVG and return the files.

    Each place gets a map of the whole study land, and those that the study lists in `close_ups` one of their surroundings.
    A study without land polygons (a tiny network) has no maps.

    Parameters
    ----------
    executor : draws several at a time; a process pool, since drawing holds the interpreter.
    """
    region = result.region
    if region.land is None or region.water is None:
        return []
    base, layers = _base_of(region), _layers_of(result)
    jobs = []
    for place_id in result.surfaces:
        place = region.place(place_id)
        origin = Place(place.name, place.name_en, place.lon, place.lat)
        width, height = CLOSE_UP_DEGREES
        close_up = (place.lon - width, place.lat - height, place.lon + width, place.lat + height)
        sheets: dict[str, tuple[float, float, float, float] | None] = {"delta": None}
        if place_id in result.close_ups:
            sheets["near"] = close_up
        jobs += [
            MapJob(
                minutes=result.surface(place_id).astype("float64"),
                base=base,
                layers=layers if bbox is None else replace(layers, places=_places_near(result, layers.places, bbox)),
                origin=origin,
                text=_text_of(result, place_id, origin),
                bbox=bbox,
                cutoffs_min=result.cutoffs_min,
                path_stem=folder / f"isochrones_{place_id}_{name}",
            )
            for name, bbox in sheets.items()
        ]
    run = map if executor is None else executor.map
    return [path for paths in run(_draw, jobs) for path in paths]


def _draw(job: MapJob) -> list[Path]:
    figure = draw_isochrone_map(
        minutes=job.minutes,
        base=job.base,
        layers=job.layers,
        origin=job.origin,
        text=job.text,
        bbox=job.bbox,
        cutoffs_min=job.cutoffs_min,
        heavy_min=[cutoff for cutoff in (60, 120) if cutoff in job.cutoffs_min],
    )
    paths = save_map(figure, job.path_stem)
    plt.close(figure)
    return paths


@lru_cache(maxsize=1)
def _base_of(region: Region) -> BaseMap:
    """Return the projected land and water; one base map serves all runs of a study (regions compare by identity)."""
    return prepare_base(region.grid, land=region.land, water=region.water)


def _layers_of(result: Result) -> MapLayers:
    network = result.network
    new_lines = set(network.lines["line_id"]) - set(result.base_lines)
    served = set(result.travel.rides.station_ids)
    stations = network.stations[network.stations["station_id"].isin(served)]
    cities = result.region.cities
    rank = pd.cut(
        cities["population_2020"], [-1, USUAL_CITY_PEOPLE, LARGE_CITY_PEOPLE, float("inf")], labels=[3, 2, 1]
    ).astype(int)
    rail = build_rail_sections(network.line_stops, network.lines, network.stations, new_line_ids=new_lines)
    drawable = rail.to_crs(network.crs).length < LONGEST_DRAWN_SECTION_M
    return MapLayers(
        rail=rail[drawable],
        sea_roads=_sea_roads(result),
        stations=stations,
        places=cities.assign(rank=rank)[["name", "name_en", "lon", "lat", "rank"]],
        water_names=WATER_NAMES,
    )


def _places_near(result: Result, cities: pd.DataFrame | None, bbox: tuple[float, float, float, float]) -> pd.DataFrame:
    """Return the cities and, in the smallest type, the county seats and districts inside a box of degrees."""
    places = result.region.places
    west, south, east, north = bbox
    inside = places["lon"].between(west, east) & places["lat"].between(south, north)
    small = places[inside & places["kind"].isin(SMALL_PLACES)].assign(rank=3)
    if cities is None:
        return small[["name", "name_en", "lon", "lat", "rank"]]
    small = small[~small["name"].isin(cities["name"])]
    return pd.concat([cities, small[list(cities.columns)]], ignore_index=True)


def _sea_roads(result: Result) -> gpd.GeoDataFrame:
    """Return the bridges and tunnels over wide water, and every road that the scenario's projects add."""
    added = {
        change.key for project in result.projects.values() for change in project.changes if change.table == "roads"
    }
    roads = result.network.roads
    shown = roads[roads["structure"].isin(["bridge", "tunnel"]) | roads["road_id"].isin(added)]
    points = result.network.road_points.sort_values(["road_id", "sequence"])
    drawn = {road: group[["lon", "lat"]].to_numpy() for road, group in points.groupby("road_id")}
    road_ids = [road for road in shown["road_id"] if road in drawn]
    links = result.network.road_links
    crossings = links[links["structure"].isin(["bridge", "tunnel"])]
    return gpd.GeoDataFrame(
        {"status": ["new" if road in added else "existing" for road in road_ids] + ["existing"] * len(crossings)},
        geometry=[*(shapely.LineString(drawn[road]) for road in road_ids), *crossings.geometry],
        crs="EPSG:4326",
    )


def _text_of(result: Result, place_id: str, origin: Place) -> MapText:
    reach = result.reach
    of_place = reach[(reach["place"] == place_id) & (reach["mode"] == "best")].set_index("cutoff_min")["population"]
    found = [(cutoff, of_place[cutoff]) for cutoff in (60, 120) if cutoff in of_place.index]
    finding = "，".join(f"{cutoff // 60}小时内可达{_people_zh(people)}" for cutoff, people in found)
    finding_en = ", ".join(f"{people / 1e6:.1f} million people within {cutoff} min" for cutoff, people in found)
    assumptions = result.scenario.assumptions
    rule = {
        "planned": ("按计划车次出发，不计候车间隔", "aiming at a given train, no headway wait"),
        "half_headway": ("候车按半个发车间隔", "waiting half a headway"),
        "full_headway": ("候车按一个发车间隔", "waiting a full headway"),
    }[assumptions.wait_rule]
    return MapText(
        title=f"从{origin.name}出发（驾车或乘火车）：{finding}",
        title_en=f"From {origin.name_en} by car or train: {finding_en}",
        scenario=result.scenario.name,
        scenario_en=result.scenario.name_en,
        year=result.scenario.year,
        definition=(
            f"门到门时间：驾车接驳、进站 {assumptions.station_time_min:g} 分钟、{rule[0]}、乘车、换乘、"
            f"出站 {assumptions.arrival_time_min:g} 分钟、驾车离站；或全程驾车；取较快者。驾车按日间平均车速，不计高峰拥堵。"
        ),
        definition_en=(
            f"Door-to-door minutes: drive to the station, {assumptions.station_time_min:g} min before departure, "
            f"{rule[1]}, ride, change, {assumptions.arrival_time_min:g} min on arrival, drive on; or "
            "by road alone, whichever is faster. Driving at ordinary daytime speeds, without peak congestion."
        ),
        source=SOURCES,
        source_en=SOURCES_EN,
    )


def _people_zh(people: float) -> str:
    return f"{people / 1e8:.2f}亿人" if people >= 1e8 else f"{people / 1e4:,.0f}万人"
