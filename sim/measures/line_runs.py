"""Stage 4o: one train over one way: minutes from stop to stop, when it passes each station, and its speed all along."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import InputError, did_you_mean
from sim.network.network import Network
from sim.times.line_paths import LinePaths, LineSection, line_sections
from sim.times.running_time import HopModel, line_supplements
from sim.times.speed_profile import TrainClass, speed_profile

__all__ = ["LineRun", "run_line"]


@dataclass(frozen=True)
class LineRun:
    """A train's run over lines with given stops.

    Attributes
    ----------
    train_class: of `train_classes.csv`.
    lines: in the order in which they are run over.
    hops: one row from stop to stop: from_id, from_name, to_id, to_name, lines, km, technical_min, supplement_percent,
        run_min, mean_speed_kmh (of run_min), dwell_min at to_id.
    passings: one row a station on the way: station_id, name, name_en, km from the start, technical_min (standing at
        stops left out), calls (yes or no).
    km, speed_kmh, limit_kmh: the technical run, point by point; 0 km/h at stops. The limit is that of the track.
    """

    train_class: str
    lines: tuple[str, ...]
    hops: pd.DataFrame
    passings: pd.DataFrame
    km: NDArray[np.float64]
    speed_kmh: NDArray[np.float64]
    limit_kmh: NDArray[np.float64]

    @property
    def technical_min(self) -> float:
        """Technical running time without dwells, minutes."""
        return float(self.hops["technical_min"].sum())

    @property
    def total_min(self) -> float:
        """Running time with supplement and dwells at the stops in between, minutes."""
        return float(self.hops["run_min"].sum() + self.hops["dwell_min"].iloc[:-1].sum())


def run_line(
    network: Network, lines: Sequence[str], train_class: str, stops: Sequence[str] = (), *, dwell_min: float = 2.0
) -> LineRun:
    """Return the run of a train over lines.

    Parameters
    ----------
    network: as of a date or scenario.
    lines: line ids; the train takes the fastest way over them.
    stops: station ids in the order of travel; by default all stations of the first line, in the order of its chainage.
    dwell_min: standing time at each stop in between.

    Raises
    ------
    InputError: a line, station or train class is unknown, or fewer than two stops. NoRouteError: the lines do not
    connect two of the stops.
    """
    called = list(stops) or _stations_of(network, lines)
    _check_names(network, lines, train_class, called, dwell_min)
    model = HopModel(network)
    paths = LinePaths(line_sections(network.lines, network.line_stops, network.date))
    supplements = line_supplements(network).to_dict()
    train = TrainClass.from_table(network.train_classes, train_class)
    table, passings, profiles, used = [], [(called[0], 0.0, 0.0, "yes")], [], dict[str, None]()
    km_before = minutes_before = 0.0
    for from_id, to_id in pairwise(called):
        hop = model.hop_time(train_class, tuple(lines), from_id, to_id)
        way = paths.path(tuple(lines), from_id, to_id)
        profile = speed_profile(train, hop.sections)
        limits = np.repeat([piece.limit_kmh for piece in hop.sections], np.diff(profile.section_ends, prepend=0))
        km = km_before + profile.distance_m / 1000.0
        profiles.append((km, profile.speed_kmh, np.concatenate([limits[:1], limits])))
        for station, station_km in _ends(way):
            seconds = float(np.interp(1000.0 * station_km, profile.distance_m, profile.time_s))
            calls = "yes" if station == to_id else "no"
            passings.append((station, km_before + station_km, minutes_before + seconds / 60.0, calls))
        run_min = hop.run_min(supplements)
        table.append((from_id, to_id, ";".join(hop.minutes_by_line), hop.km, hop.technical_min, run_min))
        used |= dict.fromkeys(hop.minutes_by_line)
        km_before += hop.km
        minutes_before += hop.technical_min
    points = [np.concatenate(column) for column in zip(*profiles, strict=True)]
    return LineRun(train_class, tuple(used), _hops(network, table, dwell_min), _passings(network, passings), *points)


def _stations_of(network: Network, lines: Sequence[str]) -> list[str]:
    stops = network.line_stops[network.line_stops["line_id"] == (lines[0] if lines else "")]
    return [str(station) for station in stops.sort_values("sequence")["station_id"]]


def _check_names(
    network: Network, lines: Sequence[str], train_class: str, stops: Sequence[str], dwell_min: float
) -> None:
    problems = []
    for kind, names, known in (
        ("line", lines, network.lines["line_id"]),
        ("station", stops, network.stations["station_id"]),
        ("train class", [train_class], network.train_classes["train_class"]),
    ):
        there = set(known)
        problems += [f"no {kind} '{name}'{did_you_mean(name, there)}" for name in names if name not in there]
    if len(stops) < 2 and not problems:
        problems.append("a run needs at least two stops")
    if not dwell_min >= 0:
        problems.append(f"dwell is {dwell_min:g} min; it must be 0 or more")
    if problems:
        raise InputError(problems)


def _ends(way: Sequence[LineSection]) -> list[tuple[str, float]]:
    """Return the stations at the ends of the sections of a way and their kilometres from its start."""
    km = np.cumsum([section.km for section in way])
    return [(section.to_id, float(end)) for section, end in zip(way, km, strict=True)]


def _hops(network: Network, rows: list[tuple[str, str, str, float, float, float]], dwell_min: float) -> pd.DataFrame:
    names = network.stations.set_index("station_id")["name"]
    hops = pd.DataFrame(rows, columns=["from_id", "to_id", "lines", "km", "technical_min", "run_min"])
    hops["supplement_percent"] = 100.0 * (hops["run_min"] / hops["technical_min"] - 1.0)
    hops["mean_speed_kmh"] = 60.0 * hops["km"] / hops["run_min"]
    hops["dwell_min"] = [dwell_min] * (len(hops) - 1) + [0.0]
    hops["from_name"], hops["to_name"] = hops["from_id"].map(names), hops["to_id"].map(names)
    order = ["from_id", "from_name", "to_id", "to_name", "lines", "km", "technical_min", "supplement_percent"]
    return hops[[*order, "run_min", "mean_speed_kmh", "dwell_min"]]


def _passings(network: Network, rows: list[tuple[str, float, float, str]]) -> pd.DataFrame:
    passings = pd.DataFrame(rows, columns=["station_id", "km", "technical_min", "calls"])
    names = network.stations.set_index("station_id")[["name", "name_en"]]
    return passings.join(names, on="station_id")[["station_id", "name", "name_en", "km", "technical_min", "calls"]]
