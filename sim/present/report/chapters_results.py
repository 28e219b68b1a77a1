"""Stage 5e: the chapters on what the runs say: targets, isochrones and reach, and cities."""

import numpy as np
import pandas as pd

from sim.measures.result import Result
from sim.present.report.chapters_verdict import figures_of, say_when_due
from sim.present.report.data import ReportData
from sim.present.report.document import Block, Bullets, Column, Heading, Paragraph, Table
from sim.present.report.findings import name_place, name_scenario
from sim.present.report.sentences import Sentences

__all__ = ["write_cities", "write_reach", "write_targets"]

LEG_COLUMNS = ("access_min", "station_min", "wait_min", "ride_min", "change_min", "egress_min")
PEOPLE_UNIT = 10_000
"""Tables count people in 万, ten thousands, in both languages, so that the numbers are the same."""


def write_targets(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return every verdict with its longest leg, the cities that fail, and where the minutes go."""
    verdicts = data.verdicts()
    frame = pd.DataFrame(
        {
            "target": [sentences.name(data.targets[target]) for target in verdicts["target"]],
            "scenario": [name_scenario(data, sentences, scenario) for scenario in verdicts["scenario"]],
            "reading": [sentences.say(f"reading.{reading}") for reading in verdicts["reading"]],
            "value_min": verdicts["value_min"],
            "limit_min": verdicts["limit_min"],
            "slack_min": verdicts["slack_min"],
            "met": verdicts["met"],
            "binding_leg": [sentences.say(f"leg.{leg}") for leg in verdicts["binding_leg"]],
            "share": verdicts["share_of_population"],
        }
    )
    return [
        Heading(sentences.say("chapter.targets")),
        *_due_sentences(data, sentences, verdicts),
        Table("T4_targets", sentences.say("targets.table"), frame, _verdict_columns(sentences), rows_in_text=80),
        *figures_of(data, sentences, "target_timeline"),
        *_coverage(data, sentences),
        Heading(sentences.say("section.failing"), 2),
        *_failing_cities(data, sentences),
        Heading(sentences.say("section.legs"), 2),
        *_legs(data, sentences),
        *figures_of(data, sentences, "legs"),
    ]


def _due_sentences(data: ReportData, sentences: Sentences, verdicts: pd.DataFrame) -> list[Block]:
    """Say how the targets of the first page stand in the years in which a plan wants them."""
    blocks: list[Block] = []
    for target_id in data.first_page():
        target = data.targets[target_id]
        said = say_when_due(data, sentences, target_id, verdicts[verdicts["target"] == target_id])
        if said:
            blocks += [Paragraph(sentences.name(target)), Bullets(tuple(said))]
    return blocks


def _verdict_columns(sentences: Sentences) -> tuple[Column, ...]:
    say = sentences.say
    return (
        *(Column(key, say(f"column.{key}"), repeats="once") for key in ("target", "scenario")),
        Column("reading", say("column.reading")),
        Column("value_min", say("column.value_min")),
        Column("limit_min", say("column.limit_min")),
        Column("slack_min", say("column.slack_min"), show="signed"),
        Column("met", say("column.met"), show="mark"),
        Column("binding_leg", say("column.binding_leg")),
        Column("share", say("column.share"), show="share"),
    )


def _coverage(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return the rules of access to the nearest in every scenario: the share within the limit."""
    parts = [
        result.coverage.assign(scenario=name_scenario(data, sentences, result.scenario.scenario_id))
        for result in data.results
        if len(result.coverage)
    ]
    if not parts:
        return []
    frame = pd.concat(parts, ignore_index=True)
    order = frame.groupby("rule", sort=False).ngroup()
    frame = frame.assign(order=order).sort_values("order", kind="stable").drop(columns="order")
    say = sentences.say
    columns = (
        Column("rule", say("column.rule"), repeats="once"),
        Column("scenario", say("column.scenario")),
        Column("within_min", say("column.limit_min")),
        Column("required_share", say("column.required_share"), show="share"),
        Column("share", say("column.share_within"), show="share"),
        Column("met", say("column.met"), show="mark"),
        Column("value_min", say("column.value_min"), place="workbook"),
        Column("worst_min", say("column.worst_min")),
    )
    return [Table("T4_coverage", say("targets.coverage_table"), frame, columns, rows_in_text=50)]


def _failing_cities(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return, for targets of several cities, those that fail in the last scenario, by how much and why."""
    result = data.results[-1]
    several = [target_id for target_id, target in data.targets.items() if len(target.to) != 1]
    details = result.target_cities
    failing = details[details["target"].isin(several) & ~details["met"]]
    if failing.empty:
        return [Paragraph(sentences.say("targets.none_failing", scenario=sentences.name(result.scenario)))]
    counts = failing[failing["reading"] == "centre_to_centre"].groupby("target")["to_id"].count()
    totals = details[details["reading"] == "centre_to_centre"].groupby("target")["to_id"].count()
    said: list[Block] = [
        Paragraph(
            sentences.say(
                "targets.failing",
                target=sentences.name(data.targets[str(target)]),
                scenario=sentences.name(result.scenario),
                count=int(count),
                total=int(totals[target]),
            )
        )
        for target, count in counts.items()
    ]
    frame = pd.DataFrame(
        {
            "target": [sentences.name(data.targets[target]) for target in failing["target"]],
            "reading": [sentences.say(f"reading.{reading}") for reading in failing["reading"]],
            "city": [name_place(data, sentences, city) for city in failing["to_id"]],
            "value_min": failing["value_min"],
            "slack_min": failing["slack_min"],
            "binding_leg": [sentences.say(f"leg.{leg}") for leg in failing["binding_leg"]],
            "population": failing["population"] / PEOPLE_UNIT,
        }
    ).sort_values(["target", "reading", "slack_min"], kind="stable")
    say = sentences.say
    columns = (
        *(Column(key, say(f"column.{key}"), repeats="once") for key in ("target", "reading")),
        *(Column(key, say(f"column.{key}")) for key in ("city", "value_min")),
        Column("slack_min", say("column.slack_min"), show="signed"),
        Column("binding_leg", say("column.binding_leg")),
        Column("population", say("column.population")),
    )
    caption = say("targets.failing_table", scenario=sentences.name(result.scenario))
    return [*said, Table("T4_failing_cities", caption, frame, columns, rows_in_text=30)]


def _legs(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return the legs of the journeys that targets of one destination are about, for every scenario."""
    rows = []
    pairs = dict.fromkeys((t.from_, t.to[0]) for t in data.targets.values() if len(t.to) == 1 and t.from_)
    for from_id, to_id in pairs:
        for result in data.results:
            times = result.city_times
            for row in times[(times["from_id"] == from_id) & (times["to_id"] == to_id)].to_dict("records"):
                names = {key: name_place(data, sentences, place) for key, place in (("from", from_id), ("to", to_id))}
                rows.append(names | {"scenario": name_scenario(data, sentences, result.scenario.scenario_id)} | row)
    if not rows:
        return []
    keys = ("from", "to", "scenario", "road_min", "rail_min", *LEG_COLUMNS)
    columns = tuple(Column(key, sentences.say(f"column.{key}")) for key in keys)
    return [Table("T2_legs", sentences.say("targets.legs_table"), pd.DataFrame(rows)[list(keys)], columns)]


def write_reach(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return the isochrone maps, and people and area by band in every scenario."""
    return [
        Heading(sentences.say("chapter.reach")),
        Paragraph(sentences.say("reach.caveat"), "note"),
        Heading(sentences.say("section.maps"), 2),
        *figures_of(data, sentences, "isochrones", "small_multiples", "close_ups", "time_distorted"),
        Heading(sentences.say("section.bands"), 2),
        *figures_of(data, sentences, "cumulative"),
        _bands_table(data, sentences),
        Heading(sentences.say("section.differences"), 2),
        *_difference_sentences(data, sentences),
        *figures_of(data, sentences, "differences", "newly_reached"),
    ]


def _bands_table(data: ReportData, sentences: Sentences) -> Table:
    """Return reach by place, cut-off and scenario, with the change against the first scenario."""
    base = data.result(data.base_id).reach.set_index(["place", "cutoff_min", "mode"])["population"]
    parts = []
    for result in data.results:
        reach = result.reach[result.reach["mode"] == "best"]
        keys = list(zip(reach["place"], reach["cutoff_min"], reach["mode"], strict=True))
        before = np.array([base.get(key, np.nan) for key in keys])
        parts.append(
            pd.DataFrame(
                {
                    "place": [name_place(data, sentences, place) for place in reach["place"]],
                    "cutoff": reach["cutoff_min"],
                    "scenario": name_scenario(data, sentences, result.scenario.scenario_id),
                    "population": reach["population"] / PEOPLE_UNIT,
                    "change": (reach["population"] - before) / PEOPLE_UNIT,
                    "area": reach["area_km2"],
                    "cities": reach["n_cities"],
                    "counties": reach["n_counties"],
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    order = frame.groupby("place", sort=False).ngroup()
    frame = frame.assign(order=order).sort_values(["order", "cutoff"], kind="stable").drop(columns="order")
    say = sentences.say
    columns = (
        *(Column(key, say(f"column.{key}"), repeats="once") for key in ("place", "cutoff")),
        *(Column(key, say(f"column.{key}")) for key in ("scenario", "population")),
        Column("change", say("column.change"), show="signed"),
        *(Column(key, say(f"column.{key}")) for key in ("area", "cities", "counties")),
    )
    caption = say("reach.table", base=name_scenario(data, sentences, data.base_id))
    return Table("T5_reach", caption, frame, columns, rows_in_text=25)


def _difference_sentences(data: ReportData, sentences: Sentences) -> list[Block]:
    """Say how many people gain at least five minutes from each place of the report."""
    base, full = data.result(data.base_id), data.result(data.full_id)
    said: list[Block] = [
        Paragraph(
            sentences.say(
                "reach.differ",
                base=name_scenario(data, sentences, data.base_id),
                full=name_scenario(data, sentences, data.full_id),
                projects=len(set(full.scenario.projects) ^ set(base.scenario.projects)),
            )
        )
    ]
    for place_id in data.choices.places or tuple(full.surfaces):
        saved = base.surface(place_id).astype(float) - full.surface(place_id)
        people = base.region.grid.population
        gains = [float(people[saved >= least].sum()) for least in (5, 15)]
        newly = np.isfinite(full.surface(place_id)) & (full.surface(place_id) <= 120) & ~(base.surface(place_id) <= 120)
        text = sentences.say(
            "reach.gain",
            place=name_place(data, sentences, place_id),
            five=gains[0],
            fifteen=gains[1],
            newly=float(people[newly].sum()),
        )
        said.append(Paragraph(text))
    return said


def write_cities(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return minutes between pairs of cities before and after, and the indicators of every city."""
    return [
        Heading(sentences.say("chapter.cities")),
        Heading(sentences.say("section.pairs"), 2),
        _pairs_table(data, sentences),
        *figures_of(data, sentences, "matrix", "slopegraph", "string_line"),
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
    first, second = base.scenario.year, full.scenario.year
    columns = (
        Column("from", say("column.from")),
        Column("to", say("column.to")),
        Column("base_rail", f"{first} {say('column.rail_min')}"),
        Column("full_rail", f"{second} {say('column.rail_min')}"),
        Column("road_min", f"{second} {say('column.road_min')}"),
        Column("base_min", f"{first} {say('column.best_min')}"),
        Column("other_min", f"{second} {say('column.best_min')}"),
        Column("saved_min", say("column.saved_min"), decimals=1, show="signed"),
    )
    return Table("T2_pairs", say("cities.pairs_table"), shown, columns, rows_in_text=30)


def _pair_minutes(result: Result, origins: list[str], members: list[str]) -> pd.DataFrame:
    times = result.city_times
    chosen = times[times["from_id"].isin(origins) & times["to_id"].isin(members)]
    return chosen[["from_id", "to_id", "road_min", "rail_min", "best_min"]]
