"""Stage 5d: what a run is made from: the files it read, its scenario and this program; written runs are known by it."""

import hashlib
import json
import tomllib
from collections.abc import Collection
from functools import cache
from pathlib import Path

from sim.network.network import Network
from sim.scenario.scenario import Scenario

__all__ = ["hash_inputs", "identify_run", "list_inputs"]

COMPUTING_ROOMS = ("network", "region", "scenario", "times", "measures")
COMPUTING_MODULES = ("model.py", "study.py")
"""The parts of the program that minutes depend on; how they are shown is none of them."""

NOT_COMPUTED_FROM = ("title", "title_en", "report", "generated", "scenarios", "assumptions")
"""Keys of study.toml that leave a run as it is; of scenarios and assumptions, the scenario as merged counts instead."""


def list_inputs(network: Network, study_folder: Path, project_ids: Collection[str]) -> list[Path]:
    """Return every file that a run with these projects reads."""
    folder, file = network.folder, network.file
    region = [path for path in file.region.model_dump().values() if path is not None]
    named = [folder / path for path in (*region, *([file.roads] if file.roads else []))]
    projects = [study_folder / "projects" / f"{project}.toml" for project in project_ids]
    return [
        *sorted(folder.glob("*.csv")),
        folder / "network.toml",
        *named,
        study_folder / "study.toml",
        *projects,
    ]


def hash_inputs(paths: Collection[Path]) -> dict[str, str]:
    """Return the SHA-256 of files by their names."""
    return {path.name: _hash_file(path, path.stat().st_mtime_ns) for path in paths}


def identify_run(network: Network, study_folder: Path, scenario: Scenario) -> str:
    """Return one SHA-256 of everything that a run computes from: two runs with the same have the same numbers.

    The names of scenarios and the choices of the report are no part of it: they can change without a new run.
    """
    page_path = study_folder / "study.toml"
    files = [path for path in list_inputs(network, study_folder, scenario.projects) if path != page_path]
    page = tomllib.loads(page_path.read_text(encoding="utf-8"))
    parts = {
        "program": _hash_program(),
        "inputs": hash_inputs(files),
        "page": {key: value for key, value in page.items() if key not in NOT_COMPUTED_FROM},
        "year": scenario.year,
        "projects": list(scenario.projects),
        "assumptions": scenario.assumptions.model_dump(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@cache
def _hash_program() -> str:
    """Return one SHA-256 of the program's files that compute."""
    root = Path(__file__).parents[1]
    paths = [path for room in COMPUTING_ROOMS for path in sorted((root / room).rglob("*")) if path.is_file()]
    paths = [path for path in paths if "__pycache__" not in path.parts]
    whole = hashlib.sha256()
    for path in (*paths, *(root / name for name in COMPUTING_MODULES)):
        whole.update(path.relative_to(root).as_posix().encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


@cache
def _hash_file(path: Path, _changed_ns: int) -> str:
    """Return the SHA-256 of a file; scenarios share most of theirs, and each is read once."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
