"""Stage 5d: what a run is made from: the files of its study, its scenario and this program; written runs are known by it.

Files are hashed when a study is read, not when a run is written: one that is edited meanwhile is no part of the run.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sim.network.network import NetworkFile
from sim.scenario.scenario import Scenario

__all__ = ["StudyInputs", "hash_study_inputs", "identify_run"]

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
    sha256 = {path.resolve(): _hash_file(path) for path in (*network, page, *cards) if path.is_file()}
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
    root = Path(__file__).parents[1]
    paths = [path for room in COMPUTING_ROOMS for path in sorted((root / room).rglob("*")) if path.is_file()]
    paths = [path for path in paths if "__pycache__" not in path.parts]
    whole = hashlib.sha256()
    for path in (*paths, *(root / name for name in COMPUTING_MODULES)):
        whole.update(path.relative_to(root).as_posix().encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
