"""Stage 2 of running times: which sections of which lines a service runs over between two calls, and their limits.

Every stretch of line between two neighbouring stations is a section; a service takes the fastest way over the sections
of the lines it lists, at the speeds permitted there. Around the stations on the way the limits are lower: see
`limit_sections`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from itertools import pairwise
from math import inf, isnan
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.errors import NoRouteError
from sim.network.ordered_rows import order_rows
from sim.times.speed_profile import Section

__all__ = [
    "STOP_THROAT_KM",
    "STOP_THROAT_KMH",
    "Leaving",
    "LinePaths",
    "LineSection",
    "Throat",
    "fastest_path",
    "limit_sections",
    "line_sections",
    "sections_leaving",
    "station_throats",
]

STOP_THROAT_KMH = (
    80.0  # km/h, the diverging track of the 1:18 turnouts of Chinese high-speed stations (design code TB 10621)
)
STOP_THROAT_KM = 1.5  # km from the middle of the platform to the outermost turnout, of an ordinary station


class LineSection(NamedTuple):
    """A stretch of one line between neighbouring stations, in the direction of travel."""

    line_id: str
    from_id: str
    to_id: str
    km: float
    limit_kmh: float


class Throat(NamedTuple):
    """The slow approach of a station: its length on each side and, if passing trains are slowed too, their limit."""

    km: float
    passing_kmh: float | None


def line_sections(lines: pd.DataFrame, line_stops: pd.DataFrame, date: pd.Timestamp | None) -> tuple[LineSection, ...]:
    """Return the sections of all lines, in the direction of the chainage, that are open on `date` (None: all of them).

    The limit is the lower of the line's speed (`lines.speed_kmh`, on a dated network that of the date) and the
    section's own.
    """
    ordered = order_rows(line_stops, "line_id")
    line_speed = dict(zip(lines["line_id"], lines["speed_kmh"], strict=True))
    speeds = np.array([line_speed.get(line, np.nan) for line in ordered.names.tolist()])
    listed = np.array([line in line_speed for line in ordered.names.tolist()], dtype=np.bool_)
    from_row, to_row = (ordered.row[part][ordered.goes_on] for part in (slice(None, -1), slice(1, None)))
    line = ordered.number[1:][ordered.goes_on]
    is_open = listed[line]
    if date is not None:
        opening = line_stops["opening_date"]
        is_open = is_open & (opening.isna() | (opening <= date)).to_numpy()[to_row]
    from_row, to_row, line = from_row[is_open], to_row[is_open], line[is_open]
    station, km = line_stops["station_id"].to_numpy(dtype=object), line_stops["chainage_km"].to_numpy()
    limit = np.fmin(line_stops["speed_kmh"].fillna(np.inf).to_numpy()[to_row], speeds[line])
    columns = (ordered.names[line], station[from_row], station[to_row], km[to_row] - km[from_row], limit)
    return tuple(map(LineSection, *(column.tolist() for column in columns)))


def station_throats(stations: pd.DataFrame) -> dict[str, Throat]:
    """Return the throat of every station by its id."""
    lengths_km = stations["throat_km"].fillna(STOP_THROAT_KM)
    passing = [None if isnan(speed) else speed for speed in stations["throat_speed_kmh"].tolist()]
    return dict(zip(stations["station_id"], map(Throat, lengths_km.tolist(), passing), strict=True))


class Leaving(dict[str, list[LineSection]]):
    """The sections that leave each station in either direction, of lines in their order; joined when first asked for."""

    def __init__(self, by_line: Iterable[Mapping[str, list[LineSection]]]) -> None:
        super().__init__()
        self._by_line = tuple(by_line)

    def __missing__(self, station: str) -> list[LineSection]:
        found = self[station] = [section for line in self._by_line for section in line.get(station, ())]
        return found


def sections_leaving(sections: Iterable[LineSection]) -> dict[str, list[LineSection]]:
    """Return the sections of a line that leave each of its stations, in either direction."""
    leaving: dict[str, list[LineSection]] = defaultdict(list)
    for section in sections:
        leaving[section.from_id].append(section)
        leaving[section.to_id].append(
            LineSection(section.line_id, section.to_id, section.from_id, section.km, section.limit_kmh)
        )
    return dict(leaving)


class LinePaths:
    """Fastest ways over chosen lines; remembers the sections of each set of lines."""

    def __init__(self, sections: Iterable[LineSection]) -> None:
        by_line: dict[str, list[LineSection]] = defaultdict(list)
        for section in sections:
            by_line[section.line_id].append(section)
        self._by_line = {line: sections_leaving(own) for line, own in by_line.items()}
        self._leaving: dict[tuple[str, ...], Leaving] = {}

    def path(self, lines: tuple[str, ...], from_id: str, to_id: str) -> tuple[LineSection, ...]:
        """Return the fastest way from a station to another over `lines`, see `fastest_path`."""
        if lines not in self._leaving:
            self._leaving[lines] = Leaving(self._by_line[line] for line in lines if line in self._by_line)
        return fastest_path(self._leaving[lines], lines, from_id, to_id)


def fastest_path(leaving: Leaving, lines: tuple[str, ...], from_id: str, to_id: str) -> tuple[LineSection, ...]:
    """Return the fastest way from a station to another over `lines`, in the direction of travel.

    Fastest at the permitted speeds, whatever the train: 110 km at 350 km/h (18.9 min) come before 100 km at 200
    (30 min). Of equally fast ways the line named first is taken. Raises `NoRouteError` if the lines do not connect
    the two.
    """
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
        for onward in leaving[station]:
            if onward.to_id not in arrived:
                pushed += 1
                arrival = minutes + 60.0 * onward.km / onward.limit_kmh
                heappush(queue, (arrival, pushed, onward.to_id, onward))
    raise NoRouteError(f"no open way from '{from_id}' to '{to_id}' over the lines {';'.join(lines) or '(none)'}")


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
    within = [(*(round(min(max(mark, 0.0), ends[-1]), 6) for mark in zone[:2]), zone[2]) for zone in zones]
    marks = sorted({mark for zone in within for mark in zone[:2]})
    place = {mark: number for number, mark in enumerate(marks)}
    limits = [inf] * (len(marks) - 1)
    for zone_start, zone_end, speed in within:
        for number in range(place[zone_start], place[zone_end]):
            limits[number] = min(limits[number], speed)
    pieces: list[tuple[str, float, float]] = []  # line, km, limit
    number = 0
    for (start, end), limit in zip(pairwise(marks), limits, strict=True):
        while ends[number + 1] < (start + end) / 2.0:
            number += 1
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
