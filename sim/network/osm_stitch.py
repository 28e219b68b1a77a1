"""Where a base network's roads go on in an extract: the nearest node that traffic can enter, and leave, the extract by."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from sim.network.network import Network
from sim.network.osm_roads import RoadLayers, gated_classes

__all__ = ["STITCH_KM", "Stitcher", "wide_water"]

STITCH_KM = 1.0
"""A base road that is cut at the border goes on at a node of the extract within this distance."""
WATER_KM = 0.2
"""A stitch on the surface does not pass over more water than this; narrower is no obstacle on the land grid either."""
_CANDIDATES = 30


@dataclass(frozen=True)
class Stitcher:
    """Finds nodes of an extract near a point of the border.

    Attributes
    ----------
    extract, classes : the roads, and which of their classes are entered at interchanges.
    crs : the projection (metres) that points are given in.
    water : what a stitch on the surface may not cross, in `crs`.
    """

    extract: RoadLayers
    classes: pd.DataFrame
    crs: str
    water: BaseGeometry

    def find(
        self,
        point: NDArray[np.float64],
        row: dict[str, Any],
        ways: tuple[str, ...] = ("in", "out"),
        *,
        same_kind: bool = False,
    ) -> list[tuple[int, str]]:
        """Return the nodes that a base road cut at a point goes on to, each with in, out or both; or nothing.

        Parameters
        ----------
        ways : a road driven both ways needs a node to get in by and one to get out by, which may be the same; a one-way
            road needs one of the two.
        same_kind : only nodes of roads that are entered in the same way; otherwise those are preferred.
        """
        gated = row["road_class"] in gated_classes(self.classes)
        dry = row["structure"] == "surface"
        kinds = [gated] if same_kind else [gated, not gated]
        found = [(self._nearest(point, kinds=kinds, way=way, dry=dry), way) for way in ways]
        complete = [(node, way) for node, way in found if node is not None]
        if len(complete) < len(ways):
            return []
        one_node = len(complete) == 2 and complete[0][0] == complete[1][0]
        return [(complete[0][0], "both")] if one_node else complete

    def point(self, node: int) -> shapely.Point:
        """Return where a node is."""
        return shapely.Point(self._places[node])

    def _nearest(self, point: NDArray[np.float64], *, kinds: list[bool], way: str, dry: bool) -> int | None:
        """Return the nearest node of the first kind of road (gated or not) that has one near."""
        for gated in kinds:
            tree, ids = self._trees[way, "gated" if gated else "open"]
            distances, rows = tree.query(point, k=_CANDIDATES, distance_upper_bound=STITCH_KM * 1000)
            for node in ids[rows[np.isfinite(distances)]].tolist():
                if not (dry and self._is_wet(point, node)):
                    return int(node)
        return None

    def _is_wet(self, point: NDArray[np.float64], node: int) -> bool:
        line = shapely.LineString([point, self._places[node]])
        return bool(shapely.intersection(line, self.water).length > WATER_KM * 1000)

    @cached_property
    def _places(self) -> dict[int, tuple[float, float]]:
        return dict(zip(self._nodes["node_id"], zip(self._nodes["x"], self._nodes["y"], strict=True), strict=True))

    @cached_property
    def _trees(self) -> dict[tuple[str, str], tuple[cKDTree, NDArray[np.int64]]]:
        """Search trees and node ids for each way and kind of road."""
        trees = {}
        for way in ("in", "out"):
            for kind in ("gated", "open"):
                chosen = self._nodes[self._nodes[way] & self._nodes[kind]]
                trees[way, kind] = cKDTree(chosen[["x", "y"]].to_numpy()), chosen["node_id"].to_numpy()
        return trees

    @cached_property
    def _nodes(self) -> pd.DataFrame:
        """The nodes with x, y, whether they are on roads entered at interchanges or anywhere, and passable in or out."""
        links, nodes = self.extract.links, self.extract.nodes
        points = nodes.geometry.to_crs(self.crs)
        is_gated = links["road_class"].isin(gated_classes(self.classes))
        into, out = _passable(links)
        ids = nodes["node_id"]
        return pd.DataFrame(
            {
                "node_id": ids,
                "x": points.x,
                "y": points.y,
                "gated": ids.isin(links.loc[is_gated, ["from_node", "to_node"]].to_numpy().ravel()),
                "open": ids.isin(links.loc[~is_gated, ["from_node", "to_node"]].to_numpy().ravel()),
                "in": ids.isin(into),
                "out": ids.isin(out),
            }
        )


def _passable(links: gpd.GeoDataFrame) -> tuple[set[int], set[int]]:
    """Return the nodes from which the middle of their piece of network can be reached, and those reached from it.

    The middle is the largest part in which one can drive from everywhere to everywhere; the end of a carriageway that
    leads out of the extract is reached from it, and does not lead back.
    """
    graph = nx.DiGraph()
    graph.add_edges_from(zip(links["from_node"], links["to_node"], strict=True))
    back = links[links["both_directions"] == "yes"]
    graph.add_edges_from(zip(back["to_node"], back["from_node"], strict=True))
    into: set[int] = set()
    out: set[int] = set()
    part_of = {node: i for i, nodes in enumerate(nx.weakly_connected_components(graph)) for node in nodes}
    seen: set[int] = set()
    for middle in sorted(nx.strongly_connected_components(graph), key=lambda nodes: (-len(nodes), min(nodes))):
        some = next(iter(middle))
        if part_of[some] not in seen:
            seen.add(part_of[some])
            into |= nx.ancestors(graph, some) | {some}
            out |= nx.descendants(graph, some) | {some}
    return into, out


def wide_water(base: Network, area: BaseGeometry) -> BaseGeometry:
    """Return the sea, lakes and wide rivers near an area, in the projection of the network; empty where it has none."""
    path = base.folder / base.file.region.land if base.file.region.land else None
    if path is None or not path.is_file():
        return shapely.Polygon()
    near = shapely.box(*shapely.buffer(area, STITCH_KM * 1000).bounds)
    box = tuple(gpd.GeoSeries([near], crs=base.crs).to_crs("EPSG:4326").total_bounds)
    land, water = (gpd.read_file(path, layer=layer, bbox=box).to_crs(base.crs).geometry for layer in ("land", "water"))
    return shapely.union_all([shapely.difference(near, shapely.union_all(land)), *water])
