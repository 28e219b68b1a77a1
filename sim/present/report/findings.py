"""Stage 5e: names as the report says them, and the findings that more than one chapter states."""

import pandas as pd

from sim.present.report.data import ReportData
from sim.present.report.sentences import Sentences

__all__ = ["name_place", "name_player", "name_scenario", "name_target", "name_value", "say_claims", "say_strongest"]

VERDICTS = ("consistent", "optimistic", "pessimistic", "impossible")


def name_scenario(data: ReportData, sentences: Sentences, scenario_id: str) -> str:
    """Return the year and name of a scenario."""
    scenario = data.result(scenario_id).scenario
    return f"{scenario.year} {sentences.name(scenario)}"


def name_place(data: ReportData, sentences: Sentences, place_id: str) -> str:
    """Return the name of a place or city."""
    names = data.place_names.get(place_id, (place_id, place_id))
    return names[0] if sentences.language == "zh" else names[1]


def say_claims(data: ReportData, sentences: Sentences) -> str:
    """Count the verdicts on the claims; empty when they have not been checked."""
    claims = data.table("claims")
    if claims is None:
        return ""
    counts = claims["verdict"].value_counts()
    numbers = {verdict: int(counts.get(verdict, 0)) for verdict in VERDICTS}
    return sentences.say("verdict.claims", total=len(claims), **numbers)


def say_strongest(data: ReportData, sentences: Sentences) -> str:
    """Name the project with the largest Shapley value of the first value that was asked; empty without any."""
    table = data.table("contributions")
    if table is None:
        return ""
    first = table[table["value"] == table["value"].iloc[0]]
    row = first.loc[first["shapley"].idxmax()]
    if pd.isna(row["share"]) or row["shapley"] <= 0:
        return ""
    return sentences.say(
        "verdict.strongest",
        value=name_value(data, sentences, str(row["value"])),
        project=name_player(data, sentences, str(row["player"])),
        amount=float(row["shapley"]),
        share=float(row["share"]),
        is_people=str(row["value"]).startswith("people"),
    )


def name_player(data: ReportData, sentences: Sentences, player: str) -> str:
    """Return the name of a project or, of a group, its own."""
    parts = [part.strip() for part in player.split("+")]
    if all(part in data.projects for part in parts):
        return " + ".join(sentences.name(data.projects[part].card) for part in parts)
    return player


def name_target(data: ReportData, sentences: Sentences, target_id: str) -> str:
    """Return the name of a target."""
    return sentences.name(data.targets[target_id]) if target_id in data.targets else target_id


def name_value(data: ReportData, sentences: Sentences, value: str) -> str:
    """Return in words what a value such as "slack_min:huyong_1h:station_fastest" or "people:ningbo:60" asks."""
    kind, first, second = value.split(":")
    if kind == "slack_min":
        return sentences.say(
            "asked.slack", target=name_target(data, sentences, first), reading=sentences.say(f"reading.{second}")
        )
    place = name_place(data, sentences, first)
    return sentences.say("asked.people" if kind == "people" else "asked.minutes", place=place, second=second)
