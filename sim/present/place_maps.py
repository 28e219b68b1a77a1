"""Last stage, maps of a place in one or more runs: isochrones, what changes, who comes within a circle, thanks to what.

Each function takes Results and returns a figure whose title is its finding; the drawing itself is in modules that take
arrays and tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.measures.isochrones import cells_within
from sim.measures.result import Mode, Result
from sim.present.difference_maps import draw_difference_map, draw_new_reach_map
from sim.present.dominant_maps import draw_dominant_project_map
from sim.present.isochrone_maps import Bbox, Panel, draw_isochrone_map, draw_isochrone_panels
from sim.present.result_layers import (
    base_of,
    close_up_of,
    describe_pair,
    layers_of,
    origin_of,
    people_en,
    people_zh,
    text_of,
)
from sim.present.style import HEAVY_CUTOFFS_MIN, Language

__all__ = [
    "SOUTH_OF_THE_DELTA",
    "View",
    "draw_difference",
    "draw_dominant_project",
    "draw_isochrones",
    "draw_new_reach",
    "draw_side_by_side",
    "draw_years",
    "find_reach",
]

View = Literal["delta", "near"] | Bbox
"""The whole study land, the surroundings of the place, or a box of degrees."""

SOUTH_OF_THE_DELTA: Bbox = (118.2, 28.0, 123.2, 32.3)
"""What small maps around Ningbo show: wide enough for its two-hour circle with every project."""


def draw_isochrones(
    result: Result, place_id: str, *, mode: Mode = "best", view: View = "delta", language: Language = "both"
) -> Figure:
    """Return the isochrone map of a place in one run.

    Parameters
    ----------
    result
        From `Study.run`.
    place_id
        One of the study's `places`.
    mode
        By road and rail, whichever is faster, or by one of them.
    view
        The whole study land, the surroundings of the place, or west, south, east, north in degrees.
    language
        Of everything on the sheet.

    Raises
    ------
    InputError
        If the study computes no surface for this place, or has no coast to draw.

    Examples
    --------
    >>> import sim
    >>> result = sim.read_study("scenarios/circles").run("plan_2027")  # doctest: +SKIP
    >>> sim.maps.draw_isochrones(result, "ningbo").savefig("ningbo.png")  # doctest: +SKIP
    """
    minutes = result.surface(place_id, mode).astype(np.float64)
    bbox = bbox_of(result, place_id, view)
    return draw_isochrone_map(
        minutes=minutes,
        base=base_of(result.region),
        layers=layers_of(result, bbox=bbox),
        origin=origin_of(result.region, place_id),
        text=text_of(result, title=find_reach(result, place_id, mode), language=language),
        bbox=bbox,
        cutoffs_min=result.cutoffs_min,
        heavy_min=[cutoff for cutoff in HEAVY_CUTOFFS_MIN if cutoff in result.cutoffs_min],
    )


def find_reach(result: Result, place_id: str, mode: Mode = "best") -> tuple[str, str]:
    """Return the finding of an isochrone map: people within the two circles, in Chinese and in English."""
    origin = origin_of(result.region, place_id)
    how = {"best": ("驾车或乘火车", "by car or train"), "rail": ("乘火车", "by train"), "road": ("驾车", "by car")}[
        mode
    ]
    found = [(cutoff, _people(result, place_id, cutoff, mode)) for cutoff in HEAVY_CUTOFFS_MIN]
    zh = "，".join(f"{cutoff / 60:g}小时内可达{people_zh(people)}" for cutoff, people in found)
    en = ", ".join(f"{people_en(people)} within {cutoff:g} min" for cutoff, people in found)
    return f"从{origin.name}出发（{how[0]}）：{zh}", f"From {origin.name_en} {how[1]}: {en}"


def _people(result: Result, place_id: str, cutoff_min: float, mode: Mode = "best") -> float:
    within = cells_within(result.surface(place_id, mode), cutoff_min) & result.region.grid.is_land
    return float(result.region.grid.population[within].sum())


def bbox_of(result: Result, place_id: str, view: View) -> Bbox | None:
    if view == "delta":
        return None
    return close_up_of(result.region, place_id) if view == "near" else view


def _panel_of(result: Result, place_id: str, bbox: Bbox | None) -> Panel:
    layers = layers_of(result)
    if layers.places is not None and bbox is not None:
        layers = replace(layers, stations=None)
    people = [_people(result, place_id, cutoff) for cutoff in HEAVY_CUTOFFS_MIN]
    scenario = result.scenario
    return Panel(
        minutes=result.surface(place_id).astype(np.float64),
        layers=layers,
        title=f"{scenario.year}　1小时 {people_zh(people[0])}　2小时 {people_zh(people[1])}",
        title_en=f"{scenario.year}: {people[0] / 1e6:.1f} m in 60 min, {people[1] / 1e6:.1f} m in 120",
    )


def draw_side_by_side(
    base: Result, other: Result, place_id: str, *, view: View = SOUTH_OF_THE_DELTA, language: Language = "both"
) -> Figure:
    """Return the isochrones of a place in two runs beside each other, in one extent and one set of classes."""
    bbox = bbox_of(base, place_id, view)
    gains = [_people(other, place_id, cutoff) - _people(base, place_id, cutoff) for cutoff in HEAVY_CUTOFFS_MIN]
    origin = origin_of(base.region, place_id)
    title = (
        f"{origin.name}：1小时圈{_signed_zh(gains[0])}，2小时圈{_signed_zh(gains[1])}",
        f"{origin.name_en}: {_signed_en(gains[0])} within 60 min, {_signed_en(gains[1])} within 120 min",
    )
    return draw_isochrone_panels(
        [_panel_of(one, place_id, bbox) for one in (base, other)],
        base=base_of(base.region),
        origin=origin,
        text=text_of(other, title=title, scenario=describe_pair(base, other), language=language),
        bbox=bbox,
        map_height_mm=92.0,
        cutoffs_min=other.cutoffs_min,
        heavy_min=[cutoff for cutoff in HEAVY_CUTOFFS_MIN if cutoff in other.cutoffs_min],
    )


def draw_years(
    results: Sequence[Result], place_id: str, *, view: View = SOUTH_OF_THE_DELTA, language: Language = "both"
) -> Figure:
    """Return small isochrone maps of a place, one a run in the order given, in one extent and one set of classes."""
    bbox = bbox_of(results[0], place_id, view)
    origin = origin_of(results[0].region, place_id)
    first, last = (_people(one, place_id, 120.0) for one in (results[0], results[-1]))
    years = (results[0].scenario.year, results[-1].scenario.year)
    title = (
        f"{origin.name}2小时圈：{years[0]}年{people_zh(first)}，{years[1]}年{people_zh(last)}",
        f"Within two hours of {origin.name_en}: {people_en(first)} in {years[0]}, {people_en(last)} in {years[1]}",
    )
    names = "；".join(f"{one.scenario.year} {one.scenario.name}" for one in results)
    names_en = "; ".join(f"{one.scenario.year} {one.scenario.name_en}" for one in results)
    columns = 3 if len(results) > 4 else 2
    rows = -(-len(results) // columns)
    return draw_isochrone_panels(
        [_panel_of(one, place_id, bbox) for one in results],
        base=base_of(results[0].region),
        origin=origin,
        text=text_of(results[-1], title=title, scenario=(names, names_en), language=language),
        bbox=bbox,
        columns=columns,
        map_height_mm=rows * (74.0 if columns == 3 else 92.0),
        cutoffs_min=results[0].cutoffs_min,
        heavy_min=[cutoff for cutoff in HEAVY_CUTOFFS_MIN if cutoff in results[0].cutoffs_min],
    )


def _signed_zh(people: float) -> str:
    if round(people, -2) == 0:
        return "人口不变"
    return f"{'增加' if people > 0 else '减少'}{people_zh(abs(people))}"


def _signed_en(people: float) -> str:
    if round(people, -2) == 0:
        return "no change"
    return people_en(abs(people)).replace(" people", " more people" if people > 0 else " fewer people")


def draw_difference(
    base: Result,
    other: Result,
    place_id: str,
    *,
    within_min: float = 120.0,
    view: View = "delta",
    language: Language = "both",
) -> Figure:
    """Return the map of minutes saved from one run to another; what comes within a circle is a class of its own."""
    bbox = bbox_of(other, place_id, view)
    before, after = (one.surface(place_id).astype(np.float64) for one in (base, other))
    return draw_difference_map(
        before=before,
        after=after,
        base=base_of(other.region),
        layers=layers_of(other, bbox=bbox),
        origin=origin_of(other.region, place_id),
        text=text_of(
            other,
            title=_find_savings(other, place_id, before, after),
            scenario=describe_pair(base, other),
            language=language,
        ),
        within_min=within_min,
        bbox=bbox,
    )


def _find_savings(
    other: Result, place_id: str, before: NDArray[np.float64], after: NDArray[np.float64]
) -> tuple[str, str]:
    """Return how many people save ten minutes or more, in Chinese and in English."""
    grid, origin = other.region.grid, origin_of(other.region, place_id)
    with np.errstate(invalid="ignore"):
        faster = (before - after >= 10.0) & grid.is_land
    people = float(grid.population[faster].sum())
    return (
        f"到{origin.name}缩短10分钟以上的地区有{people_zh(people)}",
        f"{people_en(people)} get 10 minutes or more closer to {origin.name_en}",
    )


def draw_new_reach(
    base: Result,
    other: Result,
    place_id: str,
    *,
    within_min: float = 120.0,
    view: View = SOUTH_OF_THE_DELTA,
    language: Language = "both",
) -> Figure:
    """Return the map of the people who come within a circle from one run to another, as dots."""
    bbox = bbox_of(other, place_id, view)
    grid, origin = other.region.grid, origin_of(other.region, place_id)
    before, after = (one.surface(place_id).astype(np.float64) for one in (base, other))
    was_in, is_in = (cells_within(one, within_min) & grid.is_land for one in (before, after))
    gained, lost = (float(grid.population[cells].sum()) for cells in (is_in & ~was_in, was_in & ~is_in))
    hours = f"{within_min / 60:g}小时"
    title = (
        f"新进入{origin.name}{hours}圈：{people_zh(gained)}" + (f"；退出{people_zh(lost)}" if lost >= 1000 else ""),
        f"Newly within {within_min:g} min of {origin.name_en}: {people_en(gained)}"
        + (f"; no longer: {people_en(lost)}" if lost >= 1000 else ""),
    )
    return draw_new_reach_map(
        before=before,
        after=after,
        population=grid.population,
        base=base_of(other.region),
        layers=layers_of(other),
        origin=origin,
        text=text_of(other, title=title, scenario=describe_pair(base, other), language=language),
        within_min=within_min,
        bbox=bbox,
    )


def draw_dominant_project(
    result: Result,
    place_id: str,
    savings: Mapping[str, NDArray[np.float64]],
    *,
    view: View = SOUTH_OF_THE_DELTA,
    language: Language = "both",
) -> Figure:
    """Return the map of which project saves each cell the most minutes to a place.

    Parameters
    ----------
    result
        Of the scenario that has all the projects.
    savings
        Project id (or several joined by "+") -> (rows, cols) minutes saved by it, built alone on what it requires.
    """
    grid, origin = result.region.grid, origin_of(result.region, place_id)
    names = {key: _project_names(result, key) for key in savings}
    stacked = np.stack([np.where(np.isfinite(saved), saved, 0.0) for saved in savings.values()])
    led = (stacked.max(0) >= 1.0) & grid.is_land
    people = {
        key: float(grid.population[led & (stacked.argmax(0) == number)].sum()) for number, key in enumerate(savings)
    }
    leader = max(people, key=lambda key: people[key])
    title = (
        f"到{origin.name}：{people_zh(people[leader])}省时最多靠{names[leader][0]}",
        f"To {origin.name_en}, {people_en(people[leader])} save most minutes by the {names[leader][1]}",
    )
    built = (
        f"各项目单独建成（连同其前提项目），{result.scenario.year}年",
        f"each project built alone, with what it requires, in {result.scenario.year}",
    )
    return draw_dominant_project_map(
        savings,
        names=names,
        base=base_of(result.region),
        layers=layers_of(result),
        origin=origin,
        text=text_of(result, title=title, scenario=built, language=language),
        bbox=bbox_of(result, place_id, view),
    )


def _project_names(result: Result, key: str) -> tuple[str, str]:
    cards = [result.projects[one].card for one in key.split("+")]
    return "、".join(card.name for card in cards), " + ".join(card.name_en for card in cards)
