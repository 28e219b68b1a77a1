"""Running-time supplements: by how much the timetable's running times exceed the technical ones, per line.

A line's own number comes from its timetable (`calibration.csv`); a line without one, such as a planned line, takes the
median of the lines delivered in its reference class, and never zero.
"""

import pandas as pd

from sim.errors import InputError
from sim.network.network import Network

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
    lines = network.lines.set_index("line_id")
    own = lines["supplement_percent"]
    calibrated = _calibrated(network.calibration, network.date)["supplement_percent"]
    supplements = own.fillna(lines.index.to_series().map(calibrated))
    missing = supplements.index[supplements.isna()]
    if missing.empty:
        return supplements.rename("supplement_percent")
    classes = reference_supplements(network.calibration, network.lines, date=network.date)["median"]
    if classes.empty:
        reason = "no supplement_percent, and calibration.csv holds no line to take it from"
        raise InputError([f"lines.csv '{line}': {reason}" for line in missing])
    for line in missing:
        wanted = float(lines.loc[line, "reference_class"])
        nearest = min(classes.index, key=lambda known: (abs(float(known) - wanted), -float(known)))
        supplements[line] = classes[nearest]
    return supplements.rename("supplement_percent")


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
    fitted = _calibrated(calibration, date).join(lines.set_index("line_id")[["reference_class", "kind"]], how="inner")
    sound = (fitted["kind"] != "link") & (fitted["n_sections"] >= FEWEST_SECTIONS)
    classes_with_sound_lines = set(fitted.loc[sound, "reference_class"])
    kept = fitted[sound | ~fitted["reference_class"].isin(classes_with_sound_lines)]
    groups = kept.groupby("reference_class")["supplement_percent"]
    return pd.DataFrame(
        {
            "median": groups.median(),
            "low": groups.quantile(LOW_QUANTILE),
            "high": groups.quantile(HIGH_QUANTILE),
            "n_lines": groups.size(),
        }
    )


def _calibrated(calibration: pd.DataFrame, date: pd.Timestamp | None) -> pd.DataFrame:
    """Return one row a line, indexed by line: the year nearest to `date`, the later of two as near."""
    year = calibration["year"].max() if date is None else date.year
    distance = (calibration["year"] - year).abs() - 0.5 * (calibration["year"] > year)
    ranked = calibration.assign(distance=distance).sort_values(["line_id", "distance"], kind="stable")
    return ranked.drop_duplicates("line_id").drop(columns="distance").set_index("line_id")
