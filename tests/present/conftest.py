"""Fixtures of the small coast (see coast.py), and the data of a report on the five stations on a line."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import sim
from sim.present.maps import BaseMap, MapLayers, build_rail_sections, prepare_base
from sim.present.report.choices import ReportChoices
from sim.present.report.data import ReportData
from sim.region.grid import Grid
from tests.present.coast import COLUMNS, CRS, LAND_COLUMNS, ROWS, at


@pytest.fixture(scope="session")
def grid() -> Grid:
    """A plain 100 km wide with the sea east of it: 160 x 100 cells of 1 km, west edge at x = -50 km, north at y = 50."""
    county = np.full((ROWS, COLUMNS), -1, dtype=np.int32)
    # The coast runs at x = 50.4 km, but column 100 (x = 50 to 51 km), whose middle is at sea, is no study cell.
    county[:, :LAND_COLUMNS] = 0
    population = np.where(county >= 0, 1.0, -1.0)
    moves = np.zeros((ROWS, COLUMNS), dtype=np.uint8)
    return Grid(
        crs=CRS, west_m=-50_000.0, north_m=50_000.0, cell_m=1000.0, population=population, county=county, moves=moves
    )


@pytest.fixture(scope="session")
def base(grid: Grid) -> BaseMap:
    # Land goes on outside the grid in the north, as a neighbouring province does.
    land = gpd.GeoDataFrame(geometry=[shapely.box(-300_000, -300_000, 50_400, 300_000)], crs=CRS)
    lake = gpd.GeoDataFrame(geometry=[shapely.box(-40_000, -40_000, -30_000, -30_000)], crs=CRS)
    return prepare_base(grid, land=land, water=lake)


@pytest.fixture(scope="session")
def minutes() -> np.ndarray:
    """Two minutes for each km from the west edge, also written over the sea; the south-west corner is not reached."""
    surface = np.tile(2.0 * (np.arange(COLUMNS) + 0.5), (ROWS, 1))
    surface[90:, :20] = np.nan
    return surface


@pytest.fixture(scope="session")
def layers() -> MapLayers:
    stations = pd.DataFrame(
        [("a", "main", *at(-30, 0)), ("b", "other", *at(0, 5)), ("c", "main", *at(40, 0)), ("d", "main", *at(10, -30))],
        columns=["station_id", "rank", "lon", "lat"],
    )
    lines = pd.DataFrame({"line_id": ["north", "south"], "kind": ["hsr", "conventional"]})
    line_stops = pd.DataFrame(
        [("north", 1, "a"), ("north", 2, "b"), ("north", 3, "c"), ("south", 1, "b"), ("south", 2, "d")],
        columns=["line_id", "sequence", "station_id"],
    )
    places = pd.DataFrame(
        [
            ("鄞州区", "Yinzhou", *at(-20, 10), 1),
            ("嵊州市", "Shengzhou", *at(20, 20), 2),
            ("埇桥区", "Yongqiao", *at(0, -20), 3),
        ],
        columns=["name", "name_en", "lon", "lat", "rank"],
    )
    waters = pd.DataFrame([("东海", "East China Sea", *at(80, 0))], columns=["name", "name_en", "lon", "lat"])
    return MapLayers(
        rail=build_rail_sections(line_stops, lines, stations, new_line_ids=["south"]),
        stations=stations,
        places=places,
        water_names=waters,
    )


@pytest.fixture(scope="session")
def tutorial_report(repository: Path) -> ReportData:
    """What a report in English on two scenarios of the tutorial is made from, before any comparison has been run."""
    study = sim.read_study(repository / "scenarios" / "tutorial")
    region = study.region
    names = {row.city_id: (row.name, row.name_en) for row in region.cities.itertuples(index=False)}
    names |= {row.place_id: (row.name, row.name_en) for row in region.places.itertuples(index=False)}
    return ReportData(
        study_id=study.study_id,
        title=study.file.title,
        title_en=study.file.title_en,
        city_set=study.file.city_set,
        choices=ReportChoices(language="en"),
        results=[study.run(name) for name in ("base", "faster_direct")],
        base_id="base",
        full_id="faster_direct",
        targets=study.file.targets,
        projects=study.projects,
        tables={},
        pictures=(),
        place_names=names,
        inputs_sha256={"study.toml": "0" * 64},
        version="0",
        date="2026-01-31",
    )
