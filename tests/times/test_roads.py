"""Roads, bridges and ferries over small pieces of land whose minutes are worked by hand."""

import numpy as np
import pytest
from road_networks import at, compile_small, minutes_between

from sim.errors import InputError
from sim.times.road_links import drive_minutes, ferry_wait_min
from sim.times.roads import reverse_graph, road_route, road_surface


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
    with pytest.raises(InputError, match=r"ferry f: pier B .*has no study land within 3 km"):
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


def test_a_road_joins_the_streets_and_the_motorways_however_far_the_one_is_behind_the_other():
    # A street node 1 km before the bridge, a motorway node 2 km before it; street and motorway do not meet.
    nodes = [(0.5, 3.5, "yes"), (3.5, 3.5, "yes"), (0.5, 2.5, "no"), (0.5, 0.5, "yes")]
    links = [(100, 101, 3.0, "trunk"), (102, 103, 2.0, "motorway")]
    bridge = ("bay", "motorway", 4.0, 120.0, [(0.5, 4.5, "yes"), (0.5, 8.5, "yes")])
    graph = compile_small("#.###...# ......... ......... ...#.....", nodes=nodes, links=links, authored=[bridge])
    # Motorway: on 1 min, 2 km 1 min, join of 2 km 1 min, bridge 2 min, off 1 min.
    assert minutes_between(graph, (0, 0), (0, 8)) == pytest.approx(6.0, abs=1e-2)


def test_an_ordinary_road_does_not_lead_onto_a_motorway_between_interchanges():
    nodes = [(0.5, 3.5, "no"), (0.5, 8.5, "yes")]
    road = ("lane", "trunk", np.nan, 60.0, [(0.5, 0.5, "yes"), (0.5, 3.4, "yes")])
    graph = compile_small("####....#", nodes=nodes, links=[(100, 101, 5.0, "motorway")], authored=[road])
    assert np.isinf(minutes_between(graph, (0, 0), (0, 8)))


def test_three_roads_drawn_by_hand_meet_where_their_points_lie_on_one_spot():
    spot = (2.5, 2.5)
    ends = [((0.5, 2.5), (0, 2)), ((2.5, 0.5), (2, 0)), ((4.5, 2.5), (4, 2))]
    roads = [(f"r{i}", "trunk", 4.0, 60.0, [(*spot, "yes"), (*end, "yes")]) for i, (end, _) in enumerate(ends)]
    graph = compile_small("..#.. ..... #.... ..... ..#..", authored=roads)
    for _, start in ends:
        for _, end in ends:
            # Two roads of 4 km at 60 km/h.
            assert minutes_between(graph, start, end) == pytest.approx(8.0 if start != end else 0.0, abs=1e-2)


def test_a_road_goes_on_where_another_ends_though_that_point_joins_nothing_else():
    first = ("first", "trunk", 4.0, 60.0, [(0.5, 0.5, "yes"), (0.5, 4.5, "no")])
    second = ("second", "trunk", 4.0, 60.0, [(0.5, 4.5, "yes"), (0.5, 8.5, "yes")])
    graph = compile_small("#.......#", authored=[first, second])
    assert minutes_between(graph, (0, 0), (0, 8)) == pytest.approx(8.0, abs=1e-2)


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
