"""Stage 7: the commands. Each reads a study, does one thing, and says what to do when it cannot.

Exit status: 0 done, 1 a target that was asked for is missed, 2 the input or the command is wrong.
"""

import argparse
import datetime as dt
import gc
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from sim.errors import SimError

__all__ = ["main"]

DEFAULT_STUDY = "scenarios/circles"

EXAMPLES = """examples:
  sim check circles                               read everything and list every problem
  sim list circles                                scenarios x projects
  sim show circles plan_2027                      what a scenario changes, old -> new
  sim run                                         every scenario of scenarios/circles
  sim run circles plan_2027 all_2035              two of its scenarios
  sim times circles plan_2027 --cities --from ningbo > times.csv
  sim route circles plan_2027 ningbo shanghai     door to door, leg by leg
  sim targets circles                             verdicts in four readings
  sim planned-lines circles                       planned lines beside the official projections
  sim run-time huhang --stops shanghaihongqiao,hangzhoudong     one train's speed profile
  sim compare circles do_minimum_2025 plan_2027   minutes saved, newly reached, winners and losers
  sim contributions circles --target huyong_1h    first in, last in, Shapley values, synergies
  sim claims                                      official claims beside the model
  sim report circles --language en                report.docx, report.html, tables.xlsx, figures
  sim hindcast                                    past years against what was observed
  sim import-osm FILE networks/NAME --base networks/yrd         roads from an OpenStreetMap extract
  sim cache                                       what is kept between runs; --clear removes it

STUDY is a folder with a study.toml, or its name under scenarios/."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    # A study is millions of objects that stay to the end: looking through them for garbage took a seventh of a run.
    gc.set_threshold(200_000, 50, 100)
    parser = _build_parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "handler"):
        parser.print_help()
        return 0
    try:
        module, _, name = options.handler.partition(":")
        handler: Callable[[Any], int] = getattr(import_module(f"sim.commands.{module}"), name)
        return handler(options)
    except SimError as error:
        count = len(error.problems)
        print(f"sim: {count} problem{'s' if count != 1 else ''}", file=sys.stderr)
        for sentence in error.problems:
            print(f"  - {sentence}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sim",
        description="Travel-time circles of Ningbo and the Yangtze River Delta, by scenario.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    check = _add(commands, "check", "read everything, list every problem, compute nothing", "sim check circles")
    check.set_defaults(handler="study:check_study")
    listing = _add(commands, "list", "scenarios x projects, on or off, with year and cost", "sim list circles")
    listing.add_argument("--generated", action="store_true", help="the scenarios that need no page instead")
    listing.set_defaults(handler="study:list_study")
    show = _add(
        commands, "show", "a merged scenario and every value it changes", "sim show circles plan_2027", default=None
    )
    show.add_argument("scenario", metavar="SCENARIO")
    show.set_defaults(handler="study:show_scenario")
    _add_run(commands)
    _add_times(commands)
    _add_route(commands)
    _add_targets(commands)
    _add_hindcast(commands)
    _add_planned_lines(commands)
    _add_run_time(commands)
    _add_import_osm(commands)
    _add_claims(commands)
    _add_bus_lines(commands)
    _add_report(commands)
    _add_cache(commands)
    _add_contributions(commands)
    _add_options(commands)
    _add_switching(commands)
    _add_compare(commands)
    _add_indicators(commands)
    return parser


def _add_plain(commands: Any, name: str, description: str, example: str) -> argparse.ArgumentParser:
    """Add a command with its description and an example, and no arguments yet."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=description,
        description=f"{description[:1].upper()}{description[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def _add(
    commands: Any, name: str, description: str, example: str, *, default: str | None = DEFAULT_STUDY
) -> argparse.ArgumentParser:
    """Add a command whose first argument is a study; with a default it may be left out."""
    parser = _add_plain(commands, name, description, example)
    shown = f" (default: {default})" if default else ""
    nargs = "?" if default else None
    text = f"folder of a study, or its name under scenarios/{shown}"
    parser.add_argument("study", metavar="STUDY", nargs=nargs, default=default, help=text)
    return parser


def _add_run(commands: Any) -> None:
    run = _add(
        commands,
        "run",
        "run scenarios and write tables, surfaces, polygons and maps",
        "sim run circles plan_2027 --outputs outputs",
    )
    run.add_argument("scenarios", metavar="SCENARIO", nargs="*", help="which scenarios (default: all)")
    run.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    run.add_argument("--no-maps", action="store_true", help="leave out the maps")
    run.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run on a Dask cluster whose workers see the same folders, for example tcp://10.0.0.1:8786",
    )
    run.set_defaults(handler="study:run_study")


def _add_times(commands: Any) -> None:
    times = _add(
        commands,
        "times",
        "minutes between stations or cities as CSV on standard output",
        "sim times circles plan_2027 --stations --from ningbo --to shanghaihongqiao",
        default=None,
    )
    times.add_argument("scenario", metavar="SCENARIO")
    kind = times.add_mutually_exclusive_group(required=True)
    kind.add_argument("--stations", action="store_true", help="between stations, by train")
    kind.add_argument("--cities", action="store_true", help="between municipal government seats, door to door")
    times.add_argument("--from", dest="from_id", metavar="ID", help="only from this station or city")
    times.add_argument("--to", dest="to_id", metavar="ID", help="only to this station or city")
    times.set_defaults(handler="study:print_times")


def _add_route(commands: Any) -> None:
    route = _add(
        commands,
        "route",
        "one journey door to door, leg by leg",
        "sim route circles plan_2027 ningbo 121.60,31.20 --json",
        default=None,
    )
    route.add_argument("scenario", metavar="SCENARIO")
    route.add_argument("start", metavar="FROM", help="a place id, a station id, or lon,lat")
    route.add_argument("end", metavar="TO", help="a place id, a station id, or lon,lat")
    route.add_argument("--json", action="store_true", help="as JSON")
    route.set_defaults(handler="study:print_route")


def _add_targets(commands: Any) -> None:
    targets = _add(
        commands,
        "targets",
        "verdicts on every target in four readings; exit status 1 if one that is asked for is missed",
        "sim targets circles --scenario plan_2027 --target huyong_1h --reading station_fastest",
    )
    targets.add_argument("--scenario", action="append", metavar="ID", help="only this scenario (may be repeated)")
    targets.add_argument("--target", action="append", metavar="ID", help="ask for this target: missed means exit 1")
    targets.add_argument("--reading", action="append", metavar="KEY", help="ask for this reading only")
    targets.set_defaults(handler="verdicts:print_targets")


def _add_hindcast(commands: Any) -> None:
    hindcast = _add(
        commands, "hindcast", "compare past years with what was observed", "sim hindcast", default="scenarios/hindcast"
    )
    hindcast.add_argument("--plans", default="circles", metavar="STUDY", help="study that holds the planned lines")
    hindcast.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    hindcast.set_defaults(handler="hindcast:run_hindcast")


def _add_planned_lines(commands: Any) -> None:
    planned = _add(
        commands,
        "planned-lines",
        "running times of planned lines by stopping pattern, beside the official projections",
        "sim planned-lines circles --project yongzhou",
    )
    planned.add_argument("--project", action="append", metavar="ID", help="only this project (may be repeated)")
    planned.add_argument("--csv", action="store_true", help="as CSV on standard output")
    planned.set_defaults(handler="hindcast:print_planned_lines")


def _add_run_time(commands: Any) -> None:
    run_time = _add_plain(
        commands,
        "run-time",
        "print section times of one train over lines, and draw its speed profile",
        "sim run-time huhang,tongsujiayong --train CR400 --stops shanghaihongqiao,cixi,ningbo",
    )
    run_time.add_argument("lines", metavar="LINE[,LINE]", help="the lines the train runs over")
    run_time.add_argument("--study", default=DEFAULT_STUDY, help=f"study (default: {DEFAULT_STUDY})")
    run_time.add_argument("--scenario", metavar="ID", help="scenario (default: the first that has all the lines)")
    run_time.add_argument("--train", default="CR400", metavar="CLASS", help="train class (default: CR400)")
    run_time.add_argument("--stops", metavar="A,B,C", help="stations called at (default: the ends of the lines)")
    run_time.add_argument("--dwell", type=float, default=2.0, metavar="MIN", help="minutes at each stop (default: 2)")
    run_time.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to draw (default: outputs)")
    run_time.add_argument("--no-chart", action="store_true", help="print only")
    run_time.set_defaults(handler="hindcast:print_run_time")


def _add_import_osm(commands: Any) -> None:
    osm = _add_plain(
        commands,
        "import-osm",
        "read the main roads of an OpenStreetMap extract and write them as a network",
        "sim import-osm ningbo.osm.pbf networks/ningbo_osm --base networks/yrd",
    )
    osm.add_argument(
        "source", metavar="FILE|PLACE", help=".osm, .osm.gz, .osm.bz2, .osm.pbf, .graphml, or a place name when online"
    )
    osm.add_argument("target", metavar="FOLDER", help="the new network, for example networks/ningbo_osm")
    osm.add_argument(
        "--base", type=Path, metavar="FOLDER", help="network whose roads are replaced in the area of the extract"
    )
    osm.set_defaults(handler="osm:import_osm")


def _add_values(command: argparse.ArgumentParser) -> None:
    """Add the options that say by what scenarios are compared."""
    command.add_argument("--target", action="append", metavar="ID", help="slack of this target (may be repeated)")
    command.add_argument("--reading", action="append", metavar="KEY", help="of the targets in this reading only")
    command.add_argument("--people", action="append", metavar="PLACE:MIN", help="people within MIN minutes of a place")
    command.add_argument("--minutes", action="append", metavar="CITY[:SET]", help="mean minutes from a city to a set")
    command.add_argument(
        "--scheduler", metavar="ADDRESS", help="ask on a Dask cluster, for example tcp://10.0.0.1:8786"
    )


def _add_contributions(commands: Any) -> None:
    contributions = _add(
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
    contributions.add_argument("--projects", metavar="A,B,C", help="only these projects (default: all beyond the base)")
    contributions.add_argument(
        "--group", action="append", metavar="NAME=A,B", help="projects that are one (repeatable)"
    )
    contributions.add_argument(
        "--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)"
    )
    contributions.set_defaults(handler="contributions:print_contributions")


def _add_compare(commands: Any) -> None:
    compare = _add(
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


def _add_indicators(commands: Any) -> None:
    indicators = _add(
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


def _add_options(commands: Any) -> None:
    options = _add(
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
    switching = _add(
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
    claims = _add(
        commands,
        "claims",
        "official claims beside the model's minutes, and beside what lines that opened delivered",
        "sim claims circles",
    )
    claims.add_argument("--observed", type=Path, metavar="FOLDER", help="folder of claims.csv (default: data/observed)")
    claims.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    claims.set_defaults(handler="claims:print_claims")


def _add_bus_lines(commands: Any) -> None:
    bus_lines = _add(
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
    report = _add(
        commands,
        "report",
        "run the scenarios and write the report: report.docx, report.html, tables.xlsx and figures",
        "sim report circles --language en",
    )
    report.add_argument("--language", choices=("zh", "en"), help="of the report (default: as in study.toml, zh)")
    report.add_argument("--scenario", action="append", metavar="ID", help="only these scenarios (may be repeated)")
    report.add_argument(
        "--date", default=dt.datetime.now(tz=dt.UTC).date().isoformat(), help="on the report (default: today)"
    )
    report.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    report.set_defaults(handler="report:write_report")


def _add_cache(commands: Any) -> None:
    cache = _add_plain(
        commands,
        "cache",
        "show or clear the road minutes kept between runs",
        "sim cache --clear",
    )
    cache.add_argument("--clear", action="store_true", help="remove them")
    cache.set_defaults(handler="cache:clear_cache")


if __name__ == "__main__":
    sys.exit(main())
