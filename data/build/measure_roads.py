"""Print how the roads compare with data/observed: distances, drive times, and each crossing taken away.

Run ``python data/build/measure_roads.py``. The net is data/roads.gpkg together with the authored roads of
networks/yrd, with the speeds of networks/yrd/road_classes.csv; nothing is written.
"""

import itertools
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
from road_extract import great_circle_km, plane_km
from scipy.spatial import cKDTree

DATA = Path(__file__).parent.parent
NETWORK = DATA.parent / "networks" / "yrd"
LOCAL_DETOUR = 1.2  # km on local streets per km between a place and its first road
LOCAL_SPEED_KMH = 25.0
JOIN_KM = 3.0  # an interchange of an authored road is joined to the roads within this
URBAN_JUNCTIONS = 40  # a node with more junctions than this ...
URBAN_RADIUS_KM = 3.0  # ... within this is in a built-up area, for this measurement


def assemble(date: str = "2026-11-01") -> tuple["nx.Graph[int]", np.ndarray]:
    """Return the graph of what is open on a date (km and minutes on each edge) and the nodes' lon, lat by number."""
    links = gpd.read_file(DATA / "roads.gpkg", layer="links", ignore_geometry=True)
    points = gpd.read_file(DATA / "roads.gpkg", layer="nodes").sort_values("node_id")
    lonlat = np.c_[points.geometry.x, points.geometry.y]
    classes = pd.read_csv(NETWORK / "road_classes.csv").set_index("road_class")
    degree = np.bincount(np.r_[links["from_node"], links["to_node"]] - 1, minlength=len(lonlat))
    place = plane_km(lonlat)
    junctions = cKDTree(place[degree >= 3])
    urban = np.array([len(found) for found in junctions.query_ball_point(place, URBAN_RADIUS_KM)]) > URBAN_JUNCTIONS
    graph: nx.Graph[int] = nx.Graph()

    def add(a: int, b: int, km: float, speed: float, what: pd.Series, name: str) -> None:
        factor = (
            what["urban_congestion_factor"]
            if max(a, b) < len(urban) and urban[a] and urban[b]
            else what["congestion_factor"]
        )
        minutes = km / (speed * factor) * 60
        if not graph.has_edge(a, b) or graph[a][b]["minutes"] > minutes:
            graph.add_edge(a, b, km=km, minutes=minutes, name=name)

    for link in links[links["opening_date"].fillna("") <= date].itertuples():
        what = classes.loc[link.road_class]
        add(link.from_node - 1, link.to_node - 1, link.km, what["speed_kmh"], what, link.name or "")
    _add_authored(add, place, classes, date)
    return graph, lonlat


def _add_authored(add: Callable[..., None], place: np.ndarray, classes: pd.DataFrame, date: str) -> None:
    """Add the roads of networks/yrd/roads.csv between the nodes nearest to their interchanges."""
    roads = pd.read_csv(NETWORK / "roads.csv")
    points = pd.read_csv(NETWORK / "road_points.csv")
    tree = cKDTree(place)
    for road in roads[roads["opening_date"] <= date].itertuples():
        way = points[points["road_id"] == road.road_id].sort_values("sequence")
        xy = way[["lon", "lat"]].to_numpy(dtype=float)
        steps = great_circle_km(xy[:-1], xy[1:])
        scale = road.length_km / steps.sum() if road.length_km == road.length_km else 1.0
        stops = [0, *[i for i in range(1, len(way) - 1) if way["joins"].iloc[i] == "yes"], len(way) - 1]
        what = classes.loc[road.road_class]
        numbers = []
        for i in stops:
            gap, row = tree.query(plane_km(xy[i]))
            # On an island without other roads an interchange is a node of its own.
            numbers.append(int(row) if gap <= JOIN_KM else int(1e6 + round(xy[i][0] * 50) * 1e4 + round(xy[i][1] * 50)))
        for (i, a), (j, b) in itertools.pairwise(zip(stops, numbers, strict=True)):
            if a != b:
                add(a, b, float(steps[i:j].sum() * scale), what["speed_kmh"], what, road.name)


def times_from(
    graph: "nx.Graph[int]", tree: cKDTree, numbers: list[int], lonlat: list[float]
) -> tuple[dict[int, float], dict[int, float], float]:
    """Return minutes and km of the fastest ways from a place to every node, and the km to its first node."""
    gap, row = tree.query(plane_km(np.array(lonlat)))
    minutes, ways = nx.single_source_dijkstra(graph, numbers[int(row)], weight="minutes")
    km = {}
    for node, way in ways.items():
        km[node] = km[way[-2]] + graph[way[-2]][node]["km"] if len(way) > 1 else 0.0
    return minutes, km, float(gap)


def measure(pairs: pd.DataFrame, date: str = "2026-11-01") -> pd.DataFrame:
    """Return ``pairs`` (from_lon, from_lat, to_lon, to_lat) with model_km and model_min of the fastest way."""
    graph, lonlat = assemble(date)
    main = max(nx.connected_components(graph), key=len)
    numbers = sorted(node for node in main if node < len(lonlat))
    tree = cKDTree(plane_km(lonlat[numbers]))
    out = pairs.copy()
    for (lon, lat), group in pairs.groupby(["from_lon", "from_lat"]):
        minutes, km, first = times_from(graph, tree, numbers, [lon, lat])
        gaps, rows = tree.query(plane_km(group[["to_lon", "to_lat"]].to_numpy(dtype=float)))
        local = (first + gaps) * LOCAL_DETOUR
        nodes = [numbers[int(r)] for r in rows]
        out.loc[group.index, "model_km"] = np.array([km[n] for n in nodes]) + local
        out.loc[group.index, "model_min"] = np.array([minutes[n] for n in nodes]) + local / LOCAL_SPEED_KMH * 60
    return out


def main() -> None:
    """Print the comparison."""
    pd.set_option("display.width", 200, "display.max_rows", 300)
    roads = measure(pd.read_csv(DATA / "observed" / "road_distances.csv"))
    roads["error"] = (roads["model_km"] / roads["km"] - 1).round(3)
    size = roads["error"].abs()
    print(f"distances: {len(roads)} pairs, median error {size.median():.1%}, within 5 %: {(size <= 0.05).mean():.0%}")
    print(roads[["from_id", "to_id", "km", "model_km", "error"]].loc[size.sort_values(ascending=False).index].head(20))
    times = pd.read_csv(DATA / "observed" / "drive_times.csv").dropna(subset=["from_lon"])
    times["year"] = times["year"].fillna(2026).astype(int)
    parts = [measure(part, f"{year}-12-01") for year, part in times.groupby("year")]
    done = pd.concat(parts).sort_index()
    middle = (done["low_min"] + done["high_min"]) / 2
    done["error"] = (done["model_min"] / middle - 1).round(3)
    recent = done[(done["kind"] == "modelled") & (done["year"] == 2024)]
    print(f"modelled drive times of 2024: median absolute error {recent['error'].abs().median():.1%}")
    columns = ["check_id", "from_id", "to_id", "year", "kind", "low_min", "high_min", "model_min", "model_km", "error"]
    print(done[columns].round(1).to_string())


if __name__ == "__main__":
    main()
