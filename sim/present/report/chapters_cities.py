"""Stage 5e: the chapter on cities: minutes between pairs, journeys the study asks for, accessibility and how even it is."""

from typing import Any

import pandas as pd

from sim.measures.result import Result
from sim.present.report.chapters_verdict import figures_of
from sim.present.report.data import ReportData
from sim.present.report.document import Block, Column, Heading, Paragraph, Table
from sim.present.report.findings import name_place, name_scenario, name_year
from sim.present.report.published import PEOPLE_UNIT, columns_of, show_published
from sim.present.report.sentences import Sentences

__all__ = ["write_cities", "write_indicators"]

AVERAGE, POTENTIAL, DAILY = "average_minutes", "potential_total_power:1", "people_within_120"
DECILE = 0.1


def write_cities(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return minutes between pairs of cities before and after, and of the journeys that the study names."""
    return [
        Heading(sentences.say("chapter.cities")),
        Heading(sentences.say("section.pairs"), 2),
        _pairs_table(data, sentences),
        *_journeys(data, sentences),
        *figures_of(data, sentences, "matrix", "slopegraph", "time_distorted"),
        Heading(sentences.say("section.corridor"), 2),
        Paragraph(sentences.say("cities.corridor"), "note"),
        *figures_of(data, sentences, "string_line", "speed_profile"),
    ]


def _pairs_table(data: ReportData, sentences: Sentences) -> Table:
    """Return base and scenario minutes from the origins of the targets to every city of the default set."""
    base, full = (data.result(key) for key in (data.base_id, data.full_id))
    origins = list(dict.fromkeys(target.from_ for target in data.targets.values() if target.from_))
    members = base.region.cities_of_set(data.city_set)
    frame = _pair_minutes(base, origins, members).merge(
        _pair_minutes(full, origins, members), on=["from_id", "to_id"], suffixes=("_base", "_full")
    )
    shown = pd.DataFrame(
        {
            "from": [name_place(data, sentences, city) for city in frame["from_id"]],
            "to": [name_place(data, sentences, city) for city in frame["to_id"]],
            "road_min": frame["road_min_full"],
            "base_rail": frame["rail_min_base"],
            "full_rail": frame["rail_min_full"],
            "base_min": frame["best_min_base"],
            "other_min": frame["best_min_full"],
            "saved_min": frame["best_min_base"] - frame["best_min_full"],
        }
    ).sort_values("saved_min", ascending=False, kind="stable")
    say = sentences.say
    first, second = (name_year(data, sentences, key) for key in (data.base_id, data.full_id))
    columns: tuple[Column, ...] = (
        Column("from", say("column.from")),
        Column("to", say("column.to")),
        Column("base_rail", f"{first} {say('column.rail_min')}"),
        Column("full_rail", f"{second} {say('column.rail_min')}"),
        Column("road_min", f"{second} {say('column.road_min')}"),
        Column("base_min", f"{first} {say('column.best_min')}"),
        Column("other_min", f"{second} {say('column.best_min')}"),
        Column("saved_min", say("column.saved_min"), decimals=1, show="signed"),
    )
    if base is full:  # nothing is compared: every number stands once
        columns = tuple(column for column in columns if column.name not in {"base_rail", "base_min", "saved_min"})
    return Table("T2_pairs", say("cities.pairs_table"), shown, columns, rows_in_text=30)


def _pair_minutes(result: Result, origins: list[str], members: list[str]) -> pd.DataFrame:
    times = result.city_times
    chosen = times[times["from_id"].isin(origins) & times["to_id"].isin(members)]
    return chosen[["from_id", "to_id", "road_min", "rail_min", "best_min"]]


def _journeys(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return the journeys between places that the study asks for, in every scenario; nothing where it asks for none."""
    parts = []
    for result in data.results:
        times = result.journey_times
        if len(times):
            column = result.scenario.scenario_id
            parts.append(times.set_index(["journeys", "from_id", "to_id"])["best_min"].rename(column))
    if not parts:
        return []
    wide = pd.concat(parts, axis=1)
    wide = wide[~wide.index.droplevel(0).duplicated()].reset_index()
    wide["from"], wide["to"] = (
        [name_place(data, sentences, place) for place in wide[key]] for key in ("from_id", "to_id")
    )
    present = [str(part.name) for part in parts]
    wide["saved_min"] = wide[present[0]] - wide[present[-1]]
    columns = (
        Column("from", sentences.say("column.from"), repeats="once"),
        Column("to", sentences.say("column.to")),
        *(Column(name, name_year(data, sentences, name)) for name in present),
        Column("saved_min", sentences.say("column.saved_min"), decimals=1, show="signed"),
    )
    return [Table("T2_journeys", sentences.say("cities.journeys_table"), wide, columns, rows_in_text=45)]


def write_indicators(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return accessibility indicators by city, and how even they are."""
    return [
        Heading(sentences.say("section.accessibility"), 2),
        *figures_of(data, sentences, "weighted_time"),
        *show_published(data, sentences, "indicators", "T3_indicators", _city_indicators),
        *_equity(data, sentences),
    ]


def _equity(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return how even accessibility is; nothing where the indicators have named the command that writes both."""
    shown = show_published(
        data, sentences, "inequality", "T8_inequality", _evenness, rows_in_text=60, beside="indicators"
    )
    if not shown:
        return []
    return [Heading(sentences.say("section.equity"), 2), *_bottom_decile(data, sentences), *shown]


def _indicators_of(data: ReportData, frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row a city and one column for each indicator and for the base and the last scenario."""
    kept = frame[frame["indicator"].isin([AVERAGE, POTENTIAL, DAILY]) & (frame["mode"] == "best")]
    kept = kept[kept["scenario"].isin([data.base_id, data.full_id])]
    wide: pd.DataFrame = kept.pivot_table(index="city_id", columns=["indicator", "scenario"], values="value")
    return wide.reindex(
        columns=pd.MultiIndex.from_product([[AVERAGE, POTENTIAL, DAILY], dict.fromkeys([data.base_id, data.full_id])])
    )


def _city_indicators(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    """Return average minutes, potential and people within two hours of every city before and after, with ranks."""
    wide = _indicators_of(data, frame)
    shown = pd.DataFrame({"city": [name_place(data, sentences, str(city)) for city in wide.index]}, index=wide.index)
    for indicator, short in ((AVERAGE, "average"), (POTENTIAL, "potential"), (DAILY, "daily")):
        before, after = wide[indicator, data.base_id], wide[indicator, data.full_id]
        unit = PEOPLE_UNIT if indicator == DAILY else 1
        shown[f"{short}_base"], shown[f"{short}_full"] = before / unit, after / unit
        shown[f"{short}_change"] = after / before - 1
    for end in ("base", "full"):
        shown[f"rank_{end}"] = shown[f"average_{end}"].rank(method="min")
    shown = shown.sort_values("average_change", kind="stable")
    names = [f"{short}_{part}" for short in ("average", "potential", "daily") for part in ("base", "full", "change")]
    changes: dict[str, tuple[Any, int]] = {name: ("share", 1) for name in names if name.endswith("change")}
    ordered = ("city", *names[:3], "rank_base", "rank_full", *names[3:])
    return shown, columns_of(sentences, ordered, **changes)


def _bottom_decile(data: ReportData, sentences: Sentences) -> list[Block]:
    """Say how the tenth of the people with the longest average times fare against all; nothing without two scenarios."""
    frame = data.table("indicators")
    if frame is None or data.base_id == data.full_id:
        return []
    wide = _indicators_of(data, frame)[AVERAGE].dropna()
    people = data.results[-1].region.people_by("city_id").reindex(wide.index)
    if wide.empty or people.isna().any():
        return []
    means = {end: _mean_of_worst(wide[key], people) for end, key in (("base", data.base_id), ("full", data.full_id))}
    everyone = {key: float((wide[key] * people).sum() / people.sum()) for key in (data.base_id, data.full_id)}
    return [
        Paragraph(
            sentences.say(
                "cities.bottom_decile",
                cities=len(wide),
                base=name_scenario(data, sentences, data.base_id),
                full=name_scenario(data, sentences, data.full_id),
                worst_before=means["base"],
                worst_after=means["full"],
                all_before=everyone[data.base_id],
                all_after=everyone[data.full_id],
            )
        )
    ]


def _mean_of_worst(minutes: "pd.Series[float]", people: "pd.Series[Any]", share: float = DECILE) -> float:
    """Return the mean minutes of the share of the people who have the longest, cities divided where the share ends.

    Examples
    --------
    >>> _mean_of_worst(pd.Series([100.0, 200.0]), pd.Series([95.0, 5.0]))
    150.0
    """
    order = minutes.sort_values(ascending=False, kind="stable").index
    room = share * float(people.sum())
    counted = people.loc[order].cumsum().clip(upper=room).diff().fillna(min(float(people.loc[order[0]]), room))
    return float((minutes.loc[order] * counted).sum() / counted.sum())


def _evenness(data: ReportData, sentences: Sentences, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Column]]:
    """Return every measure of evenness, one column a scenario of the report."""
    ids = [result.scenario.scenario_id for result in data.results]
    kept = frame[frame["scenario"].isin(ids) & frame["measure"].isin(["cv", "gini", "theil", "palma"])]
    kept = kept[kept["indicator"].isin([AVERAGE, POTENTIAL])]
    keys = ["indicator", "mode", "measure", "by"]
    wide = kept.pivot_table(index=keys, columns="scenario", values="value", sort=False).reset_index()
    for key in keys:
        wide[key] = [sentences.say(f"{key}.{name.split(':')[0]}") for name in wide[key]]
    columns = [Column(key, sentences.say(f"column.{key}"), repeats="once") for key in keys]
    present = [name for name in ids if name in wide]
    return wide, [*columns, *(Column(name, name_year(data, sentences, name), 3) for name in present)]
