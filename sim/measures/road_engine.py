"""Stage 4m, beside it: the ways that a routing engine would choose on the roads of the model.

Published road distances are those of the fastest way of an engine, by the engine's speeds. Where a distance differs, this
tells whether the roads differ or only the way that was chosen on them.
"""

import numpy as np
import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.measures.hindcast import check_columns
from sim.measures.hindcast_roads import DISTANCE_GOAL, RoadsByDate, compare_distances

__all__ = ["ENGINE_SPEEDS_KMH", "add_reasons", "compare_ways", "drive_as_engine"]

ENGINE_SPEEDS_KMH = {
    "motorway_120": 90.0,
    "motorway_100": 90.0,
    "motorway_80": 90.0,
    "urban_expressway": 85.0,
    "trunk": 75.0,
    "primary": 65.0,
}
"""Speeds of OSRM's car profile for roads without a limit on the map: motorway 90, trunk 85, primary 65 km/h
(github.com/Project-OSRM/osrm-backend, profiles/car.lua). The extract does not tell its trunk roads from its primary ones,
so country roads lie half-way between; expressways of cities are trunk roads on OpenStreetMap."""


def drive_as_engine(roads: RoadsByDate) -> RoadsByDate:
    """Return the roads with the engine's speeds: no congestion, no limits of single roads.

    Raises
    ------
    InputError: a class of road_classes.csv has no speed here.
    """
    classes = roads.network.road_classes
    unknown = sorted(set(classes["road_class"]) - set(ENGINE_SPEEDS_KMH))
    if unknown:
        raise InputError(
            [f"no engine speed for road class '{name}'{did_you_mean(name, ENGINE_SPEEDS_KMH)}" for name in unknown]
        )
    speeds = classes["road_class"].map(ENGINE_SPEEDS_KMH)
    tables = {
        "road_classes": classes.assign(speed_kmh=speeds),
        "congestion": roads.network.congestion.assign(speed_share=1.0),
        "roads": roads.network.roads.assign(speed_kmh=np.nan),
    }
    return RoadsByDate(roads.network.with_tables(**tables), roads.grid, roads.assumptions)


def compare_ways(observed: pd.DataFrame, roads: RoadsByDate) -> pd.DataFrame:
    """Return `compare_distances` and, beside it, the length of the way at the engine's speeds.

    Columns more: engine_way_km, engine_way_error_percent, differs_by (empty within the tolerance; "way" where the engine's
    way over the model's roads has the published length, "roads" where it has not).
    """
    found = compare_distances(observed, roads)
    as_engine = compare_distances(observed, drive_as_engine(roads))
    outside = found["within_5_percent"] == "no"
    by_way = as_engine["error_percent"].abs() <= 100 * DISTANCE_GOAL.tolerance_share
    return found.assign(
        engine_way_km=as_engine["modelled_km"],
        engine_way_error_percent=as_engine["error_percent"],
        differs_by=np.select([~outside, by_way], ["", "way"], "roads"),
    )


def add_reasons(
    distances: pd.DataFrame, bands: pd.DataFrame, reasons: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables with a column ``reason``: why a row lies outside, empty for rows within and where none is known.

    Parameters
    ----------
    distances, bands : see `compare_ways` and `compare_bands`.
    reasons : what (distance or band), check_id, from_id, to_id (a distance in either direction), date (of the band, or
        empty), reason.
    """
    check_columns(reasons, ("what", "check_id", "from_id", "to_id", "date", "reason"), "road reasons")
    text = _as_text(reasons)
    ways = text[text["what"] == "distance"]
    by_pair = {frozenset((row.from_id, row.to_id)): row.reason for row in ways.itertuples()}
    pairs = [frozenset(ends) for ends in zip(distances["from_id"], distances["to_id"], strict=True)]
    far = (distances["within_5_percent"] == "no").to_numpy()
    with_pairs = distances.assign(
        reason=[by_pair.get(pair, "") if out else "" for pair, out in zip(pairs, far, strict=True)]
    )
    keys = ["check_id", "from_id", "to_id", "date"]
    known = text[text["what"] == "band"].set_index(keys)["reason"]
    wanted = pd.MultiIndex.from_frame(_as_text(bands[keys]))
    reason = known.reindex(wanted).fillna("").to_numpy()
    return with_pairs, bands.assign(reason=np.where(bands["verdict"] == "outside", reason, ""))


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with empty texts where nothing stands, whatever its columns were read as."""
    return frame.astype(object).where(frame.notna(), "")
