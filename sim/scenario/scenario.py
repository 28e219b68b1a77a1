"""Stage 2c: scenarios stand on one page, each based on another, and are merged before anything runs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from pydantic import Field, ValidationError

from sim.errors import ScenarioError, did_you_mean
from sim.network.toml_files import Declared
from sim.scenario.assumptions import Assumptions

__all__ = ["Scenario", "ScenarioPage", "merge_scenarios", "vary_scenario"]


class ScenarioPage(Declared):
    """What study.toml says of one scenario; empty means as in the scenario it is based on."""

    name: str
    name_en: str
    description: str = ""
    based_on: str = ""
    year: int | None = Field(None, ge=1990, le=2100)
    projects: dict[str, bool] = Field(default_factory=dict)
    assumptions: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """A scenario as merged: a year, the projects that are on, and the assumptions."""

    scenario_id: str
    name: str
    name_en: str
    year: int
    projects: tuple[str, ...]
    assumptions: Assumptions
    based_on: str = ""
    description: str = ""

    @property
    def date(self) -> pd.Timestamp:
        """The day the network is taken as of: the last of the year."""
        return pd.Timestamp(year=self.year, month=12, day=31)


def merge_scenarios(
    pages: Mapping[str, ScenarioPage],
    assumptions: Mapping[str, Any],
    projects: Collection[str],
) -> dict[str, Scenario]:
    """Return every scenario of a study, merged with what it is based on, in the order of the page.

    Parameters
    ----------
    assumptions : of the whole study; a scenario may override them.
    projects : ids of the projects that there are.

    Raises
    ------
    ScenarioError: an unknown project, assumption or base, a circle of bases, or no year; all are listed.
    """
    problems: list[str] = []
    _read_assumptions("study.toml", assumptions, problems)
    if problems:
        raise ScenarioError(problems)
    merged: dict[str, Scenario] = {}
    for scenario_id, page in pages.items():
        chain = _chain(scenario_id, pages, problems)
        merged_scenario = _merge(scenario_id, page, chain, assumptions, projects, problems)
        if merged_scenario is not None:
            merged[scenario_id] = merged_scenario
    if problems:
        raise ScenarioError(list(dict.fromkeys(problems)))
    return merged


def vary_scenario(
    base: Scenario,
    known: Collection[str],
    *,
    add: Collection[str] = (),
    remove: Collection[str] = (),
    year: int | None = None,
    assumptions: Mapping[str, Any] | None = None,
    scenario_id: str = "",
    name: str = "",
    name_en: str = "",
) -> Scenario:
    """Return a scenario that differs from another in some projects, its year or assumptions, without a page of its own.

    Parameters
    ----------
    known : ids of the projects that there are.
    add, remove : projects to switch on and off; to switch on what is on, or off what is off, is an error.
    assumptions : values that replace those of the base.
    scenario_id, name, name_en : made from those of the base and the difference when left out.

    Raises
    ------
    ScenarioError: an unknown project or assumption, or a switch without effect; all are listed.
    """
    difference = "".join([*(f"+{project}" for project in sorted(add)), *(f"-{project}" for project in sorted(remove))])
    where = f"scenario '{base.scenario_id}' with {difference or 'other assumptions'}"
    problems = [
        f"{where}: no project '{project}'{did_you_mean(project, known)}"
        for project in (*add, *remove)
        if project not in known
    ]
    problems += [f"{where}: '{project}' is on already" for project in add if project in base.projects]
    problems += [
        f"{where}: '{project}' is not on" for project in remove if project in known and project not in base.projects
    ]
    values = base.assumptions.model_dump() | dict(assumptions or {})
    merged = _read_assumptions(where, values, problems)
    if problems or merged is None:
        raise ScenarioError(problems)
    return replace(
        base,
        scenario_id=scenario_id or base.scenario_id + difference,
        name=name or base.name + difference,
        name_en=name_en or base.name_en + difference,
        year=base.year if year is None else year,
        projects=tuple(sorted((set(base.projects) | set(add)) - set(remove))),
        assumptions=merged,
        based_on=base.scenario_id,
    )


def _chain(scenario_id: str, pages: Mapping[str, ScenarioPage], problems: list[str]) -> list[ScenarioPage]:
    """Return the pages a scenario is made of, the most basic first."""
    chain: list[ScenarioPage] = []
    seen: list[str] = []
    current = scenario_id
    while current:
        if current in seen:
            problems.append(f"scenario '{scenario_id}': based_on goes in a circle: {' -> '.join([*seen, current])}")
            break
        if current not in pages:
            problems.append(f"scenario '{seen[-1]}': based_on: no scenario '{current}'{did_you_mean(current, pages)}")
            break
        seen.append(current)
        chain.insert(0, pages[current])
        current = pages[current].based_on
    return chain


def _merge(
    scenario_id: str,
    page: ScenarioPage,
    chain: list[ScenarioPage],
    assumptions: Mapping[str, Any],
    projects: Collection[str],
    problems: list[str],
) -> Scenario | None:
    switches: dict[str, bool] = {}
    values = dict(assumptions)
    year: int | None = None
    for part in chain:
        switches |= part.projects
        values |= part.assumptions
        year = part.year if part.year is not None else year
    problems.extend(
        f"scenario '{scenario_id}': no project '{project}'{did_you_mean(project, projects)}"
        for project in switches
        if project not in projects
    )
    if year is None:
        problems.append(f"scenario '{scenario_id}': year is missing")
    merged_assumptions = _read_assumptions(f"scenario '{scenario_id}'", values, problems)
    if year is None or merged_assumptions is None:
        return None
    return Scenario(
        scenario_id=scenario_id,
        name=page.name,
        name_en=page.name_en,
        year=year,
        projects=tuple(sorted(project for project, on in switches.items() if on)),
        assumptions=merged_assumptions,
        based_on=page.based_on,
        description=page.description,
    )


def _read_assumptions(where: str, values: Mapping[str, Any], problems: list[str]) -> Assumptions | None:
    try:
        return Assumptions.model_validate(values)
    except ValidationError as error:
        for item in error.errors():
            name = str(item["loc"][0])
            if item["type"] == "extra_forbidden":
                hint = did_you_mean(name, Assumptions.model_fields)
                problems.append(f"{where}: unknown assumption '{name}'{hint}")
            else:
                message = item["msg"]
                said = f"{message[:1].lower()}{message[1:]}".removeprefix("input ")
                problems.append(f"{where}: assumption {name} {said} (it is {values[name]!r})")
        return None
