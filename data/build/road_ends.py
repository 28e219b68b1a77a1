"""Stage 5 of the roads: motorways that stop short of the next one are led on to it.

The extract leaves out pieces of motorways at their junctions, so that a way from one to the other would lead through
streets at a third of the speed. A motorway ends at another one nearly everywhere, so each loose end is joined by a rule.
"""

from collections.abc import Callable
from dataclasses import replace

import networkx as nx
import numpy as np
from road_extract import FloatArray, great_circle_km
from road_topology import RoadLink, RoadNet, to_graph

END_REACH_KM = {"motorway": 7.0, "urban_expressway": 3.0}  # how far another motorway or expressway is looked for
ROUND_KM = 8.0  # an end is loose if the other one is further than this, and 3 times the gap, along motorways
ROAD_DETOUR = 1.5  # km on the roads between per km as the crow flies, up to which these roads are taken
STRAIGHT_REACH_KM = 5.0  # without such roads a gap up to this wide is closed by a straight link ...
STRAIGHT_SHAPE = 1.2  # ... with this many km per km as the crow flies


def is_limited(link: RoadLink) -> bool:
    """Tell whether a link is entered at interchanges only."""
    return link.attributes["road_class"].startswith(("motorway", "urban_expressway"))


def lead_on_loose_ends(net: RoadNet, crosses_water: Callable[[FloatArray, FloatArray], bool]) -> RoadNet:
    """Return the net with loose ends of motorways joined to the next motorway or expressway.

    Roads between the two, where they are direct, take the class and ref of the motorway that ends there; otherwise a
    straight link is added (``origin = "mended"``) where it crosses no wide water, open from the day of the motorway.
    """
    links = list(net.links)
    roads: nx.Graph[int] = nx.Graph()
    for number, link in enumerate(links):
        known = roads.get_edge_data(link.start, link.end)
        if known is None or known["km"] > link.km:
            roads.add_edge(link.start, link.end, km=link.km, number=number)
    limited = to_graph(RoadNet(net.nodes, [link for link in links if is_limited(link)]))
    own = {node: link for link in links if is_limited(link) for node in (link.start, link.end)}
    for end in sorted(node for node in limited if limited.degree(node) == 1):
        if limited.degree(end) != 1:
            continue
        kind = "motorway" if own[end].attributes["road_class"].startswith("motorway") else "urban_expressway"
        others = _others(net, limited, end, END_REACH_KM[kind])
        attributes = _beyond(own[end])
        way = _direct_way(roads, end, others)
        for a, b in way:
            number = roads.edges[a, b]["number"]
            if not is_limited(links[number]):
                links[number] = _upgraded(links[number], attributes)
            limited.add_edge(a, b, km=links[number].km)
        if not way and others:
            other, gap = min(others.items(), key=lambda item: (item[1], item[0]))
            places = np.array(net.nodes[end]), np.array(net.nodes[other])
            if gap <= STRAIGHT_REACH_KM and not crosses_water(*places):
                km, points = max(gap * STRAIGHT_SHAPE, 0.05), [net.nodes[end], net.nodes[other]]
                links.append(RoadLink(end, other, km, points, "mended", attributes))
                limited.add_edge(end, other, km=km)
    return RoadNet(net.nodes, links)


def _beyond(link: RoadLink) -> dict[str, str]:
    """Return the attributes of the road that leads on from a link: it has no name, which is that of a known stretch."""
    return {key: link.attributes.get(key, "") for key in ("road_class", "ref", "opening_date")} | {"name": ""}


def _upgraded(link: RoadLink, attributes: dict[str, str]) -> RoadLink:
    """Return a link as part of the motorway. It keeps its day, if any: a road was there before; a bridge keeps its name."""
    keys = ("road_class",) if "structure" in link.attributes else ("road_class", "ref", "name")
    return replace(link, attributes={**link.attributes, **{key: attributes[key] for key in keys}})


def _others(net: RoadNet, limited: "nx.Graph[int]", end: int, reach_km: float) -> dict[int, float]:
    """Return the nodes of other motorways in reach that cannot be reached along motorways, and the gap in km."""
    numbers = list(limited)
    gaps = great_circle_km(np.array(net.nodes[end]), np.array([net.nodes[n] for n in numbers]))
    along = nx.single_source_dijkstra_path_length(limited, end, cutoff=3 * max(reach_km, ROUND_KM), weight="km")
    near = {numbers[i]: float(gaps[i]) for i in np.flatnonzero(gaps <= reach_km).tolist()}
    return {n: gap for n, gap in near.items() if n != end and along.get(n, np.inf) > max(3 * gap, ROUND_KM)}


def _direct_way(roads: "nx.Graph[int]", end: int, others: dict[int, float]) -> list[tuple[int, int]]:
    """Return the links, as pairs of nodes, of the shortest direct way to any of the others; none if all are roundabout."""
    if not others:
        return []
    limit_km = ROAD_DETOUR * max(others.values()) + 0.5
    reached, ways = nx.single_source_dijkstra(roads, end, cutoff=limit_km, weight="km")
    direct = [(reached[n], n) for n, gap in others.items() if reached.get(n, np.inf) <= ROAD_DETOUR * gap + 0.5]
    return list(nx.utils.pairwise(ways[min(direct)[1]])) if direct else []
