"""Stage 7: `sim contributions`: what each project of a scenario contributes, and which projects duplicate each other."""

import argparse
import sys
from collections.abc import Collection, Mapping, Sequence

import pandas as pd
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sim.commands.comparison_tables import write_comparison_tables
from sim.commands.project_sweep import ProjectSweep
from sim.commands.study import open_study
from sim.commands.values import Answers, Value, read_values
from sim.errors import InputError
from sim.measures.contributions import Game, play_game, reduce_players
from sim.measures.players import choose_players, with_companions
from sim.scenario.scenario import Scenario
from sim.study import Study

__all__ = ["find_contributions", "print_contributions", "read_groups"]


def find_contributions(
    study: Study,
    values: Sequence[Value],
    *,
    scenario: "str | Scenario",
    base: "str | None" = None,
    projects: Collection[str] = (),
    groups: Mapping[str, Sequence[str]] | None = None,
    progress: Progress | None = None,
    scheduler: str | None = None,
) -> Game:
    """Return the game of a scenario's projects: the values of all their coalitions, from which all else follows.

    Parameters
    ----------
    values : what to ask every scenario (`sim.commands.values`).
    scenario : whose year and assumptions hold in all coalitions.
    base : the projects of this scenario are on in all coalitions; by default none is.
    projects : whose contribution is asked for; by default all of the scenario's that are not the base's. Trains of the
        scenario over lines that others build come along with these (see `sim.measures.players`).
    groups : by name of a player the projects that are one player. More than ten players are joined, see
        `sim.measures.contributions.reduce_players`.
    scheduler : address of a Dask scheduler on which the coalitions are run (see `sim.executor.run_sweep`).

    Raises
    ------
    InputError, ScenarioError: an unknown name, or projects that exclude each other.
    """
    whole = study.scenario(scenario)
    fixed = frozenset(study.scenario(base).projects) if base else frozenset()
    chosen = set(projects) or set(whole.projects) - fixed
    chosen = with_companions(study.projects, chosen, fixed, whole.projects)
    players = choose_players(study.projects, chosen, base=fixed - chosen, groups=groups)
    bare = study.variant(
        whole,
        add=sorted(players.base - set(whole.projects)),
        remove=sorted(set(whole.projects) - players.base),
        scenario_id=f"{whole.scenario_id}_base",
    )
    sweep = ProjectSweep(study, bare, tuple(values), scheduler)
    known: dict[frozenset[str], Answers] = {}

    def evaluate(sets: Sequence[frozenset[str]]) -> list[dict[str, float]]:
        new = [projects for projects in dict.fromkeys(sets) if projects not in known]
        known.update(zip(new, sweep.evaluate(new, progress), strict=True))
        return [known[projects].values for projects in sets]

    players = reduce_players(players, study.projects, evaluate)
    game = play_game(players, evaluate)
    for name in game.values:
        stood_in = sum(name in answers.no_way for answers in known.values())
        if stood_in and progress:
            progress.console.print(
                f"[yellow]note[/yellow]: {name}: no way at all in {stood_in} of {len(known)} scenarios; "
                f"{whole.assumptions.surface_limit_min:g} min stand for it"
            )
    return game


def print_contributions(options: argparse.Namespace) -> int:
    """Print and write what each project contributes, and the synergy of every two."""
    study = open_study(options.study)
    values = read_values(
        study,
        targets=options.target or (),
        readings=options.reading or (),
        people=options.people or (),
        minutes=options.minutes or (),
        indicators=options.indicator or (),
    )
    scenario = study.scenario(options.scenario or list(study.scenarios)[-1])
    if options.year is not None:
        scenario = study.variant(scenario, year=options.year, scenario_id=f"{scenario.scenario_id}_{options.year}")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        game = find_contributions(
            study,
            values,
            scenario=scenario,
            base=options.base,
            projects=_names(options.projects),
            groups=read_groups(options.group or ()),
            progress=progress,
            scheduler=options.scheduler,
        )
    contributions, synergies = game.contributions(), game.synergies()
    for name in game.values:
        _print_value(name, game, contributions, synergies)
    tables = {"contributions.csv": contributions, "synergy.csv": synergies}
    paths = write_comparison_tables(options.outputs, study.study_id, tables)
    print(f"{len(game.values)} coalitions, {game.n_built} different scenarios", "files:", *paths, sep="\n  ")
    return 0


def read_groups(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the projects of each group, written as NAME=PROJECT,PROJECT.

    Raises
    ------
    InputError: with every text that is not written so, and every name that comes twice.
    """
    groups: dict[str, tuple[str, ...]] = {}
    problems = []
    for text in texts:
        name, _, members = text.partition("=")
        if not name or not _names(members):
            problems.append(f"--group: '{text}': write NAME=PROJECT,PROJECT")
        elif name in groups:
            problems.append(f"--group: there are two groups '{name}'")
        groups[name] = _names(members)
    if problems:
        raise InputError(problems)
    return groups


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _print_value(name: str, game: Game, contributions: pd.DataFrame, synergies: pd.DataFrame) -> None:
    """Print one value: what it is with none and with all, who contributes what, and which pairs are not independent."""
    console = Console(width=None if sys.stdout.isatty() else 170)
    none, everything = game.values[name].iloc[0], game.values[name].iloc[-1]
    digits = 0 if name.startswith("people") else 1
    title = f"{name}: {none:,.{digits}f} with none, {everything:,.{digits}f} with all"
    shown = Table(title=title)
    for heading in ("player", "first in", "last in", "Shapley", "share"):
        shown.add_column(heading, justify="left" if heading == "player" else "right")
    for row in contributions[contributions["value"] == name].itertuples():
        numbers = [f"{number:+,.{digits}f}" for number in (row.first_in, row.last_in, row.shapley)]
        shown.add_row(row.player, *numbers, "" if pd.isna(row.share) else f"{row.share:.0%}")
    console.print(shown)
    pairs = synergies[(synergies["value"] == name) & (synergies["kind"] != "independent")]
    for row in pairs.reindex(pairs["synergy"].abs().sort_values(ascending=False).index).itertuples():
        console.print(f"  {row.a} and {row.b}: {row.kind}, {row.synergy:+,.{digits}f}")
