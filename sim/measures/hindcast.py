"""Stage 4h: what a comparison with observed values says: errors, the share within a tolerance, goals met or not.

Observed minutes come from `data/observed/`; how the model was fitted to part of them stands in its README. A pair that
the model cannot make counts as a miss, never as missing data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.network.network import Network

__all__ = [
    "FASTEST_GOAL",
    "TIMETABLE_DATES",
    "TYPICAL_GOAL",
    "Goal",
    "Group",
    "check_columns",
    "is_within",
    "keep_calibration_of",
    "summarise_errors",
    "summarise_groups",
]

TIMETABLE_DATES = {2016: "2016-03-16", 2023: "2023-09-15"}
"""Day of each timetable held: the Wednesday of 2016 that was counted; the train list is of September 2023."""


@dataclass(frozen=True)
class Goal:
    """How near the modelled minutes should be: both limits count, whichever is wider, for a share of the pairs."""

    tolerance_min: float
    tolerance_share: float
    median_min: float
    share_within: float


FASTEST_GOAL = Goal(tolerance_min=5.0, tolerance_share=0.05, median_min=2.0, share_within=0.90)
TYPICAL_GOAL = Goal(tolerance_min=8.0, tolerance_share=0.08, median_min=4.0, share_within=0.80)


class Group(NamedTuple):
    """Pairs that are reported together: of which scope, called what, and which rows."""

    scope: str
    group: str
    rows: "pd.Series[bool]"


def is_within(observed_min: "pd.Series[float]", modelled_min: "pd.Series[float]", goal: Goal) -> "pd.Series[bool]":
    """Tell for each pair whether it is within the tolerance; one without modelled minutes (NaN) is not.

    30 min observed and 34 modelled: within 5 min or 5 %. 200 and 212: 6 % and 12 min, outside.
    """
    error = (modelled_min - observed_min).abs()
    return (error <= goal.tolerance_min) | (error <= goal.tolerance_share * observed_min)


def summarise_errors(
    observed_min: "pd.Series[float]", modelled_min: "pd.Series[float]", goal: Goal
) -> dict[str, float | str]:
    """Return n, how many the model cannot make, the median error and absolute error, the share within, goal met or not.

    A pair without modelled minutes has an infinite error, so that leaving out a train never improves the figures.
    """
    error = (modelled_min - observed_min).fillna(np.inf)
    share = float(is_within(observed_min, modelled_min, goal).mean())
    median = float(error.abs().median())
    return {
        "n": len(error),
        "n_without_train": int(np.isinf(error).sum()),
        "median_error_min": float(error.median()),
        "median_abs_error_min": median,
        "share_within": share,
        "tolerance": f"{goal.tolerance_min:g} min or {100 * goal.tolerance_share:g} %",
        "goal_met": "yes" if median <= goal.median_min and share >= goal.share_within else "no",
    }


def summarise_groups(
    frame: pd.DataFrame, groups: Iterable[Group], readings: dict[str, tuple[str, str, Goal]]
) -> pd.DataFrame:
    """Return one row for each group that has pairs and each reading {name: (observed column, modelled column, goal)}."""
    rows = []
    for scope, group, chosen in groups:
        part = frame[chosen]
        for reading, (observed, modelled, goal) in readings.items():
            if len(part):
                found = summarise_errors(part[observed], part[modelled], goal)
                rows.append({"scope": scope, "group": group, "reading": reading, **found})
    return pd.DataFrame(rows)


def keep_calibration_of(network: Network, year: int) -> Network:
    """Return the network with the supplements fitted to one timetable only; other lines take their reference class.

    Supplements set by hand stay: they rest on no timetable.
    """
    calibration = network.calibration
    kept = calibration[calibration["year"] == year].reset_index(drop=True)
    if kept.empty:
        years = ", ".join(str(known) for known in sorted(set(calibration["year"])))
        raise InputError(f"calibration.csv has no rows of {year}; there are {years or 'none'}")
    return network.with_tables(calibration=kept)


def check_columns(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Refuse a table of observed values that lacks a column.

    Raises
    ------
    InputError: naming every column that is missing.
    """
    missing = [name for name in columns if name not in frame]
    if missing:
        raise InputError([f"{what}: column '{name}' is missing" for name in missing])
