"""Roads from OpenStreetMap, second step: an osmnx graph becomes road links and nodes as in data/roads.gpkg."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx as ox
import pandas as pd
import pyproj
import shapely
from shapely.ops import substring

from sim.network.osm_classes import CLASS_LIMITS_KMH, HIGHWAYS, motorway_class

__all__ = ["GEOD", "RoadLayers", "gated_classes", "make_nodes", "roads_of"]

GEOD = pyproj.Geod(ellps="WGS84")
SHORT_STRUCTURE_KM = 0.2
"""A bridge or tunnel shorter than this counts as surface: wide water begins at 200 m, and the delta is full of canals."""
LONGEST_PIECE_KM = 2.0
"""Roads that are entered anywhere have a node at least this often; the cells of 1 km between get on there."""
_LIMIT_KMH = (5.0, 130.0)
_NO = ("", "no")
_NOT_A_TUNNEL = (*_NO, "building_passage", "culvert")


@dataclass(frozen=True)
class RoadLayers:
    """The two layers of a file of surveyed roads, in WGS84.

    Attributes
    ----------
    links : link_id, from_node, to_node, km, road_class, ref, name, structure, speed_kmh (NaN: the class's),
        both_directions (yes, no: driven as drawn), opening_date ("" always open), origin, osm_way.
    nodes : node_id, entered (yes, no), interchange (junction: a road entered at interchanges meets another; else "").
    """

    links: gpd.GeoDataFrame
    nodes: gpd.GeoDataFrame


def roads_of(graph: nx.MultiDiGraph, classes: pd.DataFrame) -> RoadLayers:
    """Return the roads of an extract.

    Parameters
    ----------
    graph : what `sim.network.osm.read_osm` returned; it is given speeds and labels.
    classes : road_classes with every class of `HIGHWAYS`; they tell the speed and where a road is entered.

    Notes
    -----
    A posted speed limit counts in the proportion in which the class's speed stands to its usual limit: where a base has
    70 km/h for trunk roads, on which 80 are allowed, a limit of 60 gives 52.5 km/h. Lengths are those of the geometry on the
    ellipsoid. A graph that osmnx has simplified before knows bridges and tunnels only by whole links.
    """
    _label(graph)
    if not graph.graph.get("simplified"):
        _flatten_short_structures(graph)
        alike = ["road_class", "structure", "speed_kph"]
        graph = ox.simplify_graph(graph, edge_attrs_differ=alike, remove_rings=False)
    links = _split(_links_of(graph, classes), gated_classes(classes))
    links, places = _number(links)
    return RoadLayers(links, make_nodes(links, places, classes))


def gated_classes(classes: pd.DataFrame) -> set[str]:
    """Return the classes that are entered at interchanges only."""
    return set(classes.loc[classes["entered"] == "interchanges", "road_class"])


def _label(graph: nx.MultiDiGraph) -> None:
    """Give each edge its road_class, structure and the limit in km/h (speed_kph, posted or usual)."""
    limits = {value: meant.limit_kmh for value, meant in HIGHWAYS.items()}
    if nx.get_edge_attributes(graph, "maxspeed"):
        # osmnx understands mph, lanes with different limits and implicit ones such as CN:urban.
        ox.add_edge_speeds(graph, hwy_speeds=limits)
    for *_, tags in graph.edges(data=True):
        usual = limits[tags["highway"]]
        limit = float(tags.get("speed_kph", usual))
        tags["speed_kph"] = usual if limit < _LIMIT_KMH[0] else min(limit, _LIMIT_KMH[1])
        tags["road_class"] = _class_of(tags)
        bridge = any(value not in _NO for value in _values(tags.get("bridge")))
        tunnel = any(value not in _NOT_A_TUNNEL for value in _values(tags.get("tunnel")))
        tags["structure"] = "tunnel" if tunnel else "bridge" if bridge else "surface"


def _class_of(tags: dict[str, Any]) -> str:
    if tags["highway"] == "motorway":
        return motorway_class(tags["speed_kph"])
    if tags["highway"] in {"trunk", "primary"} and "yes" in _values(tags.get("motorroad")):
        return "urban_expressway"
    return HIGHWAYS[tags["highway"]].road_class


def _values(value: Any) -> list[str]:
    """Return the values of a tag: one, several where osmnx has joined edges, or none."""
    if isinstance(value, list):
        return sorted({str(item) for item in value})
    return [] if value is None or value != value else [str(value)]  # noqa: PLR0124 NaN is not equal to itself


def _flatten_short_structures(graph: nx.MultiDiGraph) -> None:
    """Call short bridges and tunnels surface; a run of several counts as one."""
    for structure in ("bridge", "tunnel"):
        chosen = [edge for edge in graph.edges(keys=True, data="structure") if edge[3] == structure]
        runs: nx.Graph[Any] = nx.Graph()
        for start, end, _, _ in chosen:
            runs.add_edge(start, end, km=_straight_km(graph, start, end))
        run_of = {node: i for i, nodes in enumerate(nx.connected_components(runs)) for node in nodes}
        km = np.zeros(len(run_of) + 1)
        for start, _, length in runs.edges(data="km"):
            km[run_of[start]] += length
        for start, end, key, _ in chosen:
            if km[run_of[start]] < SHORT_STRUCTURE_KM:
                graph.edges[start, end, key]["structure"] = "surface"


def _straight_km(graph: nx.MultiDiGraph, start: Any, end: Any) -> float:
    a, b = graph.nodes[start], graph.nodes[end]
    return float(GEOD.inv(a["x"], a["y"], b["x"], b["y"])[2]) / 1000


def _links_of(graph: nx.MultiDiGraph, classes: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return one link for each road between two nodes: driven both ways where an edge leads each way."""
    speed = classes.set_index("road_class")["speed_kmh"].astype(float)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for start, end, tags in graph.edges(data=True):
        line = tags.get("geometry") or shapely.LineString([_place(graph, start), _place(graph, end)])
        coords = tuple(tuple(point[:2]) for point in line.coords)
        if start == end:
            continue
        back = found.get((end, start, coords[::-1]))
        if back is not None:
            back["both_directions"] = "yes"
            continue
        road_class, limit = tags["road_class"], tags["speed_kph"]
        own = limit != CLASS_LIMITS_KMH[road_class]
        found[start, end, coords] = {
            "from_node": start,
            "to_node": end,
            "km": GEOD.geometry_length(line) / 1000,
            "road_class": road_class,
            "ref": ";".join(_values(tags.get("ref"))),
            "name": ";".join(_values(tags.get("name"))),
            "structure": tags["structure"],
            "speed_kmh": round(limit * speed[road_class] / CLASS_LIMITS_KMH[road_class], 1) if own else np.nan,
            "both_directions": "no",
            "opening_date": "",
            "origin": "openstreetmap",
            "osm_way": ";".join(_values(tags.get("osmid"))),
            "geometry": shapely.LineString(coords),
        }
    for row in found.values():
        line = row["geometry"]
        # Two-way roads are drawn from the west, whichever way the extract draws them.
        if row["both_directions"] == "yes" and line.coords[0] > line.coords[-1]:
            row |= {"from_node": row["to_node"], "to_node": row["from_node"], "geometry": line.reverse()}
    return gpd.GeoDataFrame(list(found.values()), crs="EPSG:4326")


def _place(graph: nx.MultiDiGraph, node: Any) -> tuple[float, float]:
    return graph.nodes[node]["x"], graph.nodes[node]["y"]


def _split(links: gpd.GeoDataFrame, gated: set[str]) -> gpd.GeoDataFrame:
    """Return the links, long ones that are entered anywhere cut to equal pieces of at most 2 km."""
    open_links = (links["structure"] == "surface") & ~links["road_class"].isin(gated)
    n_pieces = np.where(open_links, np.maximum(np.ceil(links["km"] / LONGEST_PIECE_KM), 1), 1).astype(int)
    if (n_pieces == 1).all():
        return links
    rows: list[dict[str, Any]] = []
    for number, (row, n) in enumerate(zip(links.to_dict("records"), n_pieces.tolist(), strict=True)):
        ends = [row["from_node"], *(("cut", number, i) for i in range(1, n)), row["to_node"]]
        for i in range(n):
            piece = row["geometry"] if n == 1 else substring(row["geometry"], i / n, (i + 1) / n, normalized=True)
            ends_of_piece = {"from_node": ends[i], "to_node": ends[i + 1], "km": row["km"] / n}
            rows.append(row | ends_of_piece | {"geometry": piece})
    return gpd.GeoDataFrame(rows, crs=links.crs)


def _number(links: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Number nodes from west to east and links along them, so that one extract always gives one file."""
    lines = links.geometry.to_numpy()
    first, last = shapely.get_point(lines, 0), shapely.get_point(lines, -1)
    ends = pd.concat([links["from_node"], links["to_node"]], ignore_index=True)
    points = np.concatenate([first, last])
    places = pd.DataFrame({"old": ends, "lon": shapely.get_x(points), "lat": shapely.get_y(points)})
    places = places.drop_duplicates("old").sort_values(["lon", "lat"], kind="stable").reset_index(drop=True)
    places.insert(0, "node_id", np.arange(1, len(places) + 1))
    number = dict(zip(places["old"], places["node_id"], strict=True))
    links = links.assign(from_node=links["from_node"].map(number), to_node=links["to_node"].map(number))
    links = links.sort_values(["from_node", "to_node", "km"], kind="stable", ignore_index=True)
    links.insert(0, "link_id", np.arange(1, len(links) + 1))
    return links, places[["node_id", "lon", "lat"]]


def make_nodes(links: gpd.GeoDataFrame, places: pd.DataFrame, classes: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the nodes with where they are entered: where a road that is entered anywhere passes on the surface.

    So motorways are entered where a ramp meets such a road, and bridges and tunnels at their ends.
    """
    gated = links["road_class"].isin(gated_classes(classes))
    limited = _ends(links[gated])
    entered = places["node_id"].isin(_ends(links[~gated & (links["structure"] == "surface")]))
    return gpd.GeoDataFrame(
        {
            "node_id": places["node_id"],
            "entered": np.where(entered, "yes", "no"),
            "interchange": np.where(entered & places["node_id"].isin(limited), "junction", ""),
        },
        geometry=gpd.points_from_xy(places["lon"], places["lat"]),
        crs="EPSG:4326",
    )


def _ends(links: pd.DataFrame) -> Iterable[int]:
    return set(links["from_node"]) | set(links["to_node"])
