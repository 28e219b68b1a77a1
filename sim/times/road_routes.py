"""A way over the road graph leg by leg."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.errors import NoRouteError
from sim.times.bucket_queue import Integers
from sim.times.kernels import routes_from, seeds_of
from sim.times.road_graph import RoadGraph, place_node

__all__ = ["RoadLeg", "RoadRoute", "path_to", "road_legs", "road_route"]


@dataclass(frozen=True)
class RoadLeg:
    """One stretch of a way: ``kind`` is local (streets), road, or ferry; ``name`` and ``ref`` are empty on streets."""

    kind: str
    name: str
    ref: str
    road_class: str
    km: float
    minutes: float


@dataclass(frozen=True)
class RoadRoute:
    """The fastest way between two places: its legs in order, its nodes and their longitude and latitude, (n, 2)."""

    legs: tuple[RoadLeg, ...]
    nodes: npt.NDArray[np.int64]
    lonlat: npt.NDArray[np.float64]

    @property
    def minutes(self) -> float:
        """Minutes from end to end."""
        return sum(leg.minutes for leg in self.legs)

    @property
    def km(self) -> float:
        """Kilometres from end to end; those over streets are straight steps between cells."""
        return sum(leg.km for leg in self.legs)


def road_route(graph: RoadGraph, origin: tuple[float, float], destination: tuple[float, float]) -> RoadRoute:
    """Return the fastest way between two places given as (longitude, latitude).

    Raises
    ------
    InputError
        If a place does not lie on study land.
    NoRouteError
        If no roads and ferries lead from one to the other.
    """
    start, end = place_node(graph, *origin), place_node(graph, *destination)
    routes = routes_from(graph.prepared, seeds_of(start))
    if not np.isfinite(routes.minutes[end]):
        raise NoRouteError(
            f"no roads or ferries lead from {origin[0]:.4f},{origin[1]:.4f} to "
            f"{destination[0]:.4f},{destination[1]:.4f}"
        )
    nodes = path_to(routes.predecessors, end)
    return RoadRoute(road_legs(graph, nodes), nodes, graph.node_lonlat(nodes))


def path_to(predecessors: Integers, node: int) -> npt.NDArray[np.int64]:
    """Return the nodes from the seed to a node that has been reached, both included."""
    path = [node]
    while predecessors[path[-1]] >= 0:
        path.append(int(predecessors[path[-1]]))
    return np.array(path[::-1], dtype=np.int64)


def road_legs(graph: RoadGraph, nodes: npt.NDArray[np.int64]) -> tuple[RoadLeg, ...]:
    """Return the legs of a path of nodes; links that follow each other on one road make one leg."""
    legs: list[RoadLeg] = []
    for start, end in zip(nodes[:-1].tolist(), nodes[1:].tolist(), strict=True):
        leg = _leg(graph, start, end)
        last = legs[-1] if legs else None
        if last and (last.kind, last.road_class, last.ref or last.name) == (
            leg.kind,
            leg.road_class,
            leg.ref or leg.name,
        ):
            legs[-1] = RoadLeg(
                leg.kind, last.name or leg.name, leg.ref, leg.road_class, last.km + leg.km, last.minutes + leg.minutes
            )
        else:
            legs.append(leg)
    return tuple(legs)


def _leg(graph: RoadGraph, start: int, end: int) -> RoadLeg:
    """Return the one link or step between two neighbouring nodes, the faster where there are both."""
    prepared = graph.prepared
    found = []
    links = np.arange(prepared.indptr[start], prepared.indptr[start + 1])
    for link in links[prepared.indices[links] == end]:
        label = graph.labels.iloc[graph.link_label[link]]
        kind = {"connector": "local", "join": "road"}.get(label["kind"], label["kind"])
        found.append(
            RoadLeg(
                kind,
                label["name"],
                label["ref"],
                label["road_class"],
                float(graph.link_km[link]),
                float(prepared.minutes[link]),
            )
        )
    for direction in np.flatnonzero(prepared.step_offset == end - start):
        if end < graph.n_cells and (prepared.moves[start] >> direction) & 1:
            half = prepared.half_step_km[direction]
            minutes = (prepared.pace[start] + prepared.pace[end]) * half
            found.append(RoadLeg("local", "", "", "", 2 * float(half), float(minutes)))
    return min(found, key=lambda leg: leg.minutes)
