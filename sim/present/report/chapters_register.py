"""Stage 5e: the last chapters: assumptions, sources, checks of the run, notes, data gaps, version and inputs."""

from typing import Any

import pandas as pd

from sim.network.network import Network
from sim.present.report.data import ReportData
from sim.present.report.document import Block, Bullets, Column, Heading, Paragraph, Table
from sim.present.report.findings import name_scenario
from sim.present.report.sentences import Sentences
from sim.scenario.assumptions import describe_assumptions
from sim.scenario.project import Project

__all__ = ["write_checks", "write_register"]

SHOWN_OF_HASH = 16


def write_register(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return assumptions, and where the tables of the network come from and how far they can be trusted."""
    result = data.results[-1]
    assumptions = pd.DataFrame(describe_assumptions(result.scenario.assumptions))
    assumptions["value"] = assumptions["value"].astype(str)
    assumptions["default"] = assumptions["default"].astype(str)
    assumptions["plausible"] = (assumptions["plausible"] + " " + assumptions["unit"]).str.strip()
    assumptions["description"] = [
        sentences.say_or(f"assumption.{name}", words)
        for name, words in zip(assumptions["assumption"], assumptions["description"], strict=True)
    ]
    say = sentences.say
    columns = (
        Column("assumption", say("column.assumption")),
        Column("value", say("column.value")),
        Column("default", say("column.default")),
        Column("plausible", say("column.plausible")),
        Column("description", say("column.meaning")),
        Column("why", say("column.range_why")),
    )
    return [
        Heading(say("chapter.register")),
        Heading(say("section.assumptions"), 2),
        Paragraph(say("register.assumptions", scenario=name_scenario(data, sentences, result.scenario.scenario_id))),
        Table("T13_assumptions", say("register.assumptions_table"), assumptions, columns),
        Heading(say("section.sources"), 2),
        Bullets(sentences.lines("register.licences")),
        _confidence_table(result.network, sentences),
        _sources_table(result.network, sentences),
    ]


def _confidence_table(network: Network, sentences: Sentences) -> Table:
    """Count the rows of each table of the network by confidence."""
    levels = ("high", "medium", "low", "guess")
    rows: list[dict[str, Any]] = []
    for name, frame in network.tables.items():
        if "confidence" in frame and len(frame):
            counts = frame["confidence"].value_counts()
            rows.append({"file": f"{name}.csv", "rows": len(frame)} | {k: int(counts.get(k, 0)) for k in levels})
    columns = (
        Column("file", sentences.say("column.file")),
        Column("rows", sentences.say("column.rows")),
        *(Column(level, sentences.say(f"confidence.{level}")) for level in levels),
    )
    return Table("T13_confidence", sentences.say("register.confidence_table"), pd.DataFrame(rows), columns)


def _sources_table(network: Network, sentences: Sentences) -> Table:
    """Return each source that the rows of the network name, how many rows rest on it, and how far it is trusted."""
    parts = []
    for name, frame in network.tables.items():
        if "source" in frame and len(frame):
            part = frame.assign(file=f"{name}.csv", confidence=frame.get("confidence", ""))
            part["date"] = frame["date"].astype(str) if "date" in frame else ""
            parts.append(part[["file", "source", "date", "confidence"]].astype(str))
    every = pd.concat(parts, ignore_index=True)
    grouped = every.groupby(["file", "source", "date", "confidence"], sort=True).size()
    frame = grouped.rename("rows").reset_index().sort_values(["file", "rows"], ascending=[True, False], kind="stable")
    known = ("high", "medium", "low", "guess")
    frame["confidence"] = [sentences.say(f"confidence.{c}") if c in known else c for c in frame["confidence"]]
    keys = ("file", "rows", "source", "date", "confidence")
    columns = tuple(Column(key, sentences.say(f"column.{key}")) for key in keys)
    return Table("T13_sources", sentences.say("register.sources_table"), frame, columns, rows_in_text=20)


def write_checks(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return the invariants checked in these runs, notes on dates, data gaps, and the version and inputs."""
    say = sentences.say
    rows = [
        {"check": name, "scenario": name_scenario(data, sentences, result.scenario.scenario_id), "holds": bool(holds)}
        for result in data.results
        for name, holds in result.invariants.items()
    ]
    faults = [row for row in rows if not row["holds"]]
    checks = pd.DataFrame(rows, columns=["check", "scenario", "holds"])
    by_check = checks.groupby("check", sort=False)["holds"].all().reset_index()
    by_check["check"] = [sentences.say_or(f"check.{name}", str(name).replace("_", " ")) for name in by_check["check"]]
    notes = _date_notes(data, sentences)
    missing = _missing_tables(data, sentences)
    inputs = pd.DataFrame(
        {"file": list(data.inputs_sha256), "sha256": [h[:SHOWN_OF_HASH] for h in data.inputs_sha256.values()]}
    )
    return [
        Heading(say("chapter.checks")),
        Heading(say("section.invariants"), 2),
        Paragraph(
            say("checks.faults", count=len(faults))
            if faults
            else say("checks.all_hold", checks=len(by_check), scenarios=len(data.results)),
            "warning" if faults else "body",
        ),
        Table(
            "T14_checks",
            say("checks.table"),
            by_check,
            (Column("check", say("column.check")), Column("holds", say("column.holds"), show="mark")),
        ),
        Heading(say("section.notes"), 2),
        Bullets(tuple(notes)) if notes else Paragraph(say("checks.no_notes")),
        Heading(say("section.gaps"), 2),
        Bullets((*missing, *sentences.lines("checks.gaps"))),
        Heading(say("section.version"), 2),
        Paragraph(say("checks.version", version=data.version, files=len(inputs))),
        Table(
            "T14_inputs",
            say("checks.inputs_table"),
            inputs,
            (Column("file", say("column.file")), Column("sha256", say("column.sha256"))),
            rows_in_text=12,
        ),
    ]


def _missing_tables(data: ReportData, sentences: Sentences) -> tuple[str, ...]:
    """Say which tables have not been computed, and by which commands they are."""
    commands = {
        "indicators": "indicators",
        "contributions": "contributions",
        f"savings_{data.first_place()}": "savings",
        "options": "options",
        "switching_values": "switching",
        "claims": "claims",
        "rail_summary": "hindcast",
    }
    missing = [f"sim {command}" for name, command in commands.items() if data.table(name) is None]
    if not missing:
        return ()
    separator = sentences.say("label.separator")
    return (sentences.say("checks.missing", count=len(missing), commands=separator.join(missing)),)


def _date_notes(data: ReportData, sentences: Sentences) -> list[str]:
    """Say which projects are on before their time, may be late, or are off though due: a sentence for each scenario."""
    said = []
    for result in data.results:
        found: dict[str, list[str]] = {}
        for project_id, project in data.projects.items():
            kind = _date_note(project, result.scenario.year, on=project_id in result.scenario.projects)
            if kind:
                opens = project.card.opens
                when = sentences.say(
                    "scenarios.project_when",
                    project=sentences.name(project.card),
                    central=opens.central.isoformat(),
                    latest=(opens.latest or opens.central).isoformat(),
                )
                found.setdefault(kind, []).append(when)
        scenario = name_scenario(data, sentences, result.scenario.scenario_id)
        separator = sentences.say("label.separator")
        for kind, projects in sorted(found.items()):
            said.append(sentences.say(f"scenarios.{kind}", scenario=scenario, projects=separator.join(projects)))
    return said


def _date_note(project: Project, year: int, *, on: bool) -> str:
    """Return "early", "late" or "off", or nothing where the dates of a project agree with the year of a scenario."""
    opens = project.card.opens
    if on:
        if opens.central.year > year:
            return "early"
        return "late" if (opens.latest or opens.central).year > year else ""
    return "off" if project.card.status in {"open", "building"} and opens.central.year <= year else ""
