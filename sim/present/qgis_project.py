"""Last stage, a study in QGIS: its network as a layer, and a project with the isochrones of all scenarios."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from sim.network.network import Network
from sim.present.base_map import build_rail_sections
from sim.present.network_maps import list_project_sections
from sim.present.qgis import (
    ProjectLayer,
    add_styles,
    spell_style,
    style_isochrones,
    style_network,
    write_project,
)
from sim.scenario.project import Project

__all__ = ["style_isochrone_file", "write_network_layer", "write_study_project"]

NETWORK_FILE, NETWORK_LAYER = "network.gpkg", "network"


def style_isochrone_file(path: Path, layers: Sequence[str], cutoffs_min: Sequence[float]) -> None:
    """Write the colours of the maps into the isochrones of a run, one layer a place."""
    style = spell_style("cutoff_min", style_isochrones(sorted(cutoffs_min)), "fill")
    add_styles(path, dict.fromkeys(layers, style))


def write_network_layer(path: Path, network: Network, projects: Mapping[str, Project]) -> Path:
    """Write the railways of a network and what projects add as a styled GeoPackage; returns its path.

    Columns of the layer: line_id, kind, status (existing, or that of the project), project_id and opening_year (empty
    for what exists), geometry in the network's CRS.
    """
    existing = build_rail_sections(network.line_stops, network.lines, network.stations)
    sections = pd.concat([existing, list_project_sections(network, projects)], ignore_index=True)
    columns = ["line_id", "kind", "status", "project_id", "opening_year", "geometry"]
    layer = gpd.GeoDataFrame(sections.reindex(columns=columns), geometry="geometry", crs="EPSG:4326")
    layer["opening_year"] = layer["opening_year"].astype("Int64")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    layer.to_crs(network.crs).to_file(path, layer=NETWORK_LAYER, driver="GPKG")
    add_styles(path, {NETWORK_LAYER: spell_style("status", style_network(), "line")})
    return path


def write_study_project(
    folder: Path,
    *,
    title: str,
    scenarios: Mapping[str, str],
    places: Mapping[str, str],
    cutoffs_min: Sequence[float],
    network: Network,
    projects: Mapping[str, Project],
) -> Path:
    """Write outputs/<study>/<study>.qgs and network.gpkg beside it, and return the project's path.

    Parameters
    ----------
    folder
        outputs/<study>, with a folder of each scenario in it.
    scenarios, places
        Id -> the name that its layers carry; the isochrones of all of them must have been written.
    network
        Of the scenario without projects.
    """
    write_network_layer(folder / NETWORK_FILE, network, projects)
    layers = [ProjectLayer("路网 network", NETWORK_FILE, NETWORK_LAYER, "line", "status", style_network())]
    classes = style_isochrones(sorted(cutoffs_min))
    layers += [
        ProjectLayer(f"{place} · {scenario}", f"{scenario_id}/isochrones.gpkg", place_id, "fill", "cutoff_min", classes)
        for scenario_id, scenario in scenarios.items()
        for place_id, place in places.items()
    ]
    return write_project(folder / f"{folder.name}.qgs", layers, title=title, crs=network.crs)
