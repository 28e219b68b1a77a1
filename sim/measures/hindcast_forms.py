"""Stage 4p: is the supplement of the right form, and what is it worth for a line that was never calibrated?

Three forms of the running-time supplement, each with one number a line, are fitted to one timetable and tested on the
other, by the same estimator:

    percent      the technical time times (1 + p): the model's own
    per_100_km   the technical time + m minutes for every 100 km, whatever the train: as UIC leaflet 451-1 states it
    percent_and_stop   as percent, with half a minute more from every stop to the next: rounding up to whole minutes

And every line in turn is left out of its reference class, so that it takes the median of the others as a planned line does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measures.hindcast import TIMETABLE_DATES
from sim.network.network import Network
from sim.times.calibration import technical_sections
from sim.times.line_paths import LinePaths, line_sections
from sim.times.supplements import FEWEST_SECTIONS, reference_supplements

__all__ = ["FORMS", "compare_forms", "leave_lines_out"]

FORMS = {"percent": ("minutes", 0.0), "per_100_km": ("km", 0.0), "percent_and_stop": ("minutes", 0.5)}
"""What a line's number is multiplied with, and the minutes added to every section."""

ROUNDS = 30  # of reweighting; the numbers no longer move in the third digit
SMALLEST_RESIDUAL = 0.05  # minutes over the root of the minutes: below it residuals weigh alike
SECTION_TOLERANCE_MIN = 2.0


@dataclass(frozen=True)
class _Sections:
    """Sections from stop to stop of one timetable, with the technical minutes and the kilometres on every line."""

    lines: tuple[str, ...]
    minutes: NDArray[np.float64]
    km: NDArray[np.float64]
    observed_min: NDArray[np.float64]


def compare_forms(network: Network, section_times: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Return how well each form of the supplement does in and out of sample.

    Parameters
    ----------
    network: without a date.
    section_times: timetable year to its sections from stop to stop: from_id, to_id, median_min.

    Returns
    -------
    DataFrame
        form, fitted_on, tested_on, n (sections whose lines were all fitted), median_error_min, mean_abs_error_min,
        p90_abs_error_min, share_within (2 min). Modelled minus observed.
    """
    held = {year: _sections_of(network.as_of(TIMETABLE_DATES[year]), times) for year, times in section_times.items()}
    rows = []
    for form in FORMS:
        for fitted_on, fitting in held.items():
            numbers = _fit(fitting, form)
            for tested_on, testing in held.items():
                error = _errors(testing, form, numbers)
                rows.append(
                    {
                        "form": form,
                        "fitted_on": fitted_on,
                        "tested_on": tested_on,
                        "n": len(error),
                        "median_error_min": float(np.median(error)),
                        "mean_abs_error_min": float(np.abs(error).mean()),
                        "p90_abs_error_min": float(np.quantile(np.abs(error), 0.9)),
                        "share_within": float((np.abs(error) <= SECTION_TOLERANCE_MIN).mean()),
                    }
                )
    return pd.DataFrame(rows)


def leave_lines_out(network: Network) -> pd.DataFrame:
    """Return by how much a line's running time would be missed if it were taken for a planned one.

    Connecting lines and lines of fewer than three sections are left out, as in their reference class.

    Returns
    -------
    DataFrame
        year, reference_class, line_id, supplement_percent (fitted), without_it_percent (the median of the other lines of
        its class in that timetable), error_percent (of the running time, modelled minus observed). Worst first.
    """
    lines = network.lines.set_index("line_id")[["reference_class", "kind"]]
    rows = []
    for year, fitted in network.calibration.groupby("year"):
        sound = fitted.join(lines, on="line_id")
        sound = sound[(sound["kind"] != "link") & (sound["n_sections"] >= FEWEST_SECTIONS)]
        for row in sound.itertuples():
            others = sound[(sound["reference_class"] == row.reference_class) & (sound["line_id"] != row.line_id)]
            if others.empty:
                continue
            left = fitted[fitted["line_id"].isin(others["line_id"])]
            without = float(reference_supplements(left, network.lines)["median"].loc[row.reference_class])
            rows.append(
                {
                    "year": year,
                    "reference_class": row.reference_class,
                    "line_id": row.line_id,
                    "supplement_percent": row.supplement_percent,
                    "without_it_percent": without,
                    "error_percent": 100.0 * ((100.0 + without) / (100.0 + row.supplement_percent) - 1.0),
                }
            )
    table = pd.DataFrame(rows)
    order = table["error_percent"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _sections_of(network: Network, times: pd.DataFrame) -> _Sections:
    hops = technical_sections(network).merge(times[["from_id", "to_id", "median_min"]], on=["from_id", "to_id"])
    paths = LinePaths(line_sections(network.lines, network.line_stops, network.date))
    lines = tuple(sorted({line for hop in hops["hop"] for line in hop.minutes_by_line}))
    number = {line: column for column, line in enumerate(lines)}
    minutes, km = np.zeros((2, len(hops), len(lines)))
    for row, (hop, start, end) in enumerate(zip(hops["hop"], hops["from_id"], hops["to_id"], strict=True)):
        for line, on_line in hop.minutes_by_line.items():
            minutes[row, number[line]] = on_line
        for section in paths.path(tuple(hop.minutes_by_line), start, end):
            km[row, number[section.line_id]] += section.km
    return _Sections(lines, minutes, km, hops["median_min"].to_numpy(dtype=np.float64))


def _fit(sections: _Sections, form: str) -> dict[str, float]:
    """Return the number of every line that makes the absolute errors over the root of the minutes least.

    Least absolute errors by reweighted least squares (Schlossmacher 1973), so that single trains do not count.
    """
    measure, stop_min = FORMS[form]
    effect = sections.minutes if measure == "minutes" else sections.km / 100.0
    wanted = sections.observed_min - sections.minutes.sum(axis=1) - stop_min
    scale = 1.0 / np.sqrt(sections.observed_min)
    weight = np.ones(len(wanted))
    numbers = np.zeros(len(sections.lines))
    for _ in range(ROUNDS):
        row_weight = scale * weight
        numbers = np.linalg.lstsq(effect * row_weight[:, None], wanted * row_weight, rcond=None)[0]
        weight = 1.0 / np.sqrt(np.maximum(np.abs(wanted - effect @ numbers) * scale, SMALLEST_RESIDUAL))
    return dict(zip(sections.lines, numbers.tolist(), strict=True))


def _errors(sections: _Sections, form: str, numbers: Mapping[str, float]) -> NDArray[np.float64]:
    """Return modelled minus observed minutes of the sections all of whose lines have a number."""
    measure, stop_min = FORMS[form]
    effect = sections.minutes if measure == "minutes" else sections.km / 100.0
    unknown = np.array([line not in numbers for line in sections.lines])
    known = ~(sections.minutes[:, unknown] > 0).any(axis=1)
    by_line = np.array([numbers.get(line, 0.0) for line in sections.lines])
    modelled = sections.minutes.sum(axis=1) + stop_min + effect @ by_line
    errors: NDArray[np.float64] = (modelled - sections.observed_min)[known]
    return errors
