"""Stage 4k: one row per transport system of a plan, and the values of runs that show whether its row works.

Two tables of a study say it. systems.csv: the plan's own words, and what stands for them (projects, places, targets).
system_values.csv: what to show of a row, in which scenarios, from which output file, and when the row counts as working:

    falls, rises, same    the last scenario against the first
    reached               there was no way in the first scenario and there is one in the last
    < N, > N              the value in the last scenario

So no number of the table is written by hand, and a row that ceases to work is seen.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError, did_you_mean

__all__ = [
    "COMPARISON",
    "LOOKED_UP_COLUMNS",
    "SYSTEM_COLUMNS",
    "SYSTEM_VALUE_COLUMNS",
    "Systems",
    "check_names",
    "join_rows",
    "look_up",
    "read_systems",
    "wanted_rows",
]

SYSTEM_COLUMNS = ("number", "words", "represented_by", "remark", "remark_en")
SYSTEM_VALUE_COLUMNS = ("number", "label", "label_en", "scenarios", "file", "where", "column", "works_when")
LOOKED_UP_COLUMNS = (
    *("number", "label", "label_en", "scenario", "file", "where", "column"),
    *("value", "made", "works_when", "works"),
)
COMPARISON = "comparison"
"""Stands among the scenarios for the tables of a study that compare scenarios."""
COMMANDS = {
    "deliveries.csv": "claims",
    "first_year_met.csv": "run",
    "option_ranks.csv": "options",
    "synergy.csv": "contributions",
    "switching_values.csv": "switching",
    "verdicts.csv": "run",
}
"""Which command makes a table of that comparison; of the others the name says it."""
AGAINST_THE_FIRST = ("falls", "rises", "same", "reached")
SAME, SAME_SHARE = 0.05, 0.0005
"""Values that differ by less are the same: minutes and persons, which are shown whole, and shares, shown in percent."""
NOTHING = {"": ("无通路", "均未达到"), "_en": ("no way", "in none")}
"""What stands where there is no number: of minutes, and of the first year in which a target is met."""
TEN_THOUSAND, MILLION = 1e4, 1e6
_LIMIT = re.compile(r"([<>]) *(-?\d+(?:\.\d+)?)")

Tables = Mapping[tuple[str, str], pd.DataFrame]
"""Output tables by scenario (or `COMPARISON`) and file name; those that have not been made are not in it."""


@dataclass(frozen=True)
class Systems:
    """The systems of a plan (`SYSTEM_COLUMNS`), and what to show of them (`SYSTEM_VALUE_COLUMNS`)."""

    rows: pd.DataFrame
    values: pd.DataFrame


def read_systems(folder: Path) -> Systems:
    """Return systems.csv and system_values.csv of a study.

    Raises
    ------
    InputError: with everything that is wrong with the two files.
    """
    problems: list[str] = []
    rows = _read(folder / "systems.csv", SYSTEM_COLUMNS, problems)
    values = _read(folder / "system_values.csv", SYSTEM_VALUE_COLUMNS, problems)
    if problems:
        raise InputError(problems)
    problems += [
        f"systems.csv: number '{number}' stands twice" for number in rows["number"][rows["number"].duplicated()]
    ]
    known = set(rows["number"])
    for index, row in values.iterrows():
        where = f"system_values.csv row {int(str(index)) + 2}"
        if row["number"] not in known:
            problems.append(f"{where}: number: no row '{row['number']}' in systems.csv")
        if not (row["works_when"] in ("", *AGAINST_THE_FIRST) or _LIMIT.fullmatch(row["works_when"])):
            near = did_you_mean(row["works_when"], AGAINST_THE_FIRST)
            allowed = ", ".join(AGAINST_THE_FIRST)
            problems.append(f"{where}: works_when: '{row['works_when']}' is not {allowed}, < N or > N{near}")
        problems += [
            f"{where}: {name} has {row[name].count('{}')} places {{}} for {len(_scenarios(row))} scenarios"
            for name in ("label", "label_en")
            if row[name].count("{}") not in (0, len(_scenarios(row)))
        ]
        problems += [
            f"{where}: where: '{part}' is not column=value" for part in row["where"].split(";") if "=" not in part
        ]
    if problems:
        raise InputError(problems)
    return Systems(rows, values)


def check_names(rows: pd.DataFrame, known: Collection[str]) -> list[str]:
    """Return a sentence for each thing that stands for a system and that the study does not have."""
    return [
        f"systems.csv row {int(str(index)) + 2}: represented_by: the study has no '{name}'{did_you_mean(name, known)}"
        for index, row in rows.iterrows()
        for name in filter(None, row["represented_by"].split(";"))
        if name not in known
    ]


def wanted_rows(values: pd.DataFrame) -> dict[str, dict[str, list[dict[str, str]]]]:
    """Return what is looked up: by scenario and file, the column=value pairs of each value."""
    wanted: dict[str, dict[str, list[dict[str, str]]]] = {}
    for _, row in values.iterrows():
        for scenario in _scenarios(row):
            wanted.setdefault(scenario, {}).setdefault(row["file"], []).append(_pairs(row["where"]))
    return wanted


def look_up(values: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Return every value in every scenario, one row each, in their order.

    Returns
    -------
    DataFrame, columns `LOOKED_UP_COLUMNS`. value: a number or words, as text; empty where there is no way. made: whether there is
    such a file. works: in the last row of a value yes or no; empty where nothing is asked or a file is not made yet.

    Raises
    ------
    InputError: a value matches no row in any of its scenarios, or several in one, a column is unknown, or words are asked to be
    a number.
    """
    problems: list[str] = []
    found: list[dict[str, object]] = []
    for index, row in values.iterrows():
        scenarios = _scenarios(row)
        try:
            own = [_made(scenario, row, tables) for scenario in scenarios]
            made = [table is not None for table in own]
            cells = _cells(row, own)
            works = ("yes" if _works(row, cells) else "no") if row["works_when"] and all(made) else ""
        except InputError as error:
            problems += [f"system_values.csv row {int(str(index)) + 2}: {sentence}" for sentence in error.problems]
            continue
        kept = {name: row[name] for name in ("number", "label", "label_en", "file", "where", "column", "works_when")}
        for k, scenario in enumerate(scenarios):
            is_last = k == len(scenarios) - 1
            cell = {"scenario": scenario, "value": cells[k], "made": made[k], "works": works if is_last else ""}
            found.append(kept | cell)
    if problems:
        raise InputError(problems)
    return pd.DataFrame(found, columns=list(LOOKED_UP_COLUMNS))


def join_rows(rows: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return one row per system.

    Parameters
    ----------
    found : of `look_up`.

    Returns
    -------
    DataFrame: number, words, represented_by, scenarios, files, shows, shows_en (what the row shows, in words), works (yes when
    all that is asked of the row holds, empty when nothing is asked), remark, remark_en.
    """
    joined = []
    for _, row in rows.iterrows():
        own = found[found["number"] == row["number"]]
        asked = set(own["works"]) - {""}
        shown = {f"shows{tail}": _say(own, row, tail) for tail in ("", "_en")}
        joined.append(
            {
                **{name: row[name] for name in ("number", "words", "represented_by")},
                "scenarios": ";".join(s for s in dict.fromkeys(own["scenario"]) if s != COMPARISON),
                "files": ";".join(dict.fromkeys(own["file"])),
                **shown,
                "works": "no" if "no" in asked else "".join(asked),
                "remark": row["remark"],
                "remark_en": row["remark_en"],
            }
        )
    return pd.DataFrame(joined)


def _say(own: pd.DataFrame, row: "pd.Series[str]", tail: str) -> str:
    """Return what the values of one system show, in Chinese (tail "") or English ("_en"), and the remark on it."""
    said = []
    for (label, _, _, _), part in own.groupby([f"label{tail}", "file", "where", "column"], sort=False):
        column = str(part["column"].iloc[0])
        texts = [
            _format(value, column, tail) if made else _not_made(str(file), tail)
            for value, made, file in zip(part["value"], part["made"], part["file"], strict=True)
        ]
        said.append(str(label).format(*texts) if "{}" in str(label) else f"{label} {' → '.join(texts)}")
    join = "；" if tail == "" else "; "
    return join.join([*said, *filter(None, [row[f"remark{tail}"]])])


def _not_made(file: str, tail: str) -> str:
    """Return which command makes a file that is missing."""
    name = COMMANDS.get(file, file.removesuffix(".csv").replace("_", "-"))
    return f"(先运行 sim {name})" if tail == "" else f"(run sim {name})"


def _format(value: object, column: str, tail: str) -> str:
    """Return a value as it is shown: whole minutes, percent, large numbers in 10,000 (万) or million, words as they are."""
    text = str(value)
    if not text:
        return NOTHING[tail][column == "first_year"]
    number = pd.to_numeric(text, errors="coerce")
    if not np.isfinite(number):
        return text
    if "share" in column:
        return f"{number:.0%}"
    if tail == "" and abs(number) >= TEN_THOUSAND:
        return f"{number / TEN_THOUSAND:,.1f}万"
    if abs(number) >= MILLION:
        return f"{number / MILLION:,.2f} million"
    return f"{number:,.0f}" if abs(number) >= TEN_THOUSAND else f"{number:.0f}"


def _works(row: "pd.Series[str]", cells: list[str]) -> bool:
    """Tell whether what is asked of a value holds; raise one error where it is asked of words."""
    rule, same = row["works_when"], SAME_SHARE if "share" in row["column"] else SAME
    words = [cell for cell in (cells[0], cells[-1]) if cell and np.isnan(pd.to_numeric(cell, errors="coerce"))]
    if words:
        raise InputError(f"works_when: '{rule}' is about numbers, but {row['column']} of {row['file']} is '{words[0]}'")
    first, last = (float(cell) if cell else np.nan for cell in (cells[0], cells[-1]))
    limit = _LIMIT.fullmatch(rule)
    if limit:
        return bool(last < float(limit[2]) if limit[1] == "<" else last > float(limit[2]))
    return {
        "falls": bool(last < first - same),
        "rises": bool(last > first + same),
        "same": bool(abs(last - first) <= same),
        "reached": bool(np.isnan(first) and np.isfinite(last)),
    }[rule]


def _made(scenario: str, row: "pd.Series[str]", tables: Tables) -> pd.DataFrame | None:
    """Return the table of a scenario; None where it is not made yet, or was made by a command that was asked for other things."""
    table = tables.get((scenario, row["file"]))
    if table is None or (scenario == COMPARISON and not _matching(table, row).any()):
        return None
    return table


def _cells(row: "pd.Series[str]", tables: list[pd.DataFrame | None]) -> list[str]:
    """Return a value from the tables of its scenarios as text, empty where there is no way or no table.

    A table without a matching row means no way, as of stations without trains, unless no table has one.
    """
    found = [table.loc[_matching(table, row)] for table in tables if table is not None]
    if found and not any(len(rows) for rows in found):
        raise InputError(_say_absent(row, [table for table in tables if table is not None]))
    if any(len(rows) > 1 for rows in found):
        raise InputError(f"{max(map(len, found))} rows of {row['file']} match '{row['where']}'")
    rows_left = iter(found)
    return ["" if table is None else _cell(next(rows_left), row["column"].split("+")) for table in tables]


def _matching(table: pd.DataFrame, row: "pd.Series[str]") -> npt.NDArray[np.bool_]:
    """Return which rows of a table a value is about."""
    pairs = _pairs(row["where"])
    problems = [
        f"{row['file']} has no column '{name}'{did_you_mean(name, table)}"
        for name in (*pairs, *row["column"].split("+"))
        if name not in table
    ]
    if problems:
        raise InputError(problems)
    return np.asarray(np.all([_equal(table[name], value) for name, value in pairs.items()], axis=0))


def _cell(rows: pd.DataFrame, columns: list[str]) -> str:
    """Return one cell, or the sum of several, as text; empty where there is no row or no number."""
    if rows.empty or rows[columns].isna().to_numpy().any():
        return ""
    cells = rows[columns].iloc[0]
    return str(cells.iloc[0]) if len(columns) == 1 else str(float(cells.astype(float).sum()))


def _say_absent(row: "pd.Series[str]", tables: list[pd.DataFrame]) -> str:
    """Return why no table has a row for a value: what it asks for and none has, with what was probably meant."""
    for name, value in _pairs(row["where"]).items():
        if not any(_equal(table[name], value).any() for table in tables):
            known = {str(text) for table in tables for text in table[name].unique()}
            return f"{row['file']} has no {name} '{value}' in any of the scenarios{did_you_mean(value, known)}"
    return f"no row of {row['file']} matches '{row['where']}' in any of the scenarios"


def _equal(column: "pd.Series[Any]", value: str) -> npt.NDArray[np.bool_]:
    """Return which cells are a value: numbers as numbers, all else as text."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return np.asarray(column == pd.to_numeric(value, errors="coerce"))
    return np.asarray(column.astype(str) == value)


def _scenarios(row: "pd.Series[str]") -> list[str]:
    return str(row["scenarios"]).split(";")


def _pairs(where: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in where.split(";"))


def _read(path: Path, columns: Iterable[str], problems: list[str]) -> pd.DataFrame:
    """Return a table of text; what is wrong with it is added to the problems."""
    if not path.is_file():
        problems.append(f"{path}: file is missing")
        return pd.DataFrame(columns=list(columns))
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", comment="#")
    wanted = list(columns)
    problems += [
        f"{path.name}: column '{name}' is missing{did_you_mean(name, table)}" for name in wanted if name not in table
    ]
    problems += [
        f"{path.name}: unknown column '{name}'{did_you_mean(str(name), wanted)}" for name in table if name not in wanted
    ]
    return table
