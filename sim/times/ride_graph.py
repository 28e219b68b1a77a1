"""Stage 5 of rides, for other programs: rides and changes as a networkx graph whose shortest paths are journeys."""

import networkx as nx
import numpy as np

from sim.times.common_lines import DirectRides
from sim.times.journeys import ChangeLinks

__all__ = ["build_ride_graph"]


def build_ride_graph(
    direct: DirectRides, links: ChangeLinks, *, max_changes: int, reading: str, from_id: str | None = None
) -> "nx.DiGraph":
    """Return the ride graph: a copy of every station for each number of changes made so far.

    Nodes are tuples: ("departure", station, changes made), ("arrival", station, changes made) and
    ("end", station), all with the attributes `station_id` and `kind`. Edges have `minutes` and `kind`:

    * `ride` from departure to arrival, also with wait_min, ride_min, trains_per_day and services;
    * `change` from arrival to a departure with one change more, also with mode;
    * `alight` from arrival to end, 0 minutes.

    So `networkx.dijkstra_path_length(graph, ("departure", a, 0), ("end", b), weight="minutes")` is the total of a to b.
    A journey never rides back to its start, say to take the metro from there; with `from_id` no train goes to that
    station, so that the paths from it are exactly its journeys. Under the reading `fastest` rides are the fastest
    train's and there is no wait.
    """
    names = direct.runs.station_ids
    rides = _ride_edges(direct, reading)
    graph = nx.DiGraph()
    for made in range(max_changes + 1):
        for name in names:
            graph.add_node(("departure", name, made), kind="departure", station_id=name)
            graph.add_node(("arrival", name, made), kind="arrival", station_id=name)
            graph.add_node(("end", name), kind="end", station_id=name)
            graph.add_edge(("arrival", name, made), ("end", name), kind="alight", minutes=0.0)
        graph.add_edges_from(
            (("departure", start, made), ("arrival", end, made), attributes)
            for start, end, attributes in rides
            if end != from_id
        )
    for made in range(max_changes):
        for at, leaves, minutes, mode in zip(links.from_index, links.to_index, links.minutes, links.mode, strict=True):
            arrival, departure = ("arrival", names[at], made), ("departure", names[leaves], made + 1)
            graph.add_edge(arrival, departure, kind="change", minutes=float(minutes), mode=mode)
    return graph


def _ride_edges(direct: DirectRides, reading: str) -> list[tuple[str, str, dict[str, object]]]:
    names = direct.runs.station_ids
    edges: list[tuple[str, str, dict[str, object]]] = []
    for from_index, to_index in np.argwhere(np.isfinite(direct.fastest_min)):
        pair = (from_index, to_index)
        wait_min, ride_min = (
            (direct.wait_min[pair], direct.ride_min[pair]) if reading == "typical" else (0.0, direct.fastest_min[pair])
        )
        taken = direct.options(from_index, to_index, reading)
        attributes = {
            "kind": "ride",
            "minutes": float(wait_min + ride_min),
            "wait_min": float(wait_min),
            "ride_min": float(ride_min),
            "trains_per_day": direct.trains_of(taken),
            "services": direct.services_of(taken),
        }
        edges.append((names[from_index], names[to_index], attributes))
    return edges
