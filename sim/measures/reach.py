"""Stage 4b: cumulative opportunities: people, land, cities and counties within each cut-off of a place.

The number of opportunities within a travel-time budget is the contour measure of accessibility (Wickstrom 1971; Geurs and
van Wee 2004). It is counted on the cells, never on simplified polygons.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.measures.isochrones import cells_within
from sim.region.grid import Grid

__all__ = ["MODES", "REACH_COLUMNS", "count_reach"]

Cells = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

MODES = ("best", "rail", "road")
REACH_COLUMNS = ("place", "cutoff_min", "mode", "population", "area_km2", "n_cities", "n_counties")


def count_reach(
    place_id: str,
    surfaces: Mapping[str, npt.NDArray[np.floating]],
    grid: Grid,
    seats: Mapping[str, Cells],
    cutoffs_min: Sequence[float],
) -> pd.DataFrame:
    """Return people, km², city seats and county seats within each cut-off of a place, by mode.

    Parameters
    ----------
    surfaces : minutes (n_rows, n_columns) for each of `MODES`.
    seats : cells of "cities" and "counties", rows and columns.
    """
    rows = []
    for mode in MODES:
        for cutoff_min in sorted(cutoffs_min):
            within = cells_within(surfaces[mode], cutoff_min) & grid.is_land
            rows.append(
                {
                    "place": place_id,
                    "cutoff_min": float(cutoff_min),
                    "mode": mode,
                    "population": float(grid.population[within].sum()),
                    "area_km2": float(within.sum()) * (grid.cell_m / 1000.0) ** 2,
                    "n_cities": int(within[seats["cities"]].sum()),
                    "n_counties": int(within[seats["counties"]].sum()),
                }
            )
    return pd.DataFrame(rows, columns=list(REACH_COLUMNS))
