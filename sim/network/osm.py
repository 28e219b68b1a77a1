"""Roads from OpenStreetMap, first step: read an extract (XML, PBF, GraphML) or a place by name as an osmnx graph."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.sax import SAXException

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx as ox

from sim.errors import InputError
from sim.network.osm_classes import HIGHWAYS

__all__ = ["SUFFIXES", "read_osm"]

SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".graphml")
_TAGS = ["access", "area", "bridge", "highway", "junction", "maxspeed", "motorroad", "name", "oneway", "ref", "tunnel"]
_FORWARD, _BACKWARD = {"yes", "true", "1"}, {"-1", "reverse"}
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    ParseError,
    SAXException,
    nx.NetworkXException,
    RuntimeError,  # GDAL's, as pyogrio raises them
)
"""What osmnx, networkx and GDAL raise on a file that is damaged or something else than its name says."""
_ONLINE_TIMEOUT_S = 120


def read_osm(source: str) -> nx.MultiDiGraph:
    """Return the main roads of an extract as a graph of osmnx, each edge with its OpenStreetMap tags.

    Parameters
    ----------
    source : a file (one of `SUFFIXES`), or, where there is no such file, the name of a place to ask OpenStreetMap for.

    Raises
    ------
    InputError
        The file is missing, of another kind, damaged or without main roads; the place is unknown; no internet.
    """
    path = Path(source)
    if path.is_file():
        graph = _read_file(path)
    elif path.exists() or "/" in source or "\\" in source or re.search(r"\.[a-z0-9]{3,8}$", source.lower()):
        kind = "is a folder, not a file" if path.exists() else "file is missing"
        raise InputError(f"{path}: {kind}; give an OpenStreetMap extract ({', '.join(SUFFIXES)}) or a place name")
    else:
        graph = _ask_online(source)
    return _main_roads(graph, path.name)


def _read_file(path: Path) -> nx.MultiDiGraph:
    """Read a file by its suffix, and turn whatever its reader raises into one sentence."""
    suffix = next((known for known in SUFFIXES if path.name.lower().endswith(known)), None)
    if suffix is None:
        raise InputError(
            f"{path.name}: not a known kind of extract; known are {', '.join(SUFFIXES)} (osmium cat IN -o OUT.osm.pbf "
            "converts others)"
        )
    try:
        with _settings():
            if suffix == ".graphml":
                return _in_degrees(ox.load_graphml(path))
            if suffix == ".osm.pbf":
                return _read_pbf(path)
            return ox.graph_from_xml(path, simplify=False, retain_all=True)
    except _UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        kind = {".graphml": "GraphML saved by osmnx", ".osm.pbf": "OpenStreetMap PBF"}.get(suffix, "OpenStreetMap XML")
        clipped = "missing nodes" in reason
        advice = (
            "; cut it with complete ways (osmium extract -s complete_ways), or give it as .osm.pbf" if clipped else ""
        )
        raise InputError(f"{path.name}: cannot be read as {kind}: {reason[:200]}{advice}") from None


def _ask_online(place: str) -> nx.MultiDiGraph:
    """Ask OpenStreetMap for the main roads of a place."""
    values = "|".join(HIGHWAYS)
    try:
        with _settings():
            return ox.graph_from_place(
                place, simplify=False, retain_all=True, custom_filter=f'["highway"~"^({values})$"]'
            )
    except OSError:  # every error of the requests library is one
        raise InputError(
            f"'{place}': there is no such file, and OpenStreetMap cannot be asked for a place of that name because there is "
            "no internet here. Download an extract elsewhere (download.geofabrik.de or extract.bbbike.org) and give the file"
        ) from None
    except (ValueError, TypeError) as error:
        raise InputError(f"'{place}': OpenStreetMap has no roads of a place of that name: {error}") from None


@contextmanager
def _settings() -> Iterator[None]:
    """Let osmnx keep the tags that are needed here and leave no files behind; its settings are put back after."""
    ours = {"useful_tags_way": _TAGS, "use_cache": False, "requests_timeout": _ONLINE_TIMEOUT_S, "all_oneway": False}
    before = {name: getattr(ox.settings, name) for name in ours}
    try:
        for name, value in ours.items():
            setattr(ox.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(ox.settings, name, value)


def _in_degrees(graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
    """Return a loaded graph in longitude and latitude, as which osmnx saves it unless it was projected."""
    return ox.project_graph(graph, to_latlong=True) if ox.projection.is_projected(graph.graph["crs"]) else graph


def _read_pbf(path: Path) -> nx.MultiDiGraph:
    """Read the main roads of a PBF through GDAL, which osmnx cannot, as the same graph that osmnx makes of XML.

    GDAL gives lines instead of nodes: what stands at one position (to 1e-7 degrees, the precision of OpenStreetMap) is
    one node.
    """
    chosen = ", ".join(f"'{value}'" for value in HIGHWAYS)
    ways = gpd.read_file(
        path, layer="lines", where=f"highway IN ({chosen})", columns=["osm_id", "name", "highway", "other_tags"]
    )
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    numbers: dict[tuple[float, float], int] = {}
    for way, line in zip(ways.drop(columns="geometry").to_dict("records"), ways.geometry, strict=True):
        tags = {name: value for name, value in _other_tags(way["other_tags"]).items() if name in _TAGS}
        tags |= {name: way[name] for name in ("name", "highway") if isinstance(way[name], str)}
        points = [tuple(point) for point in np.round(line.coords, 7).tolist()]
        if tags.get("oneway") in _BACKWARD:
            points.reverse()
        one_way = tags.get("oneway") in _FORWARD | _BACKWARD or tags.get("junction") == "roundabout"
        path_nodes = [numbers.setdefault(point, len(numbers)) for point in points]
        for node, (lon, lat) in zip(path_nodes, points, strict=True):
            graph.add_node(node, x=lon, y=lat)
        data = tags | {"osmid": int(way["osm_id"]), "oneway": one_way}
        nx.add_path(graph, path_nodes, **data, reversed=False)
        if not one_way:
            nx.add_path(graph, path_nodes[::-1], **data, reversed=True)
    return graph


def _other_tags(text: Any) -> dict[str, str]:
    r"""Return the tags that GDAL writes as ``"key"=>"value","key"=>"value"`` with ``\"`` for a quote."""
    if not isinstance(text, str):
        return {}
    pairs = re.findall(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"', text)
    return {re.sub(r"\\(.)", r"\1", key): re.sub(r"\\(.)", r"\1", value) for key, value in pairs}


def _main_roads(graph: nx.MultiDiGraph, name: str) -> nx.MultiDiGraph:
    """Return the graph with the main roads that are open to all; what else an extract holds is taken out.

    Raises
    ------
    InputError: nothing is left; says what was there instead.
    """
    others: dict[str, int] = {}
    unwanted = []
    for start, end, key, tags in graph.edges(keys=True, data=True):
        values = tags.get("highway", "none")
        known = [value for value in HIGHWAYS if value in (values if isinstance(values, list) else [values])]
        if known and tags.get("access") not in {"no", "private"} and tags.get("area") != "yes":
            tags["highway"] = known[0]
        else:
            unwanted.append((start, end, key))
            others[str(values)] = others.get(str(values), 0) + 1
    graph.remove_edges_from(unwanted)
    graph.remove_nodes_from(list(nx.isolates(graph)))
    if not graph.number_of_edges():
        common = sorted(others, key=lambda value: (-others[value], value))[:5]
        found = f"; what it has is {', '.join(common)}" if common else ""
        raise InputError(f"{name}: has no main roads (motorway, trunk, primary, secondary, tertiary){found}")
    return graph
