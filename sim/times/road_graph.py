"""The road graph: land cells, road nodes, ferry piers and what it takes to go from one to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj

from sim.errors import InputError
from sim.region.grid import Grid
from sim.times.kernels import PreparedGraph, prepare_graph, step_km

__all__ = [
    "ArcTable",
    "RoadGraph",
    "cells_from",
    "find_nodes",
    "nearest_land",
    "pad",
    "place_node",
    "place_nodes",
    "reverse_graph",
    "to_grid",
]

PLACE_REACH_KM = 5.0
"""A place may lie this far from the nearest study cell: a quay or a reclaimed shore, not an island without land."""


@dataclass(frozen=True)
class ArcTable:
    """Every step and link of a road graph in one direction, as arrays of one length.

    ``label`` is the row of `RoadGraph.labels` that describes the link, -1 for a step between cells.
    """

    from_node: npt.NDArray[np.int64]
    to_node: npt.NDArray[np.int64]
    minutes: npt.NDArray[np.float32]
    km: npt.NDArray[np.float32]
    label: npt.NDArray[np.int32]


@dataclass(frozen=True)
class RoadGraph:
    """Roads and ferries over a land grid, compiled for the kernels.

    Attributes
    ----------
    grid : the land grid; node ``(row + 1) * stride + column + 1`` is the cell (row, column).
    prepared : the arrays of the kernels.
    link_km, link_label : length of each overlay link and the row of ``labels`` that describes it, (n_links,).
    labels : kind (road, join, connector, ferry), link_id, name, ref, road_class, structure of the overlay links.
    nodes : lon, lat, name of the road nodes and piers; row i is node ``n_cells + i``.
    """

    grid: Grid
    prepared: PreparedGraph
    link_km: npt.NDArray[np.float32]
    link_label: npt.NDArray[np.int32]
    labels: pd.DataFrame
    nodes: pd.DataFrame

    @property
    def stride(self) -> int:
        """Number of cells in a row, padding included."""
        return self.grid.shape[1] + 2

    @property
    def n_cells(self) -> int:
        """Number of cells, padding included: the first road node."""
        return len(self.prepared.pace)

    @property
    def n_nodes(self) -> int:
        """Number of cells and road nodes, padding included."""
        return self.prepared.n_nodes

    @cached_property
    def land_nodes(self) -> npt.NDArray[np.int32]:
        """Return the nodes of the study cells, row by row from the north-west."""
        return np.flatnonzero(pad(self.grid.is_land)).astype(np.int32)

    @cached_property
    def people(self) -> npt.NDArray[np.float64]:
        """Return the people of each cell in the order of the nodes, (n_cells,); 0 outside the study land."""
        return pad(np.where(self.grid.is_land, self.grid.population, 0.0)).astype(np.float64).ravel()

    @cached_property
    def known_places(self) -> dict[tuple[float, float], int]:
        """Return the nodes of places that were asked for before (`place_node`), by lon and lat."""
        return {}

    def cell_node(self, row: int, column: int) -> int:
        """Return the node of a cell."""
        return (row + 1) * self.stride + column + 1

    def node_cell(self, node: int) -> tuple[int, int]:
        """Return the row and column of the cell that a node is."""
        return node // self.stride - 1, node % self.stride - 1

    def node_lonlat(self, nodes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the longitude and latitude of nodes, (n, 2)."""
        numbers = np.atleast_1d(np.asarray(nodes, dtype=np.int64))
        result = np.empty((len(numbers), 2))
        on_road = numbers >= self.n_cells
        result[on_road] = self.nodes[["lon", "lat"]].to_numpy(dtype=np.float64)[numbers[on_road] - self.n_cells]
        rows, columns = numbers[~on_road] // self.stride - 1, numbers[~on_road] % self.stride - 1
        x = self.grid.west_m + (columns + 0.5) * self.grid.cell_m
        y = self.grid.north_m - (rows + 0.5) * self.grid.cell_m
        result[~on_road] = np.column_stack(_transformer(self.grid).transform(x, y, direction="INVERSE"))
        return result

    def arcs(self) -> ArcTable:
        """Return every step and link, with costs that equal those of the kernels to the bit."""
        graph = self.prepared
        starts, ends, costs, lengths = [], [], [], []
        for direction, km in enumerate(step_km(self.grid.cell_m / 1000)):
            start = np.flatnonzero((graph.moves >> direction) & 1)
            end = start + graph.step_offset[direction]
            starts.append(start)
            ends.append(end)
            costs.append((graph.pace[start] + graph.pace[end]) * graph.half_step_km[direction])
            lengths.append(np.full(len(start), km, dtype=np.float32))
        n_steps = sum(len(start) for start in starts)
        return ArcTable(
            from_node=np.concatenate([*starts, np.repeat(np.arange(self.n_nodes), np.diff(graph.indptr))]),
            to_node=np.concatenate([*ends, graph.indices]).astype(np.int64),
            minutes=np.concatenate([*costs, graph.minutes]),
            km=np.concatenate([*lengths, self.link_km]),
            label=np.concatenate([np.full(n_steps, -1, dtype=np.int32), self.link_label]),
        )


def reverse_graph(graph: RoadGraph) -> RoadGraph:
    """Return the graph with every link turned round: its minutes from a place are those to the place in ``graph``."""
    old = graph.prepared
    start = np.repeat(np.arange(graph.n_nodes), np.diff(old.indptr))
    order = np.lexsort((start, old.indices))
    counts = np.bincount(old.indices, minlength=graph.n_nodes)
    prepared = prepare_graph(
        old.pace,
        old.moves,
        np.concatenate([[0], np.cumsum(counts)]),
        start[order],
        old.minutes[order],
        stride=graph.stride,
        cell_km=graph.grid.cell_m / 1000,
    )
    return replace(graph, prepared=prepared, link_km=graph.link_km[order], link_label=graph.link_label[order])


def pad(cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the array of cells with one row or column of 0 on every side."""
    return np.pad(cells, 1)


def cells_from(graph: RoadGraph, values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Return values of nodes as an array of cells, (rows, columns); NaN outside the study land and where infinite."""
    flat = np.asarray(values, dtype=np.float32)[: graph.n_cells]
    cells = flat.reshape(-1, graph.stride)[1:-1, 1:-1]
    return np.where((graph.grid.is_land) & np.isfinite(cells), cells, np.float32(np.nan))


def to_grid(grid: Grid, lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return points in units of cells, (n, 2): rows south of the northern edge, columns east of the western edge."""
    x, y = _transformer(grid).transform(np.atleast_1d(lon), np.atleast_1d(lat))
    return np.column_stack([(grid.north_m - np.asarray(y)) / grid.cell_m, (np.asarray(x) - grid.west_m) / grid.cell_m])


def _transformer(grid: Grid) -> pyproj.Transformer:
    return _from_lonlat(str(grid.crs))


@lru_cache
def _from_lonlat(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)


def nearest_land(
    grid: Grid, points: npt.NDArray[np.float64], reach_cells: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the study cell that each point lies in, or else the nearest one, and the distance to its centre in cells.

    Parameters
    ----------
    points : (n, 2) in units of cells, see `to_grid`.
    reach_cells : how far the centre of a cell that the point does not lie in may be.

    Returns
    -------
    cell (n,) as ``row * n_columns + column``, -1 where there is none in reach; distance (n,), inf there.
    """
    home = np.floor(points).astype(np.int64)
    inside = _is_land(grid, home)
    cell = np.where(inside, home[:, 0] * grid.shape[1] + home[:, 1], -1)
    best = np.where(inside, np.hypot(*(home + 0.5 - points).T), np.inf)
    outside = np.flatnonzero(~inside)
    span = int(np.ceil(reach_cells)) + 1 if len(outside) else 0
    for down in range(-span, span + 1):
        for right in range(-span, span + 1):
            target = home[outside] + (down, right)
            distance = np.hypot(*(target + 0.5 - points[outside]).T)
            nearer = (distance <= reach_cells) & (distance < best[outside]) & _is_land(grid, target)
            best[outside[nearer]] = distance[nearer]
            cell[outside[nearer]] = target[nearer, 0] * grid.shape[1] + target[nearer, 1]
    return cell, best


def _is_land(grid: Grid, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return whether cells (row, column) are study land; False outside the grid."""
    inside = np.all((cells >= 0) & (cells < grid.shape), axis=1)
    inside[inside] = grid.is_land[cells[inside, 0], cells[inside, 1]]
    return np.asarray(inside)


def find_nodes(graph: RoadGraph, lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the node of the study cell that each place lies in, or of the nearest one within 5 km, (n,); -1 for none."""
    reach_cells = PLACE_REACH_KM * 1000 / graph.grid.cell_m
    cells, _ = nearest_land(graph.grid, to_grid(graph.grid, lon, lat), reach_cells)
    rows, columns = np.divmod(cells, graph.grid.shape[1])
    return np.where(cells < 0, -1, (rows + 1) * graph.stride + columns + 1)


def place_nodes(graph: RoadGraph, lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the node of the study cell that each place lies in, or of the nearest one within 5 km, (n,).

    Raises
    ------
    InputError
        If there is no study land within 5 km: the place lies on the sea or outside the study area.
    """
    nodes = find_nodes(graph, lon, lat)
    if (nodes < 0).any():
        k = int(np.flatnonzero(nodes < 0)[0])
        raise InputError(
            f"place {np.atleast_1d(lon)[k]:.5f},{np.atleast_1d(lat)[k]:.5f}: no study land within {PLACE_REACH_KM:g} km; "
            "it lies on the sea or outside the study area (longitude comes first)"
        )
    return nodes


def place_node(graph: RoadGraph, lon: float, lat: float) -> int:
    """Return the node of one place, as `place_nodes`; it is remembered."""
    if (lon, lat) not in graph.known_places:
        graph.known_places[lon, lat] = int(place_nodes(graph, lon, lat)[0])
    return graph.known_places[lon, lat]
