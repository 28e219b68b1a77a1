"""Stage 4 of the roads: sea bridges, river bridges and tunnels with their dates, and links drawn by hand."""

import itertools
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from road_extract import FloatArray, great_circle_km, plane_km
from road_topology import RoadLink, RoadNet
from scipy.spatial import cKDTree

CROSSING_SNAP_KM = 1.0
CARRIAGEWAYS = 4  # at most so many parallel ways belong to one crossing
CROSSING_DETOUR = 1.8  # a crossing's own way is nearly straight; longer means that it is not in the net
HAND_SNAP_KM = 0.3
BRIDGE_KM = 0.2  # a link with this much of a drawn river under it crosses it, or runs along its bank


@dataclass(frozen=True)
class WideWater:
    """Sea and wide water of the box, as shapes to ask."""

    land: shapely.Geometry
    water: list[shapely.Geometry]
    rivers: list[shapely.Geometry]

    def wet_km(self, points: list[tuple[float, float]]) -> float:
        """Return the km of a drawn line that lie over the sea or wide water."""
        line = shapely.LineString(plane_km(np.array(points)))
        drawn = shapely.LineString(points)
        if line.length == 0:
            return 0.0
        parts = [drawn.difference(self.land)] + [drawn.intersection(g) for g in self.water if g.intersects(drawn)]
        share = sum(part.length for part in parts) / drawn.length
        return float(min(1.0, share) * line.length)

    def river_km(self, points: list[tuple[float, float]]) -> float:
        """Return the km of a drawn line that lie over the wide rivers alone."""
        drawn = shapely.LineString(points)
        wet = sum(drawn.intersection(g).length for g in self.rivers if g.intersects(drawn))
        return float(wet * 100.0)

    def is_wet(self, lon: float, lat: float) -> bool:
        """Tell whether a point lies in the sea or in wide water."""
        point = shapely.Point(lon, lat)
        return not self.land.contains(point) or any(g.contains(point) for g in self.water)

    def crosses(self, one: FloatArray, other: FloatArray) -> bool:
        """Tell whether a gap mend between two points would lead over wide water (more than 0.1 km of it)."""
        return self.wet_km([(float(one[0]), float(one[1])), (float(other[0]), float(other[1]))]) > 0.1


def apply_hand_links(net: RoadNet, table: pd.DataFrame) -> tuple[RoadNet, list[str]]:
    """Return the net with the links of ``roads/mends.csv`` cut and joined, and the rows that found nothing."""
    problems: list[str] = []
    nodes, links = dict(net.nodes), list(net.links)
    joins = table[table["kind"] == "join"]
    named = [
        *zip(joins["from_lon"], joins["from_lat"], strict=True),
        *zip(joins["to_lon"], joins["to_lat"], strict=True),
    ]
    for row in table.itertuples(index=False):
        ends = []
        for lon, lat in ((row.from_lon, row.from_lat), (row.to_lon, row.to_lat)):
            numbers = list(nodes)
            gaps = np.linalg.norm(
                plane_km(np.array([nodes[n] for n in numbers])) - plane_km(np.array((lon, lat))), axis=1
            )
            if gaps.min() <= HAND_SNAP_KM:
                ends.append(numbers[int(gaps.argmin())])
            elif named.count((lon, lat)) > 1:  # a new node that two rows share
                nodes[max(nodes) + 1] = (float(lon), float(lat))
                ends.append(max(nodes))
            else:
                problems.append(f"mends.csv {row.kind} {lon},{lat}: no node within {HAND_SNAP_KM} km")
        if len(ends) < 2:
            continue
        if row.kind == "cut":
            kept = [link for link in links if {link.start, link.end} != set(ends)]
            if len(kept) == len(links):
                problems.append(f"mends.csv cut {row.from_lon},{row.from_lat}: no such link")
            links = kept
        else:
            links.append(RoadLink(ends[0], ends[1], float(row.km), [nodes[ends[0]], nodes[ends[1]]], "authored"))
    return RoadNet(nodes, links), problems


def mark_crossings(net: RoadNet, table: pd.DataFrame) -> tuple[RoadNet, list[str]]:
    """Return the net with structure, name and date on the links of the authored crossings, and the problems.

    Parallel carriageways over the same water between the same ends take the same attributes.
    """
    ways, problems = _find_ways(net, table, "crossings.csv")
    links = list(net.links)
    for row, numbers in zip(table.itertuples(index=False), ways, strict=True):
        attributes = {"structure": str(row.structure), "name": str(row.name), "opening_date": str(row.opening_date)}
        if str(row.ref) not in ("", "nan"):
            attributes["ref"] = str(row.ref)
        for number in numbers:
            links[number] = replace(links[number], attributes={**links[number].attributes, **attributes})
    return RoadNet(net.nodes, links), problems


def mark_shore_roads(net: RoadNet, table: pd.DataFrame, water: WideWater) -> tuple[RoadNet, list[str]]:
    """Return the net with ``structure = surface`` on roads along a bank that the drawn outline puts into a river.

    Of the ways of a row these are the links with a wide river under them; a road without a name takes that of the row.
    The second value are the problems.
    """
    ways, problems = _find_ways(net, table, "shore_roads.csv")
    links = list(net.links)
    for row, numbers in zip(table.itertuples(index=False), ways, strict=True):
        wet = [n for n in numbers if water.river_km(net.links[n].points) > BRIDGE_KM]
        if numbers and not wet:
            problems.append(f"shore_roads.csv {row.name} {row.a_lon},{row.a_lat}: no river under it")
        for number in wet:
            known = links[number].attributes
            added = {"structure": "surface", "name": known.get("name") or str(row.name)}
            links[number] = replace(links[number], attributes={**known, **added})
    return RoadNet(net.nodes, links), problems


def find_unexplained(net: RoadNet, water: WideWater) -> list[str]:
    """Return one line for each link over a wide river that neither a crossing nor a shore road explains."""
    return [
        f"{km:.1f} km of the road from {link.points[0][0]:.3f},{link.points[0][1]:.3f} to {link.points[-1][0]:.3f},"
        f"{link.points[-1][1]:.3f} lie over a wide river: list it in crossings.csv (bridge, tunnel) or shore_roads.csv"
        for link in net.links
        if "structure" not in link.attributes and (km := water.river_km(link.points)) > BRIDGE_KM
    ]


def _find_ways(net: RoadNet, table: pd.DataFrame, file: str) -> tuple[list[list[int]], list[str]]:
    """Return the numbers of the links between the two ends of each row, and the rows without any."""
    graph: nx.MultiGraph[int] = nx.MultiGraph()
    for number, link in enumerate(net.links):
        graph.add_edge(link.start, link.end, key=number, km=link.km)
    numbers = sorted(graph)
    tree = cKDTree(plane_km(np.array([net.nodes[n] for n in numbers])))
    found: list[list[int]] = []
    problems: list[str] = []
    for row in table.itertuples(index=False):
        gaps, rows = tree.query(plane_km(np.array([[row.a_lon, row.a_lat], [row.b_lon, row.b_lat]], dtype=float)))
        a, b = (numbers[i] for i in rows)
        straight = float(great_circle_km(np.array(net.nodes[a]), np.array(net.nodes[b])))
        ways = _parallel_ways(graph, a, b, CROSSING_DETOUR * max(straight, 1.0))
        if gaps.max() > CROSSING_SNAP_KM:
            problems.append(f"{file} {row.name}: no road within {CROSSING_SNAP_KM} km of an end ({gaps.max():.1f})")
        elif not ways:
            problems.append(f"{file} {row.name}: no way of at most {CROSSING_DETOUR} times {straight:.1f} km")
        found.append([number for way in ways for number in way] if gaps.max() <= CROSSING_SNAP_KM else [])
    return found, problems


def _parallel_ways(graph: "nx.MultiGraph[int]", a: int, b: int, limit_km: float) -> list[list[int]]:
    """Return the shortest way between two ends and those of its carriageways that run beside it, as link numbers."""
    used: set[int] = set()
    ways: list[list[int]] = []

    def free(u: int, v: int) -> list[int]:
        return sorted((n for n in graph[u][v] if n not in used), key=lambda n: (graph[u][v][n]["km"], n))

    def free_km(u: int, v: int, _: object) -> float | None:
        numbers = free(u, v)
        return float(graph[u][v][numbers[0]]["km"]) if numbers else None

    while len(ways) < CARRIAGEWAYS:
        try:
            km, nodes = nx.single_source_dijkstra(graph, a, b, cutoff=limit_km, weight=free_km)
        except nx.NetworkXNoPath:
            break
        way = [free(u, v)[0] for u, v in itertools.pairwise(nodes)]
        ways.append(way)
        used.update(way)
        limit_km = min(limit_km, km * 1.3 + 0.5)
    return ways
