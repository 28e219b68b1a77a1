"""Stage 3g, continued: road links that planners propose, as they write them down: one row of a CSV file each."""

from pathlib import Path

import numpy as np

from sim.errors import InputError, did_you_mean
from sim.network.schema import read_table
from sim.times.proposed_links import ProposedLink, RoadEnds, crosses_barrier
from sim.times.road_graph import place_node

__all__ = ["read_proposed_links"]


def read_proposed_links(path: "Path | str", ends: RoadEnds) -> tuple[ProposedLink, ...]:
    """Read the links of a file, columns as declared in `sim/network/tables/missing_links.csv`.

    Parameters
    ----------
    ends : the roads that they are to join.

    Raises
    ------
    InputError: with every problem of every row: an end on the sea or outside the study, two ends in one cell, numbers off
        limits, an unknown class of road, wide water under a road that is neither bridge nor tunnel.
    """
    path = Path(path)
    problems: list[str] = []
    table = read_table(path, "missing_links", problems)
    if table.empty and not problems:
        problems.append(f"{path.name}: has no links")
    links = []
    for row in table.itertuples():
        link = ProposedLink(
            link_id=str(row.link_id),
            name=str(row.name),
            name_en=str(row.name_en),
            start=(float(row.from_lon), float(row.from_lat)),
            end=(float(row.to_lon), float(row.to_lat)),
            road_class=str(row.road_class),
            speed_kmh=float(row.speed_kmh),
            length_factor=float(row.length_factor),
            structure=str(row.structure),
            opening_year=int(row.opening_year),
            source=str(row.source),
            date=str(row.date),
            confidence=str(row.confidence),
        )
        problems.extend(f"{path.name} '{link.link_id}': {sentence}" for sentence in _find_problems(link, ends))
        links.append(link)
    if problems:
        raise InputError(problems)
    return tuple(links)


def _find_problems(link: ProposedLink, ends: RoadEnds) -> list[str]:
    """Return a sentence for everything about a link that the roads and the land contradict."""
    known = ends.network.road_classes["road_class"]
    problems = []
    if link.road_class not in set(known):
        problems.append(
            f"road_class '{link.road_class}' is not in road_classes.csv{did_you_mean(link.road_class, known)}"
        )
    nodes = []
    for what, point in (("from", link.start), ("to", link.end)):
        try:
            nodes.append(place_node(ends.graph, *point))
        except InputError as error:
            problems.extend(f"{what}: {sentence}" for sentence in error.problems)
    if problems:
        return problems
    if nodes[0] == nodes[1]:
        return ["its two ends lie in the same cell"]
    if link.structure == "surface" and crosses_barrier(ends.graph, np.array([[link.start, link.end]]))[0]:
        problems.append("it crosses wide water on the surface; say structure = bridge or tunnel, or move an end")
    try:
        ends.join(link)
    except InputError as error:
        problems.extend(error.problems)
    return problems
