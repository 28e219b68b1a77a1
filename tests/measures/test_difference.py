"""Differences of surfaces on small grids, counted by hand and by invariants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.measures.difference import (
    OUTSIDE,
    STEP_CLASSES,
    changed_areas,
    classify_change,
    classify_steps,
    count_people_by_saving,
    mean_saving_by_group,
    minutes_saved,
)
from tests.measures.test_isochrones import grid_of

# every cell has twice the people of the one before, so that a sum tells which cells were counted
PEOPLE = 2.0 ** np.arange(8).reshape(1, 8)
GRID = grid_of(np.ones((1, 8)), PEOPLE)
BASE = np.array([[10.0, 30.0, 70.0, 100.0, 90.0, np.nan, 40.0, np.nan]])
OTHER = np.array([[10.0, 25.0, 50.0, 39.0, 95.0, 80.0, np.nan, np.nan]])
SURFACES = arrays(np.float32, (3, 4), elements=st.one_of(st.just(np.nan), st.floats(0, 200, width=32)))


def test_saved_is_base_minus_other_and_nothing_where_one_is_not_reached():
    assert minutes_saved(BASE, OTHER)[0, :5].tolist() == [0.0, 5.0, 20.0, 61.0, -5.0]
    assert np.isnan(minutes_saved(BASE, OTHER)[0, 5:]).all()


def test_what_single_precision_cannot_tell_is_no_difference():
    assert minutes_saved(np.array([60.0006]), np.array([60.0])).tolist() == [0.0]
    assert classify_change(np.array([60.0006]), np.array([60.0])).tolist() == [0]


def test_classes_at_the_horizon_and_within_an_hour():
    assert classify_change(BASE, OTHER)[0].tolist() == [0, 1, 1, 1, 2, 3, 4, OUTSIDE]
    assert classify_change(BASE, OTHER, 60)[0].tolist() == [0, 1, 3, 3, OUTSIDE, OUTSIDE, 4, OUTSIDE]


def test_everybody_is_in_one_class_of_minutes_saved():
    table = count_people_by_saving(BASE, OTHER, GRID).set_index("class")["population"]
    assert table["no change"] == 1
    assert table["saves 5-10"] == 2  # five minutes are the first of their class
    assert table["saves 20-40"] == 4
    assert table["saves >40"] == 8  # 61 minutes
    assert table["loses 5-10"] == 16
    assert table["newly reached"] == 32
    assert table["lost"] == 64
    assert table["not reached"] == 128
    assert table.sum() == 255


def test_the_steps_of_a_map_count_the_people_of_the_table():
    # the same breaks on maps and in tables; within an hour only what stays on its side of the hour has a step
    numbers = classify_steps(BASE, OTHER, np.ones((1, 8), dtype=bool), within_min=1000.0)
    names = [STEP_CLASSES[number] for number in numbers[0]]
    assert names == [
        "no-change",
        "faster-2",  # 5 minutes are the first of 5-10
        "faster-4",  # 20 of 20-40
        "faster-5",  # 61 of 40 and more
        "slower-2",
        "newly-reached",
        "lost",
        "unreachable",
    ]
    table = count_people_by_saving(BASE, OTHER, GRID).set_index("class")["population"]
    on_map = {name: PEOPLE[0, k] for k, name in enumerate(names)}
    assert table["saves 20-40"] == on_map["faster-4"]
    assert table["loses 5-10"] == on_map["slower-2"]


def test_the_land_outside_the_study_has_no_step():
    assert classify_steps(BASE, OTHER, np.zeros((1, 8), dtype=bool), within_min=60.0).tolist() == [[-1] * 8]


def test_areas_are_those_of_the_cells():
    areas = changed_areas(BASE, OTHER, GRID, [90, 60]).set_index(["cutoff_min", "change"])
    assert areas.loc[(60, "newly reached"), "population"] == 4 + 8
    assert areas.loc[(60, "lost"), "population"] == 64
    assert areas.loc[(90, "newly reached"), "population"] == 8 + 32
    assert areas.loc[(90, "lost"), "population"] == 16 + 64
    for row in areas.itertuples():
        assert row.geometry.area / 1e6 == row.area_km2


def test_water_is_neither_reached_nor_lost():
    grid = grid_of([[1, 0]], [[1.0, 0.0]])
    areas = changed_areas(np.full((1, 2), np.nan), np.full((1, 2), 10.0), grid, [30])
    assert areas.loc[0, "area_km2"] == 1.0


def test_means_of_groups_by_hand():
    groups = np.array([[0, 0, 0, 1, 1, 1, 2, -1]])
    table = mean_saving_by_group(BASE, OTHER, PEOPLE, groups, 4)
    assert table["population"].tolist() == [7, 56, 64, 0]
    assert table["mean_saved_min"][0] == pytest.approx((1 * 0 + 2 * 5 + 4 * 20) / 7)
    assert table["mean_saved_min"][1] == pytest.approx((8 * 61 - 16 * 5) / 24)  # over those reached in both
    assert table["mean_saved_min"][2:].isna().all()
    assert table["share_gaining_5min"].tolist()[:3] == pytest.approx([6 / 7, (8 + 32) / 56, 0])
    assert table["share_losing_5min"].tolist()[:3] == pytest.approx([0, 16 / 56, 1])
    assert table["population_newly_reached"].tolist() == [0, 32, 0, 0]
    assert table["population_lost"].tolist() == [0, 0, 64, 0]


@given(SURFACES)
def test_a_surface_does_not_differ_from_itself(minutes):
    grid = grid_of(np.ones((3, 4)))
    assert (np.nan_to_num(minutes_saved(minutes, minutes)) == 0).all()
    assert set(np.unique(classify_change(minutes, minutes, 60))) <= {0, OUTSIDE}
    assert changed_areas(minutes, minutes, grid, [60, 120])["population"].sum() == 0
    table = count_people_by_saving(minutes, minutes, grid).set_index("class")["population"]
    assert table["no change"] + table["not reached"] == 12


@given(SURFACES, SURFACES)
def test_exchanging_the_two_turns_every_sign(a, b):
    grid = grid_of(np.ones((3, 4)))
    np.testing.assert_array_equal(minutes_saved(a, b), -minutes_saved(b, a))
    mirrored = np.array([0, 2, 1, 4, 3])
    forth, back = classify_change(a, b, 60), classify_change(b, a, 60)
    inside = forth != OUTSIDE
    assert (inside == (back != OUTSIDE)).all()
    assert (mirrored[forth[inside]] == back[inside]).all()
    forth_people, back_people = (count_people_by_saving(*pair, grid)["population"] for pair in ((a, b), (b, a)))
    assert forth_people[:-1].tolist() == back_people[:-1].tolist()[::-1]
    assert forth_people.sum() == 12


@given(SURFACES, SURFACES, st.floats(1, 200))
def test_newly_reached_less_lost_is_the_growth_of_what_is_reached(a, b, cutoff_min):
    grid = grid_of(np.ones((3, 4)))
    areas = changed_areas(a, b, grid, [cutoff_min]).set_index("change")["population"]
    growth = (b <= cutoff_min + 1e-3).sum() - (a <= cutoff_min + 1e-3).sum()
    assert areas["newly reached"] - areas["lost"] == growth
