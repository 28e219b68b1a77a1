"""Stage 3c, the front: the roads of a scenario, compiled, with the road minutes that scenarios on them share."""

import pandas as pd

from sim.network.network import Network
from sim.network.remembered import remember
from sim.region.grid import Grid
from sim.scenario.assumptions import Assumptions
from sim.times.kept_roads import keep_roads
from sim.times.road_cache import RoadCache, content_key
from sim.times.road_graph import RoadGraph, find_nodes
from sim.times.road_minutes import RoadMinutes
from sim.times.roads import compile_roads
from sim.times.roads_beside import BaseRoads, RoadsBeside

__all__ = ["compile_road_minutes", "roads_key"]

ROAD_TABLES = ("road_classes", "congestion", "roads", "road_points", "ferries")
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
    frames = [network.tables[name] for name in ROAD_TABLES]
    options = [float(getattr(assumptions, name)) for name in ROAD_ASSUMPTIONS]  # 30 and 30.0 are one speed
    # The surveyed links are read once for a study: only which of them are open can differ.
    return content_key(*map(_content_of, frames), _links_of(network.road_links), *options)


@remember(maxsize=32)
def _content_of(table: pd.DataFrame) -> str:
    return content_key(pd.util.hash_pandas_object(table.astype(str), index=False).to_numpy())


@remember(maxsize=8)
def _links_of(links: pd.DataFrame) -> str:
    return content_key(links["link_id"].to_numpy())


def compile_road_minutes(
    grid: Grid,
    network: Network,
    assumptions: Assumptions,
    stations: pd.DataFrame,
    *,
    base: BaseRoads | None = None,
) -> RoadMinutes:
    """Return the compiled roads of a network and the minutes on them.

    Parameters
    ----------
    stations : lon and lat of the stations of all scenarios that may share these roads; one that is off the land is left
        out here, and an error of the scenarios in which trains call there.

    Raises
    ------
    InputError: as `compile_roads`.
    """

    def compile_anew() -> RoadGraph:
        return compile_roads(
            grid,
            network.road_nodes,
            network.road_links,
            network.roads,
            network.road_points,
            network.ferries,
            network.road_classes,
            congestion=network.congestion,
            **{name: getattr(assumptions, name) for name in ROAD_ASSUMPTIONS},
        )

    cache = RoadCache()
    graph = keep_roads(cache, grid, network, roads_key(network, assumptions), compile_anew)
    beside = RoadsBeside.of(base, graph) if base is not None else None
    return RoadMinutes(graph, cache, meeting_nodes=_station_nodes(graph, stations), beside=beside)


def _station_nodes(graph: RoadGraph, stations: pd.DataFrame) -> list[int]:
    nodes = find_nodes(graph, stations["lon"].to_numpy(), stations["lat"].to_numpy())
    return sorted(set(nodes[nodes >= 0].tolist()))
