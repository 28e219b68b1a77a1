"""A way over the road graph leg by leg, and the graph as networkx has it."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt

from sim.errors import NoRouteError
from sim.times.bucket_queue import Integers
from sim.times.kernels import routes_from, seeds_of
from sim.times.road_graph import RoadGraph, place_node

__all__ = ["RoadLeg", "RoadRoute", "path_to", "road_legs", "road_route", "to_networkx"]


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


def to_networkx(graph: RoadGraph) -> nx.DiGraph:
    """Return the road graph as a networkx graph.

    Nodes have ``kind`` (cell or road), ``lon``, ``lat``, ``name``, cells also ``row``, ``column``, ``people``; links
    have ``minutes``, ``km``, ``kind`` (step, road, join, connector, ferry), ``name``, ``ref``, ``road_class``. A
    thousand cells take several MB: for the whole delta use `RoadGraph.arcs`, which has the same as arrays.
    """
    result = nx.DiGraph()
    cells = graph.land_nodes
    for node, (lon, lat) in zip(cells.tolist(), graph.node_lonlat(cells).tolist(), strict=True):
        row, column = graph.node_cell(node)
        people = float(graph.people[node])
        result.add_node(node, kind="cell", name="", lon=lon, lat=lat, row=row, column=column, people=people)
    for i, (lon, lat, name) in enumerate(graph.nodes[["lon", "lat", "name"]].itertuples(index=False)):
        result.add_node(graph.n_cells + i, kind="road", name=name, lon=lon, lat=lat)
    arcs = graph.arcs()
    labels = graph.labels[["kind", "name", "ref", "road_class"]].to_dict("records")
    step = {"kind": "step", "name": "", "ref": "", "road_class": ""}
    for i in range(len(arcs.from_node)):
        start, end, minutes = int(arcs.from_node[i]), int(arcs.to_node[i]), float(arcs.minutes[i])
        if not result.has_edge(start, end) or minutes < result.edges[start, end]["minutes"]:
            label = labels[arcs.label[i]] if arcs.label[i] >= 0 else step
            result.add_edge(start, end, minutes=minutes, km=float(arcs.km[i]), **label)
    return result
