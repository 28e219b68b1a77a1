"""Stage 4e: what changes between two surfaces of one place: minutes saved, what is newly reached, and by how many people.

Saved is base minus other: positive is faster in the other. Everything is counted on the cells; a cell reached in only one of
the two has no minutes saved but is newly reached or lost. Exchange the two and every sign turns.
"""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.measures.isochrones import cells_within, draw_outline
from sim.region.grid import Grid

__all__ = [
    "CHANGE_BREAKS_MIN",
    "CHANGE_CLASSES",
    "FELT_MIN",
    "N_STEPS",
    "OUTSIDE",
    "SAME_MIN",
    "SAVING_CLASSES",
    "STEP_CLASSES",
    "changed_areas",
    "classify_change",
    "classify_steps",
    "count_people_by_saving",
    "mean_saving_by_group",
    "minutes_saved",
]

Minutes = npt.NDArray[np.floating]
Classes = npt.NDArray[np.uint8]
Steps = npt.NDArray[np.int16]

SAME_MIN = 0.01
"""A smaller difference is none: minutes of surfaces are single precision, exact to about 0.0006."""

FELT_MIN = 5.0
"""Minutes from which somebody counts as gaining or losing."""

CHANGE_CLASSES = ("no change", "faster", "slower", "newly reached", "lost")
"""Classes 0 to 4 of a cell, within the horizon or within a cut-off."""

OUTSIDE = 255
"""Class of water, and of cells reached in neither."""

CHANGE_BREAKS_MIN = (1.0, 5.0, 10.0, 20.0, 40.0)
"""Where the classes of minutes saved or lost begin, on both sides of zero; in every table and on every map."""

N_STEPS = len(CHANGE_BREAKS_MIN)
STEP_CLASSES = (
    *(f"slower-{step}" for step in range(N_STEPS, 0, -1)),
    "no-change",
    *(f"faster-{step}" for step in range(1, N_STEPS + 1)),
    "newly-reached",
    "lost",
    "unreachable",
)
"""Classes of a cell on a map in the order of their numbers; step 1 is the smallest change, less than it is none."""

_NO_STEP, _NEWLY, _LOST, _UNREACHABLE = (
    STEP_CLASSES.index(name) for name in ("no-change", "newly-reached", "lost", "unreachable")
)
_EDGES_MIN = (*CHANGE_BREAKS_MIN, np.inf)
_GAINS = tuple(zip((SAME_MIN, *_EDGES_MIN[:-1]), _EDGES_MIN, strict=True))
SAVING_CLASSES = (*((-high, -low) for low, high in reversed(_GAINS)), (-SAME_MIN, SAME_MIN), *_GAINS)
"""Minutes saved from and to; the end that is nearer to 0 belongs to the class, but for the middle one."""


def minutes_saved(base: Minutes, other: Minutes) -> npt.NDArray[np.float32]:
    """Return base minus other, in their shape: 0 within `SAME_MIN`, NaN where one of them is not reached."""
    before, after = (np.where(np.isfinite(minutes), minutes, np.nan).astype(np.float64) for minutes in (base, other))
    saved = before - after
    return np.where(np.abs(saved) < SAME_MIN, 0.0, saved).astype(np.float32)


def classify_change(base: Minutes, other: Minutes, cutoff_min: float = np.inf) -> Classes:
    """Return the class of each cell (index into `CHANGE_CLASSES`) within a cut-off, `OUTSIDE` beyond it in both.

    >>> base, other = np.array([20.0, 20.0, 70.0, 20.0, 70.0]), np.array([20.0, 15.0, 50.0, 80.0, 65.0])
    >>> classify_change(base, other, 60.0).tolist()
    [0, 1, 3, 4, 255]
    """
    before, after = _within(base, cutoff_min), _within(other, cutoff_min)
    saved = minutes_saved(base, other)
    classes = np.full(before.shape, OUTSIDE, dtype=np.uint8)
    classes[before & after] = 0
    classes[before & after & (saved > 0)] = 1
    classes[before & after & (saved < 0)] = 2
    classes[~before & after] = 3
    classes[before & ~after] = 4
    return classes


def classify_steps(before: Minutes, after: Minutes, is_study: npt.NDArray[np.bool_], *, within_min: float) -> Steps:
    """Return the class of each cell as a number in `STEP_CLASSES`, -1 off the study land.

    Minutes saved count up from `CHANGE_BREAKS_MIN`, the same on both sides of zero. A cell that comes within
    `within_min`, or falls out of it, has a class of its own instead, and so has one that could not be reached at all on
    one side.

    >>> before, after = np.array([[130.0, 60.0, 60.0, 50.0]]), np.array([[110.0, 60.4, 48.0, 52.0]])
    >>> [STEP_CLASSES[one] for one in classify_steps(before, after, np.full((1, 4), True), within_min=120.0)[0]]
    ['newly-reached', 'no-change', 'faster-3', 'slower-1']
    """
    saved = np.nan_to_num(minutes_saved(before, after).astype(np.float64))
    steps = np.digitize(np.abs(saved), CHANGE_BREAKS_MIN, right=False)
    classes = (_NO_STEP + np.sign(saved) * steps).astype(np.int16)
    had, has = np.isfinite(before), np.isfinite(after)
    was_in, is_in = _within(before, within_min), _within(after, within_min)
    classes[(is_in & ~was_in) | (has & ~had)] = _NEWLY
    classes[(was_in & ~is_in) | (had & ~has)] = _LOST
    classes[~had & ~has] = _UNREACHABLE
    classes[~is_study] = -1
    return classes


def _within(minutes: Minutes, cutoff_min: float) -> npt.NDArray[np.bool_]:
    return np.isfinite(minutes) & cells_within(minutes, cutoff_min)


def count_people_by_saving(base: Minutes, other: Minutes, grid: Grid) -> pd.DataFrame:
    """Return the people of the whole region by minutes saved, each of them in one row.

    Returns
    -------
    DataFrame: class, saved_from_min, saved_to_min, population, share_of_population. The rows are `SAVING_CLASSES` from the
    greatest loss to the greatest gain, between "lost" and "newly reached", and last "not reached" in either.
    """
    saved, land = minutes_saved(base, other)[grid.is_land], grid.is_land
    people = grid.population[land]
    before, after = np.isfinite(base)[land], np.isfinite(other)[land]
    rows = [("lost", np.nan, np.nan, before & ~after)]
    for low, high in SAVING_CLASSES:
        if low < 0 < high:
            rows.append(("no change", 0.0, 0.0, saved == 0))
        elif low > 0:
            rows.append((f"saves {_name_class(low, high)}", _round_edge(low), high, (saved >= low) & (saved < high)))
        else:
            rows.append((f"loses {_name_class(-high, -low)}", low, _round_edge(high), (saved > low) & (saved <= high)))
    rows += [("newly reached", np.nan, np.nan, ~before & after), ("not reached", np.nan, np.nan, ~before & ~after)]
    frame = pd.DataFrame(rows, columns=["class", "saved_from_min", "saved_to_min", "chosen"])
    frame["population"] = [float(people[chosen].sum()) for chosen in frame["chosen"]]
    frame["share_of_population"] = frame["population"] / people.sum() if people.sum() else np.nan
    return frame.drop(columns="chosen").replace([np.inf, -np.inf], np.nan)


def _round_edge(minutes: float) -> float:
    """Return an edge of a class as it is written: what is just above no change begins at 0."""
    return 0.0 if abs(minutes) == SAME_MIN else minutes


def _name_class(low: float, high: float) -> str:
    return f">{low:g}" if np.isinf(high) else f"{_round_edge(low):g}-{high:g}"


def changed_areas(base: Minutes, other: Minutes, grid: Grid, cutoffs_min: Sequence[float]) -> gpd.GeoDataFrame:
    """Return what is newly within each cut-off and what no longer is.

    Returns
    -------
    GeoDataFrame in the grid's CRS: cutoff_min, change ("newly reached" or "lost"), population, area_km2, geometry
    (MultiPolygon along the cell edges, empty where there is none).
    """
    rows = []
    for cutoff_min in sorted(cutoffs_min):
        classes = np.where(grid.is_land, classify_change(base, other, cutoff_min), OUTSIDE)
        for number in (3, 4):
            chosen = classes == number
            rows.append(
                {
                    "cutoff_min": float(cutoff_min),
                    "change": CHANGE_CLASSES[number],
                    "population": float(grid.population[chosen].sum()),
                    "area_km2": float(chosen.sum()) * grid.cell_km2,
                    "geometry": draw_outline(chosen, grid),
                }
            )
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=grid.crs)


def mean_saving_by_group(
    base: Minutes, other: Minutes, people: npt.NDArray[np.float64], groups: npt.NDArray[np.integer], n_groups: int
) -> pd.DataFrame:
    """Return what the people of groups of cells gain and lose, one row per group.

    Parameters
    ----------
    groups : (n_rows, n_columns) number of the group, negative for none.

    Returns
    -------
    DataFrame: population; mean_saved_min (people-weighted over the cells reached in both, NaN without any);
    share_gaining_5min and share_losing_5min (of all people; the newly reached gain, the lost lose);
    population_newly_reached, population_lost (at the horizon of the surfaces).
    """
    inside = groups >= 0
    saved, weights, group = minutes_saved(base, other)[inside].astype(np.float64), people[inside], groups[inside]
    before, after = np.isfinite(base)[inside], np.isfinite(other)[inside]

    def total(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return np.asarray(
            np.bincount(group, weights=weights * np.asarray(values, dtype=np.float64), minlength=n_groups),
            dtype=np.float64,
        )

    population, compared = total(np.ones(len(weights))), total(before & after)
    newly, lost = total(~before & after), total(before & ~after)
    sums = {
        "mean_saved_min": (total(np.nan_to_num(saved)), compared),
        "share_gaining_5min": (total(saved >= FELT_MIN) + newly, population),
        "share_losing_5min": (total(saved <= -FELT_MIN) + lost, population),
    }
    ratios = {name: np.divide(a, b, out=np.full(n_groups, np.nan), where=b > 0) for name, (a, b) in sums.items()}
    return pd.DataFrame(
        {"population": population, **ratios, "population_newly_reached": newly, "population_lost": lost}
    )
