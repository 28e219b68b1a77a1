"""Stage 7d: `sim claims`: official claims beside the model, and beside what lines that opened delivered."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from sim.commands.comparison_tables import write_comparison_tables
from sim.commands.study import open_study
from sim.errors import InputError
from sim.measures.claims import (
    audit_claims,
    check_claims,
    compare_deliveries,
    median_ratio,
    read_claims,
    read_deliveries,
)
from sim.model import ScenarioModel
from sim.scenario.changes import Add
from sim.scenario.generated import with_requirements
from sim.study import Study

__all__ = ["judge_claims", "print_claims"]

COLOURS = {"consistent": "green", "optimistic": "yellow", "pessimistic": "cyan", "impossible": "red"}


def print_claims(options: argparse.Namespace) -> int:
    """Judge every claim, print the verdicts, and write claims.csv and deliveries.csv."""
    study = open_study(options.study)
    with Console(stderr=True).status("judging claims") as status:
        audit, delivered = judge_claims(
            study, options.observed, report=lambda scene: status.update(f"judging claims: {scene}")
        )
    tables = {"claims.csv": audit, "deliveries.csv": delivered}
    paths = write_comparison_tables(options.outputs, study.study_id, tables)
    _print_audit(audit)
    _print_deliveries(delivered, median_ratio(delivered))
    print("files:", *paths, sep="\n  ")
    return 0


def judge_claims(
    study: Study, folder: Path | None = None, *, report: Callable[[str], None] = lambda _: None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every claim with the model's minutes and a verdict, and every delivery with its ratio to what was claimed.

    Parameters
    ----------
    folder : holds claims.csv and deliveries.csv; by default data/observed in the nearest folder above the study.
    report : is told each year and its projects as they are solved.

    Raises
    ------
    InputError: there is no such folder; a table is wrong; a claim names what the study does not know.
    """
    folder = folder or _find_observed(study)
    claims, deliveries = read_claims(folder / "claims.csv"), read_deliveries(folder / "deliveries.csv")
    problems = check_claims(claims, study.region, _stations(study), study.projects)
    if problems:
        raise InputError(problems)

    def model_of(year: int, projects: tuple[str, ...]) -> ScenarioModel:
        report(f"{year} {' '.join(projects)}")
        return _model(study, year, projects)

    # Scenarios with the same roads one after the other share their road minutes.
    ordered = claims.sort_values("year", kind="stable")
    audit = audit_claims(ordered, deliveries, model_of, study.region).loc[claims.index]
    return audit, compare_deliveries(deliveries)


def _model(study: Study, year: int, projects: tuple[str, ...]) -> ScenarioModel:
    """Return the model of a year with nothing but some projects and what they require."""
    base = next(iter(study.scenarios))
    chosen = with_requirements(projects, study.projects)
    on = study.scenario(base).projects
    scenario = study.variant(
        base, add=sorted(chosen - set(on)), remove=sorted(set(on) - chosen), year=year, scenario_id=f"claims_{year}"
    )
    return study.model(scenario)


def _find_observed(study: Study) -> Path:
    """Return data/observed in the nearest folder above the study that has it."""
    for parent in study.folder.resolve().parents:
        if (parent / "data" / "observed").is_dir():
            return parent / "data" / "observed"
    raise InputError(f"no folder data/observed above {study.folder}; name one with --observed")


def _stations(study: Study) -> set[str]:
    """Return the stations of the base network of any year and of all projects."""
    changes = (change for project in study.projects.values() for change in project.changes)
    added = {change.key for change in changes if isinstance(change, Add) and change.table == "stations"}
    return added | set(study.network.stations["station_id"])


def _print_audit(audit: pd.DataFrame) -> None:
    table = Table(title="公布时间与模型  claims beside the model, minutes", show_lines=False)
    for heading in (
        "claim",
        "year",
        "words",
        "claimed",
        "fastest",
        "with wait",
        "door to door",
        "road",
        "least",
        "verdict",
    ):
        table.add_column(heading, justify="left" if heading in ("claim", "words", "verdict") else "right")
    columns = ("fastest_min", "typical_min", "door_to_door_min", "road_min", "least_possible_min")
    for row in audit.to_dict("records"):
        high = "" if pd.isna(row["claimed_high_min"]) else f"-{row['claimed_high_min']:.0f}"
        cells = ("" if pd.isna(row[name]) else f"{row[name]:.0f}" for name in columns)
        colour = COLOURS.get(row["verdict"], "white")
        verdict = f"[{colour}]{row['verdict']}[/{colour}] {row['why']}"
        table.add_row(
            row["claim_id"], f"{row['year']:.0f}", row["words"], f"{row['claimed_min']:.0f}{high}", *cells, verdict
        )
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table)
    counts = audit["verdict"].value_counts()
    console.print("  ".join(f"{number} {verdict}" for verdict, number in counts.items()))


def _print_deliveries(delivered: pd.DataFrame, median: float) -> None:
    table = Table(title="公布与兑现  claimed and delivered, minutes")
    for heading in ("line", "claimed", "delivered", "ratio", "comparable"):
        table.add_column(heading, justify="right" if heading in ("claimed", "delivered", "ratio") else "left")
    for row in delivered.to_dict("records"):
        high = "" if pd.isna(row["delivered_high_min"]) else f"-{row['delivered_high_min']:.0f}"
        numbers = (f"{row['claimed_min']:.0f}", f"{row['delivered_min']:.0f}{high}", f"{row['ratio']:.2f}")
        table.add_row(row["line"], *numbers, row["comparable"])
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table)
    console.print(
        f"median {median:.2f}, of {len(delivered)}: a band of sensitivity, not a factor to correct claims with"
    )
