"""Stage 5e: the chapter on trust: how far the model is from what was observed, what was fitted and what only checked."""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from sim.present.report.chapters_verdict import figures_of
from sim.present.report.data import ReportData
from sim.present.report.document import Block, Bullets, Column, Heading, Paragraph, Table
from sim.present.report.findings import name_player, name_station
from sim.present.report.published import columns_of
from sim.present.report.sentences import Sentences

__all__ = ["write_trust"]

MAIN_STATIONS = "fastest, main stations"
TYPICAL = "typical, main stations"
FIRST_NEW_YEAR, LAST_NEW_YEAR = 2024, 2025
"""Announced times of lines that opened after the timetables on which supplements are fitted."""


def write_trust(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return residuals of trains, new lines, planned lines and roads, with what was fitted and what was not."""
    say = sentences.say
    summary = data.table("rail_summary")
    if summary is None:
        return [Heading(say("chapter.trust")), Paragraph(say("missing.hindcast"), "note")]
    return [
        Heading(say("chapter.trust")),
        *_lead(data, sentences),
        Heading(say("section.fitted"), 2),
        Bullets(sentences.lines("trust.fitted")),
        Heading(say("section.trains"), 2),
        *_trains(data, sentences, summary),
        *figures_of(data, sentences, "observed_rail"),
        *_new_lines(data, sentences),
        *_left_out(data, sentences),
        *_planned(data, sentences),
        Heading(say("section.roads"), 2),
        *_roads(data, sentences),
        *figures_of(data, sentences, "observed_roads"),
        *_bridges(data, sentences),
    ]


def _lead(data: ReportData, sentences: Sentences) -> list[Block]:
    """Say the one number to remember: how far trains of another year's supplements are from the timetable."""
    row = _test_of(data, 2023, 2016, MAIN_STATIONS)
    if row is None:
        return []
    return [Paragraph(sentences.say("trust.lead", **_residual(row)), "finding")]


def _test_of(data: ReportData, fitted_on: int, tested_on: int, test: str) -> dict[Hashable, Any] | None:
    """Return the row of a test of the timetables, None where it was not made."""
    table = data.table("out_of_sample")
    if table is None:
        return None
    found = table[(table["fitted_on"] == fitted_on) & (table["tested_on"] == tested_on) & (table["test"] == test)]
    return None if found.empty else found.iloc[0].to_dict()


def _residual(row: dict[Hashable, Any]) -> dict[str, Any]:
    return {
        "pairs": int(row["n"]),
        "median": float(row["median_error_min"]),
        "error": f"{row['median_abs_error_min']:.1f}",
        "within": float(row["share_within"]),
        "tolerance": _tolerance(str(row["tolerance"])),
    }


def _tolerance(words: str) -> dict[str, str]:
    """Return minutes and per cent of a tolerance such as "5 min or 5 %", each empty where it has none.

    Examples
    --------
    >>> _tolerance("5 min or 5 %"), _tolerance("2 min")
    ({'minutes': '5', 'percent': '5'}, {'minutes': '2', 'percent': ''})
    """
    found = {"minutes": "", "percent": ""}
    for part in words.split(" or "):
        number, unit = part.split()
        found["minutes" if unit == "min" else "percent"] = number
    return found


def _trains(data: ReportData, sentences: Sentences, summary: pd.DataFrame) -> list[Block]:
    """Say how near the trains of 2016 are, in sample and out of it, and give every test in a table."""
    said: list[Block] = []
    whole = summary[(summary["scope"] == "all stations") & (summary["group"] == "all")].set_index("reading")
    if {"fastest", "typical"} <= set(whole.index):
        values = {
            f"{reading}_{key}": value
            for reading in ("fastest", "typical")
            for key, value in _residual(whole.loc[reading].to_dict()).items()
        }
        said.append(Paragraph(sentences.say("trust.in_sample", **values)))
    outside = {
        key: _test_of(data, 2023, 2016, test) for key, test in (("fastest", MAIN_STATIONS), ("typical", TYPICAL))
    }
    if outside["fastest"] is not None:
        said.append(Paragraph(sentences.say("trust.out_of_sample", **_residual(outside["fastest"]))))
    table = data.table("out_of_sample")
    return said if table is None else [*said, _tests_table(sentences, table)]


def _tests_table(sentences: Sentences, table: pd.DataFrame) -> Table:
    shown = table.assign(
        test=[sentences.say(f"trust.test.{test.split(',')[0]}") for test in table["test"]],
        lines=[sentences.say(f"trust.lines.{lines.replace(' ', '_')}") for lines in table["lines"]],
        fitted_on=table["fitted_on"].astype(str),
        tested_on=table["tested_on"].astype(str),
        tolerance=[sentences.say("trust.tolerance", **_tolerance(words)) for words in table["tolerance"]],
    )
    names = ("fitted_on", "tested_on", "test", "lines", "n")
    columns = (
        *columns_of(sentences, names),
        Column("median_error_min", sentences.say("column.median_error_min"), 1, "signed"),
        Column("median_abs_error_min", sentences.say("column.median_abs_error_min"), 1),
        Column("share_within", sentences.say("column.within_tolerance"), 0, "share"),
        Column("tolerance", sentences.say("column.tolerance")),
    )
    return Table(
        "T15_trains", sentences.say("trust.trains_table"), shown, columns, note=sentences.say("trust.trains_note")
    )


def _new_lines(data: ReportData, sentences: Sentences) -> list[Block]:
    """Say how announced times of lines that opened after the fitted timetables compare."""
    table = data.table("published_times")
    if table is None:
        return []
    new = table[(table["kind"] == "announced") & table["year"].between(FIRST_NEW_YEAR, LAST_NEW_YEAR)]
    errors = new["error_min"].dropna()
    blocks: list[Block] = []
    if len(errors):
        said = sentences.say(
            "trust.new_lines",
            count=len(errors),
            first=FIRST_NEW_YEAR,
            last=LAST_NEW_YEAR,
            fast=int((errors <= -0.5).sum()),
            median=float(errors.median()),
            least=float(errors.min()),
            most=float(errors.max()),
        )
        blocks.append(Paragraph(said))
    shown = table.dropna(subset=["error_min"]).assign(
        year=lambda frame: frame["year"].astype(int).astype(str),
        kind=lambda frame: [sentences.say(f"trust.kind.{kind}") for kind in frame["kind"]],
    )
    shown["from"], shown["to"] = (
        [name_station(data, sentences, str(station)) for station in shown[key]] for key in ("from_id", "to_id")
    )
    columns = (
        *columns_of(sentences, ("from", "to", "year", "kind", "published_min", "modelled_min")),
        Column("error_min", sentences.say("column.error_min"), 1, "signed"),
        Column("source", sentences.say("column.source"), place="workbook"),
    )
    return [*blocks, Table("T15_published", sentences.say("trust.published_table"), shown, columns)]


def _left_out(data: ReportData, sentences: Sentences) -> list[Block]:
    """Say by how much the running time of a line is missed when it has to be told from the others of its class."""
    table = data.table("lines_left_out")
    if table is None:
        return []
    errors = table["error_percent"].abs() / 100
    said = sentences.say("trust.left_out", lines=len(errors), median=float(errors.median()), most=float(errors.max()))
    return [Paragraph(said)]


def _planned(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return the minutes of trains without a stop over planned lines beside the official projections."""
    table = data.table("planned_lines")
    if table is None:
        return []
    table = table[(table["pattern"] == "non_stop") & table["official_min"].notna()]
    if table.empty:
        return []
    shown = table.drop_duplicates(["project_id", "from_id", "to_id"]).assign(
        project=lambda frame: [name_player(data, sentences, str(project)) for project in frame["project_id"]]
    )
    shown["from"], shown["to"] = (
        [name_station(data, sentences, str(station)) for station in shown[key]] for key in ("from_id", "to_id")
    )
    below = int((shown["official_min"] < shown["technical_min"]).sum())
    said = sentences.say("trust.planned", count=len(shown), below=below)
    minutes = ("technical_min", "low_min", "central_min", "high_min", "timed_at_300_min", "official_min")
    columns = (
        Column("project", sentences.say("column.project"), repeats="once"),
        *columns_of(sentences, ("from", "to")),
        *(Column(name, sentences.say(f"column.{name}"), 0 if name == "official_min" else 1) for name in minutes),
    )
    note = sentences.say("trust.planned_note")
    return [Paragraph(said), Table("T15_planned", sentences.say("trust.planned_table"), shown, columns, note=note)]


def _roads(data: ReportData, sentences: Sentences) -> list[Block]:
    """Say how near road distances and drive times are, those that mends were chosen on and those only checked."""
    table = data.table("road_summary")
    if table is None:
        return []
    tests = table.set_index("test")
    said: list[Block] = []
    keys = ("road distances", "road distances, used to check")
    if set(keys) <= set(tests.index):
        every, check = (tests.loc[key] for key in keys)
        said.append(
            Paragraph(
                sentences.say(
                    "trust.distances",
                    pairs=int(every["n"]),
                    within=float(every["share_within"]),
                    checks=int(check["n"]),
                    check_within=float(check["share_within"]),
                )
            )
        )
    keys = ("drive times, newest matrix", "drive times, used to check")
    if set(keys) <= set(tests.index):
        matrix, check = (tests.loc[key] for key in keys)
        said.append(
            Paragraph(
                sentences.say(
                    "trust.drives",
                    pairs=int(matrix["n"]),
                    error=float(matrix["median_abs_error_percent"]) / 100,
                    checks=int(check["n"]),
                    check_error=float(check["median_abs_error_percent"]) / 100,
                    check_bias=float(check["median_error_percent"]) / 100,
                )
            )
        )
    return said


def _bridges(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return what sea bridges saved in the model and by what was announced or driven before and after them."""
    table = data.table("before_after")
    if table is None:
        return []
    shown = table.assign(
        bridge=table[sentences.name_column],
        announced=[
            _range(low, high) for low, high in zip(table["saved_low_min"], table["saved_high_min"], strict=True)
        ],
    )
    columns = columns_of(sentences, ("bridge", "before_min", "after_min", "saved_min", "announced"))
    caption, note = sentences.say("trust.bridges_table"), sentences.say("trust.bridges_note")
    return [Table("T15_bridges", caption, shown, tuple(columns), note=note)]


def _range(low: float, high: float) -> str:
    """Return a range of minutes, one number where both ends are the same, nothing where there is none.

    Examples
    --------
    >>> _range(60.0, 150.0), _range(50.0, 50.0), _range(float("nan"), float("nan"))
    ('60–150', '50', '')
    """
    if pd.isna(low) or pd.isna(high):
        return ""
    return f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"
