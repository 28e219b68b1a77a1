"""Every assumption has a plausible range and a reason; ranges, validity and defaults do not contradict each other."""

from typing import get_args

import pytest

from sim.cli import main
from sim.errors import ScenarioError
from sim.scenario.assumptions import AccessMode, Assumptions, WaitRule, describe_assumptions, plausible_range
from sim.scenario.scenario import merge_scenarios

CHOICES = {"wait_rule": WaitRule, "access_mode": AccessMode}
NUMBERS = sorted(set(Assumptions.model_fields) - set(CHOICES))


def test_every_assumption_says_what_it_is_in_which_unit_and_why_its_range_is_plausible():
    rows = describe_assumptions(Assumptions())
    assert {row["assumption"] for row in rows} == set(Assumptions.model_fields)
    for row in rows:
        assert row["description"], row
        assert len(row["why"]) > 20, row
        assert bool(row["unit"]) == (row["assumption"] in NUMBERS), row


@pytest.mark.parametrize("name", NUMBERS)
def test_a_default_is_plausible_and_what_is_plausible_is_valid(name):
    low, high = plausible_range(name)
    assert low < high
    assert low <= getattr(Assumptions(), name) <= high
    for value in (low, high):
        assert getattr(Assumptions.model_validate({name: value}), name) == value


@pytest.mark.parametrize("name", NUMBERS)
def test_a_value_far_beyond_what_is_plausible_is_refused(name):
    _, high = plausible_range(name)
    with pytest.raises(ScenarioError, match=rf"assumption {name} should be less than or equal to .* \(it is "):
        merge_scenarios({}, {name: high * 1000}, [])


def test_a_value_that_is_valid_but_not_plausible_may_be_tried():
    assert Assumptions(station_time_min=0).station_time_min == 0
    assert plausible_range("station_time_min")[0] > 0


def test_rows_show_ranges_of_numbers_and_all_choices():
    rows = {row["assumption"]: row for row in describe_assumptions(Assumptions(station_time_min=12))}
    assert rows["station_time_min"]["value"] == 12
    assert rows["station_time_min"]["default"] == Assumptions().station_time_min
    low, high = plausible_range("station_time_min")
    assert rows["station_time_min"]["plausible"] == f"{low}-{high}"
    for name, choices in CHOICES.items():
        assert rows[name]["plausible"] == ", ".join(get_args(choices))


def test_show_prints_value_default_range_unit_and_reason(repository, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    assert main(["show", "tutorial", "base"]) == 0
    out = capsys.readouterr().out
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines()]
    shown = {row[0]: row[1:] for row in cells if row and row[0]}
    assert set(shown) == set(Assumptions.model_fields)
    low, high = plausible_range("wait_cap_min")
    assert shown["wait_cap_min"][:4] == ["60.0", "30", f"{low}-{high}", "min"]  # the tutorial sets 60
    assert shown["change_min"][:2] == ["20", ""]  # as by default
    assert "changes.csv: 10-15 min" in out
