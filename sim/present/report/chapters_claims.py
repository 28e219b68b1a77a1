"""Stage 5e: the chapter on official claims: each beside the model, why the impossible ones are, and what was delivered."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from sim.present.report.data import ReportData
from sim.present.report.document import Block, Bullets, Column, Heading, Paragraph
from sim.present.report.findings import name_place, name_station, say_claims
from sim.present.report.published import columns_of, show_published
from sim.present.report.sentences import Sentences

__all__ = ["write_claims"]


def write_claims(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return each official claim beside the model, and claims against what was delivered."""
    summary = say_claims(data, sentences)
    return [
        Heading(sentences.say("chapter.claims")),
        *([Paragraph(summary, "finding")] if summary else []),
        *_impossible(data, sentences),
        *show_published(data, sentences, "claims", "T12_claims", _claims, rows_in_text=60),
        *_deliveries_section(data, sentences),
    ]


def _deliveries_section(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return claims against what was delivered; nothing where the claims have named the command that writes both."""
    shown = show_published(data, sentences, "deliveries", "T12_deliveries", _deliveries, beside="claims")
    if not shown:
        return []
    return [Heading(sentences.say("section.deliveries"), 2), *_delivered(data, sentences), *shown]


def _impossible(data: ReportData, sentences: Sentences) -> list[Block]:
    """Say of each claim that no train or car can keep by how much it is below the least possible minutes."""
    claims = data.table("claims")
    if claims is None or "least_possible_min" not in claims:
        return []
    broken = claims[(claims["verdict"] == "impossible") & claims["least_possible_min"].notna()]
    if broken.empty:
        return []
    items = tuple(
        sentences.say(
            "claims.impossible",
            ends=_ends(data, sentences, row),
            year=int(row["year"]),
            claimed=float(row["claimed_min"]),
            least=float(row["least_possible_min"]),
            by_road=row["mode"] != "rail",
        )
        for row in broken.to_dict("records")
    )
    return [Paragraph(sentences.say("claims.impossible_lead", count=len(items))), Bullets(items)]


def _ends(data: ReportData, sentences: Sentences, row: Mapping[Hashable, Any]) -> str:
    """Return the names of both ends: of the places and, where a claim names none, of its stations."""
    names = [
        name_station(data, sentences, str(row[f"{end}_station"]))
        if pd.isna(row[f"{end}_place"])
        else name_place(data, sentences, str(row[f"{end}_place"]))
        for end in ("from", "to")
    ]
    return "–".join(names)


def _claims(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    shown = frame.assign(
        ends=[_ends(data, sentences, row) for row in frame.to_dict("records")],
        verdict=[sentences.say(f"claim.{verdict}") for verdict in frame["verdict"]],
        year=frame["year"].astype("Int64").astype(str),
        claimed=[_say_claimed(row) for row in frame.to_dict("records")],
    )
    names = ("ends", "year", "claimed", "fastest_min", "typical_min", "door_to_door_min", "verdict")
    # The systems are named in Chinese only: the English document tells claims by their ends.
    system = Column(
        "system", sentences.say("column.system"), place="everywhere" if sentences.language == "zh" else "workbook"
    )
    return shown, [
        system,
        *columns_of(sentences, names),
        Column("claimed_min", sentences.say("column.claimed_min"), 0, place="workbook"),
        Column("difference_min", sentences.say("column.difference_min"), 0, "signed"),
        Column("why", sentences.say("column.why"), place="workbook"),
        Column("words", sentences.say("column.words"), place="workbook"),
        Column("source", sentences.say("column.source"), place="workbook"),
    ]


def _say_claimed(row: Mapping[Hashable, Any]) -> str:
    """Return the minutes of a claim as they were claimed: a number, a range, or a limit."""
    if pd.isna(row["claimed_min"]):
        return ""
    limit = "≤" if row.get("bound") == "at_most" else ""
    return limit + _say_range(row["claimed_min"], row.get("claimed_high_min", float("nan")))


def _say_range(low: float, high: float) -> str:
    """Return minutes as one number, or as a range where there is an upper end."""
    return f"{low:g}" if pd.isna(high) else f"{low:g}–{high:g}"


def _delivered(data: ReportData, sentences: Sentences) -> list[Block]:
    """Say how many times longer than claimed lines took once they had opened."""
    deliveries = data.table("deliveries")
    if deliveries is None:
        return []
    ratios = deliveries["ratio"].dropna()
    if ratios.empty:
        return []
    said = sentences.say(
        "claims.delivered",
        count=len(ratios),
        median=f"{ratios.median():.1f}",
        least=f"{ratios.min():.1f}",
        most=f"{ratios.max():.1f}",
    )
    return [Paragraph(said)]


def _deliveries(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    names = ("line", "claimed", "delivered", "ratio")
    ends = [
        "–".join(_name_end(data, sentences, str(row[key])) for key in ("from_id", "to_id"))
        for row in frame.to_dict("records")
    ]
    shown = frame.assign(
        line=frame["line"] + "：" + ends if sentences.language == "zh" else ends,
        claimed=[_say_claimed(row) for row in frame.to_dict("records")],
        delivered=[
            _say_range(row["delivered_min"], row.get("delivered_high_min", float("nan")))
            for row in frame.to_dict("records")
        ],
    )
    return shown, [
        *columns_of(sentences, names, ratio=("plain", 2)),
        Column("claimed_min", sentences.say("column.claimed_min"), 0, place="workbook"),
        Column("delivered_min", sentences.say("column.delivered_min"), 0, place="workbook"),
        Column("delivered_source", sentences.say("column.source"), place="workbook"),
    ]


def _name_end(data: ReportData, sentences: Sentences, end_id: str) -> str:
    station = name_station(data, sentences, end_id)
    return name_place(data, sentences, end_id) if station == end_id else station
