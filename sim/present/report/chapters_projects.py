"""Stage 5e: the chapter on projects: what each saves, contributes and costs, options, and switching values.

A table that no command has written yet is named with the command that writes it: a report never invents one.
"""

import pandas as pd

from sim.measures.difference import FELT_MIN
from sim.present.report.chapters_verdict import figures_of
from sim.present.report.data import ReportData
from sim.present.report.document import Block, Column, Heading, Paragraph, Table
from sim.present.report.findings import (
    name_place,
    name_player,
    name_reading,
    name_scenario,
    name_target,
    name_value,
    say_strongest,
)
from sim.present.report.published import PEOPLE_UNIT, columns_of, in_units, show_published
from sim.present.report.sentences import Sentences, few_digits

__all__ = ["write_projects"]

LEAST_SAVED = 0.05
"""Million person-minutes that round to more than nothing."""


def write_projects(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return contributions and synergies, options and their ranks, and switching values."""
    say = sentences.say
    strongest = say_strongest(data, sentences)
    return [
        Heading(say("chapter.projects")),
        Heading(say("section.contributions"), 2),
        *([Paragraph(strongest, "finding")] if strongest else []),
        *show_published(data, sentences, "contributions", "T7_contributions", _contributions),
        *show_published(data, sentences, "synergy", "T7_synergy", _synergies, beside="contributions"),
        *figures_of(data, sentences, "contributions"),
        Heading(say("section.savings"), 2),
        *_savings(data, sentences),
        *figures_of(data, sentences, "dominant"),
        Heading(say("section.options"), 2),
        *show_published(data, sentences, "options", "T6_options", _options),
        *show_published(data, sentences, "option_ranks", "T6_ranks", _ranks, beside="options"),
        *figures_of(data, sentences, "options"),
        Heading(say("section.switching"), 2),
        *show_published(data, sentences, "switching_values", "T9_switching", _switching),
        *figures_of(data, sentences, "switching"),
    ]


def _savings(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return what each project alone saves everyone on the way to the first place, and what a minute saved costs."""
    frame = data.table(f"savings_{data.first_place()}")
    if frame is None:
        return [Paragraph(sentences.say("missing.savings"), "note")]
    place = name_place(data, sentences, data.first_place())
    frame = frame[frame["project"].isin(data.projects)].sort_values(
        "million_person_minutes", ascending=False, kind="stable"
    )
    saved, cost = frame["million_person_minutes"], frame["cost_100m_cny"]
    shown = pd.DataFrame(
        {
            "project": [sentences.name(data.projects[project].card) for project in frame["project"]],
            "cost": cost,
            "person_minutes": saved * 1e6 / PEOPLE_UNIT,
            "gaining_people": frame["people_saving_5min"] / PEOPLE_UNIT,
            "most_saved": frame["most_saved_min"],
            "cost_per_minute": (cost / saved).where((saved >= LEAST_SAVED) & (cost > 0)),
        }
    )
    blocks: list[Block] = []
    if len(frame) and saved.iloc[0] >= LEAST_SAVED:
        said = sentences.say(
            "savings.lead",
            place=place,
            project=shown["project"].iloc[0],
            saved=few_digits(float(saved.iloc[0]) * (1e6 / PEOPLE_UNIT if sentences.language == "zh" else 1.0)),
            gaining=float(frame["people_saving_5min"].iloc[0]),
            felt=FELT_MIN,
            idle=int((saved < LEAST_SAVED).sum()),
            projects=len(frame),
        )
        blocks.append(Paragraph(said))
    names = ("project", "cost", "person_minutes", "gaining_people", "most_saved", "cost_per_minute")
    columns = tuple(columns_of(sentences, names, cost_per_minute=("plain", 2)))
    return [
        *blocks,
        Table(
            "T10_cost",
            sentences.say("savings.table", place=place, scenario=_name_of_savings(data, sentences, frame)),
            shown,
            columns,
            note=sentences.say("savings.note", place=place),
            rows_in_text=40,
        ),
    ]


def _name_of_savings(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> str:
    """Return the name of the scenario whose projects were compared, its id where the report does not hold it."""
    scenario_id = str(frame["scenario"].iloc[0]) if len(frame) else data.full_id
    known = {result.scenario.scenario_id for result in data.results}
    return name_scenario(data, sentences, scenario_id) if scenario_id in known else scenario_id


def _contributions(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    frame = in_units(frame, ("first_in", "last_in", "shapley"))
    shown = frame.assign(
        asked=[name_value(data, sentences, value) for value in frame["value"]],
        player=[name_player(data, sentences, player) for player in frame["player"]],
        share_of_whole=frame["share"],
    )
    signs = dict.fromkeys(("first_in", "last_in", "shapley"), ("signed", 1))
    names = ("player", "first_in", "last_in", "shapley", "share_of_whole")
    return shown, [_asked(sentences), *columns_of(sentences, names, **signs, share_of_whole=("share", 0))]


def _asked(sentences: Sentences) -> Column:
    return Column("asked", sentences.say("column.asked"), repeats="once")


def _synergies(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    kept = frame[frame["kind"] != "independent"]
    kept = in_units(kept.assign(size=-kept["synergy"].abs(), place=pd.factorize(kept["value"])[0]), ("synergy",))
    kept = kept.sort_values(["place", "size"], kind="stable")
    shown = kept.assign(
        asked=[name_value(data, sentences, value) for value in kept["value"]],
        a=[name_player(data, sentences, player) for player in kept["a"]],
        b=[name_player(data, sentences, player) for player in kept["b"]],
        kind=[sentences.say(f"kind.{kind}") for kind in kept["kind"]],
    )
    columns = columns_of(sentences, ("a", "b", "synergy", "kind"), synergy=("signed", 1))
    return shown, [_asked(sentences), *columns]


def _options(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    frame = in_units(frame.assign(place=pd.factorize(frame["value"])[0]), ("gain",)).sort_values("place", kind="stable")
    shown = frame.assign(
        option=[name_player(data, sentences, option) for option in frame["option"]],
        asked=[name_value(data, sentences, value) for value in frame["value"]],
        length_km=[_length_km(data, str(option)) for option in frame["option"]],
        dominated_by=[name_player(data, sentences, other) for other in frame["dominated_by"].fillna("")],
    )
    names = ("option", "length_km", "gain", "cost_100m_cny", "cost_100m_cny_per_minute", "cost_cny_per_person")
    shows = {"gain": ("signed", 1), "cost_100m_cny_per_minute": ("plain", 1), "on_frontier": ("mark", 0)}
    return shown, [
        _asked(sentences),
        *columns_of(sentences, (*names, "on_frontier"), **shows),
        Column("dominated_by", sentences.say("column.dominated_by"), place="workbook"),
    ]


def _length_km(data: ReportData, option: str) -> float:
    """Return the length that the cards of an option's projects state, NaN where one of them states none."""
    lengths = [data.projects[part].card.length_km for part in option.split("+") if part in data.projects]
    known = [length for length in lengths if length is not None]
    return sum(known) if known and len(known) == len(lengths) else float("nan")


def _ranks(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    kept = frame.drop_duplicates("option").sort_values("rank", kind="stable")
    shown = kept.assign(option=[name_player(data, sentences, option) for option in kept["option"]])
    shows = {"score": ("plain", 2), "share_first": ("share", 0), "mean_rank": ("plain", 2)}
    return shown, columns_of(sentences, ("option", "rank", "score", "share_first", "mean_rank"), **shows)


def _switching(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    shown = frame.assign(
        target=[name_target(data, sentences, target) for target in frame["target"]],
        reading=[
            name_reading(data, sentences, reading, target)
            for reading, target in zip(frame["reading"], frame["target"], strict=True)
        ],
        lever=[sentences.say(f"lever.{lever}") for lever in frame["lever"]],
        alone=frame["met_by_this_alone"].astype(str).str.lower().isin(["true", "yes"]),
    )
    names = ("target", "reading", "lever", "value_now", "bound", "switching_value", "alone", "best_value_min")
    shows = {"value_now": ("plain", 1), "bound": ("plain", 1), "switching_value": ("plain", 1), "alone": ("mark", 0)}
    return shown, columns_of(sentences, names, **shows)
