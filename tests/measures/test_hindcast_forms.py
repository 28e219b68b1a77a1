"""Forms of the running-time supplement are told apart out of sample, and a line left out takes the median of its class."""

import numpy as np
import pandas as pd
import pytest

import sim
from sim.measures.hindcast import TIMETABLE_DATES
from sim.measures.hindcast_forms import compare_forms, leave_lines_out
from sim.times.calibration import technical_sections


def planted(line5, scheduled):
    """Return section times that `scheduled` makes of (technical minutes, km), the same in both timetables."""
    sections = technical_sections(line5)
    times = [
        {"from_id": a, "to_id": b, "median_min": scheduled(minutes, km), "n_trains": 9}
        for a, b, minutes, km in sections[["from_id", "to_id", "technical_min", "km"]].itertuples(index=False)
    ]
    return dict.fromkeys(TIMETABLE_DATES, pd.DataFrame(times))


@pytest.mark.parametrize(
    ("form", "scheduled"),
    [
        ("percent", lambda minutes, _: 1.1 * minutes),
        ("per_100_km", lambda minutes, km: minutes + 4.0 * km / 100.0),
        ("percent_and_stop", lambda minutes, _: 1.05 * minutes + 0.5),
    ],
)
def test_the_form_that_was_planted_fits_exactly_and_the_others_do_not(line5, form, scheduled):
    found = compare_forms(line5, planted(line5, scheduled))
    worst = found.groupby("form")["p90_abs_error_min"].max()
    assert set(found["n"]) == {len(technical_sections(line5))}
    assert worst[form] == pytest.approx(0.0, abs=1e-6)
    assert (worst.drop(form) > 0.001).all()


def test_a_supplement_that_grows_between_timetables_is_missed_by_as_much(line5):
    times = planted(line5, lambda minutes, _: 1.1 * minutes)
    times[2023] = planted(line5, lambda minutes, _: 1.2 * minutes)[2023]
    found = compare_forms(line5, times)
    found = found[found["form"] == "percent"].set_index(["fitted_on", "tested_on"])["median_error_min"]
    middle = technical_sections(line5)["technical_min"].median()
    assert found[2016, 2023] == pytest.approx(-0.1 * middle)
    assert found[2023, 2016] == pytest.approx(0.1 * middle)
    assert found[2016, 2016] == pytest.approx(0.0, abs=1e-9)


def test_a_line_left_out_takes_the_median_of_the_others(line5):
    """Lines with 10, 20 and 50 %: without the last the others' median is 15 %, 115 / 150 - 1 = 23.3 % too fast."""
    lines = pd.concat(
        [line5.lines.assign(line_id=name) for name in ("x", "y", "z", "link", "short")], ignore_index=True
    )
    lines.loc[lines["line_id"] == "link", "kind"] = "link"
    calibration = pd.DataFrame(
        {"line_id": ["x", "y", "z", "link", "short"], "supplement_percent": [10.0, 20, 50, 90, 90]}
    )
    calibration = calibration.assign(
        year=2020,
        n_sections=[3, 4, 5, 9, 2],
        technical_min=50.0,
        scheduled_min=55.0,
        residual_min=0.0,
        source="planted",
    )
    found = leave_lines_out(line5.with_tables(lines=lines, calibration=calibration))
    assert found["line_id"].tolist() == ["z", "x", "y"]  # worst first; the link and the line of two sections left out
    assert found["without_it_percent"].tolist() == [15.0, 35.0, 30.0]
    assert found["error_percent"].tolist() == pytest.approx(
        [100 * (115 / 150 - 1), 100 * (135 / 110 - 1), 100 * (130 / 120 - 1)]
    )


@pytest.mark.real
def test_one_supplement_serves_beijing_shanghai_in_both_timetables(repository):
    """The limit went from 300 to 350 km/h in between; were trains of 300 and 350 one class, they would be 9 points apart."""
    calibration = sim.read_network(repository / "networks" / "yrd").calibration
    jinghu = calibration[calibration["line_id"] == "jinghu"].set_index("year")["supplement_percent"]
    assert np.isfinite(jinghu[[2016, 2023]]).all()
    assert abs(jinghu[2016] - jinghu[2023]) < 2.0
