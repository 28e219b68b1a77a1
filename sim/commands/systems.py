"""Stage 7: `sim systems`: one row per transport system of the plan, filled from runs, and whether each row works."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from sim.commands.comparison_tables import write_comparison_tables
from sim.commands.study import open_study
from sim.errors import InputError, did_you_mean
from sim.measures.systems import COMPARISON, check_names, join_rows, look_up, read_systems, wanted_rows
from sim.model import ScenarioModel
from sim.present.systems_page import BEGIN, END, put_into_page, write_markdown
from sim.study import Study
from sim.times.scenario_roads import roads_key

__all__ = ["fill_systems", "print_systems"]

Asked = Mapping[str, Sequence[Mapping[str, str]]]
"""What is looked up in a scenario: by file, the column=value pairs of each value."""

FILES = (
    *("station_times.csv", "city_times.csv", "journey_times.csv", "reach.csv"),
    *("targets.csv", "target_cities.csv", "coverage.csv", "coverage_seats.csv"),
)


def print_systems(options: argparse.Namespace) -> int:
    """Fill the table of systems, write it, and print the rows; exit status 1 if one does not work."""
    study = open_study(options.study)
    systems = read_systems(study.folder)
    problems = check_names(systems.rows, _names(study))
    if options.page is not None and not options.page.is_file():
        problems.append(f"--page: there is no file {options.page}")
    elif options.page is not None and END not in options.page.read_text(encoding="utf-8").partition(BEGIN)[2]:
        problems.append(f"--page: {options.page} needs a line {BEGIN} and after it a line {END}")
    if problems:
        raise InputError(problems)
    with Console(stderr=True).status("asking scenarios") as status:
        values = fill_systems(study, systems.values, outputs=options.outputs, report=status.update)
    rows = join_rows(systems.rows, values)
    paths = write_comparison_tables(
        options.outputs, study.study_id, {"systems.csv": rows, "system_values.csv": values.drop(columns="made")}
    )
    _print_rows(rows, values)
    if options.page is not None:
        put_into_page(options.page, write_markdown(rows))
        paths.append(options.page)
    print("files:", *paths, sep="\n  ")
    return 1 if (values["works"] == "no").any() else 0


def fill_systems(study: Study, values: pd.DataFrame, *, outputs: Path, report: object = None) -> pd.DataFrame:
    """Return the values of system_values.csv in every scenario (see `sim.measures.systems.look_up`).

    Parameters
    ----------
    outputs : where `outputs/<study>/comparison/` lies, for the tables that other commands have written.

    Raises
    ------
    InputError, ScenarioError: an unknown scenario or file, or a value that is nowhere.
    """
    wanted = wanted_rows(values)
    problems = [
        f"system_values.csv: no file '{file}' of a scenario{did_you_mean(file, FILES)}; there are {', '.join(FILES)}"
        for scenario, asked in wanted.items()
        for file in asked
        if scenario != COMPARISON and file not in FILES
    ]
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    compared = wanted.pop(COMPARISON, {})
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    for file in compared:
        path = outputs / study.study_id / COMPARISON / file
        if path.is_file():
            tables[COMPARISON, file] = pd.read_csv(path)
    scenarios = {name: study.scenario(name) for name in wanted}
    # Scenarios with the same roads one after the other share their road minutes.
    by_roads = {name: roads_key(study.network_of(s), s.assumptions) for name, s in scenarios.items()}
    for name in sorted(scenarios, key=lambda name: list(by_roads.values()).index(by_roads[name])):
        if callable(report):
            report(f"asking {name}")
        model = study.model(scenarios[name])
        tables |= {(name, file): table for file, table in _tables(model, wanted[name]).items()}
    return look_up(values, tables)


def _tables(model: ScenarioModel, asked: Asked) -> dict[str, pd.DataFrame]:
    """Return the output tables of a scenario that are asked for; of targets and places, those named."""
    found: dict[str, pd.DataFrame] = {}
    if "station_times.csv" in asked:
        found["station_times.csv"] = model.travel.rides.station_times()
    if "city_times.csv" in asked:
        found["city_times.csv"] = model.city_times()
    if "journey_times.csv" in asked:
        found["journey_times.csv"] = model.journey_times()
    if "reach.csv" in asked:
        places = dict.fromkeys(row["place"] for row in asked["reach.csv"] if "place" in row)
        found["reach.csv"] = model.reach({place: model.surfaces(place) for place in places})
    rows = [row for file in ("targets.csv", "target_cities.csv") for row in asked.get(file, ())]
    if rows:
        targets, readings = (
            dict.fromkeys(row[name] for row in rows if name in row) or None for name in ("target", "reading")
        )
        found["targets.csv"], found["target_cities.csv"] = model.judge(targets, readings)
    if {"coverage.csv", "coverage_seats.csv"} & set(asked):
        found["coverage.csv"], found["coverage_seats.csv"] = model.judge_coverage()
    return {file: table for file, table in found.items() if file in asked}


def _names(study: Study) -> set[str]:
    """Return everything in a study that can stand for a system: projects, targets, rules, places, city sets, files."""
    region = study.region
    files = {path.name for path in study.folder.glob("*.csv")}
    return {
        *(*study.projects, *study.file.targets, *study.file.coverage, *study.file.journeys, *files),
        *(*region.places["place_id"], *region.city_sets["set_id"].astype(str)),
    }


def _print_rows(rows: pd.DataFrame, values: pd.DataFrame) -> None:
    """Print what each row shows, then the values that are not as they should be."""
    shown = Table(title="规划各交通系统  the plan's transport systems", show_lines=True)
    for heading in ("#", "系统 system", "结果 what it shows", "works"):
        shown.add_column(heading, justify="right" if heading == "#" else "left")
    marks = {"yes": "[green]是 yes[/green]", "no": "[red]否 no[/red]"}
    for row in rows.itertuples():
        shown.add_row(row.number, row.words, f"{row.shows}\n{row.shows_en}", marks.get(row.works, ""))
    console = Console(width=None if sys.stdout.isatty() else 170)
    console.print(shown)
    for row in values[values["works"] == "no"].itertuples():
        console.print(f"[red]row {row.number}[/red]: {row.label_en}: should be '{row.works_when}'", soft_wrap=True)
