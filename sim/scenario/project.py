"""Stage 2a: a project is one TOML card: what it is, when it opens, what it costs, and what it changes."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from sim.errors import InputError, did_you_mean
from sim.network.toml_files import Declared, read_toml
from sim.scenario.changes import Change, parse_change

__all__ = ["Opens", "Project", "ProjectCard", "read_project", "read_projects"]


class Opens(Declared):
    """When a project is expected to open: the central date and the range around it."""

    central: dt.date
    earliest: dt.date | None = None
    latest: dt.date | None = None


class ProjectCard(Declared):
    """The keys of a project's TOML file; its changes are checked against the declarations of the tables."""

    name: str
    name_en: str
    system: str = ""
    status: Literal["open", "building", "approved", "planned", "studied"]
    opens: Opens
    cost_100m_cny: float | None = Field(None, ge=0)
    length_km: float | None = Field(None, ge=0)
    description: str = ""
    source: str
    date: str
    confidence: Literal["high", "medium", "low", "guess"]
    requires: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    change: tuple[dict[str, Any], ...] = Field(min_length=1)


@dataclass(frozen=True)
class Project:
    """One project: its card and what it changes."""

    project_id: str
    card: ProjectCard
    changes: tuple[Change, ...]


def read_project(path: Path) -> Project:
    """Read one project card; the file name is the project's id.

    Raises
    ------
    InputError: with every problem of the file.
    """
    card = read_toml(path, ProjectCard)
    inherited = {
        "source": card.source,
        "date": card.date,
        "confidence": card.confidence,
        "opening_date": card.opens.central.isoformat(),
    }
    problems: list[str] = []
    changes = [parse_change(path.stem, data, inherited, problems) for data in card.change]
    if problems:
        raise InputError([f"{path.name}: {sentence}" for sentence in problems])
    return Project(path.stem, card, tuple(change for change in changes if change is not None))


def read_projects(folder: Path) -> dict[str, Project]:
    """Read every card in a folder, by id, in alphabetical order; all problems of all cards are raised as one."""
    projects: dict[str, Project] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            projects[path.stem] = read_project(path)
        except InputError as error:
            problems.extend(error.problems)
    for project in projects.values():
        for key in ("requires", "conflicts"):
            problems.extend(
                f"{project.project_id}.toml: {key}: no project '{other}'{did_you_mean(other, projects)}"
                for other in getattr(project.card, key)
                if other not in projects
            )
    if problems:
        raise InputError(problems)
    return projects
