"""Stage 7b: bus lines between neighbouring cities: people newly within reach without a car."""

import argparse

from rich.console import Console
from rich.table import Table

from sim.commands.study import open_study
from sim.errors import InputError
from sim.measures.bus_lines import ALL_LINES, TARGET_LINES, WithoutCar, tabulate_bus_lines
from sim.present.outputs import write_table
from sim.times.access import Access
from sim.times.bus_lines import BusStop, read_bus_lines
from sim.times.transit import transit_ways

__all__ = ["print_bus_lines"]


def print_bus_lines(options: argparse.Namespace) -> int:
    """Count the people newly within reach of places without a car, print them and write bus_lines.csv."""
    headways = _read_minutes(options.headways, "--headways")
    cutoffs = sorted(_read_minutes(options.cutoffs, "--cutoffs"))
    study = open_study(options.study)
    path = options.lines or study.folder / "bus_lines.csv"
    model = study.model(options.scenario)
    assumptions, travel = model.scenario.assumptions, model.travel
    lines = read_bus_lines(path, study.region, travel.graph)
    places = [study.region.place(place_id) for place_id in options.place or ()]
    ways = transit_ways(study.region, model.network, assumptions, travel.roads)
    without = WithoutCar.of(travel, Access(ways, assumptions.access_limit_min), cutoffs[-1])
    table = tabulate_bus_lines(
        without,
        lines,
        cutoffs_min=cutoffs,
        headways_min=headways,
        origins=[BusStop(place.place_id, place.name, place.lon, place.lat) for place in places],
        local_detour=assumptions.local_detour,
    )
    folder = options.outputs / study.study_id / "comparison"
    folder.mkdir(parents=True, exist_ok=True)
    table.insert(0, "scenario", model.scenario.scenario_id)
    write_table(table, folder / "bus_lines.csv")
    console = Console()
    shown = Table(
        title=f"毗邻公交 bus lines, {model.scenario.scenario_id}: 不开车可达人口 people within reach without a car"
    )
    for heading in ("line", "headway min", "from", "cut-off min", "without line", "with line", "newly"):
        shown.add_column(heading, justify="left" if heading in {"line", "from"} else "right")
    for row in table.itertuples():
        headway = "" if row.line_id == ALL_LINES else f"{row.headway_min:g}"
        counts = (row.population_without_line, row.population_with_line, row.population_newly_within)
        shown.add_row(row.name, headway, row.from_name, f"{row.cutoff_min:g}", *(f"{count:,.0f}" for count in counts))
    console.print(shown)
    console.print(f"{len(lines)} lines; context: {TARGET_LINES}")
    console.print(f"[green]{folder / 'bus_lines.csv'}[/green]")
    return 0


def _read_minutes(text: str, option: str) -> list[float]:
    """Return the minutes in a list such as 15,30,60.

    Raises
    ------
    InputError: naming every part that is no number of minutes above 0.
    """
    problems, minutes = [], []
    for part in text.split(","):
        try:
            value = float(part)
        except ValueError:
            value = 0.0
        if not 0 < value <= 720:
            problems.append(f"{option}: '{part}' is not a number of minutes above 0 and up to 720")
        minutes.append(value)
    if problems:
        raise InputError(problems)
    return minutes
