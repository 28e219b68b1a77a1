"""Stage 5e: the figures of the report, drawn from runs and tables, each with its caption in both languages."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from sim.measures.result import Result
from sim.measures.targets import name_first_year_met
from sim.network.network import Network
from sim.present.chart_sheet import ChartText
from sim.present.city_charts import Curve, cumulate_people, draw_city_matrix, draw_cumulative_people, draw_slopegraph
from sim.present.figures import save_figure
from sim.present.leg_charts import draw_door_to_door_bars, list_door_to_door_legs
from sim.present.place_maps import draw_difference, draw_isochrones, draw_new_reach, draw_years
from sim.present.project_charts import draw_contribution_waterfall, draw_options_frontier, draw_synergy_matrix
from sim.present.report.data import Picture, ReportData
from sim.present.report.findings import name_player, name_target, name_value
from sim.present.report.sentences import Sentences
from sim.present.study_maps import draw_crossings, draw_distorted, draw_metropolitan_area, draw_network
from sim.present.target_charts import draw_switching_tornado, draw_target_timeline

__all__ = ["draw_pictures"]

SOURCE_NOTE = "按本报告“范围与口径”一章计算；理想可达范围，不是实际出行。"
SOURCE_NOTE_EN = "Computed as the chapter on scope and definitions says; an ideal range, not observed trips."
LONGEST_CURVE_MIN = 240.0


@dataclass(frozen=True)
class _Job:
    """One figure to be drawn: the kind it belongs to, its file, captions, and how it is drawn."""

    kind: str
    stem: str
    caption: str
    caption_en: str
    draw: Callable[[], Figure]


def draw_pictures(
    data: ReportData, open_network: Network, folder: Path, *, report: Callable[[str], None] = lambda _: None
) -> list[Picture]:
    """Draw every figure that the study chose and whose data exist, and return them in the order of the report.

    Parameters
    ----------
    open_network : the network without projects in the year of the first scenario, for the map by status.
    folder : takes each figure as PNG, SVG and PDF.
    report : is told the file of each figure as it begins.
    """
    pictures = []
    for job in (*_map_jobs(data, open_network), *_chart_jobs(data), *_project_jobs(data), *_option_jobs(data)):
        report(job.stem)
        figure = job.draw()
        path = save_figure(figure, folder / job.stem)[0]
        plt.close(figure)
        pictures.append(Picture(job.kind, path, job.caption, job.caption_en))
    return pictures


def _map_jobs(data: ReportData, open_network: Network) -> Iterator[_Job]:
    chosen, language = data.choices.maps, data.choices.language
    base, full = data.result(data.base_id), data.result(data.full_id)
    if base.region.land is None:
        return  # a tiny network has no coast to draw
    places = data.choices.places or tuple(full.surfaces)
    year = base.scenario.year
    pair = (f"{base.scenario.name} → {full.scenario.name}", f"{base.scenario.name_en} → {full.scenario.name_en}")
    if "network" in chosen:
        draw = partial(draw_network, open_network, data.projects, base.region, year=year, language=language)
        yield _Job(
            "network", "M1_network", "路网与铁路网：按状态与开通年份", "Network by status and opening year", draw
        )
    for place_id in places:
        name, name_en = data.place_names[place_id]
        if "isochrones" in chosen:
            for result in (base, full):
                scenario = result.scenario
                yield _Job(
                    "isochrones",
                    f"M2_isochrones_{place_id}_{scenario.scenario_id}",
                    f"从{name}出发的等时圈：{scenario.year} {scenario.name}",
                    f"Isochrones from {name_en}: {scenario.year} {scenario.name_en}",
                    partial(draw_isochrones, result, place_id, language=language),
                )
        if "differences" in chosen:
            yield _Job(
                "differences",
                f"M4_difference_{place_id}",
                f"到{name}节省的分钟数：{pair[0]}",
                f"Minutes saved to {name_en}: {pair[1]}",
                partial(draw_difference, base, full, place_id, language=language),
            )
    if not places:
        return
    yield from _first_place_jobs(data, places[0], pair)


def _first_place_jobs(data: ReportData, place_id: str, pair: tuple[str, str]) -> Iterator[_Job]:
    """Return the maps that are drawn of the first place only."""
    chosen, language = data.choices.maps, data.choices.language
    base, full = data.result(data.base_id), data.result(data.full_id)
    name, name_en = data.place_names[place_id]
    if "small_multiples" in chosen:
        draw: Callable[[], Figure] = partial(draw_years, list(data.results)[:6], place_id, language=language)
        yield _Job(
            "small_multiples",
            "M3_years",
            f"从{name}出发的等时圈，各情景",
            f"Isochrones from {name_en} by scenario",
            draw,
        )
    if "differences" in chosen:
        draw = partial(draw_new_reach, base, full, place_id, language=language)
        text, text_en = f"{name}120分钟圈新增人口：{pair[0]}", f"People newly within 120 min of {name_en}: {pair[1]}"
        yield _Job("newly_reached", "M4_newly_reached", text, text_en, draw)
    if "time_distorted" in chosen:
        draw = partial(draw_distorted, full, place_id, base=base, language=language)
        text, text_en = f"时间地图：距离即到{name}的分钟数", f"Time map: distance is minutes from {name_en}"
        yield _Job("time_distorted", "M6_time_map", text, text_en, draw)
    if "close_ups" in chosen:
        draw = partial(draw_metropolitan_area, full, place_id, language=language)
        yield _Job("close_ups", "M8_metropolitan_area", "都市圈放大图", "The metropolitan area", draw)
        draw = partial(draw_crossings, full, data.projects, place_id, language=language)
        yield _Job("close_ups", "M8_crossings", "跨海通道与岛屿", "Sea crossings and islands", draw)


def _chart_jobs(data: ReportData) -> Iterator[_Job]:
    pairs = dict.fromkeys((t.from_, t.to[0], key) for key, t in data.targets.items() if len(t.to) == 1 and t.from_)
    for from_id, to_id, target_id in list(pairs)[:1]:
        yield _Job(
            "legs",
            "C1_legs",
            "各口径、各情景的时间由哪些环节构成",
            "Minutes by leg, for every reading and scenario",
            partial(_draw_legs, data, from_id, to_id, target_id),
        )
    yield _Job(
        "target_timeline",
        "C2_timeline",
        "各目标首次达到的年份",
        "First year in which each target is met",
        partial(_draw_timeline, data),
    )
    if data.results[0].surfaces:
        place_id = (data.choices.places or tuple(data.results[0].surfaces))[0]
        name, name_en = data.place_names[place_id]
        yield _Job(
            "cumulative",
            "C3_people",
            f"从{name}出发的可达人口随时间的累计",
            f"People within reach of {name_en} against minutes",
            partial(_draw_people, data, place_id),
        )
    yield _Job("matrix", "C4_matrix", "城市之间的分钟数", "Minutes between cities", partial(_draw_matrix, data))
    yield _Job(
        "slopegraph",
        "C5_slopes",
        "各城市分钟数随年份的变化",
        "Minutes of each city by year",
        partial(_draw_slopes, data),
    )


def _project_jobs(data: ReportData) -> Iterator[_Job]:
    """Return the charts of comparisons whose tables have been written."""
    contributions, synergies = data.table("contributions"), data.table("synergy")
    sentences = {language: Sentences(language) for language in ("zh", "en")}
    if contributions is not None:
        value = str(contributions["value"].iloc[0])
        quantity = (name_value(data, sentences["zh"], value), name_value(data, sentences["en"], value))
        names = {
            player: (name_player(data, sentences["zh"], player), name_player(data, sentences["en"], player))
            for player in contributions["player"].astype(str)
        }
        rows = contributions[contributions["value"] == value]
        text = _text(data, f"各项目对“{quantity[0]}”的贡献", f"What each project adds to {quantity[1]}")
        draw: Callable[[], Figure] = partial(
            draw_contribution_waterfall, rows, base_value=0.0, names=names, quantity=quantity, text=text
        )
        yield _Job(
            "contributions",
            "C6_contributions",
            "各项目的贡献（沙普利值）",
            "Contribution of each project (Shapley)",
            draw,
        )
        if synergies is not None and (synergies["value"] == value).any():
            rows = synergies[synergies["value"] == value]
            text = _text(
                data, f"项目之间在“{quantity[0]}”上的替代与互补", f"Substitutes and complements in {quantity[1]}"
            )
            draw = partial(draw_synergy_matrix, rows, names=names, quantity=quantity, text=text)
            yield _Job("contributions", "C7_synergy", "项目之间的替代与互补", "Substitutes and complements", draw)


def _option_jobs(data: ReportData) -> Iterator[_Job]:
    """Return the efficient frontier of the options, and what each lever does for one target, where they are known."""
    options, switches = data.table("options"), data.table("switching_values")
    zh, en = Sentences("zh"), Sentences("en")
    if options is not None:
        value = str(options["value"].iloc[0])
        quantity = (name_value(data, zh, value), name_value(data, en, value))
        names = {str(o): (name_player(data, zh, str(o)), name_player(data, en, str(o))) for o in options["option"]}
        text = _text(data, f"方案的投资与收益：{quantity[0]}", f"Cost and gain of the options: {quantity[1]}")
        rows = options[options["value"] == value]
        draw: Callable[[], Figure] = partial(draw_options_frontier, rows, names=names, quantity=quantity, text=text)
        yield _Job("options", "C8_options", "方案的投资与收益", "Cost and gain of the options", draw)
    if switches is not None:
        target, reading = switches["target"].iloc[0], switches["reading"].iloc[0]
        rows = switches[(switches["target"] == target) & (switches["reading"] == reading)]
        rows = rows.rename(columns={"value_min": "now_value_min"})
        levers = {str(k): (zh.say(f"lever.{k}"), en.say(f"lever.{k}")) for k in rows["lever"]}
        asked = (
            f"{name_target(data, zh, target)}，{zh.say(f'reading.{reading}')}",
            f"{name_target(data, en, target)}, {en.say(f'reading.{reading}')}",
        )
        text = _text(data, f"单独改变一项能到多少分钟：{asked[0]}", f"How far each thing alone brings it: {asked[1]}")
        draw = partial(draw_switching_tornado, rows, names=levers, text=text)
        yield _Job(
            "switching",
            "C9_switching",
            f"单独改变一项的效果：{asked[0]}",
            f"What each thing does alone: {asked[1]}",
            draw,
        )


def _text(data: ReportData, title: str, title_en: str, subtitle: str = "", subtitle_en: str = "") -> ChartText:
    return ChartText(
        title=title,
        title_en=title_en,
        subtitle=subtitle,
        subtitle_en=subtitle_en,
        note=SOURCE_NOTE,
        note_en=SOURCE_NOTE_EN,
        language=data.choices.language,
    )


def _draw_legs(data: ReportData, from_id: str, to_id: str, target_id: str) -> Figure:
    (name, name_en), (other, other_en) = data.place_names[from_id], data.place_names[to_id]
    legs = list_door_to_door_legs(data.results, from_id, to_id, target=target_id)
    full = _row_of(data.result(data.full_id), from_id, to_id)
    outside = full["rail_min"] - full["ride_min"]
    text = _text(
        data,
        f"{name}—{other}：{full['rail_min']:.0f}分钟中有{outside:.0f}分钟不在列车上",
        f"{name_en} - {other_en}: {outside:.0f} of {full['rail_min']:.0f} minutes are not spent in the train",
    )
    return draw_door_to_door_bars(legs, text=text, limit_min=data.targets[target_id].limit_min)


def _row_of(result: Result, from_id: str, to_id: str) -> dict[str, Any]:
    times = result.city_times
    return dict(times[(times["from_id"] == from_id) & (times["to_id"] == to_id)].iloc[0])


def _draw_timeline(data: ReportData) -> Figure:
    first = name_first_year_met(data.verdicts())
    shown = data.first_page()
    first = first[first["target"].isin(shown)]
    names = {key: (target.name, target.name_en) for key, target in data.targets.items() if key in shown}
    years = sorted(result.scenario.year for result in data.results)
    met = int(first.dropna(subset=["first_year"])["target"].nunique())
    text = _text(
        data,
        f"{len(names)}个目标中有{met}个至少在一种口径下达到",
        f"{met} of {len(names)} targets are met in at least one reading",
    )
    due = {key: tuple(data.targets[key].due) for key in shown}
    return draw_target_timeline(first, names=names, due=due, years=(years[0], years[-1]), text=text)


def _draw_people(data: ReportData, place_id: str) -> Figure:
    curves = []
    for result in _base_and_last(data):
        population = result.region.grid.population
        minutes, people = cumulate_people(
            result.surface(place_id).astype("float64"), population, upto_min=LONGEST_CURVE_MIN
        )
        scenario = result.scenario
        curves.append(Curve(f"{scenario.year} {scenario.name}", f"{scenario.year} {scenario.name_en}", minutes, people))
    name, name_en = data.place_names[place_id]
    gained = float(curves[-1].people[120] - curves[0].people[120])
    text = _text(
        data,
        f"从{name}出发120分钟内的人口增加{gained / 1e4:,.0f}万",
        f"{gained / 1e6:,.1f} million more people within 120 minutes of {name_en}",
    )
    return draw_cumulative_people(curves, text=text)


def _base_and_last(data: ReportData) -> Sequence[Result]:
    """Return the base, and the scenarios after it as far as curves can be told apart."""
    chosen = [data.result(data.base_id), data.result(data.full_id)]
    return list({result.scenario.scenario_id: result for result in chosen}.values())


def _draw_matrix(data: ReportData) -> Figure:
    result = data.result(data.full_id)
    members = result.region.cities_of_set(data.city_set)
    times = result.city_times
    chosen = times[times["from_id"].isin(members) & times["to_id"].isin(members)]
    minutes = chosen.pivot_table(index="from_id", columns="to_id", values="best_min").reindex(
        index=members, columns=members
    )
    within = float((chosen["best_min"] <= 120).mean())
    text = _text(
        data,
        f"{len(members)}市之间有{within:.0%}的城市对在120分钟以内",
        f"{within:.0%} of the pairs of {len(members)} cities are within 120 minutes",
        f"{result.scenario.year} {result.scenario.name}；中心到中心，较快方式",
        f"{result.scenario.year} {result.scenario.name_en}; centre to centre, faster mode",
    )
    return draw_city_matrix(minutes, result.region.cities[["city_id", "name", "name_en"]], text=text)


def _draw_slopes(data: ReportData) -> Figure:
    target = next(iter(data.targets.values()))
    members = [city for city in data.results[0].region.cities_of_set(data.city_set) if city != target.from_]
    columns: dict[int, pd.Series[Any]] = {}
    for result in data.results:
        times = result.city_times
        columns[result.scenario.year] = times[times["from_id"] == target.from_].set_index("to_id")["best_min"]
    frame = pd.DataFrame({year: values.reindex(members) for year, values in columns.items()})
    names = [data.place_names[city] for city in members]
    frame.insert(0, "name_en", [name[1] for name in names])
    frame.insert(0, "name", [name[0] for name in names])
    years = list(columns)
    fewer = int((frame[years[-1]] <= frame[years[0]] - 5).sum())
    name, name_en = data.place_names[target.from_]
    text = _text(
        data,
        f"从{name}出发，{fewer}个城市近了5分钟以上",
        f"{fewer} cities come five minutes or more nearer to {name_en}",
    )
    return draw_slopegraph(frame.reset_index(drop=True), text=text)
