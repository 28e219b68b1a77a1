"""Stage 5e: what a planner chooses for the report, the table [report] of study.toml; each key has a sensible default."""

from typing import Literal

from sim.network.toml_files import Declared

__all__ = ["ReportChoices"]

MapKind = Literal["network", "isochrones", "small_multiples", "differences", "dominant", "time_distorted", "close_ups"]


class ReportChoices(Declared):
    """The keys of [report].

    Empty means: the title of the study, no author, every scenario and place of the study, the last scenario against the
    first (`base`), the first three targets on the first page, every kind of map.
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
    maps: tuple[MapKind, ...] = (
        "network",
        "isochrones",
        "small_multiples",
        "differences",
        "dominant",
        "time_distorted",
        "close_ups",
    )
