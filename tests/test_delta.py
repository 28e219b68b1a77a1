"""The real network of the Yangtze River Delta: what must hold whatever the numbers are."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from shapely import Point

import sim
from sim.measures.compare import compare
from sim.scenario.apply import apply_projects

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def study(repository):
    study = sim.read_study(repository / "scenarios" / "circles")
    one_more = study.variant("do_minimum_2025", add=["tongsujiayong"], scenario_id="one_more")
    road_too = study.variant(one_more, add=["huyong_channel_road"], scenario_id="road_too")
    return replace(study, scenarios={**study.scenarios, "one_more": one_more, "road_too": road_too})


@pytest.fixture(scope="module")
def results(study):
    return {name: study.run(name) for name in ("do_minimum_2025", "one_more", "road_too")}


def test_every_network_and_every_study_loads(repository):
    networks = sorted((repository / "networks").glob("*/network.toml"))
    studies = sorted((repository / "scenarios").glob("*/study.toml"))
    assert len(networks) >= 3
    assert len(studies) >= 2
    for path in networks:
        assert len(sim.read_network(path.parent).stations)
    for path in studies:
        assert sim.read_study(path.parent).scenarios


def with_requirements(project_id, projects):
    required = [with_requirements(other, projects) for other in projects[project_id].card.requires]
    return {project_id}.union(*required)


def test_every_card_fits_the_network_of_2026_with_what_it_requires(study):
    assert len(study.projects) > 20
    for project_id in study.projects:
        chosen = [study.projects[other] for other in with_requirements(project_id, study.projects)]
        changed = apply_projects(study.network, chosen, year=2026)
        same = [changed.tables[name].equals(study.network.as_of("2026-12-31").tables[name]) for name in changed.tables]
        assert not all(same), project_id


def test_every_invariant_of_the_runs_holds(results):
    for result in results.values():
        assert all(result.invariants.values()), result.invariants


def test_adding_a_railway_lengthens_no_journey(results):
    before, after = results["do_minimum_2025"], results["one_more"]
    ends = ["from_id", "to_id"]
    a = before.station_times.set_index(ends)
    b = after.station_times.set_index(ends).reindex(a.index)
    assert (b["fastest_min"] <= a["fastest_min"] + 1e-6).all()
    for place_id in before.surfaces:
        slower = after.surface(place_id) > before.surface(place_id) + 0.01
        assert not slower.any()
    assert after.targets["value_min"].sum() < before.targets["value_min"].sum()


def test_adding_a_road_lengthens_no_drive_and_shortens_some(results):
    before, after = results["one_more"], results["road_too"]
    for place_id in before.surfaces:
        a, b = before.surface(place_id, "road"), after.surface(place_id, "road")
        assert not (b > a + 0.01).any()
        assert np.isnan(b).sum() <= np.isnan(a).sum()
    assert (after.surface("ningbo", "road") < before.surface("ningbo", "road") - 5).sum() > 1000


def test_running_a_scenario_leaves_the_base_network_as_it_was(study, results):
    assert "tongsujiayong" not in set(study.network.lines["line_id"])
    assert "tongsujiayong" in set(results["one_more"].network.lines["line_id"])


def test_train_minutes_from_ningbo_equal_networkx_on_the_ride_graph(results):
    rides = results["one_more"].travel.rides
    graph = rides.to_networkx(from_id="ningbo")
    start = rides.station_ids.index("ningbo")
    found = nx.single_source_dijkstra_path_length(graph, ("departure", "ningbo", 0), weight="minutes")
    compared = 0
    for j, station_id in enumerate(rides.station_ids):
        if j != start and np.isfinite(rides.total_min[start, j]):
            assert found[("end", station_id)] == pytest.approx(rides.total_min[start, j])
            compared += 1
    assert compared > 200


def test_the_sea_is_never_inside_an_isochrone(results):
    result = results["one_more"]
    hangzhou_bay = (121.35, 30.45)
    polygons = sim.isochrones(result, "ningbo", [120, 180]).to_crs("EPSG:4326")
    for shape in polygons.geometry:
        minx, miny, maxx, maxy = shape.bounds
        assert minx < hangzhou_bay[0] < maxx
        assert miny < hangzhou_bay[1] < maxy
        assert not shape.contains(Point(hangzhou_bay))


def test_the_circles_of_2025_are_missed_and_the_railway_saves_half_an_hour_in_the_train(results):
    # the plan dates the one-hour circle 2025, while the line that carries it opens at the end of 2027
    before = results["do_minimum_2025"].targets.set_index(["target", "reading"])
    after = results["one_more"].targets.set_index(["target", "reading"])
    assert not before.loc["huyong_1h", "met"].any()
    assert not before.loc["cluster_2h", "met"].any()
    saved = (
        before.loc[("huyong_1h", "station_fastest"), "value_min"]
        - after.loc[("huyong_1h", "station_fastest"), "value_min"]
    )
    # 314 km over Hangzhou become some 217 km over the bay; 97 km at 300 km/h alone are 19 min, without Hangzhou's approaches
    assert saved > 97 / 300 * 60


PAIRS = [("do_minimum_2025", "one_more"), ("one_more", "road_too")]


@pytest.fixture(scope="module")
def comparisons(results):
    return {pair: compare(*(results[name] for name in pair)) for pair in PAIRS}


@pytest.mark.parametrize("pair", PAIRS)
def test_a_pair_is_one_project_apart_and_says_which(comparisons, pair):
    project = {"one_more": "tongsujiayong", "road_too": "huyong_channel_road"}[pair[1]]
    assert comparisons[pair].gap.causes() == [f"project {project} on"]


@pytest.mark.parametrize("pair", PAIRS)
def test_people_by_minutes_saved_are_those_counted_from_the_two_surfaces(comparisons, results, pair):
    grid, table = results[pair[0]].region.grid, comparisons[pair].people_by_saving
    edges = [-np.inf, -40, -20, -10, -5, -1, -0.01, 0.01, 1, 5, 10, 20, 40, np.inf]
    for place_id in ("ningbo", "shanghai"):
        before, after = (results[name].surface(place_id)[grid.is_land].astype(float) for name in pair)
        people = grid.population[grid.is_land]
        both = np.isfinite(before) & np.isfinite(after)
        counted, _ = np.histogram((before - after)[both], bins=edges, weights=people[both])
        rows = table[(table["place"] == place_id) & (table["mode"] == "best")].set_index("class")["population"]
        changed = rows[rows.index.str.contains("saves|loses|no change")]
        # People whose minutes lie within single precision of an edge of a class may be counted on either side of it.
        assert changed.to_numpy() == pytest.approx(counted, abs=2e-5 * people.sum())
        assert rows["newly reached"] == pytest.approx(people[~np.isfinite(before) & np.isfinite(after)].sum())
        assert rows["lost"] == 0
        assert rows.sum() == pytest.approx(people.sum())
        assert rows[[name for name in rows.index if name.startswith("saves")]].sum() > 1e6


@pytest.mark.parametrize("pair", PAIRS)
def test_winners_by_county_and_by_city_add_up_to_the_minutes_that_all_people_save(comparisons, results, pair):
    region = results[pair[0]].region
    grid, comparison = region.grid, comparisons[pair]
    before, after = (results[name].surface("ningbo").astype(float) for name in pair)
    saved = np.where(np.abs(before - after) < 0.01, 0.0, before - after)
    people = np.where(grid.is_land & np.isfinite(saved), grid.population, 0.0)
    person_minutes = np.nan_to_num(saved) * people
    assert person_minutes.sum() > 1e6

    cities = comparison.cities[comparison.cities["place"] == "ningbo"].set_index("city_id")
    for city_id, row in cities.iterrows():
        cells = region.cells_of(city_id)
        assert row["mean_saved_min"] == pytest.approx(person_minutes[cells].sum() / people[cells].sum(), abs=1e-3)
    assert cities["population"].sum() == pytest.approx(grid.population[grid.is_land].sum())
    own = [people[region.cells_of(city_id)].sum() for city_id in cities.index]
    assert (cities["mean_saved_min"] * own).sum() == pytest.approx(person_minutes.sum(), rel=1e-3)

    counties = comparison.counties[comparison.counties["place"] == "ningbo"].set_index("adcode")
    index = region.counties.set_index("adcode")["county_index"]
    own = [people[grid.county == index[adcode]].sum() for adcode in counties.index]
    assert (counties["mean_saved_min"].fillna(0) * own).sum() == pytest.approx(person_minutes.sum(), rel=1e-3)
    for table in (cities, counties):
        assert (table["share_losing_5min"] == 0).all()
        assert table["mean_saved_min"].dropna().is_monotonic_decreasing


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_newly_within_reach_is_the_growth_of_reach(comparisons, pair):
    comparison = comparisons[pair]
    for place_id in ("ningbo", "hangzhou"):
        areas = comparison.areas[place_id].set_index(["change", "cutoff_min"])[["population", "area_km2"]]
        reach = comparison.reach[(comparison.reach["place"] == place_id) & (comparison.reach["mode"] == "best")]
        for row in reach.itertuples():
            newly = areas.loc[("newly reached", row.cutoff_min)] - areas.loc[("lost", row.cutoff_min)]
            assert newly["population"] == pytest.approx(row.population_gained, abs=1)
            assert newly["area_km2"] == pytest.approx(row.area_km2_gained, abs=1e-6)
