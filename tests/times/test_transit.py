"""Walking, buses and the metro on networks/grid: two cities on two banks, every answer worked by hand."""

import numpy as np
import pandas as pd
import pytest

import sim
from sim.errors import InputError
from sim.network.schema import convert_row, frame_of
from sim.region.region import read_region
from sim.scenario.assumptions import Assumptions
from sim.times.kernels import minutes_from, seeds_of
from sim.times.road_minutes import RoadMinutes
from sim.times.roads import compile_roads
from sim.times.transit import compile_access, transit_ways

SOURCED = {"source": "test", "confidence": "guess"}
WALK = {"mode": "walk", "setting": "anywhere", "speed_kmh": 6, "detour": 1.2}  # 10 min a km, 12 min a straight km
TOWN_BUS = {"mode": "bus", "setting": "built_up", "speed_kmh": 12, "detour": 1.5, "to_stop_min": 3, "wait_min": 2}
COUNTRY_BUS = {"mode": "bus", "setting": "open", "speed_kmh": 20, "detour": 1.5, "to_stop_min": 4, "wait_min": 6}
METRO = {"mode": "metro", "setting": "anywhere", "speed_kmh": 60, "detour": 1.0, "to_stop_min": 5, "wait_min": 2}
BUS_KM = 60 / 20 * 1.5  # 4.5 min a straight km in open country; a car takes 2.6


def table(name, rows):
    problems = []
    named = [{"name": "x", "name_en": "x", f"{name[:-1] if name == 'metros' else name}_id": str(k)} for k in range(9)]
    frame = frame_of(name, [convert_row(name, a | b | SOURCED, problems) for a, b in zip(named, rows, strict=False)])
    assert not problems
    return frame


@pytest.fixture(scope="module")
def network(repository):
    network = sim.read_network(repository / "networks" / "grid").as_of("2012-12-31")
    return network.with_tables(transit=table("transit", [WALK, TOWN_BUS, COUNTRY_BUS, METRO]))


@pytest.fixture(scope="module")
def region(network):
    return read_region(network.folder, network)


@pytest.fixture(scope="module")
def roads(network, region):
    n = network
    graph = compile_roads(
        region.grid, n.road_nodes, n.road_links, n.roads, n.road_points, n.ferries, n.road_classes
    )  # the bridge (2010) and the ferry (2000)
    return RoadMinutes(graph)


def ways_of(network, region, roads, **assumptions):
    return {way.name: way for way in transit_ways(region, network, Assumptions(**assumptions), roads)}


def minutes(way, start, end):
    graph = way.graph
    found = minutes_from(graph.prepared, seeds_of(graph.cell_node(*start)))[graph.cell_node(*end)]
    return float(found) + float(way.extra_min[graph.cell_node(*end)])


def test_one_walks_and_rides_at_the_pace_of_the_table(network, region, roads):
    ways = ways_of(network, region, roads)
    assert minutes(ways["walk"], (3, 0), (3, 5)) == pytest.approx(5 * 12, abs=0.01)
    assert minutes(ways["bus"], (3, 0), (3, 5)) == pytest.approx(5 * BUS_KM + 4 + 6, abs=0.01)


def test_in_a_town_the_town_bus_runs(network, region, roads):
    # With 500 people per km² as the limit, town A's cell (0, 0; 1,000 people) is built-up, its neighbours are not.
    bus = ways_of(network, region, roads, urban_density_per_km2=500)["bus"]
    town_km = 60 / 12 * 1.5  # 7.5 min; a step takes half of each end's pace
    assert minutes(bus, (0, 1), (0, 0)) == pytest.approx((town_km + BUS_KM) / 2 + 3 + 2, abs=0.01)


def test_of_rows_for_larger_cities_the_largest_that_holds_is_taken(network, region, roads):
    faster = TOWN_BUS | {
        "city_people_from": 1500,
        "speed_kmh": 15,
    }  # city B has 2,000 people in built-up cells, A 1,000
    sized = network.with_tables(transit=table("transit", [WALK, faster, TOWN_BUS, COUNTRY_BUS]))
    bus = ways_of(sized, region, roads, urban_density_per_km2=500)["bus"]
    pace = bus.graph.prepared.pace
    a, b = (bus.graph.cell_node(*cell) for cell in ((0, 0), (10, 20)))
    assert pace[a] == pytest.approx(60 / 12 * 1.5)
    assert pace[b] == pytest.approx(60 / 15 * 1.5)


def test_local_buses_stop_at_the_border_of_their_city_and_one_may_walk_over_the_bridge(network, region, roads):
    ways = ways_of(network, region, roads)
    west, east = (5, 9), (5, 11)  # the cells at either end of the bridge of 2 km
    assert minutes(ways["walk"], west, east) == pytest.approx(2 * 10, abs=0.05)
    # The bus may not take the bridge from city to city; the ferry is public transport of its own, open to all:
    # 4 km south to row 9 with the pier, the crossing of 45 min, 4 km north.
    assert minutes(ways["bus"], west, east) == pytest.approx(2 * 4 * BUS_KM + 45 + 4 + 6, abs=0.05)


def test_the_border_closes_the_lanes_between_two_cities_to_buses_and_not_to_people_on_foot(repository):
    network = sim.read_network(repository / "networks" / "line5")
    network = network.with_tables(transit=table("transit", [WALK, TOWN_BUS, COUNTRY_BUS]))
    strip = read_region(network.folder, network)
    n = network
    graph = compile_roads(strip.grid, n.road_nodes, n.road_links, n.roads, n.road_points, n.ferries, n.road_classes)
    ways = ways_of(network, strip, RoadMinutes(graph))
    a, b = (graph.cell_node(*strip.grid.cell_at(place.lon, place.lat)) for place in map(strip.place, "ab"))
    own_city = strip.cells_of("a").sum()
    by_bus = minutes_from(ways["bus"].graph.prepared, seeds_of(a))
    assert np.isfinite(by_bus).sum() == own_city
    assert np.isinf(by_bus[b])
    assert minutes_from(ways["walk"].graph.prepared, seeds_of(a))[b] == pytest.approx(20 * 12, abs=0.05)


def test_nobody_walks_on_a_motorway(network, region, repository):
    n = sim.read_network(repository / "networks" / "grid").as_of("2021-12-31").with_tables(transit=network.transit)
    graph = compile_roads(region.grid, n.road_nodes, n.road_links, n.roads, n.road_points, n.ferries, n.road_classes)
    ways = ways_of(n, region, RoadMinutes(graph))
    # From A to B 24 km of motorway would be 240 min on foot; over the bridge it is 2 x (5 diagonals + 4) x 12 min + 20.
    over_bridge = 2 * (5 * np.sqrt(2) + 4) * 12 + 20
    assert over_bridge > 24 * 10
    assert minutes(ways["walk"], (0, 0), (10, 20)) == pytest.approx(over_bridge, abs=0.1)


def test_the_metro_ignores_the_border_and_is_reached_by_bus(network, region, roads):
    lon, lat = region.grid.lonlat(5, 9)
    metro = {"lon": lon, "lat": lat, "radius_km": 2.3, "opening_date": "2012-01-01"}
    ways = ways_of(network.with_tables(metros=table("metros", [metro])), region, roads)
    # Inside: 1 min a km and 5 + 2 to set off; the bridge of 2 km joins the two banks.
    assert minutes(ways["metro"], (5, 8), (5, 9)) == pytest.approx(1 + 7, abs=0.01)
    assert minutes(ways["metro"], (5, 9), (5, 11)) == pytest.approx(2 + 7, abs=0.05)
    # (5, 5) is 4 km away, outside: bus to (5, 7) at 4.5 min a km but for half a km by metro, and both waits.
    expected = 1.5 * BUS_KM + 0.5 * 1 + 2 * 1 + (4 + 6) + 7
    assert minutes(ways["metro"], (5, 9), (5, 5)) == pytest.approx(expected, abs=0.01)


def test_a_metro_that_has_not_opened_is_no_way(network, region, roads):
    lon, lat = region.grid.lonlat(5, 9)
    metro = {"lon": lon, "lat": lat, "radius_km": 2.3, "opening_date": "2013-01-01"}
    later = network.with_tables(metros=table("metros", [metro]))
    assert set(ways_of(later.as_of("2012-12-31"), region, roads)) == {"walk", "bus"}
    assert set(ways_of(later.as_of("2013-12-31"), region, roads)) == {"walk", "bus", "metro"}


def test_a_bus_is_nowhere_faster_than_a_car(network, region, roads):
    racing = COUNTRY_BUS | {"speed_kmh": 100, "detour": 1.0}
    fast = network.with_tables(transit=table("transit", [WALK, TOWN_BUS | racing | {"setting": "built_up"}, racing]))
    bus = ways_of(fast, region, roads)["bus"]
    start = bus.graph.cell_node(0, 0)
    by_bus = minutes_from(bus.graph.prepared, seeds_of(start))
    by_car = minutes_from(roads.graph.prepared, seeds_of(start))
    reached = np.isfinite(by_bus)
    assert reached.sum() > 100
    assert (by_bus[reached] >= by_car[reached] - 1e-3).all()


@pytest.mark.parametrize(
    ("mode", "names"),
    [("car", ["car"]), ("transit", ["walk", "bus"]), ("best", ["car", "walk", "bus"])],
)
def test_the_assumption_says_which_ways_there_are_and_how_long(network, region, roads, mode, names):
    access = compile_access(region, network, Assumptions(access_mode=mode, access_limit_min=45), roads)
    assert [way.name for way in access.ways] == names
    assert access.limit_min == 45


def test_every_row_that_transit_lacks_is_named_and_by_car_none_is_needed(network, region, roads):
    empty = network.with_tables(transit=pd.DataFrame(network.transit.iloc[:0]))
    with pytest.raises(InputError) as error:
        transit_ways(region, empty, Assumptions(), roads)
    assert [problem.split(" and city")[0].split("no row with ")[1] for problem in error.value.problems] == [
        "mode 'walk', setting 'anywhere'",
        "mode 'bus', setting 'built_up'",
        "mode 'bus', setting 'open'",
    ]
    assert compile_access(region, empty, Assumptions(), roads).ways[0].name == "car"
