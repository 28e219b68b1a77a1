"""Stage 4m: speeds of trips by car inside large cities beside those that were measured in the peak."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError
from sim.measures.hindcast import check_columns
from sim.measures.hindcast_roads import RoadsByDate
from sim.region.region import Region
from sim.times.congestion import built_up_areas
from sim.times.kernels import minutes_from, seeds_of
from sim.times.road_graph import RoadGraph, place_node

__all__ = ["TRIP_KM", "compare_city_speeds", "trip_speed_kmh"]

TRIP_KM = (5.0, 15.0)
"""Trips of so many kilometres as the crow flies: about those to work in a large city."""
ORIGINS = 64
"""As many as stand for the people of a city in the reading door to door."""


def compare_city_speeds(traffic: pd.DataFrame, region: Region, in_peak: RoadsByDate, date: str) -> pd.DataFrame:
    """Return the speed of trips in the peak, modelled and measured, of the cities of which it is known.

    Parameters
    ----------
    traffic : city_id, peak_speed_kmh (empty where not known), source.
    in_peak : the roads as they are in the peak.

    Returns
    -------
    DataFrame: city_id, published_kmh, model_kmh, error_percent, source. Nothing of the model was set on these speeds.

    Raises
    ------
    InputError: the seat of such a city lies in no built-up area.
    """
    check_columns(traffic, ("city_id", "peak_speed_kmh", "source"), "city traffic")
    graph = in_peak.graph(date)
    areas = built_up_areas(region.grid, in_peak.assumptions.urban_density_per_km2)
    seats = region.cities.set_index("city_id")
    rows = []
    for known in traffic.dropna(subset=["peak_speed_kmh"]).itertuples():
        seat = graph.node_cell(place_node(graph, seats.loc[known.city_id, "lon"], seats.loc[known.city_id, "lat"]))
        if areas[seat] == 0:
            raise InputError(
                f"city_traffic.csv: the seat of '{known.city_id}' lies in no built-up area; its speed cannot be asked"
            )
        speed = trip_speed_kmh(graph, areas == areas[seat], in_peak.assumptions.local_detour)
        error = 100 * (speed / known.peak_speed_kmh - 1)
        rows.append({"city_id": known.city_id, "published_kmh": known.peak_speed_kmh, "model_kmh": speed})
        rows[-1] |= {"error_percent": error, "source": known.source}
    return pd.DataFrame(rows)


def trip_speed_kmh(graph: RoadGraph, area: npt.NDArray[np.bool_], detour: float) -> float:
    """Return kilometres over minutes of the trips inside an area whose length as the crow flies is in `TRIP_KM`.

    Parameters
    ----------
    area : cells of the area, (rows, columns). A trip goes from one of `ORIGINS` cells that each stand for an equal share of
        the people to every cell, weighted by its people; its length is the straight one times ``detour``.
    """
    rows, columns = np.nonzero(area)
    people = graph.grid.population[area]
    nodes = (rows + 1) * graph.stride + columns + 1
    shares = (np.arange(ORIGINS) + 0.5) / ORIGINS * people.sum()
    km = minutes = 0.0
    for origin in np.searchsorted(np.cumsum(people), shares).tolist():
        straight_km = np.hypot(rows - rows[origin], columns - columns[origin]) * graph.grid.cell_m / 1000
        chosen = (straight_km >= TRIP_KM[0]) & (straight_km <= TRIP_KM[1])
        found = minutes_from(graph.prepared, seeds_of(int(nodes[origin])))[nodes[chosen]]
        km += float(people[chosen] @ straight_km[chosen]) * detour
        minutes += float(people[chosen] @ found)
    return 60.0 * km / minutes
