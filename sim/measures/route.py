"""Stage 4e: one journey door to door, leg by leg, for a person to read and check."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from sim.errors import InputError, NoRouteError, did_you_mean
from sim.network.network import Network
from sim.region.region import Region
from sim.times.access import AccessWay
from sim.times.door_to_door import DoorToDoor
from sim.times.kernels import each_alone, minutes_to_targets
from sim.times.roads import place_node, road_route

__all__ = ["End", "Route", "RouteLeg", "find_end", "find_route"]

NO_CARS_ON_BOARD = "不载车，设两岸都有车 without cars: one is assumed at both ends"
WAY_NAMES = {"car": "驾车 car", "walk": "步行 on foot", "bus": "公交 bus", "metro": "地铁 metro"}


@dataclass(frozen=True)
class End:
    """One end of a journey: what was asked for, its names and its point."""

    key: str
    name: str
    name_en: str
    lon: float
    lat: float


@dataclass(frozen=True)
class RouteLeg:
    """One leg: what kind, from where to where, its minutes, and what carries it (way, road names, services)."""

    leg: Literal["road", "access", "station", "wait", "ride", "change", "arrival", "egress"]
    from_name: str
    to_name: str
    minutes: float
    by: str


@dataclass(frozen=True)
class Route:
    """The fastest journey between two ends; `legs` add up to `minutes`; a mode by which there is no way has None."""

    start: End
    end: End
    minutes: float
    mode: Literal["rail", "road"]
    road_min: float | None
    rail_min: float | None
    legs: tuple[RouteLeg, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the journey as plain values, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Return the journey as lines of text."""
        head = f"{self.start.name} {self.start.name_en} -> {self.end.name} {self.end.name_en}: {self.minutes:.0f} min"
        lines = [
            f"  {leg.minutes:6.1f} min  {leg.leg:<8} {leg.from_name} -> {leg.to_name}"
            + (f"  [{leg.by}]" if leg.by else "")
            for leg in self.legs
        ]
        return "\n".join([f"{head} by {self.mode}", *lines])


def find_end(text: str, region: Region, stations: pd.DataFrame) -> End:
    """Return the end of a journey that a place id, a station id or "lon,lat" stands for.

    Raises
    ------
    InputError: it is none of them.
    """
    places = region.places.set_index("place_id")
    for table in (places, stations.set_index("station_id")):
        if text in table.index:
            return _end_of(text, table.loc[text])
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        near = did_you_mean(text, [*places.index, *stations["station_id"]])
        raise InputError(f"'{text}' is not a place, a station or lon,lat{near}") from None
    return End(text, text, text, lon, lat)


def _end_of(key: str, row: "pd.Series[Any]") -> End:
    """Return the end that a row of places or stations describes."""
    return End(key, str(row["name"]), str(row["name_en"]), float(row["lon"]), float(row["lat"]))


def find_route(travel: DoorToDoor, start: End, end: End, network: Network) -> Route:
    """Return the faster of rail and road between two ends.

    Raises
    ------
    NoRouteError: there is neither.
    """
    graph, stations = travel.graph, travel.stations.nodes
    node_a, node_b = (np.array([place_node(graph, end.lon, end.lat)], dtype=np.int32) for end in (start, end))
    road_min = float(minutes_to_targets(graph.prepared, each_alone(node_a), node_b, limit_min=travel.limit_min)[0, 0])
    access, egress = travel.ends.to_stations(node_a, stations), travel.ends.from_stations(stations, node_b)
    total = access.minutes[0][:, None] + travel.rail_min + egress.minutes[0]
    board, alight = (int(k) for k in np.unravel_index(total.argmin(), total.shape))
    rail_min = float(total[board, alight])
    if not min(road_min, rail_min) <= travel.limit_min:
        raise NoRouteError(f"there is no way from {start.name} to {end.name} within {travel.limit_min:g} min")
    if rail_min < road_min:
        ways = (travel.ends.ways[access.way[0, board]], travel.ends.ways[egress.way[0, alight]])
        legs = _rail_legs(travel, start, end, (board, alight), ways, network)
    else:
        legs = [_road_leg("road", start, end, travel, network)]
    return Route(
        start=start,
        end=end,
        minutes=sum(leg.minutes for leg in legs),
        mode="rail" if rail_min < road_min else "road",
        road_min=road_min if np.isfinite(road_min) else None,
        rail_min=rail_min if rail_min <= travel.limit_min else None,
        legs=tuple(legs),
    )


def _road_leg(
    kind: Literal["road", "access", "egress"], start: End, end: End, travel: DoorToDoor, network: Network
) -> RouteLeg:
    """Return a way by road as one leg that names its ferries, in order, and the roads it uses most."""
    route = road_route(travel.graph, (start.lon, start.lat), (end.lon, end.lat))
    without_cars = set(network.ferries.loc[network.ferries["vehicles"] == "no", "name"])
    named: list[str] = []
    by_name: dict[str, float] = {}
    for part in route.legs:
        if part.kind == "ferry":
            note = f", {NO_CARS_ON_BOARD}" if part.name in without_cars else ""
            named.append(f"{part.name} {part.km:.0f} km, {part.minutes:.0f} min 含候船 with boarding and wait{note}")
            continue
        name = (
            "地方道路 local streets" if part.kind == "local" else f"{part.ref} {part.name}".strip() or part.road_class
        )
        by_name[name] = by_name.get(name, 0.0) + part.km
    longest = sorted(by_name.items(), key=lambda item: -item[1])[:4]
    named += [f"{name} {km:.0f} km" for name, km in longest if km >= 0.5]
    return RouteLeg(kind, start.name, end.name, float(route.minutes), "; ".join(named))


def _end_leg(
    kind: Literal["access", "egress"], start: End, end: End, way: AccessWay, travel: DoorToDoor, network: Network
) -> RouteLeg:
    """Return the way to the first station or from the last one, named by what one travels by."""
    name = WAY_NAMES[way.name]
    if way.name == "car":
        leg = _road_leg(kind, start, end, travel, network)
        return replace(leg, by=f"{name}: {leg.by}" if leg.by else name)
    route = road_route(way.graph, (start.lon, start.lat), (end.lon, end.lat))
    door = start if kind == "access" else end
    extra_min = float(way.extra_min[place_node(way.graph, door.lon, door.lat)])
    by = f"{name}: {route.km:.0f} km" + (f", {extra_min:.0f} min 步行候车 to the stop and wait" if extra_min else "")
    return RouteLeg(kind, start.name, end.name, float(route.minutes) + extra_min, by)


def _rail_legs(
    travel: DoorToDoor, start: End, end: End, ends: tuple[int, int], ways: tuple[AccessWay, AccessWay], network: Network
) -> list[RouteLeg]:
    """Return access, station, the legs by train between two stations, arrival and egress."""
    stations = network.stations.set_index("station_id")
    names, line_names = stations["name"], network.lines.set_index("line_id")["name"]
    first, last = (travel.stations.station_ids[k] for k in ends)
    board, alight = (_end_of(key, stations.loc[key]) for key in (first, last))
    legs = [
        _end_leg("access", start, board, ways[0], travel, network),
        RouteLeg(
            "station", board.name, board.name, travel.station_time_min, "安检、检票、上车 security, gate, platform"
        ),
    ]
    for leg in travel.rides.legs(first, last, "typical"):
        lines = ", ".join(line_names.get(line, line) for line in leg.lines)
        by = f"{lines}; {leg.trains_per_day:.0f} 列/日 trains a day" if leg.kind == "ride" else leg.mode
        legs.append(RouteLeg(leg.kind, names[leg.from_id], names[leg.to_id], float(leg.minutes), by))
    legs.append(RouteLeg("arrival", alight.name, alight.name, travel.arrival_time_min, "出站 platform to street"))
    return [*legs, _end_leg("egress", alight, end, ways[1], travel, network)]
