"""Stage 4g: gaps of the road network: two points that are near each other and far apart on the main roads."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from sim.region.region import Region
from sim.times.bucket_queue import PreparedGraph
from sim.times.kernels import each_alone, in_threads, minutes_to_targets, prepare_graph
from sim.times.proposed_links import RoadEnds, crosses_barrier
from sim.times.road_graph import RoadGraph, to_grid

__all__ = ["BORDERS", "WATER", "GapRules", "find_gaps", "main_roads", "name_border"]

BORDERS = ("any", "county", "city", "province")
WATER = ("avoid", "allow", "only")
SEARCHES_AT_ONCE = 64
WAY_KNOWN_MIN = 30.0
"""A way today that takes longer is not measured: its link saves more than enough to be looked at."""


@dataclass(frozen=True)
class GapRules:
    """What counts as a gap.

    Attributes
    ----------
    max_gap_km, min_gap_km : straight distance; over less than two cells of the grid the minutes over streets are too coarse.
    min_detour : least ratio of the way over main roads to the straight distance.
    min_saving_min : least minutes that the link saves from end to end, in the model, streets included.
    border : which border the two ends lie on two sides of: any (or none), county, city or province.
    water : avoid, allow or only: links over water that the grid does not let one cross.
    city_id : one end lies in this city; "" for anywhere.
    road_class, speed_kmh, length_factor : of the link that would close a gap.
    """

    max_gap_km: float = 5.0
    min_gap_km: float = 2.0
    min_detour: float = 3.0
    min_saving_min: float = 3.0
    border: str = "county"
    water: str = "avoid"
    city_id: str = ""
    road_class: str = "trunk"
    speed_kmh: float = float("nan")
    length_factor: float = 1.2


def find_gaps(ends: RoadEnds, region: Region, rules: GapRules) -> pd.DataFrame:
    """Return the gaps of the roads of a scenario, one row for two nodes.

    Returns
    -------
    DataFrame: a, b (nodes), gap_km, km and minutes (of a link), minutes_now (inf when long), detour (over main roads; inf
    where they do not join the two within ``min_detour``), crosses_water. In the order of the nodes.
    """
    graph = ends.graph
    nodes = _ordinary_nodes(ends)
    lonlat = graph.node_lonlat(nodes)
    position = to_grid(graph.grid, lonlat[:, 0], lonlat[:, 1])
    cell_km = graph.grid.cell_m / 1000
    pairs = cKDTree(position).query_pairs(rules.max_gap_km / cell_km, output_type="ndarray")
    pairs = pairs[np.lexsort(pairs.T[::-1])]
    gap_km = np.hypot(*(position[pairs[:, 1]] - position[pairs[:, 0]]).T) * cell_km
    row, column = np.floor(position).astype(np.int64).T
    kept = (gap_km >= rules.min_gap_km) & _meets_place(graph.grid.county[row, column][pairs], region, rules)
    pairs, gap_km = pairs[kept], gap_km[kept]
    crosses = crosses_barrier(graph, lonlat[pairs])
    kept = np.ones(len(pairs), dtype=bool) if rules.water == "allow" else crosses == (rules.water == "only")
    pairs, gap_km, crosses = pairs[kept], gap_km[kept], crosses[kept]
    gaps = pd.DataFrame({"a": nodes[pairs[:, 0]], "b": nodes[pairs[:, 1]], "gap_km": gap_km, "crosses_water": crosses})
    roads = main_roads(graph)
    road_km = minutes_of_pairs(roads, gaps, limit_min=rules.min_detour * rules.max_gap_km)
    gaps, road_km = gaps[road_km >= rules.min_detour * gap_km], road_km[road_km >= rules.min_detour * gap_km]
    gaps["detour"] = road_km / gaps["gap_km"]
    gaps["km"] = gaps["gap_km"] * rules.length_factor
    both = np.stack([graph.node_lonlat(gaps["a"]), graph.node_lonlat(gaps["b"])], axis=1)
    gaps["minutes"] = ends.link_minutes(both, gaps["km"], rules.road_class, rules.speed_kmh)
    limit = max(WAY_KNOWN_MIN, float(gaps["minutes"].max()) + rules.min_saving_min) if len(gaps) else 0.0
    gaps["minutes_now"] = minutes_of_pairs(graph.prepared, gaps, limit_min=limit)
    return gaps[gaps["minutes_now"] - gaps["minutes"] >= rules.min_saving_min].reset_index(drop=True)


def _ordinary_nodes(ends: RoadEnds) -> npt.NDArray[np.int64]:
    """Return the nodes of roads that are entered anywhere, on study land: where a road can begin."""
    graph = ends.graph
    known = ends.nodes
    ordinary = known["on_road"] & known["enters"] & ~known["gated"]
    nodes = np.flatnonzero(ordinary)
    position = np.floor(known[["row", "column"]].to_numpy(dtype=np.float64)[nodes]).astype(np.int64)
    inside = np.all((position >= 0) & (position < graph.grid.shape), axis=1)
    nodes, position = nodes[inside], position[inside]
    return np.asarray(nodes[graph.grid.is_land[position[:, 0], position[:, 1]]] + graph.n_cells)


def _meets_place(county: npt.NDArray[np.int32], region: Region, rules: GapRules) -> npt.NDArray[np.bool_]:
    """Return which pairs, (n, 2) indices of counties, lie on two sides of the border and in the city asked for."""
    counties = region.counties.drop_duplicates("county_index").set_index("county_index")
    result = np.ones(len(county), dtype=bool)
    if rules.border != "any":
        result &= np.isin(
            [BORDERS.index(b) for b in name_border(county, region)], range(BORDERS.index(rules.border), 4)
        )
    if rules.city_id:
        own = counties.index[counties["city_id"] == rules.city_id]
        result &= np.isin(county, own).any(axis=1)
    return result


def name_border(county: npt.NDArray[np.int32], region: Region) -> npt.NDArray[np.str_]:
    """Return the highest border between each two counties, (n, 2) indices: province, city, county, or any for none."""
    counties = region.counties.drop_duplicates("county_index").set_index("county_index")
    result = np.full(len(county), "any", dtype="<U8")
    result[county[:, 0] != county[:, 1]] = "county"
    for kind, column in (("city", "city_id"), ("province", "province")):
        number = pd.Series(pd.factorize(counties[column])[0], index=counties.index)
        sides = number.reindex(county.ravel()).to_numpy().reshape(-1, 2)
        result[sides[:, 0] != sides[:, 1]] = kind
    return result


def main_roads(graph: RoadGraph, without_kinds: Collection[str] = ("ferry",)) -> PreparedGraph:
    """Return the mapped roads alone, with kilometres as costs: no streets of the grid but those within one cell.

    Two roads that pass through a cell are joined in it, as in the model; ferries are no roads.
    """
    prepared = graph.prepared
    kind = graph.labels["kind"].to_numpy()[graph.link_label]
    kept = ~np.isin(kind, list(without_kinds))
    start = np.repeat(np.arange(graph.n_nodes), np.diff(prepared.indptr))[kept]
    counts = np.bincount(start, minlength=graph.n_nodes)
    return prepare_graph(
        prepared.pace,
        np.zeros_like(prepared.moves),
        np.concatenate([[0], np.cumsum(counts)]),
        prepared.indices[kept],
        np.maximum(graph.link_km[kept], 1e-3),
        stride=graph.stride,
        cell_km=graph.grid.cell_m / 1000,
        bucket_min=0.25,
    )


def minutes_of_pairs(graph: PreparedGraph, pairs: pd.DataFrame, *, limit_min: float) -> npt.NDArray[np.float64]:
    """Return the fewest minutes from ``a`` to ``b`` of each row, (n,); inf beyond the limit."""
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    sources, row = np.unique(a, return_inverse=True)
    order = np.argsort(row, kind="stable")
    first = np.searchsorted(row[order], np.arange(len(sources) + 1))
    result = np.full(len(pairs), np.inf)

    def work(low: int, high: int) -> None:
        for start in range(low, high, SEARCHES_AT_ONCE):
            stop = min(start + SEARCHES_AT_ONCE, high)
            own = order[first[start] : first[stop]]
            targets, column = np.unique(b[own], return_inverse=True)
            found = minutes_to_targets(graph, each_alone(sources[start:stop]), targets, limit_min=limit_min, threads=1)
            result[own] = found[row[own] - start, column]

    if len(pairs):
        in_threads(work, len(sources))
    return result
