"""Stage 3c, beneath the roads: how much slower than the limit traffic runs, by setting.

There are three kinds of setting: motorways, country roads, and cities by their size. A road in a built-up area runs at the
share for the area's size, unless it is a motorway, whose share holds wherever it lies. City expressways have no crossings
either: outside built-up areas they run as motorways do. A
built-up area is what cells of enough people make that touch each other, as in the Degree of Urbanisation (Eurostat and
others 2021), with the density of `Assumptions.urban_density_per_km2`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.region.grid import Grid

__all__ = ["Congestion", "built_up_areas", "people_of_built_up_areas", "read_congestion"]


def built_up_areas(grid: Grid, density_per_km2: float) -> npt.NDArray[np.int32]:
    """Return the number of the built-up area of each cell, 0 in open country, (rows, columns).

    Cells of at least so many people that touch, also at a corner, are of one area.
    """
    return _number_areas(np.pad(grid.population >= density_per_km2 * grid.cell_km2, 1))[1:-1, 1:-1]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _number_areas(chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Return the number of the area of each chosen cell, counted from 1 in the order of their first cells, 0 elsewhere.

    The cells at the edge are not chosen. (scipy.ndimage.label gives the same; loading it takes as long as a whole stage.)
    """
    area = np.zeros(chosen.shape, dtype=np.int32)
    front = np.empty((chosen.size, 2), dtype=np.int64)
    n_areas = 0
    for row in range(chosen.shape[0]):
        for column in range(chosen.shape[1]):
            if not chosen[row, column] or area[row, column]:
                continue
            n_areas += 1
            area[row, column] = n_areas
            front[0, 0], front[0, 1], n_front = row, column, 1
            while n_front:
                n_front -= 1
                here, there = front[n_front, 0], front[n_front, 1]
                for r in range(here - 1, here + 2):
                    for c in range(there - 1, there + 2):
                        if chosen[r, c] and not area[r, c]:
                            area[r, c] = n_areas
                            front[n_front, 0], front[n_front, 1] = r, c
                            n_front += 1
    return area


def people_of_built_up_areas(grid: Grid, area: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Return for each built-up cell the people of the whole area that it is part of, 0 elsewhere, (rows, columns)."""
    people = np.bincount(area.ravel(), weights=grid.population.ravel())
    people[0] = 0.0
    return np.asarray(people[area], dtype=np.float64)


@dataclass(frozen=True)
class Congestion:
    """Ordinary daytime speed as a share of the limit.

    Attributes
    ----------
    motorway, trunk : on motorways anywhere, and on ordinary roads in open country.
    city : on all roads but motorways in each built-up cell, NaN in open country, (rows, columns).
    """

    motorway: float
    trunk: float
    city: npt.NDArray[np.float64]

    @property
    def built_up(self) -> npt.NDArray[np.bool_]:
        """Return the cells of built-up areas, (rows, columns)."""
        found: npt.NDArray[np.bool_] = ~np.isnan(self.city)
        return found

    def shares(self, setting: npt.ArrayLike, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the share on roads, (n,).

        Parameters
        ----------
        setting : motorway, expressway or trunk (column ``setting`` of road_classes.csv), (n,).
        cells : row and column of the middle of each, (n, 2); a cell outside the grid is open country.
        """
        setting = np.asarray(setting)
        rows, columns = cells.T
        inside = (rows >= 0) & (rows < self.city.shape[0]) & (columns >= 0) & (columns < self.city.shape[1])
        in_city = np.full(len(cells), np.nan)
        in_city[inside] = self.city[rows[inside], columns[inside]]
        outside = np.where(setting == "trunk", self.trunk, self.motorway)
        return np.where((setting == "motorway") | np.isnan(in_city), outside, in_city)


def read_congestion(grid: Grid, table: pd.DataFrame | None, density_per_km2: float) -> Congestion:
    """Return the congestion that congestion.csv states; where it says nothing, traffic runs at the limit.

    Parameters
    ----------
    table : setting (motorway, trunk, city), city_people_from, speed_share; of the rows of cities the one with the most
        people that an area reaches holds there.
    density_per_km2 : people per km² from which a cell is built-up.
    """
    area = built_up_areas(grid, density_per_km2)
    built_up = area > 0
    city = np.where(built_up, 1.0, np.nan)
    if table is None or table.empty:
        return Congestion(1.0, 1.0, city)
    people = people_of_built_up_areas(grid, area)
    for row in table[table["setting"] == "city"].sort_values("city_people_from").itertuples():
        city[built_up & (people >= row.city_people_from)] = row.speed_share
    by_setting = table[table["setting"] != "city"].set_index("setting")["speed_share"].astype(float)
    return Congestion(float(by_setting.get("motorway", 1.0)), float(by_setting.get("trunk", 1.0)), city)
