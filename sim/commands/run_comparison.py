"""Stage 7: comparison/ after runs: the verdicts of all scenarios that have been run side by side."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pandas as pd

from sim.commands.comparison_tables import write_comparison_tables
from sim.errors import SimError
from sim.measures.coverage import as_verdicts
from sim.measures.targets import list_failing, name_first_year_met
from sim.scenario.scenario import Scenario
from sim.study import Study

__all__ = ["list_scenarios_run", "write_run_comparison"]


def write_run_comparison(study: Study, outputs: Path) -> Path:
    """Write the verdicts of all scenarios run so far side by side, and the first year in which each target is met."""
    scenarios = list_scenarios_run(study, outputs / study.study_id)
    verdicts = _side_by_side(scenarios, outputs / study.study_id, "targets.csv")
    coverage = _side_by_side(scenarios, outputs / study.study_id, "coverage.csv")
    if len(coverage):
        rules = as_verdicts(coverage).assign(scenario=coverage["scenario"], year=coverage["year"])
        verdicts = pd.concat([verdicts, rules[list(verdicts)]], ignore_index=True)
    cities = _side_by_side(scenarios, outputs / study.study_id, "target_cities.csv")
    tables = {"verdicts.csv": verdicts, "first_year_met.csv": name_first_year_met(verdicts)}
    if len(cities):
        tables["failing.csv"] = list_failing(cities)
    if len(coverage):
        tables["coverage.csv"] = coverage
    return write_comparison_tables(outputs, study.study_id, tables)[0].parent


def list_scenarios_run(study: Study, folder: Path) -> list[Scenario]:
    """Return the scenarios that have been run: those of the page in its order, then generated ones."""
    names = [*study.scenarios, *sorted(path.parent.name for path in folder.glob("*/run.json"))]
    found = []
    for name in dict.fromkeys(names):
        with suppress(SimError):  # the folder of a scenario that there is no more
            found.append(study.scenario(name))
    return found


def _side_by_side(scenarios: Iterable[Scenario], folder: Path, name: str) -> pd.DataFrame:
    """Return a table of all scenarios that have been run, with scenario and year in front."""
    tables = []
    for scenario in scenarios:
        path = folder / scenario.scenario_id / name
        if path.exists():
            table = pd.read_csv(path, dtype={"from_id": str, "to_id": str, "worst_id": str})
            table.insert(0, "year", scenario.year)
            table.insert(0, "scenario", scenario.scenario_id)
            tables.append(table)
    filled = [table for table in tables if len(table)]
    return pd.concat(filled or tables, ignore_index=True) if tables else pd.DataFrame()
