"""Stage 5e: the charts of targets, people and cities, each with its caption in both languages."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from sim.measures.result import Result
from sim.measures.targets import name_first_year_met
from sim.present.city_charts import Curve, cumulate_people, draw_city_matrix, draw_cumulative_people, draw_slopegraph
from sim.present.leg_charts import draw_door_to_door_bars, list_door_to_door_legs
from sim.present.report.data import ReportData
from sim.present.report.opening_range import add_opening_range
from sim.present.report.picture_jobs import PictureJob, chart_text, name_run
from sim.present.style import SERIES_LOOKS
from sim.present.target_charts import draw_target_timeline

__all__ = ["list_chart_jobs"]

LONGEST_CURVE_MIN = 240.0
TARGETS_ON_TIMELINE = 7
"""As many as a page holds."""
LEAST_NEARER_MIN = 5.0


def list_chart_jobs(data: ReportData) -> Iterator[PictureJob]:
    """Yield the charts that every report has."""
    pairs = [(t.from_, t.to[0], key) for key, t in data.targets.items() if len(t.to) == 1 and t.from_]
    for from_id, to_id, target_id in pairs[:1]:
        captions = "各口径、各情景的时间由哪些环节构成", "Minutes by leg, for every reading and scenario"
        yield PictureJob("legs", "C1_legs", *captions, partial(_draw_legs, data, from_id, to_id, target_id))
    if data.targets:
        captions = "各目标首次达到的年份", "First year in which each target is met"
        yield PictureJob("target_timeline", "C2_timeline", *captions, partial(_draw_timeline, data))
    for place_id in data.choices.places or tuple(data.results[0].surfaces):
        name, name_en = data.place_names[place_id]
        captions = f"从{name}出发的可达人口随时间的累计", f"People within reach of {name_en} against minutes"
        yield PictureJob("cumulative", f"C3_people_{place_id}", *captions, partial(_draw_people, data, place_id))
    captions = "城市之间的分钟数", "Minutes between cities"
    yield PictureJob("matrix", "C4_matrix", *captions, partial(_draw_matrix, data))
    origin = next((target.from_ for target in data.targets.values() if target.from_), None)
    if origin is not None and len({result.scenario.year for result in data.results}) > 1:
        captions = "各城市分钟数随年份的变化", "Minutes of each city by year"
        yield PictureJob("slopegraph", "C5_slopes", *captions, partial(_draw_slopes, data, origin))


def _draw_legs(data: ReportData, from_id: str, to_id: str, target_id: str) -> Figure:
    (name, name_en), (other, other_en) = data.place_names[from_id], data.place_names[to_id]
    legs = list_door_to_door_legs(data.results, from_id, to_id, target=target_id)
    full = data.result(data.full_id)
    times = full.city_times
    row = times[(times["from_id"] == from_id) & (times["to_id"] == to_id)].iloc[0]
    if pd.isna(row["rail_min"]):
        title = f"{name}—{other}：没有列车", f"{name_en} - {other_en}: no train"
    else:
        outside = row["rail_min"] - row["ride_min"]
        title = (
            f"{name}—{other}：乘火车{row['rail_min']:.0f}分钟中有{outside:.0f}分钟不在列车上",
            f"{name_en} - {other_en}: {outside:.0f} of {row['rail_min']:.0f} minutes by train are not spent in it",
        )
    run = name_run(full)
    subtitle = (f"标题为{run[0]}、中心到中心", f"The title is about {run[1]}, centre to centre")
    return draw_door_to_door_bars(
        legs, text=chart_text(data, title, subtitle), limit_min=data.targets[target_id].limit_min
    )


def _draw_timeline(data: ReportData) -> Figure:
    first = add_opening_range(name_first_year_met(data.verdicts()), data.results, data.projects)
    shown = _targets_on_timeline(data, first)
    met = int(first.dropna(subset=["first_year"])["target"].nunique())
    total = int(first["target"].nunique())
    title = (
        f"{total}个目标中有{met}个至少在一种口径下达到",
        f"{met} of {total} targets {'is' if met == 1 else 'are'} met in at least one reading",
    )
    subtitle = ("", "")
    if len(shown) < total:
        subtitle = (
            f"列出{len(shown)}个：首页的目标，以及判定随年份变化的目标",
            f"{len(shown)} of them are shown: those of the first page, and those whose verdict changes with the year",
        )
    order = {target: number for number, target in enumerate(shown)}
    rows = first[first["target"].isin(shown)]
    rows = rows.sort_values("target", key=lambda column: column.map(order), kind="stable")
    years = sorted(result.scenario.year for result in data.results)
    names = {key: (data.targets[key].name, data.targets[key].name_en) for key in shown}
    due = {key: tuple(data.targets[key].due) for key in shown}
    span = (years[0], max(years[-1], years[0] + 1))
    return draw_target_timeline(rows, names=names, due=due, years=span, text=chart_text(data, title, subtitle))


def _targets_on_timeline(data: ReportData, first: pd.DataFrame) -> list[str]:
    """Return the targets of the first page, and those that come to be met in some reading after the first year."""
    begin = min(result.scenario.year for result in data.results)
    later = first[first["first_year"].notna() & (first["first_year"] != begin)]["target"]
    known = set(first["target"])
    every = dict.fromkeys([*(one for one in data.first_page() if one in known), *map(str, later)])
    return list(every)[:TARGETS_ON_TIMELINE]


def _draw_people(data: ReportData, place_id: str) -> Figure:
    curves = []
    for result in _base_first(data):
        minutes, people = cumulate_people(
            result.surface(place_id).astype("float64"), result.region.grid.population, upto_min=LONGEST_CURVE_MIN
        )
        label, label_en = name_run(result)
        curves.append(Curve(label, label_en, minutes, people))
    name, name_en = data.place_names[place_id]
    gained = float(curves[-1].people[120] - curves[0].people[120])
    if len(curves) == 1:
        within = float(curves[0].people[120])
        title = (
            f"从{name}出发120分钟内有{within / 1e4:,.0f}万人",
            f"{within / 1e6:,.1f} million people within 120 minutes of {name_en}",
        )
    else:
        title = (
            f"从{name}出发120分钟内的人口{'增加' if gained >= 0 else '减少'}{abs(gained) / 1e4:,.0f}万",
            f"{abs(gained) / 1e6:,.1f} million {'more' if gained >= 0 else 'fewer'} people within 120 minutes of {name_en}",
        )
    return draw_cumulative_people(curves, text=chart_text(data, title))


def _base_first(data: ReportData) -> list[Result]:
    """Return the runs with the base first and the last scenario last, as many as can be told apart."""
    others = [r for r in data.results if r.scenario.scenario_id not in (data.base_id, data.full_id)]
    ends = [data.result(key) for key in dict.fromkeys((data.base_id, data.full_id))]
    return [ends[0], *others[: len(SERIES_LOOKS) - 2], *ends[1:]]


def _draw_matrix(data: ReportData) -> Figure:
    result = data.result(data.full_id)
    members = result.region.cities_of_set(data.city_set)
    times = result.city_times
    chosen = times[times["from_id"].isin(members) & times["to_id"].isin(members) & (times["from_id"] != times["to_id"])]
    minutes = chosen.pivot_table(index="from_id", columns="to_id", values="best_min").reindex(
        index=members, columns=members
    )
    within = float((chosen["best_min"] <= 120).mean())
    title = (
        f"{len(members)}市之间有{within:.0%}的城市对在120分钟以内",
        f"{within:.0%} of the pairs of {len(members)} cities are within 120 minutes",
    )
    run = name_run(result)
    subtitle = (f"{run[0]}；中心到中心，较快方式", f"{run[1]}; centre to centre, faster mode")
    names = result.region.cities[["city_id", "name", "name_en"]]
    return draw_city_matrix(minutes, names, text=chart_text(data, title, subtitle))


def _draw_slopes(data: ReportData, origin: str) -> Figure:
    members = [city for city in data.results[0].region.cities_of_set(data.city_set) if city != origin]
    columns: dict[int, pd.Series[Any]] = {}
    for result in data.results:
        times = result.city_times
        columns[result.scenario.year] = times[times["from_id"] == origin].set_index("to_id")["best_min"]
    frame = pd.DataFrame({year: values.reindex(members) for year, values in sorted(columns.items())})
    names = [data.place_names[city] for city in members]
    frame.insert(0, "name_en", [name[1] for name in names])
    frame.insert(0, "name", [name[0] for name in names])
    years = sorted(columns)
    fewer = int((frame[years[-1]] <= frame[years[0]] - LEAST_NEARER_MIN).sum())
    name, name_en = data.place_names[origin]
    title = (
        f"从{name}出发，{fewer}个城市近了{LEAST_NEARER_MIN:.0f}分钟以上",
        f"{fewer} {'city comes' if fewer == 1 else 'cities come'} {LEAST_NEARER_MIN:.0f} minutes or more nearer to {name_en}",
    )
    subtitle = ("中心到中心，较快方式", "Centre to centre, faster mode")
    return draw_slopegraph(frame.reset_index(drop=True), text=chart_text(data, title, subtitle))
