"""People: sums of the cells by county and by whatever the counties belong to."""

import numpy as np
import pandas as pd

from sim.region.grid import Grid

__all__ = ["holders_of", "sum_people"]


def sum_people(grid: Grid, counties: pd.DataFrame, by: str = "county_index") -> "pd.Series[float]":
    """Return people summed over the cells, indexed by a column of the counties.

    A county of the census whose people live in the cells of another one (`cells_of`) has no row of its own in a
    sum by county, and is counted where its cells are. A sum by city or province is that of the census.

    Parameters
    ----------
    by : a column of the counties table, such as county_index, adcode, city_id or province.
    """
    by_index = np.bincount(
        grid.county[grid.is_land],
        weights=grid.population[grid.is_land],
        minlength=int(counties["county_index"].max()) + 1,
    )
    holders = holders_of(counties)
    holders = holders.drop_duplicates("county_index")
    people = pd.Series(by_index[holders["county_index"].to_numpy()], index=holders[by].to_numpy(), name="population")
    return people.groupby(level=0, sort=False).sum()


def holders_of(counties: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the counties that have cells of their own."""
    return counties[counties["cells_of"] == counties["adcode"]]
