"""Stage 0: read a table as its declaration says, and say everything that is wrong with it.

The declarations are data: `sim/network/tables/<table>.csv`, one row per column with its type, unit, default,
limits and meaning. They check what is read, fill defaults, and are the documentation of the files.
"""

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain, compress, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.network.remembered import remember

__all__ = ["TABLE_NAMES", "Column", "check_references", "columns_of", "convert_row", "frame_of", "read_table"]

TABLE_NAMES = (
    "stations",
    "lines",
    "line_speeds",
    "line_stops",
    "train_classes",
    "services",
    "service_stops",
    "changes",
    "calibration",
    "road_classes",
    "congestion",
    "roads",
    "road_points",
    "ferries",
    "transit",
    "metros",
)


@dataclass(frozen=True)
class Column:
    """One declared column: its type, unit, whether it must be given, default and limits."""

    name: str
    type: str
    unit: str
    required: bool
    default: str
    min: float | None
    max: float | None
    description: str

    @property
    def kind(self) -> str:
        """The type without its argument: id, text, number, integer, date, time, choice, ref or refs."""
        return self.type.partition(":")[0]

    @property
    def argument(self) -> str:
        """What follows the colon of the type: the choices, or the table referred to."""
        return self.type.partition(":")[2]


@cache
def columns_of(table: str) -> dict[str, Column]:
    """Return the declared columns of a table, by name, in file order."""
    text = resources.files("sim.network").joinpath("tables", f"{table}.csv").read_text(encoding="utf-8")
    columns: dict[str, Column] = {}
    for row in csv.DictReader(text.splitlines()):
        columns[row["name"]] = Column(
            name=row["name"],
            type=row["type"],
            unit=row["unit"],
            required=row["required"] == "yes",
            default=row["default"],
            min=float(row["min"]) if row["min"] else None,
            max=float(row["max"]) if row["max"] else None,
            description=row["description"],
        )
    return columns


def key_of(table: str) -> str | None:
    """Return the name of the table's id column, or None for a table without one."""
    return next((name for name, column in columns_of(table).items() if column.kind == "id"), None)


def read_table(path: Path, table: str, problems: list[str]) -> pd.DataFrame:
    """Read one CSV file as declared.

    Everything wrong is appended to `problems` (file, row, column, value, what is allowed); rows with a problem
    are left out, so that one pass over all tables finds all problems.

    Returns
    -------
    DataFrame with the declared columns: ids, text and choices str ("" = empty), numbers float64 (NaN = empty), dates
    datetime64 (NaT = empty), times minutes after midnight as float64, lists as tuples of str.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(f"{path.name}: is not UTF-8 (byte {error.start}); save it as 'CSV UTF-8'")
        return frame_of(table, [])
    except OSError:
        problems.append(f"{path}: file is missing")
        return frame_of(table, [])
    lines = [line for line in csv.reader(text.splitlines()) if line]
    header = [name.strip() for name in lines[0]] if lines else []
    columns = columns_of(table)
    problems.extend(
        f"{path.name}: unknown column '{name}'{did_you_mean(name, columns)}" for name in header if name not in columns
    )
    missing = [name for name, column in columns.items() if column.required and name not in header]
    problems.extend(f"{path.name}: column '{name}' is missing ({columns[name].description})" for name in missing)
    if missing:
        return frame_of(table, [])
    rows = list(enumerate(lines[1:], start=2))
    problems.extend(
        f"{path.name} row {number}: more cells than the header has; quote text that holds a comma"
        for number, line in rows
        if len(line) > len(header)
    )
    rows = [(number, line) for number, line in rows if len(line) <= len(header)]
    by_column = zip_longest(header, *(line for _, line in rows), fillvalue="")
    texts = {name: cells for name, *cells in by_column}
    found: list[list[str]] = [[] for _ in rows]
    values = {name: _convert_cells(columns[name], texts.get(name, [""] * len(rows)), found) for name in columns}
    numbers = [number for number, _ in rows]
    key = key_of(table)
    if key is not None:
        _find_repeated(key, values[key], numbers, found)
    for number, sentences in zip(numbers, found, strict=True):
        problems.extend(f"{path.name} row {number}, {sentence}" for sentence in sentences)
    good = [not sentences for sentences in found]
    return _frame(table, {name: list(compress(own, good)) for name, own in values.items()})


def _convert_cells(column: Column, texts: Sequence[str], found: list[list[str]]) -> list[Any]:
    """Convert the cells of one column, each distinct text once; add what is wrong to the sentences of its row."""
    known: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for text in set(texts):
        sentences: list[str] = []
        known[text] = _convert_text(column, text.strip(), sentences)
        if sentences:
            wrong[text] = sentences
    if wrong:
        for text, of_row in zip(texts, found, strict=True):
            of_row.extend(wrong.get(text, ()))
    return [known[text] for text in texts]


def _find_repeated(key: str, values: Sequence[Any], numbers: Sequence[int], found: list[list[str]]) -> None:
    """Add a sentence to each row whose id stands in an earlier one."""
    first: dict[Any, int] = {}
    for value, number, sentences in zip(values, numbers, found, strict=True):
        row = first.setdefault(value, number)
        if row != number:
            sentences.append(f"{key}: '{value}' stands already in row {row}")


def convert_row(table: str, raw: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """Convert one row of text (or TOML values) to the declared types; append what is wrong to `problems`."""
    row: dict[str, Any] = {}
    for name, column in columns_of(table).items():
        value = raw.get(name)
        row[name] = _convert_text(column, "" if value is None else _as_text(value), problems)
    return row


def frame_of(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows as a DataFrame with the declared columns and dtypes, also when there are none."""
    return _frame(table, {name: [row[name] for row in rows] for name in columns_of(table)})


def _frame(table: str, columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    """Return the columns as a DataFrame with the declared dtypes."""
    data: dict[str, pd.Series[Any]] = {}
    for name, column in columns_of(table).items():
        values = columns[name]
        if column.kind == "date":
            data[name] = pd.Series(values, dtype="datetime64[s]")
        elif column.kind in {"number", "time", "integer"}:
            data[name] = pd.Series(np.array(values, dtype=np.int64 if column.kind == "integer" else np.float64))
        else:
            data[name] = pd.Series(np.fromiter(values, dtype=object, count=len(values)), dtype="object")
    return pd.DataFrame(data)


def check_references(tables: Mapping[str, pd.DataFrame], *, faulty: Collection[str] = ()) -> list[str]:
    """Return a sentence for every reference to an id that its table does not hold.

    Parameters
    ----------
    faulty : tables of which rows were left out; references to them are not judged.
    """
    problems: list[str] = []
    for table, frame in tables.items():
        for name, column in columns_of(table).items():
            if column.kind not in {"ref", "refs"} or frame.empty:
                continue
            target = column.argument
            if target in faulty:
                continue
            known = _names_in(tables[target], str(key_of(target)))
            for value in sorted(_names_in(frame, name) - known - {""}):
                user = _first_user(frame, name, value, table)
                problems.append(
                    f"{table}.csv{user}, {name}: '{value}' is not in {target}.csv{did_you_mean(value, known)}"
                )
    return problems


@remember(maxsize=128)
def _names_in(frame: pd.DataFrame, column: str) -> frozenset[str]:
    """Return every name that stands in a column of names or of lists of names."""
    values = set(frame[column].tolist())
    return frozenset(chain.from_iterable([value] if isinstance(value, str) else value for value in values))


def require(condition: bool, sentence: str, problems: list[str]) -> None:
    """Append the sentence when the condition does not hold."""
    if not condition:
        problems.append(sentence)


def raise_if(problems: Iterable[str]) -> None:
    """Raise one InputError that carries every problem, if there is any."""
    found = list(problems)
    if found:
        raise InputError(found)


def _first_user(frame: pd.DataFrame, name: str, value: str, table: str) -> str:
    """Say which row of a table first uses a value: by the table's id, or by line number."""
    hit = frame[name].map(lambda cell: value == cell or (isinstance(cell, tuple) and value in cell))
    position = int(hit.to_numpy().argmax())
    key = key_of(table)
    return f" '{frame[key].iloc[position]}'" if key else f" row {position + 2}"


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ";".join(str(item) for item in value)
    return str(value).strip()


def _convert_text(column: Column, text: str, problems: list[str]) -> Any:
    """Return the value of one cell, the default if it is empty; append what is wrong to `problems`."""
    if not text and column.required:
        problems.append(f"{column.name}: is empty but must be given ({column.description})")
    text = text or column.default
    if column.kind in {"number", "integer"}:
        return _number(column, text, problems)
    if column.kind == "date":
        return _date(column, text, problems)
    if column.kind == "time":
        return _time(column, text, problems)
    if column.kind == "refs":
        return tuple(part.strip() for part in text.split(";") if part.strip())
    if column.kind == "choice" and text:
        choices = column.argument.split("|")
        if text not in choices:
            allowed = ", ".join(choices)
            problems.append(f"{column.name}: '{text}' is not one of {allowed}{did_you_mean(text, choices)}")
    return text


def _number(column: Column, text: str, problems: list[str]) -> float:
    whole = column.kind == "integer"
    if not text:
        return 0 if whole else float("nan")
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        problems.append(f"{column.name}: '{text}' is not {'a whole' if whole else 'a'} number")
        return 0 if whole else float("nan")
    low, high = column.min, column.max
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        unit = f" {column.unit}" if column.unit else ""
        problems.append(f"{column.name}: {text} is outside {low:g} to {high:g}{unit}")
    return value


def _date(column: Column, text: str, problems: list[str]) -> pd.Timestamp:
    if not text:
        return pd.NaT
    try:
        return pd.Timestamp(pd.to_datetime(text, format="%Y-%m-%d"))
    except ValueError:
        problems.append(f"{column.name}: '{text}' is not a date written YYYY-MM-DD")
        return pd.NaT


def _time(column: Column, text: str, problems: list[str]) -> float:
    if not text:
        return float("nan")
    hours, _, minutes = text.partition(":")
    if hours.isdigit() and minutes.isdigit() and len(minutes) == 2 and int(hours) <= 29 and int(minutes) < 60:
        return int(hours) * 60.0 + int(minutes)
    problems.append(f"{column.name}: '{text}' is not a time written HH:MM")
    return float("nan")
