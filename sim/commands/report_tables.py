"""Stage 7: what `sim report` takes from `sim hindcast` and `sim savings`, where they have been run."""

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


def read_further_tables(comparison: Path, place_id: str) -> dict[str, pd.DataFrame]:
    """Return the tables of the hindcast and of what projects save to a place, by name; those that exist.

    Parameters
    ----------
    comparison : outputs/<study>/comparison.
    """
    observed = comparison.parent.parent / "hindcast" / "observed"
    paths = [*(observed / f"{name}.csv" for name in OBSERVED_TABLES), comparison / f"savings_{place_id}.csv"]
    return {path.stem: pd.read_csv(path) for path in paths if path.exists()}


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
