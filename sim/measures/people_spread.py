"""Stage 4: what the grid of people changes: people within reach cell by cell, against all people at their county seats."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.measures.isochrones import cells_within
from sim.region.grid import Grid

__all__ = ["PEOPLE_SPREAD_COLUMNS", "tabulate_people_spread"]

Cells = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

PEOPLE_SPREAD_COLUMNS = (
    "place",
    "cutoff_min",
    "population_on_grid",
    "population_at_seats",
    "difference",
    "share_of_grid",
)


def tabulate_people_spread(
    surfaces: Mapping[str, npt.NDArray[np.floating]],
    grid: Grid,
    counties: pd.DataFrame,
    seats: Cells,
    cutoffs_min: Sequence[float] = (60, 120),
) -> pd.DataFrame:
    """Return people within each cut-off of each place, counted both ways, columns `PEOPLE_SPREAD_COLUMNS`.

    Where the difference is large, a count by county seats, as studies make it, depends on where its borders are drawn.

    Parameters
    ----------
    surfaces : minutes from each place to every cell, (n_rows, n_columns).
    seats : rows and columns of the cells of the county seats, in the order of the counties.

    Returns
    -------
    DataFrame: difference is people at seats less people on the grid; share_of_grid is that over the people on the grid
    (NaN where the grid has none within reach).
    """
    of_county = counties["population_2020"].to_numpy(dtype=np.float64)
    rows = []
    for place_id, minutes in surfaces.items():
        for cutoff_min in sorted(cutoffs_min):
            within = cells_within(minutes, cutoff_min) & grid.is_land
            on_grid, at_seats = float(grid.population[within].sum()), float(of_county[within[seats]].sum())
            share = (at_seats - on_grid) / on_grid if on_grid else float("nan")
            values = (place_id, float(cutoff_min), on_grid, at_seats, at_seats - on_grid, share)
            rows.append(dict(zip(PEOPLE_SPREAD_COLUMNS, values, strict=True)))
    return pd.DataFrame(rows, columns=list(PEOPLE_SPREAD_COLUMNS))
