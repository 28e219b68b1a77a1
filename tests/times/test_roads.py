"""Roads, bridges and ferries over small pieces of land whose minutes are worked by hand."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyproj
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, Point

from sim.errors import InputError, NoRouteError
from sim.region.grid import Grid
from sim.times.kernels import minutes_from, seeds_of
from sim.times.road_links import drive_minutes, ferry_wait_min
from sim.times.roads import (
    cells_from,
    compile_roads,
    place_node,
    reverse_graph,
    road_route,
    road_surface,
    surfaces_to,
    to_networkx,
)

CRS = "+proj=aea +lat_1=28 +lat_2=34 +lat_0=31 +lon_0=119.2 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
TO_LONLAT = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
SHIFTS = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]
# With these the streets take 60 / 30 * 1.5 = 3 min a kilometre, in built-up cells 60 / 20 * 1.5 = 4.5 min.
STREETS = {"local_speed_kmh": 30.0, "local_urban_speed_kmh": 20.0, "local_detour": 1.5, "interchange_min": 1.0}
# float32 minutes of under 500 min over fewer than 100 links: within 100 * 500 * 6e-8 = 0.003 min of the true sum.
TOLERANCE_MIN = 0.003


def make_grid(picture, *, people=0.0):
    """Return a grid of 1 km cells from rows of text: `#` land, `U` land with 9,000 people, anything else water."""
    rows = [list(row) for row in picture.split()]
    kind = np.array(rows)
    land = np.isin(kind, ["#", "U"])
    padded = np.pad(land, 1)
    moves = np.zeros(padded.shape, dtype=np.uint8)
    for direction, (down, right) in enumerate(SHIFTS):
        possible = padded & np.roll(padded, (-down, -right), (0, 1))
        if down and right:
            # No way between two cells that touch at a corner only: there is water on both sides.
            possible &= np.roll(padded, -down, 0) | np.roll(padded, -right, 1)
        moves |= possible.astype(np.uint8) << direction
    return Grid(
        crs=CRS,
        west_m=0.0,
        north_m=0.0,
        cell_m=1000.0,
        population=np.where(kind == "U", 9000.0, people) * land,
        county=np.where(land, 0, -1).astype(np.int32),
        moves=moves[1:-1, 1:-1],
    )


def at(row, column):
    """Return the longitude and latitude of a point in units of cells from the north-west corner; x.5 is a centre."""
    return TO_LONLAT.transform(column * 1000.0, -row * 1000.0)


CLASSES = pd.DataFrame(
    {
        "road_class": ["motorway", "trunk"],
        "speed_kmh": [120.0, 60.0],
        "congestion_factor": [1.0, 1.0],
        "urban_congestion_factor": [0.5, 0.5],
        "entered": ["interchanges", "anywhere"],
    }
)


def make_roads(nodes=(), links=()):
    """Return the layers of an extract: nodes (row, column, entered) numbered from 100, links (from, to, km, class, …)."""
    node_frame = gpd.GeoDataFrame(
        {"node_id": np.arange(len(nodes)) + 100, "entered": [entered for _, _, entered in nodes]},
        geometry=[Point(at(row, column)) for row, column, _ in nodes],
        crs="EPSG:4326",
    )
    rows = [
        {
            "link_id": i,
            "from_node": a,
            "to_node": b,
            "km": km,
            "road_class": road_class,
            "name": "",
            "ref": "",
            "structure": "surface",
        }
        | (more[0] if more else {})
        for i, (a, b, km, road_class, *more) in enumerate(links)
    ]
    lines = [LineString([node_frame.geometry[a - 100], node_frame.geometry[b - 100]]) for a, b, *_ in links]
    columns = ["link_id", "from_node", "to_node", "km", "road_class", "name", "ref", "structure"]
    return node_frame, gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=None if rows else columns), geometry=lines, crs="EPSG:4326"
    )


def make_authored(roads=()):
    """Return tables roads and road_points of (road_id, class, length_km, speed_kmh, [(row, column, joins), …])."""
    table = pd.DataFrame(
        [
            {"road_id": road, "name": f"{road} 大桥", "ref": "", "road_class": road_class, "speed_kmh": speed,
             "length_km": km, "structure": "bridge", "both_directions": "yes"}
            for road, road_class, km, speed, _ in roads
        ],
        columns=["road_id", "name", "ref", "road_class", "speed_kmh", "length_km", "structure", "both_directions"],
    )  # fmt: skip
    points = [
        {
            "road_id": road,
            "sequence": i + 1,
            "lon": at(r, c)[0],
            "lat": at(r, c)[1],
            "joins": joins,
            "name": f"P{i + 1}",
        }
        for road, _, _, _, line in roads
        for i, (r, c, joins) in enumerate(line)
    ]
    return table, pd.DataFrame(points, columns=["road_id", "sequence", "lon", "lat", "joins", "name"])


def make_ferries(ferries=()):
    """Return the table of ferries of (ferry_id, from (row, column), to, sailing_min, per day, boarding_min)."""
    rows = [
        {"ferry_id": ferry, "name": f"{ferry} 轮渡", "from_name": "A", "from_lon": at(*a)[0], "from_lat": at(*a)[1],
         "to_name": "B", "to_lon": at(*b)[0], "to_lat": at(*b)[1], "sailing_min": sailing, "sailings_per_day": per_day,
         "boarding_min": boarding}
        for ferry, a, b, sailing, per_day, boarding in ferries
    ]  # fmt: skip
    columns = ["ferry_id", "name", "from_name", "from_lon", "from_lat", "to_name", "to_lon", "to_lat", "sailing_min"]
    return pd.DataFrame(rows, columns=[*columns, "sailings_per_day", "boarding_min"])


def compile_small(picture, *, nodes=(), links=(), authored=(), ferries=(), **assumptions):
    return compile_roads(
        make_grid(picture), *make_roads(nodes, links), *make_authored(authored), make_ferries(ferries), CLASSES,
        **(STREETS | assumptions),
    )  # fmt: skip


def minutes_between(graph, start, end):
    """Return the minutes between two cells given as (row, column)."""
    return float(minutes_from(graph.prepared, seeds_of(graph.cell_node(*start)))[graph.cell_node(*end)])


def test_streets_take_their_pace_and_slow_down_in_built_up_cells():
    graph = compile_small("##U")
    assert minutes_between(graph, (0, 0), (0, 1)) == pytest.approx(3.0)
    # Half of the kilometre at 3 min, half at 4.5 min.
    assert minutes_between(graph, (0, 1), (0, 2)) == pytest.approx(3.75)


def test_water_is_not_crossed_not_even_at_a_corner():
    graph = compile_small("#. .#")
    assert np.isinf(minutes_between(graph, (0, 0), (1, 1)))


def test_a_river_that_runs_diagonally_holds_at_every_corner():
    size = 8
    picture = " ".join(
        "".join("." if column == size - 1 - row else "#" for column in range(size)) for row in range(size)
    )
    surface = road_surface(compile_small(picture), compile_small(picture).cell_node(0, 0))
    for row in range(size):
        for column in range(size):
            assert np.isfinite(surface[row, column]) == (row + column < size - 1)


def test_a_river_sends_traffic_round_by_its_head():
    graph = compile_small("##### ##.## ##.## ##.##")
    # From (3, 1) to (3, 3): north to row 1, two diagonals over the head in row 0 and back: 2 + √2 + √2 + 2 km at 3 min.
    assert minutes_between(graph, (3, 1), (3, 3)) == pytest.approx((4 + 2 * np.sqrt(2)) * 3, abs=1e-4)


def test_a_bridge_is_the_only_way_over_the_water():
    nodes = [(0.5, 0.5, "yes"), (0.5, 2.5, "no"), (0.5, 4.5, "yes")]
    links = [(100, 101, 2.0, "trunk", {"structure": "bridge"}), (101, 102, 2.0, "trunk", {"structure": "bridge"})]
    assert np.isinf(minutes_between(compile_small("#...#"), (0, 0), (0, 4)))
    # 4 km at 60 km/h; both ends lie on the centres of their cells, so that getting on takes the shortest link of 0.001.
    assert minutes_between(compile_small("#...#", nodes=nodes, links=links), (0, 0), (0, 4)) == pytest.approx(
        4.002, abs=1e-4
    )


def test_a_bridge_over_land_is_not_entered_from_the_cell_below():
    nodes = [(0.5, 0.5, "yes"), (0.5, 2.5, "no"), (0.5, 4.5, "yes")]
    links = [(100, 101, 2.0, "trunk", {"structure": "bridge"}), (101, 102, 2.0, "trunk", {"structure": "bridge"})]
    graph = compile_small("#.#.#", nodes=nodes, links=links)
    assert np.isinf(minutes_between(graph, (0, 0), (0, 2)))
    assert np.isfinite(minutes_between(graph, (0, 0), (0, 4)))


def test_a_motorway_is_entered_at_interchanges_only_and_each_costs_its_minutes():
    nodes = [(0.5, 0.5, "yes"), (0.5, 4.5, "no"), (0.5, 8.5, "yes")]
    links = [(100, 101, 4.0, "motorway"), (101, 102, 4.0, "motorway")]
    graph = compile_small("#########", nodes=nodes, links=links)
    # On and off 1 min each, 8 km at 120 km/h 4 min; over the streets it would be 24 min.
    assert minutes_between(graph, (0, 0), (0, 8)) == pytest.approx(6.0, abs=1e-4)
    # To the middle there is no exit: 12 min over the streets, or 6 min to the end and 12 min back.
    assert minutes_between(graph, (0, 0), (0, 4)) == pytest.approx(12.0, abs=1e-4)


def test_a_node_of_a_trunk_road_on_a_motorway_is_no_gate():
    nodes = [(0.5, 0.5, "yes"), (0.5, 2.5, "yes")]
    graph = compile_small("###", nodes=nodes, links=[(100, 101, 2.0, "motorway"), (100, 101, 9.0, "trunk")])
    # Both nodes belong to the trunk road, too: 2 km at 120 km/h and no ramps.
    assert minutes_between(graph, (0, 0), (0, 2)) == pytest.approx(1.002, abs=1e-4)


def test_getting_on_takes_the_distance_to_the_centre_of_the_cell_at_the_local_pace():
    nodes = [(0.5, 0.9, "yes"), (0.5, 5.5, "yes")]
    graph = compile_small("#....#", nodes=nodes, links=[(100, 101, 6.0, "trunk")])
    # 0.4 km at 3 min a km, then 6 min.
    assert minutes_between(graph, (0, 0), (0, 5)) == pytest.approx(0.4 * 3 + 6.0 + 0.001, abs=2e-3)


def test_a_node_on_the_shore_belongs_to_the_land_cell_beside_it_and_one_far_out_to_none():
    links = [(100, 101, 6.0, "trunk")]
    near = compile_small("#....#", nodes=[(0.5, 1.9, "yes"), (0.5, 5.5, "yes")], links=links)
    assert minutes_between(near, (0, 0), (0, 5)) == pytest.approx(1.4 * 3 + 6.001, abs=2e-3)
    far = compile_small("#....#", nodes=[(0.5, 2.1, "yes"), (0.5, 5.5, "yes")], links=links)
    assert np.isinf(minutes_between(far, (0, 0), (0, 5)))


def test_a_one_way_road_is_driven_one_way():
    nodes = [(0.5, 0.5, "yes"), (0.5, 4.5, "yes")]
    graph = compile_small("#...#", nodes=nodes, links=[(100, 101, 4.0, "trunk", {"both_directions": "no"})])
    assert minutes_between(graph, (0, 0), (0, 4)) == pytest.approx(4.002, abs=1e-4)
    assert np.isinf(minutes_between(graph, (0, 4), (0, 0)))
    # Turned round, the graph has the minutes to a place where it had those from it.
    assert minutes_between(reverse_graph(graph), (0, 4), (0, 0)) == pytest.approx(4.002, abs=1e-4)
    assert np.isinf(minutes_between(reverse_graph(graph), (0, 0), (0, 4)))


def test_of_parallel_roads_the_faster_stays():
    nodes = [(0.5, 0.5, "yes"), (0.5, 4.5, "yes")]
    links = [(100, 101, 9.0, "trunk"), (100, 101, 4.0, "trunk", {"name": "新路"}), (101, 100, 7.0, "trunk")]
    graph = compile_small("#...#", nodes=nodes, links=links)
    assert minutes_between(graph, (0, 0), (0, 4)) == pytest.approx(4.002, abs=1e-4)
    assert minutes_between(graph, (0, 4), (0, 0)) == pytest.approx(4.002, abs=1e-4)
    assert [leg.name for leg in road_route(graph, at(0.5, 0.5), at(0.5, 4.5)).legs] == ["", "新路", ""]


def test_a_road_is_slower_where_its_middle_lies_in_a_built_up_cell():
    nodes = [(0.5, 0.5, "yes"), (0.5, 4.5, "yes")]
    # The middle is at (0.5, 2.5). 4 km at 60 km/h, in the town at half of it; no streets run beside the road.
    town = compile_small("#.U.#", nodes=nodes, links=[(100, 101, 4.0, "trunk")])
    assert minutes_between(town, (0, 0), (0, 4)) == pytest.approx(8.002, abs=1e-4)
    country = compile_small("#.#.#", nodes=nodes, links=[(100, 101, 4.0, "trunk")])
    assert minutes_between(country, (0, 0), (0, 4)) == pytest.approx(4.002, abs=1e-4)


def test_a_link_may_have_a_speed_of_its_own():
    nodes = [(0.5, 0.5, "yes"), (0.5, 4.5, "yes")]
    graph = compile_small("#...#", nodes=nodes, links=[(100, 101, 4.0, "trunk", {"speed_kmh": 80.0})])
    assert minutes_between(graph, (0, 0), (0, 4)) == pytest.approx(3.002, abs=1e-4)


def test_a_ferry_takes_boarding_half_the_headway_and_the_sailing():
    ferry = ("f", (0.5, 0.5), (0.5, 4.5), 25.0, 34.0, 10.0)
    graph = compile_small("#...#", ferries=[ferry], service_day_min=1020.0)
    # 34 sailings in 1,020 min are one in 30 min: 10 + 15 + 25 min, and twice 0.001 on and off.
    assert minutes_between(graph, (0, 0), (0, 4)) == pytest.approx(50.002, abs=1e-4)
    assert minutes_between(graph, (0, 4), (0, 0)) == pytest.approx(50.002, abs=1e-4)


def test_nobody_waits_longer_for_a_ferry_than_the_cap():
    ferry = ("f", (0.5, 0.5), (0.5, 4.5), 25.0, 2.0, 10.0)
    graph = compile_small("#...#", ferries=[ferry], service_day_min=1020.0, ferry_wait_cap_min=60.0)
    # Half of 510 min would be 255 min.
    assert minutes_between(graph, (0, 0), (0, 4)) == pytest.approx(10 + 60 + 25 + 0.002, abs=1e-4)


def test_the_formulas_give_their_worked_numbers():
    assert drive_minutes(36.0, 100.0, 0.9) == pytest.approx(24.0)
    assert ferry_wait_min(17.0, 1020.0, 60.0) == 30.0


def test_a_pier_far_from_land_is_an_error_that_names_it():
    with pytest.raises(InputError, match=r"ferry pier B .*no study land within 3 km"):
        compile_small("#.........", ferries=[("f", (0.5, 0.5), (0.5, 8.5), 25.0, 34.0, 10.0)])


def test_a_road_drawn_by_hand_has_its_published_length():
    bridge = ("bay", "motorway", 6.0, 100.0, [(0.5, 0.5, "yes"), (0.5, 2.5, "no"), (0.5, 4.5, "yes")])
    graph = compile_small("#...#", authored=[bridge])
    # 6 km (drawn: 4 km) at 100 km/h are 3.6 min; the gates take 1 min each.
    assert minutes_between(graph, (0, 0), (0, 4)) == pytest.approx(5.6, abs=1e-3)
    as_drawn = compile_small("#...#", authored=[("bay", "motorway", np.nan, np.nan, bridge[4])])
    # 4 km at the 120 km/h of its class.
    assert minutes_between(as_drawn, (0, 0), (0, 4)) == pytest.approx(4.0, abs=1e-2)


def test_a_road_drawn_by_hand_joins_the_nearest_node_of_the_other_roads():
    nodes = [(0.5, 0.5, "yes"), (0.5, 2.5, "no")]
    links = [(100, 101, 2.0, "motorway")]
    bridge = ("bay", "motorway", 4.0, 120.0, [(0.5, 3.5, "yes"), (0.5, 7.5, "yes")])
    graph = compile_small("####...#", nodes=nodes, links=links, authored=[bridge])
    # On 1 min, 2 km 1 min, join of 1 km 0.5 min, bridge 4 km 2 min, off 1 min.
    assert minutes_between(graph, (0, 0), (0, 7)) == pytest.approx(5.5, abs=1e-2)


def test_a_motorway_that_joins_a_street_pays_the_gate():
    nodes = [(0.5, 0.5, "yes"), (0.5, 2.5, "no")]
    links = [(100, 101, 2.0, "trunk")]
    bridge = ("bay", "motorway", 4.0, 120.0, [(0.5, 3.5, "yes"), (0.5, 7.5, "yes")])
    graph = compile_small("####...#", nodes=nodes, links=links, authored=[bridge])
    # 2 km of trunk road 2 min, join 0.5 + 1 min, bridge 2 min, off 1 min.
    assert minutes_between(graph, (0, 0), (0, 7)) == pytest.approx(6.5, abs=1e-2)


def test_two_roads_drawn_by_hand_join_each_other_at_their_joining_points_only():
    first = ("first", "motorway", 4.0, 120.0, [(0.5, 0.5, "yes"), (0.5, 2.5, "no"), (0.5, 4.5, "yes")])
    second = ("second", "motorway", 6.0, 120.0, [(1.5, 3.0, "yes"), (1.5, 8.5, "yes")])
    graph = compile_small("#.........# ........###", authored=[first, second])
    # The second starts in the water, √1.25 km from the middle of the first bridge and √3.25 km from its far end:
    # on 1 min, bridge 2 min, join √3.25 km at 2 km a minute, bridge 3 min, off 1 min.
    assert minutes_between(graph, (0, 0), (1, 8)) == pytest.approx(7 + np.sqrt(3.25) / 2, abs=1e-2)


def test_a_join_does_not_leap_over_water():
    # The nearest node of another road is 2 km away, on the other bank.
    nodes = [(0.5, 2.5, "yes"), (0.5, 3.5, "yes")]
    island = ("island", "trunk", np.nan, 60.0, [(0.5, 0.5, "yes"), (1.5, 0.5, "yes")])
    graph = compile_small("#.## #.##", nodes=nodes, links=[(100, 101, 1.0, "trunk")], authored=[island])
    assert np.isinf(minutes_between(graph, (0, 0), (0, 2)))


def test_a_joining_point_that_finds_nothing_is_an_error_that_names_road_and_point():
    lost = ("lost", "motorway", np.nan, np.nan, [(0.5, 0.5, "yes"), (0.5, 8.5, "yes")])
    with pytest.raises(InputError, match=r"road lost: point P2 .* joins = yes, but no node .* no land cell"):
        compile_small("#.........", authored=[lost])


def test_every_problem_is_reported_at_once():
    authored = [
        ("short", "motorway", np.nan, np.nan, [(0.5, 0.5, "yes")]),
        ("loose", "trunk", np.nan, np.nan, [(0.5, 0.5, "no"), (0.5, 1.5, "no")]),
        ("odd", "trunc", np.nan, np.nan, [(0.5, 0.5, "yes"), (0.5, 1.5, "no")]),
        ("lost", "trunk", np.nan, np.nan, [(0.5, 0.5, "yes"), (0.5, 8.5, "yes")]),
    ]
    nodes = [(0.5, 0.5, "yes"), (0.5, 1.5, "yes")]
    with pytest.raises(InputError) as caught:
        compile_small(
            "##........", nodes=nodes, links=[(100, 101, 1.0, "motorwai"), (100, 101, 0.0, "trunk")], authored=authored
        )
    text = "\n".join(caught.value.problems)
    assert "road link 0: road_class 'motorwai' is not in road_classes (did you mean 'motorway'?)" in text
    assert "1 links are not longer than 0 km, the first is 1" in text
    assert "road short: has 1 points; a road needs at least 2" in text
    assert "road loose: no point has joins = yes" in text
    assert "road odd: road_class 'trunc' is not in road_classes (did you mean 'trunk'?)" in text
    assert "road lost: point P2" in text
    assert len(caught.value.problems) == 6


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
