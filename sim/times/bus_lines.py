"""Stage 3f: a bus line between neighbouring cities, as planners write it down, and its minutes from stop to stop.

A line is a row of a CSV file: its stops in order, headway, commercial speed, minutes to board. It runs both ways.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.errors import InputError, NoRouteError, did_you_mean
from sim.network.schema import read_table
from sim.region.region import Region
from sim.times.road_graph import RoadGraph, place_node
from sim.times.roads import road_route

__all__ = ["BusLine", "BusStop", "read_bus_lines", "ride_line", "section_minutes"]

FEWEST_STOPS = 2


@dataclass(frozen=True)
class BusStop:
    """A stop: as it was written down, its name, its point (WGS84)."""

    key: str
    name: str
    lon: float
    lat: float


@dataclass(frozen=True)
class BusLine:
    """A bus line that runs both ways."""

    line_id: str
    name: str
    name_en: str
    stops: tuple[BusStop, ...]
    headway_min: float
    speed_kmh: float
    boarding_min: float

    @property
    def boarding_and_wait_min(self) -> float:
        """Minutes from reaching a stop to leaving it: half the headway, and boarding."""
        return self.headway_min / 2 + self.boarding_min

    def every(self, headway_min: float) -> "BusLine":
        """Return the line with another headway."""
        return replace(self, headway_min=headway_min)


def read_bus_lines(path: "Path | str", region: Region, graph: RoadGraph) -> tuple[BusLine, ...]:
    """Read the bus lines of a file, columns as declared in `sim/network/tables/bus_lines.csv`.

    Raises
    ------
    InputError: with every problem of every row: no such stop, a stop on the water, fewer than two stops, numbers off limits,
        two stops between which there is no road.
    """
    path = Path(path)
    problems: list[str] = []
    table = read_table(path, "bus_lines", problems)
    if table.empty and not problems:
        problems.append(f"{path.name}: has no lines")
    lines = []
    for row in table.itertuples():
        found: list[str] = []
        stops = _read_stops(str(row.stops), region, graph, found)
        line = BusLine(
            str(row.line_id), str(row.name), str(row.name_en), stops, row.headway_min, row.speed_kmh, row.boarding_min
        )
        if not found:
            found.extend(_find_gaps(line, graph))
        problems.extend(f"{path.name} '{row.line_id}', stops: {sentence}" for sentence in found)
        lines.append(line)
    if problems:
        raise InputError(problems)
    return tuple(lines)


def _read_stops(text: str, region: Region, graph: RoadGraph, problems: list[str]) -> tuple[BusStop, ...]:
    """Return the stops that a list of places, county codes and points names; what is wrong goes to `problems`."""
    keys = [part.strip() for part in text.split(";") if part.strip()]
    stops = [stop for key in keys if (stop := _read_stop(key, region, graph, problems))]
    if len(keys) < FEWEST_STOPS:
        problems.append(f"'{text}' is {len(keys)} stop(s); a line needs at least {FEWEST_STOPS}, separated by ;")
    problems.extend(
        f"'{a.key}' and '{b.key}' follow each other and lie in the same cell"
        for a, b in pairwise(stops)
        if place_node(graph, a.lon, a.lat) == place_node(graph, b.lon, b.lat)
    )
    return tuple(stops)


def _read_stop(key: str, region: Region, graph: RoadGraph, problems: list[str]) -> BusStop | None:
    """Return the stop that a key names, None (and a problem) where it names nothing on the land."""
    tables = (region.places.set_index("place_id"), region.counties.drop_duplicates("adcode").set_index("adcode"))
    row = next((table.loc[key] for table in tables if key in table.index), None)
    if row is not None:
        return BusStop(key, str(row["name"]), float(row["lon"]), float(row["lat"]))
    words = key.replace(",", " ").split()
    try:
        lon, lat = (float(word) for word in words[-2:])
        if not np.isfinite([lon, lat]).all():
            raise ValueError(key)
    except ValueError:
        known = [*tables[0].index, *tables[1].index]
        problems.append(f"'{key}' is not a place, a county code or 'name longitude latitude'{did_you_mean(key, known)}")
        return None
    try:
        place_node(graph, lon, lat)
    except InputError as error:
        problems.extend(error.problems)
        return None
    return BusStop(key, " ".join(words[:-2]) or key, lon, lat)


def _find_gaps(line: BusLine, graph: RoadGraph) -> list[str]:
    """Return a sentence for every two stops between which there is no road."""
    try:
        section_minutes(line, graph)
    except NoRouteError as error:
        return list(error.problems)
    return []


def section_minutes(line: BusLine, graph: RoadGraph, *, local_detour: float = 1.0) -> npt.NDArray[np.float64]:
    """Return the minutes under way from each stop to the next, (n_stops - 1,): road km at the line's speed.

    The bus takes the way that is fastest by car, and no less time than a car. 20 km at 25 km/h take 48 min.

    Parameters
    ----------
    local_detour : km over streets to a straight km of the grid.

    Raises
    ------
    NoRouteError: there is no road between two stops.
    """
    minutes = []
    for a, b in pairwise(line.stops):
        route = road_route(graph, (a.lon, a.lat), (b.lon, b.lat))
        km = sum(leg.km * (local_detour if leg.kind == "local" else 1.0) for leg in route.legs)
        minutes.append(max(km / line.speed_kmh * 60, route.minutes))
    return np.array(minutes)


def ride_line(
    line: BusLine, section_min: npt.NDArray[np.float64], at_stop_min: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the earliest arrival by this line at each of its stops, in either direction, (n_stops,); inf where none.

    Parameters
    ----------
    at_stop_min : when one is at each stop, ready to board, (n_stops,).

    >>> line = BusLine("x", "x", "x", (), headway_min=20, speed_kmh=30, boarding_min=2)
    >>> ride_line(line, np.array([10.0, 5.0]), np.array([0.0, 30.0, np.inf])).tolist()
    [52.0, 22.0, 27.0]
    """
    arrival = np.full(len(at_stop_min), np.inf)
    for order in (range(len(arrival)), range(len(arrival) - 1, -1, -1)):
        on_board, before = np.inf, None
        for stop in order:
            if before is not None:
                on_board += section_min[min(before, stop)]
                arrival[stop] = min(arrival[stop], on_board)
            on_board = min(on_board, at_stop_min[stop] + line.boarding_and_wait_min)
            before = stop
    return arrival
