"""Stage 3d, the ends: how people get from a cell to the stations and from the stations to a cell, way by way.

A way (car, walking, bus, metro) is a graph of its own over the same cells, with minutes that a cell costs besides (the walk
to the stop and the wait). Of several ways the fastest counts, pair by pair; none is longer than the limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.times.access_tiles import lower_within
from sim.times.bucket_queue import Floats, Integers
from sim.times.kernels import each_alone, minutes_to_targets, routes_from, seeds_of, trace_seeds
from sim.times.road_graph import RoadGraph, reverse_graph
from sim.times.road_minutes import RoadMinutes, TileLayout, tiles_of

__all__ = ["Access", "AccessWay", "Legs", "WayName"]

Minutes = npt.NDArray[np.float64]

WayName = Literal["car", "walk", "bus", "metro"]


class Legs(NamedTuple):
    """Minutes of the fastest way and which way that is, both of one shape; minutes are inf where there is none."""

    minutes: Minutes
    way: npt.NDArray[np.int64]


@dataclass(frozen=True)
class AccessWay:
    """One way of getting to and from stations.

    Attributes
    ----------
    name : what one travels by.
    roads : minutes under way on its graph, whose cells are those of every other way.
    extra_min : what a cell costs besides, once, at whichever end it is, (n_cells,): to the stop, and the wait there.
    """

    name: WayName
    roads: RoadMinutes
    extra_min: Floats

    @property
    def graph(self) -> RoadGraph:
        """The graph on which one is under way."""
        return self.roads.graph

    @cached_property
    def backwards(self) -> RoadGraph:
        """The graph with every link turned round."""
        return reverse_graph(self.roads.graph)


@dataclass(frozen=True)
class Access:
    """All ways of getting to and from stations.

    Attributes
    ----------
    ways : of which the fastest counts.
    limit_min : the longest way to or from a station that anybody takes.
    """

    ways: tuple[AccessWay, ...]
    limit_min: float = float("inf")

    @property
    def layout(self) -> TileLayout:
        """The order of the cells in the tables of all ways."""
        return self.ways[0].roads.layout

    @cached_property
    def extra_at_positions(self) -> tuple[Floats, ...]:
        """What a cell costs besides by each way, in the order of the tables, (n_positions,)."""
        return tuple(way.extra_min[self.layout.nodes] for way in self.ways)

    def to_stations(self, nodes: npt.ArrayLike, stations: Integers) -> Legs:
        """Return the way from nodes to stations, (n_nodes, n_stations), by one search from each node."""
        found = [minutes_to_targets(way.graph.prepared, each_alone(nodes), stations) for way in self.ways]
        return self._fastest(found, nodes)

    def from_stations(self, stations: Integers, nodes: npt.ArrayLike) -> Legs:
        """Return the way from stations to nodes, (n_nodes, n_stations), searched backwards from each node."""
        found = [minutes_to_targets(way.backwards.prepared, each_alone(nodes), stations) for way in self.ways]
        return self._fastest(found, nodes)

    def between(self, nodes: Integers, stations: Integers, *, reverse: bool = False) -> Legs:
        """Return `to_stations`, or reversed `from_stations`, from minutes that are kept for the next scenario."""
        found = [way.roads.minutes_between(nodes, stations, reverse=reverse) for way in self.ways]
        return self._fastest(found, nodes)

    def from_tables(self, nodes: Integers, stations: Integers) -> Legs:
        """Return `to_stations` from the surfaces of the nodes, which are kept in memory."""
        found = []
        for way in self.ways:
            table, sources = way.roads.table_of(np.concatenate([stations, nodes]))
            found.append(way.roads.minutes_at(table, sources[len(stations) :], stations))
        return self._fastest(found, nodes)

    def lower(
        self,
        stations: Integers,
        arrival_min: Minutes,
        limit_min: float,
        wanted: npt.NDArray[np.bool_],
        minutes: Floats,
        by: Integers,
    ) -> None:
        """Lower the minutes at positions of the tiles to the earliest arrival over any station, marked 1 + its number.

        Parameters
        ----------
        arrival_min : when one leaves each station, (n_stations,), inf where never.
        wanted : tiles to look at, (n_tiles,).
        minutes, by : (n_positions,), written to.

        Nothing is searched for once the surfaces of the stations are known.
        """
        starts = arrival_min.astype(np.float32)
        for way, extra in zip(self.ways, self.extra_at_positions, strict=True):
            table, sources = way.roads.table_of(stations)
            limits = (np.float32(self.limit_min), np.float32(limit_min))
            lower_within(table, sources, starts, extra, *limits, wanted, 1, minutes, by)

    def surface(self, stations: Integers, arrival_min: Minutes, limit_min: float) -> Floats:
        """Return the earliest arrival at every cell over any station and any way, (n_cells,), inf beyond the limit.

        One search for each way finds the earliest arrivals from all stations at once. It knows no longest way: the cells
        where its answer breaks the limit of the access are looked up station by station.
        """
        result = np.full(self.ways[0].graph.n_cells, np.inf, dtype=np.float32)
        broken = np.zeros(result.shape, dtype=np.bool_)
        arrival = np.where(arrival_min <= limit_min, arrival_min, np.inf)
        for way in self.ways:
            routes = routes_from(way.graph.prepared, seeds_of(stations, arrival), limit_min=limit_min)
            minutes = routes.minutes[: len(result)] + way.extra_min
            if np.isfinite(self.limit_min):
                reached = np.flatnonzero(np.isfinite(minutes))
                station = trace_seeds(routes.predecessors)[reached]
                too_far = reached[minutes[reached] - arrival[station] > self.limit_min]
                broken[too_far] = True
                minutes[too_far] = np.inf
            np.minimum(result, minutes, out=result)
        result[result > limit_min] = np.inf
        cells = np.flatnonzero(broken & (self.layout.position >= 0))
        if len(cells):
            positions = self.layout.position[cells]
            wanted = tiles_of(self.layout, positions)
            looked_up = np.full(len(self.layout.nodes), np.inf, dtype=np.float32)
            self.lower(stations, arrival, limit_min, wanted, looked_up, np.zeros(len(looked_up), dtype=np.int32))
            result[cells] = np.minimum(result[cells], looked_up[positions])
        return result

    def _fastest(self, found: Sequence[Floats], nodes: npt.ArrayLike) -> Legs:
        """Return the fastest of the ways, each (n_nodes, n_stations) minutes under way, that keep the limit."""
        cells = np.atleast_1d(np.asarray(nodes, dtype=np.int64))
        each = np.stack(
            [minutes + way.extra_min[cells][:, None] for minutes, way in zip(found, self.ways, strict=True)]
        ).astype(np.float64)
        each[each > self.limit_min] = np.inf
        way = each.argmin(axis=0)
        return Legs(np.take_along_axis(each, way[None], axis=0)[0], way)
