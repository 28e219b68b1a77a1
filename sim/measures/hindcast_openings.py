"""Stage 4l: published times of past years, and what every opening of a line changed - which must be its own doing only."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.measures.hindcast import check_columns
from sim.network.network import Network
from sim.times.rides import Rides, solve_rides
from sim.times.running_time import hop_times

__all__ = ["compare_published", "list_openings"]

PUBLISHED_COLUMNS = ("from_id", "to_id", "fastest_min", "year", "kind", "what", "source", "confidence")
CHANGED_MIN = 0.01  # minutes by which a pair must move to count as changed: above the noise of adding up


def compare_published(
    published: pd.DataFrame, network_of_year: Callable[[int], Network], *, max_changes: int = 3
) -> pd.DataFrame:
    """Return published times of trains that ran beside the fastest of the model in that year.

    Parameters
    ----------
    published: as `data/observed/published_times.csv`. Rows of kind `projection` are left out: they are of lines that do
        not run. `timetable` is a train that ran, `announced` what was said at an opening.
    network_of_year: the network at the end of a year.

    Returns
    -------
    DataFrame
        from_id, to_id, year, kind, published_min, modelled_min (the fastest direct train; without one the fastest
        journey with changes, without waits; NaN where there is none), error_min, direct (yes or no), what, source,
        confidence. None of these rows was used to fit.
    """
    check_columns(published, PUBLISHED_COLUMNS, "published times")
    ran = published[published["kind"] != "projection"].sort_values("year", kind="stable")
    rows = []
    for year, of_year in ran.groupby("year"):
        rides = _solve(network_of_year(int(year)), max_changes)
        known = {name: number for number, name in enumerate(rides.station_ids)}
        for row in of_year.to_dict("records"):
            served = row["from_id"] in known and row["to_id"] in known
            pair = (known[row["from_id"]], known[row["to_id"]]) if served else None
            direct = bool(pair and rides.has_direct[pair])
            minutes = float((rides.direct_rides if direct else rides).fastest_min[pair]) if pair else np.inf
            found = np.isfinite(minutes)
            rows.append(
                {
                    "from_id": row["from_id"],
                    "to_id": row["to_id"],
                    "year": row["year"],
                    "kind": row["kind"],
                    "published_min": float(row["fastest_min"]),
                    "modelled_min": minutes if found else np.nan,
                    "error_min": minutes - row["fastest_min"] if found else np.nan,
                    "direct": "yes" if direct else "no",
                    "what": row["what"],
                    "source": row["source"],
                    "confidence": row["confidence"],
                }
            )
    return pd.DataFrame(rows)


def list_openings(network: Network, first_day: str, last_day: str, *, max_changes: int = 3) -> pd.DataFrame:
    """Return what each day with an opening of lines changed for the fastest journeys, the day before against the day.

    Returns
    -------
    DataFrame
        opening_date, lines (new, or with a section that opened), pairs_new (no journey before), pairs_faster,
        pairs_slower, most_saved_min, most_saved_from, most_saved_to, pairs_changed_without_its_trains: pairs that still
        differ from the day before when the new trains over those lines are taken out again, 0 where the opening changes
        what it should and nothing else; services_ended and speeds_changed (lines) that day, which explain the others.
    """
    dated = pd.concat([frame[["opening_date", "line_id"]] for frame in (network.lines, network.line_stops)])
    inside = (dated["opening_date"] >= pd.Timestamp(first_day)) & (dated["opening_date"] <= pd.Timestamp(last_day))
    rows = []
    for day, opened in dated[inside].groupby("opening_date"):
        before, after = (network.as_of(date) for date in (day - pd.Timedelta(days=1), day))
        lines = list(dict.fromkeys(opened["line_id"]))
        without = _without_new_trains(after, before, set(lines))
        stations = tuple(sorted(set(before.service_stops["station_id"]) | set(after.service_stops["station_id"])))
        old, new, rest = (_solve(step, max_changes, stations).fastest_min for step in (before, after, without))
        rows.append(
            {"opening_date": day.date(), "lines": ";".join(lines)}
            | _effect(old, new, rest, stations)
            | {"services_ended": _count_ended(before, after), "speeds_changed": _speeds_changed(before, after)}
        )
    return pd.DataFrame(rows)


def _effect(
    old: npt.NDArray[np.float64], new: npt.NDArray[np.float64], rest: npt.NDArray[np.float64], stations: tuple[str, ...]
) -> dict[str, float | str]:
    """Return the pairs that changed between matrices of fastest minutes, inf where there is no journey."""
    both = np.isfinite(old) & np.isfinite(new)
    saved = np.where(both, np.where(both, old, 0.0) - np.where(both, new, 0.0), 0.0)
    slower = (saved < -CHANGED_MIN) | (np.isfinite(old) & ~np.isfinite(new))
    row, column = np.unravel_index(int(np.argmax(saved)), saved.shape)
    some = bool(saved[row, column] > CHANGED_MIN)
    return {
        "pairs_new": int((~np.isfinite(old) & np.isfinite(new)).sum()),
        "pairs_faster": int((saved > CHANGED_MIN).sum()),
        "pairs_slower": int(slower.sum()),
        "most_saved_min": float(saved[row, column]) if some else 0.0,
        "most_saved_from": stations[row] if some else "",
        "most_saved_to": stations[column] if some else "",
        "pairs_changed_without_its_trains": int(_differ(old, rest).sum()),
    }


def _count_ended(before: Network, after: Network) -> int:
    return len(set(before.services["service_id"]) - set(after.services["service_id"]))


def _speeds_changed(before: Network, after: Network) -> str:
    """Return the lines on which another speed is permitted than the day before, separated by `;`."""
    old, new = (network.lines.set_index("line_id")["speed_kmh"] for network in (before, after))
    both = [line for line in new.index if line in old.index]
    return ";".join(line for line in both if old[line] != new[line])


def _differ(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    both = np.isfinite(a) & np.isfinite(b)
    apart = np.abs(np.where(both, a, 0.0) - np.where(both, b, 0.0)) > CHANGED_MIN
    differ: npt.NDArray[np.bool_] = apart | (np.isfinite(a) != np.isfinite(b))
    return differ


def _without_new_trains(network: Network, before: Network, opened: set[str]) -> Network:
    """Return the network without the services over any of the lines that did not run before."""
    ran = network.services["service_id"].isin(set(before.services["service_id"]))
    over = network.services["lines"].map(lambda used: bool(opened.intersection(used))).astype(bool)
    services = network.services[ran | ~over].reset_index(drop=True)
    calls = network.service_stops
    kept = calls[calls["service_id"].isin(set(services["service_id"]))].reset_index(drop=True)
    return network.with_tables(services=services, service_stops=kept)


def _solve(network: Network, max_changes: int, stations: tuple[str, ...] | None = None) -> Rides:
    return solve_rides(
        network.services,
        network.service_stops,
        hop_times(network),
        network.changes,
        wait_rule="planned",
        max_changes=max_changes,
        station_ids=stations,
    )
