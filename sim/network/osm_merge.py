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
from sim.network.osm_roads import GEOD, RoadLayers, gated_classes
from sim.network.osm_stitch import Stitcher, wide_water

__all__ = ["Merge", "area_of", "authored_inside", "replace_roads"]

CLOSE_KM = 2.0
"""What lies between roads of the extract less than twice this apart belongs to its area, and what they enclose; ..."""
MARGIN_KM = 0.3
"""... which ends this far beyond the outermost of them."""
FOLLOW_KM = 3.0
"""A base road without a fitting node at the border is followed this far into the area."""
FOLLOW_STEP_KM = 0.25
SHORTEST_PIECE_M = 1.0
_STEP_KM = 0.5
_WGS84 = "EPSG:4326"
_ENDS = ["from_node", "to_node"]
_LOOSE = ["side", "lon", "lat", "road_class", "ref", "name"]


@dataclass(frozen=True)
class Merge:
    """The roads of a base with an extract put in, and what happened at the border.

    Attributes
    ----------
    removed_km : base roads that the extract replaces.
    n_cut, n_stitched : ends of base roads at the border, and those of them that go on in the extract.
    loose_ends : side (base, extract), lon, lat, road_class, ref, name: the ends that do not, because no fitting node is
        near, and motorways and trunk roads of the extract that go on nowhere.
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
    """Return the area that roads cover, in `crs` (metres): bays narrower than 2 x 2 km and all holes are filled."""
    lines = shapely.segmentize(links.geometry.to_crs(crs).to_numpy(), _STEP_KM * 1000)
    points = shapely.get_coordinates(lines)
    _, thinned = np.unique(np.floor(points / (_STEP_KM * 1000)), axis=0, return_index=True)
    reach_m = (CLOSE_KM + _STEP_KM) * 1000
    discs = shapely.union_all(shapely.buffer(shapely.points(points[thinned]), reach_m, quad_segs=16))
    strips = shapely.union_all(shapely.buffer(lines, MARGIN_KM * 1000, quad_segs=4))
    covered = shapely.union(shapely.buffer(discs, MARGIN_KM * 1000 - reach_m), strips)
    area = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(covered))))
    shapely.prepare(area)
    return area


def replace_roads(base: Network, extract: RoadLayers, classes: pd.DataFrame) -> Merge:
    """Return the base's surveyed roads with those of the extract in its area.

    What of a base road lies outside the area stays, with its share of the length, and is stitched to the extract: for
    traffic going in to the nearest node within 1 km from which the extract can be driven, for traffic coming out to the
    nearest that can be reached - on a motorway these are two carriageways -, and preferably of a road that is entered
    in the same way. Where there is none at the border the road is followed up to 3 km into the area. A stitch on the
    surface does not cross wide water. A base road that only passes through the area and does not go on at each end
    in a road of its kind stays whole.
    """
    old = base.road_links.assign(opening_date=base.road_links["opening_date"].dt.strftime("%Y-%m-%d").fillna(""))
    if old.empty:
        return Merge(extract, 0.0, 0, 0, _describe([], base.crs))
    area = area_of(extract.links, base.crs)
    lines = old.geometry.to_crs(base.crs).to_numpy()
    touched = shapely.intersects(area, lines)
    first_node = int(base.road_nodes["node_id"].max()) + 1
    moved = _renumbered(extract, first_node)
    stitcher = Stitcher(moved, classes, base.crs, wide_water(base, area))
    border = _Border(next_node=first_node + len(moved.nodes))
    for row, line in zip(old[touched].to_dict("records"), lines[touched], strict=True):
        _cut(row | {"geometry": line}, area, stitcher, border)
    cut = _in_degrees(gpd.GeoDataFrame(border.links, geometry="geometry", crs=base.crs)) if border.links else old[:0]
    links = _joined([old[~touched], cut, moved.links])
    links["link_id"] = np.arange(1, len(links) + 1)
    ids = [node for node, _ in border.nodes]
    points = gpd.GeoSeries([point for _, point in border.nodes], crs=base.crs)
    places = _in_degrees(gpd.GeoDataFrame({"node_id": ids, "entered": "no"}, geometry=points))
    nodes = _joined([base.road_nodes, places, moved.nodes])
    used = nodes["node_id"].isin(links[_ENDS].to_numpy().ravel())
    kept_km = links.loc[links["origin"] != "openstreetmap-stitch", "km"].sum() - moved.links["km"].sum()
    return Merge(
        RoadLayers(links, nodes[used].reset_index(drop=True)),
        removed_km=float(old["km"].sum() - kept_km),
        n_cut=len(border.nodes),
        n_stitched=len(border.nodes) - len(border.loose),
        loose_ends=pd.concat([_describe(border.loose, base.crs), _dead_ends(moved, links, classes)], ignore_index=True),
    )


def _in_degrees(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer in WGS84, to the precision of OpenStreetMap (1 cm)."""
    lonlat = frame.to_crs(_WGS84)
    return lonlat.set_geometry(
        shapely.transform(lonlat.geometry.to_numpy(), lambda places: places.round(7)), crs=_WGS84
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
    through = len(pieces) > 1 and pieces[0][0] == 0 and pieces[-1][1] == line.length
    stitches: dict[float, list[tuple[int, str]]] = {}
    reached = []
    for i, (near, far) in enumerate(pieces):
        before = pieces[i - 1][1] if i else 0.0
        after = pieces[i + 1][0] if i + 1 < len(pieces) else line.length
        ends = [
            (end, *_follow(row, end, limit, way, stitcher, same_kind=through))
            if 0 < end < line.length
            else (end, end, None)
            for end, limit, way in ((near, before, "out"), (far, after, "in"))
        ]
        stitches |= {there: found for _, there, found in ends if found is not None}
        reached.append((ends[0][1], ends[1][1]))
    if through and not all(stitches.values()):
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
    for start, end in reached:
        border.links.append(
            row
            | {"from_node": node_at[start], "to_node": node_at[end], "km": row["km"] * (end - start) / line.length}
            | {"geometry": substring(line, start, end)}
        )


def _follow(
    row: dict[str, Any], end: float, limit: float, way: str, stitcher: Stitcher, *, same_kind: bool
) -> tuple[float, list[tuple[int, str]]]:
    """Return how far along itself a road reaches that leaves the area's outside at ``end``, and the nodes it goes on to.

    It is followed into the area, at most to ``limit``, until fitting nodes are near: the area can reach some way beyond
    the end of the same road in the extract. Where it meets none it ends at the border.
    """
    line = row["geometry"]
    one_way = row.get("both_directions", "yes") == "no"
    inside = min(abs(limit - end), FOLLOW_KM * 1000)
    for step in np.append(np.arange(0, inside, FOLLOW_STEP_KM * 1000), inside).tolist():
        there = end + (step if limit > end else -step)
        point = np.array(line.interpolate(there).coords[0])
        found = stitcher.find(point, row, (way,) if one_way else ("in", "out"), same_kind=same_kind)
        if found:
            return there, found
    return end, []


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
    """Return where base roads end loose, with what they are."""
    points = gpd.GeoSeries([point for point, _ in loose], crs=crs).to_crs(_WGS84)
    frame = pd.DataFrame([row for _, row in loose], columns=["road_class", "ref", "name"]).fillna("")
    return frame.assign(side="base", lon=points.x.to_numpy(), lat=points.y.to_numpy())[_LOOSE]


def _dead_ends(extract: RoadLayers, links: gpd.GeoDataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Return the nodes of the extract where a motorway or a trunk road goes on nowhere, not even in the base."""
    there = pd.concat([links[_ENDS], links[_ENDS[::-1]].set_axis(_ENDS, axis=1)])
    n_neighbours = there.drop_duplicates().groupby("from_node").size()
    main = extract.links[extract.links["road_class"].isin(gated_classes(classes) | {"trunk"})]
    ends = pd.concat([main.assign(node_id=main[end]) for end in _ENDS]).drop_duplicates("node_id")
    ends = ends[ends["node_id"].map(n_neighbours) == 1].drop(columns="geometry")
    places = extract.nodes.set_index("node_id").geometry.loc[ends["node_id"]]
    return pd.DataFrame(ends).assign(side="extract", lon=places.x.to_numpy(), lat=places.y.to_numpy())[_LOOSE]
