"""Surfaces kept in tiles as whole numbers, against plain numpy on the minutes they were made from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.times.tiles import (
    NO_SOURCE,
    TileTable,
    count_by_bin,
    earliest,
    encode,
    minutes_at,
    sum_within_tiles,
)

LONGEST_MIN = 700.0


def table_of(surfaces, start):
    """Return the table of surfaces (n_sources, n_positions) in tiles that begin at ``start``."""
    start = np.asarray(start, dtype=np.int64)
    n_sources, n_tiles = len(surfaces), len(start) - 1
    bounds = np.empty((3, n_sources, n_tiles), dtype=np.float32)
    codes = np.empty(surfaces.shape, dtype=np.uint16)
    for source in range(n_sources):
        encode(surfaces[source].astype(np.float32), start, *bounds[:, source], codes[source])
    return TileTable(start, *(np.ascontiguousarray(array.T) for array in bounds), codes)


def decoded(table):
    n_sources, n_positions = table.codes.shape
    tiles = np.repeat(np.arange(len(table.start) - 1, dtype=np.int32), np.diff(table.start))
    result = np.empty((n_sources, n_positions), dtype=np.float32)
    sources = np.arange(n_sources, dtype=np.int32)
    minutes_at(table, sources, tiles, np.arange(n_positions, dtype=np.int32), result)
    return result


@st.composite
def tables(draw):
    """Tables of up to 6 sources with gaps, and starts of which some are never."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    start = np.concatenate([[0], np.cumsum(random.integers(1, 9, draw(st.integers(1, 12))))])
    n_sources = draw(st.integers(1, 6))
    surfaces = random.uniform(0, random.choice([1.0, 30.0, LONGEST_MIN], (n_sources, 1)), (n_sources, start[-1]))
    surfaces[random.random(surfaces.shape) < draw(st.sampled_from([0.0, 0.3, 1.0]))] = np.inf
    starts = np.where(random.random(n_sources) < 0.2, np.inf, random.uniform(0, 60, n_sources))
    return table_of(surfaces, start), surfaces, starts.astype(np.float32), random


@settings(deadline=None, max_examples=80)
@given(tables())
def test_what_is_kept_differs_by_half_a_step_at_most_and_lies_within_its_bounds(made):
    table, surfaces, _, _ = made
    found = decoded(table)
    tiles = np.repeat(np.arange(len(table.start) - 1), np.diff(table.start))
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(surfaces))
    reached = np.isfinite(surfaces)
    half_step = table.step.T[:, tiles] / 2
    rounding = np.spacing(np.float32(LONGEST_MIN))  # of the surface itself in single precision
    assert (np.abs(found[reached] - surfaces[reached]) <= half_step[reached] + rounding).all()
    assert (found >= table.least.T[:, tiles]).all()
    assert (found <= table.most.T[:, tiles]).all()
    # 700 min are 65,000 steps of 2**-6 min or fewer: within half a second
    assert table.step.max() <= 2.0**-6


def test_minutes_of_a_tile_that_spans_an_hour_are_kept_to_a_tenth_of_a_second():
    table = table_of(np.array([[200.0, 260.0]]), [0, 2])
    assert table.step[0, 0] * 60 < 0.1


def test_whole_and_quarter_minutes_are_kept_exactly():
    surface = np.array([[0.25, 60.0, 59.75, 119.5, 120.0, 333.25, 600.0]])
    np.testing.assert_array_equal(decoded(table_of(surface, [0, 3, 5, 7])), surface)


@settings(deadline=None, max_examples=80)
@given(tables(), st.sampled_from([20.0, 90.0, 1e9]))
def test_the_earliest_of_all_sources_is_the_minimum_over_them(made, limit):
    table, surfaces, starts, random = made
    sources = random.permutation(len(surfaces)).astype(np.int32)
    n_positions = surfaces.shape[1]
    minutes, by = np.full(n_positions, -1, np.float32), np.full(n_positions, -9, np.int32)
    wanted = random.random(len(table.start) - 1) < 0.8
    earliest(table, sources, starts, np.float32(limit), wanted, minutes, by)
    arrivals = starts[:, None] + decoded(table)[sources]
    expected = arrivals.min(axis=0)
    expected[expected > limit] = np.inf
    here = np.repeat(wanted, np.diff(table.start))
    # start + least + steps may round otherwise than start + (least + steps)
    np.testing.assert_allclose(minutes[here], expected[here], rtol=3e-7)
    assert (minutes[~here] == -1).all()
    reached = here & np.isfinite(minutes)
    np.testing.assert_allclose(arrivals[by[reached], np.flatnonzero(reached)], minutes[reached], rtol=3e-7)
    assert (by[here & ~np.isfinite(minutes)] == NO_SOURCE).all()


def test_of_sources_that_arrive_together_the_first_stays():
    table = table_of(np.array([[5.0, 9.0], [3.0, 9.0]]), [0, 2])
    minutes, by = np.empty(2, np.float32), np.empty(2, np.int32)
    sources, starts = np.array([0, 1], np.int32), np.array([0.0, 2.0], np.float32)
    earliest(table, sources, starts, np.float32(60), np.array([True]), minutes, by)
    np.testing.assert_array_equal(minutes, [5.0, 9.0])
    np.testing.assert_array_equal(by, [0, 0])


@settings(deadline=None, max_examples=80)
@given(tables())
def test_people_within_cutoffs_are_those_of_the_cells_whose_earliest_arrival_is(made):
    table, surfaces, starts, random = made
    cutoffs = np.float32([15.0, 45.0, 200.0])
    weights = random.integers(0, 100, surfaces.shape[1]).astype(np.float64)
    split = random.integers(0, len(surfaces) + 1)
    first = np.array([0, split, len(surfaces)])
    result = np.zeros((2, len(cutoffs)))
    sum_within_tiles(table, first, np.arange(len(surfaces), dtype=np.int32), starts, weights, cutoffs, result)
    arrivals = starts[:, None] + decoded(table)
    for row in range(2):
        own = arrivals[first[row] : first[row + 1]]
        soonest = own.min(axis=0) if len(own) else np.full(surfaces.shape[1], np.inf)
        for k, cutoff in enumerate(cutoffs):
            assert weights[soonest <= cutoff - 1e-4].sum() <= result[row, k] <= weights[soonest <= cutoff + 1e-4].sum()


def test_counts_go_to_the_bin_of_their_minutes_and_the_source_they_come_by():
    # bins of 10 min up to 30, then "not reached"; 29 and 95 both go to the last bin of minutes
    minutes = np.array([0.0, 9.9, 10.0, 29.0, 95.0, np.inf, 5.0], dtype=np.float32)
    by = np.array([0, 1, 1, 0, 1, NO_SOURCE, 0], dtype=np.int32)
    positions = np.array([0, 1, 2, 3, 4, 5], dtype=np.int32)  # the last position is not asked for
    groups = np.array([0, 0, 0, 1, 1, 1], dtype=np.int32)
    weights = 2.0 ** np.arange(6)
    counts, by_source, minutes_by_source = np.zeros((2, 4)), np.zeros((2, 2)), np.zeros((2, 2))
    count_by_bin(minutes, by, positions, groups, weights, 10.0, counts, by_source, minutes_by_source)
    np.testing.assert_array_equal(counts, [[1 + 2, 4, 0, 0], [0, 0, 8 + 16, 32]])
    np.testing.assert_array_equal(by_source, [[1, 2 + 4], [8, 16]])
    assert minutes_by_source == pytest.approx(np.array([[0, 2 * 9.9 + 4 * 10], [8 * 29, 16 * 95]]), rel=1e-6)
