"""Door to door from minutes that are known, against one search for each origin, on line5 and on the real network."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

import sim
from sim.region.sample import sample_people
from sim.times import road_minutes
from sim.times.door_to_door import DoorToDoor
from sim.times.kernels import (
    each_alone,
    minutes_from,
    minutes_to_targets,
    people_within,
    routes_from,
    seeds_of,
    trace_seeds,
)
from sim.times.pair_minutes import BIN_MIN
from sim.times.road_cache import RoadCache
from sim.times.road_minutes import RoadMinutes, lay_tiles
from sim.times.roads import cells_from, place_node

TOLERANCE_MIN = 0.005
"""Access and egress are each kept to half a step of 2**-8 min at most where a tile spans up to 4 hours: 0.004 min."""


@dataclass(frozen=True)
class Case:
    """A door-to-door model, origins, and the city of each cell (-1: not a destination)."""

    travel: DoorToDoor
    region: object
    nodes: list
    to_ids: list
    membership: np.ndarray

    def pair_minutes(self, travel=None):
        people = self.region.grid.population
        return (travel or self.travel).pair_minutes(self.nodes, self.to_ids, self.membership, people)


def make_case(study, scenario_id, from_id, to_ids, *, n_origins):
    scenario = study.scenario(scenario_id)
    few = replace(scenario, assumptions=scenario.assumptions.model_copy(update={"people_sample": 2}))
    no_places = study.file.model_copy(update={"places": ()})
    travel = replace(study, file=no_places, scenarios={scenario_id: few}).run(scenario_id).travel
    # By car, however long, so that one search finds it; test_access.py has the limit and the other ways.
    travel = replace(travel, access=None)
    region = study.region
    cells = sample_people(region, from_id, n_origins)
    nodes = [place_node(travel.graph, *region.grid.lonlat(row, column)) for row, column in cells]
    membership = np.full(region.grid.shape, -1, dtype=np.int64)
    for k, to_id in enumerate(to_ids):
        membership[region.cells_of(to_id)] = k
    return Case(travel, region, nodes, to_ids, membership)


@pytest.fixture(scope="module", autouse=True)
def cache_folder(tmp_path_factory):
    """Keep the tests out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("SIM_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def tutorial(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


@pytest.fixture(scope="module")
def line5_case(tutorial):
    return make_case(tutorial, "base", "a", ["b", "c", "d", "e"], n_origins=4)


@pytest.fixture(
    scope="module", params=["line5", pytest.param("delta", marks=pytest.mark.real)], ids=["line5", "the delta"]
)
def case(request, repository):
    if request.param == "line5":
        return request.getfixturevalue("line5_case")
    study = sim.read_study(repository / "scenarios" / "circles")
    to_ids = [city for city in study.region.cities_of_set("27") if city != "ningbo"]
    return make_case(study, "do_minimum_2025", "ningbo", to_ids, n_origins=6)


def search_from(travel, node):
    """Return minutes and station (n_stations: by road alone) at every cell, and the access, from one search."""
    access = minutes_to_targets(travel.graph.prepared, each_alone(node), travel.stations.nodes)[0].astype(float)
    arrival = (access[:, None] + travel.rail_min).min(axis=0)
    seeds = seeds_of(np.append(travel.stations.nodes, node), np.append(arrival, 0.0))
    routes = routes_from(travel.graph.prepared, seeds, limit_min=travel.limit_min)
    station = cells_from(travel.graph, trace_seeds(routes.predecessors).astype(np.float32))
    return cells_from(travel.graph, routes.minutes), station, access


def test_pairs_of_people_are_those_of_a_search_from_every_origin(case):
    found = case.pair_minutes()
    surfaces = [search_from(case.travel, node)[0] for node in case.nodes]
    people = case.region.grid.population
    edges = np.arange(1, found.pairs.shape[1] - 1) * BIN_MIN
    for k in range(len(case.to_ids)):
        here = case.membership == k
        reached_by = np.cumsum(found.pairs[k])[: len(edges)]
        minutes = np.concatenate([surface[here & case.region.grid.is_land] for surface in surfaces])
        weights = np.tile(people[here & case.region.grid.is_land], len(surfaces)) / len(surfaces)
        order = np.argsort(minutes)
        total = np.append(0, np.cumsum(weights[order]))
        # People exactly at the edge of a bin may be put on either side of it.
        fewest = total[np.searchsorted(minutes[order], edges - TOLERANCE_MIN)]
        most = total[np.searchsorted(minutes[order], edges + TOLERANCE_MIN)]
        slack = 1e-9 * total[-1]
        assert (fewest - slack <= reached_by).all()
        assert (reached_by <= most + slack).all()
        assert found.pairs[k].sum() == pytest.approx(total[-1])
        assert found.pairs[k, -1] == pytest.approx(weights[np.isnan(minutes)].sum(), abs=slack)


def test_legs_of_pairs_add_up_to_their_minutes_and_are_those_of_the_search(case):
    found = case.pair_minutes().leg_minutes
    expected = np.zeros(found.shape)
    travel, rides = case.travel, case.travel.rides
    people = case.region.grid.population
    for node in case.nodes:
        minutes, station, access = search_from(travel, node)
        board = (access[:, None] + travel.rail_min).argmin(axis=0)
        for k in range(len(case.to_ids)):
            here = (case.membership == k) & np.isfinite(minutes)
            by_road = here & (station == len(board))
            expected[k, 0] += (people * minutes)[by_road].sum()
            cells = here & ~by_road
            alight = station[cells].astype(int)
            first = board[alight]
            before = [
                access[first],
                np.full(len(alight), travel.station_time_min + travel.arrival_time_min),
                rides.wait_min[first, alight],
                rides.typical_min[first, alight],
                rides.change_min[first, alight],
            ]
            egress = minutes[cells] - np.sum(before, axis=0)
            expected[k, 1:] += [(people[cells] * leg).sum() for leg in (*before, egress)]
    expected /= len(case.nodes)
    assert found.sum() == pytest.approx(expected.sum(), rel=1e-5)
    # Two ways that take equally long may be told apart the other way round, so legs agree less closely.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 * expected.sum(axis=1).max())


def test_surfaces_are_those_of_searches_to_the_bit(case):
    travel, node = case.travel, case.nodes[0]
    found = travel.surfaces_from(node)
    limit_min = travel.limit_min
    np.testing.assert_array_equal(
        found.road,
        cells_from(travel.graph, minutes_from(travel.graph.prepared, seeds_of(node), limit_min=limit_min)),
    )
    seeds = seeds_of(travel.stations.nodes, (travel.access_min([node])[0][:, None] + travel.rail_min).min(axis=0))
    rail = cells_from(travel.graph, minutes_from(travel.graph.prepared, seeds, limit_min=limit_min))
    np.testing.assert_array_equal(found.rail, rail)
    best = search_from(travel, node)[0]
    np.testing.assert_allclose(found.best, best, rtol=0, atol=TOLERANCE_MIN)


def test_times_between_cities_are_those_of_searches(case):
    travel = case.travel
    places = case.region.cities.iloc[:5]
    nodes = [place_node(travel.graph, lon, lat) for lon, lat in zip(places["lon"], places["lat"], strict=True)]
    times = travel.city_times(list(places["city_id"]), nodes).set_index(["from_id", "to_id"])
    total = travel.access_min(nodes)[:, :, None] + travel.rail_min
    rail = (total.min(axis=1)[:, :, None] + travel.egress_min(nodes)).min(axis=1)
    road = minutes_to_targets(travel.graph.prepared, each_alone(nodes), nodes)
    for i, from_id in enumerate(places["city_id"]):
        for j, to_id in enumerate(places["city_id"]):
            if i != j:
                assert times.loc[(from_id, to_id), "road_min"] == pytest.approx(road[i, j])
                assert times.loc[(from_id, to_id), "rail_min"] == pytest.approx(rail[i, j])


def test_people_within_cutoffs_are_those_of_searches(case):
    travel, cutoffs = case.travel, np.array([30.0, 60.0, 120.0])
    people = case.region.grid.population
    found = travel.people_within(case.nodes, people, cutoffs)
    padded = np.pad(np.where(case.region.grid.is_land, people, 0.0), 1).ravel()
    for row, node in enumerate(case.nodes):
        access = travel.access_min([node])[0]
        arrival = (access[:, None] + travel.rail_min).min(axis=0)
        seeds = seeds_of(np.append(travel.stations.nodes, node), np.append(arrival, 0.0))
        fewest, most = (
            people_within(travel.graph.prepared, seeds, padded, cutoffs + shift)[0]
            for shift in (-TOLERANCE_MIN, TOLERANCE_MIN)
        )
        assert (fewest - 1e-6 <= found[row]).all()
        assert (found[row] <= most + 1e-6).all()
    assert found.max() > 0


def test_people_around_any_cell_are_those_of_the_searches_from_it(case):
    people = case.region.grid.population
    random = np.random.default_rng(5)
    nodes = np.append(random.choice(case.travel.graph.land_nodes, 30), case.travel.stations.nodes[:5])
    for cutoff_min in (30.0, 60.0, 100.0):
        found = case.travel.people_around(nodes, people, cutoff_min)
        cutoffs = [cutoff_min - TOLERANCE_MIN, cutoff_min + TOLERANCE_MIN]
        fewest, most = case.travel.people_within(nodes, people, cutoffs).T
        assert (fewest - 1e-6 <= found).all()
        assert (found <= most + 1e-6).all()


def test_every_cell_of_the_study_has_one_position_and_tiles_hang_together(case):
    graph = case.travel.graph
    layout = case.travel.roads.layout
    np.testing.assert_array_equal(np.sort(layout.nodes), graph.land_nodes)
    np.testing.assert_array_equal(layout.position[layout.nodes], np.arange(len(layout.nodes)))
    assert np.diff(layout.start).min() > 0
    assert np.diff(layout.start).max() <= road_minutes.TILE_CELLS**2
    np.testing.assert_array_equal(np.repeat(np.arange(len(layout.start) - 1), np.diff(layout.start)), layout.tile)
    reached = np.isfinite(minutes_from(graph.prepared, seeds_of(case.nodes[0])))[layout.nodes]
    per_tile = np.add.reduceat(reached, layout.start[:-1])
    assert set(np.unique(per_tile / np.diff(layout.start))) <= {0.0, 1.0}


def test_a_scenario_of_the_same_roads_finds_the_same_with_the_minutes_another_has_left(tutorial, line5_case):
    fresh = make_case(tutorial, "faster_direct", "a", line5_case.to_ids, n_origins=4)
    line5_case.pair_minutes()
    shared = replace(fresh.travel, shared_roads=line5_case.travel.roads)
    for found, expected in (
        (fresh.pair_minutes(shared), fresh.pair_minutes()),
        (shared.surfaces_from(fresh.nodes[0]), fresh.travel.surfaces_from(fresh.nodes[0])),
    ):
        for name, values in vars(expected).items():
            np.testing.assert_array_equal(getattr(found, name), values)


def test_scenarios_of_one_study_with_the_same_roads_share_them_and_others_do_not(tutorial):
    base, faster = (make_case(tutorial, name, "a", ["b"], n_origins=1).travel for name in ("base", "faster"))
    assert base.shared_roads is not None
    assert base.shared_roads is faster.shared_roads
    slower_lanes = tutorial.scenarios["base"].assumptions.model_copy(update={"local_speed_kmh": 15.0})
    other = replace(tutorial, scenarios={"slow": replace(tutorial.scenarios["base"], assumptions=slower_lanes)})
    assert make_case(other, "slow", "a", ["b"], n_origins=1).travel.shared_roads is not base.shared_roads


def test_what_a_run_has_kept_on_disk_is_found_by_the_next_without_a_search(line5_case, tmp_path, monkeypatch):
    monkeypatch.setattr(road_minutes, "SMALLEST_KEPT_NODES", 0)
    graph, nodes = line5_case.travel.graph, line5_case.nodes

    def ask(roads):
        travel = replace(line5_case.travel, shared_roads=roads)
        pairs = line5_case.pair_minutes(travel)
        between = [roads.minutes_between(nodes, travel.stations.nodes, reverse=reverse) for reverse in (False, True)]
        return [pairs.pairs, pairs.leg_minutes, roads.surface_from(nodes[0]), *between]

    first = ask(RoadMinutes(graph, RoadCache(tmp_path)))
    assert RoadCache(tmp_path).size_bytes() > 0

    def no_search(*_arguments, **_options):
        raise AssertionError("searched although it is on disk")

    for name in ("minutes_from", "minutes_to_targets"):
        monkeypatch.setattr(road_minutes, name, no_search)
    for found, expected in zip(ask(RoadMinutes(graph, RoadCache(tmp_path))), first, strict=True):
        np.testing.assert_array_equal(found, expected)
    other_graph = replace(graph, prepared=graph.prepared._replace(pace=graph.prepared.pace * np.float32(2)))
    with pytest.raises(AssertionError, match="searched although"):
        ask(RoadMinutes(other_graph, RoadCache(tmp_path)))


def test_small_graphs_leave_nothing_on_disk(line5_case, tmp_path):
    line5_case.pair_minutes(
        replace(line5_case.travel, shared_roads=RoadMinutes(line5_case.travel.graph, RoadCache(tmp_path)))
    )
    assert list(tmp_path.iterdir()) == []


def test_stations_that_were_not_foreseen_are_searched_for(line5_case):
    graph = line5_case.travel.graph
    stations = line5_case.travel.stations.nodes
    roads = RoadMinutes(graph, meeting_nodes=stations[:2].tolist())
    first = roads.minutes_between(line5_case.nodes, stations[:1])
    both = roads.minutes_between(line5_case.nodes, stations)
    np.testing.assert_array_equal(both[:, :1], first)
    expected = minutes_to_targets(graph.prepared, each_alone(line5_case.nodes), stations)
    np.testing.assert_array_equal(both, expected)


def test_minutes_back_go_against_the_links(line5_case):
    graph = line5_case.travel.graph
    start, end = (graph.cell_node(0, column) for column in (0, 9))
    indptr = np.array(graph.prepared.indptr)
    at = indptr[start]
    indptr[start + 1 :] += 1
    prepared = graph.prepared._replace(
        indptr=indptr,
        indices=np.insert(graph.prepared.indices, at, end),
        minutes=np.insert(graph.prepared.minutes, at, np.float32(0.5)),
    )
    one_way = replace(
        graph,
        prepared=prepared,
        link_km=np.insert(graph.link_km, at, 1),
        link_label=np.insert(graph.link_label, at, 0),
    )
    roads = RoadMinutes(one_way)
    assert roads.minutes_between([start], [end])[0, 0] == 0.5
    # 9 km by lane at 2.6 min a km, see networks/line5/README.md
    assert roads.minutes_between([start], [end], reverse=True)[0, 0] == pytest.approx(9 * 2.6, abs=1e-4)
    assert roads.minutes_between([end], [start], reverse=True)[0, 0] == 0.5


def test_islands_without_a_link_make_tiles_of_their_own(line5_case):
    graph = line5_case.travel.graph
    moves = np.array(graph.prepared.moves)
    island = graph.cell_node(1, 1)
    for direction, offset in enumerate(graph.prepared.step_offset):
        if (moves[island] >> direction) & 1:
            moves[island + offset] &= 255 ^ (1 << (direction + 4) % 8)
    moves[island] = 0
    cut = lay_tiles(replace(graph, prepared=graph.prepared._replace(moves=moves)))
    sizes = np.diff(cut.start)
    assert sizes[cut.tile[cut.position[island]]] == 1
    assert len(sizes) == len(lay_tiles(graph).start) - 1 + 1
