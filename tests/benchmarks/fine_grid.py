"""One origin on a grid of 250 m: the real land with every cell split into sixteen, and what all of it would need."""

import os
from dataclasses import replace

import numpy as np

from sim.region.grid import DIRECTIONS
from sim.times.kernels import minutes_from, prepare_graph, seeds_of
from tests.benchmarks.measure import timed

SPLIT = 4
"""Cells of the fine grid along the side of a cell of the real one."""


def split_graph(roads):
    """Return the roads on a grid with SPLIT x SPLIT cells in the place of each: same pace, moves, roads and ramps."""
    grid, old = roads.grid, roads.prepared
    rows, columns = (SPLIT * side for side in grid.shape)
    stride = columns + 2
    fine_row, fine_column = np.indices((rows, columns))
    coarse_moves = old.moves.reshape(-1, roads.stride)[1:-1, 1:-1]
    parents = np.repeat(np.repeat(coarse_moves, SPLIT, axis=0), SPLIT, axis=1)
    is_land = np.repeat(np.repeat(grid.is_land, SPLIT, axis=0), SPLIT, axis=1)
    moves = np.zeros((rows, columns), dtype=np.uint8)
    for direction, (down, right) in enumerate(DIRECTIONS):
        parent_down = (fine_row + down) // SPLIT - fine_row // SPLIT
        parent_right = (fine_column + right) // SPLIT - fine_column // SPLIT
        stays = (parent_down == 0) & (parent_right == 0) & is_land
        moves |= stays.astype(np.uint8) << direction
        for bit, step in enumerate(DIRECTIONS):
            crosses = (parent_down == step[0]) & (parent_right == step[1]) & (((parents >> bit) & 1) == 1)
            moves |= crosses.astype(np.uint8) << direction
    pace = old.pace.reshape(-1, roads.stride)[1:-1, 1:-1]
    pace = np.repeat(np.repeat(pace, SPLIT, axis=0), SPLIT, axis=1)
    n_cells = (rows + 2) * stride

    def number(nodes):
        """Return the fine node of each node: of a cell, the one right of and below its centre."""
        row, column = nodes // roads.stride - 1, nodes % roads.stride - 1
        middle = (row * SPLIT + SPLIT // 2 + 1) * stride + column * SPLIT + SPLIT // 2 + 1
        return np.where(nodes < roads.n_cells, middle, nodes - roads.n_cells + n_cells)

    n_nodes = n_cells + roads.n_nodes - roads.n_cells
    start = number(np.repeat(np.arange(roads.n_nodes), np.diff(old.indptr)))
    order = np.argsort(start, kind="stable")
    prepared = prepare_graph(
        np.pad(pace, 1).ravel(),
        np.pad(moves, 1).ravel(),
        np.concatenate([[0], np.cumsum(np.bincount(start, minlength=n_nodes))]),
        number(old.indices.astype(np.int64))[order],
        old.minutes[order],
        stride=stride,
        cell_km=grid.cell_m / 1000 / SPLIT,
    )
    return prepared, number


def measure_fine_grid(travel, origin):
    """Print one search on the fine grid, and what the fine grid would need for a whole study."""
    roads = travel.graph
    fine, number = split_graph(replace(roads))
    start = int(number(np.array([origin]))[0])
    seconds = min(timed(minutes_from, fine, seeds_of([start]))[0] for _ in range(3))
    coarse_s = min(timed(minutes_from, roads.prepared, seeds_of([origin]))[0] for _ in range(3))
    minutes = minutes_from(fine, seeds_of([start]))
    coarse = minutes_from(roads.prepared, seeds_of([origin]))[roads.land_nodes]
    beside = minutes[number(roads.land_nodes.astype(np.int64))]
    both = np.isfinite(coarse) & np.isfinite(beside)
    off = np.abs(beside[both] - coarse[both])
    n_land, n_stations = SPLIT**2 * len(roads.land_nodes), len(travel.stations.nodes)
    arrays = sum(array.nbytes for array in fine if isinstance(array, np.ndarray))
    print(
        f"grid of {roads.grid.cell_m / SPLIT:.0f} m: {n_land:,} land cells; one search {seconds:.2f} s "
        f"({seconds / coarse_s:.0f}x that of {roads.grid.cell_m:.0f} m), graph {arrays / 1e6:,.0f} MB; minutes at the middle of "
        f"the large cells differ by {np.median(off):.2f} min (median), {np.quantile(off, 0.95):.2f} (95 %)\n"
        f"  of a whole study: {n_stations} stations {seconds * n_stations / (os.cpu_count() or 1):.0f} s once for a set of "
        f"roads on all cores, their table {2 * n_land * n_stations / 1e9:.1f} GB in memory and on disk (now "
        f"{2 * len(roads.land_nodes) * n_stations / 1e9:.2f}), a surface of a place {4 * 3 * n_land / 1e6:.0f} MB"
    )
