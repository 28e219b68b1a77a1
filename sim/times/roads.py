"""Stage 3c: roads, ferries and the land grid become one road graph, and road minutes from any place are asked of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError
from sim.region.grid import Grid
from sim.times.congestion import read_congestion
from sim.times.kernels import each_alone, minutes_from, minutes_to_targets, prepare_graph, seeds_of
from sim.times.road_checks import check_drawn_roads
from sim.times.road_graph import RoadGraph, cells_from, pad, place_node, reverse_graph
from sim.times.road_links import (
    COAST_REACH_CELLS,
    JOIN_REACH_KM,
    LocalRoads,
    Part,
    authored_part,
    connector_links,
    ferry_part,
    join_links,
    shipped_part,
)
from sim.times.road_routes import RoadLeg, RoadRoute, road_route

__all__ = [
    "RoadGraph",
    "RoadLeg",
    "RoadRoute",
    "cells_from",
    "compile_roads",
    "place_node",
    "reverse_graph",
    "road_route",
    "road_surface",
    "surfaces_to",
]

SHORTEST_LINK_MIN = 1e-3
"""No link takes less: two nodes on one spot are still two nodes."""


def compile_roads(
    grid: Grid,
    road_nodes: pd.DataFrame,
    road_links: pd.DataFrame,
    roads: pd.DataFrame,
    road_points: pd.DataFrame,
    ferries: pd.DataFrame,
    road_classes: pd.DataFrame,
    *,
    congestion: pd.DataFrame | None = None,
    local_speed_kmh: float = 30.0,
    local_urban_speed_kmh: float = 20.0,
    urban_density_per_km2: float = 5000.0,
    local_detour: float = 1.3,
    interchange_min: float = 1.0,
    ferry_wait_cap_min: float = 60.0,
    service_day_min: float = 1020.0,
) -> RoadGraph:
    """Return the road graph of a network.

    Parameters
    ----------
    grid : study cells, their people and the steps that are possible between them.
    road_nodes, road_links : the shipped extract (layers ``nodes`` and ``links`` of roads.gpkg).
    roads, road_points : roads, bridges and tunnels drawn by hand, and their points.
    ferries, road_classes, congestion : tables of these names; without congestion, traffic runs at the limit.
    local_speed_kmh, local_urban_speed_kmh : speed on the streets under the grid, outside and, times the share of the city, in
        built-up cells.
    urban_density_per_km2 : people per km² from which a cell is built-up.
    local_detour : length of the way over the streets by that of a straight step.
    interchange_min : added where traffic gets on or off roads of classes with ``entered = interchanges``.
    ferry_wait_cap_min : longest wait for a ferry; otherwise half the headway over ``service_day_min``.

    Raises
    ------
    InputError
        Listing every problem: an unknown class, a road of one point, one that is shorter than it is drawn, a point that
        joins nothing, a pier far from land …

    Notes
    -----
    Links in both directions keep their minutes each way; of parallel links the faster stays.
    """
    problems: list[str] = []
    traffic = read_congestion(grid, congestion, urban_density_per_km2)
    speed_kmh = np.where(traffic.built_up, local_urban_speed_kmh * traffic.city, local_speed_kmh)
    local = LocalRoads(grid, 60.0 / speed_kmh * local_detour, traffic)
    authored_problems = check_drawn_roads(grid, roads, road_points)
    parts = [
        shipped_part(local, road_nodes, road_links, road_classes, problems),
        authored_part(local, roads, road_points, road_classes, authored_problems),
        ferry_part(grid, ferries, service_day_min=service_day_min, ferry_wait_cap_min=ferry_wait_cap_min),
    ]
    nodes, links = _put_together(parts)
    n_cells = pad(grid.moves).size
    joins = join_links(local, nodes, roads, road_classes, interchange_min=interchange_min)
    connectors = connector_links(local, nodes, n_cells, interchange_min=interchange_min)
    problems += authored_problems + _unconnected(nodes, joins, connectors["from_node"] - n_cells)
    if problems:
        raise InputError(problems)
    over_nodes = pd.concat([links, joins], ignore_index=True)
    over_nodes[["from_node", "to_node"]] += n_cells
    return _graph(local, nodes, pd.concat([over_nodes, connectors], ignore_index=True))


def _put_together(parts: list[Part]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the nodes and links of all parts, numbered through; ``on_road`` and ``pier`` tell the parts apart."""
    nodes, links = [], []
    first = 0
    for part, is_pier in zip(parts, (False, False, True), strict=True):
        nodes.append(part.nodes.assign(pier=is_pier, on_road=not is_pier))
        links.append(
            part.links.assign(from_node=part.links["from_node"] + first, to_node=part.links["to_node"] + first)
        )
        first += len(part.nodes)
    return (
        pd.concat([n for n in nodes if len(n)] or nodes, ignore_index=True),
        pd.concat([k for k in links if len(k)] or links, ignore_index=True),
    )


def _unconnected(nodes: pd.DataFrame, joins: pd.DataFrame, connected: pd.Series) -> list[str]:
    """Return the points that should join something and do not, and the piers that are far from land."""
    loose = nodes[nodes["enters"] & ((nodes["road_id"] != "") | nodes["pier"])].drop(index=connected, errors="ignore")
    problems = []
    for number, node in loose.iterrows():
        where = f"{node['name'] or 'without name'} ({node['lon']:.4f},{node['lat']:.4f})"
        if node["pier"]:
            problems.append(f"ferry {node['ferry_id']}: pier {where} has no study land within {JOIN_REACH_KM:g} km")
        elif number not in set(joins["from_node"]):
            problems.append(
                f"road {node['road_id']}: point {where} has joins = yes, but no node of another road is within "
                f"{JOIN_REACH_KM:g} km on the same shore and no land cell within {COAST_REACH_CELLS:g} cells"
            )
    return problems


def _graph(local: LocalRoads, nodes: pd.DataFrame, links: pd.DataFrame) -> RoadGraph:
    """Return the compiled graph of numbered links: both directions written out, of parallel links the faster."""
    label_columns = ["kind", "link_id", "name", "ref", "road_class", "structure"]
    label = links.groupby(label_columns, sort=False).ngroup().to_numpy()
    labels = links[label_columns].drop_duplicates().reset_index(drop=True)
    back = links["both_directions"].to_numpy(dtype=bool)
    start, end = links["from_node"].to_numpy(dtype=np.int64), links["to_node"].to_numpy(dtype=np.int64)
    minutes = np.maximum(links["minutes"].to_numpy(dtype=np.float64), SHORTEST_LINK_MIN).astype(np.float32)
    km = links["km"].to_numpy(dtype=np.float64)
    start, end = np.concatenate([start, end[back]]), np.concatenate([end, start[back]])
    minutes, km, label = (np.concatenate([array, array[back]]) for array in (minutes, km, label))
    order = np.lexsort((minutes, end, start))
    order = order[start[order] != end[order]]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(start[order]) != 0) | (np.diff(end[order]) != 0)
    kept = order[first]
    pace = pad(local.pace).ravel()
    counts = np.bincount(start[kept], minlength=len(pace) + len(nodes))
    prepared = prepare_graph(
        pace,
        pad(local.grid.moves).ravel(),
        np.concatenate([[0], np.cumsum(counts)]),
        end[kept],
        minutes[kept],
        stride=local.pace.shape[1] + 2,
        cell_km=local.grid.cell_m / 1000,
    )
    return RoadGraph(
        grid=local.grid,
        prepared=prepared,
        link_km=km[kept].astype(np.float32),
        link_label=label[kept].astype(np.int32),
        labels=labels,
        nodes=nodes[["lon", "lat", "name"]],
    )


def road_surface(
    graph: RoadGraph, nodes: npt.ArrayLike, minutes: npt.ArrayLike = 0.0, *, limit_min: float = np.inf
) -> npt.NDArray[np.float32]:
    """Return the fewest minutes to every cell from any of the nodes, (rows, columns); NaN where there is no way.

    ``minutes`` is the time at which each node is already reached; nothing beyond ``limit_min`` is looked for.
    """
    return cells_from(graph, minutes_from(graph.prepared, seeds_of(nodes, minutes), limit_min=limit_min))


def surfaces_to(
    graph: RoadGraph,
    origins: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    limit_min: float = np.inf,
    threads: int | None = None,
) -> npt.NDArray[np.float32]:
    """Return the fewest minutes from each origin to each target, (n_origins, n_targets); inf where there is no way.

    Parameters
    ----------
    origins, targets : longitude and latitude of the places, (n, 2).
    """
    from_nodes, to_nodes = (
        np.array([place_node(graph, *place) for place in np.asarray(places, dtype=np.float64).reshape(-1, 2)])
        for places in (origins, targets)
    )
    return minutes_to_targets(graph.prepared, each_alone(from_nodes), to_nodes, limit_min=limit_min, threads=threads)
