"""Compiled sums of known road minutes: surfaces kept by tiles of the grid, put together without any search.

The minutes from a source (a station, a seat, a sampled cell) to every cell are computed once for a set of roads. Later
"the earliest of several sources, each with a start of its own" is a minimum over the sources for every cell. Cells are
taken in tiles of 16 x 16: a source whose earliest arrival in a tile is later than another's latest one cannot matter
there, so that few of hundreds of sources are looked at (branch and bound). No source is left out, however far it is.

Minutes are kept as whole numbers of 16 bits, in steps of a power of two that fits each tile: 2**-10 min (0.06 s) where
a tile's minutes span from 32 to 63, half of that down to 16, and so on. The steps are no finer than single precision is
there. What is kept differs from the minutes searched for by half a step at most; whole and quarter minutes stay exact.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from sim.times.bucket_queue import Floats, Integers, PreparedGraph

__all__ = [
    "NOT_REACHED_CODE",
    "NO_SOURCE",
    "TileTable",
    "count_by_bin",
    "earliest",
    "encode",
    "minutes_at",
    "sum_within_tiles",
    "weak_components",
]

MOST_STEPS = 65000
NOT_REACHED_CODE = 65535
NO_SOURCE = -1
"""In place of a source at a cell that none reaches."""


class TileTable(NamedTuple):
    """Road minutes from sources to cells; the cells of a tile follow each other ("positions").

    The arrays may have room for more sources than are in use.

    Attributes
    ----------
    start : first position of each tile, (n_tiles + 1,).
    least, most : bounds of the minutes of each tile, (n_tiles, n_sources); inf where no or not every cell is reached.
    step : minutes of one step of ``codes``, (n_tiles, n_sources).
    codes : minutes as steps above ``least``, `NOT_REACHED_CODE` where there is no way, (n_sources, n_positions).
    """

    start: npt.NDArray[np.int64]
    least: Floats
    most: Floats
    step: Floats
    codes: npt.NDArray[np.uint16]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def weak_components(graph: PreparedGraph) -> Integers:
    """Return for each node the least node that it hangs together with, whatever the direction of the links."""
    parent = np.arange(graph.indptr.size - 1).astype(np.int32)
    for node in range(parent.size):
        for way in range(8 + graph.indptr[node + 1] - graph.indptr[node]):
            other = node
            if way >= 8:
                other = graph.indices[graph.indptr[node] + way - 8]
            elif node < graph.moves.size and (graph.moves[node] >> way) & 1:
                other = node + graph.step_offset[way]
            a, b = node, other
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = parent[a]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            parent[max(a, b)] = min(a, b)
    for node in range(parent.size):
        parent[node] = parent[parent[node]]  # parents come before their children, so one step is enough
    return parent


@numba.njit(nogil=True, cache=True, error_model="numpy")
def encode(
    minutes: Floats,
    start: npt.NDArray[np.int64],
    least: Floats,
    most: Floats,
    step: Floats,
    codes: npt.NDArray[np.uint16],
) -> None:
    """Write the minutes of one source at all positions as a `TileTable` keeps them; all but ``minutes`` are written."""
    for tile in range(start.size - 1):
        low, high = np.float32(np.inf), np.float32(0)
        for i in range(start[tile], start[tile + 1]):
            if minutes[i] < np.inf:
                low, high = min(low, minutes[i]), max(high, minutes[i])
        wide = np.float32(2.0 ** (np.floor(np.log2(max(high, np.float32(1)))) - 23))
        while low < np.inf and high - low > MOST_STEPS * wide:
            wide *= np.float32(2)
        base = np.floor(low / wide) * wide
        least[tile], most[tile], step[tile] = base, np.float32(0), wide
        for i in range(start[tile], start[tile + 1]):
            if minutes[i] < np.inf:
                codes[i] = np.uint16(np.rint((minutes[i] - base) / wide))
                most[tile] = max(most[tile], base + np.float32(codes[i]) * wide)
            else:
                codes[i] = NOT_REACHED_CODE
                most[tile] = np.inf


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _decode(table: TileTable, source: int, tile: int, position: int) -> Any:
    """Return the minutes from a source to a position of a tile."""
    code = table.codes[source, position]
    if code == NOT_REACHED_CODE:
        return np.float32(np.inf)
    return table.least[tile, source] + np.float32(code) * table.step[tile, source]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def minutes_at(table: TileTable, sources: Integers, tiles: Integers, positions: Integers, result: Floats) -> None:
    """Write the minutes from sources to positions, each in the tile given, (n_sources, n_positions)."""
    for row in range(sources.size):
        for column in range(positions.size):
            result[row, column] = _decode(table, sources[row], tiles[column], positions[column])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def earliest(
    table: TileTable,
    sources: Integers,
    starts: Floats,
    limit: np.float32,
    wanted: npt.NDArray[np.bool_],
    minutes: Floats,
    by: Integers,
) -> None:
    """Write the earliest arrival at each position of the wanted tiles, and by which entry of ``sources``.

    Where nothing arrives within ``limit``, minutes are inf and ``by`` is `NO_SOURCE`. Of equals the first stays.
    """
    for tile in range(table.start.size - 1):
        if not wanted[tile]:
            continue
        begin, end = table.start[tile], table.start[tile + 1]
        latest = limit
        for j in range(sources.size):
            latest = min(latest, starts[j] + table.most[tile, sources[j]])
        minutes[begin:end] = np.inf
        by[begin:end] = NO_SOURCE
        for j in range(sources.size):
            soonest = starts[j] + table.least[tile, sources[j]]
            if soonest <= latest:
                codes = table.codes[sources[j], begin:end]
                _take_earlier(minutes[begin:end], by[begin:end], codes, soonest, table.step[tile, sources[j]], j)
        for i in range(begin, end):
            if not minutes[i] <= limit:
                minutes[i] = np.inf
                by[i] = NO_SOURCE


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _take_earlier(
    minutes: Floats, by: Integers, codes: npt.NDArray[np.uint16], soonest: np.float32, step: np.float32, j: int
) -> None:
    """Lower the minutes to those of a source where it is earlier, and note it; without branches, many cells at a time."""
    mark, nowhere = np.int32(j), np.float32(np.inf)
    for i in range(minutes.size):
        arrival = soonest + np.float32(codes[i]) * step
        arrival = nowhere if codes[i] == NOT_REACHED_CODE else arrival
        earlier = arrival < minutes[i]
        minutes[i] = arrival if earlier else minutes[i]
        by[i] = mark if earlier else by[i]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def count_by_bin(
    minutes: Floats,
    by: Integers,
    positions: Integers,
    groups: Integers,
    weights: npt.NDArray[np.float64],
    bin_min: float,
    counts: npt.NDArray[np.float64],
    by_source: npt.NDArray[np.float64],
    minutes_by_source: npt.NDArray[np.float64],
) -> None:
    """Add the weights at positions by group and bin of minutes, and by group and source, alone and times minutes.

    ``counts`` is (n_groups, n_bins), its last bin for what is not reached, the one before for all that is later than
    the bins; the other two are (n_groups, n_sources).
    """
    last = counts.shape[1] - 1
    for i in range(positions.size):
        position, group, weight = positions[i], groups[i], weights[i]
        source = by[position]
        if source == NO_SOURCE:
            counts[group, last] += weight
        else:
            there = np.float64(minutes[position])
            counts[group, min(np.int64(there / bin_min), last - 1)] += weight
            by_source[group, source] += weight
            minutes_by_source[group, source] += weight * there


@numba.njit(nogil=True, cache=True, error_model="numpy")
def sum_within_tiles(  # noqa: PLR0912  a call costs more than the lines it saves
    table: TileTable,
    first_source: npt.NDArray[np.int64],
    sources: Integers,
    starts: Floats,
    weights: npt.NDArray[np.float64],
    cutoffs: Floats,
    result: npt.NDArray[np.float64],
) -> None:
    """Add the weights within each cut-off of the earliest of the sources ``first_source[i]:first_source[i + 1]``.

    Cut-offs ascend. Tiles that are within a cut-off as a whole, or not at all, are not looked into.
    """
    tile_weight = np.zeros(table.start.size - 1)
    widest = 0
    for tile in range(tile_weight.size):
        tile_weight[tile] = weights[table.start[tile] : table.start[tile + 1]].sum()
        widest = max(widest, table.start[tile + 1] - table.start[tile])
    minutes = np.empty(widest, dtype=np.float32)
    for row in range(first_source.size - 1):
        own = range(first_source[row], first_source[row + 1])
        for tile in range(tile_weight.size):
            soonest = latest = np.float32(np.inf)
            for j in own:
                soonest = min(soonest, starts[j] + table.least[tile, sources[j]])
                latest = min(latest, starts[j] + table.most[tile, sources[j]])
            lower = 0
            while lower < cutoffs.size and cutoffs[lower] < soonest:
                lower += 1
            upper = lower
            while upper < cutoffs.size and cutoffs[upper] < latest:
                upper += 1
            for k in range(upper, cutoffs.size):
                result[row, k] += tile_weight[tile]
            if lower < upper and tile_weight[tile] > 0:
                begin = table.start[tile]
                n = table.start[tile + 1] - begin
                minutes[:n] = np.inf
                for j in own:
                    least = starts[j] + table.least[tile, sources[j]]
                    if least <= min(latest, cutoffs[upper - 1]):
                        codes = table.codes[sources[j], begin : begin + n]
                        _lower(minutes[:n], codes, least, table.step[tile, sources[j]])
                for k in range(lower, upper):
                    for i in range(n):
                        if minutes[i] <= cutoffs[k]:
                            result[row, k] += weights[begin + i]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _lower(minutes: Floats, codes: npt.NDArray[np.uint16], soonest: np.float32, step: np.float32) -> None:
    """Lower the minutes to those of a source where it is earlier; without branches, many cells at a time."""
    nowhere = np.float32(np.inf)
    for i in range(minutes.size):
        arrival = soonest + np.float32(codes[i]) * step
        arrival = nowhere if codes[i] == NOT_REACHED_CODE else arrival
        minutes[i] = min(minutes[i], arrival)
