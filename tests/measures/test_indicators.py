"""Indicators: against PySAL, against slow rewrites, and on the five towns of line5 worked by hand."""

import doctest
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from access import weights as pysal_weights
from access.fca import weighted_catchment
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.measures import accessibility, decay, difference, inequality
from sim.measures.accessibility import (
    average_minutes,
    internal_minutes,
    minutes_matrix,
    potential_of_others,
    within_minutes,
)
from sim.measures.decay import Decay, parse_decay
from sim.measures.indicators import Masses, measure_indicators, measure_one, read_masses
from sim.measures.inequality import measure_inequality
from sim.measures.nearest import minutes_to_nearest
from sim.times.roads import place_node

RANDOM = np.random.default_rng(6)
MINUTES = RANDOM.uniform(5, 300, (8, 8))
MASSES = RANDOM.uniform(1e5, 3e7, 8)


@pytest.mark.parametrize("module", [accessibility, decay, difference, inequality])
def test_the_worked_numbers_of_the_formulas_hold(module):
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


def pairs_of(minutes):
    rows, columns = np.where(~np.eye(len(minutes), dtype=bool))
    return pd.DataFrame({"from": rows, "to": columns, "cost": minutes[rows, columns]})


@pytest.mark.parametrize(
    ("function", "oracle"),
    [
        pytest.param(Decay("power", 1.5), pysal_weights.gravity(scale=1, alpha=-1.5, min_dist=1), id="power"),
        pytest.param(Decay("gaussian", 60.0), pysal_weights.gaussian(60), id="gaussian"),
        pytest.param(Decay("exponential", 0.02), lambda t: 2.718281828459045 ** (-0.02 * t), id="exponential"),
    ],
)
def test_potentials_equal_the_weighted_catchments_of_pysal(function, oracle):
    places = pd.DataFrame({"geoid": range(8), "people": MASSES})
    expected = weighted_catchment(
        places, pairs_of(MINUTES), cost_source="to", cost_dest="from", cost_cost="cost", loc_value="people",
        weight_fn=oracle,
    )  # fmt: skip
    assert potential_of_others(MINUTES, MASSES, function) == pytest.approx(expected.to_numpy())


@pytest.mark.parametrize("cutoff_min", [30, 120, 299])
def test_daily_accessibility_equals_the_catchment_within_a_largest_cost_of_pysal(cutoff_min):
    places = pd.DataFrame({"geoid": range(8), "people": MASSES})
    expected = weighted_catchment(
        places, pairs_of(MINUTES), max_cost=cutoff_min, cost_source="to", cost_dest="from", cost_cost="cost",
        loc_value="people",
    ).reindex(range(8), fill_value=0.0)  # fmt: skip
    assert within_minutes(MINUTES, MASSES, cutoff_min) == pytest.approx(expected.to_numpy())


def test_average_minutes_equal_a_slow_rewrite():
    for i, found in enumerate(average_minutes(MINUTES, MASSES)):
        others = [j for j in range(8) if j != i]
        weighted = sum(MINUTES[i, j] * MASSES[j] for j in others)
        assert found == pytest.approx(weighted / sum(MASSES[j] for j in others))


def test_a_city_that_cannot_reach_all_others_has_no_average_but_a_potential_of_the_rest():
    minutes = np.array([[0.0, 20.0, np.inf], [20.0, 0.0, np.inf], [np.inf, np.inf, 0.0]])
    masses = np.array([10.0, 40.0, 80.0])
    assert np.isinf(average_minutes(minutes, masses)).all()
    assert potential_of_others(minutes, masses, Decay("power", 1.0)).tolist() == [40 / 20, 10 / 20, 0.0]
    assert within_minutes(minutes, masses, 60).tolist() == [40.0, 10.0, 0.0]
    # a city without mass is no destination, so that nobody misses it
    assert average_minutes(minutes, np.array([10.0, 40.0, 0.0]))[:2].tolist() == [20.0, 20.0]


@given(st.integers(0, 7), st.integers(0, 7), st.floats(0, 4.9))
def test_a_faster_pair_never_worsens_an_indicator(i, j, saved_min):
    faster = MINUTES.copy()
    faster[i, j] -= saved_min
    assert (average_minutes(faster, MASSES) <= average_minutes(MINUTES, MASSES) + 1e-9).all()
    for function in (Decay("power", 1.0), Decay("exponential", 0.01), Decay("gaussian", 60.0)):
        before, after = (potential_of_others(minutes, MASSES, function) for minutes in (MINUTES, faster))
        assert (after >= before - 1e-6).all()


def test_the_matrix_keeps_directions_and_marks_what_has_no_way():
    times = pd.DataFrame({"from_id": ["a", "b"], "to_id": ["b", "a"], "rail_min": [10.0, np.nan]})
    assert minutes_matrix(times, ["a", "b"], "rail_min").tolist() == [[0.0, 10.0], [np.inf, 0.0]]
    assert minutes_matrix(times, ["b", "a"], "rail_min").tolist() == [[0.0, np.inf], [10.0, 0.0]]


def test_four_times_the_area_is_twice_as_far_from_itself():
    near, far = internal_minutes([100.0, 400.0])
    assert far == pytest.approx(2 * near)
    assert near == pytest.approx(60 / 40 * 0.5 * (100 / np.pi) ** 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("powr:1", "no decay function 'powr' \\(did you mean 'power'\\?\\)"),
        ("linear:1", "there are power, exponential, gaussian"),
        ("power", "'' is not a number above 0"),
        ("gaussian:-60", "'-60' is not a number above 0"),
        ("exponential:nan", "'nan' is not a number above 0"),
    ],
)
def test_a_wrong_decay_function_is_told(text, message):
    with pytest.raises(sim.InputError, match=message):
        parse_decay(text)


@pytest.fixture(scope="module")
def study(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


@pytest.fixture(scope="module")
def indicators(study):
    table = measure_indicators(study.model("base"), cutoffs_min=[60, 85, 120])
    return table.set_index(["indicator", "mode", "city_id"])["value"].sort_index()


# From a, door to door: b by lane; c, d and e with 20 min at the stations, the wait and the ride (networks/line5/README.md).
FROM_A_MIN = {
    "b": 52.0,
    "c": 20 + 10 + (34 * 1100 / 60 + 17 * (500 / 60 + 2 + 700 / 60)) / 51,
    "d": 20 + 30 + 500 / 60 + 2 + 700 / 60 + 2 + 900 / 60,
    "e": 20 + 10 + (34 * (1100 / 60 + 2 + 1900 / 60) + 17 * (3200 / 60 + 6)) / 51,
}
PEOPLE = {"a": 1000, "b": 2000, "c": 4000, "d": 8000, "e": 16000}


def test_the_average_of_a_town_by_hand(indicators):
    expected = sum(FROM_A_MIN[town] * PEOPLE[town] for town in FROM_A_MIN) / 30000
    assert indicators["average_minutes", "best", "a"] == pytest.approx(expected, abs=0.02)


def test_potentials_of_a_town_by_hand(indicators):
    others = sum(PEOPLE[town] / minutes for town, minutes in FROM_A_MIN.items())
    assert indicators["potential_others_power:1", "best", "a"] == pytest.approx(others, rel=1e-3)
    own, total = (
        indicators[f"potential_{part}_power:1", mode, "a"] for part, mode in (("self", ""), ("total", "best"))
    )
    assert total == pytest.approx(others + own, rel=1e-3)


def test_daily_accessibility_leaves_the_town_out_and_people_within_count_it(indicators):
    assert indicators["mass_within_60", "best", "a"] == 2000 + 4000
    assert indicators["mass_within_85", "best", "a"] == 2000 + 4000 + 16000
    assert indicators["people_within_60", "best", "a"] == 1000 + 2000 + 4000
    assert indicators["people_within_120", "best", "a"] == 31000
    assert indicators["mass_within_120", "road", "a"] == 2000


def test_every_town_has_its_station_and_none_has_an_airport(indicators):
    assert (indicators["nearest_station", "road"] == 0).all()
    assert indicators["nearest_airport", "best"].isna().all()
    assert indicators["nearest_hub", "best"].isna().all()


def test_an_airport_is_reached_by_the_faster_mode_and_a_hub_counts_where_a_station_is(study):
    model = study.model("base")
    seats = model.region.places.set_index("place_id")
    between = seats.loc["b", ["lon", "lat"]] * 0.5 + seats.loc["c", ["lon", "lat"]] * 0.5  # 15 km from any station
    rows = [
        ("airport_e", "airport", *seats.loc["e", ["lon", "lat"]]),
        ("hub_d", "hub", *seats.loc["d", ["lon", "lat"]]),
        ("hub_planned", "hub", *between),
    ]
    places = pd.DataFrame(rows, columns=["place_id", "kind", "lon", "lat"])
    node = place_node(model.travel.graph, *seats.loc["a", ["lon", "lat"]])
    found = minutes_to_nearest(model.travel, model.network, replace(model.region, places=places), [node])
    assert found["nearest_airport"][0] == pytest.approx(FROM_A_MIN["e"], abs=0.02)
    assert found["nearest_hub"][0] == pytest.approx(FROM_A_MIN["d"], abs=0.02)


def test_masses_of_a_planner_replace_people(study, tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text("city_id,mass\na,1\nb,1\nc,1\nd,1\ne,1\n", encoding="utf-8")
    masses = read_masses(path, study.region)
    table = measure_indicators(study.model("base"), masses=masses)
    rows = table.set_index(["indicator", "mode", "city_id"])
    assert rows.loc[("average_minutes", "best", "a"), "value"] == pytest.approx(sum(FROM_A_MIN.values()) / 4, abs=0.02)
    assert rows.loc[("mass_within_60", "best", "a"), "unit"] == "jobs"


def test_everything_wrong_with_a_file_of_masses_is_told_at_once(study, tmp_path):
    path = tmp_path / "masses.csv"
    path.write_text("city_id,mass\na,1\naa,2\nb,-3\nc,many\nb,1\n", encoding="utf-8")
    with pytest.raises(sim.InputError) as error:
        read_masses(path, study.region)
    text = str(error.value)
    assert "masses.csv row 3: no city 'aa' (did you mean 'a'?)" in text
    assert "row 4: mass is '-3'" in text
    assert "row 5: mass is 'many'" in text
    assert "city_id 'b' stands twice" in text
    path.write_text("city,mass\na,1\n", encoding="utf-8")
    with pytest.raises(sim.InputError, match="column 'city_id' is missing \\(did you mean 'city'\\?\\)"):
        read_masses(path, study.region)


@pytest.mark.parametrize(
    ("asked", "name"),
    [("potential_others_power:1.0", "potential_others_power:1"), ("mass_within_060", "mass_within_60")],
)
def test_an_indicator_is_found_however_its_number_is_written(study, asked, name):
    model = study.model("base")
    assert measure_one(model, "a", asked) == measure_one(model, "a", name) > 0


def test_a_city_without_mass_is_told(study):
    with pytest.raises(sim.InputError, match="masses 'jobs': no row for b, c, d, e"):
        measure_indicators(study.model("base"), masses=Masses("jobs", {"a": 1.0}))


def test_a_result_has_the_same_indicators_as_its_model(study):
    pd.testing.assert_frame_equal(measure_indicators(study.run("base")), measure_indicators(study.model("base")))


def test_inequality_has_every_measure_of_every_indicator_by_city_and_by_people(study):
    table = measure_indicators(study.model("base"))
    found = measure_inequality(table, PEOPLE).set_index(["indicator", "mode", "measure", "by"])["value"]
    assert len(found) == len(table) / 5 * 6 * 2
    minutes = table[(table["indicator"] == "average_minutes") & (table["mode"] == "best")].set_index("city_id")["value"]
    assert found["average_minutes", "best", "mean", "city"] == pytest.approx(minutes.mean())
    by_people = sum(minutes[town] * people for town, people in PEOPLE.items()) / 31000
    assert found["average_minutes", "best", "mean", "people"] == pytest.approx(by_people)
    assert np.isnan(found["nearest_airport", "best", "gini", "city"])


@pytest.mark.real
def test_travel_times_converge_while_potentials_diverge_as_the_first_high_speed_lines_open(repository):
    # As published for the delta, e.g. by county for the time to others and the economic potential (Tao 2016): the gap in
    # minutes narrows and that in potential widens. Relative to means that improve, both may narrow.
    study = sim.read_study(repository / "scenarios" / "hindcast")
    gaps = {}
    for scenario_id in ("year_2009", "year_2013"):
        table = measure_indicators(
            study.model(scenario_id), city_set="27", decays=(Decay("power", 1.0),), cutoffs_min=()
        )
        best = table[table["mode"] == "best"]
        gaps[scenario_id] = best.groupby("indicator")["value"].agg(["mean", lambda values: values.std(ddof=0)])
        gaps[scenario_id].columns = ["mean", "gap"]
    before, after = gaps["year_2009"], gaps["year_2013"]
    assert after.loc["average_minutes", "mean"] < before.loc["average_minutes", "mean"]
    assert after.loc["average_minutes", "gap"] < before.loc["average_minutes", "gap"]
    assert after.loc["potential_others_power:1", "mean"] > before.loc["potential_others_power:1", "mean"]
    assert after.loc["potential_others_power:1", "gap"] > before.loc["potential_others_power:1", "gap"]
