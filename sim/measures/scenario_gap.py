"""Stage 4e, continued: in what two scenarios differ, so that a difference is not laid to one project when there are more.

Causes are the projects that are on in one only, the assumptions that differ, and the year when it opens, closes or speeds up
something that none of those projects brings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sim.errors import ScenarioError
from sim.network.network import Network
from sim.scenario.project import Project
from sim.scenario.scenario import Scenario

__all__ = ["ScenarioGap", "find_gap", "require_one_cause"]

KEYED_TABLES = {"lines": "line_id", "services": "service_id", "roads": "road_id", "ferries": "ferry_id"}
SHOWN_IDS = 6


@dataclass(frozen=True)
class ScenarioGap:
    """What stands between two scenarios.

    Attributes
    ----------
    added, removed : projects that are on only in the other, or only in the base.
    years : of the base and the other.
    assumptions : name -> value in the base and in the other, of those that differ.
    dated_rows : table -> ids of the rows that differ between the years without a project.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    years: tuple[int, int]
    assumptions: Mapping[str, tuple[Any, Any]]
    dated_rows: Mapping[str, tuple[str, ...]]

    def causes(self) -> list[str]:
        """Return one phrase for each thing that can make a difference."""
        said = [f"project {project_id} on" for project_id in self.added]
        said += [f"project {project_id} off" for project_id in self.removed]
        said += [f"{name} {before} -> {after}" for name, (before, after) in self.assumptions.items()]
        if self.dated_rows:
            rows = "; ".join(_shown(table, ids) for table, ids in self.dated_rows.items())
            said.append(f"the year {self.years[0]} -> {self.years[1]} by itself ({rows})")
        return said

    def to_dict(self) -> dict[str, Any]:
        """Return the gap as plain lists and dictionaries."""
        return {
            "projects_added": list(self.added),
            "projects_removed": list(self.removed),
            "years": list(self.years),
            "assumptions": {name: list(values) for name, values in self.assumptions.items()},
            "changed_by_the_year": {table: list(ids) for table, ids in self.dated_rows.items()},
            "causes": self.causes(),
        }


def find_gap(
    base: Scenario, base_network: Network, other: Scenario, other_network: Network, projects: Mapping[str, Project]
) -> ScenarioGap:
    """Return in what two scenarios differ.

    Parameters
    ----------
    projects : at least those that are on in one of the two.
    """
    added = tuple(sorted(set(other.projects) - set(base.projects)))
    removed = tuple(sorted(set(base.projects) - set(other.projects)))
    before, after = base.assumptions.model_dump(), other.assumptions.model_dump()
    changes = (change for project_id in (*added, *removed) for change in projects[project_id].changes)
    explained = {(change.table, change.key) for change in changes}
    dated = _dated_rows(base_network, other_network, explained) if base.year != other.year else {}
    return ScenarioGap(
        added=added,
        removed=removed,
        years=(base.year, other.year),
        assumptions={name: (before[name], after[name]) for name in before if before[name] != after[name]},
        dated_rows=dated,
    )


def require_one_cause(gap: ScenarioGap, base_id: str, other_id: str, *, hint: str = "") -> None:
    """Do nothing when two scenarios differ in one thing at most.

    Raises
    ------
    ScenarioError: they differ in more; all are listed.
    """
    causes = gap.causes()
    if len(causes) > 1:
        raise ScenarioError(
            [
                f"{base_id} and {other_id} differ in {len(causes)} things, so that no difference can be laid to one; "
                f"say so with --several (several='allow' in Python){hint}",
                *causes,
            ]
        )


def _dated_rows(base: Network, other: Network, explained: set[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the rows that differ and are not explained by a project, by table."""
    found = {}
    for table, key in KEYED_TABLES.items():
        rows = [_rows_by_id(network.tables[table], key) for network in (base, other)]
        ids = [row_id for row_id in {**rows[0], **rows[1]} if rows[0].get(row_id) != rows[1].get(row_id)]
        found[table] = tuple(sorted(row_id for row_id in ids if (table, row_id) not in explained))
    links = [set(network.road_links["link_id"]) for network in (base, other)]
    found["road_links"] = tuple(sorted(str(link) for link in links[0] ^ links[1]))
    return {table: ids for table, ids in found.items() if ids}


def _rows_by_id(frame: pd.DataFrame, key: str) -> dict[str, str]:
    """Return each row as text, by id; text, because an empty value does not equal itself."""
    return {str(row[key]): str(row) for row in frame.to_dict("records")}


def _shown(table: str, ids: tuple[str, ...]) -> str:
    """Return how many rows of a table differ, and the first of them where their ids say something."""
    count = f"{len(ids)} {table}"
    if table == "road_links":
        return count
    more = f" and {len(ids) - SHOWN_IDS} more" if len(ids) > SHOWN_IDS else ""
    return f"{count}: {', '.join(ids[:SHOWN_IDS])}{more}"
