"""The comparison with observed values says what it should of a model that is right, wrong, or cannot make a trip."""

import numpy as np
import pandas as pd
import pytest

import sim
from sim.measures.hindcast import FASTEST_GOAL, TIMETABLE_DATES, TYPICAL_GOAL, is_within, summarise_errors
from sim.measures.hindcast_openings import compare_published, list_openings
from sim.measures.hindcast_rail import compare_rides, summarise_rides, weighted_median
from sim.measures.hindcast_reasons import list_worst
from sim.measures.hindcast_roads import compare_bands, compare_cases, compare_drives
from sim.measures.hindcast_sections import check_out_of_sample, compare_sections
from sim.times.road_routes import RoadLeg, RoadRoute


def ride_min(km):
    """A hop on line5: 50 m/s in between, 100 s more for starting and braking at 0.5 m/s², no supplement."""
    return (1000.0 * km / 50.0 + 100.0) / 60.0


LOCAL_A_E = ride_min(20) + ride_min(30) + ride_min(40) + ride_min(50) + 3 * 2
EXPRESS_A_E = ride_min(50) + ride_min(90) + 2


def timetable(*rows):
    columns = ["from_id", "to_id", "fastest_min", "median_min", "n_trains", "fastest_train"]
    return pd.DataFrame(rows, columns=columns)


def section_times(**minutes):
    rows = [(*name.split("_"), value, 5) for name, value in minutes.items()]
    return pd.DataFrame(rows, columns=["from_id", "to_id", "median_min", "n_trains"])


def test_the_wider_of_minutes_and_share_is_the_tolerance():
    observed, modelled = pd.Series([30.0, 30.0, 200.0, 200.0]), pd.Series([35.0, 35.1, 210.0, 210.1])
    assert is_within(observed, modelled, FASTEST_GOAL).tolist() == [True, False, True, False]


def test_a_trip_that_the_model_cannot_make_counts_as_a_miss():
    found = summarise_errors(pd.Series([60.0, 60.0, 60.0, 60.0]), pd.Series([60.0, 61.0, np.nan, np.nan]), FASTEST_GOAL)
    assert found["n_without_train"] == 2
    assert found["share_within"] == 0.5
    assert found["median_abs_error_min"] == np.inf
    assert found["goal_met"] == "no"


def test_a_median_of_weighted_trains_is_that_of_the_trains_one_by_one():
    random = np.random.default_rng(7)
    for _ in range(200):
        values, counts = random.integers(10, 20, 6).astype(float), random.integers(1, 5, 6)
        assert weighted_median(values, counts.astype(float)) == np.median(np.repeat(values, counts))


def test_fastest_median_and_typical_of_a_pair_with_two_kinds_of_train(line5):
    observed = timetable(("a", "e", 50.0, 53.0, 51, "G1"), ("a", "b", 8.0, 8.0, 17, "D1"))
    pairs = compare_rides(line5.as_of("2026-12-31"), observed).pairs.set_index(["from_id", "to_id"])
    to_e = pairs.loc["a", "e"]
    assert to_e["modelled_fastest_min"] == pytest.approx(EXPRESS_A_E, abs=0.01)
    assert to_e["error_min"] == pytest.approx(EXPRESS_A_E - 50.0, abs=0.01)
    assert to_e["modelled_median_min"] == pytest.approx(EXPRESS_A_E, abs=0.01)  # 34 of the 51 trains
    # Both are worth boarding: 10 min wait for either of 51 trains beat 15 min for the 34 expresses alone.
    assert to_e["modelled_typical_min"] == pytest.approx((34 * EXPRESS_A_E + 17 * LOCAL_A_E) / 51, abs=0.01)
    assert (to_e["modelled_trains"], to_e["km"]) == (51, 140)
    assert pairs.loc["a", "b"]["modelled_service"] == "local"
    assert pairs.loc["a", "b"]["modelled_trains"] == 17


def test_errors_are_reported_by_line_and_distance(line5):
    observed = timetable(("a", "e", EXPRESS_A_E, EXPRESS_A_E, 51, "G1"), ("a", "b", 30.0, 30.0, 17, "D1"))
    summary = summarise_rides(compare_rides(line5.as_of("2026-12-31"), observed))
    fastest = summary[(summary["reading"] == "fastest") & (summary["scope"] == "all stations")].set_index("group")
    assert fastest["n"].to_dict() == {"all": 2, "over 100 km": 1, "line main": 2}
    assert fastest["share_within"].to_dict() == {"all": 0.5, "over 100 km": 1.0, "line main": 0.5}
    assert fastest["goal_met"].to_dict() == {"all": "no", "over 100 km": "yes", "line main": "no"}


def test_the_reason_names_a_slow_section_and_the_parts_add_up_to_the_error(line5):
    """The timetable runs b-c 6 min faster than the model and dwells 1 min less on the way from a to d."""
    network = line5.as_of("2026-12-31")
    faster = section_times(a_b=ride_min(20), b_c=ride_min(30) - 6.0, c_d=ride_min(40))
    modelled = ride_min(20) + ride_min(30) + ride_min(40) + 4.0
    observed = timetable(("a", "d", modelled - 7.0, modelled - 7.0, 17, "D1"))
    worst = list_worst(compare_rides(network, observed), network, faster).set_index("reading").loc["fastest"]
    assert worst["error_min"] == pytest.approx(7.0, abs=0.01)
    assert worst["line_min"] == pytest.approx(6.0, abs=0.01)
    assert worst["stops_min"] == pytest.approx(1.0, abs=0.01)
    assert worst["line_min"] + worst["train_min"] + worst["stops_min"] == pytest.approx(worst["error_min"])
    assert "sections too slow by 6.0 min, most on B站-C站 (main)" in worst["reason"]


def test_the_reason_names_the_stops_where_the_sections_agree(line5):
    network = line5.as_of("2026-12-31")
    right = section_times(a_b=ride_min(20), b_c=ride_min(30), c_d=ride_min(40))
    modelled = ride_min(20) + ride_min(30) + ride_min(40) + 4.0
    observed = timetable(("a", "d", modelled + 9.0, modelled, 17, "D9"))
    worst = list_worst(compare_rides(network, observed), network, right).set_index("reading").loc["fastest"]
    assert "stops and dwells of local take 9.0 min less than those of D9" in worst["reason"]


def test_a_train_of_the_timetable_that_no_service_runs_is_listed_as_missing(line5):
    network = line5.as_of("2012-12-31")
    without = network.with_tables(
        service_stops=network.service_stops[network.service_stops["station_id"] != "b"].reset_index(drop=True)
    )
    observed = timetable(("a", "b", 8.0, 8.0, 17, "D77"), ("a", "c", 17.0, 17.0, 17, "D77"))
    worst = list_worst(compare_rides(without, observed), without, section_times(a_c=ride_min(50)))
    missing = worst[worst["reading"] == "no train"]
    assert missing[["from_id", "to_id"]].to_numpy().tolist() == [["a", "b"]]
    assert missing["reason"].item().startswith("pattern missing: D77 is in no service of the network")


def test_a_timetable_without_a_column_is_refused_by_name(line5):
    with pytest.raises(sim.InputError, match="station times: column 'median_min' is missing"):
        compare_rides(line5, timetable().drop(columns="median_min"))


def test_sections_are_compared_by_the_median_train_in_both_directions(line5):
    found = compare_sections(line5.as_of("2026-12-31"), section_times(a_c=20.0, c_a=17.0, a_d=50.0))
    assert found[["from_id", "to_id"]].to_numpy().tolist() == [
        ["a", "c"],
        ["c", "a"],
    ]  # nothing runs a-d without a stop
    assert found["error_min"].tolist() == pytest.approx([ride_min(50) - 20.0, ride_min(50) - 17.0], abs=0.01)
    assert found["modelled_trains"].tolist() == [34, 34]


def test_a_supplement_planted_in_one_timetable_is_off_by_as_much_in_the_other(line5):
    """Section times of 2016 are 10 % above the technical ones, those of 2023 20 %: fitted to 2016, 2023 is 10/110 short."""
    planted = pd.DataFrame({"line_id": ["main"] * 2, "year": [2016, 2023], "supplement_percent": [10.0, 20.0]})
    planted = planted.assign(n_sections=4, technical_min=50.0, scheduled_min=55.0, residual_min=0.0, source="planted")
    network = line5.with_tables(calibration=planted, lines=line5.lines.assign(supplement_percent=np.nan))
    times = {2016: section_times(a_b=1.1 * ride_min(20)), 2023: section_times(a_b=1.2 * ride_min(20))}
    pairs = timetable(("a", "b", 1.1 * ride_min(20), 1.1 * ride_min(20), 17, "D1"))
    found = check_out_of_sample(network, times, pairs)
    errors = found[(found["test"] == "sections") & (found["lines"] == "all")]
    errors = errors.set_index(["fitted_on", "tested_on"])["median_error_min"]
    assert errors[2016, 2016] == pytest.approx(0.0, abs=0.01)
    assert errors[2023, 2023] == pytest.approx(0.0, abs=0.01)
    assert errors[2016, 2023] == pytest.approx(-0.1 * ride_min(20), abs=0.01)
    assert errors[2023, 2016] == pytest.approx(0.1 * ride_min(20), abs=0.01)


def test_projections_are_not_compared_with_trains_that_ran(line5):
    row = {"from_id": "a", "to_id": "e", "year": 2020, "what": "", "source": "test", "confidence": "high"}
    published = pd.DataFrame(
        [row | {"fastest_min": 52.0, "kind": "timetable"}, row | {"fastest_min": 30.0, "kind": "projection"}]
    )
    found = compare_published(published, lambda year: line5.as_of(f"{year}-12-31"))
    assert found["published_min"].tolist() == [52.0]
    assert found["error_min"].item() == pytest.approx(EXPRESS_A_E - 52.0, abs=0.01)


def with_branch(line5):
    """line5 with a line c-e beside it that opens in 2020 and saves 30 km, and the train over it."""
    lines, stops, services = line5.lines, line5.line_stops, line5.services
    branch = lines.assign(line_id="branch", opening_date=pd.Timestamp("2020-06-01").as_unit("s"))
    branch_stops = stops[stops["station_id"].isin(["c", "e"])].assign(
        line_id="branch", sequence=[1, 2], chainage_km=[0.0, 60.0]
    )
    direct = services[services["service_id"] == "express"].assign(
        service_id="direct", lines=[("main", "branch")], opening_date=pd.Timestamp("2020-06-01").as_unit("s")
    )
    calls = line5.service_stops[line5.service_stops["service_id"] == "express"].assign(service_id="direct")
    return line5.with_tables(
        lines=pd.concat([lines, branch], ignore_index=True),
        line_stops=pd.concat([stops, branch_stops], ignore_index=True),
        services=pd.concat([services, direct], ignore_index=True),
        service_stops=pd.concat([line5.service_stops, calls], ignore_index=True),
    )


def test_an_opening_changes_only_the_pairs_that_its_trains_serve(line5):
    found = list_openings(with_branch(line5), "2016-01-01", "2026-12-31").iloc[0]
    assert (found["lines"], found["pairs_new"], found["pairs_slower"]) == ("branch", 0, 0)
    assert found["most_saved_min"] == pytest.approx(30 * 60 / 180, abs=0.01)  # 30 km at 180 km/h
    assert {found["most_saved_from"], found["most_saved_to"]} <= set("abcde")
    assert found["pairs_changed_without_its_trains"] == 0


def test_a_train_that_ends_on_the_opening_day_is_not_taken_for_the_opening(line5):
    network = with_branch(line5)
    ends = network.services["closing_date"].where(
        network.services["service_id"] != "local", pd.Timestamp("2020-06-01").as_unit("s")
    )
    found = list_openings(
        network.with_tables(services=network.services.assign(closing_date=ends)), "2016-01-01", "2026-12-31"
    )
    assert found["services_ended"].item() == 1
    assert (
        found["pairs_changed_without_its_trains"].item() == 14
    )  # every pair with b or d: 20 less a-c, a-e, c-e both ways


class StubRoads:
    """Roads on which everything takes 60 min before 2020 and 40 min after, over 30 km of road and 10 of street."""

    def __init__(self):
        self.dates = []

    def route(self, _row, date):
        self.dates.append(date)
        minutes = 60.0 if date < "2020" else 40.0
        legs = (
            RoadLeg("road", "桥", "G1", "motorway_100", 30.0, minutes - 20),
            RoadLeg("local", "", "", "", 10.0, 20.0),
        )
        return RoadRoute(legs, np.array([0, 1]), np.zeros((2, 2)))

    def road_km(self, route):
        return route.km


def drive(**values):
    row = {
        "check_id": np.nan,
        "from_id": "x",
        "to_id": "y",
        "from_lon": 1.0,
        "from_lat": 1.0,
        "to_lon": 2.0,
        "to_lat": 2.0,
    }
    row |= {
        "mode": "car",
        "low_min": np.nan,
        "high_min": np.nan,
        "km_low": np.nan,
        "km_high": np.nan,
        "kind": "claimed",
    }
    return row | {"use": "check", "year": 2015, "source": "test"} | values


def road_case(**values):
    row = {
        "case_id": "bridge",
        "name": "桥",
        "name_en": "bridge",
        "from_id": "x",
        "to_id": "y",
        "mode": "car",
        "source": "test",
    }
    row |= {"from_lon": 1.0, "from_lat": 1.0, "to_lon": 2.0, "to_lat": 2.0}
    row |= {"before_date": "2019-06-01", "after_date": "2020-06-01", "before_check": "B1", "after_check": np.nan}
    bands = {f"{when}_{end}_min": np.nan for when in ("before", "after", "saved") for end in ("low", "high")}
    return pd.DataFrame([row | bands | values])


def test_every_band_row_is_inside_or_outside_by_so_much():
    rows = [
        drive(check_id="R1", low_min=50.0, high_min=70.0),
        drive(low_min=30.0, high_min=55.0),
        drive(low_min=60.0, high_min=60.0),  # a single figure is no band
        drive(km_low=45.0, km_high=50.0),
    ]
    bands = compare_bands(compare_drives(pd.DataFrame(rows), StubRoads(), road_case()))
    assert bands["verdict"].tolist() == ["inside", "outside", "outside"]
    assert bands["outside_by"].tolist() == [0.0, 5.0, -5.0]
    assert bands["quantity"].tolist() == ["min", "min", "km"]


def test_a_check_that_belongs_to_a_bridge_is_asked_of_the_roads_before_it_opened():
    roads = StubRoads()
    rows = [drive(check_id="B1", year=2020, low_min=55.0, high_min=65.0), drive(year=2020, low_min=60.0, high_min=60.0)]
    drives = compare_drives(pd.DataFrame([*rows, drive(year=1994, low_min=1.0, high_min=1.0)]), roads, road_case())
    assert drives["date"].tolist() == ["2019-06-01", "2020-12-31"]  # nothing is known of the roads of 1994
    assert drives["modelled_min"].tolist() == [60.0, 40.0]


def test_a_case_says_what_a_bridge_saved_and_whether_that_has_the_right_size():
    case = road_case(before_low_min=50, before_high_min=70, saved_low_min=25, saved_high_min=35)
    found = compare_cases(case, StubRoads()).iloc[0]
    assert (found["before_min"], found["after_min"], found["saved_min"]) == (60.0, 40.0, 20.0)
    verdicts = tuple(found[f"{when}_verdict"] for when in ("before", "after", "saved"))
    assert verdicts == ("inside", "no figure", "outside")
    assert found["after_uses"] == "桥"


@pytest.mark.real
def test_the_network_of_2016_keeps_to_the_goals_against_the_timetable_of_2016(repository):
    network = sim.read_network(repository / "networks" / "yrd").as_of(TIMETABLE_DATES[2016])
    observed = pd.read_csv(repository / "data" / "observed" / "station_times_2016.csv")
    assert len(observed) > 1800
    summary = summarise_rides(compare_rides(network, observed))
    main = summary[(summary["scope"] == "main stations") & (summary["group"] == "all")].set_index("reading")
    assert main.loc["fastest", "median_abs_error_min"] <= FASTEST_GOAL.median_min
    assert main.loc["fastest", "share_within"] >= FASTEST_GOAL.share_within
    assert main.loc["typical", "median_abs_error_min"] <= TYPICAL_GOAL.median_min
    assert main.loc["typical", "share_within"] >= TYPICAL_GOAL.share_within


@pytest.mark.real
def test_a_year_that_has_been_is_built_without_any_project(repository):
    study = sim.read_study(repository / "scenarios" / "hindcast")
    years = [scenario.year for scenario in study.scenarios.values()]
    assert years == [2007, 2009, 2012, 2013, 2016, 2021, 2023, 2025]
    lines = [len(study.network_of(scenario_id).lines) for scenario_id in study.scenarios]
    assert lines == sorted(lines)
    assert lines[0] < lines[-1]
    assert all(not scenario.projects for scenario in study.scenarios.values())
