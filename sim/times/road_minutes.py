"""Stage 3c, continued: road minutes that depend on the roads alone, computed once for all rail scenarios on them.

A source is a node whose road minutes to all cells are wanted again and again: a station, a city's seat, a sampled cell.
Its surface is one search; it is kept in memory and, for a graph of a real region, on disk (`sim.times.road_cache`).
"""

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.times.bucket_queue import Floats, Integers
from sim.times.kernels import each_alone, minutes_from, minutes_to_targets, seeds_of
from sim.times.road_cache import RoadCache, content_key
from sim.times.road_graph import RoadGraph, reverse_graph
from sim.times.roads_beside import RoadsBeside
from sim.times.tiles import TileTable, encode, minutes_at, weak_components

__all__ = ["RoadMinutes", "TileLayout", "lay_tiles", "tiles_of"]

TILE_CELLS = 16
SMALLEST_KEPT_NODES = 50_000
"""A search over a smaller graph takes less than reading its result from disk."""


@dataclass(frozen=True)
class TileLayout:
    """The order in which the study cells are laid: tile by tile, cells without a link to each other apart.

    Attributes
    ----------
    nodes : node at each position, (n_positions,).
    start : first position of each tile, (n_tiles + 1,).
    position : position of each cell of the graph, -1 outside the study land, (n_cells,).
    tile : number of the tile of each position, (n_positions,).
    cells : the place of each position in a flat array of (n_rows, n_columns), (n_positions,).
    """

    nodes: Integers
    start: npt.NDArray[np.int64]
    position: Integers
    tile: Integers
    cells: npt.NDArray[np.int64]


def lay_tiles(graph: RoadGraph, tile_cells: int = TILE_CELLS) -> TileLayout:
    """Return the study cells in tiles of so many rows and columns; every part of a tile hangs together in the graph."""
    nodes = graph.land_nodes
    rows, columns = nodes // graph.stride - 1, nodes % graph.stride - 1
    part = weak_components(graph.prepared)[nodes]
    tile = (rows // tile_cells) * graph.stride + columns // tile_cells
    order = np.lexsort((nodes, tile, part))
    changes = (np.diff(part[order]) != 0) | (np.diff(tile[order]) != 0)
    start = np.concatenate([[0], np.flatnonzero(changes) + 1, [len(nodes)]]).astype(np.int64)
    position = np.full(graph.n_cells, -1, dtype=np.int32)
    position[nodes[order]] = np.arange(len(nodes))
    number = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))
    cells = (rows * graph.grid.shape[1] + columns)[order].astype(np.int64)
    return TileLayout(nodes[order], start, position, number, cells)


def tiles_of(layout: TileLayout, positions: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Return which tiles hold any of these positions, (n_tiles,)."""
    wanted = np.zeros(len(layout.start) - 1, dtype=np.bool_)
    wanted[layout.tile[positions]] = True
    return wanted


@dataclass
class RoadMinutes:
    """Road minutes on one road graph, each computed when first asked for and then remembered. Threads may share it.

    Attributes
    ----------
    graph : the roads.
    cache : where they are kept between runs; None keeps them in memory only.
    meeting_nodes : nodes to and from which minutes will be wanted from everywhere (the stations of all scenarios);
        asked for at once, they cost no more than one of them.
    laid : the order of the cells, that of another graph over the same cells; by default the graph's own.
    beside : roads that differ little and whose minutes are known; those from a source are then repaired, not searched for.
    """

    graph: RoadGraph
    cache: RoadCache | None = None
    meeting_nodes: Sequence[int] = ()
    laid: TileLayout | None = None
    beside: RoadsBeside | None = None
    _surfaces: dict[int, Floats] = field(default_factory=dict, repr=False)
    _rows: dict[int, int] = field(default_factory=dict, repr=False)
    _table: TileTable | None = field(default=None, repr=False)
    _codes: npt.NDArray[np.uint16] = field(default_factory=lambda: np.empty((0, 0), dtype=np.uint16), repr=False)
    _bounds: Floats = field(default_factory=lambda: np.empty((3, 0, 0), dtype=np.float32), repr=False)
    _matrices: dict[str, tuple[Integers, Floats]] = field(default_factory=dict, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.graph.n_nodes < SMALLEST_KEPT_NODES:
            self.cache = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the minutes follow from; where it is sent they are found on disk or computed again."""
        return RoadMinutes, (self.graph, self.cache, tuple(self.meeting_nodes), self.laid)

    @cached_property
    def layout(self) -> TileLayout:
        """Return the order of the cells in all surfaces."""
        return self.laid or lay_tiles(self.graph)

    @cached_property
    def _graph_key(self) -> str:
        """Return a hash of all that road minutes depend on."""
        laid = () if self.laid is None else (self.laid.nodes, self.laid.start)
        return content_key(*self.graph.prepared, self.graph.grid.is_land, TILE_CELLS, *laid)

    def minutes_between(self, origins: npt.ArrayLike, targets: npt.ArrayLike, *, reverse: bool = False) -> Floats:
        """Return road minutes from origins to targets, (n_origins, n_targets), inf where there is no way.

        ``reverse`` : of the ways from the targets to the origins instead, in the same shape.
        """
        starts, ends = (np.asarray(nodes, dtype=np.int32) for nodes in (origins, targets))
        known = content_key(starts, reverse)
        with self._lock:
            if known not in self._matrices or not np.isin(ends, self._matrices[known][0]).all():
                wanted = np.union1d(ends, np.asarray(self.meeting_nodes, dtype=np.int32)).astype(np.int32)
                self._matrices[known] = (wanted, self._matrix(starts, wanted, reverse=reverse))
            columns, minutes = self._matrices[known]
        return np.asarray(minutes[:, np.searchsorted(columns, ends)])

    def _matrix(self, origins: Integers, targets: Integers, *, reverse: bool) -> Floats:
        """Return `minutes_between` from the disk, or searched for."""
        what = ("between", origins, targets, reverse)
        kept = self._load(*what)
        if kept is None:
            graph = self._backwards if reverse else self.graph
            kept = {"minutes": minutes_to_targets(graph.prepared, each_alone(origins), targets)}
            self._store(kept, *what)
        return np.asarray(kept["minutes"])

    def surface_from(self, node: int) -> Floats:
        """Return road minutes from a node to every cell of the graph, (n_cells,), inf where there is no way."""
        with self._lock:
            if node not in self._surfaces:
                kept = self._load("surface", node)
                if kept is None:
                    kept = {"minutes": self._minutes_to_all(node)[self.graph.land_nodes]}
                    self._store(kept, "surface", node)
                self._surfaces[node] = kept["minutes"]
        result = np.full(self.graph.n_cells, np.inf, dtype=np.float32)
        result[self.graph.land_nodes] = self._surfaces[node]
        return result

    def nearest(self, nodes: npt.ArrayLike) -> Floats:
        """Return road minutes from every cell to the nearest of some nodes, (n_cells,), inf where there is no way."""
        ends = np.unique(np.asarray(nodes, dtype=np.int32))
        result = np.full(self.graph.n_cells, np.inf, dtype=np.float32)
        if len(ends):
            kept = self._load("nearest", ends)
            if kept is None:
                backwards = self._backwards.prepared
                kept = {"minutes": minutes_from(backwards, seeds_of(ends))[self.graph.land_nodes]}
                self._store(kept, "nearest", ends)
            result[self.graph.land_nodes] = kept["minutes"]
        return result

    @cached_property
    def _backwards(self) -> RoadGraph:
        return reverse_graph(self.graph)

    def table_of(self, nodes: npt.ArrayLike) -> tuple[TileTable, Integers]:
        """Return a table of road minutes to every cell with these nodes as sources, and which of its sources they are.

        Sources that were asked for before stay in it.
        """
        wanted = np.ravel(nodes).astype(int).tolist()
        with self._lock:
            missing = [node for node in dict.fromkeys(wanted) if node not in self._rows]
            if missing or self._table is None:
                self._table = self._extended(missing)
                self._rows |= {node: row for row, node in enumerate(missing, start=len(self._rows))}
            return self._table, np.array([self._rows[node] for node in wanted], dtype=np.int32)

    def minutes_at(self, table: TileTable, sources: Integers, nodes: npt.ArrayLike) -> Floats:
        """Return road minutes from sources of a table to cells, (n_sources, n_nodes); inf where there is no way."""
        positions = self.layout.position[np.asarray(nodes, dtype=np.int64)]
        result = np.empty((len(sources), len(positions)), dtype=np.float32)
        minutes_at(table, sources, self.layout.tile[positions], positions, result)
        return result

    def _extended(self, nodes: Sequence[int]) -> TileTable:
        """Return the table with further sources, from the disk or searched for."""
        layout, n_old = self.layout, len(self._rows)
        self._make_room(n_old + len(nodes))
        codes, new = self._codes, np.empty((3, len(nodes), len(layout.start) - 1), dtype=np.float32)
        _ = self._graph_key  # worked out once, before the threads

        def fill(row: int, node: int) -> bool:
            own = codes[n_old + row]
            kept = self._load("tiles", node)
            if kept is not None:
                new[:, row], own[:] = kept["bounds"], kept["codes"]
                return False
            minutes = self._minutes_to_all(node)
            least, most, step = new[:, row]
            encode(minutes[layout.nodes], layout.start, least, most, step, own)
            self._store({"bounds": new[:, row], "codes": own}, "tiles", node)
            return True

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            is_new = list(pool.map(fill, range(len(nodes)), nodes))
        if self.cache and any(is_new):
            self.cache.trim()
        self._bounds[:, :, n_old : n_old + len(nodes)] = new.transpose(0, 2, 1)
        least, most, step = self._bounds
        return TileTable(layout.start, least, most, step, codes)

    def _minutes_to_all(self, node: int) -> Floats:
        """Return the minutes from a cell to every node of the graph."""
        if self.beside is not None:
            return self.beside.minutes_from(node)
        return minutes_from(self.graph.prepared, seeds_of([node]))

    def _make_room(self, n: int) -> None:
        """Make the arrays of the table long enough for ``n`` sources: hundreds of MB, not to be copied for every few.

        Tables that were given out keep theirs. Room of the codes that is not written to takes addresses only, no memory.
        """
        known, room = len(self._rows), len(self._codes)
        if n > room or not room:
            codes = np.empty((3 * n, len(self.layout.nodes)), dtype=np.uint16)
            bounds = np.full((3, len(self.layout.start) - 1, 3 * n), np.inf, dtype=np.float32)
            if known:
                codes[:known], bounds[:, :, :known] = self._codes[:known], self._bounds[:, :, :known]
            self._codes, self._bounds = codes, bounds

    def _load(self, *what: object) -> dict[str, npt.NDArray[Any]] | None:
        return self.cache.load(content_key(self._graph_key, *what)) if self.cache else None

    def _store(self, arrays: dict[str, npt.NDArray[Any]], *what: object) -> None:
        if self.cache:
            self.cache.store(content_key(self._graph_key, *what), arrays)
