"""People cell by cell against all people of a county at its seat; and whether the shipped spread is plausible."""

import numpy as np
import pandas as pd
import pytest

import sim
from sim.measures.people_spread import tabulate_people_spread
from sim.region.region import read_region
from tests.measures.test_isochrones import grid_of

SETTLED = ("shengsi", "daishan", "xiangshan", "ninghai", "cixi", "yuyao", "putuo")


def test_cells_and_seats_are_counted_within_the_cut_off():
    grid = grid_of(np.ones((1, 4)), np.array([[1.0, 2.0, 4.0, 8.0]]))
    counties = pd.DataFrame({"population_2020": [3.0, 12.0]})  # two counties of two cells, seats in the first and last
    seats = (np.array([0, 0]), np.array([0, 3]))
    minutes = {"x": np.array([[10.0, 50.0, 70.0, 130.0]])}
    spread = tabulate_people_spread(minutes, grid, counties, seats, [120, 5, 60]).set_index("cutoff_min")
    assert list(spread.index) == [5, 60, 120]
    assert spread.loc[60, "population_on_grid"] == 1 + 2
    assert spread.loc[60, "population_at_seats"] == 3
    assert (
        spread.loc[120, "population_on_grid"] == 1 + 2 + 4
    )  # a third of the far county is within reach, its seat is not
    assert spread.loc[120, "difference"] == 3 - 7
    assert spread.loc[120, "share_of_grid"] == pytest.approx(-4 / 7)
    assert np.isnan(spread.loc[5, "share_of_grid"])


@pytest.fixture(scope="module")
def region(repository):
    network = sim.read_network(repository / "networks" / "yrd")
    return read_region(network.folder, network)


@pytest.mark.real
def test_nobody_lives_on_the_water_and_county_totals_are_exact(region):
    grid, counties = region.grid, region.counties
    assert grid.population[~grid.is_land].sum() == 0
    assert (grid.population >= 0).all()
    held = np.bincount(grid.county[grid.is_land], weights=grid.population[grid.is_land], minlength=len(counties))
    index_of = counties.set_index("adcode")["county_index"]
    census = counties.groupby(counties["cells_of"].map(index_of))["population_2020"].sum()
    assert len(census) > 300
    np.testing.assert_array_equal(held[census.index], census.to_numpy())


def people_within_km(grid, lon, lat, km):
    row, column = grid.cell_at(lon, lat)
    rows, columns = np.indices(grid.shape)
    near = grid.is_land & (np.hypot(rows - row, columns - column) * grid.cell_m / 1000 <= km)
    return grid.population[near].sum(), near.sum() * grid.cell_km2


@pytest.mark.real
def test_people_are_denser_about_county_seats_than_in_the_county(region):
    """The census knows nothing of seats inside a county, so a spread that ignored settlements would fail this."""
    counties = region.counties[region.counties["cells_of"] == region.counties["adcode"]]
    denser = []
    for county in counties.itertuples():
        own = region.grid.county == county.county_index
        people, km2 = people_within_km(region.grid, county.lon, county.lat, 3)
        denser.append(people / km2 > region.grid.population[own].sum() / (own.sum() * region.grid.cell_km2))
    assert len(denser) > 300
    assert np.mean(denser) > 0.95


@pytest.mark.real
def test_towns_hold_about_the_share_of_people_that_the_census_calls_urban(region):
    """Cells of 1,000 people per km² and more, beside the census's urban share: they rise together."""
    counties = region.counties[region.counties["cells_of"] == region.counties["adcode"]]
    grid = region.grid
    total = np.bincount(grid.county[grid.is_land], weights=grid.population[grid.is_land])
    dense = grid.is_land & (grid.population >= 1000 * grid.cell_km2)
    in_towns = np.bincount(grid.county[dense], weights=grid.population[dense], minlength=len(total)) / total.clip(1)
    urban = pd.to_numeric(counties["urban_population_2020"]) / counties["population_2020"]
    ranks = pd.Series(in_towns[counties["county_index"]]).rank().corr(urban.reset_index(drop=True).rank())
    assert ranks > 0.6


@pytest.mark.real
@pytest.mark.parametrize("place_id", SETTLED)
def test_small_seats_have_a_town_around_them(region, place_id):
    place = region.place(place_id)
    people, km2 = people_within_km(region.grid, place.lon, place.lat, 2)
    assert people / km2 > 1000
