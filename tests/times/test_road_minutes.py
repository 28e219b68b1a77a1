"""Road minutes that scenarios share: the same however they are asked for, and for whom."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import sim
from sim.scenario.assumptions import Assumptions
from sim.times.kernels import minutes_from, seeds_of
from sim.times.road_minutes import RoadMinutes
from sim.times.scenario_roads import roads_key
from tests.times.road_networks import compile_small

PICTURE = "#####.#### ##########"
LAND = [(row, column) for row, line in enumerate(PICTURE.split()) for column, kind in enumerate(line) if kind == "#"]


@pytest.fixture
def graph():
    return compile_small(PICTURE)


def nodes_of(graph):
    return [graph.cell_node(row, column) for row, column in LAND]


def minutes_of(roads, table, sources, nodes):
    return roads.minutes_at(table, sources, nodes)


def test_sources_asked_for_one_by_one_have_the_minutes_of_a_search_each(graph):
    nodes, roads = nodes_of(graph), RoadMinutes(graph)
    given = [roads.table_of([node]) for node in nodes]
    # 30 min in at most 65,000 steps of a power of two: steps of 2**-11 min, of which half is lost at most.
    for node, (table, sources) in zip(nodes, given, strict=True):
        expected = minutes_from(graph.prepared, seeds_of(node))[nodes]
        np.testing.assert_allclose(minutes_of(roads, table, sources, nodes)[0], expected, rtol=0, atol=2.0**-12)


def test_a_table_given_out_stays_as_it_was_when_sources_are_added(graph):
    nodes, roads = nodes_of(graph), RoadMinutes(graph)
    table, sources = roads.table_of(nodes[:2])
    before = minutes_of(roads, table, sources, nodes).copy()
    roads.table_of(nodes)
    np.testing.assert_array_equal(minutes_of(roads, table, sources, nodes), before)
    again, sources = roads.table_of(nodes[:2])
    np.testing.assert_array_equal(minutes_of(roads, again, sources, nodes), before)


def test_threads_that_ask_at_once_each_get_their_sources(graph):
    nodes = nodes_of(graph)
    alone = RoadMinutes(graph)
    expected = minutes_of(alone, *alone.table_of(nodes), nodes)
    for _ in range(5):
        shared = RoadMinutes(graph)

        def ask(k, shared=shared):
            return minutes_of(shared, *shared.table_of([nodes[k], nodes[0]]), nodes)

        with ThreadPoolExecutor(8) as pool:
            for k, found in enumerate(pool.map(ask, range(len(nodes)))):
                np.testing.assert_array_equal(found, expected[[k, 0]])


def test_road_minutes_can_be_sent_to_another_process(graph):
    nodes, roads = nodes_of(graph), RoadMinutes(graph)
    expected = minutes_of(roads, *roads.table_of(nodes), nodes)
    sent = pickle.loads(pickle.dumps(roads))
    np.testing.assert_array_equal(minutes_of(sent, *sent.table_of(nodes), nodes), expected)


def test_a_speed_of_30_and_one_of_30_point_0_are_the_same_roads_and_another_speed_is_not(line5):
    network = line5.as_of("2030-12-31")
    whole, decimal, other = (Assumptions.model_validate({"local_speed_kmh": kmh}) for kmh in (30, 30.0, 31))
    keys = [roads_key(network, assumptions) for assumptions in (Assumptions(), whole, decimal, other)]
    assert keys[0] == keys[1] == keys[2] != keys[3]


def test_scenarios_that_differ_in_trains_alone_share_their_roads(repository):
    study = sim.read_study(repository / "scenarios" / "tutorial")
    scenario = next(s for s in study.scenarios.values() if s.projects)
    without = study.variant(scenario, remove=[scenario.projects[0]])
    changed = {change.table for change in study.projects[scenario.projects[0]].changes}
    assert not changed & {"roads", "ferries"}
    assert study.model(scenario).travel.roads is study.model(without).travel.roads


def test_a_network_can_be_sent_to_another_process(line5):
    dated = line5.as_of("2030-12-31")
    sent = pickle.loads(pickle.dumps(dated))
    assert sent.date == dated.date
    assert all(sent.tables[name].equals(frame) for name, frame in dated.tables.items())
    assert sent.stations is sent.tables["stations"]


def test_roads_are_told_apart_by_their_content_and_not_by_which_table_holds_it(repository):
    network = sim.read_network(repository / "networks" / "grid").as_of("2030-12-31")
    copied = network.with_tables(roads=network.roads.copy())
    closed = network.with_tables(roads=network.roads.iloc[:-1].copy())
    keys = [roads_key(made, Assumptions()) for made in (network, copied, closed, network)]
    assert keys[0] == keys[1] == keys[3] != keys[2]


def test_asking_for_no_sources_gives_a_table_to_which_sources_can_be_added(graph):
    nodes, roads = nodes_of(graph), RoadMinutes(graph)
    _, sources = roads.table_of([])
    assert len(sources) == 0
    table, sources = roads.table_of(nodes[:1])
    assert minutes_of(roads, table, sources, nodes[:1])[0, 0] == 0
