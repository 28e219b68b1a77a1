"""Checks that need more than one cell: order, dates, chainage against distance, services against their lines."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pyproj

__all__ = ["check_tables", "great_circle_km"]

SHORTEST_SHARE = 0.97
"""A chainage may fall this far below the straight distance: ticketing kilometres are whole numbers."""
ROUNDING_KM = 1.0
"""... and by this much on short sections, for the same reason."""


def great_circle_km(lon_a: object, lat_a: object, lon_b: object, lat_b: object) -> "np.ndarray":
    """Return the geodesic distance on WGS84 in km, elementwise."""
    _, _, metres = pyproj.Geod(ellps="WGS84").inv(lon_a, lat_a, lon_b, lat_b)
    return np.asarray(metres) / 1000.0


def check_tables(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return a sentence for everything that is wrong between the rows of a network's tables."""
    return [
        *_check_dates(tables),
        *_check_line_order(tables["line_stops"], tables["lines"]),
        *_check_chainage(tables["line_stops"], tables["stations"]),
        *_check_speeds(tables["lines"], tables["line_stops"]),
        *_check_speeds_of_trains(tables["lines"], tables["line_stops"], tables["train_classes"]),
        *_check_services(tables),
        *_check_roads(tables["roads"], tables["road_points"]),
    ]


def _check_dates(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    problems: list[str] = []
    for name, frame in tables.items():
        if "closing_date" not in frame:
            continue
        wrong = frame[frame["closing_date"] <= frame["opening_date"]]
        problems.extend(
            f"{name}.csv '{row.iloc[0]}': closes on {row['closing_date']:%Y-%m-%d}, not after it opens on "
            f"{row['opening_date']:%Y-%m-%d}"
            for _, row in wrong.iterrows()
        )
    return problems


def _check_line_order(line_stops: pd.DataFrame, lines: pd.DataFrame) -> list[str]:
    counts = line_stops["line_id"].value_counts().to_dict()
    problems = [
        f"line_stops.csv: line '{line}' has {counts.get(line, 0)} stop(s); a line needs at least two"
        for line in lines["line_id"]
        if counts.get(line, 0) < 2
    ]
    ordered = line_stops.sort_values(["line_id", "sequence"], kind="stable")
    repeated = ordered[ordered.duplicated(["line_id", "sequence"])]
    problems += [
        f"line_stops.csv: line '{line}' has the same sequence number twice" for line in repeated["line_id"].unique()
    ]
    steps = ordered.groupby("line_id")["chainage_km"].diff()
    backwards = ordered.assign(step=steps)[steps <= 0]
    problems += [
        f"line_stops.csv row {row.Index + 2}: line '{row.line_id}', {row.station_id}: chainage "
        f"{row.chainage_km:g} km is not beyond the stop before ({row.step:+g} km)"
        for row in backwards.itertuples()
    ]
    return problems


def _check_chainage(line_stops: pd.DataFrame, stations: pd.DataFrame) -> list[str]:
    """A railway cannot be shorter than the straight line between two of its stations."""
    if line_stops.empty:
        return []
    points = stations.set_index("station_id")[["lon", "lat"]]
    stops = line_stops[line_stops["station_id"].isin(points.index)].sort_values(["line_id", "sequence"])
    before = stops.groupby("line_id")[["station_id", "chainage_km"]].shift()
    sections = stops.assign(from_id=before["station_id"], km=stops["chainage_km"] - before["chainage_km"])
    sections = sections[sections["from_id"].notna() & (sections["km"] > 0)]
    a = points.loc[sections["from_id"]].to_numpy().T
    b = points.loc[sections["station_id"]].to_numpy().T
    straight = great_circle_km(a[0], a[1], b[0], b[1])
    short = sections["km"].to_numpy() < np.minimum(straight * SHORTEST_SHARE, straight - ROUNDING_KM)
    return [
        f"line_stops.csv row {index + 2}: line '{row['line_id']}', {row['from_id']} to {row['station_id']}: "
        f"{row['km']:g} km of line for {distance:.1f} km in a straight line; a chainage or a station's point is wrong"
        for (index, row), distance in zip(sections[short].iterrows(), straight[short], strict=True)
    ]


def _check_speeds(lines: pd.DataFrame, line_stops: pd.DataFrame) -> list[str]:
    """No line or section may be run faster than the line was designed for."""
    design = line_stops["line_id"].map(lines.set_index("line_id")["design_speed_kmh"])
    too_fast = line_stops[line_stops["speed_kmh"] > design]
    sections = [
        f"line_stops.csv row {index + 2}: line '{row['line_id']}', {row['station_id']}: section speed {row['speed_kmh']:g} "
        f"km/h is above the line's design speed {design[index]:g} km/h"
        for index, row in too_fast.iterrows()
    ]
    return sections + [
        f"lines.csv '{row['line_id']}': speed {row['speed_kmh']:g} km/h is above its design speed "
        f"{row['design_speed_kmh']:g} km/h"
        for _, row in lines[lines["speed_kmh"] > lines["design_speed_kmh"]].iterrows()
    ]


def _check_speeds_of_trains(lines: pd.DataFrame, line_stops: pd.DataFrame, train_classes: pd.DataFrame) -> list[str]:
    """A speed limit that no train class reaches is a slip: of a train its own highest speed counts, of all none would."""
    if train_classes.empty:
        return []
    fastest = train_classes.loc[train_classes["max_speed_kmh"].idxmax()]
    top = float(fastest["max_speed_kmh"])
    reason = f"km/h is above that of the fastest train class, {fastest['train_class']} with {top:g} km/h"
    return [
        f"lines.csv row {index + 2}: line '{row['line_id']}': speed {row['speed_kmh']:g} {reason}"
        for index, row in lines[lines["speed_kmh"] > top].iterrows()
    ] + [
        f"line_stops.csv row {index + 2}: line '{row['line_id']}', {row['station_id']}: section speed "
        f"{row['speed_kmh']:g} {reason}"
        for index, row in line_stops[line_stops["speed_kmh"] > top].iterrows()
    ]


def _check_services(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Every call of a service must lie on its lines and in their order, and there must be at least two."""
    problems: list[str] = []
    in_order = tables["line_stops"].sort_values(["line_id", "sequence"])
    on_line = _tuples_by(in_order["line_id"], in_order["station_id"])
    served: dict[tuple[str, ...], _Served] = {}
    stops = tables["service_stops"].sort_values(["service_id", "sequence"])
    calls = _tuples_by(stops["service_id"], stops["station_id"])
    first = stops.drop_duplicates("service_id")
    first_row = dict(zip(first["service_id"], (first.index + 2).tolist(), strict=True))
    for service, lines in zip(tables["services"]["service_id"], tables["services"]["lines"], strict=True):
        called = calls.get(service, ())
        if len(called) < 2:
            problems.append(f"service_stops.csv: service '{service}' has {len(called)} call(s); it needs at least two")
            continue
        if lines not in served:
            served[lines] = _served_by(tuple(on_line.get(line, ()) for line in lines))
        if _is_sound(served[lines], called):
            continue
        where = f"service_stops.csv row {first_row[service]}: service '{service}'"
        part = served[lines].part
        strangers = [station for station in called if station not in part]
        if strangers:
            problems.append(
                f"{where} calls at {', '.join(strangers)}, which its lines ({', '.join(lines)}) do not serve"
            )
        elif len({part[station] for station in called}) > 1:
            problems.append(f"services.csv '{service}': its lines ({', '.join(lines)}) do not meet between its calls")
        problems.extend(_check_course(where, called, () if strangers else served[lines].only_line))
    repeated = stops[stops.duplicated(["service_id", "sequence"])]
    problems.extend(
        f"service_stops.csv: service '{service}' has the same sequence number twice"
        for service in repeated["service_id"].unique()
    )
    return problems


@dataclass(frozen=True, eq=False)
class _Served:
    """The connected part of each station that some lines serve, and the stations of the line if it is the only one.

    Those of equal lines are one object, see `_served_by`.
    """

    part: Mapping[str, int]
    only_line: tuple[str, ...]


@lru_cache(maxsize=10_000)
def _served_by(stations_of_lines: tuple[tuple[str, ...], ...]) -> _Served:
    """Return what lines with these stations serve, one object for the same lines."""
    parts: list[set[str]] = []
    for stations in map(set, stations_of_lines):
        touching = [part for part in parts if not part.isdisjoint(stations)]
        parts = [part for part in parts if part.isdisjoint(stations)] + [stations.union(*touching)]
    part_of = {station: k for k, part in enumerate(parts) for station in part}
    return _Served(part_of, stations_of_lines[0] if len(stations_of_lines) == 1 else ())


@lru_cache(maxsize=20_000)
def _is_sound(served: _Served, called: tuple[str, ...]) -> bool:
    """Return whether nothing is wrong with the calls of a service: in a thousand scenarios most services are the same."""
    parts = {served.part.get(station, -1) for station in called}
    return len(parts) == 1 and -1 not in parts and not _check_course("", called, served.only_line)


def _check_course(where: str, called: Sequence[str], line: Sequence[str]) -> list[str]:
    """Say where a service stands still, doubles back, or calls out of the order of its only line."""
    problems = [f"{where} calls at '{a}' twice running" for a, b in pairwise(called) if a == b]
    back = [(a, b) for a, b, c in zip(called, called[1:], called[2:], strict=False) if a == c and a != b]
    problems += [f"{where} doubles back: '{a}', '{b}', '{a}'" for a, b in back]
    position = {station: k for k, station in enumerate(line)}
    steps = [position[b] - position[a] for a, b in pairwise(called)] if line else []
    if steps and not back and min(steps) < 0 < max(steps):
        problems.append(f"{where} does not call in the order of its line: {', '.join(called)}")
    return problems


def _tuples_by(keys: "pd.Series[str]", values: "pd.Series[str]") -> dict[str, tuple[str, ...]]:
    """Return the values of each key, in their order."""
    lists: dict[str, list[str]] = defaultdict(list)
    for key, value in zip(keys.tolist(), values.tolist(), strict=True):
        lists[key].append(value)
    return {key: tuple(own) for key, own in lists.items()}


def _check_roads(roads: pd.DataFrame, road_points: pd.DataFrame) -> list[str]:
    counts = road_points.groupby("road_id").size()
    return [
        f"road_points.csv: road '{road}' has {counts.get(road, 0)} point(s); a road needs at least two"
        for road in roads["road_id"]
        if counts.get(road, 0) < 2
    ]
