"""Minutes from city centres to main stations, beside what a study measured with a map service."""

import numpy as np
import pandas as pd
import pytest

import sim
from sim.measures.station_access import compare_station_access, tabulate_station_access
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
