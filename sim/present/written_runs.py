"""Stage 5d: the files of a run read back, so that what is made of them later says exactly what they say."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio

from sim.measures.reach import MODES, REACH_COLUMNS
from sim.times.door_to_door import Surfaces

__all__ = ["WrittenRun", "read_written_run", "was_made_from"]

RESULT_TABLES = (
    "station_times",
    "city_times",
    "reach",
    "people_spread",
    "targets",
    "target_cities",
    "coverage",
    "coverage_seats",
    "journey_times",
)
COLUMNS_WITHOUT_ROWS = {"reach": REACH_COLUMNS}
TEXT_COLUMNS = (
    *("place", "target", "reading", "binding_leg", "journeys", "mode", "access_by", "egress_by", "ends_early"),
    *("rule", "of", "in", "to", "name", "name_en"),
)
"""Columns of words, besides those that end in _id; all others hold numbers or truth values."""
TRUTH = {"True": True, "False": False}


@dataclass(frozen=True)
class WrittenRun:
    """What the files of a run hold.

    Attributes
    ----------
    tables : by the name of the file without .csv; a file that was not written is an empty table.
    surfaces : minutes from each place to every cell.
    polygons : isochrones of each place.
    invariants : what was checked in the run, and whether it held.
    """

    tables: Mapping[str, pd.DataFrame]
    surfaces: Mapping[str, Surfaces]
    polygons: Mapping[str, gpd.GeoDataFrame]
    invariants: Mapping[str, bool]


def was_made_from(folder: Path, identity: str) -> bool:
    """True when a folder holds a run that was made from this (see `identify_run`)."""
    try:
        found = json.loads((folder / "run.json").read_text(encoding="utf-8")).get("made_from")
    except (OSError, ValueError):
        return False
    return bool(found == identity)


def read_written_run(folder: Path, places: Collection[str]) -> WrittenRun:
    """Return what the files of a run hold; the numbers have the decimals of the files."""
    description = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return WrittenRun(
        tables={name: _read_table(folder / f"{name}.csv") for name in RESULT_TABLES},
        surfaces={place_id: _read_surfaces(folder / f"surface_{place_id}.tif") for place_id in places},
        polygons={place_id: gpd.read_file(folder / "isochrones.gpkg", layer=place_id) for place_id in places},
        invariants=description["invariants"],
    )


def _read_table(path: Path) -> pd.DataFrame:
    """Return a table as it was before it was written, but for its decimals: ids stay text, empty numbers are NaN."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        return pd.DataFrame()
    except pd.errors.EmptyDataError:  # not even a heading: the study asks for no place
        return pd.DataFrame(columns=list(COLUMNS_WITHOUT_ROWS.get(path.stem, ())))
    return table.apply(_restore_column) if len(table) else table


def _restore_column(texts: "pd.Series[Any]") -> "pd.Series[Any]":
    if texts.name in TEXT_COLUMNS or str(texts.name).endswith("_id"):
        return texts
    if texts.isin(TRUTH).all():
        return texts.map(TRUTH).astype(bool)
    return pd.to_numeric(texts.replace("", np.nan))


def _read_surfaces(path: Path) -> Surfaces:
    with rasterio.open(path) as file:
        bands = {name: file.read(number, masked=True) for number, name in enumerate(file.descriptions, start=1)}
    return Surfaces(**{mode: bands[mode].filled(np.nan) for mode in MODES})
