"""Stage 5e: figures of the report still to be drawn, and the words that stand around their charts."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from sim.measures.result import Result
from sim.present.chart_sheet import ChartText
from sim.present.report.data import ReportData

__all__ = ["Draw", "PictureJob", "chart_text", "name_pair", "name_run"]

SOURCE_NOTE = "按本报告“范围与口径”一章计算；理想可达范围，不是实际出行。"
SOURCE_NOTE_EN = "Computed as the chapter on scope and definitions says; an ideal range, not observed trips."

Draw = Callable[[], Figure]


@dataclass(frozen=True)
class PictureJob:
    """One figure to be drawn: the kind it belongs to, its file, captions, and how it is drawn."""

    kind: str
    stem: str
    caption: str
    caption_en: str
    draw: Draw


def chart_text(
    data: ReportData,
    title: tuple[str, str],
    subtitle: tuple[str, str] = ("", ""),
    note: tuple[str, str] = (SOURCE_NOTE, SOURCE_NOTE_EN),
) -> ChartText:
    """Return the sentences around a chart in the language of the report: Chinese and English of each."""
    return ChartText(
        title=title[0],
        title_en=title[1],
        subtitle=subtitle[0],
        subtitle_en=subtitle[1],
        note=note[0],
        note_en=note[1],
        language=data.choices.language,
    )


def name_run(result: Result) -> tuple[str, str]:
    """Return year and name of a scenario, in Chinese and in English."""
    scenario = result.scenario
    return f"{scenario.year}年（{scenario.name}）", f"{scenario.year} ({scenario.name_en})"


def name_pair(base: Result, other: Result) -> tuple[str, str]:
    """Return two scenarios with their years, from the one to the other, in Chinese and in English."""
    one, two = name_run(base), name_run(other)
    return f"{one[0]}→{two[0]}", f"{one[1]} \N{RIGHTWARDS ARROW} {two[1]}"
