"""Stage 5e: everything a report is made from: runs, tables of comparisons, and pictures already drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measures.coverage import Coverage
from sim.measures.result import Result
from sim.measures.targets import Target
from sim.present.report.choices import ReportChoices
from sim.scenario.project import Project

__all__ = ["Picture", "ReportData"]

TARGETS_ON_FIRST_PAGE = 3


@dataclass(frozen=True)
class Picture:
    """A figure that has been drawn: its kind, file, caption in both languages, and what documents carry of it (PNG)."""

    kind: str
    path: Path
    caption: str
    caption_en: str
    small: bytes = b""


@dataclass(frozen=True)
class ReportData:
    """What the report is made from; chapters without their data say so.

    Attributes
    ----------
    results : the runs of the scenarios in the report, in the order of the page.
    base_id, full_id : the scenarios that comparisons are made between.
    targets, projects : of the study, by id.
    tables : tables of comparisons by the name of their file without .csv: indicators, contributions, claims, …;
        and those of the hindcast, rail_summary, drive_times, ….
    pictures : in the order in which they stand in the report.
    place_names : name and English name of every place and city, by id.
    inputs_sha256 : of every file that the runs read.
    version : of this program, and the commit where it is known.
    date : of the report, ISO.
    coverage : the rules of access to the nearest, by id.
    savings : minutes that each project, alone on what it requires, saves from `first_place` to every cell, (rows, columns).
    """

    study_id: str
    title: str
    title_en: str
    city_set: str
    choices: ReportChoices
    results: Sequence[Result]
    base_id: str
    full_id: str
    targets: Mapping[str, Target]
    projects: Mapping[str, Project]
    tables: Mapping[str, pd.DataFrame]
    pictures: Sequence[Picture]
    place_names: Mapping[str, tuple[str, str]]
    inputs_sha256: Mapping[str, str]
    version: str
    date: str
    savings: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    coverage: Mapping[str, Coverage] = field(default_factory=dict)

    def result(self, scenario_id: str) -> Result:
        """Return the run of a scenario of the report."""
        return next(result for result in self.results if result.scenario.scenario_id == scenario_id)

    def with_pictures(self, pictures: Sequence[Picture]) -> "ReportData":
        """Return the same data with the figures that have been drawn."""
        return replace(self, pictures=tuple(pictures))

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a table of a comparison, None where it has not been computed."""
        found = self.tables.get(name)
        return None if found is None or found.empty else found

    def first_page(self) -> tuple[str, ...]:
        """Return the ids of the targets on the first page."""
        return self.choices.first_page or tuple(self.targets)[:TARGETS_ON_FIRST_PAGE]

    def first_place(self) -> str:
        """Return the place that maps of one place are about; empty where the study has none."""
        return next(iter(self.choices.places or tuple(self.results[-1].surfaces)), "")

    def verdicts(self) -> pd.DataFrame:
        """Return the verdicts of all scenarios with columns scenario and year in front."""
        parts = []
        for result in self.results:
            part = result.targets.copy()
            part.insert(0, "year", result.scenario.year)
            part.insert(0, "scenario", result.scenario.scenario_id)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)
