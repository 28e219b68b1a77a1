"""Counties, cities, named places and versioned city sets: the tables of a region and their checks."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.errors import InputError, did_you_mean

__all__ = ["COLUMNS", "PLACE_KINDS", "Place", "find_place", "read_region_table"]

PLACE_KINDS = ("city", "county", "district", "airport", "hub", "port")
MEMBER_KINDS = ("city", "county")

# Columns that each table must have; those that hold numbers or whole numbers are listed apart.
COLUMNS = {
    "counties": (
        "county_index", "adcode", "name", "name_en", "city_id", "province", "population_2020", "lon", "lat",
        "seat_source", "confidence",
    ),
    "cities": ("city_id", "name", "name_en", "province", "lon", "lat", "population_2020", "source", "date", "confidence"),
    "places": ("place_id", "name", "name_en", "kind", "city_id", "lon", "lat", "source", "date", "confidence"),
    "city_sets": ("set_id", "set_name", "set_name_en", "member_kind", "member", "source", "date"),
}  # fmt: skip
NUMBER_LIMITS = {
    "lon": (-180.0, 180.0),
    "lat": (-90.0, 90.0),
    "population_2020": (0.0, float("inf")),
    "county_index": (0.0, float("inf")),
}
WHOLE_NUMBERS = ("county_index",)
UNIQUE_COLUMNS = {"counties": ("county_index", "adcode"), "cities": ("city_id",), "places": ("place_id",)}
CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "places": {"kind": PLACE_KINDS},
    "city_sets": {"member_kind": MEMBER_KINDS},
}


@dataclass(frozen=True)
class Place:
    """A named end of a journey (WGS84)."""

    place_id: str
    name: str
    name_en: str
    kind: str
    city_id: str
    lon: float
    lat: float


def read_region_table(path: Path, table: str, problems: list[str]) -> pd.DataFrame:
    """Read one of the four tables; everything wrong with it is appended to `problems`.

    Ids and names stay text. What comes back has every declared column, so that the other tables can be checked
    against it even when something is wrong.
    """
    empty = pd.DataFrame({column: [] for column in COLUMNS[table]})
    if not path.is_file():
        problems.append(f"{path}: file is missing")
        return empty
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except UnicodeDecodeError:
        problems.append(f"{path}: is not UTF-8; save it as UTF-8 text")
        return empty
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        problems.append(f"{path}: cannot be read as a table: {error}")
        return empty
    missing = [column for column in COLUMNS[table] if column not in frame]
    problems.extend(f"{path.name}: column '{column}' is missing{did_you_mean(column, frame)}" for column in missing)
    if missing:
        return empty
    if frame.empty:
        problems.append(f"{path.name}: has no rows")
    for column, (lowest, highest) in NUMBER_LIMITS.items():
        if column in frame:
            frame[column] = _read_numbers(frame[column], path.name, (lowest, highest), problems)
    for column in UNIQUE_COLUMNS.get(table, ()):
        problems.extend(
            f"{path.name} row {row + 2}: {column} '{_shown(frame[column][row])}' stands twice"
            for row in frame.index[frame[column].duplicated()]
        )
    for column, choices in CHOICES.get(table, {}).items():
        problems.extend(find_unknown(frame, column, choices, path.name))
    if table == "counties" and "cells_of" not in frame:
        frame["cells_of"] = frame["adcode"]
    return frame


def _read_numbers(
    texts: "pd.Series[str]", file: str, limits: tuple[float, float], problems: list[str]
) -> "pd.Series[float] | pd.Series[int]":
    """Return a column as numbers; what is no number or outside its limits is a problem (and NaN)."""
    numbers = pd.to_numeric(texts, errors="coerce")
    is_whole = texts.name in WHOLE_NUMBERS
    wrong = ~numbers.between(*limits) | (is_whole & (numbers % 1 != 0))
    kind = "a whole number" if is_whole else "a number"
    problems.extend(
        f"{file} row {row + 2}: {texts.name} is '{texts[row]}', not {kind} from {limits[0]:g} to {limits[1]:g}"
        for row in texts.index[wrong]
    )
    numbers = numbers.where(~wrong)
    return numbers.astype("int64") if is_whole and not wrong.any() else numbers.astype("float64")


def find_unknown(frame: pd.DataFrame, column: str, known: Iterable[str], file: str) -> list[str]:
    """Return a sentence for each value of a column that is not known."""
    choices = [str(choice) for choice in known]
    unknown = frame[~frame[column].isin(choices)]
    return [
        f"{file} row {row + 2}: no {column} '{value}'{did_you_mean(str(value), choices)}"
        for row, value in unknown[column].items()
    ]


def find_place(places: pd.DataFrame, place_id: str) -> Place:
    """Return the place with an id.

    Raises
    ------
    InputError: there is none; says which id was probably meant.
    """
    found = places[places["place_id"] == place_id]
    if found.empty:
        raise InputError(f"no place '{place_id}'{did_you_mean(place_id, places['place_id'])}")
    row = found.iloc[0]
    return Place(
        place_id=place_id,
        name=str(row["name"]),
        name_en=str(row["name_en"]),
        kind=str(row["kind"]),
        city_id=str(row["city_id"]),
        lon=float(row["lon"]),
        lat=float(row["lat"]),
    )


def _shown(value: object) -> str:
    """Return a value as it stands in the file: whole numbers without a decimal point."""
    return f"{value:g}" if isinstance(value, float) else str(value)
