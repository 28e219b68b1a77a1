"""Stage 4 of rides: the shortest journeys of direct rides with changes between them, up to a number of changes.

A journey is ride, change, ride, …; its minutes are those of the rides (with their waits) and of the changes. Journeys
with one change more come from those found so far by a min-plus product, so `max_changes` rounds are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import InputError
from sim.times.common_lines import TIE_MIN
from sim.times.service_runs import FloatArray, IntArray

__all__ = ["ChangeLinks", "Journeys", "build_change_links", "solve_journeys"]

Stations = NDArray[np.int32]

NONE = -1


@dataclass(frozen=True)
class ChangeLinks:
    """Every way to change trains: arrival station, departure station, minutes from train to train, mode."""

    from_index: IntArray
    to_index: IntArray
    minutes: FloatArray
    mode: tuple[str, ...]


@dataclass(frozen=True)
class Journeys:
    """The shortest journeys between stations.

    Attributes
    ----------
    total_min : minutes, (stations, stations), inf where there is none.
    via : for each further change the station of arrival at which it is made, -1 where it brings nothing,
        (changes, stations, stations).
    onward_link : the change link by which one goes on from a station to another, (stations, stations).
    """

    total_min: FloatArray
    via: Stations
    onward_link: Stations

    def changes_of(self, from_index: int, to_index: int) -> list[tuple[int, int]]:
        """Return (station of arrival, change link) of each change on the way, in order; [] for a direct ride."""
        changes: list[tuple[int, int]] = []
        end = to_index
        for via in self.via[::-1, from_index]:
            if via[end] != NONE:
                changes.append((int(via[end]), int(self.onward_link[via[end], end])))
                end = via[end]
        return changes[::-1]


def build_change_links(changes: pd.DataFrame, station_ids: Sequence[str], *, change_min: float) -> ChangeLinks:
    """Return the change links between stations, by station of arrival, the same station first.

    A pair listed one way only counts both ways with the same minutes; of several rows for one pair the shortest
    counts; a station not listed with itself takes `change_min`. Rows of stations without trains have no effect.

    Raises
    ------
    InputError: with every row whose minutes are not above 0.
    """
    columns = (changes[name].tolist() for name in ("from_station", "to_station", "minutes", "mode"))
    rows = list(zip(*columns, strict=True))
    problems = [
        f"changes: {a!r} to {b!r}: minutes is {minutes}; it must be above 0"
        for a, b, minutes, _ in rows
        if not 0 < minutes < np.inf
    ]
    if problems:
        raise InputError(problems)
    index = {name: number for number, name in enumerate(station_ids)}
    listed: dict[tuple[int, int], tuple[float, str]] = {}
    for a, b, minutes, mode in rows:
        if a in index and b in index:
            pair = (index[a], index[b])
            listed[pair] = min(listed.get(pair, (np.inf, "")), (float(minutes), str(mode)))
    links = {(number, number): (change_min, "station") for number in index.values()}
    links |= {(b, a): way for (a, b), way in listed.items()}
    links |= listed
    ordered = sorted(links, key=lambda pair: (pair[0], pair[0] != pair[1], pair[1]))
    return ChangeLinks(
        from_index=np.array([pair[0] for pair in ordered], dtype=np.int64),
        to_index=np.array([pair[1] for pair in ordered], dtype=np.int64),
        minutes=np.array([links[pair][0] for pair in ordered], dtype=np.float64),
        mode=tuple(links[pair][1] for pair in ordered),
    )


def solve_journeys(direct_min: FloatArray, links: ChangeLinks, *, max_changes: int) -> Journeys:
    """Return the shortest journeys with up to `max_changes` changes.

    Parameters
    ----------
    direct_min: (stations, stations) minutes of direct rides, waits included, inf where there is none.

    Of journeys that take equally long the one with fewer changes counts, then the one that changes at the station
    that comes first, in the station itself before another station.
    """
    onward_min, onward_link = _change_and_ride(direct_min, links.from_index, links.to_index, links.minutes)
    total_min, via = _add_changes(direct_min, onward_min, max_changes)
    total_min.setflags(write=False)
    return Journeys(total_min, via, onward_link)


@numba.njit(cache=True, nogil=True)
def _change_and_ride(
    direct_min: FloatArray, from_index: IntArray, to_index: IntArray, link_min: FloatArray
) -> tuple[FloatArray, Stations]:
    """Return the minutes from arrival at a station over a change to each station, and the change link taken."""
    onward_min = np.full(direct_min.shape, np.inf)
    onward_link = np.full(direct_min.shape, NONE, np.int32)
    for link in range(len(link_min)):
        at, leaves = from_index[link], to_index[link]
        for end in range(len(direct_min)):
            minutes = link_min[link] + direct_min[leaves, end]
            if minutes < onward_min[at, end] - TIE_MIN:
                onward_min[at, end] = minutes
                onward_link[at, end] = link
    return onward_min, onward_link


@numba.njit(cache=True, nogil=True)
def _add_changes(direct_min: FloatArray, onward_min: FloatArray, max_changes: int) -> tuple[FloatArray, Stations]:
    """Return the minutes of journeys with up to so many changes, and where each further change is made.

    A round prolongs only the journeys that the round before brought: of all others it is known where they lead to.
    """
    count = len(direct_min)
    total_min = direct_min.copy()
    via = np.full((max_changes, count, count), NONE, np.int32)
    for start in range(count):
        shortest = total_min[start]
        for change in range(max_changes):
            so_far, taken = shortest.copy(), via[change, start]
            for at in range(count):
                if so_far[at] == np.inf or (change > 0 and via[change - 1, start, at] == NONE):
                    continue
                onward = onward_min[at]
                for end in range(count):
                    minutes = so_far[at] + onward[end]
                    is_shorter = minutes < shortest[end] - TIE_MIN
                    shortest[end] = minutes if is_shorter else shortest[end]
                    taken[end] = at if is_shorter else taken[end]
            shortest[start], taken[start] = direct_min[start, start], NONE  # nobody travels to where they are
    return total_min, via
