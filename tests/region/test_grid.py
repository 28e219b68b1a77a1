import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from sim.errors import InputError
from sim.region.grid import DIRECTIONS, find_grid_problems, read_grid

CRS = "+proj=aea +lat_1=28 +lat_2=34 +lat_0=31 +lon_0=119.2 +datum=WGS84 +units=m"
EAST, WEST, SOUTH = 1 << 0, 1 << 4, 1 << 6

# Two cells of land with a step between them, and water below:
#   a b
#   . .
POPULATION = [[10.0, 20.0], [-1.0, -1.0]]
COUNTY = [[0.0, 1.0], [-1.0, -1.0]]
MOVES = [[EAST, WEST], [0, 0]]


def write_cells(
    path, crs=CRS, population=POPULATION, county=COUNTY, moves=MOVES, names=("population", "county", "moves")
):
    profile = {"driver": "GTiff", "height": 2, "width": 2, "count": 3, "dtype": "float32", "nodata": -1}
    transform = from_origin(0, 2000, 1000, 1000)
    with rasterio.open(path, "w", crs=crs, transform=transform, **profile) as raster:
        for band, values in enumerate((population, county, moves), start=1):
            raster.write(np.array(values, dtype="float32"), band)
            raster.set_band_description(band, names[band - 1])
    return path


def test_the_bands_are_read_by_their_descriptions_and_water_holds_nobody(tmp_path):
    grid = read_grid(write_cells(tmp_path / "cells.tif"))
    assert grid.population.tolist() == [[10, 20], [0, 0]]
    assert grid.county.tolist() == [[0, 1], [-1, -1]]
    assert grid.moves.tolist() == [[EAST, WEST], [0, 0]]
    assert grid.is_land.tolist() == [[True, True], [False, False]]
    assert (grid.west_m, grid.north_m, grid.cell_m, grid.cell_km2) == (0, 2000, 1000, 1)


def test_the_middle_of_a_cell_lies_in_that_cell(tmp_path):
    grid = read_grid(write_cells(tmp_path / "cells.tif"))
    # The CRS has its origin at 119.2 E, 31 N, and the grid its south-west corner there: row 1, column 0 is the
    # cell just north-east of the origin.
    assert grid.cell_at(119.201, 31.001) == (1, 0)
    for cell in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert grid.cell_at(*grid.lonlat(*cell)) == cell


def test_a_point_off_the_grid_is_refused(tmp_path):
    grid = read_grid(write_cells(tmp_path / "cells.tif"))
    with pytest.raises(InputError, match="110,20 lies outside the grid"):
        grid.cell_at(110, 20)


def test_a_direction_and_its_way_back_are_four_bits_apart():
    for bit, (down, right) in enumerate(DIRECTIONS):
        assert DIRECTIONS[(bit + 4) % 8] == (-down, -right)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.tif: file is missing"):
        read_grid(tmp_path / "nowhere.tif")


def test_a_file_that_is_no_raster_is_refused(tmp_path):
    path = tmp_path / "cells.tif"
    path.write_text("not a raster", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as a GeoTIFF"):
        read_grid(path)


def test_band_and_crs_problems_come_together(tmp_path):
    path = write_cells(tmp_path / "cells.tif", crs=None, names=("population", "kreis", "moves"))
    with pytest.raises(InputError) as caught:
        read_grid(path)
    assert len(caught.value.problems) == 2
    assert "no band is described as 'county'" in caught.value.problems[0]
    assert "has no coordinate reference system" in caught.value.problems[1]


def test_a_crs_in_degrees_is_refused(tmp_path):
    with pytest.raises(InputError, match="in degrees"):
        read_grid(write_cells(tmp_path / "cells.tif", crs="EPSG:4326"))


def test_negative_people_and_half_counties_come_together(tmp_path):
    path = write_cells(tmp_path / "cells.tif", population=[[-5, 20], [-1, -1]], county=[[0, 1.5], [-1, -1]])
    with pytest.raises(InputError) as caught:
        read_grid(path)
    assert caught.value.problems == [
        "cells.tif: population is negative in 1 cells, first in row 0, column 0",
        "cells.tif: county is not -1, 0, 1, 2, … in 1 cells, first in row 0, column 1",
    ]


@pytest.mark.parametrize(
    ("moves", "message"),
    [
        ([[EAST, 0], [0, 0]], "moves: 1 step cannot be taken back, first from row 0, column 0 to the E"),
        ([[EAST | SOUTH, WEST], [0, 0]], "moves: 1 step touches a cell that is not study land"),
        ([[EAST | WEST, WEST], [0, 0]], "moves: 1 step touches a cell that is not study land"),
    ],
    ids=["one way", "into the water", "over the edge"],
)
def test_steps_that_lead_nowhere_are_named(moves, message):
    problems = find_grid_problems(np.array(POPULATION), np.array(COUNTY), np.array(moves, dtype=float))
    assert len(problems) == 1
    assert message in problems[0]


def test_a_grid_without_land_is_refused():
    empty = np.full((2, 2), -1.0)
    assert find_grid_problems(empty, empty, np.zeros((2, 2))) == ["no cell belongs to a county"]
