"""Wide water on the compiled roads: the two banks are far apart but where a crossing is near; and the channel's minutes."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.network.network import Network, read_network
from sim.region.grid import Grid, read_grid
from sim.scenario.apply import apply_projects
from sim.times.roads import RoadGraph, compile_roads, road_route, surfaces_to

pytestmark = pytest.mark.real

REPOSITORY = Path(__file__).parents[2]
NINGBO, SHANGHAI = (121.544042, 29.8682), (121.473699, 31.230402)
FASTEST_KMH = 120.0
"""No way is faster: the highest limit in China (road traffic regulation, Art. 78)."""


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
    Banks("Yangtze, Zongyang east-Guichi", (117.33, 30.66), (117.36, 30.60), 8.0),
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
    return compile_roads(real_grid(), *tables, network.ferries, network.road_classes)


@pytest.fixture(scope="module")
def graph() -> RoadGraph:
    return compiled(real_network())


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


def shore_pairs(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Return land cells that have another land cell 2 to 4 km south or east with nothing but water between."""
    land = grid.is_land
    ones, others = [], []
    for down, right in ((1, 0), (0, 1)):
        for steps in (2, 3, 4):
            first = land[: land.shape[0] - down * steps, : land.shape[1] - right * steps]
            last = land[down * steps :, right * steps :]
            between = np.zeros_like(first)
            for k in range(1, steps):
                between |= land[down * k : land.shape[0] - down * (steps - k), right * k : land.shape[1] - right * (steps - k)]
            found = np.argwhere(first & last & ~between)
            ones.append(found)
            others.append(found + (down * steps, right * steps))
    return np.vstack(ones), np.vstack(others)


def crossing_points(graph: RoadGraph) -> np.ndarray:
    """Return rows and columns of every node of roads and ferries at which one can get over water."""
    network = real_network()
    bridges = network.road_links[network.road_links["structure"].isin(["bridge", "tunnel"])]
    points = [c for shape in bridges.geometry for c in shape.segmentize(0.005).coords]
    authored = network.road_points[["lon", "lat"]].to_numpy(dtype=float).tolist()
    ferries = network.ferries
    piers = [*zip(ferries["from_lon"], ferries["from_lat"], strict=True), *zip(ferries["to_lon"], ferries["to_lat"], strict=True)]
    return np.array([*[c[:2] for c in points], *authored, *piers], dtype=float)
