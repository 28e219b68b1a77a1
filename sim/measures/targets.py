"""Stage 4c: is a circle closed? Every target is judged in four readings, because no plan says which one it means.

    station_fastest    in the train, the fastest service between the main stations of both ends
    station_service    typical minutes in the train and the expected wait, between the same stations
    centre_to_centre   from municipal government seat to seat, by rail with access and egress or by road
    door_to_door       all people of both ends: the minutes within which the required share of pairs of people is

The required share is the 95 % that Zhejiang sets for its own one-hour circles (comprehensive transport plan to 2025).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
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
)
TARGET_CITY_COLUMNS = ("target", "reading", "to_id", "value_min", "met", "slack_min", "binding_leg", "population")


class Target(Declared):
    """One target of a plan, as stated in study.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    name_en: str
    from_: str = Field(alias="from")
    to: tuple[str, ...] = ()
    to_set: str = ""
    limit_min: float = Field(gt=0, le=1440)
    due: tuple[int, ...] = ()
    required_share: float = Field(0.95, gt=0, le=1)
    readings: tuple[str, ...] = READINGS
    source: str
    date: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _one_destination(self) -> "Target":
        if bool(self.to) == bool(self.to_set):
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
    rides: Rides, main_stations: Mapping[str, Sequence[str]], from_id: str, to_ids: Sequence[str]
) -> pd.DataFrame:
    """Return the two readings between the main stations of two cities, the best pair of stations in each.

    Returns
    -------
    DataFrame: to_id, station_fastest, fastest_leg, station_service, service_leg; NaN and "no_train" where there is none.
    """
    index = {station: k for k, station in enumerate(rides.station_ids)}
    rows = []
    for to_id in to_ids:
        fastest, service, leg = np.inf, np.inf, "no_train"
        for a in main_stations.get(from_id, ()):
            for b in main_stations.get(to_id, ()):
                if a == b or a not in index or b not in index:
                    continue
                i, j = index[a], index[b]
                fastest = min(fastest, _finite(rides.fastest_min[i, j]))
                if _finite(rides.total_min[i, j]) < service:
                    service = float(rides.total_min[i, j])
                    parts = {"wait": rides.wait_min[i, j], "ride": rides.typical_min[i, j]}
                    parts["change"] = rides.change_min[i, j]
                    leg = max(parts, key=lambda name: float(parts[name]))
        rows.append(
            {
                "to_id": to_id,
                "station_fastest": fastest if np.isfinite(fastest) else np.nan,
                "fastest_leg": "ride" if np.isfinite(fastest) else "no_train",
                "station_service": service if np.isfinite(service) else np.nan,
                "service_leg": leg,
            }
        )
    return pd.DataFrame(rows)


def judge_targets(targets: Mapping[str, Target], evidence: Mapping[str, Evidence]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the verdicts (columns `TARGET_COLUMNS`) and, behind them, each destination (`TARGET_CITY_COLUMNS`).

    A target with several destinations is met when every one of them is; its value is that of the worst, NaN when one
    cannot be reached at all. In the door-to-door reading the value is the minutes within which the required share of
    all pairs of people is.

    Parameters
    ----------
    evidence : by target id.
    """
    verdicts: list[dict[str, Any]] = []
    details: list[pd.DataFrame] = []
    for target_id, target in targets.items():
        for reading in target.readings:
            cities = _judge_cities(target, reading, evidence[target_id])
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
    rows = []
    for (target, reading), group in verdicts.groupby(["target", "reading"], sort=False):
        met = group[group["met"]].sort_values("year", kind="stable")
        rows.append(
            {
                "target": target,
                "reading": reading,
                "first_year": int(met["year"].iloc[0]) if len(met) else pd.NA,
                "first_scenario": met["scenario"].iloc[0] if len(met) else "",
                "best_value_min": group["value_min"].min(),
                "limit_min": group["limit_min"].iloc[0],
            }
        )
    return pd.DataFrame(rows)


def _judge_cities(target: Target, reading: str, evidence: Evidence) -> pd.DataFrame:
    """Return one row per destination: to_id, value_min, met, slack_min, binding_leg, population."""
    rows = []
    stations = evidence.stations.set_index("to_id")
    times = evidence.city_times.set_index("to_id")
    for to_id in stations.index:
        if reading == "station_fastest":
            value, leg = stations.loc[to_id, "station_fastest"], stations.loc[to_id, "fastest_leg"]
        elif reading == "station_service":
            value, leg = stations.loc[to_id, "station_service"], stations.loc[to_id, "service_leg"]
        elif reading == "centre_to_centre":
            value, leg = times.loc[to_id, "best_min"], _longest_leg(times.loc[to_id])
        else:
            assert evidence.pairs is not None  # gathered whenever the reading is asked for
            part = evidence.pairs.of([to_id])
            quantile = part.quantile(target.required_share)
            value, leg = (quantile if np.isfinite(quantile) else np.nan), part.binding_leg()
        rows.append(
            {
                "reading": reading,
                "to_id": to_id,
                "value_min": float(value),
                "met": bool(value <= target.limit_min),
                "slack_min": target.limit_min - float(value),
                "binding_leg": leg,
                "population": evidence.population[to_id],
            }
        )
    return pd.DataFrame(rows)


def _sum_up(target_id: str, target: Target, reading: str, cities: pd.DataFrame, evidence: Evidence) -> dict[str, Any]:
    """Return the verdict over all destinations of a target in one reading."""
    if reading == "door_to_door":
        assert evidence.pairs is not None
        quantile = evidence.pairs.quantile(target.required_share)
        value = quantile if np.isfinite(quantile) else float("nan")
        leg, share = evidence.pairs.binding_leg(), evidence.pairs.share_within(target.limit_min)
    else:
        unreached = cities[cities["value_min"].isna()]
        worst = unreached.iloc[0] if len(unreached) else cities.loc[cities["value_min"].idxmax()]
        value, leg = float(worst["value_min"]), worst["binding_leg"]
        share = cities.loc[cities["met"], "population"].sum() / cities["population"].sum()
    return {
        "target": target_id,
        "reading": reading,
        "value_min": value,
        "limit_min": target.limit_min,
        "met": bool(value <= target.limit_min),
        "slack_min": target.limit_min - value,
        "binding_leg": leg,
        "share_of_population": float(share),
    }


def _longest_leg(times: "pd.Series[Any]") -> str:
    if times["mode"] != "rail":
        return "road" if times["mode"] == "road" else "no_way"
    return max(LEGS, key=lambda leg: float(times[f"{leg}_min"]))


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else float("inf")
