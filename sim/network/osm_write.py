"""Roads from OpenStreetMap, last step: a network folder, written whole or not at all."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from sim.files import whole_folder
from sim.network.network import Network
from sim.network.osm_roads import RoadLayers
from sim.network.schema import TABLE_NAMES

__all__ = ["NEEDED_FILES", "write_network"]

ROADS_FILE = "roads.gpkg"
NEEDED_FILES = ("stations.csv", "lines.csv", "cells.tif", "counties.csv", "cities.csv", "places.csv", "city_sets.csv")
"""What a network of roads alone lacks before a study can use it; sim/network/tables declares their columns."""
_REGION = {Path(name).stem: Path(name) for name in NEEDED_FILES[2:]}


def write_network(
    target: Path, roads: RoadLayers, classes: pd.DataFrame, *, source: str, credit: str, base: Network | None = None
) -> None:
    """Write a network folder with these roads.

    Parameters
    ----------
    target : the new folder.
    source : what the roads were read from, for the network's name.
    credit : the sentence about the roads for the network's sources.
    base : network whose other tables are copied, and whose region files are copied or pointed at; without one the
        folder has roads and their classes only, and `NEEDED_FILES` are to be added.
    """
    with whole_folder(target) as folder:
        if base is not None:
            _copy_tables(base, folder)
        roads.links.to_file(folder / ROADS_FILE, layer="links", driver="GPKG", SPATIAL_INDEX="NO")
        roads.nodes.to_file(folder / ROADS_FILE, layer="nodes", driver="GPKG", SPATIAL_INDEX="NO")
        written = classes.assign(date=classes["date"].astype(str))
        written.to_csv(folder / "road_classes.csv", index=False, encoding="utf-8", lineterminator="\n")
        text = _toml_with(base, target, source, credit) if base is not None else _toml_alone(roads, source, credit)
        (folder / "network.toml").write_text(text, encoding="utf-8")


def _copy_tables(base: Network, folder: Path) -> None:
    """Copy the base's tables, and the region files that stand in its folder."""
    inside = [path for path in _region_paths(base).values() if _is_inside(base.folder / path, base.folder)]
    for path in (*(Path(f"{name}.csv") for name in TABLE_NAMES), *inside):
        if (base.folder / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(base.folder / path, folder / path)


def _region_paths(base: Network) -> dict[str, Path]:
    return {key: path for key, path in base.file.region.model_dump().items() if path is not None}


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _toml_with(base: Network, target: Path, source: str, credit: str) -> str:
    """Return the base's network.toml with the new roads, its region files named from the new folder."""
    region = {}
    for key, path in _region_paths(base).items():
        there = (base.folder / path).resolve()
        outside = not _is_inside(there, base.folder)
        region[key] = Path(os.path.relpath(there, target.resolve())) if outside else path
    return _toml(
        name=f"{base.file.name}(道路:{source})",
        name_en=f"{base.file.name_en} (roads of {source})",
        crs=base.crs,
        description=base.file.description,
        sources=(*base.file.sources, credit),
        region=region,
    )


def _toml_alone(roads: RoadLayers, source: str, credit: str) -> str:
    """Return a network.toml for roads alone, in an equal-area projection about their middle."""
    west, south, east, north = roads.nodes.total_bounds
    middle = f"+lat_0={(south + north) / 2:.1f} +lon_0={(west + east) / 2:.1f}"
    return _toml(
        name=source,
        name_en=source,
        crs=f"+proj=laea {middle} +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
        description=f"roads only; to be added before a study can use it: {', '.join(NEEDED_FILES)}",
        sources=(credit,),
        region=_REGION,
    )


def _toml(
    *, name: str, name_en: str, crs: str, description: str, sources: Iterable[str], region: dict[str, Path]
) -> str:
    """Return the text of a network.toml; a JSON string is a TOML string."""
    keys = {"name": name, "name_en": name_en, "crs": crs, "description": description, "roads": ROADS_FILE}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items()]
    lines += ["sources = [", *(f"    {json.dumps(text, ensure_ascii=False)}," for text in sources), "]", "", "[region]"]
    lines += [f"{key} = {json.dumps(path.as_posix(), ensure_ascii=False)}" for key, path in region.items()]
    return "\n".join(lines) + "\n"
