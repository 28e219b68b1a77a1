"""Stage 4m: official claims beside the model's minutes, and claims beside what lines that opened delivered.

A claim is compared with the reading of the model that its own definition means: a train between named stations with the
fastest train (or the typical one and its wait), a drive with the road minutes between seats. Where a claim defines nothing,
it is compared with the most favourable reading, so that none is called optimistic for want of a definition.

It is impossible when no train or car can keep to it: below the technical running time of a train that stops nowhere and has
no reserve, on the lines of the claim's year and projects; or above the legal speed limit over the stated length or, where none
is stated, the straight distance. Of a claim about other stations than those compared (`ends = other_stations`) that is never
said. Nothing of the model is fitted to any of these figures.
"""

from collections.abc import Callable, Collection, Iterable
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyproj

from sim.errors import InputError, did_you_mean
from sim.measures.journey_times import seat_nodes, times_between
from sim.network.network import Network
from sim.region.region import Region
from sim.times.door_to_door import DoorToDoor
from sim.times.running_time import HopModel

__all__ = [
    "CLAIM_COLUMNS",
    "DELIVERY_COLUMNS",
    "audit_claims",
    "check_claims",
    "compare_deliveries",
    "least_rail_minutes",
    "median_ratio",
    "read_claims",
    "read_deliveries",
]

LEGAL_LIMIT_KMH = 120.0
"""Highest speed limit on Chinese motorways (road traffic safety regulation, Art. 78)."""
TOLERANCE = {"rail": (3.0, 0.05), "road": (10.0, 0.10)}
"""A claim agrees within so many minutes or such a share of the model's, whichever is more: what the hindcast of trains leaves
for 98 % of pairs, and of drives for most."""
CHOICES = {
    "mode": ("rail", "road"),
    "bound": ("about", "at_most"),
    "ends": ("stations", "other_stations", "centres", "not_stated"),
    "stopping": ("non_stop", "express", "fastest", "typical", "not_stated", ""),
    "kind": ("target", "projection", "option", "opened", "before"),
    "confidence": ("high", "medium", "low", "guess"),
    "comparable": ("yes", "partly"),
}
CLAIM_COLUMNS = (
    *("claim_id", "system", "words", "from_place", "to_place", "from_station", "to_station", "mode", "claimed_min"),
    *(
        "claimed_high_min",
        "bound",
        "ends",
        "stopping",
        "year",
        "projects",
        "length_km",
        "sea_km",
        "cost_100m_cny",
        "kind",
    ),
    *("source", "date", "confidence", "note"),
)
DELIVERY_COLUMNS = (
    *("delivery_id", "line", "from_id", "to_id", "claimed_min", "claim_source", "claim_date", "delivered_min"),
    *("delivered_high_min", "delivered_source", "delivered_date", "comparable", "confidence", "note"),
)
NUMBERS = (
    *("claimed_min", "claimed_high_min", "year", "length_km", "sea_km", "cost_100m_cny"),
    *("delivered_min", "delivered_high_min"),
)
NEEDED = ("claimed_min", "year", "delivered_min")


class Modelled(Protocol):
    """What a claim is compared with: the model of one scenario."""

    @property
    def travel(self) -> DoorToDoor:
        """Door-to-door model."""

    @property
    def network(self) -> Network:
        """Network of the scenario."""


def read_claims(path: Path) -> pd.DataFrame:
    """Return claims.csv, columns `CLAIM_COLUMNS`; `projects` as tuples of ids.

    Raises
    ------
    InputError: with everything that is wrong with the file.
    """
    claims = _read(path, CLAIM_COLUMNS, "claim_id")
    return claims.assign(projects=[tuple(filter(None, text.split(";"))) for text in claims["projects"]])


def read_deliveries(path: Path) -> pd.DataFrame:
    """Return deliveries.csv, columns `DELIVERY_COLUMNS`.

    Raises
    ------
    InputError: with everything that is wrong with the file.
    """
    return _read(path, DELIVERY_COLUMNS, "delivery_id")


def check_claims(
    claims: pd.DataFrame, region: Region, stations: Collection[str], projects: Collection[str]
) -> list[str]:
    """Return a sentence for each place, station or project that a claim names and that there is not, or that it lacks."""
    known: dict[str, Collection[str]] = {"place": set(region.places["place_id"]), "station": set(stations)}
    problems = []
    for row in claims.itertuples():
        where = f"claims.csv row {row.Index + 2}"
        for kind, end in ((kind, end) for kind in known for end in ("from", "to")):
            value = str(getattr(row, f"{end}_{kind}"))
            if value and value not in known[kind]:
                problems.append(f"{where}: {end}_{kind}: no {kind} '{value}'{did_you_mean(value, known[kind])}")
        needed = ("from_station", "to_station") if row.mode == "rail" else ("from_place", "to_place")
        problems += [
            f"{where}: {column} is empty, but mode is {row.mode}" for column in needed if not getattr(row, column)
        ]
        problems += [
            f"{where}: projects: no project '{name}'{did_you_mean(name, projects)}"
            for name in row.projects
            if name not in projects
        ]
    return problems


def audit_claims(
    claims: pd.DataFrame,
    deliveries: pd.DataFrame,
    model_of: Callable[[int, tuple[str, ...]], Modelled],
    region: Region,
) -> pd.DataFrame:
    """Return the claims with the model's minutes and a verdict, in their order.

    Parameters
    ----------
    model_of : the model of a year with some projects and what they require; asked once for each year and projects.

    Returns
    -------
    DataFrame
        The columns of the claims, then fastest_min (in the train), typical_min (with the expected wait), door_to_door_min
        (seat to seat by the faster mode), road_min, least_possible_min, compared_with, compared_min, difference_min (claimed
        minus compared; below 0: the claim is shorter), verdict (consistent, optimistic, pessimistic, impossible, not
        compared), why, at_median_delivery_min (projections: times the median of delivered over claimed). NaN: no such way.
    """
    ratio = median_ratio(deliveries)
    rows: dict[int, dict[str, Any]] = {}
    for (year, projects), group in claims.groupby(["year", "projects"], sort=False):
        scene = model_of(int(year), projects)
        places = _place_times(scene.travel, group, region)
        for number, claim in group.iterrows():
            minutes = _model_minutes(scene, claim, places, region)
            rows[int(str(number))] = {**minutes, **_judge(claim, minutes)}
    audit = claims.join(pd.DataFrame.from_dict(rows, orient="index"))
    future = audit["kind"].isin(("projection", "option", "target")) & (audit["mode"] == "rail")
    audit["at_median_delivery_min"] = (audit["claimed_min"] * ratio).where(future)
    audit["projects"] = audit["projects"].str.join(";")
    return audit


def compare_deliveries(deliveries: pd.DataFrame) -> pd.DataFrame:
    """Return claims on lines that opened with the ratio of delivered to claimed minutes: 60 claimed, 85-87 delivered: 1.43."""
    high = deliveries["delivered_high_min"].fillna(deliveries["delivered_min"])
    delivered = (deliveries["delivered_min"] + high) / 2
    return deliveries.assign(ratio=delivered / deliveries["claimed_min"])


def median_ratio(deliveries: pd.DataFrame) -> float:
    """Return the median of delivered over claimed minutes: a band of sensitivity, not a factor to correct claims with."""
    return float(compare_deliveries(deliveries)["ratio"].median())


def least_rail_minutes(network: Network, from_id: str, to_id: str) -> float:
    """Return the technical minutes of the fastest train class that serves two stations, stopping at neither between them.

    NaN where no train serves both.
    """
    hops = HopModel(network)
    stops = network.service_stops
    sequence = {end: stops[stops["station_id"] == end].set_index("service_id")["sequence"] for end in (from_id, to_id)}
    least = float("nan")
    for service in network.services.itertuples():
        if not all(service.service_id in calls.index for calls in sequence.values()):
            continue
        onward = np.min(sequence[from_id].loc[service.service_id]) < np.max(sequence[to_id].loc[service.service_id])
        if onward or service.both_directions == "yes":
            hop = hops.hop_time(str(service.train_class), tuple(service.lines), from_id, to_id)
            least = float(np.fmin(least, hop.technical_min))
    return least


def _place_times(travel: DoorToDoor, claims: pd.DataFrame, region: Region) -> pd.DataFrame:
    """Return minutes door to door between the places of some claims, by from_id and to_id."""
    named = claims[(claims["from_place"] != "") & (claims["to_place"] != "")]
    ends = (
        seat_nodes(travel.graph, region.places, "place_id", list(dict.fromkeys(named[column])))
        for column in ("from_place", "to_place")
    )
    return times_between(travel, *ends).set_index(["from_id", "to_id"]) if len(named) else pd.DataFrame()


def _model_minutes(scene: Modelled, claim: "pd.Series[Any]", places: pd.DataFrame, region: Region) -> dict[str, float]:
    """Return the model's minutes for a claim in every reading, and the least that is possible at all."""
    result = dict.fromkeys(("fastest_min", "typical_min", "door_to_door_min", "road_min", "least_possible_min"), np.nan)
    ends = (claim["from_place"], claim["to_place"])
    if all(ends):
        times = places.loc[ends]
        result["door_to_door_min"], result["road_min"] = float(times["best_min"]), float(times["road_min"])
    if claim["mode"] == "road":
        result["least_possible_min"] = 60.0 * _length_km(claim, region) / LEGAL_LIMIT_KMH
        return result
    rides = scene.travel.rides
    stations = (claim["from_station"], claim["to_station"])
    if all(station in rides.station_ids for station in stations):
        pair = tuple(rides.station_ids.index(station) for station in stations)
        result["fastest_min"] = _or_nan(rides.fastest_min[pair])
        result["typical_min"] = _or_nan(rides.total_min[pair])
        result["least_possible_min"] = least_rail_minutes(scene.network, *stations)
    return result


def _length_km(claim: "pd.Series[Any]", region: Region) -> float:
    """Return the published length of a drive, or else the straight distance of its ends."""
    if pd.notna(claim["length_km"]):
        return float(claim["length_km"])
    start, end = (region.place(claim[column]) for column in ("from_place", "to_place"))
    metres = pyproj.Geod(ellps="WGS84").inv(start.lon, start.lat, end.lon, end.lat)[2]
    return float(metres) / 1000.0


def _judge(claim: "pd.Series[Any]", minutes: dict[str, float]) -> dict[str, Any]:
    """Return what a claim was compared with, the difference, the verdict and why."""
    reading = _reading(claim)
    value, least = minutes[reading], minutes["least_possible_min"]
    claimed = float(claim["claimed_min"])
    high = claimed if pd.isna(claim["claimed_high_min"]) else float(claim["claimed_high_min"])
    low = 0.0 if claim["bound"] == "at_most" else claimed
    difference = min(max(value, low), high) - value  # 0 when the model lies in the range that is claimed
    compared = {"compared_with": reading, "compared_min": value, "difference_min": difference}
    if high < least and claim["ends"] != "other_stations":
        return {**compared, "verdict": "impossible", "why": _why_impossible(claim, least, high)}
    if np.isnan(value):
        return {**compared, "verdict": "not compared", "why": "no such train or way in the model"}
    minimum, share = TOLERANCE[claim["mode"]]
    words = f"{reading.removesuffix('_min').replace('_', ' ')} {value:.0f} min"
    if abs(difference) <= max(minimum, share * value):
        return {**compared, "verdict": "consistent", "why": f"model: {words}"}
    verdict = "optimistic" if difference < 0 else "pessimistic"
    return {**compared, "verdict": verdict, "why": f"by {abs(difference):.0f} min; model: {words}"}


def _reading(claim: "pd.Series[Any]") -> str:
    """Return the reading that a claim means; the most favourable one where it defines nothing."""
    if claim["mode"] == "road":
        return "road_min"
    if claim["ends"] == "centres":
        return "door_to_door_min"
    return "typical_min" if claim["stopping"] == "typical" else "fastest_min"


def _why_impossible(claim: "pd.Series[Any]", least: float, claimed: float) -> str:
    if claim["mode"] == "rail":
        return (
            f"below the technical running time of {least:.1f} min: a train without a stop or any reserve takes longer"
        )
    km = least * LEGAL_LIMIT_KMH / 60.0
    return (
        f"{km:.0f} km in {claimed:.0f} min need {60.0 * km / claimed:.0f} km/h; the limit is {LEGAL_LIMIT_KMH:.0f}, "
        f"so at least {least:.0f} min"
    )


def _read(path: Path, columns: Collection[str], key: str) -> pd.DataFrame:
    """Return a table of text and numbers, or raise everything that is wrong with it."""
    if not path.is_file():
        raise InputError(f"{path}: file is missing")
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    problems = [
        f"{path.name}: column '{name}' is missing{did_you_mean(name, table)}" for name in columns if name not in table
    ]
    problems += [
        f"{path.name}: unknown column '{name}'{did_you_mean(name, columns)}" for name in table if name not in columns
    ]
    if problems:
        raise InputError(problems)
    problems += list(chain.from_iterable(_cell_problems(path.name, table, name) for name in columns))
    problems += [
        f"{path.name} row {row + 2}: {key} '{table[key][row]}' stands twice"
        for row in table.index[table[key].duplicated()]
    ]
    if problems:
        raise InputError(problems)
    return table.assign(**{name: pd.to_numeric(table[name]) for name in NUMBERS if name in table})


def _cell_problems(file: str, table: pd.DataFrame, column: str) -> Iterable[str]:
    """Yield a sentence for each cell that is no number, not one of the choices, or empty where it must not be."""
    for row, text in table[column].items():
        where = f"{file} row {int(str(row)) + 2}: {column}"
        if column in CHOICES and text not in CHOICES[column]:
            allowed = ", ".join(filter(None, CHOICES[column]))
            yield f"{where}: '{text}' is not one of {allowed}{did_you_mean(text, CHOICES[column])}"
        if column in NUMBERS and (text or column in NEEDED):
            number = pd.to_numeric(text, errors="coerce")
            if not number > 0:
                yield f"{where}: '{text}' is not a number above 0"
        if (
            column in ("source", "date", "claim_source", "claim_date", "delivered_source", "delivered_date")
            and not text
        ):
            yield f"{where} is empty; every claim has a source and a date"


def _or_nan(minutes: float) -> float:
    return float(minutes) if np.isfinite(minutes) else float("nan")
