"""Last stage, a study in QGIS: its network as a layer, and a project with the isochrones of all scenarios."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from sim.network.network import Network
from sim.present.qgis import add_styles, spell_style, style_ground, style_isochrones, style_network
from sim.present.qgis_file import ProjectLayer, write_project
from sim.present.rail_sections import build_rail_sections, list_project_sections
from sim.present.run_inputs import hash_file
from sim.present.style import SEA_COLOUR
from sim.region.region import Region
from sim.scenario.project import Project

__all__ = ["style_isochrone_file", "write_ground_layers", "write_network_layer", "write_study_project"]

NETWORK_FILE, NETWORK_LAYER = "network.gpkg", "network"
GROUND_FILE = "ground.gpkg"
WRITTEN_FILE = "layers.json"
"""What the two files above were made from, and the SHA-256 that they had then."""


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


def write_ground_layers(path: Path, region: Region, crs: str) -> Path:
    """Write land and lakes as a styled GeoPackage with a layer of each; returns its path."""
    path.unlink(missing_ok=True)
    style = spell_style("kind", style_ground(), "fill")
    for kind, polygons in (("land", region.land), ("water", region.water)):
        if polygons is not None:
            ground = gpd.GeoDataFrame({"kind": [kind] * len(polygons)}, geometry=polygons.geometry.array)
            ground.to_crs(crs).to_file(path, layer=kind, driver="GPKG")
            add_styles(path, {kind: style})
    return path


def _are_written(folder: Path, made_from: str) -> bool:
    """True when both files are there as a run has written them that made them from the same."""
    try:
        remembered = json.loads((folder / WRITTEN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(made_from) and remembered == _describe_written(folder, made_from)


def _remember_written(folder: Path, made_from: str) -> None:
    text = json.dumps(_describe_written(folder, made_from), indent=2)
    (folder / WRITTEN_FILE).write_text(f"{text}\n", encoding="utf-8")


def _describe_written(folder: Path, made_from: str) -> dict[str, object]:
    paths = [folder / name for name in (NETWORK_FILE, GROUND_FILE)]
    return {"made_from": made_from, "sha256": {path.name: hash_file(path) for path in paths if path.is_file()}}


def write_study_project(
    folder: Path,
    *,
    title: str,
    scenarios: Mapping[str, str],
    places: Mapping[str, str],
    cutoffs_min: Sequence[float],
    network: Network,
    region: Region,
    projects: Mapping[str, Project],
    made_from: str = "",
) -> Path:
    """Write outputs/<study>/<study>.qgs with network.gpkg and ground.gpkg beside it, and return the project's path.

    It opens at the isochrones of the first place in the last scenario, over land and sea as on the maps.

    Parameters
    ----------
    folder
        outputs/<study>, with a folder of each scenario in it.
    scenarios, places
        Id -> the name that its layers carry; the isochrones of all of them must have been written.
    network
        Of the scenario without projects.
    made_from
        What network.gpkg and ground.gpkg follow from (`sim.present.run_inputs.identify_layers`): those of an earlier run stay
        if they were made from the same and nobody has changed them since. Without it they are always written.
    """
    if not _are_written(folder, made_from):
        write_network_layer(folder / NETWORK_FILE, network, projects)
        write_ground_layers(folder / GROUND_FILE, region, network.crs)
        _remember_written(folder, made_from)
    classes, ground = style_isochrones(sorted(cutoffs_min)), style_ground()
    isochrones = [
        ProjectLayer(
            f"{place} · {scenario}",
            f"{scenario_id}/isochrones.gpkg",
            place_id,
            "fill",
            "cutoff_min",
            classes,
            group=scenario,
            at_first="shown" if (scenario_id, place_id) == (list(scenarios)[-1], next(iter(places))) else "hidden",
        )
        for scenario_id, scenario in reversed(list(scenarios.items()))
        for place_id, place in places.items()
    ]
    layers = [
        ProjectLayer("铁路网 railways", NETWORK_FILE, NETWORK_LAYER, "line", "status", style_network()),
        ProjectLayer("湖泊 lakes", GROUND_FILE, "water", "fill", "kind", ground[1:]),
        *isochrones,
        ProjectLayer("陆地 land", GROUND_FILE, "land", "fill", "kind", ground[:1]),
    ]
    grid = region.grid
    rows, columns = grid.shape
    view = (
        grid.west_m,
        grid.north_m - rows * grid.cell_m,
        grid.west_m + columns * grid.cell_m,
        grid.north_m,
    )
    path = folder / f"{folder.name}.qgs"
    return write_project(path, layers, title=title, crs=network.crs, background=SEA_COLOUR, view=view)
