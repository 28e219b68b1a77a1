"""Stage 5e: the first chapters: the verdict on one page, scope and definitions, scenarios and projects."""

import hashlib
from typing import Any

import pandas as pd

from sim.measures.result import Result
from sim.measures.targets import READINGS, name_first_year_met
from sim.present.report.data import ReportData
from sim.present.report.document import Block, Bullets, Column, Contents, Figure, Heading, PageBreak, Paragraph, Table
from sim.present.report.findings import (
    name_place,
    name_reading,
    name_scenario,
    name_year,
    say_claims,
    say_shares,
    say_strongest,
)
from sim.present.report.opening_range import add_opening_range
from sim.present.report.sentences import Sentences, signed

__all__ = [
    "figures_of",
    "name_place",
    "name_scenario",
    "say_when_due",
    "write_scenarios",
    "write_scope",
    "write_verdict",
]

SHOWN_OF_HASH = 12
LEGS_OUTSIDE_TRAIN = ("access_min", "station_min", "wait_min", "change_min", "egress_min")


def write_verdict(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return the first page: findings in sentences, then every target, scenario and reading in one table."""
    verdicts = data.verdicts()
    blocks: list[Block] = [Heading(sentences.say("chapter.verdict"))]
    for target_id in data.first_page():
        of_target = verdicts[verdicts["target"] == target_id]
        if len(of_target):
            blocks.append(Paragraph(_lead(data, sentences, target_id, of_target), "finding"))
    blocks += [Paragraph(text) for text in _other_findings(data, sentences)]
    blocks.append(_verdict_table(data, sentences, verdicts))
    return [*blocks, PageBreak(), Contents(), PageBreak()]


def _lead(data: ReportData, sentences: Sentences, target_id: str, verdicts: pd.DataFrame) -> str:
    """Say in which reading and year a target is first met, and how near the nearest miss is."""
    target = data.targets[target_id]
    met = verdicts[verdicts["met"]].sort_values("year", kind="stable")
    latest = _latest_year(data, verdicts, met["reading"].iloc[0]) if len(met) else 0
    missed = verdicts[~verdicts["met"]].dropna(subset=["slack_min"])
    nearest = missed.loc[missed["slack_min"].idxmax()] if len(missed) else None
    return sentences.say(
        "verdict.lead",
        target=sentences.name(target),
        limit=target.limit_min,
        met=len(met),
        total=verdicts["scenario"].nunique(),
        readings=verdicts["reading"].nunique(),
        met_reading=name_reading(data, sentences, met["reading"].iloc[0], target_id) if len(met) else "",
        first_year=int(met["year"].iloc[0]) if len(met) else 0,
        latest_year=latest,
        spare=float(met["slack_min"].iloc[0]) if len(met) else 0.0,
        other_met=met["reading"].nunique() - 1 if len(met) else 0,
        gap_scenario=name_scenario(data, sentences, nearest["scenario"]) if nearest is not None else "",
        gap_reading=name_reading(data, sentences, nearest["reading"], target_id) if nearest is not None else "",
        gap_value=nearest["value_min"] if nearest is not None else 0,
        gap=-nearest["slack_min"] if nearest is not None else 0,
    )


def _latest_year(data: ReportData, verdicts: pd.DataFrame, reading: str) -> int:
    """Return the latest year in which a reading is first met, if the projects it waits for open as late as they may."""
    first = name_first_year_met(verdicts[verdicts["reading"] == reading])
    return int(add_opening_range(first, data.results, data.projects)["latest"].iloc[0])


def say_when_due(data: ReportData, sentences: Sentences, target_id: str, verdicts: pd.DataFrame) -> list[str]:
    """Say how a target stands in each year in which a plan wants it, on the scenario of that year."""
    said = []
    for year in data.targets[target_id].due:
        of_year = verdicts[verdicts["year"] == year]
        if of_year.empty:
            continue
        scenario_id = of_year["scenario"].iloc[0]
        rows = of_year[of_year["scenario"] == scenario_id]
        words = [
            sentences.say(
                "verdict.due_word_none" if pd.isna(row.slack_min) else "verdict.due_word",
                reading=name_reading(data, sentences, str(row.reading), target_id),
                met=bool(row.met),
                slack=row.slack_min,
            )
            for row in rows.itertuples()
        ]
        said.append(
            sentences.say(
                "verdict.due",
                due=year,
                scenario=name_scenario(data, sentences, scenario_id),
                words=("；" if sentences.language == "zh" else "; ").join(words),
            )
        )
    return said


def _other_findings(data: ReportData, sentences: Sentences) -> list[str]:
    """Say which part of a journey binds, who is within reach, which project matters, and how the claims fare."""
    said = [_binding(data, sentences), say_strongest(data, sentences), say_claims(data, sentences)]
    said.append(_reach(data, sentences))
    return [sentence for sentence in said if sentence]


def _reach(data: ReportData, sentences: Sentences) -> str:
    """Say how many people are within one and two hours of the first place, in the first and in the last scenario."""
    if not data.first_place():
        return ""
    place = name_place(data, sentences, data.first_place())
    first, last = data.results[0], data.results[-1]
    (first60, first120), (last60, last120) = (_people_within(result, data.first_place()) for result in (first, last))
    if first is last:
        scenario = name_scenario(data, sentences, last.scenario.scenario_id)
        return sentences.say("verdict.reach_of_one", place=place, scenario=scenario, within60=last60, within120=last120)
    return sentences.say(
        "verdict.reach",
        place=place,
        first=name_scenario(data, sentences, first.scenario.scenario_id),
        last=name_scenario(data, sentences, last.scenario.scenario_id),
        first60=first60,
        last60=last60,
        first120=first120,
        last120=last120,
    )


def _people_within(result: Result, place_id: str) -> tuple[float, float]:
    """Return the people within 60 and within 120 minutes of a place, whichever cut-offs the study asks for."""
    minutes, people = result.surface(place_id), result.region.grid.population
    return float(people[minutes <= 60].sum()), float(people[minutes <= 120].sum())


def _binding(data: ReportData, sentences: Sentences) -> str:
    """Say how much of the first target's journey by rail lies outside the train in the last scenario."""
    target = next((target for target in data.targets.values() if len(target.to) == 1 and target.from_), None)
    if target is None:
        return ""
    result = data.results[-1]
    times = result.city_times
    row = times[(times["from_id"] == target.from_) & (times["to_id"] == target.to[0])]
    if row.empty or pd.isna(row["rail_min"].iloc[0]):
        return ""
    legs: dict[str, Any] = row.iloc[0].to_dict()
    outside = sum(legs[leg] for leg in LEGS_OUTSIDE_TRAIN)
    return sentences.say(
        "verdict.binding",
        target=sentences.name(target),
        scenario=name_scenario(data, sentences, result.scenario.scenario_id),
        value=legs["rail_min"],
        road=legs["road_min"],
        ride=legs["ride_min"],
        outside=outside,
        share=outside / legs["rail_min"],
    )


def _verdict_table(data: ReportData, sentences: Sentences, verdicts: pd.DataFrame) -> Table:
    """Return one row per target and scenario, one column per reading, and a row for the first year met."""
    rows = []
    for target_id in data.first_page():
        of_target = verdicts[verdicts["target"] == target_id]
        if of_target.empty:
            continue
        name = sentences.name(data.targets[target_id])
        for scenario_id, group in of_target.groupby("scenario", sort=False):
            by_reading = group.set_index("reading")
            cells = {r: _verdict_cell(by_reading, r, sentences) for r in READINGS}
            rows.append({"target": name, "scenario": name_scenario(data, sentences, str(scenario_id))} | cells)
        first = name_first_year_met(of_target).set_index("reading")["first_year"]
        years = {r: _first_year(first, r, sentences) for r in READINGS}
        rows.append({"target": name, "scenario": sentences.say("verdict.first_year")} | years)
    return Table(
        key="T4_verdicts",
        caption=sentences.say("verdict.table"),
        frame=pd.DataFrame(rows),
        columns=(
            Column("target", sentences.say("column.target"), repeats="once"),
            Column("scenario", sentences.say("column.scenario")),
            *(Column(reading, name_reading(data, sentences, reading)) for reading in READINGS),
        ),
        note=sentences.say("verdict.table_note", shares=say_shares(data, sentences)),
    )


def _verdict_cell(verdicts: pd.DataFrame, key: str, sentences: Sentences) -> str:
    """Return minutes, slack and mark of one row of verdicts, by its key in the index; empty where there is none."""
    if key not in verdicts.index:
        return ""
    row = verdicts.loc[key]
    if pd.isna(row["value_min"]):
        return sentences.say("verdict.cell_none")
    return f"{row['value_min']:.0f} ({signed(row['slack_min'])}) {'✓' if row['met'] else '✗'}"


def _first_year(first: "pd.Series[Any]", reading: str, sentences: Sentences) -> str:
    if reading not in first.index:
        return ""
    return sentences.say("verdict.never") if pd.isna(first[reading]) else str(first[reading])


def write_scope(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return what is computed, over what, in which readings, and what is left out."""
    result = data.results[-1]
    region, assumptions = result.region, result.scenario.assumptions
    grid = region.grid
    members = region.city_sets[region.city_sets["set_id"].astype(str) == data.city_set]
    shares = say_shares(data, sentences)
    name_column = "set_name" if sentences.language == "zh" else "set_name_en"
    return [
        Heading(sentences.say("chapter.scope")),
        Paragraph(
            sentences.say(
                "scope.what",
                title=(data.title if sentences.language == "zh" else data.title_en),
                cells=f"{int(grid.is_land.sum()):,}",
                cell_km=f"{grid.cell_m / 1000:g}",
                population=float(grid.population[grid.is_land].sum()),
                counties=len(region.counties),
                cities=len(region.cities),
                city_set=members[name_column].iloc[0] if len(members) else data.city_set,
                members=len(members),
            )
        ),
        Paragraph(sentences.say("scope.base")),
        Paragraph(sentences.say("scope.network", hash=_hash_of_inputs(data), files=len(data.inputs_sha256))),
        Heading(sentences.say("section.readings"), 2),
        Bullets(tuple(sentences.say(f"reading_long.{reading}", shares=shares) for reading in READINGS)),
        Heading(sentences.say("section.model"), 2),
        Bullets(
            (
                sentences.say("scope.running"),
                sentences.say(
                    "scope.rides",
                    rule=sentences.say(f"scope.rule.{assumptions.wait_rule}"),
                    cap=assumptions.wait_cap_min,
                    beyond=assumptions.wait_beyond_cap_share,
                    changes=assumptions.max_changes,
                ),
                sentences.say(
                    "scope.roads", station=assumptions.station_time_min, arrival=assumptions.arrival_time_min
                ),
                sentences.say("scope.door"),
            )
        ),
        Heading(sentences.say("section.not_modelled"), 2),
        Bullets(sentences.lines("scope.not_modelled")),
    ]


def _hash_of_inputs(data: ReportData) -> str:
    """Return one short hash of all inputs: reports with the same one were computed from the same files."""
    whole = "\n".join(f"{name} {value}" for name, value in sorted(data.inputs_sha256.items()))
    return hashlib.sha256(whole.encode()).hexdigest()[:SHOWN_OF_HASH]


def write_scenarios(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return which scenario holds which project, and what each project is."""
    return [
        Heading(sentences.say("chapter.scenarios")),
        Heading(sentences.say("section.composition"), 2),
        _scenarios_table(data, sentences),
        _composition_table(data, sentences),
        *figures_of(data, sentences, "network"),
        Heading(sentences.say("section.cards"), 2),
        _cards_table(data, sentences),
    ]


def _scenarios_table(data: ReportData, sentences: Sentences) -> Table:
    """Return the scenarios by year: name, and how many projects each holds; other tables name them by their years."""
    scenarios = [result.scenario for result in data.results]
    frame = pd.DataFrame(
        {
            "year": [name_year(data, sentences, scenario.scenario_id) for scenario in scenarios],
            "scenario": [sentences.name(scenario) for scenario in scenarios],
            "projects": [len(scenario.projects) for scenario in scenarios],
        }
    )
    columns = tuple(Column(key, sentences.say(f"column.{key}")) for key in ("year", "scenario", "projects"))
    years = [scenario.year for scenario in scenarios]
    alone = [years.count(year) == 1 for year in years]
    note = sentences.say("scenarios.names_note", some_share=not all(alone)) if any(alone) else ""
    return Table("T1_names", sentences.say("scenarios.names"), frame, columns, note=note)


def _composition_table(data: ReportData, sentences: Sentences) -> Table:
    """Return which scenario holds which project, beside the project's status and year of opening."""
    scenarios = [result.scenario for result in data.results]
    used = [project for project in data.projects if any(project in scenario.projects for scenario in scenarios)]
    frame = pd.DataFrame(
        [
            {
                "project": sentences.name(data.projects[project].card),
                "status": sentences.say(f"status.{data.projects[project].card.status}"),
                "opens": str(data.projects[project].card.opens.central.year),
            }
            | {s.scenario_id: "●" if project in s.projects else "" for s in scenarios}
            for project in used
        ],
        columns=["project", "status", "opens", *(scenario.scenario_id for scenario in scenarios)],
    )
    return Table(
        key="T1_scenarios",
        caption=sentences.say("scenarios.table"),
        frame=frame,
        columns=(
            *(Column(key, sentences.say(f"column.{key}")) for key in ("project", "status", "opens")),
            *(Column(s.scenario_id, name_year(data, sentences, s.scenario_id)) for s in scenarios),
        ),
    )


def _cards_table(data: ReportData, sentences: Sentences) -> Table:
    cards = [project.card for project in data.projects.values()]
    frame = pd.DataFrame(
        {
            "project": [sentences.name(card) for card in cards],
            "status": [sentences.say(f"status.{card.status}") for card in cards],
            "opens": [card.opens.central.isoformat() for card in cards],
            "latest": [card.opens.latest.isoformat() if card.opens.latest else "" for card in cards],
            "cost": [float("nan") if card.cost_100m_cny is None else card.cost_100m_cny for card in cards],
            "confidence": [sentences.say(f"confidence.{card.confidence}") for card in cards],
            "source": [card.source for card in cards],
        }
    )
    keys = ("project", "status", "opens", "latest", "cost", "confidence", "source")
    return Table(
        key="T1_projects",
        caption=sentences.say("scenarios.cards"),
        frame=frame,
        columns=(
            *(Column(key, sentences.say(f"column.{key}")) for key in keys[:-1]),
            Column("source", sentences.say("column.source"), place="workbook"),
        ),
        note=sentences.say("scenarios.cards_note"),
    )


def figures_of(data: ReportData, sentences: Sentences, *kinds: str) -> list[Block]:
    """Return the figures of some kinds, in the order of the kinds."""
    chosen = [picture for kind in kinds for picture in data.pictures if picture.kind == kind]
    return [
        Figure(picture.path, picture.caption if sentences.language == "zh" else picture.caption_en)
        for picture in chosen
    ]
