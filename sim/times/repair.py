"""Road minutes after a local change of the roads: repaired where the change matters, not searched for again.

A road more, a bridge less or another speed alters the minutes of few nodes. Those whose way no longer holds are found by
following it outwards from the changed links; they, and whatever gets earlier, are searched for from the border of what
still holds. The answer is that of a fresh search to the bit.

References
----------
Ramalingam, G., Reps, T. (1996). An incremental algorithm for a generalization of the shortest-path problem. Journal of
    Algorithms 21, 267-305.
"""

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numba
import numpy as np
import numpy.typing as npt

from sim.times.bucket_queue import Floats, Integers, PreparedGraph, search
from sim.times.kernels import count_buckets
from sim.times.road_graph import RoadGraph, reverse_graph

__all__ = ["RoadChange", "compare_roads", "repair_minutes"]


@dataclass(frozen=True)
class RoadChange:
    """What it takes to carry minutes over from one road graph to another on the same grid.

    Attributes
    ----------
    graph, backwards : the graph to which they are carried, and it with every link turned round.
    old_node : node in the graph they come from, -1 where there was none, (n_nodes,).
    altered : nodes into which the steps or links are not those of the old graph.
    """

    graph: PreparedGraph
    backwards: PreparedGraph
    old_node: npt.NDArray[np.int64]
    altered: Integers


def compare_roads(old: RoadGraph, new: RoadGraph) -> RoadChange:
    """Return the change from one road graph to another on the same grid.

    Road nodes are the same if they have the same point and name, and no other of either graph has them too.

    Raises
    ------
    ValueError: the grids differ in their cells.
    """
    if old.grid.shape != new.grid.shape or old.n_cells != new.n_cells:
        raise ValueError("the roads lie on grids of other cells: their minutes have nothing in common")
    new_node = _match_nodes(old, new)
    old_node = np.full(new.n_nodes, -1, dtype=np.int64)
    known = np.flatnonzero(new_node >= 0)
    old_node[new_node[known]] = known
    before, after = old.prepared, new.prepared
    links = [_links_of(before, new_node), _links_of(after, np.arange(new.n_nodes))]
    changed_cells = np.flatnonzero((before.moves != after.moves) | (before.pace != after.pace))
    beside = (changed_cells[:, None] + np.append(after.step_offset, 0)).ravel()
    altered = np.union1d(_ends_of_differing(*links), beside[(beside >= 0) & (beside < new.n_cells)])
    return RoadChange(after, reverse_graph(new).prepared, old_node, altered.astype(np.int32))


def repair_minutes(change: RoadChange, minutes: Floats) -> Floats:
    """Return the minutes from the same source to every node of the new graph, (n_nodes,), inf where there is no way.

    Parameters
    ----------
    minutes : from the source, a cell, to every node of the old graph, without a limit.
    """
    n_cells = change.graph.moves.size  # cells keep their numbers
    on_roads = change.old_node[n_cells:]
    result = np.full(change.graph.n_nodes, np.inf, dtype=np.float32)
    result[:n_cells] = minutes[:n_cells]
    result[n_cells:][on_roads >= 0] = minutes[on_roads[on_roads >= 0]]
    nodes, starts = _open_border(change.graph, change.backwards, change.altered, result)
    if len(nodes):
        n_buckets = count_buckets(change.graph, starts, np.inf)
        search(change.graph, nodes, starts, np.float32(np.inf), n_buckets, result, None, None)
    return result


def _match_nodes(old: RoadGraph, new: RoadGraph) -> npt.NDArray[np.int64]:
    """Return the node of the new graph that each node of the old one is, -1 where there is none, (n_old_nodes,)."""
    result = np.full(old.n_nodes, -1, dtype=np.int64)
    result[: old.n_cells] = np.arange(old.n_cells)
    keys = ["lon", "lat", "name"]
    tables = [graph.nodes[keys].assign(node=range(graph.n_cells, graph.n_nodes)) for graph in (old, new)]
    single = [table.drop_duplicates(keys, keep=False) for table in tables]
    same = single[0].merge(single[1], on=keys, suffixes=("_old", "_new"))
    result[same["node_old"].to_numpy()] = same["node_new"].to_numpy()
    return result


def _links_of(graph: PreparedGraph, number: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the links of a graph as rows of from, to and minutes, with its nodes numbered anew, in order."""
    starts = np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr))
    rows = np.column_stack([number[starts], number[graph.indices], graph.minutes.astype(np.float64)])
    return rows[np.lexsort(rows.T)]


def _ends_of_differing(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the nodes to which links lead that only one of two lists of links has (or that one has more often)."""
    rows, which = np.unique(np.concatenate([before, after]), axis=0, return_inverse=True)
    which = which.ravel()
    counts = [np.bincount(part, minlength=len(rows)) for part in (which[: len(before)], which[len(before) :])]
    # Links from nodes that are gone (-1) are gone too.
    differs = (counts[0] != counts[1]) | (rows[:, 0] < 0)
    ends: npt.NDArray[np.int64] = rows[differs, 1].astype(np.int64)
    return ends[ends >= 0]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _open_border(
    graph: PreparedGraph, backwards: PreparedGraph, altered: Integers, minutes: Floats
) -> tuple[Integers, Floats]:
    """Clear the minutes that no longer hold; return where a search has to go on from, and at what minutes."""
    is_lost = np.zeros(minutes.size, dtype=np.bool_)
    lost = _find_lost(graph, backwards, altered, minutes, is_lost)
    for node in lost:
        minutes[node] = np.inf
    nodes = np.concatenate((altered, lost))
    starts = np.empty(nodes.size, dtype=np.float32)
    n = 0
    for node in nodes:
        start = _best_before(graph, backwards, node, minutes, is_lost, np.float32(np.inf))
        if start < minutes[node]:
            nodes[n], starts[n] = node, start
            n += 1
    return nodes[:n], starts[:n]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _find_lost(
    graph: PreparedGraph,
    backwards: PreparedGraph,
    altered: Integers,
    minutes: Floats,
    is_lost: npt.NDArray[np.bool_],
) -> Integers:
    """Return the nodes whose minutes no longer hold, and mark them.

    In the order of the old minutes, so that a node is judged after all that it could have been reached by: minutes hold
    if they are 0, or those of an earlier node that hold plus the cost from there.
    """
    lost = [np.int32(0) for _ in range(0)]
    waiting = [(minutes[node], node) for node in altered if minutes[node] < np.inf]
    heapify(waiting)
    while len(waiting) > 0:
        label, node = heappop(waiting)
        if is_lost[node] or label == 0 or _best_before(graph, backwards, node, minutes, is_lost, label) == label:
            continue
        is_lost[node] = True
        lost.append(node)
        if node < graph.moves.size:
            for direction in range(8):
                if (graph.moves[node] >> direction) & 1:
                    other = np.int32(node + graph.step_offset[direction])
                    cost = (graph.pace[node] + graph.pace[other]) * graph.half_step_km[direction]
                    if minutes[other] == label + cost:
                        heappush(waiting, (minutes[other], other))
        for link in range(graph.indptr[node], graph.indptr[node + 1]):
            other = graph.indices[link]
            if minutes[other] == label + graph.minutes[link]:
                heappush(waiting, (minutes[other], other))
    return np.array(lost, dtype=np.int32)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _best_before(
    graph: PreparedGraph,
    backwards: PreparedGraph,
    node: np.int32,
    minutes: Floats,
    is_lost: npt.NDArray[np.bool_],
    before: np.float32,
) -> np.float32:
    """Return the fewest minutes to a node by a step or link from one whose minutes hold and are less than ``before``."""
    best = np.float32(np.inf)
    if node < graph.moves.size:
        for direction in range(8):
            other = node + graph.step_offset[direction]
            if 0 <= other < graph.moves.size and (graph.moves[other] >> ((direction + 4) % 8)) & 1:
                cost = (graph.pace[other] + graph.pace[node]) * graph.half_step_km[direction]
                if not is_lost[other] and minutes[other] < before:
                    best = min(best, minutes[other] + cost)
    for link in range(backwards.indptr[node], backwards.indptr[node + 1]):
        other = backwards.indices[link]
        if not is_lost[other] and minutes[other] < before:
            best = min(best, minutes[other] + backwards.minutes[link])
    return best
