"""Stage 7: what `sim report` takes from `sim hindcast` and `sim savings`, where they have been run."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray

__all__ = ["OBSERVED_TABLES", "read_further_tables", "read_savings"]

OBSERVED_TABLES = (
    "rail_summary",
    "rail_2016",
    "out_of_sample",
    "lines_left_out",
    "published_times",
    "planned_lines",
    "road_summary",
    "road_distances",
    "drive_times",
    "before_after",
)
"""Tables of the hindcast, in outputs/hindcast/observed/."""

STATIONS = "stations.csv"
"""The table by which two networks are told apart."""


def read_further_tables(comparison: Path, place_id: str) -> dict[str, pd.DataFrame]:
    """Return the tables of the hindcast and of what projects save to a place, by name; those that exist.

    Those of the hindcast are taken only where it compared the network of this study.

    Parameters
    ----------
    comparison : outputs/<study>/comparison; the runs of the study lie beside it.
    """
    observed = comparison.parent.parent / "hindcast" / "observed"
    tables = OBSERVED_TABLES if _is_of_network(observed, comparison.parent) else ()
    paths = [*(observed / f"{name}.csv" for name in tables), comparison / f"savings_{place_id}.csv"]
    return {path.stem: pd.read_csv(path) for path in paths if path.exists()}


def _is_of_network(observed: Path, runs: Path) -> bool:
    """Return whether the hindcast read the same stations as a run of the study, by the hashes that both have written."""
    compared = _hashes_of_stations(observed / "inputs.json")
    return any(compared & _hashes_of_stations(path) for path in runs.glob("*/run.json"))


def _hashes_of_stations(path: Path) -> set[str]:
    """Return the SHA-256 of the stations that a description of inputs names; none where there is no description."""
    if not path.exists():
        return set()
    hashes = json.loads(path.read_text(encoding="utf-8")).get("inputs_sha256", {})
    return {sha256 for name, sha256 in hashes.items() if Path(name).name == STATIONS}


def read_savings(comparison: Path, place_id: str) -> dict[str, NDArray[np.float32]]:
    """Return minutes that each project saves from a place to every cell, NaN where there are none; empty without the file."""
    path = comparison / f"savings_{place_id}.tif"
    if not path.exists():
        return {}
    with rasterio.open(path) as file:
        return {
            str(name): file.read(number, masked=True).filled(np.nan)
            for number, name in enumerate(file.descriptions, start=1)
        }
