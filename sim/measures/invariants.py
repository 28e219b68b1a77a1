"""Stage 4f: what must hold in every run, checked in every run and reported with it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from sim.times.door_to_door import LEGS
from sim.times.road_graph import place_nodes

if TYPE_CHECKING:
    from sim.measures.result import Result

__all__ = ["check_invariants"]

TOLERANCE_MIN = 0.01
SURFACE_TOLERANCE_MIN = 0.1
"""Surfaces are in single precision and add the same minutes in another order."""


def check_invariants(result: "Result") -> Mapping[str, bool]:
    """Return which of the invariants of a run hold; a False is a fault of the model and not of the input."""
    return {
        "best_is_never_slower_than_rail_or_road": _best_is_least(result),
        "legs_add_up_to_rail_minutes": _legs_add_up(result),
        "surfaces_agree_with_city_times": _surfaces_agree(result),
        "fastest_train_is_never_slower_than_typical_with_waits": _fastest_is_least(result),
        "isochrones_equal_their_cells": _polygons_equal_cells(result),
        "reach_grows_with_the_cutoff": _reach_grows(result),
        "county_people_add_up": _people_add_up(result),
    }


def _best_is_least(result: "Result") -> bool:
    times = result.city_times
    least = times[["road_min", "rail_min"]].min(axis=1)
    by_cell = all(
        np.array_equal(surface.best, np.fmin(surface.rail, surface.road), equal_nan=True)
        for surface in result.surfaces.values()
    )
    return by_cell and bool(np.allclose(times["best_min"], least, equal_nan=True))


def _legs_add_up(result: "Result") -> bool:
    times = result.city_times.dropna(subset=["rail_min"])
    total = times[[f"{leg}_min" for leg in LEGS]].sum(axis=1)
    return bool(np.allclose(total, times["rail_min"], atol=TOLERANCE_MIN))


def _surfaces_agree(result: "Result") -> bool:
    """The minutes of a surface at a city's seat, searched cell by cell, are those of the table, by rail and by road."""
    graph, cities = result.travel.graph, result.region.cities
    cells = dict(
        zip(cities["city_id"], map(graph.node_cell, place_nodes(graph, cities["lon"], cities["lat"])), strict=True)
    )
    for place_id, surface in result.surfaces.items():
        rows = result.city_times[result.city_times["from_id"] == place_id]
        for row in rows.itertuples():
            cell = cells[row.to_id]
            for there, tabled in ((surface.rail[cell], row.rail_min), (surface.road[cell], row.road_min)):
                if np.isnan(there) and not tabled <= result.travel.limit_min:
                    continue
                if not abs(there - tabled) < SURFACE_TOLERANCE_MIN:
                    return False
    return True


def _fastest_is_least(result: "Result") -> bool:
    rides = result.travel.rides
    reached = np.isfinite(rides.total_min)
    return bool((rides.fastest_min[reached] <= rides.total_min[reached] + TOLERANCE_MIN).all())


def _polygons_equal_cells(result: "Result") -> bool:
    for polygons in result.polygons.values():
        if not np.allclose(polygons.area / 1e6, polygons["area_km2"]) or not polygons.is_valid.all():
            return False
    return True


def _reach_grows(result: "Result") -> bool:
    columns = ["population", "area_km2", "n_cities", "n_counties"]
    groups = result.reach.sort_values("cutoff_min").groupby(["place", "mode"]) if len(result.reach) else ()
    return all(bool((group[columns].diff().dropna() >= 0).all(axis=None)) for _, group in groups)


def _people_add_up(result: "Result") -> bool:
    counted = result.region.grid.population[result.region.grid.is_land].sum()
    return bool(np.isclose(counted, result.region.counties["population_2020"].sum(), rtol=1e-6))
