"""Stage 3 of the roads: the authored motorways laid onto the net, which itself has no classes."""

import heapq
import math
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
import pandas as pd
from road_extract import great_circle_km, plane_km
from road_topology import RoadLink, RoadNet
from scipy.spatial import cKDTree

SNAP_KM = 3.0  # a waypoint must have a node this close
LARGEST_DETOUR = 1.6  # road km per km as the crow flies of one leg
SNAP_COST = 2.0  # km of way per km between waypoint and node
JUNCTION_COST_KM = 0.25  # a motorway meets few junctions: each end at one costs this much more
OFF_COURSE_KM = 2.0  # a link further from the straight leg than this ...
OFF_COURSE_COST = 0.08  # ... costs this share more per further km


@dataclass(frozen=True)
class Leg:
    """One leg of a motorway on the net, for the report of the build."""

    motorway_id: str
    sequence: int
    snap_km: float
    km: float
    detour: float


@dataclass(frozen=True)
class Matched:
    """The net with the motorways' attributes on its links, the legs, and what would not match."""

    net: RoadNet
    legs: list[Leg]
    problems: list[str]


@dataclass(frozen=True)
class _Finder:
    """What the search needs of the net, computed once."""

    numbers: list[int]
    tree: cKDTree
    graph: "nx.Graph[int]"
    links: list[RoadLink]
    nodes: dict[int, tuple[float, float]]


def match_motorways(net: RoadNet, motorways: pd.DataFrame, points: pd.DataFrame) -> Matched:
    """Return the net with class, ref, name and opening date on the links that carry an authored motorway.

    Each motorway is the cheapest chain of nodes, one near each waypoint, where the cost of a way is its length,
    more at junctions and more off the straight course; nodes further than ``SNAP_KM`` from their waypoint do not
    come into question. Where two motorways share a road, the one that stands first in the table keeps it.

    Parameters
    ----------
    motorways : motorway_id, ref, name, road_class, opening_date, one row each.
    points : motorway_id, sequence, lon, lat, name.
    """
    finder = _prepare(net)
    attributes: dict[int, dict[str, str]] = {}
    legs: list[Leg] = []
    problems: list[str] = []
    for motorway in motorways.itertuples(index=False):
        way = points[points["motorway_id"] == motorway.motorway_id].sort_values("sequence")
        found = _lay(finder, str(motorway.motorway_id), way[["lon", "lat"]].to_numpy(dtype=float), legs, problems)
        for number in found:
            attributes.setdefault(
                number,
                {
                    "road_class": str(motorway.road_class),
                    "ref": str(motorway.ref),
                    "name": str(motorway.name),
                    "opening_date": str(motorway.opening_date),
                },
            )
    links = [replace(link, attributes={**link.attributes, **attributes.get(n, {})}) for n, link in enumerate(net.links)]
    return Matched(RoadNet(net.nodes, links), legs, problems)


def _prepare(net: RoadNet) -> _Finder:
    graph: nx.Graph[int] = nx.Graph()
    for number, link in enumerate(net.links):
        known = graph.get_edge_data(link.start, link.end)
        if known is None or known["km"] > link.km:
            graph.add_edge(link.start, link.end, km=link.km, number=number)
    numbers = sorted(graph)
    tree = cKDTree(plane_km(np.array([net.nodes[n] for n in numbers])))
    return _Finder(numbers, tree, graph, net.links, net.nodes)


def _lay(finder: _Finder, motorway_id: str, waypoints: np.ndarray, legs: list[Leg], problems: list[str]) -> list[int]:
    """Return the numbers of the links of one motorway; add to ``legs`` and ``problems``."""
    candidates: list[dict[int, float]] = []
    for position, place in enumerate(plane_km(waypoints)):
        rows = finder.tree.query_ball_point(place, SNAP_KM)
        near = {finder.numbers[r]: float(np.linalg.norm(finder.tree.data[r] - place)) for r in rows}
        if not near:
            gap = float(finder.tree.query(place)[0])
            problems.append(f"{motorway_id} waypoint {position + 1}: no road within {SNAP_KM} km, nearest {gap:.1f} km")
            return []
        candidates.append(near)
    costs = {n: SNAP_COST * gap for n, gap in candidates[0].items()}
    trails: list[dict[int, tuple[int, list[int]]]] = []
    for position in range(1, len(waypoints)):
        reached = _search(finder, costs, set(candidates[position]), waypoints[position - 1 : position + 1])
        if not reached:
            problems.append(f"{motorway_id} leg {position}: no way between its waypoints")
            return []
        costs = {n: cost + SNAP_COST * candidates[position][n] for n, (cost, _, _) in reached.items()}
        trails.append({n: (origin, way) for n, (_, origin, way) in reached.items()})
    node = min(costs, key=lambda n: (costs[n], n))
    found: list[int] = []
    for position in range(len(trails), 0, -1):
        origin, way = trails[position - 1][node]
        km = sum(finder.links[number].km for number in way)
        straight = float(great_circle_km(np.array(finder.nodes[origin]), np.array(finder.nodes[node])))
        leg = Leg(motorway_id, position, candidates[position][node], km, km / max(straight, 0.1))
        legs.append(leg)
        if leg.detour > LARGEST_DETOUR and km > 3:
            problems.append(f"{motorway_id} leg {position}: {km:.1f} km is {leg.detour:.2f} times the straight line")
        found += way
        node = origin
    return found


def _search(
    finder: _Finder, sources: dict[int, float], targets: set[int], leg: np.ndarray
) -> dict[int, tuple[float, int, list[int]]]:
    """Cheapest way to each target from any source: its cost, the source, the links."""
    a, b = plane_km(leg)
    length = max(float(np.linalg.norm(b - a)), 0.1)
    along = (b - a) / length
    limit = 3.0 * length + 4 * SNAP_COST * SNAP_KM + min(sources.values())
    best = dict(sources)
    previous: dict[int, tuple[int, int]] = {}
    heap = sorted((cost, node) for node, cost in sources.items())
    settled: set[int] = set()
    missing = set(targets)
    while heap and missing:
        cost, node = heapq.heappop(heap)
        if node in settled or cost > limit:
            continue
        settled.add(node)
        missing.discard(node)
        for other, data in finder.graph[node].items():
            if other in settled:
                continue
            x, y = finder.nodes[other]
            east, north = plane_km(np.array((x, y))) - a
            off = abs(east * along[1] - north * along[0])
            past = max(0.0, -(east * along[0] + north * along[1]), east * along[0] + north * along[1] - length)
            worse = 1 + OFF_COURSE_COST * max(0.0, math.hypot(off, past) - OFF_COURSE_KM)
            step = data["km"] * worse + JUNCTION_COST_KM * (finder.graph.degree(other) > 2)
            if cost + step < best.get(other, math.inf):
                best[other] = cost + step
                previous[other] = (node, data["number"])
                heapq.heappush(heap, (cost + step, other))
    result = {}
    for target in sorted(targets & settled):
        way, node = [], target
        while node in previous and not (node in sources and best[node] >= sources[node]):
            node, number = previous[node]
            way.append(number)
        result[target] = (best[target], node, way)
    return result
