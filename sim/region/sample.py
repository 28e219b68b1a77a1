"""Cells that stand for the people of a city, each for an equal share of them."""

import numpy as np
from numpy.typing import NDArray

from sim.region.region import Region

__all__ = ["sample_people"]


def sample_people(region: Region, city_id: str, count: int) -> list[tuple[int, int]]:
    """Return rows and columns of `count` cells, each standing for 1/count of the people of a city.

    The cells are laid on a line that keeps neighbours together (Z-order: Morton 1966, A computer oriented geodetic
    data base), and the person in the middle of each of `count` equal stretches of people is taken: systematic
    sampling, spread over the city and the same in every run. A cell with many people can come more than once.

    Raises
    ------
    InputError: no such city.
    """
    rows, columns = np.nonzero(region.cells_of(city_id))
    order = np.argsort(_z_order(rows, columns), kind="stable")
    rows, columns = rows[order], columns[order]
    people_before = np.cumsum(region.grid.population[rows, columns])
    if not len(people_before) or people_before[-1] <= 0:
        return []
    middles = (np.arange(count) + 0.5) * people_before[-1] / count
    chosen = np.searchsorted(people_before, middles, side="right").clip(max=len(rows) - 1)
    return list(zip(rows[chosen].tolist(), columns[chosen].tolist(), strict=True))


def _z_order(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the position of cells on the Z-order curve: the bits of row and column interleaved.

    >>> _z_order(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 0])).tolist()
    [0, 1, 2, 3, 8]
    """
    key = np.zeros(len(rows), dtype=np.int64)
    for bit in range(16):
        key |= (columns >> bit & 1) << 2 * bit
        key |= (rows >> bit & 1) << 2 * bit + 1
    return key
