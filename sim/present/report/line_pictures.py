"""Stage 5e: the charts of one corridor: where its trains are when, and how fast the fastest of them runs."""

from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from sim.errors import NoRouteError
from sim.measures.line_runs import LineRun, run_line
from sim.measures.result import Result
from sim.present.charts import plot_speed_profile
from sim.present.line_charts import (
    Corridor,
    draw_string_lines,
    find_corridor,
    list_corridor_stations,
    list_corridor_trains,
)
from sim.present.report.data import ReportData
from sim.present.report.picture_jobs import PictureJob, chart_text, name_run

__all__ = ["list_line_jobs"]

SHOWN_MIN = 120.0
PROFILE_INCHES = (6.7, 3.7)


def list_line_jobs(data: ReportData) -> Iterator[PictureJob]:
    """Yield the time-space diagram and a speed profile of the first target's corridor; none where no train runs it."""
    target = next((one for one in data.targets.values() if len(one.to) == 1 and one.from_), None)
    if target is None:
        return
    full = data.result(data.full_id)
    corridor = find_corridor(full, target.from_, target.to[0])
    if corridor is None:
        return
    try:
        stations = list_corridor_stations(
            full, corridor.lines, (corridor.stops[0], corridor.stops[-1]), train_class=corridor.train_class
        )
        run = run_line(full.network, corridor.lines, corridor.train_class, corridor.stops)
    except NoRouteError:
        return
    trains = list_corridor_trains(full, stations, corridor.lines, upto_min=SHOWN_MIN)
    (first, first_en), (last, last_en) = _names_of_ends(stations)
    scenario = name_run(full)
    if len(trains):
        yield PictureJob(
            "string_line",
            "C11_string_lines",
            f"{first}—{last}的列车时空图：{scenario[0]}",
            f"Time-space diagram of the trains {first_en} - {last_en}: {scenario[1]}",
            partial(_draw_trains, data, stations, trains, full),
        )
    yield PictureJob(
        "speed_profile",
        "C12_speed_profile",
        f"{first}—{last}最快列车的速度曲线：{scenario[0]}",
        f"Speed of the fastest train {first_en} - {last_en}: {scenario[1]}",
        partial(_draw_speed, data, run, corridor, full),
    )


def _names_of_ends(stations: pd.DataFrame) -> tuple[tuple[str, str], tuple[str, str]]:
    first, last = (stations[["name", "name_en"]].iloc[end] for end in (0, -1))
    return (str(first["name"]), str(first["name_en"])), (str(last["name"]), str(last["name_en"]))


def _draw_trains(data: ReportData, stations: pd.DataFrame, trains: pd.DataFrame, full: Result) -> Figure:
    (first, first_en), (last, last_en) = _names_of_ends(stations)
    through = _minutes_through(trains, {str(stations["station_id"].iloc[end]) for end in (0, -1)})
    per_hour = trains["train"].nunique() / (SHOWN_MIN / 60.0)
    if through.empty:
        title = (
            f"{first}—{last}：每小时约{per_hour:.0f}列车",
            f"{first_en} - {last_en}: about {per_hour:.0f} trains an hour",
        )
    else:
        low, high = through.min(), through.max()
        title = (
            f"{first}—{last}：同一通道上的全程列车用时{low:.0f}至{high:.0f}分钟",
            f"{first_en} - {last_en}: through trains on the same lines take {low:.0f} to {high:.0f} minutes",
        )
    run = name_run(full)
    subtitle = (f"{run[0]}；往{last}方向", f"{run[1]}; towards {last_en}")
    return draw_string_lines(stations, trains, text=chart_text(data, title, subtitle), upto_min=SHOWN_MIN)


def _minutes_through(trains: pd.DataFrame, ends: set[str]) -> "pd.Series[float]":
    """Return the minutes of the trains that call at both ends."""
    both = trains.groupby("train")["station_id"].agg(lambda calls: ends <= set(calls))
    through = trains[trains["train"].isin(both.index[both])].groupby("train")
    minutes: pd.Series[float] = through["arrive_min"].max() - through["depart_min"].min()
    return minutes


def _draw_speed(data: ReportData, run: LineRun, corridor: Corridor, full: Result) -> Figure:
    (first, first_en), (last, last_en) = _names_of_ends(run.passings)
    stops = len(corridor.stops) - 2
    top = float(run.speed_kmh.max())
    title = f"{first}—{last}：纯运行{run.technical_min:.1f}分钟，按表定{corridor.minutes:.1f}分钟，最高{top:.0f}km/h"
    title_en = (
        f"{first_en} - {last_en}: {run.technical_min:.1f} min technical, {corridor.minutes:.1f} as scheduled, "
        f"up to {top:.0f} km/h"
    )
    scenario = name_run(full)
    standing = {
        "zh": f"途中停{stops}站" if stops else "途中不停",
        "en": "without a stop" if not stops else f"{stops} stop{'' if stops == 1 else 's'} on the way",
    }
    notes = {
        "zh": f"{scenario[0]}，{run.train_class}，{standing['zh']}。站名旁为纯运行分钟（不含停站）；表定含运行裕量与停站。",
        "en": f"{scenario[1]}, {run.train_class}, {standing['en']}. Beside each station: technical minutes without dwells; "
        "as scheduled: with supplement and dwells.",
    }
    language = data.choices.language
    return plot_speed_profile(
        run, title=title, title_en=title_en, note=notes[language], language=language, size_inches=PROFILE_INCHES
    )
