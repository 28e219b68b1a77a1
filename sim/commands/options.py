"""Stage 7: `sim options`: projects that could stand for each other, each run alone on the same base, priced and ranked."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sim.commands.comparison_tables import write_comparison_tables
from sim.commands.contributions import read_groups
from sim.commands.project_sweep import ProjectSweep
from sim.commands.study import open_study
from sim.commands.values import Value, read_values
from sim.errors import InputError, did_you_mean
from sim.measures.options import CRITERION_COLUMNS, RANK_COLUMNS, price_gains, rank_options
from sim.measures.players import keep_buildable
from sim.scenario.scenario import Scenario
from sim.study import Study

__all__ = ["ComparedOptions", "compare_options", "print_options", "read_criteria", "read_weights"]

COST = "cost_100m_cny"


@dataclass(frozen=True)
class ComparedOptions:
    """Options compared.

    Attributes
    ----------
    gains : as options.csv. ranks : as option_ranks.csv.
    not_ranked : options that have no cost.
    """

    gains: pd.DataFrame
    ranks: pd.DataFrame
    not_ranked: tuple[str, ...]


def compare_options(
    study: Study,
    options: Mapping[str, Sequence[str]],
    values: Sequence[Value],
    *,
    base: "str | Scenario",
    criteria: pd.DataFrame | None = None,
    weights: Mapping[str, float] | None = None,
    progress: Progress | None = None,
    scheduler: str | None = None,
) -> ComparedOptions:
    """Return options compared: each is run alone on a base without any of them.

    Parameters
    ----------
    options : by name the projects that each stands for.
    values : what each is asked for (`sim.commands.values`); the gain in each is a criterion, and so is the cost.
    base : what is on besides. Its projects that require an option are on with that option only.
    criteria : further ones, or costs in place of those of the cards (see `read_criteria`).
    weights : by criterion, equal by default (see `sim.measures.options.rank_options`).
    scheduler : address of a Dask scheduler on which the options are run (see `sim.executor.run_sweep`).

    Raises
    ------
    InputError, ScenarioError: an unknown name, or an option that conflicts with the base or lacks a requirement.
    """
    _check_options(study, options)
    whole = study.scenario(base)
    requires = {project_id: project.card.requires for project_id, project in study.projects.items()}
    rest = set(whole.projects) - {project for projects in options.values() for project in projects}
    ground = keep_buildable(rest, requires)
    bare = study.variant(whole, remove=sorted(set(whole.projects) - ground), scenario_id=f"{whole.scenario_id}_base")
    sets = [keep_buildable(rest | set(projects), requires) - ground for projects in options.values()]
    _check_built(study, options, sets)
    answers = ProjectSweep(study, bare, tuple(values), scheduler).evaluate([frozenset(), *sets], progress)
    given = criteria if criteria is not None else pd.DataFrame(columns=list(CRITERION_COLUMNS))
    costs = _costs(study, options, given)
    rows = [
        (name, ";".join(projects), value.name, answers[0].values[value.name], found.values[value.name], costs[name])
        for (name, projects), found in zip(options.items(), answers[1:], strict=True)
        for value in values
    ]
    names = ["option", "projects", "value", "base_value", "option_value", COST]
    gains = price_gains(pd.DataFrame(rows, columns=names))
    ranked = [name for name in options if np.isfinite(costs[name])]
    table = _criteria_of(gains, given, ranked)
    ranks = rank_options(table, weights=weights) if ranked else pd.DataFrame(columns=list(RANK_COLUMNS))
    return ComparedOptions(gains, ranks, tuple(name for name in options if name not in ranked))


def _criteria_of(gains: pd.DataFrame, given: pd.DataFrame, ranked: Sequence[str]) -> pd.DataFrame:
    """Return the criteria of the options that have a cost: cost, the gain in each value, and those given."""
    own = gains.rename(columns={"gain": "criterion_value"})
    costs = own.drop_duplicates("option").assign(criterion=COST, better="lower")
    costs = costs.drop(columns="value").rename(columns={COST: "value"})
    gained = own.drop(columns=COST).rename(columns={"value": "criterion"}).assign(better="higher")
    gained = gained.rename(columns={"criterion_value": "value"})
    further = given[given["criterion"] != COST]
    parts = [part[list(CRITERION_COLUMNS)] for part in (costs, gained, further) if len(part)]
    table = pd.concat(parts, ignore_index=True)
    return table[table["option"].isin(ranked)].reset_index(drop=True)


def _costs(study: Study, options: Mapping[str, Sequence[str]], given: pd.DataFrame) -> dict[str, float]:
    """Return the cost of each option in 100 million yuan, that of its cards unless another is given; NaN if not known."""
    stated = given[given["criterion"] == COST].set_index("option")["value"].to_dict()
    costs = {}
    for name, projects in options.items():
        cards = [study.projects[project].card.cost_100m_cny for project in projects]
        total = sum(cost for cost in cards if cost is not None) if None not in cards else float("nan")
        costs[name] = float(stated.get(name, total))
    return costs


def _check_options(study: Study, options: Mapping[str, Sequence[str]]) -> None:
    problems = [
        f"option '{name}': no project '{project}'{did_you_mean(project, study.projects)}"
        for name, projects in options.items()
        for project in projects
        if project not in study.projects
    ]
    if len(options) < 2:
        problems.append("there must be at least two options to compare")
    if problems:
        raise InputError(problems)


def _check_built(study: Study, options: Mapping[str, Sequence[str]], sets: Sequence[frozenset[str]]) -> None:
    """An option of which a part cannot be built on the base, for want of what it requires, is an error."""
    problems = [
        f"option '{name}': '{project}' requires {', '.join(study.projects[project].card.requires)}, which the base lacks; "
        f"write --group {name}=… with what it requires"
        for (name, projects), built in zip(options.items(), sets, strict=True)
        for project in projects
        if project not in built
    ]
    if problems:
        raise InputError(problems)


def read_criteria(path: Path, options: Sequence[str]) -> pd.DataFrame:
    """Read criteria from a CSV file with the columns option, criterion, value and better (higher or lower).

    A criterion "cost_100m_cny" takes the place of the cost in the cards. Rows of other options are left out.

    Raises
    ------
    InputError: the file is missing, a column is, or a value is no number; all rows at fault are listed.
    """
    if not path.is_file():
        raise InputError(f"{path}: file is missing")
    table = pd.read_csv(path, dtype=str, comment="#")
    problems = [f"{path.name}: column '{name}' is missing" for name in CRITERION_COLUMNS if name not in table]
    if not problems:
        numbers = pd.to_numeric(table["value"], errors="coerce")
        problems = [
            f"{path.name} row {index + 2}: value {table.loc[index, 'value']!r} is not a number"
            for index in numbers.index[numbers.isna()]
        ]
        table["value"] = numbers
    if problems:
        raise InputError(problems)
    return table[table["option"].isin(list(options))].reset_index(drop=True)


def read_weights(texts: Sequence[str]) -> dict[str, float] | None:
    """Return weights written as CRITERION=NUMBER, None when there are none.

    Raises
    ------
    InputError: with every text that is not written so.
    """
    weights: dict[str, float] = {}
    problems = []
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            weights[name] = float(number)
        except ValueError:
            name = ""
        if not name:
            problems.append(f"--weight: '{text}': write CRITERION=NUMBER, for example {COST}=2")
    if problems:
        raise InputError(problems)
    return weights or None


def print_options(options: argparse.Namespace) -> int:
    """Print and write what each option gains, what that costs, and how the options rank."""
    study = open_study(options.study)
    groups = read_groups(options.group or ())
    names = list(dict.fromkeys(name.strip() for name in options.options.split(",") if name.strip()))
    known = [*groups, *study.projects]
    problems = [
        f"--options: no project or group '{name}'{did_you_mean(name, known)}" for name in names if name not in known
    ]
    problems += [
        f"--group: '{name}' is not among the options{did_you_mean(name, names)}" for name in groups if name not in names
    ]
    if problems:
        raise InputError(problems)
    values = read_values(
        study,
        targets=options.target or (),
        readings=options.reading or (),
        people=options.people or (),
        minutes=options.minutes or (),
        indicators=options.indicator or (),
    )
    base = study.scenario(options.base)
    if options.year is not None:
        base = study.variant(base, year=options.year, scenario_id=f"{base.scenario_id}_{options.year}")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        compared = compare_options(
            study,
            {name: groups.get(name, (name,)) for name in names},
            values,
            base=base,
            criteria=read_criteria(options.criteria, names) if options.criteria else None,
            weights=read_weights(options.weight or ()),
            progress=progress,
            scheduler=options.scheduler,
        )
    _print_compared(compared)
    tables = {"options.csv": compared.gains, "option_ranks.csv": compared.ranks}
    paths = write_comparison_tables(options.outputs, study.study_id, tables)
    print("files:", *paths, sep="\n  ")
    return 0


def _print_compared(compared: ComparedOptions) -> None:
    """Print the gains and what they cost, then the ranking with its weights."""
    console = Console(width=None if sys.stdout.isatty() else 170)
    for name, rows in compared.gains.groupby("value", sort=False):
        people = str(name).startswith("people")
        unit = "yuan a person" if people else "亿元 a minute"
        shown = Table(title=f"{name}: {rows['base_value'].iloc[0]:,.1f} without any option")
        for heading in ("option", "gain", "亿元", unit, "frontier", "dominated by"):
            shown.add_column(heading, justify="left" if heading in {"option", "dominated by"} else "right")
        for row in rows.itertuples():
            price = row.cost_cny_per_person if people else row.cost_100m_cny_per_minute
            cells = [f"{row.gain:+,.0f}" if people else f"{row.gain:+,.1f}", _number(row.cost_100m_cny), _number(price)]
            shown.add_row(row.option, *cells, "●" if row.on_frontier else "", row.dominated_by)
        console.print(shown)
    ranks = compared.ranks
    if len(ranks):
        weights = ranks.drop_duplicates("criterion").set_index("criterion")["weight"]
        formula = " + ".join(f"{weight:.2g} {name}" for name, weight in weights.items())
        shown = Table(title="ranking", caption=f"score = {formula}; each from 0 (worst) to 1 (best)")
        for heading in ("rank", "option", "score", "first in draws", "mean rank", "dominated by"):
            shown.add_column(heading, justify="left" if heading in {"option", "dominated by"} else "right")
        for row in ranks.drop_duplicates("option").itertuples():
            cells = [f"{row.score:.3f}", f"{row.share_first:.0%}", f"{row.mean_rank:.2f}"]
            shown.add_row(str(row.rank), row.option, *cells, row.dominated_by)
        console.print(shown)
    for name in compared.not_ranked:
        console.print(f"[yellow]note[/yellow]: {name} has no cost in its card and is not ranked")


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:,.1f}"
