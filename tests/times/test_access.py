"""Ways to and from stations: the fastest of several, none beyond the limit, against a search from every station."""

from dataclasses import replace

import numpy as np
import pytest

import sim
from sim.measures.route import find_end, find_route
from sim.times.access import Access, AccessWay
from sim.times.kernels import minutes_from, seeds_of
from sim.times.pair_minutes import BIN_MIN
from sim.times.road_minutes import RoadMinutes
from sim.times.roads import place_node

TOLERANCE_MIN = 0.01


@pytest.fixture(scope="module")
def model(repository):
    return sim.read_study(repository / "scenarios" / "tutorial").model("base")


def slower(graph, factor):
    prepared = graph.prepared
    return replace(graph, prepared=prepared._replace(pace=prepared.pace * np.float32(factor)))


@pytest.fixture(scope="module", params=[15.0, 40.0, float("inf")], ids=["15 min", "40 min", "no limit"])
def travel(request, model):
    """Car, costly to start with, and a bus at 1.5 times its minutes, with another wait in every cell."""
    base = model.travel
    random = np.random.default_rng(5)
    car = AccessWay("car", base.roads, np.full(base.graph.n_cells, 12, dtype=np.float32))
    waits = random.uniform(0, 10, base.graph.n_cells).astype(np.float32)
    bus = AccessWay("bus", RoadMinutes(slower(base.graph, 1.5), laid=base.roads.layout), waits)
    return replace(base, access=Access((car, bus), request.param))


def way_minutes(travel, start):
    """Return minutes from a node to every cell by the faster of the ways that keep the limit; extra at the cell."""
    each = [
        minutes_from(way.graph.prepared, seeds_of(start))[: travel.graph.n_cells].astype(float) + way.extra_min
        for way in travel.ends.ways
    ]
    return np.min([np.where(minutes <= travel.ends.limit_min, minutes, np.inf) for minutes in each], axis=0)


def rail_minutes(travel, node):
    """Return minutes to every cell over every pair of stations, one search a station (links go both ways here)."""
    by_station = np.array([way_minutes(travel, station) for station in travel.stations.nodes])
    each = [
        minutes_from(way.graph.prepared, seeds_of(node))[travel.stations.nodes].astype(float) + way.extra_min[node]
        for way in travel.ends.ways
    ]
    access = np.min([np.where(minutes <= travel.ends.limit_min, minutes, np.inf) for minutes in each], axis=0)
    arrival = (access[:, None] + travel.rail_min).min(axis=0)
    minutes = (arrival[:, None] + by_station).min(axis=0)
    return np.where(minutes <= travel.limit_min, minutes, np.inf)


def nodes_of(travel, region):
    places = region.places
    return [place_node(travel.graph, lon, lat) for lon, lat in zip(places["lon"], places["lat"], strict=True)]


def test_surfaces_by_rail_keep_the_limit_at_both_ends(travel, model):
    land = travel.graph.land_nodes
    reached = set()
    for node in nodes_of(travel, model.region):
        expected = rail_minutes(travel, node)[land]
        found = travel.surfaces_from(node).rail[model.region.grid.is_land].astype(float)
        found[np.isnan(found)] = np.inf
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE_MIN)
        reached.add(int(np.isfinite(expected).sum()))
    assert max(reached) > 0
    if travel.ends.limit_min < 40:
        assert max(reached) < len(land)  # somewhere the limit bites


def test_pairs_of_people_are_counted_by_the_same_minutes(travel, model):
    region, origin = model.region, nodes_of(travel, model.region)[0]
    membership = np.where(region.grid.is_land, 0, -1)
    found = travel.pair_minutes([origin], ["all"], membership, region.grid.population)
    road = minutes_from(travel.graph.prepared, seeds_of(origin))[: travel.graph.n_cells]
    best = np.minimum(road, rail_minutes(travel, origin))
    people = travel.graph.people
    for cutoff in (30.0, 60.0, 120.0, 300.0):
        within = found.pairs[0, : round(cutoff / BIN_MIN)].sum()
        assert people[best <= cutoff - TOLERANCE_MIN].sum() <= within <= people[best <= cutoff + TOLERANCE_MIN].sum()
        around = travel.people_around([origin], region.grid.population, cutoff)[0]
        of_many = travel.people_within([origin], region.grid.population, [cutoff])[0, 0]
        for count in (around, of_many):
            assert people[best <= cutoff - TOLERANCE_MIN].sum() <= count <= people[best <= cutoff + TOLERANCE_MIN].sum()


def test_city_times_and_routes_name_their_ways_and_agree(travel, model):
    region, network = model.region, model.network
    cities = region.cities
    nodes = [place_node(travel.graph, lon, lat) for lon, lat in zip(cities["lon"], cities["lat"], strict=True)]
    times = travel.city_times(list(cities["city_id"]), nodes)
    assert len(times) == 5 * 4
    for row in times.itertuples():
        expected = rail_minutes(travel, nodes[list(cities["city_id"]).index(row.from_id)])
        there = expected[nodes[list(cities["city_id"]).index(row.to_id)]]
        assert row.rail_min == pytest.approx(there, abs=TOLERANCE_MIN)
        assert {row.access_by, row.egress_by} <= {"car", "bus"}
        legs = (row.access_min, row.station_min, row.wait_min, row.ride_min, row.change_min, row.egress_min)
        assert sum(legs) == pytest.approx(row.rail_min)
    route = find_route(travel, *(find_end(end, region, network.stations) for end in ("a", "e")), network)
    row = times.set_index(["from_id", "to_id"]).loc[("a", "e")]
    assert route.mode == "rail"
    assert sum(leg.minutes for leg in route.legs) == pytest.approx(row["rail_min"], abs=TOLERANCE_MIN)
    names = {"car": "驾车 car", "bus": "公交 bus"}
    assert route.legs[0].by.startswith(names[row["access_by"]])
    assert route.legs[-1].by.startswith(names[row["egress_by"]])


def test_the_station_that_is_chosen_has_the_least_total_and_need_not_be_the_nearest(model):
    # 5 km east of a and 15 km west of b: by lane 13 min to a and 39 min to b. Trains from a take 30 min longer than from b.
    travel = model.travel
    a, b = (travel.stations.station_ids.index(station) for station in ("a", "b"))
    row, column = travel.graph.node_cell(int(travel.stations.nodes[a]))
    start = travel.graph.cell_node(row, column + 5)
    access = travel.access_min([start])[0]
    assert access[a] == pytest.approx(5 * 2.6, abs=0.01)
    assert access[b] == pytest.approx(15 * 2.6, abs=0.01)
    assert access.argmin() == a
    e = travel.stations.station_ids.index("e")
    rail = np.array(travel.rail_min)
    rail[a, e] = rail[b, e] + 30.0  # 13 + 30 is more than 39: b is the better of the two by 4 min
    rail[[k for k in range(len(rail)) if k not in (a, b)], e] = np.inf
    chosen = replace(travel)
    chosen.__dict__["rail_min"] = rail  # in the place of the cached property
    found = chosen.surfaces_from(start).rail[travel.graph.node_cell(int(travel.stations.nodes[e]))]
    assert found == pytest.approx(15 * 2.6 + rail[b, e], abs=0.01)


@pytest.mark.parametrize(("cutoff_min", "is_plain"), [(60.0, True), (61.0, False)])
def test_people_are_the_same_with_and_without_the_short_way_of_counting(model, cutoff_min, is_plain):
    # 40 min of access and 20 in stations: beyond the limit nobody arrives by train within 60 min.
    travel = replace(model.travel, access=Access(model.travel.ends.ways, 40.0))
    assert (travel.station_time_min, travel.arrival_time_min) == (15, 5)
    assert travel._is_plain(cutoff_min) == is_plain
    people = np.random.default_rng(3).uniform(0, 100, model.region.grid.shape)
    land = model.region.grid.is_land
    nodes = nodes_of(travel, model.region)
    expected = []
    for node in nodes:
        best = travel.surfaces_from(node).best[land]
        expected.append(people[land][best <= cutoff_min].sum())
    found = travel.people_within(nodes, people, [cutoff_min])[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(travel.people_around(nodes, people, cutoff_min), expected, rtol=1e-6)


@pytest.mark.real
def test_the_limit_holds_from_ningbo_to_every_cell_of_the_delta(repository):
    model = sim.read_study(repository / "scenarios" / "circles").model("do_minimum_2025")
    travel = model.travel
    limit_min = travel.ends.limit_min
    assert limit_min == 100
    place = model.region.place("ningbo")
    node = place_node(travel.graph, place.lon, place.lat)
    access = minutes_from(travel.graph.prepared, seeds_of(node))[travel.stations.nodes].astype(float)
    arrival = (np.where(access <= limit_min, access, np.inf)[:, None] + travel.rail_min).min(axis=0)
    land = travel.graph.land_nodes
    expected, unlimited = np.full((2, len(land)), np.inf)
    for station, start in zip(travel.stations.nodes, arrival, strict=True):
        egress = minutes_from(travel.graph.prepared, seeds_of(station))[land].astype(float)
        unlimited = np.minimum(unlimited, start + egress)
        expected = np.minimum(expected, np.where(egress <= limit_min, start + egress, np.inf))
    expected[expected > travel.limit_min] = np.inf
    found = travel.surfaces_from(node).rail[model.region.grid.is_land].astype(float)
    found[np.isnan(found)] = np.inf
    # A way of just the limit to a fraction of a second may be kept or not.
    same = np.isclose(found, expected, rtol=0, atol=TOLERANCE_MIN) | (np.isinf(found) & np.isinf(expected))
    assert (~same).sum() <= 5
    assert ((expected > unlimited + 1) & (unlimited <= travel.limit_min)).sum() > 100  # the limit matters there
