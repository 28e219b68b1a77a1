"""Running times: minutes from stop to stop of every service, from train physics and a supplement per line.

    technical running time   the fastest run that the train, the limits and the throats of the stations allow
    running time             technical running time x (1 + the line's running-time supplement)

The stages are `speed_profile` (physics), `line_paths` (way and limits) and `supplements`; the supplements of lines that
run are fitted in `calibration`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from sim.errors import InputError, NoRouteError
from sim.network.network import Network
from sim.times.line_paths import (
    STOP_THROAT_KMH,
    LinePaths,
    Throat,
    limit_sections,
    line_sections,
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
HOP_COLUMNS = ["service_id", "sequence", "from_id", "to_id", "km", "technical_min", "run_min", "lines"]


@dataclass(frozen=True)
class HopTime:
    """One run from a stop to the next: the way, its sections with their limits, and the technical minutes by line."""

    km: float
    minutes_by_line: Mapping[str, float]
    sections: tuple[Section, ...]

    @property
    def technical_min(self) -> float:
        """Technical running time, minutes."""
        return sum(self.minutes_by_line.values())

    def run_min(self, supplement_percent: Mapping[str, float]) -> float:
        """Return the running time in minutes: each line's technical minutes lengthened by that line's supplement.

        10 technical minutes on a line with 8 % and 5 on one with 20 % make 10.8 + 6 = 16.8 min.
        """
        return sum(minutes * (1.0 + supplement_percent[line] / 100.0) for line, minutes in self.minutes_by_line.items())


class HopModel:
    """Technical running times between stops over the lines of one network; each distinct hop is computed once."""

    def __init__(self, network: Network, *, stop_throat_kmh: float = STOP_THROAT_KMH) -> None:
        self._paths = LinePaths(line_sections(network.lines, network.line_stops, network.date))
        self._throats: Mapping[str, Throat] = station_throats(network.stations)
        names = network.train_classes["train_class"]
        self._trains = {name: TrainClass.from_table(network.train_classes, name) for name in names}
        self._stop_throat_kmh = stop_throat_kmh
        self._known: dict[tuple[str, tuple[str, ...], str, str], HopTime] = {}

    def hop_time(self, train_class: str, lines: tuple[str, ...], from_id: str, to_id: str) -> HopTime:
        """Return the run of a train class from a stop to the next stop over `lines`.

        Raises `NoRouteError` if the open sections of the lines do not connect the two, `InputError` if the train class
        is unknown.
        """
        key = (train_class, lines, from_id, to_id)
        if key not in self._known:
            if train_class not in self._trains:
                known = ", ".join(self._trains)
                raise InputError(f"no train class '{train_class}' in train_classes.csv; known: {known}")
            path = self._paths.path(lines, from_id, to_id)
            if not path:
                raise NoRouteError(f"'{from_id}' is followed by itself")
            line_of_section, sections = limit_sections(path, self._throats, stop_throat_kmh=self._stop_throat_kmh)
            minutes_by_line: dict[str, float] = {}
            minutes = section_minutes(self._trains[train_class], sections)
            for line, share in zip(line_of_section, minutes, strict=True):
                minutes_by_line[line] = minutes_by_line.get(line, 0.0) + share
            self._known[key] = HopTime(sum(section.km for section in path), minutes_by_line, sections)
        return self._known[key]


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
    rows = []
    hops = service_hops(network).drop(columns=["trains_per_day", "both_directions"])
    for service_id, lines, train_class, sequence, from_id, to_id in hops.itertuples(index=False, name=None):
        try:
            hop = model.hop_time(train_class, lines, from_id, to_id)
        except (InputError, NoRouteError) as error:
            problems[f"services.csv '{service_id}', call {sequence}: {error}"] = None
            continue
        run_min, line_ids = hop.run_min(supplements), ";".join(hop.minutes_by_line)
        rows.append((service_id, sequence, from_id, to_id, hop.km, hop.technical_min, run_min, line_ids))
    if problems:
        raise InputError(list(problems))
    return pd.DataFrame(rows, columns=HOP_COLUMNS)


def service_hops(network: Network) -> pd.DataFrame:
    """Return one row a hop of every service, in the order of service and sequence.

    Columns: `service_id`, `lines`, `train_class`, `trains_per_day`, `both_directions`, `sequence` of the departing call,
    `from_id` and `to_id`.
    """
    calls = network.service_stops.sort_values(["service_id", "sequence"], kind="stable")
    calls = calls.assign(to_id=calls.groupby("service_id")["station_id"].shift(-1)).dropna(subset="to_id")
    hops = calls.merge(
        network.services[["service_id", "lines", "train_class", "trains_per_day", "both_directions"]], on="service_id"
    )
    return hops.rename(columns={"station_id": "from_id"})[HOP_KEYS]
