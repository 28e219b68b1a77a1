"""Stage 3c, the door: roads drawn by hand are as long as they say and stay on land, or nothing is computed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.network.checks import great_circle_km
from sim.network.network import Network
from sim.network.schema import frame_of
from sim.region.grid import Grid
from sim.scenario.changes import Add
from sim.scenario.project import Project
from sim.times.road_graph import to_grid

__all__ = ["check_drawn_roads", "check_roads_of_study"]

MOST_DRAWN_SHARE = 1.05
"""No road is shorter than the straight lines between its points; the rest is for points placed by hand. In networks/yrd the
points of no road are farther apart than 1.027 times its published length."""
MOST_LENGTH_FACTOR = 2.0
"""No road winds more than this between its points; give it more of them. In networks/yrd the most is 1.31."""
PLACING_KM = 0.2
"""What the two ends of a short road may be off besides: points are given to a thousandth of a degree."""
WIDE_WATER_KM = 2.0
"""Over more water in one stretch there must be a bridge or a tunnel: both shores of the grid are right to a cell of 1 km. In
networks/yrd the surface roads cross less."""
CROSSING_STRUCTURES = ("bridge", "tunnel")
_SAMPLE_CELLS = 0.1


@dataclass(frozen=True)
class _Drawn:
    """A road and its points in order: lon, lat, position (units of cells, (n, 2)) and a name for messages."""

    road_id: str
    length_km: float
    structure: str
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    position: npt.NDArray[np.float64]
    names: list[str]


def check_drawn_roads(grid: Grid, roads: pd.DataFrame, road_points: pd.DataFrame) -> list[str]:
    """Return a sentence for each road whose points do not fit its length, or that runs on the surface over wide water.

    Parameters
    ----------
    roads : road_id, length_km (empty: as drawn, which is always right), structure.
    road_points : road_id, sequence, lon, lat, name.
    """
    drawn = list(_drawn_roads(grid, roads, road_points))
    return [
        *(sentence for road in drawn for sentence in _check_length(road)),
        *(sentence for road in drawn for sentence in _check_water(grid, road)),
    ]


def check_roads_of_study(
    grid: Grid, network: Network, projects: Mapping[str, Project], scenarios: Mapping[str, Network]
) -> list[str]:
    """Return the sentences of `check_drawn_roads`, each once and with the file or the scenario where it is first true.

    Parameters
    ----------
    network : with its roads of any year.
    projects : by id; also those that no scenario has switched on.
    scenarios : the networks of the scenarios by their ids, for what projects change about the roads that there are.
    """
    places = {"roads.csv, road_points.csv": (network.roads, network.road_points)}
    for project_id, project in projects.items():
        added = [change for change in project.changes if isinstance(change, Add) and change.table == "roads"]
        if added:
            points = frame_of("road_points", [dict(child) for change in added for child in change.children])
            places[f"{project_id}.toml"] = (frame_of("roads", [dict(change.row) for change in added]), points)
    places |= {f"scenario '{name}'": (known.roads, known.road_points) for name, known in scenarios.items()}
    first: dict[str, str] = {}
    for place, (roads, points_of_roads) in places.items():
        for sentence in check_drawn_roads(grid, roads, points_of_roads):
            first.setdefault(sentence, place)
    return [f"{place}: {sentence}" for sentence, place in first.items()]


def _drawn_roads(grid: Grid, roads: pd.DataFrame, road_points: pd.DataFrame) -> Iterator[_Drawn]:
    """Yield the roads that have at least two points."""
    points = road_points.sort_values(["road_id", "sequence"], kind="stable")
    lon, lat = points["lon"].to_numpy(dtype=np.float64), points["lat"].to_numpy(dtype=np.float64)
    position = to_grid(grid, lon, lat)
    names = [
        f"point {number} {name}".strip()
        for number, name in zip(points["sequence"], points["name"].fillna(""), strict=True)
    ]
    rows_of = points.reset_index(drop=True).groupby("road_id").indices
    length_km = roads["length_km"].astype(float)
    for road_id, length, structure in zip(roads["road_id"], length_km, roads["structure"], strict=True):
        own = rows_of.get(road_id, np.empty(0, dtype=np.int64))
        if len(own) >= 2:
            own_names = [names[k] for k in own]
            yield _Drawn(road_id, length, structure, lon[own], lat[own], position[own], own_names)


def _check_length(road: _Drawn) -> list[str]:
    """Say whether the points lie farther apart than the road is long, or the road is much longer than they tell."""
    apart = great_circle_km(road.lon[:-1], road.lat[:-1], road.lon[1:], road.lat[1:])
    drawn_km, longest = float(apart.sum()), int(apart.argmax())
    least, most = drawn_km / MOST_DRAWN_SHARE - PLACING_KM, drawn_km * MOST_LENGTH_FACTOR + PLACING_KM
    if np.isnan(road.length_km) or least <= road.length_km <= most:
        return []
    return [
        f"road '{road.road_id}': length_km is {road.length_km:g}, but its {len(apart) + 1} points lie {drawn_km:.1f} km apart in "
        f"straight lines, most of all {road.names[longest]} and {road.names[longest + 1]} with {apart[longest]:.1f} km; "
        f"allowed for these points are {max(least, 0):.1f} to {most:.1f} km; a point or the length is wrong"
    ]


def _check_water(grid: Grid, road: _Drawn) -> list[str]:
    """Say where a road that is no bridge or tunnel runs over wide water: cells that are not study land."""
    if road.structure in CROSSING_STRUCTURES:
        return []
    steps = np.hypot(*np.diff(road.position, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.arange(0.0, along[-1], _SAMPLE_CELLS)
    cells = np.floor(np.column_stack([np.interp(at, along, axis) for axis in road.position.T])).astype(np.int64)
    land = np.pad(grid.is_land, 1)
    row, column = np.clip(cells + 1, 0, np.array(land.shape) - 1).T
    shores = np.flatnonzero(np.diff(np.concatenate([[False], ~land[row, column], [False]]).astype(np.int8)))
    begins, ends = shores[::2], shores[1::2]
    wide_km = (ends - begins - 1) * _SAMPLE_CELLS * grid.cell_m / 1000  # from the first to the last place over water
    sentences = []
    for number in np.flatnonzero(wide_km > WIDE_WATER_KM):
        before = int(np.searchsorted(along, at[begins[number]], side="right")) - 1
        after = int(np.searchsorted(along, at[ends[number] - 1], side="right"))
        lon, lat = grid.lonlat(*cells[(begins[number] + ends[number]) // 2])
        sentences.append(
            f"road '{road.road_id}': structure is {road.structure}, but between {road.names[before]} and {road.names[after]} it "
            f"runs {wide_km[number]:.1f} km over water or outside the study land, about {lon:.3f},{lat:.3f}; allowed are "
            f"{WIDE_WATER_KM:g} km; say structure = {' or '.join(CROSSING_STRUCTURES)}, or draw it on land with more points"
        )
    return sentences
