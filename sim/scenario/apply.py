"""Stage 2b: projects are applied to a copy of the network as it is at the end of a year."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pandas as pd

from sim.errors import ScenarioError, did_you_mean
from sim.network.checks import check_tables
from sim.network.network import Network
from sim.network.schema import check_references, columns_of, frame_of
from sim.scenario.changes import CHILDREN, Add, Change, Close, Set, same_value
from sim.scenario.project import Project

__all__ = ["apply_projects"]

UNSAID_COLUMNS = {"source", "date", "confidence", "opening_date"}
"""What two cards that add the same thing need not agree on."""

UNDATED_TABLES = ("calibration", "line_speeds")
"""Tables about the past: they name lines that need not be open in the scenario's year."""


def apply_projects(network: Network, projects: Iterable[Project], *, year: int) -> Network:
    """Return the network at the end of a year with projects built; `network` itself is left as it is.

    The order of the projects does not matter: additions come first, then settings, then closures.

    Raises
    ------
    ScenarioError: a project requires one that is off or conflicts with one that is on, two projects contradict each
    other, a change states a stale value, names something unknown or has no effect; all problems are listed.
    """
    date = pd.Timestamp(year=year, month=12, day=31)
    chosen = sorted(projects, key=lambda project: project.project_id)
    problems = _check_company(chosen)
    changes = [change for project in chosen for change in project.changes]
    base = network.as_of(date)
    tables = dict(base.tables)
    _apply_additions(tables, [change for change in changes if isinstance(change, Add)], problems)
    _apply_settings(tables, [change for change in changes if isinstance(change, Set)], problems)
    _apply_closures(tables, changes, problems)
    if not problems and changes:
        current = {name: frame for name, frame in tables.items() if name not in UNDATED_TABLES}
        problems = check_references(current) + check_tables(tables)
    if problems:
        raise ScenarioError(problems)
    return _drop_orphans(base.with_tables(**tables))


def _check_company(projects: list[Project]) -> list[str]:
    on = {project.project_id for project in projects}
    problems: list[str] = []
    for project in projects:
        problems.extend(
            f"project '{project.project_id}' requires '{other}', which is off"
            for other in project.card.requires
            if other not in on
        )
        problems.extend(
            f"project '{project.project_id}' conflicts with '{other}'; only one of them can be on"
            for other in project.card.conflicts
            if other in on
        )
    return problems


def _apply_additions(tables: dict[str, pd.DataFrame], additions: list[Add], problems: list[str]) -> None:
    added: dict[tuple[str, str], Add] = {}
    present = {table: set(tables[table].iloc[:, 0]) for table in {change.table for change in additions}}
    new: dict[tuple[str, str], list[Add]] = {}
    for change in additions:
        table, key = change.table, change.key
        twin = added.get((table, key))
        if key and twin is not None:
            if not _same_addition(twin, change):
                problems.append(
                    f"projects '{twin.project}' and '{change.project}' both add {table} '{key}', with different values"
                )
            continue
        if key and key in present[table]:
            problems.append(f"project '{change.project}': add {table} '{key}': it exists already")
            continue
        added[(table, key)] = change
        new.setdefault((table, change.project), []).append(change)
    parts: dict[str, list[pd.DataFrame]] = {}
    for (table, _), changes in new.items():
        for name, rows in _rows_of(table, tuple(changes)).items():
            parts.setdefault(name, []).append(rows)
    for table, added_rows in parts.items():
        there = [tables[table]] if len(tables[table]) else []
        tables[table] = pd.concat([*there, *added_rows], ignore_index=True)


@lru_cache(maxsize=1_000)
def _rows_of(table: str, additions: tuple[Add, ...]) -> dict[str, pd.DataFrame]:
    """Return the rows that a project adds to a table, and those that come with them, by table.

    Of a thousand scenarios each builds some of the same few projects.
    """
    rows = {table: [change.row for change in additions]}
    children = [child for change in additions for child in change.children]
    if children:
        rows[CHILDREN[table][0]] = children
    return {
        name: frame_of(name, [{column: row[column] for column in columns_of(name)} for row in own])
        for name, own in rows.items()
    }


def _same_addition(a: Add, b: Add) -> bool:
    """Two cards may add the same thing (a shared station) if they say the same of it, sources apart."""
    rows = [(a.row, b.row), *zip(a.children, b.children, strict=False)]
    alike = all(same_value(one[name], two[name]) for one, two in rows for name in set(one) - UNSAID_COLUMNS)
    return alike and len(a.children) == len(b.children)


def _apply_settings(tables: dict[str, pd.DataFrame], settings: list[Set], problems: list[str]) -> None:
    agreed: dict[tuple[str, str, str], tuple[Any, str]] = {}
    for change in settings:
        frame = tables[change.table]
        rows = frame.index[frame.iloc[:, 0] == change.key]
        if rows.empty:
            near = did_you_mean(change.key, frame.iloc[:, 0])
            problems.append(
                f"project '{change.project}': set {change.table} '{change.key}': there is no such row in this year{near}"
            )
            continue
        for column, now in change.now.items():
            there = frame.loc[rows[0], column]
            if not same_value(there, change.was[column]):
                problems.append(
                    f"project '{change.project}': set {change.table} '{change.key}': {column} was expected to be "
                    f"{_shown(change.was[column])} but is {_shown(there)}; the card is stale"
                )
            other, owner = agreed.setdefault((change.table, change.key, column), (now, change.project))
            if not same_value(other, now):
                problems.append(
                    f"projects '{owner}' and '{change.project}' set {column} of {change.table} '{change.key}' "
                    f"differently: {_shown(other)} and {_shown(now)}"
                )
    if problems:
        return
    copies = {table: tables[table].copy() for table, _, _ in agreed}
    for (table, key, column), (now, _) in agreed.items():
        frame = copies[table]
        row = frame.index[frame.iloc[:, 0] == key][0]
        frame.loc[[row], column] = pd.Series([now], index=[row], dtype=frame[column].dtype)
    tables.update(copies)


def _apply_closures(tables: dict[str, pd.DataFrame], changes: list[Change], problems: list[str]) -> None:
    setters = {(change.table, change.key): change.project for change in changes if isinstance(change, Set)}
    for change in changes:
        if not isinstance(change, Close):
            continue
        frame = tables[change.table]
        setter = setters.get((change.table, change.key))
        if setter is not None:
            problems.append(
                f"projects '{setter}' and '{change.project}' contradict: one sets {change.table} '{change.key}', "
                "the other closes it"
            )
        ids = frame.iloc[:, 0]
        if change.key not in set(ids):
            twice = any(
                isinstance(other, Close) and other.key == change.key and other.project < change.project
                for other in changes
            )
            if not twice:
                problems.append(
                    f"project '{change.project}': close {change.table} '{change.key}': there is no such row in this "
                    f"year{did_you_mean(change.key, ids)}"
                )
            continue
        tables[change.table] = frame[ids != change.key].reset_index(drop=True)
        if change.table in CHILDREN:
            child, _, reference = CHILDREN[change.table]
            tables[child] = tables[child][tables[child][reference] != change.key].reset_index(drop=True)
    _drop_users_of_closed(tables, changes)


def _drop_users_of_closed(tables: dict[str, pd.DataFrame], changes: list[Change]) -> None:
    """A service over a closed line, or calling at a closed station, no longer runs."""
    closed_lines = {change.key for change in changes if isinstance(change, Close) and change.table == "lines"}
    closed_stations = {change.key for change in changes if isinstance(change, Close) and change.table == "stations"}
    if not closed_lines and not closed_stations:
        return
    services, stops = tables["services"], tables["service_stops"]
    calling = set(stops[stops["station_id"].isin(closed_stations)]["service_id"])
    stays = ~services["lines"].map(lambda used: bool(closed_lines.intersection(used))).astype(bool)
    stays &= ~services["service_id"].isin(calling)
    if not stays.all():
        tables["services"] = services[stays].reset_index(drop=True)
        kept = set(tables["services"]["service_id"])
        tables["service_stops"] = stops[stops["service_id"].isin(kept)].reset_index(drop=True)
    if closed_stations:
        line_stops, links = tables["line_stops"], tables["changes"]
        tables["line_stops"] = line_stops[~line_stops["station_id"].isin(closed_stations)].reset_index(drop=True)
        gone = links["from_station"].isin(closed_stations) | links["to_station"].isin(closed_stations)
        tables["changes"] = links[~gone].reset_index(drop=True)


def _drop_orphans(network: Network) -> Network:
    """Leave out changes of train between stations that are not there."""
    known = set(network.stations["station_id"])
    changes = network.changes
    kept = changes["from_station"].isin(known) & changes["to_station"].isin(known)
    return network if kept.all() else network.with_tables(changes=changes[kept].reset_index(drop=True))


def _shown(value: Any) -> str:
    """Return a table value as a planner would write it."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return ";".join(value) if isinstance(value, tuple) else f"'{value}'"
