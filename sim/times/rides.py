"""Stage 6 of rides, the front: minutes by train between every pair of stations, direct and with changes, leg by leg.

Runs (service_runs.py) -> sets worth boarding (common_lines.py) -> journeys with changes (journeys.py) -> `Rides`.

Two readings. `fastest`: the fastest train of every ride and the minutes of changes, no waits. `typical`: the expected
ride over the set worth boarding and its expected wait, at the start and at every change, under one wait rule. Along a
typical journey the set worth boarding is chosen for each ride by itself: a traveller does not change the plan for a
train to somewhere else that happens to come first. Under `planned` no wait counts, so that the typical journey is the
fastest one; at changes this takes the timetable to be tied together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Literal

import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import InputError, NoRouteError, did_you_mean
from sim.times.common_lines import WAIT_ALPHA, DirectRides, solve_direct_rides
from sim.times.journeys import NONE, ChangeLinks, Journeys, Stations, build_change_links, solve_journeys
from sim.times.service_runs import FloatArray, IntArray, build_runs

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Leg", "Rides", "solve_rides"]

Reading = Literal["fastest", "typical"]
EVENING_MIN = 18 * 60.0  # a last train before 18:00 is flagged: no day trip is possible with it


@dataclass(frozen=True)
class Leg:
    """A part of a journey; minutes of all legs add up to the journey's.

    Waits and rides name the services of the set worth boarding (fastest first) and its trains per day; rides also the
    lines they use; changes their mode (platform, station, walk, metro, bus, taxi).
    """

    kind: Literal["wait", "ride", "change"]
    from_id: str
    to_id: str
    minutes: float
    services: tuple[str, ...] = ()
    trains_per_day: float = np.nan
    lines: tuple[str, ...] = ()
    mode: str = ""


@dataclass(frozen=True)
class Rides:
    """Minutes by train between every pair of stations; matrices are (stations, stations), [from, to].

    Where there is no journey, and from a station to itself, minutes are inf, changes -1 and trains per day 0.

    Attributes
    ----------
    station_ids: names of rows and columns.
    typical_min: minutes in trains of the typical journey, summed over its rides. The minutes of its changes are in
        `change_min`, not here.
    wait_min: expected wait at the first station of the typical journey.
    change_min: minutes from train to train at its changes, and the expected waits there.
    changes: its number of changes.
    trains_per_day: trains of the set worth boarding, for a journey with changes the least of its rides.
    has_direct: whether any train goes directly (the typical journey may still change, if that is shorter).
    first_departure_min: minutes after midnight of its first departure, nan where not known.
    last_departure_min: latest departure with which each of its rides still has a train; may be below
        `first_departure_min` where a day is too short; nan where no hours are known.
    mean_direct_min, direct_trains_per_day: expected ride and trains a day of the direct trains that someone without a
        timetable would board (half headways, no cap), whatever the wait rule; for comparison with timetables.
    direct_rides, change_links, typical_journeys: what the journeys were made of.
    """

    station_ids: tuple[str, ...]
    typical_min: FloatArray
    wait_min: FloatArray
    change_min: FloatArray
    changes: IntArray
    trains_per_day: FloatArray
    first_departure_min: FloatArray
    last_departure_min: FloatArray
    direct_rides: DirectRides = field(repr=False)
    change_links: ChangeLinks = field(repr=False)
    typical_journeys: Journeys = field(repr=False)

    @cached_property
    def fastest_journeys(self) -> Journeys:
        """The fastest journeys, worked out when first asked for: many scenarios are asked for typical minutes only."""
        most = len(self.typical_journeys.via)
        return solve_journeys(self.direct_rides.fastest_min, self.change_links, max_changes=most)

    @property
    def fastest_min(self) -> FloatArray:
        """Least minutes of fastest trains in-train (with dwells) and of changes, without any wait."""
        return self.fastest_journeys.total_min

    @property
    def total_min(self) -> FloatArray:
        """Expected minutes of the typical journey with all its waits and changes: wait + typical + change."""
        return self.wait_min + self.typical_min + self.change_min

    @property
    def has_direct(self) -> NDArray[np.bool_]:
        """Whether any train goes directly."""
        return np.isfinite(self.direct_rides.fastest_min)

    @property
    def mean_direct_min(self) -> FloatArray:
        """Expected ride of those who come without a timetable and go directly, inf where there is no direct train."""
        return self.direct_rides.mean_min

    @property
    def direct_trains_per_day(self) -> FloatArray:
        """Direct trains a day worth boarding without a timetable."""
        return self.direct_rides.all_trains_per_day

    @property
    def ends_early(self) -> NDArray[np.bool_]:
        """Whether the last departure is known and before 18:00."""
        return self.last_departure_min < EVENING_MIN

    def legs(self, from_id: str, to_id: str, reading: Reading = "typical") -> list[Leg]:
        """Return the legs of a journey: wait, ride, change, wait, ride, …; waits of 0 minutes are left out.

        Their minutes add up to `total_min` under the reading `typical`, to `fastest_min` under `fastest`.

        Raises
        ------
        InputError: if a station is not among `station_ids` or the reading is not known.
        NoRouteError: if there is no journey within the number of changes, or the stations are the same.
        """
        _check_reading(reading)
        start, end = self._index(from_id), self._index(to_id)
        journeys = self.typical_journeys if reading == "typical" else self.fastest_journeys
        if not np.isfinite(journeys.total_min[start, end]):
            most = len(journeys.via)
            raise NoRouteError(f"no journey by train from {from_id!r} to {to_id!r} with up to {most} changes")
        links = self.change_links
        legs: list[Leg] = []
        at = start
        for arrival, link in journeys.changes_of(start, end):
            legs += self._ride_legs(at, arrival, reading)
            at = int(links.to_index[link])
            ends = (self.station_ids[arrival], self.station_ids[at])
            legs.append(Leg("change", *ends, minutes=float(links.minutes[link]), mode=links.mode[link]))
        return legs + self._ride_legs(at, end, reading)

    def station_times(self) -> pd.DataFrame:
        """Return one row for each pair of stations with a journey, by from_id and to_id.

        Columns: from_id, to_id, fastest_min, typical_min, wait_min, changes, trains_per_day, first_departure_min,
        last_departure_min (minutes after midnight, NaN where no hours are known) and ends_early (yes where the last
        departure is before 18:00, no, empty where not known). Here typical_min holds the minutes of changes and of waits
        at them too, so that typical_min + wait_min is `total_min` for every journey.
        """
        start, end = np.nonzero(self.changes >= 0)
        names = np.array(self.station_ids, dtype=object)
        columns: dict[str, object] = {"from_id": names[start], "to_id": names[end]}
        for name in ("fastest_min", "typical_min", "wait_min", "changes", "trains_per_day"):
            columns[name] = getattr(self, name)[start, end]
        columns["typical_min"] = (self.typical_min + self.change_min)[start, end]
        for name in ("first_departure_min", "last_departure_min"):
            columns[name] = getattr(self, name)[start, end]
        known = np.isfinite(self.last_departure_min[start, end])
        columns["ends_early"] = np.where(known, np.where(self.ends_early[start, end], "yes", "no"), "")
        return pd.DataFrame(columns).sort_values(["from_id", "to_id"], ignore_index=True)

    def to_networkx(self, reading: Reading = "typical", *, from_id: str | None = None) -> "nx.DiGraph":
        """Return the ride graph; shortest paths from ("departure", a, 0) to ("end", b) are journeys.

        Their length over the edge attribute `minutes` is `total_min`, under the reading `fastest` it is `fastest_min`;
        exactly so with `from_id`, which leaves out trains back to the start (a journey never takes one).
        See `sim.times.ride_graph` for nodes and attributes.
        """
        _check_reading(reading)
        most = len(self.typical_journeys.via)
        build = import_module(
            "sim.times.ride_graph"
        ).build_ride_graph  # networkx takes 0.13 s to load and is rarely asked for
        graph: nx.DiGraph = build(
            self.direct_rides, self.change_links, max_changes=most, reading=reading, from_id=from_id
        )
        return graph

    def _index(self, station_id: str) -> int:
        if station_id not in self.station_ids:
            raise InputError(f"no station with trains {station_id!r}{did_you_mean(station_id, self.station_ids)}")
        return self.station_ids.index(station_id)

    def _ride_legs(self, start: int, end: int, reading: Reading) -> list[Leg]:
        direct = self.direct_rides
        options = direct.options(start, end, reading)
        services, trains = direct.services_of(options), direct.trains_of(options)
        ends = (self.station_ids[start], self.station_ids[end])
        if reading == "fastest":
            minutes = float(direct.fastest_min[start, end])
            return [Leg("ride", *ends, minutes, services, trains, direct.lines_of(options))]
        ride = Leg("ride", *ends, float(direct.ride_min[start, end]), services, trains, direct.lines_of(options))
        wait_min = float(direct.wait_min[start, end])
        return [Leg("wait", ends[0], ends[0], wait_min, services, trains), ride] if wait_min > 0 else [ride]


def solve_rides(
    services: pd.DataFrame,
    service_stops: pd.DataFrame,
    hop_times: pd.DataFrame,
    changes: pd.DataFrame,
    *,
    wait_rule: str,
    wait_cap_min: float = 30.0,
    wait_beyond_cap_share: float = 0.25,
    service_day_min: float = 1020.0,
    change_min: float = 20.0,
    max_changes: int = 3,
    station_ids: Sequence[str] | None = None,
) -> Rides:
    """Return minutes by train between every pair of stations.

    Parameters
    ----------
    services, service_stops: tables of the network, of services that run.
    hop_times: minutes from call to call, see `sim.times.service_runs.build_runs`.
    changes: from_station, to_station, minutes, mode; a pair listed one way only counts both ways.
    wait_rule: `planned` (aims at a given train, no wait), `half_headway` or `full_headway` of the set worth boarding.
    wait_cap_min: waits up to this count in full; travellers consult the timetable where trains are rarer.
    wait_beyond_cap_share: share of the minutes beyond the cap that still count (an hour that does not suit).
    service_day_min: minutes of the day in which trains run; trains per day / service_day_min is the frequency.
    change_min: minutes from train to train in a station that `changes` does not list with itself.
    max_changes: most changes of a journey.
    station_ids: order of rows and columns, by default all stations that are called at, sorted.

    Of journeys that take equally long the one with the fewest changes counts. A service more, a faster one or more
    trains never lengthen `total_min` or `fastest_min`: both are minima over sets that only grow.

    Raises
    ------
    InputError: with every option and row that is wrong.
    """
    _check_assumptions(wait_rule, wait_cap_min, wait_beyond_cap_share, service_day_min, change_min, max_changes)
    runs = build_runs(services, service_stops, hop_times, station_ids)
    links = build_change_links(changes, runs.station_ids, change_min=change_min)
    direct = solve_direct_rides(
        runs,
        wait_rule=wait_rule,
        wait_cap_min=wait_cap_min,
        wait_beyond_cap_share=wait_beyond_cap_share,
        service_day_min=service_day_min,
    )
    typical = solve_journeys(direct.wait_min + direct.ride_min, links, max_changes=max_changes)
    parts = _add_up(
        direct.ride_min,
        direct.wait_min,
        direct.trains_per_day,
        direct.first_departure_min,
        direct.last_departure_min,
        typical.via,
        typical.onward_link,
        links.to_index,
        links.minutes,
    )
    for values in parts:
        values.setflags(write=False)
    ride, wait, change, trains, first, last, changes = parts
    return Rides(
        station_ids=runs.station_ids,
        typical_min=ride,
        wait_min=wait,
        change_min=change,
        changes=changes,
        trains_per_day=trains,
        first_departure_min=first,
        last_departure_min=last,
        direct_rides=direct,
        change_links=links,
        typical_journeys=typical,
    )


@numba.njit(cache=True, nogil=True)
def _add_up(
    ride_min: FloatArray,
    wait_min: FloatArray,
    trains_per_day: FloatArray,
    first_departure_min: FloatArray,
    last_departure_min: FloatArray,
    via: Stations,
    onward_link: Stations,
    to_index: IntArray,
    link_min: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, IntArray]:
    """Return what journeys are made of: ride, wait, change, trains, first and last departure, number of changes.

    All but the last four arguments are those of direct rides.
    """
    ride, wait, trains = ride_min.copy(), wait_min.copy(), trains_per_day.copy()
    first, last = first_departure_min.copy(), last_departure_min.copy()
    change = np.where(np.isfinite(ride_min), 0.0, np.inf)
    changes = np.where(np.isfinite(ride_min), 0, NONE)
    ends = np.empty(len(via) + 1, np.int64)  # of the rides, the last first
    for start in range(len(ride)):
        for end in range(len(ride)):
            ends[0], rides = end, 1
            for number in range(len(via) - 1, -1, -1):
                if via[number, start, ends[rides - 1]] != NONE:
                    ends[rides] = via[number, start, ends[rides - 1]]
                    rides += 1
            if rides == 1:
                continue
            own = ends[rides - 1]
            minutes, on_foot = ride_min[start, own], 0.0
            fewest, until = trains_per_day[start, own], last_departure_min[start, own]
            wait[start, end], first[start, end] = wait_min[start, own], first_departure_min[start, own]
            for number in range(rides - 2, -1, -1):
                link = onward_link[ends[number + 1], ends[number]]
                leaves, own = to_index[link], ends[number]
                # The last train of the new ride needs no wait of its own; waits at earlier changes stay in the reckoning.
                latest = last_departure_min[leaves, own] - (minutes + on_foot + link_min[link])
                until = latest if np.isnan(until) or latest < until else until
                on_foot = on_foot + link_min[link] + wait_min[leaves, own]
                minutes += ride_min[leaves, own]
                fewest = min(fewest, trains_per_day[leaves, own])
            ride[start, end], change[start, end], changes[start, end] = minutes, on_foot, rides - 1
            trains[start, end], last[start, end] = fewest, until
    return ride, wait, change, trains, first, last, changes


def _check_reading(reading: str) -> None:
    if reading not in ("fastest", "typical"):
        raise InputError(
            f"reading is {reading!r}; it must be fastest or typical{did_you_mean(reading, ('fastest', 'typical'))}"
        )


def _check_assumptions(
    wait_rule: str,
    wait_cap_min: float,
    wait_beyond_cap_share: float,
    service_day_min: float,
    change_min: float,
    max_changes: int,
) -> None:
    problems = []
    if wait_rule not in WAIT_ALPHA:
        problems.append(
            f"wait_rule is {wait_rule!r}; it must be one of {', '.join(WAIT_ALPHA)}"
            + did_you_mean(wait_rule, WAIT_ALPHA)
        )
    if not wait_cap_min >= 0:
        problems.append(f"wait_cap_min is {wait_cap_min}; it must be 0 or more")
    if not 0 <= wait_beyond_cap_share <= 1:
        problems.append(f"wait_beyond_cap_share is {wait_beyond_cap_share}; it must be from 0 to 1")
    if not 0 < service_day_min <= 24 * 60:
        problems.append(f"service_day_min is {service_day_min}; it must be above 0 and at most 1440")
    if not 0 <= change_min < np.inf:
        problems.append(f"change_min is {change_min}; it must be 0 or more")
    if max_changes < 0:
        problems.append(f"max_changes is {max_changes}; it must be 0 or more")
    if problems:
        raise InputError(problems)
