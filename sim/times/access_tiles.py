"""Compiled: the earliest arrival at cells from stations, of which each can be left only so far by car or bus."""

import numba
import numpy as np
import numpy.typing as npt

from sim.times.bucket_queue import Floats, Integers
from sim.times.tiles import NOT_REACHED_CODE, TileTable

__all__ = ["lower_within"]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def lower_within(
    table: TileTable,
    sources: Integers,
    starts: Floats,
    extra: Floats,
    longest: np.float32,
    limit: np.float32,
    wanted: npt.NDArray[np.bool_],
    first_mark: int,
    minutes: Floats,
    by: Integers,
) -> None:
    """Lower the minutes at positions to the earliest arrival from sources that are near enough, and note which it is.

    The way from source j to a position takes the minutes of the table plus the position's own ``extra``; only ways of at
    most ``longest`` minutes count. Where source j is earlier than what stands there, and within ``limit``, its minutes
    and the mark ``first_mark + j`` are written.

    Parameters
    ----------
    extra, minutes, by : (n_positions,).
    wanted : tiles to look at, (n_tiles,).
    """
    for tile in range(table.start.size - 1):
        if not wanted[tile]:
            continue
        begin, end = table.start[tile], table.start[tile + 1]
        least_extra, most_extra, latest = np.float32(np.inf), np.float32(0), np.float32(0)
        for i in range(begin, end):
            least_extra, most_extra = min(least_extra, extra[i]), max(most_extra, extra[i])
            latest = max(latest, minutes[i])
        latest = min(latest, limit)
        # A station that is left too late to matter is passed over before its bounds are fetched, which takes longest.
        for j in range(sources.size):
            if starts[j] < latest:
                way = table.most[tile, sources[j]] + most_extra
                if way <= longest:
                    latest = min(latest, starts[j] + way)
        for j in range(sources.size):
            if not starts[j] <= latest:
                continue
            least = table.least[tile, sources[j]]
            if least + least_extra <= longest and starts[j] + (least + least_extra) <= latest:
                codes, step = table.codes[sources[j], begin:end], table.step[tile, sources[j]]
                own = (minutes[begin:end], by[begin:end], codes, extra[begin:end])
                _lower(*own, least, step, starts[j], longest, limit, np.int32(first_mark + j))


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _lower(
    minutes: Floats,
    by: Integers,
    codes: npt.NDArray[np.uint16],
    extra: Floats,
    least: np.float32,
    step: np.float32,
    start: np.float32,
    longest: np.float32,
    limit: np.float32,
    mark: np.int32,
) -> None:
    """Lower the minutes to those of a source where it is earlier, and note it; without branches, many cells at a time."""
    nowhere = np.float32(np.inf)
    for i in range(minutes.size):
        way = least + np.float32(codes[i]) * step + extra[i]
        arrival = start + way
        arrival = nowhere if codes[i] == NOT_REACHED_CODE else arrival
        arrival = nowhere if way > longest else arrival
        arrival = nowhere if arrival > limit else arrival
        earlier = arrival < minutes[i]
        minutes[i] = arrival if earlier else minutes[i]
        by[i] = mark if earlier else by[i]
