"""Stage 7c: the commands about trust: the model against what was observed, planned lines, and the run of one train."""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from sim.commands.hindcast_roads import write_roads
from sim.commands.study import open_study
from sim.errors import InputError, did_you_mean
from sim.files import whole_folder
from sim.measures.hindcast import FASTEST_GOAL, TIMETABLE_DATES, TYPICAL_GOAL
from sim.measures.hindcast_forms import compare_forms, leave_lines_out
from sim.measures.hindcast_openings import compare_published, list_openings
from sim.measures.hindcast_rail import compare_rides, summarise_rides
from sim.measures.hindcast_reasons import list_worst
from sim.measures.hindcast_sections import check_out_of_sample, compare_sections
from sim.measures.line_runs import LineRun, run_line
from sim.measures.planned_lines import planned_lines
from sim.network.network import Network
from sim.present.charts import Comparison, plot_comparisons, plot_speed_profile
from sim.present.figures import save_figure
from sim.present.outputs import write_table
from sim.study import Study

__all__ = ["print_planned_lines", "print_run_time", "run_hindcast", "write_hindcast"]

OBSERVED_FILES = (
    "station_times_2016",
    "section_times_2016",
    "section_times_2023",
    "published_times",
    "road_distances",
    "drive_times",
    "road_reasons",
    "station_access",
    "city_traffic",
)
OPENINGS = ("2013-07-01", "2026-12-31")
RAIL_NOTE = (
    "观测：12306 时刻表，2016-03-16（周三）运行的直达列车。模型：同日路网；停站与停时取自时刻表，"
    "运行附加时分按同一时刻表的区间时分逐线标定，故为样本内；样本外检验见 out_of_sample.csv。 "
    "Observed: direct trains of Wednesday 2016-03-16 (12306). Modelled: network of that day; stops and dwells are the "
    "timetable's and one supplement per line is fitted to its section times, so this is in sample; "
    "see out_of_sample.csv for the check out of sample."
)

Report = Callable[[str], None]


@dataclass(frozen=True)
class _Observed:
    """The observed tables by name, and the folder they came from."""

    folder: Path
    tables: dict[str, pd.DataFrame]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]


def run_hindcast(options: argparse.Namespace) -> int:
    """Write the comparison of past years with what was observed and say in one table how near it comes."""
    study, plans = open_study(options.study), open_study(options.plans)
    console = Console(stderr=True)
    folder = write_hindcast(
        study, plans, options.outputs, report=lambda stage: console.print(f"  {stage}", style="dim")
    )
    _print_summary(folder)
    print(folder)
    return 0


def print_planned_lines(options: argparse.Namespace) -> int:
    """Print the minutes of planned lines by stopping pattern beside the official projections."""
    study = open_study(options.study)
    pairs = _read_csv(_pairs_file(study))
    if options.project:
        unknown = sorted(set(options.project) - set(pairs["project_id"]))
        if unknown:
            known = set(pairs["project_id"])
            raise InputError([f"no planned pairs of project '{name}'{did_you_mean(name, known)}" for name in unknown])
        pairs = pairs[pairs["project_id"].isin(options.project)]
    published = _read_observed(study.network)["published_times"]
    table = planned_lines(study.network, study.projects, pairs, published)
    if options.csv:
        table.round(2).to_csv(sys.stdout, index=False, lineterminator="\n")
    else:
        _print_planned(table)
    return 0


def print_run_time(options: argparse.Namespace) -> int:
    """Print the run of a train over lines from stop to stop, and plot its speed."""
    study = open_study(options.study)
    lines, stops = (tuple(filter(None, (text or "").split(","))) for text in (options.lines, options.stops))
    scenario_id, network = _network_with_lines(study, lines, options.scenario)
    run = run_line(network, lines, options.train, stops, dwell_min=options.dwell)
    _print_run(run, scenario_id)
    if not options.no_chart:
        first, last = (run.passings[["name", "name_en"]].iloc[end] for end in (0, -1))
        figure = plot_speed_profile(
            run,
            title=f"{first['name']}—{last['name']}，{run.train_class}：纯运行 {run.technical_min:.1f} 分钟，"
            f"含附加时分与停站 {run.total_min:.1f} 分钟",
            title_en=f"{first['name_en']}-{last['name_en']}, {run.train_class}: {run.technical_min:.1f} min technical, "
            f"{run.total_min:.1f} min with supplement and stops",
            note=f"{study.study_id} / {scenario_id}. 站名旁为纯运行时分（不含停站）。 "
            "Beside each station: technical minutes without dwells.",
        )
        ends = f"{run.passings['station_id'].iloc[0]}_{run.passings['station_id'].iloc[-1]}"
        for path in save_figure(figure, options.outputs / "run_time" / f"{'-'.join(lines)}_{ends}_{run.train_class}"):
            print(path)
    return 0


def write_hindcast(study: Study, plans: Study, outputs: "Path | str", *, report: Report = lambda _: None) -> Path:
    """Compare the network of past years with everything observed and return the folder, outputs/<study>/observed/.

    Parameters
    ----------
    study: of past years; its folder holds road_cases.csv and planned_pairs.csv.
    plans: the study whose project cards the planned lines come from.
    report: is told the name of each stage as it begins.
    """
    observed = _read_observed(study.network)
    with whole_folder(Path(outputs) / study.study_id / "observed") as folder:
        report("rail: direct trains of 2016, sections of 2016 and 2023")
        _write_rail(study, observed, folder)
        report("rail: fitted to one timetable, tested on the other")
        sections = {year: observed[f"section_times_{year}"] for year in TIMETABLE_DATES}
        write_table(
            check_out_of_sample(study.network, sections, observed["station_times_2016"]), folder / "out_of_sample.csv"
        )
        write_table(compare_forms(study.network, sections), folder / "supplement_forms.csv")
        write_table(leave_lines_out(study.network), folder / "lines_left_out.csv")
        report("rail: published times and openings")
        published = compare_published(observed["published_times"], lambda year: study.network.as_of(f"{year}-12-31"))
        write_table(published, folder / "published_times.csv")
        write_table(list_openings(study.network, *OPENINGS), folder / "rail_openings.csv")
        report("planned lines")
        pairs = _read_csv(study.folder / "planned_pairs.csv")
        write_table(
            planned_lines(plans.network, plans.projects, pairs, observed["published_times"]),
            folder / "planned_lines.csv",
        )
        report("roads: distances, drive times, bands, before and after, ways to the station")
        write_roads(study, observed.tables, _read_csv(study.folder / "road_cases.csv"), folder)
        (folder / "inputs.json").write_text(_describe_inputs(study, observed), encoding="utf-8")
    return Path(outputs) / study.study_id / "observed"


def _write_rail(study: Study, observed: _Observed, folder: Path) -> None:
    networks = {year: study.network.as_of(date) for year, date in TIMETABLE_DATES.items()}
    comparison = compare_rides(networks[2016], observed["station_times_2016"])
    write_table(comparison.pairs, folder / "rail_2016.csv")
    summary = summarise_rides(comparison)
    write_table(summary, folder / "rail_summary.csv")
    write_table(list_worst(comparison, networks[2016], observed["section_times_2016"]), folder / "worst_twenty.csv")
    for year, network in networks.items():
        sections = compare_sections(network, observed[f"section_times_{year}"])
        order = sections["error_min"].abs().sort_values(ascending=False, kind="stable").index
        write_table(sections.loc[order], folder / f"sections_{year}.csv")
    save_figure(_rail_figure(comparison.pairs, summary, networks[2016]), folder / "charts" / "rail_2016")


def _rail_figure(pairs: pd.DataFrame, summary: pd.DataFrame, network: Network) -> Figure:
    """Return the chart of 2016: the fastest train, the median train, and the typical ride of the measures."""
    names = network.stations.set_index("station_id")["name"]
    label = pairs["from_id"].map(names) + "—" + pairs["to_id"].map(names)
    group = pairs["both_main"].map({"yes": "main", "no": "other"})
    main = summary[(summary["scope"] == "main stations") & (summary["group"] == "all")].set_index("reading")
    panels = []
    for reading, chinese, english, observed, modelled, goal in (
        ("fastest", "最快直达列车", "fastest direct train", "observed_fastest_min", "modelled_fastest_min", FASTEST_GOAL),
        ("median", "全日直达列车中位数", "median direct train", "observed_median_min", "modelled_median_min", TYPICAL_GOAL),
        ("typical", "期望乘车时间(值得乘坐的列车)", "expected ride", "observed_median_min", "modelled_typical_min", TYPICAL_GOAL),
    ):  # fmt: skip
        found = main.loc[reading]
        figures = f"{found['median_abs_error_min']:.1f} min, {100 * found['share_within']:.0f} %"
        frame = pd.DataFrame({"observed": pairs[observed], "modelled": pairs[modelled], "group": group, "label": label})
        panels.append(
            Comparison(
                f"{chinese}：中位绝对误差、容差内比例 {figures}",
                f"{english}: median absolute error, share within tolerance",
                frame,
                goal,
            )
        )
    strong, light = ("两端均为主要站", "both main stations"), ("其他车站", "other stations")
    return plot_comparisons(panels, note=RAIL_NOTE, strong=strong, light=light)


def _read_observed(network: Network) -> _Observed:
    """Read data/observed/ in the nearest folder above the network that has one.

    Raises
    ------
    InputError: there is none, or files are missing.
    """
    for parent in network.folder.resolve().parents:
        folder = parent / "data" / "observed"
        if folder.is_dir():
            missing = [
                f"{folder / name}.csv: file is missing"
                for name in OBSERVED_FILES
                if not (folder / f"{name}.csv").exists()
            ]
            if missing:
                raise InputError(missing)
            return _Observed(folder, {name: _read_csv(folder / f"{name}.csv") for name in OBSERVED_FILES})
    raise InputError(f"no folder data/observed above {network.folder}: there is nothing to compare with")


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.exists():
        raise InputError(f"{path}: file is missing")
    return pd.read_csv(path, encoding="utf-8")


def _pairs_file(study: Study) -> Path:
    """Return planned_pairs.csv of the study, or of the study `hindcast` beside it."""
    own = study.folder / "planned_pairs.csv"
    return own if own.exists() else study.folder.parent / "hindcast" / "planned_pairs.csv"


def _network_with_lines(study: Study, lines: tuple[str, ...], scenario_id: str | None) -> tuple[str, Network]:
    """Return a scenario and its network: the one asked for, or the first in which all the lines are open."""
    if scenario_id:
        return scenario_id, study.network_of(scenario_id)
    networks = {name: study.network_of(name) for name in study.scenarios}
    for name, network in networks.items():
        if set(lines) <= set(network.lines["line_id"]):
            return name, network
    known = {line for network in networks.values() for line in network.lines["line_id"]}
    unknown = [f"no line '{line}' in any scenario{did_you_mean(line, known)}" for line in lines if line not in known]
    raise InputError(unknown or [f"no scenario of '{study.study_id}' has all of {', '.join(lines)} open"])


def _print_run(run: LineRun, scenario_id: str) -> None:
    table = Table(title=f"{run.train_class} over {', '.join(run.lines)} ({scenario_id})", title_justify="left")
    for name in ("from", "to", "km", "technical min", "supplement %", "run min", "mean km/h"):
        table.add_column(name, justify="left" if name in {"from", "to"} else "right")
    for hop in run.hops.to_dict("records"):
        ends = (f"{hop['from_name']} {hop['from_id']}", f"{hop['to_name']} {hop['to_id']}")
        numbers = (hop["km"], hop["technical_min"], hop["supplement_percent"], hop["run_min"])
        table.add_row(*ends, *(f"{number:.1f}" for number in numbers), f"{hop['mean_speed_kmh']:.0f}")
    console = Console(width=None if sys.stdout.isatty() else 170)
    console.print(table)
    passed = Table(title="passing times (technical, without dwells)", title_justify="left")
    for name in ("station", "km", "min", ""):
        passed.add_column(name, justify="right" if name in {"km", "min"} else "left")
    for row in run.passings.to_dict("records"):
        calls = "stop" if row["calls"] == "yes" else ""
        passed.add_row(f"{row['name']} {row['station_id']}", f"{row['km']:.1f}", f"{row['technical_min']:.1f}", calls)
    console.print(passed)
    console.print(
        f"{run.km[-1]:.1f} km: {run.technical_min:.1f} min technical, {run.hops['run_min'].sum():.1f} with supplement, "
        f"{run.total_min:.1f} with stops; highest speed {run.speed_kmh.max():.0f} km/h"
    )


def _print_planned(table: pd.DataFrame) -> None:
    shown = Table(title="planned lines: minutes by stopping pattern")
    headings = ("project", "pair", "stops", "technical", "low", "central", "high", "official", "verdict")
    for name in headings:
        shown.add_column(name, justify="right" if name in headings[3:8] else "left")
    for row in table.to_dict("records"):
        minutes = [f"{row[f'{case}_min']:.1f}" for case in ("technical", "low", "central", "high")]
        official = "" if pd.isna(row["official_min"]) else f"{row['official_min']:g}"
        stops = row["stops"] or "直达 non-stop"
        shown.add_row(row["project"], f"{row['from_name']}—{row['to_name']}", stops, *minutes, official, row["verdict"])
    Console(width=None if sys.stdout.isatty() else 170).print(shown)


def _print_summary(folder: Path) -> None:
    console = Console(width=None if sys.stdout.isatty() else 170)
    rail = pd.read_csv(folder / "rail_summary.csv")
    table = Table(title="2016 timetable, pairs of main stations", title_justify="left")
    for name in ("pairs", "reading", "n", "median abs error", "within", "tolerance", "goal met"):
        table.add_column(name)
    for row in rail[(rail["scope"] == "main stations") & ~rail["group"].str.startswith("line")].to_dict("records"):
        within = f"{100 * row['share_within']:.1f} %"
        error = f"{row['median_abs_error_min']:.2f} min"
        table.add_row(row["group"], row["reading"], f"{row['n']}", error, within, row["tolerance"], row["goal_met"])
    console.print(table)
    for name in ("out_of_sample", "supplement_forms", "road_summary", "before_after", "station_access", "city_speeds"):
        frame = pd.read_csv(folder / f"{name}.csv")
        kept = [column for column in frame if column not in {"source", "after_uses", "name", "mode"}]
        if name == "before_after":
            kept = [
                "case_id",
                "before_min",
                "after_min",
                "saved_min",
                "before_verdict",
                "after_verdict",
                "saved_verdict",
            ]
        console.print(f"\n{name}", style="bold")
        print(frame[kept].to_string(index=False, na_rep=""))


def _describe_inputs(study: Study, observed: _Observed) -> str:
    """Return the SHA-256 of what was compared, as JSON: the network's tables and the observed files."""
    files = [
        *sorted(study.network.folder.glob("*.csv")),
        *sorted(observed.folder.glob("*.csv")),
        *sorted(study.folder.glob("*.csv")),
    ]
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return json.dumps({"timetables": TIMETABLE_DATES, "inputs_sha256": hashes}, ensure_ascii=False, indent=2) + "\n"
