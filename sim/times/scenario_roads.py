"""Stage 3c, the front: the roads of a scenario, compiled, with the road minutes that scenarios on them share."""

import contextlib

import pandas as pd

from sim.errors import InputError
from sim.network.network import Network
from sim.region.grid import Grid
from sim.scenario.assumptions import Assumptions
from sim.times.road_cache import RoadCache, content_key
from sim.times.road_graph import RoadGraph
from sim.times.road_minutes import RoadMinutes
from sim.times.roads import compile_roads, place_node

__all__ = ["compile_road_minutes", "roads_key"]

ROAD_TABLES = ("road_classes", "roads", "road_points", "ferries")
ROAD_ASSUMPTIONS = (
    "local_speed_kmh",
    "local_urban_speed_kmh",
    "urban_density_per_km2",
    "local_detour",
    "interchange_min",
    "ferry_wait_cap_min",
    "service_day_min",
)


def roads_key(network: Network, assumptions: Assumptions) -> str:
    """Return what tells two scenarios of a study apart by their roads: tables, open links, and assumptions on roads."""
    hashes = [pd.util.hash_pandas_object(network.tables[name].astype(str), index=False) for name in ROAD_TABLES]
    columns = [column.to_numpy() for column in hashes]
    options = [float(getattr(assumptions, name)) for name in ROAD_ASSUMPTIONS]  # 30 and 30.0 are one speed
    # The surveyed links are read once for a study: only which of them are open can differ.
    return content_key(*columns, network.road_links["link_id"].to_numpy(), *options)


def compile_road_minutes(grid: Grid, network: Network, assumptions: Assumptions, stations: pd.DataFrame) -> RoadMinutes:
    """Return the compiled roads of a network and the minutes on them.

    Parameters
    ----------
    stations : lon and lat of the stations of all scenarios that may share these roads; one that is off the land is left
        out here, and an error of the scenarios in which trains call there.

    Raises
    ------
    InputError: as `compile_roads`.
    """
    graph = compile_roads(
        grid,
        network.road_nodes,
        network.road_links,
        network.roads,
        network.road_points,
        network.ferries,
        network.road_classes,
        **{name: getattr(assumptions, name) for name in ROAD_ASSUMPTIONS},
    )
    return RoadMinutes(graph, RoadCache(), meeting_nodes=_station_nodes(graph, stations))


def _station_nodes(graph: RoadGraph, stations: pd.DataFrame) -> list[int]:
    nodes = set()
    for lon, lat in stations[["lon", "lat"]].drop_duplicates().itertuples(index=False):
        with contextlib.suppress(InputError):
            nodes.add(place_node(graph, lon, lat))
    return sorted(nodes)
