"""Stage 4h: access to the nearest: which share of seats or of people is how near a motorway, a railway, an airport …

The one precise official definition of accessibility in China is of this kind: county seats 15 minutes from a national road,
30 from a motorway and 60 from a railway, city seats 45 minutes from high-speed rail and 60 from an airport (outline of the
national comprehensive transport network to 2035). Minutes are by road, ferries included, to the nearest facility: one
search over the turned-round road graph from all facilities of a kind at once (Dijkstra from a set of sources), not one a
seat. Time in the station or at the airport is not counted.
"""

import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ConfigDict, Field

from sim.errors import did_you_mean
from sim.measures.journey_times import seat_nodes
from sim.network.network import Network
from sim.network.toml_files import Declared
from sim.region.region import Region
from sim.times.door_to_door import DoorToDoor
from sim.times.roads import place_node

__all__ = [
    "COVERAGE_COLUMNS",
    "COVERAGE_SEAT_COLUMNS",
    "FACILITIES",
    "Coverage",
    "as_verdicts",
    "check_coverage",
    "judge_coverage",
]

COVERAGE_COLUMNS = (
    "rule",
    "of",
    "in",
    "to",
    "within_min",
    "required_share",
    "share",
    "met",
    "value_min",
    "slack_min",
    "number",
    "number_within",
    "worst_id",
    "worst_min",
)
COVERAGE_SEAT_COLUMNS = ("rule", "seat_id", "name", "name_en", "city_id", "minutes", "met")
READING = "coverage"
HIGH_SPEED_KMH = 200
"""Design speed from which a line makes its stations high-speed ones: new intercity lines of 200 km/h count in the national
plans as high-speed rail."""

_Nodes = npt.NDArray[np.int64]
_Minutes = npt.NDArray[np.float64]


class Coverage(Declared):
    """A rule of a plan, as stated in study.toml: a share of seats or people within some minutes of the nearest facility."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    name_en: str
    of: Literal["city_seats", "county_seats", "people"]
    in_: str = Field(alias="in")
    to: str
    within_min: float = Field(gt=0, le=1440)
    required_share: float = Field(0.95, gt=0, le=1)
    due: tuple[int, ...] = ()
    source: str
    date: str = ""
    note: str = ""


@dataclass(frozen=True)
class _Scene:
    """What facilities are found in."""

    travel: DoorToDoor
    network: Network
    region: Region


def judge_coverage(
    rules: Mapping[str, Coverage], travel: DoorToDoor, network: Network, region: Region
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row a rule (`COVERAGE_COLUMNS`) and, behind the rules on seats, one row a seat (`COVERAGE_SEAT_COLUMNS`).

    `value_min` is the minutes within which the required share is, `slack_min` what is left of the limit; both are NaN when
    fewer can ever reach such a facility. `number` counts seats or people.

    Parameters
    ----------
    network : of the scenario that `travel` is the model of: only stations with trains count, and roads that are open.
    """
    scene = _Scene(travel, network, region)
    kinds = list(dict.fromkeys(rule.to for rule in rules.values()))
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # a search gives up the interpreter
        found = pool.map(lambda kind: travel.roads.nearest(_facility_nodes(kind, scene)), kinds)
        known = {kind: minutes.astype(np.float64) for kind, minutes in zip(kinds, found, strict=True)}
    rows: list[dict[str, Any]] = []
    seats: list[pd.DataFrame] = []
    for rule_id, rule in rules.items():
        reached = _who(rule, known[rule.to], scene)
        rows.append({"rule": rule_id, **_judge(rule, reached)})
        if rule.of != "people":
            seats.append(reached.assign(rule=rule_id, met=reached["minutes"] <= rule.within_min))
    table = pd.concat(seats, ignore_index=True) if seats else pd.DataFrame(columns=list(COVERAGE_SEAT_COLUMNS))
    table["minutes"] = table["minutes"].replace(np.inf, np.nan)
    return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS)), table[list(COVERAGE_SEAT_COLUMNS)]


def as_verdicts(coverage: pd.DataFrame) -> pd.DataFrame:
    """Return the rules as rows of targets.csv: reading `coverage`, and the share of seats or people as their share."""
    return pd.DataFrame(
        {
            "target": coverage["rule"],
            "reading": READING,
            "value_min": coverage["value_min"],
            "limit_min": coverage["within_min"],
            "met": coverage["met"],
            "slack_min": coverage["slack_min"],
            "binding_leg": "road",
            "share_of_population": coverage["share"],
            "worst_id": coverage["worst_id"],
            "worst_min": coverage["worst_min"],
        }
    )


def check_coverage(rules: Mapping[str, Coverage], region: Region) -> list[str]:
    """Return a sentence for every area, facility or place that the rules name and that there is not."""
    sets, cities = set(region.city_sets["set_id"]), set(region.cities["city_id"])
    places = set(region.places["place_id"])
    problems = []
    for rule_id, rule in rules.items():
        where = f"study.toml: coverage.{rule_id}"
        if rule.in_ not in sets | cities:
            problems.append(f"{where}: in: no city set or city '{rule.in_}'{did_you_mean(rule.in_, sets | cities)}")
        if rule.to not in FACILITIES and rule.to not in places:
            near = did_you_mean(rule.to, [*FACILITIES, *places])
            problems.append(f"{where}: to: '{rule.to}' is neither {', '.join(FACILITIES)} nor a place{near}")
    return problems


def _who(rule: Coverage, minutes: _Minutes, scene: _Scene) -> pd.DataFrame:
    """Return who a rule is about: seat_id, name, name_en, city_id, minutes, weight (1 a seat; people of a cell)."""
    region, graph = scene.region, scene.travel.graph
    if rule.of == "people":
        inside = _cells_in(rule.in_, region) & region.grid.is_land
        nodes = np.flatnonzero(np.pad(inside, 1))
        people = region.grid.population[inside]
        return pd.DataFrame({"seat_id": "", "name": "", "minutes": minutes[nodes], "weight": people})
    cities = region.cities_of_set(rule.in_) if rule.in_ in set(region.city_sets["set_id"]) else [rule.in_]
    if rule.of == "city_seats":
        table = region.cities[region.cities["city_id"].isin(cities)].assign(seat_id=lambda frame: frame["city_id"])
    else:
        table = _counties_in(rule.in_, cities, region).assign(seat_id=lambda frame: frame["adcode"])
    nodes = np.array(list(seat_nodes(graph, table, "seat_id", list(table["seat_id"])).values()), dtype=np.int64)
    kept = table[["seat_id", "name", "name_en", "city_id"]].reset_index(drop=True)
    return kept.assign(minutes=minutes[nodes], weight=1.0)


def _counties_in(area: str, cities: Collection[str], region: Region) -> pd.DataFrame:
    """Return the counties of a city or set that have cells of their own; of a set of counties, those it lists."""
    counties = region.counties[region.counties["adcode"] == region.counties["cells_of"]]
    sets = region.city_sets[region.city_sets["set_id"] == area]
    if (sets["member_kind"] == "county").any():
        return counties[counties["adcode"].isin(sets["member"])]
    return counties[counties["city_id"].isin(cities)]


def _cells_in(area: str, region: Region) -> npt.NDArray[np.bool_]:
    return region.cells_of(area) if area in set(region.cities["city_id"]) else region.cells_of_set(area)


def _judge(rule: Coverage, reached: pd.DataFrame) -> dict[str, Any]:
    """Return the row of a rule.

    Of four seats at 10, 20, 40 and 70 minutes three are within 45; 75 % are within 40 minutes, 95 % within 70.
    """
    ordered = reached.sort_values("minutes", kind="stable")
    minutes, weight = ordered["minutes"].to_numpy(), ordered["weight"].to_numpy()
    total = float(weight.sum())
    shares = np.cumsum(weight) / total
    value = float(minutes[min(int(np.searchsorted(shares, rule.required_share - 1e-9)), len(minutes) - 1)])
    within = float(weight[minutes <= rule.within_min].sum())
    worst = ordered.iloc[-1]
    return {
        "of": rule.of,
        "in": rule.in_,
        "to": rule.to,
        "within_min": rule.within_min,
        "required_share": rule.required_share,
        "share": within / total,
        "met": value <= rule.within_min,
        "value_min": value if np.isfinite(value) else np.nan,
        "slack_min": rule.within_min - value if np.isfinite(value) else np.nan,
        "number": total,
        "number_within": within,
        "worst_id": worst["seat_id"],
        "worst_min": float(worst["minutes"]) if np.isfinite(worst["minutes"]) else np.nan,
    }


def _facility_nodes(to: str, scene: _Scene) -> _Nodes:
    """Return the nodes of the road graph at which a facility of a kind, or the place of that name, is reached."""
    if to in FACILITIES:
        return FACILITIES[to](scene)
    place = scene.region.place(to)
    return np.array([place_node(scene.travel.graph, place.lon, place.lat)])


def _stations(scene: _Scene, chosen: Collection[str]) -> _Nodes:
    """Return the nodes of those of the chosen stations that have trains."""
    with_trains = scene.travel.stations
    served = np.array([station in chosen for station in with_trains.station_ids], dtype=np.bool_)
    return with_trains.nodes[served].astype(np.int64)


def _rail_stations(scene: _Scene) -> _Nodes:
    return _stations(scene, scene.travel.stations.station_ids)


def _high_speed_stations(scene: _Scene) -> _Nodes:
    lines = scene.network.lines
    fast = lines.loc[lines["design_speed_kmh"] >= HIGH_SPEED_KMH, "line_id"]
    stops = scene.network.line_stops
    return _stations(scene, set(stops.loc[stops["line_id"].isin(fast), "station_id"]))


def _hubs(scene: _Scene) -> _Nodes:
    stations = scene.network.stations
    return _stations(scene, set(stations.loc[stations["rank"] == "main", "station_id"]))


def _airports(scene: _Scene) -> _Nodes:
    places = scene.region.places[scene.region.places["kind"] == "airport"]
    ids = list(places["place_id"])
    return np.array(list(seat_nodes(scene.travel.graph, places, "place_id", ids).values()), dtype=np.int64)


def _road_nodes(prefix: str) -> Callable[[_Scene], _Nodes]:
    """Return a finder of the nodes of all roads whose class begins with a word.

    A motorway's node is reached from outside at an interchange only: the graph has no other way on to it.
    """

    def find(scene: _Scene) -> _Nodes:
        graph = scene.travel.graph
        labels = graph.labels
        of_class = ((labels["kind"] == "road") & labels["road_class"].str.startswith(prefix)).to_numpy()
        chosen = of_class[graph.link_label]
        starts = np.repeat(np.arange(graph.n_nodes), np.diff(graph.prepared.indptr))
        return np.union1d(starts[chosen], graph.prepared.indices[chosen]).astype(np.int64)

    return find


FACILITIES: dict[str, Callable[[_Scene], _Nodes]] = {
    "rail_station": _rail_stations,
    "high_speed_station": _high_speed_stations,
    "hub": _hubs,
    "airport": _airports,
    "motorway": _road_nodes("motorway"),
    "trunk_road": _road_nodes("trunk"),
}
"""rail_station: with trains in the scenario. hub: main stations with trains. trunk_road: country roads; which of them are
national roads (国道) the road data do not tell."""
