"""Fill in the sailing times of networks/yrd/ferries.csv that nobody publishes, from those that somebody does.

    python data/build/ferries.py            writes sailing_min where sailing_basis is computed, and prints the speeds
    python data/build/ferries.py --check    writes nothing; exit status 1 if the file holds other minutes

The way of a ship is the shortest one over water between the two piers (`water_km`), on a raster of land.gpkg. A row
whose minutes are published has a speed made good over it, berthing and fairways included. The median speed of each kind
of vessel gives the minutes of the rows without.
"""

import argparse
import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from rasterio.features import rasterize
from rasterio.transform import from_origin
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

REPOSITORY = Path(__file__).resolve().parents[2]
FERRIES = REPOSITORY / "networks" / "yrd" / "ferries.csv"
LAND = REPOSITORY / "data" / "land.gpkg"

KM_PER_DEGREE_LAT = 110.95
KM_PER_DEGREE_LON = 111.32
"""At the equator; both within 0.3 % between 27 and 33 degrees north."""

# How far a way may bulge beyond the box of its two piers: this share of their distance, and at least so many km.
BULGE, LEAST_BULGE_KM = 0.3, 10.0
# Width of a cell of the raster: the distance by this, at least so many km (the narrowest sound crossed is 1 km wide).
CELLS_ALONG, LEAST_CELL_KM = 250, 0.1

# To the eight neighbours and a knight's move on: directions 27 degrees apart, a way is at most 2.8 % too long.
STEPS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
RIM = 2
"""Cells along the edge of a chart that count as dry: no step is longer."""

Point = tuple[float, float]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Chart:
    """The sea about two piers: ``is_water`` (rows, columns) from the north-west corner, square cells, dry at the rim."""

    is_water: Bools
    west: float
    north: float
    cell_km: float
    km_per_degree_lon: float

    def nearest_water(self, point: Point) -> tuple[int, float]:
        """Return the number of the cell of water nearest to a point, and the km to its middle."""
        row = (self.north - point[1]) * KM_PER_DEGREE_LAT / self.cell_km - 0.5
        column = (point[0] - self.west) * self.km_per_degree_lon / self.cell_km - 0.5
        rows, columns = np.nonzero(self.is_water)
        away = np.hypot(rows - row, columns - column)
        best = int(away.argmin())
        return int(rows[best] * self.is_water.shape[1] + columns[best]), float(away[best]) * self.cell_km


def water_km(one: Point, other: Point, land: gpd.GeoSeries, water: gpd.GeoSeries) -> float:
    """Return the km of the shortest way over water between two piers given as (longitude, latitude); inf without one.

    Parameters
    ----------
    land, water : polygons in WGS84; water is what lies inside the land: lakes and rivers.
    """
    chart = draw_chart(one, other, land, water)
    (start, to_start), (end, to_end) = chart.nearest_water(one), chart.nearest_water(other)
    return float(dijkstra(_ways(chart), directed=False, indices=start)[end]) + to_start + to_end


def draw_chart(one: Point, other: Point, land: gpd.GeoSeries, water: gpd.GeoSeries) -> Chart:
    """Return the raster of the water about two piers."""
    km_per_degree_lon = KM_PER_DEGREE_LON * np.cos(np.radians((one[1] + other[1]) / 2))
    distance_km = np.hypot((one[0] - other[0]) * km_per_degree_lon, (one[1] - other[1]) * KM_PER_DEGREE_LAT)
    margin_km = max(LEAST_BULGE_KM, BULGE * distance_km)
    cell_km = max(LEAST_CELL_KM, distance_km / CELLS_ALONG)
    x_margin, y_margin = margin_km / km_per_degree_lon, margin_km / KM_PER_DEGREE_LAT
    west, east = min(one[0], other[0]) - x_margin, max(one[0], other[0]) + x_margin
    south, north = min(one[1], other[1]) - y_margin, max(one[1], other[1]) + y_margin
    x_cell, y_cell = cell_km / km_per_degree_lon, cell_km / KM_PER_DEGREE_LAT
    shape = (int((north - south) / y_cell) + 1, int((east - west) / x_cell) + 1)
    box = shapely.box(west, south, east, north)

    def covered(polygons: gpd.GeoSeries) -> Bools:
        near = polygons[polygons.intersects(box)]
        if near.empty:
            return np.zeros(shape, dtype=bool)
        transform = from_origin(west, north, x_cell, y_cell)
        return np.asarray(rasterize(near, shape, transform=transform, default_value=1) > 0)

    is_water = ~covered(land) | covered(water)
    inside = np.zeros(shape, dtype=bool)
    inside[RIM:-RIM, RIM:-RIM] = True
    return Chart(is_water & inside, west, north, cell_km, km_per_degree_lon)


def _ways(chart: Chart) -> coo_array:
    """Return the km of each step over water between cells, as a sparse matrix; the dry rim stops every step."""
    is_water, number = chart.is_water, np.arange(chart.is_water.size).reshape(chart.is_water.shape)

    def beyond(array: npt.NDArray[Any], down: int, right: int) -> npt.NDArray[Any]:
        return np.roll(array, (-down, -right), axis=(0, 1))

    parts = []
    for down, right in STEPS:
        is_open = is_water & beyond(is_water, down, right)
        if abs(down) + abs(right) == 3:
            # A knight's move cuts through two cells; the half of a step of 1 is none, that of 2 is 1.
            half = (int(down / 2), int(right / 2))
            is_open &= beyond(is_water, *half) & beyond(is_water, down - half[0], right - half[1])
        km = np.full(int(is_open.sum()), np.hypot(down, right) * chart.cell_km)
        parts.append((km, number[is_open], beyond(number, down, right)[is_open]))
    km, start, end = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return coo_array((km, (start, end)), shape=(is_water.size, is_water.size))


def measure_speeds(ferries: pd.DataFrame) -> pd.DataFrame:
    """Return by vessel the median, lowest and highest speed of the rows with published minutes, their number, and the error.

    Rows between the same piers with the same minutes count once: they are one line in two spans of years. The error is
    that of the minutes of a row by the median of the other rows, in the middle case (median of absolute relative errors).
    """
    known = ferries[ferries["sailing_basis"] == "published"]
    known = known.drop_duplicates(["vessel", "from_name", "to_name", "sailing_min"])
    by_vessel = (known["water_km"] / known["sailing_min"] * 60).groupby(known["vessel"])
    return by_vessel.agg(["median", "min", "max", "count"]).assign(error=by_vessel.agg(_error_left_out))


def _error_left_out(speed: pd.Series) -> float:
    """Return the median relative error of minutes by the median speed of all other rows."""
    return float(np.median([abs(own / speed.drop(key).median() - 1) for key, own in speed.items()]))


def fill_in(ferries: pd.DataFrame, speeds: pd.DataFrame) -> pd.Series:
    """Return the sailing minutes of all rows, those that are computed in whole minutes at their vessel's median speed."""
    at_median = ferries["water_km"] / ferries["vessel"].map(speeds["median"]) * 60
    return ferries["sailing_min"].where(ferries["sailing_basis"] != "computed", at_median.round())


def read_water_km(ferries: pd.DataFrame) -> list[float]:
    """Return the km over water of each ferry, on the shipped map."""
    land, water = (gpd.read_file(LAND, layer=layer).geometry for layer in ("land", "water"))
    return [
        water_km((row.from_lon, row.from_lat), (row.to_lon, row.to_lat), land, water)
        for row in ferries.itertuples(index=False)
    ]


def main() -> int:
    """Fill in or check the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if the file holds other minutes")
    check = parser.parse_args().check
    ferries = pd.read_csv(FERRIES)
    ferries["water_km"] = read_water_km(ferries)
    speeds = measure_speeds(ferries)
    minutes = fill_in(ferries, speeds)
    print(speeds.round(2).to_string())
    table = ferries[["ferry_id", "vessel", "water_km", "sailing_basis"]].assign(
        before=ferries["sailing_min"], now=minutes
    )
    print(table.round(1).to_string(index=False))
    differing = table["before"] != table["now"]
    print(f"{int(differing.sum())} of {len(table)} rows hold other minutes than now")
    if not check and differing.any():
        with FERRIES.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        column = header.index("sailing_min")
        for row, value in zip(rows, minutes, strict=True):
            row[column] = f"{value:g}"
        with FERRIES.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return int(check and differing.any())


if __name__ == "__main__":
    sys.exit(main())
