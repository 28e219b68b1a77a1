"""Remake data/roads.gpkg: main roads with class, dates, bridges and tunnels, from the package scgraph-data.

Run ``python data/build/roads.py`` after ``land.py`` and ``grid.py``; it takes about half a minute, and with
``--check`` it compares the shipped file with a new build instead of writing. Every waypoint that
does not snap, every leg with a large detour and every crossing that is not found is listed, and then nothing is
written. The authored tables are in data/build/roads/.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import rasterio
import shapely
from road_crossings import WideWater, apply_hand_links, find_unexplained, mark_crossings, mark_shore_roads
from road_ends import lead_on_loose_ends
from road_extract import plane_km, read_raw_roads
from road_motorways import match_motorways
from road_split import split_links
from road_topology import RoadLink, RoadNet, drop_small_components, join_chains, mend_gaps, merge_junctions
from scipy import ndimage
from scipy.spatial import cKDTree

DATA = Path(__file__).parent.parent
AUTHORED = Path(__file__).parent / "roads"
RIVERS = ("长江", "富春江", "钱塘江", "黄浦江", "瓯江", "椒江")  # drawn well enough to find bridges by
NEAR_STUDY_KM = 8.0  # roads further than this from every study cell are dropped
MATCH_PIECE_KM = 2.0  # pieces that motorways are matched on; longest way between places to get on elsewhere
INTERCHANGE_KM = 11.0  # longest way between interchanges of a motorway on land where the extract shows none
TRUNK_KM = 4.0  # a road outside the motorways with this much between junctions leads through country: trunk
CARRIAGEWAY_KM = 0.25  # the second carriageway of a motorway lies this close to the first
SIMPLIFY_DEGREES = 0.0005  # about 50 m
AUTHORED_SNAP_KM = 1.0
FILE_STAMP = "2024-04-19T00:00:00.000Z"  # the day of the extract, so that equal input gives an equal file
LIMITED_ACCESS = ("motorway_120", "motorway_100", "motorway_80", "urban_expressway")


def read_water(land_file: Path) -> WideWater:
    """Return the sea and the wide waters of data/land.gpkg."""
    land = shapely.union_all(gpd.read_file(land_file, layer="land").geometry.to_numpy())
    shapely.prepare(land)
    layer = gpd.read_file(land_file, layer="water")
    water = list(layer.geometry)
    rivers = [g for name, g in zip(layer["name"], water, strict=True) if str(name).startswith(RIVERS)]
    for shape in water:
        shapely.prepare(shape)
    return WideWater(land, water, rivers)


def class_other_roads(net: RoadNet) -> RoadNet:
    """Return the net with a class on every link: trunk where junctions are far apart, primary elsewhere.

    The extract has OpenStreetMap's motorway, trunk and primary roads without saying which is which. Outside the
    authored motorways the distance between junctions tells country roads, where trunk speeds are driven, from
    streets of towns.
    """
    return RoadNet(
        net.nodes,
        [
            replace(k, attributes={"road_class": "trunk" if k.km >= TRUNK_KM and k.origin == "osm" else "primary"})
            for k in net.links
        ],
    )


def copy_to_second_carriageway(net: RoadNet) -> RoadNet:
    """Return the net with a motorway's attributes also on the unmatched road that runs along it."""
    motorways = [link for link in net.links if link.attributes["road_class"].startswith("motorway")]
    tree = shapely.STRtree([shapely.LineString(plane_km(np.array(link.points))) for link in motorways])
    links = []
    for link in net.links:
        if link.attributes["road_class"] not in ("trunk", "primary") or link.km < 0.3:
            links.append(link)
            continue
        place = plane_km(np.array([link.points[0], link.points[-1]]))
        probes = shapely.points(np.array([place[0], place.mean(axis=0), place[1]]))
        rows, gaps = tree.query_nearest(probes, max_distance=CARRIAGEWAY_KM, return_distance=True, all_matches=False)
        if len(gaps) == len(probes):
            links.append(replace(link, attributes=dict(motorways[int(rows[1][1])].attributes)))
        else:
            links.append(link)
    return RoadNet(net.nodes, links)


def keep_near_study_land(net: RoadNet, cells_file: Path) -> RoadNet:
    """Return the net without links whose two ends lie further than ``NEAR_STUDY_KM`` from every study cell."""
    with rasterio.open(cells_file) as cells:
        outside = cells.read(cells.descriptions.index("county") + 1) < 0
        to_cells = pyproj.Transformer.from_crs("EPSG:4326", cells.crs, always_xy=True)
        rows, columns = rasterio.transform.rowcol(
            cells.transform, *to_cells.transform(*np.array([*net.nodes.values()]).T)
        )
    gaps_km = ndimage.distance_transform_edt(outside)
    rows = np.clip(np.asarray(rows, dtype=int), 0, outside.shape[0] - 1)
    columns = np.clip(np.asarray(columns, dtype=int), 0, outside.shape[1] - 1)
    near = {n for n, gap in zip(net.nodes, gaps_km[rows, columns], strict=True) if gap <= NEAR_STUDY_KM}
    links = [link for link in net.links if link.start in near or link.end in near]
    used = {n for link in links for n in (link.start, link.end)}
    return RoadNet({n: xy for n, xy in net.nodes.items() if n in used}, links)


def longest_piece_km(link: RoadLink) -> float:
    """Return the longest piece a link is cut to: interchanges apart on motorways, else where cells get on."""
    if link.attributes.get("structure", "surface") != "surface":
        return 1000.0
    return INTERCHANGE_KM if link.attributes["road_class"] in LIMITED_ACCESS else MATCH_PIECE_KM


def mark_entered(net: RoadNet, water: WideWater, authored: pd.DataFrame) -> pd.DataFrame:
    """Return node_id, lon, lat, entered (yes, no) and interchange (junction, estimated, authored or empty).

    A node can be entered from the land around it when a road that is entered anywhere passes on the surface, when a
    motorway meets such a road or ends, or when it is an estimated interchange: a node inside a motorway, on land,
    put there because the extract shows no junction for ``INTERCHANGE_KM``. The nodes nearest to ``authored``
    (lon, lat) are entered whatever the outlines of the water say.
    """
    tree = cKDTree(plane_km(np.array([*net.nodes.values()])))
    gaps, places = tree.query(plane_km(authored[["lon", "lat"]].to_numpy(dtype=float)))
    if gaps.max() > AUTHORED_SNAP_KM:
        raise SystemExit(
            f"interchanges.csv: no node within {AUTHORED_SNAP_KM} km of {authored[gaps > AUTHORED_SNAP_KM]}"
        )
    given = {list(net.nodes)[place] for place in places}
    kinds: dict[int, list[str]] = {n: [] for n in net.nodes}
    for link in net.links:
        if link.attributes.get("structure", "surface") != "surface":
            kind = "structure"
        else:
            kind = "limited" if link.attributes["road_class"] in LIMITED_ACCESS else "open"
        kinds[link.start].append(kind)
        kinds[link.end].append(kind)
    rows = []
    for node, (lon, lat) in net.nodes.items():
        kind, dry = kinds[node], not water.is_wet(lon, lat)
        estimated = kind == ["limited", "limited"]
        entered = dry and ("open" in kind or estimated or (len(kind) == 1 and kind[0] == "limited"))
        what = "" if "limited" not in kind or not entered else ("estimated" if estimated else "junction")
        what = "authored" if node in given else what
        rows.append((node, lon, lat, "yes" if entered or node in given else "no", what))
    return pd.DataFrame(rows, columns=["node_id", "lon", "lat", "entered", "interchange"])


def build_net(water: WideWater) -> RoadNet:
    """Return the finished net; raises SystemExit with every problem of the authored tables."""
    net = join_chains(merge_junctions(read_raw_roads()))
    net, problems = apply_hand_links(net, pd.read_csv(AUTHORED / "mends.csv"))
    net = join_chains(drop_small_components(mend_gaps(net, water.crosses)))
    net = split_links(class_other_roads(net), lambda _: MATCH_PIECE_KM)
    motorways = pd.read_csv(AUTHORED / "motorways.csv", dtype=str).fillna("")
    crossings = pd.read_csv(AUTHORED / "crossings.csv", dtype={"ref": str})
    matched = match_motorways(net, motorways, pd.read_csv(AUTHORED / "motorway_points.csv"))
    net = copy_to_second_carriageway(matched.net)
    net, not_shore = mark_shore_roads(net, pd.read_csv(AUTHORED / "shore_roads.csv"), water)
    net, missing = mark_crossings(net, crossings)
    net = lead_on_loose_ends(net, water.crosses)
    net = keep_near_study_land(split_links(join_chains(net), longest_piece_km), DATA / "cells.tif")
    problems += matched.problems + not_shore + missing + find_unexplained(net, water)
    if problems:
        raise SystemExit("\n".join([f"{len(problems)} problems in data/build/roads:", *problems]))
    return net


def write_roads(net: RoadNet, nodes: pd.DataFrame, file: Path) -> None:
    """Write the layers ``links`` and ``nodes``, numbered afresh from west to east."""
    order = nodes.sort_values(["lon", "lat", "node_id"]).reset_index(drop=True)
    number = {int(old): new for new, old in enumerate(order["node_id"], start=1)}
    frame = gpd.GeoDataFrame(
        {
            "from_node": [number[k.start] for k in net.links],
            "to_node": [number[k.end] for k in net.links],
            "km": [round(k.km, 3) for k in net.links],
            "road_class": [k.attributes["road_class"] for k in net.links],
            "ref": [k.attributes.get("ref", "") for k in net.links],
            "name": [k.attributes.get("name", "") for k in net.links],
            "structure": [k.attributes.get("structure", "surface") for k in net.links],
            "opening_date": [k.attributes.get("opening_date", "") for k in net.links],
            "origin": [k.origin for k in net.links],
        },
        geometry=[shapely.LineString(k.points).simplify(SIMPLIFY_DEGREES) for k in net.links],
        crs="EPSG:4326",
    ).sort_values(["from_node", "to_node", "km"], ignore_index=True)
    frame.insert(0, "link_id", np.arange(1, len(frame) + 1))
    points = gpd.GeoDataFrame(
        {"node_id": np.arange(1, len(order) + 1), "entered": order["entered"], "interchange": order["interchange"]},
        geometry=gpd.points_from_xy(order["lon"], order["lat"]),
        crs="EPSG:4326",
    )
    file.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FILE_STAMP})
    for layer, table in (("links", frame), ("nodes", points)):
        table.to_file(file, layer=layer, driver="GPKG", SPATIAL_INDEX="NO")


def compare_files(shipped: Path, fresh: Path) -> list[str]:
    """Return one line for each layer whose rows, values or shapes differ between two files; none if all are equal."""
    differences = []
    for layer in ("links", "nodes"):
        one, other = (gpd.read_file(file, layer=layer) for file in (shipped, fresh))
        if len(one) != len(other) or list(one.columns) != list(other.columns):
            differences.append(f"layer {layer}: {one.shape} rows and columns are shipped, {other.shape} are built")
            continue
        plain = [column for column in one.columns if column != "geometry"]
        unequal = [column for column in plain if not one[column].equals(other[column])]
        if not bool(one.geometry.geom_equals_exact(other.geometry, 0.0).all()):
            unequal.append("geometry")
        if unequal:
            differences.append(f"layer {layer}: {', '.join(unequal)} differ")
    return differences


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the net and write data/roads.gpkg."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=DATA / "roads.gpkg")
    parser.add_argument(
        "--check", action="store_true", help="build it anew and compare it with the file; write nothing"
    )
    options = parser.parse_args(arguments)
    water = read_water(DATA / "land.gpkg")
    net = build_net(water)
    nodes = mark_entered(net, water, pd.read_csv(AUTHORED / "interchanges.csv"))
    if options.check:
        with tempfile.TemporaryDirectory() as folder:
            write_roads(net, nodes, Path(folder) / "roads.gpkg")
            differences = compare_files(options.out, Path(folder) / "roads.gpkg")
        if differences:
            raise SystemExit("\n".join([f"{options.out} is not what its tables make:", *differences]))
        print(f"{options.out}: every layer equals a new build")
        return
    write_roads(net, nodes, options.out)
    print(f"{options.out}: {len(net.links)} links, {len(net.nodes)} nodes, {sum(k.km for k in net.links):.0f} km")


if __name__ == "__main__":
    main()
