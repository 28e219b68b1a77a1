"""From tables of roads and ferries to links: their minutes, and where traffic can get on and off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from sim.errors import did_you_mean
from sim.region.grid import Grid
from sim.times.congestion import Congestion
from sim.times.kernels import step_offsets
from sim.times.road_graph import nearest_land, pad, to_grid

__all__ = [
    "LocalRoads",
    "Part",
    "authored_part",
    "connector_links",
    "drive_minutes",
    "ferry_part",
    "ferry_wait_min",
    "join_links",
    "shipped_part",
]

COAST_REACH_CELLS = 1.5
"""A node on a shore that the grid calls water belongs to a land cell whose centre is at most this far."""
JOIN_REACH_KM = 3.0
"""An interchange or a pier is joined to what lies within this distance."""
SAME_SPOT_KM = 0.2
"""Authored roads that have points this close to each other meet there."""
_JOIN_CANDIDATES = 400
_GEOD = pyproj.Geod(ellps="WGS84")
_LABEL = ["kind", "link_id", "name", "ref", "road_class", "structure"]


@dataclass(frozen=True)
class LocalRoads:
    """The land grid as a network of local streets.

    Attributes
    ----------
    pace : minutes per km of straight distance in each cell, (rows, columns).
    congestion : share of the limit that traffic runs at, and which cells are built-up.
    """

    grid: Grid
    pace: npt.NDArray[np.float64]
    congestion: Congestion

    @cached_property
    def padded_moves(self) -> npt.NDArray[np.uint8]:
        """Return the possible steps of each cell of the padded grid, flat."""
        return pad(self.grid.moves).ravel()

    def speed_shares(self, setting: npt.ArrayLike, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the share of the limit that traffic runs at on roads of a setting with their middles there, (n,).

        Parameters
        ----------
        points : row and column in units of cells, (n, 2).
        """
        return self.congestion.shares(setting, np.floor(points).astype(np.int64))


@dataclass(frozen=True)
class Part:
    """Nodes and links of one origin, node numbers counted from 0 within ``nodes``.

    Attributes
    ----------
    nodes : lon, lat, name, row, column (units of cells), enters (traffic gets on and off here), gated (only over the
        ramps of an interchange), road_id (authored roads only, else ""), road_end (first or last point of one),
        ferry_id (piers only, else "").
    links : from_node, to_node, km, minutes, both_directions (bool), kind, link_id, name, ref, road_class, structure.
    """

    nodes: pd.DataFrame
    links: pd.DataFrame


def drive_minutes(km: npt.ArrayLike, speed_kmh: npt.ArrayLike, speed_share: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return minutes at a share of the speed limit: 36 km at 100 km/h and a share of 0.9 take 24 min."""
    speed = np.asarray(speed_kmh, dtype=np.float64) * np.asarray(speed_share, dtype=np.float64)
    return np.asarray(np.asarray(km, dtype=np.float64) / speed * 60.0)


def ferry_wait_min(sailings_per_day: float, service_day_min: float, cap_min: float) -> float:
    """Return half the headway over the service day, at most the cap: 17 sailings in 1,020 min make 30 min."""
    return min(0.5 * service_day_min / sailings_per_day, cap_min)


def _road_minutes(
    local: LocalRoads,
    classes: pd.DataFrame,
    roads: pd.DataFrame,
    km: npt.ArrayLike,
    middles: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return minutes over links of roads (road_class, speed_kmh or empty) with their middles there, units of cells."""
    rows = classes.set_index("road_class").reindex(roads["road_class"])
    own_speed = roads.get("speed_kmh", pd.Series(np.nan, index=roads.index)).to_numpy(dtype=np.float64)
    speed = np.where(np.isnan(own_speed), rows["speed_kmh"].to_numpy(dtype=np.float64), own_speed)
    return drive_minutes(km, speed, local.speed_shares(rows["setting"], middles))


def _unknown_classes(what: str, ids: pd.Series, road_class: pd.Series, known: pd.Series) -> list[str]:
    """Return one problem for each class that is not declared."""
    strange = ~road_class.isin(known)
    examples = pd.DataFrame({"id": ids[strange], "road_class": road_class[strange]}).drop_duplicates("road_class")
    return [
        f"{what} {link}: road_class {road_class!r} is not in road_classes{did_you_mean(str(road_class), known)}"
        for link, road_class in examples.itertuples(index=False)
    ]


def shipped_part(
    local: LocalRoads, road_nodes: pd.DataFrame, road_links: pd.DataFrame, classes: pd.DataFrame, problems: list[str]
) -> Part:
    """Return the roads of the shipped extract; nodes without a link are left out."""
    ends = pd.unique(road_links[["from_node", "to_node"]].to_numpy().ravel())
    known = road_nodes.set_index("node_id")
    missing = ends[~np.isin(ends, known.index.to_numpy())]
    if not known.index.is_unique:
        problems.append(f"road_nodes: node_id {known.index[known.index.duplicated()][0]} stands there twice")
    if len(missing):
        problems.append(
            f"road_links: {len(missing)} end nodes are not in the layer of nodes, the first is {missing[0]}"
        )
    problems += _unknown_classes("road link", road_links["link_id"], road_links["road_class"], classes["road_class"])
    bad = road_links.loc[~(road_links["km"] > 0), "link_id"]
    if len(bad):
        problems.append(f"road_links: {len(bad)} links are not longer than 0 km, the first is {bad.iloc[0]}")
    if problems:
        return _empty_part()
    rows = known.loc[ends]
    lon, lat = shapely.get_x(rows.geometry.to_numpy()), shapely.get_y(rows.geometry.to_numpy())
    nodes = _nodes(local.grid, lon, lat, enters=(rows["entered"] == "yes").to_numpy())
    number = pd.Series(np.arange(len(ends)), index=ends)
    middle = shapely.line_interpolate_point(road_links.geometry.to_numpy(), 0.5, normalized=True)
    middles = to_grid(local.grid, shapely.get_x(middle), shapely.get_y(middle))
    direction = road_links.get("both_directions", pd.Series("yes", index=road_links.index))
    links = pd.DataFrame(
        {
            "from_node": number.loc[road_links["from_node"]].to_numpy(),
            "to_node": number.loc[road_links["to_node"]].to_numpy(),
            "km": road_links["km"].to_numpy(dtype=np.float64),
            "minutes": _road_minutes(local, classes, road_links, road_links["km"], middles),
            "both_directions": (direction != "no").to_numpy(),
            "kind": "road",
            "link_id": road_links["link_id"].astype(str).to_numpy(),
        }
        | {name: _text(road_links, name) for name in ("name", "ref", "road_class", "structure")}
    )
    gated = classes.loc[classes["entered"] == "interchanges", "road_class"]
    return Part(_mark_gated(nodes, links, set(gated)), links)


def _text(frame: pd.DataFrame, column: str) -> npt.NDArray[Any]:
    """Return a column of texts, empty where it is missing."""
    return np.asarray(frame.get(column, pd.Series("", index=frame.index)).fillna("").astype(str))


def _nodes(grid: Grid, lon: npt.ArrayLike, lat: npt.ArrayLike, **columns: npt.ArrayLike) -> pd.DataFrame:
    """Return a table of nodes with their place in the grid."""
    position = to_grid(grid, lon, lat)
    base = {"lon": lon, "lat": lat, "name": "", "road_id": "", "row": position[:, 0], "column": position[:, 1]}
    base |= {"ferry_id": "", "road_end": False}
    return pd.DataFrame(base | {"enters": False, "gated": False} | columns, index=range(len(position)))


def _mark_gated(nodes: pd.DataFrame, links: pd.DataFrame, gated_classes: set[str]) -> pd.DataFrame:
    """Return the nodes, those gated that belong only to roads that are entered at interchanges."""
    open_links = links[~links["road_class"].isin(gated_classes)]
    gated = np.ones(len(nodes), dtype=bool)
    gated[open_links["from_node"]] = False
    gated[open_links["to_node"]] = False
    return nodes.assign(gated=gated)


def _empty_part() -> Part:
    nodes = pd.DataFrame({name: pd.Series(dtype=float) for name in ("lon", "lat", "row", "column")})
    nodes = nodes.assign(name="", road_id="", ferry_id="", enters=False, gated=False, road_end=False)
    links = pd.DataFrame({name: pd.Series(dtype=float) for name in ("from_node", "to_node", "km", "minutes")})
    return Part(nodes, links.assign(both_directions=True, **dict.fromkeys(_LABEL, "")))


def authored_part(
    local: LocalRoads, roads: pd.DataFrame, road_points: pd.DataFrame, classes: pd.DataFrame, problems: list[str]
) -> Part:
    """Return the roads drawn by hand: a node for each point, a link between consecutive ones scaled to the length."""
    problems += _unknown_classes("road", roads["road_id"], roads["road_class"], classes["road_class"])
    ids = roads["road_id"]
    count = road_points.groupby("road_id").size().reindex(ids, fill_value=0).to_numpy()
    problems += [
        f"road {road}: has {n} points; a road needs at least 2" for road, n in zip(ids, count, strict=True) if n < 2
    ]
    joined = ids.isin(road_points.loc[road_points["joins"] == "yes", "road_id"]).to_numpy()
    problems += [
        f"road {road}: no point has joins = yes, so nothing could drive on it" for road in ids[(count >= 2) & ~joined]
    ]
    # Go on with the roads that are whole, to find what else is wrong.
    whole = ids[(count >= 2) & joined & roads["road_class"].isin(classes["road_class"]).to_numpy()]
    if not len(whole):
        return _empty_part()
    order = pd.Series(np.arange(len(whole)), index=whole.to_numpy())
    points = road_points[road_points["road_id"].isin(whole)]
    points = points.assign(order=order.loc[points["road_id"]].to_numpy()).sort_values(["order", "sequence"])
    road = roads.set_index("road_id").loc[points["road_id"]].reset_index()
    gated_classes = set(classes.loc[classes["entered"] == "interchanges", "road_class"])
    nodes = _nodes(
        local.grid,
        points["lon"].to_numpy(dtype=np.float64),
        points["lat"].to_numpy(dtype=np.float64),
        name=_text(points, "name"),
        road_id=points["road_id"].to_numpy(),
        enters=(points["joins"] == "yes").to_numpy(),
        road_end=(~points["road_id"].duplicated() | ~points["road_id"].duplicated(keep="last")).to_numpy(),
        gated=road["road_class"].isin(gated_classes).to_numpy(),
    )
    start = np.flatnonzero(points["road_id"].to_numpy()[:-1] == points["road_id"].to_numpy()[1:])
    return Part(nodes, _authored_links(local, nodes, road.iloc[start].reset_index(drop=True), start, classes))


def _authored_links(
    local: LocalRoads, nodes: pd.DataFrame, road: pd.DataFrame, start: npt.NDArray[np.int64], classes: pd.DataFrame
) -> pd.DataFrame:
    """Return the links from the points ``start`` to the next ones; ``road`` has the row of the road of each."""
    lon, lat = nodes["lon"].to_numpy(), nodes["lat"].to_numpy()
    drawn_km = pd.Series(_GEOD.inv(lon[start], lat[start], lon[start + 1], lat[start + 1])[2]) / 1000
    total_km = drawn_km.groupby(road["road_id"]).transform("sum")
    km = (drawn_km * (road["length_km"].astype(float) / total_km).fillna(1.0)).to_numpy()
    position = nodes[["row", "column"]].to_numpy()
    middles = (position[start] + position[start + 1]) / 2
    return pd.DataFrame(
        {
            "from_node": start,
            "to_node": start + 1,
            "km": km,
            "minutes": _road_minutes(local, classes, road, km, middles),
            "both_directions": (road["both_directions"] != "no").to_numpy(),
            "kind": "road",
            "link_id": road["road_id"].to_numpy(),
        }
        | {name: _text(road, name) for name in ("name", "ref", "road_class", "structure")}
    )


def join_links(
    local: LocalRoads, nodes: pd.DataFrame, roads: pd.DataFrame, classes: pd.DataFrame, *, interchange_min: float
) -> pd.DataFrame:
    """Return links from the joining points of authored roads to the other roads within 3 km.

    A point joins the nearest node of the roads that are entered at interchanges and the nearest of the others, and
    every joining point or end of another authored road on the same spot. A join is a straight line at the speed of the
    authored road; it pays the interchange where only one of the two is gated. It may not pass over water that the
    grid does not let one cross: both ends must be connected over the land cells near by, or both stand in the water.
    """
    position = nodes[["row", "column"]].to_numpy(dtype=np.float64)
    home, _ = nearest_land(local.grid, position, COAST_REACH_CELLS)
    authored = (nodes["road_id"] != "").to_numpy()
    enters, gated = nodes["enters"].to_numpy(dtype=bool), nodes["gated"].to_numpy(dtype=bool)
    candidates = np.flatnonzero(np.where(authored, enters | nodes["road_end"], nodes["on_road"]))
    joining = np.flatnonzero(authored & enters)
    if not len(joining):
        return _empty_part().links
    cell_km = local.grid.cell_m / 1000
    road_ids = nodes["road_id"].to_numpy()
    pairs = []
    for point in joining.tolist():
        joined: set[bool] = set()
        for cells, node in _in_order(position, point, JOIN_REACH_KM / cell_km, candidates):
            same_spot = authored[node] and cells * cell_km <= SAME_SPOT_KM
            # An ordinary road cannot lead onto a motorway where that has no interchange.
            may_join = road_ids[node] != road_ids[point] and (gated[point] or not gated[node] or enters[node])
            wanted = same_spot or bool(gated[node]) not in joined
            if may_join and wanted and _same_shore(local, home[point], home[node], cells):
                if not same_spot:  # the next piece of one way does not take the place of the road that it meets
                    joined.add(bool(gated[node]))
                pairs.append((point, node, cells * cell_km))
    if not pairs:
        return _empty_part().links
    links = pd.DataFrame(pairs, columns=["from_node", "to_node", "km"])
    speed = classes.set_index("road_class")["speed_kmh"]
    own = roads.assign(speed_kmh=roads["speed_kmh"].astype(float).fillna(roads["road_class"].map(speed)))
    own = own.set_index("road_id").loc[road_ids[links["from_node"]]].reset_index()
    gate = np.where(gated[links["from_node"]] != gated[links["to_node"]], interchange_min, 0.0)
    return links.assign(
        minutes=links["km"] / own["speed_kmh"] * 60 + gate,
        both_directions=True,
        kind="join",
        link_id=own["road_id"],
        structure="surface",
        **{name: _text(own, name) for name in ("name", "ref", "road_class")},
    )


def _in_order(
    position: npt.NDArray[np.float64], point: int, reach_cells: float, nodes: npt.NDArray[np.int64]
) -> list[tuple[float, int]]:
    """Return distance in cells and number of those of the nodes that are in reach of a point, the nearest first.

    Of several on one spot the last comes first: roads drawn by hand stand after the surveyed ones.
    """
    away = position[nodes] - position[point]
    distances = np.sqrt((away**2).sum(axis=1))
    near = np.flatnonzero(distances < reach_cells)[::-1]
    near = near[np.argsort(distances[near], kind="stable")][:_JOIN_CANDIDATES]
    return list(zip(distances[near].tolist(), nodes[near].tolist(), strict=True))


def _same_shore(local: LocalRoads, cell: int, other: int, distance_cells: float) -> bool:
    """Return whether two points can be joined by a straight line that does not pass over wide water."""
    if cell < 0 or other < 0:
        return (cell < 0 and other < 0) or distance_cells < 1
    if cell == other:
        return True
    n_columns = local.pace.shape[1]
    stride = n_columns + 2
    moves = local.padded_moves
    steps = step_offsets(stride)
    start, goal = (int(c) // n_columns * stride + stride + int(c) % n_columns + 1 for c in (cell, other))
    reached, front = {start}, [start]
    # A way round the head of a creek may be somewhat longer than the line; one round an estuary may not.
    for _ in range(int(np.ceil(1.5 * distance_cells)) + 2):
        front = [c + int(steps[k]) for c in front for k in range(8) if (int(moves[c]) >> k) & 1]
        front = [c for c in dict.fromkeys(front) if c not in reached]
        reached.update(front)
        if goal in reached:
            return True
    return False


def connector_links(local: LocalRoads, nodes: pd.DataFrame, n_cells: int, *, interchange_min: float) -> pd.DataFrame:
    """Return links between the nodes where traffic gets on and off and the land cell they lie in, at the local pace.

    A node in the water, up to 1.5 cells from the centre of a land cell, belongs to that cell. Cells are numbered as in
    the padded grid, nodes from ``n_cells`` on.
    """
    entering = np.flatnonzero(nodes["enters"])
    reach = np.where(nodes["pier"].to_numpy()[entering], JOIN_REACH_KM * 1000 / local.grid.cell_m, COAST_REACH_CELLS)
    position = nodes[["row", "column"]].to_numpy(dtype=np.float64)[entering]
    cell, distance = nearest_land(local.grid, position, float(reach.max(initial=COAST_REACH_CELLS)))
    kept = (cell >= 0) & (distance <= reach)
    entering, distance = entering[kept], distance[kept]
    row, column = np.divmod(cell[kept], local.pace.shape[1])
    km = distance * local.grid.cell_m / 1000
    gate = np.where(nodes["gated"].to_numpy()[entering], interchange_min, 0.0)
    links = pd.DataFrame(
        {
            "from_node": entering + n_cells,
            "to_node": (row + 1) * (local.pace.shape[1] + 2) + column + 1,
            "km": km,
            "minutes": km * local.pace[row, column] + gate,
            "both_directions": True,
        }
    )
    return links.assign(**dict.fromkeys(_LABEL, "")).assign(kind="connector")


def ferry_part(grid: Grid, ferries: pd.DataFrame, *, service_day_min: float, ferry_wait_cap_min: float) -> Part:
    """Return two piers and a link for each ferry: boarding, half the headway up to the cap, and the sailing."""
    if not len(ferries):
        return _empty_part()
    n = len(ferries)
    lon = ferries[["from_lon", "to_lon"]].to_numpy(dtype=np.float64).T.ravel()
    lat = ferries[["from_lat", "to_lat"]].to_numpy(dtype=np.float64).T.ravel()
    names = np.concatenate([_text(ferries, "from_name"), _text(ferries, "to_name")])
    wait = [ferry_wait_min(per_day, service_day_min, ferry_wait_cap_min) for per_day in ferries["sailings_per_day"]]
    km = np.asarray(_GEOD.inv(lon[:n], lat[:n], lon[n:], lat[n:])[2]) / 1000
    links = pd.DataFrame(
        {
            "from_node": np.arange(n),
            "to_node": np.arange(n) + n,
            "km": km,
            "minutes": ferries["boarding_min"].fillna(10.0).to_numpy()
            + ferries["sailing_min"].to_numpy()
            + np.array(wait),
            "both_directions": True,
            "kind": "ferry",
            "link_id": _text(ferries, "ferry_id"),
            "name": _text(ferries, "name"),
            "ref": "",
            "road_class": "",
            "structure": "",
        }
    )
    ids = np.tile(_text(ferries, "ferry_id"), 2)
    return Part(_nodes(grid, lon, lat, name=names, ferry_id=ids, enters=True), links)
