"""Minutes on planned lines are made of parts that add up, and are judged against the official figure."""

import pandas as pd
import pytest

import sim
from sim.measures.planned_lines import network_with, planned_lines
from sim.scenario.project import read_projects

BYPASS = """
[[change]]
type = "add_line"
line = "bypass"
name = "绕行线"
name_en = "bypass"
kind = "hsr"
design_speed_kmh = 200
speed_kmh = 180
reference_class = "200"
stops = [{ station = "a", km = 0 }, { station = "c", km = 60 }, { station = "e", km = 150, speed_kmh = 90 }]

[[change]]
type = "add_service"
service = "bypass_stopping"
name = "站停"
lines = ["bypass"]
train_class = "SIMPLE"
trains_per_day = 10
both_directions = "yes"
stops = [{ station = "a" }, { station = "c", dwell_min = 3 }, { station = "e" }]
"""


def pairs_of(*rows):
    return pd.DataFrame(rows, columns=["project_id", "from_id", "to_id", "projection"])


def published_of(*rows):
    frame = pd.DataFrame(rows, columns=["from_id", "to_id", "fastest_min", "kind"])
    return frame.assign(what="claim", source="test")


def calibrated(line5):
    """line5 as if its line had been fitted with 10 %: the only delivered line of its class."""
    row = {"line_id": "main", "year": 2020, "n_sections": 4, "technical_min": 50.0, "scheduled_min": 55.0}
    row |= {"supplement_percent": 10.0, "residual_min": 0.0, "source": "test"}
    return line5.with_tables(calibration=pd.DataFrame([row]))


@pytest.fixture
def projects(write_card, tmp_path):
    write_card("bypass", BYPASS)
    return read_projects(tmp_path)


def test_the_parts_of_a_planned_run_are_those_worked_by_hand(line5, projects):
    """60 km at 50 m/s and 90 km at 25 m/s; 0.5 m/s² both ways.

    At the limits 1200 s + 3600 s. Starting to 50 m/s costs 50 s, braking from 25 m/s 25 s; slowing from 50 to 25 m/s takes
    50 s over 1875 m, which at 50 m/s are 37.5 s: it costs 12.5 s.
    """
    table = planned_lines(calibrated(line5), projects, pairs_of(("bypass", "a", "e", "yes")), published_of())
    non_stop, stopping = (table[table["pattern"] == kind].iloc[0] for kind in ("non_stop", "with_stops"))
    line_speed = 150 / 180 * 60
    assert non_stop["line_speed_min"] == pytest.approx(line_speed)
    assert non_stop["slow_places_min"] == pytest.approx(90 / 90 * 60 - 90 / 180 * 60)
    assert non_stop["start_stop_min"] == pytest.approx((50 + 12.5 + 25) / 60, abs=0.005)
    assert stopping["start_stop_min"] == pytest.approx((50 + 50 + 25 + 25) / 60, abs=0.005)
    assert non_stop["supplement_min"] == pytest.approx(0.1 * non_stop["technical_min"])
    for row in (non_stop, stopping):
        parts = ("line_speed_min", "slow_places_min", "start_stop_min", "supplement_min", "dwell_min")
        assert sum(row[part] for part in parts) == pytest.approx(row["central_min"])
        assert row["technical_min"] == pytest.approx(row["central_min"] - row["supplement_min"] - row["dwell_min"])
        assert row["low_min"] == row["central_min"] == row["high_min"]  # one delivered line: no range
    assert stopping["dwell_min"] == 3
    assert (non_stop["services"], stopping["services"]) == ("", "bypass_stopping")
    assert stopping["fastest_as_served_min"] == stopping["central_min"]


@pytest.mark.parametrize(
    ("official", "verdict"),
    [(80.0, "below the technical"), (85.0, "possible only with less"), (90.0, "within the range"), (110.0, "slower")],
)
def test_the_official_figure_is_judged_by_the_non_stop_run(line5, projects, official, verdict):
    """Technical 1200 + 3600 + 87.5 s = 81.46 min. Two delivered lines with 10 and 12 %: 8 in 10 from 10.2 to 11.8 %."""
    published = published_of(("e", "a", official, "projection"), ("a", "e", 1.0, "timetable"))
    network = calibrated(line5)
    wider = network.with_tables(
        calibration=pd.concat(
            [network.calibration, network.calibration.assign(line_id="other", supplement_percent=12.0)]
        ),
        lines=pd.concat([network.lines, network.lines.assign(line_id="other")], ignore_index=True),
        line_stops=pd.concat([network.line_stops, network.line_stops.assign(line_id="other")], ignore_index=True),
    )
    row = planned_lines(wider, projects, pairs_of(("bypass", "a", "e", "yes")), published).iloc[0]
    assert row["official_min"] == official
    assert row["verdict"].startswith(verdict)
    assert row["implied_supplement_percent"] == pytest.approx(100 * (official / (4887.5 / 60) - 1), abs=0.01)


def test_a_projection_about_another_way_is_not_held_against_a_project(line5, projects):
    published = published_of(("a", "e", 40.0, "projection"))
    table = planned_lines(calibrated(line5), projects, pairs_of(("bypass", "a", "e", "no")), published)
    assert set(table["verdict"]) == {"no official figure"}


def test_unknown_projects_and_pairs_without_a_service_are_named(line5, projects):
    wrong = pairs_of(("bypas", "a", "e", "yes"), ("bypass", "a", "d", "yes"))
    with pytest.raises(sim.InputError) as caught:
        planned_lines(calibrated(line5), projects, wrong, published_of())
    assert any("no project 'bypas'" in problem and "bypass" in problem for problem in caught.value.problems)
    assert "planned_pairs.csv: no service of 'bypass' runs from 'a' to 'd'" in caught.value.problems


def test_a_project_is_built_with_those_that_it_requires(line5, write_card, tmp_path):
    write_card("bypass", BYPASS)
    service = BYPASS[BYPASS.index('[[change]]\ntype = "add_service"') :].replace("bypass_stopping", "through")
    write_card("through", service, head='requires = ["bypass"]')
    network = network_with(calibrated(line5), read_projects(tmp_path), "through")
    assert "bypass" in set(network.lines["line_id"])
    assert {"through", "bypass_stopping"} <= set(network.services["service_id"])


@pytest.mark.real
def test_every_planned_pair_of_the_plan_has_a_range_and_no_run_beats_its_line_speed(repository):
    network = sim.read_network(repository / "networks" / "yrd")
    projects = read_projects(repository / "scenarios" / "circles" / "projects")
    pairs = pd.read_csv(repository / "scenarios" / "hindcast" / "planned_pairs.csv")
    published = pd.read_csv(repository / "data" / "observed" / "published_times.csv")
    table = planned_lines(network, projects, pairs, published)
    assert len(table.drop_duplicates(["project_id", "from_id", "to_id"])) == len(pairs)
    assert (table["technical_min"] < table["low_min"]).all()
    assert (table["low_min"] <= table["central_min"] + 1e-9).all()
    assert (table["central_min"] <= table["high_min"] + 1e-9).all()
    assert (table["technical_min"] > table["line_speed_min"]).all()
    assert table["official_min"].notna().any()
    # A stop costs time: the two parts of Shanghai-Cixi-Ningbo add up to more than the run past Cixi.
    runs = table[(table["project_id"] == "tongsujiayong") & (table["pattern"] == "non_stop")]
    runs = runs.set_index(["from_id", "to_id"])["technical_min"]
    parts = runs["cixi", "shanghaihongqiao"] + runs["cixi", "ningbo"]
    assert parts > runs["ningbo", "shanghaihongqiao"] + 2


def test_a_run_timed_at_300_is_slower_only_where_line_and_train_are_faster(line5, write_card, tmp_path):
    """On a line for 180 km/h nothing changes. 150 km at 360 km/h (100 m/s), 0.5 m/s² both ways: 1500 + 200 s; held to 300
    (83.3 m/s): 1800 + 166.7 s; both with the 10 % of the only delivered line.
    """
    fast = BYPASS.replace("_kmh = 200", "_kmh = 360").replace("speed_kmh = 180", "speed_kmh = 360")
    write_card("slow", BYPASS)
    write_card("fast", fast.replace(", speed_kmh = 90", ""))
    network = calibrated(line5)
    network = network.with_tables(train_classes=network.train_classes.assign(max_speed_kmh=360.0))
    pairs = pairs_of(("slow", "a", "e", "yes"), ("fast", "a", "e", "yes"))
    table = planned_lines(network, read_projects(tmp_path), pairs, published_of())
    table = table[table["pattern"] == "non_stop"].set_index("project_id")
    assert table.loc["slow", "timed_at_300_min"] == pytest.approx(table.loc["slow", "central_min"])
    assert table.loc["fast", "central_min"] == pytest.approx(1.1 * (1500 + 200) / 60, abs=0.005)
    assert table.loc["fast", "timed_at_300_min"] == pytest.approx(1.1 * (1800 + 500 / 3) / 60, abs=0.005)
