"""Compiled: people within a cut-off of every cell in turn, by road and rail, without keeping any surface."""

import numba
import numpy as np
import numpy.typing as npt

from sim.times.bucket_queue import Floats, Integers, PreparedGraph, search

__all__ = ["sum_within_by_rail"]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def sum_within_by_rail(
    graph: PreparedGraph,
    origins: Integers,
    limit: np.float32,
    n_buckets: int,
    station_nodes: Integers,
    station_start: Integers,
    rail_min: Floats,
    weights: npt.NDArray[np.float64],
    result: npt.NDArray[np.float64],
) -> None:
    """Write the weights within ``limit`` minutes of each origin: by road alone, or by road, rail and road.

    Stations are sorted by node; those at node n are ``station_start[n]:station_start[n + 1]``. A first search finds the
    stations in reach; a second one goes on from where trains arrive earlier than the road, and touches only the nodes
    that this makes earlier.
    """
    minutes = np.full(graph.indptr.size - 1, np.inf, dtype=np.float32)
    touched = np.empty(minutes.size, dtype=np.int32)
    arrival = np.empty(station_nodes.size, dtype=np.float32)
    zero = np.zeros(1, dtype=np.float32)
    for row in range(origins.size):
        reached = search(graph, origins[row : row + 1], zero, limit, n_buckets, minutes, None, touched)
        arrival[:] = np.inf
        earlier = False
        for i in range(reached):
            node = touched[i]
            for board in range(station_start[node], station_start[node + 1]):
                access = minutes[node]
                for alight in range(station_nodes.size):
                    there = access + rail_min[board, alight]
                    if there < arrival[alight] and there <= limit:
                        arrival[alight] = there
                        earlier |= there < minutes[station_nodes[alight]]
        if earlier:
            reached += search(graph, station_nodes, arrival, limit, n_buckets, minutes, None, touched[reached:])
        total = 0.0
        for i in range(reached):
            node = touched[i]
            minutes[node] = np.inf
            if node < weights.size:
                total += weights[node]
        result[row] = total
