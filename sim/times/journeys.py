"""Stage 4 of rides: the shortest journeys of direct rides with changes between them, up to a number of changes.

A journey is ride, change, ride, …; its minutes are those of the rides (with their waits) and of the changes. Journeys
with one change more come from those found so far by one min-plus product, so `max_changes` rounds are exact.
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

__all__ = ["ChangeLinks", "Journeys", "Round", "build_change_links", "solve_journeys"]

NONE = -1


@dataclass(frozen=True)
class ChangeLinks:
    """Every way to change trains: arrival station, departure station, minutes from train to train, mode."""

    from_index: IntArray
    to_index: IntArray
    minutes: FloatArray
    mode: tuple[str, ...]


@dataclass(frozen=True)
class Round:
    """What one more change brought; matrices are (stations, stations), -1 where nothing got shorter.

    Attributes
    ----------
    via: the station of arrival of the last change of the journey.
    link: the change link taken there.
    """

    via: IntArray
    link: IntArray


@dataclass(frozen=True)
class Journeys:
    """The shortest journeys: minutes (inf where there is none) and what each further change brought."""

    total_min: FloatArray
    rounds: tuple[Round, ...]

    def changes_of(self, from_index: int, to_index: int) -> list[tuple[int, int]]:
        """Return (station of arrival, change link) of each change on the way, in order; [] for a direct ride."""
        changes: list[tuple[int, int]] = []
        end = to_index
        for taken in reversed(self.rounds):
            via = int(taken.via[from_index, end])
            if via != NONE:
                changes.append((via, int(taken.link[from_index, end])))
                end = via
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
    onward_min, onward_link = _change_and_ride(direct_min, links)
    total_min = direct_min
    rounds = []
    for _ in range(max_changes):
        total_min, via = _add_change(total_min, onward_min)
        link = np.where(via == NONE, NONE, onward_link[via, np.arange(len(via))])
        rounds.append(Round(via, link))
    total_min.setflags(write=False)
    return Journeys(total_min, tuple(rounds))


def _change_and_ride(direct_min: FloatArray, links: ChangeLinks) -> tuple[FloatArray, IntArray]:
    """Return the minutes from arrival at a station over a change to each station, and the change link taken."""
    onward_min = np.full_like(direct_min, np.inf)
    onward_link = np.full(direct_min.shape, NONE, dtype=np.int64)
    for link, (at, leaves) in enumerate(zip(links.from_index, links.to_index, strict=True)):
        minutes = links.minutes[link] + direct_min[leaves]
        shorter = minutes < onward_min[at] - TIE_MIN
        onward_min[at, shorter] = minutes[shorter]
        onward_link[at, shorter] = link
    return onward_min, onward_link


@numba.njit(cache=True, nogil=True)
def _add_change(total_min: FloatArray, onward_min: FloatArray) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return the minutes of journeys that may have one change more, and the station of arrival of that change."""
    count = len(total_min)
    shortest = total_min.copy()
    via = np.full(total_min.shape, -1, np.int64)
    for start in range(count):
        for at in range(count):
            so_far = total_min[start, at]
            if so_far == np.inf:
                continue
            for end in range(count):
                minutes = so_far + onward_min[at, end]
                if minutes < shortest[start, end] - TIE_MIN and end != start:
                    shortest[start, end] = minutes
                    via[start, end] = at
    return shortest, via
