"""Roads from OpenStreetMap, third step: they replace a base network's surveyed roads in their area and are stitched on."""

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from sim.network.network import Network
from sim.network.osm_roads import GEOD, RoadLayers
from sim.network.osm_stitch import Stitcher, wide_water

__all__ = ["Merge", "area_of", "authored_inside", "replace_roads"]

CLOSE_KM = 5.0
"""Land with roads of the extract within this distance all round belongs to its area, ..."""
MARGIN_KM = 0.3
"""... which ends this far beyond the outermost of them."""
SHORTEST_PIECE_M = 1.0
_STEP_KM = 0.5
_WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class Merge:
    """The roads of a base with an extract put in, and what happened at the border.

    Attributes
    ----------
    removed_km : base roads that the extract replaces.
    n_cut, n_stitched : ends of base roads at the border, and those of them that go on in the extract.
    loose_ends : lon, lat, road_class, ref, name of the ends that do not, because no fitting node is near.
    """

    roads: RoadLayers
    removed_km: float
    n_cut: int
    n_stitched: int
    loose_ends: pd.DataFrame


@dataclass
class _Border:
    """What is found while base roads are cut; geometries in the projection of the network."""

    next_node: int
    links: list[dict[str, Any]] = field(default_factory=list)
    nodes: list[tuple[int, shapely.Point]] = field(default_factory=list)
    loose: list[tuple[shapely.Point, dict[str, Any]]] = field(default_factory=list)


def area_of(links: gpd.GeoDataFrame, crs: str) -> BaseGeometry:
    """Return the area that roads cover, in `crs` (metres): bays and holes narrower than 2 x 5 km are filled."""
    lines = shapely.segmentize(links.geometry.to_crs(crs).to_numpy(), _STEP_KM * 1000)
    points = shapely.get_coordinates(lines)
    _, thinned = np.unique(np.floor(points / (_STEP_KM * 1000)), axis=0, return_index=True)
    reach_m = (CLOSE_KM + _STEP_KM) * 1000
    discs = shapely.union_all(shapely.buffer(shapely.points(points[thinned]), reach_m, quad_segs=16))
    strips = shapely.union_all(shapely.buffer(lines, MARGIN_KM * 1000, quad_segs=4))
    area = shapely.union(shapely.buffer(discs, MARGIN_KM * 1000 - reach_m), strips)
    shapely.prepare(area)
    return area


def replace_roads(base: Network, extract: RoadLayers, classes: pd.DataFrame) -> Merge:
    """Return the base's surveyed roads with those of the extract in its area.

    What of a base road lies outside the area stays, with its share of the length, and is stitched to the extract: for
    traffic going in to the nearest node within 1 km from which the extract can be driven, for traffic coming out to the
    nearest that can be reached - on a motorway these are two carriageways -, and preferably of a road that is entered
    in the same way. A stitch on the surface does not cross wide water. A base road that only passes through the area
    and is not stitched at each end stays whole.
    """
    old = base.road_links.assign(opening_date=base.road_links["opening_date"].dt.strftime("%Y-%m-%d").fillna(""))
    if old.empty:
        return Merge(extract, 0.0, 0, 0, pd.DataFrame(columns=["lon", "lat", "road_class", "ref", "name"]))
    area = area_of(extract.links, base.crs)
    lines = old.geometry.to_crs(base.crs).to_numpy()
    touched = shapely.intersects(area, lines)
    first_node = int(base.road_nodes["node_id"].max()) + 1
    moved = _renumbered(extract, first_node)
    stitcher = Stitcher(moved, classes, base.crs, wide_water(base, area))
    border = _Border(next_node=first_node + len(moved.nodes))
    for row, line in zip(old[touched].to_dict("records"), lines[touched], strict=True):
        _cut(row | {"geometry": line}, area, stitcher, border)
    cut = gpd.GeoDataFrame(border.links, geometry="geometry", crs=base.crs).to_crs(_WGS84) if border.links else old[:0]
    links = _joined([old[~touched], cut, moved.links])
    links["link_id"] = np.arange(1, len(links) + 1)
    places = gpd.GeoDataFrame(
        {"node_id": [node for node, _ in border.nodes], "entered": "no"},
        geometry=[point for _, point in border.nodes],
        crs=base.crs,
    ).to_crs(_WGS84)
    nodes = _joined([base.road_nodes, places, moved.nodes])
    used = nodes["node_id"].isin(links[["from_node", "to_node"]].to_numpy().ravel())
    kept_km = links.loc[~links["origin"].isin(["openstreetmap-stitch"]), "km"].sum() - moved.links["km"].sum()
    return Merge(
        RoadLayers(links, nodes[used].reset_index(drop=True)),
        removed_km=float(old["km"].sum() - kept_km),
        n_cut=len(border.nodes),
        n_stitched=len(border.nodes) - len(border.loose),
        loose_ends=_describe(border.loose, base.crs),
    )


def authored_inside(base: Network, extract: RoadLayers) -> pd.DataFrame:
    """Return the rows of the base's authored roads that have all their points in the area of an extract."""
    points = gpd.GeoSeries(gpd.points_from_xy(base.road_points["lon"], base.road_points["lat"]), crs=_WGS84)
    inside = points.to_crs(base.crs).intersects(area_of(extract.links, base.crs)).to_numpy()
    elsewhere = set(base.road_points.loc[~inside, "road_id"])
    return base.roads[base.roads["road_id"].isin(set(base.road_points.loc[inside, "road_id"]) - elsewhere)]


def _renumbered(extract: RoadLayers, first_node: int) -> RoadLayers:
    """Return the extract with node ids from ``first_node`` on."""
    shift = first_node - int(extract.nodes["node_id"].min())
    links, nodes = extract.links, extract.nodes
    return RoadLayers(
        links.assign(from_node=links["from_node"] + shift, to_node=links["to_node"] + shift),
        nodes.assign(node_id=nodes["node_id"] + shift),
    )


def _cut(row: dict[str, Any], area: BaseGeometry, stitcher: Stitcher, border: _Border) -> None:
    """Put what of a base road lies outside the area, and its stitches, on the border."""
    line = row["geometry"]
    pieces = _outside(line, area)
    one_way = row.get("both_directions", "yes") == "no"
    stitches = {
        end: stitcher.find(np.array(line.interpolate(end).coords[0]), row, (way,) if one_way else ("in", "out"))
        for piece in pieces
        for end, way in zip(piece, ("out", "in"), strict=True)
        if 0 < end < line.length
    }
    passes_through = len(pieces) > 1 and pieces[0][0] == 0 and pieces[-1][1] == line.length
    if passes_through and not all(stitches.values()):
        border.links.append(row)
        return
    node_at = {0.0: row["from_node"], line.length: row["to_node"]}
    for end, found in stitches.items():
        point, node = line.interpolate(end), border.next_node
        node_at[end] = node
        border.next_node += 1
        border.nodes.append((node, point))
        border.links += [_stitch(row, node, point, target, way, stitcher) for target, way in found]
        if not found:
            border.loose.append((point, row))
    for start, end in pieces:
        share = (end - start) / line.length
        border.links.append(
            row
            | {"from_node": node_at[start], "to_node": node_at[end], "km": row["km"] * share}
            | {"geometry": substring(line, start, end)}
        )


def _outside(line: shapely.LineString, area: BaseGeometry) -> list[tuple[float, float]]:
    """Return the parts of a line outside an area as distances along it, in order; slivers are left out."""
    parts = shapely.get_parts(shapely.difference(line, area))
    found = []
    for part in parts:
        near, far = sorted(line.project(shapely.get_point(part, i)) for i in (0, -1))
        if far - near >= SHORTEST_PIECE_M:
            found.append((0.0 if near < SHORTEST_PIECE_M else near, min(far, line.length)))
    snapped = [(near, line.length if line.length - far < SHORTEST_PIECE_M else far) for near, far in found]
    return sorted(snapped)


def _stitch(
    row: dict[str, Any], node: int, point: shapely.Point, target: int, way: str, stitcher: Stitcher
) -> dict[str, Any]:
    """Return a straight link between the cut end of a base road and a node of the extract."""
    goal = stitcher.point(target)
    ends = (node, target, point, goal) if way != "out" else (target, node, goal, point)
    lonlat = gpd.GeoSeries([point, goal], crs=stitcher.crs).to_crs(_WGS84)
    metres = GEOD.inv(lonlat.x[0], lonlat.y[0], lonlat.x[1], lonlat.y[1])[2]
    return row | {
        "from_node": ends[0],
        "to_node": ends[1],
        "km": max(metres / 1000, 0.001),
        "both_directions": "yes" if way == "both" else "no",
        "structure": "surface",
        "origin": "openstreetmap-stitch",
        "geometry": shapely.LineString(ends[2:]),
    }


def _joined(parts: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return layers one below the other; what one of them does not tell is empty text, yes, or NaN for numbers."""
    joined = pd.concat([part for part in parts if len(part)], ignore_index=True)
    for name in joined.columns.drop("geometry"):
        if not pd.api.types.is_numeric_dtype(joined[name]):
            joined[name] = joined[name].fillna("yes" if name == "both_directions" else "")
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=_WGS84)


def _describe(loose: list[tuple[shapely.Point, dict[str, Any]]], crs: str) -> pd.DataFrame:
    """Return where roads end loose, with what they are."""
    points = gpd.GeoSeries([point for point, _ in loose], crs=crs).to_crs(_WGS84)
    rows = [{name: row.get(name, "") for name in ("road_class", "ref", "name")} for _, row in loose]
    frame = pd.DataFrame(rows, columns=["road_class", "ref", "name"])
    frame.insert(0, "lat", points.y.round(4).to_numpy())
    frame.insert(0, "lon", points.x.round(4).to_numpy())
    return frame
