"""Stage 4k: minutes from stop to stop against a timetable, and the check out of sample: fitted to one, tested on another."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sim.measures.hindcast import (
    FASTEST_GOAL,
    TIMETABLE_DATES,
    TYPICAL_GOAL,
    check_columns,
    keep_calibration_of,
    summarise_errors,
)
from sim.measures.hindcast_rail import compare_rides, weighted_median
from sim.network.network import Network
from sim.times.running_time import hop_times

__all__ = ["check_out_of_sample", "compare_sections"]

OBSERVED_COLUMNS = ("from_id", "to_id", "median_min", "n_trains")


def compare_sections(
    network: Network, section_times: pd.DataFrame, *, hops: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the minutes of sections from stop to stop, modelled against observed medians over all trains.

    Columns: from_id, to_id, lines (of the section's most frequent way), km, technical_min, observed_min, modelled_min,
    error_min (modelled minus observed), observed_trains, modelled_trains. Sections that no service of the network runs
    without a stop between are left out.
    """
    check_columns(section_times, OBSERVED_COLUMNS, "section times")
    times = hop_times(network) if hops is None else hops
    modelled = _median_hops(network, times)
    observed = section_times[list(OBSERVED_COLUMNS)].rename(
        columns={"median_min": "observed_min", "n_trains": "observed_trains"}
    )
    both = observed.merge(modelled, on=["from_id", "to_id"], how="inner")
    both["error_min"] = both["modelled_min"] - both["observed_min"]
    order = ["from_id", "to_id", "lines", "km", "technical_min", "observed_min", "modelled_min", "error_min"]
    return both[[*order, "observed_trains", "modelled_trains"]]


def _median_hops(network: Network, hops: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair of stations run without a stop between, with the median run over its trains."""
    trains = network.services.set_index("service_id")[["trains_per_day", "both_directions"]]
    there = hops.join(trains, on="service_id")
    back = there[there["both_directions"] == "yes"].rename(columns={"from_id": "to_id", "to_id": "from_id"})
    rows = []
    for (from_id, to_id), group in pd.concat([there, back]).groupby(["from_id", "to_id"]):
        weights = group["trains_per_day"].to_numpy()
        most = group.iloc[int(np.argmax(weights))]
        rows.append(
            {
                "from_id": from_id,
                "to_id": to_id,
                "lines": most["lines"],
                "km": most["km"],
                "technical_min": weighted_median(group["technical_min"].to_numpy(), weights),
                "modelled_min": weighted_median(group["run_min"].to_numpy(), weights),
                "modelled_trains": float(weights.sum()),
            }
        )
    return pd.DataFrame(rows)


def check_out_of_sample(
    network: Network, section_times: Mapping[int, pd.DataFrame], station_times: pd.DataFrame
) -> pd.DataFrame:
    """Return how well supplements fitted to one timetable give the minutes of each timetable.

    Parameters
    ----------
    network: without a date.
    section_times: timetable year to its sections from stop to stop.
    station_times: the direct trains of the timetable of 2016.

    Returns
    -------
    DataFrame
        fitted_on, tested_on (years), test (sections; fastest; typical), lines (`own number` where every line of the
        section has been fitted to that timetable, `by class` where one takes its reference class, `all`), n,
        median_error_min, median_abs_error_min, p90_abs_error_min, share_within and its tolerance. Rows with
        fitted_on = tested_on are in sample.
    """
    rows: list[dict[str, float | str]] = []
    for fitted_on in section_times:
        fitted_lines = set(network.calibration.loc[network.calibration["year"] == fitted_on, "line_id"])
        for tested_on, observed in section_times.items():
            fitted = keep_calibration_of(network.as_of(TIMETABLE_DATES[tested_on]), fitted_on)
            years: dict[str, float | str] = {"fitted_on": fitted_on, "tested_on": tested_on}
            sections = compare_sections(fitted, observed)
            own = sections["lines"].map(lambda lines, known=fitted_lines: set(lines.split(";")) <= known)
            for kind, part in (("all", sections), ("own number", sections[own]), ("by class", sections[~own])):
                if len(part):
                    rows.append(years | {"test": "sections", "lines": kind} | _section_figures(part))
            if tested_on == 2016:
                rows += [years | row for row in _pair_figures(fitted, station_times)]
    return pd.DataFrame(rows)


def _section_figures(sections: pd.DataFrame) -> dict[str, float | str]:
    error = sections["error_min"]
    return {
        "n": len(error),
        "median_error_min": float(error.median()),
        "median_abs_error_min": float(error.abs().median()),
        "p90_abs_error_min": float(error.abs().quantile(0.9)),
        "share_within": float((error.abs() <= 2.0).mean()),
        "tolerance": "2 min",
    }


def _pair_figures(network: Network, station_times: pd.DataFrame) -> list[dict[str, float | str]]:
    pairs = compare_rides(network, station_times).pairs
    main = pairs[pairs["both_main"] == "yes"]
    rows = []
    for test, observed, modelled, goal in (
        ("fastest, main stations", "observed_fastest_min", "modelled_fastest_min", FASTEST_GOAL),
        ("typical, main stations", "observed_median_min", "modelled_typical_min", TYPICAL_GOAL),
    ):
        found = summarise_errors(main[observed], main[modelled], goal)
        error = (main[modelled] - main[observed]).abs()
        chosen = {name: found[name] for name in ("n", "median_error_min", "median_abs_error_min")}
        rows.append(
            {"test": test, "lines": "all", **chosen, "p90_abs_error_min": float(error.fillna(np.inf).quantile(0.9))}
            | {"share_within": found["share_within"], "tolerance": found["tolerance"]}
        )
    return rows
