"""Stage 2d: scenarios that need no page: each project alone, all but one, and what is open in a year if all goes so or so.

    none                        nothing but the base, in the year of the full scenario
    only_<project>              first in: one project with what it requires, on top of `none`
    before_<project>            what `<project>` requires, without itself: the other half of the pair, where it requires any
    without_<project>           last in: the full scenario without one project, and without what requires it
    after_<project>             the full scenario without what requires `<project>`, but with itself: the other half of the pair
    instead_<project>           the full scenario with a project in the place of those that it conflicts with
    committed_<year>            projects that are open or under construction and open by the end of the year
    listed_<year>               projects of the full scenario that open by the end of the year
    …_<year>_earliest|latest    the same if every project opens at the early or the late end of its range
    …_<year>_late_<n>           the same if every project opens n years after its central date

Several projects are joined with +, as in `only_huyong_channel_road+huyong_channel_rail`. A pair of scenarios differs in the
named projects alone: `none` or `before_` against `only_`, the full scenario or `after_` against `without_`.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import Field

from sim.errors import InputError, ScenarioError, did_you_mean
from sim.network.toml_files import Declared
from sim.scenario.project import Project
from sim.scenario.scenario import Scenario

__all__ = ["GeneratedPage", "check_generated", "generate_scenario", "list_generated", "with_requirements"]

COMMITTED = ("open", "building")
_YEARLY = re.compile(r"(committed|listed)_(\d{4})(?:_(earliest|latest|late_\d+))?")


class GeneratedPage(Declared):
    """What study.toml says of generated scenarios: between which two they lie, and for which years they are listed."""

    base: str
    full: str
    years: tuple[int, ...] = ()
    late_years: tuple[int, ...] = Field((), description="delays for which the listed scenarios are shown")


@dataclass(frozen=True)
class _Frame:
    base: Scenario
    full: Scenario
    projects: Mapping[str, Project]

    def make(
        self, scenario_id: str, chosen: Iterable[str], names: tuple[str, str], *, year: int, note: str
    ) -> Scenario:
        """Return a scenario of the base's assumptions with exactly these projects."""
        return replace(
            self.base,
            scenario_id=scenario_id,
            name=names[0],
            name_en=names[1],
            year=year,
            projects=tuple(sorted(chosen)),
            based_on="",
            description=note,
        )


def generate_scenario(
    scenario_id: str, base: Scenario, full: Scenario, projects: Mapping[str, Project]
) -> Scenario | None:
    """Return the scenario that a generated name stands for; None when the name has no such form.

    Parameters
    ----------
    base : what there is without any of the projects, and the assumptions of all generated scenarios.
    full : the scenario with every project, and the year of all that name no year.

    Raises
    ------
    ScenarioError: an unknown project, or one that the scenario cannot be made with.
    """
    frame = _Frame(base, full, projects)
    yearly = _YEARLY.fullmatch(scenario_id)
    if yearly:
        return _opened(frame, scenario_id, yearly[1], int(yearly[2]), yearly[3] or "central")
    if scenario_id == "none":
        return _none(frame)
    form, _, rest = scenario_id.partition("_")
    if form not in _FORMS or not rest:
        return None
    chosen = rest.split("+")
    problems = [
        f"scenario '{scenario_id}': no project '{name}'{did_you_mean(name, projects)}"
        for name in chosen
        if name not in projects
    ]
    if form in ("without", "after"):
        problems += [
            f"scenario '{scenario_id}': '{name}' is not in '{full.scenario_id}'"
            for name in chosen
            if name in projects and name not in full.projects
        ]
    if problems:
        raise ScenarioError(problems)
    return _FORMS[form](frame, scenario_id, tuple(chosen))


def list_generated(
    page: GeneratedPage, scenarios: Mapping[str, Scenario], projects: Mapping[str, Project]
) -> dict[str, Scenario]:
    """Return the generated scenarios of one project each, and those of the years of the page, that have no page already."""
    base, full = scenarios[page.base], scenarios[page.full]
    names = ["none", *(f"only_{project_id}" for project_id in projects)]
    names += [f"before_{key}" for key, project in projects.items() if project.card.requires]
    names += [f"without_{project_id}" for project_id in full.projects]
    names += [f"after_{key}" for key in full.projects if _requiring([key], full.projects, projects)]
    names += [f"instead_{key}" for key in projects if key not in full.projects and _in_conflict([key], full, projects)]
    whens = ["", "_earliest", "_latest", *(f"_late_{years}" for years in page.late_years)]
    names += [f"{who}_{year}{when}" for who in ("committed", "listed") for year in page.years for when in whens]
    made = {name: generate_scenario(name, base, full, projects) for name in names if name not in scenarios}
    return {name: scenario for name, scenario in made.items() if scenario is not None}


def check_generated(page: GeneratedPage | None, scenarios: Collection[str]) -> list[str]:
    """Return a sentence for each scenario that the page of generated scenarios names and that there is not."""
    if page is None:
        return []
    return [
        f"study.toml: generated.{key}: no scenario '{value}'{did_you_mean(value, scenarios)}"
        for key, value in (("base", page.base), ("full", page.full))
        if value not in scenarios
    ]


def with_requirements(chosen: Iterable[str], projects: Mapping[str, Project]) -> set[str]:
    """Return projects and all that they require, and that these require.

    Raises
    ------
    InputError: an unknown project.
    """
    found: set[str] = set()
    wanted = list(chosen)
    while wanted:
        name = wanted.pop()
        if name not in projects:
            raise InputError(f"no project '{name}'{did_you_mean(name, projects)}")
        if name not in found:
            found.add(name)
            wanted += projects[name].card.requires
    return found


def _requiring(chosen: Iterable[str], among: Iterable[str], projects: Mapping[str, Project]) -> set[str]:
    """Return those of some projects that cannot be without the chosen ones, without these themselves."""
    missing = set(chosen)
    return {name for name in among if name not in missing and with_requirements([name], projects) & missing}


def _in_conflict(chosen: Iterable[str], full: Scenario, projects: Mapping[str, Project]) -> set[str]:
    """Return the projects of a scenario that some projects cannot stand beside, whichever card says so."""
    return {
        other
        for other in full.projects
        for name in chosen
        if other in projects[name].card.conflicts or name in projects[other].card.conflicts
    }


def _none(frame: _Frame) -> Scenario:
    year = frame.full.year
    names = (f"{year} 无任何规划项目", f"{year}, no project")
    return frame.make("none", frame.base.projects, names, year=year, note=f"{frame.base.scenario_id}, in {year}")


def _only(frame: _Frame, scenario_id: str, chosen: tuple[str, ...]) -> Scenario:
    needed = with_requirements(chosen, frame.projects) - set(chosen) - set(frame.base.projects)
    named = _names(chosen, frame.projects)
    other = f"before_{'+'.join(chosen)}" if needed else "none"
    note = f"first in: {named[1]}{_with(needed)}; compare with {other}"
    on = {*frame.base.projects, *needed, *chosen}
    return frame.make(scenario_id, on, (f"仅 {named[0]}", f"only {named[1]}"), year=frame.full.year, note=note)


def _before(frame: _Frame, scenario_id: str, chosen: tuple[str, ...]) -> Scenario:
    needed = with_requirements(chosen, frame.projects) - set(chosen)
    if not needed:
        raise ScenarioError(f"scenario '{scenario_id}': nothing is required; compare with none")
    named = _names(chosen, frame.projects)
    note = f"what {named[1]} requires{_with(needed)}, without itself; compare with only_{'+'.join(chosen)}"
    names = (f"{named[0]} 的前提项目", f"what {named[1]} requires")
    return frame.make(scenario_id, {*frame.base.projects, *needed}, names, year=frame.full.year, note=note)


def _without(frame: _Frame, scenario_id: str, chosen: tuple[str, ...]) -> Scenario:
    lost = _requiring(chosen, frame.full.projects, frame.projects)
    named = _names(chosen, frame.projects)
    other = f"after_{'+'.join(chosen)}" if lost else frame.full.scenario_id
    note = f"last in: all but {named[1]}{_with(lost, 'and what requires it')}; compare with {other}"
    on = set(frame.full.projects) - lost - set(chosen)
    return frame.make(scenario_id, on, (f"缺 {named[0]}", f"all but {named[1]}"), year=frame.full.year, note=note)


def _after(frame: _Frame, scenario_id: str, chosen: tuple[str, ...]) -> Scenario:
    lost = _requiring(chosen, frame.full.projects, frame.projects)
    if not lost:
        raise ScenarioError(f"scenario '{scenario_id}': nothing requires it; compare with {frame.full.scenario_id}")
    named = _names(chosen, frame.projects)
    note = f"all but what requires {named[1]}{_with(lost)}; compare with without_{'+'.join(chosen)}"
    names = (f"缺以 {named[0]} 为前提的项目", f"all but what requires {named[1]}")
    return frame.make(scenario_id, set(frame.full.projects) - lost, names, year=frame.full.year, note=note)


def _instead(frame: _Frame, scenario_id: str, chosen: tuple[str, ...]) -> Scenario:
    wanted = with_requirements(chosen, frame.projects)
    replaced = _in_conflict(wanted, frame.full, frame.projects)
    if not replaced:
        raise ScenarioError(f"scenario '{scenario_id}': it conflicts with nothing in '{frame.full.scenario_id}'")
    lost = _requiring(replaced, frame.full.projects, frame.projects)
    named = _names(chosen, frame.projects)
    note = f"{named[1]} in the place of {', '.join(sorted(replaced))}{_with(lost, 'and of what requires it')}"
    on = (set(frame.full.projects) - replaced - lost) | wanted
    return frame.make(scenario_id, on, (f"改用 {named[0]}", f"{named[1]} instead"), year=frame.full.year, note=note)


def _opened(frame: _Frame, scenario_id: str, who: str, year: int, when: str) -> Scenario:
    """Return what is open at the end of a year; a project opens with the last of those that it requires."""
    candidates = {
        name: project
        for name, project in frame.projects.items()
        if (name in frame.full.projects and (who == "listed" or project.card.status in COMMITTED))
        or name in frame.base.projects
    }
    end = dt.date(year, 12, 31)
    open_by_then = {
        name for name, project in candidates.items() if name in frame.base.projects or _opening(project, when) <= end
    }
    on = {name for name in open_by_then if with_requirements([name], frame.projects) <= open_by_then}
    dates = {"earliest": "earliest dates", "latest": "latest dates", "central": "central dates"}
    words = {
        "central": ("", ""),
        "earliest": ("，最早", ", all at their earliest"),
        "latest": ("，最迟", ", all at their latest"),
    }
    years = when.removeprefix("late_")
    extra = words.get(when, (f"，均晚{years}年", f", all {years} years late"))
    title = {"committed": ("在建项目", "projects under construction"), "listed": ("规划项目", "the plan's list")}[who]
    names = (f"{year} {title[0]}{extra[0]}", f"{year}, {title[1]}{extra[1]}")
    how = dates.get(when, f"central dates and {years} years")
    return frame.make(scenario_id, on, names, year=year, note=f"what opens by {end} by the {how} of the cards")


def _opening(project: Project, when: str) -> dt.date:
    """Return when a project opens: at the centre or an end of its range, or so many years late."""
    opens = project.card.opens
    if when == "earliest":
        return opens.earliest or opens.central
    if when == "latest":
        return opens.latest or opens.central
    years = int(when.removeprefix("late_")) if when.startswith("late_") else 0
    late = opens.central.year + years
    # A 29 February becomes the last of February.
    day = min(opens.central.day, 28) if opens.central.month == 2 else opens.central.day
    return opens.central.replace(year=late, day=day)


def _names(chosen: Iterable[str], projects: Mapping[str, Project]) -> tuple[str, str]:
    cards = [projects[name].card for name in chosen]
    return "、".join(card.name for card in cards), " and ".join(card.name_en for card in cards)


def _with(names: Collection[str], words: str = "with") -> str:
    return f" ({words}: {', '.join(sorted(names))})" if names else ""


_FORMS: dict[str, Callable[[_Frame, str, tuple[str, ...]], Scenario]] = {
    "only": _only,
    "before": _before,
    "without": _without,
    "after": _after,
    "instead": _instead,
}
