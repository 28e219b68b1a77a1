"""Stage 4i: direct trains against a timetable: fastest, typical, median and number, pair by pair.

    fastest   the fastest direct train of the model against that of the timetable
    typical   the expected ride over the direct trains worth boarding (common-lines rule) against the timetable's median
    median    the median over all direct trains of the model against the timetable's: like against like

`typical` is what the measures use; where slow trains are many nobody waits for one, so it lies below the median.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.measures.hindcast import FASTEST_GOAL, TYPICAL_GOAL, Group, check_columns, summarise_groups
from sim.network.network import Network
from sim.times.common_lines import DirectRides
from sim.times.rides import Rides, solve_rides
from sim.times.running_time import hop_times

__all__ = ["RideComparison", "compare_rides", "solve_direct", "summarise_rides"]

OBSERVED_COLUMNS = ("from_id", "to_id", "fastest_min", "median_min", "n_trains", "fastest_train")
DISTANCES_KM = (100.0, 200.0, 300.0)
READINGS = {
    "fastest": ("observed_fastest_min", "modelled_fastest_min", FASTEST_GOAL),
    "typical": ("observed_median_min", "modelled_typical_min", TYPICAL_GOAL),
    "median": ("observed_median_min", "modelled_median_min", TYPICAL_GOAL),
}


@dataclass(frozen=True)
class RideComparison:
    """The direct trains of a network against those of a timetable.

    Attributes
    ----------
    pairs: one row per observed pair: from_id, to_id, observed_fastest_min, modelled_fastest_min, error_min,
        observed_median_min, modelled_typical_min, typical_error_min, modelled_median_min, median_error_min,
        observed_trains, modelled_trains (a day), km (of the fastest train's way), both_main (yes or no),
        observed_train (name of the fastest), modelled_service (the fastest). Errors are modelled minus observed;
        NaN where the model has no direct train.
    rides, hops: what the modelled minutes were read from; `hops` as `hop_times`.
    """

    pairs: pd.DataFrame
    rides: Rides
    hops: pd.DataFrame

    @property
    def direct(self) -> DirectRides:
        """The direct trains of every pair."""
        return self.rides.direct_rides

    def fastest_option(self, from_id: str, to_id: str) -> int:
        """Return the number of the fastest direct option of a pair; the pair must have one."""
        known = self.rides.station_ids
        return int(self.direct.options(known.index(from_id), known.index(to_id), "fastest")[0])


def solve_direct(network: Network, *, hops: pd.DataFrame | None = None) -> Rides:
    """Return the direct rides of a network as of a date; no changes of train are looked for."""
    times = hop_times(network) if hops is None else hops
    return solve_rides(
        network.services, network.service_stops, times, network.changes, wait_rule="half_headway", max_changes=0
    )


def compare_rides(network: Network, observed: pd.DataFrame) -> RideComparison:
    """Return the direct trains of a network as of a timetable's day against the pairs of that timetable.

    Parameters
    ----------
    observed: as `data/observed/station_times_2016.csv`.

    Raises
    ------
    InputError: a column is missing in `observed`.
    """
    check_columns(observed, OBSERVED_COLUMNS, "station times")
    hops = hop_times(network)
    rides = solve_direct(network, hops=hops)
    start, end, known = _indices(rides.station_ids, observed)
    pairs = pd.DataFrame(
        {
            "from_id": observed["from_id"],
            "to_id": observed["to_id"],
            "observed_fastest_min": observed["fastest_min"].astype("float64"),
            "modelled_fastest_min": _read(rides.direct_rides.fastest_min, start, end, known),
        }
    )
    pairs["error_min"] = pairs["modelled_fastest_min"] - pairs["observed_fastest_min"]
    pairs["observed_median_min"] = observed["median_min"].astype("float64")
    pairs["modelled_typical_min"] = _read(rides.mean_direct_min, start, end, known)
    pairs["typical_error_min"] = pairs["modelled_typical_min"] - pairs["observed_median_min"]
    pairs["observed_trains"] = observed["n_trains"].astype("float64")
    options = [_all_direct(rides.direct_rides, a, b) if k else None for a, b, k in zip(start, end, known, strict=True)]
    pairs["modelled_trains"] = [found.trains if found else 0.0 for found in options]
    pairs["km"] = _way_km(rides.direct_rides, hops, [found.fastest if found else None for found in options])
    pairs["modelled_median_min"] = [found.median_min if found else np.nan for found in options]
    pairs["median_error_min"] = pairs["modelled_median_min"] - pairs["observed_median_min"]
    mains = set(network.stations.loc[network.stations["rank"] == "main", "station_id"])
    both = observed["from_id"].isin(mains) & observed["to_id"].isin(mains)
    pairs["both_main"] = np.where(both, "yes", "no")
    pairs["observed_train"] = observed["fastest_train"]
    runs = rides.direct_rides.runs
    pairs["modelled_service"] = [
        runs.service_ids[rides.direct_rides.option_run[found.fastest]] if found else "" for found in options
    ]
    return RideComparison(pairs.reset_index(drop=True), rides, hops)


@dataclass(frozen=True)
class _Direct:
    """All direct trains of a pair: the number of the fastest option, trains a day, median minutes."""

    fastest: int
    trains: float
    median_min: float


def _indices(
    station_ids: tuple[str, ...], observed: pd.DataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the indices of both ends (0 where a station has no trains) and whether both ends have trains."""
    number = {name: position for position, name in enumerate(station_ids)}
    start, end = (observed[name].map(number) for name in ("from_id", "to_id"))
    known = (start.notna() & end.notna()).to_numpy()
    return start.fillna(0).to_numpy(dtype=np.int64), end.fillna(0).to_numpy(dtype=np.int64), known


def _read(
    minutes: npt.NDArray[np.float64],
    start: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
    known: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Return minutes of pairs, NaN where there is no train."""
    values = np.where(known, minutes[start, end], np.inf)
    return np.where(np.isfinite(values), values, np.nan)


def _all_direct(direct: DirectRides, start: int, end: int) -> _Direct | None:
    pair = start * len(direct.runs.station_ids) + end
    chosen = slice(int(direct.pair_start[pair]), int(direct.pair_start[pair + 1]))
    minutes = direct.option_min[chosen]
    if not len(minutes):
        return None
    trains = direct.runs.trains_per_day[direct.option_run[chosen]]
    return _Direct(chosen.start, float(trains.sum()), weighted_median(minutes, trains))


def weighted_median(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> float:
    """Return the median of values that stand for `weights` items each.

    10 twice and 20 twice: 15, as of the four items one by one. 10 once and 20 twice: 20.
    """
    order = np.argsort(values, kind="stable")
    values, share = values[order], np.cumsum(weights[order]) / weights.sum()
    lower = int(np.searchsorted(share, 0.5 - 1e-9))
    upper = int(np.searchsorted(share, 0.5 + 1e-9))
    return float(values[lower] + values[upper]) / 2.0


def _way_km(direct: DirectRides, hops: pd.DataFrame, options: list[int | None]) -> list[float]:
    """Return the kilometres of the way of direct options, NaN where there is none."""
    lengths = {(service, frozenset((a, b))): km for service, a, b, km in hops[_HOP_KEY].itertuples(index=False)}
    runs = direct.runs
    km_after = np.zeros(len(runs.station))  # from the first call of its run
    for run, service in enumerate(runs.service_ids):
        for call in range(int(runs.first_call[run]) + 1, int(runs.first_call[run + 1])):
            ends = frozenset(runs.station_ids[runs.station[c]] for c in (call - 1, call))
            km_after[call] = km_after[call - 1] + lengths[service, ends]
    return [
        np.nan
        if option is None
        else float(km_after[direct.option_alight[option]] - km_after[direct.option_board[option]])
        for option in options
    ]


_HOP_KEY = ["service_id", "from_id", "to_id", "km"]


def summarise_rides(comparison: RideComparison) -> pd.DataFrame:
    """Return the errors of all pairs, of those between main stations, by distance and by line.

    A pair belongs to every line that its fastest train of the model uses. Columns: scope, group, reading, then those of
    `summarise_errors`.
    """
    pairs = comparison.pairs
    lines = _lines_of(comparison)
    everywhere = pd.Series(data=True, index=pairs.index)
    groups = []
    for scope, inside in (("all stations", everywhere), ("main stations", pairs["both_main"] == "yes")):
        groups.append(Group(scope, "all", inside))
        groups += [Group(scope, f"over {km:g} km", inside & (pairs["km"] > km)) for km in DISTANCES_KM]
        used = sorted({line for of_pair in lines[inside] for line in of_pair})
        groups += [Group(scope, f"line {line}", inside & lines.map(lambda of, ln=line: ln in of)) for line in used]
    return summarise_groups(pairs, groups, READINGS)


def _lines_of(comparison: RideComparison) -> "pd.Series[object]":
    """Return the lines that the fastest direct train of each pair uses, () where there is none."""
    direct, pairs = comparison.direct, comparison.pairs
    found: list[tuple[str, ...]] = []
    for from_id, to_id, service in pairs[["from_id", "to_id", "modelled_service"]].itertuples(index=False):
        if not service:
            found.append(())
            continue
        option = comparison.fastest_option(from_id, to_id)
        found.append(direct.runs.lines_between(int(direct.option_board[option]), int(direct.option_alight[option])))
    return pd.Series(found, index=pairs.index, dtype=object)
