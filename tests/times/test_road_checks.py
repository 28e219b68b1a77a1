"""Roads drawn by hand that cannot be: longer or shorter than their points tell, or on the surface over wide water."""

import shutil

import numpy as np
import pytest
import shapely

import sim
from sim.cli import main
from sim.errors import InputError
from sim.region.grid import read_grid
from sim.times.road_checks import check_drawn_roads
from tests.times.road_networks import compile_small, make_authored, make_grid

LAND = make_grid("\n".join(["#" * 30] * 5))


def surface_road(*points, road_id="r", length_km=np.nan):
    """Return tables of one road on the surface through points (row, column)."""
    roads, road_points = make_authored([(road_id, "trunk", length_km, np.nan, [(*point, "yes") for point in points])])
    return roads.assign(structure="surface"), road_points


@pytest.mark.parametrize(
    ("length_km", "is_right"),
    [
        pytest.param(9.1, False, id="shorter than the straight line"),
        pytest.param(9.5, True, id="shorter by what points placed by hand may be off: 10 / 1.05 - 0.2 = 9.32"),
        pytest.param(20.0, True, id="winding"),
        pytest.param(20.4, False, id="winding more than twice and 0.2 km"),
        pytest.param(np.nan, True, id="as drawn"),
    ],
)
def test_a_length_fits_points_ten_kilometres_apart(length_km, is_right):
    problems = check_drawn_roads(LAND, *surface_road((2.5, 1.5), (2.5, 5.5), (2.5, 11.5), length_km=length_km))
    assert (problems == []) == is_right


def test_the_message_names_road_points_value_and_what_is_allowed():
    # 4 km and 6 km: allowed are 10 / 1.05 - 0.2 = 9.3 to 2 x 10 + 0.2 = 20.2 km.
    (problem,) = check_drawn_roads(LAND, *surface_road((2.5, 1.5), (2.5, 5.5), (2.5, 11.5), length_km=5))
    assert problem == (
        "road 'r': length_km is 5, but its 3 points lie 10.0 km apart in straight lines, most of all point 2 P2 and point 3 "
        "P3 with 6.0 km; allowed for these points are 9.3 to 20.2 km; a point or the length is wrong"
    )


def test_points_are_taken_in_the_order_of_their_sequence():
    roads, points = surface_road((2.5, 1.5), (2.5, 6.5), (2.5, 11.5), length_km=10)
    assert check_drawn_roads(LAND, roads, points.iloc[[2, 0, 1]]) == []
    swapped = points.assign(sequence=[1, 3, 2])  # 10 km there and 5 back
    assert len(check_drawn_roads(LAND, roads, swapped)) == 1


def test_a_road_of_one_point_is_left_to_the_check_that_says_so():
    assert check_drawn_roads(LAND, *surface_road((2.5, 1.5), length_km=10)) == []


@pytest.mark.parametrize(
    ("picture", "is_right"),
    [
        pytest.param("####~~####", True, id="two kilometres"),
        pytest.param("####~~~###", False, id="three kilometres"),
        pytest.param("##~~#~~###", True, id="twice two kilometres with an island between"),
        pytest.param("##########", True, id="land"),
    ],
)
def test_a_road_on_the_surface_may_lie_over_two_kilometres_of_water_in_one_stretch(picture, is_right):
    roads, points = surface_road((0.5, 0.5), (0.5, 9.5))
    grid = make_grid(picture)
    assert (check_drawn_roads(grid, roads, points) == []) == is_right
    for structure in ("bridge", "tunnel"):
        assert check_drawn_roads(grid, roads.assign(structure=structure), points) == []


def test_the_message_names_the_points_on_both_shores_and_the_width():
    grid = make_grid("##########~~~~~~~###")
    (problem,) = check_drawn_roads(grid, *surface_road((0.5, 0.5), (0.5, 8.5), (0.5, 12.5), (0.5, 19.5)))
    # Seven cells of water from 10 to 17, looked at every 100 m; the point at 12.5 is not yet the other shore.
    lon, lat = grid.lonlat(0, 13)
    assert "between point 2 P2 and point 4 P4 it runs 6.9 km over water or outside the study land" in problem
    assert f"about {lon:.3f},{lat:.3f}" in problem
    assert "allowed are 2 km; say structure = bridge or tunnel" in problem


def test_beyond_the_grid_there_is_no_land():
    assert len(check_drawn_roads(make_grid("#####"), *surface_road((0.5, 0.5), (0.5, 9.5)))) == 1


def test_stretches_over_water_are_those_that_shapely_finds():
    random = np.random.default_rng(4)
    outcomes = set()
    for _ in range(60):
        land = random.random((12, 12)) < 0.6
        grid = make_grid("\n".join("".join("#" if cell else "~" for cell in row) for row in land))
        points = random.uniform(0.5, 11.5, (4, 2))
        water = shapely.union_all([shapely.box(c, r, c + 1, r + 1) for r, c in np.argwhere(~land)])
        line = shapely.LineString(points[:, ::-1])
        found = shapely.line_merge(shapely.intersection(line, water))
        widest = max((part.length for part in shapely.get_parts(found)), default=0.0)
        if abs(widest - 2.0) < 0.25:
            continue  # seen every 100 m, a stretch looks up to 200 m shorter than it is
        problems = check_drawn_roads(grid, *surface_road(*points))
        assert bool(problems) == (widest > 2.0)
        outcomes.add(bool(problems))
    assert outcomes == {True, False}


def test_every_wrong_road_is_refused_at_once_when_roads_are_compiled():
    lines = [("short", "trunk", 2.0, np.nan, [(0.5, 0.5, "yes"), (0.5, 9.5, "yes")]),
             ("long", "trunk", 90.0, np.nan, [(1.5, 0.5, "yes"), (1.5, 9.5, "yes")])]  # fmt: skip
    with pytest.raises(InputError) as caught:
        compile_small("##########\n##########", authored=lines)
    assert [problem.split("'")[1] for problem in caught.value.problems] == ["short", "long"]


# ------------------------------------------------------------------------------------------------------ in a study

STUDY = """
title = "两岸"
title_en = "two banks"
network = "grid"
city_set = "all"
places = ["a"]

[scenarios.today]
name = "现状"
name_en = "today"
year = 2022

[scenarios.rebuilt]
name = "改建"
name_en = "rebuilt"
based_on = "today"
projects.rebuilt = true
"""
CARD = """
name = "{name}"
name_en = "{name}"
status = "planned"
opens = {{ central = 2022-01-01 }}
source = "invented"
date = "2026"
confidence = "high"
[[change]]
"""
REBUILT = CARD.format(name="rebuilt") + 'type = "set_road"\nroad = "motorway"\nlength_km = { was = 24, now = 60 }\n'
NEVER_ON = (  # 4.8 km
    CARD.format(name="never_on")
    + 'type = "add_road"\nroad = "lane"\nname = "路"\nname_en = "lane"\nroad_class = "main"\n'
    'length_km = 1\nstructure = "surface"\n'
    "points = [ { lon = 119.2052477, lat = 31.094576, joins = true, name = 'A' }, "
    "{ lon = 119.2552477, lat = 31.094576, joins = true, name = 'B' } ]\n"
)


@pytest.fixture
def study_copy(repository, tmp_path):
    """A study of networks/grid that a test may change, with a card that is on and one that no scenario has on."""
    shutil.copytree(repository / "networks" / "grid", tmp_path / "networks" / "grid")
    folder = tmp_path / "scenarios" / "banks"
    (folder / "projects").mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    (folder / "projects" / "rebuilt.toml").write_text(REBUILT.replace("60", "30"), encoding="utf-8")
    (folder / "projects" / "never_on.toml").write_text(NEVER_ON.replace("= 1\n", "= 5\n"), encoding="utf-8")
    return folder


def test_check_passes_a_study_whose_roads_are_right(study_copy):
    assert main(["check", str(study_copy)]) == 0


def test_check_lists_wrong_roads_of_tables_cards_and_scenarios_each_once(study_copy):
    roads = study_copy.parents[1] / "networks" / "grid" / "roads.csv"
    text = roads.read_text(encoding="utf-8")
    assert text.count(",2,bridge") == 1
    roads.write_text(text.replace(",2,bridge", ",9,bridge"), encoding="utf-8")
    (study_copy / "projects" / "rebuilt.toml").write_text(REBUILT, encoding="utf-8")
    (study_copy / "projects" / "never_on.toml").write_text(NEVER_ON, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        sim.read_study(study_copy)
    said = [problem.split(", but its")[0] for problem in caught.value.problems]
    assert said == [
        "roads.csv, road_points.csv: road 'bridge': length_km is 9",
        "never_on.toml: road 'lane': length_km is 1",
        "scenario 'rebuilt': road 'motorway': length_km is 60",
    ]
    assert main(["check", str(study_copy)]) == 2


# ------------------------------------------------------------------------------------------------------ real roads


@pytest.fixture(scope="module")
def delta(repository):
    network = sim.read_network(repository / "networks" / "yrd")
    return read_grid(repository / "data" / "cells.tif"), network.roads, network.road_points


def jintang_point_moved(points, sequence, *, lon=0.0, lat=0.0):
    chosen = (points["road_id"] == "g9211_jintang_bridge") & (points["sequence"] == sequence)
    assert chosen.sum() == 1
    return points.assign(lon=points["lon"] + chosen * lon, lat=points["lat"] + chosen * lat)


@pytest.mark.real
def test_a_waypoint_of_the_jintang_bridge_that_is_far_off_is_found(delta):
    grid, roads, points = delta
    assert check_drawn_roads(grid, roads, points) == []
    for wrong in (
        jintang_point_moved(points, 2, lon=-2),  # a slip of the degree
        jintang_point_moved(points, 1, lat=-0.25),  # 28 km
        jintang_point_moved(points, 1, lon=-0.29),
    ):
        (problem,) = check_drawn_roads(grid, roads, wrong)
        assert problem.startswith("road 'g9211_jintang_bridge': length_km is 2")


@pytest.mark.real
def test_a_motorway_on_the_surface_over_the_harbour_of_xiangshan_is_found(delta):
    grid, _, _ = delta
    line = [(121.79, 29.675), (121.83, 29.59)]  # Hengshan to Xize, where the ferry was
    roads, points = surface_road((0, 0), (0, 0), length_km=5)
    points[["lon", "lat"]] = line
    length, water = check_drawn_roads(grid, roads, points)
    assert "length_km is 5" in length
    assert "structure is surface" in water
    assert "over water" in water
    right_length = check_drawn_roads(grid, roads.assign(length_km=np.nan), points)
    assert right_length == [water]
    assert check_drawn_roads(grid, roads.assign(length_km=np.nan, structure="bridge"), points) == []


def test_a_table_without_roads_has_nothing_wrong():
    roads, points = make_authored()
    assert check_drawn_roads(LAND, roads, points) == []
