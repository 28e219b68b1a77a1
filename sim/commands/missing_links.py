"""Stage 7c: `sim missing-links`: candidate road links, found and given, ranked, mapped, and written as project cards."""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from sim.commands.comparison_tables import write_comparison_tables
from sim.commands.study import open_study
from sim.errors import InputError
from sim.measures.link_savings import PeopleRules, solve_saved
from sim.measures.missing_links import MissingLinks, find_missing_links
from sim.measures.road_gaps import GapRules
from sim.model import ScenarioModel
from sim.present.figures import save_figure
from sim.present.missing_link_maps import draw_missing_links
from sim.present.road_cards import road_card, write_road_card
from sim.scenario.project import read_project
from sim.scenario.scenario import Scenario
from sim.study import Study
from sim.times.given_links import read_proposed_links
from sim.times.proposed_links import JoinedLink, RoadEnds
from sim.times.scenario_roads import compile_road_minutes

__all__ = ["print_missing_links", "rank_missing_links", "solve_card"]

IN_FULL_MODEL = "person_minutes_in_full_model"
YEARS_TO_BUILD = 5
"""A link without a year of its own opens that long after the scenario's year: a guess."""


def rank_missing_links(
    study: Study,
    scenario: "str | Scenario",
    *,
    gaps: GapRules | None = None,
    people: PeopleRules | None = None,
    candidates: "Path | str | None" = None,
    top: int = 20,
    verify: int = 0,
) -> MissingLinks:
    """Return missing road links of a scenario, best first (see `sim.measures.missing_links.find_missing_links`).

    Parameters
    ----------
    candidates : CSV file of planners' links (columns: `sim/network/tables/missing_links.csv`), ranked among those found.
    top : how many are to be found; 0 for none but the candidates.
    verify : how many of the best are also built into the scenario as project cards and solved anew; column
        ``person_minutes_in_full_model``, empty for the others. There, a road's end that lies within 3 km of an interchange is
        a new ramp also for those who do not use the link.

    Raises
    ------
    InputError, ScenarioError: an unknown scenario, a rule that cannot be, a bad row of the file; every problem is listed.
    """
    model = study.model(scenario)
    ends = RoadEnds(model.travel.graph, model.network, model.scenario.assumptions)
    given = read_proposed_links(candidates, ends) if candidates is not None else ()
    found = find_missing_links(model, gaps=gaps, people=people, given=given, top=top)
    values = [
        solve_card(study, model, joined, people or PeopleRules()) if number < verify else np.nan
        for number, joined in enumerate(found.links)
    ]
    return replace(found, table=found.table.assign(**{IN_FULL_MODEL: pd.Series(values, dtype=float)}))


def solve_card(study: Study, model: ScenarioModel, joined: JoinedLink, people: PeopleRules) -> float:
    """Return the person-minutes that a link saves when its project card is built into the scenario and all is solved anew."""
    link = joined.link
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{link.link_id}.toml"
        path.write_text(road_card(link, year=model.scenario.year + YEARS_TO_BUILD), encoding="utf-8")
        project = read_project(path)
    with_card = replace(study, projects={**study.projects, project.project_id: project})
    network = with_card.network_of(with_card.variant(model.scenario, add=[project.project_id]))
    graph = model.travel.graph
    after = compile_road_minutes(graph.grid, network, model.scenario.assumptions, network.stations).graph
    new = np.flatnonzero(np.isin(after.labels["link_id"].to_numpy()[after.link_label], [link.link_id]))
    return solve_saved(graph, after, people, near=np.unique(after.prepared.indices[new]))


def print_missing_links(options: argparse.Namespace) -> int:
    """Find and rank missing links, print them, and write table, layer and map."""
    if options.write_card:
        _check_card(*options.write_card)
    study = open_study(options.study)
    gaps = GapRules(
        max_gap_km=options.max_gap_km,
        min_gap_km=options.min_gap_km,
        min_detour=options.min_detour,
        border=options.border,
        water=options.water,
        city_id=options.city or "",
        road_class=options.road_class,
        speed_kmh=float("nan") if options.speed is None else options.speed,
        length_factor=options.length_factor,
    )
    people = PeopleRules(horizon_min=options.horizon, decay_min=options.decay)
    scenario = study.scenario(options.scenario or next(iter(study.scenarios)))
    with Console(stderr=True).status("searching"):
        found = rank_missing_links(
            study,
            scenario,
            gaps=gaps,
            people=people,
            candidates=options.candidates,
            top=options.top,
            verify=options.verify,
        )
    if found.table.empty:
        print("no gap of the road network is like that; try a larger --max-gap-km, --water allow or --border any")
        return 0
    if options.write_card:
        _check_rank(found, int(options.write_card[0]))
    files = _write(study, scenario, found, people, options.outputs)
    if options.write_card:
        files.append(_write_card(found, int(options.write_card[0]), options.write_card[1], scenario))
    _print_table(found, scenario)
    print("files:", *files, sep="\n  ")
    return 0


def _check_card(rank: str, name: str) -> None:
    """Raise one error for what can be seen to be wrong with --write-card before anything is computed."""
    problems, path = [], Path(name)
    if not (rank.isdigit() and int(rank) >= 1):
        problems.append(f"--write-card: '{rank}' is not a rank, a whole number from 1")
    if path.suffix != ".toml":
        problems.append(f"--write-card: {path} does not end in .toml; the name before it becomes the project's id")
    elif path.exists():
        problems.append(f"--write-card: {path} exists already")
    if problems:
        raise InputError(problems)


def _check_rank(found: MissingLinks, rank: int) -> None:
    """Raise an error where there are fewer links than the rank of --write-card, before anything is written."""
    n_links = len(found.links)
    if rank > n_links:
        there = "there is 1 link" if n_links == 1 else f"there are {n_links} links"
        raise InputError(f"--write-card: rank {rank} is asked for, but {there}")


def _write_card(found: MissingLinks, rank: int, path: str, scenario: Scenario) -> Path:
    """Write the link of a rank as a project card."""
    return write_road_card(found.links[rank - 1].link, path, year=scenario.year + YEARS_TO_BUILD)


def _write(study: Study, scenario: Scenario, found: MissingLinks, people: PeopleRules, outputs: Path) -> list[Path]:
    """Write missing_links.csv, .gpkg and, where the region has a coast to draw, .png."""
    table = found.table.copy()
    table.insert(0, "scenario", scenario.scenario_id)
    for name in ("from_lon", "from_lat", "to_lon", "to_lat"):  # to the metre, not to the two decimals of other numbers
        table[name] = table[name].map("{:.5f}".format)
    files = write_comparison_tables(outputs, study.study_id, {"missing_links.csv": table})
    layer = found.to_geodataframe()
    path = files[0].with_suffix(".gpkg")
    with tempfile.TemporaryDirectory(prefix=".links-", dir=path.parent) as folder:
        layer.to_file(Path(folder) / path.name, layer="missing_links", driver="GPKG")
        files.append((Path(folder) / path.name).replace(path))
    if study.region.land is not None:
        figure = draw_missing_links(
            layer,
            network=study.network_of(scenario),
            region=study.region,
            scenario=scenario,
            horizon_min=people.horizon_min,
        )
        files += save_figure(figure, path.with_suffix(""), ("png",))
    return files


def _print_table(found: MissingLinks, scenario: Scenario) -> None:
    console = Console(width=None if sys.stdout.isatty() else 170)
    shown = Table(title=f"缺失路段 missing road links, {scenario.scenario_id}, by person-minutes saved")
    verified = bool(found.table[IN_FULL_MODEL].notna().any())
    headings = [
        "",
        "link",
        "border",
        "gap km",
        "road km now",
        "min now",
        "with",
        "person-min",
        *(["in full model"] * verified),
    ]
    for heading in headings:
        shown.add_column(heading, justify="left" if heading in {"link", "border"} else "right")
    shown.add_column("note", max_width=60)
    for row in found.table.itertuples():
        full = [_number(getattr(row, IN_FULL_MODEL), ",.0f")] * verified
        shown.add_row(
            str(row.rank),
            f"{row.name}\n{row.name_en}",
            row.crosses_border,
            f"{row.gap_km:.1f}",
            _number(row.main_road_km_now, ".1f"),
            _number(row.minutes_now, ".1f"),
            f"{row.minutes_with_link:.1f}",
            f"{row.person_minutes_saved:,.0f}",
            *full,
            row.note,
        )
    console.print(shown)


def _number(value: float | None, form: str) -> str:
    return "—" if value is None or pd.isna(value) else format(value, form)
