"""Stage 7b: the command that makes a network of an OpenStreetMap extract; `cli.py` says how it is called."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sim.errors import InputError
from sim.network.network import read_network
from sim.network.osm import read_osm
from sim.network.osm_classes import classes_with
from sim.network.osm_merge import Merge, authored_inside, replace_roads
from sim.network.osm_roads import RoadLayers, roads_of
from sim.network.osm_write import NEEDED_FILES, write_network
from sim.network.schema import frame_of

__all__ = ["import_osm"]

MOST_LISTED = 10


def import_osm(options: argparse.Namespace) -> int:
    """Read ``source`` (a file or a place), and write the network folder ``target``, on the roads of ``base`` if given."""
    target = Path(options.target)
    if target.exists():
        raise InputError(f"{target}: exists already; choose another name, or remove it first")
    console, errors = Console(width=None if sys.stdout.isatty() else 200), Console(stderr=True)
    with _steps(errors) as tell:
        base = None
        if options.base is not None:
            tell(f"reading the network {options.base}")
            base = read_network(options.base)
        tell(f"reading {options.source}")
        graph = read_osm(str(options.source))
        tell("classes, speeds, junctions")
        classes = classes_with(base.road_classes if base is not None else frame_of("road_classes", []))
        extract = roads_of(graph, classes)
        tell("replacing the roads of the base in the area of the extract")
        merge = replace_roads(base, extract, classes) if base is not None else None
        tell(f"writing {target}")
        source = Path(options.source).name
        credit = (
            f"© OpenStreetMap contributors (ODbL 1.0): roads of {source}, imported {datetime.now(UTC):%Y-%m-%d}; they have "
            "no opening dates and count as always open"
        )
        roads = merge.roads if merge is not None else extract
        write_network(target, roads, classes, source=source, credit=credit, base=base)
    _print_roads(console, extract, source)
    if base is not None and merge is not None:
        _print_merge(console, merge, authored_inside(base, extract))
    console.print(f"[green]{target}[/green]: {len(roads.links):,} links, {len(roads.nodes):,} nodes")
    if base is None:
        console.print(f"roads only: add {', '.join(NEEDED_FILES)} to that folder, or import again with --base NETWORK")
    else:
        console.print(f'to use it, write network = "{target.name}" in the study.toml of a copy of your study')
    return 0


@contextmanager
def _steps(console: Console) -> Iterator[Callable[[str], None]]:
    """Show the step that is told last and the time it takes."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("")
        yield lambda step: progress.update(task, description=step)


def _print_roads(console: Console, extract: RoadLayers, source: str) -> None:
    """Print kilometres by class."""
    links, nodes = extract.links, extract.nodes
    console.print(f"{source}: {links['km'].sum():,.1f} km of main roads")
    by_class = links.groupby("road_class")["km"].sum().sort_values(ascending=False)
    for road_class, km in by_class.items():
        one_way = links.loc[(links["road_class"] == road_class) & (links["both_directions"] == "no"), "km"].sum()
        console.print(f"  {road_class:<17}{km:>10,.1f} km, of which one-way {one_way:,.1f}")
    for structure in ("bridge", "tunnel"):
        console.print(f"  on {structure}s{links.loc[links['structure'] == structure, 'km'].sum():>13,.1f} km")
    n_entered, n_junctions = (nodes["entered"] == "yes").sum(), (nodes["interchange"] == "junction").sum()
    console.print(
        f"  {n_entered:,} of {len(nodes):,} nodes entered from the land, {n_junctions:,} of them interchanges"
    )


def _print_merge(console: Console, merge: Merge, authored: pd.DataFrame) -> None:
    """Print what happened at the border, and what a planner should look at."""
    console.print(
        f"in its area {merge.removed_km:,.1f} km of the base's roads are replaced; {merge.n_cut} of its roads were cut at "
        f"the border, {merge.n_stitched} go on in the extract"
    )
    if len(merge.loose_ends):
        console.print(f"[yellow]note[/yellow]: {len(merge.loose_ends)} roads end loose; look at them on a map:")
        for end in merge.loose_ends.head(MOST_LISTED).itertuples():
            console.print(f"  {end.lon:.4f},{end.lat:.4f} {end.side}: {end.road_class} {end.ref} {end.name}".rstrip())
        if len(merge.loose_ends) > MOST_LISTED:
            console.print(f"  ... and {len(merge.loose_ends) - MOST_LISTED} more")
    if len(authored):
        names = ", ".join(authored["road_id"])
        console.print(
            f"[yellow]note[/yellow]: roads.csv draws roads in this area that the extract may have too: {names}"
        )
