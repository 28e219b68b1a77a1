"""Stage 2 of rides: services and hop minutes become runs, a service in one direction, call after call, with a clock."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import InputError

__all__ = ["ServiceRuns", "build_runs"]

Key = TypeVar("Key")
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BACK_SUFFIX = "~"  # marks the rows of hop_times that run against the order of service_stops


class Hop(NamedTuple):
    """A run from one call to the next."""

    from_id: str
    to_id: str
    run_min: float
    lines: tuple[str, ...]


class Call(NamedTuple):
    """A stop of a service."""

    station_id: str
    dwell_min: float


@dataclass(frozen=True)
class ServiceRuns:
    """Every service once for each direction it runs in.

    Calls of run r are `first_call[r]:first_call[r + 1]`. Clocks start at 0 when the run leaves its first call.

    Attributes
    ----------
    station_ids: names of the station indices.
    service_ids, trains_per_day, first_departure_min, last_departure_min: per run; departures in minutes after midnight
        at the run's own first call, nan where not known.
    station, arrive_min, depart_min: per call.
    lines: per call, the lines of the hop that leaves it, () at the last call.
    """

    station_ids: tuple[str, ...]
    service_ids: tuple[str, ...]
    trains_per_day: FloatArray
    first_departure_min: FloatArray
    last_departure_min: FloatArray
    first_call: IntArray
    station: IntArray
    arrive_min: FloatArray
    depart_min: FloatArray
    lines: tuple[tuple[str, ...], ...]

    def lines_between(self, board: int, alight: int) -> tuple[str, ...]:
        """Return the lines that a run uses from one of its calls to another, in order, each once."""
        return tuple(dict.fromkeys(line for lines in self.lines[board:alight] for line in lines))


def build_runs(
    services: pd.DataFrame,
    service_stops: pd.DataFrame,
    hop_times: pd.DataFrame,
    station_ids: Sequence[str] | None = None,
) -> ServiceRuns:
    """Return the runs of all services, in the order of `services`, the run back right after the run there.

    Parameters
    ----------
    services: service_id, trains_per_day, both_directions, first_departure, last_departure (minutes after midnight or
        nan). The hours also hold for the run back, at its own first call.
    service_stops: service_id, sequence, station_id, dwell_min.
    hop_times: service_id, sequence of the departing call, from_id, to_id, run_min, lines (text separated by `;` or a
        tuple) and, if it has the run back, direction `there` or `back` (or service ids ending in `~`). A service that
        runs both ways and has no rows back takes the same minutes reversed.
    station_ids: order of the stations; by default all that are called at, sorted.

    Raises
    ------
    InputError: with every call that has no hop, hop that does not fit the calls, minutes or trains not above 0.
    """
    problems: list[str] = []
    calls_of = _calls_by_service(service_stops)
    hops_of = _hops_by_run(hop_times)
    runs: list[_Run] = []
    for row in services.itertuples(index=False):
        runs.extend(_runs_of_service(row, calls_of.get(row.service_id, []), hops_of, problems))
    called_at = {call.station_id for run in runs for call in run.calls}
    order = tuple(sorted(called_at)) if station_ids is None else tuple(station_ids)
    problems.extend(f"service_stops: station {name!r} is not among the stations" for name in called_at - set(order))
    if problems:
        raise InputError(sorted(problems))
    return _arrays(runs, order)


class _Run(NamedTuple):
    service_id: str
    trains_per_day: float
    first_departure_min: float
    last_departure_min: float
    calls: list[Call]
    hops: list[Hop]


def _calls_by_service(service_stops: pd.DataFrame) -> Mapping[str, list[Call]]:
    columns = (service_stops[name].tolist() for name in ("service_id", "sequence", "station_id", "dwell_min"))
    ordered = sorted(zip(*columns, strict=True), key=itemgetter(0, 1))
    calls = [Call(station_id, dwell_min) for _, _, station_id, dwell_min in ordered]
    return {name: calls[own] for name, own in _slices([row[0] for row in ordered])}


def _hops_by_run(hop_times: pd.DataFrame) -> Mapping[tuple[str, str], list[Hop]]:
    names = hop_times["service_id"].astype(str).tolist()
    is_back = [name.endswith(BACK_SUFFIX) for name in names]
    if "direction" in hop_times:
        is_back = [back or way == "back" for back, way in zip(is_back, hop_times["direction"], strict=True)]
    runs = [
        (name.removesuffix(BACK_SUFFIX), "back" if back else "there") for name, back in zip(names, is_back, strict=True)
    ]
    columns = (hop_times[name].tolist() for name in ("sequence", "from_id", "to_id", "run_min", "lines"))
    ordered = sorted(zip(runs, *columns, strict=True), key=itemgetter(0, 1))
    line_ids = {lines: _line_ids(lines) for lines in {row[-1] for row in ordered}}
    hops = [Hop(from_id, to_id, run_min, line_ids[lines]) for _, _, from_id, to_id, run_min, lines in ordered]
    return {run: hops[own] for run, own in _slices([row[0] for row in ordered])}


def _line_ids(lines: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, lines.split(";"))) if isinstance(lines, str) else tuple(lines)


def _slices(keys: Sequence[Key]) -> Iterator[tuple[Key, slice]]:
    """Yield each key with the stretch of the sequence it stands in; equal keys stand side by side."""
    start = 0
    for end in range(1, len(keys) + 1):
        if end == len(keys) or keys[end] != keys[start]:
            yield keys[start], slice(start, end)
            start = end


def _runs_of_service(
    service: NamedTuple, calls: list[Call], hops_of: Mapping[tuple[str, str], list[Hop]], problems: list[str]
) -> list[_Run]:
    """Return the run there and, if the service runs both ways, the run back; add what is wrong to `problems`."""
    row = service._asdict()
    name = row["service_id"]
    found = len(problems)
    if len(calls) < 2:
        problems.append(f"service_stops: service {name!r} has {len(calls)} calls; at least 2 are needed")
    if not row["trains_per_day"] > 0:
        problems.append(f"services: service {name!r}: trains_per_day is {row['trains_per_day']}; it must be above 0")
    problems.extend(
        f"service_stops: service {name!r} at {call.station_id!r}: dwell_min is {call.dwell_min}; it must be 0 or more"
        for call in calls[1:-1]
        if not call.dwell_min >= 0
    )
    there = _fitting(hops_of.get((name, "there"), []), calls)
    if there is None:
        problems.append(f"hop_times: the hops of service {name!r} do not follow its calls {_listed(calls)}")
    if len(problems) > found or there is None:
        return []
    numbers = (row["trains_per_day"], row["first_departure"], row["last_departure"])
    runs = [_Run(name, *numbers, calls, there)]
    if row["both_directions"] == "yes":
        back = _hops_back(hops_of.get((name, "back"), []), calls, there)
        if back is None:
            problems.append(f"hop_times: the hops back of service {name!r} do not follow {_listed(calls[::-1])}")
        else:
            runs.append(_Run(name, *numbers, calls[::-1], back))
    problems.extend(
        f"hop_times: service {name!r}, {hop.from_id!r} to {hop.to_id!r}: run_min is {hop.run_min}; it must be above 0"
        for run in runs
        for hop in run.hops
        if not 0 < hop.run_min < np.inf
    )
    return runs


def _hops_back(back: list[Hop], calls: list[Call], there: list[Hop]) -> list[Hop] | None:
    """Return the hops of the run back in running order; without rows of their own, those of the run there reversed."""
    if not back:
        return [Hop(hop.to_id, hop.from_id, hop.run_min, hop.lines[::-1]) for hop in reversed(there)]
    # Rows back may be numbered along the run or keep the numbers of the calls of the run there.
    along = _fitting(back, calls[::-1])
    return _fitting(back[::-1], calls[::-1]) if along is None else along


def _fitting(hops: list[Hop], calls: list[Call]) -> list[Hop] | None:
    """Return the hops if they lead from call to call, else None."""
    wanted = [(a.station_id, b.station_id) for a, b in pairwise(calls)]
    return hops if [(hop.from_id, hop.to_id) for hop in hops] == wanted else None


def _listed(calls: list[Call]) -> str:
    return ", ".join(call.station_id for call in calls)


def _arrays(runs: list[_Run], station_ids: tuple[str, ...]) -> ServiceRuns:
    index = {name: number for number, name in enumerate(station_ids)}
    arrive: list[float] = []
    depart: list[float] = []
    for run in runs:
        clock = 0.0
        arrive.append(clock)
        depart.append(clock)
        for hop, call in zip(run.hops, run.calls[1:], strict=True):
            arrive.append(depart[-1] + hop.run_min)
            depart.append(arrive[-1] + call.dwell_min)
    return ServiceRuns(
        station_ids=station_ids,
        service_ids=tuple(run.service_id for run in runs),
        trains_per_day=np.array([run.trains_per_day for run in runs], dtype=np.float64),
        first_departure_min=np.array([run.first_departure_min for run in runs], dtype=np.float64),
        last_departure_min=np.array([run.last_departure_min for run in runs], dtype=np.float64),
        first_call=np.cumsum([0, *(len(run.calls) for run in runs)], dtype=np.int64),
        station=np.array([index[call.station_id] for run in runs for call in run.calls], dtype=np.int64),
        arrive_min=np.array(arrive, dtype=np.float64),
        depart_min=np.array(depart, dtype=np.float64),
        lines=tuple(lines for run in runs for lines in (*(hop.lines for hop in run.hops), ())),
    )
