"""The engine's ways, and the reasons for what lies outside: by hand, and that no row of the real tables is without one."""

import numpy as np
import pandas as pd
import pytest

import sim
from sim.errors import InputError
from sim.measures.hindcast_roads import RoadsByDate, compare_bands, compare_drives
from sim.measures.road_engine import ENGINE_SPEEDS_KMH, add_reasons, compare_ways, drive_as_engine
from sim.region.grid import read_grid
from sim.scenario.assumptions import Assumptions


@pytest.fixture(scope="module")
def real_roads(repository) -> RoadsByDate:
    network = sim.read_network(repository / "networks" / "yrd")
    return RoadsByDate(network, read_grid(repository / "data" / "cells.tif"), Assumptions())


def reasons(*rows):
    return pd.DataFrame(rows, columns=["what", "check_id", "from_id", "to_id", "date", "reason"])


def test_a_reason_stands_beside_a_pair_outside_in_either_direction_and_not_beside_one_within():
    distances = pd.DataFrame(
        {"from_id": ["a", "b", "a"], "to_id": ["b", "a", "c"], "within_5_percent": ["no", "yes", "no"]}
    )
    bands = pd.DataFrame(columns=["check_id", "from_id", "to_id", "date", "verdict"])
    found, _ = add_reasons(distances, bands, reasons(("distance", np.nan, "b", "a", np.nan, "another bridge")))
    assert list(found["reason"]) == ["another bridge", "", ""]


def test_a_band_is_found_by_its_id_its_ends_and_its_date():
    bands = pd.DataFrame(
        {
            "check_id": ["R1", np.nan, np.nan],
            "from_id": ["a", "a", "a"],
            "to_id": ["b", "b", "b"],
            "date": ["2009-12-31", "2007-12-31", "2025-12-31"],
            "verdict": ["inside", "outside", "outside"],
        }
    )
    told = reasons(
        ("band", "R1", "a", "b", "2009-12-31", "not shown: inside"),
        ("band", np.nan, "a", "b", "2007-12-31", "a traveller's round figure"),
    )
    distances = pd.DataFrame(columns=["from_id", "to_id", "within_5_percent"])
    assert list(add_reasons(distances, bands, told)[1]["reason"]) == ["", "a traveller's round figure", ""]


@pytest.mark.real
def test_a_class_without_an_engine_speed_is_named_with_what_was_probably_meant(real_roads):
    network = real_roads.network
    classes = network.road_classes.assign(road_class=network.road_classes["road_class"].replace("primary", "primari"))
    roads = RoadsByDate(network.with_tables(road_classes=classes), real_roads.grid, real_roads.assumptions)
    with pytest.raises(InputError, match=r"no engine speed for road class 'primari' \(did you mean 'primary'\?\)"):
        drive_as_engine(roads)


@pytest.mark.real
def test_the_engine_drives_each_class_at_one_speed_without_congestion(real_roads):
    network = drive_as_engine(real_roads).network
    assert network.road_classes.set_index("road_class")["speed_kmh"].to_dict() == ENGINE_SPEEDS_KMH
    assert set(network.congestion["speed_share"]) == {1.0}


@pytest.mark.real
def test_nine_in_ten_distances_are_within_five_percent_and_every_other_has_a_reason(real_roads, repository):
    observed = repository / "data" / "observed"
    told = pd.read_csv(observed / "road_reasons.csv")
    cases = pd.read_csv(repository / "scenarios" / "hindcast" / "road_cases.csv")
    distances = compare_ways(pd.read_csv(observed / "road_distances.csv"), real_roads)
    bands = compare_bands(compare_drives(pd.read_csv(observed / "drive_times.csv"), real_roads, cases))
    assert len(distances) == 122
    assert (distances["within_5_percent"] == "yes").mean() >= 0.90
    assert (distances.loc[distances["use"] == "check", "within_5_percent"] == "yes").mean() >= 0.90
    distances, bands = add_reasons(distances, bands, told)
    outside = distances[distances["within_5_percent"] == "no"]
    assert (outside["reason"] != "").all()
    assert set(outside["differs_by"]) == {"way", "roads"}
    # Where the engine's way has the published length, the roads are there: most of what is left is the choice of way.
    assert (outside["differs_by"] == "way").mean() > 0.5
    assert len(bands) == 11
    assert (bands.loc[bands["verdict"] == "outside", "reason"] != "").all()
