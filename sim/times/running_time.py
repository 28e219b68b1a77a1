"""Running times: minutes from stop to stop of every service, from train physics and a supplement per line.

    technical running time   the fastest run that the train, the limits and the throats of the stations allow
    running time             technical running time x (1 + the line's running-time supplement)

The stages are `speed_profile` (physics), `line_paths` (way and limits) and `supplements`; the supplements of lines that
run are fitted in `calibration`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain, groupby, pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.errors import InputError, NoRouteError
from sim.network.network import Network
from sim.network.ordered_rows import order_rows, stations_in_order
from sim.network.remembered import remember
from sim.times.line_paths import (
    STOP_THROAT_KMH,
    Leaving,
    LineSection,
    Throat,
    fastest_path,
    limit_sections,
    line_sections,
    sections_leaving,
    station_throats,
)
from sim.times.speed_profile import (
    Section,
    SpeedProfile,
    TrainClass,
    section_minutes,
    speed_profile,
    technical_minutes,
)
from sim.times.supplements import line_supplements, reference_supplements

__all__ = [
    "HopModel",
    "HopTime",
    "Section",
    "SpeedProfile",
    "TrainClass",
    "hop_times",
    "line_supplements",
    "reference_supplements",
    "service_hops",
    "speed_profile",
    "technical_minutes",
]

HOP_KEYS = ["service_id", "lines", "train_class", "trains_per_day", "both_directions", "sequence", "from_id", "to_id"]


@dataclass(frozen=True)
class HopTime:
    """One run from a stop to the next: the way, its sections with their limits, and the technical minutes by line."""

    km: float
    minutes_by_line: Mapping[str, float]
    sections: tuple[Section, ...]

    @cached_property
    def technical_min(self) -> float:
        """Technical running time, minutes."""
        return sum(self.minutes_by_line.values())

    @cached_property
    def lines(self) -> str:
        """The lines run over, separated by `;`."""
        return ";".join(self.minutes_by_line)

    def run_min(self, supplement_percent: Mapping[str, float]) -> float:
        """Return the running time in minutes: each line's technical minutes lengthened by that line's supplement.

        10 technical minutes on a line with 8 % and 5 on one with 20 % make 10.8 + 6 = 16.8 min.
        """
        return sum(minutes * (1.0 + supplement_percent[line] / 100.0) for line, minutes in self.minutes_by_line.items())


@dataclass(frozen=True, eq=False)
class _Course:
    """A line as trains find it: its sections and the throats of its stations. Equal ones are one object, see `_course`."""

    sections: tuple[LineSection, ...]
    throats: tuple[tuple[str, Throat], ...]

    @cached_property
    def leaving(self) -> Mapping[str, list[LineSection]]:
        """The sections that leave each station."""
        return sections_leaving(self.sections)


@dataclass(frozen=True, eq=False)
class _Way:
    """What the hops of a service depend on besides its calls. Equal ones are one object, see `_way`.

    Attributes
    ----------
    train : what runs.
    courses, lines : over which lines, those that are open and the names of all.
    supplements : of each line, percent.
    """

    train: TrainClass
    courses: tuple[_Course, ...]
    lines: tuple[str, ...]
    supplements: tuple[tuple[str, float], ...]
    stop_throat_kmh: float
    _hops: dict[tuple[str, str], HopTime] = field(default_factory=dict)

    @cached_property
    def _leaving(self) -> Leaving:
        return Leaving(course.leaving for course in self.courses)

    @cached_property
    def _throats(self) -> dict[str, Throat]:
        return {station: throat for course in self.courses for station, throat in course.throats}

    def hop(self, from_id: str, to_id: str) -> HopTime:
        """Return the run from a stop to the next; raises `NoRouteError` as `HopModel.hop_time`."""
        known = self._hops.get((from_id, to_id))
        if known is None:
            path = fastest_path(self._leaving, self.lines, from_id, to_id)
            if not path:
                raise NoRouteError(f"'{from_id}' is followed by itself")
            stations = (from_id, *(section.to_id for section in path))
            throats = tuple((name, self._throats[name]) for name in stations if name in self._throats)
            known = self._hops[from_id, to_id] = _run_over(self.train, path, throats, self.stop_throat_kmh)
        return known


class HopModel:
    """Technical running times between stops over the lines of one network.

    Each distinct hop is computed once, for all networks in which its lines, throats and train are the same: of a
    thousand scenarios that share most of their lines, each costs what is new in it.
    """

    def __init__(self, network: Network, *, stop_throat_kmh: float = STOP_THROAT_KMH) -> None:
        throats = station_throats(network.stations)
        self._courses: dict[str, _Course] = {}
        for line, group in groupby(line_sections(network.lines, network.line_stops, network.date), _line_of):
            sections = tuple(group)
            stations = dict.fromkeys(name for section in sections for name in (section.from_id, section.to_id))
            own = tuple((station, throats[station]) for station in stations if station in throats)
            self._courses[line] = _course(sections, own)
        self._trains = _trains_of(network.train_classes)
        self._stop_throat_kmh = stop_throat_kmh

    def hop_time(self, train_class: str, lines: tuple[str, ...], from_id: str, to_id: str) -> HopTime:
        """Return the run of a train class from a stop to the next stop over `lines`.

        Raises `NoRouteError` if the open sections of the lines do not connect the two, `InputError` if the train class
        is unknown.
        """
        return self.way_over(train_class, lines, {}).hop(from_id, to_id)

    def way_over(self, train_class: str, lines: tuple[str, ...], supplements: Mapping[str, float]) -> _Way:
        """Return what the hops of a service depend on besides its calls; raises `InputError` as `hop_time`."""
        if train_class not in self._trains:
            known = ", ".join(self._trains)
            raise InputError(f"no train class '{train_class}' in train_classes.csv; known: {known}")
        courses = tuple(self._courses[line] for line in lines if line in self._courses)
        own = tuple((line, supplements[line]) for line in lines if line in supplements)
        return _way(self._trains[train_class], courses, lines, own, self._stop_throat_kmh)


class _ServiceTimes(NamedTuple):
    """Of every hop of a service: its length, its minutes without and with supplement, and the lines it runs over."""

    km: tuple[float, ...]
    technical_min: tuple[float, ...]
    run_min: tuple[float, ...]
    lines: tuple[str, ...]


def _line_of(section: LineSection) -> str:
    return section.line_id


@remember(maxsize=8)
def _trains_of(train_classes: pd.DataFrame) -> dict[str, TrainClass]:
    return {name: TrainClass.from_table(train_classes, name) for name in train_classes["train_class"]}


@lru_cache(maxsize=10_000)
def _course(sections: tuple[LineSection, ...], throats: tuple[tuple[str, Throat], ...]) -> _Course:
    """Return the one course of this content, so that courses can be compared and looked up by identity."""
    return _Course(sections, throats)


@lru_cache(maxsize=10_000)
def _way(
    train: TrainClass,
    courses: tuple[_Course, ...],
    lines: tuple[str, ...],
    supplements: tuple[tuple[str, float], ...],
    stop_throat_kmh: float,
) -> _Way:
    """Return the one way of this content, so that ways can be compared and looked up by identity."""
    return _Way(train, courses, lines, supplements, stop_throat_kmh)


@lru_cache(maxsize=50_000)
def _run_over(
    train: TrainClass,
    path: tuple[LineSection, ...],
    throats: tuple[tuple[str, Throat], ...],
    stop_throat_kmh: float,
) -> HopTime:
    """Return the run of a train over a way, with the throats of the stations along it."""
    line_of_section, sections = _limited(path, throats, stop_throat_kmh)
    minutes_by_line: dict[str, float] = {}
    for line, share in zip(line_of_section, section_minutes(train, sections), strict=True):
        minutes_by_line[line] = minutes_by_line.get(line, 0.0) + share
    return HopTime(sum(section.km for section in path), minutes_by_line, sections)


@lru_cache(maxsize=50_000)
def _limited(
    path: tuple[LineSection, ...], throats: tuple[tuple[str, Throat], ...], stop_throat_kmh: float
) -> tuple[tuple[str, ...], tuple[Section, ...]]:
    """Return the lines and limits of a way, which are the same for all trains."""
    return limit_sections(path, dict(throats), stop_throat_kmh=stop_throat_kmh)


@lru_cache(maxsize=20_000)
def _service_times(way: _Way, station_ids: tuple[str, ...]) -> _ServiceTimes:
    """Return the times of a service that calls at these stations: of a thousand scenarios most services are in most."""
    runs = [way.hop(*ends) for ends in pairwise(station_ids)]
    percent = dict(way.supplements)
    return _ServiceTimes(
        tuple(run.km for run in runs),
        tuple(run.technical_min for run in runs),
        tuple(run.run_min(percent) for run in runs),
        tuple(run.lines for run in runs),
    )


def hop_times(network: Network, *, stop_throat_kmh: float = STOP_THROAT_KMH) -> pd.DataFrame:
    """Return the running time of every hop of every service of `network`.

    Parameters
    ----------
    network
        As of a date: its lines, sections and speeds of that day count.
    stop_throat_kmh
        Speed in the throats of the stations where a train stops.

    Returns
    -------
    DataFrame
        One row a hop, in the order of service and sequence: `service_id`, `sequence` of the departing call, `from_id`,
        `to_id`, `km`, `technical_min`, `run_min` (with supplement) and `lines` run over, separated by `;`. A service
        run in both directions stands here once, as its stops are listed.

    Raises
    ------
    InputError
        Naming every hop whose stations its service's open lines do not connect, and every unknown train class.
    """
    model = HopModel(network, stop_throat_kmh=stop_throat_kmh)
    supplements = line_supplements(network).to_dict()
    problems: dict[str, None] = {}
    hops = service_hops(network)
    services = network.services
    runs = dict(zip(services["service_id"], zip(services["train_class"], services["lines"], strict=True), strict=True))
    ways: dict[tuple[str, tuple[str, ...]], _Way] = {}
    found: list[_ServiceTimes] = []
    for service, station_ids in stations_in_order(network.service_stops, "service_id").items():
        run = runs.get(service)
        if run is None:
            continue
        try:
            if run not in ways:
                ways[run] = model.way_over(run[0], run[1], supplements)
            found.append(_service_times(ways[run], station_ids))
        except (InputError, NoRouteError):
            problems |= dict.fromkeys(_failing_hops(model, hops[hops["service_id"] == service]))
    if problems:
        raise InputError(list(problems))
    columns = (chain.from_iterable(column) for column in zip(*found, strict=True))
    added = (
        dict(zip(_ServiceTimes._fields, columns, strict=True)) if found else dict.fromkeys(_ServiceTimes._fields, ())
    )
    minutes = {name: np.fromiter(added[name], np.float64) for name in ("km", "technical_min", "run_min")}
    lines = pd.Series(list(added["lines"]), dtype="object")
    return hops[["service_id", "sequence", "from_id", "to_id"]].assign(**minutes, lines=lines)


def _failing_hops(model: HopModel, hops: pd.DataFrame) -> list[str]:
    """Return a sentence for every hop of a service that cannot be run."""
    problems = []
    for hop in hops.itertuples():
        try:
            model.hop_time(str(hop.train_class), tuple(hop.lines), str(hop.from_id), str(hop.to_id))
        except (InputError, NoRouteError) as error:
            problems.append(f"services.csv '{hop.service_id}', call {hop.sequence}: {error}")
    return problems


def service_hops(network: Network) -> pd.DataFrame:
    """Return one row a hop of every service, in the order of service and sequence.

    Columns: `service_id`, `lines`, `train_class`, `trains_per_day`, `both_directions`, `sequence` of the departing call,
    `from_id` and `to_id`.
    """
    stops, services = network.service_stops, network.services
    ordered = order_rows(stops, "service_id")
    row = pd.Index(services["service_id"]).get_indexer(ordered.names)[ordered.number]
    goes_on = ordered.goes_on & (row[1:] >= 0)
    service, from_row, to_row = row[1:][goes_on], ordered.row[:-1][goes_on], ordered.row[1:][goes_on]
    columns = {
        **{name: services[name].to_numpy()[service] for name in HOP_KEYS[:5]},
        "sequence": stops["sequence"].to_numpy()[from_row],
        "from_id": stops["station_id"].to_numpy()[from_row],
        "to_id": stops["station_id"].to_numpy()[to_row],
    }
    return pd.DataFrame({name: pd.Series(column, dtype=column.dtype, copy=False) for name, column in columns.items()})
