"""Stage 4: minutes from city centres to their main stations by each way, and their means beside published ones."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sim.measures.hindcast import check_columns
from sim.measures.hindcast_roads import RoadsByDate
from sim.region.region import Region
from sim.times.access import Access, AccessWay
from sim.times.bucket_queue import Integers
from sim.times.road_graph import RoadGraph, place_node
from sim.times.road_minutes import RoadMinutes
from sim.times.transit import transit_ways

__all__ = [
    "compare_station_access",
    "day_share_of_delay",
    "judge_station_access",
    "roads_in_peak",
    "tabulate_station_access",
]

ACCESS_TOLERANCE = 0.25
"""A modelled mean this near to the published one is inside: the study's stations are others, sampled over China."""
LARGE_METRO_CITIES = ("shanghai",)
"""The one of the study's six large metro cities that lies here."""


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
    frame["transit_min"] = frame[without_car].min(axis=1) if without_car else np.nan
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


def day_share_of_delay(traffic: pd.DataFrame) -> float:
    """Return the delay over the whole day as a share of that in the peak, the mean of the cities of which both are known.

    A delay is what a trip takes longer than on free roads: indices of 1.56 over the day and 1.95 in the peak are 0.59.
    """
    both = traffic.dropna(subset=["peak_index", "day_index"])
    return float(((both["day_index"] - 1) / (both["peak_index"] - 1)).mean())


def roads_in_peak(roads: RoadsByDate, day_share: float) -> RoadsByDate:
    """Return the roads as they are in the peak: in cities the delay is that of the day divided by ``day_share``.

    At half the limit a trip takes as long again as on free roads; if that is half of the delay of the peak, a third is left.
    """
    congestion = roads.network.congestion
    in_peak = 1 / (1 + (1 / congestion["speed_share"] - 1) / day_share)
    slowed = congestion.assign(speed_share=in_peak.where(congestion["setting"] == "city", congestion["speed_share"]))
    return RoadsByDate(roads.network.with_tables(congestion=slowed), roads.grid, roads.assumptions)


def judge_station_access(
    region: Region, roads: RoadsByDate, published: pd.DataFrame, traffic: pd.DataFrame, date: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the minutes from city centres to main stations as of a date, and their means beside the published ones.

    Parameters
    ----------
    published : see `compare_station_access`; car stands there in congestion, so it is asked of the usual roads and of the
        peak.
    traffic : day_index and peak_index of cities: minutes over the day and in the peak over minutes on free roads.

    Returns
    -------
    stations : see `tabulate_station_access`, and car_peak_min.
    checks : see `compare_station_access`, and roads (usual or peak), verdict (inside or outside a quarter of the published).
    """
    check_columns(traffic, ("city_id", "peak_index", "day_index"), "city traffic")
    network = roads.network.as_of(date)
    usual, peak = (RoadMinutes(part.graph(date)) for part in (roads, roads_in_peak(roads, day_share_of_delay(traffic))))
    ways = (_by_car(usual), *transit_ways(region, network, roads.assumptions, usual))
    stations = tabulate_station_access(ways, usual.graph, region, network.stations)
    in_peak = tabulate_station_access((_by_car(peak),), peak.graph, region, network.stations)
    checks = [
        compare_station_access(stations, published, LARGE_METRO_CITIES).assign(roads="usual"),
        compare_station_access(in_peak, published[published["by"] == "car"], LARGE_METRO_CITIES).assign(roads="peak"),
    ]
    found = pd.concat(checks, ignore_index=True)
    near = found["residual_min"].abs() <= ACCESS_TOLERANCE * found["published_min"]
    return stations.assign(car_peak_min=in_peak["car_min"]), found.assign(verdict=np.where(near, "inside", "outside"))


def _by_car(minutes: RoadMinutes) -> AccessWay:
    return AccessWay("car", minutes, np.zeros(minutes.graph.n_cells, dtype=np.float32))
