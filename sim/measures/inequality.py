"""Stage 4d, continued: how unequal an indicator is, between cities or between people.

By city every city counts once; by people each counts as often as it has people, who all have their city's value, so that
differences within a city are not seen. Values are 0 or above with a positive mean; otherwise, and with a value that does
not exist, a measure does not exist either (NaN).

For minutes a high value is bad and for potentials it is good; the measures do not know which. Mean and standard deviation stand
beside the relative measures, because a gap can widen in minutes or people while it narrows in percent.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = [
    "INEQUALITY_COLUMNS",
    "MEASURES",
    "coefficient_of_variation",
    "gini",
    "measure_inequality",
    "palma",
    "theil",
]

Floats = npt.NDArray[np.float64]

INEQUALITY_COLUMNS = ("scenario", "year", "city_set", "indicator", "mode", "measure", "by", "value")
TOP_SHARE, BOTTOM_SHARE = 0.1, 0.4


def coefficient_of_variation(values: Floats, weights: Floats) -> float:
    """Return the standard deviation over the mean, sqrt(sum w (x - m)²) / m with weights that sum to 1.

    The deviation is that of the whole population (divided by n, not by n - 1).

    >>> coefficient_of_variation(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    0.5
    """
    shares = weights / weights.sum()
    mean = (shares * values).sum()
    return float(np.sqrt((shares * (values - mean) ** 2).sum()) / mean)


def gini(values: Floats, weights: Floats) -> float:
    """Return the Gini coefficient, sum_ij w_i w_j |x_i - x_j| / (2 m): 0 all alike, towards 1 one has everything.

    C. Gini (1912); in this form M. G. Kendall and A. Stuart (1963), The Advanced Theory of Statistics 1.

    >>> gini(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    0.25

    Two pairs of four differ by 2: 4 / 4 / (2 x 2) = 0.25.
    """
    shares = weights / weights.sum()
    mean = (shares * values).sum()
    gaps = np.abs(values[:, None] - values[None, :])
    return float(shares @ gaps @ shares / (2.0 * mean))


def theil(values: Floats, weights: Floats) -> float:
    """Return Theil's T, sum w (x / m) ln(x / m), with 0 ln 0 = 0: 0 all alike, at most ln n.

    H. Theil (1967), Economics and Information Theory.

    >>> round(theil(np.array([1.0, 3.0]), np.array([1.0, 1.0])), 4)
    0.1308

    0.5 x 0.5 ln 0.5 + 0.5 x 1.5 ln 1.5 = -0.1733 + 0.3041.
    """
    shares = weights / weights.sum()
    ratio = values / (shares * values).sum()
    logs = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)
    return float((shares * ratio * logs).sum())


def palma(values: Floats, weights: Floats) -> float:
    """Return what the tenth with the highest values has over what the four tenths with the lowest have; 0.25 all alike.

    A city on a border of the tenths counts in part. J. G. Palma (2011), Homogeneous middles vs. heterogeneous tails,
    Development and Change 42: there of income, here the groups are ordered by the indicator itself.

    >>> palma(np.array([1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 6.0]), np.ones(10))
    1.5

    The highest of ten has 6, the lowest four have 4.
    """
    order = np.argsort(values, kind="stable")
    ends = np.concatenate([[0.0], np.cumsum(weights[order]) / weights.sum()])
    total = np.concatenate([[0.0], np.cumsum((weights * values)[order])])
    bottom = np.interp(BOTTOM_SHARE, ends, total)
    top = total[-1] - np.interp(1.0 - TOP_SHARE, ends, total)
    return float(top / bottom) if bottom > 0 else float("nan")


def _mean(values: Floats, weights: Floats) -> float:
    return float((weights * values).sum() / weights.sum())


def _standard_deviation(values: Floats, weights: Floats) -> float:
    return coefficient_of_variation(values, weights) * _mean(values, weights)


MEASURES: Mapping[str, Callable[[Floats, Floats], float]] = {
    "mean": _mean,
    "sd": _standard_deviation,
    "cv": coefficient_of_variation,
    "gini": gini,
    "theil": theil,
    "palma": palma,
}


def measure_inequality(indicators: pd.DataFrame, people: Mapping[str, float]) -> pd.DataFrame:
    """Return every measure of every indicator, by city and by people, columns `INEQUALITY_COLUMNS`.

    Parameters
    ----------
    indicators : rows of indicators.csv (see `sim.measures.indicators`).
    people : by city id.
    """
    rows = []
    keys = ["scenario", "year", "city_set", "indicator", "mode"]
    for key, group in indicators.groupby(keys, sort=False):
        values = group["value"].to_numpy(dtype=np.float64)
        weights = {"city": np.ones(len(values)), "people": np.array([people[city] for city in group["city_id"]])}
        for name, measure in MEASURES.items():
            rows += [(*key, name, by, _measured(measure, values, weights[by])) for by in weights]
    return pd.DataFrame(rows, columns=list(INEQUALITY_COLUMNS))


def _measured(measure: Callable[[Floats, Floats], float], values: Floats, weights: Floats) -> float:
    """Return a measure, NaN where it does not exist."""
    fits = np.isfinite(values).all() and (values >= 0).all() and (values * weights).sum() > 0
    return measure(values, weights) if fits else float("nan")
