"""Stage 5e: names as the report says them, and the findings that more than one chapter states."""

from typing import Literal

import pandas as pd

from sim.measures.targets import Target
from sim.present.report.data import ReportData
from sim.present.report.sentences import Sentences

__all__ = [
    "name_place",
    "name_player",
    "name_reading",
    "name_scenario",
    "name_station",
    "name_target",
    "name_value",
    "name_year",
    "say_claims",
    "say_shares",
    "say_strongest",
]

DEFAULT_SHARE = float(Target.model_fields["required_share"].default)
VERDICTS = ("consistent", "optimistic", "pessimistic", "impossible")


def name_scenario(data: ReportData, sentences: Sentences, scenario_id: str) -> str:
    """Return the year and name of a scenario, as text and tables say it."""
    scenario = data.result(scenario_id).scenario
    return sentences.say("report.scenario", year=scenario.year, name=sentences.name(scenario))


def name_year(data: ReportData, sentences: Sentences, scenario_id: str) -> str:
    """Return the year of a scenario where that alone tells it from the others, its year and name otherwise."""
    year = data.result(scenario_id).scenario.year
    same = sum(result.scenario.year == year for result in data.results)
    return str(year) if same == 1 else name_scenario(data, sentences, scenario_id)


def name_place(data: ReportData, sentences: Sentences, place_id: str) -> str:
    """Return the name of a place or city."""
    names = data.place_names.get(place_id, (place_id, place_id))
    return names[0] if sentences.language == "zh" else names[1]


def name_station(data: ReportData, sentences: Sentences, station_id: str) -> str:
    """Return the name of a station of any scenario of the report, its id where none has it."""
    for result in reversed(data.results):
        stations = result.network.stations
        found = stations.loc[stations["station_id"] == station_id, sentences.name_column]
        if len(found):
            return str(found.iloc[0])
    return station_id


def name_reading(
    data: ReportData,
    sentences: Sentences,
    reading: str,
    target_id: str = "",
    *,
    form: Literal["reading", "reading_short"] = "reading",
) -> str:
    """Return the name of a reading, door to door with the share of the pairs of people that counts.

    That is the share of the target or, where none is named, the one that all targets have; no share where they differ.
    """
    known = data.targets.get(target_id)
    shares = {known.required_share} if known else set(_targets_by_share(data))
    share = _percent(shares.pop()) if len(shares) == 1 else ""
    return sentences.say(f"{form}.{reading}", share=share)


def say_shares(data: ReportData, sentences: Sentences) -> str:
    """Return which share of the pairs of people the door-to-door reading is about; of which target, where they differ."""
    by_share = _targets_by_share(data)
    if len(by_share) <= 1:
        return _percent(next(iter(by_share), DEFAULT_SHARE))
    chinese, separator = sentences.language == "zh", sentences.say("label.separator")
    said = []
    for share, targets in sorted(by_share.items()):
        names = separator.join(sentences.name(data.targets[target]) for target in targets)
        said.append(f"{_percent(share)}（{names}）" if chinese else f"{_percent(share)} ({names})")
    return ("或" if chinese else " or ").join(said)


def _targets_by_share(data: ReportData) -> dict[float, list[str]]:
    """Return the targets that are read door to door by the share of the pairs of people that they require."""
    found: dict[float, list[str]] = {}
    for target_id, target in data.targets.items():
        if "door_to_door" in target.readings:
            found.setdefault(target.required_share, []).append(target_id)
    return found


def _percent(share: float) -> str:
    return f"{100 * share:g}%"


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
        value=name_value(data, sentences, str(row["value"]), unit="without"),
        project=name_player(data, sentences, str(row["player"])),
        amount=float(row["shapley"]),
        share=float(row["share"]),
        alone=float(row["first_in"]),
        count=len(first),
        is_people=str(row["value"]).startswith("people"),
    )


def name_player(data: ReportData, sentences: Sentences, player: str) -> str:
    """Return the name of a project or, of a group, its own."""
    parts = [part.strip() for part in player.split("+")]
    if all(part in data.projects for part in parts):
        return " + ".join(sentences.name(data.projects[part].card) for part in parts)
    return player


def name_target(data: ReportData, sentences: Sentences, target_id: str) -> str:
    """Return the name of a target, or of a rule of access to the nearest."""
    known = data.targets.get(target_id) or data.coverage.get(target_id)
    return target_id if known is None else sentences.name(known)


def name_value(data: ReportData, sentences: Sentences, value: str, *, unit: Literal["with", "without"] = "with") -> str:
    """Return what a comparison was asked for, in words, with its unit or as it is said within a sentence."""
    asked = "asked" if unit == "with" else "asked_plain"
    kind, first, second = value.split(":", 2)
    if kind == "slack_min":
        reading = name_reading(data, sentences, second, first)
        return sentences.say(f"{asked}.slack", target=name_target(data, sentences, first), reading=reading)
    place = name_place(data, sentences, first)
    if kind == "people":
        return sentences.say(f"{asked}.people", place=place, second=second)
    if kind == "indicator" or second.startswith(("average_minutes", "nearest_")):
        indicator = sentences.say_or(f"indicator.{second.split(':')[0]}", second)
        return sentences.say(f"{asked}.indicator", place=place, indicator=indicator)
    return sentences.say(f"{asked}.minutes", place=place, second=_name_set(data, sentences, second))


def _name_set(data: ReportData, sentences: Sentences, set_id: str) -> str:
    """Return the name of a set of cities, its id where there is none."""
    sets = data.results[-1].region.city_sets
    found = sets.loc[sets["set_id"].astype(str) == set_id, f"set_{sentences.name_column}"]
    return str(found.iloc[0]) if len(found) else set_id
