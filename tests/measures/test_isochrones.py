import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.measures.isochrones import draw_outline, isochrone_polygons
from sim.region.grid import Grid

CRS = "+proj=aea +lat_1=28 +lat_2=34 +lat_0=31 +lon_0=119.2 +datum=WGS84 +units=m"


def grid_of(land, people=None):
    land = np.asarray(land, dtype=bool)
    return Grid(
        crs=CRS,
        west_m=0.0,
        north_m=land.shape[0] * 1000.0,
        cell_m=1000.0,
        population=np.where(land, 1.0 if people is None else people, 0.0),
        county=np.where(land, 0, -1).astype(np.int32),
        moves=np.zeros(land.shape, dtype=np.uint8),
    )


def test_a_ring_keeps_its_hole_and_an_island_stays_apart():
    minutes = np.full((5, 9), 100.0)
    minutes[0:3, 0:3] = 10.0
    minutes[1, 1] = 90.0  # the hole
    minutes[4, 8] = 10.0  # the island
    polygons = isochrone_polygons(minutes, grid_of(np.ones((5, 9))), [30])
    shape = polygons.geometry.iloc[0]
    assert sorted(part.area / 1e6 for part in shape.geoms) == [1.0, 8.0]
    assert sum(len(part.interiors) for part in shape.geoms) == 1
    assert polygons.loc[0, "area_km2"] == 9.0


def test_cells_that_touch_at_a_corner_make_two_parts_of_a_valid_polygon():
    shape = draw_outline(np.array([[True, False], [False, True]]), grid_of(np.ones((2, 2))))
    assert len(shape.geoms) == 2
    assert shape.is_valid


def test_sea_is_never_inside():
    land = np.array([[1, 1, 0, 0, 1]])
    polygons = isochrone_polygons(np.full((1, 5), 5.0), grid_of(land), [30])
    assert polygons.loc[0, "area_km2"] == 3.0
    assert polygons.geometry.iloc[0].bounds == (0, 0, 5000, 1000)
    assert polygons.geometry.iloc[0].area == 3e6


def test_a_cell_exactly_on_the_cutoff_is_inside_and_one_beyond_is_not():
    minutes = np.array([[60.0, 60.0005, 60.01, np.nan, np.inf]], dtype=np.float32)
    assert isochrone_polygons(minutes, grid_of(np.ones((1, 5))), [60]).loc[0, "area_km2"] == 2.0


@given(
    arrays(np.float32, (7, 8), elements=st.floats(0, 200, width=32)),
    arrays(np.bool_, (7, 8)),
    st.lists(st.integers(1, 199), min_size=2, max_size=4, unique=True),
)
def test_polygons_equal_their_cells_and_are_nested(minutes, land, cutoffs):
    people = np.arange(56.0).reshape(7, 8) + 1
    grid = grid_of(land, people)
    polygons = isochrone_polygons(minutes, grid, cutoffs)
    assert list(polygons["cutoff_min"]) == sorted(cutoffs)
    for row in polygons.itertuples():
        within = land & (minutes <= row.cutoff_min + 1e-3)
        assert row.geometry.is_valid
        assert row.geometry.area == pytest.approx(within.sum() * 1e6, abs=1e-3)
        assert row.area_km2 == within.sum()
        assert row.population == people[within].sum()
    for inner, outer in zip(polygons.geometry[:-1], polygons.geometry[1:], strict=True):
        assert inner.difference(outer).area == pytest.approx(0, abs=1e-3)
