"""Stage 7: results of scenarios from the files that `sim run` has written; what is missing or out of date is run first."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console

from sim.commands.run_comparison import write_run_comparison
from sim.commands.scenario_runs import ScenarioRun, run_and_write
from sim.measures.result import Result
from sim.model import ScenarioModel
from sim.present.written_runs import read_written_run, was_made_from
from sim.study import Study

__all__ = ["finish_runs", "read_result"]


def finish_runs(study: Study, scenario_ids: Sequence[str], outputs: Path, *, console: Console) -> None:
    """Run the scenarios whose files are missing, or were made from other inputs or by another version of the model."""
    missing = [name for name in scenario_ids if not _is_finished(study, name, outputs)]
    if not missing:
        return
    console.print(f"to be run first, since their files are missing or their inputs have changed: {', '.join(missing)}")
    run_and_write(ScenarioRun(study, outputs.resolve(), "yes"), missing, console=console)
    write_run_comparison(study, outputs)


def _is_finished(study: Study, scenario_id: str, outputs: Path) -> bool:
    return was_made_from(outputs / study.study_id / scenario_id, study.identify(scenario_id))


def read_result(study: Study, scenario_id: str, outputs: Path) -> Result:
    """Return the result of a scenario that has been run: numbers from its files, and the model to ask for more."""
    model = study.model(scenario_id)
    written = read_written_run(outputs / study.study_id / scenario_id, study.file.places)
    return Result(
        study_id=study.study_id,
        made_from=study.identify(model.scenario),
        inputs_sha256=study.inputs.files_of(model.scenario.projects),
        scenario=model.scenario,
        network=model.network,
        base_lines=frozenset(study.network.lines["line_id"]),
        region=study.region,
        projects={project_id: study.projects[project_id] for project_id in model.scenario.projects},
        hops=model.hops,
        travel=model.travel,
        surfaces=written.surfaces,
        polygons=written.polygons,
        cutoffs_min=study.file.cutoffs_min,
        close_ups=study.file.close_ups,
        timings_s={},
        invariants=written.invariants,
        **(dict(written.tables) | _tables_without_rows(model)),
    )


def _tables_without_rows(model: ScenarioModel) -> dict[str, pd.DataFrame]:
    """Return the tables that no file is written of where the study asks for none: the columns are those of the model."""
    tables: dict[str, pd.DataFrame] = {}
    if not model.file.coverage:
        tables["coverage"], tables["coverage_seats"] = model.judge_coverage()
    if not model.file.journeys:
        tables["journey_times"] = model.journey_times()
    return tables
