"""Stage 7: `sim savings`: what each project of a scenario saves from a place to every cell, alone on what it requires."""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sim.commands.opening import open_study
from sim.errors import InputError
from sim.measures.difference import FELT_MIN, minutes_saved
from sim.present.outputs import write_table
from sim.present.rasters import write_minutes
from sim.scenario.generated import with_requirements
from sim.study import Study

__all__ = ["find_savings", "print_savings", "tabulate_savings"]

ROAD_TABLES = {"roads", "ferries"}

Minutes = NDArray[np.float32]
"""Minutes of cells, (rows, columns), NaN where there are none."""


def print_savings(options: argparse.Namespace) -> int:
    """Print and write what each project saves: savings_<place>.csv, and savings_<place>.tif with a band a project."""
    study, console = open_study(options.study), Console()
    scenario_id = options.scenario or list(study.scenarios)[-1]
    place_id = options.place or next(iter(study.file.places), "")
    study.region.place(place_id)
    with Console(stderr=True).status("projects") as status:
        savings = find_savings(study, scenario_id, place_id, report=status.update)
    table = tabulate_savings(study, savings)
    table.insert(0, "place", place_id)
    table.insert(0, "scenario", scenario_id)
    folder = options.outputs / study.study_id / "comparison"
    folder.mkdir(parents=True, exist_ok=True)
    tags = {
        "scenario": scenario_id,
        "place": place_id,
        "sign": "minutes saved by each project alone, positive is faster",
    }
    with tempfile.TemporaryDirectory(prefix=".savings-", dir=folder) as temporary:
        names = [f"savings_{place_id}.{kind}" for kind in ("csv", "tif")]
        write_table(table, Path(temporary) / names[0])
        write_minutes(Path(temporary) / names[1], study.region.grid, savings, tags)
        written = [(Path(temporary) / name).replace(folder / name) for name in names]
    _print_table(console, table, place_id, scenario_id)
    for path in written:
        console.print(f"[green]{path}[/green]")
    return 0


def _print_table(console: Console, table: pd.DataFrame, place_id: str, scenario_id: str) -> None:
    shown = Table(title=f"saved on the way to {place_id} by each project alone, {scenario_id}", title_justify="left")
    for heading in ("project", "million person-minutes", f"people saving {FELT_MIN:g} min", "most saved, min"):
        shown.add_column(heading, justify="left" if heading == "project" else "right")
    for row in table.itertuples():
        numbers = (f"{row.million_person_minutes:,.1f}", f"{row.people_saving_5min:,.0f}", f"{row.most_saved_min:.0f}")
        shown.add_row(str(row.project), *numbers)
    console.print(shown)


def tabulate_savings(study: Study, savings: Mapping[str, Minutes]) -> pd.DataFrame:
    """Return one row a project, those that save most first.

    Returns
    -------
    DataFrame: project, million_person_minutes (what everyone saves who goes once), people_saving_5min, most_saved_min,
    cost_100m_cny (NaN where the card has none).
    """
    people = study.region.grid.population
    rows = []
    for project_id, saved in savings.items():
        minutes = np.nan_to_num(saved)
        rows.append(
            {
                "project": project_id,
                "million_person_minutes": float((minutes * people).sum()) / 1e6,
                "people_saving_5min": float(people[minutes >= FELT_MIN].sum()),
                "most_saved_min": float(minutes.max()),
                "cost_100m_cny": study.projects[project_id].card.cost_100m_cny,
            }
        )
    columns = ["project", "million_person_minutes", "people_saving_5min", "most_saved_min", "cost_100m_cny"]
    table = pd.DataFrame(rows, columns=columns).astype({"cost_100m_cny": "float64"})
    return table.sort_values("million_person_minutes", ascending=False, kind="stable", ignore_index=True)


def find_savings(
    study: Study, scenario_id: str, place_id: str, *, report: Callable[[str], None] = lambda _: None
) -> dict[str, Minutes]:
    """Return minutes that each project of a scenario saves from a place to every cell, (rows, columns), by project.

    Each is built alone, with what it requires, in the year and under the assumptions of the scenario; saved is what it
    takes without the project less what it takes with it, NaN where one of the two does not reach.

    Parameters
    ----------
    report : is told each project as it begins.

    Raises
    ------
    InputError: no such scenario or place, or a scenario without projects.
    """
    full = study.scenario(scenario_id)
    if not full.projects:
        raise InputError(f"scenario '{scenario_id}' has no projects")
    known: dict[frozenset[str], Minutes] = {}

    def solve(projects: frozenset[str]) -> Minutes:
        if projects not in known:
            others = sorted(set(full.projects) - projects)
            scenario = study.variant(full, remove=others, scenario_id="some") if others else full
            known[projects] = study.model(scenario).surfaces(place_id).best
        return known[projects]

    savings = {}
    # Scenarios with the same roads share their road minutes: those that alter none come first.
    for project_id in sorted(full.projects, key=lambda one: (_alters_roads(study, one), one)):
        report(project_id)
        needed = frozenset(with_requirements([project_id], study.projects)) & set(full.projects)
        savings[project_id] = minutes_saved(solve(needed - {project_id}), solve(needed))
    return {project_id: savings[project_id] for project_id in full.projects}


def _alters_roads(study: Study, project_id: str) -> bool:
    return bool({change.table for change in study.projects[project_id].changes} & ROAD_TABLES)
