"""Stage 7b: what each command does; `cli.py` says how they are called."""

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Literal

import pandas as pd
from rich.console import Console
from rich.table import Table

from sim.commands.opening import open_study
from sim.commands.run_comparison import list_scenarios_run, write_run_comparison
from sim.commands.scenario_runs import ScenarioRun, run_and_write
from sim.commands.verdicts import print_summary
from sim.errors import InputError, did_you_mean
from sim.present.qgis_project import write_study_project
from sim.present.run_inputs import identify_layers
from sim.scenario.assumptions import describe_assumptions
from sim.scenario.changes import Add, Close, Set
from sim.study import Study

__all__ = [
    "check_study",
    "list_study",
    "open_study",
    "print_route",
    "print_times",
    "run_study",
    "show_scenario",
]


def check_study(options: argparse.Namespace) -> int:
    """Read everything, list every problem, compute nothing."""
    study = open_study(options.study)
    network, console = study.network, Console()
    counts = ", ".join(f"{len(frame)} {name}" for name, frame in network.tables.items() if len(frame))
    console.print(f"[green]{study.study_id}: no problems[/green]")
    console.print(f"network {network.network_id}: {counts}; {len(network.road_links)} road links")
    grid = study.region.grid
    console.print(
        f"region: {int(grid.is_land.sum()):,} cells of {grid.cell_m / 1000:g} km, {grid.population[grid.is_land].sum():,.0f} "
        f"people, {len(study.region.counties)} counties, {len(study.region.cities)} cities"
    )
    console.print(
        f"{len(study.projects)} projects, {len(study.scenarios)} scenarios, {len(study.file.targets)} targets"
    )
    _print_notes(study, list(study.scenarios))
    served = set(network.service_stops["station_id"])
    idle = [station for station in network.stations["station_id"] if station not in served]
    if idle:
        console.print(f"[yellow]note[/yellow]: no train ever calls at {', '.join(idle)}", soft_wrap=True)
    return 0


def list_study(options: argparse.Namespace) -> int:
    """Print scenarios x projects with year, status and cost."""
    study = open_study(options.study)
    if options.generated:
        return _list_generated(study)
    table = Table(title=f"{study.file.title}  {study.file.title_en}")
    for heading in ("project", "项目", "status", "opens", "亿元"):
        table.add_column(heading, justify="right" if heading == "亿元" else "left")
    for scenario in study.scenarios.values():
        table.add_column(f"{scenario.scenario_id}\n{scenario.year}", justify="center")
    for project in study.projects.values():
        card = project.card
        cost = "" if card.cost_100m_cny is None else f"{card.cost_100m_cny:,.0f}"
        marks = ["●" if project.project_id in scenario.projects else "" for scenario in study.scenarios.values()]
        table.add_row(project.project_id, card.name, card.status, str(card.opens.central), cost, *marks)
    costs = []
    for scenario in study.scenarios.values():
        known = [study.projects[p].card.cost_100m_cny for p in scenario.projects]
        unknown = known.count(None)
        total = f"{sum(cost for cost in known if cost is not None):,.0f}"
        costs.append(f"≥ {total}\n{unknown} without" if unknown else total)
    table.add_section()
    table.add_row("", "合计 total", "", "", "", *costs)
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    return 0


def _list_generated(study: Study) -> int:
    """Print the scenarios that need no page."""
    table = Table(title="无需定义的情景  scenarios that need no page")
    for heading in ("scenario", "year", "name", "projects", "what"):
        table.add_column(heading, justify="right" if heading in ("year", "projects") else "left")
    for scenario in study.generated_scenarios().values():
        names = f"{scenario.name}\n{scenario.name_en}"
        table.add_row(
            scenario.scenario_id, str(scenario.year), names, str(len(scenario.projects)), scenario.description
        )
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    return 0


def show_scenario(options: argparse.Namespace) -> int:
    """Print a merged scenario: year, assumptions, and every value its projects change, old -> new."""
    study = open_study(options.study)
    scenario = study.scenario(options.scenario)
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(f"[bold]{scenario.scenario_id}[/bold]  {scenario.name}  {scenario.name_en}")
    based = f", based on {scenario.based_on}" if scenario.based_on else ""
    console.print(f"network {study.network.network_id} as of {scenario.date:%Y-%m-%d}{based}\n{scenario.description}")
    table = Table(title="assumptions")
    for heading in ("assumption", "value", "default", "plausible", "unit", "what, and why this range"):
        table.add_column(heading, overflow="fold")
    for row in describe_assumptions(scenario.assumptions):
        changed = "" if row["value"] == row["default"] else str(row["default"])
        words = f"{row['description']}\n[dim]{row['why']}[/dim]"
        table.add_row(row["assumption"], str(row["value"]), changed, row["plausible"], row["unit"], words)
    console.print(table)
    for project_id in scenario.projects:
        _print_project(console, study, project_id)
    return 0


def _print_project(console: Console, study: Study, project_id: str) -> None:
    project = study.projects[project_id]
    card = project.card
    console.print(
        f"\n[bold]{project_id}[/bold]  {card.name}  ({card.status}, opens {card.opens.central}; {card.source})"
    )
    for change in project.changes:
        if isinstance(change, Add):
            console.print(f"  + {_describe_addition(change)}", soft_wrap=True)
        elif isinstance(change, Set):
            for name, now in change.now.items():
                console.print(f"  ~ {change.table} {change.key}: {name} {change.was[name]} -> {now}")
        elif isinstance(change, Close):
            console.print(f"  - {change.table} {change.key}")


def _describe_addition(change: Add) -> str:
    """Say what a project adds: the row's name, and where a line, service or road runs."""
    row = change.row
    if change.table == "changes":
        return f"changes: {row['from_station']} to {row['to_station']} by {row['mode']}, {row['minutes']:g} min"
    name = f"{change.table} {change.key} {row.get('name', '')}"
    stops = [str(child["station_id"]) for child in change.children if "station_id" in child]
    if stops:
        name += f": {stops[0]} to {stops[-1]}, {len(stops)} stops"
    if change.table == "services":
        name += f", {row['trains_per_day']:g} trains a day"
    return name


def run_study(options: argparse.Namespace) -> int:
    """Run scenarios, write their files, and end with the verdicts."""
    started = time.perf_counter()
    console = Console(stderr=True)
    study = open_study(options.study)
    before_s = {"starting": started - options.began_s, "reading": time.perf_counter() - started}
    scenario_ids = options.scenarios or list(study.scenarios)
    for scenario_id in scenario_ids:
        study.scenario(scenario_id)
    maps: Literal["yes", "no"] = "no" if options.no_maps else "yes"
    run = ScenarioRun(study, options.outputs.resolve(), maps, _map_places(study, options.map), before_s)
    written = run_and_write(run, scenario_ids, console=console, scheduler=options.scheduler)
    faults = [fault for scenario in written for fault in scenario.faults]
    table = pd.concat([scenario.verdicts for scenario in written], ignore_index=True)
    names = [scenario.folder.name for scenario in written]
    folders = [options.outputs / study.study_id / name for name in names]
    folders.append(write_run_comparison(study, options.outputs))
    if study.region.land is not None:
        folders.append(
            write_study_project(
                options.outputs / study.study_id,
                title=study.file.title,
                scenarios={s.scenario_id: s.name for s in list_scenarios_run(study, options.outputs / study.study_id)},
                places={place_id: study.region.place(place_id).name for place_id in study.file.places},
                cutoffs_min=study.file.cutoffs_min,
                network=study.network,
                region=study.region,
                projects=study.projects,
                made_from=identify_layers(study.inputs),
            )
        )
    print_summary(study, table)
    _print_reach(study, options.outputs, scenario_ids)
    _print_notes(study, scenario_ids)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    total_s = time.perf_counter() - options.began_s
    count = f"{len(scenario_ids)} scenario{'s' if len(scenario_ids) != 1 else ''}"
    print(
        f"\n{count} in {total_s:.1f} s (starting and reading {sum(before_s.values()):.1f} s), peak memory {peak_gb:.1f} GB"
    )
    print("files:", *folders, sep="\n  ")
    for fault in faults:
        console.print(f"[red]a check of the run itself failed: {fault}; do not use these results[/red]")
    return 1 if faults else 0


def _map_places(study: Study, asked: list[str] | None) -> tuple[str, ...] | None:
    """Return the places that maps are asked for, None for all.

    Raises
    ------
    InputError: the study has no such place.
    """
    problems = [
        f"--map: '{place_id}' is not among places of study.toml{did_you_mean(place_id, study.file.places)}"
        for place_id in asked or ()
        if place_id not in study.file.places
    ]
    if problems:
        raise InputError(problems)
    return tuple(asked) if asked else None


def _print_notes(study: Study, scenario_ids: list[str]) -> None:
    """Print what a reader of the scenarios should know about the dates of their projects."""
    console = Console(width=None if sys.stdout.isatty() else 170)
    for scenario_id in scenario_ids:
        for sentence in study.notes(scenario_id):
            console.print(f"[yellow]note[/yellow]: {scenario_id}: {sentence}")


def print_times(options: argparse.Namespace) -> int:
    """Print minutes between stations or cities as CSV."""
    study = open_study(options.study)
    with Console(stderr=True).status(f"{options.scenario}: computing"):
        result = study.station_times(options.scenario) if options.stations else study.city_times(options.scenario)
    for column, wanted in (("from_id", options.from_id), ("to_id", options.to_id)):
        if wanted is None:
            continue
        known = set(result["from_id"]) | set(result["to_id"])
        if wanted not in known:
            kind = "station with trains" if options.stations else "city"
            raise InputError(f"--{column[:-3]}: no {kind} '{wanted}' in this scenario{did_you_mean(wanted, known)}")
        result = result[result[column] == wanted]
    result.round(2).to_csv(sys.stdout, index=False)
    return 0


def print_route(options: argparse.Namespace) -> int:
    """Print one journey leg by leg."""
    study = open_study(options.study)
    with Console(stderr=True).status(f"{options.scenario}: computing"):
        route = study.find_route(options.scenario, options.start, options.end)
    print(json.dumps(route.to_dict(), ensure_ascii=False, indent=2) if options.json else route)
    return 0


def _print_reach(study: Study, outputs: Path, scenario_ids: list[str]) -> None:
    """Print people within 60 and 120 minutes of each place, by scenario, from the files just written."""
    shown = Table(title="60 / 120 分钟内人口（百万）  people within 60 / 120 min, door to door, millions")
    shown.add_column("scenario")
    for place_id in study.file.places:
        shown.add_column(study.region.place(place_id).name, justify="right")
    for scenario_id in scenario_ids:
        reach = pd.read_csv(outputs / study.study_id / scenario_id / "reach.csv")
        best = reach[reach["mode"] == "best"].set_index(["place", "cutoff_min"])["population"] / 1e6
        cells = []
        for place_id in study.file.places:
            values = [best.get((place_id, cutoff)) for cutoff in (60, 120)]
            cells.append(" / ".join("" if value is None else f"{value:.1f}" for value in values))
        shown.add_row(scenario_id, *cells)
    if study.file.places:
        Console(width=None if sys.stdout.isatty() else 170).print(shown)
