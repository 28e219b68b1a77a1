"""Remake the two tiny networks, line5 and grid: maps of a few hundred cells whose answers can be worked by hand.

    python data/build/tiny.py

The places are invented. They lie in the real coordinate system so that every file opens in QGIS like the real ones.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import rasterio
from rasterio.transform import from_origin

CRS = "+proj=aea +lat_1=28 +lat_2=34 +lat_0=31 +lon_0=119.2 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
NETWORKS = Path(__file__).parents[2] / "networks"
STEPS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
INVENTED = {"source": "invented", "date": "2026-11", "confidence": "high"}


def moves_of(land: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the possible steps of each cell: to land, and diagonally only past land on both sides."""
    rows, columns = land.shape
    moves = np.zeros(land.shape, dtype=np.int64)
    for row, column in np.argwhere(land):
        for bit, (down, right) in enumerate(STEPS):
            r, c = row + down, column + right
            if 0 <= r < rows and 0 <= c < columns and land[r, c] and land[row, c] and land[r, column]:
                moves[row, column] |= 1 << bit
    return moves


def lonlat(column: float, row: float, rows: int) -> tuple[float, float]:
    """Return the WGS84 point of a cell's centre; the map's south-west corner is the CRS's origin."""
    to_wgs84 = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    lon, lat = to_wgs84.transform((column + 0.5) * 1000.0, (rows - row - 0.5) * 1000.0)
    return round(lon, 7), round(lat, 7)


def write_cells(folder: Path, people: npt.NDArray[np.float64], county: npt.NDArray[np.int64]) -> None:
    """Write cells.tif: population, county and moves of each cell."""
    land = county >= 0
    bands = {"population": np.where(land, people, -1), "county": county, "moves": moves_of(land)}
    rows, columns = land.shape
    profile = {
        "driver": "GTiff",
        "height": rows,
        "width": columns,
        "count": 3,
        "dtype": "float32",
        "nodata": -1,
        "crs": rasterio.CRS.from_string(CRS),
        "transform": from_origin(0, rows * 1000.0, 1000.0, 1000.0),
        "compress": "deflate",
    }
    with rasterio.open(folder / "cells.tif", "w", **profile) as file:
        for number, (name, values) in enumerate(bands.items(), start=1):
            file.write(values.astype(np.float32), number)
            file.set_band_description(number, name)


def write_places(
    folder: Path, seats: dict[str, tuple[int, int]], people: npt.NDArray[np.float64], county: npt.NDArray[np.int64]
) -> None:
    """Write counties, cities, places and the city set: one county and one city for each seat (column, row)."""
    rows = county.shape[0]
    counties, cities, places = [], [], []
    for index, (place, (column, row)) in enumerate(seats.items()):
        lon, lat = lonlat(column, row, rows)
        total = int(people[county == index].sum())
        point = {"lon": lon, "lat": lat}
        named = {"name": f"{place.upper()}城", "name_en": place.upper()}
        counties.append(
            {"county_index": index, "adcode": 900001 + index}
            | named
            | {"city_id": place, "province": "样例"}
            | {"population_2020": total}
            | point
            | {"seat_source": "invented", "confidence": "high"}
        )
        cities.append({"city_id": place} | named | {"province": "样例"} | point | {"population_2020": total} | INVENTED)
        places.append({"place_id": place} | named | {"kind": "city", "city_id": place} | point | INVENTED)
    members = [
        {"set_id": "all", "set_name": "全部", "set_name_en": "all", "member_kind": "city", "member": place}
        | {"source": "invented", "date": "2026-11"}
        for place in seats
    ]
    for name, table in {"counties": counties, "cities": cities, "places": places, "city_sets": members}.items():
        pd.DataFrame(table).to_csv(folder / f"{name}.csv", index=False)


def write_line5() -> None:
    """A strip of 150 x 5 km with five towns, 1, 2, 4, 8 and 16 thousand people, on one straight railway."""
    folder = NETWORKS / "line5"
    rows, columns = 5, 150
    seats = {"a": (5, 2), "b": (25, 2), "c": (55, 2), "d": (95, 2), "e": (145, 2)}
    people = np.zeros((rows, columns))
    for index, (column, row) in enumerate(seats.values()):
        people[row, column] = 1000.0 * 2**index
    county = np.broadcast_to(np.searchsorted([15, 40, 75, 120], np.arange(columns), side="right"), (rows, columns))
    write_cells(folder, people, county.astype(np.int64))
    write_places(folder, seats, people, county)
    stations = []
    for place, (column, row) in seats.items():
        lon, lat = lonlat(column, row, rows)
        stations.append(
            {"station_id": place, "name": f"{place.upper()}站", "name_en": f"{place.upper()} station", "city_id": place}
            | {"lon": lon, "lat": lat, "opening_date": "2010-01-01", "rank": "main", "throat_km": 0}
            | INVENTED
        )
    pd.DataFrame(stations).to_csv(folder / "stations.csv", index=False)


GRID_MAP = """
a.........~..........
..........~..........
..........~..........
..........~..........
..........~..........
..........~..........
..........~..........
..........~..........
..........~..........
..........~..........
..........~.........b
"""
"""21 x 11 km: a town in the north-west, one in the south-east, and between them a river (~) of one cell."""


def write_grid() -> None:
    """Two towns on two banks of a river, for roads, a bridge and a ferry."""
    folder = NETWORKS / "grid"
    drawn = np.array([list(line) for line in GRID_MAP.split()])
    seats = {name: tuple(int(k) for k in np.argwhere(drawn == name)[0][::-1]) for name in "ab"}
    county = np.where(drawn == "~", -1, np.broadcast_to(np.arange(drawn.shape[1]) > 10, drawn.shape).astype(int))
    people = np.where(drawn == "a", 1000.0, np.where(drawn == "b", 2000.0, 0.0))
    write_cells(folder, people, county)
    write_places(folder, seats, people, county)  # type: ignore[arg-type]
    print({name: lonlat(*seat, drawn.shape[0]) for name, seat in seats.items()})
    for column in (9, 11):
        print("bank", column, lonlat(column, 5, drawn.shape[0]))


if __name__ == "__main__":
    write_line5()
    write_grid()
