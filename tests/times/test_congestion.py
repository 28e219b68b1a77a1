"""Shares of the speed limit, worked by hand on small grids."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from sim.times.congestion import built_up_areas, people_of_built_up_areas, read_congestion
from tests.times.road_networks import make_grid

TABLE = pd.DataFrame(
    [
        {
            "setting": "city",
            "city_people_from": 30_000,
            "speed_share": 0.5,
        },  # larger cities first: order does not matter
        {"setting": "city", "city_people_from": 12_000, "speed_share": 0.7},
        {"setting": "trunk", "city_people_from": 0, "speed_share": 0.8},
        {"setting": "motorway", "city_people_from": 0, "speed_share": 0.9},
    ]
)


def grid_with(people):
    """Return a grid of 1 km cells, all land, with these people in thousands."""
    people = np.array(people, dtype=float) * 1000
    rows, columns = people.shape
    return replace(make_grid("\n".join(["#" * columns] * rows)), population=people)


def test_cells_of_one_area_touch_along_a_side_or_at_a_corner():
    grid = grid_with([[6, 6, 0, 7],
                      [0, 0, 6, 0],
                      [9, 0, 0, 0]])  # fmt: skip
    area = built_up_areas(grid, 5000)
    assert area[0, 0] == area[0, 1] == area[1, 2] == area[0, 3] != 0
    assert area[2, 0] not in (0, area[0, 0])
    assert (area[grid.population == 0] == 0).all()


@pytest.mark.parametrize("density", [0.2, 0.4, 0.6])
def test_areas_are_those_of_scipy(density):
    people = (np.random.default_rng(0).random((40, 50)) < density) * 6
    expected, _ = ndimage.label(people > 0, structure=np.ones((3, 3)))
    np.testing.assert_array_equal(built_up_areas(grid_with(people), 5000), expected)


def test_people_of_an_area_are_those_of_all_its_cells_and_of_no_other():
    grid = grid_with([[6, 6, 0, 7],
                      [0, 0, 6, 4],
                      [9, 0, 0, 0]])  # fmt: skip
    people = people_of_built_up_areas(grid, built_up_areas(grid, 5000))
    # The four cells of 6, 6, 6 and 7 thousand touch; 4 thousand beside them are too few to be built-up.
    assert people.tolist() == [[25_000, 25_000, 0, 25_000], [0, 0, 25_000, 0], [9_000, 0, 0, 0]]


def test_without_built_up_cells_there_are_no_people_of_areas():
    grid = grid_with([[1, 2]])
    assert people_of_built_up_areas(grid, built_up_areas(grid, 5000)).tolist() == [[0, 0]]


@pytest.mark.parametrize(("people", "built_up"), [(1250, True), (1249, False)])
def test_density_is_per_square_kilometre_and_enough_is_enough(people, built_up):
    # A cell of 500 m has a quarter of a square kilometre: 5,000 per km² are 1,250 people.
    grid = replace(make_grid("#"), cell_m=500.0, population=np.array([[people]], dtype=float))
    assert (built_up_areas(grid, 5000)[0, 0] > 0) == built_up
    assert read_congestion(grid, TABLE, 5000).built_up[0, 0] == built_up


def test_a_city_runs_at_the_share_of_the_most_people_that_it_reaches():
    # Areas of 11, 12, 29 and 30 thousand, apart from each other.
    grid = grid_with([[11, 0, 12, 0, 15, 14, 0, 15, 15]])
    congestion = read_congestion(grid, TABLE, 5000)
    expected = [1.0, np.nan, 0.7, np.nan, 0.7, 0.7, np.nan, 0.5, 0.5]
    np.testing.assert_array_equal(congestion.city[0], expected)
    np.testing.assert_array_equal(congestion.built_up[0], ~np.isnan(expected))


@pytest.mark.parametrize(
    ("setting", "country", "town"),
    [("motorway", 0.9, 0.9), ("expressway", 0.9, 0.7), ("trunk", 0.8, 0.7)],
)
def test_only_motorways_run_alike_in_and_out_of_town(setting, country, town):
    congestion = read_congestion(grid_with([[0, 12]]), TABLE, 5000)
    assert congestion.shares([setting, setting], np.array([[0, 0], [0, 1]])).tolist() == [country, town]


def test_each_road_of_several_takes_the_share_of_its_own_setting_and_cell():
    congestion = read_congestion(grid_with([[40, 0, 12]]), TABLE, 5000)
    cells = np.array([[0, 0], [0, 2], [0, 1], [0, 0]])
    assert congestion.shares(["trunk", "expressway", "trunk", "motorway"], cells).tolist() == [0.5, 0.7, 0.8, 0.9]


def test_beyond_the_grid_is_open_country():
    # Were -1 read as the last row or column, these would be in the town of 4 x 6 thousand.
    congestion = read_congestion(grid_with([[6, 6], [6, 6]]), TABLE, 5000)
    cells = np.array([[-1, 0], [0, -1], [2, 0], [0, 2], [1, 1]])
    assert congestion.shares(["trunk"] * 5, cells).tolist() == [0.8, 0.8, 0.8, 0.8, 0.7]


@pytest.mark.parametrize("table", [None, TABLE.iloc[:0]], ids=["no table", "an empty one"])
def test_without_a_table_traffic_runs_at_the_limit(table):
    congestion = read_congestion(grid_with([[0, 12]]), table, 5000)
    for setting in ("motorway", "expressway", "trunk"):
        assert congestion.shares([setting] * 2, np.array([[0, 0], [0, 1]])).tolist() == [1, 1]
    assert congestion.built_up.tolist() == [[False, True]]  # the streets of towns are still those of towns


@pytest.mark.parametrize(("missing", "country"), [("trunk", (0.9, 1.0)), ("motorway", (1.0, 0.8))])
def test_a_setting_without_a_row_runs_at_the_limit(missing, country):
    congestion = read_congestion(grid_with([[0, 12]]), TABLE[TABLE["setting"] != missing], 5000)
    assert (congestion.motorway, congestion.trunk) == country
    assert congestion.city[0, 1] == 0.7
