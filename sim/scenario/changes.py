"""What a project card can do to the tables: add a row, set values it states the old ones of, close a row.

A change names things by the ids a planner knows and is resolved against the tables before anything is altered;
graphs are made afterwards from the changed tables. The forms follow project cards (network_wrangler/projectcard)
and the scenario modifications of Conveyal R5: check first, then apply on a copy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sim.errors import did_you_mean
from sim.network.schema import Column, columns_of, convert_row

__all__ = ["CHANGE_TYPES", "Add", "Change", "Close", "Set", "parse_change"]

SUBJECTS = {
    "station": "stations",
    "line": "lines",
    "service": "services",
    "road": "roads",
    "ferry": "ferries",
    "train_class": "train_classes",
}
CHANGE_TYPES = (
    *(f"add_{subject}" for subject in SUBJECTS),
    "add_change",
    *(f"set_{subject}" for subject in SUBJECTS if subject != "train_class"),
    *(f"close_{subject}" for subject in SUBJECTS if subject != "train_class"),
)
CHILDREN = {
    "lines": ("line_stops", "stops", "line_id"),
    "services": ("service_stops", "stops", "service_id"),
    "roads": ("road_points", "points", "road_id"),
}
"""Tables whose rows come with rows of another table: that table, the key of its list in a card, its reference."""

ALIASES = {"km": "chainage_km", "station": "station_id"}


@dataclass(frozen=True, eq=False)
class Change:
    """One change of one project to one row; what follows from it is remembered by which object it is."""

    project: str
    table: str
    key: str


@dataclass(frozen=True, eq=False)
class Add(Change):
    """Add a row, with the rows that belong to it (the stops of a line or service, the points of a road)."""

    row: Mapping[str, Any]
    children: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, eq=False)
class Set(Change):
    """Set values of a row; `was` holds what the project believes is there and is refused when that is stale."""

    was: Mapping[str, Any] = field(default_factory=dict)
    now: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Close(Change):
    """Take a row out of service."""


def parse_change(
    project: str, data: Mapping[str, Any], inherited: Mapping[str, Any], problems: list[str]
) -> Change | None:
    """Turn one [[change]] of a card into a Change; append what is wrong with it to `problems`.

    Parameters
    ----------
    inherited: source, date, confidence and opening_date of the card, used where the change states none.
    """
    kind = str(data.get("type", ""))
    if kind not in CHANGE_TYPES:
        problems.append(f"type '{kind}' is not a kind of change{did_you_mean(kind, CHANGE_TYPES)}")
        return None
    verb, _, subject = kind.partition("_")
    body = {name: value for name, value in data.items() if name != "type"}
    if subject == "change":
        return _parse_add(project, "changes", "", body, inherited, problems)
    key = str(body.pop(subject, ""))
    if not key:
        problems.append(f"{kind}: key '{subject}' is missing (the id of the {subject})")
        return None
    table = SUBJECTS[subject]
    found: list[str] = []
    change: Change | None
    if verb == "add":
        change = _parse_add(project, table, key, body, inherited, found)
    elif verb == "set":
        change = _parse_set(project, table, key, body, found)
    else:
        found.extend(f"unknown key '{name}'" for name in body)
        change = Close(project, table, key)
    problems.extend(f"{kind} '{key}': {sentence}" for sentence in found)
    return change


def _parse_add(
    project: str,
    table: str,
    key: str,
    body: dict[str, Any],
    inherited: Mapping[str, Any],
    problems: list[str],
) -> Add:
    children: tuple[Mapping[str, Any], ...] = ()
    if table in CHILDREN:
        children = _parse_children(table, key, body, inherited, problems)
    columns = columns_of(table)
    problems.extend(f"unknown key '{name}'{did_you_mean(name, columns)}" for name in body if name not in columns)
    identity = {name: key for name, column in columns.items() if column.kind == "id"}
    given = {name: value for name, value in inherited.items() if name in columns}
    return Add(project, table, key, convert_row(table, given | body | identity, problems), children)


def _parse_children(
    table: str, key: str, body: dict[str, Any], inherited: Mapping[str, Any], problems: list[str]
) -> tuple[Mapping[str, Any], ...]:
    child_table, list_name, reference = CHILDREN[table]
    items = body.pop(list_name, None)
    if not isinstance(items, list) or len(items) < 2:
        problems.append(f"'{list_name}' must be a list of at least two")
        return ()
    columns = columns_of(child_table)
    given = {name: value for name, value in inherited.items() if name in columns and name != "opening_date"}
    rows = []
    for number, item in enumerate(items, start=1):
        stated = {"station": item} if isinstance(item, str) else dict(item)
        named = {ALIASES.get(name, name): value for name, value in stated.items()}
        found = [f"unknown key '{name}'{did_you_mean(name, columns)}" for name in named if name not in columns]
        rows.append(convert_row(child_table, given | named | {reference: key, "sequence": number}, found))
        problems.extend(f"{list_name} {number}: {sentence}" for sentence in found)
    return tuple(rows)


def _parse_set(project: str, table: str, key: str, body: Mapping[str, Any], problems: list[str]) -> Set:
    columns = columns_of(table)
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    if not body:
        problems.append("sets nothing; state a column with { was = …, now = … }")
    for name, value in body.items():
        if name not in columns or columns[name].kind == "id":
            problems.append(f"unknown key '{name}'{did_you_mean(name, columns)}")
        elif not isinstance(value, dict) or set(value) != {"was", "now"}:
            problems.append(f"{name}: must state {{ was = …, now = … }}")
        else:
            was[name] = _one_value(columns[name], table, value["was"], problems)
            now[name] = _one_value(columns[name], table, value["now"], problems)
            if same_value(was[name], now[name]):
                problems.append(f"{name}: was and now are both {value['now']!r}; the change changes nothing")
    return Set(project, table, key, was, now)


def _one_value(column: Column, table: str, value: Any, problems: list[str]) -> Any:
    """Convert one value as its column declares, reporting only what concerns that column."""
    found: list[str] = []
    converted = convert_row(table, {column.name: value}, found)[column.name]
    problems.extend(sentence for sentence in found if sentence.startswith(f"{column.name}:"))
    return converted


def same_value(a: Any, b: Any) -> bool:
    """Tell whether two table values are equal, two empty ones included."""
    return (_is_empty(a) and _is_empty(b)) or bool(a == b)


def _is_empty(value: Any) -> bool:
    return not isinstance(value, tuple) and bool(pd.isna(value))
