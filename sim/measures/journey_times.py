"""Stage 4i: minutes door to door between any named ends: places, county seats, city seats."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pydantic import Field

from sim.errors import did_you_mean
from sim.network.toml_files import Declared
from sim.region.region import Region
from sim.times.door_to_door import CITY_TIME_COLUMNS, DoorToDoor
from sim.times.road_graph import RoadGraph, place_nodes

__all__ = ["Journeys", "check_journeys", "journey_times", "seat_nodes", "times_between"]

Nodes = Mapping[str, int]


class Journeys(Declared):
    """Journeys that a study asks for by name: from each of some places to each of others."""

    name: str
    name_en: str
    from_: tuple[str, ...] = Field(alias="from", min_length=1)
    to: tuple[str, ...] = Field(min_length=1)
    source: str = ""
    note: str = ""


def times_between(travel: DoorToDoor, origins: Nodes, destinations: Nodes) -> pd.DataFrame:
    """Return minutes and legs from each origin to each destination, columns as city_times.csv; NaN: there is no way.

    Parameters
    ----------
    origins, destinations : node of the road graph by id; the way from an id to itself is left out.
    """
    ends = {**origins, **destinations}
    times = travel.city_times(list(ends), list(ends.values()))
    wanted = times["from_id"].isin(origins) & times["to_id"].isin(destinations)
    return times[wanted].reset_index(drop=True)


def seat_nodes(graph: RoadGraph, table: pd.DataFrame, id_column: str, ids: Sequence[str]) -> dict[str, int]:
    """Return the node of the road graph of rows of a table with lon and lat, by their id, in the order asked for."""
    points = dict(zip(table[id_column], table[["lon", "lat"]].to_numpy(dtype=np.float64), strict=True))
    chosen = np.array([points[key] for key in ids]).reshape(-1, 2)
    return dict(zip(ids, place_nodes(graph, *chosen.T).tolist(), strict=True))


def journey_times(journeys: Mapping[str, Journeys], travel: DoorToDoor, region: Region) -> pd.DataFrame:
    """Return the journeys of a study: journeys (their id), then the columns of city_times.csv, between places."""
    parts = []
    for journeys_id, asked in journeys.items():
        origins, destinations = (
            seat_nodes(travel.graph, region.places, "place_id", ids) for ids in (asked.from_, asked.to)
        )
        times = times_between(travel, origins, destinations)
        times.insert(0, "journeys", journeys_id)
        parts.append(times)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["journeys", *CITY_TIME_COLUMNS])


def check_journeys(journeys: Mapping[str, Journeys], region: Region) -> list[str]:
    """Return a sentence for every place that the journeys name and the region does not know."""
    known = list(region.places["place_id"])
    return [
        f"study.toml: journeys.{journeys_id}: no place '{place}'{did_you_mean(place, known)}"
        for journeys_id, asked in journeys.items()
        for place in (*asked.from_, *asked.to)
        if place not in known
    ]
