"""Reading, checking and asking a region, on the tiny network of five towns (networks/line5)."""

import shutil

import numpy as np
import pandas as pd
import pytest

import sim
from sim.errors import InputError
from sim.region import read_region, sum_people
from sim.region.sample import sample_people

# networks/line5/README.md: five towns with 1000, 2000, 4000, 8000 and 16000 people.
PEOPLE = {"a": 1000, "b": 2000, "c": 4000, "d": 8000, "e": 16000}


@pytest.fixture
def folder(repository, tmp_path):
    return shutil.copytree(repository / "networks" / "line5", tmp_path / "line5")


@pytest.fixture
def region(folder, line5):
    return read_region(folder, line5)


def change(path, edit):
    edit(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)


def problems_of(folder, network):
    with pytest.raises(InputError) as caught:
        read_region(folder, network)
    return caught.value.problems


def test_people_are_summed_by_city(region):
    assert region.people_by("city_id").to_dict() == PEOPLE


def test_the_cells_of_a_city_hold_its_people(region):
    for city_id, people in PEOPLE.items():
        assert region.grid.population[region.cells_of(city_id)].sum() == people


def test_a_county_without_cells_is_counted_where_its_people_live(region):
    counties = region.counties.copy()
    counties.loc[1, "cells_of"] = counties.loc[0, "adcode"]
    counties.loc[1, "county_index"] = 99
    by_adcode = sum_people(region.grid, counties, "adcode")
    assert counties.loc[1, "adcode"] not in by_adcode.index
    assert by_adcode[counties.loc[0, "adcode"]] == 1000


def test_a_place_is_found_by_its_id(region):
    place = region.place("c")
    assert (place.kind, place.city_id) == ("city", "c")


def test_an_unknown_place_says_which_was_meant(folder, line5):
    change(folder / "places.csv", lambda t: t.assign(place_id=t["place_id"] + "_town"))
    with pytest.raises(InputError, match=r"no place 'a_twon' \(did you mean 'a_town'\?\)"):
        read_region(folder, line5).place("a_twon")


def test_an_unknown_city_county_and_set_are_refused(region):
    for call, message in (
        (region.cells_of, "no city 'x'"),
        (region.cells_of_county, "no county 'x'"),
        (region.members, "no city set 'x'"),
    ):
        with pytest.raises(InputError, match=message):
            call("x")


def test_the_members_of_a_set_come_in_file_order(region):
    assert region.members("all") == ["a", "b", "c", "d", "e"]
    assert region.cells_of_set("all").sum() == region.grid.is_land.sum()


def test_a_set_of_counties_names_the_cities_they_lie_in(folder, line5):
    adcodes = pd.read_csv(folder / "counties.csv", dtype=str)["adcode"]
    change(folder / "city_sets.csv", lambda t: t.head(2).assign(member_kind="county", member=[adcodes[3], adcodes[1]]))
    region = read_region(folder, line5)
    assert region.cities_of_set("all") == ["d", "b"]
    assert region.grid.population[region.cells_of_set("all")].sum() == 8000 + 2000


def test_a_region_without_coast_has_no_land_to_draw(region):
    assert region.land is None
    assert region.water is None


def test_a_missing_column_and_an_unknown_city_come_together(folder, line5):
    change(folder / "cities.csv", lambda t: t.rename(columns={"province": "provinz"}))
    change(folder / "places.csv", lambda t: t.assign(kind=["town", *t["kind"][1:]]))
    problems = problems_of(folder, line5)
    assert "cities.csv: column 'province' is missing (did you mean 'provinz'?)" in problems
    assert any(problem.startswith("places.csv row 2: no kind 'town'") for problem in problems)


def test_a_county_of_the_cells_needs_a_row(folder, line5):
    change(folder / "counties.csv", lambda t: t[t["county_index"] != "4"])
    assert "cells.tif: county 4 has no row in counties.csv" in problems_of(folder, line5)


def test_a_county_needs_cells(folder, line5):
    change(folder / "counties.csv", lambda t: pd.concat([t, t.tail(1).assign(county_index="7", adcode="900007")]))
    assert any("(900007) has no cell in cells.tif" in problem for problem in problems_of(folder, line5))


def test_numbers_ids_and_references_are_checked_together(folder, line5):
    change(folder / "counties.csv", lambda t: t.assign(population_2020=["-1", *t["population_2020"][1:]]))
    change(folder / "cities.csv", lambda t: t.assign(lat=["north", *t["lat"][1:]]))
    change(folder / "places.csv", lambda t: t.assign(place_id=["b", *t["place_id"][1:]]))
    change(folder / "city_sets.csv", lambda t: t.assign(member=["z", *t["member"][1:]]))
    problems = problems_of(folder, line5)
    assert "counties.csv row 2: population_2020 is '-1', not a number from 0 to inf" in problems
    assert "cities.csv row 2: lat is 'north', not a number from -90 to 90" in problems
    assert "places.csv row 3: place_id 'b' stands twice" in problems
    assert any(problem.startswith("city_sets.csv row 2: no member 'z'") for problem in problems)


def test_files_that_are_missing_empty_or_not_utf8_are_named(folder, line5):
    (folder / "cities.csv").unlink()
    (folder / "places.csv").write_bytes("place_id,name\na,宁波\n".encode("gbk"))
    (folder / "city_sets.csv").write_text("", encoding="utf-8")
    problems = "\n".join(problems_of(folder, line5))
    assert "cities.csv: file is missing" in problems
    assert "places.csv: is not UTF-8" in problems
    assert "city_sets.csv: cannot be read as a table" in problems


def test_the_cells_must_have_the_crs_of_the_network(folder):
    path = folder / "network.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("+lon_0=119.2", "+lon_0=120"), encoding="utf-8")
    problems = problems_of(folder, sim.read_network(folder))
    assert any("not the one of network.toml" in problem for problem in problems)


def test_sampled_cells_stand_for_equal_shares_of_people(region):
    cells = sample_people(region, "e", 16)
    own = region.cells_of("e")
    assert len(cells) == 16
    assert all(own[cell] for cell in cells)
    # Every cell of e with n/16 of its people must come n times, give or take one at each end of its stretch.
    people = region.grid.population
    for row, column in np.argwhere(own):
        wanted = 16 * people[row, column] / 16000
        assert abs(cells.count((row, column)) - wanted) < 1
