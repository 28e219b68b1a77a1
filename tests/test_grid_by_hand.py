"""The answers of networks/grid/README.md, worked there by hand, against the model."""

from math import sqrt

import networkx as nx
import numpy as np
import pytest

import sim
from sim.region.region import read_region
from sim.times.road_networkx import to_networkx
from sim.times.roads import compile_roads, place_node, road_route, road_surface

LANE = 60 / 30 * 1.3  # minutes per km


@pytest.fixture(scope="module")
def network(repository):
    return sim.read_network(repository / "networks" / "grid")


@pytest.fixture(scope="module")
def region(network):
    return read_region(network.folder, network)


def graph_of(network, region, date):
    n = network.as_of(date)
    return compile_roads(region.grid, n.road_nodes, n.road_links, n.roads, n.road_points, n.ferries, n.road_classes)


def minutes_a_to_b(network, region, date):
    ends = [(place.lon, place.lat) for place in (region.place("a"), region.place("b"))]
    return road_route(graph_of(network, region, date), *ends).minutes


@pytest.mark.parametrize(
    ("date", "minutes"),
    [
        pytest.param("2005-12-31", (9 * sqrt(2) + sqrt(2) + 8) * LANE + 5 + 30 + 10, id="by ferry"),
        pytest.param("2012-12-31", 2 * (5 * sqrt(2) + 4) * LANE + 2, id="by the bridge"),
        pytest.param("2021-12-31", 24 / 120 * 60 + 2 * 1, id="by motorway"),
    ],
)
def test_the_way_from_town_to_town_by_year(network, region, date, minutes):
    assert minutes_a_to_b(network, region, date) == pytest.approx(minutes, abs=0.02)


def test_without_any_crossing_the_other_bank_is_not_reached(network, region):
    graph = graph_of(network, region, "1999-12-31")
    surface = road_surface(graph, [place_node(graph, region.place("a").lon, region.place("a").lat)])
    assert np.isfinite(surface[:, :10]).all()
    assert np.isnan(surface[:, 10:]).all()  # the river itself and the far bank


def test_nobody_gets_off_the_motorway_over_the_river(network, region):
    # with the motorway but no bridge, the cells beside it on the far bank are reached only by way of town B
    n = network.as_of("2021-12-31")
    keep = n.roads["road_id"] == "motorway"
    graph = compile_roads(
        region.grid, n.road_nodes, n.road_links, n.roads[keep],
        n.road_points[n.road_points["road_id"] == "motorway"], n.ferries.iloc[:0], n.road_classes,
    )  # fmt: skip
    surface = road_surface(graph, [place_node(graph, region.place("a").lon, region.place("a").lat)])
    # the cell (5, 11) is 5 diagonal and 4 straight steps from B
    assert surface[5, 11] == pytest.approx(14 + (5 * sqrt(2) + 4) * LANE, abs=0.02)


def test_road_minutes_equal_networkx_on_the_same_graph(network, region):
    graph = graph_of(network, region, "2012-12-31")
    node = place_node(graph, region.place("a").lon, region.place("a").lat)
    expected = nx.single_source_dijkstra_path_length(to_networkx(graph), node, weight="minutes")
    found = road_surface(graph, [node])
    land = graph.land_nodes
    assert len(expected) >= len(land)
    for cell in land:
        assert found[graph.node_cell(cell)] == pytest.approx(expected[cell], abs=1e-3)
