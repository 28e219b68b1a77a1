"""Comparisons of whole runs: the tutorial by hand, the invariants, and the files as other programs read them."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio

import sim
from sim.cli import main
from sim.measures.compare import compare, compare_station_times
from sim.measures.scenario_gap import find_gap
from sim.present.comparison_files import write_comparison


@pytest.fixture(scope="module")
def study(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


@pytest.fixture(scope="module")
def results(study):
    return {scenario_id: study.run(scenario_id) for scenario_id in study.scenarios}


@pytest.fixture(scope="module")
def faster(results):
    return compare(results["base"], results["faster"])


# networks/line5/README.md: L metres take (L - 5000) / 50 + 200 s at 180 km/h, and L / v + v s at v = 200 / 3.6 m/s, since
# v / 2a + v / 2b = v with a = b = 0.5 and v / 0.5 / 2 = v. A stop is 2 min; the express calls at a, c and e only.
def before(*metres):
    return sum((length - 5000) / 50 + 200 for length in metres) / 60 + 2 * (len(metres) - 1)


def after(*metres):
    v = 200 / 3.6
    return sum(length / v + 2 * v for length in metres) / 60 + 2 * (len(metres) - 1)


def both_trains(ride, express, local):
    """Of 51 trains 34 are the express."""
    return (34 * ride(*express) + 17 * ride(*local)) / 51


KM_20_30, KM_ALL = (20000, 30000), (20000, 30000, 40000, 50000)
SAVED_C = both_trains(before, (50000,), KM_20_30) - both_trains(after, (50000,), KM_20_30)
SAVED_D = before(20000, 30000, 40000) - after(20000, 30000, 40000)
SAVED_E = both_trains(before, (50000, 90000), KM_ALL) - both_trains(after, (50000, 90000), KM_ALL)


def test_minutes_saved_between_towns_by_hand(faster):
    saved = faster.city_times.set_index(["from_id", "to_id"])
    assert saved.loc[("a", "b"), "best_saved_min"] == 0  # by lane
    assert saved.loc[("a", "c"), "best_saved_min"] == pytest.approx(SAVED_C, abs=0.03)
    assert saved.loc[("a", "d"), "best_saved_min"] == pytest.approx(SAVED_D, abs=0.03)
    assert saved.loc[("a", "e"), "best_saved_min"] == pytest.approx(SAVED_E, abs=0.03)
    assert (saved["road_saved_min"] == 0).all()


def test_people_by_minutes_saved_by_hand(faster):
    best = faster.people_by_saving[faster.people_by_saving["mode"] == "best"].set_index("class")["population"]
    assert all(1 < saved < 5 for saved in (SAVED_C, SAVED_D, SAVED_E))
    assert best["no change"] == 1000 + 2000  # a itself, and b by lane
    assert best["saves 1-5"] == 4000 + 8000 + 16000
    assert best.sum() == 31000


def test_winners_by_town(faster):
    cities = faster.cities.set_index("city_id")
    assert cities.loc["e", "mean_saved_min"] == pytest.approx(SAVED_E, abs=0.03)
    assert cities.loc["a", "mean_saved_min"] == 0
    assert faster.cities["city_id"].iloc[0] == "e"
    assert faster.cities["population"].sum() == faster.counties["population"].sum() == 31000
    assert (cities["share_gaining_5min"] == 0).all()


def test_targets_gain_what_the_line_saves(faster):
    targets = faster.targets.set_index("reading")
    fastest = before(50000, 90000) - after(50000, 90000)
    assert targets.loc["station_fastest", "value_saved_min"] == pytest.approx(fastest, abs=0.03)
    assert targets.loc["centre_to_centre", "value_saved_min"] == pytest.approx(SAVED_E, abs=0.03)
    gained = targets["slack_other_min"] - targets["slack_base_min"]
    assert gained.to_numpy() == pytest.approx(targets["value_saved_min"].to_numpy())
    assert (targets["change"] == "").all()


def test_a_scenario_does_not_differ_from_itself(results):
    same = compare(results["base"], results["base"])
    assert same.gap.causes() == []
    assert same.station_times.empty
    for table in (same.city_times, same.targets, same.counties, same.cities, same.reach):
        columns = [name for name in table if "saved" in name or name.endswith("_gained") or "share_gain" in name]
        assert columns
        assert (table[columns].fillna(0) == 0).all(axis=None)
    for saved in same.saved.values():
        assert all((np.nan_to_num(band) == 0).all() for band in vars(saved).values())
    assert all(areas["area_km2"].sum() == 0 for areas in same.areas.values())


def test_exchanging_the_two_turns_every_sign(results):
    forth = compare(results["base"], results["faster_direct"], several="allow")
    back = compare(results["faster_direct"], results["base"], several="allow")
    for table, keys in (
        ("city_times", ["from_id", "to_id"]),
        ("station_times", ["from_id", "to_id"]),
        ("targets", ["target", "reading"]),
        ("counties", ["place", "adcode"]),
        ("cities", ["place", "city_id"]),
        ("reach", ["place", "cutoff_min", "mode"]),
    ):
        a, b = (getattr(comparison, table).set_index(keys).sort_index() for comparison in (forth, back))
        assert list(a.index) == list(b.index)
        assert len(a) > 0
        for name in [name for name in a if "saved" in name or name.endswith("_gained")]:
            pd.testing.assert_series_equal(a[name], -b[name])
    newly, lost = (c.areas["a"].set_index(["change", "cutoff_min"])["area_km2"] for c in (forth, back))
    assert newly["newly reached"].sum() > 0
    assert (newly["newly reached"] == lost["lost"]).all()


@pytest.mark.parametrize("pair", [("base", "faster"), ("faster", "faster_direct")])
def test_a_project_that_only_adds_or_speeds_up_has_no_losers(results, pair):
    comparison = compare(*(results[scenario_id] for scenario_id in pair))
    assert (comparison.cities["share_losing_5min"] == 0).all()
    assert (comparison.city_times["best_saved_min"] >= 0).all()
    assert not (comparison.station_times["service_saved_min"] < 0).any()
    for classes in comparison.changes["a"].values():
        assert not np.isin(classes, (2, 4)).any()


def test_what_is_newly_reached_less_what_is_lost_is_the_growth_of_reach(results):
    comparison = compare(results["base"], results["faster_direct"], several="allow")
    gained = comparison.reach[comparison.reach["mode"] == "best"].set_index("cutoff_min")["area_km2_gained"]
    areas = comparison.areas["a"].set_index(["cutoff_min", "change"])["area_km2"]
    assert gained.sum() > 0
    for cutoff_min in comparison.cutoffs_min:
        assert areas[cutoff_min, "newly reached"] - areas[cutoff_min, "lost"] == gained[cutoff_min]


def test_more_than_one_project_apart_is_refused_unless_said_so(results):
    with pytest.raises(sim.ScenarioError) as error:
        compare(results["base"], results["faster_direct"])
    assert "base and faster_direct differ in 2 things" in str(error.value)
    assert "project direct on" in str(error.value)
    assert "project speed_up on" in str(error.value)


def test_a_year_counts_when_it_opens_something_by_itself(study):
    base = study.scenario("base")
    # networks/line5: the express opens in 2015, the local trains in 2010
    earlier, later = study.variant(base, year=2012), study.variant(base, year=2030)
    gaps = [
        find_gap(base, study.network_of(base), other, study.network_of(other), study.projects)
        for other in (earlier, later)
    ]
    assert gaps[0].dated_rows == {"services": ("express",)}
    assert gaps[0].causes() == ["the year 2026 -> 2012 by itself (1 services: express)"]
    assert gaps[1].causes() == []


def test_what_a_project_changes_is_not_laid_to_the_year_as_well(study):
    base = study.scenario("base")
    other = study.variant(base, add=["speed_up"], year=2030)
    gap = find_gap(base, study.network_of(base), other, study.network_of(other), study.projects)
    assert gap.causes() == ["project speed_up on"]


def test_an_assumption_is_a_cause(study):
    base = study.scenario("base")
    other = study.variant(base, assumptions={"station_time_min": 10})
    gap = find_gap(base, study.network_of(base), other, study.network_of(other), study.projects)
    assert len(gap.causes()) == 1
    assert gap.causes()[0].endswith("-> 10.0")


def test_stations_of_one_scenario_only_are_newly_served_or_no_longer():
    columns = ["from_id", "to_id", "fastest_min", "typical_min", "wait_min", "changes", "trains_per_day"]
    base = pd.DataFrame([("a", "b", 10, 12, 5, 0, 20), ("a", "c", 20, 20, 5, 0, 20)], columns=columns)
    other = pd.DataFrame([("a", "b", 10, 12, 5, 0, 20), ("a", "d", 30, 33, 5, 1, 20)], columns=columns)
    table = compare_station_times(base, other).set_index("to_id")
    assert table["change"].to_dict() == {"c": "no longer served", "d": "newly served"}
    assert table.loc["d", "service_other_min"] == 38
    assert np.isnan(table.loc["d", "service_saved_min"])


@pytest.fixture(scope="module")
def folder(faster, tmp_path_factory):
    return write_comparison(faster, tmp_path_factory.mktemp("outputs"))


def test_the_files_of_a_comparison(folder, faster):
    assert folder.parts[-4:] == ("tutorial", "comparison", "differences", "base--faster")
    with rasterio.open(folder / "saved_a.tif") as file:
        assert file.descriptions == ("best", "rail", "road")
        saved = file.read(1, masked=True)
        assert file.tags()["units"] == "minutes"
    assert saved.max() == pytest.approx(np.nanmax(faster.saved["a"].best))
    with rasterio.open(folder / "change_a.tif") as file:
        assert file.descriptions == ("horizon", "within_30", "within_60", "within_90", "within_120")
        assert file.dtypes == ("uint8",) * 5
        assert "3 = newly reached" in file.tags()["classes"]
        assert (file.read(1, masked=True) == 1).sum() == (faster.changes["a"]["horizon"] == 1).sum() > 0
    areas = gpd.read_file(folder / "areas.gpkg", layer="a")
    assert len(areas) == 4 * 2
    assert areas.crs.is_projected
    described = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert described["differ_in"]["projects_added"] == ["speed_up"]
    for name in ("people_by_saving", "reach", "counties", "cities", "city_times", "station_times", "targets"):
        assert len(pd.read_csv(folder / f"{name}.csv")) > 0


def test_the_commands_write_and_say_what_they_found(repository, tmp_path, capsys):
    study = str(repository / "scenarios" / "tutorial")
    assert main(["compare", study, "base", "faster", "--outputs", str(tmp_path)]) == 0
    assert "project speed_up on" in capsys.readouterr().out
    assert main(["compare", study, "base", "faster_direct", "--outputs", str(tmp_path)]) == 2
    assert "one project apart from base: faster" in capsys.readouterr().err
    assert main(["compare", study, "base", "faster_direct", "--several", "--outputs", str(tmp_path)]) == 0
    assert main(["indicators", study, "--outputs", str(tmp_path), "--decay", "power:2", "--cutoff", "60"]) == 0
    written = sorted(path.name for path in (tmp_path / "tutorial" / "comparison").iterdir())
    assert written == ["differences", "indicators.csv", "inequality.csv"]
    table = pd.read_csv(tmp_path / "tutorial" / "comparison" / "inequality.csv")
    assert set(table["scenario"]) == {"base", "faster", "faster_direct"}
    assert "potential_total_power:2" in set(table["indicator"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "STUDY", "base", "fastr"], "no scenario 'fastr' in study 'tutorial' (did you mean 'faster'?)"),
        (["compare", "STUDY", "base", "base"], "'base' is compared with itself"),
        (["indicators", "STUDY", "--decay", "powr:1", "--decay", "gaussian:0"], "2 problems"),
        (["indicators", "STUDY", "--set", "al"], "no city set 'al' (did you mean 'all'?)"),
        (["indicators", "STUDY", "--cutoff", "-5"], "--cutoff: -5 is not above 0"),
        (["indicators", "STUDY", "--masses", "nowhere.csv"], "nowhere.csv: cannot be read as a table"),
    ],
)
def test_what_is_wrong_with_a_command_is_told_and_nothing_written(repository, tmp_path, capsys, arguments, message):
    filled = [str(repository / "scenarios" / "tutorial") if word == "STUDY" else word for word in arguments]
    assert main([*filled, "--outputs", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
