"""Stage 3g: a road link that somebody proposes between two points, and how it would join the roads there are.

Its ends join as those of every road drawn by hand do (`sim.times.road_links`), so that a project card with the same
values gives the same minutes.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj

from sim.errors import InputError
from sim.network.network import Network
from sim.scenario.assumptions import Assumptions
from sim.times.congestion import read_congestion
from sim.times.kernels import Seeds, seeds_of
from sim.times.road_graph import RoadGraph, to_grid
from sim.times.road_links import (
    LocalRoads,
    authored_part,
    connector_links,
    drive_minutes,
    ferry_part,
    join_links,
    shipped_part,
)
from sim.times.roads import SHORTEST_LINK_MIN

__all__ = ["JoinedLink", "ProposedLink", "RoadEnds", "crosses_barrier"]

SAMPLE_CELLS = 0.2
"""A straight line is followed in steps of this, so that no cell that it passes through for long is jumped over."""
LINES_AT_ONCE = 50_000
_GEOD = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True)
class ProposedLink:
    """A road between two points (WGS84) that is not there, driven both ways.

    Attributes
    ----------
    speed_kmh : speed limit; NaN takes that of the class.
    length_factor : length of the road by the straight line.
    structure : surface, bridge or tunnel; only the last two can cross wide water.
    opening_year : 0 where none is given.
    """

    link_id: str
    name: str
    name_en: str
    start: tuple[float, float]
    end: tuple[float, float]
    road_class: str
    speed_kmh: float = float("nan")
    length_factor: float = 1.2
    structure: str = "surface"
    opening_year: int = 0
    source: str = ""
    date: str = ""
    confidence: str = "guess"

    @property
    def gap_km(self) -> float:
        """Straight kilometres from end to end."""
        return float(_GEOD.inv(*self.start, *self.end)[2]) / 1000

    @property
    def km(self) -> float:
        """Kilometres of road."""
        return self.gap_km * self.length_factor


@dataclass(frozen=True)
class JoinedLink:
    """A proposed link on a road graph.

    Attributes
    ----------
    minutes : from one end to the other over the link.
    start, end : the nodes that each end joins, with the minutes between (seeds of one search).
    interchange_km : to the nearest interchange that each end is joined to; inf where to none.
    """

    link: ProposedLink
    minutes: float
    start: Seeds
    end: Seeds
    interchange_km: tuple[float, float]


@dataclass(frozen=True)
class RoadEnds:
    """The roads of a scenario as the ends of further roads find them."""

    graph: RoadGraph
    network: Network
    assumptions: Assumptions

    @cached_property
    def local(self) -> LocalRoads:
        """Return the streets under the grid."""
        grid = self.graph.grid
        pace = self.graph.prepared.pace.reshape(-1, self.graph.stride)[1:-1, 1:-1]
        congestion = read_congestion(grid, self.network.congestion, self.assumptions.urban_density_per_km2)
        return LocalRoads(grid, pace.astype(np.float64), congestion)

    @cached_property
    def nodes(self) -> pd.DataFrame:
        """Return the road nodes and piers in the order of the graph; ``on_road`` and ``pier`` tell them apart."""
        n, problems = self.network, list[str]()
        parts = [
            shipped_part(self.local, n.road_nodes, n.road_links, n.road_classes, problems).nodes,
            authored_part(self.local, n.roads, n.road_points, n.road_classes, problems).nodes,
            ferry_part(
                self.graph.grid,
                n.ferries,
                service_day_min=self.assumptions.service_day_min,
                ferry_wait_cap_min=self.assumptions.ferry_wait_cap_min,
            ).nodes,
        ]
        frames = [
            part.assign(pier=is_pier, on_road=not is_pier) for part, is_pier in zip(parts, (0, 0, 1), strict=True)
        ]
        nodes = pd.concat([frame for frame in frames if len(frame)] or frames, ignore_index=True)
        return nodes.astype({"pier": bool, "on_road": bool, "gated": bool, "enters": bool, "road_end": bool})

    def link_minutes(
        self,
        lonlat: npt.NDArray[np.float64],
        km: npt.ArrayLike,
        road_class: str,
        speed_kmh: float = float("nan"),
    ) -> npt.NDArray[np.float64]:
        """Return minutes over links of one class from their ends, (n,), at urban speeds where the middle is built-up.

        Parameters
        ----------
        lonlat : longitude and latitude of the two ends of each, (n, 2, 2).
        """
        ends = to_grid(self.graph.grid, lonlat[..., 0].ravel(), lonlat[..., 1].ravel()).reshape(-1, 2, 2)
        row = self.network.road_classes.set_index("road_class").loc[road_class]
        shares = self.local.speed_shares(np.full(len(ends), row["setting"]), ends.mean(axis=1))
        own = row["speed_kmh"] if np.isnan(speed_kmh) else speed_kmh
        return np.maximum(drive_minutes(km, own, shares), SHORTEST_LINK_MIN)

    def join(self, link: ProposedLink) -> JoinedLink:
        """Return a link with what its ends join: roads and interchanges within 3 km on the same shore, and a land cell.

        Raises
        ------
        InputError: an end joins neither a road nor a land cell.
        """
        road, points = _as_tables(link)
        problems: list[str] = []
        classes = self.network.road_classes
        part = authored_part(self.local, road, points, classes, problems)
        if problems:
            raise InputError(problems)
        n_known, n_cells = len(self.nodes), self.graph.n_cells
        nodes = pd.concat([self.nodes, part.nodes.assign(pier=False, on_road=True)], ignore_index=True)
        roads = pd.concat([self.network.roads[road.columns], road], ignore_index=True)
        options = {"interchange_min": self.assumptions.interchange_min}
        joins = join_links(self.local, nodes, roads, classes, **options)
        joins = joins[(joins["from_node"] >= n_known) & (joins["to_node"] < n_known)]
        gated = self.nodes["gated"].to_numpy()[joins["to_node"]]
        to_cells = connector_links(self.local, part.nodes.assign(pier=False), 0, **options)
        ends: list[Seeds] = []
        interchange_km: list[float] = []
        for number, point in enumerate((link.start, link.end)):
            own = (joins["from_node"] == n_known + number).to_numpy()
            cells = to_cells[to_cells["from_node"] == number]
            targets = [*(joins["to_node"][own] + n_cells), *cells["to_node"]]
            if not targets:
                problems.append(f"'{link.link_id}': end {point[0]:g},{point[1]:g} joins no road and no land")
            minutes = np.maximum([*joins["minutes"][own], *cells["minutes"]], SHORTEST_LINK_MIN)
            ends.append(seeds_of(targets, minutes))
            interchange_km.append(float(joins["km"][own & gated].min()) if (own & gated).any() else float("inf"))
        if problems:
            raise InputError(problems)
        minutes = max(float(part.links["minutes"].iloc[0]), SHORTEST_LINK_MIN)
        return JoinedLink(link, minutes, ends[0], ends[1], (interchange_km[0], interchange_km[1]))


def _as_tables(link: ProposedLink) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a link as rows of the tables roads and road_points."""
    road = {
        "road_id": link.link_id,
        "name": link.name,
        "ref": "",
        "road_class": link.road_class,
        "speed_kmh": link.speed_kmh,
        "length_km": link.km,
        "structure": link.structure,
        "both_directions": "yes",
    }
    points = [
        {"road_id": link.link_id, "sequence": number, "lon": lon, "lat": lat, "joins": "yes", "name": ""}
        for number, (lon, lat) in enumerate((link.start, link.end), start=1)
    ]
    return pd.DataFrame([road]), pd.DataFrame(points)


def crosses_barrier(graph: RoadGraph, lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which straight lines pass over water that the grid does not let one cross, (n,).

    Parameters
    ----------
    lonlat : longitude and latitude of the two ends of each line, (n, 2, 2).
    """
    ends = to_grid(graph.grid, lonlat[..., 0].ravel(), lonlat[..., 1].ravel()).reshape(-1, 2, 2)
    result = np.zeros(len(ends), dtype=np.bool_)
    for first in range(0, len(ends), LINES_AT_ONCE):
        result[first : first + LINES_AT_ONCE] = _leaves_land(graph, ends[first : first + LINES_AT_ONCE])
    return result


def _leaves_land(graph: RoadGraph, ends: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return `crosses_barrier` of lines in units of cells: some step along the line is not one of the grid."""
    longest = float(np.hypot(*(ends[:, 1] - ends[:, 0]).T).max(initial=0))
    share = np.linspace(0, 1, int(np.ceil(longest / SAMPLE_CELLS)) + 2)[None, :, None]
    cells = np.floor(ends[:, :1] * (1 - share) + ends[:, 1:] * share).astype(np.int64)
    node = (cells[..., 0] + 1) * graph.stride + cells[..., 1] + 1
    offsets = np.asarray(graph.prepared.step_offset, dtype=np.int64)
    step = np.diff(node, axis=1)
    direction = np.argmax(step[..., None] == offsets, axis=-1)
    open_step = (graph.prepared.moves[node[:, :-1]] >> direction) & 1 == 1
    return np.asarray(((step != 0) & ~open_step).any(axis=1))
