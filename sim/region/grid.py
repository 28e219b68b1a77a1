"""The 1 km grid: land, people, county of each cell and the steps that can be taken between cells."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyproj
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from sim.errors import InputError

__all__ = ["BANDS", "DIRECTIONS", "NO_COUNTY", "Grid", "find_grid_problems", "read_grid"]

BANDS = ("population", "county", "moves")
NO_COUNTY = -1
# Offsets (row, column) of the neighbour that bit k of `moves` opens: E, NE, N, NW, W, SW, S, SE.
DIRECTIONS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
DIRECTION_NAMES = ("E", "NE", "N", "NW", "W", "SW", "S", "SE")


@dataclass(frozen=True, eq=False)
class Grid:
    """Equal-area cells in rows from the north and columns from the west.

    Attributes
    ----------
    crs : the equal-area coordinate reference system, in metres.
    west_m, north_m : the outer corner of the first cell in that system.
    cell_m : side of a cell.
    population : people per cell, (rows, columns); 0 outside the study land.
    county : index of the county, (rows, columns); -1 outside the study land.
    moves : bitmask of the neighbours that can be reached over land, (rows, columns); bit k is DIRECTIONS[k].
    """

    crs: str
    west_m: float
    north_m: float
    cell_m: float
    population: NDArray[np.float64]
    county: NDArray[np.int32]
    moves: NDArray[np.uint8]

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return self.county.shape[0], self.county.shape[1]

    @cached_property
    def is_land(self) -> NDArray[np.bool_]:
        """True on study land, (rows, columns)."""
        land: NDArray[np.bool_] = self.county != NO_COUNTY
        return land

    @property
    def cell_km2(self) -> float:
        """Area of a cell."""
        return (self.cell_m / 1000.0) ** 2

    @cached_property
    def _to_metres(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)

    def cell_at(self, lon: float, lat: float) -> tuple[int, int]:
        """Return row and column of the cell that a point (WGS84) lies in, on land or not.

        Raises
        ------
        InputError: the point lies outside the grid.
        """
        x, y = self._to_metres.transform(lon, lat)
        row, column = (self.north_m - y) // self.cell_m, (x - self.west_m) // self.cell_m
        if not (0 <= row < self.shape[0] and 0 <= column < self.shape[1]):
            raise InputError(f"the point {lon:g},{lat:g} lies outside the grid")
        return int(row), int(column)

    def lonlat(self, row: int, column: int) -> tuple[float, float]:
        """Return longitude and latitude (WGS84) of the middle of a cell."""
        x = self.west_m + (column + 0.5) * self.cell_m
        y = self.north_m - (row + 0.5) * self.cell_m
        lon, lat = self._to_metres.transform(x, y, direction="INVERSE")
        return float(lon), float(lat)


def read_grid(path: "Path | str") -> Grid:
    """Read and check a cells.tif: three bands described as population, county and moves.

    Raises
    ------
    InputError: with everything that is wrong with the file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: file is missing")
    try:
        with rasterio.open(path) as raster:
            problems = _find_file_problems(path.name, raster)
            if problems:
                raise InputError(problems)
            population, county, moves = (raster.read(raster.descriptions.index(name) + 1) for name in BANDS)
            transform, crs = raster.transform, raster.crs
    except RasterioError as error:
        raise InputError(f"{path}: cannot be read as a GeoTIFF: {error}") from None
    is_land = county != NO_COUNTY
    problems = [f"{path.name}: {problem}" for problem in find_grid_problems(population, county, moves)]
    if problems:
        raise InputError(problems)
    return Grid(
        crs=str(crs.to_wkt()),
        west_m=float(transform.c),
        north_m=float(transform.f),
        cell_m=float(transform.a),
        population=np.where(is_land, population, 0.0).astype(np.float64),
        county=county.astype(np.int32),
        moves=np.where(is_land, moves, 0).astype(np.uint8),
    )


def _find_file_problems(name: str, raster: rasterio.DatasetReader) -> list[str]:
    """Return what is wrong with the frame of the file: bands, coordinate reference system, shape of cells."""
    problems = [
        f"{name}: no band is described as '{band}' (found {', '.join(map(str, raster.descriptions))})"
        for band in BANDS
        if band not in raster.descriptions
    ]
    if raster.crs is None:
        problems.append(f"{name}: has no coordinate reference system (CRS); an equal-area one in metres is needed")
    elif not raster.crs.is_projected:
        problems.append(f"{name}: its coordinate reference system is in degrees; an equal-area one in metres is needed")
    transform = raster.transform
    if transform.b or transform.d or transform.a != -transform.e or transform.a <= 0:
        problems.append(f"{name}: cells must be square with north up, not {transform.a:g} x {transform.e:g} m")
    return problems


def find_grid_problems(
    population: NDArray[np.floating], county: NDArray[np.floating], moves: NDArray[np.floating]
) -> list[str]:
    """Return a sentence for everything that is wrong with the values of the three bands.

    >>> find_grid_problems(np.array([[5.0, 0.0]]), np.array([[0, 0]]), np.array([[1, 0]]))
    ['moves: 1 step cannot be taken back, first from row 0, column 0 to the E']
    """
    is_land = county != NO_COUNTY
    problems = []
    for wrong, sentence in (
        (is_land & ~np.isfinite(population), "population is not a number"),
        (is_land & (population < 0), "population is negative"),
        (~np.isfinite(county) | (county < NO_COUNTY) | (county != np.floor(county)), "county is not -1, 0, 1, 2, …"),
        (~np.isfinite(moves) | (moves < 0) | (moves > 255) | (moves != np.floor(moves)), "moves is not 0-255"),
    ):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            problems.append(f"{sentence} in {wrong.sum()} cells, first in row {row}, column {column}")
    if problems:
        return problems
    if not is_land.any():
        return ["no cell belongs to a county"]
    return _find_move_problems(is_land, moves.astype(np.uint8))


def _find_move_problems(is_land: NDArray[np.bool_], moves: NDArray[np.uint8]) -> list[str]:
    """Return a sentence for steps into or out of the water, over the edge, and for steps without a way back."""
    problems = []
    padded_land = np.pad(is_land, 1)
    padded_moves = np.pad(moves, 1)
    rows, columns = is_land.shape
    for bit, (down, right) in enumerate(DIRECTIONS):
        there = (slice(1 + down, 1 + down + rows), slice(1 + right, 1 + right + columns))
        step = (moves >> bit & 1).astype(bool)
        back = (padded_moves[there] >> (bit + 4) % 8 & 1).astype(bool)
        wet = step & ~(is_land & padded_land[there])
        one_way = step & ~wet & ~back
        for wrong, sentence in ((wet, "touches a cell that is not study land"), (one_way, "cannot be taken back")):
            if wrong.any():
                row, column = np.argwhere(wrong)[0]
                count = f"{wrong.sum()} steps" if wrong.sum() > 1 else "1 step"
                verb = sentence if wrong.sum() == 1 else sentence.replace("touches", "touch")
                problems.append(
                    f"moves: {count} {verb}, first from row {row}, column {column} to the {DIRECTION_NAMES[bit]}"
                )
    return problems
