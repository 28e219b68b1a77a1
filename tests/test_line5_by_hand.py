"""The answers of networks/line5/README.md, worked there by hand, against a run of the tutorial study."""

import numpy as np
import pytest

import sim


@pytest.fixture(scope="module")
def study(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


@pytest.fixture(scope="module")
def result(study):
    return study.run("base")


# from stop to stop over L metres at 50 m/s with 0.5 m/s² both ways: (L - 5000) / 50 + 200 s
RUN_MIN = {
    ("a", "b"): 500 / 60,
    ("b", "c"): 700 / 60,
    ("c", "d"): 900 / 60,
    ("d", "e"): 1100 / 60,
    ("a", "c"): 1100 / 60,
    ("c", "e"): 1900 / 60,
}


def test_running_times_from_stop_to_stop(result):
    found = result.hops.set_index(["from_id", "to_id"])["run_min"]
    assert set(found.index) == set(RUN_MIN)
    for ends, minutes in RUN_MIN.items():
        assert found[ends] == pytest.approx(minutes, abs=0.01)


def test_rides_from_end_to_end(result):
    times = result.station_times.set_index(["from_id", "to_id"]).loc[("a", "e")]
    local = 53.0 + 1 / 3 + 3 * 2
    express = 1100 / 60 + 2 + 1900 / 60
    assert times["fastest_min"] == pytest.approx(express, abs=0.02)
    assert times["typical_min"] == pytest.approx((34 * express + 17 * local) / 51, abs=0.02)
    assert times["wait_min"] == pytest.approx(0.5 * 1020 / 51)
    assert times["trains_per_day"] == pytest.approx(51)
    assert times["changes"] == 0


def test_the_way_back_takes_as_long(result):
    times = result.station_times.set_index(["from_id", "to_id"])
    assert times.loc[("e", "a"), "typical_min"] == pytest.approx(times.loc[("a", "e"), "typical_min"])


def test_door_to_door_is_the_sum_of_its_legs(result):
    row = result.city_times.set_index(["from_id", "to_id"]).loc[("a", "e")]
    assert row["rail_min"] == pytest.approx(15 + 10 + 54.444 + 5, abs=0.02)
    assert row["station_min"] == 20
    assert row["access_min"] == 0
    assert row["egress_min"] == 0
    assert row["mode"] == "rail"


def test_lanes_take_2_6_minutes_a_kilometre(result):
    row = result.city_times.set_index(["from_id", "to_id"]).loc[("a", "b")]
    assert row["road_min"] == pytest.approx(20 * 2.6)
    # by train 15 + 30/2... every local and no express: half an hour of wait, 8.33 min, 20 min at the stations
    assert row["rail_min"] == pytest.approx(20 + 30 + 500 / 60, abs=0.01)
    assert row["best_min"] == pytest.approx(52)
    assert row["mode"] == "road"


def test_towns_within_cutoffs_by_powers_of_two(result):
    reach = result.reach[result.reach["mode"] == "best"].set_index("cutoff_min")["population"]
    # a itself; b after 52 min by lane; c by train after 20 + 10 + 18.3 = 48.3 min; d after 20 + 30 + 39 = 89 min; e 84.4
    assert reach[30] == 1000
    assert reach[60] == 1000 + 2000 + 4000
    assert reach[90] == 31000


def test_the_target_is_judged_in_four_readings(result):
    verdicts = result.targets.set_index("reading")
    assert verdicts.loc["station_fastest", "value_min"] == pytest.approx(52, abs=0.02)
    assert verdicts.loc["station_service", "value_min"] == pytest.approx(64.444, abs=0.02)
    assert verdicts.loc["centre_to_centre", "value_min"] == pytest.approx(84.444, abs=0.02)
    assert verdicts.loc["centre_to_centre", "slack_min"] == pytest.approx(60 - 84.444, abs=0.02)
    # everybody lives at the two stations, so people are as far apart as the centres, to the quarter minute above
    assert verdicts.loc["door_to_door", "value_min"] == pytest.approx(84.5)
    assert list(verdicts["met"]) == [True, False, False, False]
    assert set(verdicts["binding_leg"]) == {"ride"}


def test_before_the_express_there_is_an_hour_between_trains(study):
    network = study.network.as_of("2012-12-31")
    assert list(network.services["service_id"]) == ["local"]


def test_a_faster_line_is_faster_everywhere_and_never_slower(study, result):
    # at 200 km/h = 500/9 m/s: L/v + v/(2a) + v/(2b) = L/55.56 + 111.1 s; a-c 50 km: 900 + 111.1 = 1011.1 s
    faster = study.run("faster")
    hops = faster.hops.set_index(["from_id", "to_id"])["run_min"]
    assert hops[("a", "c")] == pytest.approx(1011.11 / 60, abs=0.01)
    before, after = (r.surface("a") for r in (result, faster))
    assert (after <= before + 1e-4)[np.isfinite(before)].all()
    assert faster.city_times["best_min"].sum() < result.city_times["best_min"].sum()


def test_a_train_more_lengthens_nothing(study):
    faster, direct = study.run("faster"), study.run("faster_direct")
    ends = ["from_id", "to_id"]
    a = faster.station_times.set_index(ends)
    b = direct.station_times.set_index(ends)
    assert (b["fastest_min"] <= a["fastest_min"] + 1e-9).all()
    assert (b["typical_min"] + b["wait_min"] <= a["typical_min"] + a["wait_min"] + 1e-9).all()
    assert (direct.surface("a") <= faster.surface("a") + 1e-4).all()


def test_every_invariant_of_a_run_holds(result):
    assert len(result.invariants) >= 7
    assert all(result.invariants.values()), result.invariants


def test_a_route_adds_up_and_names_its_legs(study, result):
    route = result.route("a", "e")
    assert route.mode == "rail"
    assert route.minutes == pytest.approx(84.444, abs=0.02)
    assert sum(leg.minutes for leg in route.legs) == pytest.approx(route.minutes)
    assert [leg.leg for leg in route.legs] == ["access", "station", "wait", "ride", "arrival", "egress"]
    assert study.find_route("base", "a", "e") == route
    assert "五站线" in str(route)


def test_the_graphs_agree_with_networkx_on_the_same_network(result):
    rides = result.travel.rides
    graph = result.to_networkx("rides")
    assert graph.number_of_nodes() > 0
    lines = result.to_networkx("lines")
    assert lines.number_of_edges() == 4
    assert sum(km for _, _, km in lines.edges(data="km")) == 140
    assert rides.station_ids == ("a", "b", "c", "d", "e")


def test_where_no_train_runs_the_road_alone_counts_and_no_way_by_rail_is_named(tutorial_copy):
    network = tutorial_copy.parents[1] / "networks" / "line5"
    for name in ("services.csv", "service_stops.csv"):
        head = (network / name).read_text(encoding="utf-8").splitlines()[0]
        (network / name).write_text(head + "\n", encoding="utf-8")
    for card in (tutorial_copy / "projects").glob("*.toml"):
        card.unlink()
    page = tutorial_copy / "study.toml"
    kept = page.read_text(encoding="utf-8").replace("projects.", "# projects.")
    page.write_text(kept, encoding="utf-8")
    result = sim.read_study(tutorial_copy).run("base")
    row = result.city_times.set_index(["from_id", "to_id"]).loc[("a", "b")]
    assert row["best_min"] == row["road_min"] == pytest.approx(20 * 2.6, abs=0.01)
    assert np.isnan(row["rail_min"])
    assert row["mode"] == "road"
    readings = result.targets.set_index("reading")["value_min"]
    assert readings[["station_fastest", "station_service"]].isna().all()
    # 140 km of lanes, of which 1 + 1 half steps at d and 1 half step at e are built-up: 2.6 min per km, 3.9 in the town
    assert readings["centre_to_centre"] == pytest.approx(140 * 2.6 + 3 * 0.5 * 1.3, abs=0.01)
