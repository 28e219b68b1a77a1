"""Road minutes carried over from other roads: those of a search, to the bit, and without one."""

from contextlib import closing

import numpy as np
import pytest

import sim
from sim.commands import project_sweep
from sim.commands.project_sweep import ProjectSweep
from sim.times import road_minutes
from sim.times.kernels import minutes_from, seeds_of
from sim.times.road_minutes import RoadMinutes
from sim.times.roads_beside import BaseRoads, RoadsBeside
from tests.times.road_networks import compile_small

PICTURE = "##.## ##.##"
BRIDGE = ("b", "trunk", 2.0, 60.0, [(0.5, 1.5, "yes"), (0.5, 3.5, "yes")])


@pytest.fixture
def without():
    return compile_small(PICTURE)


@pytest.fixture
def with_bridge():
    return compile_small(PICTURE, authored=[BRIDGE])


def assert_same_tables(ours, fresh, nodes):
    (found, own), (expected, others) = ours.table_of(nodes), fresh.table_of(nodes)
    np.testing.assert_array_equal(found.codes[own], expected.codes[others])
    for name in ("least", "most", "step"):
        np.testing.assert_array_equal(getattr(found, name)[:, own], getattr(expected, name)[:, others])


@pytest.mark.parametrize("limit_bytes", [10**9, 0], ids=["room for all", "room for none"])
def test_carried_minutes_are_those_of_a_search_and_nothing_is_searched_for_on_the_other_roads(
    without, with_bridge, monkeypatch, limit_bytes
):
    nodes = without.land_nodes
    for base, other in ((without, with_bridge), (with_bridge, without), (without, without)):
        fresh = RoadMinutes(other)
        expected = {int(node): fresh.surface_from(int(node)) for node in nodes}
        fresh.table_of(nodes)
        with monkeypatch.context() as patch, closing(BaseRoads(base, limit_bytes)) as known:
            patch.setattr(road_minutes, "minutes_from", None)
            for _ in range(2):  # searched for on the base roads, then read from the file
                carried = RoadMinutes(other, beside=RoadsBeside.of(known, other))
                assert_same_tables(carried, fresh, nodes)
                for node, minutes in expected.items():
                    np.testing.assert_array_equal(carried.surface_from(node), minutes)


def test_base_minutes_come_back_from_the_file_as_they_were_found(with_bridge):
    nodes = with_bridge.land_nodes.tolist()
    expected = {node: minutes_from(with_bridge.prepared, seeds_of([node])) for node in nodes}
    with closing(BaseRoads(with_bridge)) as base:
        for node in [*nodes, *reversed(nodes)]:
            np.testing.assert_array_equal(base.minutes_from(node), expected[node])
    np.testing.assert_array_equal(base.minutes_from(nodes[0]), expected[nodes[0]])  # closed: searched for again


@pytest.mark.real
def test_beside_the_roads_of_a_scenario_those_with_a_bridge_more_are_repaired_to_the_bit(
    repository, monkeypatch, tmp_path
):
    monkeypatch.setenv("SIM_CACHE", str(tmp_path))  # nothing is known from earlier runs
    study = sim.read_study(repository / "scenarios" / "circles")
    base = study.variant("do_minimum_2025", year=2035)
    bridged = study.variant(base, add=["huyong_channel_road"])
    with study.roads_beside(base):
        assert study.base_roads is not None
        roads = study.model(bridged).travel.roads
        assert roads.beside is not None
        node = roads.graph.cell_node(*study.region.grid.cell_at(121.55, 29.87))
        np.testing.assert_array_equal(
            roads.surface_from(node)[roads.graph.land_nodes],
            minutes_from(roads.graph.prepared, seeds_of([node]))[roads.graph.land_nodes],
        )


@pytest.mark.real
def test_a_sweep_over_three_sets_of_roads_or_more_carries_them_over_and_fewer_do_not(repository, monkeypatch):
    study = sim.read_study(repository / "scenarios" / "circles")
    bases = []
    monkeypatch.setattr(project_sweep, "run_sweep", lambda sweep, _, **__: bases.append(sweep.study.base_roads))
    sweep = ProjectSweep(study, study.variant("do_minimum_2025", year=2035), ())
    for others in (
        ("yongzhou", "tongsujiayong"),
        ("yongzhou", "liuheng_bridge"),
        ("huyong_channel_road", "liuheng_bridge"),
    ):
        sweep.evaluate([frozenset(), *(frozenset({other}) for other in others)])
    assert [base is not None for base in bases] == [False, False, True]
    assert study.base_roads is None
