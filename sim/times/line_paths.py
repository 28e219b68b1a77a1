"""Stage 2 of running times: which sections of which lines a service runs over between two calls, and their limits.

Every stretch of line between two neighbouring stations is a section; a service takes the fastest way over the sections
of the lines it lists, at the speeds permitted there. Around the stations on the way the limits are lower: see
`limit_sections`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

import pandas as pd

from sim.errors import NoRouteError
from sim.times.speed_profile import Section

__all__ = [
    "STOP_THROAT_KM",
    "STOP_THROAT_KMH",
    "LinePaths",
    "LineSection",
    "Throat",
    "limit_sections",
    "line_sections",
    "station_throats",
]

STOP_THROAT_KMH = (
    80.0  # km/h, the diverging track of the 1:18 turnouts of Chinese high-speed stations (design code TB 10621)
)
STOP_THROAT_KM = 1.5  # km from the middle of the platform to the outermost turnout, of an ordinary station


@dataclass(frozen=True)
class LineSection:
    """A stretch of one line between neighbouring stations, in the direction of travel."""

    line_id: str
    from_id: str
    to_id: str
    km: float
    limit_kmh: float


@dataclass(frozen=True)
class Throat:
    """The slow approach of a station: its length on each side and, if passing trains are slowed too, their limit."""

    km: float
    passing_kmh: float | None


def line_sections(lines: pd.DataFrame, line_stops: pd.DataFrame, date: pd.Timestamp | None) -> tuple[LineSection, ...]:
    """Return the sections of all lines, in the direction of the chainage, that are open on `date` (None: all of them).

    The limit is the lower of the line's speed (`lines.speed_kmh`, on a dated network that of the date) and the
    section's own.
    """
    line_speed = lines.set_index("line_id")["speed_kmh"]
    stops = line_stops[line_stops["line_id"].isin(line_speed.index)].sort_values(["line_id", "sequence"])
    before = stops.groupby("line_id")[["station_id", "chainage_km"]].shift()
    limits = stops["speed_kmh"].fillna(float("inf")).clip(upper=stops["line_id"].map(line_speed))
    is_open = before["station_id"].notna()
    if date is not None:
        is_open &= stops["opening_date"].isna() | (stops["opening_date"] <= date)
    table = pd.DataFrame(
        {
            "line_id": stops["line_id"],
            "from_id": before["station_id"],
            "to_id": stops["station_id"],
            "km": stops["chainage_km"] - before["chainage_km"],
            "limit_kmh": limits,
        }
    )[is_open]
    return tuple(LineSection(*row) for row in table.itertuples(index=False, name=None))


def station_throats(stations: pd.DataFrame) -> dict[str, Throat]:
    """Return the throat of every station by its id."""
    columns = stations[["station_id", "throat_km", "throat_speed_kmh"]].itertuples(index=False, name=None)
    return {
        station: Throat(STOP_THROAT_KM if pd.isna(km) else km, None if pd.isna(speed) else speed)
        for station, km, speed in columns
    }


class LinePaths:
    """Fastest ways over chosen lines; remembers the sections of each set of lines."""

    def __init__(self, sections: Iterable[LineSection]) -> None:
        self._by_line: dict[str, list[LineSection]] = defaultdict(list)
        for section in sections:
            self._by_line[section.line_id].append(section)
        self._leaving: dict[tuple[str, ...], Mapping[str, list[LineSection]]] = {}

    def path(self, lines: tuple[str, ...], from_id: str, to_id: str) -> tuple[LineSection, ...]:
        """Return the fastest way from a station to another over `lines`, in the direction of travel.

        Fastest at the permitted speeds, whatever the train: 110 km at 350 km/h (18.9 min) come before 100 km at 200
        (30 min). Of equally fast ways the line named first is taken. Raises `NoRouteError` if the lines do not connect
        the two.
        """
        leaving = self._sections_leaving(lines)
        arrived: dict[str, LineSection | None] = {}
        queue: list[tuple[float, int, str, LineSection | None]] = [(0.0, 0, from_id, None)]
        pushed = 0  # settles ties in the order of pushing
        while queue:
            minutes, _, station, section = heappop(queue)
            if station in arrived:
                continue
            arrived[station] = section
            if station == to_id:
                return _trace(arrived, to_id)
            for onward in leaving.get(station, ()):
                if onward.to_id not in arrived:
                    pushed += 1
                    arrival = minutes + 60.0 * onward.km / onward.limit_kmh
                    heappush(queue, (arrival, pushed, onward.to_id, onward))
        raise NoRouteError(f"no open way from '{from_id}' to '{to_id}' over the lines {';'.join(lines) or '(none)'}")

    def _sections_leaving(self, lines: tuple[str, ...]) -> Mapping[str, list[LineSection]]:
        if lines not in self._leaving:
            leaving: dict[str, list[LineSection]] = defaultdict(list)
            for section in (section for line in lines for section in self._by_line.get(line, ())):
                leaving[section.from_id].append(section)
                leaving[section.to_id].append(
                    LineSection(section.line_id, section.to_id, section.from_id, section.km, section.limit_kmh)
                )
            self._leaving[lines] = leaving
        return self._leaving[lines]


def limit_sections(
    path: tuple[LineSection, ...],
    throats: Mapping[str, Throat],
    *,
    stop_throat_kmh: float = STOP_THROAT_KMH,
) -> tuple[tuple[str, ...], tuple[Section, ...]]:
    """Return the lines and the speed-limited sections of a run from the first to the last station of `path`.

    The limit at each point is the lowest of the line sections', and

    - at the two stops, `stop_throat_kmh` within `throat_km` of the platform. If the station has a speed for passing
      trains its throat is a long slow approach, and only the last 1.5 km of it are run at the turnouts' speed;
    - at stops and passages alike, the station's `throat_speed_kmh`, where given, within `throat_km`.

    A throat longer than the section beside it reaches into the next one.
    """
    ends = [0.0]
    for section in path:
        ends.append(ends[-1] + section.km)
    zones: list[tuple[float, float, float]] = [
        (start, end, section.limit_kmh) for (start, end), section in zip(pairwise(ends), path, strict=True)
    ]
    stations = [path[0].from_id, *(section.to_id for section in path)]
    for number, (station, position) in enumerate(zip(stations, ends, strict=True)):
        throat = throats.get(station, Throat(STOP_THROAT_KM, None))
        if throat.passing_kmh is not None:
            zones.append((position - throat.km, position + throat.km, throat.passing_kmh))
        if number in {0, len(path)}:
            slow_km = throat.km if throat.passing_kmh is None else min(throat.km, STOP_THROAT_KM)
            zones.append((position - slow_km, position + slow_km, stop_throat_kmh))
    return _cut(ends, zones, path)


def _cut(
    ends: list[float], zones: list[tuple[float, float, float]], path: tuple[LineSection, ...]
) -> tuple[tuple[str, ...], tuple[Section, ...]]:
    """Cut the way where a limit begins or ends; the lowest limit counts. Pieces of one line and limit are joined."""
    marks = sorted({round(min(max(mark, 0.0), ends[-1]), 6) for zone in zones for mark in zone[:2]})
    pieces: list[tuple[str, float, float]] = []  # line, km, limit
    number = 0
    for start, end in pairwise(marks):
        middle = (start + end) / 2.0
        while ends[number + 1] < middle:
            number += 1
        limit = min(speed for zone_start, zone_end, speed in zones if zone_start < middle < zone_end)
        line = path[number].line_id
        if pieces and pieces[-1][0] == line and pieces[-1][2] == limit:
            pieces[-1] = (line, pieces[-1][1] + end - start, limit)
        else:
            pieces.append((line, end - start, limit))
    lines = tuple(line for line, _, _ in pieces)
    return lines, tuple(Section(round(km, 6), limit) for _, km, limit in pieces)


def _trace(arrived: Mapping[str, LineSection | None], to_id: str) -> tuple[LineSection, ...]:
    """Return the sections by which the search arrived at `to_id`, first to last."""
    path: list[LineSection] = []
    section = arrived[to_id]
    while section is not None:
        path.append(section)
        section = arrived[section.from_id]
    return tuple(reversed(path))
