"""A supplement planted in a timetable is found again, and what does not fit it is shown."""

from math import inf

import numpy as np
import pandas as pd
import pytest
from small_networks import rail_network

from sim.errors import InputError
from sim.network.network import Network
from sim.times.calibration import CALIBRATION_COLUMNS, calibrate, fit_supplements, section_residuals
from sim.times.running_time import hop_times, line_supplements

KM = [0.0, 8.0, 20.0, 45.0, 60.0, 100.0, 112.0]


def two_lines() -> Network:
    """A line `north` of seven stations that goes on as `south`; every pair of stations has a non-stop service."""
    lines = {
        "north": [(f"n{number}", km) for number, km in enumerate(KM)],
        "south": [("n6", 0.0), *((f"s{number}", km) for number, km in enumerate(KM[1:], start=1))],
    }
    stations = [*(f"n{number}" for number in range(7)), *(f"s{number}" for number in range(1, 7))]
    services = {
        f"{start}_{end}": (["north", "south"], [start, end])
        for position, start in enumerate(stations)
        for end in stations[position + 1 :]
    }
    return rail_network(lines, services, supplements={"north": 8.0, "south": 20.0})


def timetable(network: Network, n_trains: int = 5) -> pd.DataFrame:
    """The running times of the network's own hops, as if they were a timetable."""
    hops = hop_times(network, stop_throat_kmh=inf)
    times = hops[["from_id", "to_id"]].assign(median_min=hops["run_min"], n_trains=n_trains)
    return times.reset_index(drop=True)


def test_planted_supplements_are_found_again() -> None:
    network = two_lines()
    found = calibrate(network, timetable(network), 2016, source="planted", stop_throat_kmh=inf)
    assert list(found.lines.columns) == CALIBRATION_COLUMNS
    assert found.lines.set_index("line_id")["supplement_percent"].to_dict() == pytest.approx(
        {"north": 8.0, "south": 20.0}, abs=0.02
    )
    assert found.sections["used"].all()
    assert found.sections["residual_min"].abs().max() < 0.02
    ratio = found.lines["scheduled_min"] / found.lines["technical_min"] - 1.0
    assert ratio.to_numpy() == pytest.approx(found.lines["supplement_percent"].to_numpy() / 100.0, abs=1e-3)


def test_the_supplement_of_one_line_is_scheduled_over_technical() -> None:
    # Together 34 minutes for 30 technical ones.
    assert fit_supplements(np.array([[10.0], [20.0]]), np.array([11.0, 23.0])) == pytest.approx([34.0 / 30.0])


def test_lines_that_share_a_section_are_told_apart() -> None:
    # 10 min on each alone: 11 and 13; together 24 = 11 + 13.
    technical = np.array([[10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    assert fit_supplements(technical, np.array([11.0, 13.0, 24.0])) == pytest.approx([1.1, 1.3], abs=1e-5)


def test_a_train_held_up_on_the_way_does_not_move_the_line() -> None:
    network = two_lines()
    times = timetable(network)
    held_up = (times["from_id"] == "n0") & (times["to_id"] == "n5")
    times.loc[held_up, "median_min"] *= 1.8
    found = calibrate(network, times, 2016, stop_throat_kmh=inf)
    assert found.lines.set_index("line_id").loc["north", "supplement_percent"] == pytest.approx(8.0, abs=0.05)
    assert found.sections.loc[~found.sections["used"], ["from_id", "to_id"]].to_numpy().tolist() == [["n0", "n5"]]
    worst = section_residuals(found, worst=1).iloc[0]
    assert (worst["from_id"], worst["to_id"]) == ("n0", "n5")
    assert worst["residual_min"] == pytest.approx(0.8 / 1.8 * times.loc[held_up, "median_min"].iloc[0], rel=1e-3)


def test_a_section_of_a_single_train_counts_only_where_there_is_no_other() -> None:
    network = two_lines()
    times = timetable(network)
    of_north = times["to_id"].str.startswith("n")
    slow_single = of_north & (times["from_id"] == "n1")
    times.loc[slow_single, "n_trains"] = 1
    found = calibrate(network, times, 2016, stop_throat_kmh=inf)
    assert found.lines.set_index("line_id").loc["north", "supplement_percent"] == pytest.approx(8.0, abs=0.05)
    assert list(found.sections["used"]) == list(found.sections["n_trains"] > 1)
    alone = calibrate(network, times[of_north].assign(n_trains=1), 2016, stop_throat_kmh=inf)
    assert alone.lines["n_sections"].sum() > 0


def test_the_fitted_table_becomes_the_supplements_of_the_network() -> None:
    network = two_lines()
    found = calibrate(network, timetable(network), 2016, stop_throat_kmh=inf)
    unset = network.with_tables(lines=network.lines.assign(supplement_percent=float("nan")), calibration=found.lines)
    assert line_supplements(unset).to_dict() == pytest.approx({"north": 8.0, "south": 20.0}, abs=0.02)


def test_a_timetable_of_other_stations_is_refused() -> None:
    network = two_lines()
    times = timetable(network)
    times["from_id"] = "other_" + times["from_id"]
    with pytest.raises(InputError, match="none of the 78 sections of the timetable of 2016 is run by a service"):
        calibrate(network, times, 2016)
