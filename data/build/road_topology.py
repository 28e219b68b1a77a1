"""Stage 2 of the roads: one junction where the extract has several, gaps between loose ends mended."""

from collections.abc import Callable
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
from road_extract import FloatArray, RawRoads, great_circle_km, plane_km
from scipy.spatial import cKDTree

MERGE_KM = 0.17  # nodes this close and joined by a link are one junction (the package rounds to 0.1 km)
TWIN_SHARE = 0.15  # two links between the same junctions whose lengths differ by less are two carriageways
MEND_KM = 1.2  # loose ends closer than this are joined ...
MEND_DETOUR_KM = 4.0  # ... if the way between them on the roads is longer than this
MEND_SHAPE = 1.2  # km on a mended gap per km as the crow flies
ONTO_LINK_KM = 0.5  # a loose end this close to a straight link is joined to it
STRAIGHT_SHARE = 1.03  # true length per straight length up to which a drawn link can be trusted
SMALL_COMPONENT_KM = 8.0  # pieces of road with less than this in all serve nobody


@dataclass
class RoadLink:
    """One link between two nodes: points run from ``start`` to ``end``, km is the true length."""

    start: int
    end: int
    km: float
    points: list[tuple[float, float]]
    origin: str = "osm"
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class RoadNet:
    """Links, and the lon, lat of the nodes by number."""

    nodes: dict[int, tuple[float, float]]
    links: list[RoadLink]


def merge_junctions(raw: RawRoads) -> RoadNet:
    """Return the net with each cluster of near-identical nodes drawn together to its leader.

    Leaders are taken by number of links, then by number, so that the result does not depend on chance; a
    cluster is never wider than ``MERGE_KM`` around its leader.
    """
    degree = np.bincount(np.r_[raw.start, raw.end], minlength=len(raw.lonlat))
    short = raw.km <= MERGE_KM + 0.05
    neighbours: dict[int, list[int]] = {}
    for a, b in zip(raw.start[short].tolist(), raw.end[short].tolist(), strict=True):
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    place = plane_km(raw.lonlat)
    tree = cKDTree(place)
    leader = np.full(len(raw.lonlat), -1, dtype=np.int64)
    for seed in np.lexsort((np.arange(len(degree)), -degree)).tolist():
        if leader[seed] >= 0:
            continue
        leader[seed] = seed
        close = set(tree.query_ball_point(place[seed], MERGE_KM))
        queue = [seed]
        while queue:
            for other in neighbours.get(queue.pop(), []):
                if other in close and leader[other] < 0:
                    leader[other] = seed
                    queue.append(other)
        for other in close:
            if leader[other] < 0 and degree[other] <= 1:
                leader[other] = seed
    best: dict[tuple[int, int], float] = {}
    for a, b, km in zip(leader[raw.start].tolist(), leader[raw.end].tolist(), raw.km.tolist(), strict=True):
        if a != b:
            key = (min(a, b), max(a, b))
            best[key] = min(best.get(key, np.inf), km)
    points = [tuple(row) for row in raw.lonlat.tolist()]
    links = []
    for (a, b), km in sorted(best.items()):
        straight = float(great_circle_km(np.array(points[a]), np.array(points[b])))
        links.append(RoadLink(a, b, max(km, straight), [points[a], points[b]]))
    used = sorted({n for link in links for n in (link.start, link.end)})
    return RoadNet({n: points[n] for n in used}, links)


def join_chains(net: RoadNet) -> RoadNet:
    """Return the net without nodes that only carry shape.

    Links that meet in a node of two links become one, if they have the same origin and attributes. Two links
    of one kind between the same nodes and of nearly the same length are two carriageways: the shorter stays.
    """
    at: dict[int, list[int]] = {}
    for number, link in enumerate(net.links):
        at.setdefault(link.start, []).append(number)
        at.setdefault(link.end, []).append(number)
    keep = {node for node, numbers in at.items() if len(numbers) != 2 or not _same_kind(net, *numbers)}
    done = [False] * len(net.links)
    links: list[RoadLink] = []
    loops = [node for node in sorted(at) if node not in keep]
    for first in [*sorted(keep), *loops]:
        links.extend(_walk_chain(net, at, keep, first, n, done) for n in at[first] if not done[n])
    links = _without_twins(links)
    nodes = {n: net.nodes[n] for link in links for n in (link.start, link.end)}
    return RoadNet(dict(sorted(nodes.items())), links)


def _same_kind(net: RoadNet, one: int, other: int) -> bool:
    a, b = net.links[one], net.links[other]
    return a.origin == b.origin and a.attributes == b.attributes


def _walk_chain(
    net: RoadNet, at: dict[int, list[int]], keep: set[int], first: int, number: int, done: list[bool]
) -> RoadLink:
    node, km, points = first, 0.0, [net.nodes[first]]
    while True:
        link = net.links[number]
        done[number] = True
        forward = link.start == node
        points += link.points[1:] if forward else link.points[-2::-1]
        km += link.km
        node = link.end if forward else link.start
        following = [n for n in at[node] if not done[n]]
        if node in keep or node == first or not following:
            return RoadLink(first, node, km, points, link.origin, link.attributes)
        number = following[0]


def _without_twins(links: list[RoadLink]) -> list[RoadLink]:
    kept: dict[tuple[int, int], list[RoadLink]] = {}
    for link in sorted(links, key=lambda one: (min(one.start, one.end), max(one.start, one.end), one.km)):
        if link.start == link.end:
            continue
        others = kept.setdefault((min(link.start, link.end), max(link.start, link.end)), [])
        twins = [o for o in others if o.attributes == link.attributes and link.km <= o.km * (1 + TWIN_SHARE)]
        if not twins:
            others.append(link)
    return [link for others in kept.values() for link in others]


def to_graph(net: RoadNet) -> "nx.Graph[int]":
    """Return a networkx graph with the shortest of parallel links, edge attribute ``km``."""
    graph: nx.Graph[int] = nx.Graph()
    for link in net.links:
        known = graph.get_edge_data(link.start, link.end)
        if known is None or known["km"] > link.km:
            graph.add_edge(link.start, link.end, km=link.km)
    return graph


def mend_gaps(net: RoadNet, crosses_water: Callable[[FloatArray, FloatArray], bool]) -> RoadNet:
    """Return the net with loose ends joined to the next node, or to a straight link that passes by.

    A gap is mended when it is at most ``MEND_KM`` wide, crosses no wide water and saves a way round of more
    than ``MEND_DETOUR_KM``. Mended links carry ``origin = "mended"``.
    """
    split = _split_where_loose_ends_touch(net, crosses_water)
    graph = to_graph(split)
    numbers = list(split.nodes)
    place = plane_km(np.array([split.nodes[n] for n in numbers]))
    tree = cKDTree(place)
    row = {n: i for i, n in enumerate(numbers)}
    links = list(split.links)
    for node in sorted(n for n in graph if graph.degree(n) == 1):
        gaps, rows = tree.query(place[row[node]], k=12, distance_upper_bound=MEND_KM)
        for gap, other_row in zip(gaps.tolist(), rows.tolist(), strict=True):
            if not np.isfinite(gap) or gap == 0:
                continue
            other = numbers[other_row]
            if other not in graph or _way_round_km(graph, node, other) <= max(MEND_DETOUR_KM, 3 * gap):
                continue
            ends = np.array(split.nodes[node]), np.array(split.nodes[other])
            if crosses_water(*ends):
                continue
            km = max(float(great_circle_km(*ends)) * MEND_SHAPE, 0.05)
            graph.add_edge(node, other, km=km)
            links.append(RoadLink(node, other, km, [split.nodes[node], split.nodes[other]], "mended"))
            break
    return RoadNet(split.nodes, links)


def _way_round_km(graph: "nx.Graph[int]", node: int, other: int) -> float:
    near = nx.single_source_dijkstra_path_length(graph, node, cutoff=MEND_DETOUR_KM, weight="km")
    return float(near.get(other, np.inf))


def _split_where_loose_ends_touch(net: RoadNet, crosses_water: Callable[[FloatArray, FloatArray], bool]) -> RoadNet:
    """Cut straight links at the foot of a loose end that stops beside them."""
    graph = to_graph(net)
    loose = [n for n in sorted(graph) if graph.degree(n) == 1]
    place = plane_km(np.array([net.nodes[n] for n in loose]))
    tree = cKDTree(place)
    nodes, links = dict(net.nodes), []
    fresh = max(nodes) + 1
    for link in net.links:
        a, b = np.array(link.points[0]), np.array(link.points[-1])
        straight = float(great_circle_km(a, b))
        cuts: list[tuple[float, int]] = []
        if len(link.points) == 2 and straight > 1.0 and link.km <= straight * STRAIGHT_SHARE:
            pa, pb = plane_km(a), plane_km(b)
            for candidate in sorted(tree.query_ball_point((pa + pb) / 2, straight * 0.6 + ONTO_LINK_KM)):
                node = loose[candidate]
                if node in (link.start, link.end):
                    continue
                share = float((place[candidate] - pa) @ (pb - pa) / ((pb - pa) @ (pb - pa)))
                gap = float(np.linalg.norm(place[candidate] - pa - share * (pb - pa)))
                margin = 0.3 / straight
                if gap <= ONTO_LINK_KM and margin < share < 1 - margin:
                    foot = a + share * (b - a)
                    if (
                        not crosses_water(np.array(net.nodes[node]), foot)
                        and _way_round_km(graph, node, link.start) == np.inf
                        and _way_round_km(graph, node, link.end) == np.inf
                    ):
                        cuts.append((share, node))
        previous, done = link.start, 0.0
        for share, _ in sorted(cuts):
            point = (round(float(a[0] + share * (b[0] - a[0])), 5), round(float(a[1] + share * (b[1] - a[1])), 5))
            if share - done < 0.02:
                continue
            nodes[fresh] = point
            links.append(RoadLink(previous, fresh, link.km * (share - done), [nodes[previous], point], link.origin))
            previous, done, fresh = fresh, share, fresh + 1
        if cuts:
            links.append(
                RoadLink(previous, link.end, link.km * (1 - done), [nodes[previous], nodes[link.end]], link.origin)
            )
        else:
            links.append(link)
    return RoadNet(nodes, links)


def drop_small_components(net: RoadNet) -> RoadNet:
    """Return the net without pieces that have less than ``SMALL_COMPONENT_KM`` of road in all."""
    graph = to_graph(net)
    keep: set[int] = set()
    for component in nx.connected_components(graph):
        if sum(data["km"] for _, _, data in graph.subgraph(component).edges(data=True)) >= SMALL_COMPONENT_KM:
            keep |= component
    links = [link for link in net.links if link.start in keep]
    return RoadNet({n: xy for n, xy in net.nodes.items() if n in keep}, links)
