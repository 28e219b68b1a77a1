"""Rows that belong together and have an order: the stops of each line, the calls of each service."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.network.remembered import remember

__all__ = ["OrderedRows", "order_rows", "stations_in_order"]

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OrderedRows:
    """The rows of a table by name and sequence: those of name k are `row[first[k]:first[k + 1]]`.

    Attributes
    ----------
    names : each once, in alphabetical order, (n_names,).
    first : (n_names + 1,).
    row : positions in the table, (n_rows,).
    number : the name of each of them, (n_rows,).
    """

    names: NDArray[np.object_]
    first: Numbers
    row: Numbers
    number: Numbers

    @property
    def goes_on(self) -> NDArray[np.bool_]:
        """Whether the row after is of the same name, (n_rows - 1,)."""
        same: NDArray[np.bool_] = self.number[1:] == self.number[:-1]
        return same


@remember(maxsize=32)
def order_rows(table: pd.DataFrame, key: str) -> OrderedRows:
    """Return the rows of a table by the names in a column, each name's by the column `sequence`."""
    number, names = pd.factorize(table[key].to_numpy(dtype=object), sort=True)
    row = np.lexsort((table["sequence"].to_numpy(), number))
    first = np.concatenate([[0], np.cumsum(np.bincount(number, minlength=len(names)))]).astype(np.int64)
    return OrderedRows(names, first, row, number[row])


@remember(maxsize=32)
def stations_in_order(table: pd.DataFrame, key: str) -> dict[str, tuple[str, ...]]:
    """Return the stations of each name in the order of their sequence, names in alphabetical order."""
    ordered = order_rows(table, key)
    stations = tuple(table["station_id"].to_numpy(dtype=object)[ordered.row].tolist())
    slices = (slice(*ends) for ends in pairwise(ordered.first.tolist()))
    return {name: stations[own] for name, own in zip(ordered.names.tolist(), slices, strict=True)}
