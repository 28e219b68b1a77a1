"""Stage 5e: what a planner chooses for the report, the table [report] of study.toml; each key has a sensible default."""

from collections.abc import Collection
from typing import Literal, get_args

from pydantic import field_validator

from sim.errors import did_you_mean
from sim.network.toml_files import Declared

__all__ = ["ReportChoices", "check_choices"]

MapKind = Literal["network", "isochrones", "small_multiples", "differences", "dominant", "time_distorted", "close_ups"]
MAP_KINDS: tuple[MapKind, ...] = get_args(MapKind)


class ReportChoices(Declared):
    """The keys of [report].

    Empty means: the title of the study, no author, every scenario and place of the study, the last scenario against the
    first (`base`), the first three targets on the first page, every kind of map.

    ``analyses`` : commands whose tables the report holds too, as they would be typed but without `sim` and the study.
    """

    title: str = ""
    title_en: str = ""
    author: str = ""
    organisation: str = ""
    language: Literal["zh", "en"] = "zh"
    scenarios: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    base: str = ""
    first_page: tuple[str, ...] = ()
    analyses: tuple[str, ...] = ()
    maps: tuple[MapKind, ...] = MAP_KINDS

    @field_validator("maps", mode="before")
    @classmethod
    def _known_maps(cls, value: object) -> object:
        """Say which kind of map was probably meant."""
        names = value if isinstance(value, list | tuple) else []
        unknown = [str(name) for name in names if name not in MAP_KINDS]
        if unknown:
            wrong = "; ".join(f"no kind of map '{name}'{did_you_mean(name, MAP_KINDS)}" for name in unknown)
            raise ValueError(f"{wrong}; there are {', '.join(MAP_KINDS)}")
        return value


def check_choices(
    choices: ReportChoices, *, places: Collection[str], targets: Collection[str], scenarios: Collection[str]
) -> list[str]:
    """Return a sentence for every name in the choices that the study does not know, and for a base outside the report.

    Parameters
    ----------
    places, targets : those that the study computes.
    scenarios : those of the report.
    """
    problems = [
        f"study.toml: report.places: '{name}' is not among the study's places{did_you_mean(name, places)}"
        for name in choices.places
        if name not in places
    ]
    problems += [
        f"study.toml: report.first_page: no target '{name}'{did_you_mean(name, targets)}"
        for name in choices.first_page
        if name not in targets
    ]
    if choices.base and choices.base not in scenarios:
        near = did_you_mean(choices.base, scenarios)
        problems.append(f"study.toml: report.base: '{choices.base}' is not among the scenarios of the report{near}")
    return problems
