"""Wide water on the compiled roads: the two banks are far apart but where a crossing is near; and the channel's minutes."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import ndimage
from scipy.spatial import cKDTree

import sim
from sim.errors import NoRouteError
from sim.network.network import Network, read_network
from sim.region.grid import Grid, read_grid
from sim.scenario.apply import apply_projects
from sim.times.road_graph import to_grid
from sim.times.roads import RoadGraph, compile_roads, road_route, surfaces_to

pytestmark = pytest.mark.real

REPOSITORY = Path(__file__).parents[2]
NINGBO, SHANGHAI = (121.544042, 29.8682), (121.473699, 31.230402)
FASTEST_KMH = 120.0
"""No way is faster: the highest limit in China (road traffic regulation, Art. 78)."""
CLEAR_CELLS = 10
"""A pair of banks is far from a crossing when none is within so many km of either."""
GREAT_CIRCLE_KM = 151.0
"""Ningbo-Shanghai as the crow flies: 1.362 degrees of 110.9 km to the north, 0.070 of 95.8 to the west."""


CAUSEWAYS = (
    ("Hongze Lake, western arm at Shuanggou", (117.888, 33.04)),
    ("Hongze Lake, arms about the land north of Shuanggou", (117.90, 33.165)),
    ("Daguan and Bohu lakes, Susong", (116.719, 30.26)),
    ("Gaoyou Lake, northern end", (119.34, 33.04)),
)
"""Roads of the extract across arms of lakes whose outline (GSHHG) is coarse: the only places left out of the walk."""


@dataclass(frozen=True)
class Banks:
    """Two places that face each other over water, and the km to walk along the shore to the next crossing."""

    water: str
    one: tuple[float, float]
    other: tuple[float, float]
    crossing_km: float


# Facing places with no bridge, tunnel or ferry near; crossing_km is the straight distance from either bank to the
# nearest crossing, read off a map and rounded down.
FAR = (
    Banks("Yangtze, Taicang-Chongming west", (121.17, 31.62), (121.28, 31.80), 10.0),
    Banks("Yangtze, Jiangyin east-Jingjiang east", (120.40, 31.955), (120.43, 32.04), 10.0),
    Banks("Qiantang, Yanguan-Shaoxing binhai", (120.62, 30.40), (120.66, 30.28), 8.0),
    Banks("Hangzhou Bay, Ganpu-Yuyao", (120.93, 30.37), (120.98, 30.22), 12.0),
    Banks("Hangzhou Bay, Jinshan-Cixi Fuhai", (121.35, 30.73), (121.45, 30.24), 25.0),
    Banks("Xiangshan Harbour, head", (121.58, 29.57), (121.62, 29.49), 10.0),
)
# Facing places on the two sides of a crossing that can be entered on both banks.
NEAR = (
    Banks("Qiantang at the first bridge", (120.130, 30.202), (120.139, 30.188), 1.0),
    Banks("Qiantang at the Fuxing bridge", (120.170, 30.218), (120.180, 30.200), 1.0),
    Banks("Yangtze at Nanjing's first bridge", (118.755, 32.094), (118.722, 32.134), 1.0),
    Banks("Yangtze at Jiangyin", (120.285, 31.915), (120.255, 31.968), 1.0),
)


@cache
def real_network() -> Network:
    return read_network(REPOSITORY / "networks" / "yrd").as_of(pd.Timestamp("2026-11-01"))


@cache
def real_grid() -> Grid:
    return read_grid(REPOSITORY / "data" / "cells.tif")


def compiled(network: Network) -> RoadGraph:
    tables = (network.road_nodes, network.road_links, network.roads, network.road_points)
    return compile_roads(real_grid(), *tables, network.ferries, network.road_classes, congestion=network.congestion)


@pytest.fixture(scope="module")
def graph() -> RoadGraph:
    return compiled(real_network())


@pytest.fixture(scope="module")
def graph_without_boats() -> RoadGraph:
    network = real_network()
    tables = (network.road_nodes, network.road_links, network.roads, network.road_points)
    return compile_roads(
        real_grid(), *tables, network.ferries.iloc[:0], network.road_classes, congestion=network.congestion
    )


def minutes(graph: RoadGraph, banks: Banks) -> float:
    return float(surfaces_to(graph, [banks.one], [banks.other])[0, 0])


@pytest.mark.parametrize("banks", FAR, ids=lambda banks: banks.water)
def test_two_banks_without_a_crossing_near_are_far_apart(graph: RoadGraph, banks: Banks) -> None:
    # One must drive to the crossing and back: twice the distance to it, at most at the highest limit; streets and
    # trunk roads along a shore are driven at half of that or less.
    assert minutes(graph, banks) > 2 * banks.crossing_km / (FASTEST_KMH / 2) * 60


@pytest.mark.parametrize("banks", NEAR, ids=lambda banks: banks.water)
def test_two_banks_at_a_crossing_are_near_each_other(graph: RoadGraph, banks: Banks) -> None:
    # Some km to the ramp, over the water and back through streets at 15 km/h at worst, and two gates.
    east, north = (np.subtract(banks.one, banks.other) * (95.5, 111.0)).tolist()
    assert minutes(graph, banks) < (np.hypot(east, north) + 4 * banks.crossing_km) / 15 * 60 + 2


def shore_pairs(land: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return land cells and the land cells 2 to 4 km south or east of them with nothing but water between."""
    ones, others = [], []
    for down, right in ((1, 0), (0, 1)):
        for steps in (2, 3, 4):
            rows, columns = land.shape[0] - down * steps, land.shape[1] - right * steps
            shifted = [land[down * k : down * k + rows, right * k : right * k + columns] for k in range(steps + 1)]
            found = np.argwhere(shifted[0] & shifted[-1] & ~np.any(shifted[1:-1], axis=0))
            ones.append(found)
            others.append(found + np.array((down * steps, right * steps)))
    return np.vstack(ones), np.vstack(others)


def crossings_in_cells(grid: Grid) -> np.ndarray:
    """Return the rows and columns (parts of cells) of all bridges, tunnels, roads drawn by hand and piers."""
    network = real_network()
    over = network.road_links[network.road_links["structure"].isin(["bridge", "tunnel"])]
    points = [np.array(shape.segmentize(0.005).coords)[:, :2] for shape in over.geometry]
    points.append(np.array([place for _, place in CAUSEWAYS]))
    for _, way in network.road_points.groupby("road_id"):
        drawn = shapely.LineString(way.sort_values("sequence")[["lon", "lat"]].to_numpy(dtype=float))
        points.append(np.array(drawn.segmentize(0.005).coords))
    points += [network.ferries[[f"{end}_lon", f"{end}_lat"]].to_numpy(dtype=float) for end in ("from", "to")]
    return to_grid(grid, *np.vstack(points).T)


def joined_by_land(land: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two cells hang together over land within ``CLEAR_CELLS`` of them, corner to corner included."""
    low = np.maximum(np.minimum(one, other) - CLEAR_CELLS, 0)
    high = np.maximum(one, other) + CLEAR_CELLS + 1
    pieces, _ = ndimage.label(land[low[0] : high[0], low[1] : high[1]], structure=np.ones((3, 3)))
    return bool(pieces[tuple(one - low)] == pieces[tuple(other - low)])


def test_a_walk_along_the_shores_finds_no_way_over_the_water_where_no_crossing_is_near(graph: RoadGraph) -> None:
    grid = real_grid()
    pieces, _ = ndimage.label(grid.is_land, structure=np.ones((3, 3)))
    mainland = np.bincount(pieces.ravel())[pieces] > 1000
    ones, others = shore_pairs(grid.is_land & mainland)
    crossings = cKDTree(crossings_in_cells(grid))
    clear = np.minimum(crossings.query(ones + 0.5)[0], crossings.query(others + 0.5)[0]) > CLEAR_CELLS
    chosen = [i for i in np.flatnonzero(clear) if not joined_by_land(grid.is_land, ones[i], others[i])]
    assert len(chosen) > 150
    # Whoever goes from one to the other must leave the window on one bank and come back on the other: at least twice
    # the clear distance. Crossing the water itself, 4 km at 30 km/h and a detour of 1.3, would take about that long.
    bound_min = 2 * CLEAR_CELLS / FASTEST_KMH * 60
    leaks = []
    for i in chosen:
        ends = [grid.lonlat(*map(int, ones[i])), grid.lonlat(*map(int, others[i]))]
        if np.isfinite(surfaces_to(graph, [ends[0]], [ends[1]], limit_min=bound_min)[0, 0]):
            leaks.append(ends)
    assert leaks == []


@pytest.mark.parametrize(
    ("island", "place"),
    [
        ("Putuoshan", (122.385, 29.985)),
        ("Sijiao (Shengsi)", (122.455, 30.725)),
        ("Shengshan, by the bridge from Gouqi", (122.81, 30.73)),
        ("Qushan", (122.34, 30.44)),
        ("Liuheng", (122.13, 29.73)),
        ("Taohua", (122.28, 29.81)),
        ("Hengsha", (121.85, 31.34)),
    ],
)
def test_an_island_is_reached_by_its_boat_and_not_without_it(
    graph: RoadGraph, graph_without_boats: RoadGraph, island: str, place: tuple[float, float]
) -> None:
    assert np.isfinite(surfaces_to(graph, [NINGBO], [place])[0, 0]), island
    assert np.isinf(surfaces_to(graph_without_boats, [NINGBO], [place])[0, 0]), island


def test_an_islet_that_no_row_leads_to_is_reported_as_unreachable(graph: RoadGraph) -> None:
    # The river islet of Ma'anshan: land and people on the grid, no bridge or boat in the tables.
    islet = (118.413, 31.677)
    assert real_grid().is_land[tuple(np.floor(to_grid(real_grid(), *islet)[0]).astype(int))]
    assert np.isinf(surfaces_to(graph, [NINGBO], [islet])[0, 0])
    with pytest.raises(NoRouteError, match="no roads or ferries lead from"):
        road_route(graph, NINGBO, islet)


def test_ningbo_to_shanghai_by_the_planned_channel_takes_over_80_minutes_at_the_highest_limit() -> None:
    # Claim C5 is "under one hour". 160 km are published for the way by the channel: 160 / 120 h = 80 min, with no
    # streets, gates or queues at all.
    study = sim.read_study(REPOSITORY / "scenarios" / "circles")
    network = apply_projects(
        read_network(REPOSITORY / "networks" / "yrd"), [study.projects["huyong_channel_road"]], year=2040
    )
    roads = network.roads.copy()
    channel = roads["road_id"] == "huyong_channel_road"
    assert channel.sum() == 1
    roads.loc[channel, "speed_kmh"] = FASTEST_KMH
    tables = (network.road_nodes, network.road_links, roads, network.road_points, network.ferries)
    before = road_route(compiled(real_network()), NINGBO, SHANGHAI)
    usual = road_route(
        compile_roads(real_grid(), *tables, network.road_classes, congestion=network.congestion), NINGBO, SHANGHAI
    )
    empty_roads = road_route(compile_roads(real_grid(), *tables, network.road_classes), NINGBO, SHANGHAI)
    for route in (usual, empty_roads):
        assert any(leg.name == "沪甬跨海通道公路" for leg in route.legs)
        assert route.minutes > 80.0
        assert route.km > GREAT_CIRCLE_KM
    assert usual.minutes < before.minutes
    assert empty_roads.minutes < usual.minutes
