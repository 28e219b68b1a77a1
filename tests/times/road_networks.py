"""Small pieces of land with roads and ferries, drawn in the tests of the road graph."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
from shapely import LineString, Point

from sim.region.grid import Grid
from sim.times.kernels import minutes_from, seeds_of
from sim.times.roads import compile_roads

CRS = "+proj=aea +lat_1=28 +lat_2=34 +lat_0=31 +lon_0=119.2 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
TO_LONLAT = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
SHIFTS = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]
# With these the streets take 60 / 30 * 1.5 = 3 min a kilometre, in built-up cells at half of 40 km/h 60 / 20 * 1.5 = 4.5 min.
STREETS = {"local_speed_kmh": 30.0, "local_urban_speed_kmh": 40.0, "local_detour": 1.5, "interchange_min": 1.0}


def make_grid(picture, *, people=0.0):
    """Return a grid of 1 km cells from rows of text: `#` land, `U` land with 9,000 people, anything else water."""
    rows = [list(row) for row in picture.split()]
    kind = np.array(rows)
    land = np.isin(kind, ["#", "U"])
    padded = np.pad(land, 1)
    moves = np.zeros(padded.shape, dtype=np.uint8)
    for direction, (down, right) in enumerate(SHIFTS):
        possible = padded & np.roll(padded, (-down, -right), (0, 1))
        if down and right:
            # No way between two cells that touch at a corner only: there is water on both sides.
            possible &= np.roll(padded, -down, 0) | np.roll(padded, -right, 1)
        moves |= possible.astype(np.uint8) << direction
    return Grid(
        crs=CRS,
        west_m=0.0,
        north_m=0.0,
        cell_m=1000.0,
        population=np.where(kind == "U", 9000.0, people) * land,
        county=np.where(land, 0, -1).astype(np.int32),
        moves=moves[1:-1, 1:-1],
    )


def at(row, column):
    """Return the longitude and latitude of a point in units of cells from the north-west corner; x.5 is a centre."""
    return TO_LONLAT.transform(column * 1000.0, -row * 1000.0)


CLASSES = pd.DataFrame(
    {
        "road_class": ["motorway", "trunk"],
        "speed_kmh": [120.0, 60.0],
        "setting": ["expressway", "trunk"],
        "entered": ["interchanges", "anywhere"],
    }
)
CONGESTION = pd.DataFrame({"setting": ["city"], "city_people_from": [0], "speed_share": [0.5]})
"""In open country the limit, in built-up areas half of it."""


def make_roads(nodes=(), links=()):
    """Return the layers of an extract: nodes (row, column, entered) numbered from 100, links (from, to, km, class, …)."""
    node_frame = gpd.GeoDataFrame(
        {"node_id": np.arange(len(nodes)) + 100, "entered": [entered for _, _, entered in nodes]},
        geometry=[Point(at(row, column)) for row, column, _ in nodes],
        crs="EPSG:4326",
    )
    rows = [
        {
            "link_id": i,
            "from_node": a,
            "to_node": b,
            "km": km,
            "road_class": road_class,
            "name": "",
            "ref": "",
            "structure": "surface",
        }
        | (more[0] if more else {})
        for i, (a, b, km, road_class, *more) in enumerate(links)
    ]
    lines = [LineString([node_frame.geometry[a - 100], node_frame.geometry[b - 100]]) for a, b, *_ in links]
    columns = ["link_id", "from_node", "to_node", "km", "road_class", "name", "ref", "structure"]
    return node_frame, gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=None if rows else columns), geometry=lines, crs="EPSG:4326"
    )


def make_authored(roads=()):
    """Return tables roads and road_points of (road_id, class, length_km, speed_kmh, [(row, column, joins), …])."""
    table = pd.DataFrame(
        [
            {"road_id": road, "name": f"{road} 大桥", "ref": "", "road_class": road_class, "speed_kmh": speed,
             "length_km": km, "structure": "bridge", "both_directions": "yes"}
            for road, road_class, km, speed, _ in roads
        ],
        columns=["road_id", "name", "ref", "road_class", "speed_kmh", "length_km", "structure", "both_directions"],
    )  # fmt: skip
    points = [
        {
            "road_id": road,
            "sequence": i + 1,
            "lon": at(r, c)[0],
            "lat": at(r, c)[1],
            "joins": joins,
            "name": f"P{i + 1}",
        }
        for road, _, _, _, line in roads
        for i, (r, c, joins) in enumerate(line)
    ]
    return table, pd.DataFrame(points, columns=["road_id", "sequence", "lon", "lat", "joins", "name"])


def make_ferries(ferries=()):
    """Return the table of ferries of (ferry_id, from (row, column), to, sailing_min, per day, boarding_min)."""
    rows = [
        {"ferry_id": ferry, "name": f"{ferry} 轮渡", "from_name": "A", "from_lon": at(*a)[0], "from_lat": at(*a)[1],
         "to_name": "B", "to_lon": at(*b)[0], "to_lat": at(*b)[1], "sailing_min": sailing, "sailings_per_day": per_day,
         "boarding_min": boarding}
        for ferry, a, b, sailing, per_day, boarding in ferries
    ]  # fmt: skip
    columns = ["ferry_id", "name", "from_name", "from_lon", "from_lat", "to_name", "to_lon", "to_lat", "sailing_min"]
    return pd.DataFrame(rows, columns=[*columns, "sailings_per_day", "boarding_min"])


def compile_small(picture, *, nodes=(), links=(), authored=(), ferries=(), **assumptions):
    return compile_roads(
        make_grid(picture), *make_roads(nodes, links), *make_authored(authored), make_ferries(ferries), CLASSES,
        congestion=CONGESTION,
        **(STREETS | assumptions),
    )  # fmt: skip


def minutes_between(graph, start, end):
    """Return the minutes between two cells given as (row, column)."""
    return float(minutes_from(graph.prepared, seeds_of(graph.cell_node(*start)))[graph.cell_node(*end)])
