"""Make the county and moves bands of data/cells.tif: 1 km equal-area cells, their county and where one can go.

    python data/build/grid.py        (needs data/land.gpkg and data/counties.csv; then run people.py)

Everything is worked out on a raster ten times finer. In each cell only its largest piece of connected land
counts; a cell is study land when that piece covers half of it (or when the cell is the best one of a small
island), and one can step to a neighbour only where the two pieces touch along the shared edge. A piece of
land never reaches across wide water, so neither does any walk over the cells, straight or diagonal.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from land import EQUAL_AREA_CRS
from package_data import read_county_polygons, read_settlements
from rasterio.features import rasterize
from rasterio.transform import from_origin
from scipy import ndimage

DATA = Path(__file__).resolve().parents[1]
CELL_M = 1000
FINE_PER_CELL = 10
FINE_M = CELL_M // FINE_PER_CELL
# Half a cell of land makes a land cell, which keeps the total area right on average.
LEAST_LAND_SHARE = 0.5
# Islands at least this large get their best cell even when no cell is half land (km2).
LEAST_ISLAND_KM2 = 1.0
# ... or when they hold a settlement, whatever their size, if this much land is there (share of the cell).
LEAST_SETTLED_SHARE = 0.1
# Land outside every county polygon (new polders, drying flats) goes to the nearest county up to here.
FARTHEST_COUNTY_M = 8000
PROVINCE_CODES = ("31", "32", "33", "34")
NO_COUNTY = -1
OTHER_PROVINCE = -2

# Polygons of today that stand for districts of 2020 with another code (see the notes in counties.csv).
DISTRICT_OF_2020 = {"320602": "320613", "320684": "320614", "340211": "340212", "330113": "330110"}
# 钱塘区 was made in 2021 of parts of 江干区 (north of the river; with 上城区 here) and 萧山区 (south of it).
QIANTANG_DISTRICT, NORTH_OF_QIANTANG, SOUTH_OF_QIANTANG = "330114", "330102", "330109"

# Neighbour offsets (row, column) of the eight direction bits: E, NE, N, NW, W, SW, S, SE.
DIRECTIONS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))


def write_grid() -> None:
    """Write cells.tif with the county and moves bands; population is 0 until people.py fills it."""
    counties = pd.read_csv(DATA / "counties.csv", dtype={"adcode": str, "cells_of": str})
    polygons = match_polygons(counties)
    west, north, rows, columns = frame_grid(polygons)
    fine = from_origin(west, north, FINE_M, FINE_M)
    fine_shape = (rows * FINE_PER_CELL, columns * FINE_PER_CELL)
    land = draw_land(fine, fine_shape)
    fine_county = draw_counties(polygons, fine, fine_shape, land)
    land &= fine_county >= 0
    pieces = keep_largest_pieces(land)
    study = choose_study_cells(pieces, west, north)
    pieces &= np.kron(study, np.ones((FINE_PER_CELL, FINE_PER_CELL), dtype=bool))
    county = choose_county(fine_county, pieces, study)
    moves = find_moves(pieces)
    population = np.where(study, 0.0, -1.0)
    write_cells(DATA / "cells.tif", population, county, moves, from_origin(west, north, CELL_M, CELL_M))
    print(f"cells.tif: {rows} x {columns} cells, {int(study.sum())} study cells")


def match_polygons(counties: pd.DataFrame) -> gpd.GeoDataFrame:
    """County polygons in the equal-area CRS with ``county_index`` (-2 for those of other provinces).

    Raises ValueError when a county that should hold cells has no polygon, or a polygon no county.
    """
    polygons = read_county_polygons().to_crs(EQUAL_AREA_CRS)
    index_of = counties.set_index("adcode")["county_index"]
    ours = polygons["code"].str[:2].isin(PROVINCE_CODES)
    district = polygons["code"].replace(DISTRICT_OF_2020)
    split = polygons["code"] == QIANTANG_DISTRICT
    problems = sorted(set(district[ours & ~split]) - set(counties["adcode"]))
    problems += sorted(set(counties["cells_of"]) - set(district))
    if problems:
        message = f"counties and polygons do not match: {', '.join(problems)}"
        raise ValueError(message)
    polygons["county_index"] = district.map(index_of).where(ours, OTHER_PROVINCE)
    parts = split_by_river(polygons.loc[split, "geometry"].iloc[0], index_of)
    kept = polygons.loc[~split, ["county_index", "geometry"]]
    joined = pd.concat([kept, parts], ignore_index=True)
    return gpd.GeoDataFrame(joined.astype({"county_index": int}), crs=EQUAL_AREA_CRS)


def split_by_river(district: shapely.Geometry, index_of: pd.Series) -> gpd.GeoDataFrame:
    """The two banks of 钱塘区, told apart by the hand-drawn middle line of the Qiantang."""
    vertices = pd.read_csv(Path(__file__).with_name("wide_rivers.csv"))
    vertices = vertices[vertices["reach"] == "qiantang"]
    line = gpd.GeoSeries.from_xy(vertices["lon"], vertices["lat"], crs="EPSG:4326").to_crs(EQUAL_AREA_CRS)
    edge = [(point.x, point.y) for point in line]
    far_north = max(y for _, y in edge) + 1e5
    north_side = shapely.make_valid(shapely.Polygon([*edge, (edge[-1][0], far_north), (edge[0][0], far_north)]))
    return gpd.GeoDataFrame(
        {"county_index": [index_of[NORTH_OF_QIANTANG], index_of[SOUTH_OF_QIANTANG]]},
        geometry=[district.intersection(north_side), district.difference(north_side)],
        crs=EQUAL_AREA_CRS,
    )


def frame_grid(polygons: gpd.GeoDataFrame) -> tuple[int, int, int, int]:
    """West and north edge (m, multiples of the cell) and numbers of rows and columns that hold all counties."""
    bounds = polygons[polygons["county_index"] >= 0].total_bounds / CELL_M
    west, south = int(np.floor(bounds[0])) - 1, int(np.floor(bounds[1])) - 1
    east, north = int(np.ceil(bounds[2])) + 1, int(np.ceil(bounds[3])) + 1
    return west * CELL_M, north * CELL_M, north - south, east - west


def draw_land(transform: rasterio.Affine, shape: tuple[int, int]) -> np.ndarray:
    """True where a fine cell is dry: land less lakes less rivers; straits up to 200 m do not count as wide water."""
    land = gpd.read_file(DATA / "land.gpkg", layer="land").to_crs(EQUAL_AREA_CRS)
    water = gpd.read_file(DATA / "land.gpkg", layer="water").to_crs(EQUAL_AREA_CRS)
    dry = rasterize(land.geometry, out_shape=shape, transform=transform, dtype="uint8").astype(bool)
    lakes = water[water["origin"] != "authored"]
    dry &= ~rasterize(lakes.geometry, out_shape=shape, transform=transform, dtype="uint8").astype(bool)
    dry = ndimage.binary_closing(dry, structure=np.ones((3, 3), dtype=bool))
    rivers = water[water["origin"] == "authored"]
    wet = rasterize(rivers.geometry, out_shape=shape, transform=transform, dtype="uint8").astype(bool)
    return dry & ~wet


def draw_counties(
    polygons: gpd.GeoDataFrame, transform: rasterio.Affine, shape: tuple[int, int], land: np.ndarray
) -> np.ndarray:
    """County index of every fine cell; land outside all polygons takes the nearest county within a few km."""
    shapes = zip(polygons.geometry, polygons["county_index"], strict=True)
    county = rasterize(shapes, out_shape=shape, transform=transform, fill=NO_COUNTY, dtype="int16")
    empty = county == NO_COUNTY
    distance, (rows, columns) = ndimage.distance_transform_edt(empty, sampling=FINE_M, return_indices=True)
    fill = empty & land & (distance <= FARTHEST_COUNTY_M)
    county[fill] = county[rows[fill], columns[fill]]
    return county


def keep_largest_pieces(land: np.ndarray) -> np.ndarray:
    """The fine raster with, in each cell, only its largest edge-connected piece of land."""
    kept = land.copy()
    blocks = kept.reshape(land.shape[0] // FINE_PER_CELL, FINE_PER_CELL, -1, FINE_PER_CELL).swapaxes(1, 2)
    dry = blocks.sum(axis=(2, 3))
    for row, column in zip(*np.nonzero((dry > 0) & (dry < FINE_PER_CELL**2)), strict=True):
        block = blocks[row, column]
        labels, count = ndimage.label(block)
        if count > 1:
            blocks[row, column] = labels == np.bincount(labels.ravel())[1:].argmax() + 1
    return kept


def share_of_land(pieces: np.ndarray) -> np.ndarray:
    """Share of each cell that its piece of land covers, 0-1."""
    rows, columns = (length // FINE_PER_CELL for length in pieces.shape)
    return pieces.reshape(rows, FINE_PER_CELL, columns, FINE_PER_CELL).mean(axis=(1, 3))


def choose_study_cells(pieces: np.ndarray, west: int, north: int) -> np.ndarray:
    """True for cells half land, the best cell of each island without one, and settled cells on a shore."""
    share = share_of_land(pieces)
    study = share >= LEAST_LAND_SHARE
    islands, _ = ndimage.label(pieces)
    numbers, first = np.unique(islands[pieces], return_counts=True)
    fine_study = np.kron(study, np.ones((FINE_PER_CELL, FINE_PER_CELL), dtype=bool))
    served = np.unique(islands[pieces & fine_study])
    large = numbers[(first * FINE_M**2 / 1e6 >= LEAST_ISLAND_KM2) & ~np.isin(numbers, served)]
    for number, window in zip(large, (ndimage.find_objects(islands)[n - 1] for n in large), strict=True):
        fine_rows, fine_columns = np.nonzero(islands[window] == number)
        rows = (fine_rows + window[0].start) // FINE_PER_CELL
        columns = (fine_columns + window[1].start) // FINE_PER_CELL
        best = np.bincount(rows * share.shape[1] + columns).argmax()
        study[np.unravel_index(best, share.shape)] = True
    rows, columns = find_settled_cells(west, north, share.shape)
    study[rows, columns] |= share[rows, columns] >= LEAST_SETTLED_SHARE
    return study


def find_settled_cells(west: int, north: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cells that hold a settlement, a county seat or one of our named places."""
    named = [read_settlements(), pd.read_csv(DATA / "counties.csv"), pd.read_csv(DATA / "places.csv")]
    points = pd.concat([table[["lon", "lat"]] for table in named])
    metres = gpd.GeoSeries.from_xy(points["lon"], points["lat"], crs="EPSG:4326").to_crs(EQUAL_AREA_CRS)
    rows = np.floor((north - metres.y.to_numpy()) / CELL_M).astype(int)
    columns = np.floor((metres.x.to_numpy() - west) / CELL_M).astype(int)
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    return rows[inside], columns[inside]


def choose_county(fine_county: np.ndarray, pieces: np.ndarray, study: np.ndarray) -> np.ndarray:
    """County index of each cell: the one that most of its piece of land lies in; -1 outside the study land."""
    county = np.full(study.shape, NO_COUNTY, dtype=np.int32)
    for row, column in zip(*np.nonzero(study), strict=True):
        window = np.s_[
            row * FINE_PER_CELL : (row + 1) * FINE_PER_CELL, column * FINE_PER_CELL : (column + 1) * FINE_PER_CELL
        ]
        found = fine_county[window][pieces[window]]
        county[row, column] = found[0] if (found == found[0]).all() else np.bincount(found).argmax()
    return county


def find_moves(pieces: np.ndarray) -> np.ndarray:
    """Bitmask of the eight steps that stay on connected land.

    A straight step needs the two pieces to touch along the shared edge. A diagonal step needs one of the two
    corners: straight to a side neighbour and straight on from there.
    """
    rows, columns = (length // FINE_PER_CELL for length in pieces.shape)
    blocks = pieces.reshape(rows, FINE_PER_CELL, columns, FINE_PER_CELL)
    east = np.zeros((rows, columns), dtype=bool)
    east[:, :-1] = (blocks[:, :, :-1, -1] & blocks[:, :, 1:, 0]).any(axis=1)
    south = np.zeros((rows, columns), dtype=bool)
    south[:-1] = (blocks[:-1, -1] & blocks[1:, 0]).any(axis=2)
    moves = np.zeros((rows, columns), dtype=np.uint8)
    moves |= east.astype(np.uint8) << 0 | south.astype(np.uint8) << 6
    moves[:, 1:] |= east[:, :-1].astype(np.uint8) << 4
    moves[1:] |= south[:-1].astype(np.uint8) << 2
    southeast = east[:-1, :-1] & south[:-1, 1:] | south[:-1, :-1] & east[1:, :-1]
    southwest = east[:-1, :-1] & south[:-1, :-1] | south[:-1, 1:] & east[1:, :-1]
    moves[:-1, :-1] |= southeast.astype(np.uint8) << 7
    moves[1:, 1:] |= southeast.astype(np.uint8) << 3
    moves[:-1, 1:] |= southwest.astype(np.uint8) << 5
    moves[1:, :-1] |= southwest.astype(np.uint8) << 1
    return moves


def write_cells(
    path: Path,
    population: np.ndarray,
    county: np.ndarray,
    moves: np.ndarray,
    transform: rasterio.Affine,
) -> None:
    """Write the three bands as one deflated GeoTIFF."""
    profile = {
        "driver": "GTiff", "height": county.shape[0], "width": county.shape[1], "count": 3, "dtype": "float32",
        "crs": EQUAL_AREA_CRS, "transform": transform, "nodata": -1.0,
        "compress": "deflate", "zlevel": 9, "predictor": 2, "tiled": True, "blockxsize": 256, "blockysize": 256,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        for band, (name, values) in enumerate(
            (("population", population), ("county", county), ("moves", moves)), start=1
        ):
            raster.write(values.astype("float32"), band)
            raster.set_band_description(band, name)


if __name__ == "__main__":
    write_grid()
