"""Stage 7: the arguments of the commands that compare: scenarios, projects, options, claims, and the report of all."""

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

from sim.commands.declare import add_on_study

__all__ = ["declare_comparisons"]


def declare_comparisons(commands: Any) -> None:
    """Add the commands to the parser of `sim`."""
    _add_indicators(commands)
    _add_compare(commands)
    _add_contributions(commands)
    _add_savings(commands)
    _add_options(commands)
    _add_switching(commands)
    _add_claims(commands)
    _add_systems(commands)
    _add_missing_links(commands)
    _add_bus_lines(commands)
    _add_report(commands)


def _add_indicators(commands: Any) -> None:
    indicators = add_on_study(
        commands,
        "indicators",
        "travel time, potential and daily accessibility of each city, and how unequal they are",
        "sim indicators circles base_2020 all_2035 --decay power:1 --decay exponential:0.005",
    )
    indicators.add_argument("scenarios", metavar="SCENARIO", nargs="*", help="which scenarios (default: all)")
    indicators.add_argument("--set", metavar="ID", help="cities of this set (default: the study's)")
    indicators.add_argument(
        "--decay",
        action="append",
        metavar="KIND:B",
        help="power:B, exponential:B per minute, gaussian:MIN (repeatable)",
    )
    indicators.add_argument("--cutoff", action="append", type=float, metavar="MIN", help="people within (repeatable)")
    indicators.add_argument("--masses", type=Path, metavar="FILE", help="CSV with city_id, mass (default: people)")
    indicators.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    indicators.set_defaults(handler="compare:print_indicators")


def _add_compare(commands: Any) -> None:
    compare = add_on_study(
        commands,
        "compare",
        "what one scenario changes against another: maps, areas, people, winners and losers",
        "sim compare circles do_minimum_2025 plan_2027",
        default=None,
    )
    compare.add_argument("base", metavar="BASE", help="scenario without")
    compare.add_argument("other", metavar="OTHER", help="scenario with")
    compare.add_argument("--several", action="store_true", help="they may differ in more than one thing")
    compare.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    compare.set_defaults(handler="compare:compare_scenarios")


def _add_values(command: argparse.ArgumentParser) -> None:
    """Add the options that say by what scenarios are compared."""
    command.add_argument(
        "--target", action="append", metavar="ID", help="slack of this target or rule of access (may be repeated)"
    )
    command.add_argument("--reading", action="append", metavar="KEY", help="of the targets in this reading only")
    command.add_argument("--people", action="append", metavar="PLACE:MIN", help="people within MIN minutes of a place")
    command.add_argument("--minutes", action="append", metavar="CITY[:SET]", help="mean minutes from a city to a set")
    command.add_argument(
        "--indicator",
        action="append",
        metavar="CITY:NAME",
        help="any of indicators.csv, as ningbo:potential_others_power:1",
    )
    command.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="ask on a Dask cluster, for example tcp://10.0.0.1:8786; or 'processes', for hundreds of scenarios: one a core of "
        "this machine",
    )


def _add_contributions(commands: Any) -> None:
    contributions = add_on_study(
        commands,
        "contributions",
        "what each project contributes: first in, last in, Shapley value; and which projects duplicate each other",
        "sim contributions circles --scenario all_2035 --target huyong_1h --reading centre_to_centre --people ningbo:60",
    )
    _add_values(contributions)
    contributions.add_argument(
        "--scenario", metavar="ID", help="whose projects, year and assumptions (default: the last)"
    )
    contributions.add_argument("--base", metavar="ID", help="scenario whose projects are always on (default: none is)")
    contributions.add_argument("--year", type=int, help="another year than the scenario's")
    contributions.add_argument(
        "--projects", metavar="A,B,C", help="only these projects, and trains over them (default: all beyond the base)"
    )
    contributions.add_argument(
        "--group", action="append", metavar="NAME=A,B", help="projects that are one (repeatable)"
    )
    contributions.add_argument(
        "--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)"
    )
    contributions.set_defaults(handler="contributions:print_contributions")


def _add_savings(commands: Any) -> None:
    savings = add_on_study(
        commands,
        "savings",
        "what each project alone saves from a place to every cell, and what a minute saved costs",
        "sim savings circles --scenario all_2035 --place ningbo",
    )
    savings.add_argument("--scenario", metavar="ID", help="whose projects, year and assumptions (default: the last)")
    savings.add_argument("--place", metavar="ID", help="from here (default: the first place of the study)")
    savings.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    savings.set_defaults(handler="project_savings:print_savings")


def _add_options(commands: Any) -> None:
    options = add_on_study(
        commands,
        "options",
        "projects that could stand for each other: what each gains on one base, what that costs, and how they rank",
        "sim options circles --options tongsujiayong,hujiayong_jinshan --base plan_2028 --target huyong_1h --people ningbo:120",
        default=None,
    )
    options.add_argument("--options", required=True, metavar="A,B,C", help="projects or groups, each run alone")
    options.add_argument("--base", required=True, metavar="ID", help="scenario they are added to, without any of them")
    _add_values(options)
    options.add_argument("--year", type=int, help="another year than the base's")
    options.add_argument(
        "--group", action="append", metavar="NAME=A,B", help="projects that are one option (repeatable)"
    )
    options.add_argument(
        "--criteria", type=Path, metavar="FILE", help="CSV: option, criterion, value, better (higher, lower)"
    )
    options.add_argument("--weight", action="append", metavar="NAME=N", help="of a criterion (default: all equal)")
    options.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    options.set_defaults(handler="options:print_options")


def _add_switching(commands: Any) -> None:
    switching = add_on_study(
        commands,
        "switching",
        "at which speed, stops, frequency, station or access time a missed target would just be met",
        "sim switching circles plan_2028 --target huyong_1h",
        default=None,
    )
    switching.add_argument("scenario", metavar="SCENARIO")
    switching.add_argument("--target", action="append", metavar="ID", help="only this target (may be repeated)")
    switching.add_argument("--reading", action="append", metavar="KEY", help="only this reading (may be repeated)")
    switching.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    switching.set_defaults(handler="switching:print_switching_values")


def _add_claims(commands: Any) -> None:
    claims = add_on_study(
        commands,
        "claims",
        "official claims beside the model's minutes, and beside what lines that opened delivered",
        "sim claims circles",
    )
    claims.add_argument("--observed", type=Path, metavar="FOLDER", help="folder of claims.csv (default: data/observed)")
    claims.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    claims.set_defaults(handler="claims:print_claims")


def _add_systems(commands: Any) -> None:
    systems = add_on_study(
        commands,
        "systems",
        "one row per transport system of the plan, filled from runs; exit status 1 if a row does not work",
        "sim systems circles --page README.md",
    )
    systems.add_argument(
        "--page", type=Path, metavar="FILE", help="Markdown page whose table of systems is replaced (see the README)"
    )
    systems.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    systems.set_defaults(handler="systems:print_systems")


def _add_missing_links(commands: Any) -> None:
    links = add_on_study(
        commands,
        "missing-links",
        "road links that are missing, found and given, ranked by the person-minutes they would save",
        "sim missing-links circles --scenario do_minimum_2025 --city ningbo --top 10 --write-card 1 my_link.toml",
    )
    links.add_argument("--scenario", metavar="ID", help="whose roads (default: the first of the study)")
    links.add_argument(
        "--candidates", type=Path, metavar="FILE", help="table of links of your own, ranked with the others"
    )
    links.add_argument("--top", type=int, default=20, metavar="N", help="how many to find (20); 0: only the candidates")
    links.add_argument("--max-gap-km", type=float, default=5.0, metavar="KM", help="longest straight gap (5)")
    links.add_argument("--min-gap-km", type=float, default=2.0, metavar="KM", help="shortest straight gap (2)")
    links.add_argument("--min-detour", type=float, default=3.0, metavar="R", help="least detour over main roads (3)")
    links.add_argument(
        "--border",
        choices=("any", "county", "city", "province"),
        default="county",
        help="only links over such a border or a higher one (default: county; any: all links)",
    )
    links.add_argument("--city", metavar="ID", help="only links with an end in this city")
    links.add_argument(
        "--water", choices=("avoid", "allow", "only"), default="avoid", help="links over wide water (default: avoid)"
    )
    links.add_argument("--road-class", default="trunk", metavar="CLASS", help="of a found link (trunk)")
    links.add_argument("--speed", type=float, metavar="KMH", help="its limit (default: the class's)")
    links.add_argument(
        "--length-factor", type=float, default=1.2, metavar="F", help="its length by the straight line (1.2)"
    )
    links.add_argument(
        "--horizon", type=float, default=60.0, metavar="MIN", help="people farther away do not count (60)"
    )
    links.add_argument(
        "--decay",
        type=float,
        default=20.0,
        metavar="MIN",
        help="minutes over which a destination's weight falls to 37 %% (20)",
    )
    links.add_argument("--verify", type=int, default=0, metavar="N", help="solve the N best anew in the full model (0)")
    links.add_argument(
        "--write-card", nargs=2, metavar=("RANK", "FILE.toml"), help="write the link of a rank as a project card"
    )
    links.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    links.set_defaults(handler="missing_links:print_missing_links")


def _add_bus_lines(commands: Any) -> None:
    bus_lines = add_on_study(
        commands,
        "bus-lines",
        "people newly within reach without a car by bus lines between neighbouring cities",
        "sim bus-lines circles do_minimum_2025 --lines scenarios/circles/bus_lines.csv --headways 15,30,60",
        default=None,
    )
    bus_lines.add_argument("scenario", metavar="SCENARIO")
    bus_lines.add_argument(
        "--lines", type=Path, metavar="FILE", help="table of lines (default: bus_lines.csv of the study)"
    )
    bus_lines.add_argument("--headways", default="15,30,60", metavar="MIN,MIN", help="tried besides a line's own")
    bus_lines.add_argument("--cutoffs", default="60", metavar="MIN,MIN", help="minutes within which people count (60)")
    bus_lines.add_argument("--place", action="append", metavar="ID", help="from here (default: from every stop)")
    bus_lines.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    bus_lines.set_defaults(handler="bus_lines:print_bus_lines")


def _add_report(commands: Any) -> None:
    report = add_on_study(
        commands,
        "report",
        "write the report on the runs, running first what is missing: report.docx, report.html, tables.xlsx and figures",
        "sim report circles --language en --analyses",
    )
    report.add_argument("--language", choices=("zh", "en"), help="of the report (default: as in study.toml, zh)")
    report.add_argument("--scenario", action="append", metavar="ID", help="only these scenarios (may be repeated)")
    report.add_argument(
        "--analyses",
        action="store_true",
        help="run the commands under [report] analyses first, so that no table is missing",
    )
    report.add_argument(
        "--date", default=dt.datetime.now(tz=dt.UTC).date().isoformat(), help="on the report (default: today)"
    )
    report.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    report.set_defaults(handler="report:write_report")
