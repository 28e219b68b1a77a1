"""Stage 7: `sim report`: runs the scenarios of a study and writes the report in Word, HTML and Excel, with its figures."""

import argparse
import datetime as dt
import hashlib
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from rich.console import Console

from sim.commands.opening import open_study
from sim.errors import InputError, did_you_mean
from sim.files import whole_folder
from sim.measures.result import Result
from sim.present.outputs import list_inputs
from sim.present.report.choices import ReportChoices
from sim.present.report.data import ReportData
from sim.present.report.pictures import draw_pictures
from sim.present.report.report import build_document, write_documents
from sim.study import Study

__all__ = ["write_report"]

READ_TABLES = (
    "indicators",
    "inequality",
    "contributions",
    "synergy",
    "options",
    "option_ranks",
    "switching_values",
    "claims",
    "deliveries",
)
"""Tables that other commands have written to comparison/; the report takes those that exist."""


def write_report(options: argparse.Namespace) -> int:
    """Run the scenarios of the report, draw its figures, and write it."""
    began = time.perf_counter()
    console = Console(stderr=True)
    study = open_study(options.study)
    choices = _read_choices(study, options)
    scenario_ids = choices.scenarios or tuple(study.scenarios)
    results: list[Result] = []
    with console.status("running") as status:
        for scenario_id in scenario_ids:
            status.update(f"running {scenario_id}")
            results.append(study.run(scenario_id))
    comparison = Path(options.outputs) / study.study_id / "comparison"
    data = _gather(study, choices, results, comparison, options.date)
    open_network = study.network.as_of(f"{data.result(data.base_id).scenario.year}-12-31")
    comparison.mkdir(parents=True, exist_ok=True)
    with whole_folder(comparison / "figures") as folder, console.status("drawing") as status:
        pictures = draw_pictures(data, open_network, folder, report=lambda stem: status.update(f"drawing {stem}"))
        status.update("writing")
        with TemporaryDirectory(prefix=".report-", dir=comparison) as temporary:
            written = write_documents(build_document(data.with_pictures(pictures)), Path(temporary))
            paths = [path.replace(comparison / path.name) for path in written]
    print(f"report in {time.perf_counter() - began:.0f} s:", *paths, comparison / "figures", sep="\n  ")
    faults = [name for result in results for name, holds in result.invariants.items() if not holds]
    return 1 if faults else 0


def _read_choices(study: Study, options: argparse.Namespace) -> ReportChoices:
    """Return [report] of study.toml, with what the command line says instead.

    Raises
    ------
    InputError: a scenario or place that the study does not have; all are listed.
    """
    changed = {"language": options.language} if options.language else {}
    if options.scenario:
        changed["scenarios"] = tuple(options.scenario)
    choices = study.file.report.model_copy(update=changed)
    bases = (choices.base,) if choices.base else ()
    problems = [
        f"report: no scenario '{name}'{did_you_mean(name, study.scenarios)}"
        for name in (*choices.scenarios, *bases)
        if name not in study.scenarios
    ]
    problems += [
        f"report: place '{name}' is not among places{did_you_mean(name, study.file.places)}"
        for name in choices.places
        if name not in study.file.places
    ]
    if bases and choices.scenarios and choices.base not in choices.scenarios:
        problems.append(f"report: base '{choices.base}' is not among its scenarios")
    try:
        dt.date.fromisoformat(options.date)
    except ValueError:
        problems.append(f"--date: '{options.date}' is not a date such as 2026-01-31")
    if problems:
        raise InputError(problems)
    return choices


def _gather(study: Study, choices: ReportChoices, results: list[Result], comparison: Path, date: str) -> ReportData:
    region = study.region
    names = {row.place_id: (row.name, row.name_en) for row in region.places.itertuples(index=False)}
    names |= {row.city_id: (row.name, row.name_en) for row in region.cities.itertuples(index=False)}
    names |= {str(row.adcode): (row.name, row.name_en) for row in region.counties.itertuples(index=False)}
    files = sorted({path for result in results for path in list_inputs(result)})
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
        tables={name: pd.read_csv(path) for name in READ_TABLES if (path := comparison / f"{name}.csv").exists()},
        pictures=(),
        place_names=names,
        inputs_sha256={path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
        version=version("sim"),
        date=date,
    )
