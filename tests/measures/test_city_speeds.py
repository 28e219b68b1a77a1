"""Speeds of trips inside cities that are a strip of cells, worked by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sim.errors import InputError
from sim.measures.city_speeds import compare_city_speeds, trip_speed_kmh
from sim.scenario.assumptions import Assumptions
from sim.times.roads import compile_roads
from tests.times.road_networks import (
    CLASSES,
    STREETS,
    at,
    compile_small,
    make_authored,
    make_ferries,
    make_grid,
    make_roads,
)

ON_THE_SPOT = 1e-4  # from the middle of a cell to the end of the road that lies there takes a thousandth of a minute
DETOUR = 1.5  # as the streets of `compile_small`, which take 3 min per straight kilometre: 1.5 km at 30 km/h


def strip_city(people, road_km):
    """Return the graph of a strip with people (thousands) in some cells, and a road of 60 km/h along its first kilometres.

    Nothing is built-up, so that people do not slow the streets down.
    """
    n_cells = max(people) + 1
    nodes = [(0.5, 0.5, "yes"), (0.5, road_km + 0.5, "yes")]
    graph = compile_small("#" * n_cells, nodes=nodes, links=[(100, 101, road_km, "trunk")], urban_density_per_km2=1e9)
    population = np.zeros((1, n_cells))
    for cell, thousands in people.items():
        population[0, cell] = 1000 * thousands
    return replace(graph, grid=replace(graph.grid, population=population))


def speed_of(graph):
    return trip_speed_kmh(graph, np.ones(graph.grid.shape, dtype=bool), DETOUR)


def test_a_speed_is_all_kilometres_over_all_minutes_weighted_by_people_at_both_ends():
    # 10 km take 10 min by the road between 0 and 10, and 30 min by the streets between 10 and 20; of 64 people 16, 16 and 32
    # live there, so that the second way is made twice as often as the first. 0 to 20 is too far to count.
    graph = strip_city({0: 16, 10: 16, 20: 32}, road_km=10)
    ways = {(16 * 16): 10, (16 * 32): 30}
    kilometres = sum(10 * DETOUR * trips for trips in ways)
    minutes = sum(trips * taken for trips, taken in ways.items())
    assert speed_of(graph) == pytest.approx(60 * kilometres / minutes, rel=ON_THE_SPOT)


def test_trips_of_less_than_5_and_more_than_15_km_do_not_count():
    # 0 to 4 takes 4 min by the road, 0 to 18 4 + 42 min; only 4 to 18 counts: 14 km by streets of 30 km/h.
    graph = strip_city({0: 16, 4: 16, 18: 32}, road_km=4)
    assert speed_of(graph) == pytest.approx(30, rel=ON_THE_SPOT)


def test_trips_of_just_5_and_just_15_km_count():
    # 0 to 5 in 5 min by the road and 5 to 20 in 45 min by streets; both from and to the same number of people.
    graph = strip_city({0: 16, 5: 32, 20: 16}, road_km=5)
    assert speed_of(graph) == pytest.approx(60 * (5 + 15) * DETOUR / (5 + 45), rel=ON_THE_SPOT)


@pytest.fixture
def two_cities():
    """Two strips with water between: 21 cells of 9,000 people run at half of the limit, 23 at a quarter of it."""
    graph = compile_roads(
        make_grid("U" * 21 + "..\n" + "." * 23 + "\n" + "U" * 23),
        *make_roads(),
        *make_authored(),
        make_ferries(),
        CLASSES,
        congestion=pd.DataFrame({"setting": "city", "city_people_from": [0, 200_000], "speed_share": [0.5, 0.25]}),
        **(STREETS | {"local_urban_speed_kmh": 20.0}),
    )
    lon, lat = zip(at(0.5, 10.5), at(2.5, 10.5), strict=True)
    cities = pd.DataFrame({"city_id": ["small", "large"], "lon": lon, "lat": lat})
    assumptions = Assumptions(local_detour=DETOUR)
    roads = SimpleNamespace(graph=lambda _: graph, assumptions=assumptions)
    return SimpleNamespace(grid=graph.grid, cities=cities), roads


def test_cities_stand_beside_what_was_measured_where_that_is_known(two_cities):
    traffic = pd.DataFrame(
        {"city_id": ["large", "unknown", "small"], "peak_speed_kmh": [4.0, np.nan, 12.5], "source": ["x", "y", "z"]}
    )
    table = compare_city_speeds(traffic, *two_cities, "2020-12-31").set_index("city_id")
    # Streets of 20 km/h: 5 km/h in the large city, which is 25 % above 4, and 10 in the small one, 20 % below 12.5.
    assert list(table.index) == ["large", "small"]
    assert table["model_kmh"].tolist() == pytest.approx([5, 10])
    assert table["error_percent"].tolist() == pytest.approx([25, -20], abs=1e-3)
    assert table["source"].tolist() == ["x", "z"]


def test_a_column_that_is_missing_is_named(two_cities):
    with pytest.raises(InputError, match="peak_speed_kmh"):
        compare_city_speeds(pd.DataFrame({"city_id": ["small"], "source": ["x"]}), *two_cities, "2020-12-31")
