"""Stage 4d, continued: indicators of accessibility, each a formula over a matrix of minutes and the masses of its ends.

A matrix is (n_cities, n_cities), from row to column, inf where there is no way; its diagonal is never read: what a city
offers itself is stated apart (`internal_minutes`). Overview: K. T. Geurs and B. van Wee (2004), Accessibility evaluation of
land-use and transport strategies, Journal of Transport Geography 12.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.measures.decay import Decay
from sim.measures.isochrones import CUTOFF_TOLERANCE_MIN

__all__ = [
    "INTERNAL_SPEED_KMH",
    "average_minutes",
    "internal_minutes",
    "minutes_matrix",
    "potential_of_others",
    "within_minutes",
]

Floats = npt.NDArray[np.float64]

INTERNAL_SPEED_KMH = 40.0
"""Speed of journeys within a city, as the crow flies: an assumption, the same in all scenarios."""


def minutes_matrix(city_times: pd.DataFrame, city_ids: Sequence[str], column: str) -> Floats:
    """Return a column of city_times as a matrix, (n_cities, n_cities): 0 on the diagonal, inf where there is no way."""
    wide = city_times.set_index(["from_id", "to_id"])[column].unstack()  # noqa: PD010 a pivot table would average
    matrix: Floats = wide.reindex(index=list(city_ids), columns=list(city_ids)).to_numpy(dtype=np.float64, copy=True)
    matrix[np.isnan(matrix)] = np.inf
    np.fill_diagonal(matrix, 0.0)
    return matrix


def average_minutes(minutes: Floats, masses: Floats) -> Floats:
    """Return the weighted average travel time of each city, sum_j T_ij M_j / sum_j M_j over the others, (n_cities,).

    Inf where a city with mass cannot be reached: an average of the rest would call a cut-off city near.
    Gutiérrez, González and Gómez (1996), The European high-speed train network, Journal of Transport Geography 4.

    >>> minutes = np.array([[0.0, 30.0, 60.0], [30.0, 0.0, 40.0], [60.0, 40.0, 0.0]])
    >>> average_minutes(minutes, np.array([1.0, 2.0, 2.0])).round(2).tolist()
    [45.0, 36.67, 46.67]

    From the first: (30 x 2 + 60 x 2) / 4 = 45.
    """
    others = _of_others(masses)
    reached = np.where(others > 0, minutes, 0.0)
    total = others.sum(axis=1)
    average: Floats = np.divide((reached * others).sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)
    return average


def potential_of_others(minutes: Floats, masses: Floats, decay: Decay) -> Floats:
    """Return the potential that the others give each city, sum_j M_j f(T_ij) for j other than i, (n_cities,).

    Hansen (1959). The potential of the city itself is M_i f(T_ii) with T_ii of `internal_minutes`; add it or leave it, but say
    which: it can be most of the total (Frost and Spence 1995, Environment and Planning A 27).

    >>> potential_of_others(np.array([[0.0, 20.0], [20.0, 0.0]]), np.array([100.0, 300.0]), Decay("power", 1.0))
    array([15.,  5.])
    """
    return np.asarray((decay.weights(minutes) * _of_others(masses)).sum(axis=1))


def within_minutes(minutes: Floats, masses: Floats, cutoff_min: float) -> Floats:
    """Return the mass of the other cities within a cut-off of each: daily accessibility, (n_cities,).

    Törnqvist (1970), Contact systems and regional development; within 4 hours: Gutiérrez (2001), J. of Transport Geography 9.

    >>> within_minutes(np.array([[0.0, 30.0, 60.0], [30.0, 0.0, 40.0], [60.0, 40.0, 0.0]]), np.array([1.0, 2.0, 4.0]), 45)
    array([2., 5., 2.])
    """
    within = minutes <= cutoff_min + CUTOFF_TOLERANCE_MIN
    return np.asarray((within * _of_others(masses)).sum(axis=1))


def internal_minutes(area_km2: npt.ArrayLike, speed_kmh: float = INTERNAL_SPEED_KMH) -> Floats:
    """Return the minutes a city is from itself: half the radius of a circle of its area at a fixed speed.

    T_ii = 60 / v x 1/2 sqrt(A_i / pi). Half the radius is one of the usual choices (Frost and Spence 1995); the area is all
    land of the city. It is the same in every scenario, so that a project changes only the potential of others.

    >>> internal_minutes([np.pi * 400.0], 40.0)  # radius 20 km, so 10 km at 40 km/h
    array([15.])
    """
    return np.asarray(60.0 / speed_kmh * 0.5 * np.sqrt(np.asarray(area_km2, dtype=np.float64) / np.pi))


def _of_others(masses: Floats) -> Floats:
    """Return the masses seen from each city, (n_cities, n_cities): its own left out."""
    seen = np.tile(masses, (len(masses), 1))
    np.fill_diagonal(seen, 0.0)
    return seen
