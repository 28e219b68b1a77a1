"""Minutes carried over to changed roads equal those of a fresh search to the bit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.region.grid import Grid
from sim.times.kernels import minutes_from, seeds_of
from sim.times.repair import compare_roads, repair_minutes
from sim.times.road_graph import RoadGraph
from tests.times.road_networks import compile_small
from tests.times.test_kernels import make_case, open_moves

BRIDGE = ("b", "trunk", 2.0, 60.0, [(0.5, 1.5, "yes"), (0.5, 3.5, "yes")])


def road_graph(land, pace, moves, links, points):
    """Return a road graph of these overlay links (from, to, minutes), with one road node for each point."""
    n_links = len(links)
    grid = Grid("EPSG:32651", 0.0, 0.0, 1000.0, np.ones(land.shape), np.where(land, 0, -1).astype(np.int32), moves)
    prepared = make_case(pace, moves, links, n_extra=len(points)).prepared
    nodes = pd.DataFrame({"lon": points, "lat": 0.0, "name": ""})
    return RoadGraph(grid, prepared, np.ones(n_links), np.zeros(n_links, dtype=np.int32), pd.DataFrame(), nodes)


@st.composite
def changes(draw):
    """Return roads before and after: links dropped, added, faster, slower; cells slower or closed; nodes new and gone."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    land = random.random((rows, columns)) < draw(st.sampled_from([0.6, 1.0]))
    n_cells = (rows + 2) * (columns + 2)
    inner = [(r + 1) * (columns + 2) + c + 1 for r in range(rows) for c in range(columns) if land[r, c]]
    pace = random.choice([0.5, 2.6, 3.9], (rows, columns))
    moves = open_moves(land) & random.integers(0, 256, (rows, columns), dtype=np.uint8)
    places = [("cell", node) for node in inner] + [("point", float(point)) for point in range(6)]
    if not inner:
        places = places[-6:]
    costs = (1e-3, 0.5, 2.0, 2.0, 60.0)
    pick = [
        (places[random.integers(len(places))], places[random.integers(len(places))], random.choice(costs))
        for _ in range(30)
    ]
    old_links = pick[: draw(st.integers(0, 20))]
    fate = random.choice(["stay", "gone", "faster", "slower"], len(old_links), p=[0.7, 0.1, 0.1, 0.1])
    factor = {"stay": 1.0, "faster": 0.4, "slower": 3.0}
    new_links = [(a, b, c * factor[f]) for (a, b, c), f in zip(old_links, fate, strict=True) if f != "gone"]
    new_links += pick[20 : 20 + draw(st.integers(0, 4))]
    closed = random.integers(0, 256, (rows, columns), dtype=np.uint8) | (random.random((rows, columns)) < 0.8) * 255
    slower = pace * np.where(random.random((rows, columns)) < 0.1, 2.0, 1.0)
    old_points = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    new_points = draw(st.permutations(old_points)) if draw(st.booleans()) else old_points
    if draw(st.booleans()):  # a point that is gone, with all that led there
        gone = new_points[0]
        new_points = new_points[1:]
        new_links = [link for link in new_links if ("point", gone) not in link[:2]]

    def numbered(links, points):
        node = {("point", point): n_cells + k for k, point in enumerate(points)} | {("cell", n): n for n in inner}
        return [(node[a], node[b], c) for a, b, c in links]

    old = road_graph(land, pace, moves, numbered(old_links, old_points), old_points)
    new = road_graph(land, slower, moves & closed.astype(np.uint8), numbered(new_links, new_points), new_points)
    source = inner[random.integers(len(inner))] if inner else columns + 3
    return old, new, int(source)


@settings(deadline=None, max_examples=300)
@given(changes())
def test_repaired_minutes_are_those_of_a_fresh_search_to_the_bit(made):
    old, new, source = made
    repaired = repair_minutes(compare_roads(old, new), minutes_from(old.prepared, seeds_of(source)))
    np.testing.assert_array_equal(repaired, minutes_from(new.prepared, seeds_of(source)))


def test_without_a_change_nothing_is_searched_for():
    old = compile_small("##.## ##.##", authored=[BRIDGE])
    assert len(compare_roads(old, old).altered) == 0


def test_a_bridge_more_and_a_bridge_less():
    without = compile_small("##.## ##.##")
    bridge = compile_small("##.## ##.##", authored=[BRIDGE])
    source, beyond = without.cell_node(1, 0), without.cell_node(1, 4)
    before, after = (minutes_from(graph.prepared, seeds_of(source)) for graph in (without, bridge))
    assert np.isinf(before[beyond])
    assert np.isfinite(after[beyond])
    np.testing.assert_array_equal(repair_minutes(compare_roads(without, bridge), before), after)
    np.testing.assert_array_equal(repair_minutes(compare_roads(bridge, without), after), before)


def test_roads_on_another_grid_are_refused():
    with pytest.raises(ValueError, match="grids of other cells"):
        compare_roads(compile_small("###"), compile_small("####"))


@pytest.mark.real
def test_a_bridge_over_hangzhou_bay_alters_few_nodes_and_is_exact(repository):
    study = sim.read_study(repository / "scenarios" / "circles")
    base = study.variant("do_minimum_2025", year=2035)
    with_bridge = study.variant(base, add=["huyong_channel_road"])
    old, new = (study.model(scenario).travel.graph for scenario in (base, with_bridge))
    change = compare_roads(old, new)
    assert 0 < len(change.altered) < 1000  # of 700,000
    for place_id in ("ningbo", "shanghai"):
        place = study.region.place(place_id)
        node = old.cell_node(*study.region.grid.cell_at(place.lon, place.lat))
        before, after = (minutes_from(graph.prepared, seeds_of(node)) for graph in (old, new))
        assert not np.array_equal(before[: old.n_cells], after[: new.n_cells])
        np.testing.assert_array_equal(repair_minutes(change, before), after)
        slower = replace(change, altered=change.altered[:0])
        assert not np.array_equal(repair_minutes(slower, before), after)  # the altered nodes are what it takes
