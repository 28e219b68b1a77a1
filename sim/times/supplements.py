"""Running-time supplements: by how much the timetable's running times exceed the technical ones, per line.

A line's own number comes from its timetable (`calibration.csv`); a line without one, such as a planned line, takes the
median of the lines delivered in its reference class, and never zero.
"""

from itertools import chain

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.network.network import Network
from sim.network.remembered import remember

__all__ = ["line_supplements", "reference_supplements"]

LOW_QUANTILE, HIGH_QUANTILE = 0.1, 0.9  # of the delivered lines of a class: the range for sensitivity
FEWEST_SECTIONS = 3  # a line calibrated on fewer sections says little about its class


def line_supplements(network: Network) -> "pd.Series[float]":
    """Return the running-time supplement of every line in percent, indexed by `line_id`.

    In this order: `lines.supplement_percent` if set; the line's row of `calibration.csv` of the year nearest to the
    network's date (the later of two as near; without a date, the latest), which is also the year whose services run
    then; the median of the line's reference class, or of the nearest class that has delivered lines.

    Raises
    ------
    InputError
        Naming the lines for which there is neither a number of their own nor any calibrated line.
    """
    lines = network.lines
    names = lines["line_id"].tolist()
    calibrated = _calibrated(network.calibration, network.date)["supplement_percent"].to_dict()
    known = [float(calibrated.get(line, np.nan)) for line in names]
    percent = lines["supplement_percent"].fillna(pd.Series(known, index=lines.index))
    missing = np.flatnonzero(percent.isna())
    medians = {name: float(np.median(own)) for name, own in _by_class(network.calibration, lines, network.date).items()}
    if len(missing) and not medians:
        reason = "no supplement_percent, and calibration.csv holds no line to take it from"
        raise InputError([f"lines.csv '{names[row]}': {reason}" for row in missing])
    for row in missing:
        wanted = float(lines["reference_class"].iloc[row])
        percent.iloc[row] = medians[min(medians, key=lambda known: (abs(float(known) - wanted), -float(known)))]
    return percent.set_axis(pd.Index(names, dtype=object, name="line_id"))


def reference_supplements(
    calibration: pd.DataFrame, lines: pd.DataFrame, *, date: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Return the supplements of delivered lines by reference class.

    Parameters
    ----------
    calibration, lines
        The network's tables. Connecting lines (kind `link`) and lines calibrated on fewer than 3 sections are left out
        of their class, unless it has no others.
    date
        Which timetable years count, as in `line_supplements`.

    Returns
    -------
    DataFrame
        Indexed by `reference_class`: `median`, `low`, `high` in percent (10 % and 90 % of the lines) and `n_lines`.
    """
    by_class = _by_class(calibration, lines, date)
    classes = pd.Index([name for name, own in by_class.items() for _ in own], dtype=object, name="reference_class")
    groups = pd.Series([*chain.from_iterable(by_class.values())], index=classes, dtype="float64").groupby(level=0)
    return pd.DataFrame(
        {
            "median": groups.median(),
            "low": groups.quantile(LOW_QUANTILE),
            "high": groups.quantile(HIGH_QUANTILE),
            "n_lines": groups.size(),
        }
    )


def _by_class(calibration: pd.DataFrame, lines: pd.DataFrame, date: pd.Timestamp | None) -> dict[str, list[float]]:
    """Return the supplements of delivered lines by reference class."""
    fitted = _calibrated(calibration, date)
    class_of = dict(zip(lines["line_id"], zip(lines["reference_class"], lines["kind"], strict=True), strict=True))
    every: dict[str, list[float]] = {}
    sound: dict[str, list[float]] = {}
    for line, percent, n_sections in zip(fitted.index, fitted["supplement_percent"], fitted["n_sections"], strict=True):
        if line not in class_of:
            continue
        name, kind = class_of[line]
        every.setdefault(name, []).append(percent)
        if kind != "link" and n_sections >= FEWEST_SECTIONS:
            sound.setdefault(name, []).append(percent)
    return every | sound


@remember(maxsize=32)
def _calibrated(calibration: pd.DataFrame, date: pd.Timestamp | None) -> pd.DataFrame:
    """Return one row a line, indexed by line: the year nearest to `date`, the later of two as near."""
    year = calibration["year"].max() if date is None else date.year
    distance = (calibration["year"] - year).abs() - 0.5 * (calibration["year"] > year)
    ranked = calibration.assign(distance=distance).sort_values(["line_id", "distance"], kind="stable")
    return ranked.drop_duplicates("line_id").drop(columns="distance").set_index("line_id")
