"""What the benchmark measures with: the graph as arcs, a window of it, memory bandwidth, seconds."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sim.times.kernels import prepare_graph
from tests.benchmarks.rivals import Arcs


@dataclass(frozen=True)
class Numbered:
    """A road graph without the cells of the sea: its arcs, the old number of each node, the new number of each old one."""

    arcs: Arcs
    nodes: np.ndarray
    number: np.ndarray


def graph_of(roads, nodes=None):
    """Return the arcs among nodes of a road graph for other libraries (by default its land and road nodes).

    Of parallel arcs the faster.
    """
    arcs = roads.arcs()
    order = np.lexsort((arcs.minutes, arcs.to_node, arcs.from_node))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(arcs.from_node[order]) != 0) | (np.diff(arcs.to_node[order]) != 0)
    kept = order[first]
    if nodes is None:
        nodes = np.concatenate([roads.land_nodes, np.arange(roads.n_cells, roads.n_nodes)])
    number = np.full(roads.n_nodes, -1)
    number[nodes] = np.arange(len(nodes))
    start, end, minutes = number[arcs.from_node[kept]], number[arcs.to_node[kept]], arcs.minutes[kept]
    inside = (start >= 0) & (end >= 0)
    return Numbered(Arcs(len(nodes), start[inside], end[inside], minutes[inside]), nodes, number)


def window_of(roads, centre, share):
    """Return the graph of the kernels cut to a window around a cell with this share of the region's height and width."""
    rows, columns = roads.grid.shape
    row, column = roads.node_cell(centre)
    cells = np.zeros((rows + 2, columns + 2), dtype=bool)
    high, wide = int(rows * share), int(columns * share)
    top, left = np.clip(row - high // 2, 0, rows - high), np.clip(column - wide // 2, 0, columns - wide)
    cells[top + 1 : top + 1 + high, left + 1 : left + 1 + wide] = True
    inside = cells.ravel()
    old = roads.prepared
    moves = np.where(inside, old.moves, 0).astype(np.uint8)
    for direction, offset in enumerate(old.step_offset):
        leaves = inside & ~np.roll(inside, -offset)
        moves[leaves] &= 255 ^ (1 << direction)
    links = np.repeat(np.arange(roads.n_nodes), np.diff(old.indptr))
    kept = np.ones(len(links), dtype=bool)
    for ends in (links, old.indices):
        kept[ends < len(inside)] &= inside[ends[ends < len(inside)]]
    # Road nodes outside are left without a way into the grid; those that lead far out are cut by their place.
    lonlat = roads.node_lonlat(np.flatnonzero(inside & (old.moves > 0)))
    box = (lonlat.min(axis=0), lonlat.max(axis=0))
    places = roads.nodes[["lon", "lat"]].to_numpy()
    near = np.concatenate([np.ones(len(inside), dtype=bool), ((places >= box[0]) & (places <= box[1])).all(axis=1)])
    kept &= near[links] & near[old.indices]
    counts = np.bincount(links[kept], minlength=roads.n_nodes)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    cell_km = roads.grid.cell_m / 1000
    return prepare_graph(
        old.pace, moves, indptr, old.indices[kept], old.minutes[kept], stride=roads.stride, cell_km=cell_km
    )


def bandwidth_gb_s(threads):
    """Return GB read and written a second when each thread copies arrays too long for any cache; the best of five."""
    n = 25_000_000
    arrays = [(np.ones(n), np.empty(n)) for _ in range(threads)]
    best = np.inf
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(5):
            seconds, _ = timed(lambda: list(pool.map(lambda pair: np.copyto(pair[1], pair[0]), arrays)))
            best = min(best, seconds)
    return 2 * 8 * n * threads / best / 1e9


class Spent(NamedTuple):
    """Seconds by the clock, seconds of processor time of all threads and processes, and what a call returned."""

    wall_s: float
    cpu_s: float
    answer: Any


def spent(function, *arguments, **options):
    """Return what a call takes; on a machine that others use too the processor time is what to compare."""
    before = sum(os.times()[:4])  # of this process and of those it has waited for
    wall_s, answer = timed(function, *arguments, **options)
    return Spent(wall_s, sum(os.times()[:4]) - before, answer)


def thread_timed(function, *arguments, **options):
    """Return how many seconds of processor time a call takes in this thread, and what it returns."""
    began = time.thread_time()
    result = function(*arguments, **options)
    return time.thread_time() - began, result


def timed(function, *arguments, **options):
    """Return how many seconds a call takes, and what it returns."""
    began = time.perf_counter()
    result = function(*arguments, **options)
    return time.perf_counter() - began, result
