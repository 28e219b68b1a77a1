"""Stage 4: people within reach without a car, and how many more a bus line between neighbouring cities adds.

Without a car one walks, rides local buses or the metro, or takes them to a train and from it. A bus line is boarded where
one can be by any of these; after it one walks or rides local buses on, or changes to another of the lines, but no more to a
train. The plan asks to try bus lines between neighbouring areas (毗邻区域公交班线); Zhejiang's target was 30 that cross the
border of the province by 2025.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.measures.isochrones import CUTOFF_TOLERANCE_MIN
from sim.times.access import Access
from sim.times.bucket_queue import Floats
from sim.times.bus_lines import BusLine, BusStop, ride_line, section_minutes
from sim.times.door_to_door import DoorToDoor
from sim.times.kernels import minutes_from, seeds_of
from sim.times.road_graph import place_node

__all__ = ["ALL_LINES", "BUS_LINE_COLUMNS", "TARGET_LINES", "WithoutCar", "tabulate_bus_lines"]

ALL_LINES = "all"
BUS_LINE_COLUMNS = (
    "line_id",
    "name",
    "headway_min",
    "from_id",
    "from_name",
    "cutoff_min",
    "population_without_line",
    "population_with_line",
    "population_newly_within",
)
TARGET_LINES = "长三角省际毗邻公交线路30条 (浙江省综合运输服务发展“十四五”规划, 2025年)"


@dataclass(frozen=True)
class WithoutCar:
    """A scenario for people without a car, up to a horizon.

    Attributes
    ----------
    travel : door-to-door model whose access is walking, bus and metro.
    limit_min : horizon; what is farther is not reached.
    """

    travel: DoorToDoor
    limit_min: float

    @classmethod
    def of(cls, travel: DoorToDoor, access: Access, limit_min: float) -> "WithoutCar":
        """Return the scenario of a door-to-door model for people whose only ways to stations are these."""
        return cls(replace(travel, access=access), limit_min)

    def minutes_from(self, node: int) -> Floats:
        """Return minutes from a node to every cell by walking, local bus, metro or train, (n_cells,), inf beyond."""
        travel = self.travel
        access = travel.access_min([node])[0][:, None]
        arrival = (access + travel.rail_min).min(axis=0, initial=np.inf)
        by_rail = travel.ends.surface(travel.stations.nodes, arrival, self.limit_min)
        result: Floats = np.minimum(by_rail, self._local(node, extra_at="start"))
        return result

    def minutes_on_from(self, stop: int) -> Floats:
        """Return minutes from the stop of a line on to every cell, by walking, local bus or metro, (n_cells,)."""
        return self._local(stop, extra_at="end")

    def _local(self, node: int, *, extra_at: str) -> Floats:
        """Return minutes by the fastest local way; the walk to the stop and the wait count once, at one of the ends."""
        fastest = np.full(self.travel.graph.n_cells, np.inf, dtype=np.float32)
        for way in self.travel.ends.ways:
            under_way = minutes_from(way.graph.prepared, seeds_of([node]), limit_min=self.limit_min)[: len(fastest)]
            extra = way.extra_min[node] if extra_at == "start" else way.extra_min
            np.minimum(fastest, under_way + extra, out=fastest)
        return fastest


@dataclass(frozen=True)
class _Network:
    """Lines with their stops compiled.

    Attributes
    ----------
    stops : node of each stop of every line, line after line, (n_stops,).
    first : number of the first stop of each line, (n_lines + 1,).
    sections : minutes from stop to stop of each line.
    onward : minutes from each stop to every cell, (n_stops, n_cells).
    """

    lines: tuple[BusLine, ...]
    stops: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    sections: tuple[npt.NDArray[np.float64], ...]
    onward: npt.NDArray[np.float32]

    def add_to(self, before: Floats) -> Floats:
        """Return minutes to every cell with the lines, from those without, (n_cells,).

        Changes between lines are found by letting every line run again until nobody arrives earlier.
        """
        at_stop = before[self.stops].astype(np.float64)
        onward = self.onward[:, self.stops].astype(np.float64)
        arrival = np.full(len(self.stops), np.inf)
        while True:
            ready = np.minimum(at_stop, (arrival[:, None] + onward).min(axis=0))
            new = arrival.copy()
            for line, sections, a, b in zip(self.lines, self.sections, self.first, self.first[1:], strict=False):
                new[a:b] = np.minimum(new[a:b], ride_line(line, sections, ready[a:b]))
            if np.array_equal(new, arrival):
                break
            arrival = new
        by_line = (arrival.astype(np.float32)[:, None] + self.onward).min(axis=0)
        result: Floats = np.minimum(before, by_line)
        return result


def tabulate_bus_lines(
    without: WithoutCar,
    lines: Sequence[BusLine],
    *,
    cutoffs_min: Sequence[float] = (60,),
    headways_min: Sequence[float] = (15, 30, 60),
    origins: Sequence[BusStop] = (),
    local_detour: float = 1.3,
) -> pd.DataFrame:
    """Return people newly within each cut-off without a car, by line, headway and origin, columns `BUS_LINE_COLUMNS`.

    Every line is taken alone, at its own headway and at each of `headways_min`; then all together (`ALL_LINES`).

    Parameters
    ----------
    origins : from where; by default from each stop of the line. What is within reach of two stops counts for both.
    cutoffs_min : none beyond the horizon of `without`.
    """
    graph = without.travel.graph
    sections = {line.line_id: section_minutes(line, graph, local_detour=local_detour) for line in lines}
    onward: dict[int, Floats] = {}
    before: dict[str, Floats] = {}
    rows = []
    for line in lines:
        for headway in dict.fromkeys((line.headway_min, *headways_min)):
            network = _compile([line.every(headway)], without, onward, sections)
            rows += _count(network, without, origins or line.stops, cutoffs_min, before)
    if len(lines) > 1:
        network = _compile(lines, without, onward, sections)
        stops = list(dict.fromkeys(stop for line in lines for stop in line.stops))
        rows += _count(network, without, origins or stops, cutoffs_min, before)
    return pd.DataFrame(rows, columns=list(BUS_LINE_COLUMNS))


def _compile(
    lines: Sequence[BusLine],
    without: WithoutCar,
    onward: dict[int, Floats],
    sections: Mapping[str, npt.NDArray[np.float64]],
) -> _Network:
    """Return lines with stops as nodes; minutes from a stop on are searched for once."""
    graph = without.travel.graph
    stops = [place_node(graph, stop.lon, stop.lat) for line in lines for stop in line.stops]
    for stop in stops:
        if stop not in onward:
            onward[stop] = without.minutes_on_from(stop)
    return _Network(
        lines=tuple(lines),
        stops=np.array(stops, dtype=np.int64),
        first=np.cumsum([0, *(len(line.stops) for line in lines)]),
        sections=tuple(sections[line.line_id] for line in lines),
        onward=np.stack([onward[stop] for stop in stops]),
    )


def _count(
    network: _Network,
    without: WithoutCar,
    origins: Sequence[BusStop],
    cutoffs_min: Sequence[float],
    known: dict[str, Floats],
) -> list[dict[str, object]]:
    """Return one row per origin and cut-off; minutes without the lines are searched for once per origin."""
    graph = without.travel.graph
    line = network.lines[0]
    identity = (line.line_id, line.name, line.headway_min)
    if len(network.lines) > 1:
        identity = (ALL_LINES, "全部线路", float("nan"))
    rows = []
    for origin in origins:
        if origin.key not in known:
            known[origin.key] = without.minutes_from(place_node(graph, origin.lon, origin.lat))
        before = known[origin.key]
        after = network.add_to(before)
        for cutoff in cutoffs_min:
            counts = [float(graph.people[m <= cutoff + CUTOFF_TOLERANCE_MIN].sum()) for m in (before, after)]
            values = (*identity, origin.key, origin.name, float(cutoff), *counts, counts[1] - counts[0])
            rows.append(dict(zip(BUS_LINE_COLUMNS, values, strict=True)))
    return rows
