"""Stage 4d, continued: minutes from points to the nearest station, main station, airport and hub of a scenario.

A station counts when trains call there in the scenario, and is reached by road; an airport or a hub by road or rail,
whichever is faster. Airports are those of places.csv in every year. A hub counts when a station with trains stands within
`HUB_STATION_KM` of it, so that a planned one is not near before it is there.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.network.network import Network
from sim.region.region import Region
from sim.times.door_to_door import DoorToDoor
from sim.times.roads import place_node

__all__ = ["HUB_STATION_KM", "NEAREST", "minutes_to_nearest"]

Floats = npt.NDArray[np.float64]
Nodes = npt.NDArray[np.int32]

NEAREST: Mapping[str, str] = {
    "nearest_station": "road",
    "nearest_main_station": "road",
    "nearest_airport": "best",
    "nearest_hub": "best",
}
"""What is looked for, and the mode of the journey there."""

HUB_STATION_KM = 2.0
"""A station this near belongs to a hub: an assumption. Two of three hubs have one within 0.2 km, all others are 9.9 km off."""


def minutes_to_nearest(travel: DoorToDoor, network: Network, region: Region, nodes: npt.ArrayLike) -> dict[str, Floats]:
    """Return minutes to the nearest of each of `NEAREST` from nodes of the road graph, (n_nodes,), inf where there is none."""
    origins = np.asarray(nodes, dtype=np.int32)
    stations = travel.stations
    access = travel.roads.minutes_between(origins, stations.nodes).astype(np.float64)
    mains = set(network.stations.loc[network.stations["rank"] == "main", "station_id"])
    is_main = np.array([station_id in mains for station_id in stations.station_ids], dtype=bool)
    arrival = _arrive(access, travel.rail_min)
    found = {
        "nearest_station": access.min(axis=1, initial=np.inf),
        "nearest_main_station": access[:, is_main].min(axis=1, initial=np.inf),
    }
    for name, places in (
        ("nearest_airport", region.places[region.places["kind"] == "airport"]),
        ("nearest_hub", _open_hubs(travel, network, region)),
    ):
        ends = np.array([place_node(travel.graph, p.lon, p.lat) for p in places.itertuples()], dtype=np.int32)
        found[name] = _nearest_by_any(travel, origins, arrival, ends)
    return found


def _arrive(access: Floats, rail_min: Floats) -> Floats:
    """Return the earliest arrival at each station by train, (n_nodes, n_stations)."""
    if not rail_min.size:
        return access
    return np.array([(own[:, None] + rail_min).min(axis=0) for own in access]).reshape(access.shape)


def _nearest_by_any(travel: DoorToDoor, origins: Nodes, arrival: Floats, ends: Nodes) -> Floats:
    """Return minutes to the nearest of some nodes by road or by rail, (n_origins,)."""
    if not len(ends):
        return np.full(len(origins), np.inf)
    nearest = travel.roads.minutes_between(origins, ends).astype(np.float64).min(axis=1)
    if arrival.shape[1]:
        egress = travel.roads.minutes_between(ends, travel.stations.nodes, reverse=True).astype(np.float64).min(axis=0)
        nearest = np.minimum(nearest, (arrival + egress).min(axis=1))
    return np.asarray(nearest)


def _open_hubs(travel: DoorToDoor, network: Network, region: Region) -> pd.DataFrame:
    """Return the hubs with a station with trains beside them."""
    hubs = region.places[region.places["kind"] == "hub"]
    served = network.stations[network.stations["station_id"].isin(travel.stations.station_ids)]
    near = (
        [_km_apart(hub.lon, hub.lat, served).min() <= HUB_STATION_KM for hub in hubs.itertuples()]
        if len(served)
        else []
    )
    return hubs[near] if near else hubs.iloc[:0]


def _km_apart(lon: float, lat: float, points: pd.DataFrame) -> Floats:
    """Return kilometres from a point to points by great circle (haversine)."""
    lon_1, lat_1, lon_2, lat_2 = (np.radians(v) for v in (lon, lat, points["lon"].to_numpy(), points["lat"].to_numpy()))
    half = np.sin((lat_2 - lat_1) / 2) ** 2 + np.cos(lat_1) * np.cos(lat_2) * np.sin((lon_2 - lon_1) / 2) ** 2
    return np.asarray(2 * 6371.0 * np.arcsin(np.sqrt(half)))
