"""Stage 7: `sim report`: writes the report on a study's runs in Word, HTML and Excel, with its figures."""

import argparse
import datetime as dt
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from rich.console import Console
from rich.status import Status

from sim.commands.finished_runs import finish_runs, read_result
from sim.commands.opening import open_study
from sim.commands.report_tables import read_further_tables, read_savings
from sim.errors import InputError, SimError
from sim.files import whole_folder
from sim.measures.result import Result
from sim.present.report.choices import ReportChoices, check_choices
from sim.present.report.data import ReportData
from sim.present.report.pictures import draw_pictures
from sim.present.report.report import build_document, write_documents
from sim.study import Study

__all__ = ["write_report"]

READ_TABLES = {
    "indicators": "indicators",
    "inequality": "indicators",
    "contributions": "contributions",
    "synergy": "contributions",
    "options": "options",
    "option_ranks": "options",
    "switching_values": "switching",
    "claims": "claims",
    "deliveries": "claims",
}
"""Tables that other commands have written to comparison/, and which; the report takes those that exist."""


def write_report(options: argparse.Namespace) -> int:
    """Run the scenarios that have not been run, read the others, draw the figures of the report, and write it."""
    began = time.perf_counter()
    console = Console(stderr=True)
    study = open_study(options.study)
    choices = _read_choices(study, options)
    scenario_ids = choices.scenarios
    finish_runs(study, scenario_ids, options.outputs, console=console)
    comparison = Path(options.outputs) / study.study_id / "comparison"
    comparison.mkdir(parents=True, exist_ok=True)
    old = _list_old_tables(comparison, scenario_ids, _first_place(study, choices))
    if options.analyses:  # they were run a moment ago, though perhaps before a scenario that had to be run again
        old -= {line.split()[0] for line in study.file.report.analyses}
    if old:
        console.print(
            f"[yellow]made before the scenarios they stand beside were run: the tables of {', '.join(sorted(old))}; run "
            f"{'it' if len(old) == 1 else 'them'} again, or sim report {options.study} --analyses[/yellow]"
        )
    with (
        ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=get_context("spawn")) as executor,
        console.status("reading") as status,
        whole_folder(comparison / "figures") as folder,
        TemporaryDirectory(prefix=".report-", dir=comparison) as temporary,
    ):
        executor.submit(time.sleep, 0)  # the first process starts while the runs are read
        results = [read_result(study, scenario_id, options.outputs) for scenario_id in _told(scenario_ids, status)]
        data = _gather(study, choices, results, comparison, options.date)
        open_network = study.network.as_of(f"{data.result(data.base_id).scenario.year}-12-31")
        pictures = draw_pictures(
            data,
            open_network,
            folder,
            executor=executor,
            report=lambda figure: status.update(f"drawing {figure}"),
        )
        status.update("writing Word, HTML and Excel")
        document = build_document(data.with_pictures(pictures))
        small = {picture.path: picture.small for picture in pictures}
        written = write_documents(document, Path(temporary), pictures=small.__getitem__)
        paths = [path.replace(comparison / path.name) for path in written]
    print(f"report in {time.perf_counter() - began:.0f} s:", *paths, comparison / "figures", sep="\n  ")
    faults = [
        f"{result.scenario.scenario_id}: {name}"
        for result in results
        for name, holds in result.invariants.items()
        if not holds
    ]
    for fault in faults:
        console.print(f"[red]a check of the run itself failed: {fault}; do not use these results[/red]")
    return 1 if faults else 0


def _told(scenario_ids: Sequence[str], status: Status) -> Iterator[str]:
    """Yield scenarios, saying which one is read."""
    for scenario_id in scenario_ids:
        status.update(f"reading {scenario_id}")
        yield scenario_id


def _read_choices(study: Study, options: argparse.Namespace) -> ReportChoices:
    """Return [report] of study.toml, with what the command line says instead, and the scenarios of the report named.

    Raises
    ------
    InputError: a scenario, place or target that the study does not have, or no date; all are listed.
    """
    changed: dict[str, Any] = {"language": options.language} if options.language else {}
    page = study.file.report
    changed["scenarios"] = tuple(dict.fromkeys(options.scenario or page.scenarios or study.scenarios))
    choices = page.model_copy(update=changed)
    problems = _list_unknown_scenarios(
        study, choices, "--scenario" if options.scenario else "study.toml: report.scenarios"
    )
    problems += check_choices(
        choices, places=study.file.places, targets=study.file.targets, scenarios=choices.scenarios
    )
    try:
        dt.date.fromisoformat(options.date)
    except ValueError:
        problems.append(f"--date: '{options.date}' is not a date such as 2026-01-31")
    if problems:
        raise InputError(problems)
    return choices


def _list_unknown_scenarios(study: Study, choices: ReportChoices, asked_by: str) -> list[str]:
    """Return a sentence for each scenario of the report that is neither on the page nor made without one."""
    problems: list[str] = []
    for name in choices.scenarios:
        try:
            study.scenario(name)
        except SimError as error:
            problems += [f"{asked_by}: {sentence}" for sentence in error.problems]
    return problems


def _first_place(study: Study, choices: ReportChoices) -> str:
    """Return the place of the tables about one place; empty where the study has none."""
    return next(iter(choices.places or tuple(study.file.places)), "")


def _list_old_tables(comparison: Path, scenario_ids: Sequence[str], place_id: str) -> set[str]:
    """Return the commands whose tables are older than a run of the report: its inputs may have changed in between."""
    last_run_ns = max((comparison.parent / name / "run.json").stat().st_mtime_ns for name in scenario_ids)
    tables = READ_TABLES | {f"savings_{place_id}": "savings"}
    paths = {comparison / f"{name}.csv": command for name, command in tables.items()}
    return {command for path, command in paths.items() if path.exists() and path.stat().st_mtime_ns < last_run_ns}


def _gather(study: Study, choices: ReportChoices, results: list[Result], comparison: Path, date: str) -> ReportData:
    region = study.region
    names = {row.place_id: (row.name, row.name_en) for row in region.places.itertuples(index=False)}
    names |= {row.city_id: (row.name, row.name_en) for row in region.cities.itertuples(index=False)}
    names |= {str(row.adcode): (row.name, row.name_en) for row in region.counties.itertuples(index=False)}
    place_id = _first_place(study, choices)
    return ReportData(
        study_id=study.study_id,
        title=study.file.title,
        title_en=study.file.title_en,
        city_set=study.file.city_set,
        choices=choices,
        results=results,
        base_id=choices.base or results[0].scenario.scenario_id,
        full_id=results[-1].scenario.scenario_id,
        targets=study.file.targets,
        projects=study.projects,
        tables={name: pd.read_csv(path) for name in READ_TABLES if (path := comparison / f"{name}.csv").exists()}
        | read_further_tables(comparison, place_id),
        pictures=(),
        place_names=names,
        inputs_sha256={name: sha256 for result in results for name, sha256 in result.inputs_sha256.items()},
        version=version("sim"),
        date=date,
        savings=read_savings(comparison, place_id),
        coverage=study.file.coverage,
    )
