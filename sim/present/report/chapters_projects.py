"""Stage 5e: the chapters on indicators, contributions, options, switching values and claims, from the tables of comparisons.

A table that no command has written yet is named with the command that writes it: a report never invents one.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sim.present.report.chapters_verdict import figures_of
from sim.present.report.data import ReportData
from sim.present.report.document import Block, Column, Heading, Paragraph, Table
from sim.present.report.findings import (
    name_place,
    name_player,
    name_scenario,
    name_target,
    name_value,
    say_claims,
    say_strongest,
)
from sim.present.report.sentences import Sentences

__all__ = ["write_claims", "write_indicators", "write_projects"]

CITY_INDICATORS = ("average_minutes", "potential_total_power:1", "mass_within_120", "people_within_120")


def write_indicators(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return accessibility indicators by city, and how even they are."""
    return [
        Heading(sentences.say("section.accessibility"), 2),
        *_published(data, sentences, "indicators", "T3_indicators", _city_indicators),
        Heading(sentences.say("section.equity"), 2),
        *_published(data, sentences, "inequality", "T8_inequality", _evenness),
    ]


def write_projects(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return contributions and synergies, options and their ranks, and switching values."""
    say = sentences.say
    strongest = say_strongest(data, sentences)
    return [
        Heading(say("chapter.projects")),
        Heading(say("section.contributions"), 2),
        *([Paragraph(strongest, "finding")] if strongest else []),
        *_published(data, sentences, "contributions", "T7_contributions", _contributions),
        *_published(data, sentences, "synergy", "T7_synergy", _synergies),
        *figures_of(data, sentences, "contributions"),
        Heading(say("section.options"), 2),
        *_published(data, sentences, "options", "T6_options", _options),
        *_published(data, sentences, "option_ranks", "T6_ranks", _ranks),
        *figures_of(data, sentences, "options"),
        Heading(say("section.switching"), 2),
        *_published(data, sentences, "switching_values", "T9_switching", _switching),
        *figures_of(data, sentences, "switching"),
    ]


def write_claims(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return each official claim beside the model, and claims against what was delivered."""
    summary = say_claims(data, sentences)
    return [
        Heading(sentences.say("chapter.claims")),
        *([Paragraph(summary, "finding")] if summary else []),
        *_published(data, sentences, "claims", "T12_claims", _claims),
        Heading(sentences.say("section.deliveries"), 2),
        *_published(data, sentences, "deliveries", "T12_deliveries", _deliveries),
    ]


def _published(data: ReportData, sentences: Sentences, name: str, key: str, shape: Any) -> list[Block]:
    """Return a table that a command has written, shaped for readers, or say which command writes it."""
    frame = data.table(name)
    if frame is None:
        return [Paragraph(sentences.say(f"missing.{name}"), "note")]
    shown, columns = shape(data, sentences, frame)
    note = sentences.say(f"notes.{name}")
    return [Table(key, sentences.say(f"tables.{name}"), shown, tuple(columns), note=note, rows_in_text=28)]


def _columns(sentences: Sentences, names: Sequence[str], **shows: tuple[str, int]) -> list[Column]:
    """Return columns by name; `shows` gives how a column is shown and its decimals."""
    found = []
    for name in names:
        show, decimals = shows.get(name, ("plain", 0))
        found.append(Column(name, sentences.say(f"column.{name}"), decimals, show))  # type: ignore[arg-type]
    return found


def _city_indicators(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    """Return average minutes and potentials of every city in the base and the last scenario."""
    kept = frame[frame["indicator"].isin(CITY_INDICATORS[:2]) & (frame["mode"] == "best")]
    kept = kept[kept["scenario"].isin([data.base_id, data.full_id])]
    wide = kept.pivot_table(index="city_id", columns=["indicator", "scenario"], values="value")
    rows = []
    for city_id, values in wide.iterrows():
        row: dict[str, Any] = {"city": name_place(data, sentences, str(city_id))}
        for indicator, short in ((CITY_INDICATORS[0], "average"), (CITY_INDICATORS[1], "potential")):
            before = values.get((indicator, data.base_id), float("nan"))
            after = values.get((indicator, data.full_id), float("nan"))
            row |= {f"{short}_base": before, f"{short}_full": after, f"{short}_change": after / before - 1}
        rows.append(row)
    shown = pd.DataFrame(rows).sort_values("average_change", kind="stable")
    names = (
        "city",
        "average_base",
        "average_full",
        "average_change",
        "potential_base",
        "potential_full",
        "potential_change",
    )
    changes = {"average_change": ("share", 1), "potential_change": ("share", 1)}
    return shown, _columns(sentences, names, **changes)


def _evenness(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    """Return every measure of evenness, one column a scenario of the report."""
    ids = [result.scenario.scenario_id for result in data.results]
    kept = frame[frame["scenario"].isin(ids) & frame["measure"].isin(["cv", "gini", "theil", "palma"])]
    kept = kept[kept["indicator"].isin(CITY_INDICATORS[:2])]
    keys = ["indicator", "mode", "measure", "by"]
    wide = kept.pivot_table(index=keys, columns="scenario", values="value", sort=False).reset_index()
    wide["indicator"] = [sentences.say(f"indicator.{name.split(':')[0]}") for name in wide["indicator"]]
    wide["mode"] = [sentences.say(f"mode.{name}") for name in wide["mode"]]
    wide["by"] = [sentences.say(f"by.{name}") for name in wide["by"]]
    columns = [Column(key, sentences.say(f"column.{key}"), repeats="once") for key in keys]
    present = [name for name in ids if name in wide]
    return wide, [*columns, *(Column(name, name_scenario(data, sentences, name), 3) for name in present)]


def _contributions(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    shown = frame.assign(
        value=[name_value(data, sentences, value) for value in frame["value"]],
        player=[name_player(data, sentences, player) for player in frame["player"]],
    )
    signs = dict.fromkeys(("first_in", "last_in", "shapley"), ("signed", 1))
    return shown, _columns(
        sentences, ("value", "player", "first_in", "last_in", "shapley", "share"), **signs, share=("share", 0)
    )


def _synergies(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    kept = frame[frame["kind"] != "independent"]
    order = kept["synergy"].abs().sort_values(ascending=False, kind="stable").index
    kept = kept.reindex(order)
    shown = kept.assign(
        value=[name_value(data, sentences, value) for value in kept["value"]],
        a=[name_player(data, sentences, player) for player in kept["a"]],
        b=[name_player(data, sentences, player) for player in kept["b"]],
        kind=[sentences.say(f"kind.{kind}") for kind in kept["kind"]],
    )
    return shown, _columns(sentences, ("value", "a", "b", "synergy", "kind"), synergy=("signed", 1))


def _options(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    shown = frame.assign(
        option=[name_player(data, sentences, option) for option in frame["option"]],
        value=[name_value(data, sentences, value) for value in frame["value"]],
        dominated_by=[name_player(data, sentences, other) for other in frame["dominated_by"].fillna("")],
    )
    names = ("option", "value", "gain", "cost_100m_cny", "cost_100m_cny_per_minute", "cost_cny_per_person")
    shows = {"gain": ("signed", 1), "cost_100m_cny_per_minute": ("plain", 1), "on_frontier": ("mark", 0)}
    return shown, _columns(sentences, (*names, "on_frontier", "dominated_by"), **shows)


def _ranks(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    kept = frame.drop_duplicates("option").sort_values("rank", kind="stable")
    shown = kept.assign(option=[name_player(data, sentences, option) for option in kept["option"]])
    shows = {"score": ("plain", 2), "share_first": ("share", 0), "mean_rank": ("plain", 2)}
    return shown, _columns(sentences, ("option", "rank", "score", "share_first", "mean_rank"), **shows)


def _switching(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    shown = frame.assign(
        target=[name_target(data, sentences, target) for target in frame["target"]],
        reading=[sentences.say(f"reading.{reading}") for reading in frame["reading"]],
        lever=[sentences.say(f"lever.{lever}") for lever in frame["lever"]],
        alone=frame["met_by_this_alone"].astype(str).str.lower().isin(["true", "yes"]),
    )
    names = ("target", "reading", "lever", "value_now", "switching_value", "alone", "best_value_min")
    shows = {"value_now": ("plain", 1), "switching_value": ("plain", 1), "alone": ("mark", 0)}
    return shown, _columns(sentences, names, **shows)


def _claims(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    shown = frame.assign(
        system=frame["system"] if sentences.language == "zh" else frame["claim_id"],
        ends=[
            "–".join(name_place(data, sentences, str(row[key])) for key in ("from_place", "to_place"))
            for row in frame.to_dict("records")
        ],
        verdict=[sentences.say(f"claim.{verdict}") for verdict in frame["verdict"]],
        year=frame["year"].astype("Int64").astype(str),
    )
    names = ("system", "ends", "year", "claimed_min", "fastest_min", "typical_min", "door_to_door_min", "verdict")
    return shown, [
        *_columns(sentences, names),
        Column("difference_min", sentences.say("column.difference_min"), 0, "signed"),
        Column("why", sentences.say("column.why"), place="workbook"),
        Column("words", sentences.say("column.words"), place="workbook"),
        Column("source", sentences.say("column.source"), place="workbook"),
    ]


def _deliveries(_data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    names = ("line", "claimed_min", "delivered_min", "ratio")
    shown = frame if sentences.language == "zh" else frame.assign(line=frame["delivery_id"])
    return shown, [
        *_columns(sentences, names, ratio=("plain", 2)),
        Column("delivered_source", sentences.say("column.source"), place="workbook"),
    ]
