"""Last stage, the railways of a network and what projects add to them, as lines on the ground."""

from collections.abc import Collection, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sim.network.network import Network
from sim.scenario.changes import Add
from sim.scenario.project import Project

__all__ = ["build_rail_sections", "list_project_sections"]


def build_rail_sections(
    line_stops: pd.DataFrame, lines: pd.DataFrame, stations: pd.DataFrame, *, new_line_ids: Collection[str] = ()
) -> gpd.GeoDataFrame:
    """Return one straight section for each pair of neighbouring stops of each line.

    Parameters
    ----------
    line_stops, lines, stations
        The tables of a network.
    new_line_ids
        Lines to be drawn as the scenario's own; every other line counts as existing.

    Returns
    -------
    GeoDataFrame
        Columns line_id, kind, status (existing or new), geometry in WGS84, in the order of the tables.
    """
    places = stations.set_index("station_id")[["lon", "lat"]]
    stops = line_stops.sort_values(["line_id", "sequence"], kind="stable").join(places, on="station_id")
    follows = (stops["line_id"] == stops["line_id"].shift()).to_numpy()
    ends = stops[["lon", "lat"]].to_numpy(dtype=float)
    pairs = np.stack([ends[:-1], ends[1:]], axis=1)[follows[1:]]
    line_ids = stops["line_id"].to_numpy()[follows]
    kinds = lines.set_index("line_id")["kind"]
    table = {
        "line_id": line_ids,
        "kind": kinds.reindex(line_ids).to_numpy(),
        "status": np.where(np.isin(line_ids, list(new_line_ids)), "new", "existing"),
    }
    return gpd.GeoDataFrame(table, geometry=list(shapely.linestrings(pairs)), crs="EPSG:4326")


def list_project_sections(network: Network, projects: Mapping[str, Project]) -> gpd.GeoDataFrame:
    """Return the railway sections and roads that projects add, in WGS84.

    Parameters
    ----------
    network
        The base, whose stations the projects' lines may call at.
    projects
        By id.

    Returns
    -------
    GeoDataFrame
        Columns project_id, line_id, kind (as in lines.csv, or road), status and opening_year of the project, geometry.
    """
    added = [
        (key, change)
        for key, project in projects.items()
        for change in project.changes
        if isinstance(change, Add) and change.table in ("stations", "lines", "roads")
    ]
    own_stations = pd.DataFrame([dict(change.row) for _, change in added if change.table == "stations"])
    stations = pd.concat([network.stations, own_stations], ignore_index=True).drop_duplicates("station_id")
    parts = []
    for key, change in added:
        card = projects[key].card
        if change.table == "lines":
            lines = pd.DataFrame([dict(change.row)])
            drawn = build_rail_sections(pd.DataFrame([dict(row) for row in change.children]), lines, stations)
        elif change.table == "roads":
            way = shapely.LineString([(row["lon"], row["lat"]) for row in change.children])
            drawn = gpd.GeoDataFrame({"line_id": [change.key], "kind": ["road"]}, geometry=[way], crs="EPSG:4326")
        else:
            continue
        parts.append(drawn.assign(project_id=key, status=card.status, opening_year=card.opens.central.year))
    columns = ["project_id", "line_id", "kind", "status", "opening_year", "geometry"]
    if not parts:
        return gpd.GeoDataFrame({name: [] for name in columns[:-1]}, geometry=[], crs="EPSG:4326")
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)[columns], geometry="geometry", crs="EPSG:4326")
