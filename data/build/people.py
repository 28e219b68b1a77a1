"""Fill the population band of data/cells.tif: the 2020 census of each county, spread over its cells.

    python data/build/people.py        (needs cells.tif from grid.py, counties.csv, places.csv)

The county totals are the census's, exactly; where inside the county people live is an estimate:

- The urban residents of a county (a census figure) live around its seat and its towns. Most of them follow the
  seat: density falls with distance as exp(-distance / length) (Clark 1951, Urban population densities, Journal of
  the Royal Statistical Society A 114), with the length that gives the wanted central density:
  people = 2 pi density length^2. The others follow the settlements of GeoNames in the same way, with a short
  length. Both are weighed by how built-up a cell looks, for which the density of main roads stands in.
- The rural residents live on all land, more of them near roads and settlements.
- Nobody lives on the islands of uninhabited.csv: the people of their county live on its other cells.
- No cell is denser than a cap (20,000, or 1.35 times the mean of a denser county); what is over it moves to the
  other cells of the county.
- People are whole numbers, rounded by largest remainder so that the totals stay exact.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from grid import CELL_M, NO_COUNTY, write_cells
from land import EQUAL_AREA_CRS
from package_data import read_main_roads, read_settlements
from scipy import ndimage

DATA = Path(__file__).resolve().parents[1]

# People per km2 in the middle of a town, from which its decay length follows. Judgement: cores of Chinese county
# towns hold 10,000-15,000 and Shanghai's inner districts 20,000-35,000 by the census itself.
CENTRAL_DENSITY_PER_KM2 = 9_000.0
# A town other than the seat is small: decay length in km.
TOWN_LENGTH_KM = 1.3
# Share of the urban residents who live around the seat; the others around the towns. Judgement.
SEAT_SHARE = 0.6
# Roads are smoothed over this distance, and this many km of main road per km2 count as fully built-up.
ROAD_SMOOTHING_KM = 1.2
FULLY_BUILT_KM_PER_KM2 = 1.5
# What a cell without any main road near counts for, beside a fully built-up one.
LEAST_BUILT_SHARE = 0.08
# Rural land far from roads and villages, beside land next to them.
REMOTE_SHARE = 0.15
VILLAGE_LENGTH_KM = 3.0
# No cell is denser than this (people per km2), or than so many times its county's mean where the census itself
# shows a county to be very dense (Huangpu and Hongkou in Shanghai average 33,000).
CAP_PER_KM2 = 20_000.0
CAP_TIMES_COUNTY_MEAN = 1.35
CAPPING_ROUNDS = 200
# An island of uninhabited.csv is no larger than this; a larger piece of land is the mainland, and its point is misplaced.
LARGEST_UNINHABITED_KM2 = 100


def write_people() -> None:
    """Spread every county and rewrite cells.tif with the population band filled."""
    counties = pd.read_csv(DATA / "counties.csv", dtype={"adcode": str, "cells_of": str})
    with rasterio.open(DATA / "cells.tif") as raster:
        county, moves, transform = raster.read(2).astype(int), raster.read(3), raster.transform
    rows, columns = np.nonzero((county != NO_COUNTY) & ~find_uninhabited(county, transform))
    cells = pd.DataFrame(
        {
            "row": rows,
            "column": columns,
            "county_index": county[rows, columns],
            "x": transform.c + (columns + 0.5) * CELL_M,
            "y": transform.f - (rows + 0.5) * CELL_M,
            "built": measure_built(county.shape, transform)[rows, columns],
        }
    )
    towns = project(collect_towns())
    towns["county_index"] = find_county(towns, county, transform)
    population = np.where(county == NO_COUNTY, -1.0, 0.0)
    index_of = counties.set_index("adcode")["county_index"]
    for holder, members in project(counties).groupby("cells_of"):
        own = cells[cells["county_index"] == index_of[holder]]
        own_towns = towns.loc[towns["county_index"] == index_of[holder], ["x", "y", "weight"]].to_numpy()
        people = spread_county(own, members, own_towns)
        population[own["row"], own["column"]] = people
    check_totals(population, county, counties)
    write_cells(DATA / "cells.tif", population, county, moves, transform)
    print(f"cells.tif: {population[population > 0].sum():,.0f} people, densest cell {population.max():,.0f}")


def collect_towns() -> pd.DataFrame:
    """Settlements of GeoNames, each with weight 1, and the larger island towns that a weight makes as large."""
    settlements = read_settlements().assign(weight=1.0)
    islands = pd.read_csv(Path(__file__).with_name("island_towns.csv"))
    return pd.concat([settlements, islands], ignore_index=True)[["lon", "lat", "weight"]]


def project(table: pd.DataFrame) -> pd.DataFrame:
    """The table with x and y (m) of its lon and lat in the equal-area CRS."""
    points = gpd.GeoSeries.from_xy(table["lon"], table["lat"], crs="EPSG:4326").to_crs(EQUAL_AREA_CRS)
    return table.assign(x=points.x.to_numpy(), y=points.y.to_numpy())


def find_county(points: pd.DataFrame, county: np.ndarray, transform: rasterio.Affine) -> np.ndarray:
    """County index of the cell that each point lies in; -1 outside the study land."""
    rows = np.floor((transform.f - points["y"].to_numpy()) / CELL_M).astype(int)
    columns = np.floor((points["x"].to_numpy() - transform.c) / CELL_M).astype(int)
    inside = (rows >= 0) & (rows < county.shape[0]) & (columns >= 0) & (columns < county.shape[1])
    found = np.full(len(points), NO_COUNTY)
    found[inside] = county[rows[inside], columns[inside]]
    return found


def find_uninhabited(county: np.ndarray, transform: rasterio.Affine) -> np.ndarray:
    """Mask of the cells on the islands that hold a point of uninhabited.csv; ValueError where a point holds none."""
    points = project(pd.read_csv(Path(__file__).with_name("uninhabited.csv")))
    rows = np.floor((transform.f - points["y"].to_numpy()) / CELL_M).astype(int)
    columns = np.floor((points["x"].to_numpy() - transform.c) / CELL_M).astype(int)
    pieces, _ = ndimage.label(county != NO_COUNTY, structure=np.ones((3, 3)))
    found = pieces[rows, columns]
    wrong = (found == 0) | (np.bincount(pieces.ravel())[found] > LARGEST_UNINHABITED_KM2)
    if wrong.any():
        message = f"uninhabited.csv: no island under {points.loc[wrong, 'name'].tolist()}"
        raise ValueError(message)
    return np.isin(pieces, found)


def measure_built(shape: tuple[int, ...], transform: rasterio.Affine) -> np.ndarray:
    """How built-up each cell looks, from LEAST_BUILT_SHARE to 1: smoothed km of main road per km2.

    Every link is cut into steps of at most 250 m, and each step's length counts in the cell of its middle.
    """
    links = read_main_roads()
    start = project(links.rename(columns={"from_lon": "lon", "from_lat": "lat"}))[["x", "y"]].to_numpy()
    end = project(links.rename(columns={"to_lon": "lon", "to_lat": "lat"}))[["x", "y"]].to_numpy()
    steps = np.maximum(1, np.ceil(np.hypot(*(end - start).T) / 250.0)).astype(int)
    link = np.repeat(np.arange(len(links)), steps)
    step = np.arange(len(link)) - np.repeat(np.cumsum(steps) - steps, steps)
    middle = start[link] + (end - start)[link] * ((step + 0.5) / steps[link])[:, None]
    rows = np.floor((transform.f - middle[:, 1]) / CELL_M).astype(int)
    columns = np.floor((middle[:, 0] - transform.c) / CELL_M).astype(int)
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    road_km = np.zeros(shape)
    # Straight lines between nodes stand in for the built-up area: long ones cross open country.
    length_km = (np.hypot(*(end - start).T) / 1000.0 / steps)[link]
    np.add.at(road_km, (rows[inside], columns[inside]), length_km[inside])
    smooth = ndimage.gaussian_filter(road_km, ROAD_SMOOTHING_KM)
    return np.clip(smooth / FULLY_BUILT_KM_PER_KM2, LEAST_BUILT_SHARE, 1.0)


def spread_county(cells: pd.DataFrame, members: pd.DataFrame, towns: np.ndarray) -> np.ndarray:
    """People in each of ``cells``: the census rows ``members`` that live there, their sum kept exactly."""
    xy, built = cells[["x", "y"]].to_numpy(), cells["built"].to_numpy()
    points = towns if len(towns) else members.assign(weight=1.0)[["x", "y", "weight"]].to_numpy()
    town_decay = sum_decay(xy, points, TOWN_LENGTH_KM)
    village_decay = np.minimum(1.0, sum_decay(xy, points, VILLAGE_LENGTH_KM))
    rural = REMOTE_SHARE + (1.0 - REMOTE_SHARE) * np.maximum(village_decay, built)
    people = np.zeros(len(cells))
    for member in members.itertuples():
        urban = float(member.urban_population_2020)
        length_km = max(1.0, float(np.sqrt(SEAT_SHARE * urban / (2 * np.pi * CENTRAL_DENSITY_PER_KM2))))
        seat_decay = sum_decay(xy, np.array([[member.x, member.y, 1.0]]), length_km)
        people += urban * SEAT_SHARE * as_shares(seat_decay * built)
        people += urban * (1.0 - SEAT_SHARE) * as_shares(town_decay * built + 0.02 * built)
        people += (member.population_2020 - urban) * as_shares(rural)
    return round_to_total(cap_density(people), int(members["population_2020"].sum()))


def sum_decay(xy: np.ndarray, points: np.ndarray, length_km: float) -> np.ndarray:
    """Sum over ``points`` (x, y, weight) of weight times exp(-distance / length) at each of ``xy`` (m)."""
    total = np.zeros(len(xy))
    for x, y, weight in points:
        total += weight * np.exp(-np.hypot(xy[:, 0] - x, xy[:, 1] - y) / (1000.0 * length_km))
    return total


def as_shares(weights: np.ndarray) -> np.ndarray:
    """Weights scaled to a sum of 1; equal shares when all are zero."""
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(weights), 1.0 / len(weights))


def cap_density(people: np.ndarray) -> np.ndarray:
    """People with what is over the cap moved to the cells below it, in proportion to who is there."""
    cap = max(CAP_PER_KM2, CAP_TIMES_COUNTY_MEAN * float(people.mean()))
    people = people.copy()
    for _ in range(CAPPING_ROUNDS):
        over = people > cap
        excess = float((people[over] - cap).sum())
        if excess < 1.0 or over.all():
            break
        people[over] = cap
        people[~over] += excess * as_shares(people[~over])
    return people


def round_to_total(people: np.ndarray, total: int) -> np.ndarray:
    """Whole people that sum to ``total``: rounded down, the rest given to the largest remainders."""
    whole = np.floor(people)
    missing = total - int(whole.sum())
    order = np.argsort(whole - people, kind="stable")
    whole[order[:missing]] += 1
    return whole


def check_totals(population: np.ndarray, county: np.ndarray, counties: pd.DataFrame) -> None:
    """Raise ValueError when the cells of any county do not sum to its census total."""
    holder = counties.set_index("adcode")["county_index"].reindex(counties["cells_of"]).to_numpy()
    wanted = counties.groupby(holder)["population_2020"].sum()
    study = county != NO_COUNTY
    found = pd.Series(population[study]).groupby(county[study]).sum()
    wrong = wanted[wanted != found.reindex(wanted.index)]
    if len(wrong):
        message = f"cells do not add up to the census in county_index {wrong.index.tolist()}"
        raise ValueError(message)


if __name__ == "__main__":
    write_people()
