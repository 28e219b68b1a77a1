"""The compiled heart of the road times: a bucket queue over a land grid and its links.

Method: label-setting after Dijkstra (1959) with the circular bucket queue of Dial (1969). A bucket may be wider than
the cheapest link: nodes of the lowest bucket are then relaxed in rounds until it stays empty, as in the
approximate buckets of Denardo and Fox (1979) and the delta-stepping of Meyer and Sanders (2003). The answer does not
depend on the width of the buckets: it is the one fixed point of "best label plus cost" in float32. Even an entry in a
wrong bucket would cost time and not exactness, as it is relaxed when its turn comes round.

References
----------
Dijkstra, E. W. (1959). A note on two problems in connexion with graphs. Numerische Mathematik 1, 269-271.
Dial, R. B. (1969). Algorithm 360: shortest-path forest with topological ordering. Communications of the ACM 12,
    632-633.
Denardo, E. V., Fox, B. L. (1979). Shortest-route methods: 1. Reaching, pruning, and buckets. Operations Research 27,
    161-186.
Meyer, U., Sanders, P. (2003). Delta-stepping: a parallelizable shortest path algorithm. Journal of Algorithms 49,
    114-152.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "FIRST_SEED",
    "NOT_REACHED",
    "Floats",
    "Integers",
    "PreparedGraph",
    "search",
    "search_to_targets",
    "seed_at_root",
    "sum_within",
]

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]

NOT_REACHED = -1
"""Predecessor of a node that no seed reaches within the limit."""
FIRST_SEED = -2
"""Predecessors at or below this mark a seed: ``FIRST_SEED - i`` is the i-th seed itself."""
_FIRST_POOL = 4096


class PreparedGraph(NamedTuple):
    """A land grid with an overlay of links, as arrays that the kernels read.

    Nodes 0 … n_cells - 1 are the cells of a grid with one empty row or column on every side, row by row from the
    north-west; nodes from n_cells on are points of the overlay.

    Attributes
    ----------
    pace : minutes per km in each cell, (n_cells,); meaningless where ``moves`` is 0.
    moves : bit k set = a step to the neighbour in direction k is possible, (n_cells,); k = 0 E, 1 NE, 2 N, … 7 SE.
    step_offset, half_step_km : what a step in each direction adds to the node number, and half its length, (8,).
    indptr, indices, minutes : links out of each node in compressed rows, (n_nodes + 1,), (n_links,), (n_links,).
    bucket_min : minutes of one bucket of the queue.
    longest_min : the largest cost of one step or link.
    """

    pace: Floats
    moves: npt.NDArray[np.uint8]
    step_offset: Integers
    half_step_km: Floats
    indptr: Integers
    indices: Integers
    minutes: Floats
    bucket_min: np.float32
    longest_min: np.float32

    @property
    def n_nodes(self) -> int:
        """Number of nodes, cells of the padding included."""
        return len(self.indptr) - 1


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _enqueue(
    node: int,
    label: np.float32,
    bucket: np.int64,
    head: Integers,
    pool_node: Integers,
    pool_next: Integers,
    pool_label: Floats,
    free: int,
    used: int,
) -> tuple[int, int]:
    """Put an entry at the head of a bucket and return the first free entry and the number ever used.

    Made part of the functions that use it: a real call would cost a third of their speed.
    """
    if free == -1:
        entry = used
        used += 1
    else:
        entry = free
        free = pool_next[np.uintp(entry)]
    at, ring = np.uintp(entry), np.uintp(bucket)
    pool_node[at] = node
    pool_label[at] = label
    pool_next[at] = head[ring]
    head[ring] = entry
    return free, used


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _longer(array: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    """Return a copy of the array with room for more at its end."""
    result = np.empty(length, dtype=array.dtype)
    result[: array.size] = array
    return result


@numba.njit(nogil=True, cache=True, error_model="numpy")
def search(
    graph: PreparedGraph,
    seed_nodes: Integers,
    seed_minutes: Floats,
    limit: np.float32,
    n_buckets: int,
    minutes: Floats,
    predecessors: Integers | None,
    touched: Integers | None,
) -> int:
    """Write the fewest minutes into ``minutes`` (all inf on entry) and return how many nodes were reached.

    ``predecessors`` and ``touched`` (the nodes reached, in the order of discovery) may be None: not wanted.
    The queue is a ring of lists of (node, label) entries taken from a pool. An entry whose label is no longer the
    node's is stale and skipped, so that nothing is ever moved inside the queue.
    """
    per_minute = np.float32(1) / graph.bucket_min
    head = np.full(n_buckets, -1, dtype=np.int32)
    room = max(_FIRST_POOL, 2 * seed_nodes.size)
    pool_node = np.empty(room, dtype=np.int32)
    pool_next = np.empty(room, dtype=np.int32)
    pool_label = np.empty(room, dtype=np.float32)
    free, used, reached = -1, 0, 0
    lowest = np.int64(0)
    for i in range(seed_nodes.size):
        node, label = seed_nodes[i], seed_minutes[i]
        if label <= limit and label < np.inf and label < minutes[node]:
            if touched is not None and minutes[node] == np.inf:
                touched[reached] = node
                reached += 1
            if predecessors is not None:
                predecessors[node] = FIRST_SEED - i
            minutes[node] = label
            bucket = np.int64(label * per_minute)
            lowest = bucket if used == 0 else min(lowest, bucket)
            bucket &= n_buckets - 1
            free, used = _enqueue(node, label, bucket, head, pool_node, pool_next, pool_label, free, used)
    state = np.array([free, used, used, reached, lowest, -1], dtype=np.int64)
    while not _drain(graph, limit, minutes, predecessors, touched, head, pool_node, pool_next, pool_label, state):
        room *= 2
        pool_node, pool_next = _longer(pool_node, room), _longer(pool_next, room)
        pool_label = _longer(pool_label, room)
    return int(state[3])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _drain(  # noqa: PLR0912, PLR0915  a call costs more than the lines it saves
    graph: PreparedGraph,
    limit: np.float32,
    minutes: Floats,
    predecessors: Integers | None,
    touched: Integers | None,
    head: Integers,
    pool_node: Integers,
    pool_next: Integers,
    pool_label: Floats,
    state: npt.NDArray[np.int64],
) -> bool:
    """Empty the queue from its lowest bucket on; return whether it is done, or else the pool is too small to go on.

    ``state`` carries the place from one call to the next. (A pool that could grow in this loop would halve its speed,
    and so would a call for each better label: the two ways out of a node are therefore written out. Arrays are read at
    unsigned places, for which numba does not ask each time whether they count from the end: a fifth of the time.)
    """
    free, used, waiting, reached, lowest, entry = state
    paces, moves, step_offset, half_step_km = graph.pace, graph.moves, graph.step_offset, graph.half_step_km
    indptr, indices, link_minutes = graph.indptr, graph.indices, graph.minutes
    n_cells = paces.size
    per_minute = np.float32(1) / graph.bucket_min
    mask = head.size - 1
    done = True
    while waiting > 0 and done:
        if entry == -1:
            # One round: everything that waits in the lowest bucket now. What falls back into it makes the next round.
            entry = np.int64(head[lowest & mask])
            if entry == -1:
                lowest += 1
                continue
            head[lowest & mask] = -1
        while entry != -1:
            node = pool_node[np.uintp(entry)]
            base = pool_label[np.uintp(entry)]
            here = np.uintp(node)
            if minutes[here] == base:
                first, last = indptr[here], indptr[here + np.uintp(1)]
                if used + 8 + last - first > pool_node.size:
                    done = False
                    break
                if node < n_cells:
                    possible = moves[here]
                    pace = paces[here]
                    for direction in range(8):
                        if (possible >> direction) & 1:
                            other = node + step_offset[direction]
                            there = np.uintp(other)
                            label = base + (pace + paces[there]) * half_step_km[direction]
                            if label < minutes[there] and label <= limit:
                                if touched is not None and minutes[there] == np.inf:
                                    touched[reached] = other
                                    reached += 1
                                if predecessors is not None:
                                    predecessors[there] = node
                                minutes[there] = label
                                bucket = np.int64(label * per_minute) & mask
                                free, used = _enqueue(
                                    other, label, bucket, head, pool_node, pool_next, pool_label, free, used
                                )
                                waiting += 1
                for link in range(first, last):
                    other = indices[np.uintp(link)]
                    there = np.uintp(other)
                    label = base + link_minutes[np.uintp(link)]
                    if label < minutes[there] and label <= limit:
                        if touched is not None and minutes[there] == np.inf:
                            touched[reached] = other
                            reached += 1
                        if predecessors is not None:
                            predecessors[there] = node
                        minutes[there] = label
                        bucket = np.int64(label * per_minute) & mask
                        free, used = _enqueue(other, label, bucket, head, pool_node, pool_next, pool_label, free, used)
                        waiting += 1
            following = np.int64(pool_next[np.uintp(entry)])
            pool_next[np.uintp(entry)] = free
            free = entry
            entry = following
            waiting -= 1
    state[:] = (free, used, waiting, reached, lowest, entry)
    return done


@numba.njit(nogil=True, cache=True, error_model="numpy")
def search_to_targets(
    graph: PreparedGraph,
    start: npt.NDArray[np.int64],
    nodes: Integers,
    seed_minutes: Floats,
    limit: np.float32,
    n_buckets: int,
    targets: Integers,
    result: Floats,
) -> None:
    """Write the minutes of several searches at the target nodes, with one surface that is cleared in between."""
    minutes = np.full(graph.indptr.size - 1, np.inf, dtype=np.float32)
    touched = np.empty(minutes.size, dtype=np.int32)
    for row in range(start.size - 1):
        own = slice(start[row], start[row + 1])
        reached = search(graph, nodes[own], seed_minutes[own], limit, n_buckets, minutes, None, touched)
        for target in range(targets.size):
            result[row, target] = minutes[targets[target]]
        for i in range(reached):
            minutes[touched[i]] = np.inf


@numba.njit(nogil=True, cache=True, error_model="numpy")
def sum_within(
    graph: PreparedGraph,
    start: npt.NDArray[np.int64],
    nodes: Integers,
    seed_minutes: Floats,
    limit: np.float32,
    n_buckets: int,
    weights: npt.NDArray[np.float64],
    cutoffs: Floats,
    result: npt.NDArray[np.float64],
) -> None:
    """Add the weights of the nodes within each cut-off of several searches, clearing each node in the same pass."""
    minutes = np.full(graph.indptr.size - 1, np.inf, dtype=np.float32)
    touched = np.empty(minutes.size, dtype=np.int32)
    for row in range(start.size - 1):
        own = slice(start[row], start[row + 1])
        reached = search(graph, nodes[own], seed_minutes[own], limit, n_buckets, minutes, None, touched)
        for i in range(reached):
            node = touched[i]
            label = minutes[node]
            minutes[node] = np.inf
            if node < weights.size:
                for k in range(cutoffs.size):
                    if label <= cutoffs[k]:
                        result[row, k] += weights[node]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def seed_at_root(predecessors: Integers) -> Integers:
    """Return the seed at the root of each node; every chain is followed once and then remembered."""
    unknown = -2
    seed = np.full(predecessors.size, unknown, dtype=np.int32)
    for node in range(predecessors.size):
        root = node
        while seed[root] == unknown and predecessors[root] >= 0:
            root = predecessors[root]
        if seed[root] == unknown:
            before = predecessors[root]
            seed[root] = NOT_REACHED if before == NOT_REACHED else FIRST_SEED - before
        found = seed[root]
        follower = node
        while seed[follower] == unknown:
            seed[follower] = found
            follower = predecessors[follower]
    return seed
