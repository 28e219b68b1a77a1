"""Access to the nearest, worked by hand on networks/grid: 1,000 people in town A, 2,000 in town B, a river between."""

from dataclasses import replace
from math import sqrt
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import sim
from sim.measures.coverage import (
    COVERAGE_COLUMNS,
    COVERAGE_SEAT_COLUMNS,
    Coverage,
    as_verdicts,
    check_coverage,
    judge_coverage,
)
from sim.measures.targets import TARGET_COLUMNS
from sim.region.region import read_region
from sim.times.door_to_door import StationRoads
from sim.times.road_minutes import RoadMinutes
from sim.times.road_networkx import to_networkx
from sim.times.roads import compile_roads, place_node

LANE = 60 / 30 * 1.3  # minutes per km
BY_BRIDGE = 2 * (5 * sqrt(2) + 4) * LANE + 2
BY_FERRY = (9 * sqrt(2) + sqrt(2) + 8) * LANE + 5 + 30 + 10


@pytest.fixture(scope="module")
def grid(repository):
    return sim.read_network(repository / "networks" / "grid")


@pytest.fixture(scope="module")
def region(grid):
    return read_region(grid.folder, grid)


def scene(grid, region, year, *, with_trains=(), one_way=()):
    """The network of a year, and what of its model the rules look at; some stations have trains, some roads one way only."""
    network = grid.as_of(f"{year}-12-31")
    roads = network.roads.assign(both_directions=np.where(network.roads["road_id"].isin(one_way), "no", "yes"))
    graph = compile_roads(
        region.grid,
        network.road_nodes,
        network.road_links,
        roads,
        network.road_points,
        network.ferries,
        network.road_classes,
    )
    stations = network.stations[network.stations["station_id"].isin(with_trains)]
    nodes = [place_node(graph, lon, lat) for lon, lat in zip(stations["lon"], stations["lat"], strict=True)]
    roads_to = StationRoads(tuple(stations["station_id"]), np.array(nodes, dtype=np.int32))
    return SimpleNamespace(graph=graph, roads=RoadMinutes(graph), stations=roads_to), network


def rule(**values):
    filled = {"name": "x", "name_en": "x", "in": "all", "within_min": 60, "source": "invented"} | values
    return Coverage.model_validate(filled)


def judge_one(grid, region, year, with_trains=(), one_way=(), **values):
    travel, network = scene(grid, region, year, with_trains=with_trains, one_way=one_way)
    coverage, seats = judge_coverage({"rule": rule(**values)}, travel, network, region)
    return coverage.iloc[0], seats


def test_a_motorway_is_reached_at_its_interchange(grid, region):
    row, seats = judge_one(grid, region, 2021, of="city_seats", to="motorway", within_min=3)
    assert list(seats["minutes"]) == pytest.approx([1, 1], abs=1e-4)  # the interchange in each town takes a minute
    assert row["share"] == 1
    assert row["met"]
    assert row["slack_min"] == pytest.approx(2, abs=1e-4)


def test_without_the_facility_nobody_is_near_it(grid, region):
    row, seats = judge_one(grid, region, 2012, of="county_seats", to="motorway")
    assert row["share"] == 0
    assert not row["met"]
    assert np.isnan([row["value_min"], row["slack_min"], row["worst_min"]]).all()
    assert seats["minutes"].isna().all()
    assert list(seats["met"]) == [False, False]


@pytest.mark.parametrize(
    ("within_min", "required_share", "share", "value_min"),
    [(59, 0.95, 1 / 3, BY_BRIDGE), (60, 0.95, 1, BY_BRIDGE), (59, 1 / 3, 1 / 3, 0), (59, 0.34, 1 / 3, BY_BRIDGE)],
)
def test_people_within_reach_of_a_place_are_counted(grid, region, within_min, required_share, share, value_min):
    asked = {"of": "people", "to": "a", "within_min": within_min, "required_share": required_share}
    row, seats = judge_one(grid, region, 2012, **asked)
    assert row["number"] == 3000
    assert row["number_within"] == pytest.approx(3000 * share)
    assert row["share"] == pytest.approx(share)
    assert row["value_min"] == pytest.approx(value_min, abs=0.02)
    assert row["met"] == (value_min <= within_min)
    assert seats.empty


def test_only_stations_with_trains_count(grid, region):
    for facility in (
        "rail_station",
        "hub",
        "high_speed_station",
    ):  # the line is built for 200 km/h, both are main stations
        row, seats = judge_one(grid, region, 2022, with_trains=("a",), of="city_seats", to=facility, within_min=13)
        assert list(seats["minutes"]) == pytest.approx([0, 14])  # by motorway, 12 min and both interchanges
        assert (row["worst_id"], row["share"]) == ("b", 0.5)
    row, _ = judge_one(grid, region, 2022, with_trains=(), of="city_seats", to="rail_station")
    assert row["share"] == 0


def test_the_nearest_of_several_counts(grid, region):
    _, seats = judge_one(grid, region, 2022, with_trains=("a", "b"), of="city_seats", to="rail_station")
    assert list(seats["minutes"]) == [0, 0]


def test_minutes_are_to_the_facility_and_not_from_it(grid, region):
    # the bridge may be crossed eastward only: from B to A there is the ferry
    for to, minutes in (("a", BY_FERRY), ("b", BY_BRIDGE)):
        row, _ = judge_one(grid, region, 2012, one_way=("bridge",), of="people", to=to, required_share=1)
        assert row["value_min"] == pytest.approx(minutes, abs=0.02)


def test_all_cells_agree_with_networkx(grid, region):
    travel, network = scene(grid, region, 2021, one_way=("bridge",))
    everywhere = replace(region.grid, population=np.where(region.grid.is_land, 1.0, 0.0))
    lengths = nx.single_source_dijkstra_path_length(
        to_networkx(travel.graph).reverse(),
        place_node(travel.graph, region.place("a").lon, region.place("a").lat),
        weight="minutes",
    )
    expected = [lengths[node] for node in travel.graph.land_nodes]
    for within_min in (10, 20, 30, 60):
        asked = rule(of="people", to="a", within_min=within_min)
        coverage, _ = judge_coverage({"rule": asked}, travel, network, replace(region, grid=everywhere))
        assert coverage.loc[0, "number_within"] == sum(minutes <= within_min for minutes in expected)


def test_a_rule_may_be_about_one_city(grid, region):
    row, seats = judge_one(grid, region, 2012, of="county_seats", to="a", **{"in": "b"})
    assert list(seats["seat_id"]) == ["900002"]
    assert row["number"] == 1


def test_rules_become_rows_of_the_table_of_verdicts(grid, region):
    travel, network = scene(grid, region, 2012)
    rules = {"one": rule(of="people", to="a"), "two": rule(of="city_seats", to="motorway")}
    coverage, seats = judge_coverage(rules, travel, network, region)
    assert tuple(coverage) == COVERAGE_COLUMNS
    assert tuple(seats) == COVERAGE_SEAT_COLUMNS
    verdicts = as_verdicts(coverage)
    assert tuple(verdicts) == TARGET_COLUMNS
    assert list(verdicts["target"]) == ["one", "two"]
    assert list(verdicts["share_of_population"]) == [1, 0]


def test_no_rules_make_empty_tables(grid, region):
    coverage, seats = judge_coverage({}, *scene(grid, region, 2012), region)
    assert isinstance(coverage, pd.DataFrame)
    assert coverage.empty
    assert seats.empty


def test_unknown_areas_and_facilities_are_named_with_what_was_probably_meant(region):
    rules = {"one": rule(of="people", to="motorways"), "two": rule(of="people", to="a", **{"in": "al"})}
    first, second = check_coverage(rules, region)
    assert first.startswith("study.toml: coverage.one: to: 'motorways' is neither rail_station, ")
    assert first.endswith("(did you mean 'motorway'?)")
    assert second == "study.toml: coverage.two: in: no city set or city 'al' (did you mean 'all'?)"
    assert check_coverage({"good": rule(of="people", to="hub")}, region) == []
