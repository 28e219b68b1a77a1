"""Stage 2 of rides: services and hop minutes become runs, a service in one direction, call after call, with a clock."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import InputError
from sim.network.ordered_rows import order_rows

__all__ = ["ServiceRuns", "build_runs"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Names = NDArray[np.object_]

TRAIN_COLUMNS = ("trains_per_day", "first_departure", "last_departure")


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
    lines: Names

    def lines_between(self, board: int, alight: int) -> tuple[str, ...]:
        """Return the lines that a run uses from one of its calls to another, in order, each once."""
        return tuple(dict.fromkeys(line for lines in self.lines[board:alight] for line in lines))


@dataclass(frozen=True)
class _Calls:
    """The calls of services in the order of their table; those of service k are `first[k]:first[k + 1]`.

    Attributes
    ----------
    station, dwell_min : of each call.
    run_min, lines : of the hop that leaves each call; what stands at a service's last call means nothing.
    """

    first: IntArray
    station: Names
    dwell_min: FloatArray
    run_min: FloatArray
    lines: Names


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
    hop_times: service_id, sequence of the departing call, from_id, to_id, run_min, lines (separated by `;`), as the
        stops are listed; a service that runs both ways takes the same minutes back.
    station_ids: order of the stations; by default all that are called at, sorted.

    Raises
    ------
    InputError: with every call that has no hop, hop that does not fit the calls, minutes or trains not above 0.
    """
    calls = _join_calls(services, service_stops, hop_times)
    names = tuple(sorted(set(calls.station.tolist()))) if station_ids is None else tuple(station_ids)
    station = pd.Index(names, dtype=object).get_indexer(calls.station)
    if (station < 0).any():
        strangers = sorted(set(calls.station[station < 0].tolist()))
        raise InputError([f"service_stops: station {name!r} is not among the stations" for name in strangers])
    both = (services["both_directions"] == "yes").to_numpy()
    row = np.repeat(np.arange(len(services)), 1 + both)
    is_back = np.append(False, row[1:] == row[:-1])[: len(row)]
    counts = np.diff(calls.first)[row]
    first_call = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    step = np.arange(first_call[-1]) - np.repeat(first_call[:-1], counts)
    back = np.repeat(is_back, counts)
    ends = np.repeat(calls.first[row], counts), np.repeat(calls.first[row + 1] - 1, counts)
    call = np.where(back, ends[1] - step, ends[0] + step)
    hop = call - back  # back it is the hop that leads there
    arrive, depart = _clock(first_call, calls.run_min[hop], calls.dwell_min[call])
    trains, first, last = (services[name].to_numpy(dtype=np.float64)[row] for name in TRAIN_COLUMNS)
    return ServiceRuns(
        station_ids=names,
        service_ids=tuple(services["service_id"].to_numpy(dtype=object)[row].tolist()),
        trains_per_day=trains,
        first_departure_min=first,
        last_departure_min=last,
        first_call=first_call,
        station=station[call].astype(np.int64),
        arrive_min=arrive,
        depart_min=depart,
        lines=_lines_of(calls.lines[hop], back, first_call[1:] - 1),
    )


def _join_calls(services: pd.DataFrame, service_stops: pd.DataFrame, hop_times: pd.DataFrame) -> _Calls:
    """Return the calls of the services with their hops; raises `InputError` as `build_runs`."""
    call_of, n_calls, first = _rows_of(services, service_stops)
    hop_of, n_hops, _ = _rows_of(services, hop_times)
    station, dwell_min = (service_stops[name].to_numpy()[call_of] for name in ("station_id", "dwell_min"))
    from_id, to_id, run_min, lines = (
        hop_times[name].to_numpy()[hop_of] for name in ("from_id", "to_id", "run_min", "lines")
    )
    goes_on = np.ones(len(station), dtype=np.bool_)
    goes_on[first[1:][n_calls > 0] - 1] = False
    between = goes_on.copy()
    between[first[:-1][n_calls > 0]] = False
    sound = (
        (n_calls >= 2).all()
        and (n_hops == n_calls - 1).all()
        and (station[goes_on] == from_id).all()
        and (station[1:][goes_on[:-1]] == to_id).all()
        and (dwell_min[between] >= 0).all()
        and ((run_min > 0) & (run_min < np.inf)).all()
        and (services["trains_per_day"] > 0).all()
    )
    if not sound:
        raise InputError(sorted(_problems(services, service_stops, hop_times)))
    run_after, lines_after = np.full(len(station), np.nan), np.full(len(station), "", dtype=object)
    run_after[goes_on], lines_after[goes_on] = run_min, lines
    return _Calls(first, station.astype(object), dwell_min.astype(np.float64), run_after, lines_after)


def _rows_of(services: pd.DataFrame, table: pd.DataFrame) -> tuple[IntArray, IntArray, IntArray]:
    """Return the rows that belong to services, in the order of these; how many of each there are, and where they begin."""
    ordered = order_rows(table, "service_id")
    number = pd.Index(ordered.names, dtype=object).get_indexer(services["service_id"])
    counts = np.where(number >= 0, np.diff(ordered.first, append=0)[number], 0)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    shift = np.repeat(ordered.first[number] - first[:-1], counts)
    return ordered.row[np.arange(first[-1]) + shift], counts, first


def _clock(first_call: IntArray, run_min: FloatArray, dwell_min: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return when each call is reached and left, a run leaving its first call at 0.

    ``run_min``, ``dwell_min`` : of the hop that leaves each call, and of the call.
    """
    arrive, depart = np.zeros((2, len(run_min)))
    counts = np.diff(first_call)
    for step in range(1, counts.max(initial=0)):
        at = first_call[:-1][counts > step] + step
        arrive[at] = depart[at - 1] + run_min[at - 1]
        depart[at] = arrive[at] + dwell_min[at]
    return arrive, depart


def _lines_of(lines: Names, back: NDArray[np.bool_], last_calls: IntArray) -> Names:
    """Return the lines by which each call is left: those of its hop, back in the opposite order, none at the last."""
    number, texts = pd.factorize(lines)
    there = [tuple(filter(None, text.split(";"))) for text in texts]
    ways = [(), *there, *(way[::-1] for way in there)]
    taken = 1 + number + np.where(back, len(there), 0)
    taken[last_calls] = 0
    of_calls: Names = np.fromiter(ways, dtype=object, count=len(ways))[taken]
    return of_calls


def _problems(services: pd.DataFrame, service_stops: pd.DataFrame, hop_times: pd.DataFrame) -> list[str]:
    """Return a sentence for everything that is wrong with the calls and hops of services."""
    problems = [
        f"services: service {name!r}: trains_per_day is {trains}; it must be above 0"
        for name, trains in zip(services["service_id"], services["trains_per_day"], strict=True)
        if not trains > 0
    ]
    calls_of, hops_of = (
        dict(list(table.sort_values("sequence").groupby("service_id"))) for table in (service_stops, hop_times)
    )
    for name in services["service_id"]:
        calls, hops = calls_of.get(name, service_stops[:0]), hops_of.get(name, hop_times[:0])
        stations = calls["station_id"].tolist()
        found = [
            f"service_stops: service {name!r} at {station!r}: dwell_min is {dwell_min}; it must be 0 or more"
            for station, dwell_min in list(zip(stations, calls["dwell_min"], strict=True))[1:-1]
            if not dwell_min >= 0
        ]
        if len(stations) < 2:
            found.append(f"service_stops: service {name!r} has {len(stations)} calls; at least 2 are needed")
        if hops["from_id"].tolist() != stations[:-1] or hops["to_id"].tolist() != stations[1:]:
            found.append(f"hop_times: the hops of service {name!r} do not follow its calls {', '.join(stations)}")
        problems += found or [
            f"hop_times: service {name!r}, {from_id!r} to {to_id!r}: run_min is {run_min}; it must be above 0"
            for from_id, to_id, run_min in zip(hops["from_id"], hops["to_id"], hops["run_min"], strict=True)
            if not 0 < run_min < np.inf
        ]
    return problems
