"""Stage 5e: the chapter on the targets: every verdict, the cities that fail, and where the minutes go."""

import pandas as pd

from sim.measures.targets import READINGS
from sim.present.report.chapters_verdict import figures_of, say_when_due
from sim.present.report.data import ReportData
from sim.present.report.document import Block, Bullets, Column, Heading, Paragraph, Sheet, Table
from sim.present.report.findings import name_place, name_reading, name_scenario, name_year
from sim.present.report.published import PEOPLE_UNIT
from sim.present.report.sentences import Sentences

__all__ = ["write_targets"]

LEG_COLUMNS = ("access_min", "station_min", "wait_min", "ride_min", "change_min", "egress_min")
MARKS = {True: "✓", False: "✗"}


def write_targets(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return every verdict with its longest leg, the cities that fail, and where the minutes go."""
    verdicts = data.verdicts()
    frame = pd.DataFrame(
        {
            "target": [sentences.name(data.targets[target]) for target in verdicts["target"]],
            "scenario": [name_scenario(data, sentences, scenario) for scenario in verdicts["scenario"]],
            "reading": _name_readings(data, sentences, verdicts),
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
        Sheet(Table("T4_targets", sentences.say("targets.table"), frame, _verdict_columns(sentences))),
        _by_year(data, sentences, verdicts),
        *figures_of(data, sentences, "target_timeline"),
        *_coverage(data, sentences),
        Heading(sentences.say("section.failing"), 2),
        *_failing_cities(data, sentences),
        Heading(sentences.say("section.legs"), 2),
        *_legs(data, sentences),
        *figures_of(data, sentences, "legs"),
    ]


def _name_readings(data: ReportData, sentences: Sentences, rows: pd.DataFrame) -> list[str]:
    """Return the readings of rows of targets as readers see them, with the share that each target requires."""
    pairs = zip(rows["reading"], rows["target"], strict=True)
    return [name_reading(data, sentences, reading, target) for reading, target in pairs]


def _by_year(data: ReportData, sentences: Sentences, verdicts: pd.DataFrame) -> Table:
    """Return minutes of every target and reading and whether they are within the limit, a column for each scenario."""
    scenarios = [result.scenario.scenario_id for result in data.results]
    rows = []
    for (target, reading), group in verdicts.groupby(["target", "reading"], sort=False):
        by_scenario = group.set_index("scenario")
        cells = {one: _minutes_and_mark(by_scenario, one, sentences) for one in scenarios}
        limit = group["limit_min"].iloc[0]
        name = f"{sentences.name(data.targets[target])} ({sentences.say('targets.limit', limit=limit)})"
        short = name_reading(data, sentences, reading, target, form="reading_short")
        rows.append({"target": name, "reading": short} | cells)
    columns = (
        Column("target", sentences.say("column.target"), repeats="once"),
        Column("reading", sentences.say("column.reading")),
        *(Column(one, name_year(data, sentences, one)) for one in scenarios),
    )
    frame = pd.DataFrame(rows, columns=["target", "reading", *scenarios])
    note = sentences.say("targets.by_year_note")
    return Table("T4_by_year", sentences.say("targets.by_year"), frame, columns, note=note, rows_in_text=len(frame))


def _minutes_and_mark(verdicts: pd.DataFrame, scenario_id: str, sentences: Sentences) -> str:
    if scenario_id not in verdicts.index:
        return ""
    row = verdicts.loc[scenario_id]
    if pd.isna(row["value_min"]):
        return sentences.say("verdict.cell_none")
    return f"{row['value_min']:.0f} {MARKS[bool(row['met'])]}"


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
    """Return the rules of access to the nearest: the share within the limit, a column for each scenario."""
    parts = [
        result.coverage.assign(scenario=result.scenario.scenario_id) for result in data.results if len(result.coverage)
    ]
    if not parts:
        return []
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.assign(rule=[_name_rule(data, sentences, str(rule)) for rule in frame["rule"]])
    say = sentences.say
    long = (
        Column("rule", say("column.rule"), repeats="once"),
        Column("year", say("column.scenario")),
        Column("within_min", say("column.limit_min")),
        Column("required_share", say("column.required_share"), show="share"),
        Column("share", say("column.share_within"), decimals=1, show="share"),
        Column("met", say("column.met"), show="mark"),
        Column("value_min", say("column.value_min")),
        Column("worst_min", say("column.worst_min")),
    )
    named = frame.assign(year=[name_year(data, sentences, scenario) for scenario in frame["scenario"]])
    scenarios = list(dict.fromkeys(frame["scenario"]))
    rows = []
    for rule, group in frame.groupby("rule", sort=False):
        asked = {"rule": rule, "within_min": group["within_min"].iloc[0], "required": group["required_share"].iloc[0]}
        cells = {
            row.scenario: f"{100 * row.share:.0f}% {MARKS[bool(row.met)]}" for row in group.itertuples(index=False)
        }
        rows.append(asked | cells)
    columns = (
        Column("rule", say("column.rule")),
        Column("within_min", say("column.limit_min")),
        Column("required", say("column.required_share"), show="share"),
        *(Column(scenario, name_year(data, sentences, scenario)) for scenario in scenarios),
    )
    caption = say("targets.coverage_table")
    return [
        Sheet(Table("T4_coverage_all", caption, named, long)),
        Table("T4_coverage", caption, pd.DataFrame(rows), columns, rows_in_text=len(rows)),
    ]


def _name_rule(data: ReportData, sentences: Sentences, rule: str) -> str:
    return sentences.name(data.coverage[rule]) if rule in data.coverage else rule


def _failing_cities(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return, for targets of several cities, those that fail in the last scenario, by how much and why."""
    result = data.results[-1]
    scenario = name_scenario(data, sentences, result.scenario.scenario_id)
    several = [target_id for target_id, target in data.targets.items() if len(target.to) != 1]
    details = result.target_cities
    failing = details[details["target"].isin(several) & ~details["met"]]
    if failing.empty:
        return [Paragraph(sentences.say("targets.none_failing", scenario=scenario))]
    caption = sentences.say("targets.failing_table", scenario=scenario)
    said = _say_failing(data, sentences, details, several)
    shown = [_failing_of(data, sentences, target, details) for target in data.first_page() if target in several]
    return [*said, *shown, Sheet(_failing_table(data, sentences, caption, failing))]


def _say_failing(data: ReportData, sentences: Sentences, details: pd.DataFrame, targets: list[str]) -> list[Block]:
    """Say of each target of several destinations how many of them are over its limit, centre to centre."""
    scenario_id = data.results[-1].scenario.scenario_id
    centre = details[(details["reading"] == "centre_to_centre") & details["target"].isin(targets)]
    items = []
    for target_id, rows in centre.groupby("target", sort=False):
        target, count = data.targets[str(target_id)], int((~rows["met"].astype(bool)).sum())
        if not count:
            continue
        items.append(
            sentences.say(
                "targets.failing",
                target=sentences.name(target),
                count=count,
                total=len(rows),
                by_county=target.to_kind != "cities",
            )
        )
    if not items:
        return []
    lead = sentences.say("targets.failing_lead", scenario=name_scenario(data, sentences, scenario_id))
    return [Paragraph(lead), Bullets(tuple(items))]


def _failing_of(data: ReportData, sentences: Sentences, target_id: str, details: pd.DataFrame) -> Table:
    """Return the destinations of one target that miss it in some reading, with the minutes of every reading."""
    target, scenario_id = data.targets[target_id], data.results[-1].scenario.scenario_id
    own = details[details["target"] == target_id]
    wide = own.pivot_table(index="to_id", columns="reading", values="value_min", sort=False, dropna=False)
    wide = wide.reindex(columns=[reading for reading in READINGS if reading in set(own["reading"])])
    missed = own.groupby("to_id")["met"].agg(lambda met: not met.astype(bool).all())
    wide = wide[missed.reindex(wide.index).astype(bool)]
    # What no reading reaches is the worst of all.
    order = wide.max(axis=1).sort_values(ascending=False, kind="stable", na_position="first").index
    frame = wide.reindex(order).reset_index()
    frame["city"] = [name_place(data, sentences, str(place)) for place in frame["to_id"]]
    people = own.drop_duplicates("to_id").set_index("to_id")["population"]
    frame["population"] = people.reindex(frame["to_id"]).to_numpy() / PEOPLE_UNIT
    columns = (
        Column("city", sentences.say("column.city")),
        Column("population", sentences.say("column.population")),
        *(
            Column(reading, name_reading(data, sentences, reading, target_id, form="reading_short"))
            for reading in wide.columns
        ),
    )
    caption = sentences.say(
        "targets.failing_of",
        target=sentences.name(target),
        limit=target.limit_min,
        scenario=name_scenario(data, sentences, scenario_id),
    )
    note = sentences.say("targets.failing_of_note")
    return Table(f"T4_failing_{target_id}", caption, frame, columns, note=note, rows_in_text=41)


def _failing_table(data: ReportData, sentences: Sentences, caption: str, failing: pd.DataFrame) -> Table:
    """Return every destination over the limit of every target, by how much and why."""
    frame = pd.DataFrame(
        {
            "target": [sentences.name(data.targets[target]) for target in failing["target"]],
            "reading": _name_readings(data, sentences, failing),
            "city": [name_place(data, sentences, city) for city in failing["to_id"]],
            "value_min": failing["value_min"],
            "slack_min": failing["slack_min"],
            "binding_leg": [sentences.say(f"leg.{leg}") for leg in failing["binding_leg"]],
            "population": failing["population"] / PEOPLE_UNIT,
        }
    ).sort_values(["target", "reading", "slack_min"], kind="stable", na_position="first")
    say = sentences.say
    columns = (
        *(Column(key, say(f"column.{key}")) for key in ("target", "reading", "city", "value_min")),
        Column("slack_min", say("column.slack_min"), show="signed"),
        Column("binding_leg", say("column.binding_leg")),
        Column("population", say("column.population")),
    )
    return Table("T4_failing_cities", caption, frame, columns)


def _legs(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return the legs of the journeys that targets of one destination are about, for every scenario."""
    rows = []
    pairs = dict.fromkeys((t.from_, t.to[0]) for t in data.targets.values() if len(t.to) == 1 and t.from_)
    for from_id, to_id in pairs:
        for result in data.results:
            times = result.city_times
            for row in times[(times["from_id"] == from_id) & (times["to_id"] == to_id)].to_dict("records"):
                names = {key: name_place(data, sentences, place) for key, place in (("from", from_id), ("to", to_id))}
                rows.append(names | {"scenario": name_year(data, sentences, result.scenario.scenario_id)} | row)
    if not rows:
        return []
    keys = ("from", "to", "scenario", "road_min", "rail_min", *LEG_COLUMNS)
    columns = tuple(
        Column(key, sentences.say(f"column.{key}"), repeats="once" if key in ("from", "to") else "shown")
        for key in keys
    )
    return [Table("T2_legs", sentences.say("targets.legs_table"), pd.DataFrame(rows)[list(keys)], columns)]
