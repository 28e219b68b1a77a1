"""Stage 7: `sim switching`: what would have to be true, alone, for a missed target to be just met."""

import argparse
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sim.commands.comparison_tables import write_comparison_tables
from sim.commands.study import open_study
from sim.commands.values import read_values
from sim.errors import InputError
from sim.measures.evidence import seats_of_ends, stations_of_ends
from sim.measures.levers import (
    Ride,
    count_stops,
    find_station_rides,
    least_speed_kmh,
    least_trains,
    limit_stops,
    raise_frequency,
    raise_speed,
    rides_of,
)
from sim.measures.switching import Lever, solve_switch
from sim.model import ScenarioModel, build_model, solve_scenario_rides
from sim.network.network import Network
from sim.scenario.assumptions import plausible_range
from sim.scenario.scenario import Scenario
from sim.study import Study
from sim.times.quicker_access import QuickerAccess
from sim.times.running_time import hop_times

__all__ = ["SWITCHING_COLUMNS", "find_switching_values", "print_switching_values"]

SWITCHING_COLUMNS = (
    "scenario",
    "target",
    "reading",
    "value_min",
    "limit_min",
    "lever",
    "unit",
    "value_now",
    "bound",
    "switching_value",
    "met_by_this_alone",
    "best_value_min",
    "verified_value_min",
    "one_step_before_min",
    "n_runs",
    "note",
)

MOST_SPEED_KMH = (
    400.0  # what CR450 trains are built for, shown in December 2024; no line permits it (general knowledge)
)
LEAST_HEADWAY_MIN = (
    3.0  # headway that the signalling of Chinese high-speed lines (CTCS-3) is designed for (general knowledge)
)
LEAST_ACCESS_SHARE = 0.25  # an assumption: a quarter of today's, as if a station stood in every district
ACCESS_WITHIN_MIN = 60.0  # an assumption: only ways of up to an hour are shortened
NO_EFFECT_MIN = 1e-6

Move = Callable[[float], ScenarioModel]
"""Returns the model of the scenario with a lever at a value."""


@dataclass(frozen=True)
class _Missed:
    """One target that a scenario misses in one reading: the rides that its slow journeys rest on."""

    model: ScenarioModel
    target_id: str
    reading: str
    value_min: float
    limit_min: float
    ends: tuple[tuple[str, str], ...]

    def minutes_of(self, model: ScenarioModel) -> float:
        """Return the minutes of this target and reading in another model, inf where there is no way."""
        verdicts, _ = model.judge([self.target_id], [self.reading])
        value = float(verdicts["value_min"].iloc[0])
        return value if np.isfinite(value) else np.inf

    @cached_property
    def rides(self) -> list[Ride]:
        """The rides of the journeys to the destinations that are too far, each once."""
        model, found = self.model, dict[tuple[str, str, tuple[str, ...]], Ride]()
        stations_of = stations_of_ends(model.travel, model.network, model.region)
        seats = seats_of_ends(model.travel, model.region, list(dict.fromkeys(chain.from_iterable(self.ends))))
        for start, end in self.ends:
            if self.reading.startswith("station_"):
                rides = find_station_rides(model.travel.rides, stations_of, start, end, self.reading)
            else:
                rides = _rides_between_seats(model, seats[start], seats[end])
            found |= {(ride.from_id, ride.to_id, ride.services): ride for ride in rides}
        return list(found.values())


def _rides_between_seats(model: ScenarioModel, start: int, end: int) -> list[Ride]:
    """Return the rides of the fastest journey by rail from one node of the road graph to another, [] where there is none."""
    travel = model.travel
    total = travel.access_min([start])[0][:, None] + travel.rail_min + travel.egress_min([end])[:, 0][None, :]
    board, alight = np.unravel_index(int(total.argmin()), total.shape)
    if not np.isfinite(total[board, alight]):
        return []
    ids = travel.rides.station_ids
    return rides_of(travel.rides.legs(ids[board], ids[alight]))


def find_switching_values(
    study: Study,
    scenario: "str | Scenario",
    *,
    target_ids: Collection[str] | None = None,
    readings: Collection[str] | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Return for each target and reading that a scenario misses where each lever would just meet it.

    Returns
    -------
    DataFrame with `SWITCHING_COLUMNS`. switching_value is empty where no value up to the bound does: "not by this alone";
    best_value_min is then what the bound gives. verified_value_min is the run at the switching value, which meets the
    limit, and one_step_before_min the run one step before it, which does not. Levers act on the journeys to every
    destination that is missed:

    line_speed, km/h : the lines of their rides permit at least this, and their trains can run it.
    stops : most intermediate stops of their trains on the ride.
    frequency, trains/day : of each of their rides, at least.
    station_time, min : kerb to train (`station_time_min`), down to its least plausible value, for all journeys.
    access_time, share : of today's minutes to and from stations, where these take up to an hour, for all journeys.

    Raises
    ------
    InputError: an unknown scenario, target or reading.
    """
    model = study.model(scenario)
    verdicts, cities = model.judge(target_ids, readings)
    rows = []
    for verdict in verdicts[~verdicts["met"]].itertuples():
        own = cities[(cities["target"] == verdict.target) & (cities["reading"] == verdict.reading) & ~cities["met"]]
        value = float(verdict.value_min) if np.isfinite(verdict.value_min) else np.inf
        ends = tuple(zip(own["from_id"], own["to_id"], strict=True))
        missed = _Missed(model, str(verdict.target), str(verdict.reading), value, float(verdict.limit_min), ends)
        for lever, move in _levers(missed):
            report(f"{missed.target_id}, {missed.reading}: {lever.lever_id}")
            rows.append(_row(missed, lever, move))
    return pd.DataFrame(rows, columns=list(SWITCHING_COLUMNS))


def _levers(missed: _Missed) -> Iterator[tuple[Lever, Move]]:
    """Yield the levers of a target and reading, each with how it moves the model."""
    model, rides = missed.model, missed.rides
    network, assumptions = model.network, model.scenario.assumptions
    if rides:
        speed = least_speed_kmh(network, rides)
        lever = Lever("line_speed", "km/h", speed, max(speed, MOST_SPEED_KMH), 1.0)
        yield lever, lambda kmh: _with_network(model, raise_speed(network, rides, kmh))
        lever = Lever("stops", "stops", count_stops(network, rides), 0.0, 1.0)
        yield lever, lambda most: _with_network(model, limit_stops(network, rides, round(most)))
        trains = least_trains(rides)
        lever = Lever(
            "frequency", "trains/day", trains, max(trains, assumptions.service_day_min / LEAST_HEADWAY_MIN), 1.0
        )
        yield lever, lambda number: _with_network(model, raise_frequency(network, rides, number))
    station_min, (least_min, _) = assumptions.station_time_min, plausible_range("station_time_min")
    lever = Lever("station_time", "min", station_min, min(station_min, least_min), 0.1)
    yield lever, partial(_with_station_time, model)
    yield Lever("access_time", "share", 1.0, LEAST_ACCESS_SHARE, 0.01), partial(_with_access_share, model)


def _with_network(model: ScenarioModel, network: Network) -> ScenarioModel:
    """Return the scenario run on another network with the same roads."""
    hops = hop_times(network)
    rides = solve_scenario_rides(network, hops, model.scenario)
    return build_model(model.scenario, network, hops, rides, model.travel.roads, model.region, model.file)


def _with_station_time(model: ScenarioModel, station_time_min: float) -> ScenarioModel:
    return replace(model, travel=replace(model.travel, station_time_min=station_time_min))


def _with_access_share(model: ScenarioModel, share: float) -> ScenarioModel:
    ends = model.travel.ends
    return replace(
        model, travel=replace(model.travel, access=QuickerAccess(ends.ways, ends.limit_min, share, ACCESS_WITHIN_MIN))
    )


def _row(missed: _Missed, lever: Lever, move: Move) -> dict[str, object]:
    """Return the row of one lever, solved and verified."""
    switch = solve_switch(lever, lambda value: missed.minutes_of(move(value)), missed.limit_min, missed.value_min)
    best = switch.best_minutes
    if lever.n_steps == 0:
        note = "already at its bound"
    elif abs(best - missed.value_min) < NO_EFFECT_MIN:
        note = "has no effect on this reading"
    else:
        note = "" if switch.is_met else "not by this alone"
    note = "; ".join(part for part in (note, _describe(missed, lever.lever_id)) if part)
    numbers = {
        "best_value_min": best,
        "verified_value_min": switch.minutes,
        "one_step_before_min": switch.minutes_before,
    }
    return {
        "scenario": missed.model.scenario.scenario_id,
        "target": missed.target_id,
        "reading": missed.reading,
        "value_min": missed.value_min if np.isfinite(missed.value_min) else np.nan,
        "limit_min": missed.limit_min,
        "lever": lever.lever_id,
        "unit": lever.unit,
        "value_now": lever.now,
        "bound": lever.bound,
        "switching_value": switch.value,
        "met_by_this_alone": switch.is_met,
        **{name: minutes if np.isfinite(minutes) else np.nan for name, minutes in numbers.items()},
        "n_runs": switch.n_runs,
        "note": note,
    }


def _describe(missed: _Missed, lever_id: str) -> str:
    """Return what a lever acts on: the lines, the services, or the minutes of a single journey's ends."""
    if lever_id == "line_speed":
        return f"lines {', '.join(dict.fromkeys(line for ride in missed.rides for line in ride.lines))}"
    if lever_id in {"stops", "frequency"}:
        return f"services: {len({service for ride in missed.rides for service in ride.services})}"
    if lever_id == "access_time" and len(missed.ends) == 1 and missed.reading == "centre_to_centre":
        seats = seats_of_ends(missed.model.travel, missed.model.region, missed.ends[0])
        times = missed.model.travel.city_times(list(seats), list(seats.values()))
        row = times.set_index(["from_id", "to_id"]).loc[missed.ends[0]]
        return f"{row['access_min']:.0f} min to the station and {row['egress_min']:.0f} from it now"
    return ""


def print_switching_values(options: argparse.Namespace) -> int:
    """Print and write the switching values of the targets that a scenario misses."""
    study = open_study(options.study)
    study.scenario(options.scenario)
    rules = [name for name in options.target or () if name in study.file.coverage]
    if rules:
        raise InputError(
            [f"--target: '{name}' is a rule of access by road; none of the levers moves it" for name in rules]
        )
    read_values(study, targets=options.target or (), readings=options.reading or ())  # names every unknown one
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        table = find_switching_values(
            study,
            options.scenario,
            target_ids=options.target,
            readings=options.reading,
            report=lambda text: progress.update(task, description=text),
        )
    _print_table(table)
    paths = write_comparison_tables(options.outputs, study.study_id, {"switching_values.csv": table})
    print("files:", *paths, sep="\n  ")
    return 0


def _print_table(table: pd.DataFrame) -> None:
    console = Console(width=None if sys.stdout.isatty() else 170)
    if table.empty:
        console.print("[green]no target is missed[/green]")
    for (target, reading), rows in table.groupby(["target", "reading"], sort=False):
        value, limit = rows["value_min"].iloc[0], rows["limit_min"].iloc[0]
        now = "no way" if pd.isna(value) else f"{value:.1f} min"
        shown = Table(title=f"{target}, {reading}: {now}, limit {limit:g}")
        for heading in ("lever", "now", "bound", "would do", "gives", "best", "note"):
            shown.add_column(heading, justify="left" if heading in {"lever", "note"} else "right")
        for row in rows.itertuples():
            would = "" if pd.isna(row.switching_value) else f"[green]{row.switching_value:g}[/green]"
            gives = "" if pd.isna(row.verified_value_min) else f"{row.verified_value_min:.1f}"
            best = "" if pd.isna(row.best_value_min) else f"{row.best_value_min:.1f}"
            cells = [f"{row.value_now:g}", f"{row.bound:g}", would, gives, best, row.note]
            shown.add_row(f"{row.lever}, {row.unit}", *cells)
        console.print(shown)
