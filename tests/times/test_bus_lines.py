"""Bus lines as planners write them down, and what they add for people without a car, on networks/grid."""

import numpy as np
import pytest

import sim
from sim.errors import InputError
from sim.measures.bus_lines import ALL_LINES, WithoutCar, tabulate_bus_lines
from sim.region.region import read_region
from sim.scenario.assumptions import Assumptions
from sim.times.access import Access
from sim.times.bus_lines import BusLine, BusStop, read_bus_lines, ride_line, section_minutes
from sim.times.door_to_door import DoorToDoor, link_stations
from sim.times.rides import solve_rides
from sim.times.road_minutes import RoadMinutes
from sim.times.roads import compile_roads
from sim.times.running_time import hop_times
from sim.times.transit import transit_ways
from tests.times.test_transit import COUNTRY_BUS, TOWN_BUS, WALK, table

HEAD = "line_id,name,name_en,stops,headway_min,speed_kmh,boarding_min,source,date,confidence\n"


@pytest.fixture(scope="module")
def network(repository):
    network = sim.read_network(repository / "networks" / "grid").as_of("2012-12-31")
    return network.with_tables(transit=table("transit", [WALK, TOWN_BUS, COUNTRY_BUS]))


@pytest.fixture(scope="module")
def region(network):
    return read_region(network.folder, network)


@pytest.fixture(scope="module")
def graph(network, region):
    n = network
    return compile_roads(region.grid, n.road_nodes, n.road_links, n.roads, n.road_points, n.ferries, n.road_classes)


@pytest.fixture(scope="module")
def without(network, region, graph):
    """Year 2012: the railway of networks/grid has not opened, so that local ways are all there is."""
    rides = solve_rides(
        network.services, network.service_stops, hop_times(network), network.changes, wait_rule="half_headway"
    )
    travel = DoorToDoor(graph, rides, link_stations(graph, rides, network.stations), 15, 5, 600)
    ways = transit_ways(region, network, Assumptions(), RoadMinutes(graph))
    return WithoutCar.of(travel, Access(ways, 120), 120)


def stop_at(region, row, column):
    return BusStop(f"{row},{column}", f"{row},{column}", *region.grid.lonlat(row, column))


def line_of(region, *cells, headway_min=20.0):
    return BusLine("x", "x", "x", tuple(stop_at(region, *cell) for cell in cells), headway_min, 24, 1)


def test_a_ride_waits_half_a_headway_and_runs_both_ways():
    line = BusLine("x", "x", "x", (), headway_min=30, speed_kmh=30, boarding_min=1)
    # Ready at the middle stop at minute 5: 15 + 1 to board, then 10 back or 20 on.
    found = ride_line(line, np.array([10.0, 20.0]), np.array([np.inf, 5.0, np.inf]))
    assert found.tolist() == [5 + 16 + 10, np.inf, 5 + 16 + 20]


def test_one_boards_where_the_bus_is_reached_first():
    line = BusLine("x", "x", "x", (), headway_min=20, speed_kmh=30, boarding_min=0)
    # To the last stop: from the first 0 + 10 + 30 + 10 = 50; by walking to the second in 25, 25 + 10 + 10 = 45.
    assert ride_line(line, np.array([30.0, 10.0]), np.array([0.0, 25.0, np.inf]))[2] == 45


def test_sections_take_road_km_at_the_speed_of_the_line_and_never_less_than_a_car(region, graph):
    line = line_of(region, (5, 4), (5, 9), (5, 11))
    # 5 km of lane, 1.3 times as long, at 24 km/h: 16.25 min (a car takes 13); the bridge of 2 km 5 min (2).
    assert section_minutes(line, graph, local_detour=1.3) == pytest.approx([6.5 / 24 * 60, 5], abs=0.05)
    racing = BusLine("x", "x", "x", line.stops, 20, 110, 1)
    assert section_minutes(racing, graph, local_detour=1.3) == pytest.approx([13, 2], abs=0.05)


def test_people_newly_within_reach_over_the_border_by_hand(region, without):
    # All live in A (0, 0) and B (10, 20). A line from A to B at 24 km/h takes the bridge: 5 diagonal and 4 straight steps
    # of lane on either side, 1.3 times as long, and 2 km of bridge.
    line = line_of(region, (0, 0), (10, 20), headway_min=20)
    km = 2 * (5 * np.sqrt(2) + 4) * 1.3 + 2
    there = 10 + 1 + km / 24 * 60  # one is at the stop at once: half a headway and boarding, then the ride
    assert 80 < there < 120  # on foot or by ferry it takes more than two hours

    def newly(cutoff, headway):
        frame = tabulate_bus_lines(without, [line.every(headway)], cutoffs_min=[cutoff], headways_min=[])
        return frame.set_index("from_id")["population_newly_within"].to_dict()

    assert newly(there - 0.5, 20) == {"0,0": 0, "10,20": 0}
    assert newly(there + 0.5, 20) == {"0,0": 2000, "10,20": 1000}
    assert newly(there + 0.5, 22) == {"0,0": 0, "10,20": 0}  # a minute more of waiting
    assert newly(there + 1.5, 22) == {"0,0": 2000, "10,20": 1000}


def test_a_line_never_takes_anybody_away_and_more_buses_never_reach_fewer(region, without):
    line = line_of(region, (2, 3), (5, 9), (5, 11), (9, 18))
    frame = tabulate_bus_lines(without, [line], cutoffs_min=[60, 90, 120], headways_min=[5, 10, 60])
    assert len(frame) == 4 * 4 * 3
    assert (frame["population_newly_within"] >= 0).all()
    by_headway = frame.groupby("headway_min")["population_with_line"].sum()
    assert by_headway.is_monotonic_decreasing
    assert by_headway.iloc[0] > by_headway.iloc[-1]


def test_one_changes_between_two_lines_that_meet(region, without):
    first, second = line_of(region, (0, 0), (5, 9)), line_of(region, (5, 9), (10, 20))
    second = BusLine("y", "y", "y", second.stops, 20, 24, 1)
    half = (5 * np.sqrt(2) + 4) * 1.3 / 24 * 60
    there = 2 * (10 + 1) + 2 * half + 2 / 24 * 60
    for cutoff, expected in ((there - 0.5, 0), (there + 0.5, 2000)):
        frame = tabulate_bus_lines(without, [first, second], cutoffs_min=[cutoff], headways_min=[])
        rows = frame[frame["from_id"] == "0,0"].set_index("line_id")["population_newly_within"]
        assert rows["x"] == 0
        assert rows[ALL_LINES] == expected


def test_stops_are_places_county_codes_or_named_points(region, graph, tmp_path):
    lon, lat = region.grid.lonlat(5, 9)
    path = tmp_path / "lines.csv"
    path.write_text(f"{HEAD}x,线,line,a;桥头 {lon} {lat};900002,30,25,1,test,,guess\n", encoding="utf-8")
    (line,) = read_bus_lines(path, region, graph)
    assert [stop.name for stop in line.stops] == ["A城", "桥头", "B城"]
    assert (line.stops[1].lon, line.stops[1].lat) == (lon, lat)
    assert line.boarding_and_wait_min == 15 + 1


def test_everything_wrong_with_a_file_of_lines_is_told_at_once(region, graph, tmp_path):
    path = tmp_path / "lines.csv"
    path.write_text(
        HEAD
        + "one,甲,one,a,30,25,1,test,,guess\n"
        + "two,乙,two,a;900003,30,25,1,test,,guess\n"
        + "three,丙,three,a;10 20;nan nan,30,25,1,test,,guess\n"
        + "four,丁,four,a;a,30,25,1,test,,guess\n"
        + "five,戊,five,a;b,0,25,1,test,,guess\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as error:
        read_bus_lines(path, region, graph)
    text = "\n".join(error.value.problems)
    for sentence in (
        "row 6, headway_min: 0 is outside 1 to 720 min",
        "'one', stops: 'a' is 1 stop(s); a line needs at least 2",
        "'two', stops: '900003' is not a place, a county code or 'name longitude latitude'",
        "'three', stops: place 10.00000,20.00000: no study land within 5 km",
        "'three', stops: 'nan nan' is not a place",
        "'four', stops: 'a' and 'a' follow each other and lie in the same cell",
    ):
        assert sentence in text
    assert len(error.value.problems) == 6


def test_stops_on_two_shores_without_a_road_are_refused(region, network, tmp_path):
    n = network.as_of("1999-12-31")
    bare = compile_roads(region.grid, n.road_nodes, n.road_links, n.roads, n.road_points, n.ferries, n.road_classes)
    path = tmp_path / "lines.csv"
    path.write_text(f"{HEAD}x,线,line,a;b,30,25,1,test,,guess\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"lines\.csv 'x', stops: no roads or ferries lead from"):
        read_bus_lines(path, region, bare)


@pytest.mark.real
def test_the_example_lines_of_the_main_study_can_be_read_and_say_that_they_are_guesses(repository):
    study = sim.read_study(repository / "scenarios" / "circles")
    graph = study.model("do_minimum_2025").travel.graph
    path = study.folder / "bus_lines.csv"
    lines = read_bus_lines(path, study.region, graph)
    assert len(lines) == 5
    for line, text in zip(lines, path.read_text(encoding="utf-8").splitlines()[1:], strict=True):
        assert "illustrative" in text, line.line_id
        assert text.endswith("guess"), line.line_id
        counties = {
            study.region.counties.set_index("county_index")["city_id"].get(
                study.region.grid.county[study.region.grid.cell_at(stop.lon, stop.lat)]
            )
            for stop in line.stops
        }
        assert len(counties) == 2, f"{line.line_id} crosses no border of cities"
