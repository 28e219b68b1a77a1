"""Stage 7: the arguments of the commands that read, run and check: what a study holds, its journeys, what was observed."""

from pathlib import Path
from typing import Any

from sim.commands.declare import DEFAULT_STUDY, add_on_study, add_plain

__all__ = ["declare_runs"]


def declare_runs(commands: Any) -> None:
    """Add the commands to the parser of `sim`."""
    check = add_on_study(commands, "check", "read everything, list every problem, compute nothing", "sim check circles")
    check.set_defaults(handler="study:check_study")
    listing = add_on_study(commands, "list", "scenarios x projects, on or off, with year and cost", "sim list circles")
    listing.add_argument("--generated", action="store_true", help="the scenarios that need no page instead")
    listing.set_defaults(handler="study:list_study")
    show = add_on_study(
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
    _add_cache(commands)


def _add_run(commands: Any) -> None:
    run = add_on_study(
        commands,
        "run",
        "run scenarios and write tables, surfaces, polygons and maps",
        "sim run circles plan_2027 --outputs outputs",
    )
    run.add_argument("scenarios", metavar="SCENARIO", nargs="*", help="which scenarios (default: all)")
    run.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    drawn = run.add_mutually_exclusive_group()
    drawn.add_argument("--no-maps", action="store_true", help="leave out the maps")
    drawn.add_argument("--map", action="append", metavar="PLACE", help="maps of this place only (may be repeated)")
    run.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run on a Dask cluster whose workers see the same folders, for example tcp://10.0.0.1:8786; or 'processes': one "
        "a core of this machine",
    )
    run.set_defaults(handler="study:run_study")


def _add_times(commands: Any) -> None:
    times = add_on_study(
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
    route = add_on_study(
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
    targets = add_on_study(
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
    hindcast = add_on_study(
        commands, "hindcast", "compare past years with what was observed", "sim hindcast", default="scenarios/hindcast"
    )
    hindcast.add_argument("--plans", default="circles", metavar="STUDY", help="study that holds the planned lines")
    hindcast.add_argument("--outputs", type=Path, default=Path("outputs"), help="where to write (default: outputs)")
    hindcast.set_defaults(handler="hindcast:run_hindcast")


def _add_planned_lines(commands: Any) -> None:
    planned = add_on_study(
        commands,
        "planned-lines",
        "running times of planned lines by stopping pattern, beside the official projections",
        "sim planned-lines circles --project yongzhou",
    )
    planned.add_argument("--project", action="append", metavar="ID", help="only this project (may be repeated)")
    planned.add_argument("--csv", action="store_true", help="as CSV on standard output")
    planned.set_defaults(handler="hindcast:print_planned_lines")


def _add_run_time(commands: Any) -> None:
    run_time = add_plain(
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
    osm = add_plain(
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


def _add_cache(commands: Any) -> None:
    cache = add_plain(
        commands,
        "cache",
        "show or clear the road minutes kept between runs",
        "sim cache --clear",
    )
    cache.add_argument("--clear", action="store_true", help="remove them")
    cache.set_defaults(handler="cache:clear_cache")
