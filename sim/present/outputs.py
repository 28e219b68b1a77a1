"""Stage 5d: the files of a run. They are written whole or not at all: into a folder beside, then moved into place."""

import json
import platform
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from sim.files import whole_folder
from sim.measures.result import Result, isochrones
from sim.present.figures import save_result_maps
from sim.present.qgis_project import style_isochrone_file
from sim.present.rasters import write_minutes

__all__ = ["write_result", "write_table"]

DECIMALS = 2


def write_result(
    result: Result,
    outputs: "Path | str",
    *,
    maps: Literal["yes", "no"] = "yes",
    executor: Executor | None = None,
    before_s: Mapping[str, float] | None = None,
) -> Path:
    """Write everything a scenario's run publishes and return its folder, outputs/<study>/<scenario>/.

    A folder of an earlier run is replaced only when the new one is complete.

    Parameters
    ----------
    maps : "no" leaves them out, which saves most of the time.
    executor : a process pool that draws maps side by side (see `save_result_maps`).
    before_s : seconds of what came before the run, such as reading the study, by name; for run.json.
    """
    began = time.perf_counter()
    target = Path(outputs) / result.study_id / result.scenario.scenario_id
    with whole_folder(target) as folder:
        write_table(result.station_times, folder / "station_times.csv")
        write_table(result.city_times, folder / "city_times.csv")
        write_table(result.reach, folder / "reach.csv")
        write_table(result.people_spread, folder / "people_spread.csv")
        write_table(result.targets, folder / "targets.csv")
        write_table(result.target_cities, folder / "target_cities.csv")
        if len(result.coverage):
            write_table(result.coverage, folder / "coverage.csv")
            write_table(result.coverage_seats, folder / "coverage_seats.csv")
        if len(result.journey_times):
            write_table(result.journey_times, folder / "journey_times.csv")
        with ThreadPoolExecutor() as beside:
            rasters = [beside.submit(_write_surface, result, place_id, folder) for place_id in result.surfaces]
            for place_id in result.surfaces:
                polygons = isochrones(result, place_id, result.cutoffs_min)
                polygons.to_file(folder / "isochrones.gpkg", layer=place_id, driver="GPKG")
            for raster in rasters:
                raster.result()
        if result.surfaces:
            style_isochrone_file(folder / "isochrones.gpkg", list(result.surfaces), result.cutoffs_min)
        written = time.perf_counter()
        if maps == "yes":
            save_result_maps(result, folder / "maps", executor=executor)
        seconds = dict(before_s or {}) | dict(result.timings_s)
        seconds |= {"files": written - began, "maps": time.perf_counter() - written}
        description = _describe_run(result) | {"timings_s": _with_total(seconds)}
        (folder / "run.json").write_text(json.dumps(description, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return target


def _write_surface(result: Result, place_id: str, folder: Path) -> None:
    """Write the minutes from a place as a GeoTIFF; packing it keeps a core busy, but not the interpreter."""
    tags = {"scenario": result.scenario.scenario_id}
    write_minutes(folder / f"surface_{place_id}.tif", result.region.grid, vars(result.surfaces[place_id]), tags)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 CSV with two decimals, shares and values with four; what does not exist (NaN) is an empty cell."""
    rounded = frame.copy()
    for name in rounded.select_dtypes("floating").columns:
        rounded[name] = rounded[name].round(4 if name.startswith("share") or name == "value" else DECIMALS)
    rounded.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


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
        "made_from": result.made_from,
        "inputs_sha256": dict(result.inputs_sha256),
        "invariants": dict(result.invariants),
    }


def _with_total(seconds: Mapping[str, float]) -> dict[str, float]:
    """Return seconds by stage, to milliseconds, with their sum."""
    return {name: round(value, 3) for name, value in seconds.items()} | {"total": round(sum(seconds.values()), 3)}


def _commit(folder: Path) -> str:
    """Return the commit the inputs belong to, "" outside a repository; "-changed" tells that files differ from it."""
    try:
        command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--dirty=-changed"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 fixed command
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
