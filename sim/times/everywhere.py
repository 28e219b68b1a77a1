"""Compiled: people within a cut-off of every cell in turn, by road and rail, without keeping any surface."""

import numba
import numpy as np
import numpy.typing as npt

from sim.times.bucket_queue import Floats, Integers, PreparedGraph, search

__all__ = ["LANES", "sum_within_by_rail", "sum_within_of_blocks"]

LANES = 16
"""Origins whose minutes are lowered side by side: 16 of 32 bits fill the widest register there is."""
MOST_APART_MIN = np.float32(12)
"""An origin this far from the middle of its block is searched for alone: another shore, or a mountain between."""
ROUNDING_MIN = np.float32(0.01)
"""More than sums of minutes in single precision differ from each other by."""


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


@numba.njit(nogil=True, cache=True, error_model="numpy")
def sum_within_of_blocks(
    graph: PreparedGraph,
    start: npt.NDArray[np.int64],
    origins: Integers,
    limit: np.float32,
    n_buckets: int,
    station_nodes: Integers,
    station_start: Integers,
    rail_min: Floats,
    weights: npt.NDArray[np.float64],
    result: npt.NDArray[np.float64],
    is_done: npt.NDArray[np.bool_],
) -> None:
    """Write the weights within ``limit`` minutes by road of origins that lie close together, `LANES` at a time.

    Block b has the origins ``start[b]:start[b + 1]``, at most `LANES`. One search from the middle of a block finds all
    nodes that any of its origins may reach. Over these, in the order of their minutes from the middle, the minutes of
    all origins are lowered side by side ("lanes") until nothing changes: the one fixed point of "best label plus cost"
    that a search of each would find, to the bit. An origin too far from the middle, or one that any train takes
    anywhere earlier than the road, is left for `sum_within_by_rail`: its ``is_done`` stays False.
    """
    n_nodes = graph.indptr.size - 1
    minutes = np.full(n_nodes, np.inf, dtype=np.float32)
    touched = np.empty(n_nodes, dtype=np.int32)
    local = np.full(n_nodes, -1, dtype=np.int32)
    zero = np.zeros(1, dtype=np.float32)
    for block in range(start.size - 1):
        own = origins[start[block] : start[block + 1]]
        middle = own[own.size // 2 : own.size // 2 + 1]
        reached = search(graph, middle, zero, limit + MOST_APART_MIN, n_buckets, minutes, None, touched)
        apart = np.float32(0)
        for lane in range(own.size):
            if minutes[own[lane]] < MOST_APART_MIN - ROUNDING_MIN:
                apart = max(apart, minutes[own[lane]])
        nodes = _in_order(minutes, touched[:reached], limit + apart + ROUNDING_MIN)
        for i in range(nodes.size):
            local[nodes[i]] = i
        first, sources, costs = _arcs_among(graph, nodes, local)
        labels = np.full((nodes.size, LANES), np.inf, dtype=np.float32)
        for lane in range(own.size):
            if minutes[own[lane]] <= apart:
                labels[local[own[lane]], lane] = 0
        _lower_until_done(first, sources, costs, labels)
        totals = np.zeros(LANES)
        for i in range(nodes.size):
            if nodes[i] < weights.size and weights[nodes[i]] > 0:
                weight = weights[nodes[i]]
                for lane in range(LANES):
                    totals[lane] += weight if labels[i, lane] <= limit else 0.0
        rail_helps = _rail_is_earlier(nodes, local, labels, limit, station_nodes, station_start, rail_min)
        for lane in range(own.size):
            if minutes[own[lane]] <= apart and not rail_helps[lane]:
                result[start[block] + lane] = totals[lane]
                is_done[start[block] + lane] = True
        for i in range(nodes.size):
            local[nodes[i]] = -1
        for i in range(reached):
            minutes[touched[i]] = np.inf


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _in_order(minutes: Floats, nodes: Integers, limit: np.float32) -> Integers:
    """Return the nodes within the limit by their minutes, to a quarter of a minute."""
    n_bins = int(limit * 4) + 2
    position = np.zeros(n_bins + 1, dtype=np.int64)
    for node in nodes:
        if minutes[node] <= limit:
            position[int(minutes[node] * 4) + 1] += 1
    position = np.cumsum(position)
    ordered = np.empty(position[-1], dtype=np.int32)
    for node in nodes:
        if minutes[node] <= limit:
            bin_ = int(minutes[node] * 4)
            ordered[position[bin_]] = node
            position[bin_] += 1
    return ordered


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _arcs_among(graph: PreparedGraph, nodes: Integers, local: Integers) -> tuple[Integers, Integers, Floats]:
    """Return the steps and links into each of the nodes from others of them, in compressed rows: first, from, minutes."""
    room = 0
    for node in nodes:
        room += 8 + graph.indptr[node + 1] - graph.indptr[node]
    starts, ends = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
    minutes = np.empty(room, dtype=np.float32)
    first = np.zeros(nodes.size + 1, dtype=np.int32)
    n = 0
    for i in range(nodes.size):
        node = nodes[i]
        if node < graph.moves.size:
            for direction in range(8):
                if (graph.moves[node] >> direction) & 1:
                    other = node + graph.step_offset[direction]
                    if local[other] >= 0:
                        starts[n], ends[n] = i, local[other]
                        minutes[n] = (graph.pace[node] + graph.pace[other]) * graph.half_step_km[direction]
                        first[local[other] + 1] += 1
                        n += 1
        for link in range(graph.indptr[node], graph.indptr[node + 1]):
            other = graph.indices[link]
            if local[other] >= 0:
                starts[n], ends[n], minutes[n] = i, local[other], graph.minutes[link]
                first[local[other] + 1] += 1
                n += 1
    for i in range(nodes.size):
        first[i + 1] += first[i]
    sources, costs = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.float32)
    at = first[:-1].copy()
    for arc in range(n):
        place = at[ends[arc]]
        at[ends[arc]] += 1
        sources[place], costs[place] = starts[arc], minutes[arc]
    return first, sources, costs


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _lower_until_done(first: Integers, sources: Integers, costs: Floats, labels: Floats) -> None:
    """Lower all labels to the best label before plus cost, over and over, inwards and outwards, until nothing changes."""
    n = first.size - 1
    changed = 1
    while changed > 0:
        changed = 0
        for i in range(n):
            changed += _lower_one(i, first, sources, costs, labels)
        if changed > 0:
            for i in range(n - 1, -1, -1):
                changed += _lower_one(i, first, sources, costs, labels)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _lower_one(i: int, first: Integers, sources: Integers, costs: Floats, labels: Floats) -> int:
    """Lower the labels of one node, all lanes at a time, and return how often one changed."""
    changed = 0
    for arc in range(first[i], first[i + 1]):
        source, cost = sources[arc], costs[arc]
        for lane in range(LANES):
            label = labels[source, lane] + cost
            changed += label < labels[i, lane]
            labels[i, lane] = min(label, labels[i, lane])
    return changed


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _rail_is_earlier(
    nodes: Integers,
    local: Integers,
    labels: Floats,
    limit: np.float32,
    station_nodes: Integers,
    station_start: Integers,
    rail_min: Floats,
) -> npt.NDArray[np.bool_]:
    """Return in which lanes a train arrives at any station within the limit and earlier than the road."""
    helps = np.zeros(LANES, dtype=np.bool_)
    for i in range(nodes.size):
        for board in range(station_start[nodes[i]], station_start[nodes[i] + 1]):
            for alight in range(station_nodes.size):
                if rail_min[board, alight] < limit:
                    there = local[station_nodes[alight]]
                    for lane in range(LANES):
                        arrival = labels[i, lane] + rail_min[board, alight]
                        if arrival <= limit and (there < 0 or arrival < labels[there, lane]):
                            helps[lane] = True
    return helps
