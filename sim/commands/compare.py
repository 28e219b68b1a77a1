"""Stage 7: `sim compare` and `sim indicators`: two scenarios side by side, and the indicators of many."""

import argparse
import sys

import pandas as pd
from rich.console import Console
from rich.table import Table

from sim.commands.comparison_tables import write_comparison_tables
from sim.commands.study import open_study
from sim.errors import InputError, SimError
from sim.measures.compare import Comparison, compare
from sim.measures.decay import DEFAULT_DECAYS, Decay, parse_decay
from sim.measures.indicators import measure_indicators, read_masses
from sim.measures.inequality import measure_inequality
from sim.measures.scenario_gap import find_gap, require_one_cause
from sim.present.comparison_files import write_comparison
from sim.study import Study

__all__ = ["compare_scenarios", "print_indicators"]

SHOWN_CITIES = 5


def compare_scenarios(options: argparse.Namespace) -> int:
    """Run two scenarios, write their differences, and print the main ones."""
    study = open_study(options.study)
    base, other = study.scenario(options.base), study.scenario(options.other)
    if base == other:
        raise InputError(
            f"'{options.base}' is compared with itself; name two scenarios of {', '.join(study.scenarios)}"
        )
    if not options.several:
        gap = find_gap(base, study.network_of(base), other, study.network_of(other), study.projects)
        require_one_cause(gap, base.scenario_id, other.scenario_id, hint=_one_apart(study, base.scenario_id))
    with Console(stderr=True).status("running") as status:
        results = []
        for scenario in (base, other):
            status.update(f"running {scenario.scenario_id}")
            results.append(study.run(scenario))
        status.update("comparing")
        comparison = compare(*results, several="allow")
        folder = write_comparison(comparison, options.outputs)
    _print_comparison(study, comparison)
    print(f"\nfiles:\n  {folder}")
    return 0


def _one_apart(study: Study, scenario_id: str) -> str:
    """Return which scenarios of the page differ from one in one project, as the end of a sentence."""
    own = study.scenario(scenario_id)
    near = [
        other.scenario_id
        for other in study.scenarios.values()
        if len(set(own.projects) ^ set(other.projects)) == 1 and own.assumptions == other.assumptions
    ]
    return f"; one project apart from {scenario_id}: {', '.join(near)}" if near else ""


def _print_comparison(study: Study, comparison: Comparison) -> None:
    console = _console()
    console.print(f"[bold]{comparison.base.scenario_id} -> {comparison.other.scenario_id}[/bold], which differ in:")
    for cause in comparison.gap.causes() or ["nothing"]:
        console.print(f"  {cause}", soft_wrap=True)
    console.print(_places_table(study, comparison))
    console.print(_cities_table(comparison))
    targets = Table(title="目标  targets: minutes, and slack gained")
    for heading in ("target", "reading", "base", "other", "gained", ""):
        targets.add_column(heading, justify="left" if heading in {"target", "reading", ""} else "right")
    for row in comparison.targets.itertuples():
        values = (row.value_base_min, row.value_other_min, row.value_saved_min)
        targets.add_row(row.target, row.reading, *(_minutes(value) for value in values), row.change)
    console.print(targets)


def _places_table(study: Study, comparison: Comparison) -> Table:
    """Return people newly within each cut-off and no longer within it, by place."""
    shown = Table(title="新到达/失去人口（万） 10,000 people newly within / no longer")
    shown.add_column("place")
    for cutoff_min in comparison.cutoffs_min:
        shown.add_column(f"{cutoff_min:g} min", justify="right")
    for place_id, areas in comparison.areas.items():
        people = areas.set_index(["change", "cutoff_min"])["population"] / 1e4
        cells = [
            f"{people['newly reached', cutoff_min]:.1f} / {people['lost', cutoff_min]:.1f}"
            for cutoff_min in comparison.cutoffs_min
        ]
        shown.add_row(f"{study.region.place(place_id).name} {place_id}", *cells)
    return shown


def _cities_table(comparison: Comparison) -> Table:
    """Return the cities whose people gain most on the way from each place, and those that lose most."""
    shown = Table(title="受益/受损城市  mean minutes saved by their people (share with 5 or more)")
    for heading in ("place", "gain most", "lose most"):
        shown.add_column(heading)
    for place_id in comparison.saved:
        cities = comparison.cities[comparison.cities["place"] == place_id].sort_values("mean_saved_min")
        gaining = cities[cities["mean_saved_min"] > 0].iloc[::-1].head(SHOWN_CITIES)
        losing = cities[cities["mean_saved_min"] < 0].head(SHOWN_CITIES)
        texts = [
            ", ".join(f"{row.name} {row.mean_saved_min:.1f} ({share:.0%})" for row, share in rows)
            for rows in (
                [(row, row.share_gaining_5min) for row in gaining.itertuples(index=False)],
                [(row, row.share_losing_5min) for row in losing.itertuples(index=False)],
            )
        ]
        shown.add_row(place_id, *(text or "—" for text in texts))
    return shown


def print_indicators(options: argparse.Namespace) -> int:
    """Compute the indicators of scenarios, write them, and print means and inequality."""
    study = open_study(options.study)
    decays = _read_decays(options.decay or [])
    masses = read_masses(options.masses, study.region) if options.masses else None
    city_set = study.file.city_set if options.set is None else options.set
    study.region.cities_of_set(city_set)
    _check_cutoffs(options.cutoff)
    scenarios = [study.scenario(scenario_id) for scenario_id in options.scenarios or study.scenarios]
    parts = []
    with Console(stderr=True).status("running") as status:
        for scenario in scenarios:
            status.update(f"{scenario.scenario_id}: computing")
            model = study.model(scenario)
            chosen = {"cutoffs_min": options.cutoff} if options.cutoff else {}
            part = measure_indicators(model, city_set=city_set, masses=masses, decays=decays, **chosen)
            parts.append(part)
    indicators = pd.concat(parts, ignore_index=True)
    inequality = measure_inequality(indicators, study.region.people_by("city_id"))
    tables = {"indicators.csv": indicators, "inequality.csv": inequality}
    files = write_comparison_tables(options.outputs, study.study_id, tables)
    _print_inequality(inequality, decays[0])
    print("files:", *files, sep="\n  ")
    return 0


def _read_decays(texts: list[str]) -> tuple[Decay, ...]:
    """Return the decay functions asked for, or the default ones; every wrong one is named."""
    problems: list[str] = []
    decays: list[Decay] = []
    for text in texts:
        try:
            decays.append(parse_decay(text))
        except SimError as error:
            problems += [f"--decay: {sentence}" for sentence in error.problems]
    if problems:
        raise InputError(problems)
    return tuple(dict.fromkeys(decays)) or DEFAULT_DECAYS


def _check_cutoffs(cutoffs_min: list[float] | None) -> None:
    wrong = [f"--cutoff: {cutoff:g} is not above 0" for cutoff in cutoffs_min or () if not cutoff > 0]
    if wrong:
        raise InputError(wrong)


def _print_inequality(inequality: pd.DataFrame, decay: Decay) -> None:
    """Print mean, standard deviation and relative inequality between cities, best mode, by scenario."""
    wanted = ("average_minutes", f"potential_others_{decay}", "people_within_120")
    best = inequality[(inequality["mode"] == "best") & (inequality["by"] == "city")]
    shown = Table(title="各市可达性与差异  indicators of the cities, fastest mode, each city counted once")
    measures = ("mean", "sd", "cv", "gini", "theil", "palma")
    for heading in ("indicator", "scenario", *measures):
        shown.add_column(heading, justify="right" if heading in measures else "left")
    for indicator in wanted:
        rows = best[best["indicator"] == indicator]
        for scenario in rows["scenario"].unique():
            values = rows[rows["scenario"] == scenario].set_index("measure")["value"]
            cells = [f"{values[m]:,.1f}" if m in {"mean", "sd"} else f"{values[m]:.4f}" for m in measures]
            shown.add_row(indicator, scenario, *cells)
        shown.add_section()
    _console().print(shown)


def _minutes(value: float) -> str:
    return "—" if pd.isna(value) else f"{value:.1f}"


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 170)
