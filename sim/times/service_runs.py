"""Stage 2 of rides: services and hop minutes become runs, a service in one direction, call after call, with a clock.

What follows from the calls and hops of one service is worked out once for all scenarios in which they are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import InputError

__all__ = ["ServiceRuns", "build_runs"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TRAIN_COLUMNS = ("trains_per_day", "first_departure", "last_departure")
BACK_SUFFIX = "~"  # marks the rows of hop_times that run against the order of service_stops


class Calls(NamedTuple):
    """The stops of a service in their order."""

    station_ids: tuple[str, ...] = ()
    dwell_min: tuple[float, ...] = ()

    def back(self) -> "Calls":
        """Return the stops in the order of the run back."""
        return Calls(self.station_ids[::-1], self.dwell_min[::-1])


class Hops(NamedTuple):
    """The runs from call to call of a service in one direction; lines are text separated by `;` or tuples."""

    from_ids: tuple[str, ...] = ()
    to_ids: tuple[str, ...] = ()
    run_min: tuple[float, ...] = ()
    lines: tuple[str | tuple[str, ...], ...] = ()

    def follow(self, calls: Calls) -> bool:
        """Return whether the hops lead from call to call."""
        return self.from_ids == calls.station_ids[:-1] and self.to_ids == calls.station_ids[1:]

    def backwards(self) -> "Hops":
        """Return the hops last to first."""
        return Hops(self.from_ids[::-1], self.to_ids[::-1], self.run_min[::-1], self.lines[::-1])


class Course(NamedTuple):
    """A run without its trains: where it calls, its clock there, and the lines by which it leaves (none at the end)."""

    station_ids: tuple[str, ...]
    arrive_min: tuple[float, ...]
    depart_min: tuple[float, ...]
    lines: tuple[tuple[str, ...], ...]


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
    runs: list[tuple[int, Course]] = []
    names, both = services["service_id"].tolist(), (services["both_directions"] == "yes").tolist()
    for row, (name, trains) in enumerate(zip(names, services["trains_per_day"].tolist(), strict=True)):
        calls, there, back = (
            calls_of.get(name, Calls()),
            *(hops_of.get((name, way), Hops()) for way in ("there", "back")),
        )
        courses, wrong = _courses_of(name, both[row], calls, there, back)
        runs.extend((row, course) for course in courses)
        problems.extend(wrong)
        if not trains > 0:
            problems.append(f"services: service {name!r}: trains_per_day is {trains}; it must be above 0")
    called_at = set(chain.from_iterable(course.station_ids for _, course in runs))
    order = tuple(sorted(called_at)) if station_ids is None else tuple(station_ids)
    problems.extend(f"service_stops: station {name!r} is not among the stations" for name in called_at - set(order))
    if problems:
        raise InputError(sorted(problems))
    return _arrays(services, runs, order)


def _calls_by_service(service_stops: pd.DataFrame) -> Mapping[str, Calls]:
    ids = service_stops["service_id"].to_numpy(dtype=object)
    columns = [service_stops[name] for name in ("station_id", "dwell_min")]
    return {name: Calls(*own) for name, own in _by_key(ids, service_stops["sequence"], columns).items()}


def _hops_by_run(hop_times: pd.DataFrame) -> Mapping[tuple[str, str], Hops]:
    """Return the hops of each service and direction, "there" or "back"."""
    columns = [hop_times[name] for name in ("from_id", "to_id", "run_min", "lines")]
    names = hop_times["service_id"].to_numpy(dtype=object)
    ways = np.where(hop_times["direction"] == "back", "back", "") if "direction" in hop_times else None
    found: dict[tuple[str, str], Hops] = {}
    for way in ("", "back"):
        own = slice(None) if ways is None else ways == way
        by_name = _by_key(names[own], hop_times["sequence"][own], [column[own] for column in columns])
        for name, hops in by_name.items():
            is_back = way == "back" or name.endswith(BACK_SUFFIX)
            found[name.removesuffix(BACK_SUFFIX), "back" if is_back else "there"] = Hops(*hops)
        if ways is None:
            break
    return found


def _by_key(
    keys: NDArray[np.object_], sequence: "pd.Series[int]", columns: Sequence["pd.Series[Any]"]
) -> dict[str, list[tuple[Any, ...]]]:
    """Return the values of columns by key, each key's in the order of their sequence."""
    numbers, names = pd.factorize(keys)
    order = np.lexsort((sequence.to_numpy(), numbers))
    lists = [column.to_numpy()[order].tolist() for column in columns]
    ends = np.cumsum(np.bincount(numbers, minlength=len(names))).tolist()
    slices = [slice(start, end) for start, end in pairwise([0, *ends])]
    return {str(name): [tuple(values[own]) for values in lists] for name, own in zip(names, slices, strict=True)}


@lru_cache(maxsize=20_000)
def _courses_of(
    name: str, both_directions: bool, calls: Calls, there: Hops, back: Hops
) -> tuple[tuple[Course, ...], tuple[str, ...]]:
    """Return the run of a service there and, if it runs both ways, back; or none, and what is wrong."""
    problems = []
    if len(calls.station_ids) < 2:
        problems.append(f"service_stops: service {name!r} has {len(calls.station_ids)} calls; at least 2 are needed")
    problems.extend(
        f"service_stops: service {name!r} at {station!r}: dwell_min is {dwell_min}; it must be 0 or more"
        for station, dwell_min in list(zip(*calls, strict=True))[1:-1]
        if not dwell_min >= 0
    )
    follows = there.follow(calls)
    if not follows:
        problems.append(
            f"hop_times: the hops of service {name!r} do not follow its calls {', '.join(calls.station_ids)}"
        )
    if problems:
        return (), tuple(problems)
    ways = [(calls, there)]
    if both_directions:
        hops_back = _hops_back(back, calls, there)
        if hops_back is None:
            listed = ", ".join(calls.station_ids[::-1])
            problems.append(f"hop_times: the hops back of service {name!r} do not follow {listed}")
        else:
            ways.append((calls.back(), hops_back))
    problems.extend(
        f"hop_times: service {name!r}, {from_id!r} to {to_id!r}: run_min is {run_min}; it must be above 0"
        for _, hops in ways
        for from_id, to_id, run_min, _ in zip(*hops, strict=True)
        if not 0 < run_min < np.inf
    )
    return tuple(_with_clock(*way) for way in ways), tuple(problems)


def _hops_back(back: Hops, calls: Calls, there: Hops) -> Hops | None:
    """Return the hops of the run back in running order; without rows of their own, those of the run there reversed."""
    if not back.from_ids:
        lines = [_line_ids(lines)[::-1] for lines in there.lines[::-1]]
        return Hops(there.to_ids[::-1], there.from_ids[::-1], there.run_min[::-1], tuple(lines))
    # Rows back may be numbered along the run or keep the numbers of the calls of the run there.
    return next((hops for hops in (back, back.backwards()) if hops.follow(calls.back())), None)


def _with_clock(calls: Calls, hops: Hops) -> Course:
    """Return the run of hops from call to call, with a clock that starts at 0."""
    arrive, depart = [0.0], [0.0]
    for run_min, dwell_min in zip(hops.run_min, calls.dwell_min[1:], strict=True):
        arrive.append(depart[-1] + run_min)
        depart.append(arrive[-1] + dwell_min)
    lines = (*(_line_ids(lines) for lines in hops.lines), ())
    return Course(calls.station_ids, tuple(arrive), tuple(depart), lines)


def _line_ids(lines: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, lines.split(";"))) if isinstance(lines, str) else tuple(lines)


def _arrays(services: pd.DataFrame, runs: Sequence[tuple[int, Course]], station_ids: tuple[str, ...]) -> ServiceRuns:
    """Return the runs, each with the row of its service, as arrays."""
    index = {name: number for number, name in enumerate(station_ids)}
    rows = np.array([row for row, _ in runs], dtype=np.int64)
    courses = [course for _, course in runs]
    first_call = np.cumsum([0, *(len(course.station_ids) for course in courses)], dtype=np.int64)
    count = int(first_call[-1])
    names = services["service_id"].tolist()
    trains, first, last = (services[name].to_numpy(dtype=np.float64)[rows] for name in TRAIN_COLUMNS)
    stations = chain.from_iterable(course.station_ids for course in courses)
    return ServiceRuns(
        station_ids=station_ids,
        service_ids=tuple(names[row] for row in rows),
        trains_per_day=trains,
        first_departure_min=first,
        last_departure_min=last,
        first_call=first_call,
        station=np.fromiter((index[name] for name in stations), np.int64, count),
        arrive_min=np.fromiter(chain.from_iterable(course.arrive_min for course in courses), np.float64, count),
        depart_min=np.fromiter(chain.from_iterable(course.depart_min for course in courses), np.float64, count),
        lines=tuple(chain.from_iterable(course.lines for course in courses)),
    )
