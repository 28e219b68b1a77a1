"""A region read from its files: grid, counties, cities, places, city sets, coast and water."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
from numpy.typing import NDArray

from sim.errors import InputError, did_you_mean
from sim.network.network import Network
from sim.region.grid import Grid, read_grid
from sim.region.people import sum_people
from sim.region.places import COLUMNS, Place, find_place, find_unknown, read_region_table

__all__ = ["Region", "read_region"]

LAND_LAYERS = ("land", "water")


@dataclass(frozen=True, eq=False)
class Region:
    """Land, people and places; treat the tables as read-only.

    Attributes
    ----------
    grid : the cells.
    counties, cities, places, city_sets : the tables of data/README.md.
    land_path : GeoPackage of coast and water, None where there is none to draw.
    """

    grid: Grid
    counties: pd.DataFrame
    cities: pd.DataFrame
    places: pd.DataFrame
    city_sets: pd.DataFrame
    land_path: Path | None = None

    @cached_property
    def land(self) -> gpd.GeoDataFrame | None:
        """Polygons of the land (WGS84), read when first asked for; None where the region has none."""
        return _read_layer(self.land_path, "land")

    @cached_property
    def water(self) -> gpd.GeoDataFrame | None:
        """Polygons of lakes and wide rivers (WGS84), read when first asked for; None where the region has none."""
        return _read_layer(self.land_path, "water")

    def place(self, place_id: str) -> Place:
        """Return the place with an id.

        Raises
        ------
        InputError: there is none; says which id was probably meant.
        """
        return find_place(self.places, place_id)

    def people_by(self, column: str = "county_index") -> "pd.Series[float]":
        """Return people summed over the cells, indexed by a column of the counties (city_id, province, adcode …)."""
        if column not in self._people:
            self._people[column] = sum_people(self.grid, self.counties, column)
        return self._people[column].copy()

    @cached_property
    def _people(self) -> dict[str, "pd.Series[float]"]:
        """What `people_by` has summed so far: every scenario of a study asks for the same."""
        return {}

    def cells_of(self, city_id: str) -> NDArray[np.bool_]:
        """Return True in the cells of a city, (rows, columns).

        Raises
        ------
        InputError: no such city.
        """
        if city_id not in set(self.cities["city_id"]):
            raise InputError(f"no city '{city_id}'{did_you_mean(city_id, self.cities['city_id'])}")
        return self._cells_of_counties(self.counties["city_id"] == city_id)

    def cells_of_county(self, adcode: str) -> NDArray[np.bool_]:
        """Return True in the cells that hold the people of a county, (rows, columns).

        Raises
        ------
        InputError: no such county.
        """
        chosen = self.counties[self.counties["adcode"] == adcode]
        if chosen.empty:
            raise InputError(f"no county '{adcode}'{did_you_mean(adcode, self.counties['adcode'])}")
        return self._cells_of_counties(self.counties["adcode"] == chosen["cells_of"].iloc[0])

    def cells_of_set(self, set_id: str) -> NDArray[np.bool_]:
        """Return True in the cells of a city set, whether it lists cities or counties, (rows, columns)."""
        members = self.members(set_id)
        by_county = self.counties["adcode"].isin(members)
        return self._cells_of_counties(by_county | self.counties["city_id"].isin(members))

    def members(self, set_id: str) -> list[str]:
        """Return the members of a city set in file order: city ids, or the adcodes of a set of counties.

        Raises
        ------
        InputError: no such set.
        """
        chosen = self.city_sets[self.city_sets["set_id"] == set_id]
        if chosen.empty:
            raise InputError(f"no city set '{set_id}'{did_you_mean(set_id, self.city_sets['set_id'])}")
        return list(chosen["member"])

    def cities_of_set(self, set_id: str) -> list[str]:
        """Return the ids of the cities that a set lists or that its counties lie in, in file order."""
        city_of = self.counties.set_index("adcode")["city_id"]
        return list(dict.fromkeys(str(city_of.get(member, member)) for member in self.members(set_id)))

    def _cells_of_counties(self, chosen: "pd.Series[bool]") -> NDArray[np.bool_]:
        cells: NDArray[np.bool_] = np.isin(self.grid.county, self.counties.loc[chosen, "county_index"].to_numpy())
        return cells


def read_region(folder: "Path | str", network: Network) -> Region:
    """Read and check the region files that a network names in its [region] table.

    Raises
    ------
    InputError: with everything that is wrong with any of the files.
    """
    folder, files = Path(folder), network.file.region
    problems: list[str] = []
    tables = {name: read_region_table(folder / getattr(files, name), name, problems) for name in COLUMNS}
    problems.extend(_check_references(tables))
    grid: Grid | None = None
    try:
        grid = read_grid(folder / files.cells)
    except InputError as error:
        problems.extend(error.problems)
    if grid is not None:
        problems.extend(_check_grid(grid, tables["counties"], network.crs, files.cells.name))
    land_path = folder / files.land if files.land else None
    problems.extend(_check_land(land_path))
    if problems or grid is None:
        raise InputError(list(dict.fromkeys(problems)))
    return Region(grid=grid, land_path=land_path, **tables)


def _check_references(tables: dict[str, pd.DataFrame]) -> list[str]:
    """Return a sentence for each row that refers to a city or county that is in no table."""
    city_ids, adcodes = tables["cities"]["city_id"], tables["counties"]["adcode"]
    problems: list[str] = []
    if len(city_ids):
        problems += find_unknown(tables["counties"], "city_id", city_ids, "counties.csv")
        problems += find_unknown(tables["places"], "city_id", city_ids, "places.csv")
    if len(adcodes):
        problems += find_unknown(tables["counties"], "cells_of", adcodes, "counties.csv")
    for kind, known in (("city", city_ids), ("county", adcodes)):
        if len(known):
            sets = tables["city_sets"]
            problems += find_unknown(sets[sets["member_kind"] == kind], "member", known, "city_sets.csv")
    return problems


def _check_grid(grid: Grid, counties: pd.DataFrame, network_crs: str, file: str) -> list[str]:
    """Return a sentence for each disagreement of the cells with the counties and with the network."""
    problems: list[str] = []
    if not pyproj.CRS.from_user_input(grid.crs).equals(pyproj.CRS.from_user_input(network_crs)):
        problems.append(f"{file}: its coordinate reference system is not the one of network.toml ({network_crs})")
    if counties.empty or counties["county_index"].isna().any():
        return problems
    in_cells = set(np.unique(grid.county[grid.is_land]).tolist())
    unknown = sorted(in_cells - set(counties["county_index"]))
    if unknown:
        problems.append(f"{file}: county {', '.join(map(str, unknown))} has no row in counties.csv")
    holders = counties[counties["adcode"].isin(set(counties["cells_of"]))]
    problems.extend(
        f"counties.csv row {row.Index + 2}: {row.name} ({row.adcode}) has no cell in {file}"
        for row in holders.itertuples()
        if row.county_index not in in_cells
    )
    return problems


def _check_land(path: Path | None) -> list[str]:
    """Return a sentence for each layer that the file of coast and water lacks."""
    if path is None:
        return []
    if not path.is_file():
        return [f"{path}: file is missing"]
    try:
        layers = set(gpd.list_layers(path)["name"])
    except RuntimeError as error:  # what pyogrio raises
        return [f"{path}: cannot be read as a GeoPackage: {error}"]
    return [f"{path.name}: layer '{layer}' is missing" for layer in LAND_LAYERS if layer not in layers]


def _read_layer(path: Path | None, layer: str) -> gpd.GeoDataFrame | None:
    """Return one layer of the file of coast and water."""
    return None if path is None else gpd.read_file(path, layer=layer)
