"""Inequality: against PySAL's `inequality`, SciPy, and a rewrite that counts every person apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from inequality.gini import Gini
from inequality.theil import Theil
from scipy.stats import variation

from sim.measures.inequality import MEASURES, coefficient_of_variation, gini, palma, theil

VALUES = arrays(np.float64, 10, elements=st.floats(0.5, 1000))
COUNTS = arrays(np.int64, 10, elements=st.integers(1, 9))


def each_alone(values):
    return np.ones(len(values))


@given(VALUES)
def test_between_cities_they_equal_pysal_and_scipy(values):
    assert gini(values, each_alone(values)) == pytest.approx(Gini(values).g, abs=1e-9)
    assert theil(values, each_alone(values)) == pytest.approx(Theil(values).T, abs=1e-9)
    assert coefficient_of_variation(values, each_alone(values)) == pytest.approx(variation(values), abs=1e-9)


@given(VALUES, COUNTS)
def test_between_people_they_equal_the_same_tools_on_a_list_of_all_people(values, counts):
    people, weights = np.repeat(values, counts), counts.astype(float)
    assert gini(values, weights) == pytest.approx(Gini(people).g, abs=1e-9)
    assert theil(values, weights) == pytest.approx(Theil(people).T, abs=1e-9)
    assert coefficient_of_variation(values, weights) == pytest.approx(variation(people), abs=1e-9)


@given(VALUES, COUNTS)
def test_palma_equals_a_count_of_every_person(values, counts):
    # ten of each person, so that a tenth of all is a whole number
    people = np.sort(np.repeat(values, counts * 10))
    tenth = len(people) // 10
    expected = people[-tenth:].sum() / people[: 4 * tenth].sum()
    assert palma(values, counts.astype(float)) == pytest.approx(expected)


@given(st.floats(1, 500), COUNTS)
def test_what_is_all_alike_is_not_unequal(value, counts):
    values, weights = np.full(10, value), counts.astype(float)
    for measure in (coefficient_of_variation, gini, theil):
        assert measure(values, weights) == pytest.approx(0, abs=1e-7)
    assert palma(values, weights) == pytest.approx(0.1 / 0.4)


@given(VALUES, COUNTS, st.floats(0.1, 50))
def test_relative_measures_do_not_depend_on_the_unit_and_the_others_follow_it(values, counts, factor):
    weights = counts.astype(float)
    for name, measure in MEASURES.items():
        expected = measure(values, weights) * (factor if name in {"mean", "sd"} else 1)
        assert measure(values * factor, weights) == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_one_has_everything():
    values = np.array([0.0, 0.0, 0.0, 8.0])
    assert gini(values, each_alone(values)) == pytest.approx(0.75)  # (n - 1) / n
    assert theil(values, each_alone(values)) == pytest.approx(np.log(4))
    assert np.isnan(palma(values, each_alone(values)))  # the lowest four tenths have nothing
