"""Fewest minutes over land cells and network links: exact shortest paths, one or many at a time.

The graph is a land grid, whose steps are implied by position, with an overlay of explicit links (roads, ramps,
ferries) between its cells and further nodes. Nothing here knows about roads; ``sim.times.roads`` builds the arrays.

The method is in ``sim.times.bucket_queue``. Searches give up the interpreter lock, so that several run at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.times.bucket_queue import (
    NOT_REACHED,
    Floats,
    Integers,
    PreparedGraph,
    search,
    search_to_targets,
    seed_at_root,
    sum_within,
)

__all__ = [
    "NOT_REACHED",
    "PreparedGraph",
    "Routes",
    "Seeds",
    "count_buckets",
    "each_alone",
    "in_threads",
    "minutes_from",
    "minutes_to_targets",
    "people_within",
    "prepare_graph",
    "routes_from",
    "seeds_of",
    "step_km",
    "step_offsets",
    "trace_seeds",
]

_MOST_BUCKETS = 1 << 16


class Seeds(NamedTuple):
    """Where searches begin: search i has the seeds ``start[i]:start[i + 1]``, each a node and its minutes."""

    start: npt.NDArray[np.int64]
    nodes: Integers
    minutes: Floats

    @property
    def n_searches(self) -> int:
        """Number of separate searches."""
        return len(self.start) - 1


def step_offsets(stride: int) -> Integers:
    """Return what a step E, NE, N, NW, W, SW, S, SE adds to a cell number in rows of ``stride`` cells."""
    return np.array([1, 1 - stride, -stride, -1 - stride, -1, stride - 1, stride, stride + 1], dtype=np.int32)


def step_km(cell_km: float) -> Floats:
    """Return the length of a step in each of the eight directions, km."""
    return np.array([cell_km, cell_km * np.sqrt(2.0)] * 4, dtype=np.float32)


def prepare_graph(
    pace: npt.ArrayLike,
    moves: npt.ArrayLike,
    indptr: npt.ArrayLike,
    indices: npt.ArrayLike,
    minutes: npt.ArrayLike,
    *,
    stride: int,
    cell_km: float = 1.0,
    bucket_min: float | None = None,
) -> PreparedGraph:
    """Return the arrays in the one layout and the types that the kernels are compiled for, read-only.

    Parameters
    ----------
    pace, moves : flat padded grid, see `PreparedGraph`.
    indptr, indices, minutes : the overlay of links; every cost must be positive.
    stride : cells in a padded row.
    cell_km : side of a cell.
    bucket_min : minutes of one bucket; by default half the cheapest step over land. It changes the speed only.

    Raises
    ------
    ValueError
        If a step or link does not cost more than nothing, or the arrays do not fit each other.
    """
    moves_array = _frozen(moves, np.uint8)
    pace_array = _frozen(pace, np.float32)
    links = _frozen(minutes, np.float32)
    rows = _frozen(indptr, np.int32)
    lengths = step_km(cell_km)
    entered = pace_array[moves_array != 0]
    if len(moves_array) != len(pace_array) or len(rows) <= len(pace_array) or rows[-1] != len(links):
        raise ValueError("the grid and the overlay of links do not fit each other")
    ends = np.asarray(indices)
    if len(ends) and (ends.min() < 0 or ends.max() >= len(rows) - 1):
        raise ValueError("a link leads to a node that does not exist")
    if not (np.all(links > 0) and np.all(np.isfinite(links)) and np.all(entered > 0) and np.all(np.isfinite(entered))):
        raise ValueError("every step and every link must cost more than nothing, and not infinitely much")
    longest = max(float(lengths.max() * entered.max(initial=0)), float(links.max(initial=0)))
    if bucket_min is None:
        bucket_min = 0.5 * float(lengths.min() * entered.min()) if len(entered) else float(links.min(initial=1))
    # Very long links among very short buckets would need a huge ring: widen the buckets rather.
    bucket_min = max(bucket_min, longest / (_MOST_BUCKETS / 4))
    return PreparedGraph(
        pace=pace_array,
        moves=moves_array,
        step_offset=_frozen(step_offsets(stride), np.int32),
        half_step_km=_frozen(lengths / 2, np.float32),
        indptr=rows,
        indices=_frozen(indices, np.int32),
        minutes=links,
        bucket_min=np.float32(bucket_min),
        longest_min=np.float32(longest),
    )


def _frozen(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return the values as a contiguous array of this type that cannot be written to."""
    array = np.ascontiguousarray(values, dtype=dtype).view()
    array.flags.writeable = False
    return array


def seeds_of(nodes: npt.ArrayLike, minutes: npt.ArrayLike = 0.0) -> Seeds:
    """Return the seeds of one search that starts at all these nodes, each with its minutes."""
    node_array = np.atleast_1d(np.asarray(nodes, dtype=np.int32))
    return Seeds(np.array([0, len(node_array)]), node_array, _spread(minutes, len(node_array)))


def each_alone(nodes: npt.ArrayLike) -> Seeds:
    """Return the seeds of one search per node, each starting there at 0 minutes."""
    node_array = np.atleast_1d(np.asarray(nodes, dtype=np.int32))
    return Seeds(np.arange(len(node_array) + 1), node_array, np.zeros(len(node_array), np.float32))


def _spread(minutes: npt.ArrayLike, n: int) -> Floats:
    return np.ascontiguousarray(np.broadcast_to(np.asarray(minutes, dtype=np.float32), (n,)))


def minutes_from(graph: PreparedGraph, seeds: Seeds, *, limit_min: float = np.inf) -> Floats:
    """Return the fewest minutes from the seeds of one search to every node, (n_nodes,); inf beyond the limit.

    Seeds that start later than ``limit_min`` (or at inf) take no part.
    """
    minutes = np.full(graph.n_nodes, np.inf, dtype=np.float32)
    n_buckets = count_buckets(graph, seeds.minutes, limit_min)
    search(graph, seeds.nodes, seeds.minutes, np.float32(limit_min), n_buckets, minutes, None, None)
    return minutes


class Routes(NamedTuple):
    """Fewest minutes to every node, inf beyond the limit, and the node before it on the way.

    A predecessor of `NOT_REACHED` means there is no way; -2 - i means that the node is the i-th seed itself.
    """

    minutes: Floats
    predecessors: Integers


def routes_from(graph: PreparedGraph, seeds: Seeds, *, limit_min: float = np.inf) -> Routes:
    """Return the fewest minutes from the seeds of one search to every node, and the node before each, (n_nodes,)."""
    minutes = np.full(graph.n_nodes, np.inf, dtype=np.float32)
    predecessors = np.full(graph.n_nodes, NOT_REACHED, dtype=np.int32)
    n_buckets = count_buckets(graph, seeds.minutes, limit_min)
    search(graph, seeds.nodes, seeds.minutes, np.float32(limit_min), n_buckets, minutes, predecessors, None)
    return Routes(minutes, predecessors)


def minutes_to_targets(
    graph: PreparedGraph, seeds: Seeds, targets: npt.ArrayLike, *, limit_min: float = np.inf, threads: int | None = None
) -> Floats:
    """Return the fewest minutes of every search to every target node, (n_searches, n_targets); inf beyond the limit."""
    target_nodes = np.ascontiguousarray(targets, dtype=np.int32)
    result = np.empty((seeds.n_searches, len(target_nodes)), dtype=np.float32)
    n_buckets = count_buckets(graph, seeds.minutes, limit_min)
    limit = np.float32(limit_min)

    def work(first: int, last: int) -> None:
        start = seeds.start[first : last + 1]
        search_to_targets(graph, start, seeds.nodes, seeds.minutes, limit, n_buckets, target_nodes, result[first:last])

    in_threads(work, seeds.n_searches, threads)
    return result


def people_within(
    graph: PreparedGraph, seeds: Seeds, people: npt.ArrayLike, cutoffs_min: npt.ArrayLike, *, threads: int | None = None
) -> npt.NDArray[np.float64]:
    """Return the sum of ``people`` at the nodes within each cut-off of each search, (n_searches, n_cutoffs).

    ``people`` has one value for each of the first nodes (cells); further nodes have none. No surface is kept: only the
    nodes within the largest cut-off are visited and cleared again, so the cost grows with the area reached.
    """
    cutoffs = np.ascontiguousarray(cutoffs_min, dtype=np.float32)
    weights = np.ascontiguousarray(people, dtype=np.float64)
    limit_min = float(cutoffs.max())
    result = np.zeros((seeds.n_searches, len(cutoffs)))
    n_buckets = count_buckets(graph, seeds.minutes, limit_min)
    limit = np.float32(limit_min)

    def work(first: int, last: int) -> None:
        start = seeds.start[first : last + 1]
        sum_within(graph, start, seeds.nodes, seeds.minutes, limit, n_buckets, weights, cutoffs, result[first:last])

    in_threads(work, seeds.n_searches, threads)
    return result


def trace_seeds(predecessors: Integers) -> Integers:
    """Return the index of the seed from which each node is reached, (n_nodes,); -1 where there is no way."""
    return seed_at_root(np.ascontiguousarray(predecessors))


def count_buckets(graph: PreparedGraph, seed_minutes: npt.ArrayLike, limit_min: float) -> int:
    """Return a power of two of buckets whose ring is longer than any label can be ahead of the lowest one."""
    minutes = np.asarray(seed_minutes)
    started = minutes[np.isfinite(minutes) & (minutes <= limit_min)]
    if np.any(started < 0) or np.any(np.isnan(minutes)):
        raise ValueError("the minutes of a seed must be a number from 0")
    ahead = max(float(graph.longest_min), float(started.max() - started.min()) if len(started) else 0.0)
    return 1 << int(np.ceil(ahead / float(graph.bucket_min)) + 4).bit_length()


def in_threads(work: Callable[[int, int], None], n: int, threads: int | None = None) -> None:
    """Call ``work(first, last)`` over all of 0 … n in slices, several at a time (the kernels free the interpreter)."""
    n_threads = max(1, min(n, threads or os.cpu_count() or 1))
    # A few slices for each thread, so that one with long searches does not keep the others waiting.
    edges = np.linspace(0, n, (min(n, 6 * n_threads) if n_threads > 1 else 1) + 1).astype(int).tolist()
    if n_threads == 1:
        work(0, n)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))
