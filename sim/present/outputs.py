"""Stage 5d: the files of a run. They are written whole or not at all: into a folder beside, then moved into place."""

import json
import platform
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from sim.files import whole_folder
from sim.measures.result import Result
from sim.present.qgis_project import style_isochrone_file
from sim.present.rasters import write_minutes
from sim.scenario.assumptions import describe_assumptions

__all__ = ["write_result", "write_table"]

DECIMALS = 2


def write_result(
    result: Result,
    outputs: "Path | str",
    *,
    maps: Literal["yes", "no"] = "yes",
    map_places: Collection[str] | None = None,
    executor: Executor | None = None,
    before_s: Mapping[str, float] | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write everything a scenario's run publishes and return its folder, outputs/<study>/<scenario>/.

    A folder of an earlier run is replaced only when the new one is complete, but for the maps: they are drawn when everything
    else is in its place, and come into it together.

    Parameters
    ----------
    maps : "no" leaves them out, which saves most of the time.
    map_places : maps of these places only; of all by default.
    report : is told "maps" when everything else is in its place.
    executor : a process pool that draws maps side by side (see `save_result_maps`).
    before_s : seconds of what came before the run, such as reading the study, by name; for run.json.
    """
    began = time.perf_counter()
    target = Path(outputs) / result.study_id / result.scenario.scenario_id
    with whole_folder(target) as folder:
        with ThreadPoolExecutor() as beside:
            description = beside.submit(_describe_run, result)
            geodata = [beside.submit(_write_surface, result, place_id, folder) for place_id in result.surfaces]
            geodata.append(beside.submit(_write_isochrones, result, folder / "isochrones.gpkg"))
            _write_tables(result, folder)
            for written in geodata:
                written.result()
        seconds = dict(before_s or {}) | dict(result.timings_s) | {"files": time.perf_counter() - began, "maps": 0.0}
        _write_description(folder, description.result(), seconds)
    if maps == "yes" and result.surfaces and result.region.land is not None:
        report("maps")
        began = time.perf_counter()
        # The room where figures are drawn takes long to enter: only those who want maps wait for it.
        room = import_module("sim.present.result_maps")
        with whole_folder(target / "maps") as folder:
            room.save_result_maps(result, folder, places=map_places, executor=executor)
        _write_description(target, description.result(), seconds | {"maps": time.perf_counter() - began})
    return target


def _write_description(folder: Path, description: Mapping[str, Any], seconds: Mapping[str, float]) -> None:
    """Write run.json: what was run, from what, by what, and how long each stage took."""
    text = json.dumps({**description, "timings_s": _with_total(seconds)}, ensure_ascii=False, indent=2)
    partial = folder / ".run.json"
    partial.write_text(f"{text}\n", encoding="utf-8")
    partial.replace(folder / "run.json")


def _write_tables(result: Result, folder: Path) -> None:
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


def _write_isochrones(result: Result, path: Path) -> None:
    """Write the isochrones of all places, one layer a place, in the colours of the maps."""
    for place_id, polygons in result.polygons.items():
        polygons.to_file(path, layer=place_id, driver="GPKG")
    if result.polygons:
        style_isochrone_file(path, list(result.polygons), result.cutoffs_min)


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
        "plausible": {row["assumption"]: row["plausible"] for row in describe_assumptions(scenario.assumptions)},
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
