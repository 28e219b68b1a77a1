"""Stage 4c: is a circle closed? Every target is judged in four readings, because no plan says which one it means.

    station_fastest    in the train, the fastest service between the main stations of both ends
    station_service    typical minutes in the train and the expected wait, between the same stations
    centre_to_centre   from municipal government seat to seat, by rail with access and egress or by road
    door_to_door       all people of both ends: the minutes within which the required share of pairs of people is

The required share is the 95 % that Zhejiang sets for its own one-hour circles (comprehensive transport plan to 2025).
A circle is met when every destination is within the limit, or, where its plan says so, when destinations that hold the
required share of the people are (`met_when = "share"`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ConfigDict, Field, model_validator

from sim.network.toml_files import Declared
from sim.times.door_to_door import LEGS, PairMinutes
from sim.times.rides import Rides

__all__ = [
    "READINGS",
    "TARGET_CITY_COLUMNS",
    "TARGET_COLUMNS",
    "Evidence",
    "Target",
    "judge_targets",
    "list_failing",
    "name_first_year_met",
    "station_readings",
]

READINGS = ("station_fastest", "station_service", "centre_to_centre", "door_to_door")
TARGET_COLUMNS = (
    "target",
    "reading",
    "value_min",
    "limit_min",
    "met",
    "slack_min",
    "binding_leg",
    "share_of_population",
    "worst_id",
    "worst_min",
)
TARGET_CITY_COLUMNS = (
    "target",
    "reading",
    "from_id",
    "to_id",
    "value_min",
    "met",
    "slack_min",
    "binding_leg",
    "population",
)
ToKind = Literal["cities", "counties", "own_counties"]


class Target(Declared):
    """One target of a plan, as stated in study.toml.

    It runs from a city to cities or to counties (`to_kind`), or, with `own_counties`, from each city of `from_set` to the
    counties of that city.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    name_en: str
    from_: str = Field("", alias="from")
    from_set: str = ""
    to: tuple[str, ...] = ()
    to_set: str = ""
    to_kind: ToKind = "cities"
    limit_min: float = Field(gt=0, le=1440)
    due: tuple[int, ...] = ()
    met_when: Literal["every", "share"] = "every"
    required_share: float = Field(0.95, gt=0, le=1)
    readings: tuple[str, ...] = READINGS
    source: str
    date: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _one_destination(self) -> "Target":
        if self.to_kind == "own_counties":
            if not self.from_set or self.from_ or self.to or self.to_set:
                raise ValueError("to_kind = 'own_counties' takes from_set = a city set, and no from, to or to_set")
        elif self.from_set or not self.from_:
            raise ValueError("state from = a city; from_set goes with to_kind = 'own_counties' only")
        elif bool(self.to) == bool(self.to_set):
            raise ValueError("state either to = [places] or to_set = a city set, not both and not none")
        unknown = [reading for reading in self.readings if reading not in READINGS]
        if unknown:
            raise ValueError(f"unknown reading '{unknown[0]}'; allowed are {', '.join(READINGS)}")
        return self


@dataclass(frozen=True)
class Evidence:
    """What a target is judged by, for one origin.

    Attributes
    ----------
    stations : one row per destination: to_id, station_fastest, station_service (minutes, NaN = no train) and the leg
        that eats most in each (`station_readings`).
    city_times : rows of city_times.csv that leave the origin.
    pairs : pairs of people by minutes, by destination; None when no reading asks for them.
    population : people of each destination.
    """

    stations: pd.DataFrame
    city_times: pd.DataFrame
    pairs: PairMinutes | None
    population: Mapping[str, float]


def station_readings(
    rides: Rides, stations_of: Mapping[str, Sequence[str]], from_id: str, to_ids: Sequence[str]
) -> pd.DataFrame:
    """Return the two readings between the stations of an origin and of each destination, the best pair in each.

    Parameters
    ----------
    stations_of : station ids by city or county: where its journeys begin and end. A station of both ends makes 0 minutes.

    Returns
    -------
    DataFrame: to_id, station_fastest, fastest_leg, station_service, service_leg; NaN and "no_train" where there is none.
    """
    index = {station: k for k, station in enumerate(rides.station_ids)}
    nodes = {key: [index[s] for s in stations_of.get(key, ()) if s in index] for key in (from_id, *to_ids)}
    rows = []
    for to_id in to_ids:
        fastest, service, leg = _best_pair(rides, nodes[from_id], nodes[to_id])
        rows.append(
            {
                "to_id": to_id,
                "station_fastest": fastest,
                "fastest_leg": "no_train" if np.isnan(fastest) else "ride",
                "station_service": service,
                "service_leg": leg,
            }
        )
    return pd.DataFrame(rows)


def _best_pair(rides: Rides, starts: Sequence[int], ends: Sequence[int]) -> tuple[float, float, str]:
    """Return the fastest minutes, the fewest typical minutes with their wait (NaN: none), and the longest leg of those."""
    if set(starts) & set(ends):
        return 0.0, 0.0, "ride"
    between = np.ix_(starts, ends)
    fastest_min, total_min = (_or_inf(minutes[between]) for minutes in (rides.fastest_min, rides.total_min))
    service_min, leg = total_min.min(initial=np.inf), "no_train"
    if np.isfinite(service_min):
        row, column = np.unravel_index(int(total_min.argmin()), total_min.shape)
        pair = starts[int(row)], ends[int(column)]
        parts = {"wait": rides.wait_min[pair], "ride": rides.typical_min[pair], "change": rides.change_min[pair]}
        leg = max(parts, key=lambda name: float(parts[name]))
    return _or_nan(fastest_min.min(initial=np.inf)), _or_nan(service_min), leg


def judge_targets(targets: Mapping[str, Target], evidence: Mapping[str, Evidence]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the verdicts (columns `TARGET_COLUMNS`) and, behind them, each destination (`TARGET_CITY_COLUMNS`).

    A target with several destinations is met when every one of them is; its value is that of the worst, NaN when one
    cannot be reached at all. With `met_when = "share"` its value is the minutes within which destinations with the
    required share of the people are. In the door-to-door reading the value is the minutes within which the required
    share of all pairs of people is. worst_id and worst_min name the destination that is farthest, of those that are not reached
    at all the first, with NaN.

    Parameters
    ----------
    evidence : by target id.
    """
    verdicts: list[dict[str, Any]] = []
    details: list[pd.DataFrame] = []
    for target_id, target in targets.items():
        times = evidence[target_id].city_times.set_index("to_id").loc[evidence[target_id].stations["to_id"]]
        for reading in target.readings:
            cities = _judge_cities(target, reading, evidence[target_id], times)
            cities.insert(0, "target", target_id)
            details.append(cities)
            verdicts.append(_sum_up(target_id, target, reading, cities, evidence[target_id]))
    cities = pd.concat(details, ignore_index=True) if details else pd.DataFrame(columns=list(TARGET_CITY_COLUMNS))
    return pd.DataFrame(verdicts, columns=list(TARGET_COLUMNS)), cities[list(TARGET_CITY_COLUMNS)]


def name_first_year_met(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return for each target and reading the first scenario in which it is met, and its year.

    Parameters
    ----------
    verdicts : the verdicts of all scenarios with columns scenario and year besides `TARGET_COLUMNS`.

    Returns
    -------
    DataFrame: target, reading, first_year, first_scenario (empty where it is met in none), best_value_min, limit_min.
    """
    keys = ["target", "reading"]
    met = verdicts[verdicts["met"]].sort_values("year", kind="stable").drop_duplicates(keys).set_index(keys)
    table = verdicts.groupby(keys, sort=False, as_index=False).agg(
        best_value_min=("value_min", "min"), limit_min=("limit_min", "first")
    )
    first = met.reindex(pd.MultiIndex.from_frame(table[keys]))
    table.insert(2, "first_year", first["year"].astype("Int64").array)
    table.insert(3, "first_scenario", first["scenario"].fillna("").to_numpy())
    return table


def list_failing(cities: pd.DataFrame) -> pd.DataFrame:
    """Return for each target and reading the destinations that fail and the worst of them.

    Parameters
    ----------
    cities : columns `TARGET_CITY_COLUMNS`, and scenario and year when there are several.

    Returns
    -------
    DataFrame: (scenario, year,) target, reading, number, number_failing, worst_id, worst_min (NaN: it is not reached),
    failing (ids, the worst first).
    """
    keys = [name for name in ("scenario", "year", "target", "reading") if name in cities]
    groups = cities.groupby(keys, sort=False).ngroup().to_numpy()
    ordered = cities.iloc[_order_by_worst(cities["value_min"].to_numpy(), groups)]
    first = np.flatnonzero(np.diff(np.sort(groups), prepend=-1))
    to_ids, failing = ordered["to_id"].to_numpy(), ~ordered["met"].to_numpy(dtype=np.bool_)
    parts = [slice(begin, end) for begin, end in zip(first, [*first[1:], len(ordered)], strict=True)]
    return (
        ordered.iloc[first][keys]
        .assign(
            number=[part.stop - part.start for part in parts],
            number_failing=[int(failing[part].sum()) for part in parts],
            worst_id=to_ids[first],
            worst_min=ordered["value_min"].to_numpy()[first],
            failing=[";".join(to_ids[part][failing[part]]) for part in parts],
        )
        .reset_index(drop=True)
    )


def _judge_cities(target: Target, reading: str, evidence: Evidence, times: pd.DataFrame) -> pd.DataFrame:
    """Return one row per destination: to_id, value_min, met, slack_min, binding_leg, population.

    ``times`` : rows of city_times.csv in the order of the destinations.
    """
    stations, to_ids = evidence.stations, list(evidence.stations["to_id"])
    if reading == "station_fastest":
        values, legs = stations["station_fastest"].to_numpy(), list(stations["fastest_leg"])
    elif reading == "station_service":
        values, legs = stations["station_service"].to_numpy(), list(stations["service_leg"])
    elif reading == "centre_to_centre":
        values, legs = times["best_min"].to_numpy(), _longest_legs(times)
    else:
        assert evidence.pairs is not None  # gathered whenever the reading is asked for
        parts = [evidence.pairs.of([to_id]) for to_id in to_ids]
        quantiles = np.array([part.quantile(target.required_share) for part in parts])
        values, legs = np.where(np.isfinite(quantiles), quantiles, np.nan), [part.binding_leg() for part in parts]
    return pd.DataFrame(
        {
            "reading": reading,
            "from_id": list(times["from_id"]),
            "to_id": to_ids,
            "value_min": values.astype(np.float64),
            "met": values <= target.limit_min,
            "slack_min": target.limit_min - values,
            "binding_leg": legs,
            "population": [evidence.population[to_id] for to_id in to_ids],
        }
    )


def _sum_up(target_id: str, target: Target, reading: str, cities: pd.DataFrame, evidence: Evidence) -> dict[str, Any]:
    """Return the verdict over all destinations of a target in one reading."""
    if reading == "door_to_door":
        assert evidence.pairs is not None
        quantile = evidence.pairs.quantile(target.required_share)
        value = quantile if np.isfinite(quantile) else float("nan")
        leg, share = evidence.pairs.binding_leg(), evidence.pairs.share_within(target.limit_min)
    else:
        binding = _binding_destination(cities, target)
        value, leg = float(cities["value_min"].iloc[binding]), cities["binding_leg"].iloc[binding]
        share = cities.loc[cities["met"], "population"].sum() / cities["population"].sum()
    worst = int(_order_by_worst(cities["value_min"].to_numpy())[0])
    return {
        "target": target_id,
        "reading": reading,
        "value_min": value,
        "limit_min": target.limit_min,
        "met": bool(value <= target.limit_min),
        "slack_min": target.limit_min - value,
        "binding_leg": leg,
        "share_of_population": float(share),
        "worst_id": cities["to_id"].iloc[worst],
        "worst_min": float(cities["value_min"].iloc[worst]),
    }


def _order_by_worst(
    minutes: npt.NDArray[np.float64], groups: npt.NDArray[np.int64] | None = None
) -> npt.NDArray[np.int64]:
    """Return the order of destinations with the farthest first, before them those not reached (NaN); group by group."""
    farthest_first = -np.where(np.isnan(minutes), np.inf, minutes)
    return np.lexsort((farthest_first,) if groups is None else (farthest_first, groups))


def _binding_destination(cities: pd.DataFrame, target: Target) -> int:
    """Return the row of the destination that decides: the worst, or the one with which the required share is reached.

    Of 50, 30 and 20 people at 10, 20 and 30 minutes, four fifths are reached with the second.
    """
    order = np.argsort(cities["value_min"].to_numpy(), kind="stable")  # NaN comes last
    if target.met_when == "every":
        return int(order[-1])
    people = cities["population"].to_numpy(dtype=np.float64)[order]
    return int(order[np.searchsorted(people.cumsum() / people.sum(), target.required_share - 1e-9)])


def _longest_legs(times: pd.DataFrame) -> list[str]:
    """Return the leg that takes longest of each journey by rail, "road" or "no_way" for the others."""
    longest = times[[f"{leg}_min" for leg in LEGS]].to_numpy(dtype=np.float64).argmax(axis=1)
    others = {"road": "road"}
    return [
        LEGS[k] if mode == "rail" else others.get(mode, "no_way")
        for mode, k in zip(times["mode"], longest, strict=True)
    ]


def _or_inf(minutes: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.where(np.isfinite(minutes), minutes, np.inf)


def _or_nan(minutes: float) -> float:
    return float(minutes) if np.isfinite(minutes) else float("nan")
