"""Stage 3d: door to door, the faster of the road alone and access + station + wait + ride + change + egress.

    t(o, c) = min( road(o, c),  min over s, s' of  road(o, s) + station + rides(s, s') + arrival + road(s', c) )

for an origin o and every cell c. The minimum over all pairs of stations is exact: nothing is limited to the nearest ones.
The legs of a journey are kept and add up to its minutes.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.times.kernels import each_alone, minutes_from, minutes_to_targets, routes_from, seeds_of, trace_seeds
from sim.times.rides import Rides
from sim.times.roads import RoadGraph, cells_from, place_node, reverse_graph

__all__ = ["CITY_TIME_COLUMNS", "LEGS", "DoorToDoor", "PairMinutes", "StationRoads", "Surfaces", "link_stations"]

Floats = npt.NDArray[np.float64]

LEGS = ("access", "station", "wait", "ride", "change", "egress")
CITY_TIME_COLUMNS = (
    "from_id",
    "to_id",
    "road_min",
    "rail_min",
    "best_min",
    *(f"{leg}_min" for leg in LEGS),
    "mode",
)
BIN_MIN = 0.25
"""Width of the bins in which pairs of people are counted by their minutes."""


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


@dataclass(frozen=True)
class PairMinutes:
    """How many pairs of people (origin, destination) are how many minutes apart, and what the minutes are spent on.

    Attributes
    ----------
    to_ids : destinations.
    pairs : (n_destinations, n_bins) pairs of people by minutes in bins of `BIN_MIN`; the last bin is "not reached".
    leg_minutes : (n_destinations, 7) pair-minutes by leg: road alone, then `LEGS`.
    """

    to_ids: tuple[str, ...]
    pairs: Floats
    leg_minutes: Floats

    def of(self, to_ids: Sequence[str]) -> "PairMinutes":
        """Return the part that concerns some destinations."""
        rows = [self.to_ids.index(to_id) for to_id in to_ids]
        return PairMinutes(tuple(to_ids), self.pairs[rows], self.leg_minutes[rows])

    def share_within(self, cutoff_min: float) -> float:
        """Return the share of all pairs that are within the cut-off, NaN when there are no pairs."""
        counts = self.pairs.sum(axis=0)
        last = round(cutoff_min / BIN_MIN)
        total = counts.sum()
        return float(counts[:last].sum() / total) if total > 0 else float("nan")

    def quantile(self, share: float) -> float:
        """Return the minutes within which this share of all pairs is, to the bin; inf when fewer are ever reached."""
        counts = self.pairs.sum(axis=0)
        reached = np.cumsum(counts[:-1])
        if reached.size == 0 or reached[-1] < share * counts.sum():
            return float("inf")
        return float((np.searchsorted(reached, share * counts.sum()) + 1) * BIN_MIN)

    def binding_leg(self) -> str:
        """Return the leg on which the most pair-minutes are spent: 'road' or one of `LEGS`."""
        return ("road", *LEGS)[int(np.argmax(self.leg_minutes.sum(axis=0)))]


def link_stations(graph: RoadGraph, rides: Rides, stations: pd.DataFrame) -> StationRoads:
    """Return where the stations that have trains stand on the road graph."""
    points = stations.set_index("station_id")[["lon", "lat"]]
    nodes = [place_node(graph, *points.loc[station_id]) for station_id in rides.station_ids]
    return StationRoads(rides.station_ids, np.array(nodes, dtype=np.int32))


@dataclass(frozen=True)
class DoorToDoor:
    """Everything door-to-door minutes of one scenario are made of.

    Attributes
    ----------
    station_time_min, arrival_time_min : street to train at the first station, train to street at the last.
    limit_min : horizon of the surfaces; what is farther is not reached.
    """

    graph: RoadGraph
    rides: Rides
    stations: StationRoads
    station_time_min: float
    arrival_time_min: float
    limit_min: float

    @property
    def rail_min(self) -> Floats:
        """Street to street minutes between stations, (n_stations, n_stations), inf where there is no journey."""
        total = np.where(np.isfinite(self.rides.total_min), self.rides.total_min, np.inf)
        np.fill_diagonal(total, np.inf)
        return total + self.station_time_min + self.arrival_time_min

    def access_min(self, nodes: npt.ArrayLike) -> Floats:
        """Return road minutes from nodes to stations, (n_nodes, n_stations)."""
        return minutes_to_targets(self.graph.prepared, each_alone(nodes), self.stations.nodes).astype(np.float64)

    def egress_min(self, nodes: npt.ArrayLike) -> Floats:
        """Return road minutes from stations to nodes, (n_stations, n_nodes), searched backwards from the nodes."""
        backwards = reverse_graph(self.graph).prepared
        return minutes_to_targets(backwards, each_alone(nodes), self.stations.nodes).T.astype(np.float64)

    def surfaces_from(self, node: int) -> Surfaces:
        """Return minutes from a node to every cell by the best mode, by rail and by road alone."""
        road = minutes_from(self.graph.prepared, seeds_of([node]), limit_min=self.limit_min)
        arrival = (road[self.stations.nodes][:, None] + self.rail_min).min(axis=0)
        rail = minutes_from(self.graph.prepared, seeds_of(self.stations.nodes, arrival), limit_min=self.limit_min)
        road_cells, rail_cells = cells_from(self.graph, road), cells_from(self.graph, rail)
        return Surfaces(best=np.fmin(road_cells, rail_cells), rail=rail_cells, road=road_cells)

    def city_times(self, city_ids: Sequence[str], nodes: npt.ArrayLike) -> pd.DataFrame:
        """Return minutes and legs between every two cities, columns `CITY_TIME_COLUMNS`; NaN where there is no way.

        The legs are those of the fastest journey by rail, whatever the faster mode is.
        """
        node_array = np.asarray(nodes, dtype=np.int32)
        n = len(node_array)
        targets = np.concatenate([node_array, self.stations.nodes])
        minutes = minutes_to_targets(self.graph.prepared, each_alone(node_array), targets).astype(np.float64)
        road, access = minutes[:, :n], minutes[:, n:]
        egress, rail_min = self.egress_min(node_array), self.rail_min
        rows = []
        for i, from_id in enumerate(city_ids):
            arrival = access[i][:, None] + rail_min
            board = arrival.argmin(axis=0)
            total = arrival[board, np.arange(len(board))][:, None] + egress
            for j, to_id in enumerate(city_ids):
                if i != j:
                    alight = int(total[:, j].argmin())
                    row = {"from_id": from_id, "to_id": to_id, "road_min": _or_nan(road[i, j])}
                    rows.append(row | self._rail_row(access[i], egress[:, j], int(board[alight]), alight))
        frame = pd.DataFrame(rows)
        frame["best_min"] = frame[["road_min", "rail_min"]].min(axis=1)
        frame["mode"] = np.where(frame["rail_min"] < frame["road_min"].fillna(np.inf), "rail", "road")
        frame.loc[frame["best_min"].isna(), "mode"] = ""
        return frame[list(CITY_TIME_COLUMNS)]

    def _rail_row(self, access: Floats, egress: Floats, board: int, alight: int) -> dict[str, float]:
        """Return the rail minutes and legs of a journey that boards and alights at these stations."""
        legs = dict(zip(LEGS, self._legs(board, alight), strict=True))
        legs["access"], legs["egress"] = float(access[board]), float(egress[alight])
        total = sum(legs.values())
        if not np.isfinite(total):
            return {"rail_min": float("nan")} | {f"{leg}_min": float("nan") for leg in LEGS}
        return {"rail_min": total} | {f"{leg}_min": minutes for leg, minutes in legs.items()}

    def _legs(self, board: int, alight: int) -> tuple[float, ...]:
        """Return the legs between two stations, with access and egress left at 0."""
        rides = self.rides
        return (
            0.0,
            self.station_time_min + self.arrival_time_min,
            float(rides.wait_min[board, alight]),
            float(rides.typical_min[board, alight]),
            float(rides.change_min[board, alight]),
            0.0,
        )

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
        selected = np.flatnonzero(membership.ravel() >= 0)
        groups, weights = membership.ravel()[selected], people.ravel()[selected]
        nodes = np.asarray(origins, dtype=np.int32)
        rail_min = self.rail_min
        access = self.access_min(nodes)

        def one(k: int) -> tuple[Floats, Floats]:
            return self._count_pairs(int(nodes[k]), access[k], rail_min, selected, groups, weights, len(to_ids))

        with ThreadPoolExecutor() as pool:
            parts = list(pool.map(one, range(len(nodes))))
        scale = 1.0 / max(1, len(nodes))
        pairs = sum((part[0] for part in parts), np.zeros_like(parts[0][0])) * scale
        legs = sum((part[1] for part in parts), np.zeros_like(parts[0][1])) * scale
        return PairMinutes(tuple(to_ids), pairs, legs)

    def _count_pairs(
        self,
        node: int,
        access: Floats,
        rail_min: Floats,
        selected: npt.NDArray[Any],
        groups: npt.NDArray[np.int64],
        weights: Floats,
        n_groups: int,
    ) -> tuple[Floats, Floats]:
        """Count the pairs of one origin by destination and bin, and its pair-minutes by leg."""
        by_board = access[:, None] + rail_min
        board = by_board.argmin(axis=0)
        arrival = by_board[board, np.arange(len(board))]
        seeds = seeds_of(np.append(self.stations.nodes, node), np.append(arrival, 0.0))
        routes = routes_from(self.graph.prepared, seeds, limit_min=self.limit_min)
        minutes = cells_from(self.graph, routes.minutes).ravel()[selected].astype(np.float64)
        seed = cells_from(self.graph, trace_seeds(routes.predecessors).astype(np.float32)).ravel()[selected]
        n_bins = round(self.limit_min / BIN_MIN) + 1
        reached = np.isfinite(minutes)
        bins = np.where(reached, np.minimum(np.nan_to_num(minutes) // BIN_MIN, n_bins - 2), n_bins - 1).astype(np.int64)
        counts = np.bincount(groups * n_bins + bins, weights=weights, minlength=n_groups * n_bins)
        legs = self._pair_legs(minutes, seed, board, arrival, access, groups, weights * reached, n_groups)
        return counts.reshape(n_groups, n_bins), legs

    def _pair_legs(
        self,
        minutes: Floats,
        seed: npt.NDArray[np.float32],
        board: npt.NDArray[np.int64],
        arrival: Floats,
        access: Floats,
        groups: npt.NDArray[np.int64],
        weights: Floats,
        n_groups: int,
    ) -> Floats:
        """Sum pair-minutes by destination and leg, (n_groups, 7): road alone, then `LEGS`."""
        n_stations = len(board)
        alight = np.where(np.isfinite(seed), seed, n_stations).astype(np.int64)
        by_rail = alight < n_stations
        table = np.zeros((n_stations + 1, len(LEGS)))
        for s in range(n_stations):
            if np.isfinite(arrival[s]):
                table[s] = self._legs(int(board[s]), s)
                table[s, 0] = access[board[s]]
        legs = np.zeros((n_groups, len(LEGS) + 1))
        minutes = np.nan_to_num(minutes)
        spent = np.column_stack([np.where(by_rail, 0.0, minutes), table[alight]])
        spent[:, -1] = np.where(by_rail, minutes - table[alight].sum(axis=1), 0.0)
        for leg in range(spent.shape[1]):
            legs[:, leg] = np.bincount(groups, weights=weights * spent[:, leg], minlength=n_groups)
        return legs


def _or_nan(minutes: float) -> float:
    return float(minutes) if np.isfinite(minutes) else float("nan")
