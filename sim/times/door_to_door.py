"""Stage 3e: door to door, the faster of the road alone and access + station + wait + ride + change + egress.

    t(o, c) = min( road(o, c),  min over s, s' of  access(o, s) + station + rides(s, s') + arrival + egress(s', c) )

for an origin o and every cell c. The minimum over all pairs of stations is exact: nothing is limited to the nearest ones.
Access and egress are by car unless an `Access` says otherwise. The legs of a journey are kept and add up to its minutes.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.times.access import Access, AccessWay
from sim.times.access_tiles import lower_within
from sim.times.bucket_queue import Integers
from sim.times.everywhere import sum_within_by_rail
from sim.times.kernels import (
    Seeds,
    count_buckets,
    in_threads,
    minutes_from,
    seeds_of,
)
from sim.times.pair_minutes import BIN_MIN, LEGS, PairMinutes
from sim.times.rides import Rides
from sim.times.road_graph import RoadGraph, cells_from, nearest_land, place_node, to_grid
from sim.times.road_minutes import RoadMinutes, tiles_of
from sim.times.tiles import NO_SOURCE, TileTable, count_by_bin, sum_within_tiles

__all__ = ["CITY_TIME_COLUMNS", "LEGS", "DoorToDoor", "PairMinutes", "StationRoads", "Surfaces", "link_stations"]

Floats = npt.NDArray[np.float64]

CITY_TIME_COLUMNS = (
    "from_id",
    "to_id",
    "road_min",
    "rail_min",
    "best_min",
    *(f"{leg}_min" for leg in LEGS),
    "mode",
    "access_by",
    "egress_by",
)


@dataclass(frozen=True)
class StationRoads:
    """Where the stations stand on the road graph, and the road minutes from each to the named points.

    Attributes
    ----------
    station_ids : the stations with trains, in the order of `Rides`.
    nodes : node of each in the road graph, (n_stations,).
    """

    station_ids: tuple[str, ...]
    nodes: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Surfaces:
    """Minutes from one place to every cell, (n_rows, n_columns), NaN where it cannot be reached."""

    best: npt.NDArray[np.float32]
    rail: npt.NDArray[np.float32]
    road: npt.NDArray[np.float32]


class _Arrivals(NamedTuple):
    """Of one origin: earliest street-side arrival at each station, by which first station, and the access to that.

    All are (n_stations,); minutes are inf where there is no journey.
    """

    minutes: Floats
    board: npt.NDArray[np.int64]
    access_min: Floats


def link_stations(graph: RoadGraph, rides: Rides, stations: pd.DataFrame) -> StationRoads:
    """Return where the stations that have trains stand on the road graph."""
    points = stations.set_index("station_id")[["lon", "lat"]].loc[list(rides.station_ids)].to_numpy()
    cells, _ = nearest_land(graph.grid, to_grid(graph.grid, *points.T), 0.0)
    rows, columns = np.divmod(cells, graph.grid.shape[1])
    nodes = (rows + 1) * graph.stride + columns + 1
    for k in np.flatnonzero(cells < 0):  # off the land, one by one
        nodes[k] = place_node(graph, *points[k])
    return StationRoads(rides.station_ids, nodes.astype(np.int32))


@dataclass(frozen=True)
class DoorToDoor:
    """Everything door-to-door minutes of one scenario are made of.

    Attributes
    ----------
    station_time_min, arrival_time_min : street to train at the first station, train to street at the last.
    limit_min : horizon of the surfaces; what is farther is not reached.
    shared_roads : road minutes on ``graph`` that other scenarios have already asked for; without it, none are known.
    access : how people get to and from stations; without it by car, however long.
    """

    graph: RoadGraph
    rides: Rides
    stations: StationRoads
    station_time_min: float
    arrival_time_min: float
    limit_min: float
    shared_roads: RoadMinutes | None = None
    access: Access | None = None

    @cached_property
    def roads(self) -> RoadMinutes:
        """Road minutes that depend on the roads alone."""
        return self.shared_roads or RoadMinutes(self.graph)

    @cached_property
    def ends(self) -> Access:
        """How people get to and from stations: `access`, or by car, however long."""
        no_extra = np.zeros(self.graph.n_cells, dtype=np.float32)
        return self.access or Access((AccessWay("car", self.roads, no_extra),))

    @cached_property
    def rail_min(self) -> Floats:
        """Street to street minutes between stations, (n_stations, n_stations), inf where there is no journey."""
        total = np.where(np.isfinite(self.rides.total_min), self.rides.total_min, np.inf)
        np.fill_diagonal(total, np.inf)
        total += self.station_time_min + self.arrival_time_min
        total.setflags(write=False)
        return total

    def access_min(self, nodes: npt.ArrayLike) -> Floats:
        """Return minutes from nodes to stations by the fastest way, (n_nodes, n_stations), inf beyond the limit."""
        return self.ends.to_stations(nodes, self.stations.nodes).minutes

    def egress_min(self, nodes: npt.ArrayLike) -> Floats:
        """Return minutes from stations to nodes by the fastest way, (n_stations, n_nodes), inf beyond the limit."""
        return self.ends.from_stations(self.stations.nodes, nodes).minutes.T

    def surfaces_from(self, node: int) -> Surfaces:
        """Return minutes from a node to every cell by the best mode, by rail and by road alone."""
        road = self.roads.surface_from(node)
        access = self.ends.between(np.array([node], dtype=np.int32), self.stations.nodes).minutes[0]
        rail = self.ends.surface(self.stations.nodes, self._arrivals(access).minutes, self.limit_min)
        road_cells, rail_cells = (
            cells_from(self.graph, minutes) for minutes in (np.where(road <= self.limit_min, road, np.inf), rail)
        )
        return Surfaces(best=np.fmin(road_cells, rail_cells), rail=rail_cells, road=road_cells)

    def city_times(self, city_ids: Sequence[str], nodes: npt.ArrayLike) -> pd.DataFrame:
        """Return minutes and legs between every two cities, columns `CITY_TIME_COLUMNS`; NaN where there is no way.

        The legs are those of the fastest journey by rail, whatever the faster mode is.
        """
        node_array = np.asarray(nodes, dtype=np.int32)
        road = self.roads.minutes_between(node_array, np.concatenate([node_array, self.stations.nodes]))
        road = road[:, : len(node_array)].astype(np.float64)
        access = self.ends.between(node_array, self.stations.nodes)
        egress = self.ends.between(node_array, self.stations.nodes, reverse=True)
        parts = [self._rail_journeys(legs, egress.minutes) for legs in access.minutes]
        board, alight = (np.array(stations) for stations in zip(*parts, strict=True))
        here, there = np.nonzero(~np.eye(len(node_array), dtype=bool))
        first, last = board[here, there], alight[here, there]
        rides = self.rides
        legs = (
            access.minutes[here, first],
            np.full(len(here), self.station_time_min + self.arrival_time_min),
            rides.wait_min[first, last],
            rides.typical_min[first, last],
            rides.change_min[first, last],
            egress.minutes[there, last],
        )
        rail_min = sum(legs, np.zeros(len(here)))
        is_journey = np.isfinite(rail_min)
        names, ids = np.array([way.name for way in self.ends.ways], dtype=object), np.array(city_ids, dtype=object)
        by = {"access_by": names[access.way[here, first]], "egress_by": names[egress.way[there, last]]}
        road_min = road[here, there]
        table = {
            "from_id": ids[here],
            "to_id": ids[there],
            "road_min": np.where(np.isfinite(road_min), road_min, np.nan),
            "rail_min": np.where(is_journey, rail_min, np.nan),
            **{f"{leg}_min": np.where(is_journey, legs[k], np.nan) for k, leg in enumerate(LEGS)},
            **{end: np.where(is_journey, way, "") for end, way in by.items()},
        }
        table["best_min"] = np.fmin(table["road_min"], table["rail_min"])
        mode = np.where(rail_min < road_min, "rail", "road")
        table["mode"] = np.where(np.isnan(table["best_min"]), "", mode)
        return pd.DataFrame({name: table[name] for name in CITY_TIME_COLUMNS})

    def _rail_journeys(self, access: Floats, egress: Floats) -> tuple[Integers, Integers]:
        """Return the stations at which the fastest journeys by rail from one place to others board and alight.

        ``access``, ``egress`` : minutes to and from stations, (n_stations,) and (n_places, n_stations).
        """
        arrivals = self._arrivals(access)
        alight = (arrivals.minutes + egress).argmin(axis=1)
        return arrivals.board[alight], alight

    def pair_minutes(
        self, origins: npt.ArrayLike, to_ids: Sequence[str], membership: npt.NDArray[np.int64], people: Floats
    ) -> PairMinutes:
        """Count pairs of people by minutes, from equal shares of an origin's people to all people of the destinations.

        Parameters
        ----------
        origins : nodes, each standing for the same number of people.
        membership : (n_rows, n_columns) index into `to_ids`, -1 elsewhere.
        people : (n_rows, n_columns).
        """
        nodes = np.asarray(origins, dtype=np.int32)
        layout = self.roads.layout
        cells = membership.ravel()[layout.cells]
        positions = np.flatnonzero(cells >= 0).astype(np.int32)
        groups = cells[positions].astype(np.int32)
        weights = people.ravel()[layout.cells[positions]].astype(np.float64)
        wanted = tiles_of(layout, positions)
        looked_at = np.flatnonzero(wanted[layout.tile])
        access = self.ends.from_tables(nodes, self.stations.nodes).minutes

        def count(own: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
            total = np.zeros((len(to_ids), round(self.limit_min / BIN_MIN) + 1))
            legs = np.zeros((len(to_ids), len(LEGS) + 1))
            minutes = np.empty(len(layout.nodes), dtype=np.float32)
            by = np.empty(len(layout.nodes), dtype=np.int32)
            for k in own:
                arrivals = self._arrivals(access[k])
                minutes[looked_at], by[looked_at] = np.inf, NO_SOURCE
                self._lower_to_earliest(nodes[k], arrivals, wanted, minutes, by)
                by_source, minutes_by_source = np.zeros((2, len(to_ids), 1 + len(self.stations.nodes)))
                count_by_bin(minutes, by, positions, groups, weights, BIN_MIN, total, by_source, minutes_by_source)
                legs += self._pair_legs(arrivals, by_source, minutes_by_source)
            return total, legs

        n_threads = min(os.cpu_count() or 1, max(1, len(nodes)))
        with ThreadPoolExecutor(n_threads) as pool:
            parts = list(pool.map(count, np.array_split(np.arange(len(nodes)), n_threads)))
        scale = 1.0 / max(1, len(nodes))
        pairs, legs = (np.sum([part[i] for part in parts], axis=0) * scale for i in range(2))
        return PairMinutes(tuple(to_ids), pairs, legs)

    def people_within(
        self, nodes: npt.ArrayLike, people: Floats, cutoffs_min: Sequence[float], *, threads: int | None = None
    ) -> Floats:
        """Return the people within each cut-off of each node by the faster of road and rail, (n_nodes, n_cutoffs).

        Parameters
        ----------
        people : (n_rows, n_columns).
        cutoffs_min : in ascending order.

        Nothing is searched for once the road minutes of the stations and the nodes are known.
        """
        origins = np.atleast_1d(np.asarray(nodes, dtype=np.int32))
        cutoffs = np.asarray(cutoffs_min, dtype=np.float32)
        if not self._is_plain(float(cutoffs.max())):
            return self._people_within_any(origins, people, cutoffs)
        roads = self.roads
        table, stations, starts = self._sources(origins)
        access = roads.minutes_at(table, starts, self.stations.nodes)
        seeds = self._seeds(starts, stations, access, float(cutoffs.max()))
        weights = people.ravel()[roads.layout.cells].astype(np.float64)
        result = np.zeros((len(origins), len(cutoffs)))

        def work(first: int, last: int) -> None:
            own = seeds.start[first : last + 1]
            sum_within_tiles(table, own, seeds.nodes, seeds.minutes, weights, cutoffs, result[first:last])

        in_threads(work, len(origins), threads)
        return result

    def people_around(self, nodes: npt.ArrayLike, people: Floats, cutoff_min: float) -> Floats:
        """Return the people within a cut-off of each of many nodes, such as every cell of the study, (n_nodes,).

        For a few nodes `people_within` is faster; this keeps nothing, and its cost grows with the area in reach.

        Parameters
        ----------
        people : (n_rows, n_columns).
        """
        origins = np.atleast_1d(np.asarray(nodes, dtype=np.int32))
        if not self._is_plain(cutoff_min):
            return self._people_within_any(origins, people, np.array([cutoff_min], dtype=np.float32))[:, 0]
        graph = self.graph.prepared
        order = np.argsort(self.stations.nodes, kind="stable")
        stations = np.ascontiguousarray(self.stations.nodes[order])
        first = np.searchsorted(stations, np.arange(graph.n_nodes + 1)).astype(np.int32)
        rail_min = np.ascontiguousarray(self.rail_min[np.ix_(order, order)], dtype=np.float32)
        weights = np.pad(np.where(self.graph.grid.is_land, people, 0.0), 1).ravel().astype(np.float64)
        buckets = count_buckets(graph, np.array([0.0, cutoff_min]), cutoff_min)
        result = np.empty(len(origins))

        def work(begin: int, end: int) -> None:
            own, limit = origins[begin:end], np.float32(cutoff_min)
            sum_within_by_rail(graph, own, limit, buckets, stations, first, rail_min, weights, result[begin:end])

        in_threads(work, len(origins))
        return result

    def _is_plain(self, cutoff_min: float) -> bool:
        """Return whether access by car without a limit gives the same within a cut-off; then there are shorter ways."""
        shortest_beyond = self.ends.limit_min + self.station_time_min + self.arrival_time_min
        return [way.name for way in self.ends.ways] == ["car"] and shortest_beyond >= cutoff_min

    def _people_within_any(self, origins: Integers, people: Floats, cutoffs_min: npt.NDArray[np.float32]) -> Floats:
        """Return `people_within` for any kind of access, one origin after the other."""
        weights = np.pad(np.where(self.graph.grid.is_land, people, 0.0), 1).ravel()
        limit = float(cutoffs_min.max())
        result = np.empty((len(origins), len(cutoffs_min)))
        for row, node in enumerate(origins):
            road = minutes_from(self.graph.prepared, seeds_of([node]), limit_min=limit)[: self.graph.n_cells]
            rail = self.ends.surface(self.stations.nodes, self._arrivals(self.access_min([node])[0]).minutes, limit)
            fastest = np.minimum(road, rail)
            result[row] = [weights[fastest <= cutoff].sum() for cutoff in cutoffs_min]
        return result

    def _lower_to_earliest(
        self,
        node: int,
        arrivals: _Arrivals,
        wanted: npt.NDArray[np.bool_],
        minutes: npt.NDArray[np.float32],
        by: Integers,
    ) -> None:
        """Lower the minutes at positions of wanted tiles to those by road alone or by rail, and note by which.

        ``minutes``, ``by`` : (n_positions,), written to: 0 by road, 1 + the last station by rail. Nothing is beyond the horizon.
        """
        table, source = self.roads.table_of([node])
        at_once, limits = np.zeros(1, dtype=np.float32), (np.float32(np.inf), np.float32(self.limit_min))
        lower_within(table, source, at_once, self._no_extra, *limits, wanted, 0, minutes, by)
        self.ends.lower(self.stations.nodes, arrivals.minutes, self.limit_min, wanted, minutes, by)

    @cached_property
    def _no_extra(self) -> npt.NDArray[np.float32]:
        return np.zeros(len(self.roads.layout.nodes), dtype=np.float32)

    def _sources(self, origins: Integers) -> tuple[TileTable, Integers, Integers]:
        """Return a table of road minutes, and which of its sources the stations and the origins are."""
        table, sources = self.roads.table_of(np.concatenate([self.stations.nodes, origins]))
        n_stations = len(self.stations.nodes)
        return table, sources[:n_stations], sources[n_stations:]

    def _seeds(self, origins: Integers, stations: Integers, access_min: npt.NDArray[np.float32], limit: float) -> Seeds:
        """Return the seeds of one search per origin: itself at 0, and the stations that rail reaches before the road."""
        nodes, minutes = [], []
        for origin, access in zip(origins, access_min, strict=True):
            near = access < limit
            arrival = (access[near, None] + self.rail_min[near]).min(axis=0, initial=np.inf).astype(np.float32)
            useful = (arrival < access) & (arrival <= limit)
            nodes.append(np.append(origin, stations[useful]))
            minutes.append(np.append(np.float32(0), arrival[useful]))
        start = np.cumsum([0, *(len(own) for own in nodes)])
        return Seeds(start, np.concatenate(nodes).astype(np.int32), np.concatenate(minutes).astype(np.float32))

    def _arrivals(self, access_min: Floats) -> _Arrivals:
        near = np.flatnonzero(np.isfinite(access_min))
        if not len(near):
            near = np.zeros(1, dtype=np.int64)  # nowhere is reached, from whichever station
        by_board = access_min[near, None] + self.rail_min[near]
        first = by_board.argmin(axis=0)
        board = near[first]
        return _Arrivals(by_board[first, np.arange(len(board))], board, access_min[board])

    def _pair_legs(self, arrivals: _Arrivals, by_source: Floats, minutes_by_source: Floats) -> Floats:
        """Return pair-minutes by destination and leg, (n_groups, 7): road alone, then `LEGS`.

        ``by_source``, ``minutes_by_source`` : pairs and pair-minutes by what the last part starts from, 0 for the origin
        itself, by road, and 1 + s for station s.
        """
        ends = (arrivals.board, np.arange(len(arrivals.board)))
        rides = self.rides
        station = np.full(len(arrivals.board), self.station_time_min + self.arrival_time_min)
        before = (arrivals.access_min, station, rides.wait_min[ends], rides.typical_min[ends], rides.change_min[ends])
        table = np.where(np.isfinite(arrivals.minutes)[:, None], np.column_stack(before), 0.0)
        spent = by_source[:, 1:] @ table
        egress = minutes_by_source[:, 1:].sum(axis=1) - spent.sum(axis=1)
        return np.column_stack([minutes_by_source[:, 0], spent, egress])
