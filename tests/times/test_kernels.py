"""The compiled shortest paths against a slow rewrite, scipy and networkx, on graphs made up by chance."""

from dataclasses import dataclass

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sim.times.kernels import (
    NOT_REACHED,
    Seeds,
    each_alone,
    minutes_from,
    minutes_to_targets,
    people_within,
    prepare_graph,
    routes_from,
    seeds_of,
    trace_seeds,
)

SHIFTS = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]
# Paths of these small graphs have fewer than 100 links; each float32 addition is off by at most 2**-24 of the sum,
# which stays under 3,000 min: 100 * 3000 * 6e-8 = 0.018 min at the very most, 0.002 min in practice.
TOLERANCE_MIN = 0.02


@dataclass(frozen=True)
class Case:
    """A graph twice: prepared for the kernels, and as a plain list of (from, to, minutes)."""

    prepared: object
    links: list
    n_nodes: int


def make_case(pace, moves, overlay, *, n_extra=0, bucket_min=None, cell_km=1.0):
    """Return the case of a small grid (rows, columns) and overlay links (from, to, minutes) in padded node numbers."""
    rows, columns = moves.shape
    stride = columns + 2
    flat_pace, flat_moves = (np.pad(array, 1).ravel() for array in (np.asarray(pace, np.float32), moves))
    n_nodes = len(flat_pace) + n_extra
    links = []
    for row in range(rows):
        for column in range(columns):
            node = (row + 1) * stride + column + 1
            for direction, (down, right) in enumerate(SHIFTS):
                if (moves[row, column] >> direction) & 1:
                    other = node + down * stride + right
                    km = np.float32(cell_km * (np.sqrt(2) if down and right else 1)) / np.float32(2)
                    links.append((node, other, (flat_pace[node] + flat_pace[other]) * km))
    overlay = sorted((int(a), int(b), np.float32(m)) for a, b, m in overlay)
    starts = np.array([a for a, _, _ in overlay], dtype=np.int64)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(starts, minlength=n_nodes))])
    prepared = prepare_graph(
        flat_pace,
        flat_moves,
        indptr,
        [b for _, b, _ in overlay],
        [m for _, _, m in overlay],
        stride=stride,
        cell_km=cell_km,
        bucket_min=bucket_min,
    )
    return Case(prepared, links + overlay, n_nodes)


def open_moves(land):
    """Return the moves of land where every step between land cells is possible."""
    padded = np.pad(np.asarray(land, dtype=bool), 1)
    moves = np.zeros(padded.shape, dtype=np.uint8)
    for direction, (down, right) in enumerate(SHIFTS):
        moves |= (padded & np.roll(padded, (-down, -right), (0, 1))).astype(np.uint8) << direction
    return moves[1:-1, 1:-1]


def relax_until_nothing_changes(case, seeds, limit_min=np.inf):
    """Return the minutes by trying every link again and again in float32: the slow obvious way (Bellman-Ford)."""
    minutes = np.full(case.n_nodes, np.inf, dtype=np.float32)
    for node, start in seeds:
        if start <= limit_min:
            minutes[node] = min(minutes[node], np.float32(start))
    changed = True
    while changed:
        changed = False
        for start, end, cost in case.links:
            candidate = np.float32(minutes[start] + cost)
            if candidate < minutes[end] and candidate <= limit_min:
                minutes[end] = candidate
                changed = True
    return minutes


def to_networkx(case):
    graph = nx.DiGraph()
    graph.add_nodes_from(range(case.n_nodes))
    for start, end, cost in case.links:
        if not graph.has_edge(start, end) or cost < graph.edges[start, end]["minutes"]:
            graph.add_edge(start, end, minutes=float(cost))
    return graph


@st.composite
def cases(draw):
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    land = random.random((rows, columns)) < draw(st.sampled_from([0.5, 0.8, 1.0]))
    # Steps are closed one way each, as if a bank were steeper from one side: nothing in the kernel needs symmetry.
    moves = open_moves(land) & random.integers(0, 256, (rows, columns), dtype=np.uint8)
    pace = random.choice([0.5, 2.6, 3.9, 40.0], (rows, columns))
    n_cells, n_extra = (rows + 2) * (columns + 2), draw(st.integers(0, 8))
    inner = [(r + 1) * (columns + 2) + c + 1 for r in range(rows) for c in range(columns)]
    nodes = inner + list(range(n_cells, n_cells + n_extra))
    n_links = draw(st.integers(0, 30))
    costs = np.exp(random.uniform(np.log(1e-3), np.log(draw(st.sampled_from([0.01, 3.0, 250.0]))), n_links))
    overlay = [(random.choice(nodes), random.choice(nodes), cost) for cost in costs]
    bucket_min = draw(st.sampled_from([None, 1e-3, 0.4, 5.0, 1000.0]))
    case = make_case(pace, moves, overlay, n_extra=n_extra, bucket_min=bucket_min)
    n_seeds = draw(st.integers(1, 4))
    starts = np.where(random.random(n_seeds) < 0.5, 0.0, random.uniform(0, 300, n_seeds)).astype(np.float32)
    return case, list(zip(random.choice(nodes, n_seeds).tolist(), starts.tolist(), strict=True))


@settings(deadline=None, max_examples=150)
@given(cases(), st.sampled_from([np.inf, 3.0, 40.0]))
def test_minutes_equal_those_of_trying_every_link_until_nothing_changes_to_the_bit(made, limit_min):
    case, seeds = made
    expected = relax_until_nothing_changes(case, seeds, limit_min)
    found = minutes_from(case.prepared, seeds_of(*zip(*seeds, strict=True)), limit_min=limit_min)
    np.testing.assert_array_equal(found, expected)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_minutes_equal_scipy_and_networkx_within_the_rounding_of_float32(made):
    case, seeds = made
    node = seeds[0][0]
    found = minutes_from(case.prepared, seeds_of(node))
    graph = to_networkx(case)
    by_networkx = np.full(case.n_nodes, np.inf)
    for reached, minutes in nx.single_source_dijkstra_path_length(graph, node, weight="minutes").items():
        by_networkx[reached] = minutes
    # scipy adds parallel links up, so it is given the graph in which only the faster has stayed.
    start, end, minutes = zip(*graph.edges(data="minutes"), strict=True) if graph.edges else ((), (), ())
    by_scipy = dijkstra(csr_array((minutes, (start, end)), shape=(case.n_nodes, case.n_nodes)), indices=node)
    np.testing.assert_allclose(found, by_networkx, rtol=0, atol=TOLERANCE_MIN)
    np.testing.assert_allclose(found, by_scipy, rtol=0, atol=TOLERANCE_MIN)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_the_links_of_a_way_add_up_to_its_minutes(made):
    case, seeds = made
    routes = routes_from(case.prepared, seeds_of(*zip(*seeds, strict=True)))
    np.testing.assert_array_equal(routes.minutes, minutes_from(case.prepared, seeds_of(*zip(*seeds, strict=True))))
    fastest = {}
    for start, end, cost in case.links:
        fastest[start, end] = min(cost, fastest.get((start, end), np.inf))
    first_seed = trace_seeds(routes.predecessors)
    for node in range(case.n_nodes):
        before = routes.predecessors[node]
        if before == NOT_REACHED:
            assert np.isinf(routes.minutes[node])
            assert first_seed[node] == NOT_REACHED
        elif before < NOT_REACHED:
            assert seeds[-2 - before] == (node, routes.minutes[node])
            assert first_seed[node] == -2 - before
        else:
            assert routes.minutes[node] == np.float32(routes.minutes[before] + fastest[before, node])
            assert first_seed[node] == first_seed[before]


@settings(deadline=None, max_examples=40)
@given(cases(), st.integers(1, 3))
def test_many_searches_at_a_time_equal_one_after_the_other_to_the_bit(made, threads):
    case, _ = made
    n_cells = len(case.prepared.pace)
    origins = np.arange(case.n_nodes)
    people = np.arange(n_cells) % 7 + 1.0
    cutoffs = [5.0, 60.0]
    one_by_one = np.array([minutes_from(case.prepared, seeds_of(origin)) for origin in origins])
    together = minutes_to_targets(case.prepared, each_alone(origins), origins, threads=threads)
    np.testing.assert_array_equal(together, one_by_one)
    sums = people_within(case.prepared, each_alone(origins), people, cutoffs, threads=threads)
    # Whole numbers of people: sums in any order are the same.
    np.testing.assert_array_equal(sums, [[people[row[:n_cells] <= t].sum() for t in cutoffs] for row in one_by_one])


def line_of_three(minutes_per_km=2.0):
    """Return the case of three cells in a row: nodes 6, 7, 8 of a padded row of 5, 2 min from each to the next."""
    return make_case(np.full((1, 3), minutes_per_km), open_moves(np.ones((1, 3))), [])


def test_a_step_costs_its_length_by_the_mean_pace_of_the_two_cells():
    case = make_case([[2.0, 4.0], [6.0, 8.0]], open_moves(np.ones((2, 2))), [])
    minutes = minutes_from(case.prepared, seeds_of(5))
    # Padded rows of 4: the cells are nodes 5, 6 above 9, 10.
    # East (2 + 4) / 2, south (2 + 6) / 2, diagonal (2 + 8) / 2 * √2.
    assert minutes[6] == 3.0
    assert minutes[9] == 4.0
    assert minutes[10] == pytest.approx(5.0 * np.sqrt(2), abs=1e-6)


def test_a_cell_of_250_m_costs_a_quarter_of_a_kilometre():
    case = make_case(np.full((1, 2), 8.0), open_moves(np.ones((1, 2))), [], cell_km=0.25)
    assert minutes_from(case.prepared, seeds_of(5))[6] == 2.0


def test_seeds_start_with_their_minutes_and_the_earliest_wins():
    case = line_of_three()
    minutes = minutes_from(case.prepared, seeds_of([6, 8, 8], [0.0, 1.0, 9.0]))
    # Node 7 is 2 min from node 6 (start 0) and 2 min from node 8 (start 1).
    np.testing.assert_array_equal(minutes[6:9], [0.0, 2.0, 1.0])
    assert trace_seeds(routes_from(case.prepared, seeds_of([6, 8, 8], [0.0, 1.0, 9.0])).predecessors)[6:9].tolist() == [
        0,
        0,
        1,
    ]


def test_seeds_far_apart_in_time_are_exact_whatever_the_width_of_a_bucket():
    for bucket_min in (0.001, 1.0, 500.0):
        case = make_case(np.full((1, 3), 2.0), np.zeros((1, 3), np.uint8), [(6, 7, 0.01)], bucket_min=bucket_min)
        minutes = minutes_from(case.prepared, seeds_of([6, 8], [1000.0, 3.0]))
        np.testing.assert_array_equal(minutes[6:9], np.float32([1000.0, 1000.01, 3.0]))


def test_seeds_that_start_never_or_after_the_limit_take_no_part():
    case = line_of_three()
    minutes = minutes_from(case.prepared, seeds_of([6, 8], [np.inf, 5.0]), limit_min=4.0)
    assert np.isinf(minutes).all()


def test_what_is_exactly_at_the_limit_is_reached_and_what_is_beyond_is_not():
    minutes = minutes_from(line_of_three().prepared, seeds_of(6), limit_min=2.0)
    np.testing.assert_array_equal(minutes[6:9], [0.0, 2.0, np.inf])


def test_a_search_of_several_seeds_is_one_row():
    case = line_of_three()
    seeds = Seeds(np.array([0, 2, 3]), np.array([6, 8, 7], np.int32), np.array([0, 1, 0], np.float32))
    np.testing.assert_array_equal(minutes_to_targets(case.prepared, seeds, [7, 8]), [[2.0, 1.0], [0.0, 2.0]])


def test_a_node_with_more_links_than_the_queue_first_has_room_for_reaches_them_all():
    n_extra = 10_000
    hub, first = 4, 9
    spokes = [(hub, first + i, 1.0 + i % 7) for i in range(n_extra)]
    case = make_case(np.ones((1, 1)), np.zeros((1, 1), np.uint8), spokes, n_extra=n_extra)
    minutes = minutes_from(case.prepared, seeds_of(hub))
    np.testing.assert_array_equal(minutes[first:], 1.0 + np.arange(n_extra) % 7)


def test_links_of_nothing_beside_long_ones_are_exact():
    # 1,000 links of 0.001 min in a row, beside one of 0.9 min and a last one of 250 min.
    chain = [(9 + i, 10 + i, 0.001) for i in range(1000)]
    case = make_case(
        np.ones((1, 1)), np.zeros((1, 1), np.uint8), [*chain, (9, 1009, 0.9), (1009, 1010, 250.0)], n_extra=1002
    )
    minutes = minutes_from(case.prepared, seeds_of(9))
    assert minutes[9 + 899] == pytest.approx(0.899, abs=1e-4)
    assert minutes[1009] == np.float32(0.9)
    assert minutes[1010] == pytest.approx(250.9, abs=1e-4)


@pytest.mark.parametrize("cost", [0.0, -1.0, np.inf, np.nan])
def test_a_link_that_costs_nothing_or_everything_is_refused(cost):
    with pytest.raises(ValueError, match="must cost more than nothing"):
        make_case(np.ones((1, 2)), open_moves(np.ones((1, 2))), [(5, 6, cost)])


@pytest.mark.parametrize("end", [-1, 12])
def test_a_link_to_a_node_that_does_not_exist_is_refused(end):
    # Two cells with their padding are the nodes 0 to 11.
    pace = np.pad(np.ones((1, 2), np.float32), 1).ravel()
    moves = np.pad(open_moves(np.ones((1, 2))), 1).ravel()
    with pytest.raises(ValueError, match="leads to a node that does not exist"):
        prepare_graph(pace, moves, np.repeat([0, 1], [6, 7]), [end], [1.0], stride=4)


@pytest.mark.parametrize("start", [-1.0, np.nan])
def test_a_seed_before_the_start_or_at_no_time_is_refused(start):
    with pytest.raises(ValueError, match="minutes of a seed"):
        minutes_from(line_of_three().prepared, seeds_of(6, start))


def test_preparing_a_graph_leaves_the_arrays_given_as_they_are_and_its_own_cannot_be_written():
    moves = open_moves(np.ones((1, 2)))
    pace = np.pad(np.ones((1, 2), np.float32), 1).ravel()
    flat = np.pad(moves, 1).ravel()
    graph = prepare_graph(pace, flat, np.zeros(13), [], [], stride=4)
    assert pace.flags.writeable
    assert flat.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        graph.pace[0] = 1
