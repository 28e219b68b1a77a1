"""Checks that need more than one cell: order, dates, chainage against distance, services against their lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pyproj

from sim.network.ordered_rows import order_rows, stations_in_order
from sim.network.remembered import remember

__all__ = ["check_tables", "great_circle_km"]

SHORTEST_SHARE = 0.97
"""A chainage may fall this far below the straight distance: ticketing kilometres are whole numbers."""
ROUNDING_KM = 1.0
"""... and by this much on short sections, for the same reason."""
TWICE = "has the same sequence number twice"


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
    return [problem for name, frame in tables.items() for problem in _wrong_dates(name, frame)]


@remember(maxsize=64)
def _wrong_dates(name: str, frame: pd.DataFrame) -> tuple[str, ...]:
    if "closing_date" not in frame:
        return ()
    wrong = frame.iloc[np.flatnonzero(frame["closing_date"].to_numpy() <= frame["opening_date"].to_numpy())]
    return tuple(
        f"{name}.csv '{row.iloc[0]}': closes on {row['closing_date']:%Y-%m-%d}, not after it opens on "
        f"{row['opening_date']:%Y-%m-%d}"
        for _, row in wrong.iterrows()
    )


def _check_line_order(line_stops: pd.DataFrame, lines: pd.DataFrame) -> list[str]:
    stations = stations_in_order(line_stops, "line_id")
    problems = [
        f"line_stops.csv: line '{line}' has {len(stations.get(line, ()))} stop(s); a line needs at least two"
        for line in lines["line_id"]
        if len(stations.get(line, ())) < 2
    ]
    problems += [f"line_stops.csv: line '{line}' {TWICE}" for line in _with_a_number_twice(line_stops, "line_id")]
    ordered = order_rows(line_stops, "line_id")
    steps = np.diff(line_stops["chainage_km"].to_numpy()[ordered.row])
    backwards = np.flatnonzero(ordered.goes_on & (steps <= 0))
    problems += [
        f"line_stops.csv row {index + 2}: line '{row['line_id']}', {row['station_id']}: chainage "
        f"{row['chainage_km']:g} km is not beyond the stop before ({step:+g} km)"
        for (index, row), step in zip(
            line_stops.iloc[ordered.row[backwards + 1]].iterrows(), steps[backwards], strict=True
        )
    ]
    return problems


def _with_a_number_twice(table: pd.DataFrame, key: str) -> list[str]:
    """Return the names under which a sequence number stands twice."""
    ordered = order_rows(table, key)
    twice = ordered.goes_on & (np.diff(table["sequence"].to_numpy()[ordered.row]) == 0)
    return list(dict.fromkeys(ordered.names[ordered.number[1:][twice]].tolist()))


def _check_chainage(line_stops: pd.DataFrame, stations: pd.DataFrame) -> list[str]:
    """A railway cannot be shorter than the straight line between two of its stations."""
    place = pd.Index(stations["station_id"]).get_indexer(line_stops["station_id"])
    ordered = order_rows(line_stops, "line_id")
    known = place[ordered.row] >= 0
    row, line = ordered.row[known], ordered.number[known]
    km = np.diff(line_stops["chainage_km"].to_numpy()[row])
    begins = np.flatnonzero((line[1:] == line[:-1]) & (km > 0))
    km, before, after = km[begins], row[begins], row[begins + 1]
    lon, lat = stations["lon"].to_numpy(), stations["lat"].to_numpy()
    straight = great_circle_km(lon[place[before]], lat[place[before]], lon[place[after]], lat[place[after]])
    short = np.flatnonzero(km < np.minimum(straight * SHORTEST_SHARE, straight - ROUNDING_KM))
    ids = line_stops["station_id"]
    return [
        f"line_stops.csv row {after[k] + 2}: line '{line_stops['line_id'].iloc[after[k]]}', {ids.iloc[before[k]]} to "
        f"{ids.iloc[after[k]]}: {km[k]:g} km of line for {straight[k]:.1f} km in a straight line; a chainage or a "
        "station's point is wrong"
        for k in short
    ]


def _check_speeds(lines: pd.DataFrame, line_stops: pd.DataFrame) -> list[str]:
    """No line or section may be run faster than the line was designed for."""
    design = line_stops["line_id"].map(dict(zip(lines["line_id"], lines["design_speed_kmh"], strict=True)))
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
    on_line = stations_in_order(tables["line_stops"], "line_id")
    calls = stations_in_order(tables["service_stops"], "service_id")
    served: dict[tuple[str, ...], _Served] = {}
    for service, lines in zip(*(tables["services"][name].tolist() for name in ("service_id", "lines")), strict=True):
        called = calls.get(service, ())
        if len(called) < 2:
            problems.append(f"service_stops.csv: service '{service}' has {len(called)} call(s); it needs at least two")
            continue
        if lines not in served:
            served[lines] = _served_by(tuple(on_line.get(line, ()) for line in lines))
        if _is_sound(served[lines], called):
            continue
        where = f"service_stops.csv row {_first_row(tables['service_stops'], service)}: service '{service}'"
        part = served[lines].part
        strangers = [station for station in called if station not in part]
        if strangers:
            problems.append(
                f"{where} calls at {', '.join(strangers)}, which its lines ({', '.join(lines)}) do not serve"
            )
        elif len({part[station] for station in called}) > 1:
            problems.append(f"services.csv '{service}': its lines ({', '.join(lines)}) do not meet between its calls")
        problems.extend(_check_course(where, called, () if strangers else served[lines].only_line))
    problems.extend(
        f"service_stops.csv: service '{service}' {TWICE}"
        for service in _with_a_number_twice(tables["service_stops"], "service_id")
    )
    return problems


def _first_row(service_stops: pd.DataFrame, service: str) -> int:
    """Return the line of the file in which the first call of a service stands."""
    ordered = order_rows(service_stops, "service_id")
    return int(ordered.row[ordered.first[ordered.names.tolist().index(service)]]) + 2


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


def _check_roads(roads: pd.DataFrame, road_points: pd.DataFrame) -> list[str]:
    counts = road_points.groupby("road_id").size()
    return [
        f"road_points.csv: road '{road}' has {counts.get(road, 0)} point(s); a road needs at least two"
        for road in roads["road_id"]
        if counts.get(road, 0) < 2
    ]
