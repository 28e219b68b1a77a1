"""Stage 4: minutes from city centres to their main stations by each way, and their means beside published ones."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sim.region.region import Region
from sim.times.access import Access, AccessWay
from sim.times.bucket_queue import Integers
from sim.times.road_graph import RoadGraph, place_node

__all__ = ["compare_station_access", "tabulate_station_access"]


def tabulate_station_access(
    ways: Sequence[AccessWay], graph: RoadGraph, region: Region, stations: pd.DataFrame, limit_min: float = 240
) -> pd.DataFrame:
    """Return minutes from each municipal government seat to the main stations of its city, one row per station.

    Parameters
    ----------
    stations : rows of stations.csv; those of rank main count, whatever trains they have.

    Returns
    -------
    DataFrame: city_id, station_id, and <way>_min for each way (NaN beyond the limit); transit_min, the fastest of the ways
    without a car.
    """
    cities = region.cities.set_index("city_id")
    mains = stations[(stations["rank"] == "main") & stations["city_id"].isin(cities.index)]
    nodes = [place_node(graph, lon, lat) for lon, lat in zip(mains["lon"], mains["lat"], strict=True)]
    seats = cities.loc[mains["city_id"], ["lon", "lat"]].itertuples(index=False)
    seat_nodes = np.array([place_node(graph, lon, lat) for lon, lat in seats], dtype=np.int32)
    own_seats, row_of = np.unique(seat_nodes, return_inverse=True)
    targets: Integers = np.array(nodes, dtype=np.int32)
    frame = mains[["city_id", "station_id"]].reset_index(drop=True)
    for way in ways:
        minutes = Access((way,), limit_min).to_stations(own_seats, targets).minutes[row_of, np.arange(len(targets))]
        frame[f"{way.name}_min"] = np.where(np.isfinite(minutes), minutes, np.nan)
    without_car = [f"{way.name}_min" for way in ways if way.name != "car"]
    frame["transit_min"] = frame[without_car].min(axis=1)
    return frame


def compare_station_access(access: pd.DataFrame, published: pd.DataFrame, metro_cities: Sequence[str]) -> pd.DataFrame:
    """Return published mean minutes beside those of the model, and the residual, columns as the published table's and more.

    Parameters
    ----------
    access : see `tabulate_station_access`.
    published : check_id, cities (all or metro), by (a way or transit), minutes.
    metro_cities : the cities that stand for the study's.
    """
    rows = []
    for row in published.itertuples():
        chosen = access if row.cities == "all" else access[access["city_id"].isin(metro_cities)]
        model = chosen[f"{row.by}_min"].dropna()
        rows.append({"check_id": row.check_id, "published_min": float(row.minutes), "model_min": model.mean()})
        rows[-1] |= {"n_stations": len(model), "residual_min": model.mean() - float(row.minutes)}
    return pd.DataFrame(rows)
