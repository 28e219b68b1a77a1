"""Stage 5d: the files of a run. They are written whole or not at all: into a folder beside, then moved into place."""

import hashlib
import json
import platform
import subprocess
from concurrent.futures import Executor
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import rasterio
from rasterio.transform import from_origin

from sim.files import whole_folder
from sim.measures.reach import MODES
from sim.measures.result import Result, isochrones
from sim.present.figures import save_result_maps
from sim.times.door_to_door import Surfaces

__all__ = ["write_result", "write_table"]

NODATA = -9999.0
DECIMALS = 2


def write_result(
    result: Result, outputs: "Path | str", *, maps: Literal["yes", "no"] = "yes", executor: Executor | None = None
) -> Path:
    """Write everything a scenario's run publishes and return its folder, outputs/<study>/<scenario>/.

    A folder of an earlier run is replaced only when the new one is complete.

    Parameters
    ----------
    maps : "no" leaves them out, which saves most of the time.
    executor : a process pool that draws maps side by side (see `save_result_maps`).
    """
    target = Path(outputs) / result.study_id / result.scenario.scenario_id
    with whole_folder(target) as folder:
        write_table(result.station_times, folder / "station_times.csv")
        write_table(result.city_times, folder / "city_times.csv")
        write_table(result.reach, folder / "reach.csv")
        write_table(result.targets, folder / "targets.csv")
        write_table(result.target_cities, folder / "target_cities.csv")
        for place_id, surface in result.surfaces.items():
            _write_surface(result, surface, folder / f"surface_{place_id}.tif")
            polygons = isochrones(result, place_id, result.cutoffs_min)
            polygons.to_file(folder / "isochrones.gpkg", layer=place_id, driver="GPKG")
        if maps == "yes":
            save_result_maps(result, folder / "maps", executor=executor)
        (folder / "run.json").write_text(
            json.dumps(_describe_run(result), ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    return target


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 CSV with two decimals; what does not exist (NaN) is an empty cell."""
    rounded = frame.copy()
    for name in rounded.select_dtypes("floating").columns:
        rounded[name] = rounded[name].round(4 if name.startswith("share") else DECIMALS)
    rounded.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _write_surface(result: Result, surface: Surfaces, path: Path) -> None:
    """Write minutes as a GeoTIFF with one band per mode; unreachable cells are nodata."""
    grid = result.region.grid
    rows, columns = grid.shape
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "height": rows,
        "width": columns,
        "count": len(MODES),
        "dtype": "float32",
        "nodata": NODATA,
        "crs": rasterio.CRS.from_string(grid.crs),
        "transform": from_origin(grid.west_m, grid.north_m, grid.cell_m, grid.cell_m),
        "compress": "deflate",
        "predictor": 3,
        "tiled": True,
    }
    with rasterio.open(path, "w", **profile) as file:
        for number, mode in enumerate(MODES, start=1):
            values = getattr(surface, mode)
            file.write(np.where(np.isfinite(values), values, NODATA).astype(np.float32), number)
            file.set_band_description(number, mode)
        file.update_tags(units="minutes", scenario=result.scenario.scenario_id)


def _describe_run(result: Result) -> dict[str, Any]:
    scenario = result.scenario
    return {
        "study": result.study_id,
        "scenario": scenario.scenario_id,
        "name": scenario.name,
        "name_en": scenario.name_en,
        "year": scenario.year,
        "projects": list(scenario.projects),
        "assumptions": scenario.assumptions.model_dump(),
        "version": version("sim"),
        "commit": _commit(result.network.folder),
        "python": platform.python_version(),
        "packages": {
            name: version(name) for name in ("numpy", "pandas", "geopandas", "numba", "rasterio", "matplotlib")
        },
        "inputs_sha256": _hash_inputs(result),
        "invariants": dict(result.invariants),
        "timings_s": dict(result.timings_s),
    }


def _commit(folder: Path) -> str:
    """Return the commit the inputs belong to, "" outside a repository; "-changed" tells that files differ from it."""
    try:
        command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--dirty=-changed"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 fixed command
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _hash_inputs(result: Result) -> dict[str, str]:
    """Return the SHA-256 of every file the run read, by file name."""
    folder, file = result.network.folder, result.network.file
    region = [path for path in file.region.model_dump().values() if path is not None]
    named = [folder / path for path in (*region, *([file.roads] if file.roads else []))]
    projects = [result.study_folder / "projects" / f"{project}.toml" for project in result.projects]
    files = [
        *sorted(folder.glob("*.csv")),
        folder / "network.toml",
        *named,
        result.study_folder / "study.toml",
        *projects,
    ]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
