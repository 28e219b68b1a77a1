"""Stage 7b: `sim targets`: verdicts on circles in four readings, and on access to the nearest."""

import argparse
import sys
from collections.abc import Mapping

import pandas as pd
from rich.console import Console
from rich.table import Table

from sim.commands.opening import open_study
from sim.errors import InputError, did_you_mean
from sim.measures.targets import READINGS, name_first_year_met
from sim.scenario.scenario import Scenario
from sim.study import Study

__all__ = ["label_verdicts", "print_summary", "print_targets", "print_verdicts"]

MARKS = {True: "[green]达到 met[/green]", False: "[red]未达 missed[/red]"}


def print_targets(options: argparse.Namespace) -> int:
    """Print verdicts; exit status 1 if a target that is asked for is missed in the last scenario shown."""
    study = open_study(options.study)
    _check_names("--target", options.target or [], [*study.file.targets, *study.file.coverage])
    _check_names("--reading", options.reading or [], READINGS)
    scenario_ids = options.scenario or list(study.scenarios)
    for scenario_id in scenario_ids:
        study.scenario(scenario_id)
    targets = [name for name in options.target or study.file.targets if name in study.file.targets]
    rules = [name for name in options.target or study.file.coverage if name in study.file.coverage]
    verdicts, coverage = [], []
    with Console(stderr=True).status("running") as status:
        for scenario_id in scenario_ids:
            status.update(f"running {scenario_id}")
            model = study.model(scenario_id)
            if targets:
                verdicts.append(label_verdicts(model.judge(targets, options.reading)[0], model.scenario))
            if rules and not options.reading:
                found = model.judge_coverage()[0]
                coverage.append(label_verdicts(found[found["rule"].isin(rules)], model.scenario))
    met = []
    if verdicts:
        table = pd.concat(verdicts, ignore_index=True)
        print_verdicts(study, table)
        met += list(table.loc[table["scenario"] == scenario_ids[-1], "met"])
    if coverage:
        table = pd.concat(coverage, ignore_index=True)
        _print_coverage(study, table)
        met += list(table.loc[table["scenario"] == scenario_ids[-1], "met"])
    return 0 if all(met) else 1


def label_verdicts(verdicts: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Return a scenario's verdicts with its id and year in front."""
    table = verdicts.copy()
    table.insert(0, "year", scenario.year)
    table.insert(0, "scenario", scenario.scenario_id)
    return table


def _check_names(option: str, names: list[str], known: object) -> None:
    allowed = [str(name) for name in known]  # type: ignore[attr-defined]
    problems = [f"{option}: no '{name}'{did_you_mean(name, allowed)}" for name in names if name not in allowed]
    if problems:
        raise InputError(problems)


def print_verdicts(study: Study, table: pd.DataFrame) -> None:
    """Print one table a target: scenarios by readings, and the first year in which it is met."""
    console = Console(width=None if sys.stdout.isatty() else 170)
    names = _names_of_ends(study)
    for target_id in table["target"].unique():
        target = study.file.targets[target_id]
        worst = names if len(target.to) != 1 else {}
        due = "、".join(str(year) for year in target.due)
        shown = Table(
            title=f"{target.name}  {target.name_en}  ≤ {target.limit_min:g} min" + (f"  (due {due})" if due else ""),
            caption=target.note,
        )
        shown.add_column("scenario")
        for reading in READINGS:
            shown.add_column(reading, justify="right")
        of_target = table[table["target"] == target_id]
        for scenario_id in of_target["scenario"].unique():
            rows = of_target[of_target["scenario"] == scenario_id].set_index("reading")
            shown.add_row(scenario_id, *[_verdict_cell(rows, reading, worst) for reading in READINGS])
        first = name_first_year_met(of_target).set_index("reading")["first_year"]
        shown.add_section()
        shown.add_row(
            "first met 首次达到\n(of those shown)",
            *["" if r not in first.index else ("—" if pd.isna(first[r]) else str(first[r])) for r in READINGS],
        )
        console.print(shown)


def _print_coverage(study: Study, table: pd.DataFrame) -> None:
    """Print the rules of access to the nearest: the share within the limit, and the minutes of the required share."""
    shown = Table(title="到最近设施  access to the nearest: share within the limit, minutes of the required share")
    for heading in ("rule", *table["scenario"].unique()):
        shown.add_column(heading, justify="left" if heading == "rule" else "right")
    for rule_id, rows in table.groupby("rule", sort=False):
        rule = study.file.coverage[str(rule_id)]
        cells = [
            f"{row['share']:.0%}, {row['value_min']:.0f} min {MARKS[bool(row['met'])]}"
            for row in rows.to_dict("records")
        ]
        limit = f"{rule.required_share:.0%} ≤ {rule.within_min:g} min"
        shown.add_row(f"{rule.name}\n{rule.name_en}, {limit}", *cells)
    Console(width=None if sys.stdout.isatty() else 170).print(shown)


def print_summary(study: Study, table: pd.DataFrame) -> None:
    """Print all targets in one table, targets by scenarios: the minutes left of the limit in each of the four readings."""
    shown = Table(
        title="离达标的分钟数  minutes left of the limit: " + " / ".join(READINGS),
        caption="绿 met, 红 missed, – no way; sim targets STUDY --target ID says more",
    )
    scenarios = list(table["scenario"].unique())
    for heading in ("target", *scenarios):
        shown.add_column(heading, justify="left" if heading == "target" else "right")
    for target_id, rows in table.groupby("target", sort=False):
        target = study.file.targets[str(target_id)]
        by = rows.set_index(["scenario", "reading"])
        cells = [" / ".join(_slack(by, scenario, reading) for reading in target.readings) for scenario in scenarios]
        shown.add_row(f"{target.name}\n{target_id} ≤ {target.limit_min:g} min", *cells)
    Console(width=None if sys.stdout.isatty() else 170).print(shown)


def _slack(by: pd.DataFrame, scenario: str, reading: str) -> str:
    """Return the minutes left of the limit, coloured by the verdict."""
    row = by.loc[(scenario, reading)]
    text = "–" if pd.isna(row["slack_min"]) else _signed(row["slack_min"])
    return f"[{'green' if row['met'] else 'red'}]{text}[/]"


def _names_of_ends(study: Study) -> dict[str, str]:
    """Return the names of cities and counties by id."""
    cities, counties = study.region.cities, study.region.counties
    return dict(zip(counties["adcode"], counties["name"], strict=True)) | dict(
        zip(cities["city_id"], cities["name"], strict=True)
    )


def _verdict_cell(rows: pd.DataFrame, reading: str, names: Mapping[str, str]) -> str:
    """Return minutes, slack and verdict of a reading, the longest leg, the share met, and the worst of several destinations."""
    if reading not in rows.index:
        return ""
    row = rows.loc[reading]
    value = "no way" if pd.isna(row["value_min"]) else f"{row['value_min']:.0f} min"
    slack = "" if pd.isna(row["slack_min"]) else f" ({_signed(row['slack_min'])})"
    worst = f"\n最远 worst {names[str(row['worst_id'])]}" if str(row["worst_id"]) in names else ""
    return f"{value}{slack} {MARKS[bool(row['met'])]}\n{row['binding_leg']}, {row['share_of_population']:.0%} of people{worst}"


def _signed(minutes: float) -> str:
    """Return minutes with their sign, whole unless that would read as 0."""
    return f"{minutes:+.1f}" if abs(minutes) < 1 else f"{minutes:+.0f}"
