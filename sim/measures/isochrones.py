"""Stage 4a: isochrones are the cells within a cut-off: their outline, their people and their area."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from rasterio.features import shapes
from rasterio.transform import from_origin
from shapely.geometry import MultiPolygon, shape

from sim.region.grid import Grid

__all__ = ["CUTOFF_TOLERANCE_MIN", "cells_within", "draw_outline", "isochrone_polygons"]

CUTOFF_TOLERANCE_MIN = 1e-3
"""A cell counts as within a cut-off up to this much beyond it: single-precision minutes are exact to about 0.0006."""


def cells_within(minutes: npt.NDArray[np.floating], cutoff_min: float) -> npt.NDArray[np.bool_]:
    """Return which cells are within the cut-off, (n_rows, n_columns); unreachable (NaN or inf) cells are not."""
    return np.asarray(minutes <= cutoff_min + CUTOFF_TOLERANCE_MIN)


def isochrone_polygons(minutes: npt.NDArray[np.floating], grid: Grid, cutoffs_min: Sequence[float]) -> gpd.GeoDataFrame:
    """Return one multi-polygon per cut-off whose area and people are those of its cells, exactly.

    The outline follows the cell edges, so that islands and holes are kept, the polygons of growing cut-offs are nested
    and none reaches over the sea. Only cells that touch along an edge are joined.

    Parameters
    ----------
    minutes : (n_rows, n_columns), NaN where unreachable.
    cutoffs_min : in any order.

    Returns
    -------
    GeoDataFrame in the grid's CRS: cutoff_min, population, area_km2, geometry (MultiPolygon, empty if nothing is reached).
    """
    rows = []
    for cutoff_min in sorted(cutoffs_min):
        within = cells_within(minutes, cutoff_min) & grid.is_land
        rows.append(
            {
                "cutoff_min": float(cutoff_min),
                "population": float(grid.population[within].sum()),
                "area_km2": float(within.sum()) * (grid.cell_m / 1000.0) ** 2,
                "geometry": draw_outline(within, grid),
            }
        )
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=grid.crs)


def draw_outline(within: npt.NDArray[np.bool_], grid: Grid) -> MultiPolygon:
    """Return the outline of a set of cells, (n_rows, n_columns) bool, as a multi-polygon along the cell edges."""
    rows, columns = np.flatnonzero(within.any(axis=1)), np.flatnonzero(within.any(axis=0))
    if not len(rows):
        return MultiPolygon()
    north, west = int(rows[0]), int(columns[0])
    cells = within[north : rows[-1] + 1, west : columns[-1] + 1]  # no cell outside is looked at
    corner = grid.west_m + west * grid.cell_m, grid.north_m - north * grid.cell_m
    transform = from_origin(*corner, grid.cell_m, grid.cell_m)
    found = shapes(cells.astype(np.uint8), mask=cells, connectivity=4, transform=transform)
    return MultiPolygon([shape(geometry) for geometry, _ in found])
