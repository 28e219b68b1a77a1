"""Minutes from city centres to main stations, beside what a study measured with a map service."""

import numpy as np
import pandas as pd
import pytest

import sim
from sim.measures.hindcast_roads import RoadsByDate
from sim.measures.station_access import (
    compare_station_access,
    day_share_of_delay,
    judge_station_access,
    roads_in_peak,
    tabulate_station_access,
)
from sim.times.transit import transit_ways


def test_means_are_taken_over_the_stations_that_are_reached_and_of_the_cities_that_are_meant():
    access = pd.DataFrame(
        {"city_id": ["x", "x", "y"], "station_id": ["1", "2", "3"], "car_min": [10.0, 30.0, 50.0]}
        | {"metro_min": [20.0, np.nan, 60.0]}
    )
    published = pd.DataFrame(
        {"check_id": ["c", "m"], "cities": ["all", "metro"], "by": ["car", "metro"], "minutes": [25, 35]}
    )
    found = compare_station_access(access, published, ["x"]).set_index("check_id")
    assert found.loc["c", "model_min"] == (10 + 30 + 50) / 3
    assert found.loc["c", "residual_min"] == 30 - 25
    assert found.loc["m", "model_min"] == 20
    assert list(found["n_stations"]) == [3, 1]


@pytest.mark.real
def test_by_bus_and_metro_shanghai_is_within_a_quarter_of_the_means_of_large_metro_cities(repository):
    """Shanghai is the only one of the study's six cities that is here; the tables were not fitted to the study."""
    model = sim.read_study(repository / "scenarios" / "circles").model("base_2020")
    travel = model.travel
    ways = transit_ways(model.region, model.network, model.scenario.assumptions, travel.roads)
    served = model.network.stations[model.network.stations["station_id"].isin(travel.stations.station_ids)]
    table = tabulate_station_access((*travel.ends.ways, *ways), travel.graph, model.region, served)
    published = pd.read_csv(repository / "data" / "observed" / "station_access.csv")
    found = compare_station_access(table, published, ["shanghai"]).set_index("check_id")
    assert found.loc["bus_metro_cities", "n_stations"] == 3
    for check in ("bus_metro_cities", "metro_metro_cities"):
        assert abs(found.loc[check, "residual_min"]) < found.loc[check, "published_min"] / 4


@pytest.fixture(scope="module")
def hindcast_roads(repository):
    study = sim.read_study(repository / "scenarios" / "hindcast")
    assumptions = next(iter(study.scenarios.values())).assumptions
    return study.region, RoadsByDate(study.network, study.region.grid, assumptions)


def test_the_delay_of_the_day_is_a_share_of_that_of_the_peak_where_both_are_known():
    traffic = pd.DataFrame({"city_id": ["a", "b", "c"], "day_index": [1.5, 1.3, None], "peak_index": [2.0, 1.4, 1.9]})
    # 0.5 of 1.0 and 0.3 of 0.4; of c only the peak is known.
    assert day_share_of_delay(traffic) == pytest.approx((0.5 + 0.75) / 2)


@pytest.mark.real
def test_in_the_peak_cities_are_slower_and_the_open_country_is_not(hindcast_roads):
    _, roads = hindcast_roads
    usual = roads.network.congestion.set_index("congestion_id")
    peak = roads_in_peak(roads, 0.5).network.congestion.set_index("congestion_id")
    # A share of 0.75 is a delay of a third of the time on free roads; twice that makes 1 / (1 + 2/3).
    assert usual.loc["large", "speed_share"] == 0.75
    assert peak.loc["large", "speed_share"] == pytest.approx(0.6)
    assert peak.loc[["motorway", "country"], "speed_share"].equals(usual.loc[["motorway", "country"], "speed_share"])


@pytest.mark.real
def test_the_shares_of_cities_follow_from_the_delays_that_were_measured(hindcast_roads, repository):
    _, roads = hindcast_roads
    traffic = pd.read_csv(repository / "data" / "observed" / "city_traffic.csv").set_index("city_id")
    day = day_share_of_delay(traffic)
    share = roads.network.congestion.set_index("congestion_id")["speed_share"]
    four = traffic.loc[["shanghai", "nanjing", "hangzhou", "hefei"]]
    peak = {"very_large": four.loc[four["year"] == 2020, "peak_index"].mean() - 1}
    peak["large"] = traffic.loc["50_main_cities", "peak_index"] - 1
    peak["town"] = peak["large"] / 2
    for size, delay in peak.items():
        assert share[size] == pytest.approx(1 / (1 + day * delay), abs=0.025), size


@pytest.mark.real
def test_by_car_the_peak_takes_longer_and_only_it_comes_near_the_mean_in_congestion(hindcast_roads, repository):
    region, roads = hindcast_roads
    observed = repository / "data" / "observed"
    published, traffic = (pd.read_csv(observed / f"{name}.csv") for name in ("station_access", "city_traffic"))
    stations, checks = judge_station_access(region, roads, published, traffic, "2019-12-31")
    assert (stations["car_peak_min"] >= stations["car_min"]).all()
    assert (stations["transit_min"] <= stations[["walk_min", "bus_min"]].min(axis=1)).all()
    verdict = checks[checks["check_id"] == "car_all"].set_index("roads")["verdict"].to_dict()
    assert verdict == {"usual": "outside", "peak": "inside"}
    others = checks[checks["check_id"] != "car_all"]
    assert list(others["verdict"]) == ["inside"] * 3
    # A quarter of 25 minutes: within 18.75 and 31.25.
    assert (checks["verdict"] == "inside").equals(checks["residual_min"].abs() <= checks["published_min"] / 4)
