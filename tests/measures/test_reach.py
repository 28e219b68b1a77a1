import numpy as np
import pandas as pd

from sim.measures.reach import count_reach
from tests.measures.test_isochrones import grid_of


def test_powers_of_two_tell_which_cells_were_reached():
    people = np.array([[1.0, 2.0, 4.0, 8.0]])
    grid = grid_of(np.ones((1, 4)), people)
    best = np.array([[0.0, 20.0, 70.0, np.nan]])
    surfaces = {"best": best, "rail": np.full((1, 4), np.nan), "road": best}
    seats = {"cities": (np.array([0, 0]), np.array([0, 2])), "counties": (np.array([0]), np.array([3]))}
    reach = count_reach("x", surfaces, grid, seats, [60, 30, 90]).set_index(["mode", "cutoff_min"])
    assert reach.loc[("best", 30), "population"] == 1 + 2
    assert reach.loc[("best", 90), "population"] == 1 + 2 + 4
    assert reach.loc[("best", 90), "area_km2"] == 3
    assert list(reach.loc["best", "n_cities"]) == [1, 1, 2]
    assert (reach["n_counties"] == 0).all()
    assert (reach.loc["rail", "population"] == 0).all()
    assert isinstance(reach, pd.DataFrame)
