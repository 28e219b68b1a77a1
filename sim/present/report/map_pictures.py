"""Stage 5e: the maps of the report, each with its caption in both languages."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from sim.measures.accessibility import average_minutes, minutes_matrix
from sim.measures.result import Result
from sim.network.network import Network
from sim.present.place_maps import (
    draw_difference,
    draw_dominant_project,
    draw_isochrones,
    draw_new_reach,
    draw_side_by_side,
    draw_years,
)
from sim.present.report.data import ReportData
from sim.present.report.picture_jobs import Draw, PictureJob, name_pair, name_run
from sim.present.study_maps import (
    draw_crossings,
    draw_distorted,
    draw_distorted_years,
    draw_metropolitan_area,
    draw_network,
    draw_weighted_time_change,
)
from sim.present.style import PROJECT_LOOKS

__all__ = ["list_map_jobs"]

MOST_PANELS = 6
"""Maps on one sheet that can still be read on a page."""


def list_map_jobs(data: ReportData, open_network: Network) -> Iterator[PictureJob]:
    """Yield the maps that the study chose; none where there is no coast to draw.

    Parameters
    ----------
    open_network : the network without projects in the year of the base, for the map by status.
    """
    base, full = data.result(data.base_id), data.result(data.full_id)
    if base.region.land is None:
        return
    language = data.choices.language
    if "network" in data.choices.maps:
        year = base.scenario.year
        draw = partial(draw_network, open_network, data.projects, base.region, year=year, language=language)
        captions = ("路网与铁路网：按状态与开通年份", "Network by status and opening year")
        yield PictureJob("network", "M1_network", *captions, draw)
    places = data.choices.places or tuple(full.surfaces)
    for place_id in places:
        yield from _isochrones(data, place_id)
    if places:
        yield from _many_scenarios(data, places[0])
    for place_id in places:
        yield from _differences(data, place_id)
    if places:
        yield from _of_first_place(data, places[0])
    if "differences" in data.choices.maps:
        yield from _average_times(data)


def _isochrones(data: ReportData, place_id: str) -> Iterator[PictureJob]:
    """Yield the isochrones of a place in the base and in the last scenario, each alone and both beside each other."""
    if "isochrones" not in data.choices.maps:
        return
    language, (name, name_en) = data.choices.language, data.place_names[place_id]
    runs = _base_and_full(data)
    for number, result in enumerate(runs, start=2):
        run = name_run(result)
        yield PictureJob(
            "isochrones",
            f"M{number}_isochrones_{place_id}_{result.scenario.scenario_id}",
            f"从{name}出发的等时圈：{run[0]}",
            f"Isochrones from {name_en}: {run[1]}",
            partial(draw_isochrones, result, place_id, language=language),
        )
    if len(runs) == 2:
        pair = name_pair(runs[0], runs[1])
        yield PictureJob(
            "side_by_side",
            f"M3_side_by_side_{place_id}",
            f"从{name}出发的等时圈对照：{pair[0]}",
            f"Isochrones from {name_en} side by side: {pair[1]}",
            partial(draw_side_by_side, runs[0], runs[1], place_id, language=language),
        )


def _base_and_full(data: ReportData) -> list[Result]:
    """Return the base and the last scenario, one run where they are the same."""
    return [data.result(key) for key in dict.fromkeys((data.base_id, data.full_id))]


def _spread(results: list[Result]) -> list[Result]:
    """Return as many runs as a sheet holds: the first, the last, and the earliest between."""
    return results if len(results) <= MOST_PANELS else [*results[: MOST_PANELS - 1], results[-1]]


def _many_scenarios(data: ReportData, place_id: str) -> Iterator[PictureJob]:
    """Yield small maps of every scenario: isochrones, and distance as minutes."""
    chosen, language, (name, name_en) = data.choices.maps, data.choices.language, data.place_names[place_id]
    shown = _spread(list(data.results))
    if len(shown) < 2:
        return
    if "small_multiples" in chosen:
        captions = f"从{name}出发的等时圈，各情景", f"Isochrones from {name_en} by scenario"
        draw: Draw = partial(draw_years, shown, place_id, language=language)
        yield PictureJob("small_multiples", "M3_years", *captions, draw)
    if "time_distorted" in chosen and _is_city(data, place_id):
        captions = (
            f"时间地图，各情景：距离即到{name}的分钟数",
            f"Time maps by scenario: distance is minutes from {name_en}",
        )
        draw = partial(draw_distorted_years, shown, place_id, language=language)
        yield PictureJob("time_distorted", "M9_time_maps", *captions, draw)


def _is_city(data: ReportData, place_id: str) -> bool:
    """True where minutes between cities start from a place."""
    return bool((data.results[0].city_times["from_id"] == place_id).any())


def _differences(data: ReportData, place_id: str) -> Iterator[PictureJob]:
    """Yield what the last scenario saves against the base, and who comes newly within two hours."""
    runs = _base_and_full(data)
    if "differences" not in data.choices.maps or len(runs) < 2:
        return
    language, (name, name_en), pair = data.choices.language, data.place_names[place_id], name_pair(runs[0], runs[1])
    yield PictureJob(
        "differences",
        f"M4_difference_{place_id}",
        f"到{name}节省的分钟数：{pair[0]}",
        f"Minutes saved to {name_en}: {pair[1]}",
        partial(draw_difference, runs[0], runs[1], place_id, language=language),
    )
    yield PictureJob(
        "newly_reached",
        f"M4_newly_reached_{place_id}",
        f"{name}120分钟圈新增人口：{pair[0]}",
        f"People newly within 120 min of {name_en}: {pair[1]}",
        partial(draw_new_reach, runs[0], runs[1], place_id, language=language),
    )


def _of_first_place(data: ReportData, place_id: str) -> Iterator[PictureJob]:
    """Yield the maps that are drawn of the first place only."""
    chosen, language, (name, name_en) = data.choices.maps, data.choices.language, data.place_names[place_id]
    base, full = data.result(data.base_id), data.result(data.full_id)
    savings = _leading_savings(data, full)
    if "dominant" in chosen and savings:
        draw: Draw = partial(draw_dominant_project, full, place_id, savings, language=language)
        captions = f"到{name}：各处节省时间最多的项目", f"To {name_en}: the project that saves each place most"
        yield PictureJob("dominant", "M6_dominant_project", *captions, draw)
    if "time_distorted" in chosen and _is_city(data, place_id) and base is not full:
        draw = partial(draw_distorted, full, place_id, base=base, language=language)
        captions = f"时间地图：距离即到{name}的分钟数", f"Time map: distance is minutes from {name_en}"
        yield PictureJob("time_distorted", "M9_time_map", *captions, draw)
    if "close_ups" in chosen:
        run = name_run(full)
        draw = partial(draw_metropolitan_area, full, place_id, language=language)
        captions = f"都市圈放大图：{run[0]}", f"The metropolitan area: {run[1]}"
        yield PictureJob("close_ups", "M8_metropolitan_area", *captions, draw)
        draw = partial(draw_crossings, full, data.projects, place_id, language=language)
        captions = f"跨海通道与岛屿：{run[0]}", f"Sea crossings and islands: {run[1]}"
        yield PictureJob("close_ups", "M8_crossings", *captions, draw)


def _leading_savings(data: ReportData, full: Result) -> dict[str, np.ndarray]:
    """Return what the projects of a run save, those that save people most, as many as can be told apart."""
    people = full.region.grid.population
    totals = {
        project: float((np.nan_to_num(saved) * people).sum())
        for project, saved in data.savings.items()
        if project in full.projects and saved.shape == people.shape
    }
    leading = sorted(totals, key=lambda project: -totals[project])[: len(PROJECT_LOOKS)]
    return {project: data.savings[project] for project in leading if totals[project] > 0}


def _average_times(data: ReportData) -> Iterator[PictureJob]:
    """Yield how the weighted average travel time of each city changes."""
    runs = _base_and_full(data)
    members = runs[0].region.cities_of_set(data.city_set)
    if len(runs) < 2 or len(members) < 2:
        return
    before, after = (_average_of(result, members) for result in runs)
    weighted = pd.DataFrame({"city_id": members, "before_min": before, "after_min": after})
    weighted = weighted[np.isfinite(weighted[["before_min", "after_min"]]).all(axis=1)]
    if weighted.empty:
        return
    pair = name_pair(runs[0], runs[1])
    yield PictureJob(
        "weighted_time",
        "M5_average_time",
        f"各城市加权平均旅行时间的变化：{pair[0]}",
        f"Change of each city's weighted average travel time: {pair[1]}",
        partial(draw_weighted_time_change, runs[1], weighted, base=runs[0], language=data.choices.language),
    )


def _average_of(result: Result, members: list[str]) -> np.ndarray:
    """Return the average minutes of cities to each other, weighted by their people, by the faster of road and rail."""
    weights = result.region.people_by("city_id").reindex(members).to_numpy(dtype=np.float64)
    return average_minutes(minutes_matrix(result.city_times, members, "best_min"), weights)
