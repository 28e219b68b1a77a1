"""Stage 4j, the levers: networks in which the trains of some journeys are faster, more frequent or stop less.

A journey is what a reading of a target rests on: a chain of rides, each with the services worth boarding and the lines
they use. Levers move all journeys of a target that are too slow at once. Networks come in and go out; none is altered.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.network.network import Network
from sim.times.rides import Leg, Rides

__all__ = [
    "Ride",
    "count_stops",
    "find_station_rides",
    "least_speed_kmh",
    "least_trains",
    "limit_stops",
    "raise_frequency",
    "raise_speed",
    "rides_of",
]


@dataclass(frozen=True)
class Ride:
    """One ride of a journey: from where to where, by which services, over which lines, with how many trains a day."""

    from_id: str
    to_id: str
    services: tuple[str, ...]
    lines: tuple[str, ...]
    trains_per_day: float


def rides_of(legs: Iterable[Leg]) -> list[Ride]:
    """Return the rides of a journey's legs (`Rides.legs`)."""
    return [
        Ride(leg.from_id, leg.to_id, leg.services, leg.lines, leg.trains_per_day) for leg in legs if leg.kind == "ride"
    ]


def least_speed_kmh(network: Network, rides: Sequence[Ride]) -> float:
    """Return the lowest permitted speed of the lines of some rides."""
    lines = {line for ride in rides for line in ride.lines}
    return float(network.lines.loc[network.lines["line_id"].isin(lines), "speed_kmh"].min())


def raise_speed(network: Network, rides: Sequence[Ride], kmh: float) -> Network:
    """Return a network in which the lines of some rides permit at least this speed, and their trains can run it.

    Slower sections (curves, throats) keep their limits, and the trains their power.
    """
    lines, services = network.lines.copy(), network.services.copy()
    used = lines["line_id"].isin({line for ride in rides for line in ride.lines})
    lines.loc[used, "speed_kmh"] = lines.loc[used, "speed_kmh"].clip(lower=kmh)
    lines["design_speed_kmh"] = lines[["design_speed_kmh", "speed_kmh"]].max(axis=1)
    chosen = services["service_id"].isin({service for ride in rides for service in ride.services})
    trains = network.train_classes
    faster = trains[trains["train_class"].isin(services.loc[chosen, "train_class"]) & (trains["max_speed_kmh"] < kmh)]
    renamed = {name: f"{name}@{kmh:g}" for name in faster["train_class"]}
    services.loc[chosen, "train_class"] = services.loc[chosen, "train_class"].replace(renamed)
    faster = faster.assign(train_class=faster["train_class"].map(renamed), max_speed_kmh=float(kmh))
    classes = pd.concat([trains, faster], ignore_index=True) if len(faster) else trains
    return network.with_tables(lines=lines, services=services, train_classes=classes)


def least_trains(rides: Sequence[Ride]) -> float:
    """Return the fewest trains a day of any of the rides."""
    return min(ride.trains_per_day for ride in rides)


def raise_frequency(network: Network, rides: Sequence[Ride], trains_per_day: float) -> Network:
    """Return a network in which every ride has at least so many trains a day, all its services in the same proportion."""
    factor: dict[str, float] = {}
    for ride in rides:
        needed = max(1.0, trains_per_day / ride.trains_per_day)
        for service in ride.services:
            factor[service] = max(factor.get(service, 1.0), needed)
    services = network.services.copy()
    services["trains_per_day"] = services["trains_per_day"] * services["service_id"].map(factor).fillna(1.0)
    return network.with_tables(services=services)


def count_stops(network: Network, rides: Sequence[Ride]) -> int:
    """Return the most intermediate stops that a train of any of the rides makes on it."""
    calls = _calls(network)
    return max((len(_between(calls[s], ride)) for ride in rides for s in ride.services), default=0)


def limit_stops(network: Network, rides: Sequence[Ride], most: int) -> Network:
    """Return a network in which the trains of some rides stop at most so often on them.

    The stations with the most trains a day stay; those where any of the rides begins or ends are never left out. Trains
    that stop less cost their other passengers a stop; that is in the result when the target is about them too.
    """
    calls, trains = _calls(network), _trains_by_station(network)
    ends = {station for ride in rides for station in (ride.from_id, ride.to_id)}
    dropped: set[tuple[str, str]] = set()
    for ride in rides:
        for service in ride.services:
            stops = [station for station in _between(calls[service], ride) if (service, station) not in dropped]
            free = sorted((station for station in stops if station not in ends), key=lambda station: trains[station])
            dropped |= {(service, station) for station in free[: max(0, len(stops) - most)]}
    stops_table = network.service_stops
    pairs = zip(stops_table["service_id"], stops_table["station_id"], strict=True)
    kept = np.array([pair not in dropped for pair in pairs], dtype=bool)
    return network.with_tables(service_stops=stops_table[kept].reset_index(drop=True))


def find_station_rides(
    rides: Rides, main_stations: Mapping[str, Collection[str]], from_id: str, to_id: str, reading: str
) -> list[Ride]:
    """Return the rides of the best journey between the main stations of two cities, [] where there is none.

    Parameters
    ----------
    reading : "station_fastest" or "station_service".
    """
    minutes = rides.fastest_min if reading == "station_fastest" else rides.total_min
    known = {station: k for k, station in enumerate(rides.station_ids)}
    pairs = [
        (float(minutes[known[a], known[b]]), a, b)
        for a in main_stations.get(from_id, ())
        for b in main_stations.get(to_id, ())
        if a != b and a in known and b in known and np.isfinite(minutes[known[a], known[b]])
    ]
    if not pairs:
        return []
    _, start, end = min(pairs)
    return rides_of(rides.legs(start, end, "fastest" if reading == "station_fastest" else "typical"))


def _calls(network: Network) -> dict[str, list[str]]:
    ordered = network.service_stops.sort_values(["service_id", "sequence"], kind="stable")
    calls: dict[str, list[str]] = {}
    for service, station in zip(ordered["service_id"], ordered["station_id"], strict=True):
        calls.setdefault(service, []).append(station)
    return calls


def _trains_by_station(network: Network) -> dict[str, float]:
    trains = network.service_stops["service_id"].map(network.services.set_index("service_id")["trains_per_day"])
    return {
        str(station): float(total)
        for station, total in trains.groupby(network.service_stops["station_id"]).sum().items()
    }


def _between(calls: Sequence[str], ride: Ride) -> list[str]:
    """Return the stations between the ends of a ride at which a service calls, in either direction."""
    first, last = sorted((calls.index(ride.from_id), calls.index(ride.to_id)))
    return list(calls[first + 1 : last])
