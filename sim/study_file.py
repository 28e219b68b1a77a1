"""Stage 6a: the page of a study, study.toml: what it holds, and whether its names exist."""

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from sim.errors import InputError, did_you_mean
from sim.measures.coverage import Coverage, check_coverage
from sim.measures.evidence import check_targets
from sim.measures.journey_times import Journeys, check_journeys
from sim.measures.targets import Target
from sim.network.toml_files import Declared
from sim.present.report.choices import ReportChoices
from sim.region.region import Region
from sim.scenario.generated import GeneratedPage
from sim.scenario.scenario import ScenarioPage

__all__ = ["StudyFile", "check_places", "find_network"]


class StudyFile(Declared):
    """The keys of study.toml."""

    title: str
    title_en: str
    network: str
    city_set: str = "27"
    places: tuple[str, ...] = ()
    close_ups: tuple[str, ...] = ()
    cutoffs_min: tuple[float, ...] = (30, 60, 90, 120, 180)
    assumptions: dict[str, Any] = Field(default_factory=dict)
    scenarios: dict[str, ScenarioPage] = Field(min_length=1)
    targets: dict[str, Target] = Field(default_factory=dict)
    report: ReportChoices = ReportChoices()
    coverage: dict[str, Coverage] = Field(default_factory=dict)
    journeys: dict[str, Journeys] = Field(default_factory=dict)
    generated: GeneratedPage | None = None

    @field_validator("cutoffs_min")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or list(value) != sorted(set(value)) or value[0] <= 0:
            raise ValueError("must be minutes above 0 in ascending order")
        return value


def find_network(folder: Path, name: str) -> Path:
    """Return networks/<name> in the nearest folder above the study that has one."""
    for parent in folder.resolve().parents:
        if (parent / "networks" / name).is_dir():
            return parent / "networks" / name
        if (parent / "networks").is_dir():
            known = sorted(path.name for path in (parent / "networks").iterdir() if path.is_dir())
            raise InputError(f"study.toml: network: no folder networks/{name}{did_you_mean(name, known)}")
    raise InputError(f"study.toml: network: no folder 'networks' above {folder}")


def check_places(file: StudyFile, region: Region) -> list[str]:
    """Return a sentence for every place, city or city set that the study names and the region does not know."""
    problems = []
    for place_id in file.places:
        if place_id not in set(region.places["place_id"]):
            near = did_you_mean(place_id, region.places["place_id"])
            problems.append(f"study.toml: places: no place '{place_id}'{near}")
    problems.extend(
        f"study.toml: close_ups: '{place_id}' is not among places{did_you_mean(place_id, file.places)}"
        for place_id in file.close_ups
        if place_id not in file.places
    )
    problems += check_targets(file.targets, region)
    problems += check_coverage(file.coverage, region)
    problems += check_journeys(file.journeys, region)
    sets = set(region.city_sets["set_id"])
    if file.city_set not in sets:
        problems.append(f"study.toml: city_set: no city set '{file.city_set}'{did_you_mean(file.city_set, sets)}")
    return problems
