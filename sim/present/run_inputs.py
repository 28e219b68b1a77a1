"""Stage 5d: what a run is made from: the files of its study, its scenario and this program; written runs are known by it.

Files are hashed when a study is read, not when a run is written: one that is edited meanwhile is no part of the run.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim.network.network import NetworkFile
from sim.scenario.scenario import Scenario

__all__ = ["StudyInputs", "hash_file", "hash_study_inputs", "identify_layers", "identify_run"]

ROOT = Path(__file__).parents[1]
COMPUTING_ROOMS = ("network", "region", "scenario", "times", "measures")
COMPUTING_MODULES = ("model.py", "study.py", "study_file.py")
"""The parts of the program that minutes depend on; how they are shown is none of them."""

NOT_COMPUTED_FROM = ("title", "title_en", "report", "generated", "scenarios", "assumptions")
"""Keys of study.toml that leave a run as it is; of scenarios and assumptions, the scenario as merged counts instead."""


@dataclass(frozen=True)
class StudyInputs:
    """SHA-256 of the files of a study as they were when it was read.

    Files go by their names; those that share one by as much of their paths as tells them apart.

    Attributes
    ----------
    network : of the network with its region and roads.
    page : of study.toml.
    cards : of each project's card, by project id.
    program : of the parts of the program that compute.
    """

    network: Mapping[str, str]
    page: Mapping[str, str]
    cards: Mapping[str, Mapping[str, str]]
    program: str

    def cards_of(self, project_ids: Collection[str]) -> dict[str, str]:
        """Return the SHA-256 of the cards of projects; one that was made in memory has none."""
        return {name: sha256 for key in project_ids for name, sha256 in self.cards.get(key, {}).items()}

    def files_of(self, project_ids: Collection[str]) -> dict[str, str]:
        """Return the SHA-256 of every file that a run with these projects is made from, by name."""
        return {**self.network, **self.page, **self.cards_of(project_ids)}


def hash_study_inputs(study_folder: Path, network_folder: Path, file: NetworkFile) -> StudyInputs:
    """Return the SHA-256 of every file of a study; those that are missing are left to their readers to tell."""
    named = [path for path in (*file.region.model_dump().values(), file.roads) if path is not None]
    network = [*sorted(network_folder.glob("*.csv")), network_folder / "network.toml"]
    network += [network_folder / path for path in named]
    page, cards = study_folder / "study.toml", sorted((study_folder / "projects").glob("*.toml"))
    sha256 = {path.resolve(): hash_file(path) for path in (*network, page, *cards) if path.is_file()}
    names = _name_files(sha256)

    def by_name(*paths: Path) -> dict[str, str]:
        return {names[path.resolve()]: sha256[path.resolve()] for path in paths if path.resolve() in sha256}

    return StudyInputs(by_name(*network), by_name(page), {path.stem: by_name(path) for path in cards}, _hash_program())


def identify_run(inputs: StudyInputs, page: Mapping[str, Any], scenario: Scenario) -> str:
    """Return one SHA-256 of everything that a run computes from: two runs with the same have the same numbers.

    The names of scenarios and the choices of the report are no part of it: they can change without a new run.

    Parameters
    ----------
    page : study.toml as read, by key.
    """
    parts = {
        "program": inputs.program,
        "inputs": {**inputs.network, **inputs.cards_of(scenario.projects)},
        "page": {key: value for key, value in page.items() if key not in NOT_COMPUTED_FROM},
        "year": scenario.year,
        "projects": list(scenario.projects),
        "assumptions": scenario.assumptions.model_dump(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def identify_layers(inputs: StudyInputs) -> str:
    """Return one SHA-256 of everything that the layers of a study's QGIS project are made from, besides the runs."""
    cards = {name: sha256 for files in inputs.cards.values() for name, sha256 in files.items()}
    parts = {
        "program": inputs.program,
        "drawn_by": _hash_room("present"),
        "packages": {name: version(name) for name in ("geopandas", "pyogrio", "pyproj", "shapely")},
        "inputs": {**inputs.network, **cards},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _name_files(paths: Collection[Path]) -> dict[Path, str]:
    """Return the name of each file, with as many folders before it as make it the only one of that name."""
    parts = [path.parts for path in paths]

    def is_alone(tail: tuple[str, ...]) -> bool:
        return sum(own[-len(tail) :] == tail for own in parts) == 1

    return {
        path: next("/".join(path.parts[-n:]) for n in range(1, len(path.parts) + 1) if is_alone(path.parts[-n:]))
        for path in paths
    }


@cache
def _hash_program() -> str:
    """Return one SHA-256 of the program's files that compute."""
    paths = [path for room in COMPUTING_ROOMS for path in _files_of(room)]
    return _hash_files([*paths, *(ROOT / name for name in COMPUTING_MODULES)])


@cache
def _hash_room(room: str) -> str:
    return _hash_files(_files_of(room))


def _files_of(room: str) -> list[Path]:
    paths = sorted(path for path in (ROOT / room).rglob("*") if path.is_file())
    return [path for path in paths if "__pycache__" not in path.parts]


def _hash_files(paths: Sequence[Path]) -> str:
    """Return one SHA-256 of files of the program, by name and content."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.relative_to(ROOT).as_posix().encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
