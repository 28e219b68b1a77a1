"""Places on the road graph, surfaces, ways leg by leg, and the graph against scipy and networkx."""

from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from road_networks import at, compile_small
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sim.errors import InputError, NoRouteError
from sim.network.network import read_network
from sim.region.grid import read_grid
from sim.times.kernels import minutes_from, seeds_of
from sim.times.road_networkx import to_networkx
from sim.times.roads import (
    cells_from,
    compile_roads,
    place_node,
    road_route,
    road_surface,
    surfaces_to,
)

# float32 minutes of under 500 min over fewer than 100 links: within 100 * 500 * 6e-8 = 0.003 min of the true sum.
TOLERANCE_MIN = 0.003


def test_a_place_stands_in_its_cell_or_in_the_nearest_within_5_km():
    graph = compile_small("#......##")
    assert place_node(graph, *at(0.2, 0.9)) == graph.cell_node(0, 0)
    assert place_node(graph, *at(0.5, 4.9)) == graph.cell_node(0, 7)
    assert place_node(graph, *at(-3.0, 0.5)) == graph.cell_node(0, 0)


def test_a_place_out_at_sea_is_an_error():
    graph = compile_small("#......##")
    with pytest.raises(InputError, match="no study land within 5 km"):
        place_node(graph, *at(0.5, 14.5))


def test_the_surface_is_of_land_only_and_empty_where_there_is_no_way():
    graph = compile_small("##.#")
    surface = road_surface(graph, graph.cell_node(0, 0), 5.0)
    assert surface.shape == (1, 4)
    np.testing.assert_allclose(surface[0], [5.0, 8.0, np.nan, np.nan], rtol=1e-6)
    np.testing.assert_allclose(
        road_surface(graph, graph.cell_node(0, 0), limit_min=2.0)[0], [0, np.nan, np.nan, np.nan]
    )


def test_minutes_between_places_are_those_of_the_surface():
    graph = compile_small("####")
    places = [at(0.5, 0.5), at(0.5, 3.5)]
    np.testing.assert_allclose(surfaces_to(graph, places, places), [[0, 9], [9, 0]], rtol=1e-6)


def island_of_everything():
    """Return a graph with streets, a motorway, a bridge drawn by hand, a one-way street and a ferry."""
    picture = "#####...#### ##U##...#U## #####...#### ............ ###........#"
    nodes = [(1.3, 0.4, "yes"), (1.5, 2.2, "no"), (1.6, 4.5, "yes"), (0.4, 9.4, "yes"), (2.2, 11.6, "yes")]
    links = [
        (100, 101, 2.0, "motorway", {"ref": "G15"}),
        (101, 102, 2.5, "motorway", {"ref": "G15"}),
        (103, 104, 3.3, "trunk", {"both_directions": "no", "name": "单行道"}),
    ]
    bridge = ("bay", "motorway", 5.0, 100.0, [(1.5, 4.6, "yes"), (1.5, 6.5, "no"), (1.5, 8.5, "yes")])
    ferry = ("f", (4.5, 2.4), (2.6, 4.6), 12.0, 51.0, 5.0)
    return compile_small(picture, nodes=nodes, links=links, authored=[bridge], ferries=[ferry])


def test_minutes_equal_networkx_and_scipy_on_the_same_graph():
    graph = island_of_everything()
    start = graph.cell_node(0, 0)
    minutes = minutes_from(graph.prepared, seeds_of(start))
    arcs = graph.arcs()
    matrix = csr_array((arcs.minutes, (arcs.from_node, arcs.to_node)), shape=(graph.n_nodes, graph.n_nodes))
    by_scipy = dijkstra(matrix, indices=start)
    np.testing.assert_allclose(minutes, by_scipy, rtol=0, atol=TOLERANCE_MIN)
    by_networkx = np.full(graph.n_nodes, np.inf)
    for node, reached in nx.single_source_dijkstra_path_length(to_networkx(graph), start, weight="minutes").items():
        by_networkx[node] = reached
    np.testing.assert_allclose(minutes, by_networkx, rtol=0, atol=TOLERANCE_MIN)
    # 31 land cells of which the islet in the south-east cannot be reached, 5 + 3 road nodes, 2 piers.
    assert np.isfinite(minutes).sum() == 40


def test_the_exported_graph_says_what_its_nodes_and_links_are():
    graph = to_networkx(island_of_everything())
    kinds = {data["kind"] for _, _, data in graph.edges(data=True)}
    assert kinds == {"step", "road", "join", "connector", "ferry"}
    assert sum(data["kind"] == "cell" for _, data in graph.nodes(data=True)) == 5 * 3 + 4 * 3 + 4
    assert sum(data.get("people", 0) for _, data in graph.nodes(data=True)) == 18000.0


def test_the_legs_of_a_way_tell_it_in_order_and_add_up():
    graph = island_of_everything()
    start, end = at(0.5, 0.5), at(0.5, 10.5)
    route = road_route(graph, start, end)
    minutes = surfaces_to(graph, [start], [end])[0, 0]
    assert route.minutes == pytest.approx(minutes, abs=TOLERANCE_MIN)
    told = [(leg.kind, leg.ref or leg.name) for leg in route.legs]
    assert told[0] == ("local", "")
    assert told[-1] == ("local", "")
    assert told.index(("road", "G15")) < told.index(("road", "bay 大桥"))
    assert next(leg.km for leg in route.legs if leg.ref == "G15") == pytest.approx(4.5)
    np.testing.assert_allclose(route.lonlat[0], start, atol=1e-6)
    np.testing.assert_allclose(route.lonlat[-1], end, atol=1e-6)


def test_a_ferry_is_a_leg_of_its_own():
    route = road_route(island_of_everything(), at(4.5, 0.5), at(2.5, 3.5))
    # 51 sailings in 1,020 min: half of 20 min; 5 + 10 + 12.
    assert [round(leg.minutes, 4) for leg in route.legs if leg.kind == "ferry"] == [27.0]


def test_two_places_without_a_way_are_an_error():
    with pytest.raises(NoRouteError, match="no roads or ferries lead"):
        road_route(compile_small("#.#"), at(0.5, 0.5), at(0.5, 2.5))


def test_people_and_cells_are_numbered_alike():
    graph = compile_small("#U .#")
    assert graph.people.sum() == 9000.0
    assert graph.people[graph.cell_node(0, 1)] == 9000.0
    assert graph.node_cell(graph.cell_node(1, 1)) == (1, 1)
    assert graph.land_nodes.tolist() == [graph.cell_node(0, 0), graph.cell_node(0, 1), graph.cell_node(1, 1)]
    np.testing.assert_allclose(graph.node_lonlat(graph.cell_node(1, 1))[0], at(1.5, 1.5))
    assert cells_from(graph, np.arange(graph.n_nodes))[1, 1] == graph.cell_node(1, 1)


@pytest.mark.real
def test_minutes_over_the_whole_delta_equal_scipy(repository: Path):
    network = read_network(repository / "networks" / "yrd").as_of(pd.Timestamp("2025-12-31"))
    tables = (network.roads, network.road_points, network.ferries, network.road_classes)
    grid = read_grid(repository / "data" / "cells.tif")
    graph = compile_roads(grid, network.road_nodes, network.road_links, *tables)
    start = place_node(graph, 121.55, 29.87)
    minutes = minutes_from(graph.prepared, seeds_of(start))
    arcs = graph.arcs()
    shape = (graph.n_nodes, graph.n_nodes)
    by_scipy = dijkstra(csr_array((arcs.minutes, (arcs.from_node, arcs.to_node)), shape=shape), indices=start)
    np.testing.assert_array_equal(np.isfinite(minutes), np.isfinite(by_scipy))
    # Up to 1,500 links of a way, each sum rounded by at most 2**-25 of under 700 min: 0.03 min at worst; chance evens
    # most of it out. So a cell counts on the right side of a cut-off unless it is within a third of a second of it.
    np.testing.assert_allclose(minutes, by_scipy, rtol=0, atol=0.005)
    assert np.isfinite(minutes).sum() > 300_000
