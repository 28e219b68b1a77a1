"""Coverage rules, journeys and generated scenarios as a study states them, from Python and from the command line."""

import pandas as pd
import pytest

import sim
from sim.cli import main
from sim.measures.coverage import COVERAGE_COLUMNS

RULES = """
[coverage.near_b]
name = "距B城"
name_en = "people near B"
of = "people"
in = "all"
to = "b"
within_min = 55
required_share = 0.09
source = "invented"

[journeys.along]
name = "沿线"
name_en = "along the line"
from = ["a"]
to = ["b", "e"]

[generated]
base = "base"
full = "faster_direct"
years = [2030]
late_years = [2]
"""


@pytest.fixture
def study_folder(tutorial_copy):
    page = tutorial_copy / "study.toml"
    page.write_text(page.read_text(encoding="utf-8") + RULES, encoding="utf-8")
    return tutorial_copy


def test_generated_scenarios_are_asked_for_like_those_of_the_page(study_folder):
    study = sim.read_study(study_folder)
    assert study.scenario("only_speed_up").projects == ("speed_up",)
    assert study.run("only_speed_up").targets.equals(study.run("faster").targets)
    assert {"none", "only_direct", "without_direct", "listed_2030_late_2"} <= set(study.generated_scenarios())
    assert study.scenario("listed_2030").projects == ("direct", "speed_up")
    assert study.scenario("listed_2030_late_2").projects == ()


def test_without_a_page_of_generated_scenarios_there_are_none(tutorial_copy):
    study = sim.read_study(tutorial_copy)
    assert study.generated_scenarios() == {}
    with pytest.raises(sim.errors.InputError, match="no scenario 'only_direct'"):
        study.scenario("only_direct")


def test_a_run_writes_rules_and_journeys_and_compares_them(study_folder, tmp_path):
    outputs = tmp_path / "outputs"
    assert main(["run", str(study_folder), "base", "only_direct+speed_up", "--no-maps", "--outputs", str(outputs)]) == 0
    folder = outputs / "tutorial"
    rules = pd.read_csv(folder / "base" / "coverage.csv")
    assert tuple(rules) == COVERAGE_COLUMNS
    # by lane a lies 52 min from b, c 30 km or 78 min: 1,000 + 2,000 of 31,000 people
    assert rules["number_within"].tolist() == [3000]
    journeys = pd.read_csv(folder / "only_direct+speed_up" / "journey_times.csv")
    assert journeys[["journeys", "from_id", "to_id"]].to_numpy().tolist() == [["along", "a", "b"], ["along", "a", "e"]]
    compared = pd.read_csv(folder / "comparison" / "coverage.csv")
    assert compared["scenario"].tolist() == ["base", "only_direct+speed_up"]
    first = pd.read_csv(folder / "comparison" / "first_year_met.csv").set_index("target")
    assert first.loc["near_b", "first_scenario"] == "base"
    failing = pd.read_csv(folder / "comparison" / "failing.csv")
    assert set(failing["worst_id"]) == {"e"}
    verdicts = pd.read_csv(folder / "comparison" / "verdicts.csv")
    assert set(verdicts.loc[verdicts["target"] == "near_b", "reading"]) == {"coverage"}


def test_the_command_lists_generated_scenarios_and_judges_rules(study_folder, capsys):
    assert main(["list", str(study_folder), "--generated"]) == 0
    assert "without_direct" in capsys.readouterr().out
    assert main(["targets", str(study_folder), "--target", "near_b"]) == 0
    assert "people near B" in capsys.readouterr().out
    assert main(["targets", str(study_folder), "--target", "near_c"]) == 2
    assert "did you mean 'near_b'" in capsys.readouterr().err
