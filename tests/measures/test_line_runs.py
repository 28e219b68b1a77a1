"""The run of one train: stop to stop, station by station, point by point."""

import pytest

import sim
from sim.measures.line_runs import run_line


def test_a_run_says_when_it_passes_each_station(line5):
    """50 m/s between, 0.5 m/s²: a-c 1100 s; b at 20 km is passed 400 s of running and 50 s of starting after a."""
    run = run_line(line5, ["main"], "SIMPLE", ["a", "c", "e"], dwell_min=3)
    passed = run.passings.set_index("station_id")["technical_min"]
    assert list(passed.index) == ["a", "b", "c", "d", "e"]
    assert passed["b"] == pytest.approx((400 + 50) / 60, abs=0.005)
    assert passed["c"] == pytest.approx(1100 / 60, abs=0.005)
    assert passed["e"] == pytest.approx((1100 + 1900) / 60, abs=0.005)
    assert run.passings["calls"].tolist() == ["yes", "no", "yes", "no", "yes"]
    assert run.technical_min == pytest.approx(50, abs=0.01)
    assert run.total_min == pytest.approx(53, abs=0.01)  # no supplement, one dwell


def test_the_speed_never_exceeds_the_limit_and_is_nothing_at_stops(line5):
    run = run_line(line5, ["main"], "SIMPLE", ["e", "c", "a"])
    assert run.km[-1] == pytest.approx(140)
    assert (run.speed_kmh <= run.limit_kmh + 1e-9).all()
    standing = sorted({round(float(km), 3) for km in run.km[run.speed_kmh == 0]})
    assert standing == [0, 90, 140]


def test_without_stops_a_train_calls_everywhere_on_the_first_line(line5):
    assert run_line(line5, ["main"], "SIMPLE").hops["from_id"].tolist() == ["a", "b", "c", "d"]


def test_unknown_names_are_listed_together(line5):
    with pytest.raises(sim.InputError) as caught:
        run_line(line5, ["mian"], "SIMPEL", ["a", "z"])
    text = "\n".join(caught.value.problems)
    assert "no line 'mian'" in text
    assert "no station 'z'" in text
    assert "no train class 'SIMPEL'" in text
    assert "main" in text
    assert "SIMPLE" in text
