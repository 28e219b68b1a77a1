"""Rides worked by hand: sets worth boarding, changes, legs, hours, and bad input."""

import numpy as np
import pytest
from ride_networks import service, solve, tables, value

from sim.errors import InputError, NoRouteError
from sim.times.rides import solve_rides

# A line a-b-c-d-e and a branch c-f. With 1020 minutes a day:
#   slow: every stop, 20 min a hop, dwell 2, 34 trains: one in 30 min.   a-c 20+2+20 = 42, a-e 4*20 + 3*2 = 86
#   fast: a, c, e,    30 min a hop, dwell 4, 17 trains: one in 60 min.   a-c 30,           a-e 30+4+30 = 64
#   branch: c-f 25 min, 17 trains: one in 60 min.
SLOW = service("slow", "abcde", [20, 20, 20, 20], trains=34, dwell_min=2, both="yes", lines=["w", "w", "m", "e"])
FAST = service("fast", "ace", [30, 30], trains=17, dwell_min=4, both="yes", lines=["w", "m;e"])
BRANCH = service("branch", "cf", [25], trains=17, both="yes")
LINE = [SLOW, FAST, BRANCH]


@pytest.mark.parametrize(
    ("wait_rule", "cap_min", "ride_min", "wait_min", "trains"),
    [
        # both: together one in 20 min, ride (64 + 2 * 86) / 3 = 236/3
        pytest.param("half_headway", 60, 236 / 3, 10, 51, id="10 + 78.7 with both beats 30 + 64 with the fast one"),
        pytest.param("full_headway", 60, 236 / 3, 20, 51, id="20 + 78.7 with both beats 60 + 64 with the fast one"),
        pytest.param("half_headway", 20, 64, 20, 17, id="with a cap of 20, 20 + 64 with the fast one beats both"),
        pytest.param("planned", 60, 64, 0, 17, id="who aims at a given train aims at the fast one"),
    ],
)
def test_the_set_worth_boarding_makes_wait_and_ride_least(wait_rule, cap_min, ride_min, wait_min, trains):
    rides = solve(LINE, wait_rule=wait_rule, wait_cap_min=cap_min, wait_beyond_cap_share=0)
    for ends in (("a", "e"), ("e", "a")):
        assert value(rides, "fastest_min", *ends) == 64
        assert value(rides, "typical_min", *ends) == pytest.approx(ride_min)
        assert value(rides, "wait_min", *ends) == pytest.approx(wait_min)
        assert value(rides, "trains_per_day", *ends) == pytest.approx(trains)
        assert value(rides, "changes", *ends) == 0


def test_a_share_of_the_wait_beyond_the_cap_still_counts():
    # the fast one alone: half of 60 min is 30, 20 in full and a quarter of 10; 22.5 + 64 = 86.5 beats 10 + 236/3 = 88.67
    rides = solve(LINE, wait_cap_min=20, wait_beyond_cap_share=0.25)
    assert value(rides, "typical_min", "a", "e") == 64
    assert value(rides, "wait_min", "a", "e") == pytest.approx(22.5)
    # with a share of 1 the cap does nothing: both are worth boarding
    rides = solve(LINE, wait_cap_min=20, wait_beyond_cap_share=1)
    assert value(rides, "typical_min", "a", "e") == pytest.approx(236 / 3)
    assert value(rides, "wait_min", "a", "e") == pytest.approx(10)


def test_the_mean_direct_ride_takes_no_notice_of_cap_and_wait_rule():
    rides = solve(LINE, wait_rule="planned", wait_cap_min=5)
    assert value(rides, "mean_direct_min", "a", "e") == pytest.approx(236 / 3)
    assert value(rides, "direct_trains_per_day", "a", "e") == pytest.approx(51)


def test_a_slow_train_that_does_not_pay_is_not_boarded():
    # 60 min every 10 min: 5 + 60 = 65. A train of 66 min every 60 min is longer than that whole journey.
    rides = solve([service("express", "ab", [60], trains=102), service("stopping", "ab", [66], trains=17)])
    assert value(rides, "total_min", "a", "b") == pytest.approx(65)
    assert value(rides, "trains_per_day", "a", "b") == pytest.approx(102)


def test_dwells_count_inside_the_ride_only():
    # b-d by the slow train: 20 + 2 at c + 20; neither the 2 min at b nor those at d
    assert value(solve(LINE), "fastest_min", "b", "d") == 42


def test_a_journey_with_a_change_is_told_leg_by_leg():
    # a-c: both trains, wait 10, ride (30 + 2 * 42) / 3 = 38. At c 20 min to change, half of 60 min to wait, 25 to f.
    rides = solve(LINE)
    legs = rides.legs("a", "f")
    told = [(leg.kind, leg.from_id, leg.to_id, round(leg.minutes, 6), leg.services) for leg in legs]
    assert told == [
        ("wait", "a", "a", 10, ("fast", "slow")),
        ("ride", "a", "c", 38, ("fast", "slow")),
        ("change", "c", "c", 20, ()),
        ("wait", "c", "c", 30, ("branch",)),
        ("ride", "c", "f", 25, ("branch",)),
    ]
    assert [leg.trains_per_day for leg in legs if leg.kind == "ride"] == [51, 17]
    assert value(rides, "typical_min", "a", "f") == pytest.approx(38 + 25)
    assert value(rides, "wait_min", "a", "f") == pytest.approx(10)
    assert value(rides, "change_min", "a", "f") == pytest.approx(20 + 30)
    assert value(rides, "total_min", "a", "f") == pytest.approx(123)
    assert value(rides, "trains_per_day", "a", "f") == pytest.approx(17)
    assert value(rides, "changes", "a", "f") == 1
    assert not value(rides, "has_direct", "a", "f")


def test_the_fastest_reading_takes_the_fastest_trains_and_no_waits():
    rides = solve(LINE)
    legs = rides.legs("a", "f", "fastest")
    assert [(leg.kind, leg.minutes, leg.services) for leg in legs] == [
        ("ride", 30, ("fast",)),
        ("change", 20, ()),
        ("ride", 25, ("branch",)),
    ]
    assert value(rides, "fastest_min", "a", "f") == 75


def test_a_ride_names_the_lines_it_uses():
    ride = solve(LINE).legs("c", "e")[-1]
    assert ride.lines == ("m", "e")
    assert solve(LINE).legs("e", "a")[-1].lines == ("e", "m", "w")


def test_one_changes_to_another_station_of_the_city_by_metro():
    # k1 and k2 are 35 min apart by metro. a-k1 20 min, k2-b 30 min, each every 30 min, so half of it waits.
    services = [service("in", ["a", "k1"], [20], trains=34), service("out", ["k2", "b"], [30], trains=34)]
    rides = solve(services, [("k1", "k2", 35.0, "metro")])
    assert value(rides, "total_min", "a", "b") == pytest.approx(15 + 20 + 35 + 15 + 30)
    change = rides.legs("a", "b")[2]
    assert (change.kind, change.from_id, change.to_id, change.minutes, change.mode) == (
        "change",
        "k1",
        "k2",
        35,
        "metro",
    )


def test_a_change_listed_one_way_counts_both_ways_unless_the_way_back_is_listed():
    services = [
        service("in", ["a", "k1"], [20], trains=34, both="yes"),
        service("out", ["k2", "b"], [30], trains=34, both="yes"),
    ]
    there = ("k1", "k2", 35.0, "metro")
    assert value(solve(services, [there]), "fastest_min", "b", "a") == 30 + 35 + 20
    assert value(solve(services, [there, ("k2", "k1", 45.0, "metro")]), "fastest_min", "b", "a") == 30 + 45 + 20
    assert value(solve(services, [there, ("k2", "k1", 45.0, "metro")]), "fastest_min", "a", "b") == 20 + 35 + 30


def test_a_listed_change_inside_a_station_replaces_the_default():
    rides = solve(LINE, [("c", "c", 6.0, "platform")])
    assert value(rides, "fastest_min", "a", "f") == 30 + 6 + 25


def test_of_equally_long_journeys_the_one_with_fewer_changes_counts():
    # a-c direct 60 min; a-b 20, change 20, b-c 20: also 60
    services = [
        service("through", "ac", [60], trains=1),
        service("1", "ab", [20], trains=1),
        service("2", "bc", [20], trains=1),
    ]
    rides = solve(services, wait_rule="planned")
    assert value(rides, "total_min", "a", "c") == 60
    assert value(rides, "changes", "a", "c") == 0


def test_a_journey_may_change_though_there_is_a_direct_train():
    services = [
        service("through", "ac", [90], trains=17),
        service("1", "ab", [10], trains=102),
        service("2", "bc", [10], trains=102),
    ]
    rides = solve(services)
    # direct: 30 + 90; with the change: 5 + 10 + 20 + 5 + 10
    assert value(rides, "total_min", "a", "c") == pytest.approx(50)
    assert value(rides, "changes", "a", "c") == 1
    assert value(rides, "has_direct", "a", "c")


def test_of_equally_long_changes_the_one_in_the_station_itself_counts():
    # from k in 20 min to another train in k or in j, and from both in 30 min to z
    services = [
        service("in", "ak", [10], trains=17),
        service("from k", "kz", [30], trains=17),
        service("from j", "jz", [30], trains=17),
    ]
    change = solve(services, [("k", "j", 20.0, "walk")], change_min=20).legs("a", "z")[2]
    assert (change.kind, change.from_id, change.to_id) == ("change", "k", "k")


def test_a_train_that_comes_back_to_a_station_is_boarded_there_the_second_time():
    # x-y-x-z: who goes from x to z boards at the second call, 5 min, and does not ride 10 + 10 + 5 by the same train,
    # though that would still beat waiting an hour for the next
    rides = solve([service("loop", "xyxz", [10, 10, 5], trains=17)], wait_cap_min=60)
    assert value(rides, "fastest_min", "x", "z") == 5
    assert value(rides, "total_min", "x", "z") == pytest.approx(30 + 5)
    assert value(rides, "trains_per_day", "x", "z") == pytest.approx(17)


def test_a_train_that_passes_a_station_twice_is_left_there_the_first_time():
    # x-y-z-y: 10 min to y, not 10 + 5 + 5 by the same train
    rides = solve([service("spur", "xyzy", [10, 5, 5], trains=17)], wait_cap_min=60)
    assert value(rides, "total_min", "x", "y") == pytest.approx(30 + 10)
    assert value(rides, "trains_per_day", "x", "y") == pytest.approx(17)


def test_the_last_departure_leaves_time_for_the_last_train_of_every_ride():
    # first ride leaves a 06:00-20:00 and takes 60; changing takes 20; the second train leaves b at 18:30 at the latest
    services = [
        service("1", "ab", [60], trains=17, first=360, last=1200),
        service("2", "zbc", [30, 40], trains=17, dwell_min=5, first=400, last=18 * 60 + 30 - 35),
    ]
    rides = solve(services)
    assert value(rides, "last_departure_min", "a", "b") == 1200
    assert value(rides, "last_departure_min", "b", "c") == 18 * 60 + 30  # 30 min from z and 5 at b later
    assert value(rides, "last_departure_min", "a", "c") == 18 * 60 + 30 - 20 - 60
    assert value(rides, "first_departure_min", "a", "c") == 360
    assert [value(rides, "ends_early", *pair) for pair in ("ab", "bc", "ac")] == [False, False, True]


def test_no_known_hours_leave_the_last_departure_open():
    rides = solve(LINE)
    assert np.isnan(value(rides, "last_departure_min", "a", "f"))
    assert not rides.ends_early.any()
    assert set(rides.station_times()["ends_early"]) == {""}


def test_station_times_flag_a_day_that_ends_early():
    # the last train to c leaves b at 17:00; arriving from a takes 60 min and changing 20: leave a at 15:40 at the latest
    services = [
        service("1", "ab", [60], trains=17, first=360, last=1200),
        service("2", "bc", [40], trains=17, first=400, last=17 * 60),
    ]
    table = solve(services).station_times().set_index(["from_id", "to_id"])
    assert table["ends_early"].to_dict() == {("a", "b"): "no", ("a", "c"): "yes", ("b", "c"): "yes"}
    assert table.loc[("a", "c"), "last_departure_min"] == 15 * 60 + 40
    assert table.loc[("a", "c"), "first_departure_min"] == 360


def test_station_times_list_every_pair_that_can_be_reached_in_order():
    rides = solve([service("s", "bac", [10, 20], trains=34)])
    table = rides.station_times()
    assert list(table.columns) == [
        "from_id",
        "to_id",
        "fastest_min",
        "typical_min",
        "wait_min",
        "changes",
        "trains_per_day",
        "first_departure_min",
        "last_departure_min",
        "ends_early",
    ]
    assert list(zip(table["from_id"], table["to_id"], strict=True)) == [("a", "c"), ("b", "a"), ("b", "c")]
    assert list(table["fastest_min"]) == [20, 10, 30]
    assert list(table["wait_min"]) == [15, 15, 15]


def test_what_cannot_be_reached_is_inf_and_has_no_trains():
    rides = solve([service("s", "ab", [10], trains=34)])
    for pair in ("ba", "aa"):
        assert value(rides, "total_min", *pair) == value(rides, "fastest_min", *pair) == np.inf
        assert value(rides, "changes", *pair) == -1
        assert value(rides, "trains_per_day", *pair) == 0
        with pytest.raises(NoRouteError, match="no journey by train"):
            rides.legs(*pair)
    with pytest.raises(InputError, match=r"'bb' .did you mean 'b'"):
        rides.legs("a", "bb")


def test_no_services_make_no_rides():
    rides = solve([])
    assert rides.total_min.shape == (0, 0)
    assert rides.station_times().empty


def test_the_order_of_stations_can_be_given():
    rides = solve([service("s", "ab", [10], trains=34)], station_ids=["b", "without_trains", "a"])
    assert rides.station_ids == ("b", "without_trains", "a")
    assert rides.fastest_min[2, 0] == 10
    with pytest.raises(InputError, match="'a' is not among the stations"):
        solve([service("s", "ab", [10], trains=34)], station_ids=["b"])


def test_matrices_cannot_be_altered():
    rides = solve(LINE)
    for name in (
        "fastest_min",
        "typical_min",
        "wait_min",
        "change_min",
        "changes",
        "trains_per_day",
        "mean_direct_min",
    ):
        with pytest.raises(ValueError, match="read-only"):
            getattr(rides, name)[0, 0] = 1


def test_every_problem_of_the_input_is_told_at_once():
    services, stops, hops, changes = tables(
        [
            service("lonely", "a", [], trains=1),
            service("none", "ab", [10], trains=0),
            service("still", "ab", [0], trains=1),
            service("waits", "abc", [10, 10], trains=1, dwell_min=-1),
            service("gap", "abc", [10, 10], trains=1),
        ]
    )
    hops = hops[~((hops["service_id"] == "gap") & (hops["sequence"] == 2))]
    with pytest.raises(InputError) as raised:
        solve_rides(services, stops, hops, changes, wait_rule="planned")
    assert raised.value.problems == [
        "hop_times: service 'still', 'a' to 'b': run_min is 0; it must be above 0",
        "hop_times: the hops of service 'gap' do not follow its calls a, b, c",
        "service_stops: service 'lonely' has 1 calls; at least 2 are needed",
        "service_stops: service 'waits' at 'b': dwell_min is -1.0; it must be 0 or more",
        "services: service 'none': trains_per_day is 0; it must be above 0",
    ]
    with pytest.raises(InputError, match=r"wait_rule is 'half_headways'.*did you mean 'half_headway'") as raised:
        solve(LINE, wait_rule="half_headways", max_changes=-1)
    assert len(raised.value.problems) == 2
    with pytest.raises(InputError, match="changes: 'a' to 'c': minutes is 0"):
        solve(LINE, [("a", "c", 0, "walk")])
